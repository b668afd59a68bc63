"""What repositories do: told by hooks through the spool, and seen by comparing where they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from codevault.activity.model import SECOND_NS, Move, Signal, SignalKind, SourceState, Watched
from codevault.errors import CodeVaultError, VaultBusy
from codevault.ids import ProjectId
from codevault.spool import HookEvent, HookEvents
from codevault.vcs.detect import detect
from codevault.vcs.model import RepositoryFacts

ALL_S = 60.0
"""Seconds after which every project's repository is looked at again, whether or not anything told of it."""

_OF_HOOKS = {
    "post-commit": Move.COMMIT,
    "commit": Move.COMMIT,
    "post-merge": Move.MERGE,
    "changegroup": Move.MERGE,
    "post-checkout": Move.SWITCH,
    "update": Move.SWITCH,
    "post-rewrite": Move.REWRITE,
    "pre-rebase": Move.ABOUT_TO_REWRITE,
    "pre-histedit": Move.ABOUT_TO_REWRITE,
    "pre-strip": Move.ABOUT_TO_REWRITE,
}


def move_of(event: HookEvent) -> Move | None:
    """What a hook says; None where it only says that something moved."""
    return _OF_HOOKS.get(event.hook)


def moves_between(before: RepositoryFacts | None, after: RepositoryFacts | None) -> Iterator[Move]:
    """What happened between two looks at a repository; nothing when it came, went, or could not be read."""
    if before is None or after is None or before.system is not after.system:
        return
    if before.in_progress and not after.in_progress and before.head != after.head:
        yield Move.REWRITE if before.in_progress in {"rebase", "am", "histedit"} else Move.MERGE
    elif (before.branch, before.detached) != (after.branch, after.detached):
        yield Move.SWITCH
    elif before.head != after.head and before.head:
        yield Move.SWITCH if after.detached else Move.COMMIT


class RepositoryMoves:
    """A `Source` of moves. `look` marks a project whose repository may have moved."""

    def __init__(
        self,
        take: Callable[[Collection[ProjectId]], HookEvents],
        *,
        facts: Callable[[Path], RepositoryFacts | None] = detect,
    ) -> None:
        self._take = take
        self._facts = facts
        self._projects: dict[ProjectId, Watched] = {}
        self._stand: dict[ProjectId, RepositoryFacts | None] = {}
        self._marked: set[ProjectId] = set()
        self._all_ns: int | None = None
        self._foreign = 0
        self._wrong = ""

    def look(self, project: ProjectId) -> None:
        """Something in the project's repository changed."""
        self._marked.add(project)

    def watch(self, projects: Sequence[Watched]) -> None:
        """See `Source.watch`."""
        self._projects = {watched.project: watched for watched in projects}
        self._stand = {project: facts for project, facts in self._stand.items() if project in self._projects}
        for watched in projects:
            if watched.project not in self._stand:
                self._stand[watched.project] = self._facts(Path(watched.root))

    def poll(self, now_ns: int) -> Sequence[Signal]:
        """See `Source.poll`."""
        signals = list(self._told(now_ns))
        if self._all_ns is None or now_ns - self._all_ns >= ALL_S * SECOND_NS:
            self._all_ns = now_ns
            self._marked.update(self._projects)
        marked, self._marked = self._marked & self._projects.keys(), set()
        for project in sorted(marked):
            before, after = self._stand.get(project), self._facts(Path(self._projects[project].root))
            self._stand[project] = after
            signals += [_signal(project, now_ns, move) for move in moves_between(before, after)]
        return signals

    def state(self) -> SourceState:
        """See `Source.state`. `refused` counts lines of the spool that no hook of ours writes."""
        return SourceState(name="repositories", watches=len(self._projects), refused=self._foreign, wrong=self._wrong)

    def close(self) -> None:
        """Nothing to give back."""

    def _told(self, now_ns: int) -> Iterator[Signal]:
        try:
            told = self._take(self._projects)
        except VaultBusy:
            return  # somebody else takes them; where the repositories stand says the same
        except CodeVaultError as exc:
            self._wrong = f"the hooks' spool cannot be read: {exc}"
            return
        self._wrong = ""
        self._foreign += told.foreign
        for event in told.events:
            self._marked.add(event.project)
            move = move_of(event)
            if move is not None:
                yield _signal(event.project, now_ns, move)
        for project in self._projects if told.lost else ():
            yield Signal(project=project, at_ns=now_ns, kind=SignalKind.LOST)


def _signal(project: ProjectId, now_ns: int, move: Move) -> Signal:
    return Signal(project=project, at_ns=now_ns, kind=SignalKind.VCS, word=str(move))
