from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.activity.model import Conditions, Move, Observed
from codevault.activity.planning import Planning, replay
from tests.activity.seen import BLOG, SHOP, TIMING, at

SETTINGS = settings(max_examples=60, deadline=None)
SEEN = st.builds(
    Observed,
    project=st.sampled_from([SHOP, BLOG]),
    at_ns=st.integers(0, 3600).map(at),
    files=st.integers(0, 300),
    changes=st.integers(1, 300),
    gone=st.integers(0, 3),
    weight=st.floats(0, 10),
    within_s=st.sampled_from([300.0, 1800.0]),
    hand=st.booleans(),
    beat=st.booleans(),
    lost=st.booleans(),
    green=st.booleans(),
    moves=st.lists(st.sampled_from(Move), max_size=2).map(tuple),
)
CONDITIONS = st.builds(Conditions, battery=st.none() | st.floats(0, 1), load=st.sampled_from([0.0, 0.5, 2.0]))


def lived(seen: Sequence[Observed], conditions: Conditions) -> tuple[list[float], list[bytes]]:
    """Lets hours go by, backups taking no time: the exposure whenever something may have changed it, and the log."""
    log: list[bytes] = []
    planning = Planning(TIMING, log=log.append)
    waiting = sorted(seen, key=lambda each: each.at_ns, reverse=True)
    exposures, now = [0.0], 0
    while waiting or planning.due(now, conditions) is not None:
        dues = [waiting[-1].at_ns] if waiting else []
        due = planning.due(now, conditions)
        now = max(now, min([*dues, *([due] if due is not None else [])]))
        while waiting and waiting[-1].at_ns <= now:
            planning.observe(waiting.pop())
        exposures.append(planning.exposure_s(now))
        while (decision := planning.next(now, conditions)) is not None:
            planning.started(decision, conditions)
            planning.finished(decision.project, 0.5)
    exposures.append(planning.exposure_s(now))
    return exposures, log


@SETTINGS
@given(seen=st.lists(SEEN.filter(lambda each: each.within_s == 300.0), max_size=25), conditions=CONDITIONS)
def test_nothing_a_person_wrote_is_ever_exposed_for_longer_than_promised(
    seen: list[Observed], conditions: Conditions
) -> None:
    exposures, _ = lived(seen, conditions)

    assert max(exposures) <= TIMING.exposure_s


@SETTINGS
@given(seen=st.lists(SEEN, max_size=25), conditions=CONDITIONS)
def test_in_the_end_everything_is_safe(seen: list[Observed], conditions: Conditions) -> None:
    exposures, _ = lived(seen, conditions)

    assert exposures[-1] == 0.0


@SETTINGS
@given(seen=st.lists(SEEN, max_size=25), conditions=CONDITIONS)
def test_every_decision_can_be_had_again_from_the_log(seen: list[Observed], conditions: Conditions) -> None:
    _, log = lived(seen, conditions)

    replayed = replay(log)

    assert replayed.different == ()
    assert len(replayed.decisions) == sum(b'"what":"started"' in line for line in log)


@SETTINGS
@given(seen=st.lists(SEEN, max_size=25), conditions=CONDITIONS)
def test_one_project_is_never_backed_up_twice_for_the_same_change(seen: list[Observed], conditions: Conditions) -> None:
    _, log = lived(seen, conditions)
    decisions = replay(log).decisions

    automatic = [each for each in decisions if each.kind == "automatic" and each.project == SHOP]
    changes = [each.at_ns for each in seen if each.project == SHOP]
    assert all(any(a.at_ns < change <= b.at_ns for change in changes) for a, b in pairwise(automatic))
