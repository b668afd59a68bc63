"""Bringing the index up to what the store holds: each snapshot's changes, in order, each only once."""

from __future__ import annotations

from collections.abc import Iterable

from codevault.gathering import Changes, is_private
from codevault.index.index import Index
from codevault.index.model import FileChange, ProjectFacts, SnapshotFacts
from codevault.jobs import Reporter
from codevault.projects.model import Project
from codevault.store.model import Entry, Snapshot
from codevault.store.store import Store


def facts_of(project: Project) -> ProjectFacts:
    """What of a project may scope a query."""
    return ProjectFacts(
        id=project.id,
        name=project.name,
        client=project.client,
        phase=project.phase,
        stack=project.stack,
        tags=project.tags,
    )


def record(index: Index, snapshot: Snapshot, changes: Changes) -> None:
    """Tells the index of one snapshot, given what differs from the project's snapshot before it."""
    index.add_snapshot(
        SnapshotFacts(
            id=snapshot.id,
            project=snapshot.project,
            sequence=snapshot.sequence,
            created_ns=snapshot.created_ns,
            reason=snapshot.reason,
            kind=snapshot.kind,
            facts=snapshot.facts,
            changed=changes.changed,
            removed=changes.removed,
        )
    )


def catch_up(store: Store, index: Index, projects: Iterable[Project], report: Reporter | None = None) -> int:
    """Records every snapshot of the store that the index lacks, comparing manifests; gives how many.

    Costs one reading of a manifest for each snapshot recorded, and one more for each project.
    """
    report = report or Reporter()
    for project in projects:
        index.put_project(facts_of(project))
    everything = store.snapshots()
    known = set(index.snapshot_ids())
    recorded = 0
    before: dict[str, Entry] = {}
    last: Snapshot | None = None
    for done, snapshot in enumerate(everything):
        if last is not None and last.project != snapshot.project:
            before, last = {}, None
        if snapshot.id in known:
            before, last = {}, snapshot  # read when it turns out to be needed
            continue
        if last is not None and not before:
            before = _files(store, last)
        after = _files(store, snapshot)
        record(index, snapshot, compare(before, after))
        recorded += 1
        before, last = after, snapshot
        report.step("recording", done, len(everything))
    return recorded


def compare(before: dict[str, Entry], after: dict[str, Entry]) -> Changes:
    """Contents that differ between two manifests, both given as files by path."""
    changed = tuple(
        FileChange(path=path, blob=entry.blob, size=entry.size, indexed=not is_private(entry))
        for path, entry in after.items()
        if entry.blob is not None and (path not in before or before[path].blob != entry.blob)
    )
    return Changes(changed=changed, removed=tuple(path for path in before if path not in after))


def _files(store: Store, snapshot: Snapshot) -> dict[str, Entry]:
    return {entry.path: entry for entry in store.manifest(snapshot) if entry.blob is not None}
