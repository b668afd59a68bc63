"""From matching items (fragments, symbols) to answers: one a place and key, over all versions of the place.

A *place* is a path in a project. A *key* is what makes two matches in a place the same answer: the matching line, or
a symbol's qualified name and kind. A common word has thousands of answers, of which one page is shown: the inner loops
here work on bare tuples, a third of the time of frozen dataclasses.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from codevault.index import postings
from codevault.index.rows import ask_many, path_text
from codevault.index.scoping import Limits, alive_between, moments

K = TypeVar("K", bound=Hashable)
NOW = 1 << 62
"""Stands for the end of what is still there, after every sequence number."""

Place = tuple[int, int]
"""(project number, path number)."""

_Run = tuple[Place, int, int, bool]
"""Place, first, last or NOW, in scope: a content in a path over an unbroken run of snapshots."""

_Held = tuple[int, int, int, bool]
"""First, last or NOW, content of the newest run, in scope: all runs of some contents in one place."""


class Found(NamedTuple, Generic[K]):
    """A key in a place: from `first` to `last` (`NOW`: still there); `content` is the newest that holds it."""

    key: K
    project: int
    path: int
    name: str
    first: int
    last: int
    content: int


class Places:
    """Where contents lie, as far as a scope covers it. Valid within one read transaction."""

    def __init__(self, db: sqlite3.Connection, bounds: Limits) -> None:
        self._db = db
        self._bounds = bounds
        self._runs: dict[int, list[_Run]] = {}
        self._names: dict[int, str] = {}
        self._times = moments(db, bounds) if bounds.by_time else {}

    def covered(self, contents: set[int]) -> set[int]:
        """Those of the contents that lie somewhere in scope."""
        self._load(contents)
        return {content for content in contents if any(run[3] for run in self._runs.get(content, ()))}

    def gather(self, table: postings.Table | None, items: Mapping[K, Collection[int]]) -> list[Found[K]]:
        """Answers for keys and the items each stands for, in no particular order; None: the items are contents."""
        wanted = {item for members in items.values() for item in members}
        holders = postings.holders(self._db, table, wanted) if table else {item: [item] for item in wanted}
        self._load({content for contents in holders.values() for content in contents})
        held = {item: self._held(contents) for item, contents in holders.items()}
        found: list[Found[K]] = []
        for key, members in items.items():
            if len(members) == 1:
                (item,) = members
                found.extend(self._answers(key, held.get(item, {})))
            else:
                found.extend(self._answers(key, _merged(held[item] for item in members if item in held)))
        return found

    def _answers(self, key: K, places: Mapping[Place, _Held]) -> Iterable[Found[K]]:
        alive, names = self._bounds.alive, self._names
        for (project, path), (first, last, content, inside) in places.items():
            if inside and (alive is None or alive == (last == NOW)):
                yield Found(key, project, path, names[path], first, last, content)

    def _held(self, contents: Iterable[int]) -> dict[Place, _Held]:
        places: dict[Place, _Held] = {}
        runs = self._runs
        for content in contents:
            for place, first, last, inside in runs.get(content, ()):
                known = places.get(place)
                if known is None:
                    places[place] = (first, last, content, inside)
                elif last > known[1] or (last == known[1] and content > known[2]):
                    places[place] = (min(known[0], first), last, content, inside or known[3])
                elif first < known[0] or inside > known[3]:
                    places[place] = (min(known[0], first), known[1], known[2], inside or known[3])
        return places

    def _load(self, contents: set[int]) -> None:
        """Reads the runs of contents and drops what the scope does not cover."""
        bounds = self._bounds
        contents = contents - self._runs.keys()
        question = "SELECT content, project, path, first, last FROM version WHERE content IN (*)"
        rows = list(ask_many(self._db, question, contents))
        if bounds.projects is not None:
            rows = [row for row in rows if row[1] in bounds.projects]
        self._name({row[2] for row in rows})
        spoken = self._of_language(contents)
        timed = bounds.by_time
        for content, project, path, first, last in rows:
            if path in self._names:
                inside = spoken is None or content in spoken
                if timed and inside:
                    inside = self._in_time(project, first, last)
                run = ((project, path), first, NOW if last is None else last, inside)
                self._runs.setdefault(content, []).append(run)

    def _name(self, paths: set[int]) -> None:
        matches = self._bounds.path
        for number, key in ask_many(self._db, "SELECT id, path FROM path WHERE id IN (*)", paths - self._names.keys()):
            name = path_text(key)
            if matches is None or matches(name):
                self._names[number] = name

    def _of_language(self, contents: set[int]) -> set[int] | None:
        language = self._bounds.language
        if language is None:
            return None
        rows = ask_many(self._db, "SELECT id FROM content WHERE language = ? AND id IN (*)", contents, (language,))
        return {number for (number,) in rows}

    def _in_time(self, project: int, first: int, last: int | None) -> bool:
        ended = None if last is None else self._times[project, last]
        return alive_between(self._bounds, self._times[project, first], ended)


def _merged(parts: Iterable[Mapping[Place, _Held]]) -> Mapping[Place, _Held]:
    places: dict[Place, _Held] = {}
    for part in parts:
        for place, held in part.items():
            known = places.get(place)
            places[place] = held if known is None else _joined(known, held)
    return places


def _joined(one: _Held, other: _Held) -> _Held:
    newest = one if (one[1], one[2]) >= (other[1], other[2]) else other
    return min(one[0], other[0]), newest[1], newest[2], one[3] or other[3]
