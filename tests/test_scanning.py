"""Walking a project: order, depth, what is open at a time, markers, and what the next scan remembers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from codevault.policy import CACHE_SIGNATURE, CACHE_TAG, DEFAULT
from codevault.scanning import Scan
from codevault.source import Folder, Listed, MemoryFile, MemoryFolder, RealFolder

NOW = 1_000_000_000_000
POSIX = pytest.mark.skipif(os.name != "posix", reason="paths of any length need directory descriptors")


def scan(root: Folder, previous: Mapping[str, bytes] | None = None) -> Scan:
    return Scan(root, DEFAULT, previous=previous or {}, clock=lambda: NOW)


def paths(scanning: Scan) -> list[str]:
    return [scanned.path for scanned in scanning.folders()]


class Counting(MemoryFolder):
    """A folder that counts how many of its kind are open."""

    open_now = 0
    most = 0
    entered = 0

    @classmethod
    def reset(cls) -> None:
        cls.open_now = cls.most = cls.entered = 0

    def enter(self, name: str) -> MemoryFolder:
        found = super().enter(name)
        Counting.entered += 1
        Counting.open_now += 1
        Counting.most = max(Counting.most, Counting.open_now)
        return found

    def close(self) -> None:
        Counting.open_now -= 1


@pytest.fixture(autouse=True)
def _count_from_zero() -> None:
    Counting.reset()


def wide(width: int) -> Counting:
    """A root whose folders each hold two folders."""
    return Counting(
        {
            f"d{n:04}": Counting({"a": Counting({"x": MemoryFile()}), "b": Counting({"y": MemoryFile()})})
            for n in range(width)
        }
    )


def deep(levels: int) -> Counting:
    """A chain of folders, each with a file and a second folder that is entered after the deeper one."""
    folder = Counting({"f": MemoryFile()})
    for _ in range(levels):
        folder = Counting({"d": folder, "z": Counting({"f": MemoryFile()})})
    return folder


def test_goes_through_parents_first_and_siblings_by_name() -> None:
    root = MemoryFolder({"b": MemoryFolder({"d": MemoryFolder()}), "a": MemoryFolder(), "c": MemoryFile()})

    assert paths(scan(root)) == ["", "a", "b", "b/d"]


def test_every_folder_is_closed_in_the_end() -> None:
    paths(scan(wide(10)))

    assert Counting.open_now == 0


def test_few_folders_are_open_at_a_time_however_deep_the_tree() -> None:
    found = paths(scan(deep(400)))

    assert len(found) == 801
    assert Counting.most <= 132
    assert Counting.open_now == 0


def test_three_thousand_levels_need_no_recursion() -> None:
    folder = Counting()
    for _ in range(3_000):
        folder = Counting({"d": folder})

    assert len(paths(scan(folder))) == 3_001
    assert Counting.entered == 3_000


def test_nothing_stays_open_when_the_consumer_gives_up() -> None:
    with closing(scan(deep(50)).folders()) as folders:
        for _ in range(20):
            next(folders)

    assert Counting.open_now == 0


def test_a_folder_on_the_way_that_vanished_is_an_error_of_what_is_below_it() -> None:
    root = deep(200)
    folders = scan(root).folders()
    met = [next(folders) for _ in range(201)]

    del root.items["d"]
    errors = [scanned.path for scanned in folders if scanned.error is not None]

    assert met[-1].error is None
    assert "d/z" in errors


def test_the_root_that_cannot_be_listed_is_an_error() -> None:
    root = MemoryFolder()
    root.error = OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input"):
        paths(scan(root))


def test_other_file_systems_are_not_entered() -> None:
    class Mounted(MemoryFolder):
        def entries(self) -> list[Listed]:
            return [Listed("mnt", stat.S_IFDIR | 0o755, 0, 0, 0, 5, 99)]

    scanning = scan(Mounted())

    assert paths(scanning) == [""]
    assert [(e.path, "mounted" in e.why) for e in scanning.excluded] == [("mnt", True)]


def test_an_unlisted_folder_is_closed_and_named() -> None:
    inner = Counting()
    inner.error = PermissionError(13, "Permission denied")

    found = list(scan(Counting({"d": inner})).folders())

    assert [(s.path, type(s.error)) for s in found] == [("", type(None)), ("d", PermissionError)]
    assert Counting.open_now == 0


def test_what_was_seen_settles_a_folder_next_time() -> None:
    root = MemoryFolder({"d": MemoryFolder({"x": MemoryFile()}, inode=3), "a": MemoryFile()}, inode=2)
    first = scan(root)
    paths(first)

    found = list(scan(root, first.signatures).folders())

    assert [scanned.settled for scanned in found] == [True, True]


def test_a_name_to_be_tried_again_unsettles_its_folder() -> None:
    root = MemoryFolder({"a": MemoryFile(), "b": MemoryFile()})
    first = scan(root)
    for scanned in first.folders():
        scanned.retry.add("a")

    second = scan(root, first.signatures)
    (scanned,) = second.folders()

    assert not scanned.settled
    assert [scanned.same(entry) for entry in scanned.entries] == [False, True]


def test_a_name_to_be_tried_again_unsettles_a_settled_folder_too() -> None:
    root = MemoryFolder({"a": MemoryFile()})
    first = scan(root)
    paths(first)
    second = scan(root, first.signatures)
    for scanned in second.folders():
        scanned.retry.add("a")

    (scanned,) = scan(root, second.signatures).folders()

    assert not scanned.settled


def test_a_name_that_is_no_text_is_remembered_like_any_other() -> None:
    root = MemoryFolder({"a": MemoryFile(), "\udcff": MemoryFile()})
    first = scan(root)
    paths(first)

    (settled,) = scan(root, first.signatures).folders()
    root.items["a"] = MemoryFile(ctime_ns=1)
    (touched,) = scan(root, first.signatures).folders()

    assert settled.settled
    assert [touched.same(entry) for entry in touched.entries] == [False, True]


@pytest.mark.parametrize("garbage", [b"", b"garbage", b"\x91\x01", b"\xc0"])
def test_a_damaged_memory_only_means_reading_again(garbage: bytes) -> None:
    (scanned,) = scan(MemoryFolder({"a": MemoryFile()}), {"": garbage}).folders()

    assert not scanned.settled
    assert not scanned.same(scanned.entries[0])


def tagged(head: bytes, **more: MemoryFile) -> MemoryFolder:
    return MemoryFolder({"cache": MemoryFolder({CACHE_TAG: MemoryFile(head), "x": MemoryFile(), **more})})


def test_a_folder_marked_as_a_cache_counts_as_empty_and_is_named() -> None:
    scanning = scan(tagged(CACHE_SIGNATURE + b"\n# made by a tool"))

    found = {scanned.path: [entry.name for entry in scanned.entries] for scanned in scanning.folders()}

    assert found == {"": ["cache"], "cache": []}
    assert [e.path for e in scanning.excluded] == ["cache"]


@pytest.mark.parametrize(
    "tag",
    [
        MemoryFile(b"Signature: something else"),
        MemoryFile(CACHE_SIGNATURE + b"x" * 5_000),
        MemoryFile(CACHE_SIGNATURE, error=PermissionError(13, "Permission denied")),
        MemoryFile(CACHE_SIGNATURE, mode=stat.S_IFIFO | 0o644),
    ],
)
def test_a_false_mark_leaves_nothing_out(tag: MemoryFile) -> None:
    scanning = scan(MemoryFolder({"cache": MemoryFolder({CACHE_TAG: tag, "x": MemoryFile()})}))

    found = {scanned.path: len(scanned.entries) for scanned in scanning.folders()}

    assert found["cache"] == 2
    assert scanning.excluded == []


def test_the_projects_root_is_kept_whatever_marks_it_carries() -> None:
    (scanned,) = scan(MemoryFolder({CACHE_TAG: MemoryFile(CACHE_SIGNATURE)})).folders()

    assert [entry.name for entry in scanned.entries] == [CACHE_TAG]


def test_a_folder_whose_neighbours_matter_but_cannot_be_listed_is_kept() -> None:
    modules = MemoryFolder({"x": MemoryFile()})
    modules.error = PermissionError(13, "Permission denied")
    scanning = scan(MemoryFolder({"package.json": MemoryFile(), "node_modules": modules}))

    assert paths(scanning) == ["", "node_modules"]
    assert scanning.excluded == []


@pytest.fixture
def deep_on_disk(tmp_path: Path) -> Iterator[Path]:
    """1,200 folders in one another with names of 50 bytes: a path no system call takes in one piece."""
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1_200):
        os.mkdir("d" * 50, dir_fd=here)
        deeper = os.open("d" * 50, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = deeper
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    yield tmp_path
    top, below = tmp_path / ("d" * 50), tmp_path / "below"
    for _ in range(1_199):  # lifts what is below to the top, level by level
        os.rename(top / top.name, below)
        os.rmdir(top)
        os.rename(below, top)
    (top / "bottom").unlink()
    top.rmdir()


@POSIX
def test_a_tree_deeper_than_any_path_is_walked_to_its_bottom(deep_on_disk: Path) -> None:
    with closing(RealFolder.root(str(deep_on_disk))) as root:
        *_, bottom = scan(root).folders()

    assert bottom.path.count("/") == 1_199
    assert [entry.name for entry in bottom.entries] == ["bottom"]
