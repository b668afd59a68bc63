"""Compacting, put to every kind of fault at every one of its calls: see the oracle for what must hold."""

from __future__ import annotations

import pytest

from codevault.store.pack import FrameKind
from codevault.store.store import Store
from tests.store.compact_scenes import history, kinds
from tests.store.oracle import KINDS, Kind, Operation, assert_survives_at_every_call
from tests.store.scenes import ROOT, ticking

HISTORY = history(3)
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


def _compact(store: Store) -> None:
    store.housekeeping.compact()


def _nothing_is_held_twice(store: Store) -> None:
    with store.turn() as turn:
        found = [place.blob for place in turn.state.catalog]
    assert sorted(found) == sorted(set(found))


COMPACT = Operation(before=HISTORY, act=_compact, finished=_nothing_is_held_twice)


def test_the_vault_of_these_tests_has_every_kind_of_frame_before_and_after() -> None:
    files = HISTORY.after_crash()
    assert kinds(files) == set(FrameKind)
    done = Store.open(ROOT, filesystem=files, clock=ticking).housekeeping.compact()
    assert kinds(files) == set(FrameKind)
    assert done.after < done.before
    assert done.removed


def test_compacting_survives_the_death_of_the_process_at_every_seventh_call() -> None:
    assert assert_survives_at_every_call(COMPACT, KINDS["dies"], stride=7) > 20


@every_kind
def test_compacting_survives_every_kind_of_fault_at_many_calls(kind: Kind) -> None:
    assert assert_survives_at_every_call(COMPACT, kind, stride=41, first=7)


@pytest.mark.scale
@every_kind
def test_compacting_survives_every_kind_of_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(COMPACT, kind) > 50
