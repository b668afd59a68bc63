import os
from pathlib import Path

import pytest

from codevault.vcs.reading import SMALL, ReadFolder

ODD = (
    "link/b/file",
    "link-out",
    "fifo",
    "a",
    "none",
    "none/file",
    "empty/file",
    "a\x00b",
    "a/" * 40,
    "x" * 5000,
    "\ud800",
)


def opened(path: Path, by_descriptor: bool) -> ReadFolder:
    folder = ReadFolder.open(str(path), by_descriptor=by_descriptor)
    assert folder is not None
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_bytes(b"outside")
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").write_bytes(b"content")
    (root / "empty").write_bytes(b"")
    (root / "link").symlink_to(root / "a")
    (root / "link-out").symlink_to(tmp_path / "secret")
    os.mkfifo(root / "fifo")
    return root


@pytest.mark.parametrize("by_descriptor", [True, False])
class TestReadFolder:
    """Both ways of reaching files behave alike."""

    def test_reads_files_below(self, root: Path, by_descriptor: bool) -> None:
        with opened(root, by_descriptor) as folder:
            assert folder.read("a/b/file") == b"content"
            assert folder.read("a/b/file", 3) == b"con"
            assert folder.read("empty") == b""

    def test_enters_folders_and_itself(self, root: Path, by_descriptor: bool) -> None:
        with opened(root, by_descriptor) as folder:
            for path, name in (("a", "b/file"), ("a/b", "file"), ("", "a/b/file")):
                inner = folder.enter(path)
                assert inner is not None
                with inner:
                    assert inner.read(name) == b"content"
                    assert inner.path == os.path.normpath(root / path)

    def test_tells_what_stands_at_a_path(self, root: Path, by_descriptor: bool) -> None:
        with opened(root, by_descriptor) as folder:
            assert [folder.kind(path) for path in ("empty", "a", "link", "fifo", "none", "a/b/file")] == [
                "file",
                "folder",
                "link",
                "other",
                "",
                "file",
            ]

    @pytest.mark.parametrize("path", ["", ".", "..", "../secret", "a/../../secret", "/etc/passwd", "a//b/file", *ODD])
    def test_reads_nothing_but_files_in_the_folder(self, root: Path, by_descriptor: bool, path: str) -> None:
        with opened(root, by_descriptor) as folder:
            assert folder.read(path) is None

    @pytest.mark.parametrize("path", ["..", "link", "empty", "none", "fifo", "a/../..", "x\x00", "a/" * 40])
    def test_enters_nothing_but_folders_in_the_folder(self, root: Path, by_descriptor: bool, path: str) -> None:
        with opened(root, by_descriptor) as folder:
            assert folder.enter(path) is None
            assert folder.kind("../secret") == ""

    def test_reads_in_blocks_up_to_the_limit(self, root: Path, by_descriptor: bool) -> None:
        (root / "big").write_bytes(b"x" * (3 * SMALL))
        with opened(root, by_descriptor) as folder:
            assert [len(block) for block in folder.blocks("big", 2 * SMALL + 1)] == [SMALL, SMALL, 1]
            assert [len(block) for block in folder.blocks("big", 9 * SMALL)] == [SMALL, SMALL, SMALL]
            assert [len(block) for block in folder.blocks("empty", SMALL)] == [0]

    def test_opens_only_folders(self, root: Path, by_descriptor: bool) -> None:
        for path in (root / "empty", root / "none", root / "fifo", "a\x00b"):
            assert ReadFolder.open(str(path), by_descriptor=by_descriptor) is None

    def test_the_root_itself_may_be_named_through_a_link(self, root: Path, by_descriptor: bool) -> None:
        with opened(root / "link", by_descriptor) as folder:
            assert folder.read("b/file") == b"content"


def test_leaves_no_descriptors_open(root: Path) -> None:
    before = len(os.listdir("/dev/fd"))
    with opened(root, by_descriptor=True) as folder:
        folder.kind("a/b/file")
        folder.read("a/b/file")
        folder.read("a/none")
        folder.enter("a/none")

    assert len(os.listdir("/dev/fd")) == before


def test_a_closed_folder_finds_nothing(root: Path) -> None:
    with opened(root, by_descriptor=True) as folder:
        pass

    assert (folder.read("a/b/file"), folder.enter("a"), folder.kind("a")) == (None, None, "")
