"""From raw signals to one observation a project: editors' temporary files dropped, saves folded into one edit each.

No clock and no disk. What is remembered is bounded, whatever a storm brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from codevault.activity.editors import Leaving, trace_of
from codevault.activity.model import Move, Observed, Signal, SignalKind, Timing
from codevault.activity.weights import weight_of
from codevault.ids import ProjectId
from codevault.policy import DEFAULT, Policy

_MOST_PATHS = 10_000
_HAND_FILES = 20  # a person saves so many files at a time, with "save all"; more is a program's doing
_NONE_TOUCHED = 0.5  # words around definitions, or new ones
_MOVES = {str(move): move for move in Move}
_BY_PROGRAM = frozenset({Move.SWITCH, Move.REWRITE, Move.MERGE})


@dataclass(slots=True)
class _Desk:
    """What is remembered of one project between two looks."""

    known: dict[str, float] = field(default_factory=dict)  # changed since the last backup, and what each weighs
    gone: dict[str, int] = field(default_factory=dict)  # went at the last look: a save may bring it back
    building: bool = False


@dataclass(slots=True)
class _Batch:
    at_ns: int
    changed: dict[str, int] = field(default_factory=dict)
    gone: dict[str, int] = field(default_factory=dict)
    unnamed: int = 0
    swapped: bool = False
    beat: bool = False
    lost: bool = False
    green: bool = False
    moves: list[Move] = field(default_factory=list)


class Noting:
    """Folds what sources saw. One thread."""

    def __init__(
        self,
        timing: Timing,
        policy: Policy = DEFAULT,
        *,
        touched: Callable[[ProjectId, str], int | None] = lambda _project, _path: None,
    ) -> None:
        """`touched` tells how many definitions of a file differ from the last backup's, None where it cannot."""
        self._touched = touched
        self._timing = timing
        self._policy = policy
        self._desks: dict[ProjectId, _Desk] = {}

    def note(self, signals: Iterable[Signal], now_ns: int) -> Sequence[Observed]:
        """One observation for each project that something was seen of, oldest first.

        A file that went counts at the next look, unless it came back until then: that is how editors save.
        """
        batches: dict[ProjectId, _Batch] = {}
        for signal in signals:
            batch = batches.setdefault(signal.project, _Batch(signal.at_ns))
            batch.at_ns = min(batch.at_ns, signal.at_ns)
            self._sort(batch, signal)
        for project, desk in self._desks.items():
            if desk.gone:
                batches.setdefault(project, _Batch(now_ns))
        found = (self._observed(project, batch) for project, batch in batches.items())
        return sorted((seen for seen in found if seen is not None), key=lambda seen: (seen.at_ns, seen.project))

    def saved(self, project: ProjectId) -> None:
        """A backup of the project begins: files touched from now on are new ones."""
        desk = self._desks.get(project)
        if desk is not None:
            desk.known.clear()

    def forget(self, keep: Iterable[ProjectId]) -> None:
        """Forgets every project but these."""
        kept = set(keep)
        self._desks = {project: desk for project, desk in self._desks.items() if project in kept}

    def _sort(self, batch: _Batch, signal: Signal) -> None:
        kind = signal.kind
        if kind is SignalKind.CHANGED or kind is SignalKind.GONE:
            self._file(batch, signal)
        elif kind is SignalKind.BEAT:
            batch.beat = True
        elif kind is SignalKind.LOST or kind is SignalKind.ROOT_BACK:
            batch.lost = True
        elif kind is SignalKind.GREEN:
            batch.green = True
        elif kind is SignalKind.VCS and signal.word in _MOVES:
            batch.moves.append(_MOVES[signal.word])
        elif kind is SignalKind.RUNNING:
            self._desks.setdefault(signal.project, _Desk()).building = signal.word == "build"

    @staticmethod
    def _file(batch: _Batch, signal: Signal) -> None:
        if not signal.path:
            batch.unnamed += signal.count
            return
        trace = trace_of(signal.path.rpartition("/")[2])
        if trace is None:
            into = batch.changed if signal.kind is SignalKind.CHANGED else batch.gone
            other = batch.gone if signal.kind is SignalKind.CHANGED else batch.changed
            if len(into) < _MOST_PATHS or signal.path in into:
                into[signal.path] = into.get(signal.path, 0) + signal.count
            else:
                batch.unnamed += signal.count
            other.pop(signal.path, None)  # the last word counts
        elif trace.leaving is Leaving.SWAP and signal.kind is SignalKind.CHANGED:
            batch.swapped = batch.beat = True
        elif trace.leaving is Leaving.LOCK:
            batch.beat = True
        elif trace.leaving is Leaving.TEMPORARY and trace.original and signal.kind is SignalKind.CHANGED:
            batch.swapped = True  # should it stay, it is somebody's file by an odd name

    def _observed(self, project: ProjectId, batch: _Batch) -> Observed | None:
        desk = self._desks.setdefault(project, _Desk())
        really = [path for path in desk.gone if path not in batch.changed]
        desk.gone = batch.gone
        new, weight, within = self._weighed(project, desk, (*batch.changed, *really))
        changes = sum(batch.changed.values()) + len(really) + batch.unnamed + batch.swapped
        if not (changes or batch.beat or batch.lost or batch.green or batch.moves):
            return None
        if changes and not within:  # nothing but a swap file, or nothing that has a name
            within = self._timing.exposure_s
        by_program = desk.building or batch.lost or batch.unnamed > 0 or not _BY_PROGRAM.isdisjoint(batch.moves)
        return Observed(
            project=project,
            at_ns=batch.at_ns,
            files=new + batch.unnamed,
            changes=changes,
            gone=sum(1 for path in really if weight_of(self._policy, path).weight),
            weight=round(weight + 0.01 * batch.unnamed, 3),
            within_s=within,
            hand=batch.beat or (weight > 0 and not by_program and len(batch.changed) + len(really) <= _HAND_FILES),
            beat=batch.beat,
            lost=batch.lost,
            green=batch.green,
            moves=tuple(dict.fromkeys(batch.moves)),
        )

    def _weighed(self, project: ProjectId, desk: _Desk, paths: Sequence[str]) -> tuple[int, float, float]:
        """How many are new since the last backup, what those weigh, and in how many seconds the first is due."""
        new, total, within = 0, 0.0, 0.0
        for path in paths:
            found = weight_of(self._policy, path)
            due = found.patience * self._timing.exposure_s
            within = min(within, due) if within else due
            known = desk.known.get(path)
            weight = found.weight
            if weight and len(paths) <= _HAND_FILES:
                definitions = self._touched(project, path)
                weight *= 1.0 if definitions is None else max(_NONE_TOUCHED, definitions)
            new += known is None
            total += max(0.0, weight - (known or 0.0))
            if known is not None or len(desk.known) < _MOST_PATHS:
                desk.known[path] = max(weight, known or 0.0)
        return new, total, within
