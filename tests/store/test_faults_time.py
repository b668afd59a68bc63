"""Clocks that jump, stand still or break loose, and files from every time: order is the sequence, never the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault.errors import PruneRefused, VaultBusy
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Snapshot, SnapshotDraft
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.scenes import FIRST, ROOT, SECOND, SHOP, back_up, draft, file_entry, new_store, restored

YEAR = 365 * 86_400 * 10**9
NOW = 1_700_000_000 * 10**9
CLOCKS = {
    "stands still": [NOW],
    "runs backwards": [NOW, NOW - YEAR, NOW - 2 * YEAR, NOW - 3 * YEAR],
    "jumps ahead and back": [NOW, NOW + 60 * YEAR, NOW + 1, NOW + 2],
    "begins at the epoch": [0, 1, NOW, NOW + 1],
    "before the epoch": [-YEAR, NOW, -2 * YEAR, NOW + 1],
    "as far as 64 bits": [2**63 - 1, NOW, 2**63 - 1, NOW],
}
every_clock = pytest.mark.parametrize("times", CLOCKS.values(), ids=CLOCKS.keys())


def _clock(times: list[int]) -> Callable[[], int]:
    """Gives the times in turn, another at every look, the last one for ever."""
    coming: Iterator[int] = iter(times)
    last = [times[-1]]

    def look() -> int:
        last[0] = next(coming, last[0])
        return last[0]

    return look


def _recorded(store: Store, created_ns: int, text: bytes) -> Snapshot:
    with store.writer() as writer:
        entry = file_entry("a", writer.add(text, path="a"), len(text))
        return writer.commit(SnapshotDraft(project=SHOP, created_ns=created_ns), [entry])


@every_clock
def test_snapshots_are_in_the_order_they_were_made_whatever_the_clock_says(times: list[int]) -> None:
    files = MemoryFileSystem()
    store = Store.create(ROOT, filesystem=files, clock=_clock(times))
    made = [_recorded(store, times[number % len(times)], b"%d\n" % number) for number in range(6)]
    again = Store.open(ROOT, filesystem=files, clock=_clock(times))
    assert list(again.snapshots()) == made
    assert [snapshot.sequence for snapshot in made] == [1, 2, 3, 4, 5, 6]
    assert [restored(again, snapshot)["a"] for snapshot in made] == [b"%d\n" % number for number in range(6)]
    assert again.verify().ok


@every_clock
def test_a_clock_that_jumps_within_a_run_harms_nothing(times: list[int]) -> None:
    files = MemoryFileSystem()
    store = Store.create(ROOT, filesystem=files, clock=_clock(times * 50))
    first, second = back_up(store, FIRST), back_up(store, SECOND)
    assert [restored(store, snapshot) for snapshot in (first, second)] == [FIRST, SECOND]
    assert store.verify().ok


@pytest.mark.parametrize(("last", "now"), [(60 * YEAR, 1), (0, -5 * YEAR), (-5 * YEAR, 1)])
def test_nothing_is_thinned_by_a_clock_that_jumped_until_somebody_says_so(last: int, now: int) -> None:
    files = MemoryFileSystem()
    store = Store.create(ROOT, filesystem=files, clock=lambda: NOW)
    for number in range(4):
        _recorded(store, NOW + number * 60 * 10**9, b"%d\n" % number)
    _recorded(Store.open(ROOT, filesystem=files, clock=lambda: NOW + last), NOW + last, b"jumped\n")
    later = Store.open(ROOT, filesystem=files, clock=lambda: NOW + now)
    plan = later.housekeeping.plan(Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0)))
    with pytest.raises(PruneRefused):
        later.housekeeping.prune(plan)
    assert len(later.snapshots()) == 5


def test_many_snapshots_in_one_moment_have_ids_of_their_own() -> None:
    store, _ = new_store()
    made = [_recorded(store, NOW, b"the same\n") for _ in range(20)]
    assert len({snapshot.id for snapshot in made}) == 20
    assert [snapshot.sequence for snapshot in store.snapshots()] == list(range(1, 21))


@pytest.mark.parametrize("offset", [-43_200, 0, 3_600, 7_200, 20_700, 50_400])
def test_the_zone_of_a_snapshot_is_kept_beside_the_moment(offset: int) -> None:
    store, files = new_store()
    with store.writer() as writer:
        made = writer.commit(SnapshotDraft(project=SHOP, created_ns=NOW, utc_offset_s=offset), [])
    again = Store.open(ROOT, filesystem=files).snapshot(made.id)
    assert (again.created_ns, again.utc_offset_s) == (NOW, offset)


MTIMES = [
    0,
    -1,
    -(2**31) * 10**9 - 1,
    2**31 * 10**9,
    4_294_967_296 * 10**9,
    253_402_300_799 * 10**9,
    2**63 - 1,
    -(2**63),
]


@pytest.mark.parametrize("mtime_ns", MTIMES)
def test_any_modification_time_is_kept_to_the_nanosecond(mtime_ns: int) -> None:
    store, files = new_store()
    with store.writer() as writer:
        made = writer.commit(draft(), [file_entry("a", writer.add(b"x"), 1, mtime_ns)])
    again = Store.open(ROOT, filesystem=files)
    assert [entry.mtime_ns for entry in again.manifest(again.snapshot(made.id))] == [mtime_ns]
    assert again.verify().ok


def test_a_lock_is_not_taken_over_however_old_it_looks(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    with store.writer():
        os.utime(store.root / "lock", (0, 0))
        with pytest.raises(VaultBusy):
            Store.open(store.root, clock=lambda: NOW + 60 * YEAR).writer()
