from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from codevault.activity.sessions import Edit, sessions
from codevault.ids import ProjectId

SECOND = 1_000_000_000
PROJECTS = st.sampled_from([ProjectId("00000000000000aa"), ProjectId("00000000000000bb")])
EDITS = st.builds(
    Edit,
    project=PROJECTS,
    at_ns=st.integers(min_value=-100 * SECOND, max_value=100 * SECOND) | st.integers(0, 100).map(SECOND.__mul__),
    path=st.sampled_from("abcdefgh"),
)
MANY = st.lists(EDITS, max_size=60)


@given(edits=MANY)
def test_every_edit_is_in_exactly_one_session(edits: list[Edit]) -> None:
    found = sessions(edits, gap_s=10, burst_files=4, burst_s=2)

    assert sum(session.edits for session in found) == len(edits)
    assert {edit.project for edit in edits} == {session.project for session in found}


@given(edits=MANY, data=st.data())
def test_the_order_of_edits_does_not_matter(edits: list[Edit], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(edits))

    assert sessions(shuffled, gap_s=10, burst_files=4, burst_s=2) == sessions(edits, gap_s=10, burst_files=4, burst_s=2)


@given(edits=MANY)
def test_sessions_of_a_project_are_more_than_a_gap_apart(edits: list[Edit]) -> None:
    found = sessions(edits, gap_s=10, burst_files=4, burst_s=2)

    for project in {edit.project for edit in edits}:
        coding = [session for session in found if session.project == project and not session.burst]
        assert all(after.start_ns - before.end_ns > 10 * SECOND for before, after in pairwise(coding))


@given(edits=MANY)
def test_an_edit_is_in_a_burst_when_some_window_around_it_is_crowded(edits: list[Edit]) -> None:
    found = sessions(edits, gap_s=10, burst_files=4, burst_s=2)
    crowded = [
        edit
        for edit in edits
        if any(
            start.at_ns <= edit.at_ns <= start.at_ns + 2 * SECOND
            and len(
                {
                    other.path
                    for other in edits
                    if other.project == edit.project and start.at_ns <= other.at_ns <= start.at_ns + 2 * SECOND
                }
            )
            >= 4
            for start in edits
            if start.project == edit.project
        )
    ]

    expected = Counter(edit.project for edit in crowded)
    assert sum((Counter({s.project: s.edits}) for s in found if s.burst), Counter()) == expected


@given(edits=MANY)
def test_without_bursts_no_pause_within_a_session_is_longer_than_the_gap(edits: list[Edit]) -> None:
    for session in sessions(edits, gap_s=10, burst_files=1000):
        instants = sorted(
            edit.at_ns
            for edit in edits
            if edit.project == session.project and session.start_ns <= edit.at_ns <= session.end_ns
        )
        assert all(after - before <= 10 * SECOND for before, after in pairwise(instants))
        assert (instants[0], instants[-1], len(instants)) == (session.start_ns, session.end_ns, session.edits)
