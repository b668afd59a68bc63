"""What the file system in memory does beyond the contract: it forgets what was not synced."""

from __future__ import annotations

from pathlib import Path

from codevault.store.memory_filesystem import MemoryFileSystem

FOLDER = Path("/folder")


def _disk() -> MemoryFileSystem:
    files = MemoryFileSystem()
    files.make_folder(FOLDER)
    files.sync_folder(Path("/"))
    return files


def test_a_power_loss_takes_a_name_whose_folder_was_not_synced() -> None:
    files = _disk()
    new = files.create(FOLDER / "a")
    new.write(b"x")
    new.sync()
    assert files.after_power_loss().read(FOLDER / "a") is None


def test_a_power_loss_takes_content_that_was_not_synced() -> None:
    files = _disk()
    files.create(FOLDER / "a").write(b"x")
    files.sync_folder(FOLDER)
    assert files.after_power_loss().read(FOLDER / "a") == b""


def test_a_power_loss_keeps_what_was_synced() -> None:
    files = _disk()
    new = files.create(FOLDER / "a")
    new.write(b"x")
    new.sync()
    files.sync_folder(FOLDER)
    assert files.after_power_loss().read(FOLDER / "a") == b"x"


def test_a_power_loss_takes_a_folder_that_was_not_synced() -> None:
    files = _disk()
    files.make_folder(FOLDER / "inner")
    assert files.after_power_loss().list(FOLDER / "inner") is None


def test_a_power_loss_undoes_a_rename_that_was_not_synced() -> None:
    files = _disk()
    old = files.create(FOLDER / "a")
    old.write(b"old")
    old.sync()
    files.sync_folder(FOLDER)
    new = files.create(FOLDER / "b")
    new.write(b"new")
    new.sync()
    files.rename(FOLDER / "b", FOLDER / "a")
    assert files.after_power_loss().read(FOLDER / "a") == b"old"


def test_a_crash_keeps_what_is_visible_and_frees_the_lock() -> None:
    files = _disk()
    files.lock(FOLDER / "lock", "somebody")
    files.create(FOLDER / "a").write(b"x")
    left = files.after_crash()
    left.lock(FOLDER / "lock", "the next one").release()
    assert left.read(FOLDER / "a") == b"x"
