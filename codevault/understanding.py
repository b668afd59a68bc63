"""Analysing what has been stored: every file version once, in worker processes, after the snapshot is safe."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import DamageError, InvalidArgument
from codevault.index.index import Index
from codevault.index.model import Pending
from codevault.jobs import CancelToken, Reporter
from codevault.store.store import Store
from codevault.workers import MAX_CONTENT, WorkerPool

BATCH_SECONDS = 2.0
"""How long the index is held at a time: a backup waits that long to record itself."""

_PAGE = 1000
_MOST_HELD = 64 << 20  # bytes of content that wait for an earlier file


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
    *,
    report: Reporter | None = None,
    cancel: CancelToken | None = None,
    pace: Callable[[float], None] | None = None,
) -> Understanding:
    """Analyses every file version that waits; the index is held, and committed, a few seconds at a time.

    `pace` is called between two such batches, when nothing is held, with the seconds that the last one took: it keeps a
    budget by waiting in proportion (`at_share`), or pauses by not returning yet. The workers stop once they have done
    the few files that were handed out.

    Raises:
        IndexDamaged: the index cannot be written; `rebuild()` makes it again.
        WorkerError: no worker process can be started.
        Cancelled: the caller's token was set; what was committed before is kept.
    """
    report = report or Reporter()
    started = time.monotonic()
    counts = dict.fromkeys(Outcome, 0)
    symbols = size = done = 0
    queue = _Queue(store)
    with contextlib.closing(queue.analysed(pool, Reporter(cancel=cancel))) as results:
        ended = False
        while not ended:
            batch = time.monotonic()
            with index() as writable:
                queue.index = writable
                total = done + writable.pending_count()
                until = time.monotonic() + BATCH_SECONDS
                ended = True
                for pending, analysis, content in results:
                    writable.add_analysis(pending, analysis, content)
                    counts[analysis.outcome] += 1
                    symbols += len(analysis.symbols)
                    size += pending.size
                    done += 1
                    report.step("analysing", done, max(done, total), size)
                    if time.monotonic() > until:
                        ended = False
                        break
            if pace is not None and not ended:
                pace(time.monotonic() - batch)
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


def at_share(share: float, sleep: Callable[[float], None] = time.sleep) -> Callable[[float], None]:
    """A pace that works for `share` of the time, above 0 up to 1, and sleeps for the rest."""
    if not 0 < share <= 1:
        raise InvalidArgument("a share of the time lies above 0 and up to 1")
    return lambda worked: sleep(worked * (1 / share - 1))


class _Queue:
    """What waits for analysis, fed to the pool without a pause between batches, given back in the order asked for.

    The order matters, whatever worker finishes first: numbers in the index, and with them the order of equally good
    answers, depend on it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[int, Pending] = {}
        self._last = -1
        self._finished: dict[int, tuple[FileAnalysis, bytes]] = {}
        self._contents: dict[int, bytes] = {}
        self._held = 0
        self.index: Index | None = None

    def analysed(self, pool: WorkerPool, report: Reporter) -> Generator[tuple[Pending, FileAnalysis, bytes]]:
        """Every waiting file version with its analysis and content; `index` is the one that is held at the time."""
        with contextlib.closing(pool.analyse_all(self._jobs(), report=report)) as results:
            for number, analysis in results:
                content = self._contents.pop(number)
                self._finished[number] = (analysis, content)
                self._held += len(content)
                yield from self._ready()
        yield from self._ready()

    def _ready(self) -> Iterator[tuple[Pending, FileAnalysis, bytes]]:
        while self._waiting:
            number = next(iter(self._waiting))
            if number not in self._finished:
                if self._held <= _MOST_HELD:
                    return
                # One slow file must not hold all of memory: the others go ahead of it.
                number = next(n for n in self._waiting if n in self._finished)
            analysis, content = self._finished.pop(number)
            self._held -= len(content)
            yield self._waiting.pop(number), analysis, content

    def _jobs(self) -> Iterator[tuple[int, str, bytes]]:
        while page := self._page():
            for pending in page:
                self._waiting[pending.content] = pending
                content, why = _content(self._store, pending)
                if why:
                    failed = FileAnalysis(outcome=Outcome.FAILED, language="", grammar="", problems=(why,))
                    self._finished[pending.content] = (failed, b"")
                else:
                    self._contents[pending.content] = content
                    yield pending.content, pending.path, content

    def _page(self) -> list[Pending]:
        """The next that wait; those on their way still count as waiting in the index and come first in it."""
        if self.index is None:
            return []
        found = self.index.pending(len(self._waiting) + _PAGE)
        page = [pending for pending in found if pending.content > self._last]
        if page:
            self._last = page[-1].content
        return page


def _content(store: Store, pending: Pending) -> tuple[bytes, str]:
    if pending.size > MAX_CONTENT:
        return b"", f"larger than {MAX_CONTENT >> 20} MiB: not indexed"
    try:
        return store.read(pending.blob), ""
    except DamageError as exc:
        return b"", str(exc)
