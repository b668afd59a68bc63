"""Analysing what has been stored: every file version once, in worker processes, after the snapshot is safe."""

from __future__ import annotations

import contextlib
import time
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeVar

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
from codevault.worker_board import TICK_SECONDS
from codevault.workers import MAX_CONTENT

T = TypeVar("T")

PAGE = 250
"""File versions taken from the list at a time: what a backup brings meanwhile waits for so many."""

BATCH_SECONDS = 2.0
"""How long the index is held at a time where nobody asks for it: so late what was analysed is found."""

FIRST_SECONDS = 0.5
"""The same, for the first time: what was saved a moment ago comes first."""

Listed = Callable[[Index, IsCurrent], tuple[Sequence[int], Sequence[int]]]
"""Numbers of the file versions to analyse: those that wait, and those to analyse again, in the order of work."""

Kept = Callable[[Pending], FileAnalysis | None]
"""What is known of a file version that nobody can read any more."""

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


def everything(index: Index, is_current: IsCurrent) -> tuple[Sequence[int], Sequence[int]]:
    """Numbers of what was never analysed, and of what is outdated, in the order of work."""
    return index.waiting(), index.outdated(is_current)


def nothing(_: Pending) -> None:
    """Knows nothing of what cannot be read."""


def understand(
    contents: Contents,
    index: Callable[[], AbstractContextManager[Index]],
    pool: Analyser,
    *,
    report: Reporter | None = None,
    cancel: CancelToken | None = None,
    allowance: Allowance | None = None,
    is_current: IsCurrent = is_current,
    kept: Kept = nothing,
    wanted: Callable[[], bool] = lambda: False,
    listed: Listed = everything,
) -> Understanding:
    """Analyses every file version that waits; the index is held, and committed, a few seconds at a time.

    What is there now comes before what was, code before text, the newest first; last, what was analysed or failed with
    a grammar that is not current: until that is done anew, the earlier analysis answers. `listed` may name less.

    While `cancel` is paused nothing is held and nothing handed out; the workers stop once they have done the few files
    that were. `allowance` is told what this process takes; the pool keeps it. Once the index is `wanted` by others,
    they get it.

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
    queue = _Queue(contents, lambda held: listed(held, is_current), kept)
    with _Turns(index, wanted, queue.look, allowance) as turns:
        queue.index = turns.index
        with contextlib.closing(queue.analysed(pool, _Ticks(turns, cancel))) as results:
            for pending, analysis, content in results:
                turns.index().add_analysis(pending, analysis, content)
                counts[analysis.outcome] += 1
                symbols += len(analysis.symbols)
                size += pending.size
                done += 1
                queue.recorded(pending)
                report.step("analysing", done, done + queue.left, size)
                turns.look()
                if cancel is not None and cancel.paused:
                    turns.end()
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


class _Turns:
    """The index while there is something to write: taken when it is needed, let go, and committed, soon.

    Nothing holds it that waits for a worker: one that rests for its allowance would keep backups waiting.
    """

    def __init__(
        self,
        opened: Callable[[], AbstractContextManager[Index]],
        wanted: Callable[[], bool],
        taken: Callable[[Index], None],
        allowance: Allowance | None,
    ) -> None:
        self._opened = opened
        self._wanted = wanted
        self._taken = taken
        self._allowance = allowance
        self._stack = contextlib.ExitStack()
        self._index: Index | None = None
        self._until = self._next_look = self._begun = 0.0
        self._seconds = min(FIRST_SECONDS, BATCH_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.end()
        else:
            self._stack.__exit__(kind, error, trace)

    def index(self) -> Index:
        """The index, held from now on."""
        if self._index is None:
            self._begun = time.process_time()  # the text index and the pool have threads of their own
            self._index = self._stack.enter_context(self._opened())
            now = time.monotonic()
            self._until, self._next_look = now + self._seconds, now
            self._seconds = BATCH_SECONDS
            self._taken(self._index)
        return self._index

    def look(self) -> None:
        """Lets go of the index when it was held for long, or when others wait for it."""
        now = time.monotonic()
        if self._index is None or now < min(self._next_look, self._until):
            return
        self._next_look = now + TICK_SECONDS
        if now > self._until or self._wanted():
            self.end()

    def end(self) -> None:
        """Lets go of the index, which commits what was written."""
        if self._index is None:
            return
        self._index = None
        self._stack.close()
        give_back()
        if self._allowance is not None:
            self._allowance.spend(time.process_time() - self._begun)


class _Ticks(Reporter):
    """What the pool tells of, also while it waits."""

    def __init__(self, turns: _Turns, cancel: CancelToken | None) -> None:
        super().__init__(cancel=cancel)
        self._turns = turns

    def step(self, phase: str, done: int, total: int | None = None, content_bytes: int = 0) -> None:
        """See `Reporter.step`."""
        super().step(phase, done, total, content_bytes)
        self._turns.look()


class _Queue:
    """What waits for analysis, fed to the pool without a pause between batches, given back in the order asked for.

    Within a page the order holds whatever worker finishes first: numbers in the index, and with them the order of
    equally good answers, depend on it.
    """

    def __init__(
        self,
        contents: Contents,
        listed: Callable[[Index], tuple[Sequence[int], Sequence[int]]],
        kept: Kept,
    ) -> None:
        self._source = contents
        self._kept = kept
        self._listed = listed
        self._numbers: Sequence[int] = ()
        self._at = 0
        self._taken: set[int] = set()
        self._again: set[int] = set()
        self._expected = 0  # file versions never analysed, as far as we know
        self._waiting: dict[int, Pending] = {}
        self._finished: dict[int, tuple[FileAnalysis, bytes | None]] = {}
        self._contents: dict[int, bytes] = {}
        self._held = 0
        self.index: Callable[[], Index]

    def look(self, index: Index) -> None:
        """The index that is held from now on; what arrived since the last look takes its place in the order."""
        if index.pending_count() != self._expected:
            self._list(index)

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
        while not page:
            index = self.index()
            if self._at >= len(self._numbers):
                self._list(index)
            numbers = self._numbers[self._at : self._at + PAGE]
            if not numbers:
                break
            self._at += len(numbers)
            self._taken.update(numbers)
            page = index.pending(numbers)
        return page

    def _list(self, index: Index) -> None:
        """Asks for the order anew. What was taken is done or on its way, and never taken twice in a run."""
        new, again = self._listed(index)
        self._numbers = array("q", (number for number in (*new, *again) if number not in self._taken))
        self._at = 0
        self._again.update(again)
        self._expected = index.pending_count()


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
