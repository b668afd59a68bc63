"""From matching items (fragments, symbols) to answers: one a place and key, over all versions of the place.

A *place* is a path in a project. A *key* is what makes two matches in a place the same answer: the matching line, or
a symbol's qualified name and kind. A common word has thousands of answers, of which one page is shown: the inner loops
here work on bare tuples, a third of the time of frozen dataclasses.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from codevault.errors import IndexDamaged
from codevault.index import postings
from codevault.index.history import alive_among
from codevault.index.narrowing import Near, near_text
from codevault.index.rows import ask_many, path_text
from codevault.index.scoping import Authored, Limits, alive_between, moments
from codevault.index.stays import Stay, load_timeline
from codevault.index.timelines import Timeline

K = TypeVar("K", bound=Hashable)
HELD: tuple[postings.Table, ...] = ("fragment_in", "symbol_in", "rest_in")
"""Which lists tell the contents of an item."""

NOW = 1 << 62
"""Stands for the end of what is still there, after every other version."""

Place = tuple[int, int]
"""(project number, path number)."""

MOST_NEAR = 8
"""Scopes of which `Memory` knows what text lies near."""

REMEMBERED = 100_000
"""Entries of `Memory` from which it starts anew."""

_Run = tuple[Place, int, int, bool]
"""Place, first, last or NOW, in scope: a content in a path over an unbroken run of snapshots, or of commits on a line.

First and last are places in the project's timeline, which in a project without commits are the sequences."""

_Held = tuple[int, int, int, bool]
"""First, last or NOW, content of the newest run, in scope: all runs of some contents in one place."""


class Found(NamedTuple, Generic[K]):
    """A key in a place: from `first` to `last` (`NOW`: still there); `content` is the newest that holds it.

    `first` and `last` are numbers of versions: a snapshot's sequence, a commit's place as a negative one.
    """

    key: K
    project: int
    path: int
    name: str
    first: int
    last: int
    content: int


class Memory:
    """What earlier questions read about places, true while the catalog stays as it is; empties itself when full."""

    def __init__(self) -> None:
        self.runs: dict[int, list[_Run]] = {}
        self.held: dict[postings.Table, dict[int, Mapping[Place, _Held]]] = {table: {} for table in HELD}
        self.names: dict[int, str] = {}
        self.near: dict[tuple[frozenset[int] | None, str], Near | None] = {}
        self.timelines: dict[int, Timeline | None] = {}

    def timeline(self, db: sqlite3.Connection, project: int) -> Timeline | None:
        """The versions of a project, None when it has no commits; read once."""
        if project not in self.timelines:
            self.timelines[project] = load_timeline(db, project)
        return self.timelines[project]

    def shrink(self) -> None:
        """Forgets everything when there is much of it."""
        if len(self.near) > MOST_NEAR:
            self.near = {}
        if len(self.runs) + len(self.names) + sum(map(len, self.held.values())) > REMEMBERED:
            self.runs, self.names = {}, {}
            self.held = {table: {} for table in HELD}


class Places:
    """Where contents lie, as far as a scope covers it. Valid within one read transaction."""

    def __init__(self, db: sqlite3.Connection, bounds: Limits, memory: Memory) -> None:
        memory.shrink()
        plain = not (bounds.by_language or bounds.by_time or bounds.by_version)
        self._db = db
        self._bounds = self.bounds = bounds
        self._shared = memory
        self._memory = memory if plain else Memory()  # runs that a scope cuts are of no use to another
        self._covers: dict[Place, bool] = {}
        self._times = moments(db, bounds) if bounds.by_time else {}
        self._authored = Authored(db, bounds)

    def near_text(self) -> Near | None:
        """What text the scope leaves to look at; None: all."""
        key = (self.bounds.projects, self.bounds.glob)
        near = self._shared.near
        if key not in near:
            near[key] = near_text(self._db, self.bounds)
        return near[key]

    def covered(self, contents: set[int]) -> set[int]:
        """Those of the contents that lie in a place where one of them is in scope: they tell since when, until when."""
        self._load(contents)
        runs = self._memory.runs
        reached = {
            place for content in contents for place, _, _, inside in runs[content] if inside and self._is_covered(place)
        }
        return {content for content in contents if any(run[0] in reached for run in runs[content])}

    def among(self, table: postings.Table, items: Collection[int], place: Place) -> list[int]:
        """Those of the items that a place holds or held, whatever the scope says of times."""
        held = self._all_held(table, set(items))
        return [item for item in items if place in held[item]]

    def count(self, table: postings.Table | None, items: Mapping[K, Collection[int]]) -> int:
        """How many pairs of a key and an item answer within the scope; contents count once for a key."""
        held = self._all_held(table, {item for members in items.values() for item in members})
        inside = {item for item, places in held.items() if any(self._answers(item, places))} if table else set()
        return sum(
            max(1, sum(item in inside for item in items[key])) for key in {one.key for one in self.gather(table, items)}
        )

    def gather(self, table: postings.Table | None, items: Mapping[K, Collection[int]]) -> list[Found[K]]:
        """Answers for keys and the items each stands for, in no particular order; None: the items are contents."""
        held = self._all_held(table, {item for members in items.values() for item in members})
        found: list[Found[K]] = []
        for key, members in items.items():
            if len(members) == 1:
                (item,) = members
                found.extend(self._answers(key, held[item]))
            else:
                found.extend(self._answers(key, _merged(held[item] for item in members)))
        return found

    def gather_lines(
        self, fragments: Mapping[bytes, Collection[int]], contents: Mapping[bytes, Collection[int]]
    ) -> list[Found[bytes]]:
        """Answers for lines by the fragments, and by the contents, that hold them."""
        if not contents:
            return self.gather("fragment_in", fragments)
        held = self._all_held("fragment_in", {one for members in fragments.values() for one in members})
        self._load({one for members in contents.values() for one in members})
        found: list[Found[bytes]] = []
        for key in fragments.keys() | contents.keys():
            parts = [held[one] for one in fragments.get(key, ())]
            found.extend(self._answers(key, _merged((*parts, self._held(contents.get(key, ()))))))
        return found

    def _all_held(self, table: postings.Table | None, items: set[int]) -> Mapping[int, Mapping[Place, _Held]]:
        """The places of each item."""
        if table is None:
            self._load(items)
            return {item: self._held((item,)) for item in items}
        known = self._memory.held[table]
        holders = postings.holders(self._db, table, items - known.keys())
        self._load({content for contents in holders.values() for content in contents})
        for item in items - known.keys():
            known[item] = self._held(holders.get(item, ()))
        return known

    def _answers(self, key: K, places: Mapping[Place, _Held]) -> Iterable[Found[K]]:
        alive, names = self._bounds.alive, self._memory.names
        for place, (first, last, content, inside) in places.items():
            if inside and (alive is None or alive == (last == NOW)) and self._is_covered(place):
                timeline = self._shared.timeline(self._db, place[0])
                if timeline is None:
                    yield Found(key, place[0], place[1], names[place[1]], first, last, content)
                    continue
                until = last if last == NOW else timeline.at(last)
                yield Found(key, place[0], place[1], names[place[1]], timeline.at(first), until, content)

    def _is_covered(self, place: Place) -> bool:
        known = self._covers.get(place)
        if known is None:
            projects, matches = self._bounds.projects, self._bounds.path
            known = (projects is None or place[0] in projects) and (
                matches is None or matches(self._memory.names[place[1]])
            )
            self._covers[place] = known
        return known

    def _held(self, contents: Iterable[int]) -> Mapping[Place, _Held]:
        places: dict[Place, _Held] = {}
        runs = self._memory.runs
        for content in contents:
            for place, first, last, inside in runs[content]:
                known = places.get(place)
                if known is None:
                    places[place] = (first, last, content, inside)
                elif last > known[1]:
                    places[place] = (min(first, known[0]), last, content, inside or known[3])
                elif first < known[0] or inside > known[3]:
                    places[place] = (min(first, known[0]), known[1], known[2], inside or known[3])
        return places

    def _load(self, contents: set[int]) -> None:
        """Reads the runs of contents that are not known yet."""
        runs = self._memory.runs
        contents = contents - runs.keys()
        rows = list(ask_many(self._db, _VERSIONS, contents))
        stays = list(ask_many(self._db, _STAYS, contents))
        self._name({row[2] for row in (*rows, *stays)})
        spoken = self._of_language(contents)
        for content in contents:
            runs[content] = []
        for content, project, path, first, last in rows:
            inside = (spoken is None or content in spoken) and self._inside(project, first, last)
            began, ended = self._in_order(project, first, last)
            runs[content].append(((project, path), began, ended, inside))
        alive = self._alive(stays)
        for content, project, path, line, first, last in stays:
            runs[content].append(self._run(project, Stay(path, line, first, last, content), spoken, alive[project]))

    def _in_order(self, project: int, first: int, last: int | None) -> tuple[int, int]:
        """A run of snapshots as places in the project's timeline."""
        timeline = self._shared.timeline(self._db, project)
        if timeline is None:
            return first, NOW if last is None else last
        return timeline.rank(first), NOW if last is None else timeline.rank(last)

    def _alive(self, stays: Iterable[tuple[int, ...]]) -> dict[int, Mapping[int, Stay]]:
        """What is there now in the paths of some runs, by project."""
        paths: dict[int, set[int]] = {}
        for _, project, path, *_ in stays:
            paths.setdefault(project, set()).add(path)
        timelines = {project: self._shared.timeline(self._db, project) for project in paths}
        return {
            project: alive_among(self._db, project, timeline, paths[project]) if timeline else {}
            for project, timeline in timelines.items()
        }

    def _run(self, project: int, stay: Stay, spoken: set[int] | None, alive: Mapping[int, Stay]) -> _Run:
        timeline = self._shared.timeline(self._db, project)
        if timeline is None:
            raise IndexDamaged("the catalog has contents of commits, but not the commits: rebuild() the index")
        end = stay.last or timeline.end(stay.line)
        last = timeline.rank(-end)
        if alive.get(stay.path) == stay:
            last = NOW
        inside = (spoken is None or stay.content in spoken) and self._inside(project, -stay.first, -end)
        return (project, stay.path), timeline.rank(-stay.first), last, inside

    def _name(self, paths: set[int]) -> None:
        names = self._memory.names
        for number, key in ask_many(self._db, "SELECT id, path FROM path WHERE id IN (*)", paths - names.keys()):
            names[number] = path_text(key)

    def _of_language(self, contents: set[int]) -> set[int] | None:
        if not self._bounds.by_language:
            return None
        rows = ask_many(self._db, "SELECT id, language FROM content WHERE id IN (*)", contents)
        return {number for number, language in rows if self._bounds.speaks(language)}

    def _inside(self, project: int, first: int, last: int | None) -> bool:
        """Whether the scope covers a run of versions, by their numbers."""
        kind = self._bounds.kind
        if (kind and kind != ("commit" if first < 0 else "snapshot")) or (not self._authored.covers(project, first)):
            return False
        if not self._bounds.by_time:
            return True
        if (project, first) not in self._times:
            return False  # of a project the scope leaves out
        ended = None if last is None else self._times[project, last]
        return alive_between(self._bounds, self._times[project, first], ended)


_VERSIONS = "SELECT content, project, path, first, last FROM version WHERE content IN (*)"
_STAYS = "SELECT content, project, path, line, first, last FROM stay WHERE content IN (*)"


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
