"""What the measurement scripts share: whole processes timed, folders sized, the machine named, numbers written."""

from __future__ import annotations

import math
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a process and all it waited for took: seconds of wall clock and of processor, peak memory of the largest."""

    wall: float
    cpu: float
    peak_mb: float


class CommandFailedError(Exception):
    """A measured command ended with an error; its last output is the message."""


def timed(command: Sequence[str], *, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end and say what it cost. Pending writes of others are flushed before, not within.

    Raises:
        CommandFailedError: it ended with another status than 0.
    """
    os.sync()
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    stderr = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.stderr:
        process.stderr.close()
    if process.returncode:
        raise CommandFailedError(f"{' '.join(command)[:200]}: {stderr.decode(errors='replace')[-2000:]}")
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak_mb=usage.ru_maxrss / 1024)


def folder_bytes(folder: Path, *, without: str = "") -> int:
    """Bytes of all files below the folder, leaving out its subfolder `without`."""
    skipped = folder / without if without else None
    whole = 0
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if Path(root, name) != skipped]
        whole += sum(os.lstat(os.path.join(root, name)).st_size for name in files)
    return whole


def machine(*commands: Sequence[str]) -> str:
    """One line about this machine, Python, CodeVault and the tools that these commands print the version of."""
    tools = [
        subprocess.run(each, capture_output=True, text=True, check=True).stdout.split("\n")[0] for each in commands
    ]
    said = [
        f"{os.cpu_count()} cores ({platform.machine()})",
        f"{platform.system()} {platform.release().split('-')[0]}",
        f"Python {platform.python_version()}",
        f"CodeVault {version('codevault')}",
        *tools,
    ]
    return ", ".join(said)


def middle(costs: Sequence[Cost]) -> Cost:
    """The run whose wall time is the median (of an even number, the slower one)."""
    return sorted(costs, key=lambda cost: cost.wall)[len(costs) // 2]


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Least to greatest."""
    return f"{min(values):.{digits}f}-{max(values):.{digits}f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)


@contextmanager
def said(what: str) -> Iterator[None]:
    """Say on standard error what is being done and how long it took: long runs should not look dead."""
    began = time.perf_counter()
    print(f"{what} ...", file=sys.stderr, flush=True)
    yield
    print(f"{what}: {time.perf_counter() - began:.1f} s", file=sys.stderr, flush=True)
