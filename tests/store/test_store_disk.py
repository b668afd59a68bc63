"""What the real file system does when the disk refuses, which the one in memory cannot show."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from codevault.errors import StorageError, StorageFull, VaultBusy
from codevault.store.filesystem import DiskFileSystem, _DiskLock, _listed
from codevault.store.store import Store
from tests.store.scenes import FIRST, SECOND, back_up, back_up_blindly, restored


def _refuse(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc")


def test_a_holder_that_cannot_be_written_does_not_fail_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = DiskFileSystem()
    monkeypatch.setattr(os, "write", _refuse)
    lock = files.lock(tmp_path / "lock", "process 7")
    monkeypatch.undo()
    with pytest.raises(VaultBusy, match="unknown"):
        files.lock(tmp_path / "lock", "process 8")
    lock.release()
    files.lock(tmp_path / "lock", "process 8").release()


def test_a_lock_file_that_cannot_be_emptied_does_not_fail_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = DiskFileSystem()
    monkeypatch.setattr(os, "ftruncate", _refuse)
    lock = files.lock(tmp_path / "lock", "process 7")
    lock.release()
    files.lock(tmp_path / "lock", "process 8").release()


def test_an_interrupt_while_the_lock_is_taken_gives_it_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    files = DiskFileSystem()
    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.lock(tmp_path / "lock", "process 7")
    monkeypatch.undo()
    files.lock(tmp_path / "lock", "process 8").release()


@needs_proc
@pytest.mark.parametrize("call", ["fchmod", "fstat"])
def test_a_lock_that_cannot_be_taken_leaves_no_descriptor_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    files = DiskFileSystem()
    before = _open_descriptors()
    monkeypatch.setattr(os, call, _refuse)
    with pytest.raises(StorageFull):
        files.lock(tmp_path / "lock", "process 7")
    monkeypatch.undo()
    assert _open_descriptors() == before
    files.lock(tmp_path / "lock", "process 8").release()


@needs_proc
def test_a_file_that_cannot_be_made_private_leaves_no_descriptor_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _open_descriptors()
    monkeypatch.setattr(os, "fchmod", _refuse)
    with pytest.raises(StorageFull):
        DiskFileSystem().create(tmp_path / "new")
    monkeypatch.undo()
    assert _open_descriptors() == before


def test_a_full_disk_refuses_a_backup_and_the_next_one_with_space_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path / "vault")
    monkeypatch.setattr(os, "write", _refuse)
    with pytest.raises(StorageFull):
        back_up(store, FIRST)
    with pytest.raises(StorageFull):
        back_up(store, FIRST)
    monkeypatch.undo()
    assert restored(store, back_up(store, FIRST)) == FIRST


def test_a_file_that_goes_away_while_its_folder_is_listed_is_neither_file_nor_folder(tmp_path: Path) -> None:
    (tmp_path / "passing").write_bytes(b"12345")
    with os.scandir(tmp_path) as found:
        entry = next(found)
        (tmp_path / "passing").unlink()
        listed = _listed(entry)
    assert (listed.name, listed.is_file, listed.is_folder, listed.size) == ("passing", False, False, 0)


def test_a_forgotten_lock_is_no_longer_held_and_releasing_it_is_harmless(tmp_path: Path) -> None:
    files = DiskFileSystem()
    lock = files.lock(tmp_path / "lock", "process 7")
    _DiskLock.forget_all()
    held = lock.held()
    lock.release()
    files.lock(tmp_path / "lock", "process 8").release()
    assert not held


class _BadSectors:
    """Stands for `os.read` on a disk that cannot give some sectors of one file any more."""

    def __init__(self, file: Path, sectors: set[int]) -> None:
        self._status = file.stat()
        self._sectors = sectors
        self._read = os.read

    def __call__(self, descriptor: int, length: int) -> bytes:
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        wanted = range(at // 4096, (at + max(1, min(length, self._status.st_size - at)) - 1) // 4096 + 1)
        if os.path.sameopenfile(descriptor, self._opened()) and self._sectors & set(wanted):
            raise OSError(errno.EIO, "Input/output error")
        return self._read(descriptor, length)

    def _opened(self) -> int:
        return self._descriptor

    def watch(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_RDONLY)

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def bad_sectors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path, set[int]], None]]:
    made: list[_BadSectors] = []

    def spoil(file: Path, sectors: set[int]) -> None:
        made.append(_BadSectors(file, sectors))
        made[-1].watch(file)
        monkeypatch.setattr(os, "read", made[-1])

    yield spoil
    monkeypatch.undo()
    for bad in made:
        bad.close()


Spoil = Callable[[Path, set[int]], None]


def test_a_sector_that_cannot_be_read_reads_as_zeros_and_the_rest_as_it_was(tmp_path: Path, bad_sectors: Spoil) -> None:
    content = bytes(range(1, 251)) * 100
    (tmp_path / "file").write_bytes(content)
    bad_sectors(tmp_path / "file", {2})
    read = DiskFileSystem().read(tmp_path / "file")
    assert read == content[:8192] + bytes(4096) + content[12288:]
    assert DiskFileSystem().read(tmp_path / "file", 8000, 300) == content[8000:8192] + bytes(108)
    assert DiskFileSystem().read(tmp_path / "file", 12288) == content[12288:]


def test_a_disk_that_gives_nothing_at_all_is_an_error(tmp_path: Path, bad_sectors: Spoil) -> None:
    (tmp_path / "file").write_bytes(bytes(1 << 20))
    bad_sectors(tmp_path / "file", set(range(256)))
    with pytest.raises(StorageError):
        DiskFileSystem().read(tmp_path / "file")


EVERY_KIND_OF_FILE = ("README.txt", "log/00000002.json", "packs/*/*.pack", "projects/shop.json", "snapshots/*/*.json")


@pytest.mark.parametrize("pattern", EVERY_KIND_OF_FILE)
def test_a_bad_sector_keeps_nobody_from_opening_and_verify_names_its_file(
    tmp_path: Path, bad_sectors: Spoil, pattern: str
) -> None:
    store = Store.create(tmp_path / "vault")
    back_up(store, FIRST)
    with store.writer() as writer:
        writer.put_document("shop", {"name": "Shop"})
    file = min(store.root.glob(pattern))
    bad_sectors(file, {0})
    again = Store.open(store.root)
    assert file.relative_to(store.root).as_posix() in {damage.file for damage in again.verify().damages}
    assert restored(again, back_up_blindly(again, SECOND)) == SECOND


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBUSY])
def test_a_rename_that_another_reader_is_in_the_way_of_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    waits: list[float] = []
    replace, refusals = os.replace, iter([number] * 3)

    def busy(*names: Any, **folders: Any) -> None:
        refusal = next(refusals, None)
        if refusal is not None:
            raise OSError(refusal, "The process cannot access the file")
        replace(*names, **folders)

    monkeypatch.setattr(os, "replace", busy)
    store = Store.create(tmp_path / "vault", filesystem=DiskFileSystem(tmp_path / "vault", sleep=waits.append))
    assert waits == [0.01, 0.02, 0.04]
    assert store.verify().ok


@pytest.mark.parametrize("number", [errno.EACCES, errno.EXDEV, errno.EPERM])
@pytest.mark.parametrize("call", ["replace", "unlink"])
def test_a_name_that_stays_refused_is_an_error_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    store = Store.create(tmp_path / "vault", filesystem=DiskFileSystem(tmp_path / "vault", sleep=lambda _: None))
    first = back_up(store, FIRST)
    (store.root / "incoming" / "left.tmp").write_bytes(b"of a dead run")

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(number, "refused")

    monkeypatch.setattr(os, call, refused)
    with pytest.raises(StorageError):
        back_up(store, SECOND)
    monkeypatch.undo()
    again = Store.open(store.root)
    assert [snapshot.id for snapshot in again.snapshots()] == [first.id]
    assert again.verify().ok
    assert restored(again, back_up(again, SECOND)) == SECOND


def test_a_write_that_the_system_cuts_short_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: write(descriptor, content[:7]))
    store = Store.create(tmp_path / "vault")
    snapshot = back_up(store, FIRST)
    monkeypatch.undo()
    assert restored(Store.open(store.root), snapshot) == FIRST
    assert store.verify().ok


def test_a_file_is_given_up_after_a_failed_sync_and_never_synced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.create(tmp_path / "vault")
    synced: list[int] = []

    def failing(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", failing)
    with store.writer() as writer:
        writer.add(FIRST["main.py"])
        for _ in range(2):
            with pytest.raises(StorageError):
                writer.flush()
    monkeypatch.undo()
    assert len(synced) == len(set(synced)) == 1
    assert list((store.root / "packs").rglob("*.pack")) == []
    assert restored(store, back_up(store, FIRST)) == FIRST
