"""The writer's lock between processes: one holds it, and it dies with its holder whatever became of its children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codevault.errors import VaultBusy
from codevault.store.store import Store
from tests.store.scenes import FIRST, back_up, restored

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

PREPARE = """
import os, sys, time
from pathlib import Path
from codevault.store.store import Store
writer = Store.open(Path(sys.argv[1])).writer()
writer.add(b"never committed")
"""
HOLD = PREPARE + "print('held', flush=True); time.sleep(60)"
# The child names itself: once that line is read, it is past the fork and has let go of its parent's lock.
FORK = PREPARE + "if os.fork() == 0:\n    print(os.getpid(), flush=True)\n    time.sleep(60)\nos._exit(0)"
CHILD_RELEASES = (
    PREPARE
    + "child = os.fork()\nif child == 0:\n    writer.__exit__(KeyboardInterrupt, None, None)\n    os._exit(0)\n"
    + "os.waitpid(child, 0)\nprint('held', flush=True); time.sleep(60)"
)


def _start(script: str, root: Path) -> tuple[subprocess.Popen[str], str]:
    """A process running the script, and its first line."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-W", "ignore", "-c", script, str(root)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert started.stdout is not None
    return started, started.stdout.readline().strip()


def _kill(started: subprocess.Popen[str]) -> None:
    started.kill()
    started.communicate()


def test_the_lock_of_a_killed_process_is_free_and_the_next_run_works(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    holder, _ = _start(HOLD, store.root)
    with pytest.raises(VaultBusy) as busy:
        store.writer()
    _kill(holder)
    assert busy.value.holder == f"process {holder.pid}"
    assert restored(store, back_up(store, FIRST)) == FIRST
    assert store.verify().ok


def test_a_forked_child_does_not_keep_its_dead_parents_lock(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    parent, child = _start(FORK, store.root)
    parent.wait()
    try:
        snapshot = back_up(store, FIRST)
    finally:
        os.kill(int(child), signal.SIGKILL)
        parent.communicate()
    assert restored(store, snapshot) == FIRST


def test_a_forked_child_cannot_release_its_parents_lock(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    holder, _ = _start(CHILD_RELEASES, store.root)
    with pytest.raises(VaultBusy):
        store.writer()
    _kill(holder)
