"""Before a restore replaces files of a live project: the project is backed up as it is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from codevault.backup import Backup
from codevault.errors import RestoreRefused
from codevault.ids import SnapshotId
from codevault.projects.model import Project
from codevault.restore_model import RestorePlan
from codevault.store.model import Entry, EntryKind
from codevault.store.store import Store

_NOT_AS_IT_IS = {"carried", "unreadable", "unstable"}


def saved_first(
    store: Store, projects: Iterable[Project], plan: RestorePlan, back_up: Callable[[Project], Backup]
) -> tuple[SnapshotId, ...]:
    """Backs up every project of which the plan would replace something; gives the snapshots that hold it.

    Raises:
        RestoreRefused: a file at stake is not in its project's backup (left out by policy, or not readable).
        SourceError, VaultBusy, StorageFull, StorageError: the backup failed; nothing was replaced.
    """
    at_stake = [f"{plan.target}/{path}" for path in plan.conflicts]
    made = []
    for project in projects if at_stake else ():
        root = os.path.realpath(project.root) + "/"
        inside = [path.removeprefix(root) for path in at_stake if path.startswith(root)]
        if not inside:
            continue
        snapshot = back_up(project).snapshot
        held = {entry.path: entry for entry in store.manifest(snapshot)}
        for path in inside:
            if not _is_held(path, held):
                raise RestoreRefused(
                    f"{path} would be replaced, and the backup made first does not hold it as it is: move it away",
                    Path(plan.target),
                )
        made.append(snapshot.id)
    return tuple(made)


def _is_held(path: str, held: dict[str, Entry]) -> bool:
    entry = held.get(path)
    while entry is None and path:  # below a link or file that stands where a folder is wanted
        path = path.rpartition("/")[0]
        entry = held.get(path)
        if entry is not None and entry.kind is EntryKind.DIRECTORY:
            return False
    if entry is None:
        return False
    whole = entry.kind is not EntryKind.FILE or entry.blob is not None or entry.reference is not None
    return whole and not _NOT_AS_IT_IS & set((entry.note or "").split())
