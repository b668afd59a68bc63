"""Everything that one path held in the versions of its project, read at once: a walk through them asks nothing more."""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from codevault.ids import BlobId
from codevault.index.history import stays_at
from codevault.index.revisions import GONE
from codevault.index.rows import ask_many, blob_text, path_key
from codevault.index.stays import Stay, held_at
from codevault.index.timelines import Timeline


class Run(NamedTuple):
    """A content in a path from one version to another, None: it is there now. Numbers as in `Timeline`."""

    content: int
    blob: BlobId
    first: int
    last: int | None


class PathLife:
    """The runs of one path, of snapshots and of commits on their lines."""

    def __init__(self, db: sqlite3.Connection, project: int, timeline: Timeline, path: str) -> None:
        self.path = path
        self._timeline = timeline
        self._stays = stays_at(db, project, path)
        snapshots = db.execute(
            "SELECT v.first, v.last, v.content FROM version v JOIN path t ON t.id = v.path"
            " WHERE v.project = ? AND t.path = ? ORDER BY v.first",
            (project, path_key(path)),
        ).fetchall()
        named = {content for *_, content in snapshots} | {stay.content for stay in self._stays if stay.content}
        self._blobs = dict(ask_many(db, "SELECT id, blob FROM content WHERE id IN (*)", named))
        self._snapshots = [self._run(content, first, last) for first, last, content in snapshots]
        self._lines: dict[int, list[Stay]] = {}
        for stay in sorted(self._stays, key=attrgetter("first")):
            self._lines.setdefault(stay.line, []).append(stay)
        self._known: dict[int, Run | None] = {}
        self._now = self._alive(db, project)

    def _run(self, content: int, first: int, last: int | None) -> Run:
        return Run(content, blob_text(self._blobs[content]), first, last)

    def _alive(self, db: sqlite3.Connection, project: int) -> Stay | None:
        """What is there now, without snapshots: what the repository's own commit holds."""
        if self._timeline.newest:
            return None
        head = db.execute("SELECT head FROM project WHERE id = ?", (project,)).fetchone()[0]
        return None if head is None else held_at(self._stays, self._timeline.reach(head))

    def held(self, number: int) -> Run | None:
        """What the path held in a version, and since when on its line; None when it was not there."""
        if number not in self._known:
            self._known[number] = self._snapshot(number) if number > 0 else self._commit(-number)
        return self._known[number]

    def _snapshot(self, sequence: int) -> Run | None:
        at = bisect_right(self._snapshots, sequence, key=attrgetter("first")) - 1
        run = self._snapshots[at] if at >= 0 else None
        return run if run is not None and (run.last is None or run.last >= sequence) else None

    def _commit(self, place: int) -> Run | None:
        """From a line to the one that it left, until one says what it has in the path."""
        while place and self._lines:
            line = self._timeline.line(place)
            stays = self._lines.get(line, ())
            at = bisect_right(stays, place, key=attrgetter("first")) - 1
            if at >= 0 and (stays[at].last is None or (stays[at].last or 0) >= place):
                return None if stays[at].content == GONE else self._told(stays[at])
            place = self._timeline.before(line)
        return None

    @cached_property
    def runs(self) -> Sequence[Run]:
        """All of them, in the order in which they began."""
        found = [*self._snapshots, *(self._told(stay) for stay in self._stays if stay.content != GONE)]
        return sorted(found, key=lambda run: self._timeline.rank(run.first))

    @cached_property
    def touched(self) -> frozenset[int]:
        """Versions in which the path may differ from one that they came from."""
        seen = {-stay.first for stay in self._stays}
        seen.update(run.first for run in self._snapshots)
        ends = (self._timeline.follower(run.last) for run in self.runs if run.last is not None)
        return frozenset(seen.union(number for number in ends if number is not None))

    def _told(self, stay: Stay) -> Run:
        last = None if stay == self._now else -(stay.last or self._timeline.end(stay.line))
        return self._run(stay.content, -stay.first, last)
