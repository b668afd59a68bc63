"""What hooks wrote is taken once, and believed only as far as it is what hooks of ours write."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import StorageError, VaultBusy
from codevault.ids import ProjectId
from codevault.spool import EVENTS, LARGEST, HookEvent, HookEvents, take_events, telling
from codevault.store.filesystem import DiskFileSystem
from codevault.vault import Vault
from tests.vcs.scenes import GitScene

ID = ProjectId("0123456789abcdef")
KNOWN = {ID}


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def tell(spool: Path, hook: str = "post-commit", *words: str) -> None:
    line = telling(ID, spool, hook, ' "$1"' if words else "")
    subprocess.run(["sh", "-c", line, "hook", *words], check=False)


def hooks(taken: HookEvents) -> list[str]:
    return [event.hook for event in taken.events]


def test_each_event_is_given_once_and_in_order(spool: Path) -> None:
    tell(spool)
    tell(spool, "reference-transaction", "prepared")

    first = take_events(spool, KNOWN)
    tell(spool, "pre-rebase")

    assert first == HookEvents(
        events=(
            HookEvent(project=ID, hook="post-commit"),
            HookEvent(project=ID, hook="reference-transaction", word="prepared"),
        )
    )
    assert hooks(take_events(spool, KNOWN)) == ["pre-rebase"]
    assert take_events(spool, KNOWN) == HookEvents()
    assert [name for name in os.listdir(spool) if name.startswith(EVENTS)] == []


def test_a_hook_that_had_the_file_open_is_heard_the_next_time(spool: Path) -> None:
    tell(spool)
    with (spool / EVENTS).open("a") as late:
        assert hooks(take_events(spool, KNOWN)) == ["post-commit"]
        late.write(f"{ID} post-merge\n")

    assert hooks(take_events(spool, KNOWN)) == ["post-merge"]
    assert take_events(spool, KNOWN) == HookEvents()


def test_what_a_reader_that_died_had_taken_away_is_given(spool: Path) -> None:
    tell(spool)
    os.rename(spool / EVENTS, spool / f"{EVENTS}.taking")
    tell(spool, "update")

    assert hooks(take_events(spool, KNOWN)) == ["post-commit"]
    assert hooks(take_events(spool, KNOWN)) == ["update"]


def test_lines_that_no_hook_of_ours_writes_are_counted_and_dropped(spool: Path) -> None:
    lines = (
        f"{ID} post-commit".encode(),
        b"",
        b"\xff\x00",
        b"../../etc/passwd post-commit",
        f"{ID} post-commit; rm -rf /".encode(),
        f"{ID} reference-transaction {'x' * 100_000}".encode(),
        f"{ID} made-up".encode(),
        b"ffffffffffffffff post-commit",
        f"{ID} post-mer".encode(),
    )
    (spool / EVENTS).write_bytes(b"\n".join(lines))

    taken = take_events(spool, KNOWN)

    assert (hooks(taken), taken.foreign, taken.lost) == (["post-commit"], 7, False)


def test_hooks_stop_at_a_length_and_the_reader_says_that_some_may_be_lost(spool: Path) -> None:
    line = f"{ID} post-commit\n"
    (spool / EVENTS).write_text(line * (LARGEST // len(line)))

    for _ in range(3):
        tell(spool)
    size = (spool / EVENTS).stat().st_size
    taken = take_events(spool, KNOWN)

    assert size <= LARGEST
    assert len(taken.events) == LARGEST // len(line)
    assert taken.lost
    tell(spool)
    assert take_events(spool, KNOWN) == HookEvents(events=(HookEvent(project=ID, hook="post-commit"),))


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    (path.parent.parent / "elsewhere").write_text(f"{ID} post-commit\n")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize("odd", [pipe, link, os.mkdir])
def test_what_is_no_file_is_neither_read_nor_waited_for(spool: Path, odd: Callable[[Path], None]) -> None:
    odd(spool / EVENTS)

    assert take_events(spool, KNOWN) == HookEvents()
    tell(spool)
    assert hooks(take_events(spool, KNOWN)) == ["post-commit"]


def test_a_spool_that_is_none_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "spool").symlink_to("/etc")

    assert take_events(tmp_path / "spool", KNOWN) == HookEvents()
    assert take_events(tmp_path / "missing", KNOWN) == HookEvents()


def test_only_one_takes_at_a_time(spool: Path) -> None:
    tell(spool)
    held = DiskFileSystem().lock(spool / "lock", "another")

    with pytest.raises(VaultBusy):
        take_events(spool, KNOWN)
    held.release()

    assert hooks(take_events(spool, KNOWN)) == ["post-commit"]


def test_a_spool_that_cannot_be_cleared_is_told(spool: Path) -> None:
    tell(spool)
    (spool / f"{EVENTS}.taken-5/full").mkdir(parents=True)

    with pytest.raises(StorageError):
        take_events(spool, KNOWN)


def test_a_vault_gives_what_its_projects_hooks_told(tmp_path: Path) -> None:
    scene = GitScene(tmp_path)
    with Vault.create(tmp_path / "vault") as vault:
        project = vault.projects.add(scene.root)
        assert vault.repositories.events() == HookEvents()
        vault.repositories.install_hooks(project)

        scene.commit(a=b"one\n")
        taken = vault.repositories.events()

        assert HookEvent(project=project.id, hook="post-commit") in taken.events
        assert HookEvent(project=project.id, hook="reference-transaction", word="committed") in taken.events
        assert (taken.foreign, taken.lost, vault.repositories.events()) == (0, False, HookEvents())
        assert vault.verify().ok
