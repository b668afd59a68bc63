"""A language's patterns made ready for the walk: what to do at a node of each kind, and its compiled definitions.

Tables are indexed by `Node.kind_id`; 65,535 is the kind of an ERROR node.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

from tree_sitter import Language, Query, QueryCursor

from codevault.analysis import bundled
from codevault.analysis.languages import LanguageSpec, specs
from codevault.analysis.model import SymbolKind

ERROR_KIND: Final = 65_535

DESCEND: Final = 0
IDENTIFIER: Final = 1
LITERAL: Final = 2
TEXT: Final = 3  # from here to COMMENT: leaves, whatever is inside
RAW: Final = 4
BLANK: Final = 5  # no token, as COMMENT
COMMENT: Final = 6  # from here on: not only a token
DEFINITION: Final = 7
WRAPPER: Final = 8
SINGLE_WRAPPER: Final = 9
LEAD: Final = 10
ERROR: Final = 11
BODY: Final = 12  # learned on the way: kinds of node that were the body of a definition

MODULE_LEVEL: Final = 0
TYPE_LEVEL: Final = 1
ANY_LEVEL: Final = 2

_ACTIONS: Final = {
    "identifier": IDENTIFIER,
    "literal": LITERAL,
    "text": TEXT,
    "raw": RAW,
    "comment": COMMENT,
    "wrapper": WRAPPER,
    "wrapper.single": SINGLE_WRAPPER,
    "lead": LEAD,
}
_LEVELS: Final = {"module": MODULE_LEVEL, "type": TYPE_LEVEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one definition pattern stands for. `kind` None opens a scope that is no symbol.

    `level` is the loosest surrounding in which it holds; `named` a pattern the whole name matches; `text` one that
    the definition's text begins with, up to its name; `inside` says how members of the scope are treated.
    """

    kind: SymbolKind | None
    inside: int
    level: int = ANY_LEVEL
    named: re.Pattern[str] | None = None
    before: re.Pattern[bytes] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """One language ready to be walked. `fixed` is the text of tokens that always read the same, else None."""

    spec: LanguageSpec
    language: Language
    version: str
    actions: list[int]
    fixed: list[bytes | None]
    levels: dict[int, int]
    rules: tuple[Rule, ...]
    definitions: QueryCursor
    blanked: re.Pattern[bytes] | None


@cache
def load_grammar(name: str) -> Grammar | None:
    """The grammar of a language, None when its provider is not installed. Loading takes some milliseconds, once."""
    spec = specs().get(name)
    if spec is None:
        return None
    try:
        language = _language(spec)
        version = importlib.metadata.version(spec.distribution)
    except (ImportError, AttributeError):
        return None
    return build_grammar(spec, language, f"{spec.distribution} {version}")


def _language(spec: LanguageSpec) -> Language:
    if spec.provider == bundled.PACKAGE:
        return bundled.bundled_language(spec.entry)
    return Language(getattr(importlib.import_module(spec.provider), spec.entry)())


def build_grammar(spec: LanguageSpec, language: Language, version: str) -> Grammar:
    """Tables and query of a language; ValueError when the patterns do not fit the grammar."""
    actions = [DESCEND] * (ERROR_KIND + 1)
    fixed: list[bytes | None] = [None] * (ERROR_KIND + 1)
    actions[ERROR_KIND] = ERROR
    _fill_fixed(language, actions, fixed)
    definitions = []
    for form in split_forms(spec.patterns):
        if form.capture.startswith(("definition.", "scope.")):
            definitions.append(form)
        else:
            for kind in _kinds_named(language, form.text):
                actions[kind] = _ACTIONS[form.capture]
                fixed[kind] = None
    query = Query(language, "\n".join(form.text for form in definitions))
    rules = tuple(_rule(form, query.pattern_settings(index)) for index, form in enumerate(definitions))
    levels: dict[int, int] = {}
    for form, rule in zip(definitions, rules, strict=True):
        for kind in (
            _kinds_named(language, form.text) if form.root == "[" else (_kind(language, form.root, named=True),)
        ):
            actions[kind] = DEFINITION
            levels[kind] = max(levels.get(kind, MODULE_LEVEL), rule.level)
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(0)
    return Grammar(
        spec=spec,
        language=language,
        version=version,
        actions=actions,
        fixed=fixed,
        levels=levels,
        rules=rules,
        definitions=cursor,
        blanked=re.compile("|".join(spec.blanked).encode(), re.MULTILINE) if spec.blanked else None,
    )


@dataclass(frozen=True, slots=True)
class Form:
    """One pattern of a query file: its text, the kind of its outermost node ("[": several), the capture of it."""

    text: str
    root: str
    capture: str


_LEXEME = re.compile(
    r'(?P<comment>;[^\n]*)|(?P<string>"(?:[^"\\]|\\.)*")|(?P<open>[(\[])|(?P<close>[)\]])|[^\s()\[\]";]+'
)
_ROOT = re.compile(r"[(\s]*(\[|[A-Za-z_]+)")
_CAPTURE = re.compile(r"@([a-z.-]+)")
_MENTIONED = re.compile(r'\(([A-Za-z_]+)\)|"((?:[^"\\]|\\.)*)"')


def split_forms(text: str) -> Iterator[Form]:
    """The top-level patterns of a query file, each with the capture that follows its outermost bracket."""
    depth = 0
    start = end = 0
    for found in _LEXEME.finditer(text):
        if found.lastgroup == "comment":
            continue
        if found.lastgroup == "open":
            if depth == 0:
                if end > start:
                    yield _form(text[start:end])
                start = found.start()
            depth += 1
        elif found.lastgroup == "close":
            depth -= 1
        end = found.end()
    if end > start:
        yield _form(text[start:end])


def _form(text: str) -> Form:
    """A pattern's outermost capture is the last one written (settings in a group come after it)."""
    root = _ROOT.match(text)
    captures = _CAPTURE.findall(text)
    if not captures:
        raise ValueError(f"a pattern without a capture: {text[:60]!r}")
    whole = [name for name in captures if name.startswith(("definition.", "scope."))]
    return Form(text, root[1] if root else "", (whole or captures)[-1])


def _rule(form: Form, settings: dict[str, str | None]) -> Rule:
    family, _, word = form.capture.partition(".")
    named, before = settings.get("named"), settings.get("before")
    kind = SymbolKind(word) if family == "definition" else None
    return Rule(
        kind=kind,
        inside=_inside(kind, word),
        level=_LEVELS.get(settings.get("level") or "", ANY_LEVEL),
        named=re.compile(named) if named else None,
        before=re.compile(before.encode()) if before else None,
    )


def _inside(kind: SymbolKind | None, word: str) -> int:
    """The level of what stands inside: constants and types hold members, modules change nothing."""
    if kind is SymbolKind.MODULE or word == "module":
        return MODULE_LEVEL
    if word in {"function", "method", "constructor"}:
        return ANY_LEVEL
    return TYPE_LEVEL


def _fill_fixed(language: Language, actions: list[int], fixed: list[bytes | None]) -> None:
    for kind in range(language.node_kind_count):
        if language.node_kind_is_visible(kind) and not language.node_kind_is_named(kind):
            text = language.node_kind_for_id(kind) or ""
            if text.strip("\0\r\n\t "):
                fixed[kind] = text.encode()
            else:
                actions[kind] = BLANK


def _kinds_named(language: Language, text: str) -> Iterator[int]:
    for name, literal in _MENTIONED.findall(text):
        yield _kind(language, name or literal.replace('\\"', '"'), named=bool(name))


def _kind(language: Language, name: str, *, named: bool) -> int:
    kind = language.id_for_node_kind(name, named)
    if kind is None:
        raise ValueError(f"the grammar of {language.name} has no node kind {name!r}")
    return kind
