"""A backup that dies, loses power or is refused at any call: nothing acknowledged is lost, and the next one works."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from codevault.errors import StorageError, StorageFull
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from tests.store.scenes import (
    FIRST,
    ROOT,
    SECOND,
    SHOP,
    Interrupted,
    back_up,
    calls_of_a_backup,
    created_or_opened,
    interrupted_backup,
    interrupted_creation,
    interrupted_document,
    new_store,
    restored,
    ticking,
)

EVERY_CALL = range(1, calls_of_a_backup() + 1)


def _assert_nothing_acknowledged_is_lost(left: Interrupted, disk: MemoryFileSystem) -> None:
    store = Store.open(ROOT, filesystem=disk, clock=ticking)
    assert restored(store, store.snapshot(left.before.id)) == FIRST
    assert {left.acknowledged, None} <= {*store.snapshots(), None}
    assert store.verify().damages == ()
    again = back_up(store, SECOND)
    assert restored(store, again) == SECOND
    assert [snapshot.sequence for snapshot in store.snapshots(SHOP)] == list(range(1, again.sequence + 1))
    assert store.verify().ok


@pytest.mark.parametrize("call", EVERY_CALL)
def test_survives_the_death_of_the_process_at_every_call(call: int) -> None:
    left = interrupted_backup(call)
    _assert_nothing_acknowledged_is_lost(left, left.files.after_crash())


@pytest.mark.parametrize("call", EVERY_CALL)
def test_survives_a_power_loss_at_every_call(call: int) -> None:
    left = interrupted_backup(call)
    _assert_nothing_acknowledged_is_lost(left, left.files.after_power_loss())


@pytest.mark.parametrize("call", EVERY_CALL)
def test_survives_a_full_disk_at_every_call(call: int) -> None:
    left = interrupted_backup(call, errno.ENOSPC)
    _assert_nothing_acknowledged_is_lost(left, left.files)


@pytest.mark.parametrize("call", EVERY_CALL)
def test_survives_an_input_output_error_at_every_call(call: int) -> None:
    left = interrupted_backup(call, errno.EIO)
    _assert_nothing_acknowledged_is_lost(left, left.files)


def test_a_full_disk_is_told_from_other_refusals() -> None:
    full, refused = interrupted_backup(40, errno.EDQUOT), interrupted_backup(40, errno.EROFS)
    assert isinstance(full.refusal, StorageFull)
    assert isinstance(refused.refusal, StorageError)


def test_what_an_acknowledged_backup_wrote_survives_a_power_loss() -> None:
    store, files = new_store()
    snapshot = back_up(store, FIRST)
    after = Store.open(ROOT, filesystem=files.after_power_loss(), clock=ticking)
    assert restored(after, after.snapshot(snapshot.id)) == FIRST
    assert after.verify().ok


@pytest.mark.parametrize("call", range(1, 58))
def test_a_creation_that_died_at_any_call_is_taken_up(call: int) -> None:
    store = created_or_opened(interrupted_creation(call).after_crash())
    assert restored(store, back_up(store, FIRST)) == FIRST
    assert store.verify().ok


@pytest.mark.parametrize("call", range(1, 50))
@pytest.mark.parametrize("disk", [MemoryFileSystem.after_crash, MemoryFileSystem.after_power_loss])
def test_a_document_is_the_old_one_or_the_new_one(
    call: int, disk: Callable[[MemoryFileSystem], MemoryFileSystem]
) -> None:
    store = Store.open(ROOT, filesystem=disk(interrupted_document(call)), clock=ticking)
    assert store.document("shop")["name"] in {"old", "new"}
    assert store.verify().ok


def test_the_calls_of_the_tests_above_are_all_there_are() -> None:
    assert Store.open(ROOT, filesystem=interrupted_creation(58), clock=ticking).verify().ok
    assert Store.open(ROOT, filesystem=interrupted_document(50), clock=ticking).document("shop")["name"] == "new"
