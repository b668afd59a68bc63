"""What symbols carry beside names and digests, at rest: records in compressed groups, found by number.

Parameters, documentation and calls repeat from version to version, so neighbours share a zstd frame. The newest group
is taken up again while it is small: many small commits do not leave many small groups.

The terms of a sketch are hashes, which nothing compresses, but made by steps that can be taken back: at rest they are
the eight codes of tokens that went in (FINGERPRINTS.md), half the size. Should the hash change one day, the way there
and back stays the same for any eight bytes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal, TypeVar

import msgspec
import zstandard

from codevault.analysis.model import Symbol
from codevault.errors import IndexDamaged
from codevault.index.varints import pack, unpack

Table = Literal["declaration_group", "symbol_group", "content_group", "piece_group", "rest_group"]
R = TypeVar("R")

GROUP: Final = 128 << 10
"""Bytes of records and sketches from which a group is full."""

LISTS: Final = 32 << 10
"""The same of lists, of which a page of hits reads as many groups as it has files."""

LEVEL: Final = 15
MOST_HELD: Final = 16 << 20
"""Bytes of unpacked groups that a session remembers."""


class Header(msgspec.Struct, array_like=True, frozen=True):
    """What a declaration says beside its name: as in `Symbol`."""

    signature: str
    parameters: tuple[str, ...]
    returns: str
    visibility: str
    decorators: tuple[str, ...]


class Inside(msgspec.Struct, array_like=True, frozen=True):
    """What a symbol holds beside digests and sketch: as in `Symbol`; `name_line` counts from its first line."""

    name_line: int
    documentation: str
    calls: tuple[str, ...]


_encoder = msgspec.msgpack.Encoder()
_headers = msgspec.msgpack.Decoder(Header)
_insides = msgspec.msgpack.Decoder(Inside)


def header_record(symbol: Symbol) -> bytes:
    """The record of a symbol's declaration."""
    parts = symbol.signature, symbol.parameters, symbol.returns, symbol.visibility, symbol.decorators
    return _encoded(Header(*parts))


def inside_record(symbol: Symbol) -> bytes:
    """The record of the symbol itself, its sketch aside."""
    return _encoded(Inside(symbol.name_line - symbol.start_line, symbol.documentation, symbol.calls))


def _encoded(record: Header | Inside) -> bytes:
    try:
        return _encoder.encode(record)
    except UnicodeEncodeError:  # a lone surrogate, which no database takes
        return _encoder.encode([_cleaned(getattr(record, name)) for name in record.__struct_fields__])


def _cleaned(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_cleaned(part) for part in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class _Group:
    """Records and sketches of consecutive numbers from `first` on; the n-th lie between borders n and n + 1."""

    first: int
    text: bytes
    records: Sequence[int]
    sketches: Sequence[int]

    @property
    def next(self) -> int:
        return self.first + len(self.records) - 1

    def record(self, number: int) -> bytes | None:
        at = number - self.first
        return self.text[self.records[at] : self.records[at + 1]] if self.first <= number < self.next else None

    def sketch(self, number: int) -> bytes:
        at = number - self.first
        return _hashed(self.text[self.sketches[at] : self.sketches[at + 1]])


class DetailWriter:
    """Takes records in the order of their numbers, one after another without a gap."""

    def __init__(self, db: sqlite3.Connection, table: Table, full: int = GROUP) -> None:
        self._db = db
        self._table = table
        self._full = full
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._records: list[bytes] = []
        self._sketches: list[bytes] = []
        self._size = 0
        self._first = 0
        self._next = 0

    def append(self, record: bytes) -> int:
        """Takes a record under the next free number, and gives that."""
        if not self._next:
            self._next = 1 + newest_record(self._db, self._table)
        number = self._next
        self._next += 1
        self.add(number, record)
        return number

    def add(self, number: int, record: bytes, sketch: bytes = b"") -> None:
        """Takes what belongs to the next number."""
        if not self._records:
            self._begin(number)
        self._records.append(record)
        self._sketches.append(sketch)
        self._size += len(record) + len(sketch)
        if self._size >= self._full:
            self.flush()

    def _begin(self, number: int) -> None:
        """Starts a group, with the records of the last one if that is not full."""
        self._first, self._size = number, 0
        row = self._db.execute(f"{_COLUMNS[self._table]} ORDER BY first DESC LIMIT 1").fetchone()
        if row is None:
            return
        tail = _unpacked(*row)
        if len(tail.text) < self._full // 2 and tail.next == number:
            self._first, self._size = tail.first, len(tail.text)
            self._records = [tail.record(one) or b"" for one in range(tail.first, tail.next)]
            self._sketches = [tail.sketch(one) for one in range(tail.first, tail.next)]

    def flush(self) -> None:
        """Writes the group in hand, full or not, into the running transaction."""
        if not self._records:
            return
        packed = self._compressor.compress(b"".join((*self._records, _codes(b"".join(self._sketches)))))
        terms = (len(sketch) // _TERM for sketch in self._sketches)
        lengths = pack((*map(len, self._records), *(terms if any(self._sketches) else ())))
        self._db.execute(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?)", (self._first, lengths, packed))  # noqa: S608 - a constant
        self._records, self._sketches, self._size = [], [], 0


def newest_record(db: sqlite3.Connection, table: Table) -> int:
    """The highest number that has a record, 0: there is none."""
    row = db.execute(f"{_COLUMNS[table]} ORDER BY first DESC LIMIT 1").fetchone()
    return 0 if row is None else _unpacked(*row).next - 1


class DetailCache:
    """Unpacked groups of one catalog, remembered by one session; forgets all when it holds too much."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._most = most
        self._held: dict[Table, dict[int, _Group]] = {}
        self._bytes = 0

    def headers(self, db: sqlite3.Connection, declarations: Iterable[int]) -> dict[int, Header]:
        """What declarations say, by their numbers.

        Raises:
            IndexDamaged: one of them has no record.
        """
        return {number: header for number, header, _ in self._decoded(db, "declaration_group", declarations, _headers)}

    def insides(self, db: sqlite3.Connection, symbols: Iterable[int]) -> dict[int, tuple[Inside, bytes]]:
        """What symbols hold, and their sketches, by their numbers.

        Raises:
            IndexDamaged: one of them has no record.
        """
        found = self._decoded(db, "symbol_group", symbols, _insides)
        return {number: (inside, group.sketch(number)) for number, inside, group in found}

    def lists(self, db: sqlite3.Connection, numbers: Iterable[int], table: Table = "content_group") -> dict[int, bytes]:
        """Records of lists, by their numbers.

        Raises:
            IndexDamaged: one of them is missing.
        """
        return {number: record for number, record, _ in self._records(db, table, numbers)}

    def _decoded(
        self, db: sqlite3.Connection, table: Table, numbers: Iterable[int], decoder: msgspec.msgpack.Decoder[R]
    ) -> Iterator[tuple[int, R, _Group]]:
        for number, record, group in self._records(db, table, numbers):
            try:
                yield number, decoder.decode(record), group
            except msgspec.DecodeError as exc:
                raise IndexDamaged(f"{table} has no record {number}: rebuild() the index") from exc

    def _records(
        self, db: sqlite3.Connection, table: Table, numbers: Iterable[int]
    ) -> Iterator[tuple[int, bytes, _Group]]:
        group: _Group | None = None
        for number in sorted(set(numbers)):
            record = None if group is None else group.record(number)
            if group is None or record is None:
                group = self._group(db, table, number)
                record = group.record(number) or b""
            yield number, record, group

    def _group(self, db: sqlite3.Connection, table: Table, number: int) -> _Group:
        """The group that should hold a number; the newest one may have grown since it was remembered."""
        row = db.execute(f"SELECT max(first) FROM {table} WHERE first <= ?", (number,)).fetchone()  # noqa: S608 - a constant
        held = self._held.setdefault(table, {})
        known = held.get(row[0])
        if known is None or known.record(number) is None:
            found = db.execute(f"{_COLUMNS[table]} WHERE first = ?", row).fetchone()
            if found is None:
                raise IndexDamaged(f"{table} has no record {number}: rebuild() the index")
            known = _unpacked(*found)
            self._remember(held, known)
        return known

    def _remember(self, held: dict[int, _Group], group: _Group) -> None:
        if self._bytes > self._most:
            self._held.clear()
            self._bytes = 0
        held[group.first] = group
        self._bytes += len(group.text)


_COLUMNS: dict[Table, str] = {
    "declaration_group": "SELECT first, lengths, records FROM declaration_group",
    "symbol_group": "SELECT first, lengths, records FROM symbol_group",
    "content_group": "SELECT first, lengths, records FROM content_group",
    "piece_group": "SELECT first, lengths, records FROM piece_group",
    "rest_group": "SELECT first, lengths, records FROM rest_group",
}


def _unpacked(first: int, lengths: bytes, packed: bytes) -> _Group:
    try:
        text, sizes = zstandard.ZstdDecompressor().decompress(packed), unpack(lengths)
    except (zstandard.ZstdError, ValueError) as exc:
        raise IndexDamaged(f"the details from {first} on are damaged ({exc}): rebuild() the index") from exc
    total = list(accumulate(sizes, initial=0))
    if total[-1] == len(text):  # no sketches
        return _Group(first, text, total, [total[-1]] * len(total))
    count = len(sizes) // 2
    terms = accumulate((_TERM * size for size in sizes[count:]), initial=total[count])
    return _Group(first, text, total[: count + 1], list(terms))


_TERM: Final = 8
_FIRST: Final = 0x9E3779B97F4A7C15
_SECOND: Final = 0xBF58476D1CE4E5B9
_UNDO_FIRST: Final = pow(_FIRST, -1, 1 << 64)
_UNDO_SECOND: Final = pow(_SECOND, -1, 1 << 64)


def _hashed(codes: bytes) -> bytes:
    """The terms that codes were made to: the steps of splitmix64 that FINGERPRINTS.md names, on each eight bytes."""
    if not codes:
        return b""
    import numpy as np  # reading many rows needs it, starting does not

    terms = np.frombuffer(codes, "<u8") * np.uint64(_FIRST)
    terms ^= terms >> np.uint64(30)
    terms *= np.uint64(_SECOND)
    return bytes((terms ^ (terms >> np.uint64(27))).astype("<u8"))


def _codes(terms: bytes) -> bytes:
    """What `_hashed` was given: every step of it taken back, the last one first."""
    import numpy as np

    codes = np.frombuffer(terms, "<u8")
    codes = codes ^ (codes >> np.uint64(27)) ^ (codes >> np.uint64(54))
    codes = codes * np.uint64(_UNDO_SECOND)
    codes = codes ^ (codes >> np.uint64(30)) ^ (codes >> np.uint64(60))
    return bytes((codes * np.uint64(_UNDO_FIRST)).astype("<u8"))
