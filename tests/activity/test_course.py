import pytest

from codevault.activity.course import Why, failed, finished, observe, slept, started
from codevault.activity.model import Conditions, Move, Observed, Timing
from tests.activity.seen import SHOP, TIMING, at, decided, saved, standing

BATTERY = Conditions(battery=0.5)
NEARLY_EMPTY = Conditions(battery=0.05)


def test_nothing_seen_is_nothing_to_do() -> None:
    decision = decided(standing(), 1000)

    assert (decision.kind, decision.why, decision.due_ns) == ("", Why.NOTHING, None)


def test_a_save_waits_for_the_project_to_come_to_rest() -> None:
    found = standing(saved(0))

    assert decided(found, 84).kind == ""
    assert decided(found, 84).due_ns == at(85)
    assert (decided(found, 85).kind, decided(found, 85).why) == ("automatic", Why.QUIET)
    assert decided(found, 85).reason == "1 file changed"


def test_what_is_significant_is_saved_sooner() -> None:
    found = standing(saved(0), saved(1), saved(2))

    assert (decided(found, 61).kind, decided(found, 62).kind) == ("", "automatic")


def test_what_went_counts_twice() -> None:
    found = standing(saved(0), saved(1, weight=0.0, gone=1))

    assert decided(found, 61).why is Why.QUIET


def test_work_without_a_pause_is_saved_before_the_promise_is_broken() -> None:
    found = standing(*(saved(second) for second in range(0, 295, 5)))

    assert decided(found, 294).kind == ""
    assert (decided(found, 295).why, decided(found, 295).reason) == (Why.EXPOSURE, "work of 5 min was not safe yet")


def test_a_backup_that_takes_long_begins_earlier() -> None:
    slow = finished(standing(saved(0)), 60.0)
    found = observe(slow, saved(170), TIMING)

    assert decided(found, 174).kind == ""
    assert decided(found, 175).why is Why.EXPOSURE


@pytest.mark.parametrize("conditions", [BATTERY, Conditions(load=1.0)])
def test_on_battery_or_a_busy_machine_rest_has_to_be_longer_but_the_promise_stays(conditions: Conditions) -> None:
    found = standing(saved(0))
    working = standing(*(saved(second) for second in range(0, 295, 5)))

    assert (decided(found, 169, conditions).kind, decided(found, 170, conditions).why) == ("", Why.QUIET)
    assert decided(working, 295, conditions).why is Why.EXPOSURE


def test_a_battery_that_is_nearly_empty_saves_everything_soon() -> None:
    found = standing(saved(0))

    assert (decided(found, 4, NEARLY_EMPTY).kind, decided(found, 4, NEARLY_EMPTY).due_ns) == ("", at(5))
    assert decided(found, 5, NEARLY_EMPTY).reason == "the battery is at 5 %"


def test_a_commit_makes_a_milestone_after_a_moment() -> None:
    found = standing(saved(0), saved(1, files=0, changes=0, weight=0.0, within_s=0.0, moves=(Move.COMMIT,)))

    assert decided(found, 5).kind == ""
    assert (decided(found, 6).kind, decided(found, 6).why, decided(found, 6).reason) == (
        "milestone",
        Why.MARK,
        "commit",
    )


def test_a_milestone_says_all_that_happened() -> None:
    found = standing(saved(0, moves=(Move.COMMIT,)), saved(1, green=True), saved(2, moves=(Move.TAG,)))

    assert decided(found, 7).reason == "commit, tests pass again, tag"


def test_a_commit_alone_is_a_milestone_too_and_exposes_nothing() -> None:
    found = standing(Observed(project=SHOP, at_ns=0, moves=(Move.COMMIT,)))

    assert found.unsaved_since is None
    assert decided(found, 5).kind == "milestone"


def test_history_that_is_about_to_be_rewritten_is_saved_at_once() -> None:
    found = standing(saved(0, moves=(Move.ABOUT_TO_REWRITE,)))

    assert (decided(found, 0).kind, decided(found, 0).why) == ("milestone", Why.ABOUT_TO_REWRITE)


def test_a_storm_is_one_snapshot_after_it_settles() -> None:
    found = standing(*(saved(second, files=5000, hand=False) for second in range(10)))

    assert decided(found, 18).kind == ""
    assert (decided(found, 19).why, decided(found, 19).reason) == (Why.SETTLED, "50000 files changed at once")


def test_a_switch_of_branch_waits_for_its_files_to_settle() -> None:
    found = standing(saved(0, files=500, hand=False, moves=(Move.SWITCH,)))

    assert (decided(found, 9).kind, decided(found, 10).reason) == ("", "switch")


def test_what_a_program_made_waits_for_its_own_time() -> None:
    found = standing(saved(0, weight=0.0, within_s=1800.0, hand=False))

    assert decided(found, 600).kind == ""
    assert decided(found, 1795).why is Why.EXPOSURE


def test_a_session_ends_when_nobody_works_and_makes_a_milestone() -> None:
    worked = standing(saved(0), saved(600))
    safe = finished(started(worked, decided(worked, 700)), 1.0)

    assert decided(safe, 1500).kind == ""
    assert decided(safe, 1500).due_ns == at(1500) + 1
    ended = decided(safe, 1501)
    assert (ended.kind, ended.why, ended.reason) == ("milestone", Why.SESSION, "session of 10 min ended")
    assert started(safe, ended).session is None


def test_a_single_save_is_no_session_worth_a_milestone() -> None:
    safe = finished(started(standing(saved(0)), decided(standing(saved(0)), 85)), 1.0)

    assert (decided(safe, 5000).kind, decided(safe, 5000).due_ns) == ("", None)


def test_a_session_that_nobody_saw_end_is_marked_when_the_next_begins() -> None:
    found = standing(saved(0), saved(600), saved(5000))

    assert found.session == (at(5000), at(5000))
    assert "session ended" in decided(found, 5005).reason


@pytest.mark.parametrize("beat", [True, False])
def test_builds_are_no_work_but_an_editor_in_one_is(beat: bool) -> None:
    found = standing(saved(0, files=400, hand=True, beat=beat))

    assert (found.session is not None) is beat


def test_a_sleep_ends_the_session_with_its_last_work_and_catches_up_once() -> None:
    asleep = slept(standing(saved(0), saved(100)), at(200))
    caught_up = decided(asleep, 200)
    after = finished(started(asleep, caught_up), 1.0)

    assert asleep.session is None
    assert (caught_up.kind, caught_up.why) == ("milestone", Why.WOKE)
    assert decided(after, 10_000).kind == ""


def test_a_sleep_with_everything_safe_asks_for_no_catch_up() -> None:
    assert slept(standing(), at(5)).pending is None


def test_what_comes_during_a_backup_waits_for_the_next() -> None:
    first = standing(saved(0))
    running = observe(started(first, decided(first, 85)), saved(90), TIMING)

    assert decided(running, 400).why is Why.RUNNING
    assert running.unsaved_since == at(0)
    assert finished(running, 1.0).unsaved_since == at(90)


def test_a_failure_keeps_what_was_unsaved_and_is_tried_again_later_each_time() -> None:
    found = standing(saved(0), saved(1, moves=(Move.COMMIT,)))
    retries = []
    for _ in range(3):
        found = failed(started(found, decided(found, 400)), at(1000), TIMING)
        retries.append(found.retry_ns - at(1000))
    found = observe(found, saved(1001), TIMING)

    assert retries == [at(15), at(30), at(60)]
    assert (found.failures, found.unsaved_since) == (3, at(0))
    assert decided(found, 1010).why is Why.FAILED
    assert decided(found, 1060).reason.endswith("(commit)")


def test_the_pause_between_tries_has_an_end() -> None:
    found = standing(saved(0))
    for _ in range(40):
        found = failed(started(found, decided(found, 85)), 0, TIMING)

    assert found.retry_ns == at(900)


def test_a_failure_that_comes_after_more_work_merges_both() -> None:
    first = standing(saved(10))
    both = failed(observe(started(first, decided(first, 95)), saved(96, gone=1), TIMING), at(97), TIMING)

    assert both.pending is not None
    assert (both.pending.first_ns, both.pending.last_ns, both.pending.files, both.pending.gone) == (
        at(10),
        at(96),
        2,
        1,
    )


def test_making_way_is_no_failure() -> None:
    found = standing(saved(0))
    given_up = failed(started(found, decided(found, 85)), at(86), TIMING, yielded=True)

    assert (given_up.failures, given_up.retry_ns) == (0, at(87))


def test_times_are_the_owners_choice() -> None:
    found = standing(saved(0))

    assert decided(found, 3, timing=Timing(small_quiet_s=3)).why is Why.QUIET
