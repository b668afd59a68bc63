"""Whole projects read at once, for reports: which versions there are, what each changed itself, symbols and lines.

What a version changed *itself* is what differs from all it was made from: a merge that only brings lines together, or
a snapshot of what was committed before, changed nothing. Everything is read within one transaction.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from codevault.ids import ProjectId
from codevault.index.contents import Texts, fragment_list, packed_fragments, packed_symbols
from codevault.index.history import alive_at_head, commits_of, steps
from codevault.index.model import IndexState, Scope, Seen
from codevault.index.rows import ask_many, path_text
from codevault.index.rows import steps as parts
from codevault.index.scoping import limits
from codevault.index.sessions import Session
from codevault.index.symbols import positions
from codevault.index.varints import unpack_ascending

NOTHING = 0
"""In place of a content: the path was not there."""

_AT_ONCE = 400
_MOST_HELD = 2_000
"""Contents whose lines are held."""


class SurveyedProject(NamedTuple):
    """A project by the catalog's number."""

    number: int
    id: ProjectId
    name: str
    client: str


class PathStep(NamedTuple):
    """What a version did to a path, in numbers of contents; `NOTHING` on a side: it was not there."""

    path: int
    before: int
    after: int


class VersionStep(NamedTuple):
    """A version, and what it changed itself. `begins`: it was made from none, so all it holds was there before us.

    `authors` has for paths of a snapshot who committed their content later.
    """

    seen: Seen
    changes: tuple[PathStep, ...]
    begins: bool
    authors: Mapping[int, str]
    reason: str = ""


class SymbolFacts(NamedTuple):
    """A distinct symbol by the catalog's number, as far as reports compare them."""

    number: int
    declaration: int
    qualified_name: str
    name: str
    kind: str
    language: str
    tokens: int
    lines: int
    exact: bytes
    renamed: bytes
    body: bytes
    unit: bytes


class Survey:
    """One catalog during one transaction. Remembers what it read: make one for a report, and drop it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._db = session.db
        self._paths: dict[int, str] = dict(_path_rows(session.db))
        self._symbols: dict[int, SymbolFacts] = {}
        self._placed: dict[int, Sequence[tuple[int, int]]] = {}
        self._fragments: dict[int, bytes] = {}
        self._texts = Texts(session.db, session.cache)
        self._lines: dict[int, tuple[int, ...]] = {}
        self._of_contents: dict[int, tuple[int, ...]] = {}
        self._numbers: dict[bytes, int] = {}
        self._projects: dict[int, _Project] = {}

    def projects(self, scope: Scope) -> tuple[SurveyedProject, ...]:
        """The projects of a scope, in the order in which they came."""
        wanted = limits(self._db, self._session.labels, scope).projects
        rows = self._db.execute("SELECT id, project, name, client FROM project ORDER BY id")
        return tuple(
            SurveyedProject(number, ProjectId(project), name, client)
            for number, project, name, client in rows
            if wanted is None or number in wanted
        )

    def path(self, number: int) -> str:
        """A path by its number."""
        return self._paths[number]

    def versions(self, project: SurveyedProject, inside: Callable[[str], bool] | None = None) -> Iterator[VersionStep]:
        """All versions in order, parents before children; only what lies `inside` a set of paths."""
        covered = None if inside is None else {n for n, path in self._paths.items() if inside(path)}
        yield from self._project(project).versions(covered)

    def tree(self, project: SurveyedProject, number: int | None = None) -> Mapping[int, int]:
        """Content by path of what a version held; None: of what is there now."""
        held = self._project(project)
        return held.now() if number is None else held.tree(number)

    def _project(self, project: SurveyedProject) -> _Project:
        if project.number not in self._projects:
            self._projects[project.number] = _Project(self._session, project)
        return self._projects[project.number]

    def symbols(self, contents: Collection[int]) -> Mapping[int, Sequence[tuple[int, int]]]:
        """(symbol number, first line) of each symbol, by content; none of one that is not parsed."""
        missing = {content for content in contents if content and content not in self._placed}
        for part in parts(missing, _AT_ONCE):
            packed = packed_symbols(self._db, part, self._session.labels.details)
            for content in part:
                self._placed[content] = [(number, line) for number, _, line in positions(packed.get(content))]
        return {content: self._placed[content] for content in contents if content}

    def facts(self, numbers: Iterable[int]) -> Mapping[int, SymbolFacts]:
        """Symbols by their numbers."""
        wanted = set(numbers)
        text = self._session.labels.text
        for row in ask_many(self._db, _FACTS, [number for number in wanted if number not in self._symbols]):
            number, declaration, tokens, lines, exact, renamed, body, unit, qualified, name, kind, language = row
            self._symbols[number] = SymbolFacts(
                number,
                declaration,
                qualified,
                qualified.rpartition(".")[2] if name is None else name,
                text(kind),
                text(language),
                tokens,
                lines + 1,
                exact,
                renamed,
                body,
                unit,
            )
        return {number: self._symbols[number] for number in wanted if number in self._symbols}

    def lines(self, content: int) -> tuple[int, ...]:
        """The lines of a content as numbers, equal ones alike; empty where no text is known."""
        known = self._of_contents.get(content)
        if known is None:
            self.read([content])
            found: list[int] = []
            for fragment, _ in fragment_list(self._fragments.get(content))[1]:
                found += self._lines_of(fragment)
            known = tuple(found)
            if len(self._of_contents) >= _MOST_HELD:  # what follows in time is asked for next: old ones can go
                self._of_contents.clear()
            self._of_contents[content] = known
        return known

    def read(self, contents: Iterable[int]) -> None:
        """Reads the lists of contents whose lines will be asked for, many at once."""
        missing = {content for content in contents if content and content not in self._fragments}
        for part in parts(missing, _AT_ONCE):
            packed = packed_fragments(self._db, part, self._session.labels.details)
            self._fragments.update((content, packed.get(content, b"")) for content in part)

    def text(self, content: int) -> bytes:
        """The text of a content as the index keeps it; empty where none is known."""
        self.read([content])
        return self._texts.whole(self._fragments.get(content) or None)

    def languages(self, contents: Iterable[int]) -> Mapping[int, str]:
        """The language of each content that was understood, and is no secret."""
        rows = ask_many(
            self._db,
            f"SELECT id, language FROM content WHERE state NOT IN ({_HIDDEN}) AND id IN (*)",  # noqa: S608 - numbers of ours
            set(contents) - {NOTHING},
        )
        return {content: self._session.labels.text(language) for content, language in rows}

    def waiting(self, contents: Iterable[int]) -> int:
        """How many of the contents wait for analysis."""
        question = f"SELECT id FROM content WHERE state = {int(IndexState.PENDING)} AND id IN (*)"  # noqa: S608 - a number
        return sum(1 for _ in ask_many(self._db, question, set(contents) - {NOTHING}))

    def _lines_of(self, fragment: int) -> tuple[int, ...]:
        known = self._lines.get(fragment)
        if known is None:
            numbers = self._numbers
            lines = self._texts.fragment(fragment).split(b"\n")
            known = self._lines[fragment] = tuple(numbers.setdefault(line, len(numbers)) for line in lines)
        return known


_HIDDEN = f"{int(IndexState.SECRET)}, {int(IndexState.BINARY)}"
_FACTS = (
    "SELECT s.id, s.declaration, s.tokens, s.lines, s.exact, s.renamed, s.body, s.unit,"
    " d.qualified, d.name, d.kind, d.language"
    " FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
)


def _path_rows(db: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    return ((number, path_text(key)) for number, key in db.execute("SELECT id, path FROM path"))


class _Runs:
    """What one path held on one line: runs in order of their starts."""

    __slots__ = ("contents", "firsts", "lasts")

    def __init__(self) -> None:
        self.firsts: list[int] = []
        self.lasts: list[int | None] = []
        self.contents: list[int] = []

    def add(self, first: int, last: int | None, content: int) -> None:
        self.firsts.append(first)
        self.lasts.append(last)
        self.contents.append(content)

    def at(self, number: int) -> int | None:
        """The content there, None: no run speaks of it."""
        place = bisect_right(self.firsts, number) - 1
        if place < 0:
            return None
        last = self.lasts[place]
        return self.contents[place] if last is None or last >= number else None


class _Project:
    """The versions of one project and what every path held, read at once."""

    def __init__(self, session: Session, project: SurveyedProject) -> None:
        self._db = session.db
        self._owner = project.number
        self._timeline = session.timeline(project.number)
        self._seen = {seen.sequence: seen for seen in steps(session.db, project.id)}
        self._seen |= {seen.sequence: seen for seen in commits_of(session.db, project.number)}
        numbers = self._timeline.numbers if self._timeline is not None else sorted(self._seen)
        self._numbers = numbers
        self._snapshots: dict[int, _Runs] = {}
        self._stays: dict[tuple[int, int], _Runs] = {}
        self._committed: dict[tuple[int, int], list[tuple[int, str]]] = {}
        self._reaches: dict[int, Mapping[int, int]] = {}
        self._standing: dict[int, list[int]] = {}
        self._read()

    def _read(self) -> None:
        rows = self._db.execute(
            "SELECT path, first, last, content FROM version WHERE project = ? ORDER BY path, first", (self._owner,)
        )
        for path, first, last, content in rows:
            self._snapshots.setdefault(path, _Runs()).add(first, last, content)
        if self._timeline is None:
            return
        rows = self._db.execute(
            "SELECT path, line, first, last, content FROM stay WHERE project = ? ORDER BY path, line, first",
            (self._owner,),
        )
        for number in self._numbers:
            head = next((parent for parent in self._timeline.parents(number) if parent < 0), 0) if number > 0 else 0
            if head:
                self._standing.setdefault(head, []).append(number)
        for path, line, first, last, content in rows:
            self._stays.setdefault((path, line), _Runs()).add(first, last, content)
            author = self._seen[-first].author
            self._committed.setdefault((path, content), []).append((self._timeline.rank(-first), author))

    def versions(self, covered: Collection[int] | None) -> Iterator[VersionStep]:
        changed = {-n: packed for n, packed in self._rows("SELECT number, changed FROM revision WHERE project = ?")}
        changed.update(self._rows("SELECT sequence, changed FROM snapshot WHERE project = ?"))
        told = self._db.execute("SELECT sequence, reason FROM snapshot WHERE project = ?", (self._owner,))
        reasons: dict[int, str] = dict(told.fetchall())
        before = 0
        for number in self._numbers:
            parents = self._parents(number, before)
            before = number if number > 0 else before
            paths = unpack_ascending(changed[number])
            inside = paths if covered is None else [path for path in paths if path in covered]
            made = tuple(self._own(number, parents, inside))
            yield VersionStep(
                self._seen[number], made, not parents, self._authors(number, made), reasons.get(number, "")
            )

    def _rows(self, question: str) -> Iterator[tuple[int, bytes]]:
        return self._db.execute(question, (self._owner,))

    def _parents(self, number: int, before: int) -> Sequence[int]:
        if self._timeline is not None:
            return self._timeline.parents(number)
        return (before,) if before else ()

    def _own(self, number: int, parents: Sequence[int], paths: Iterable[int]) -> Iterator[PathStep]:
        before = [*parents, *self._work_on(number, parents)]
        for path in paths:
            after = self._held(path, number)
            befores = [self._held(path, each) for each in before]
            if after not in befores and (after or any(befores)):
                yield PathStep(path, next(filter(None, befores), NOTHING), after)

    def _work_on(self, number: int, parents: Sequence[int]) -> Iterator[int]:
        """Snapshots of uncommitted work on the parents of a commit: what they held is theirs, and not the commit's."""
        if number < 0 and self._timeline is not None:
            rank = self._timeline.rank(number)
            standing = (each for parent in parents for each in self._standing.get(parent, ()))
            yield from (each for each in standing if each not in parents and self._timeline.rank(each) < rank)

    def _held(self, path: int, number: int) -> int:
        if number > 0:
            runs = self._snapshots.get(path)
            return (runs.at(number) or NOTHING) if runs is not None else NOTHING
        for line, place in self._reach(-number).items():
            runs = self._stays.get((path, line))
            held = runs.at(place) if runs is not None else None
            if held is not None:
                return held
        return NOTHING

    def _reach(self, place: int) -> Mapping[int, int]:
        if place not in self._reaches:
            if len(self._reaches) > _AT_ONCE:
                self._reaches.clear()
            self._reaches[place] = self._timeline.reach(place) if self._timeline is not None else {}
        return self._reaches[place]

    def _authors(self, number: int, made: Iterable[PathStep]) -> Mapping[int, str]:
        """Who committed later what a snapshot found."""
        if number < 0 or self._timeline is None:
            return {}
        rank = self._timeline.rank(number)
        found = {}
        for step in made:
            later = [each for each in self._committed.get((step.path, step.after), ()) if each[0] > rank]
            if step.after and later:
                found[step.path] = min(later)[1]
        return found

    def tree(self, number: int) -> Mapping[int, int]:
        paths = self._snapshots if number > 0 else {path for path, _ in self._stays}
        return {path: held for path in paths if (held := self._held(path, number))}

    def now(self) -> Mapping[int, int]:
        if self._timeline is not None and not self._timeline.newest:
            return {path: stay.content for path, stay in alive_at_head(self._db, self._owner, self._timeline).items()}
        return {path: runs.contents[-1] for path, runs in self._snapshots.items() if runs.lasts[-1] is None}
