"""Real processes: killed, stopped, forked, ended, short of memory, of descriptors, of room in one file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import VaultBusy
from codevault.store.filesystem import DiskFileSystem
from codevault.store.store import Store
from tests.store.oracle import Kept, assert_keeps, picture
from tests.store.scenes import EDITED, FIRST, SECOND, SOURCE, all_files, back_up, flipped, overwrite, restored

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and fork of POSIX")
CODE = Path(__file__).parents[2]


def _command(*task: object) -> list[str]:
    return [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "tests.store.children", *map(str, task)]


def _started(*task: object) -> subprocess.Popen[str]:
    return subprocess.Popen(_command(*task), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CODE)


def _said(*task: object) -> str:
    """What a child printed; it must have ended by itself and without a word of complaint."""
    unmeasured = {name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_CONFIG"}
    done = subprocess.run(_command(*task), capture_output=True, text=True, cwd=CODE, env=unmeasured)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Kept]]:
    """A vault with some history, to be copied, and what its newest snapshot holds."""
    root = tmp_path_factory.mktemp("killed") / "template"
    store = Store.create(root)
    for tree in (FIRST, {**SECOND, "old": SOURCE[::-1]}, {"main.py": EDITED, "new.py": SOURCE[::2]}):
        newest = back_up(store, tree)
    whole = picture(store)
    yield root, {newest.id: whole[newest.id]}
    shutil.rmtree(root.parent)


def _assert_survives(template: tuple[Path, Kept], operation: str, calls: list[int]) -> None:
    root, kept = template
    outcomes = _said("killed", operation, root, *calls).split()
    assert outcomes[0] == "killed"
    for call in calls:
        left = root.with_name(f"{operation}-{call}")
        assert_keeps(DiskFileSystem(left), kept, root=left)
        shutil.rmtree(left)


@pytest.mark.parametrize("operation", ["backup", "prune", "compact"])
def test_a_process_killed_at_any_call_leaves_a_vault_that_goes_on(template: tuple[Path, Kept], operation: str) -> None:
    _assert_survives(template, operation, list(range(9, 170, 15)))


@pytest.mark.scale
@pytest.mark.parametrize("operation", ["backup", "prune", "compact"])
def test_a_process_killed_at_hundreds_of_calls_leaves_a_vault_that_goes_on(
    template: tuple[Path, Kept], operation: str
) -> None:
    _assert_survives(template, operation, list(range(1, 200)))


def test_a_repair_killed_at_any_call_can_be_done_again(template: tuple[Path, Kept], tmp_path: Path) -> None:
    root, kept = tmp_path / "damaged", template[1]
    shutil.copytree(template[0], root)
    files = DiskFileSystem(root)
    pack = next(path for path in all_files(files, root) if path.suffix == ".pack")
    overwrite(files, pack, flipped(pack.read_bytes(), 100))
    _said("killed", "repair", root, *range(15, 100, 17))
    for left in sorted(tmp_path.glob("repair-*")):
        store = Store.open(left)
        store.repair()
        assert_keeps(DiskFileSystem(left), kept, root=left)


def test_a_stopped_holder_keeps_its_lock_and_goes_on_when_it_is_woken(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault", clock=lambda: 2**62)
    holder = _started("hold", store.root)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGSTOP)
    os.waitpid(holder.pid, os.WUNTRACED)
    with pytest.raises(VaultBusy):
        store.writer()
    os.kill(holder.pid, signal.SIGCONT)
    said, _ = holder.communicate("go on\n")
    assert said == "committed\n"
    assert store.documents().keys() == {"late"}
    assert restored(store, back_up(store, FIRST)) == FIRST


def test_a_stopped_holder_whose_lock_was_taken_away_finds_out_before_it_publishes(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    holder = _started("hold", store.root)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    os.kill(holder.pid, signal.SIGSTOP)
    (store.root / "lock").unlink()
    snapshot = back_up(store, FIRST)
    os.kill(holder.pid, signal.SIGCONT)
    said, _ = holder.communicate("go on\n")
    assert said == "VaultBusy\n"
    again = Store.open(store.root)
    assert (again.snapshots(), dict(again.documents()), again.verify().ok) == ((snapshot,), {}, True)


LIMITS = [
    ("RLIMIT_FSIZE", 4096, {"StorageError"}),
    ("RLIMIT_FSIZE", 60_000, {"StorageError", "done"}),
    ("RLIMIT_NOFILE", 24, {"StorageError", "done"}),
    ("RLIMIT_NOFILE", 64, {"done"}),
]


@pytest.mark.parametrize(("limit", "value", "outcomes"), LIMITS)
def test_a_backup_under_a_limit_is_done_or_refused_typed(
    tmp_path: Path, limit: str, value: int, outcomes: set[str]
) -> None:
    store = Store.create(tmp_path / "vault")
    first = back_up(store, FIRST)
    kept = {first.id: picture(store)[first.id]}
    assert _said("under", limit, value, store.root) in outcomes
    assert_keeps(DiskFileSystem(store.root), kept, root=store.root)


@pytest.mark.skipif(sys.platform != "linux", reason="the address space is limited on Linux only")
@pytest.mark.parametrize("extra", [1, 4, 16])
def test_a_backup_short_of_memory_leaves_no_lock_and_no_half_file(tmp_path: Path, extra: int) -> None:
    store = Store.create(tmp_path / "vault")
    first = back_up(store, FIRST)
    kept = {first.id: picture(store)[first.id]}
    done = subprocess.run(_command("memory", extra << 20, store.root), capture_output=True, text=True, cwd=CODE)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"MemoryError", "RuntimeError", "StorageError", "done"}
    assert_keeps(DiskFileSystem(store.root), kept, root=store.root)


def test_a_fork_in_the_middle_of_a_backup_harms_neither(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    assert _said("fork", store.root) == "0"
    assert [restored(store, snapshot) for snapshot in Store.open(store.root).snapshots()] == [SECOND]
    assert Store.open(store.root).verify().ok


def test_an_interpreter_that_ends_while_a_thread_writes_ends_and_leaves_no_lock(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    assert _said("end", store.root) == "ends"
    assert restored(store, back_up(store, FIRST)) == FIRST
    assert store.verify().ok
