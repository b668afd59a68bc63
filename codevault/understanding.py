"""Analysing what has been stored: every file version once, in worker processes, after the snapshot is safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import DamageError
from codevault.index.index import Index
from codevault.index.model import Pending
from codevault.jobs import Reporter
from codevault.store.store import Store
from codevault.workers import WorkerPool

BATCH_FILES = 1000
BATCH_BYTES = 16 << 20  # a batch holds the index for a few seconds at most: a backup waits that long to record itself
LARGEST = 8 << 20  # bytes; larger files are kept and searchable by name, not by content


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What an analysis run did: file versions by outcome, symbols found, content in bytes."""

    versions: int
    parsed: int
    text: int
    binary: int
    failed: int
    symbols: int
    bytes: int
    seconds: float


def understand(
    store: Store,
    index: Callable[[], AbstractContextManager[Index]],
    pool: WorkerPool,
    report: Reporter | None = None,
) -> Understanding:
    """Analyses every file version that waits, in batches; the index is held, and committed, once a batch.

    Raises:
        IndexDamaged: the index cannot be written; `rebuild()` makes it again.
        WorkerError: no worker process can be started.
        Cancelled: the caller's token was set; whole batches before are kept.
    """
    report = report or Reporter()
    started = time.monotonic()
    counts = dict.fromkeys(Outcome, 0)
    symbols = size = done = total = 0
    while True:
        with index() as writable:
            waiting = _batch(writable.pending(BATCH_FILES))
            if not waiting:
                break
            total = max(total, done + writable.pending_count())
            for pending, analysis, content in _analysed(store, pool, waiting):
                writable.add_analysis(pending, analysis, content)
                counts[analysis.outcome] += 1
                symbols += len(analysis.symbols)
                size += pending.size
                done += 1
                report.step("analysing", done, total, size)
    report.step("analysing", done, done, size)
    return Understanding(
        versions=done,
        parsed=counts[Outcome.PARSED],
        text=counts[Outcome.TEXT],
        binary=counts[Outcome.BINARY],
        failed=counts[Outcome.FAILED],
        symbols=symbols,
        bytes=size,
        seconds=time.monotonic() - started,
    )


def _batch(pending: Sequence[Pending]) -> Sequence[Pending]:
    size = 0
    for count, one in enumerate(pending):
        size += one.size
        if size > BATCH_BYTES and count:
            return pending[:count]
    return pending


def _analysed(
    store: Store, pool: WorkerPool, waiting: Sequence[Pending]
) -> Iterator[tuple[Pending, FileAnalysis, bytes]]:
    """Analyses in the order asked for, whatever order the workers finish in: numbers in the index depend on it."""
    finished: dict[int, tuple[FileAnalysis, bytes]] = {}
    contents: dict[int, bytes] = {}

    def jobs() -> Iterator[tuple[int, str, bytes]]:
        for pending in waiting:
            content, why = _content(store, pending)
            if why:
                failed = FileAnalysis(outcome=Outcome.FAILED, language="", grammar="", problems=(why,))
                finished[pending.content] = (failed, b"")
            else:
                contents[pending.content] = content
                yield pending.content, pending.path, content

    turn = iter(waiting)
    following = next(turn, None)
    for number, analysis in pool.analyse_all(jobs()):
        finished[number] = (analysis, contents.pop(number))
        while following is not None and following.content in finished:
            yield following, *finished.pop(following.content)
            following = next(turn, None)
    while following is not None:
        yield following, *finished.pop(following.content)
        following = next(turn, None)


def _content(store: Store, pending: Pending) -> tuple[bytes, str]:
    if pending.size > LARGEST:
        return b"", f"larger than {LARGEST >> 20} MiB: not indexed"
    try:
        return store.read(pending.blob), ""
    except DamageError as exc:
        return b"", str(exc)
