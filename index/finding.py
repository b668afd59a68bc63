"""From matching items (fragments, symbols) to answers: one a place and key, over all versions of the place.

A *place* is a path in a project. A *key* is what makes two matches in a place the same answer: the matching line, or
a symbol's qualified name and kind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from codevault.index import postings
from codevault.index.rows import ask_many, path_text
from codevault.index.scoping import Limits, alive_between, moments

K = TypeVar("K", bound=Hashable)
NOW = 1 << 62
"""Stands for the end of what is still there, after every sequence number."""

_Run = tuple[int, int, int, int, bool]  # project, path, first, last or NOW, in scope
_Held = tuple[int, int, int, bool]  # first, last or NOW, content of the newest run, in scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[K]):
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
        self._runs: dict[int, Sequence[_Run]] = {}
        self._names: dict[int, str] = {}
        self._times = moments(db, bounds) if bounds.by_time else {}

    def covered(self, contents: set[int]) -> set[int]:
        """Those of the contents that lie somewhere in scope."""
        self._load(contents)
        return {content for content in contents if any(run[4] for run in self._runs.get(content, ()))}

    def gather(self, table: postings.Table | None, items: Mapping[K, Collection[int]]) -> list[Found[K]]:
        """Answers for keys and the items each stands for, in no particular order; None: the items are contents."""
        holders: dict[int, list[int]] = {}
        wanted = {item for members in items.values() for item in members}
        if table is None:
            holders = {item: [item] for item in wanted}
        else:
            for item, contents in postings.holders(self._db, table, wanted):
                holders.setdefault(item, []).extend(contents)
        self._load({content for contents in holders.values() for content in contents})
        held = {item: self._held(contents) for item, contents in holders.items()}
        found: list[Found[K]] = []
        for key, members in items.items():
            places: dict[tuple[int, int], _Held] = {}
            for item in members:
                _merge(places, held.get(item, {}))
            found.extend(self._answers(key, places))
        return found

    def _answers(self, key: K, places: Mapping[tuple[int, int], _Held]) -> Iterable[Found[K]]:
        alive = self._bounds.alive
        for (project, path), (first, last, content, inside) in places.items():
            if inside and (alive is None or alive == (last == NOW)):
                name = self._names[path]
                yield Found(key=key, project=project, path=path, name=name, first=first, last=last, content=content)

    def _held(self, contents: Iterable[int]) -> dict[tuple[int, int], _Held]:
        places: dict[tuple[int, int], _Held] = {}
        runs = self._runs
        for content in contents:
            for project, path, first, last, inside in runs.get(content, ()):
                place = (project, path)
                known = places.get(place)
                places[place] = (
                    (first, last, content, inside) if known is None else _joined(known, (first, last, content, inside))
                )
        return places

    def _load(self, contents: set[int]) -> None:
        """Reads the runs of contents and drops what the scope does not cover."""
        bounds = self._bounds
        rows = list(
            ask_many(self._db, "SELECT content, project, path, first, last FROM version WHERE content IN (*)", contents)
        )
        if bounds.projects is not None:
            rows = [row for row in rows if row[1] in bounds.projects]
        paths = {row[2] for row in rows}
        for number, key in ask_many(self._db, "SELECT id, path FROM path WHERE id IN (*)", paths):
            name = path_text(key)
            if bounds.path is None or bounds.path(name):
                self._names[number] = name
        spoken = self._of_language(contents)
        runs: dict[int, list[_Run]] = {}
        for content, project, path, first, last in rows:
            if path in self._names:
                inside = (spoken is None or content in spoken) and self._in_time(project, first, last)
                runs.setdefault(content, []).append((project, path, first, NOW if last is None else last, inside))
        self._runs.update(runs)

    def _of_language(self, contents: set[int]) -> set[int] | None:
        language = self._bounds.language
        if language is None:
            return None
        rows = ask_many(self._db, "SELECT id FROM content WHERE language = ? AND id IN (*)", contents, (language,))
        return {number for (number,) in rows}

    def _in_time(self, project: int, first: int, last: int | None) -> bool:
        if not self._bounds.by_time:
            return True
        ended = None if last is None else self._times[project, last]
        return alive_between(self._bounds, self._times[project, first], ended)


def _merge(places: dict[tuple[int, int], _Held], more: Mapping[tuple[int, int], _Held]) -> None:
    for place, held in more.items():
        known = places.get(place)
        places[place] = held if known is None else _joined(known, held)


def _joined(one: _Held, other: _Held) -> _Held:
    newest = one if (one[1], one[0]) >= (other[1], other[0]) else other
    return min(one[0], other[0]), newest[1], newest[2], one[3] or other[3]
