"""Turns instants of editing into coding sessions: pure, whatever the instants come from."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from codevault.errors import InvalidArgument
from codevault.ids import ProjectId

GAP_S = 900
"""Seconds without an edit after which the next one begins a new session: what time trackers commonly use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A file of a project was seen to change. `at_ns`: nanoseconds on any one clock, `path` relative to the root."""

    project: ProjectId
    at_ns: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A stretch of work on one project, from its first edit to its last, both included.

    `paths` are the files touched, distinct and sorted; `edits` counts every edit. `burst`: so many files changed at
    once that a program did it (build, checkout, formatter), so it is no coding time and part of no other session.
    """

    project: ProjectId
    start_ns: int
    end_ns: int
    paths: tuple[str, ...]
    edits: int
    burst: bool = False

    @property
    def duration_s(self) -> float:
        """Seconds from the first edit to the last; 0.0 for a single edit."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def files(self) -> int:
        """How many files were touched."""
        return len(self.paths)


def sessions(
    edits: Iterable[Edit],
    *,
    gap_s: float = GAP_S,
    burst_files: int = 50,
    burst_s: float = 10.0,
    suspends: Iterable[int] = (),
) -> tuple[Session, ...]:
    """The sessions of all projects, by start, then project; a burst comes after a session that starts with it.

    Edits may come in any order and more than once. Edits of one project belong together while no pause between them is
    longer than `gap_s`. Where `burst_files` or more different files change within `burst_s`, those edits are a burst:
    they neither extend a session nor join two, and a session goes on over a burst if its own edits do. Every edit is in
    exactly one session. No session reaches over one of `suspends`, the instants (nanoseconds) at which the machine fell
    asleep: it ended with the last edit before. Takes the memory of all edits; n log n in their number.

    Raises:
        InvalidArgument: a gap that is not a positive number, or a burst of fewer than two files or negative time.
    """
    gap_ns = _nanoseconds("gap_s", gap_s, least=1)
    window_ns = _nanoseconds("burst_s", burst_s, least=0)
    if burst_files < 2:
        raise InvalidArgument(f"burst_files is {burst_files}: a burst is two files or more")
    ordered = sorted(edits, key=lambda edit: (edit.project, edit.at_ns, edit.path))
    asleep = sorted(suspends)
    found: list[Session] = []
    for _, group in groupby(ordered, key=lambda edit: edit.project):
        own = list(group)
        marked = _bursting(own, burst_files, window_ns)
        by_hand = [edit for edit, burst in zip(own, marked, strict=True) if not burst]
        by_program = [edit for edit, burst in zip(own, marked, strict=True) if burst]
        found += (_session(run, burst=False) for run in _runs(by_hand, gap_ns, asleep))
        found += (_session(run, burst=True) for run in _runs(by_program, window_ns, asleep))
    return tuple(sorted(found, key=lambda session: (session.start_ns, session.project, session.burst)))


def _nanoseconds(name: str, seconds: float, *, least: int) -> int:
    if not math.isfinite(seconds) or seconds * 1e9 < least:
        raise InvalidArgument(f"{name} is {seconds}: it must be a {'positive' if least else 'non-negative'} number")
    return round(seconds * 1e9)


def _bursting(edits: Sequence[Edit], files: int, window_ns: int) -> list[bool]:
    """For each edit, in order of time, whether some window around it holds `files` different files. Linear."""
    marked = [False] * len(edits)
    within: Counter[str] = Counter()
    first = 0
    unmarked = 0
    for at, edit in enumerate(edits):
        within[edit.path] += 1
        while edit.at_ns - edits[first].at_ns > window_ns:
            path = edits[first].path
            within[path] -= 1
            if not within[path]:
                del within[path]
            first += 1
        if len(within) >= files:
            start = max(first, unmarked)
            marked[start : at + 1] = [True] * (at + 1 - start)
            unmarked = at + 1
    return marked


def _runs(edits: Sequence[Edit], gap_ns: int, asleep: Sequence[int]) -> Iterator[Sequence[Edit]]:
    """Splits edits in order of time wherever the pause is longer than the gap, or the machine slept in it."""
    start = 0
    for at, (before, after) in enumerate(pairwise(edits), start=1):
        slept = bisect_left(asleep, after.at_ns) > bisect_left(asleep, before.at_ns)
        if slept or after.at_ns - before.at_ns > gap_ns:
            yield edits[start:at]
            start = at
    if edits:
        yield edits[start:]


def _session(run: Sequence[Edit], *, burst: bool) -> Session:
    return Session(
        project=run[0].project,
        start_ns=run[0].at_ns,
        end_ns=run[-1].at_ns,
        paths=tuple(sorted({edit.path for edit in run})),
        edits=len(run),
        burst=burst,
    )
