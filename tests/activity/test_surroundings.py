import time
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.activity.model import Conditions, MemorySource, Move, Signal, SignalKind, Watched
from codevault.activity.moves import RepositoryMoves, move_of, moves_between
from codevault.activity.surroundings import Programs, SleepWatch, TestResults, conditions, running
from codevault.errors import StorageError, VaultBusy
from codevault.ids import ProjectId
from codevault.spool import HookEvent, HookEvents
from codevault.vcs.model import RepositoryFacts, System
from tests.activity.seen import BLOG, SHOP, at, signal

MAIN = RepositoryFacts(system=System.GIT, branch="main", head="a" * 40)


class Hooks:
    """What hooks told, once."""

    def __init__(self) -> None:
        self.told = HookEvents()
        self.error: Exception | None = None

    def __call__(self, known: Collection[ProjectId]) -> HookEvents:  # noqa: ARG002 - as the real one is asked
        if self.error is not None:
            raise self.error
        told, self.told = self.told, HookEvents()
        return told


@pytest.fixture
def hooks() -> Hooks:
    return Hooks()


@pytest.fixture
def facts() -> dict[str, RepositoryFacts | None]:
    return {"/shop": MAIN}


@pytest.fixture
def moves(hooks: Hooks, facts: dict[str, RepositoryFacts | None]) -> RepositoryMoves:
    made = RepositoryMoves(hooks, facts=lambda root: facts[root.as_posix()])
    made.watch([Watched(project=SHOP, root="/shop")])
    return made


def words(signals: Iterable[Signal]) -> list[str]:
    return [signal.word or str(signal.kind) for signal in signals]


def test_where_a_repository_stands_says_what_it_did() -> None:
    after = {
        "nothing": MAIN,
        "commit": replace(MAIN, head="b" * 40),
        "switch": replace(MAIN, branch="other", head="b" * 40),
        "detached": replace(MAIN, branch="", detached=True),
        "rebasing": replace(MAIN, in_progress="rebase"),
        "another system": replace(MAIN, system=System.HG),
        "gone": None,
    }

    assert {name: list(moves_between(MAIN, facts)) for name, facts in after.items()} == {
        "nothing": [],
        "commit": [Move.COMMIT],
        "switch": [Move.SWITCH],
        "detached": [Move.SWITCH],
        "rebasing": [],
        "another system": [],
        "gone": [],
    }


def test_the_end_of_a_rebase_or_a_merge_is_one_move() -> None:
    rebasing, merging = (replace(MAIN, in_progress=word) for word in ("rebase", "merge"))
    after = replace(MAIN, head="b" * 40)

    assert [*moves_between(rebasing, after), *moves_between(merging, after)] == [Move.REWRITE, Move.MERGE]


def test_a_marked_repository_is_looked_at_at_once_and_every_one_now_and_then(
    moves: RepositoryMoves, facts: dict[str, RepositoryFacts | None]
) -> None:
    moves.poll(0)
    facts["/shop"] = replace(MAIN, head="b" * 40)
    assert moves.poll(at(1)) == []
    moves.look(SHOP)
    assert words(moves.poll(at(2))) == ["commit"]

    facts["/shop"] = replace(MAIN, branch="other")
    assert words(moves.poll(at(61))) == ["switch"]


def test_hooks_are_believed_and_looked_after(
    moves: RepositoryMoves, hooks: Hooks, facts: dict[str, RepositoryFacts | None]
) -> None:
    hooks.told = HookEvents(
        events=(
            HookEvent(project=SHOP, hook="pre-rebase"),
            HookEvent(project=SHOP, hook="reference-transaction", word="committed"),
        ),
        lost=True,
        foreign=3,
    )

    assert words(moves.poll(0)) == ["about to rewrite", "lost"]
    assert moves.state().refused == 3


def test_a_hook_that_only_says_that_something_moved_is_no_move() -> None:
    assert move_of(HookEvent(project=SHOP, hook="reference-transaction")) is None


def test_a_spool_that_somebody_else_takes_is_no_trouble_and_one_that_cannot_be_read_is(
    moves: RepositoryMoves, hooks: Hooks
) -> None:
    hooks.error = VaultBusy("taken", Path("x"))
    moves.poll(0)
    assert moves.state().wrong == ""

    hooks.error = StorageError(Path("spool"), OSError(5, "Input/output error"))
    moves.poll(1)
    assert "cannot be read" in moves.state().wrong
    moves.close()


def test_programs_at_work_in_a_project_are_told_when_they_begin_and_end() -> None:
    seen = [("make", "/shop/src"), ("vim", "/shop"), ("make", "/elsewhere")]
    programs = Programs(lambda: seen)
    programs.watch([Watched(project=SHOP, root="/shop")])

    assert words(programs.poll(0)) == ["build"]
    assert programs.state().watches == 1
    seen.clear()
    assert programs.poll(at(1)) == ()
    assert [(s.kind, s.word) for s in programs.poll(at(30))] == [(SignalKind.RUNNING, "")]
    programs.close()


def test_a_system_that_hides_its_processes_is_said() -> None:
    def hidden() -> Iterable[tuple[str, str]]:
        raise PermissionError("no")

    programs = Programs(hidden)
    programs.poll(0)

    assert "cannot be listed" in programs.state().wrong


def test_this_users_processes_can_be_listed() -> None:
    assert all(name and isinstance(folder, str) for name, folder in running())


@pytest.mark.parametrize("content", ["{}", "not json", None])
def test_tests_that_failed_and_pass_again_are_told(tmp_path: Path, content: str | None) -> None:
    failed = tmp_path / ".pytest_cache" / "v" / "cache" / "lastfailed"
    failed.parent.mkdir(parents=True)
    failed.write_text('{"tests/test_a.py::test_b": true}')
    results = TestResults()
    results.watch([Watched(project=SHOP, root=str(tmp_path)), Watched(project=BLOG, root=str(tmp_path / "gone"))])

    assert (results.poll(0), results.state().watches) == ([], 1)
    failed.unlink() if content is None else failed.write_text(content)
    assert results.poll(at(1)) == ()
    assert [(s.project, s.kind) for s in results.poll(at(6))] == [(SHOP, SignalKind.GREEN)]
    results.close()


def test_a_sleep_is_told_once_by_the_clock_that_went_on() -> None:
    clocks = {"awake": 0.0, "always": 100.0}
    sleep = SleepWatch(lambda: clocks["awake"], lambda: clocks["always"])
    clocks.update(awake=5.0, always=105.1)
    quarter = sleep.slept()
    clocks.update(awake=6.0, always=3706.0)

    assert (quarter, round(sleep.slept()), sleep.slept()) == (0.0, 3600, 0.0)


def test_a_wall_clock_that_is_set_back_is_no_sleep() -> None:
    clocks = {"awake": 0.0, "always": 1e9}
    sleep = SleepWatch(lambda: clocks["awake"], lambda: clocks["always"])
    clocks.update(awake=1.0, always=0.0)

    assert sleep.slept() == 0.0


def test_this_machine_says_how_it_is() -> None:
    found = conditions()

    assert isinstance(found, Conditions)
    assert found.load >= 0
    assert SleepWatch(time.monotonic).slept() == 0.0


def test_a_source_in_memory_tells_what_it_was_told_of_projects_it_watches() -> None:
    source = MemorySource()
    source.watch([Watched(project=SHOP, root="/shop")])
    source.tell(signal(SignalKind.BEAT), replace(signal(SignalKind.BEAT), project=BLOG))

    assert [s.project for s in source.poll(0)] == [SHOP]
    source.close()
    source.tell(signal(SignalKind.BEAT))
    assert (source.poll(0), source.state().working) == ((), False)
