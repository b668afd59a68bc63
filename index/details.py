"""What symbols carry beside names and digests, at rest: records in compressed groups, found by number.

Parameters, documentation, calls and sketches repeat from version to version, so neighbours share a zstd frame. The
newest group is taken up again while it is small: many small commits do not leave many small groups.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal, TypeVar

import msgspec
import zstandard

from codevault.analysis.model import Symbol
from codevault.errors import IndexDamaged
from codevault.index.varints import pack, unpack

Table = Literal["declaration_group", "symbol_group"]
R = TypeVar("R")

GROUP: Final = 64 << 10
"""Bytes of records from which a group is full."""

LEVEL: Final = 6
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
    """What a symbol holds beside its digests: as in `Symbol`; `name_line` counts from the symbol's first line."""

    name_line: int
    documentation: str
    calls: tuple[str, ...]
    sketch: bytes


_encoder = msgspec.msgpack.Encoder()
_headers = msgspec.msgpack.Decoder(Header)
_insides = msgspec.msgpack.Decoder(Inside)


def header_record(symbol: Symbol) -> bytes:
    """The record of a symbol's declaration."""
    parts = symbol.signature, symbol.parameters, symbol.returns, symbol.visibility, symbol.decorators
    return _encoded(Header(*parts))


def inside_record(symbol: Symbol) -> bytes:
    """The record of the symbol itself."""
    parts = symbol.name_line - symbol.start_line, symbol.documentation, symbol.calls, symbol.sketch
    return _encoded(Inside(*parts))


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
    """Records of consecutive numbers from `first` on; record n lies between starts n and n + 1."""

    first: int
    records: bytes
    starts: tuple[int, ...]

    def record(self, number: int) -> bytes | None:
        at = number - self.first
        return self.records[self.starts[at] : self.starts[at + 1]] if 0 <= at < len(self.starts) - 1 else None


class DetailWriter:
    """Takes records in the order of their numbers, one after another without a gap."""

    def __init__(self, db: sqlite3.Connection, table: Table) -> None:
        self._db = db
        self._table = table
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._records: list[bytes] = []
        self._size = 0
        self._first = 0

    def add(self, number: int, record: bytes) -> None:
        """Takes the record of the next number."""
        if not self._records:
            self._begin(number)
        self._records.append(record)
        self._size += len(record)
        if self._size >= GROUP:
            self.flush()

    def _begin(self, number: int) -> None:
        """Starts a group, with the records of the last one if that is not full."""
        self._first, self._size = number, 0
        row = self._db.execute(f"{_COLUMNS[self._table]} ORDER BY first DESC LIMIT 1").fetchone()
        if row is None:
            return
        tail = _unpacked(*row)
        if len(tail.records) < GROUP // 2 and tail.first + len(tail.starts) - 1 == number:
            self._first, self._size = tail.first, len(tail.records)
            self._records = [tail.record(tail.first + at) or b"" for at in range(len(tail.starts) - 1)]

    def flush(self) -> None:
        """Writes the group in hand, full or not, into the running transaction."""
        if not self._records:
            return
        packed = self._compressor.compress(b"".join(self._records))
        lengths = pack(map(len, self._records))
        self._db.execute(f"INSERT OR REPLACE INTO {self._table} VALUES (?, ?, ?)", (self._first, lengths, packed))  # noqa: S608 - a constant
        self._records, self._size = [], 0


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
        return self._decoded(db, "declaration_group", declarations, _headers)

    def insides(self, db: sqlite3.Connection, symbols: Iterable[int]) -> dict[int, Inside]:
        """What symbols hold, by their numbers.

        Raises:
            IndexDamaged: one of them has no record.
        """
        return self._decoded(db, "symbol_group", symbols, _insides)

    def _decoded(
        self, db: sqlite3.Connection, table: Table, numbers: Iterable[int], decoder: msgspec.msgpack.Decoder[R]
    ) -> dict[int, R]:
        found: dict[int, R] = {}
        group: _Group | None = None
        for number in sorted(set(numbers)):
            record = group.record(number) if group is not None else None
            if record is None:
                group = self._group(db, table, number)
                record = group.record(number)
            try:
                found[number] = decoder.decode(record or b"")
            except msgspec.DecodeError as exc:
                raise IndexDamaged(f"{table} has no record {number}: rebuild() the index") from exc
        return found

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
        self._bytes += len(group.records)


_COLUMNS: dict[Table, str] = {
    "declaration_group": "SELECT first, lengths, records FROM declaration_group",
    "symbol_group": "SELECT first, lengths, records FROM symbol_group",
}


def _unpacked(first: int, lengths: bytes, packed: bytes) -> _Group:
    try:
        records, sizes = zstandard.ZstdDecompressor().decompress(packed), unpack(lengths)
    except (zstandard.ZstdError, ValueError) as exc:
        raise IndexDamaged(f"the details from {first} on are damaged ({exc}): rebuild() the index") from exc
    return _Group(first, records, tuple(accumulate(sizes, initial=0)))
