"""The versions of one project as a graph and as an order: snapshots by their sequence, commits by negative numbers.

Commits lie on *lines*: a commit goes on the line of its first parent when it is the first to do so, or begins one. So
what a path held is a run on a line, and what a line did not change is what the line it left had at that point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from codevault.index.stays import Stay

MOST_STEPS = 10_000
"""Commits between two snapshots that are looked through for the one that took the earlier snapshot's work in."""


class CommitNode(NamedTuple):
    """A commit in the graph, the how-manieth it is counted from 1; parents are counted alike, the first one first."""

    committed_ns: int
    line: int
    parents: Sequence[int]


class SnapshotNode(NamedTuple):
    """A snapshot in the graph; `head` is the commit that it stood on, 0 when that is unknown."""

    sequence: int
    created_ns: int
    head: int


class Timeline:
    """What comes before what. Numbers are public ones: a snapshot's sequence, a commit's place counted downwards."""

    def __init__(self, commits: Sequence[CommitNode], snapshots: Sequence[SnapshotNode]) -> None:
        """Commits in the order of their places, snapshots in the order of their sequences. O(n log n)."""
        self._commits = commits
        self._ends: dict[int, int] = {}
        self._followers: dict[int, int] = {}
        for place, commit in enumerate(commits, 1):
            if commit.line in self._ends:
                self._followers[self._ends[commit.line]] = place
            self._ends[commit.line] = place
        self._order = _ordered(commits, snapshots)
        self._ranks = {number: rank for rank, number in enumerate(self._order)}
        self._snapshot_parents = self._stood_on(snapshots)
        self._taken_in = self._took_in(snapshots)
        self._next_snapshot = {one.sequence: other.sequence for one, other in pairwise(snapshots)}
        self._standing = {snapshot.head: snapshot.sequence for snapshot in reversed(snapshots)}
        self.newest = snapshots[-1].sequence if snapshots else 0
        """The newest snapshot's sequence; 0: there is none."""
        self.tree: Mapping[int, Stay] | None = None
        """What the newest commit holds by path, once somebody asked for it."""
        self.alive: dict[int, Stay] = {}
        self.looked_up: set[int] = set()
        """Paths that `alive` tells about: the same for those alone that were asked for."""

    @property
    def numbers(self) -> Sequence[int]:
        """All versions in order: parents before children, snapshots behind the commit that they stood on."""
        return self._order

    def rank(self, number: int) -> int:
        """The place of a version in the order."""
        return self._ranks[number]

    def at(self, rank: int) -> int:
        """The version at a place in the order."""
        return self._order[rank]

    def knows(self, number: int) -> bool:
        """True for a version that is recorded."""
        return number in self._ranks

    def parents(self, number: int) -> tuple[int, ...]:
        """The versions that one was made from, best first: for a snapshot its commit and the snapshot before it.

        While it stands on the commit of the snapshot before it that one is first: it tells the hours between commits.
        A commit's are the snapshot whose work it took in, if there is one, and its own parents.
        """
        if number > 0:
            return self._snapshot_parents[number]
        own = self.own_parents(-number)
        taken = self._taken_in.get(-number)
        return own if taken is None else (taken, *own)

    def own_parents(self, place: int) -> tuple[int, ...]:
        """The parents that a commit by place names itself."""
        return tuple(-parent for parent in self._commits[place - 1].parents)

    def follower(self, number: int) -> int | None:
        """What came next where a version was: the next snapshot, or commit on the line, or else a snapshot on it."""
        if number > 0:
            return self._next_snapshot.get(number)
        place = self._followers.get(-number)
        return self._standing.get(-number) if place is None else -place

    def leads(self, earlier: int, later: int) -> bool:
        """True when one version is among those that another came from, or is that one. Linear in what lies between."""
        goal = self._ranks[earlier]
        met = {later}
        waiting = [later]
        while waiting:
            number = waiting.pop()
            if number == earlier:
                return True
            for parent in self.parents(number):
                if parent not in met and self._ranks[parent] >= goal:
                    met.add(parent)
                    waiting.append(parent)
        return False

    def behind(self, number: int) -> frozenset[int]:
        """A version and all that it came from. Linear in them."""
        met = {number}
        waiting = [number]
        while waiting:
            for parent in self.parents(waiting.pop()):
                if parent not in met:
                    met.add(parent)
                    waiting.append(parent)
        return frozenset(met)

    def line(self, place: int) -> int:
        """The line of a commit by place: the place of the line's first commit."""
        return self._commits[place - 1].line

    def before(self, line: int) -> int:
        """The place of the commit that a line left, 0 for a beginning."""
        parents = self._commits[line - 1].parents
        return parents[0] if parents else 0

    def end(self, line: int) -> int:
        """The place of the last commit on a line."""
        return self._ends[line]

    def reach(self, place: int) -> dict[int, int]:
        """The lines a commit stands on, its own first, each with the place up to which it does."""
        found: dict[int, int] = {}
        while place:
            line = self._commits[place - 1].line
            found[line] = place
            before = self._commits[line - 1].parents
            place = before[0] if before else 0
        return found

    def _stood_on(self, snapshots: Sequence[SnapshotNode]) -> Mapping[int, tuple[int, ...]]:
        found = {}
        before, stood_on = 0, 0
        for snapshot in snapshots:
            parents = (-snapshot.head, before) if snapshot.head != stood_on else (before, -snapshot.head)
            found[snapshot.sequence] = tuple(one for one in parents if one)
            before, stood_on = snapshot.sequence, snapshot.head
        return found

    def _took_in(self, snapshots: Sequence[SnapshotNode]) -> Mapping[int, int]:
        """For commits, the snapshot of the work that became them: it stood on their parent, the next on them."""
        found: dict[int, int] = {}
        for before, after in pairwise(snapshots):
            if not before.head or not after.head or before.head == after.head:
                continue
            place = after.head
            for _ in range(MOST_STEPS):
                parents = self._commits[place - 1].parents
                if not parents or parents[0] == before.head:
                    break
                place = parents[0]
            if parents and parents[0] == before.head and self._ranks[before.sequence] < self._ranks[-place]:
                found[place] = before.sequence
        return found


def _ordered(commits: Sequence[CommitNode], snapshots: Sequence[SnapshotNode]) -> list[int]:
    """By time, but nothing before its parents: clocks lie."""
    times = [0]
    for committed_ns, _, parents in commits:
        at = committed_ns
        for parent in parents:
            at = max(at, times[parent])
        times.append(at)
    if not snapshots:
        return [-place for place in sorted(range(1, len(times)), key=times.__getitem__)]
    keyed = [(at, 0, place, -place) for place, at in enumerate(times)][1:]
    newest: int | None = None
    for snapshot in snapshots:
        at = max(snapshot.created_ns, times[snapshot.head]) if snapshot.head else snapshot.created_ns
        newest = at if newest is None else max(newest, at)
        keyed.append((newest, 1, snapshot.sequence, snapshot.sequence))
    keyed.sort()
    return [number for *_, number in keyed]
