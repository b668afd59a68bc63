from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

import codevault.understanding as module
from codevault.analysis.analyse import analyse
from codevault.analysis.model import FileAnalysis
from codevault.errors import InvalidArgument
from codevault.ids import BlobId
from codevault.index.model import Pending
from codevault.understanding import Understanding, at_share, understand

SOURCES = [b"def f%d(): pass\n" % number for number in range(6)]


class Contents:
    """Stands for the store: what the blobs hold."""

    def read(self, blob: BlobId) -> bytes:
        return SOURCES[int(blob)]


class Waiting:
    """Stands for the index: what waits, what was recorded, how often it was held."""

    def __init__(self) -> None:
        self.recorded: list[tuple[int, FileAnalysis]] = []
        self.held = 0
        self.open = False

    @contextmanager
    def writing(self) -> Iterator[Waiting]:
        self.held += 1
        self.open = True
        yield self
        self.open = False

    def _waits(self) -> list[Pending]:
        done = {number for number, _ in self.recorded}
        return [
            Pending(blob=BlobId(str(number)), path=f"{number}.py", size=len(source), content=number)
            for number, source in enumerate(SOURCES)
            if number not in done
        ]

    def pending(self, limit: int) -> tuple[Pending, ...]:
        return tuple(self._waits()[:limit])

    def pending_count(self) -> int:
        return len(self._waits())

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


def run(waiting: Waiting, **settings: Any) -> Understanding:
    return understand(cast("Any", Contents()), cast("Any", waiting.writing), cast("Any", Backwards()), **settings)


def test_records_analyses_in_the_order_of_contents_whatever_worker_is_first() -> None:
    waiting = Waiting()
    done = run(waiting)

    assert [number for number, _ in waiting.recorded] == list(range(6))
    assert (done.versions, done.parsed, done.symbols) == (6, 6, 6)


def test_paces_itself_between_batches_while_the_index_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH_SECONDS", -1.0)  # each file is a batch
    waiting, paused = Waiting(), list[bool]()
    run(waiting, pace=lambda _: paused.append(waiting.open))

    assert paused == [False] * 6
    assert waiting.held == 7


def test_does_not_pace_what_is_done_at_once() -> None:
    paused = list[float]()
    run(Waiting(), pace=paused.append)

    assert paused == []


@pytest.mark.parametrize(("share", "slept"), [(1.0, 0.0), (0.5, 2.0), (0.1, 18.0)])
def test_keeps_a_share_of_the_time_by_sleeping_the_rest(share: float, slept: float) -> None:
    naps = list[float]()
    at_share(share, naps.append)(2.0)

    assert naps == [pytest.approx(slept)]


@pytest.mark.parametrize("share", [0.0, -1.0, 1.5])
def test_refuses_a_share_that_is_none(share: float) -> None:
    with pytest.raises(InvalidArgument, match="above 0"):
        at_share(share)
