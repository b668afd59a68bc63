"""What the real file system does when the disk refuses, which the one in memory cannot show."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from codevault.errors import StorageFull, VaultBusy
from codevault.store.filesystem import DiskFileSystem, _DiskLock, _listed
from codevault.store.store import Store
from tests.store.scenes import FIRST, back_up, restored


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
