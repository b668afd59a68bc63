"""A restore killed before each of its system calls in turn: `python -m tests.restoring.killed FOLDER`.

Prints how many calls there were, then a line for each kill after which a file was not whole, or the next restore did
not finish the work. A process of its own: it forks, which a process with threads should not.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path

from codevault import holes, places, target
from codevault.restoring import plan_restore, restore
from codevault.store.model import Entry
from codevault.store.store import Store
from tests.restoring.scenes import Archive, folder, link, tree

CHANGING = {
    "open",
    "write",
    "mkdir",
    "rename",
    "replace",
    "unlink",
    "rmdir",
    "link",
    "symlink",
    "fchmod",
    "chmod",
    "utime",
}


class Counted:
    """The `os` module for a while; dies at the n-th call that changes something."""

    class _Every:
        def __contains__(self, call: object) -> bool:
            return True

    supports_follow_symlinks = _Every()

    def __init__(self, fatal: int) -> None:
        self._left = fatal
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        found = getattr(os, name)
        return self._counting(found) if name in CHANGING else found

    def _counting(self, call: object) -> object:
        def counted(*args: object, **kwargs: object) -> object:
            self.calls += 1
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)  # type: ignore[operator]

        return counted


def entries(archive: Archive) -> tuple[Entry, ...]:
    first = archive.file("a", b"root " * 1000)
    return (
        first,
        replace(first, path="b/again", hardlink="a"),
        folder("b"),
        archive.file("b/c", b"in b"),
        replace(archive.file("b/holes", b"x" + bytes(20_000)), sparse=True),
        folder("b/empty"),
        folder("b/d", mode=0o555),
        archive.file("b/d/e", b"deeper", mode=0o400),
        link("l", "b/d"),
    )


def dies(store: Store, place: Path, fatal: int, archive: Archive, made: tuple[Entry, ...]) -> bool:
    """True when a child that restores did not live to its end."""
    child = os.fork()
    if not child:
        counted = Counted(fatal)
        for module in (holes, places, target):
            module.os = counted  # type: ignore[attr-defined]
        snapshot = store.snapshots()[-1]
        restore(store, plan_restore(store, snapshot, place))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def faults(store: Store, place: Path, whole: dict[str, bytes]) -> list[str]:
    """What is wrong after a kill, and after taking the restore up again."""
    found = [
        path
        for path, content in tree(place).items()
        if not any(part.startswith(".codevault-") for part in path.split("/")) and whole.get(path) != content
    ]
    done = restore(store, plan_restore(store, store.snapshots()[-1], place))
    found.extend(f"{path}: {why}" for path, why in done.problems)
    if tree(place) != whole:
        found.append(f"not the whole: {sorted(tree(place))}")
    times = {path.lstat().st_mtime_ns for path in place.rglob("*")}
    if len(times) != 1 or (place / "b" / "d").stat().st_mode & 0o777 != 0o555:
        found.append("modes or times of another restore")
    return found


def main(work: Path) -> None:
    archive = Archive()
    made = entries(archive)
    archive.snapshot(*made)
    restore(archive.store, plan_restore(archive.store, archive.store.snapshots()[-1], work / "whole"))
    whole = tree(work / "whole")
    for fatal in count(1):
        place = work / "target"
        died = dies(archive.store, place, fatal, archive, made)
        for fault in faults(archive.store, place, whole):
            sys.stdout.write(f"killed at call {fatal}: {fault}\n")
        shutil.rmtree(place)
        if not died:
            sys.stdout.write(f"{fatal - 1} calls\n")
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
