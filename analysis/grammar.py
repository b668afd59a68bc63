"""A language's patterns made ready for the walk: what to do at a node of each kind, and its compiled definitions.

Tables are indexed by `Node.kind_id`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from tree_sitter import Language, Query, QueryCursor

from codevault.analysis import bundled
from codevault.analysis.editions import edition_of
from codevault.analysis.languages import LanguageSpec, specs
from codevault.analysis.model import SymbolKind
from codevault.analysis.shapes import Shapes, shapes_of
from codevault.analysis.tokens import Vocabulary

MODULE_LEVEL: Final = 0
TYPE_LEVEL: Final = 1
ANY_LEVEL: Final = 2

_ROLES: Final = frozenset({"comment", "wrapper", "wrapper.single", "lead"})
_PLAIN: Final = frozenset({"literal", "call", "embedded", "section"})
_DEFINING: Final = ("definition.", "scope.")
_SPACED: Final = re.compile(rb"\\x20")
_NAMED_KEYWORDS: Final = frozenset(
    {"true", "false", "null", "nil", "none", "undefined", "self", "this", "super", "nullptr"}
)
_NAMES: Final = re.compile("@(?:name|qualifier)")
_LEVELS: Final = {"module": MODULE_LEVEL, "type": TYPE_LEVEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What one definition pattern stands for. `kind` None opens a scope that is no symbol.

    `level` is the loosest surrounding in which it holds; `named` a pattern the whole name matches; `text` one that
    the definition's text begins with, up to its name; `inside` says how members of the scope are treated. `member`:
    only directly inside a type; `deepest`: at most so many symbols around it; `merges`: an equally named one right
    before it is the same (clauses); `lasts`: holds to the next of its kind or the end of what is around it, `root`: is
    not named after such a one; `whole`: the name is not split.
    """

    kind: SymbolKind | None
    inside: int
    level: int = ANY_LEVEL
    named: re.Pattern[str] | None = None
    before: re.Pattern[bytes] | None = None
    member: bool = False
    deepest: int = 1_000
    merges: bool = False
    lasts: bool = False
    root: bool = False
    whole: bool = False
    called: str = ""
    is_bare: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """One language ready to be walked.

    `landmarks` finds the nodes that matter, by their role; `errors` what does not parse; `definitions` what one node
    defines. By kind of node, `levels` says where it may define something; `leads` belong to the definition below them
    where they define nothing themselves.
    """

    spec: LanguageSpec
    language: Language
    edition: str
    levels: dict[int, int]
    leads: frozenset[int]
    single_wrappers: frozenset[int]
    rules: tuple[Rule, ...]
    landmarks: QueryCursor
    errors: QueryCursor
    definitions: QueryCursor
    vocabulary: Vocabulary
    shapes: Shapes
    visibility: Mapping[str, str]
    blanked: re.Pattern[bytes] | None
    shown: tuple[tuple[re.Pattern[bytes], tuple[bytes, ...]], ...]


@cache
def load_grammar(name: str) -> Grammar | None:
    """The grammar of a language, None when its provider is not installed. Loading takes some milliseconds, once."""
    spec = specs().get(name)
    if spec is None:
        return None
    try:
        language = _language(spec)
        edition = edition_of(spec)
    except (ImportError, AttributeError):
        return None
    return build_grammar(spec, language, edition)


def _language(spec: LanguageSpec) -> Language:
    if spec.provider == bundled.PACKAGE:
        return bundled.bundled_language(spec.entry)
    pointer = getattr(importlib.import_module(spec.provider), spec.entry)()
    return bundled.language_at(pointer) if isinstance(pointer, int) else Language(pointer)


def build_grammar(spec: LanguageSpec, language: Language, edition: str) -> Grammar:
    """Tables and queries of a language; ValueError when the patterns do not fit the grammar."""
    forms = list(split_forms(spec.patterns))
    definitions = [form for form in forms if form.capture.startswith(_DEFINING)]
    query = Query(language, "\n".join(form.text for form in definitions))
    rules = tuple(_rule(form, query.pattern_settings(index)) for index, form in enumerate(definitions))
    levels: dict[int, int] = {}
    leads: set[int] = set()
    single_wrappers: set[int] = set()
    roles: dict[str, str] = {}
    for form in forms:
        if form.capture in _ROLES:
            for name, literal in _MENTIONED.findall(form.text):
                kind = _kind(language, name or literal, named=bool(name))
                leads.update([kind] if form.capture == "lead" else ())
                single_wrappers.update([kind] if form.capture == "wrapper.single" else ())
                roles[f"({name})" if name else f'"{literal}"'] = form.capture.partition(".")[0]
    for form, rule in zip(definitions, rules, strict=True):
        for name in [name for name, _ in _MENTIONED.findall(form.text)] if form.root == "[" else [form.root]:
            kind = _kind(language, name, named=True)
            levels[kind] = max(levels.get(kind, MODULE_LEVEL), rule.level)
            roles[f"({name})"] = "definition"
    patterns = [f"{node} @{role}" for node, role in roles.items()]
    patterns += [form.text for form in forms if form.capture in _PLAIN]
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(0)
    return Grammar(
        spec=spec,
        language=language,
        edition=edition,
        levels=levels,
        leads=frozenset(leads),
        single_wrappers=frozenset(single_wrappers),
        rules=rules,
        landmarks=QueryCursor(Query(language, "\n".join(patterns))),
        errors=QueryCursor(Query(language, "(ERROR) @error (MISSING) @error")),
        definitions=cursor,
        shapes=shapes_of(language),
        visibility=dict(rule.partition("=")[::2] for rule in spec.visibility),
        vocabulary=Vocabulary(_keywords(language, spec)),
        blanked=_blanked("|".join(spec.blanked).encode()) if spec.blanked else None,
        shown=tuple(
            (re.compile(expression.encode(), re.MULTILINE), tuple(_SPACED.sub(b" ", text.encode()) for text in texts))
            for expression, *texts in spec.shown
        ),
    )


def _blanked(expression: bytes) -> re.Pattern[bytes]:
    """With RE2, twenty times as fast, where it takes the expression: it knows no looking around."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return cast("re.Pattern[bytes]", re2.compile(b"(?m)" + expression, options))
    except re2.error:
        return re.compile(expression, re.MULTILINE)


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
    """What a pattern is for is the capture of its outermost node, or of the part that is asked for."""
    root = _ROOT.match(text)
    captures = _CAPTURE.findall(text)
    if not captures:
        raise ValueError(f"a pattern without a capture: {text[:60]!r}")
    whole = [name for name in captures if name.startswith(_DEFINING) or name in _PLAIN]
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
        member=settings.get("inside") == "type",
        deepest=int(settings.get("deepest") or 1_000),
        merges="merge" in settings,
        lasts=word == "rest" or "rest" in settings,
        root="root" in settings,
        whole="whole" in settings,
        called=settings.get("called") or "",
        is_bare=kind is None and word != "rest" and not settings and not _NAMES.search(form.text),
    )


def _inside(kind: SymbolKind | None, word: str) -> int:
    """The level of what stands inside: constants and types hold members, modules change nothing."""
    if kind is SymbolKind.MODULE or word in {"module", "rest"}:
        return MODULE_LEVEL
    if word in {"function", "method", "constructor"}:
        return ANY_LEVEL
    return TYPE_LEVEL


_KEYWORD: Final = re.compile(r"[#@]?([A-Za-z_]\w*)")


def _keywords(language: Language, spec: LanguageSpec) -> Iterator[str]:
    """Words that the grammar spells out, without those that may also be names."""
    for kind in range(language.node_kind_count):
        text = language.node_kind_for_id(kind) or ""
        if text.startswith("keyword_"):  # SQL's: any case
            yield from (text[8:].upper(), text[8:].lower())
        found = _KEYWORD.fullmatch(text)
        if found and language.node_kind_is_visible(kind):
            spelled = not language.node_kind_is_named(kind) or text in _NAMED_KEYWORDS
            if spelled and found[1] not in spec.soft:
                yield from (found[1], *(("True", "False", "None") if text in {"true", "none"} else ()))


def _kind(language: Language, name: str, *, named: bool) -> int:
    kind = language.id_for_node_kind(name, named)
    if kind is None:
        raise ValueError(f"the grammar of {language.name} has no node kind {name!r}")
    return kind
