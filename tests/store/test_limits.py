"""What a vault may take: ceiling, free space, reserve; and what happens when there is none left."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from codevault.errors import InvalidArgument, LimitReached, RecordDamaged, StorageFull
from codevault.store.layout import Layout
from codevault.store.limits import Allowance, Limits, keep_reserve, release_reserve, vault_bytes, with_reserve
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.records import seal
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.scenes import (
    FIRST,
    ROOT,
    SECOND,
    SHOP,
    all_files,
    back_up,
    flipped,
    new_store,
    overwrite,
    restored,
    ticking,
)

LAYOUT = Layout(ROOT)
AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
MIB = 1 << 20


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress."""
    return random.Random(seed).randbytes(size)


def limited(**limits: Any) -> tuple[Store, MemoryFileSystem]:
    """A vault with one snapshot, and limits."""
    store, files = new_store()
    back_up(store, FIRST)
    store.housekeeping.set_limits(Limits(**limits))
    return store, files


def used(files: MemoryFileSystem) -> int:
    """Bytes on the disk."""
    return sum(len(files.read(path) or b"") for path in all_files(files))


def test_a_vault_has_no_limits_until_they_are_set() -> None:
    store, _ = new_store()
    assert store.housekeeping.limits() == Limits()
    assert not Limits().any


def test_limits_are_kept_in_the_vault() -> None:
    limits = Limits(ceiling=5 * MIB, free=MIB, shares={SHOP: 2 * MIB}, reserve=100, thin=replace(AT_ONCE, daily=3))
    _, files = limited(**{name: getattr(limits, name) for name in ("ceiling", "free", "shares", "reserve", "thin")})
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    assert again.housekeeping.limits() == limits
    assert dict(again.housekeeping.limits().shares) == {SHOP: 2 * MIB}
    assert again.verify().ok


@pytest.mark.parametrize(
    "limits",
    [
        {"ceiling": 0},
        {"ceiling": "5 GB"},
        {"free": -1},
        {"free": True},
        {"reserve": -1},
        {"reserve": 0.5},
        {"shares": {"shop": 5}},
        {"shares": {SHOP: 0}},
        {"shares": {SHOP: None}},
        {"shares": [SHOP]},
        {"thin": {"newest": 3}},
    ],
)
def test_limits_that_mean_nothing_are_refused(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Limits(**limits)


def test_a_run_stops_at_the_ceiling_and_publishes_no_snapshot() -> None:
    store, _ = limited(ceiling=MIB)
    with pytest.raises(LimitReached) as reached:
        back_up(store, SECOND | {"big.bin": noise(1, 2 * MIB)})
    assert (reached.value.limit, reached.value.allowed) == ("ceiling", MIB)
    assert isinstance(reached.value, StorageFull)
    assert [restored(store, snapshot) for snapshot in store.snapshots()] == [FIRST]
    assert restored(store, back_up(store, SECOND)) == SECOND
    assert store.verify().ok


def test_the_vault_never_grows_beyond_its_ceiling_by_more_than_records() -> None:
    store, files = limited(ceiling=MIB)
    with pytest.raises(LimitReached):
        back_up(store, {f"{number}.bin": noise(number, 100_000) for number in range(20)})
    assert vault_bytes(files, LAYOUT) <= MIB


def test_a_run_stops_while_other_programs_fill_the_disk() -> None:
    store, files = limited(free=MIB)
    files.capacity = used(files) + 3 * MIB
    back_up(store, SECOND)
    files.capacity = used(files) + MIB + 1000
    with pytest.raises(LimitReached, match="free"):
        back_up(store, {"big.bin": noise(1, 5000)})
    assert len(store.snapshots()) == 2


def test_free_space_is_looked_at_again_while_a_run_writes() -> None:
    store, files = limited(free=4 * MIB)
    files.capacity = used(files) + 12 * MIB
    with store.writer() as writer:
        writer.add_stream([noise(1, 2 * MIB)])
        files.capacity -= 8 * MIB
        with pytest.raises(LimitReached):
            writer.add_stream(noise(seed, MIB) for seed in range(2, 18))
    assert files.free(ROOT) > 0


def test_what_counts_for_a_share_is_what_was_used_and_what_comes() -> None:
    store, _ = limited()
    allowance = Allowance(store._state, share=100, used_of_share=60)
    allowance.admit(40)
    with pytest.raises(LimitReached, match="share"):
        allowance.admit(1)


def test_damaged_limits_are_said_and_do_not_stop_a_backup() -> None:
    store, files = limited(ceiling=MIB)
    overwrite(files, LAYOUT.limits, flipped(files.read(LAYOUT.limits) or b"", 30))
    with pytest.raises(RecordDamaged):
        store.housekeeping.limits()
    assert restored(store, back_up(store, SECOND)) == SECOND
    store.housekeeping.set_limits(Limits(ceiling=2 * MIB))
    assert store.housekeeping.limits().ceiling == 2 * MIB


def test_limits_of_another_shape_are_damage() -> None:
    store, files = limited(ceiling=MIB)
    overwrite(files, LAYOUT.limits, seal({"limits": {}, "acknowledged": {}}))
    with pytest.raises(RecordDamaged):
        store.housekeeping.limits()


def test_a_new_vault_has_a_small_reserve_after_its_first_backup() -> None:
    store, files = new_store()
    back_up(store, {"small.txt": b"small\n"})
    assert len(files.read(LAYOUT.reserve) or b"") == 64 << 10


@pytest.mark.parametrize("room", [0, 500])
def test_a_small_vault_on_a_full_disk_is_thinned_without_having_been_told(room: int) -> None:
    store, files = new_store()
    for number in range(4):
        back_up(store, {"own.bin": noise(number, 20_000)})
    files.capacity = used(files) + room
    with pytest.raises(StorageFull):
        back_up(store, {"own.bin": noise(9, 20_000)})
    assert store.housekeeping.prune(store.housekeeping.plan(AT_ONCE)).freed > 50_000
    assert store.verify().ok


def test_the_reserve_is_a_hundredth_of_the_vault_and_really_allocated() -> None:
    store, files = limited()
    assert len(files.read(LAYOUT.reserve) or b"") == 64 << 10
    back_up(store, {"big.bin": noise(1, 16 * MIB)})
    store.housekeeping.set_limits(Limits())
    held = files.read(LAYOUT.reserve) or b""
    assert 160_000 < len(held) < 175_000
    assert len(set(held)) == 256
    assert store.verify().ok


def test_a_reserve_of_a_fixed_size_is_made_shrunk_and_removed() -> None:
    store, files = limited(reserve=MIB)
    assert len(files.read(LAYOUT.reserve) or b"") == MIB
    store.housekeeping.set_limits(Limits(reserve=1000))
    assert len(files.read(LAYOUT.reserve) or b"") == 1000
    store.housekeeping.set_limits(Limits(reserve=0))
    assert files.read(LAYOUT.reserve) is None


def test_a_reserve_that_does_not_fit_is_left_for_later() -> None:
    store, files = limited(reserve=0)
    files.capacity = used(files) + 50_000
    store.housekeeping.set_limits(Limits(reserve=MIB))
    assert files.read(LAYOUT.reserve) is None
    assert used(files) <= files.capacity
    files.capacity = None
    keep_reserve(store._state)
    assert len(files.read(LAYOUT.reserve) or b"") == MIB


def test_the_reserve_is_given_back_once() -> None:
    store, _ = limited(reserve=1000)
    assert release_reserve(store._state)
    assert not release_reserve(store._state)


def test_without_a_reserve_a_full_disk_is_said() -> None:
    store, _ = limited(reserve=0)

    def full() -> None:
        raise LimitReached(ROOT, "ceiling", 1)

    with store.turn() as turn, pytest.raises(StorageFull):
        with_reserve(turn, full)


@pytest.mark.parametrize("room", [0, 500])
def test_a_full_disk_is_thinned_from_the_reserve(room: int) -> None:
    store, files = new_store()
    for number in range(4):
        back_up(store, {"own.bin": noise(number, 200_000)})
    store.housekeeping.set_limits(Limits(reserve=MIB))
    files.capacity = used(files) + room
    with pytest.raises(StorageFull):
        back_up(store, {"own.bin": noise(9, 200_000)})
    pruned = store.housekeeping.prune(store.housekeeping.plan(AT_ONCE))
    assert pruned.freed > 500_000
    assert restored(store, back_up(store, {"own.bin": noise(9, 200_000)})) == {"own.bin": noise(9, 200_000)}
    assert store.verify().ok


def test_a_share_that_cannot_be_read_does_not_stop_a_backup() -> None:
    store, files = limited(shares={SHOP: 1})
    with pytest.raises(LimitReached), store.writer(SHOP) as writer:
        writer.add(noise(1, 100))
    overwrite(files, LAYOUT.limits, b"{}")
    with store.writer(SHOP) as writer:
        assert writer.add(noise(1, 100))
