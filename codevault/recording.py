"""One backup from end to end: open the project, run, keep the scan's state, tell the index."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from codevault.backup import Backup, Run, back_up
from codevault.bridging import Bridge, open_bridge
from codevault.cataloguing import catch_up, facts_of, record
from codevault.errors import CodeVaultError, DamageError, LimitReached, PruneRefused, SourceError, StorageFull
from codevault.gathering import Problem
from codevault.indexing import IndexKeeper
from codevault.jobs import Reporter
from codevault.left import LeftContents
from codevault.moments import LATEST_NS
from codevault.policies import Governing
from codevault.projects.model import Project
from codevault.projects.registry import Projects
from codevault.relating import SharedSymbols
from codevault.scanstate import load, save
from codevault.source import Folder, identities
from codevault.store.model import SnapshotDraft
from codevault.store.store import Store
from codevault.store.thinning import UndoWindow
from codevault.surroundings import Surroundings
from codevault.thinning import Thinner
from codevault.vcs import snapshot_facts
from codevault.versioned import NothingVersioned, RepositoryMoved

_LARGEST = (16 << 20, 1 << 20, 64 << 10, 4 << 10)
"""Bytes of the largest file that is still taken, one try after the other: small files are source, and many."""


_MOST_MOVES = 3


class Recorder:
    """Makes snapshots of projects. Once the store has committed one, whatever fails is only a problem of the result."""

    def __init__(
        self,
        store: Store,
        index: IndexKeeper,
        projects: Projects,
        contents: LeftContents,
        *,
        governing: Governing,
        source: Callable[[str], Folder],
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._index = index
        self._projects = projects
        self._governing = governing
        self._source = source
        self._clock = clock
        self._states = Path(store.root) / "cache" / "scan"
        self._thinner = Thinner(store, index, projects, governing.known)
        self._contents = contents

    def record(self, project: Project, reason: str, kind: str, report: Reporter) -> Backup:
        """Backs a project up; see `Vault.backup`."""
        run = self._run(project, reason, kind, report)
        problem = self._tell_index(project, run) if run.recorded else None
        if problem is None:
            return run.backup
        return replace(run.backup, problems=(*run.backup.problems, problem))

    def _run(self, project: Project, reason: str, kind: str, report: Reporter) -> Run:
        now = max(-LATEST_NS, min(self._clock(), LATEST_NS))
        draft = SnapshotDraft(
            project=project.id,
            created_ns=now,
            utc_offset_s=_utc_offset(now),
            reason=reason,
            kind=kind,
            facts=snapshot_facts(Path(project.root)),
        )
        try:
            root = self._source(project.root)
        except OSError as exc:
            raise SourceError(exc.strerror or type(exc).__name__, Path(project.root)) from exc
        with contextlib.closing(root), Surroundings(project.root) as surroundings:
            return self._governed(project, draft, root, surroundings, report)

    def _governed(
        self, project: Project, draft: SnapshotDraft, root: Folder, surroundings: Surroundings, report: Reporter
    ) -> Run:
        """The run by the rules that hold for the project now."""
        ruling = self._governing.used(project, surroundings)
        stamp = ruling.policy.fingerprint
        foreign = self._foreign(project)
        shared = SharedSymbols(self._index.reading, self._store.contains) if self._index.exists else None
        mistakes = tuple(Problem(path="", kind="policy", why=why) for why in ruling.problems)

        def attempt(bridge: Bridge) -> Run:
            run = self._within_limits(
                lambda largest: back_up(
                    self._store,
                    draft,
                    root,
                    ruling.policy,
                    surroundings=surroundings,
                    signatures=lambda last: load(self._states, project.id, last, stamp),
                    foreign=foreign,
                    report=report,
                    largest=largest,
                    versioned=bridge.versioned,
                    relative=shared.relative if shared else None,
                ),
                report,
            )
            bridge.remember(run.backup.id)
            problems = (*run.backup.problems, *bridge.problems, *mistakes)
            notes = (*run.backup.notes, *bridge.notes)
            return replace(run, backup=replace(run.backup, notes=notes, problems=problems))

        run = self._bridged(project, attempt)
        with contextlib.suppress(OSError):  # without it the next run reads everything again, no more
            save(self._states, project.id, run.backup.id, stamp, run.signatures)
        return run

    def _bridged(self, project: Project, attempt: Callable[[Bridge], Run]) -> Run:
        """The run, again while the repository moves under it, and at last without leaving anything to that."""
        others = [Path(other.root) for other in self._projects if other.id != project.id]
        for _ in range(_MOST_MOVES):
            with contextlib.ExitStack() as stack:
                try:
                    bridge = stack.enter_context(open_bridge(self._store, project, self._contents, others=others))
                except StorageFull as exc:
                    bridge = Bridge(NothingVersioned(), (f"its commits could not be bundled: {exc}",))
                try:
                    return attempt(bridge)
                except RepositoryMoved:
                    continue
        return attempt(Bridge(NothingVersioned(), ("all files of the repository were stored: it does not rest",)))

    def _within_limits(self, attempt: Callable[[int | None], Run], report: Reporter) -> Run:
        """The run; once a limit is reached, again after thinning by the owner's rules, then without large new files."""
        try:
            return attempt(None)
        except StorageFull as exc:
            reached = exc
        problems = self._make_room(reached, report)
        for largest in (None, *_LARGEST) if isinstance(reached, LimitReached) else (None,):
            try:
                run = attempt(largest)
            except StorageFull as exc:
                reached = exc
            else:
                backup = replace(run.backup, problems=(*run.backup.problems, *problems))
                return replace(run, backup=backup)
        raise reached

    def _make_room(self, reached: StorageFull, report: Reporter) -> list[Problem]:
        """Thins by the rules that the owner allowed for this, at once; without such rules only waste is freed.

        Raises:
            StorageFull: the disk itself is full and nothing may be thinned: the one that was given.
        """
        rules = self._store.housekeeping.limits().thin
        if rules is None and not isinstance(reached, LimitReached):
            raise reached
        at_once = None if rules is None else replace(rules, undo=UndoWindow(0, 0))
        try:
            pruned = self._thinner.prune(self._thinner.plan(at_once, None, report), (), report)
        except (PruneRefused, StorageFull, DamageError) as exc:
            return [Problem(path="", kind="limit", why=f"{reached}; no room was made, for {exc}")]
        gone = len(pruned.plan.expire)
        return (
            [Problem(path="", kind="thinned", why=f"{gone} snapshots made room for this one: {reached}")]
            if gone
            else []
        )

    def _tell_index(self, project: Project, run: Run) -> Problem | None:
        snapshot = run.backup.snapshot
        try:
            with self._index.writing() as index:
                index.put_project(facts_of(project))
                if snapshot.parent is None or snapshot.parent in index.snapshot_ids(project.id):
                    record(index, snapshot, run.changes)
                else:
                    catch_up(self._store, index, self._projects)
        except CodeVaultError as exc:
            return Problem(path="", kind="index", why=f"stored, but not yet searchable: {exc}")
        return None

    def _foreign(self, project: Project) -> Collection[tuple[int, int]]:
        """The folders inside a project that are not its own: the vault, and other projects' roots."""
        roots = [other.root for other in self._projects if other.id != project.id]
        return identities((*roots, self._store.root))


def _utc_offset(now_ns: int) -> int:
    try:
        return time.localtime(now_ns // 1_000_000_000).tm_gmtoff or 0
    except (OverflowError, OSError, ValueError):
        return 0
