"""The pool of parser processes: hostile source is never parsed in the caller's process.

Every worker has two threads here, one that feeds it and one that listens, so that neither side ever waits for the
other's pipe. Files go out in batches, several ahead, and come back in any order. A worker that dies or overruns its
time is replaced alone: the file it was at is tried once more with no other file around, then recorded as failed; all
others it held go back to the queue.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Generator, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from codevault.allowance import Allowance
from codevault.analysis.model import FileAnalysis
from codevault.errors import InvalidArgument
from codevault.jobs import Reporter
from codevault.worker_board import ALONE_BYTES, BATCH_BYTES, BATCH_FILES, MAX_CONTENT, TICK_SECONDS, Board, Task
from codevault.worker_process import default_command

__all__ = ["MAX_CONTENT", "WorkerPool"]

T = TypeVar("T")

_IN_FLIGHT_BYTES = 32 << 20  # read and not yet handed to the caller
_IN_FLIGHT_FILES = 4096


class WorkerPool:
    """Analyses files in killable processes; a context manager.

    `workers` 0 means one a processor, at most four. They start when there is work for them and stay until `close()`,
    or until the pool is forgotten or the process ends. `seconds` of real time is the hard limit for
    one file; where the system can, a worker also ends after 15 seconds of processor time on one. `command` replaces
    the command line of the workers. With `low_priority` they yield the processor to whatever else runs; `allowance`
    is told what they take and respected.
    """

    def __init__(
        self,
        workers: int = 0,
        *,
        seconds: float = 120.0,
        command: Sequence[str] | None = None,
        low_priority: bool = True,
        allowance: Allowance | None = None,
    ) -> None:
        if workers < 0 or seconds <= 0:
            raise InvalidArgument("a worker pool needs workers >= 0 (0: one a processor) and seconds > 0")
        self._board = Board(
            limit=workers or min(os.cpu_count() or 1, 4),
            seconds=seconds,
            command=tuple(command) if command is not None else default_command(low_priority=low_priority),
            low_priority=low_priority,
            allowance=allowance,
        )
        self._running = False
        self._closed = False
        self._end = weakref.finalize(self, self._board.dismiss)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kills all workers and waits for their end. Closing twice is allowed; a closed pool analyses nothing."""
        self._closed = True
        self._end()

    def analyse_all(
        self, files: Iterable[tuple[T, str, bytes]], *, report: Reporter | None = None
    ) -> Generator[tuple[T, FileAnalysis], None, None]:
        """Analyses (key, path, content) triples; gives (key, analysis) as they are done, in any order.

        `files` is read lazily, in the caller's thread, at most about 32 MiB ahead of what was given out. Every file
        gets exactly one answer; one that killed its worker, or is longer than MAX_CONTENT, gets `Outcome.FAILED`.
        Leaving the loop early kills what is under way.

        Raises:
            InvalidArgument: the pool is closed, or another call of this pool is not finished.
            WorkerError: no worker can be started.
            Cancelled: the token of `report` was set.
        """
        if self._closed:
            raise InvalidArgument("this worker pool is closed; make a new one")
        if self._running:
            raise InvalidArgument("this worker pool is at work; finish that loop first or make a second pool")
        self._running = True
        finished = False
        try:
            yield from _run(self._board, files, report or Reporter())
            finished = True
        finally:
            self._running = False
            if not finished:
                self._board.dismiss()


def _run(board: Board, files: Iterable[tuple[T, str, bytes]], report: Reporter) -> Iterator[tuple[T, FileAnalysis]]:
    run = board.begin()
    source = enumerate(files)
    keys: dict[int, T] = {}
    out_bytes = done = done_bytes = 0
    more = True
    while more or keys:
        full = out_bytes >= _IN_FLIGHT_BYTES or len(keys) >= _IN_FLIGHT_FILES
        if more and not full:
            batch = _pull(source, keys)
            more = bool(batch)
            out_bytes += sum(len(task.content) for task in batch)
            board.admit(batch)
        board.tend(run)
        report.step("analyse", done, None, done_bytes)
        for task, analysis in board.collect(0.0 if more and not full else TICK_SECONDS):
            out_bytes -= len(task.content)
            done += 1
            done_bytes += len(task.content)
            yield keys.pop(task.number), analysis


def _pull(source: Iterator[tuple[int, tuple[T, str, bytes]]], keys: dict[int, T]) -> list[Task]:
    """The next few files; empty when there are no more."""
    batch: list[Task] = []
    size = 0
    for number, (key, path, content) in source:
        keys[number] = key
        sendable = path.encode("utf-8", "replace").decode()  # names may hold bytes that are not text
        batch.append(Task(number, sendable, content, alone=len(content) >= ALONE_BYTES))
        size += len(content)
        if size >= BATCH_BYTES or len(batch) >= BATCH_FILES:
            break
    return batch
