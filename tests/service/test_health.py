import logging
from pathlib import Path

import msgspec
import pytest

from codevault.errors import VaultBusy
from codevault.service_health import Health, Said, hear, is_alive, say
from codevault.service_log import BEFORE, LOG, LogFile, LogHandler, read_log
from codevault.store.filesystem import DiskFileSystem
from codevault.store.yielding import background_writer, lock_in_turn, service_folder, wishes


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = service_folder(tmp_path)
    found.mkdir(parents=True)
    return found


def test_a_service_that_is_silent_for_long_counts_as_hung(tmp_path: Path, folder: Path) -> None:
    say(tmp_path, Said(health=Health(running=True, pid=7, promise_s=300.0), at_s=1000.0))
    lock = DiskFileSystem().lock(folder / "lock", "the service")
    soon, late = hear(tmp_path, now_s=lambda: 1010.0), hear(tmp_path, now_s=lambda: 1600.0)
    lock.release()

    assert (soon.ok, soon.promise_s) == (True, 300.0)
    assert (late.ok, late.promise_s, late.lag_s) == (False, None, 600.0)
    assert "no sign of life for 10 minutes" in late.wrong[0].what


def test_a_lock_without_a_word_is_a_service_that_starts(tmp_path: Path, folder: Path) -> None:
    lock = DiskFileSystem().lock(folder / "lock", "the service")
    health = hear(tmp_path)
    lock.release()

    assert (health.running, health.pid, health.wrong[0].what) == (True, 0, "the service is starting")


def test_what_cannot_be_understood_was_not_said(tmp_path: Path, folder: Path) -> None:
    (folder / "state.json").write_bytes(b'{"health": {"running": "perhaps"}, "at_s": 1}')

    assert hear(tmp_path).wrong[0].what.startswith("no service runs")


def test_a_disk_that_refuses_the_word_costs_nothing_else(tmp_path: Path) -> None:
    say(tmp_path / "none", Said(health=Health(), at_s=0.0))

    assert not is_alive(tmp_path / "none")


def test_whoever_wants_the_vault_leaves_a_wish_and_gets_it_from_a_writer_that_makes_way(
    tmp_path: Path, folder: Path
) -> None:
    files = DiskFileSystem()
    (folder / "writer").write_text("process 1")
    held = [files.lock(tmp_path / "lock", "process 1")]
    wished = []

    def make_way(seconds: float) -> None:
        wished.append(wishes(tmp_path))
        held.pop().release()

    lock_in_turn(files, tmp_path, tmp_path / "lock", sleep=make_way).release()

    assert [len(names) for names in wished] == [1]
    assert (wishes(tmp_path), background_writer(tmp_path)) == (frozenset(), "process 1")


def test_any_other_writer_is_not_waited_for(tmp_path: Path, folder: Path) -> None:
    files = DiskFileSystem()
    (folder / "writer").write_text("process 1")
    held = files.lock(tmp_path / "lock", "process 2")
    slept: list[float] = []
    with pytest.raises(VaultBusy):
        lock_in_turn(files, tmp_path, tmp_path / "lock", sleep=slept.append)
    held.release()

    assert slept == []


def test_a_log_has_two_files_of_limited_size_and_begins_anew_with_where_everything_stands(folder: Path) -> None:
    log = LogFile(folder, largest=100)
    log.begun = lambda: log.say("begin")
    for number in range(20):
        log.say("line", number=number)
    lines = [msgspec.json.decode(line)["what"] for line in read_log(folder)]

    assert (folder / LOG).stat().st_size < 200
    assert (folder / BEFORE).stat().st_size < 200
    assert lines[0] == "begin"


def test_a_line_that_was_cut_short_is_left_out(folder: Path) -> None:
    (folder / LOG).write_bytes(b'{"what":"whole"}\n{"wha')

    assert list(read_log(folder)) == [b'{"what":"whole"}']


def test_what_modules_log_is_written_without_its_text(folder: Path) -> None:
    logger = logging.getLogger("codevault.a_test")
    handler = LogHandler(LogFile(folder))
    logger.addHandler(handler)
    try:
        raise ValueError("/home/me/secret")
    except ValueError:
        logger.exception("failed at %s", "/home/me/secret")
    logger.removeHandler(handler)
    (line,) = read_log(folder)

    assert b"secret" not in line
    assert msgspec.json.decode(line)["error"] == "ValueError"
