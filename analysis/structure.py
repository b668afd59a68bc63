"""Structural patterns: what one must hold, how far a match may reach, and where texts match it.

A pattern is ast-grep's (`subprocess.run($CMD, shell=True)`) or a query of tree-sitter. Both run native code over texts
that others wrote: only worker processes call this (structure_worker.py). ast-grep panics on a language that it does not
know, so names are checked first; what it calls a language otherwise is in `_NAMES`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import msgspec
from tree_sitter import Parser, Query, QueryCursor, QueryError

from codevault.analysis.grammar import load_grammar

AST_GREP: Final = "ast-grep"
TREE_SITTER: Final = "tree-sitter"
SYNTAXES: Final = (AST_GREP, TREE_SITTER)

LANGUAGES: Final = frozenset(
    {
        *("bash", "c", "c-sharp", "cpp", "css", "elixir", "go", "haskell", "hcl", "html", "java", "javascript", "json"),
        *("kotlin", "lua", "markdown", "nix", "php", "python", "ruby", "rust", "scala", "solidity", "swift", "tsx"),
        *("typescript", "yaml", "zig"),
    }
)
"""Languages that ast-grep's patterns are understood in; queries are, in every language that has a grammar here."""

SHORTEST: Final = 3
"""Letters of a word by which the index finds candidates."""

MOST_MATCHES: Final = 1000
"""Matches that one text is asked for."""

_NAMES: Final = {"c-sharp": "csharp"}
_META: Final = re.compile(r"\$\$\$[A-Z_][A-Z0-9_]*|\$\$\$|\$\$?[A-Z_][A-Z0-9_]*")
_PLACEHOLDER: Final = "zqx"
_CONTAINER: Final = re.compile(
    "class|interface|enum|struct|trait|impl|namespace|module|record|object_decl|protocol|object_def"
)
_FUNCTION: Final = re.compile(
    "function|method_(?:decl|def)|^method$|lambda|closure|arrow|constructor|func_lit|anonymous|do_block"
)
_BLOCK: Final = re.compile(
    "block|body|suite|^(?:if|for|while|try|with|switch|match|do|using|synchronized|enhanced_for)_"
)
_PLAIN: Final = frozenset({"python", "java", "go", "c", "cpp", "c-sharp", "rust", "php"})
_IMPORT: Final = re.compile("import|package|using|include|comment|line|preproc")
_C_LIKE: Final = ("//", "*")
_STARTS: Final = {
    "python": ("import ", "from ", "#"),
    "java": ("import ", "package ", *_C_LIKE),
    "kotlin": ("import ", "package ", *_C_LIKE),
    "c-sharp": ("using ", "//"),
    "c": ("#include", *_C_LIKE),
    "cpp": ("#include", *_C_LIKE),
    "javascript": _C_LIKE,
    "typescript": _C_LIKE,
    "tsx": _C_LIKE,
    "go": ("package ", "//"),
    "rust": ("use ", "//"),
}
_CALL: Final = re.compile("call|invocation|type|comment")
_QUERY_KIND: Final = re.compile(r"\(\s*([a-z_]+)")
_QUERY_EQUAL: Final = re.compile(r'#eq\?\s+@[\w.-]+\s+"((?:[^"\\]|\\.)*)"')
_QUERY_OPTIONAL: Final = re.compile(r"[\[?*]|#(?!eq)")
_QUERY_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*"')


class Window(msgspec.Struct, array_like=True, frozen=True):
    """A text to search; `inside`: it stood in a class or the like, and is read in one."""

    text: bytes
    inside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternShape:
    """What is known of a pattern without looking at texts.

    Every match holds each of `words`. With `wide` a match may hold whole functions or classes with what it needs on
    both sides of their borders; without, that stands in one function, or outside of all. With `blocks` a match outside
    of functions may still hold some. `problem` says what is wrong with the pattern, "" when nothing is.
    """

    problem: str = ""
    words: tuple[str, ...] = ()
    wide: bool = True
    blocks: bool = True
    passed: tuple[str, ...] = ()
    """Starts of lines that hold nothing which the pattern could match: imports and comments, unless it has some."""


def shape_of(syntax: str, language: str, pattern: str) -> PatternShape:
    """The shape of a pattern; never raises for a wrong one."""
    if syntax == TREE_SITTER:
        return _query_shape(language, pattern)
    if language not in LANGUAGES:
        return PatternShape(problem=f"patterns of code are known for {', '.join(sorted(LANGUAGES))}, not {language!r}")
    shown = _META.sub(_PLACEHOLDER, pattern)
    root = _root(shown, language)
    if _is_broken(root):  # an expression may need its end to be one
        ended = _root(f"{shown};", language)
        root = root if _is_broken(ended) else ended
    nodes = list(_descend(root))
    if not nodes or _is_broken(root):
        return PatternShape(problem=f"the pattern is no {language}: write it as code, with $NAME for what may differ")
    kinds = [node.kind() for node in nodes]
    leaves = (node.text() for node in nodes if not node.children() and "comment" not in node.kind())
    words = dict.fromkeys(word for leaf in leaves if _PLACEHOLDER not in leaf for word in _words(leaf))
    return PatternShape(
        words=tuple(words), wide=_is_wide(kinds), blocks=_has_blocks(language, kinds), passed=_passed(language, kinds)
    )


def _is_broken(root: Any) -> bool:
    return any(node.kind() == "ERROR" for node in root.children())


def _words(leaf: str) -> list[str]:
    """The lines of a leaf that are long enough to look for; what is no word (`===`) stands in too much to help."""
    return [line.strip() for line in leaf.split("\n") if len(line.strip()) >= SHORTEST and re.search(r"\w", line)]


def _is_wide(kinds: Sequence[str]) -> bool:
    """Whether a match could hold what it needs on both sides of a function's border.

    A function that is all of the pattern is matched as what it is, a symbol, or stands outside of all symbols.
    """
    functions = [at for at, kind in enumerate(kinds) if _FUNCTION.search(kind) and not _CALL.search(kind)]
    return any(_CONTAINER.search(kind) and not _CALL.search(kind) for kind in kinds) or functions not in ([], [0])


def _has_blocks(language: str, kinds: Sequence[str]) -> bool:
    """Whether a match outside of functions may hold functions: a block, or where functions are values, anything."""
    if _FUNCTION.search(kinds[0]) and not _CALL.search(kinds[0]):
        return False
    return language not in _PLAIN or any(_BLOCK.search(kind) for kind in kinds)


def _passed(language: str, kinds: Sequence[str]) -> tuple[str, ...]:
    return () if any(_IMPORT.search(kind) for kind in kinds) else _STARTS.get(language, ())


def _query_shape(language: str, text: str) -> PatternShape:
    try:
        query = _query(language, text)
    except ValueError as exc:
        return PatternShape(problem=str(exc))
    if query.pattern_count == 0 or query.capture_count == 0:
        return PatternShape(problem="a query names what it finds: give it a capture, such as @it")
    plain = _QUERY_TEXT.sub('""', text)
    needed = plain.replace("#eq?", "#eq")
    certain = query.pattern_count == 1 and not _QUERY_OPTIONAL.search(needed) and "\\" not in text
    words = [word for equal in _QUERY_EQUAL.findall(text) for word in _words(equal)] if certain else []
    kinds = _QUERY_KIND.findall(plain) or [""]
    return PatternShape(words=tuple(dict.fromkeys(words)), wide=_is_wide(kinds), blocks=_has_blocks(language, kinds))


def matches(syntax: str, language: str, pattern: str, windows: Sequence[Window]) -> list[list[tuple[int, int]]]:
    """For each window, ranges of its bytes that match, by their start. `shape_of` has found the pattern good."""
    find = _query_spans if syntax == TREE_SITTER else _pattern_spans
    return [sorted(set(_in_window(window, language, pattern, find)))[:MOST_MATCHES] for window in windows]


def _in_window(window: Window, language: str, pattern: str, find: Any) -> Iterator[tuple[int, int]]:
    before, after = _around(language, window)
    for start, end in find(language, pattern, before + window.text + after):
        first, last = start - len(before), min(end - len(before), len(window.text))
        if first >= 0 and last > first:
            yield first, last


_BRACES: Final = (b"class _ {\n", b"\n}\n")
_WRAPPERS: Final = {
    **dict.fromkeys(("java", "c-sharp", "cpp", "javascript", "typescript", "tsx", "kotlin", "scala", "swift"), _BRACES),
    "php": (b"<?php class _ {\n", b"\n}\n"),
    "ruby": (b"class A\n", b"\nend\n"),
    "rust": (b"impl A {\n", b"\n}\n"),
}


def _around(language: str, window: Window) -> tuple[bytes, bytes]:
    """What makes a part of a file readable alone: the class that it stood in."""
    if language == "python":
        return (b"class _:\n", b"") if window.inside and window.text[:1] in {b" ", b"\t"} else (b"", b"")
    return _WRAPPERS.get(language, (b"", b"")) if window.inside else (b"", b"")


def _pattern_spans(language: str, pattern: str, text: bytes) -> Iterator[tuple[int, int]]:
    shown = text.decode("utf-8", "replace")
    if text.isascii():
        for node in _root(shown, language).find_all(pattern=pattern):
            where = node.range()
            yield where.start.index, where.end.index
        return
    for node in _root(shown, language).find_all(pattern=pattern):  # it counts characters
        where = node.range()
        first = len(shown[: where.start.index].encode())
        yield first, first + len(shown[where.start.index : where.end.index].encode())


def _query_spans(language: str, pattern: str, text: bytes) -> Iterator[tuple[int, int]]:
    tree = _parser(language).parse(text)
    for _, captures in QueryCursor(_query(language, pattern)).matches(tree.root_node):
        nodes = [node for held in captures.values() for node in held]
        if nodes:
            yield min(node.start_byte for node in nodes), max(node.end_byte for node in nodes)


def _root(text: str, language: str) -> Any:
    from ast_grep_py import SgRoot

    return SgRoot(text, _NAMES.get(language, language)).root()


def _descend(root: Any) -> Iterator[Any]:
    """All nodes below a root and what only wraps a single statement, outermost first."""
    waiting = list(reversed(root.children()))
    while waiting:
        node = waiting.pop()
        children = node.children()
        if node.kind() not in {"expression_statement", "decorated_definition", "export_statement"}:
            yield node
        waiting.extend(reversed(children))


@cache
def _parser(language: str) -> Parser:
    grammar = load_grammar(language)
    return Parser(grammar.language if grammar else None)


@cache
def _query(language: str, text: str) -> Query:
    grammar = load_grammar(language)
    if grammar is None:
        raise ValueError(f"there is no grammar for {language!r}")
    try:
        return Query(grammar.language, text)
    except (QueryError, ValueError) as exc:
        raise ValueError(f"the query is none for {language}: {exc}") from exc
