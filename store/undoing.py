"""Thinned snapshots that can still be put back: their records lie under thinned/, their content stays where it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import UnknownSnapshot
from codevault.ids import ProjectId, SnapshotId
from codevault.store.layout import is_project, snapshot_of
from codevault.store.model import Snapshot
from codevault.store.publishing import ensure_folder, publish
from codevault.store.records import LoggedFile, RecordMalformed, decode_log, decode_snapshot
from codevault.store.swapping import retire
from codevault.store.thinning import DAY_NS, UndoWindow
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinnedSnapshot:
    """A snapshot that left its project's history, and where its record lies now."""

    snapshot: Snapshot
    file: Path
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chronicle:
    """What the log says about thinned records: in which generation, and when, each of them was thinned.

    `lost` says why the log cannot be trusted to the end.
    """

    generation: int
    time_ns: int
    thinned: dict[str, tuple[int, int]]
    lost: tuple[str, ...]

    def is_over(self, thinned: str, window: UndoWindow) -> bool:
        """True when the thinned record of that name has outlived the window; never for one the log does not know."""
        found = self.thinned.get(thinned)
        if found is None:
            return window.closed
        generation, time_ns = found
        aged = self.time_ns - time_ns >= window.days * DAY_NS
        return self.generation - generation >= window.generations and aged


def thinned_snapshots(
    state: VaultState, lost: dict[str, None], *, leave_out: Collection[ProjectId] = ()
) -> Iterator[ThinnedSnapshot]:
    """The thinned snapshots, by project and sequence; `lost` takes what cannot be read.

    A record whose snapshot counts again (a run died between) is not among them; projects to `leave_out` are not read.
    """
    for project in _folders(state):
        if project in leave_out:
            continue
        present = dict(state.snapshot_names(project))
        for file, sequence, named, size in _records(state, project):
            if present.get(sequence) == named:
                continue
            try:
                snapshot = decode_snapshot(state.files.read(file) or b"")
            except RecordMalformed as exc:
                lost[f"{state.layout.relative(file)}: {exc}"] = None
                continue
            if (snapshot.project, snapshot.sequence, snapshot.id) != (project, sequence, named):
                lost[f"{state.layout.relative(file)} is not what its name says"] = None
                continue
            yield ThinnedSnapshot(snapshot=snapshot, file=file, bytes=size)


def leftovers(state: VaultState) -> list[tuple[Path, int]]:
    """Records under thinned/ whose snapshots count (again), with their lengths: a run died before it removed them."""
    found = []
    for project in _folders(state):
        present = dict(state.snapshot_names(project))
        found += [(f, size) for f, sequence, named, size in _records(state, project) if present.get(sequence) == named]
    return found


def chronicle(state: VaultState) -> Chronicle:
    """Reads the whole log. Costs a tenth of a millisecond a record."""
    thinned: dict[str, tuple[int, int]] = {}
    lost: dict[str, None] = {}
    generation = time_ns = 0
    for path, content in state.generations.records():
        try:
            record = decode_log(content)
        except RecordMalformed as exc:
            lost[f"{state.layout.relative(path)}: {exc}"] = None
            continue
        generation, time_ns = record.sequence, record.time_ns
        for name in record.removed:
            thinned.pop(name, None)
        for new in record.added:
            if new.file.startswith("thinned/"):
                thinned[new.file] = (record.sequence, record.time_ns)
    return Chronicle(generation=generation, time_ns=time_ns, thinned=thinned, lost=tuple(lost))


def set_aside(turn: Turn, snapshots: Iterable[Snapshot]) -> list[LoggedFile]:
    """Copies records to thinned/, durable on return; the caller retires those under snapshots/ with this record."""
    state, layout = turn.state, turn.state.layout
    added = []
    leaving = tuple(snapshots)
    if leaving:
        ensure_folder(state.files, layout.thinned)
    for snapshot in leaving:
        source = layout.snapshot(snapshot.project, snapshot.sequence, snapshot.id)
        content = state.files.read(source) or b""
        target = layout.thinned_snapshot(snapshot.project, snapshot.sequence, snapshot.id)
        publish(state.files, layout, target, content)
        added.append(LoggedFile(file=layout.relative(target), bytes=len(content)))
    return added


def undo(turn: Turn, wanted: Collection[SnapshotId]) -> tuple[Snapshot, ...]:
    """Puts thinned snapshots back into their projects' histories, by project and sequence.

    Raises:
        UnknownSnapshot: one of them was never thinned, or is gone for good; nothing was put back.
        StorageFull, StorageError: some are back, or none.
    """
    state, layout = turn.state, turn.state.layout
    found = [gone for gone in thinned_snapshots(state, {}) if gone.snapshot.id in wanted]
    missing = set(wanted) - {gone.snapshot.id for gone in found}
    if missing:
        raise UnknownSnapshot(
            f"no thinned snapshot has the id {min(missing)}: it was never thinned, or is gone for good"
        )
    added = []
    for gone in found:
        snapshot = gone.snapshot
        content = state.files.read(gone.file) or b""
        target = layout.snapshot(snapshot.project, snapshot.sequence, snapshot.id)
        turn.check()
        publish(state.files, layout, target, content)
        added.append(LoggedFile(file=layout.relative(target), bytes=len(content)))
    retire(turn, (), records=(gone.file for gone in found), added=added)
    return tuple(gone.snapshot for gone in found)


def _folders(state: VaultState) -> list[ProjectId]:
    listed = state.files.list(state.layout.thinned) or ()
    return [ProjectId(folder.name) for folder in listed if folder.is_folder and is_project(folder.name)]


def _records(state: VaultState, project: ProjectId) -> Iterator[tuple[Path, int, SnapshotId, int]]:
    folder = state.layout.thinned / project
    for listed in state.files.list(folder) or ():
        named = snapshot_of(listed.name)
        if named is not None and listed.is_file:
            yield folder / listed.name, *named, listed.size
