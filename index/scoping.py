"""Which part of the archive a query covers, and how much of that part the index can see."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from codevault.errors import InvalidArgument
from codevault.index.model import Coverage, IndexState, Scope
from codevault.index.names import glob_matcher
from codevault.index.rows import Labels, ask_many, path_text

LONGEST_GLOB = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A scope in the catalog's numbers. None: not restricted; language -1: one nobody has met."""

    projects: frozenset[int] | None = None
    language: int | None = None
    path: Callable[[str], bool] | None = None
    glob: str = ""
    since_ns: int | None = None
    until_ns: int | None = None
    alive: bool | None = None

    @property
    def by_time(self) -> bool:
        """True when moments restrict the scope."""
        return self.since_ns is not None or self.until_ns is not None

    @property
    def by_place(self) -> bool:
        """True when projects or paths restrict the scope."""
        return self.projects is not None or self.path is not None

    @property
    def everything(self) -> bool:
        """True when nothing restricts the scope."""
        return not (self.by_time or self.by_place) and self.language is None and self.alive is None


def limits(db: sqlite3.Connection, labels: Labels, scope: Scope) -> Limits:
    """Reads a scope.

    Raises:
        InvalidArgument: the glob is too long.
    """
    if len(scope.path) > LONGEST_GLOB:
        raise InvalidArgument(f"a path glob has at most {LONGEST_GLOB} characters, this one {len(scope.path)}")
    language = labels.find(scope.language) if scope.language else None
    return Limits(
        projects=_projects(db, scope),
        language=-1 if scope.language and language is None else language,
        path=glob_matcher(scope.path) if scope.path else None,
        glob=scope.path,
        since_ns=scope.since_ns,
        until_ns=scope.until_ns,
        alive=scope.alive,
    )


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
    """When each snapshot of the covered projects was made, by (project number, sequence)."""
    rows = db.execute("SELECT project, sequence, created_ns FROM snapshot")
    covered = bounds.projects
    return {(project, at): ns for project, at, ns in rows if covered is None or project in covered}


def alive_between(bounds: Limits, began_ns: int, ended_ns: int | None) -> bool:
    """True when a version seen from `began_ns` to `ended_ns` (None: now) was there at a moment in the scope."""
    if bounds.until_ns is not None and began_ns > bounds.until_ns:
        return False
    return bounds.since_ns is None or ended_ns is None or ended_ns >= bounds.since_ns


def coverage(db: sqlite3.Connection, bounds: Limits) -> Coverage:
    """How many file versions the scope holds and how far each is indexed. Linear in the versions in scope."""
    counts: dict[int, int] = {}
    for state, count in _counted(db, bounds):
        counts[state] = counts.get(state, 0) + count
    seen = (IndexState.PARSED, IndexState.TEXT, IndexState.FAILED)
    return Coverage(
        versions=sum(counts.values()),
        searched=sum(counts.get(state, 0) for state in seen),
        not_analysed=counts.get(IndexState.PENDING, 0),
        not_parsed=counts.get(IndexState.TEXT, 0) + counts.get(IndexState.FAILED, 0),
        binary=counts.get(IndexState.BINARY, 0),
        not_indexed=counts.get(IndexState.SECRET, 0),
    )


def _counted(db: sqlite3.Connection, bounds: Limits) -> Iterable[tuple[int, int]]:
    """(state, versions) in scope. A language restricts what was analysed; the rest might be of any language."""
    joined = "FROM version v JOIN content c ON c.id = v.content"
    where, values = "1", []
    if bounds.language is not None:
        where, values = "(c.language = ? OR c.language IS NULL)", [bounds.language]
    if bounds.alive is not None:
        where += " AND v.last IS NULL" if bounds.alive else " AND v.last IS NOT NULL"
    if bounds.path is None and not bounds.by_time:
        rows = db.execute(
            f"SELECT v.project, c.state, count(*) {joined} WHERE {where} GROUP BY v.project, c.state",
            values,
        )
        return [(state, count) for project, state, count in rows if _covers(bounds, project)]
    return _counted_one_by_one(db, bounds, f"{joined} WHERE {where}", values)


def _counted_one_by_one(
    db: sqlite3.Connection, bounds: Limits, source: str, values: list[int]
) -> Iterable[tuple[int, int]]:
    times = moments(db, bounds) if bounds.by_time else {}
    inside: dict[int, bool] = {}
    rows = db.execute(f"SELECT v.project, v.path, v.first, v.last, c.state {source}", values).fetchall()
    if bounds.path is not None:
        numbers = {row[1] for row in rows}
        names = ask_many(db, "SELECT id, path FROM path WHERE id IN (*)", numbers)
        inside = {number: bounds.path(path_text(key)) for number, key in names}
    for project, path, first, last, state in rows:
        if not _covers(bounds, project) or not inside.get(path, bounds.path is None):
            continue
        ended = None if last is None else times.get((project, last))
        if not bounds.by_time or alive_between(bounds, times[project, first], ended):
            yield state, 1


def _covers(bounds: Limits, project: int) -> bool:
    return bounds.projects is None or project in bounds.projects
