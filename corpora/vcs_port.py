"""What asking a repository through the port costs: `python -m corpora.vcs_port [git hg svn] [1000 10000 80000]`.

Opens it, asks what is tracked and what is safe elsewhere, and decides the standing of every file of known content.
First with nothing remembered, then warm: five more times, median, and the processor time with that of all children.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from codevault.vcs.model import Standing
from codevault.vcs.opening import open_repository
from codevault.vcs.remembering import FolderMemory
from codevault.vcs.standing import standing
from corpora.vcs_overhead import MAKERS

_ROUNDS = 6


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
                print(json.dumps({"system": system, **_measured(system, size, Path(folder))}), flush=True)


def _measured(system: str, size: int, folder: Path) -> dict[str, object]:
    root = folder / "work"
    root.mkdir()
    MAKERS[system](root, size)
    times, work = [], []
    safe = 0
    for _ in range(_ROUNDS):
        started, before = time.perf_counter(), sum(os.times()[:4])
        safe = _asked(root, folder)
        times.append(time.perf_counter() - started)
        work.append(sum(os.times()[:4]) - before)
    return {
        "files": size,
        "safe": safe,
        "first_ms": round(times[0] * 1000),
        "first_cpu_ms": round(work[0] * 1000),
        "warm_ms": round(statistics.median(times[1:]) * 1000),
        "warm_ms_from_to": [round(min(times[1:]) * 1000), round(max(times[1:]) * 1000)],
        "warm_cpu_ms": round(statistics.median(work[1:]) * 1000),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _asked(root: Path, folder: Path) -> int:
    """How many files are safe elsewhere as they are."""
    with open_repository(root, work=folder / "scratch", memory=FolderMemory(folder / "memory")) as repository:
        if repository is None:
            raise SystemExit("no repository was found")
        safe = repository.safe()
        tracked = repository.tracked().values()
        return sum(standing(entry, entry.object, safe) is Standing.SAFE for entry in tracked)


if __name__ == "__main__":
    main(sys.argv[1:])
