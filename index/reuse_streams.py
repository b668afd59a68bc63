"""Streams of codes at rest, to compare symbols by: compressed with their neighbours, in groups small enough to read.

FORMAT.md has the bytes of a group.
"""

from __future__ import annotations

import sqlite3
import struct
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import zstandard

from codevault.analysis.similarity import MAX_CODES
from codevault.errors import IndexDamaged

GROUP: Final = 128
GROUP_BYTES: Final = 64 << 10
"""Streams, and bytes of them, from which a group is full."""

_LEVEL: Final = 15
_FARTHEST: Final = 0xFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The codes of one symbol, at most `MAX_CODES`, and the label of their language."""

    number: int
    language: int
    codes: bytes


class StreamWriter:
    """Takes streams in the order of their symbols' numbers and writes groups into the running transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._held: list[Stream] = []
        self._bytes = 0

    def add(self, number: int, language: int, codes: bytes) -> None:
        """Takes the next stream."""
        if not self._held:
            self._begin()
        if self._held and number - self._held[0].number > _FARTHEST:
            self.flush()
        self._held.append(Stream(number=number, language=language, codes=codes[:MAX_CODES]))
        self._bytes += len(codes)
        if len(self._held) >= GROUP or self._bytes >= GROUP_BYTES:
            self.flush()

    def _begin(self) -> None:
        """Goes on with the newest group while that is small, so that many small commits leave no small groups."""
        self._bytes = 0
        row = self._db.execute("SELECT first, heads, streams FROM reuse_stream ORDER BY first DESC LIMIT 1").fetchone()
        if row is not None and len(row[1]) < GROUP // 2 * _HEAD and len(row[2]) < GROUP_BYTES // 8:
            group = _Group(*row)
            self._held = [group.stream(at) for at in range(len(group))]

    def flush(self) -> None:
        """Writes the group in hand."""
        if not self._held:
            return
        first = self._held[0].number
        values = [one.number - first for one in self._held]
        values += [one.language for one in self._held]
        values += [len(one.codes) for one in self._held]
        heads = struct.pack(f"<{len(values)}H", *values)
        streams = self._compressor.compress(b"".join(one.codes for one in self._held))
        self._db.execute("INSERT OR REPLACE INTO reuse_stream VALUES (?, ?, ?)", (first, heads, streams))
        self._held, self._bytes = [], 0


Fits = Callable[[int, int], bool]
"""Says of a stream's language and length whether it is worth reading."""


def streams(
    db: sqlite3.Connection, numbers: Iterable[int], fits: Fits = lambda _language, _length: True
) -> Iterator[Stream]:
    """The streams of symbols that have one and fit, in the order of their numbers.

    Raises:
        IndexDamaged: a group cannot be read.
    """
    group: _Group | None = None
    for number in sorted(set(numbers)):
        if group is None or number > group.last:
            row = db.execute(_AROUND, (number,)).fetchone()
            if row is None:
                continue
            group = _Group(*row)
        at = group.place(number)
        if at is not None and fits(group.languages[at], group.lengths[at]):
            yield group.stream(at)


_AROUND: Final = "SELECT first, heads, streams FROM reuse_stream WHERE first <= ? ORDER BY first DESC LIMIT 1"
_HEAD: Final = 6


class _Group:
    """One row: heads at once, the streams when the first of them is asked for."""

    def __init__(self, first: int, heads: bytes, packed: bytes) -> None:
        count = len(heads) // _HEAD
        if not count or count * _HEAD != len(heads):
            raise IndexDamaged(f"the streams from {first} on are damaged: rebuild() the index")
        values = struct.unpack(f"<{3 * count}H", heads)
        self._first = first
        self._offsets, self.languages, self.lengths = values[:count], values[count : 2 * count], values[2 * count :]
        self.last = first + self._offsets[-1]
        self._packed = packed
        self._text: bytes | None = None
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._offsets)

    def place(self, number: int) -> int | None:
        """Which of the streams is that symbol's."""
        at = bisect_left(self._offsets, number - self._first)
        return at if at < len(self._offsets) and self._offsets[at] == number - self._first else None

    def stream(self, at: int) -> Stream:
        """One of the streams."""
        if self._text is None:
            try:
                self._text = zstandard.ZstdDecompressor().decompress(self._packed)
            except zstandard.ZstdError as exc:
                raise IndexDamaged(f"the streams before {self.last} are damaged: rebuild() the index") from exc
            self._ends = list(accumulate(self.lengths))
        codes = self._text[self._ends[at] - self.lengths[at] : self._ends[at]]
        return Stream(number=self._first + self._offsets[at], language=self.languages[at], codes=codes)
