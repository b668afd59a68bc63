"""Where no file events are to be had: whole projects looked at again, as often as their size allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from codevault.activity.model import SECOND_NS, Signal, SignalKind, Watched
from codevault.activity.walking import walk
from codevault.policy import Policy
from codevault.source import Folder

LEAST_S = 10.0
MOST_S = 120.0
SHARE = 0.02
"""Of one processor's time, for one project: what a look took decides when the next one is, within the limits."""


@dataclass(slots=True)
class _Looked:
    watched: Watched
    next_ns: int = 0
    last_ns: int = 0
    marks: dict[str, int] = field(default_factory=dict)
    known: bool = False
    gone: bool = False


class Poller:
    """Looks at projects in turn, one at each call at most. Eight bytes and a path are remembered of each folder."""

    def __init__(
        self,
        policy: Policy,
        source: Callable[[str], Folder],
        *,
        clock: Callable[[], int] = time.time_ns,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._policy = policy
        self._source = source
        self._clock = clock
        self._cpu = cpu
        self._projects: dict[str, _Looked] = {}

    def __len__(self) -> int:
        return len(self._projects)

    def __contains__(self, watched: Watched) -> bool:
        return watched.project in self._projects

    def add(self, watched: Watched) -> None:
        """This project is looked at from now on."""
        self._projects.setdefault(watched.project, _Looked(watched)).watched = watched

    def drop(self, watched: Watched) -> None:
        """This project is not looked at any more."""
        self._projects.pop(watched.project, None)

    def poll(self, now_ns: int) -> list[Signal]:
        """What changed in the project whose turn it is; a change counts from the look before, when it may have been."""
        due = [looked for looked in self._projects.values() if looked.next_ns <= now_ns]
        if not due:
            return []
        looked = min(due, key=lambda candidate: candidate.next_ns)
        before = self._cpu()
        signals = self._look(looked, now_ns)
        pause = min(max((self._cpu() - before) / SHARE, LEAST_S), MOST_S)
        looked.last_ns = now_ns
        looked.next_ns = now_ns + round(pause * SECOND_NS)
        return signals

    def _look(self, looked: _Looked, now_ns: int) -> list[Signal]:
        project = looked.watched.project
        try:
            seen = {
                folder.path: folder.mark for folder in walk(looked.watched, self._policy, self._source, self._clock)
            }
        except OSError:
            was, looked.gone = looked.gone, True
            return [] if was else [Signal(project=project, at_ns=now_ns, kind=SignalKind.ROOT_GONE)]
        signals = []
        if looked.gone:
            looked.gone = False
            signals.append(Signal(project=project, at_ns=now_ns, kind=SignalKind.ROOT_BACK))
        if looked.known:
            since = looked.last_ns
            signals += [
                Signal(project=project, at_ns=since, kind=SignalKind.CHANGED, path=path or ".")
                for path, mark in seen.items()
                if looked.marks.get(path) != mark
            ]
            signals += [
                Signal(project=project, at_ns=since, kind=SignalKind.GONE, path=path)
                for path in looked.marks.keys() - seen.keys()
            ]
        looked.marks, looked.known = seen, True
        return signals
