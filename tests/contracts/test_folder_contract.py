"""What every `Folder` promises, asked of the real one and of the one in memory."""

from __future__ import annotations

import os
import stat
from abc import abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from codevault.source import READ_BLOCK, Folder, MemoryFile, MemoryFolder, RealFolder


class Tree(Protocol):
    """Makes the content of a folder that is to be read."""

    @abstractmethod
    def file(self, path: str, content: bytes) -> None: ...

    @abstractmethod
    def folder(self, path: str) -> None: ...

    @abstractmethod
    def link(self, path: str, target: str) -> None: ...

    @abstractmethod
    def fifo(self, path: str) -> None: ...

    @abstractmethod
    def remove(self, path: str) -> None: ...

    @abstractmethod
    def open(self) -> Folder: ...


class OnDisk:
    def __init__(self, root: Path) -> None:
        self._root = root

    def file(self, path: str, content: bytes) -> None:
        (self._root / path).write_bytes(content)

    def folder(self, path: str) -> None:
        (self._root / path).mkdir()

    def link(self, path: str, target: str) -> None:
        (self._root / path).symlink_to(target)

    def fifo(self, path: str) -> None:
        os.mkfifo(self._root / path)

    def remove(self, path: str) -> None:
        (self._root / path).unlink()

    def open(self) -> Folder:
        return RealFolder.root(str(self._root))


class InMemory:
    def __init__(self) -> None:
        self._root = MemoryFolder()

    def file(self, path: str, content: bytes) -> None:
        self._put(path, MemoryFile(content))

    def folder(self, path: str) -> None:
        self._put(path, MemoryFolder())

    def link(self, path: str, target: str) -> None:
        self._put(path, MemoryFile(mode=stat.S_IFLNK | 0o777, target=target))

    def fifo(self, path: str) -> None:
        self._put(path, MemoryFile(mode=stat.S_IFIFO | 0o644))

    def remove(self, path: str) -> None:
        folder, name = self._above(path)
        del folder.items[name]

    def open(self) -> Folder:
        return self._root

    def _put(self, path: str, item: MemoryFile | MemoryFolder) -> None:
        folder, name = self._above(path)
        folder.items[name] = item

    def _above(self, path: str) -> tuple[MemoryFolder, str]:
        *above, name = path.split("/")
        folder = self._root
        for part in above:
            folder = folder.enter(part)
        return folder, name


@pytest.fixture(params=["real", "memory"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    return OnDisk(tmp_path) if request.param == "real" else InMemory()


@pytest.fixture
def opened(tree: Tree) -> Iterator[Folder]:
    folder = tree.open()
    yield folder
    folder.close()


def test_lists_names_in_order_with_kind_and_size(tree: Tree, opened: Folder) -> None:
    tree.file("b.txt", b"four")
    tree.folder("c")
    tree.link("a", "b.txt")
    tree.fifo("d")

    listed = opened.entries()

    assert [(e.name, stat.S_IFMT(e.mode)) for e in listed] == [
        ("a", stat.S_IFLNK),
        ("b.txt", stat.S_IFREG),
        ("c", stat.S_IFDIR),
        ("d", stat.S_IFIFO),
    ]
    assert listed[1].size == 4


def test_an_empty_folder_lists_nothing(opened: Folder) -> None:
    assert opened.entries() == []


def test_the_signature_is_everything_that_changes_with_a_file(tree: Tree, opened: Folder) -> None:
    tree.file("a", b"x")

    (listed,) = opened.entries()

    assert listed.signature == (listed.mode, listed.size, listed.mtime_ns, listed.ctime_ns, listed.inode)


def test_gives_its_own_identity(tree: Tree, opened: Folder) -> None:
    tree.folder("inner")
    (listed,) = opened.entries()

    inner = opened.enter("inner")

    assert (inner.status().device, inner.status().inode) == (listed.device, listed.inode)
    assert inner.status().inode != opened.status().inode
    inner.close()


def test_enters_a_folder_and_reads_in_it(tree: Tree, opened: Folder) -> None:
    tree.folder("src")
    tree.file("src/a.py", b"print()\n")

    inner = opened.enter("src")

    assert [e.name for e in inner.entries()] == ["a.py"]
    assert inner.read("a.py").content == b"print()\n"
    inner.close()


def test_reads_an_empty_file(tree: Tree, opened: Folder) -> None:
    tree.file("empty", b"")

    assert opened.read("empty").content == b""
    assert b"".join(opened.blocks("empty")) == b""


@pytest.mark.parametrize("size", [1, READ_BLOCK - 1, READ_BLOCK, READ_BLOCK + 1, 2 * READ_BLOCK + 7])
def test_reads_files_of_any_size_whole_and_in_blocks(tree: Tree, opened: Folder, size: int) -> None:
    content = os.urandom(size)
    tree.file("f", content)

    blocks = list(opened.blocks("f"))

    assert opened.read("f").content == content
    assert b"".join(blocks) == content
    assert max(len(block) for block in blocks) <= READ_BLOCK


def test_gives_the_text_of_a_link_without_following_it(tree: Tree, opened: Folder) -> None:
    tree.link("dangling", "/no/such/place")

    assert opened.link_target("dangling") == "/no/such/place"


@pytest.mark.parametrize("name", ["link", "fifo", "folder", "missing"])
def test_reads_only_regular_files(tree: Tree, opened: Folder, name: str) -> None:
    tree.file("secret", b"do not follow")
    tree.link("link", "secret")
    tree.fifo("fifo")
    tree.folder("folder")

    with pytest.raises(OSError):  # noqa: PT011 - which refusal differs between systems
        opened.read(name)
    with pytest.raises(OSError):  # noqa: PT011
        list(opened.blocks(name))


@pytest.mark.parametrize("name", ["link", "file", "missing"])
def test_enters_only_folders(tree: Tree, opened: Folder, name: str) -> None:
    tree.folder("real")
    tree.link("link", "real")
    tree.file("file", b"")

    with pytest.raises(OSError):  # noqa: PT011
        opened.enter(name)


def test_a_file_that_is_gone_says_so(tree: Tree, opened: Folder) -> None:
    tree.file("a", b"x")
    tree.remove("a")

    with pytest.raises(FileNotFoundError):
        opened.read("a")


def test_closing_twice_is_harmless(tree: Tree) -> None:
    folder = tree.open()

    folder.close()
    folder.close()
