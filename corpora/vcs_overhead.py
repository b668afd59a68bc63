"""What the bridge adds to a backup of an unchanged repository: `python -m corpora.vcs_overhead [git hg svn] [1000 …]`.

Measured as a run would do it: open the repository, find what is safe, and ask about every tracked file, with the
listing that the run has anyway. Warm: the second to sixth time, median, with the processor time of this process and its
children beside it, which a busy machine does not stretch as much; programs are started anew each time.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from codevault.bridging import VersionedFiles
from codevault.source import Listed, RealFolder
from codevault.vcs.model import System
from codevault.vcs.opening import open_repository
from codevault.vcs.remembering import FolderMemory

_REMOTE = "https://example.org/shop"
_PER_FOLDER = 50
_ROUNDS = 6
_ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "HGRCPATH": "", "GIT_CONFIG_GLOBAL": os.devnull}


def main(arguments: list[str]) -> None:
    """Prints one JSON line a system and size."""
    systems = [one for one in arguments if one in MAKERS] or list(MAKERS)
    sizes = [int(one) for one in arguments if one.isdecimal()] or [1_000, 10_000, 80_000]
    for system in systems:
        if shutil.which(system) is None:
            print(json.dumps({"system": system, "skipped": "not installed"}))
            continue
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(_measured(System(system), size, Path(folder))), flush=True)


def _measured(system: System, size: int, folder: Path) -> dict[str, object]:
    root = folder / "work"
    root.mkdir()
    MAKERS[str(system)](root, size)
    listing = list(_listing(root))
    times, work = [], []
    left = 0
    for _ in range(_ROUNDS):
        memory = FolderMemory(folder / "memory")
        started, before = time.perf_counter(), sum(os.times()[:4])
        with open_repository(root, work=folder / "scratch", memory=memory) as repository:
            if repository is None:
                raise SystemExit("no repository was found")
            versioned = VersionedFiles(repository, system, memory, now_ns=time.time_ns() + 10**10)
            left = 0
            for path, listed in listing:
                left += versioned.reference(path, listed, partial(_content, root, path)) is not None
            versioned.save()
        times.append(time.perf_counter() - started)
        work.append(sum(os.times()[:4]) - before)
    return {
        "system": str(system),
        "files": size,
        "left_to_the_repository": left,
        "first_ms": round(times[0] * 1000),
        "warm_ms": round(statistics.median(times[1:]) * 1000),
        "warm_ms_from_to": [round(min(times[1:]) * 1000), round(max(times[1:]) * 1000)],
        "warm_cpu_ms": round(statistics.median(work[1:]) * 1000),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _content(root: Path, path: str) -> bytes:
    return (root / path).read_bytes()


def _listing(root: Path) -> list[tuple[str, Listed]]:
    found = []
    for above, folders, _ in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        folder = RealFolder.root(above)
        inside = os.path.relpath(above, root)
        found += [
            (os.path.normpath(os.path.join(inside, e.name)), e) for e in folder.entries() if e.name.endswith(".py")
        ]
        folder.close()
    return found


def _fill(root: Path, size: int) -> None:
    for number in range(size):
        path = root / f"folder{number // _PER_FOLDER:04d}" / f"module{number:06d}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"NUMBER = {number}\n\n\ndef number() -> int:\n    return NUMBER\n")


def _run(root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, env=_ENVIRONMENT, check=True, stdout=subprocess.DEVNULL)


def _git(root: Path, size: int) -> None:
    _fill(root, size)
    _run(root, "git", "init", "-q", "--initial-branch=main")
    _run(root, "git", "add", "-A")
    _run(root, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "all")
    _run(root, "git", "repack", "-q", "-a", "-d")
    _run(root, "git", "config", "remote.origin.url", _REMOTE)
    _run(root, "git", "update-ref", "refs/remotes/origin/main", "HEAD")


def _hg(root: Path, size: int) -> None:
    _fill(root, size)
    _run(root, "hg", "init")
    _run(root, "hg", "commit", "-q", "-A", "-m", "all", "-u", "a")
    (root / ".hg/hgrc").write_text(f"[paths]\ndefault = {_REMOTE}\n")
    _run(root, "hg", "phase", "--public", "-r", "all()")


def _svn(root: Path, size: int) -> None:
    server = root.parent / "server"
    _run(root.parent, "svnadmin", "create", str(server))
    _run(root.parent, "svn", "checkout", "-q", f"file://{server}", str(root))
    _fill(root, size)
    _run(root, "svn", "add", "-q", "--force", ".")
    _run(root, "svn", "commit", "-q", "-m", "all")
    _run(root, "svn", "update", "-q")
    with contextlib.closing(sqlite3.connect(root / ".svn/wc.db")) as database, database:
        database.execute("UPDATE REPOSITORY SET root = ?", (_REMOTE,))


MAKERS: dict[str, Callable[[Path, int], None]] = {"git": _git, "hg": _hg, "svn": _svn}

if __name__ == "__main__":
    main(sys.argv[1:])
