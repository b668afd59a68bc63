"""Packs that are full while a run goes on are finished aside: in order, and no fault there goes unnoticed."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import pytest

from codevault.errors import StorageError
from codevault.ids import BlobId, PackId
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.pack import Frame
from codevault.store.packing import Packer
from codevault.store.records import hash_of
from codevault.store.store import Store
from tests.store.faulty import Fault, FaultyFileSystem
from tests.store.oracle import KINDS, Kind, Operation, assert_survives_at_every_call, tree
from tests.store.scenes import ROOT, SHOP, back_up, new_store, restored

FULL = 4_000
BLOBS = [random.Random(number).randbytes(3_000) for number in range(6)]
"""Two make a frame, and each frame is more than a full pack."""
LARGE = {f"{number}.bin": blob for number, blob in enumerate(BLOBS)}


@contextmanager
def small_packs() -> Iterator[None]:
    """Packs and frames as full as they are meant to be after some kilobytes."""
    with (
        patch("codevault.store.writing.Packer", partial(Packer, full=FULL)),
        patch("codevault.store.packing.GROUP", FULL),
    ):
        yield


class InlineExecutor:
    """Runs what is submitted at once, so that calls come in one order."""

    def __init__(self, *_: object, **__: object) -> None:
        self.ended = False

    def submit(self, act: Callable[..., object], /, *arguments: object) -> Future[object]:
        future: Future[object] = Future()
        try:
            future.set_result(act(*arguments))
        except BaseException as exc:  # noqa: BLE001 - as the real one
            future.set_exception(exc)
        return future

    def shutdown(self, *, wait: bool, cancel_futures: bool) -> None:
        self.ended = wait and cancel_futures


def _back_up_inline(store: Store) -> None:
    with small_packs(), patch("codevault.store.packing.ThreadPoolExecutor", InlineExecutor):
        back_up(store, LARGE)


def _before() -> MemoryFileSystem:
    store, files = new_store()
    back_up(store, {"main.py": b"print()\n"})
    return files


def _holds_all(store: Store) -> None:
    assert restored(store, store.snapshots()[-1]) == LARGE


SEVERAL_PACKS = Operation(before=_before(), act=_back_up_inline, finished=_holds_all)
QUICK = ("dies", "loses power", "input-output error", "full from then on", "out of memory")


@pytest.mark.parametrize("kind", [KINDS[name] for name in QUICK], ids=QUICK)
def test_a_backup_of_several_packs_survives_every_kind_of_fault_at_some_calls(kind: Kind) -> None:
    assert assert_survives_at_every_call(SEVERAL_PACKS, kind, stride=31, first=40) > 2


@pytest.mark.scale
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
def test_a_backup_of_several_packs_survives_every_kind_of_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(SEVERAL_PACKS, kind) > 100


def _packer(files: FaultyFileSystem, told: list[PackId]) -> Packer:
    def published(pack: PackId, _size: int, _frames: tuple[Frame, ...]) -> None:
        told.append(pack)

    files.make_folder(ROOT / "packs")
    files.make_folder(ROOT / "incoming")
    return Packer(files, Layout(ROOT), published, full=FULL)


def _pack(packer: Packer) -> None:
    with small_packs():
        for blob in BLOBS:
            packer.add(BlobId(hash_of(blob)), blob)
        packer.flush()


def test_what_was_finished_aside_is_published_before_a_flush_returns() -> None:
    files, told = FaultyFileSystem(MemoryFileSystem(), Fault(0)), list[PackId]()
    packer = _packer(files, told)
    _pack(packer)
    packer.close()
    assert len(told) == 3
    assert all(files.read(Layout(ROOT).pack(pack)) for pack in told)


@pytest.mark.parametrize("at", [1, 2, 3])
@pytest.mark.parametrize("call", ["sync", "rename"])
def test_a_pack_that_could_not_be_finished_aside_stops_the_flush_and_all_behind_it(call: str, at: int) -> None:
    files, told = FaultyFileSystem(MemoryFileSystem(), Fault(at, errno.EIO, only=call)), list[PackId]()
    packer = _packer(files, told)
    with pytest.raises(StorageError):
        _pack(packer)
    packer.close()
    assert len(told) == at - 1


def test_a_fault_aside_leaves_no_record_and_ends_the_writer() -> None:
    store, files = new_store()
    back_up(store, {"main.py": b"print()\n"})
    faulty = Store.open(ROOT, filesystem=FaultyFileSystem(files, Fault(1, errno.EIO, only="sync")))
    with small_packs(), pytest.raises(StorageError):
        back_up(faulty, LARGE)
    assert len(Store.open(ROOT, filesystem=files).snapshots(SHOP)) == 1


def test_packs_finished_aside_have_their_parity_when_the_writer_ends() -> None:
    store, files = new_store()
    with small_packs():
        snapshot = back_up(store, LARGE)
    again = Store.open(ROOT, filesystem=files)
    layout = Layout(ROOT)
    packs = again._state.packs_present()
    assert len(packs) > 2
    assert all(files.read(layout.sidecar(pack)) for pack in packs)
    assert again.verify().ok
    assert {entry.path for entry, _ in tree(again, snapshot.id)} == LARGE.keys()


def _add_all_and_give_up(store: Store) -> None:
    with store.writer() as writer:
        for blob in BLOBS:
            writer.add(blob)
        raise RuntimeError("given up")


def test_a_writer_that_is_given_up_leaves_no_file_open_and_nothing_published(tmp_path: Path) -> None:
    held = Store.create(tmp_path / "vault")
    with small_packs(), pytest.raises(RuntimeError, match="given up"):
        _add_all_and_give_up(held)
    assert held.snapshots() == ()
    with held.writer() as writer:
        writer.flush()
    assert held.verify().ok
