"""Whole trees through a vault, backup and analysis: time, processor time, memory of all processes, size of the index.

Run as `python -m tests.analysis.pipeline FOLDER-OF-A-NEW-VAULT PROJECT…`; prints rows of RESULTS.md. `SHARE=0.1` in the
environment keeps the analysis to that much of a processor. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from codevault import Vault
from codevault.jobs import Progress

EVERY = 5_000


def main(arguments: Sequence[str]) -> None:
    """Backs up each folder as a project, then analyses everything."""
    where, *roots = arguments
    share = float(os.environ["SHARE"]) if "SHARE" in os.environ else None
    with Vault.create(where) as vault, Memory() as memory:
        began = time.monotonic()
        for root in roots:
            vault.backup(vault.projects.add(root))
        backed_up = time.monotonic()
        told = Told(backed_up)
        done = vault.analyse(share=share, progress=told)
        ended = time.monotonic()
        ours, workers = processor_time()
    index = sum(file.stat().st_size for file in (Path(where) / "cache").rglob("*") if file.is_file())
    sys.stdout.write(
        f"| {done.versions} file versions, {done.bytes / 1e6:.0f} MB, {done.symbols} symbols"
        f" ({done.parsed} parsed, {done.text} text, {done.binary} binary, {done.failed} failed)"
        f" | backup {backed_up - began:.0f} s, analysis {ended - backed_up:.0f} s"
        f" | processor: {ours:.0f} s here, {workers:.0f} s the workers"
        f" | memory of all processes at most {memory.peak} MB, {memory.here} of them here"
        f" | index {index / 1e6:.0f} MB | load {os.getloadavg()[1]:.1f} |\n"
    )


class Told:
    """Prints how far it is, every few thousand files."""

    def __init__(self, began: float) -> None:
        self._began = began
        self._next = EVERY

    def __call__(self, progress: Progress) -> None:
        if progress.phase == "analysing" and progress.done >= self._next:
            self._next += EVERY
            passed = time.monotonic() - self._began
            ours, _ = processor_time()
            sys.stdout.write(
                f"{progress.done} of {progress.total}, {progress.bytes >> 20} MiB, {passed:.0f} s, {ours:.0f} s here,"
                f" {alive_workers():.0f} s the workers\n"
            )
            sys.stdout.flush()


class Memory:
    """Looks every two seconds at what this process and its children hold; shared pages are split between them."""

    def __init__(self) -> None:
        self.peak = self.here = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._end.wait(2.0):
            here = held(os.getpid())
            everywhere = here + sum(held(process) for process in children())
            if everywhere > self.peak:
                self.peak, self.here = everywhere, here


def held(process: int) -> int:
    """MB that a process holds, 0 when it is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) >> 10


def children() -> Iterator[int]:
    """The processes that any thread of this one started."""
    for thread in Path("/proc/self/task").iterdir():
        try:
            yield from map(int, (thread / "children").read_text().split())
        except OSError:
            continue


def processor_time() -> tuple[float, float]:
    """Seconds taken by this process, and by its children that have ended."""
    times = os.times()
    return time.process_time(), times.children_user + times.children_system


def alive_workers() -> float:
    """Seconds taken by its children, those that are alive included."""
    total = processor_time()[1]
    for process in children():
        try:
            total += time.clock_gettime((~process << 3) | 2)
        except OSError:
            continue
    return total


if __name__ == "__main__":
    main(sys.argv[1:])
