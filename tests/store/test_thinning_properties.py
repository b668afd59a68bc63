"""Retention, whatever its rules: never everything, never below the floor, and never less for a larger count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.errors import InvalidArgument
from codevault.store.model import Snapshot
from codevault.store.thinning import DAY_NS, Retention, UndoWindow, judge
from tests.store.test_thinning import point

RULES = ("newest", "hourly", "daily", "weekly", "monthly", "yearly", "branches")
unhurried = settings(deadline=None, max_examples=40)
counts = st.integers(min_value=1, max_value=9)
rules = st.dictionaries(st.sampled_from(RULES), counts, min_size=1)
retentions = st.builds(
    lambda chosen, floor, milestones, manual: Retention(**chosen, floor=floor, milestones=milestones, manual=manual),
    rules,
    counts,
    st.none() | counts,
    st.booleans(),
)
times = st.integers(min_value=-(2**62), max_value=2**62) | st.integers(min_value=0, max_value=9).map(
    lambda n: n * DAY_NS
)
points = st.tuples(times, st.sampled_from(["manual", "automatic", "milestone"]), st.sampled_from(["main", "next"]))
histories = st.lists(points, min_size=1, max_size=20).map(
    lambda found: [point(at, when, kind, branch=branch) for at, (when, kind, branch) in enumerate(found, 1)]
)


def kept(history: list[Snapshot], retention: Retention) -> set[int]:
    """The sequences that stay."""
    return {one.snapshot.sequence for one in judge(history, retention) if one.keep}


@unhurried
@given(histories, retentions)
def test_the_newest_and_the_floor_always_stay(history: list[Snapshot], retention: Retention) -> None:
    assert kept(history, retention) >= {snapshot.sequence for snapshot in history[-retention.floor :]}


@unhurried
@given(histories, retentions)
def test_every_snapshot_is_judged_once_with_a_reason(history: list[Snapshot], retention: Retention) -> None:
    judged = judge(history, retention)
    assert [one.snapshot for one in judged] == history
    assert all(one.reasons for one in judged)


@unhurried
@given(histories, retentions, st.sampled_from((*RULES, "floor")))
def test_a_larger_count_never_keeps_less(history: list[Snapshot], retention: Retention, rule: str) -> None:
    more = Retention.of(retention.rules() | {rule: (getattr(retention, rule) or 0) + 1})
    assert kept(history, more) >= kept(history, retention)


@unhurried
@given(histories, retentions)
def test_what_was_thinned_once_leaves_nothing_to_thin(history: list[Snapshot], retention: Retention) -> None:
    left = kept(history, retention)
    assert kept([snapshot for snapshot in history if snapshot.sequence in left], retention) == left


@unhurried
@given(histories, retentions, st.data())
def test_a_milestone_stays_where_an_automatic_snapshot_does(
    history: list[Snapshot], retention: Retention, data: st.DataObject
) -> None:
    at = data.draw(st.integers(min_value=0, max_value=len(history) - 1))
    plain = [*history[:at], replace(history[at], kind="automatic"), *history[at + 1 :]]
    marked = [*history[:at], replace(history[at], kind="milestone"), *history[at + 1 :]]
    if history[at].sequence in kept(plain, retention):
        assert history[at].sequence in kept(marked, retention)


@unhurried
@given(
    st.dictionaries(
        st.sampled_from((*RULES, "floor", "milestones", "manual", "pinned", "undo", "keep")),
        st.none() | st.integers(max_value=0) | st.booleans() | st.text(max_size=3) | st.floats(),
    )
)
def test_settings_without_a_sound_count_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument):
        Retention.of(rules)


@unhurried
@given(retentions, st.integers(min_value=0, max_value=99), st.integers(min_value=0, max_value=99))
def test_a_retention_survives_being_written_down(retention: Retention, generations: int, days: int) -> None:
    windowed = replace(retention, undo=UndoWindow(generations, days))
    assert Retention.of(windowed.rules()) == windowed
