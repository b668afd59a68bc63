"""Near-miss terms at rest: which symbols have which term, in sorted segments that merge as they grow.

A term is 32 bits of a sketch's hash. A segment is a run of (term, symbol) in order, cut into pages of about a disk
page's size; a query reads the one page of each segment where a term would stand. A new segment takes up those before
it that are not much larger (a log-structured merge: O'Neil, Cheng, Gawlick, O'Neil, Acta Informatica 1996), so there
are few of them, and each entry is rewritten a few times in its life. FORMAT.md has the bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

import numpy as np
import zstandard

from codevault.errors import IndexDamaged

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

PAGE: Final = 2000
"""Entries of a page; of a byte and a bit each they take half of one of SQLite's."""

BUFFERED: Final = 1 << 20
"""Entries that gather before a segment is written: 8 MiB."""

GROWTH: Final = 3
"""A new segment takes up the one before it unless that has more than so many times its entries."""

PART: Final = 1 << 20
"""Entries that are merged at a time, about: bounds memory."""

CONTAINER_SHARE: Final = 8
"""Of a symbol that holds others only one in so many terms is kept: the others stand for the rest."""

_SEGMENT_BITS: Final = 24
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_NUMBERS: Final = 32
_LOW: Final = np.uint64(0xFFFFFFFF)
_WIDTH: Final = 4
_LEVEL: Final = 9


def terms_of(sketch: bytes, *, container: bool = False) -> Array:
    """The terms that a sketch is indexed under, ascending."""
    mixed = np.frombuffer(sketch, "<u8") * _MIX  # a sketch prefers small hashes: multiplied they spread evenly
    terms = (mixed >> np.uint64(_NUMBERS)).astype(np.uint32)
    if container:
        terms = terms[terms % CONTAINER_SHARE == 0]
    terms.sort()
    return terms


class TermWriter:
    """Takes the terms of new symbols and writes them as segments into the running transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._buffer: list[Array] = []
        self._count = 0

    def add(self, number: int, terms: Array) -> None:
        """Takes the terms of one symbol."""
        self._buffer.append((terms.astype(np.uint64) << np.uint64(_NUMBERS)) | np.uint64(number))
        self._count += len(terms)
        if self._count >= BUFFERED:
            self.flush()

    def flush(self) -> None:
        """Writes what was taken, merged with segments that are not much larger."""
        if not self._count:
            return
        entries = np.concatenate(self._buffer)
        entries.sort()
        self._buffer, self._count = [], 0
        taken: list[Segment] = []
        total = len(entries)
        for segment in reversed(segments(self._db)):
            if segment.entries > GROWTH * total:
                break
            taken.append(segment)
            total += segment.entries
        self._write(_merged(self._db, taken, entries))
        for segment in taken:
            self._db.execute("DELETE FROM reuse_page WHERE id BETWEEN ? AND ?", segment.page_ids)
            self._db.execute("DELETE FROM reuse_segment WHERE id = ?", (segment.id,))

    def _write(self, parts: Iterable[Array]) -> None:
        newest = self._db.execute("SELECT max(id) FROM reuse_segment").fetchone()[0]
        number = 1 + (newest or 0)
        firsts: list[int] = []
        counts: list[int] = []
        for page in _pages(parts):
            row = (number << _SEGMENT_BITS) + len(firsts), _packed(page)
            self._db.execute("INSERT INTO reuse_page VALUES (?, ?)", row)
            firsts.append(int(page[0] >> np.uint64(_NUMBERS)))
            counts.append(len(page))
        directory = np.array([firsts, counts], "<u4").tobytes()
        packed = zstandard.ZstdCompressor(level=3).compress(directory)
        self._db.execute("INSERT INTO reuse_segment VALUES (?, ?, ?)", (number, sum(counts), packed))


@dataclass(frozen=True, slots=True)
class Segment:
    """One sorted run: for each page the term it begins with and how many entries it has."""

    id: int
    entries: int
    firsts: Array
    counts: Array

    @property
    def page_ids(self) -> tuple[int, int]:
        """The first and the last of its pages' numbers."""
        return self.page_id(0), self.page_id(len(self.firsts) - 1)

    def page_id(self, at: int) -> int:
        """The number of one of its pages."""
        return (self.id << _SEGMENT_BITS) + at


def segments(db: sqlite3.Connection) -> list[Segment]:
    """All segments, the oldest and largest first.

    Raises:
        IndexDamaged: a directory is no directory.
    """
    found = []
    for number, entries, packed in db.execute("SELECT id, entries, pages FROM reuse_segment ORDER BY id"):
        try:
            firsts, counts = np.frombuffer(zstandard.ZstdDecompressor().decompress(packed), "<u4").reshape(2, -1)
        except (zstandard.ZstdError, ValueError) as exc:
            raise IndexDamaged(f"segment {number} of the reuse terms is damaged: rebuild() the index") from exc
        found.append(Segment(number, entries, firsts, counts))
    return found


def lookup(db: sqlite3.Connection, found: Sequence[Segment], terms: Array, work: int) -> tuple[Sequence[Array], bool]:
    """The symbols that have each term, in the order of the terms; False when reading all would take too much work.

    Terms that stand in many symbols are read last, and left out (an empty array) when they would go beyond `work`
    entries: which those are depends on the query alone, no term is ever dropped for all.
    """
    homes = [np.searchsorted(segment.firsts, terms, side="right") - 1 for segment in found]
    sizes = np.zeros(len(terms), np.int64)
    for segment, home in zip(found, homes, strict=True):
        sizes += np.where(home >= 0, segment.counts[home], 0)
    order = np.argsort(sizes, kind="stable")
    affordable = set(order[np.cumsum(sizes[order]) <= max(work, int(sizes[order[:1]].sum()))].tolist())
    wanted: dict[int, list[int]] = {}
    for segment, home in zip(found, homes, strict=True):
        for at in affordable:
            if home[at] >= 0:
                wanted.setdefault(segment.page_id(int(home[at])), []).append(at)
    firsts = {
        segment.page_id(int(at)): int(segment.firsts[at])
        for segment, home in zip(found, homes, strict=True)
        for at in home
        if at >= 0
    }
    holders: list[list[Array]] = [[] for _ in terms]
    for page, content in _read(db, wanted):
        its_terms, numbers = _unpacked(content, firsts[page])
        asked = terms[wanted[page]]
        begins = np.searchsorted(its_terms, asked, side="left").tolist()
        ends = np.searchsorted(its_terms, asked, side="right").tolist()
        for at, begin, end in zip(wanted[page], begins, ends, strict=True):
            if begin < end:
                holders[at].append(numbers[begin:end])
    none = np.zeros(0, np.uint32)
    joined = [np.concatenate(parts) if parts else none for parts in holders]
    return joined, len(affordable) == len(terms)


def _read(db: sqlite3.Connection, pages: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    for page in sorted(pages):
        row = db.execute("SELECT entries FROM reuse_page WHERE id = ?", (page,)).fetchone()
        if row is None:
            raise IndexDamaged(f"page {page} of the reuse terms is missing: rebuild() the index")
        yield page, row[0]


def _merged(db: sqlite3.Connection, taken: Sequence[Segment], entries: Array) -> Iterator[Array]:
    """All entries of segments and the new ones, in order, in parts of bounded size."""
    total = len(entries) + sum(segment.entries for segment in taken)
    parts = max(1, total // PART)
    bounds = [(part << (2 * _NUMBERS)) // parts for part in range(parts + 1)]
    for begin, end in pairwise(bounds):
        pieces = [_between(entries, begin, end)]
        for segment in taken:
            first = max(0, int(np.searchsorted(segment.firsts, begin >> _NUMBERS, side="left")) - 1)
            last = int(np.searchsorted(segment.firsts, (end - 1) >> _NUMBERS, side="right"))
            for at in range(first, last):
                row = db.execute("SELECT entries FROM reuse_page WHERE id = ?", (segment.page_id(at),)).fetchone()
                if row is None:
                    raise IndexDamaged("a page of the reuse terms is missing: rebuild() the index")
                terms, numbers = _unpacked(row[0], int(segment.firsts[at]))
                pieces.append(_between((terms.astype(np.uint64) << np.uint64(_NUMBERS)) | numbers, begin, end))
        part = np.concatenate(pieces)
        part.sort()
        yield part


def _between(entries: Array, begin: int, end: int) -> Array:
    """Those of sorted entries that are at least `begin` and below `end`, which may be 2 to the 64th."""
    first = int(np.searchsorted(entries, np.uint64(begin)))
    return entries[first : int(np.searchsorted(entries, np.uint64(end - 1), side="right"))]


def _pages(parts: Iterable[Array]) -> Iterator[Array]:
    """Entries in pages; a term never goes over two, so that one page answers for it."""
    rest = np.zeros(0, np.uint64)
    for part in parts:
        rest = np.concatenate((rest, part))
        terms = rest >> np.uint64(_NUMBERS)
        begin = 0
        while len(rest) - begin > PAGE:
            end = _cut(terms, begin)
            if end == len(rest):
                break  # its last term may go on
            yield rest[begin:end]
            begin = end
        rest = rest[begin:]
    if len(rest):
        yield rest


def _cut(terms: Array, begin: int) -> int:
    """Where the page that begins there ends: before the term that would not fit, after it if it is the only one."""
    term = terms[begin + PAGE]
    end = begin + int(np.searchsorted(terms[begin : begin + PAGE], term, side="left"))
    return end if end > begin else begin + int(np.searchsorted(terms[begin:], term, side="right"))


def _packed(page: Array) -> bytes:
    """One zstd frame: how many terms, then of each how many entries, its step from the term before, and its symbols.

    Symbols are steps from the one before, the first of a term is itself. All are planes of bytes, the lowest first:
    versions of one function share terms, so most of these bytes are alike.
    """
    terms = (page >> np.uint64(_NUMBERS)).astype(np.uint32)
    numbers = (page & _LOW).astype(np.uint32)
    begins = np.flatnonzero(np.diff(terms, prepend=terms[:1] + np.uint32(1)))
    steps = np.diff(numbers, prepend=numbers[:1])
    steps[begins] = numbers[begins]
    counts = np.diff(begins, append=len(terms))
    columns = counts, np.diff(terms[begins], prepend=terms[:1]), steps
    plain = np.array([len(begins)], "<u4").tobytes() + b"".join(map(_planes, columns))
    return zstandard.ZstdCompressor(level=_LEVEL).compress(plain)


def _planes(values: Array) -> bytes:
    return values.astype("<u4").view(np.uint8).reshape(-1, _WIDTH).T.tobytes()


def _values(plain: bytes, begin: int, count: int) -> Array:
    """What `_planes` was given."""
    planes = np.frombuffer(plain, np.uint8, _WIDTH * count, begin).reshape(_WIDTH, count)
    return np.ascontiguousarray(planes.T).view("<u4").ravel()


def _unpacked(content: bytes, first: int) -> tuple[Array, Array]:
    """The terms and the symbols of a page.

    Raises:
        IndexDamaged: it is none.
    """
    try:
        plain = zstandard.ZstdDecompressor().decompress(content)
        distinct = int.from_bytes(plain[:_WIDTH], "little")
        entries, rest = divmod(len(plain) - _WIDTH, _WIDTH)
        entries -= 2 * distinct
        counts = _values(plain, _WIDTH, distinct)
        if rest or not distinct or int(counts.sum(dtype=np.int64)) != entries or not counts.all():
            raise ValueError("not whole entries")
        steps = _values(plain, _WIDTH * (1 + distinct), distinct)
        numbers = np.cumsum(_values(plain, _WIDTH * (1 + 2 * distinct), entries), dtype=np.uint32)
    except (zstandard.ZstdError, ValueError) as exc:
        raise IndexDamaged("a page of the reuse terms is damaged: rebuild() the index") from exc
    begins = np.cumsum(counts, dtype=np.int64) - counts
    before = np.concatenate((np.zeros(1, np.uint32), numbers))[begins]  # a term's first symbol is no step
    terms = np.cumsum(steps, dtype=np.uint32) + np.uint32(first)
    return np.repeat(terms, counts), numbers - np.repeat(before, counts)
