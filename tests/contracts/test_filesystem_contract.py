"""What every file system under a vault has to do, the real one and the one in memory alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from codevault.errors import StorageError, VaultBusy
from codevault.store.filesystem import DiskFileSystem, FileSystem
from codevault.store.memory_filesystem import MemoryFileSystem
from tests.systems.strange_files import StrangeFileSystem


@pytest.fixture(params=["disk", "disk below a root", "memory", "strange"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[FileSystem, Path]:
    """A file system and an existing folder in it."""
    root = tmp_path / "root"
    made: dict[str, FileSystem] = {
        "disk": DiskFileSystem(),
        "disk below a root": DiskFileSystem(root),
        "memory": MemoryFileSystem(),
        "strange": StrangeFileSystem(),
    }
    files = made[request.param]
    files.make_folder(root)
    return files, root


def _write(files: FileSystem, path: Path, content: bytes) -> None:
    new = files.create(path)
    new.write(content)
    new.sync()
    new.close()


def test_reads_what_was_written(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"0123456789")
    assert files.read(root / "a") == b"0123456789"


def test_reads_a_range_and_stops_at_the_end(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"0123456789")
    assert [files.read(root / "a", 2, 3), files.read(root / "a", 8, 9), files.read(root / "a", 99, 1)] == [
        b"234",
        b"89",
        b"",
    ]


def test_reads_from_an_offset_to_the_end(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"0123456789")
    assert files.read(root / "a", 7) == b"789"


def test_a_missing_file_reads_as_none(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    assert files.read(root / "none") is None


def test_reading_a_folder_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    with pytest.raises(StorageError):
        files.read(root)


def test_creating_over_an_existing_file_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"first")
    with pytest.raises(StorageError):
        files.create(root / "a")


def test_creating_in_a_missing_folder_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    with pytest.raises(StorageError):
        files.create(root / "none" / "a")


def test_writes_append(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    new = files.create(root / "a")
    new.write(b"one ")
    new.write(b"two")
    new.close()
    new.close()
    assert files.read(root / "a") == b"one two"


def test_writing_to_a_closed_file_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    new = files.create(root / "a")
    new.close()
    with pytest.raises(StorageError):
        new.write(b"late")


def test_rename_replaces(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"new")
    _write(files, root / "b", b"old")
    files.rename(root / "a", root / "b")
    assert (files.read(root / "a"), files.read(root / "b")) == (None, b"new")


def test_renaming_a_missing_file_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    with pytest.raises(StorageError):
        files.rename(root / "none", root / "b")


def test_removing_is_final_and_removing_nothing_is_fine(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"x")
    files.remove(root / "a")
    files.remove(root / "a")
    assert files.read(root / "a") is None


def test_makes_folders_with_their_parents_and_again(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    files.make_folder(root / "x" / "y")
    files.make_folder(root / "x" / "y")
    assert files.list(root / "x" / "y") == ()


def test_making_a_folder_where_a_file_is_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"x")
    with pytest.raises(StorageError) as refused:
        files.make_folder(root / "a")
    assert isinstance(refused.value.__cause__, FileExistsError)


def test_making_a_folder_below_a_file_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"x")
    with pytest.raises(StorageError):
        files.make_folder(root / "a" / "b")


def test_renames_from_one_folder_to_another(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    files.make_folder(root / "x" / "y")
    _write(files, root / "a", b"1")
    files.rename(root / "a", root / "x" / "y" / "b")
    assert (files.read(root / "a"), files.read(root / "x" / "y" / "b")) == (None, b"1")


def test_a_file_is_no_folder_to_list(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    _write(files, root / "a", b"x")
    assert (files.list(root / "a"), files.read(root / "none" / "a")) == (None, None)


def test_lists_names_kinds_and_sizes_in_order(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    files.make_folder(root / "b")
    _write(files, root / "a", b"12345")
    listed = files.list(root) or ()
    assert [(entry.name, entry.is_file, entry.is_folder, entry.size) for entry in listed] == [
        ("a", True, False, 5),
        ("b", False, True, 0),
    ]


def test_a_missing_folder_lists_as_none(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    assert files.list(root / "none") is None


def test_syncing_a_folder_works_and_a_missing_one_is_refused(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    files.sync_folder(root)
    with pytest.raises(StorageError):
        files.sync_folder(root / "none")


def test_a_lock_is_granted_once_and_names_its_holder(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    lock = files.lock(root / "lock", "process 7")
    with pytest.raises(VaultBusy) as busy:
        files.lock(root / "lock", "process 8")
    lock.release()
    assert busy.value.holder == "process 7"


def test_a_released_lock_is_free_and_its_file_empty(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    lock = files.lock(root / "lock", "process 7")
    lock.release()
    lock.release()
    assert files.read(root / "lock") == b""
    files.lock(root / "lock", "process 8").release()


def test_a_lock_knows_when_its_file_was_taken_away(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    lock = files.lock(root / "lock", "process 7")
    held = lock.held()
    files.remove(root / "lock")
    assert (held, lock.held()) == (True, False)
    lock.release()


def test_tells_how_much_may_still_be_written(place: tuple[FileSystem, Path]) -> None:
    files, root = place
    assert files.free(root) > 0
