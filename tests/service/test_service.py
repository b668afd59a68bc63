"""The service as a process: waits are for conditions, with limits that only a hang meets."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import codevault
from codevault import Chores, Service, ServiceError, Timing, Vault
from codevault.errors import InvalidArgument, StorageError
from codevault.jobs import CancelToken
from codevault.service_health import hear
from codevault.service_log import LogFile
from codevault.service_process import BUSY, FAILED, ServedVault, serve, supervise
from codevault.service_settings import load_settings
from codevault.store.yielding import service_folder

QUICK = Timing(quiet_s=0.2, small_quiet_s=0.2, mark_s=0.2, settle_s=0.5)
NO_CHORES = Chores(reconcile_s=0, analyse_s=0, verify_s=0, tidy_s=0)
LIMIT_S = 120.0


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.02)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "tax.py").write_text("def rate():\n    return 19\n")
    with Vault.create(tmp_path / "vault", workers=1) as made:
        made.projects.add(tmp_path / "shop", client="Acme")
        yield made


@pytest.fixture
def within(vault: Vault) -> Iterator[threading.Event]:
    """The service in a thread of this process, until the test ends."""
    Service(vault, timing=QUICK, chores=NO_CHORES, heartbeats=False)._keep()
    stopped = threading.Event()
    thread = threading.Thread(target=serve, args=(vault.path, stopped))
    thread.start()
    wait_for(lambda: vault.snapshots("shop"))
    yield stopped
    stopped.set()
    thread.join(LIMIT_S)


@pytest.fixture
def service(vault: Vault) -> Iterator[Service]:
    made = Service(vault, timing=QUICK, chores=NO_CHORES)
    yield made
    made.stop()


def test_a_save_becomes_a_snapshot_of_the_running_service(
    vault: Vault, within: threading.Event, tmp_path: Path
) -> None:
    (tmp_path / "shop" / "tax.py").write_text("def rate():\n    return 7\n")
    wait_for(lambda: len(vault.snapshots("shop")) == 2)

    assert [(s.kind, s.reason) for s in vault.snapshots("shop")] == [
        ("automatic", "the service began to watch"),
        ("automatic", "1 file changed"),
    ]
    wait_for(lambda: vault.health().promise_s)
    health = vault.health()
    assert (health.running, health.promise_s, health.stopped_silently) == (True, 300.0, False)


def test_what_was_saved_is_searchable_when_its_backup_ends(vault: Vault, tmp_path: Path) -> None:
    shop, served = next(iter(vault.projects)).id, ServedVault(vault, fresh=True)
    (tmp_path / "shop" / "tax.py").write_text("def saved_now():\n    return 7\n")
    served.back_up(shop, "saved", "automatic", CancelToken())

    assert [hit.path for hit in vault.search.symbols("saved_now").hits] == ["tax.py"]


def cut_segments(cache: Path) -> None:
    for file in (cache / "index").glob("*.idx"):
        os.truncate(file, 10)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "deleted": shutil.rmtree,
    "another schema": lambda cache: (cache / "catalog.sqlite").write_bytes(b"SQLite format 3\0" + b"\1" * 4000),
    "half merged": cut_segments,
    "no text index": lambda cache: shutil.rmtree(cache / "index"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_made_again_by_the_service_while_backups_go_on(
    vault: Vault, tmp_path: Path, damage: str
) -> None:
    shop, served = next(iter(vault.projects)).id, ServedVault(vault, fresh=True)
    served.back_up(shop, "", "manual", CancelToken())
    served.analyse(2.0, CancelToken())
    whole = [(hit.path, hit.snippet, hit.first_seen.sequence) for hit in vault.search.text("return").hits]
    DAMAGES[damage](vault.path / "cache")
    (tmp_path / "shop" / "more.py").write_text("def more(): pass\n")

    served.back_up(shop, "", "manual", CancelToken())
    served.analyse(2.0, CancelToken())

    assert len(vault.snapshots("shop")) == 2
    assert [(hit.path, hit.snippet, hit.first_seen.sequence) for hit in vault.search.text("return").hits] == whole
    assert len(vault.search.symbols("more").hits) == 1


def test_one_vault_has_one_service(vault: Vault, within: threading.Event) -> None:
    assert serve(vault.path, threading.Event()) == BUSY
    assert Service(vault).start().running


def test_a_file_asks_the_service_to_end_and_it_says_that_it_was_told(vault: Vault, within: threading.Event) -> None:
    Service(vault).stop()

    health = vault.health()
    assert (health.running, health.stopped_silently, health.promise_s) == (False, False, None)
    assert "was stopped" in health.wrong[0].what
    assert Service(vault).ensure().running is False


def test_the_log_tells_what_was_decided_and_it_can_be_decided_again(
    vault: Vault, within: threading.Event, tmp_path: Path
) -> None:
    (tmp_path / "shop" / "tax.py").write_text("def rate():\n    return 7\n")
    wait_for(lambda: len(vault.snapshots("shop")) == 2)
    within.set()
    wait_for(lambda: not vault.health().running)
    service = Service(vault)

    replayed = service.replay()
    assert [decision.reason for decision in replayed.decisions] == ["the service began to watch", "1 file changed"]
    assert replayed.different == ()
    (session,) = service.sessions(client="Acme")
    assert (session.name, session.client, session.saves, session.duration_s) == ("shop", "Acme", 1, 0.0)
    assert service.sessions(client="another") == ()
    assert str(tmp_path) not in str(list(service.log()))


def test_sessions_of_the_log_do_not_reach_over_a_sleep(vault: Vault) -> None:
    Service(vault)._keep()
    log = LogFile(service_folder(vault.path))
    (project,) = vault.projects
    log.say("clock", now_ns=0, wall_ns=10**18)
    for minute in (0, 1):
        log.say("observed", seen={"project": project.id, "at_ns": minute * 60 * 10**9, "hand": True})
    log.say("clock", now_ns=60 * 10**9, wall_ns=10**18 + 600 * 10**9)
    log.say("slept", now_ns=60 * 10**9)
    log.say("observed", seen={"project": project.id, "at_ns": 61 * 10**9, "hand": True})

    assert [(found.saves, found.duration_s) for found in Service(vault).sessions()] == [(2, 60.0), (1, 0.0)]


def test_a_process_of_its_own_starts_outlives_nobody_by_force_and_says_when_it_died(
    vault: Vault, service: Service, tmp_path: Path
) -> None:
    health = service.start(wait_s=LIMIT_S)
    wait_for(lambda: vault.snapshots("shop"))
    assert health.pid != os.getpid()
    assert service.heartbeat_settings().splitlines()[0] == "[settings]"
    assert f":{service.health().heartbeat_port}/" in service.heartbeat_settings()
    assert vault.backup("shop", reason="mine").snapshot.reason == "mine"  # at once, or when the service made way

    os.kill(health.pid, signal.SIGKILL)
    wait_for(lambda: not service.running)
    assert service.health().stopped_silently
    assert "without being told" in service.health().wrong[0].what

    again = service.ensure(wait_s=LIMIT_S)
    assert again.running
    assert again.pid != health.pid


@pytest.mark.scale
def test_a_service_that_is_begun_anew_is_another_process(vault: Vault, service: Service) -> None:
    first = service.start(detached=False, supervised=True, wait_s=LIMIT_S)

    os.kill(first.pid, signal.SIGKILL)
    wait_for(lambda: service.health().pid not in {0, first.pid})
    second = service.health()
    assert second.running
    assert service.restart(wait_s=LIMIT_S).pid != second.pid


def test_a_service_that_cannot_come_up_is_an_error_that_says_why(vault: Vault, service: Service) -> None:
    record = vault.path / "vault.json"
    content = record.read_bytes()
    record.chmod(0o600)
    record.write_bytes(b"{}")
    try:
        with pytest.raises(ServiceError, match="could not go on"):
            service.start(wait_s=LIMIT_S)
    finally:
        record.write_bytes(content)


def test_a_service_that_does_not_end_in_time_is_an_error(vault: Vault, service: Service) -> None:
    from codevault.store.filesystem import DiskFileSystem

    folder = service_folder(vault.path)
    folder.mkdir(parents=True)
    lock = DiskFileSystem().lock(folder / "lock", "somebody")
    try:
        with pytest.raises(ServiceError, match="did not end"):
            service.stop(wait_s=0.1)
    finally:
        lock.release()


def test_what_a_service_is_told_stays_until_it_is_told_otherwise(vault: Vault) -> None:
    Service(vault, timing=QUICK)._keep()
    key = load_settings(vault.path).key
    Service(vault, heartbeats=False)._keep()
    kept = Service(vault).settings()

    assert (kept.timing, kept.heartbeats, kept.key) == (QUICK, False, key)
    assert oct((service_folder(vault.path) / "settings.json").stat().st_mode & 0o777) == "0o600"
    with pytest.raises(InvalidArgument, match="start the service once"):
        Service(vault).heartbeat_settings()


def test_settings_that_cannot_be_read_are_the_defaults_and_a_folder_that_refuses_is_said(vault: Vault) -> None:
    folder = service_folder(vault.path)
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text("nonsense")
    assert load_settings(vault.path).timing == Timing()

    (folder / "settings.json.tmp").mkdir()
    with pytest.raises(StorageError):
        Service(vault, timing=QUICK)._keep()


def test_a_service_needs_a_vault(tmp_path: Path) -> None:
    with pytest.raises(codevault.VaultMissing):
        Service(tmp_path / "none")
    assert hear(tmp_path).wrong[0].advice == "Service(vault).start()"
    assert "is not there" in hear(tmp_path / "none").wrong[0].what


def test_a_service_is_begun_again_while_it_ends_badly() -> None:
    statuses, pauses = iter([FAILED, FAILED, -9, 0, FAILED]), []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return False

    assert supervise(lambda: next(statuses), pause) == 0
    assert pauses == [1.0, 5.0, 30.0]
    assert supervise(lambda: FAILED, lambda _: True) == FAILED


def test_a_folder_that_is_no_vault_is_served_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert serve(tmp_path / "file", threading.Event()) == FAILED
    assert serve(tmp_path / "empty", threading.Event()) == FAILED


def test_autostart_is_a_text_for_each_system(vault: Vault) -> None:
    texts = {system: Service(vault).autostart(system).text for system in ("systemd", "launchd", "windows")}

    assert all("codevault.service_process" in text for text in texts.values())


def test_a_service_that_is_attached_ends_with_whoever_started_it(vault: Vault) -> None:
    service = Service(vault, chores=NO_CHORES, heartbeats=False)
    service.start(detached=False, wait_s=LIMIT_S)
    child = service._child
    assert child is not None
    assert child.stdin is not None

    child.stdin.close()

    assert child.wait(LIMIT_S) == 0
    assert not service.health().stopped_silently
