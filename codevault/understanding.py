"""Analysing what has been stored: every file version once, in worker processes, after the snapshot is safe."""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from codevault.allowance import Allowance
from codevault.analysis.editions import is_current
from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import ContentElsewhere, DamageError
from codevault.heap import give_back
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import Pending
from codevault.index.waiting import IsCurrent
from codevault.jobs import CancelToken, Reporter
from codevault.workers import MAX_CONTENT

T = TypeVar("T")

PAGE = 250
"""File versions taken from the list at a time: what a backup brings meanwhile waits for so many."""

BATCH_SECONDS = 2.0
"""How long the index is held at a time: a backup waits that long to record itself."""

_MOST_HELD = 16 << 20  # bytes of content that wait for an earlier file


class Analyser(Protocol):
    """What analyses files somewhere else: local processes (`WorkerPool`), any executor (`ExecutorPool`)."""

    def analyse_all(
        self, files: Iterable[tuple[T, str, bytes]], *, report: Reporter | None = None
    ) -> Generator[tuple[T, FileAnalysis], None, None]:
        """Gives (key, analysis) for each (key, path, content), each once, in any order, reading `files` lazily."""
        ...


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


class Contents(Protocol):
    """Gives file versions by their id."""

    def read(self, blob: BlobId) -> bytes:
        """The bytes; `DamageError` when they cannot be had."""
        ...


def understand(
    contents: Contents,
    index: Callable[[], AbstractContextManager[Index]],
    pool: Analyser,
    *,
    report: Reporter | None = None,
    cancel: CancelToken | None = None,
    allowance: Allowance | None = None,
    is_current: IsCurrent = is_current,
    kept: Callable[[Pending], FileAnalysis | None] = lambda _: None,
) -> Understanding:
    """Analyses every file version that waits; the index is held, and committed, a few seconds at a time.

    What is there now comes before what was, code before text, the newest first; last, what was analysed or failed with
    a grammar that is not current: until that is done anew, the earlier analysis answers.

    While `cancel` is paused nothing is held and nothing handed out; the workers stop once they have done the few files
    that were. `allowance` is told what this process takes; the pool keeps it.

    A content that its repository cannot give any more gets what is `kept` of it, without text.

    Raises:
        IndexDamaged: the index cannot be written; `rebuild()` makes it again.
        WorkerError: no worker process can be started.
        Cancelled: the caller's token was set; what was committed before is kept.
    """
    report = report or Reporter()
    started = time.monotonic()
    counts = dict.fromkeys(Outcome, 0)
    symbols = size = done = 0
    queue = _Queue(contents, is_current, kept)
    with contextlib.closing(queue.analysed(pool, Reporter(cancel=cancel))) as results:
        ended = False
        while not ended:
            begun = time.process_time()  # the text index and the pool have threads of their own
            with index() as writable:
                queue.look(writable)
                until = time.monotonic() + BATCH_SECONDS
                ended = True
                for pending, analysis, content in results:
                    writable.add_analysis(pending, analysis, content)
                    counts[analysis.outcome] += 1
                    symbols += len(analysis.symbols)
                    size += pending.size
                    done += 1
                    queue.recorded(pending)
                    report.step("analysing", done, done + queue.left, size)
                    if time.monotonic() > until or (cancel is not None and cancel.paused):
                        ended = False
                        break
            give_back()
            if allowance is not None:
                allowance.spend(time.process_time() - begun)
            if cancel is not None and cancel.paused:
                report.step("paused", done, done + queue.left, size)
                cancel.wait()
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


class _Queue:
    """What waits for analysis, fed to the pool without a pause between batches, given back in the order asked for.

    Within a page the order holds whatever worker finishes first: numbers in the index, and with them the order of
    equally good answers, depend on it.
    """

    def __init__(
        self, contents: Contents, is_current: IsCurrent, kept: Callable[[Pending], FileAnalysis | None]
    ) -> None:
        self._source = contents
        self._kept = kept
        self._is_current = is_current
        self._numbers: Sequence[int] = ()
        self._at = 0
        self._taken: set[int] = set()
        self._again: set[int] = set()
        self._expected = 0  # file versions never analysed, as far as we know
        self._waiting: dict[int, Pending] = {}
        self._finished: dict[int, tuple[FileAnalysis, bytes | None]] = {}
        self._contents: dict[int, bytes] = {}
        self._held = 0
        self._index: Index | None = None

    def look(self, index: Index) -> None:
        """The index that is held from now on; what arrived since the last look takes its place in the order."""
        self._index = index
        if index.pending_count() != self._expected:
            self._list()

    def recorded(self, pending: Pending) -> None:
        """Told of each file version that is in the index now."""
        self._expected -= pending.content not in self._again

    @property
    def left(self) -> int:
        """How many file versions are still to be recorded."""
        return len(self._waiting) + len(self._numbers) - self._at

    def analysed(self, pool: Analyser, report: Reporter) -> Generator[tuple[Pending, FileAnalysis, bytes | None]]:
        """Every waiting file version with its analysis and content."""
        with contextlib.closing(pool.analyse_all(self._jobs(), report=report)) as results:
            for number, analysis in results:
                content = self._contents.pop(number)
                self._finished[number] = (analysis, content)
                self._held += len(content)
                yield from self._ready()
        yield from self._ready()

    def _ready(self) -> Iterator[tuple[Pending, FileAnalysis, bytes | None]]:
        while self._waiting:
            number = next(iter(self._waiting))
            if number not in self._finished:
                if self._held <= _MOST_HELD:
                    return
                # One slow file must not hold all of memory: the others go ahead of it.
                number = next(n for n in self._waiting if n in self._finished)
            analysis, content = self._finished.pop(number)
            self._held -= len(content or b"")
            yield self._waiting.pop(number), analysis, content

    def _jobs(self) -> Iterator[tuple[int, str, bytes]]:
        while page := self._page():
            for pending in page:
                self._waiting[pending.content] = pending
                content, why = _content(self._source, pending)
                if why and pending.content in self._again:
                    del self._waiting[pending.content]  # what the earlier analysis found is more than nothing
                elif why or content is None:
                    failed = FileAnalysis(outcome=Outcome.FAILED, language="", grammar="", problems=(why,))
                    told = self._kept(pending) if content is None else None
                    self._finished[pending.content] = (told or failed, content)
                else:
                    self._contents[pending.content] = content
                    yield pending.content, pending.path, content

    def _page(self) -> Sequence[Pending]:
        """The next in order; at the end of the list, what came since it was made."""
        page: Sequence[Pending] = ()
        while self._index is not None and not page:
            if self._at >= len(self._numbers):
                self._list()
            numbers = self._numbers[self._at : self._at + PAGE]
            if not numbers:
                break
            self._at += len(numbers)
            self._taken.update(numbers)
            page = self._index.pending(numbers)
        return page

    def _list(self) -> None:
        """Asks for the order anew. What was taken is done or on its way, and never taken twice in a run."""
        if self._index is not None:
            again = self._index.outdated(self._is_current)
            listed = (*self._index.waiting(), *again)
            self._numbers = array("q", (number for number in listed if number not in self._taken))
            self._at = 0
            self._again.update(again)
            self._expected = self._index.pending_count()


def _content(contents: Contents, pending: Pending) -> tuple[bytes | None, str]:
    """The bytes, or why there are none; None instead of them when they are gone with the repository that held them."""
    if pending.size > MAX_CONTENT:
        return b"", f"larger than {MAX_CONTENT >> 20} MiB: not indexed"
    try:
        return contents.read(pending.blob), ""
    except ContentElsewhere as exc:
        return None, str(exc)
    except DamageError as exc:
        return b"", str(exc)
