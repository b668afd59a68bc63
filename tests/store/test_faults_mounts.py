"""Real disks that are really full, out of inodes or read-only: small file systems in memory, mounted for each test."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from codevault.errors import StorageError, StorageFull
from codevault.store.filesystem import DiskFileSystem
from codevault.store.limits import Limits
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.oracle import assert_keeps, picture
from tests.store.scenes import FIRST, SECOND, SOURCE, back_up, restored

Mount = Callable[[str], Path]
AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a file system in memory with the given options; a second one is another disk."""
    mounted: list[Path] = []

    def make(options: str) -> Path:
        place = tmp_path / f"disk {len(mounted)}"
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], check=True)
        mounted.append(place)
        return place

    yield make
    for place in mounted:
        while place.is_mount():  # a test may mount another view over it
            subprocess.run(["umount", "-l", str(place)], check=True)


def _remounted(place: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(place)], check=True)


def _filled(place: Path, leave: int) -> Path:
    """A file of another program that takes all but so many bytes."""
    filler = place / "filler"
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(descriptor, bytes(4096))
    except OSError:
        os.ftruncate(descriptor, max(0, os.fstat(descriptor).st_size - leave))
    finally:
        os.close(descriptor)
    return filler


def _noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(40_000)


@pytest.mark.parametrize("leave", [0, 4096, 8192, 16_384, 32_768, 65_536])
def test_a_full_disk_refuses_typed_and_loses_nothing(mount: Mount, leave: int) -> None:
    place = mount("size=4m")
    store = Store.create(place / "vault")
    first = back_up(store, FIRST)
    kept = {first.id: picture(store)[first.id]}
    filler = _filled(place, leave)
    with pytest.raises(StorageFull):
        back_up(store, {str(number): _noise(number) for number in range(60)})
    assert Store.open(store.root).verify().ok
    filler.unlink()
    assert_keeps(DiskFileSystem(store.root), kept, root=store.root)


def test_a_vault_that_cannot_even_be_begun_says_that_there_is_no_room(mount: Mount) -> None:
    place = mount("size=16k")
    with pytest.raises(StorageFull):
        Store.create(place / "vault")


def test_out_of_inodes_is_out_of_room_and_names_them(mount: Mount) -> None:
    place = mount("size=4m,nr_inodes=200")
    store = Store.create(place / "vault")
    first = back_up(store, FIRST)
    kept = {first.id: picture(store)[first.id]}
    fillers = place / "fillers"
    fillers.mkdir()
    with suppress(OSError):
        for number in range(300):
            (fillers / str(number)).touch()
    with pytest.raises(StorageFull, match="inodes"):
        back_up(store, SECOND)
    assert Store.open(store.root).verify().ok
    for filler in fillers.iterdir():
        filler.unlink()
    assert_keeps(DiskFileSystem(store.root), kept, root=store.root)


def test_a_disk_that_becomes_read_only_in_the_middle_keeps_what_was_and_reads(mount: Mount) -> None:
    place = mount("size=4m")
    store = Store.create(place / "vault")
    first = back_up(store, FIRST)
    kept = {first.id: picture(store)[first.id]}
    with pytest.raises(StorageError):
        _backed_up_while_the_disk_breaks(store, place)
    assert restored(Store.open(store.root), first) == FIRST
    with pytest.raises(StorageError):
        back_up(store, SECOND)
    _remounted(place, "bind,rw")
    assert_keeps(DiskFileSystem(store.root), kept, root=store.root)


def _backed_up_while_the_disk_breaks(store: Store, place: Path) -> None:
    with store.writer() as writer:
        writer.add(SOURCE[::-1])
        subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
        _remounted(place, "bind,ro")  # the lock is open for writing: only another view of the disk may turn
        writer.flush()


def test_a_full_disk_can_be_thinned_and_is_usable_again(mount: Mount) -> None:
    place = mount("size=6m")
    store = Store.create(place / "vault")
    store.housekeeping.set_limits(Limits(reserve=128 << 10))
    for number in range(12):
        newest = back_up(store, {"noise": _noise(number) * 3, "main.py": SOURCE + b"# %d\n" % number})
    whole = picture(store)[newest.id]
    _filled(place, 0)
    with pytest.raises(StorageFull):
        back_up(store, {"noise": _noise(99) * 9})
    house = Store.open(store.root).housekeeping
    plan = house.plan(AT_ONCE, share=0.0)
    pruned = house.prune(plan, acknowledged=plan.frozen)
    assert pruned.freed > 0
    assert_keeps(DiskFileSystem(store.root), {newest.id: whole}, root=store.root)


def test_a_full_disk_under_the_cache_costs_no_backup(mount: Mount) -> None:
    disk, other = mount("size=6m"), mount("size=64k")
    store = Store.create(disk / "vault")
    (store.root / "cache").mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["mount", "--bind", str(other), str(store.root / "cache")], check=True)
    try:
        _filled(other, 0)
        assert restored(store, back_up(store, FIRST)) == FIRST
        again = Store.open(store.root)
        assert restored(again, back_up(again, SECOND)) == SECOND
        assert again.verify().ok
    finally:
        subprocess.run(["umount", "-l", str(store.root / "cache")], check=True)
