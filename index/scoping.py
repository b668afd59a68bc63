"""Which part of the archive a query covers, and how much of that part the index can see."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codevault.errors import InvalidArgument
from codevault.index.history import TimelineOf, alive_at_head
from codevault.index.model import Coverage, IndexState, Scope
from codevault.index.names import glob_matcher
from codevault.index.rows import Labels, ask_many, path_text
from codevault.index.stays import Stay
from codevault.index.varints import unpack
from codevault.queries import All, Condition, Place, Query, Since, Some, State, Until

LONGEST_GLOB = 1000
KINDS = ("", "snapshot", "commit")
"""What may restrict a scope to versions of a kind."""


Literal = tuple[Condition, bool]


@dataclass(frozen=True, slots=True)
class Where:
    """A scope as the literals of a query: conditions on places and times, and whether each is to hold."""

    literals: tuple[Literal, ...] = ()
    alive: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A scope in the catalog's numbers. None: not restricted; language -1: one nobody has met.

    `authors` are those who wrote it, `no_authors` those who did not; what was there `since` and `until`, what had
    `ended` before a moment, what `began` after one.
    """

    projects: frozenset[int] | None = None
    language: int | None = None
    no_languages: frozenset[int] = frozenset()
    path: Callable[[str], bool] | None = None
    glob: str = ""
    since_ns: int | None = None
    until_ns: int | None = None
    alive: bool | None = None
    kind: str = ""
    authors: frozenset[int] | None = None
    no_authors: frozenset[int] | None = None
    ended_ns: int | None = None
    began_ns: int | None = None

    @property
    def by_version(self) -> bool:
        """True when what brought a content restricts the scope."""
        return bool(self.kind) or self.by_author

    @property
    def by_author(self) -> bool:
        """True when who brought a content restricts the scope."""
        return self.authors is not None or self.no_authors is not None

    @property
    def by_time(self) -> bool:
        """True when moments restrict the scope."""
        return any(one is not None for one in (self.since_ns, self.until_ns, self.ended_ns, self.began_ns))

    @property
    def by_language(self) -> bool:
        """True when languages restrict the scope."""
        return self.language is not None or bool(self.no_languages)

    def speaks(self, language: int | None) -> bool:
        """Whether a content's language lies in the scope."""
        return self.language in {None, language} and language not in self.no_languages

    @property
    def by_place(self) -> bool:
        """True when projects or paths restrict the scope."""
        return self.projects is not None or self.path is not None

    @property
    def everything(self) -> bool:
        """True when nothing restricts the scope."""
        free = not (self.by_time or self.by_place or self.by_version)
        return free and not self.by_language and self.alive is None


def limits(db: sqlite3.Connection, labels: Labels, scope: Scope | Where) -> Limits:
    """Reads a scope.

    Raises:
        InvalidArgument: the glob is too long, or the kind of version is none.
    """
    if isinstance(scope, Where):
        return _limits_of(db, labels, scope)
    if scope.kind not in KINDS:
        raise InvalidArgument(f"a version is one of {', '.join(filter(None, KINDS))}, not {scope.kind!r}")
    _check_glob(scope.path)
    language = labels.find(scope.language) if scope.language else None
    return Limits(
        projects=_projects(db, scope),
        language=-1 if scope.language and language is None else language,
        path=glob_matcher(scope.path) if scope.path else None,
        glob=scope.path,
        since_ns=scope.since_ns,
        until_ns=scope.until_ns,
        alive=scope.alive,
        kind=scope.kind,
        authors=_authors(db, scope.author) if scope.author else None,
    )


def query_of(scope: Scope) -> Query:
    """The same scope as conditions of a query."""
    facts = {"client": scope.client, "tag": scope.tag, "path": scope.path, "language": scope.language}
    facts |= {"author": scope.author, "versions": scope.kind}
    parts: list[Query] = [Place(which, asked) for which, asked in facts.items() if asked]  # type: ignore[arg-type]
    if scope.projects:
        parts.append(Some(tuple(Place("project", project) for project in scope.projects)))
    if scope.since_ns is not None:
        parts.append(Since(scope.since_ns))
    if scope.until_ns is not None:
        parts.append(Until(scope.until_ns))
    if scope.alive is not None:
        parts.append(State(scope.alive))
    return All(tuple(parts))


def _limits_of(db: sqlite3.Connection, labels: Labels, where: Where) -> Limits:
    asked = _Asked(where.literals)
    sinces, until = asked.moments(Since, wanted=True), asked.moments(Until, wanted=True)
    ended, began = asked.moments(Since, wanted=False), asked.moments(Until, wanted=False)
    kinds = {"snapshot", "commit"} & (asked.only("versions") or {"snapshot", "commit"}) - asked.texts("versions", False)
    spoken = {labels.find(text) or -1 for text in asked.texts("language")}
    globs = [*((text, True) for text in asked.texts("path")), *((text, False) for text in asked.texts("path", False))]
    nowhere = not kinds or len(spoken) > 1
    projects = frozenset[int]() if nowhere else _projects_of(db, asked)
    return Limits(
        projects=projects,
        language=next(iter(spoken), None),
        no_languages=frozenset(labels.find(text) or -1 for text in asked.texts("language", False)),
        path=_path_test(globs) if globs else None,
        glob=repr(sorted(globs)) if globs else "",
        since_ns=max(sinces, default=None),
        until_ns=min(until, default=None),
        ended_ns=min(ended, default=None),
        began_ns=max(began, default=None),
        alive=where.alive,
        kind="" if len(kinds) > 1 else next(iter(kinds), ""),
        authors=_all_of([_authors(db, text) for text in asked.texts("author")]),
        no_authors=_any_of([_authors(db, text) for text in asked.texts("author", False)]),
    )


class _Asked:
    """Literals by what they ask of."""

    def __init__(self, literals: Iterable[Literal]) -> None:
        self._literals = tuple(literals)

    def texts(self, which: str, wanted: bool = True) -> set[str]:
        """What is to be, or is not to be."""
        return {
            one.asked
            for one, holds in self._literals
            if isinstance(one, Place) and one.which == which and holds is wanted
        }

    def only(self, which: str) -> set[str]:
        """What is to be, where one thing only can be; none at all when two are asked for."""
        found = self.texts(which)
        return found if len(found) < 2 else {""}

    def moments(self, of: type[Since | Until], *, wanted: bool) -> list[int]:
        """The moments of conditions of a type."""
        return [one.moment_ns for one, holds in self._literals if isinstance(one, of) and holds is wanted]


def _projects_of(db: sqlite3.Connection, asked: _Asked) -> frozenset[int] | None:
    facts = ("project", "client", "tag", "stack")
    if not any(asked.texts(which, wanted) for which in facts for wanted in (True, False)):
        return None
    found = set()
    for number, project, client, tags, stack in db.execute("SELECT id, project, client, tags, stack FROM project"):
        has = {"project": {project}, "client": {client}, "tag": set(json.loads(tags)), "stack": set(json.loads(stack))}
        if all(asked.texts(which) <= has[which] and not asked.texts(which, False) & has[which] for which in facts):
            found.add(number)
    return frozenset(found)


def _path_test(globs: Iterable[tuple[str, bool]]) -> Callable[[str], bool]:
    for glob, _ in globs:
        _check_glob(glob)
    tests = [(glob_matcher(glob), wanted) for glob, wanted in globs]
    return lambda path: all(matches(path) is wanted for matches, wanted in tests)


def _check_glob(glob: str) -> None:
    if len(glob) > LONGEST_GLOB:
        raise InvalidArgument(f"a path glob has at most {LONGEST_GLOB} characters, this one {len(glob)}")


def _all_of(sets: list[frozenset[int]]) -> frozenset[int] | None:
    return frozenset.intersection(*sets) if sets else None


def _any_of(sets: list[frozenset[int]]) -> frozenset[int] | None:
    return frozenset[int]().union(*sets) if sets else None


def _authors(db: sqlite3.Connection, asked: str) -> frozenset[int]:
    rows = db.execute("SELECT id, text FROM label WHERE id IN (SELECT DISTINCT author FROM revision)")
    return frozenset(number for number, text in rows if asked.casefold() in text.casefold())


class Authored:
    """Tells the versions that a scope's authors brought; merges are nobody's."""

    def __init__(self, db: sqlite3.Connection, bounds: Limits) -> None:
        self._theirs = None if bounds.authors is None else commits_by(db, bounds.authors)
        self._others = frozenset() if bounds.no_authors is None else commits_by(db, bounds.no_authors)

    def covers(self, project: int, first: int) -> bool:
        """Whether the scope covers what a version brought."""
        return (self._theirs is None or (project, first) in self._theirs) and (project, first) not in self._others


def commits_by(db: sqlite3.Connection, authors: frozenset[int]) -> frozenset[tuple[int, int]]:
    """(project number, number of the version) of the commits of some authors, but for merges."""
    rows = ask_many(db, "SELECT project, number, parents FROM revision WHERE author IN (*)", authors)
    return frozenset((project, -place) for project, place, parents in rows if len(unpack(parents)) < 2)


def _projects(db: sqlite3.Connection, scope: Scope) -> frozenset[int] | None:
    if not (scope.projects or scope.client or scope.tag):
        return None
    found = set()
    for number, project, client, tags in db.execute("SELECT id, project, client, tags FROM project"):
        named = not scope.projects or project in scope.projects
        if named and scope.client in {"", client} and (not scope.tag or scope.tag in json.loads(tags)):
            found.add(number)
    return frozenset(found)


def moments(db: sqlite3.Connection, bounds: Limits) -> dict[tuple[int, int], int]:
    """When each version of the covered projects was made, by (project number, number of the version)."""
    rows = db.execute(
        "SELECT project, sequence, created_ns FROM snapshot"
        " UNION ALL SELECT project, -number, committed_ns FROM revision"
    )
    covered = bounds.projects
    return {(project, at): ns for project, at, ns in rows if covered is None or project in covered}


def alive_between(bounds: Limits, began_ns: int, ended_ns: int | None) -> bool:
    """True when a version seen from `began_ns` to `ended_ns` (None: now) was there at a moment in the scope."""
    if bounds.until_ns is not None and began_ns > bounds.until_ns:
        return False
    if bounds.began_ns is not None and began_ns <= bounds.began_ns:
        return False
    if bounds.ended_ns is not None and (ended_ns is None or ended_ns >= bounds.ended_ns):
        return False
    return bounds.since_ns is None or ended_ns is None or ended_ns >= bounds.since_ns


def coverage(db: sqlite3.Connection, bounds: Limits, timeline_of: TimelineOf) -> Coverage:
    """How many file versions the scope holds and how far each is indexed. Linear in the versions in scope."""
    counts: dict[int, int] = {}
    for state, count in _counted(db, bounds, timeline_of):
        counts[state] = counts.get(state, 0) + count
    seen = (IndexState.PARSED, IndexState.TEXT, IndexState.FAILED)
    return Coverage(
        versions=sum(counts.values()),
        searched=sum(counts.get(state, 0) for state in seen),
        not_analysed=counts.get(IndexState.PENDING, 0),
        not_parsed=counts.get(IndexState.TEXT, 0) + counts.get(IndexState.FAILED, 0),
        binary=counts.get(IndexState.BINARY, 0),
        not_indexed=counts.get(IndexState.SECRET, 0),
        gone=counts.get(IndexState.GONE, 0),
    )


def _counted(db: sqlite3.Connection, bounds: Limits, timeline_of: TimelineOf) -> Iterable[tuple[int, int]]:
    """(state, versions) in scope. A language restricts what was analysed; the rest might be of any language."""
    where, values = "1", []
    if bounds.language is not None:
        where, values = "(c.language = ? OR c.language IS NULL)", [bounds.language]
    if bounds.no_languages:
        held = ", ".join(map(str, sorted(bounds.no_languages)))
        where = f"{where} AND (c.language IS NULL OR c.language NOT IN ({held}))"
    if bounds.everything:
        yield from _counted_all(db)
        return
    inside = _paths_inside(db, bounds)
    each = bounds.by_time or bounds.by_author or bounds.alive is not None
    for table, kind, numbers in _TABLES:
        if bounds.kind not in {"", kind} or (kind == "snapshot" and bounds.authors is not None):
            continue
        source = f"FROM {table} v JOIN content c ON c.id = v.content WHERE {where}"
        if each:
            rows = db.execute(f"SELECT v.project, v.path, c.state, {numbers}, c.id {source}", values).fetchall()
            covered = (row for row in rows if _covers(bounds, row[0]) and (not inside or inside[row[1]]))
            yield from _counted_one_by_one(db, bounds, timeline_of, covered)
        else:
            path = "v.path" if inside else "0"
            grouped = f"SELECT v.project, {path}, c.state, count(*) {source} GROUP BY 1, 2, 3"
            for project, at, state, count in db.execute(grouped, values):
                if _covers(bounds, project) and (not inside or inside[at]):
                    yield state, count


def _counted_all(db: sqlite3.Connection) -> Iterable[tuple[int, int]]:
    """The same of everything: most versions are parsed, so the others are counted and taken from all."""
    for table, *_ in _TABLES:
        whole = db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a constant
        whole -= db.execute(f"SELECT count(*) FROM {table} WHERE content = 0").fetchone()[0]  # noqa: S608 - as above
        others = db.execute(
            f"SELECT c.state, count(*) FROM content c CROSS JOIN {table} v ON v.content = c.id"  # noqa: S608 - as above
            f" WHERE c.state <> {int(IndexState.PARSED)} GROUP BY 1"
        ).fetchall()
        yield from others
        yield IndexState.PARSED, whole - sum(count for _, count in others)


_TABLES = (("version", "snapshot", "v.first, v.last, 0"), ("stay", "commit", "-v.first, -v.last, v.line"))


def _paths_inside(db: sqlite3.Connection, bounds: Limits) -> dict[int, bool]:
    """Which paths the scope covers, empty when it covers all."""
    matches = bounds.path
    if matches is None:
        return {}
    return {number: matches(path_text(key)) for number, key in db.execute("SELECT id, path FROM path")}


def _counted_one_by_one(
    db: sqlite3.Connection, bounds: Limits, timeline_of: TimelineOf, rows: Iterable[tuple[int, ...]]
) -> Iterable[tuple[int, int]]:
    times = moments(db, bounds) if bounds.by_time else {}
    authored = Authored(db, bounds)
    for project, path, state, first, last, line, content in rows:
        if not authored.covers(project, first):
            continue
        ended: int | None = last
        if first < 0 and (timeline := timeline_of(project)) is not None:
            stay = Stay(path, line, -first, None if last is None else -last, content)
            alive = alive_at_head(db, project, timeline).get(path) == stay
            ended = None if alive else -timeline.end(line) if last is None else last
        if bounds.alive is not None and bounds.alive != (ended is None):
            continue
        ended_ns = None if ended is None else times.get((project, ended))
        if not bounds.by_time or alive_between(bounds, times[project, first], ended_ns):
            yield state, 1


def _covers(bounds: Limits, project: int) -> bool:
    return bounds.projects is None or project in bounds.projects
