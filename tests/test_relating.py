"""Which blob new content is stored as a difference from, when it has no earlier version."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from codevault.errors import IndexDamaged
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import Hit, Seen
from codevault.relating import SharedSymbols

BLOB, OTHER = BlobId("a" * 64), BlobId("b" * 64)
SOURCE = "".join(f"def step_{n}(value, limit):\n    return value * {n} - limit\n\n\n" for n in range(12)).encode()


class Lines:
    """An index that knows in which blobs a line stands."""

    def __init__(self, blobs: Callable[[str], list[BlobId]]) -> None:
        self.asked: list[str] = []
        self._blobs = blobs

    def search_text(self, line: str, **_limits: float) -> Lines.Found:
        self.asked.append(line)
        return Lines.Found(self._blobs(line))

    class Found:
        def __init__(self, blobs: list[BlobId]) -> None:
            self.hits = tuple(map(_hit, blobs))


def _hit(blob: BlobId) -> Hit:
    seen = Seen(project="p", sequence=1, snapshot="s", created_ns=0)  # type: ignore[arg-type]  # ids are plain texts
    return Hit(
        project=seen.project,
        path="a.py",
        blob=blob,
        start_line=1,
        end_line=1,
        snippet="",
        first_seen=seen,
        last_seen=None,
    )


def shared(lines: Lines, held: set[BlobId] | None = None, clock: Iterator[float] | None = None) -> SharedSymbols:
    index: Index = lines  # type: ignore[assignment]  # it asks for no more than this
    holds = {BLOB, OTHER} if held is None else held
    return SharedSymbols(lambda: index, holds.__contains__, clock=lambda: next(clock) if clock else 0.0)


def test_the_blob_with_most_of_the_defining_lines_is_the_relative() -> None:
    lines = Lines(lambda line: [BLOB, OTHER] if "_1" in line or "_2(" in line else [BLOB])

    assert shared(lines).relative(SOURCE) == BLOB
    assert len(lines.asked) == 6
    assert all(line.startswith("def step_") for line in lines.asked)


def test_a_blob_that_only_a_repository_holds_is_none() -> None:
    lines = Lines(lambda _: [BLOB, OTHER])

    assert shared(lines, {OTHER}).relative(SOURCE) == OTHER
    assert shared(lines, set()).relative(SOURCE) is None


def test_a_single_line_in_common_makes_no_relative() -> None:
    assert shared(Lines(lambda line: [BLOB] if "step_0" in line else [])).relative(SOURCE) is None


def test_small_large_and_binary_content_is_not_looked_up() -> None:
    lines = Lines(lambda _: [BLOB])

    assert [shared(lines).relative(one) for one in (b"x = 1\n", SOURCE * 9000, SOURCE + b"\0")] == [None] * 3
    assert lines.asked == []


def test_looking_ends_with_the_time_that_a_backup_spends_on_it() -> None:
    lines = Lines(lambda _: [BLOB])
    relatives = shared(lines, clock=iter([0.0, 5.0]))

    assert (relatives.relative(SOURCE), relatives.relative(SOURCE)) == (BLOB, None)


def test_an_index_that_cannot_be_read_is_asked_once() -> None:
    def broken(_: str) -> list[BlobId]:
        raise IndexDamaged("no index")

    lines = Lines(broken)
    relatives = shared(lines)

    assert (relatives.relative(SOURCE), relatives.relative(SOURCE)) == (None, None)
    assert len(lines.asked) == 1


def test_text_without_definitions_is_told_by_its_longest_lines() -> None:
    lines = Lines(lambda _: [BLOB])
    prose = "\n".join(f"this is line {n} of a long letter {'x' * n}" for n in range(30)).encode()

    assert shared(lines).relative(prose) == BLOB
    assert lines.asked[0].endswith("x" * 29)
