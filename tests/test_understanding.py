from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import pytest

import codevault.understanding as module
from codevault.allowance import Allowance
from codevault.analysis.analyse import analyse
from codevault.analysis.model import FileAnalysis
from codevault.errors import Cancelled
from codevault.ids import BlobId
from codevault.index.model import Pending
from codevault.jobs import CancelToken, Progress, Reporter
from codevault.understanding import Understanding, understand

SOURCES = [b"def f%d(): pass\n" % number for number in range(6)]


class Contents:
    """Stands for the store: what the blobs hold."""

    def read(self, blob: BlobId) -> bytes:
        return SOURCES[int(blob)]


class Waiting:
    """Stands for the index: what waits, what was recorded, how often it was held."""

    def __init__(self) -> None:
        self.recorded: list[tuple[int, FileAnalysis]] = []
        self.order = list(range(6))
        self.old: list[int] = []
        self.held = 0
        self.open = False

    @contextmanager
    def writing(self) -> Iterator[Waiting]:
        self.held += 1
        self.arrive(self.held)
        self.open = True
        yield self
        self.open = False

    def arrive(self, held: int) -> None:
        """What a backup brings before the index is held for that time."""

    def waiting(self) -> Sequence[int]:
        done = {number for number, _ in self.recorded}
        return [number for number in self.order if number not in done and number not in self.old]

    def outdated(self, is_current: Callable[[str], bool]) -> Sequence[int]:
        """What was never brought up to date, for ever: as if each new analysis were outdated at once."""
        return [number for number in self.old if not is_current("old")]

    def pending(self, numbers: Iterable[int]) -> tuple[Pending, ...]:
        return tuple(
            Pending(blob=BlobId(str(number)), path=f"{number}.py", size=len(SOURCES[number]), content=number)
            for number in numbers
        )

    def pending_count(self) -> int:
        return len(self.waiting())

    def add_analysis(self, pending: Pending, found: FileAnalysis, _content: bytes) -> None:
        self.recorded.append((pending.content, found))


class Backwards:
    """Stands for the workers: analyses here and now, the last file first."""

    def analyse_all(
        self, files: Iterable[tuple[int, str, bytes]], *, report: object
    ) -> Iterator[tuple[int, FileAnalysis]]:
        assert report is not None
        for key, path, content in reversed(list(files)):
            yield key, analyse(path, content)


class Unhurried(Reporter):
    """Tells of every step."""

    def __init__(self, note: Callable[[Progress], None]) -> None:
        super().__init__()
        self._note = note

    def step(self, phase: str, done: int, total: int | None = None, content_bytes: int = 0) -> None:
        self._note(Progress(phase=phase, done=done, total=total, bytes=content_bytes))


def run(waiting: Waiting, **settings: Any) -> Understanding:
    return understand(cast("Any", Contents()), cast("Any", waiting.writing), cast("Any", Backwards()), **settings)


def test_records_analyses_in_the_order_of_work_whatever_worker_is_first() -> None:
    waiting = Waiting()
    waiting.order = [4, 0, 5, 1, 3, 2]
    done = run(waiting)

    assert [number for number, _ in waiting.recorded] == waiting.order
    assert (done.versions, done.parsed, done.symbols) == (6, 6, 6)


def test_rests_while_it_is_paused_and_holds_nothing_meanwhile() -> None:
    waiting, token, seen = Waiting(), CancelToken(), list[tuple[str, int, bool]]()

    def note(progress: Progress) -> None:
        seen.append((progress.phase, progress.done, waiting.open))
        if progress.done == 3:
            token.pause()
        if progress.phase == "paused":
            token.resume()

    run(waiting, report=Unhurried(note), cancel=token)

    assert ("paused", 3, False) in seen
    assert [number for number, _ in waiting.recorded] == list(range(6))
    assert waiting.held == 2


def test_a_rest_ends_with_a_cancellation() -> None:
    waiting, token = Waiting(), CancelToken()

    def note(progress: Progress) -> None:
        token.pause()
        if progress.phase == "paused":
            token.cancel()

    with pytest.raises(Cancelled):
        run(waiting, report=Unhurried(note), cancel=token)
    assert [number for number, _ in waiting.recorded] == [0]


def test_what_recording_takes_counts_against_the_allowance() -> None:
    allowance = Allowance(1.0)
    run(Waiting(), allowance=allowance)

    assert allowance.spent > 0


class Slow(Backwards):
    """Tells of a moment in which nothing was done before each answer."""

    def __init__(self, seen: Callable[[], None]) -> None:
        self._seen = seen

    def analyse_all(
        self, files: Iterable[tuple[int, str, bytes]], *, report: object
    ) -> Iterator[tuple[int, FileAnalysis]]:
        for key, path, content in files:
            cast("Reporter", report).step("analyse", 0)
            self._seen()
            yield key, analyse(path, content)


def test_who_waits_for_the_index_gets_it_while_workers_are_waited_for() -> None:
    waiting = Waiting()
    held: list[bool] = []
    pool = Slow(lambda: held.append(waiting.open))
    understand(cast("Any", Contents()), cast("Any", waiting.writing), cast("Any", pool), wanted=lambda: True)

    assert held == [False] * 6
    assert waiting.held == 8
    assert [number for number, _ in waiting.recorded] == list(range(6))


class OneByOne(Backwards):
    """Takes one file at a time, and answers before it takes the next."""

    def analyse_all(
        self, files: Iterable[tuple[int, str, bytes]], *, report: object
    ) -> Iterator[tuple[int, FileAnalysis]]:
        assert report is not None
        for key, path, content in files:
            yield key, analyse(path, content)


def test_what_arrives_meanwhile_takes_its_place_in_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    class Growing(Waiting):
        def arrive(self, held: int) -> None:
            if held == 3:
                self.order = [5, *self.order]

    monkeypatch.setattr(module, "BATCH_SECONDS", -1.0)
    monkeypatch.setattr(module, "PAGE", 1)
    waiting = Growing()
    waiting.order = list(range(5))
    understand(cast("Any", Contents()), cast("Any", waiting.writing), cast("Any", OneByOne()))

    assert [number for number, _ in waiting.recorded] == [0, 1, 5, 2, 3, 4]


def test_what_is_outdated_comes_last_and_once_in_a_run_whatever_becomes_of_it() -> None:
    waiting = Waiting()
    waiting.old = [3, 1]
    done = run(waiting, is_current=lambda grammar: grammar != "old")

    assert [number for number, _ in waiting.recorded] == [0, 2, 4, 5, 3, 1]
    assert done.versions == 6


def test_what_is_current_is_left_alone() -> None:
    waiting = Waiting()
    waiting.old = [3, 1]
    run(waiting, is_current=lambda grammar: grammar == "old")

    assert [number for number, _ in waiting.recorded] == [0, 2, 4, 5]
