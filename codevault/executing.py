"""Analysing with somebody's executor: what fits where `concurrent.futures.Executor` does, a cluster's for one.

No process here is ours: there are no limits of memory or time but the parser's own, and a file that kills a process
does what the executor makes of it. Local work is for `codevault.workers`, which survives all that.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import TypeVar

from codevault.analysis.model import FileAnalysis
from codevault.analysis.worker import analyse_batch
from codevault.errors import InvalidArgument, WorkerError
from codevault.jobs import Reporter
from codevault.worker_board import BATCH_BYTES, BATCH_FILES, TICK_SECONDS, unparsed

T = TypeVar("T")
_Batch = list[tuple[T, str, bytes]]


class ExecutorPool:
    """Analyses files by submitting batches of them to an executor, at most `ahead` at a time. It stays the caller's."""

    def __init__(self, executor: Executor, *, ahead: int = 64) -> None:
        if not callable(getattr(executor, "submit", None)) or ahead < 1:
            raise InvalidArgument(
                "an executor has submit(), as concurrent.futures.Executor does, and ahead is 1 or more"
            )
        self._executor = executor
        self._ahead = ahead

    def analyse_all(
        self, files: Iterable[tuple[T, str, bytes]], *, report: Reporter | None = None
    ) -> Generator[tuple[T, FileAnalysis], None, None]:
        """Analyses (key, path, content) triples; gives (key, analysis) as they are done, in any order.

        `files` is read lazily, in the caller's thread. Every file gets exactly one answer; one whose analysis raises,
        with others and alone, gets `Outcome.FAILED`. Leaving the loop early cancels what has not begun.

        Raises:
            WorkerError: the executor broke or refuses work.
            Cancelled: the token of `report` was set.
        """
        report = report or Reporter()
        running: dict[Future[list[FileAnalysis]], _Batch[T]] = {}
        batches = _batches(files)
        more = True
        done = size = 0
        try:
            while more or running:
                while more and len(running) < self._ahead:
                    batch = next(batches, None)
                    more = batch is not None
                    if batch is not None:
                        running[self._submit(batch)] = batch
                report.step("analyse", done, None, size)
                for future in wait(running, TICK_SECONDS, FIRST_COMPLETED).done:
                    batch = running.pop(future)
                    answers = self._answers(future, batch)
                    if answers is None:
                        running.update((self._submit([one]), [one]) for one in batch)
                        continue
                    for (key, _, content), analysis in zip(batch, answers, strict=True):
                        done, size = done + 1, size + len(content)
                        yield key, analysis
        finally:
            for future in running:
                future.cancel()

    def _submit(self, batch: _Batch[T]) -> Future[list[FileAnalysis]]:
        try:
            return self._executor.submit(analyse_batch, [(path, content) for _, path, content in batch])
        except RuntimeError as exc:  # shut down, or broken
            raise WorkerError(f"the executor takes no work: {exc}") from exc

    def _answers(self, future: Future[list[FileAnalysis]], batch: _Batch[T]) -> list[FileAnalysis] | None:
        """What came of a batch; None when it is to be tried again file by file."""
        error = future.exception()
        if error is None:
            return future.result()
        if isinstance(error, BrokenExecutor):
            raise WorkerError(f"the executor broke: {error}; what was analysed before is kept") from error
        if len(batch) > 1:
            return None
        _, path, content = batch[0]
        return [unparsed(path, content, f"the analysis broke off with {type(error).__name__}")]


def _batches(files: Iterable[tuple[T, str, bytes]]) -> Iterator[_Batch[T]]:
    batch: _Batch[T] = []
    size = 0
    for key, path, content in files:
        batch.append((key, path, content))
        size += len(content)
        if size >= BATCH_BYTES or len(batch) >= BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
