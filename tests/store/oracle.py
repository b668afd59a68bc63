"""The one oracle: whatever went wrong, at whichever call, what a vault must still do afterwards.

(a) everything acknowledged before restores byte for byte; (b) the vault opens with no manual step; (c) the next run
finishes and is complete; (d) the operation said so: it returned and its result is durable, or it raised an error of
ours; (e) nothing outside the vault changed; (f) `verify` finds all damage and raises no false alarm.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from codevault.errors import CodeVaultError, StorageFull
from codevault.ids import BlobId, SnapshotId
from codevault.store.filesystem import FileSystem
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry
from codevault.store.records import hash_of
from codevault.store.store import Store
from tests.store.faulty import FULL, Fault, FaultyFileSystem, ProcessDied
from tests.store.scenes import ROOT, SOURCE, all_files, back_up_blindly, flipped, overwrite, restored, ticking

Tree = tuple[tuple[Entry, bytes | None], ...]
Kept = Mapping[SnapshotId, Tree]
Act = Callable[[Store], object]
NEXT = {"a name of its own": SOURCE.replace(b"+ 9", b"+ 10"), "main.py": b"print('the next run')\n"}
NEIGHBOUR = Path("/neighbour/file")


def picture(store: Store) -> dict[SnapshotId, Tree]:
    """All that a vault keeps: each snapshot's entries with their bytes."""
    return {snapshot.id: tree(store, snapshot.id) for snapshot in store.snapshots()}


def tree(store: Store, snapshot: SnapshotId) -> Tree:
    """A snapshot's entries with their bytes."""
    entries = store.manifest(store.snapshot(snapshot))
    return tuple((entry, None if entry.blob is None else store.read(entry.blob)) for entry in entries)


def assert_keeps(disk: FileSystem, kept: Kept, *, damage_at: int = 0, root: Path = ROOT) -> Store:
    """Asserts (a), (b), (c) and (f) of a vault on `disk`; in every third one a bit of the `damage_at`-th file flips."""
    store = Store.open(root, filesystem=disk, clock=ticking)
    assert {**picture(store), **kept} == picture(store)
    assert store.damaged_snapshots() == ()
    found = store.verify()
    assert (found.damages, found.affected) == ((), ()), "a false alarm"
    again = back_up_blindly(store, NEXT)
    assert restored(store, again) == NEXT
    after = Store.open(root, filesystem=disk, clock=ticking)
    assert tree(after, again.id) == tree(store, again.id)
    assert {snapshot: tree(after, snapshot) for snapshot in kept} == dict(kept)
    assert after.verify().ok
    if isinstance(disk, MemoryFileSystem):
        _assert_is_durable(disk, {**kept, again.id: tree(store, again.id)})
        if damage_at % 3 == 0:
            assert_finds_a_flipped_bit(disk, damage_at)
    return after


def _assert_is_durable(disk: MemoryFileSystem, kept: Kept) -> None:
    """What the next run acknowledged survives a power loss, whatever of it the run that met the fault had written."""
    after = Store.open(ROOT, filesystem=disk.after_power_loss(), clock=ticking)
    assert {snapshot: tree(after, snapshot) for snapshot in kept} == dict(kept), (
        "lost with the power after the next run"
    )
    assert after.verify().ok, "a false alarm after the next run and a power loss"


def assert_finds_a_flipped_bit(disk: MemoryFileSystem, number: int) -> None:
    """Asserts the other half of (f) for one bit of one file; the disk itself stays as it is."""
    copy = disk.after_crash()
    checked = sorted(path for path in all_files(copy) if not _is_unchecked(path))
    path = checked[number % len(checked)]
    content = copy.read(path) or b""
    overwrite(copy, path, flipped(content, number * 7919 % len(content)))
    assert findings(copy), f"a flipped bit in {path} was not found"


def findings(disk: FileSystem) -> list[str]:
    """What a fresh look at a vault finds; one that cannot be opened says so itself."""
    try:
        return [damage.file for damage in Store.open(ROOT, filesystem=disk).verify().damages]
    except CodeVaultError as exc:
        return [str(exc)]


def _is_unchecked(path: Path) -> bool:
    """True for what holds nothing: the cache, what a dead run left to be swept, the lock, what was damaged."""
    below = path.relative_to(ROOT).parts
    return below[0] in {"cache", "incoming", "lock", "quarantine", "reserve"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something done to a vault: a copy of `before` is opened and `act` called with it.

    `keeps` are the snapshots that must outlive the operation, whatever becomes of it; all of them if it is None.
    `finished` asserts what has to hold once `act` returned.
    """

    before: MemoryFileSystem
    act: Act
    keeps: tuple[SnapshotId, ...] | None = None
    finished: Act = bool
    judged: set[str] = field(default_factory=set, compare=False, repr=False)

    def kept(self) -> dict[SnapshotId, Tree]:
        """What must outlive the operation."""
        found = picture(Store.open(ROOT, filesystem=self.before.after_crash(), clock=ticking))
        return found if self.keeps is None else {snapshot: found[snapshot] for snapshot in self.keeps}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What an operation leaves that met a fault: its disk, its result or its error, and the calls it made."""

    files: MemoryFileSystem
    finished: bool
    refusal: BaseException | None
    calls: int


def struck(operation: Operation, fault: Fault) -> Left:
    """The operation on a copy of its vault, with the fault. Anything but death and errors of ours gets through."""
    files = operation.before.after_crash()
    finished = False
    refusal: BaseException | None = None
    with suppress(ProcessDied):
        try:
            operation.act(Store.open(ROOT, filesystem=FaultyFileSystem(files, fault), clock=ticking))
            finished = True
        except CodeVaultError as exc:
            refusal = exc
        except (KeyboardInterrupt, MemoryError) as exc:
            if type(exc) is not fault.raises:
                raise
            refusal = exc
    return Left(files=files, finished=finished, refusal=refusal, calls=fault.calls)


Disks = Callable[[Left], Iterator[MemoryFileSystem]]


def as_it_is(left: Left) -> Iterator[MemoryFileSystem]:
    """The process lives on: its disk, its locks released by itself."""
    yield left.files


def after_death(left: Left) -> Iterator[MemoryFileSystem]:
    """The process is gone: everything it wrote is there, no lock is held."""
    yield left.files.after_crash()


def after_power_loss(left: Left) -> Iterator[MemoryFileSystem]:
    """Only what was synced; all names with zeros for what was not; and a mixture, fixed by the call."""
    yield left.files.after_power_loss()
    yield left.files.after_power_loss(zeroed=True)
    yield left.files.after_power_loss(seed=left.calls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of fault and the disks it may leave."""

    fault: Callable[[int], Fault]
    disks: Disks = as_it_is


KINDS = {
    "dies": Kind(fault=Fault, disks=after_death),
    "loses power": Kind(fault=Fault, disks=after_power_loss),
    "input-output error": Kind(fault=lambda at: Fault(at, errno.EIO)),
    "input-output error, then power loss": Kind(fault=lambda at: Fault(at, errno.EIO), disks=after_power_loss),
    "full once": Kind(fault=lambda at: Fault(at, errno.ENOSPC)),
    "full from then on": Kind(fault=lambda at: Fault(at, errno.ENOSPC, lasting=True)),
    "quota": Kind(fault=lambda at: Fault(at, errno.EDQUOT, lasting=True)),
    "read-only from then on": Kind(fault=lambda at: Fault(at, errno.EROFS, lasting=True)),
    "unplugged": Kind(fault=lambda at: Fault(at, errno.ENODEV, lasting=True)),
    "interrupted": Kind(fault=lambda at: Fault(at, raises=KeyboardInterrupt)),
    "out of memory": Kind(fault=lambda at: Fault(at, raises=MemoryError)),
}
"""Every fault that an operation is put to at every one of its calls."""


def assert_survives_at_every_call(operation: Operation, kind: Kind, *, stride: int = 1, first: int = 1) -> int:
    """The operation with the fault at call `first`, `first + stride`, … to the last one; gives how many there were.

    The first call of all is that of `Store.open`. A stride is for the operations whose calls are many. Of disks that
    are equal byte for byte only the first is judged: many calls only look, and kinds of fault leave the same.
    """
    kept = operation.kept()
    at = first
    while True:
        fault = kind.fault(at)
        left = struck(operation, fault)
        try:
            _assert_said(left, fault)
            for disk in kind.disks(left):
                if left.finished:
                    operation.finished(Store.open(ROOT, filesystem=disk, clock=ticking))
                state = fingerprint(disk)
                if state not in operation.judged:
                    operation.judged.add(state)
                    assert_keeps(disk, kept, damage_at=at)
        except BaseException as exc:
            exc.add_note(f"with the fault at call {at}")
            raise
        if left.calls < at:
            return at // stride
        at += stride


def _assert_said(left: Left, fault: Fault) -> None:
    assert left.finished + (left.refusal is not None) + fault.dead == 1, "a fault that nobody was told of"
    if isinstance(left.refusal, StorageFull):
        assert fault.error in FULL


def fingerprint(disk: MemoryFileSystem) -> str:
    """Equal for disks that hold the same files with the same bytes, and the same locks."""
    state = blake3()
    for path in sorted(all_files(disk)):
        content = disk.read(path) or b""
        state.update(f"{path} {len(content)} {hash_of(content)}\n".encode())
    state.update(str(sorted(disk.locks_held())).encode())
    return state.hexdigest()


def blobs_of(kept: Kept) -> set[BlobId]:
    """Every blob that the entries of snapshots name."""
    return {entry.blob for entries in kept.values() for entry, _ in entries if entry.blob is not None}
