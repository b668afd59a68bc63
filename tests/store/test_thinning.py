"""Which snapshots thinning keeps, and what freezes it."""

from __future__ import annotations

from typing import Any

import pytest

from codevault.errors import InvalidArgument
from codevault.ids import BlobId, SnapshotId
from codevault.store.model import Snapshot
from codevault.store.thinning import (
    DAY_NS,
    STANDARD,
    Retention,
    Turnover,
    UndoWindow,
    change_suspicion,
    civil,
    clock_suspicions,
    judge,
)
from tests.store.scenes import SHOP

HOUR_NS = DAY_NS // 24
BEGIN = 20_000 * DAY_NS + 10 * HOUR_NS  # 2024-10-04 10:00


def point(sequence: int, created_ns: int = BEGIN, kind: str = "automatic", **facts: Any) -> Snapshot:
    """A snapshot of which only order, time, kind and facts matter."""
    return Snapshot(
        id=SnapshotId(f"{sequence:064x}"),
        project=SHOP,
        sequence=sequence,
        parent=None,
        manifest=BlobId("ab" * 32),
        created_ns=created_ns,
        utc_offset_s=0,
        reason="",
        kind=kind,
        facts=facts,
    )


def kept(snapshots: list[Snapshot], **rules: Any) -> list[int]:
    """The sequences that a retention with a floor of one keeps."""
    judged = judge(snapshots, Retention(**{"floor": 1, **rules}))
    return [one.snapshot.sequence for one in judged if one.keep]


def daily(count: int, step_ns: int = DAY_NS) -> list[Snapshot]:
    """Automatic snapshots, one a step."""
    return [point(number, BEGIN + number * step_ns) for number in range(1, count + 1)]


def test_the_newest_so_many_are_kept() -> None:
    assert kept(daily(9), newest=3) == [7, 8, 9]


@pytest.mark.parametrize(
    ("rule", "step_ns", "expected"),
    [
        ("hourly", HOUR_NS // 2, [7, 9, 10]),
        ("daily", DAY_NS // 2, [7, 9, 10]),
        ("weekly", 2 * DAY_NS, [4, 8, 10]),
        ("monthly", 10 * DAY_NS, [5, 8, 10]),
        ("yearly", 200 * DAY_NS, [7, 9, 10]),
    ],
)
def test_the_last_of_each_period_is_kept(rule: str, step_ns: int, expected: list[int]) -> None:
    assert kept(daily(10, step_ns), **{rule: 3}) == expected


def test_a_long_holiday_costs_nothing() -> None:
    history = [*daily(5), point(6, BEGIN + 700 * DAY_NS)]
    assert kept(history, daily=6) == [1, 2, 3, 4, 5, 6]


def test_snapshots_are_ordered_by_sequence_whatever_their_times() -> None:
    history = [point(1, BEGIN + 900 * DAY_NS), point(2, BEGIN), point(3, 0)]
    assert kept(history, newest=1) == [3]


def test_what_was_asked_for_by_hand_stays_unless_it_is_asked_for_again() -> None:
    history = [point(1, kind="manual"), *daily(5)[1:]]
    assert kept(history, newest=1) == [1, 5]
    assert kept(history, newest=1, manual=True) == [5]


def test_milestones_outlive_automatic_snapshots() -> None:
    history = [point(1, kind="milestone"), point(2), point(3, kind="milestone"), point(4), point(5)]
    assert kept(history, newest=1) == [1, 3, 5]
    assert kept(history, newest=1, milestones=1) == [3, 5]


def test_the_last_snapshot_of_each_branch_last_worked_on_is_kept() -> None:
    history = [point(n, branch=name) for n, name in enumerate(["a", "b", "c", "c", "b", "main"], 1)]
    assert kept(history, branches=3) == [4, 5, 6]


def test_pinned_snapshots_stay() -> None:
    assert kept(daily(5), newest=1, pinned=(SnapshotId(f"{2:064x}"),)) == [2, 5]


def test_the_floor_stays_whatever_the_rules_say() -> None:
    assert kept(daily(9), newest=1, floor=4) == [6, 7, 8, 9]


def test_each_judgement_has_its_reasons() -> None:
    first, second = judge([point(1), point(2)], Retention(newest=1, yearly=1, floor=1))
    assert (first.keep, first.reasons) == (False, ("no rule keeps it",))
    assert second.reasons == ("one of the last 1: the floor", "one of the last 1", "last of its year")


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"newest": 0},
        {"daily": -1},
        {"weekly": True},
        {"hourly": "3"},
        {"monthly": 1.5},
        {"newest": 1, "floor": 0},
        {"newest": 1, "milestones": 0},
        {"newest": 1, "manual": 1},
        {"newest": 1, "undo": 7},
        {"newest": 1, "pinned": ["ab"]},
        {"milestones": 3},
        {"floor": 3},
    ],
)
def test_a_retention_that_could_mean_delete_all_is_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Retention(**rules)


@pytest.mark.parametrize(
    "settings",
    [{}, {"newst": 3}, {"newest": 3, "tag": "release"}, {"newest": 3, "undo": {"hours": 1}}, {"newest": None}],
)
def test_settings_that_are_empty_or_misspelt_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Retention.of(settings)


def test_settings_become_a_retention_and_back() -> None:
    settings = {"newest": 3, "pinned": ["ab" * 32], "undo": {"generations": 2, "days": 1}, "manual": True, "floor": 2}
    retention = Retention.of(settings)
    assert retention.undo == UndoWindow(2, 1)
    assert retention.pinned == (SnapshotId("ab" * 32),)
    assert retention.rules() == settings
    assert Retention.of(STANDARD.rules()) == STANDARD


@pytest.mark.parametrize("window", [(-1, 0), (0, -1), (True, 0), (1, "2")])
def test_an_undo_window_counts_upwards(window: tuple[Any, Any]) -> None:
    with pytest.raises(InvalidArgument):
        UndoWindow(*window)


@pytest.mark.parametrize(
    ("days", "month"),
    [(0, (1970, 1)), (59, (1970, 3)), (-1, (1969, 12)), (11_016, (2000, 2)), (20_454, (2026, 1)), (10**7, (29349, 1))],
)
def test_days_become_months_however_far_away(days: int, month: tuple[int, int]) -> None:
    assert civil(days) == month


def test_a_clock_that_runs_is_not_suspected() -> None:
    history = daily(5)
    assert clock_suspicions(history, history[-1].created_ns) == ()
    assert clock_suspicions(history, history[-1].created_ns + 3000 * DAY_NS) == ()
    assert clock_suspicions([], 0) == ()


@pytest.mark.parametrize(
    ("times", "now", "word"),
    [
        ([0, 10, 9], 10, "backwards"),
        ([0, 10, 5, 6], 10, "backwards"),
        ([0, 10, 11], 10, "after the present"),
        ([0, 1, 500], 500, "jumped"),
    ],
)
def test_a_clock_that_jumped_is_suspected(times: list[int], now: int, word: str) -> None:
    history = [point(number, BEGIN + day * DAY_NS) for number, day in enumerate(times, 1)]
    assert any(word in why for why in clock_suspicions(history, BEGIN + now * DAY_NS))


@pytest.mark.parametrize(
    ("turnover", "word"),
    [
        (Turnover(before=100, now=100, gone=80, novel=80), "replaced"),
        (Turnover(before=100, now=20, gone=80, novel=0), "lost"),
        (Turnover(before=30, now=0, gone=30, novel=0), "lost"),
    ],
)
def test_a_mass_change_is_suspected(turnover: Turnover, word: str) -> None:
    assert word in (change_suspicion(point(2), turnover) or "")


@pytest.mark.parametrize(
    "turnover",
    [
        Turnover(before=100, now=100, gone=80, novel=0),
        Turnover(before=30, now=1000, gone=0, novel=970),
        Turnover(before=10, now=0, gone=10, novel=0),
        Turnover(before=100, now=100, gone=30, novel=30),
    ],
    ids=["another branch", "an import", "a small project", "a busy day"],
)
def test_work_is_not_suspected(turnover: Turnover) -> None:
    assert change_suspicion(point(2), turnover) is None


def test_what_was_left_to_bundles_is_not_taken_for_lost() -> None:
    lost = Turnover(before=100, now=20, gone=80, novel=0)

    assert change_suspicion(point(2, left_out=60), lost) is None
    assert change_suspicion(point(2, left_out=10), lost) is not None


def test_a_snapshot_marked_when_it_was_made_stays_suspected() -> None:
    assert "suspect" in (change_suspicion(point(2, suspect=True), Turnover(before=1, now=1, gone=0, novel=0)) or "")
