"""What is seen of a developer at work, as values: raw signals of sources, and what becomes of them for a decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from codevault.ids import ProjectId

SECOND_NS = 1_000_000_000


class SignalKind(StrEnum):
    """What a source saw."""

    CHANGED = "changed"  # a file came, or was written
    GONE = "gone"  # a file went
    BEAT = "beat"  # somebody is at work on a file, which need not have changed
    LOST = "lost"  # more happened than is told: only a look at everything says what
    VCS = "vcs"  # `word` says what moved, or is about to
    GREEN = "green"  # tests that failed pass
    RUNNING = "running"  # `word` names a program at work in the project: an editor, a build, a test runner
    ROOT_GONE = "root-gone"  # the project's folder is not there
    ROOT_BACK = "root-back"


class Move(StrEnum):
    """What a repository did; those `about to` are told before it happens."""

    COMMIT = "commit"
    SWITCH = "switch"
    TAG = "tag"
    REWRITE = "rewrite"
    MERGE = "merge"
    ABOUT_TO_REWRITE = "about to rewrite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing that a source saw of a project: only ever a hint. `path` is relative to the root, "" for all of it.

    `at_ns` are nanoseconds on the clock that the source was asked with. `count` stands for that many alike.
    """

    project: ProjectId
    at_ns: int
    kind: SignalKind
    path: str = ""
    word: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A project to be watched: its folder, and folders in it that are somebody else's."""

    project: ProjectId
    root: str
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source is, for `health()`: what it does, how much it watches, what is wrong with it ("" if nothing)."""

    name: str
    working: bool = True
    watches: int = 0
    polled: int = 0
    refused: int = 0
    wrong: str = ""


class Source(Protocol):
    """Anything that sees developers at work. One thread calls; no call blocks, and none raises for what it meets."""

    def watch(self, projects: Sequence[Watched]) -> None:
        """These are the projects from now on; to be called again whenever they change."""
        ...

    def poll(self, now_ns: int) -> Sequence[Signal]:
        """What was seen since the last call."""
        ...

    def state(self) -> SourceState:
        """How it is."""
        ...

    def close(self) -> None:
        """Gives everything back; twice is harmless."""
        ...


class MemorySource:
    """A source that sees what it is told; its twin is every real one."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.projects: tuple[Watched, ...] = ()
        self.wrong = ""
        self._seen: list[Signal] = []
        self._closed = False

    def tell(self, *signals: Signal) -> None:
        """These are seen at the next look."""
        self._seen += signals

    def watch(self, projects: Sequence[Watched]) -> None:
        """See `Source.watch`."""
        self.projects = tuple(projects)

    def poll(self, now_ns: int) -> Sequence[Signal]:  # noqa: ARG002 - what it is told has its own instants
        """See `Source.poll`."""
        known = {watched.project for watched in self.projects}
        seen, self._seen = self._seen, []
        return () if self._closed else [signal for signal in seen if signal.project in known]

    def state(self) -> SourceState:
        """See `Source.state`."""
        return SourceState(
            name=self.name, working=not self._closed and not self.wrong, watches=len(self.projects), wrong=self.wrong
        )

    def close(self) -> None:
        """See `Source.close`."""
        self._closed = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What all sources together saw of one project between two looks.

    `files` are distinct ones that changed or went and had not since the last backup, `changes` all of them, `gone`
    those that went. `weight`: how much of it matters, 1.0 for a file of source touched in one place. `within_s`: the
    soonest that any of it is due, by class; 0 when nothing changed. `hand`: an editor, or its shape, says that a
    person did it.
    """

    project: ProjectId
    at_ns: int
    files: int = 0
    changes: int = 0
    gone: int = 0
    weight: float = 0.0
    within_s: float = 0.0
    hand: bool = False
    beat: bool = False
    lost: bool = False
    green: bool = False
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How the machine is.

    `battery` is a share of 1, None on mains or without one; `load` 1.0 when all processors are busy.
    `idle_s`: seconds since anybody touched keyboard or mouse, None where that cannot be known.
    """

    battery: float | None = None
    load: float = 0.0
    idle_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """When a project's changes are to be safe, in seconds.

    `exposure_s`: no unsaved work grows older; the promise that `health()` states. `quiet_s`: so long without a change
    is a good moment, `small_quiet_s` where little changed (`significant` is the weight between them). `settle_s`: so
    long after a storm, which is `storm_files` different files within `storm_s`. `mark_s`: so long after a commit or a
    switch.
    `gap_s` without work ends a session, which makes a milestone if it took `session_s`. `retry_s` doubles with each
    failure up to `retry_most_s`. `low_battery`: below it everything is saved as soon as `last_quiet_s` allows.
    """

    exposure_s: float = 300.0
    quiet_s: float = 60.0
    small_quiet_s: float = 85.0
    significant: float = 3.0
    settle_s: float = 10.0
    storm_files: int = 200
    storm_s: float = 10.0
    mark_s: float = 5.0
    gap_s: float = 900.0
    session_s: float = 120.0
    retry_s: float = 15.0
    retry_most_s: float = 900.0
    low_battery: float = 0.1
    last_quiet_s: float = 5.0
