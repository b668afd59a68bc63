"""How much processor time background work may take."""

from __future__ import annotations

import pytest

from codevault.allowance import MOST_SAVED, Allowance
from codevault.errors import InvalidArgument


class Clock:
    """Stands for time: moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_work_begins_at_once(clock: Clock) -> None:
    assert not Allowance(0.05, clock=clock).exhausted


def test_what_was_spent_is_earned_back_at_the_rate_of_the_share(clock: Clock) -> None:
    allowance = Allowance(0.25, clock=clock)
    allowance.spend(0.25 * MOST_SAVED + 1.0)
    clock.now += 3.9
    assert allowance.exhausted
    clock.now += 0.2
    assert not allowance.exhausted
    assert allowance.spent == pytest.approx(1.5)


def test_a_long_rest_is_no_licence_for_a_long_run(clock: Clock) -> None:
    allowance = Allowance(0.5, clock=clock)
    clock.now += 3600
    assert not allowance.exhausted
    allowance.spend(0.5 * MOST_SAVED)
    assert allowance.exhausted


def test_more_than_one_processor_is_a_share_too(clock: Clock) -> None:
    allowance = Allowance(2, clock=clock)
    allowance.spend(2 * MOST_SAVED + 2.0)
    clock.now += 1.1
    assert not allowance.exhausted


@pytest.mark.parametrize("share", [0, -1.0, "half", None])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InvalidArgument, match="above 0"):
        Allowance(share)


def test_the_clock_of_the_system_is_the_default() -> None:
    assert not Allowance(1.0).exhausted
