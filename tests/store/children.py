"""What the children of the process tests run: `python -m tests.store.children TASK ARGUMENT…`.

A child that is to die does so by its own SIGKILL at a counted call: at the same one in every run.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from codevault.errors import CodeVaultError
from codevault.store.filesystem import DiskFileSystem
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.faulty import Fault, FaultyFileSystem
from tests.store.scenes import SECOND, SOURCE, back_up


def say(word: object) -> None:
    """One line, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


class Killing(Fault):
    """SIGKILL at the call, in the middle of whatever the other threads do."""

    def strike(self, path: Path, call: str = "") -> None:  # noqa: ARG002 - as it is called
        with self._guard:
            self.calls += 1
            if self.calls == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


def prune_all_but_one(store: Store) -> None:
    """Thins to the newest snapshot and frees at once."""
    plan = store.housekeeping.plan(Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0)), share=0.0)
    store.housekeeping.prune(plan, acknowledged=plan.frozen)


OPERATIONS: dict[str, Callable[[Store], object]] = {
    "backup": lambda store: back_up(store, {**SECOND, "large": bytes(range(256)) * 33_000}),
    "prune": prune_all_but_one,
    "compact": lambda store: store.compact(),
    "repair": lambda store: store.repair(),
}


def killed(operation: str, template: str, *calls: str) -> None:
    """For each call a copy of the template, on which a forked child does the operation and dies at that call."""
    for call in calls:
        root = Path(template).with_name(f"{operation}-{call}")
        shutil.copytree(template, root)
        child = os.fork()
        if child == 0:
            files = FaultyFileSystem(DiskFileSystem(root), Killing(int(call)))
            OPERATIONS[operation](Store.open(root, filesystem=files))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say("killed" if os.WIFSIGNALED(status) else "finished")


def hold(root: str) -> None:
    """Adds something, says so, and waits to be told to go on with the commit."""
    with Store.open(Path(root)).writer() as writer:
        writer.add(b"added before")
        say("held")
        sys.stdin.readline()
        try:
            writer.put_document("late", {"name": "late"})
            writer.flush()
            say("committed")
        except CodeVaultError as exc:
            say(type(exc).__name__)


def write_under(limit: str, value: str, root: str) -> None:
    """Backs up under a resource limit; prints what came of it."""
    if limit == "RLIMIT_FSIZE":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    store = Store.open(Path(root))
    resource.setrlimit(getattr(resource, limit), (int(value), int(value)))
    try:
        back_up(store, {**SECOND, "noise": random.Random(7).randbytes(100_000)})
        say("done")
    except (CodeVaultError, MemoryError) as exc:
        say(type(exc).__name__)
    store.writer().__exit__(KeyboardInterrupt, None, None)  # the lock was given back, whatever came


def write_with_little_memory(extra: str, root: str) -> None:
    """Backs up with `extra` bytes of address space more than are in use; prints what came of it."""
    store = Store.open(Path(root))
    with store.writer() as writer:  # what is loaded late is loaded now
        writer.add(SOURCE * 3, path="a")
    in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + int(extra), resource.RLIM_INFINITY))
    outcome = "done"
    try:
        back_up(store, {**SECOND, "large": SOURCE * 4000})
    except (CodeVaultError, MemoryError, RuntimeError) as exc:  # a thread that cannot be started is a RuntimeError
        outcome = type(exc).__name__
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store.writer().__exit__(KeyboardInterrupt, None, None)
    say(outcome)


def fork_while_writing(root: str) -> None:
    """Forks with a writer at work in other threads; the child leaves as any program does, the parent goes on."""
    store = Store.open(Path(root))
    with store.writer() as writer:
        writer.add(SOURCE * 10, path="a")
        child = os.fork()
        if child == 0:
            sys.exit(0)
        _, status = os.waitpid(child, 0)
        writer.add(SOURCE * 11, path="b")
    back_up(store, SECOND)
    say(status)


def end_with_a_thread_at_work(root: str) -> None:
    """The interpreter ends while a daemon thread writes."""
    store, begun = Store.open(Path(root)), threading.Event()

    def write() -> None:
        with store.writer() as writer:
            number = 0
            while True:
                writer.add(SOURCE + b"%d" % number, path="a")
                number += 1
                if number == 5:
                    begun.set()

    threading.Thread(target=write, daemon=True).start()
    begun.wait()
    say("ends")


TASKS: dict[str, Callable[..., None]] = {
    "killed": killed,
    "hold": hold,
    "under": write_under,
    "memory": write_with_little_memory,
    "fork": fork_while_writing,
    "end": end_with_a_thread_at_work,
}

if __name__ == "__main__":
    TASKS[sys.argv[1]](*sys.argv[2:])
