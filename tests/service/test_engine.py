from collections.abc import Sequence
from pathlib import Path

import pytest

from codevault.activity.model import Conditions, Move, Signal, SignalKind, Timing
from codevault.activity.planning import replay
from codevault.errors import Cancelled, IndexBusy, IndexDamaged, SourceError, StorageFull, VaultBusy
from codevault.service_engine import Engine
from codevault.service_ports import Chores
from tests.service.fakes import BLOG, SHOP, World

NOTHING = Chores(reconcile_s=0, analyse_s=0, verify_s=0, tidy_s=0)


@pytest.fixture
def world() -> World:
    return World()


def test_every_project_is_backed_up_when_the_service_begins() -> None:
    world = World(projects=2)

    assert world.engine.health().backups == 2
    assert [p.name for p in world.engine.health().projects if p.last_good_ns] == ["shop", "blog"]


def test_a_save_is_backed_up_once_work_rests(world: World) -> None:
    world.save()
    world.pass_(84)
    assert world.vault.backups == []

    world.pass_(3)
    assert world.vault.backups == [(SHOP, "automatic", "1 file changed")]


def test_nothing_is_backed_up_while_nothing_changes(world: World) -> None:
    world.pass_(4000, step=10)

    assert world.vault.backups == []


def test_two_projects_are_saved_the_older_work_first() -> None:
    world = World(projects=2)
    world.tell(SignalKind.CHANGED, "a.py", project=BLOG)
    world.pass_(1)
    world.save()
    world.pass_(120)

    assert [project for project, _, _ in world.vault.backups] == [BLOG, SHOP]


def test_a_storm_is_one_snapshot(world: World) -> None:
    for second in range(5):
        world.tell(SignalKind.CHANGED, *(f"src/{second}_{number}.py" for number in range(10_000)))
        world.pass_(1)
    world.tell(SignalKind.GONE, *(f"src/{second}_{number}.py" for second in range(5) for number in range(10_000)))
    world.pass_(200)

    assert len(world.vault.backups) == 1
    assert world.vault.backups[0][2].endswith("changed at once")


def test_events_that_were_lost_force_a_look_at_everything(world: World) -> None:
    world.tell(SignalKind.LOST)
    world.pass_(15)

    assert len(world.vault.backups) == 1


def test_a_switch_between_distant_branches_is_one_milestone(world: World) -> None:
    world.tell(SignalKind.VCS, word=str(Move.SWITCH))
    world.tell(SignalKind.CHANGED, *(f"src/{number}.py" for number in range(5000)))
    world.pass_(300)

    assert world.vault.backups == [(SHOP, "milestone", "switch")]


def test_what_changes_during_a_backup_is_in_the_next(world: World) -> None:
    world.executor.eager = False
    world.save()
    world.pass_(90)
    world.save("src/b.py")
    world.pass_(1)
    world.executor.work()
    world.pass_(1)
    assert world.engine.health().unsaved_s == pytest.approx(1.0, abs=1.5)

    world.executor.eager = True
    world.pass_(90)
    assert len(world.vault.backups) == 2


def test_the_user_gets_the_vault_from_a_backup_that_is_under_way_and_it_is_made_afterwards(world: World) -> None:
    world.executor.eager = False
    world.save()
    world.pass_(90)
    world.vault.wanted.add("wanted-1-1")
    world.pass_(1)
    world.executor.work()
    world.pass_(5)
    assert (world.vault.backups, world.engine.health().busy) == ([], "")

    world.executor.eager = True
    world.vault.wanted.clear()
    world.pass_(3)
    assert len(world.vault.backups) == 1
    assert world.engine.health().projects[0].failures == 0


def test_a_wish_whose_maker_died_is_forgotten(world: World) -> None:
    world.vault.wanted.add("wanted-1-1")
    world.save()
    world.pass_(90)

    assert world.vault.wanted == set()
    assert len(world.vault.backups) == 1


ERRORS = {
    "its folder cannot be read": SourceError("gone"),
    "disk is full": StorageFull(Path("x"), OSError(28, "No space")),
    "ZeroDivisionError": ZeroDivisionError("secret text"),
}


def test_a_backup_that_fails_is_tried_again_and_said(world: World) -> None:
    world.vault.errors += ERRORS.values()
    world.save()
    told = []
    for _ in ERRORS:
        world.pass_(100, step=100)
        world.pass_(1)
        told.append(world.engine.health().wrong[0].what)

    assert [why in what for why, what in zip(ERRORS, told, strict=True)] == [True, True, True]
    assert "secret" not in str(told)
    assert (world.engine.health().projects[0].failures, world.engine.health().ok) == (3, False)
    world.pass_(100)
    assert len(world.vault.backups) == 1
    assert world.engine.health().wrong == ()


def test_nothing_is_promised_until_each_project_was_looked_at(world: World) -> None:
    engine = Engine(world.vault, [], world.machine, world.executor)
    world.executor.eager = False
    engine.tick()
    before = engine.health()
    world.executor.work()
    engine.tick()
    after = engine.health()

    assert (before.promise_s, after.promise_s) == (None, 300.0)
    assert "was not looked at yet" in before.wrong[0].what
    assert after.wrong == ()


def test_a_vault_that_is_busy_is_no_failure(world: World) -> None:
    world.vault.errors += [VaultBusy("busy", Path("x")), Cancelled("given up")]
    world.save()
    world.pass_(90)

    assert len(world.vault.backups) == 1
    assert world.engine.health().ok


def test_a_project_whose_folder_is_gone_is_said_and_left_until_it_is_back(world: World) -> None:
    world.save()
    world.tell(SignalKind.ROOT_GONE)
    world.pass_(400)
    assert world.vault.backups == []
    assert "is not there" in world.engine.health().wrong[0].what

    world.tell(SignalKind.ROOT_BACK)
    world.pass_(20)
    assert len(world.vault.backups) == 1


def test_a_sleeping_machine_is_caught_up_once(world: World) -> None:
    world.save()
    world.pass_(10)
    world.machine.asleep_s = 8 * 3600.0
    world.pass_(400)

    assert [reason for _, _, reason in world.vault.backups] == ["after the machine slept"]


def test_files_that_could_not_be_read_are_said_beside_a_good_backup(world: World) -> None:
    world.vault.wrong = "2 problems"
    world.save()
    world.pass_(90)

    assert world.engine.health().projects[0].why == "2 problems"


def test_chores_come_when_nothing_presses() -> None:
    world = World(chores=Chores(reconcile_s=0, analyse_s=10, verify_s=100, tidy_s=200, verify_bytes=7, processors=2))
    world.save()
    world.pass_(80)
    assert [done for done in world.vault.done if not done.startswith("analyse")] == []

    world.pass_(400)
    assert world.vault.done[0] == "analyse 0.1"
    assert {"verify 7", "tidy"} <= set(world.vault.done)
    assert world.engine.health().verified_ns > 0


def test_chores_wait_a_little_longer_while_somebody_is_at_the_keyboard() -> None:
    world = World(chores=Chores(reconcile_s=0, analyse_s=0, verify_s=100, tidy_s=0))
    world.machine.is_now = Conditions(idle_s=3.0)
    world.pass_(150)
    assert world.vault.done == []

    world.pass_(60)
    assert len(world.vault.done) == 1


def test_more_memory_than_is_allowed_is_said(world: World) -> None:
    world.machine.bytes = 400 << 20
    world.pass_(30)

    assert world.engine.health().wrong[0].what == "the service takes 400 MiB of memory"


def test_every_project_is_looked_at_whole_now_and_then() -> None:
    world = World(chores=Chores(reconcile_s=600, analyse_s=0, verify_s=0, tidy_s=0))
    world.pass_(650, step=5)

    assert world.vault.backups == [(SHOP, "automatic", "looked at whole")]


@pytest.mark.parametrize("saving", ["battery", "budget"])
def test_chores_wait_on_battery_and_when_the_budget_is_used_up(saving: str) -> None:
    world = World(chores=Chores(reconcile_s=50, analyse_s=10, verify_s=10, tidy_s=10, processors=2))
    world.vault.done.clear()
    if saving == "battery":
        world.machine.is_now = Conditions(battery=0.8)
    for _ in range(30):
        world.machine.seconds += 4.0 if saving == "budget" else 0.0
        world.pass_(20)
    quiet_since = len(world.vault.done)
    world.machine.seconds += 4.0 if saving == "budget" else 0.0
    world.pass_(20)

    assert len(world.vault.done) == quiet_since
    assert (world.engine.health().cpu_share > 0.05) is (saving == "budget")


def test_damage_that_verifying_finds_stays_in_health_until_it_is_gone() -> None:
    world = World(chores=Chores(reconcile_s=0, analyse_s=0, verify_s=10, tidy_s=0))
    world.vault.wrong = "verifying found damage"
    world.pass_(15)
    assert "verifying found damage" in [trouble.what for trouble in world.engine.health().wrong]

    world.vault.wrong = ""
    world.pass_(15)
    assert world.engine.health().wrong == ()


def test_an_analysis_that_fails_is_said_and_made_again() -> None:
    world = World(chores=Chores(reconcile_s=0, analyse_s=10, verify_s=0, tidy_s=0))
    world.vault.errors += [IndexBusy("busy"), IndexDamaged("damaged"), RuntimeError("a secret")]
    told = []
    for _ in range(4):
        world.pass_(11)
        told.append([trouble.what for trouble in world.engine.health().wrong])

    assert told == [[], ["damaged"], ["analysis failed: RuntimeError"], []]
    assert world.vault.done == ["analyse 0.05"]


def test_a_source_that_breaks_is_said_and_the_others_go_on(world: World) -> None:
    def broken(now_ns: int) -> Sequence[Signal]:
        raise RuntimeError("no")

    world.source.poll = broken  # type: ignore[method-assign]  # a source as none should be
    world.pass_(2)

    assert world.engine.health().wrong[0].what == "files failed: RuntimeError"


def test_projects_that_come_and_go_are_taken_up(world: World) -> None:
    world.vault.names.clear()
    world.pass_(10)

    assert (world.engine.health().projects, world.source.projects) == ((), ())


def test_projects_that_cannot_be_read_are_said(world: World) -> None:
    world.vault.broken = IndexDamaged("no")
    world.pass_(10)

    assert "cannot be read" in world.engine.health().wrong[0].what


def test_the_loop_is_in_no_hurry_when_nothing_happens(world: World) -> None:
    assert world.engine.tick() == 1.0
    world.save()
    assert world.engine.tick() < 1.0


def test_a_loop_that_was_held_up_says_so(world: World) -> None:
    world.pass_(20, step=20)

    assert world.engine.health().lag_s == 19.0


def test_a_polled_project_makes_the_promise_longer(world: World) -> None:
    from dataclasses import replace

    state = world.source.state()
    world.source.state = lambda: replace(state, polled=1, wrong="1 project is polled")  # type: ignore[method-assign]

    assert world.engine.health().promise_s == 420.0
    assert world.engine.health().wrong[0].what == "1 project is polled"


def test_stopping_gives_up_what_is_under_way() -> None:
    world = World()
    world.executor.eager = False
    world.save()
    world.pass_(90)
    world.engine.stop()
    world.executor.work()

    assert world.vault.backups == []
    assert world.source.state().working is False


def test_a_day_can_be_decided_again_from_its_log() -> None:
    world = World(timing=Timing(quiet_s=5, small_quiet_s=5), chores=Chores(reconcile_s=300, processors=2))
    world.vault.errors.append(SourceError("x"))
    for _ in range(10):
        world.save()
        world.pass_(40)
    world.machine.asleep_s = 100.0
    world.tell(SignalKind.ROOT_GONE)
    world.pass_(5)
    world.vault.names.clear()
    world.pass_(10)

    replayed = replay(world.log)

    assert replayed.different == ()
    assert len(replayed.decisions) >= 10
