"""Questions to all of history as values: small conditions, combined with `&`, `|` and `~`.

    from codevault import queries as q

    vault.search.find(q.name("parse*") & q.kind("function") & q.text("strict") & ~q.path("tests/*"))
    vault.search.find(q.decorator("app.route") & (q.author("ann") | q.since("2026-01-01")) & q.deleted())

What a condition is asked of is a *symbol in a version of a file*: its name and signature, and its own lines, from its
first to its last without those of symbols nested in it (a method's lines are the method's, not the class's). Lines on
which no symbol stands, and files without symbols, are asked as the *rest of their file*, which has text but no name,
kind or signature. So `text("a") & ~regex("b")` means: a stands in a symbol's own lines, and b does not stand in those
same lines of that same version, and `~text("a")` holds of a class whose method has an a, for that is the method's line:
to leave such classes out, ask of the file (`vault.search.text`) or of the methods. A text may span lines that follow
each other. Conditions of place and time (project, path, author, since, ...) are asked of where that version lies and
lay; `alive()` and `deleted()` of the whole answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import date
from typing import Literal, get_args

from codevault.analysis.model import SymbolKind
from codevault.errors import InvalidArgument
from codevault.moments import nanoseconds

Moment = str | date | int
How = Literal["any", "exact", "qualified", "prefix", "glob", "words", "initials", "fuzzy"]
Part = Literal["parameter", "returns", "decorator", "visibility"]
_WORD = re.compile(r"[\w\u0080-\U0010ffff]+", re.ASCII)
LONGEST = 4096
"""Characters of a text in a condition."""

LONGEST_NAME = 1000
_BETWEEN = re.compile(r"::|(?<=[\w)\]>])[#\\](?=\w)|(?<=\w)->(?=\w)")
_HOLDER = re.compile(r"^\(\*?(\w+)\)\.")
"""What stands between names in C++, Rust, PHP, Perl and Ruby, and what a method of a pointer begins with in Go."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question; combine with `&` (both hold), `|` (one holds) and `~` (it does not hold)."""

    def __and__(self, other: Query) -> Query:
        return All((*_parts(self, All), *_parts(_query(other), All)))

    def __or__(self, other: Query) -> Query:
        return Some((*_parts(self, Some), *_parts(_query(other), Some)))

    def __invert__(self) -> Query:
        return self.part if isinstance(self, Not) else Not(self)

    def __bool__(self) -> bool:
        raise InvalidArgument("queries are combined with & | ~ (and parentheses), not with and, or, not")


@dataclass(frozen=True, slots=True)
class All(Query):
    """Every part holds; without parts, always."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Some(Query):
    """At least one part holds; without parts, never."""

    parts: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not(Query):
    """The part does not hold."""

    part: Query


@dataclass(frozen=True, slots=True)
class Condition(Query):
    """A question that is not made of others; its texts are neither empty nor overlong."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, str) and not 0 < len(value) <= LONGEST:
                raise InvalidArgument(
                    f"{type(self).__name__.lower()}: a text of 1 to {LONGEST} characters is asked for"
                )


@dataclass(frozen=True, slots=True)
class Name(Condition):
    """The symbol's name answers."""

    asked: str
    how: How


@dataclass(frozen=True, slots=True)
class Kind(Condition):
    """The symbol is of a kind."""

    kind: str


@dataclass(frozen=True, slots=True)
class Signature(Condition):
    """A part of the symbol's signature holds a text as whole words, or a word or the part answers to a glob."""

    part: Part
    asked: str


@dataclass(frozen=True, slots=True)
class Text(Condition):
    """A text stands in the lines."""

    asked: str
    case_sensitive: bool


@dataclass(frozen=True, slots=True)
class Words(Condition):
    """Words stand in the lines, in any order, or one after another, in any case."""

    words: tuple[str, ...]
    in_order: bool


@dataclass(frozen=True, slots=True)
class Regex(Condition):
    """A regular expression matches in the lines."""

    pattern: str
    case_sensitive: bool


@dataclass(frozen=True, slots=True)
class Structure(Condition):
    """Code of a shape begins in the lines, in a file of that language."""

    pattern: str
    language: str
    syntax: str


@dataclass(frozen=True, slots=True)
class Place(Condition):
    """The version lies in a project, of a client, and so on; `which` names the fact."""

    which: Literal["project", "client", "tag", "stack", "path", "language", "author", "versions"]
    asked: str


@dataclass(frozen=True, slots=True)
class Since(Condition):
    """The version was there at a moment or later."""

    moment_ns: int


@dataclass(frozen=True, slots=True)
class Until(Condition):
    """The version was there at a moment or before."""

    moment_ns: int


@dataclass(frozen=True, slots=True)
class State(Condition):
    """What answers is there now, or is there no more; a condition on the whole answer."""

    alive: bool


def name(asked: str, how: How = "any") -> Query:
    """Symbols by name.

    `how`: "exact" (`rate`, or qualified `TaxTable.rate`); "qualified" (the whole qualified name); "prefix"; "glob"
    (`*` and `?`; with a dot, on the qualified name); "words" (all words of it, in any order: "rate tax" finds
    `tax_rate`); "initials" (`HMBC` or `HaMaBuCa` finds `HashMapBuilderCache`); "fuzzy" (one edit away, from six
    letters on two); "any" (the first of all but "fuzzy" that fits, a glob if it has wildcards). Between the names of a
    qualified one may stand what the language has there: `ns::Foo::bar`, `Invoice#paid?`, `(*Server).Close`.

    Raises:
        InvalidArgument: an empty name, one that no symbol has, or no such way.
    """
    _check("name", asked)
    if not asked.strip():
        raise InvalidArgument("give the name of a symbol, or a pattern such as 'parse*'")
    if len(asked) > LONGEST_NAME:
        raise InvalidArgument(f"a symbol's name has at most {LONGEST_NAME} characters, this one {len(asked)}")
    if not asked.isprintable():
        raise InvalidArgument("a symbol's name holds no line breaks or other characters that cannot be printed")
    way: How = _one_of("how", how, get_args(How))  # type: ignore[assignment]  # checked just now
    dotted = _HOLDER.sub(r"\1.", _BETWEEN.sub(".", asked))
    return Name(asked, way) if dotted == asked else Some((Name(asked, way), Name(dotted, way)))


def kind(asked: str) -> Query:
    """Symbols of a kind: "function", "method", "class" and so on.

    Raises:
        InvalidArgument: no such kind.
    """
    _check("kind", asked)
    if asked not in set(SymbolKind):
        raise InvalidArgument(f"{asked!r} is no kind of symbol; there are {', '.join(SymbolKind)}")
    return Kind(asked)


def parameter(asked: str) -> Query:
    """Symbols with a parameter of that name or type: its text (`year: int = 2026`) holds `asked` as whole words."""
    return _signature("parameter", asked)


def returns(asked: str) -> Query:
    """Symbols whose declared return type holds `asked` as whole words, or answers to a glob."""
    return _signature("returns", asked)


def decorator(asked: str) -> Query:
    """Symbols with a decorator, annotation or attribute that holds `asked` as whole words, or answers to a glob."""
    return _signature("decorator", asked)


def visibility(asked: str) -> Query:
    """Symbols declared "public", "private" and so on; what a language leaves out is not guessed."""
    return _signature("visibility", asked)


def _signature(part: Part, asked: str) -> Query:
    _check(part, asked)
    return Signature(part, asked)


def text(asked: str, *, case_sensitive: bool = True) -> Text:
    r"""Lines that hold a text exactly as it is written; a line ends with `\n`, whatever its file has there.

    Raises:
        InvalidArgument: an empty text.
    """
    _check("text", asked)
    if not asked:
        raise InvalidArgument("give a text to search for")
    return Text(asked.replace("\r\n", "\n"), bool(case_sensitive))


def words(asked: str) -> Query:
    """Lines that hold all the words of a text, each as a whole word, in any order and case; ranked by BM25.

    A word is a run of letters, digits and `_`; whatever is not ASCII counts as a letter.
    """
    return _words(asked, in_order=False)


def phrase(asked: str) -> Query:
    """Lines that hold the words of a text one after another, whatever stands between them that is no word."""
    return _words(asked, in_order=True)


def _words(asked: str, *, in_order: bool) -> Query:
    _check("words", asked)
    found = tuple(_WORD.findall(asked))
    if not found:
        raise InvalidArgument(f"there is no word in {asked!r}")
    return Words(found if in_order else tuple(dict.fromkeys(found)), in_order)


def regex(pattern: str, *, case_sensitive: bool = True) -> Query:
    """Lines that a regular expression in RE2's syntax matches; `InvalidPattern` is raised when it is asked."""
    _check("pattern", pattern)
    return Regex(pattern, bool(case_sensitive))


def structure(pattern: str, *, language: str, syntax: str = "ast-grep") -> Query:
    """Lines in which code of a shape begins: `run($CMD, shell=True)`, as `vault.search.structure` reads it."""
    for what, value in (("pattern", pattern), ("language", language), ("syntax", syntax)):
        _check(what, value)
    return Structure(pattern, language, syntax)


def project(asked: str) -> Query:
    """What lies in a project: its id, name or root."""
    return _place("project", asked)


def client(asked: str) -> Query:
    """What lies in projects of a client."""
    return _place("client", asked)


def tag(asked: str) -> Query:
    """What lies in projects with a tag."""
    return _place("tag", asked)


def stack(asked: str) -> Query:
    """What lies in projects whose stack has that part, such as "python" or "django"."""
    return _place("stack", asked)


def path(glob: str) -> Query:
    """What lies in files whose path within their project answers to a glob: `*` and `?` match any character."""
    return _place("path", glob)


def language(asked: str) -> Query:
    """What is written in a language."""
    return _place("language", asked)


def author(asked: str) -> Query:
    """What a commit brought whose author's name or mail holds that text, in any case."""
    return _place("author", asked)


def versions(which: str) -> Query:
    """What versions of one kind held: "snapshot" or "commit"."""
    return _place("versions", _one_of("versions", which, ("snapshot", "commit")))


def _place(which: str, asked: str) -> Query:
    _check(which, asked)
    return Place(which, asked)  # type: ignore[arg-type]  # only called with what it may be


def since(moment: Moment) -> Query:
    """Versions that were there at a moment or later: ISO 8601, date, datetime or nanoseconds."""
    return Since(nanoseconds(moment))


def until(moment: Moment) -> Query:
    """Versions that were there at a moment or before; a bare date means its end."""
    return Until(nanoseconds(moment, end_of_day=True))


def alive() -> Query:
    """Only answers that are there now: in the newest snapshot, or without one, in the commit stood on."""
    return State(alive=True)


def deleted() -> Query:
    """Only answers that are there no more."""
    return State(alive=False)


def everything() -> Query:
    """Whatever there is."""
    return All(())


def _parts(query: Query, of: type[All | Some]) -> tuple[Query, ...]:
    return query.parts if isinstance(query, of) else (query,)


def _query(value: object) -> Query:
    if not isinstance(value, Query):
        raise InvalidArgument(f"queries are combined with queries, not with {type(value).__name__}")
    return value


def _check(what: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidArgument(f"{what} is a text, not {type(value).__name__}")
    if value and any(0xD800 <= ord(char) < 0xDC80 or 0xDCFF < ord(char) < 0xE000 for char in value):
        raise InvalidArgument(f"{what} holds characters that cannot be written: {value!r}")


def _one_of(what: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise InvalidArgument(f"{what} is one of {', '.join(known)}, not {value!r}")
    return str(value)
