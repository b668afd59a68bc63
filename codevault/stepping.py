"""Noting what each version did to symbols, once its files are analysed: `vault.history` and `vault.lineage` read it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from codevault.allowance import Allowance
from codevault.errors import UnknownProject
from codevault.filesymbols import Contents
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.lineage_model import PathStep
from codevault.index.lineage_reading import ProjectLineage
from codevault.jobs import CancelToken, Reporter
from codevault.steps import StepMaker

BATCH_SECONDS = 2.0
"""How long versions are matched before they are written: so much is lost when the run is killed."""

_Matched = list[tuple[ProjectId, int, tuple[int, ...], Mapping[str, PathStep]]]


def link_versions(
    reading: Callable[[], Index],
    writing: Callable[[], AbstractContextManager[Index]],
    contents: Contents,
    *,
    report: Reporter | None = None,
    cancel: CancelToken | None = None,
    allowance: Allowance | None = None,
) -> int:
    """Matches every version that was not matched with those it comes from; gives how many were.

    Versions with files that wait for analysis are left to the next run. The index is only held to write.

    Raises:
        IndexDamaged, IndexBusy, StorageFull: the index cannot be written.
        Cancelled: through `report`; what was written before stays.
    """
    report = report or Reporter()
    linked = 0
    for project in reading().project_ids():
        try:
            lineage = reading().lineage(project)
        except UnknownProject:  # forgotten meanwhile
            continue
        waiting = reading().pending_count() > 0
        numbers = lineage.unlinked()
        run = _Run(lineage, contents, waiting=waiting)
        for done, number in enumerate(numbers):
            report.step("comparing versions", done, len(numbers))
            run.match(number)
            if run.is_full or (cancel is not None and cancel.paused):
                linked += run.write(writing, allowance)
                if cancel is not None and cancel.paused:
                    cancel.wait()
        linked += run.write(writing, allowance)
        if numbers:
            report.step("comparing versions", len(numbers), len(numbers))
    return linked


class _Run:
    """Versions of one project on their way into the index."""

    def __init__(self, lineage: ProjectLineage, contents: Contents, *, waiting: bool) -> None:
        self._lineage = lineage
        self._maker = StepMaker(lineage, contents)
        self._waiting = waiting
        self._matched: _Matched = []
        self._begin()

    def _begin(self) -> None:
        self._begun, self._spent = time.monotonic(), time.process_time()

    @property
    def is_full(self) -> bool:
        return time.monotonic() - self._begun > BATCH_SECONDS

    def match(self, number: int) -> None:
        """Matches a version, unless one of its files waits."""
        if self._waiting and self._lineage.waiting(self._maker.contents(number)):
            return
        steps = self._maker.step(number)
        self._matched.append((self._lineage.project, number, self._lineage.parents(number), steps))

    def write(self, writing: Callable[[], AbstractContextManager[Index]], allowance: Allowance | None) -> int:
        """Writes what was matched since the last time; gives how many versions."""
        written = len(self._matched)
        if written:
            with writing() as index:
                for project, number, parents, steps in self._matched:
                    index.link(project, number, parents, steps)
            self._matched = []
        if allowance is not None:
            allowance.spend(time.process_time() - self._spent)
        self._begin()
        return written
