"""Bringing the index up to what the store holds: each snapshot's changes, in order, each only once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from codevault.errors import DamageError
from codevault.gathering import Changes, is_private
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import FileChange, ProjectFacts, SnapshotFacts
from codevault.jobs import Reporter
from codevault.moments import LATEST_NS
from codevault.projects.model import Project
from codevault.store.model import Entry, Snapshot
from codevault.store.store import Store

_MOST_HELD = 8  # manifests kept at hand while projects take turns; another one is read again


def facts_of(project: Project) -> ProjectFacts:
    """What of a project may scope a query."""
    return ProjectFacts(
        id=project.id,
        name=project.name,
        client=project.client,
        phase=project.phase,
        stack=project.stack,
        tags=project.all_tags,
    )


def record(index: Index, snapshot: Snapshot, changes: Changes) -> None:
    """Tells the index of one snapshot, given what differs from the project's snapshot before it.

    Contents are numbered in the order they are told, and ties of a search are broken by it: paths are sorted, so that
    a rebuilt index gives the same answers in the same order.
    """
    removed = changes.removed
    if changes.whole:
        present = {change.path for change in changes.changed}
        removed = tuple(v.path for v in index.paths(snapshot.project) if v.path not in present)
    index.add_snapshot(_told(snapshot, changes.changed, removed))


def _told(snapshot: Snapshot, changed: Iterable[FileChange], removed: Iterable[str] = ()) -> SnapshotFacts:
    return SnapshotFacts(
        id=snapshot.id,
        project=snapshot.project,
        sequence=snapshot.sequence,
        created_ns=max(-LATEST_NS, min(snapshot.created_ns, LATEST_NS)),
        reason=snapshot.reason,
        kind=snapshot.kind,
        facts=snapshot.facts,
        changed=sorted(changed, key=lambda change: change.path),
        removed=sorted(removed),
    )


def catch_up(store: Store, index: Index, projects: Iterable[Project], report: Reporter | None = None) -> int:
    """Records every snapshot of the store that the index lacks, comparing manifests; gives how many.

    Snapshots are told in the order they were made, over all projects; one that was put back, or became readable, finds
    its place before later ones. Those that the store has no more are forgotten. Costs one reading of a manifest for
    each snapshot recorded, and one more for each project. One whose manifest is damaged is left out.
    """
    report = report or Reporter()
    told: set[ProjectId] = set()
    for project in sorted(projects, key=lambda project: (project.created_ns, project.id)):
        index.put_project(facts_of(project))
        told.add(project.id)
    everything = in_order_made(store.snapshots())
    for orphan in dict.fromkeys(snapshot.project for snapshot in everything if snapshot.project not in told):
        index.put_project(ProjectFacts(id=orphan, name=orphan))  # its document is damaged, its snapshots are not
    forget_gone(store, index)
    known = set(index.snapshot_ids())
    recorded = 0
    newest = {snapshot.project: snapshot.sequence for snapshot in everything if snapshot.id in known}
    last: dict[ProjectId, Snapshot] = {}
    held: dict[ProjectId, dict[str, Entry]] = {}
    for done, snapshot in enumerate(everything):
        before = last.get(snapshot.project)
        last[snapshot.project] = snapshot
        if snapshot.id in known:
            continue
        if snapshot.sequence <= newest.get(snapshot.project, 0):
            recorded += _put_back(store, index, snapshot)
            continue
        old = held.pop(snapshot.project, None)
        if old is None:
            old = _files(store, before) if before is not None else {}
        new = _files(store, snapshot)
        if new is None:
            continue
        held[snapshot.project] = new
        if len(held) > _MOST_HELD:
            held.pop(next(iter(held)))
        record(index, snapshot, compare(old, new) if old is not None else replace(compare({}, new), whole=True))
        recorded += 1
        report.step("recording", done, len(everything))
    return recorded


def brought(store: Store, index: Index, projects: Iterable[Project], snapshot: Snapshot) -> Sequence[int]:
    """Numbers of the file versions of a snapshot that were never analysed; it is recorded if it was not."""
    if snapshot.project not in index.project_ids() or snapshot.id not in index.snapshot_ids(snapshot.project):
        catch_up(store, index, projects)
    return index.brought(snapshot.project, snapshot.sequence)


def forget_gone(store: Store, index: Index) -> None:
    """Forgets the snapshots that the store has no more; one whose record is only damaged is not among them."""
    for project in index.project_ids():
        there: set[object] = {snapshot.id for snapshot in store.snapshots(project)}
        there.update(damaged.sequence for damaged in store.damaged_snapshots(project))
        gone = [seen.sequence for seen in index.steps(project) if not there & {seen.snapshot, seen.sequence}]
        if gone:
            index.remove_snapshots(project, gone)


def _put_back(store: Store, index: Index, snapshot: Snapshot) -> int:
    held = _files(store, snapshot)
    if held is None:
        return 0
    index.insert_snapshot(_told(snapshot, compare({}, held).changed))
    return 1


def in_order_made(snapshots: Iterable[Snapshot]) -> list[Snapshot]:
    """Snapshots of all projects by time, but never against a project's own sequence when a clock has jumped."""
    latest: dict[ProjectId, int] = {}
    keyed = []
    for snapshot in snapshots:  # by project and sequence
        latest[snapshot.project] = max(latest.get(snapshot.project, 0), snapshot.created_ns)
        keyed.append((latest[snapshot.project], snapshot.project, snapshot.sequence, snapshot))
    return [snapshot for *_, snapshot in sorted(keyed, key=lambda one: one[:3])]


def compare(before: dict[str, Entry], after: dict[str, Entry]) -> Changes:
    """Contents that differ between two manifests, both given as files by path."""
    changed = tuple(
        FileChange(path=path, blob=entry.blob, size=entry.size, indexed=not is_private(entry))
        for path, entry in after.items()
        if entry.blob is not None and (path not in before or before[path].blob != entry.blob)
    )
    return Changes(changed=changed, removed=tuple(path for path in before if path not in after))


def _files(store: Store, snapshot: Snapshot) -> dict[str, Entry] | None:
    try:
        return {entry.path: entry for entry in store.manifest(snapshot) if entry.blob is not None}
    except DamageError:
        return None
