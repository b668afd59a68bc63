import pytest

from codevault.activity.sessions import Edit, Session, sessions
from codevault.errors import InvalidArgument
from codevault.ids import ProjectId

SHOP = ProjectId("00000000000000aa")
BLOG = ProjectId("00000000000000bb")
SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def edit(at_ns: int, path: str = "a.py", project: ProjectId = SHOP) -> Edit:
    return Edit(project=project, at_ns=at_ns, path=path)


def checkout(at_ns: int, files: int = 200) -> list[Edit]:
    return [edit(at_ns + number * 1_000_000, f"gen/{number:04}") for number in range(files)]


def spans(found: tuple[Session, ...]) -> list[tuple[int, int, bool]]:
    return [(session.start_ns, session.end_ns, session.burst) for session in found]


def test_no_edits_are_no_sessions() -> None:
    assert sessions([]) == ()


def test_edits_a_few_minutes_apart_are_one_session() -> None:
    found = sessions([edit(0, "b.py"), edit(5 * MINUTE, "a.py"), edit(12 * MINUTE, "b.py")])

    assert found == (Session(project=SHOP, start_ns=0, end_ns=12 * MINUTE, paths=("a.py", "b.py"), edits=3),)
    assert (found[0].duration_s, found[0].files) == (720.0, 2)


def test_a_pause_of_exactly_the_gap_does_not_end_a_session() -> None:
    assert spans(sessions([edit(0), edit(15 * MINUTE)])) == [(0, 15 * MINUTE, False)]


def test_a_longer_pause_ends_it_at_the_last_edit() -> None:
    assert spans(sessions([edit(0), edit(MINUTE), edit(16 * MINUTE + 1)])) == [
        (0, MINUTE, False),
        (16 * MINUTE + 1, 16 * MINUTE + 1, False),
    ]


def test_the_gap_is_the_callers_choice() -> None:
    assert len(sessions([edit(0), edit(MINUTE)], gap_s=59.5)) == 2


def test_a_single_edit_is_a_session_of_no_length() -> None:
    assert sessions([edit(7)])[0].duration_s == 0.0


def test_projects_have_sessions_of_their_own() -> None:
    found = sessions([edit(0), edit(MINUTE, project=BLOG), edit(20 * MINUTE, project=BLOG), edit(10 * MINUTE)])

    assert [(session.project, session.start_ns, session.end_ns) for session in found] == [
        (SHOP, 0, 10 * MINUTE),
        (BLOG, MINUTE, MINUTE),
        (BLOG, 20 * MINUTE, 20 * MINUTE),
    ]


def test_late_edits_find_their_place() -> None:
    assert sessions([edit(20 * MINUTE), edit(0), edit(10 * MINUTE)]) == sessions(
        [edit(0), edit(10 * MINUTE), edit(20 * MINUTE)]
    )


def test_a_checkout_is_a_burst_and_no_coding() -> None:
    found = sessions(checkout(0))

    assert spans(found) == [(0, 199_000_000, True)]
    assert (found[0].files, found[0].edits) == (200, 200)


def test_a_burst_does_not_extend_a_session() -> None:
    found = sessions([edit(0), edit(MINUTE), *checkout(10 * MINUTE)])

    assert spans(found) == [(0, MINUTE, False), (10 * MINUTE, 10 * MINUTE + 199_000_000, True)]


def test_a_burst_does_not_join_two_sessions() -> None:
    found = sessions([edit(0), *checkout(10 * MINUTE), edit(20 * MINUTE)])

    assert spans(found) == [
        (0, 0, False),
        (10 * MINUTE, 10 * MINUTE + 199_000_000, True),
        (20 * MINUTE, 20 * MINUTE, False),
    ]


def test_a_session_goes_on_over_a_burst() -> None:
    found = sessions([edit(0), *checkout(5 * MINUTE), edit(10 * MINUTE)])

    assert spans(found) == [(0, 10 * MINUTE, False), (5 * MINUTE, 5 * MINUTE + 199_000_000, True)]


def test_a_sleep_ends_a_session_with_its_last_edit() -> None:
    edits = [edit(0), edit(MINUTE), edit(3 * MINUTE), edit(4 * MINUTE)]

    assert spans(sessions(edits, suspends=[2 * MINUTE])) == [(0, MINUTE, False), (3 * MINUTE, 4 * MINUTE, False)]
    assert spans(sessions(edits, suspends=[-1, 5 * MINUTE])) == [(0, 4 * MINUTE, False)]


def test_two_builds_are_two_bursts() -> None:
    assert spans(sessions([*checkout(0), *checkout(MINUTE)])) == [
        (0, 199_000_000, True),
        (MINUTE, MINUTE + 199_000_000, True),
    ]


def test_saving_one_file_very_often_is_no_burst() -> None:
    assert spans(sessions([edit(number) for number in range(500)])) == [(0, 499, False)]


def test_a_burst_begins_with_the_threshold() -> None:
    below = sessions(checkout(0, files=49))
    at = sessions(checkout(0, files=50))

    assert [session.burst for session in (*below, *at)] == [False, True]


def test_thresholds_of_a_burst_are_the_callers_choice() -> None:
    edits = [edit(0, "a"), edit(SECOND, "b"), edit(3 * SECOND, "c")]

    assert [session.burst for session in sessions(edits, burst_files=2, burst_s=1)] == [True, False]
    assert [session.burst for session in sessions(edits, burst_files=3, burst_s=3)] == [True]
    assert [session.burst for session in sessions(edits, burst_files=2, burst_s=0)] == [False]


@pytest.mark.parametrize("gap_s", [0, -1, float("nan"), float("inf")])
def test_refuses_a_gap_that_means_nothing(gap_s: float) -> None:
    with pytest.raises(InvalidArgument, match="gap_s"):
        sessions([], gap_s=gap_s)


def test_refuses_a_burst_that_means_nothing() -> None:
    with pytest.raises(InvalidArgument, match="burst_s"):
        sessions([], burst_s=-1)
    with pytest.raises(InvalidArgument, match="burst_files"):
        sessions([], burst_files=1)
