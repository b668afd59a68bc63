"""Prune and undo, put to every kind of fault at every one of their calls: see the oracle for what must hold."""

from __future__ import annotations

import pytest

from codevault.ids import BlobId, SnapshotId
from codevault.store.keepsakes import Span
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.oracle import KINDS, Kind, Operation, assert_survives_at_every_call
from tests.store.scenes import (
    EDITED,
    FIRST,
    LIBRARY,
    ROOT,
    SHOP,
    SOURCE,
    back_up,
    draft,
    file_entry,
    new_store,
    restored,
    ticking,
)

TWIN = b"".join(b"def twin_%d(x):\n    return x + %d\n\n" % (n, n) for n in range(150))
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
LATER = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(3, 0))


def _history() -> tuple[MemoryFileSystem, SnapshotId, SnapshotId]:
    """Three snapshots: the first has a pack of its own, the second shares one of differences with the last."""
    store, files = new_store()
    with store.writer() as writer:
        old = writer.add(b"only the first snapshot holds this\n" * 40, path="old.txt")
        writer.flush()
        both = [writer.add(content, path=path) for path, content in (("main.py", SOURCE), ("twin.py", TWIN))]
        entries = [file_entry("main.py", both[0], len(SOURCE)), file_entry("twin.py", both[1], len(TWIN))]
        first = writer.commit(draft(), [*entries, file_entry("old.txt", old, 1400)])
    second = back_up(store, {"main.py": EDITED, "twin.py": TWIN.replace(b"x + 5\n", b"x - 5\n")})
    back_up(store, {"main.py": EDITED, "twin.py": TWIN})
    back_up(store, FIRST, LIBRARY)
    return files, first.id, second.id


HISTORY, FIRST_ID, SECOND_ID = _history()
KEPT = tuple(snapshot.id for snapshot in Store.open(ROOT, filesystem=HISTORY).snapshots()[2:])


def _prune(store: Store, retention: Retention) -> None:
    house = store.housekeeping
    house.prune(house.plan(retention, share=0.0))


def _prune_at_once(store: Store) -> None:
    _prune(store, AT_ONCE)


def _prune_with_a_window(store: Store) -> None:
    _prune(store, LATER)


def _only_the_kept_are_left(store: Store) -> None:
    assert {snapshot.id for snapshot in store.snapshots()} == set(KEPT)


def _the_thinned_can_be_put_back(store: Store) -> None:
    _only_the_kept_are_left(store)
    assert {snapshot.id for snapshot in store.housekeeping.thinned()} == {FIRST_ID, SECOND_ID}


def _thinned() -> MemoryFileSystem:
    files = HISTORY.after_crash()
    _prune_with_a_window(Store.open(ROOT, filesystem=files, clock=ticking))
    return files


def _undo(store: Store) -> None:
    store.housekeeping.undo([FIRST_ID, SECOND_ID])


def _both_are_back(store: Store) -> None:
    assert len(store.snapshots(SHOP)) == 3
    assert b"x - 5\n" in restored(store, store.snapshot(SECOND_ID))["twin.py"]
    assert store.housekeeping.thinned() == ()


def _keep_a_span(store: Store) -> None:
    span = Span(blob=BlobId(hash_of(SOURCE)), start=0, length=40, project=SHOP, path="main.py", label="function_0")
    store.housekeeping.keep([span])


def _the_span_is_kept(store: Store) -> None:
    (kept,) = store.housekeeping.keepsakes(SHOP)
    assert store.read(kept.text) == SOURCE[:40]


PRUNE = Operation(before=HISTORY, act=_prune_at_once, keeps=KEPT, finished=_only_the_kept_are_left)
THIN = Operation(before=HISTORY, act=_prune_with_a_window, keeps=KEPT, finished=_the_thinned_can_be_put_back)
UNDO = Operation(before=_thinned(), act=_undo, finished=_both_are_back)
KEEP = Operation(before=HISTORY, act=_keep_a_span, finished=_the_span_is_kept)


def test_the_prune_of_these_tests_drops_packs_and_writes_others_anew() -> None:
    store = Store.open(ROOT, filesystem=HISTORY.after_crash(), clock=ticking)
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    assert plan.drop
    assert plan.rewrite
    assert {snapshot.id for snapshot in plan.expire} == {FIRST_ID, SECOND_ID}


@pytest.mark.parametrize("operation", [PRUNE, UNDO], ids=["prune", "undo"])
def test_survives_the_death_of_the_process_at_every_call(operation: Operation) -> None:
    assert assert_survives_at_every_call(operation, KINDS["dies"]) > 50


@pytest.mark.parametrize("operation", [PRUNE, THIN, UNDO, KEEP], ids=["prune", "thin", "undo", "keep"])
@every_kind
def test_survives_every_kind_of_fault_at_many_calls(operation: Operation, kind: Kind) -> None:
    assert assert_survives_at_every_call(operation, kind, stride=67, first=7)


@pytest.mark.parametrize("operation", [PRUNE, THIN], ids=["prune", "thin"])
def test_a_full_disk_half_way_through_deleting_takes_no_way_back(operation: Operation) -> None:
    assert assert_survives_at_every_call(operation, KINDS["full once"], stride=3, first=90) > 20


@pytest.mark.scale
@pytest.mark.parametrize("operation", [PRUNE, THIN, UNDO, KEEP], ids=["prune", "thin", "undo", "keep"])
@every_kind
def test_survives_every_kind_of_fault_at_every_call(operation: Operation, kind: Kind) -> None:
    assert assert_survives_at_every_call(operation, kind) > 50
