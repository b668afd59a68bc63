"""Measures real or generated sources: the numbers of `corpora.generator.profile`."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import tree_sitter

from corpora.generator.grammars import parser_for
from corpora.generator.profile import HistoryProfile, LanguageProfile, quantiles

FUNCTIONS = {
    "python": {"function_definition"},
    "javascript": {"function_declaration", "generator_function_declaration", "method_definition"},
    "typescript": {"function_declaration", "generator_function_declaration", "method_definition"},
    "java": {"method_declaration", "constructor_declaration"},
    "c_sharp": {"method_declaration", "constructor_declaration", "local_function_statement"},
    "go": {"function_declaration", "method_declaration"},
    "c": {"function_definition"},
    "rust": {"function_item"},
}
"""Nodes that count as a named function, for each language."""

TYPES = {
    "class_definition",
    "class_declaration",
    "class",
    "interface_declaration",
    "enum_declaration",
    "record_declaration",
    "impl_item",
    "trait_item",
}


@dataclass(slots=True)
class _File:
    """What one walk over one file found."""

    lines: int
    leaves: list[int] = field(default_factory=list)
    functions: list[tuple[int, int, int, bool]] = field(default_factory=list)
    comment_lines: set[int] = field(default_factory=set)


def measure_files(corpus: str, language: str, contents: Iterable[bytes]) -> LanguageProfile:
    """The profile of these file contents, named `corpus`. Memory grows with the number of functions, not of bytes."""
    sizes: list[int] = []
    lines: list[int] = []
    per_file: list[int] = []
    function_lines: list[int] = []
    function_tokens: list[int] = []
    seen_files: set[bytes] = set()
    seen_functions: set[bytes] = set()
    methods = comments = repeated = 0
    for content in contents:
        found = _walk(language, content)
        sizes.append(len(content))
        lines.append(found.lines)
        comments += len(found.comment_lines)
        seen_files.add(hashlib.blake2b(content, digest_size=16).digest())
        per_file.append(len(found.functions))
        for start, end, height, inside in found.functions:
            function_lines.append(height)
            function_tokens.append(bisect_left(found.leaves, end) - bisect_left(found.leaves, start))
            methods += inside
            if height >= _WORTH_COMPARING:
                name = hashlib.blake2b(content[start:end], digest_size=16).digest()
                repeated += name in seen_functions
                seen_functions.add(name)
    return LanguageProfile(
        corpus=corpus,
        files=len(sizes),
        file_bytes=quantiles(sizes),
        file_lines=quantiles(lines),
        functions_per_file=quantiles(per_file),
        function_lines=quantiles(function_lines),
        function_tokens=quantiles(function_tokens),
        duplicate_files=_share(len(sizes) - len(seen_files), len(sizes)),
        duplicate_functions=_share(repeated, repeated + len(seen_functions)),
        comment_lines=_share(comments, sum(lines)),
        methods=_share(methods, len(function_lines)),
        bytes_per_line=round(sum(sizes) / max(sum(lines), 1), 1),
    )


_WORTH_COMPARING = 5


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _walk(language: str, content: bytes) -> _File:
    found = _File(content.count(b"\n") + (not content.endswith(b"\n")))
    wanted = FUNCTIONS[language]
    cursor = parser_for(language).parse(content).walk()
    types_open: list[int] = []
    while True:
        node = cursor.node
        if node is None:  # pragma: no cover - a cursor always stands on a node
            break
        kind = node.type
        while types_open and types_open[-1] <= node.start_byte:
            types_open.pop()
        if "comment" in kind or _is_documentation(node):
            found.comment_lines.update(range(node.start_point.row, node.end_point.row + 1))
        elif kind in wanted:
            height = node.end_point.row - node.start_point.row + 1
            inside = bool(types_open) or (language, kind) == ("go", "method_declaration")
            found.functions.append((node.start_byte, node.end_byte, height, inside))
        elif kind in TYPES:
            types_open.append(node.end_byte)
        if "comment" not in kind:
            if cursor.goto_first_child():
                continue
            found.leaves.append(node.start_byte)
        if not _advance(cursor):
            break
    return found


def _advance(cursor: tree_sitter.TreeCursor) -> bool:
    while not cursor.goto_next_sibling():
        if not cursor.goto_parent():
            return False
    return True


def _is_documentation(node: tree_sitter.Node) -> bool:
    return node.type == "expression_statement" and node.child_count == 1 and node.children[0].type == "string"


def measure_history(corpus: str, log: Iterable[str]) -> HistoryProfile:
    """The profile of `git log --first-parent -m -M --raw --numstat --format=%x01%H` output, line by line."""
    files_per_step: list[int] = []
    lines_per_file: list[int] = []
    kinds = dict.fromkeys("MADR", 0)
    for status, changed in _commits(log):
        if not status:
            continue
        files_per_step.append(len(status))
        for kind in status:
            kinds[kind] = kinds.get(kind, 0) + 1
        lines_per_file.extend(changed)
    whole = sum(kinds[kind] for kind in "MADR")
    return HistoryProfile(
        corpus=corpus,
        commits=len(files_per_step),
        files_per_step=quantiles(files_per_step),
        lines_per_file=quantiles(lines_per_file),
        modified=_share(kinds["M"], whole),
        added=_share(kinds["A"], whole),
        deleted=_share(kinds["D"], whole),
        renamed=_share(kinds["R"], whole),
    )


def _commits(log: Iterable[str]) -> Iterator[tuple[list[str], list[int]]]:
    status: list[str] = []
    changed: list[int] = []
    for line in log:
        if line.startswith("\x01"):
            yield status, changed
            status, changed = [], []
        elif line.startswith(":"):
            status.append(line.split()[4][0])
        elif line[:1].isdigit():
            added, removed, _ = line.split("\t", 2)
            changed.append(int(added) + int(removed))
    yield status, changed
