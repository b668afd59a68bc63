"""Readers and writers at once: at every single call of the one, the other looks. No clock and no luck is in it."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import BlobMissing, StorageError, UnknownSnapshot, VaultBusy
from codevault.store import filesystem
from codevault.store.filesystem import DiskFileSystem
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.faulty import Fault, FaultyFileSystem
from tests.store.oracle import picture, tree
from tests.store.scenes import (
    EDITED,
    FIRST,
    LIBRARY,
    ROOT,
    SECOND,
    SOURCE,
    back_up,
    draft,
    new_store,
    restored,
    ticking,
)

AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))


class Onlooker(Fault):
    """At every call that changes the disk, before it is made, `look` is called; its own calls go elsewhere."""

    def __init__(self, look: Callable[[], object]) -> None:
        super().__init__(0)
        self._look = look
        self._one = threading.Lock()
        self.looks = 0

    def strike(self, path: Path, call: str = "") -> None:  # noqa: ARG002 - as it is called
        if call not in {"read", "list"} and self._one.acquire(blocking=False):
            try:
                self._look()
                self.looks += 1
            finally:
                self._one.release()


def _history() -> MemoryFileSystem:
    store, files = new_store()
    back_up(store, {**FIRST, "only in the first": b"gone soon\n" * 50})
    back_up(store, SECOND)
    back_up(store, {"main.py": EDITED + b"# more\n", "new.py": SOURCE[::-1]})
    back_up(store, FIRST, LIBRARY)
    return files


def _prune(store: Store) -> None:
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    store.housekeeping.prune(plan, acknowledged=plan.frozen)


def _back_up(store: Store) -> None:
    back_up(store, {**SECOND, "another": SOURCE * 2})


def _compact(store: Store) -> None:
    store.compact()


OPERATIONS = pytest.mark.parametrize("operation", [_back_up, _prune, _compact], ids=["backup", "prune", "compact"])


def _watched(files: MemoryFileSystem, operation: Callable[[Store], object], look: Callable[[], object]) -> int:
    onlooker = Onlooker(look)
    operation(Store.open(ROOT, filesystem=FaultyFileSystem(files, onlooker), clock=ticking))
    return onlooker.looks


@OPERATIONS
def test_a_reader_from_before_reads_what_stays_at_every_moment(operation: Callable[[Store], object]) -> None:
    files = _history()
    reader = Store.open(ROOT, filesystem=files, clock=ticking)
    stays = [reader.snapshots()[2].id, reader.snapshots()[3].id]
    whole = picture(reader)

    def look() -> None:
        assert [tree(reader, snapshot) for snapshot in stays] == [whole[snapshot] for snapshot in stays]

    assert _watched(files, operation, look) > 10


@OPERATIONS
def test_a_reader_that_comes_at_any_moment_finds_every_snapshot_it_lists_whole(
    operation: Callable[[Store], object],
) -> None:
    files = _history()
    whole = picture(Store.open(ROOT, filesystem=files, clock=ticking))
    done: list[int] = []

    def look() -> None:
        found = picture(Store.open(ROOT, filesystem=files, clock=ticking))
        assert all(entries == whole.setdefault(snapshot, entries) for snapshot, entries in found.items())
        done.append(len(found))

    assert _watched(files, operation, look) > 10
    assert min(done) >= 2


@OPERATIONS
def test_verify_raises_no_false_alarm_at_any_moment(operation: Callable[[Store], object]) -> None:
    files = _history()

    def look() -> None:
        report = Store.open(ROOT, filesystem=files, clock=ticking).verify()
        assert report.ok, report.damages

    assert _watched(files, operation, look) > 10


@OPERATIONS
def test_a_restore_begun_before_goes_on_or_says_that_its_snapshot_is_gone(operation: Callable[[Store], object]) -> None:
    files = _history()
    reader = Store.open(ROOT, filesystem=files, clock=ticking)
    begun = [(snapshot, iter(reader.manifest(snapshot))) for snapshot in reader.snapshots()]
    first = [next(entries) for _, entries in begun]
    operation(Store.open(ROOT, filesystem=files, clock=ticking))
    outcomes = set()
    for (snapshot, entries), entry in zip(begun, first, strict=True):
        try:
            held = {found.path: reader.read(found.blob) for found in (entry, *entries) if found.blob}
            outcomes.add("whole")
            assert len(held) >= 2
        except BlobMissing:
            outcomes.add("gone")
            with pytest.raises(UnknownSnapshot):
                Store.open(ROOT, filesystem=files, clock=ticking).snapshot(snapshot.id)
    assert "whole" in outcomes


@OPERATIONS
def test_a_second_writer_is_refused_at_every_moment(operation: Callable[[Store], object]) -> None:
    files = _history()
    refused: list[str] = []

    def look() -> None:
        try:
            Store.open(ROOT, filesystem=files, clock=ticking).writer().__exit__(KeyboardInterrupt, None, None)
        except VaultBusy as busy:
            refused.append(busy.holder)

    looks = _watched(files, operation, look)
    assert len(refused) >= looks - 2  # before the lock is taken it may be had


def test_of_many_threads_one_writes_at_a_time_and_nobody_waits(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    start, outcomes = threading.Barrier(8), []

    def write(number: int) -> None:
        start.wait()
        try:
            with Store.open(store.root).writer() as writer:
                writer.add(b"%d" % number)
            outcomes.append("wrote")
        except VaultBusy:
            outcomes.append("busy")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {"wrote", "busy"}
    assert "wrote" in outcomes
    assert store.verify().ok
    assert restored(store, back_up(store, FIRST)) == FIRST


@pytest.mark.parametrize(
    "text", [b"process 1", b"host elsewhere, process 4194304", b"\xff\0" * 300, b"", b'{"pid": 1, "since": 0}']
)
def test_what_a_lock_file_says_means_nothing(tmp_path: Path, text: bytes) -> None:
    store = Store.create(tmp_path / "vault")
    (store.root / "lock").write_bytes(text)
    assert restored(store, back_up(store, FIRST)) == FIRST


def test_a_lock_file_deleted_while_it_is_held_ends_the_writer_before_it_publishes(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    first = back_up(store, FIRST)
    writer = store.writer()
    (store.root / "lock").unlink()
    other = Store.open(store.root)
    second = back_up(other, SECOND)
    with pytest.raises(VaultBusy, match="removed"):
        writer.commit(draft(), [])
    writer.__exit__(VaultBusy, None, None)
    assert [snapshot.id for snapshot in Store.open(store.root).snapshots()] == [first.id, second.id]
    assert Store.open(store.root).verify().ok


def test_a_disk_that_has_no_locks_is_refused_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(descriptor: int) -> bool:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filesystem, "_lock_descriptor", no_locks)
    with pytest.raises(StorageError, match="No locks"):
        DiskFileSystem().lock(tmp_path / "lock", "me")
