"""Readers while packs are swapped under them, made to happen at the worst moment by the file system they read."""

from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread

import pytest

from codevault.errors import BlobMissing
from codevault.ids import BlobId
from codevault.store.filesystem import FileSystem, HeldLock, Listed, NewFile
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.records import hash_of
from codevault.store.store import Store
from tests.store.compact_scenes import CHUNKS, LISTED, history, version
from tests.store.scenes import ROOT, SHOP, new_store, restored, ticking

HISTORY = history(5)


class Interrupting:
    """A file system that lets something happen right before the `left`-th reading of a pack from now on."""

    def __init__(self, inner: FileSystem, happens: Callable[[], None]) -> None:
        self._inner = inner
        self._happens = happens
        self.left = 0

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        if path.suffix == ".pack":
            self.left -= 1
            if self.left == 0:
                self._happens()
        return self._inner.read(path, offset, length)

    def create(self, path: Path) -> NewFile:
        return self._inner.create(path)

    def rename(self, old: Path, new: Path) -> None:
        self._inner.rename(old, new)

    def remove(self, path: Path) -> None:
        self._inner.remove(path)

    def make_folder(self, path: Path) -> None:
        self._inner.make_folder(path)

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        return self._inner.list(path)

    def sync_folder(self, path: Path) -> None:
        self._inner.sync_folder(path)

    def free(self, path: Path) -> int:
        return self._inner.free(path)

    def lock(self, path: Path, holder: str) -> HeldLock:
        return self._inner.lock(path, holder)


@pytest.fixture
def files() -> MemoryFileSystem:
    return HISTORY.after_crash()


def compacted(files: MemoryFileSystem) -> Callable[[], None]:
    """Another process compacts the vault, from its first byte to its last."""
    return lambda: (Store.open(ROOT, filesystem=files, clock=ticking).compact(), None)[1]


def opened_first(files: MemoryFileSystem, at: int, happens: Callable[[], None]) -> Store:
    """A store that has looked at the vault; the pack it reads `at`-th from now on is gone just before."""
    interrupting = Interrupting(files, happens)
    store = Store.open(ROOT, filesystem=interrupting, clock=ticking)
    interrupting.left = at
    return store


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_blob_is_read_though_its_pack_goes_in_the_middle_of_its_chain(files: MemoryFileSystem, at: int) -> None:
    store = opened_first(files, at, compacted(files))
    content = version(4)["main.py"]
    assert store.read(BlobId(hash_of(content))) == content


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_large_file_is_read_though_packs_go_between_its_chunks(files: MemoryFileSystem, at: int) -> None:
    store = opened_first(files, at, compacted(files))
    assert b"".join(store.read_chunks(BlobId(hash_of(LISTED)))) == LISTED


def test_packs_may_go_after_the_first_chunk_was_given_out(files: MemoryFileSystem) -> None:
    store = Store.open(ROOT, filesystem=files, clock=ticking)
    pieces = store.read_chunks(BlobId(hash_of(LISTED)))
    first = next(pieces)
    compacted(files)()
    assert (first, b"".join(pieces)) == (CHUNKS[0], b"".join(CHUNKS[1:]))


@pytest.mark.parametrize("at", range(1, 9))
def test_a_whole_snapshot_is_restored_across_a_swap(files: MemoryFileSystem, at: int) -> None:
    store = opened_first(files, at, compacted(files))
    first = store.snapshots(SHOP)[0]
    assert restored(store, first) == version(0)


def test_sizes_and_manifests_survive_a_swap(files: MemoryFileSystem) -> None:
    store = Store.open(ROOT, filesystem=files, clock=ticking)
    (first, *_) = store.snapshots(SHOP)
    compacted(files)()
    assert store.size(BlobId(hash_of(LISTED))) == len(LISTED)
    assert {entry.path for entry in store.manifest(first)} == set(version(0))


def test_readers_in_threads_go_on_while_this_process_compacts(files: MemoryFileSystem) -> None:
    both = Barrier(2, timeout=60)
    wanted = {number: version(number)["main.py"] for number in range(5)}
    wrong: list[int] = []

    def meet() -> None:
        both.wait()  # the reader holds a place in a pack, the writer is about to remove it
        both.wait()  # it is removed

    store = opened_first(files, 1, meet)
    plain = Store.open(ROOT, filesystem=files, clock=ticking)

    def read_all() -> None:
        wrong.extend(n for n, content in wanted.items() if store.read(BlobId(hash_of(content))) != content)

    reader = Thread(target=read_all)
    reader.start()
    both.wait()
    plain.compact()
    both.wait()
    reader.join()
    assert wrong == []


def test_what_is_in_no_pack_stays_missing(files: MemoryFileSystem) -> None:
    store = Store.open(ROOT, filesystem=files, clock=ticking)
    with pytest.raises(BlobMissing):
        store.read(BlobId(hash_of(b"never stored")))


def test_what_another_process_stored_since_is_found() -> None:
    store, files = new_store()
    with Store.open(ROOT, filesystem=files, clock=ticking).writer() as writer:
        blob = writer.add(b"stored since")
    assert store.read(blob) == b"stored since"
    assert list(store.read_chunks(blob)) == [b"stored since"]


def test_a_pack_that_goes_for_good_makes_its_blobs_missing(files: MemoryFileSystem) -> None:
    store = Store.open(ROOT, filesystem=files, clock=ticking)
    with store.turn() as turn:
        (place,) = turn.state.catalog.find(BlobId(hash_of(version(4)["main.py"])))
        path = turn.state.layout.pack(place.pack)
    files.remove(path)
    with pytest.raises(BlobMissing):
        store.read(place.blob)
