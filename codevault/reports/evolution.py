"""`vault.reports.evolution`: what became of a project's symbols, snapshot by snapshot."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from codevault.analysis.lineage import Change
from codevault.filesymbols import Contents
from codevault.history import changes_of_step
from codevault.index.index import Index
from codevault.index.model import Scope, Seen
from codevault.moments import nanoseconds
from codevault.projects.registry import ProjectKey, Projects
from codevault.reports.model import EvolutionReport, Line, Step
from codevault.store.model import Snapshot

Moment = str | datetime | int


class Reports:
    """Reports as values; what they look like is the caller's choice."""

    def __init__(
        self,
        index: Callable[[], Index],
        contents: Contents,
        projects: Projects,
        snapshots: Callable[[ProjectKey], tuple[Snapshot, ...]],
    ) -> None:
        self._index = index
        self._contents = contents
        self._projects = projects
        self._snapshots = snapshots

    def evolution(
        self, project: ProjectKey, *, since: Moment | None = None, until: Moment | None = None
    ) -> EvolutionReport:
        """What each snapshot between `since` and `until` changed; the project's first snapshot counts as its beginning.

        Raises:
            UnknownProject: no such project.
            IndexDamaged: run `vault.rebuild()`.
        """
        owner = self._projects.get(project)
        index = self._index()
        reasons = {snapshot.sequence: snapshot.reason for snapshot in self._snapshots(owner)}
        first = nanoseconds(since) if since is not None else None
        last = nanoseconds(until, end_of_day=True) if until is not None else None
        steps = tuple(
            _step(index, self._contents, seen, reasons.get(seen.sequence, ""))
            for seen in index.steps(owner.id)
            if (first is None or seen.created_ns >= first) and (last is None or seen.created_ns <= last)
        )
        coverage = index.coverage(Scope(projects=(owner.id,)))
        return EvolutionReport(project=owner.id, name=owner.name, steps=steps, not_analysed=coverage.not_analysed)


def _step(index: Index, contents: Contents, seen: Seen, reason: str) -> Step:
    changes = changes_of_step(index, contents, seen.project, seen.sequence)
    return Step(
        sequence=seen.sequence,
        created_ns=seen.created_ns,
        reason=reason,
        files=len(index.changes(seen.project, seen.sequence)),
        lines=tuple(sorted((_line(c) for c in changes), key=lambda x: (x.path, x.qualified_name, x.kinds))),
    )


def _line(change: Change) -> Line:
    now, before = change.after or change.before, change.before
    if now is None:
        raise AssertionError("a change has a symbol before or after it")
    moved = before is not None and (before.path, before.qualified_name) != (now.path, now.qualified_name)
    was = f"{before.path}: {before.qualified_name}" if moved and before is not None else ""
    return Line(
        kinds=tuple(str(kind) for kind in change.kinds), path=now.path, qualified_name=now.qualified_name, was=was
    )
