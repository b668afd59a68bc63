"""Lists of numbers by item: neighbouring items share a compressed bucket, in chunks of which the last grows.

Which contents hold a fragment, a symbol or a rest, which pieces own a fragment (`ownership`), which symbols have a
declaration. Neighbours were met together, so their lists are nearly the same: a seventh of the bytes of rows by item.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final, Literal

import zstandard

from codevault.errors import IndexDamaged
from codevault.index.varints import pack, unpack, unzigzag, zigzag

Table = Literal["fragment_in", "symbol_in", "rest_in", "fragment_of", "symbol_of"]
BUCKET: Final = 64
"""Items whose lists lie together."""

CHUNK: Final = 8 << 10
"""Bytes of lists from which a chunk is left as it is and the next one begun."""

_CHUNK_BITS: Final = 24
_LEVEL: Final = 9
_PLAIN, _PACKED = b"\0", b"\1"


def append(db: sqlite3.Connection, table: Table, added: Mapping[int, Sequence[int]]) -> None:
    """Adds numbers to the lists of items."""
    rows = []
    for bucket, items in sorted(_by_bucket(item for item, numbers in added.items() if numbers).items()):
        row = db.execute(_LAST[table], _bounds(bucket)).fetchone()
        number, lists = (_bounds(bucket)[0], [b""] * BUCKET) if row is None else (row[0], _lists(row[1]))
        if sum(map(len, lists)) >= CHUNK:
            number, lists = number + 1, [b""] * BUCKET
        for item in items:
            at = item % BUCKET
            lists[at] += _steps(added[item], sum(map(unzigzag, unpack(lists[at]))))
        rows.append((number, _joined(lists)))
    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - a constant


def remove(db: sqlite3.Connection, table: Table, gone: Mapping[int, Collection[int]]) -> None:
    """Takes numbers out of the lists of items; an item that nothing holds any more has no list."""
    for bucket, items in _by_bucket(gone).items():
        for number, packed in db.execute(_ALL[table], _bounds(bucket)).fetchall():
            lists = _lists(packed)
            for item in items:
                left = (one for one in _numbers(lists[item % BUCKET]) if one not in gone[item])
                lists[item % BUCKET] = _steps(left, 0)
            db.execute(f"UPDATE {table} SET lists = ? WHERE id = ?", (_joined(lists), number))  # noqa: S608 - a constant


def holders(db: sqlite3.Connection, table: Table, items: Iterable[int]) -> dict[int, list[int]]:
    """The list of each item; an item that has none is left out."""
    found: dict[int, list[int]] = {}
    for bucket, wanted in _by_bucket(items).items():
        for _, packed in db.execute(_ALL[table], _bounds(bucket)):
            lists = _lists(packed)
            for item in dict.fromkeys(wanted):
                if packed_list := lists[item % BUCKET]:
                    found.setdefault(item, []).extend(_numbers(packed_list))
    return found


def lengths(db: sqlite3.Connection, table: Table) -> Iterator[tuple[int, int]]:
    """(item, how long its list is) of all items; a long list is told in parts."""
    for number, packed in db.execute(f"SELECT id, lists FROM {table} ORDER BY id"):  # noqa: S608 - a constant
        first = (number >> _CHUNK_BITS) * BUCKET
        for at, packed_list in enumerate(_lists(packed)):
            if packed_list:
                yield first + at, sum(byte < 128 for byte in packed_list)


def _by_bucket(items: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for item in items:
        found.setdefault(item // BUCKET, []).append(item)
    return found


def _bounds(bucket: int) -> tuple[int, int]:
    """The rows of a bucket's chunks: the first that it may have, and the last."""
    return bucket << _CHUNK_BITS, (bucket + 1 << _CHUNK_BITS) - 1


def _steps(numbers: Iterable[int], last: int) -> bytes:
    steps = []
    for number in numbers:
        steps.append(zigzag(number - last))
        last = number
    return pack(steps)


def _numbers(packed: bytes) -> list[int]:
    numbers = unpack(packed)
    last = 0
    for at, step in enumerate(numbers):
        last += -(step + 1 >> 1) if step & 1 else step >> 1
        numbers[at] = last
    return numbers


def _joined(lists: Sequence[bytes]) -> bytes:
    """Lengths and lists, compressed where that makes them smaller."""
    plain = pack(map(len, lists)) + b"".join(lists)
    packed = zstandard.ZstdCompressor(level=_LEVEL).compress(plain)
    return _PACKED + packed if len(packed) < len(plain) else _PLAIN + plain


def _lists(stored: bytes) -> list[bytes]:
    """What `_joined` was given.

    Raises:
        IndexDamaged: it cannot be read.
    """
    try:
        plain = zstandard.ZstdDecompressor().decompress(stored[1:]) if stored[:1] == _PACKED else stored[1:]
        at = _behind_lengths(plain)
        ends = list(accumulate(unpack(plain[:at]), initial=at))
        if ends[-1] != len(plain):
            raise ValueError("lengths and lists do not fit")
    except (zstandard.ZstdError, ValueError) as exc:
        raise IndexDamaged(f"lists of who holds what are damaged ({exc}): rebuild() the index") from exc
    return [plain[begin:end] for begin, end in pairwise(ends)]


def _behind_lengths(plain: bytes) -> int:
    left = BUCKET
    for at, byte in enumerate(plain, 1):
        left -= byte < 128
        if not left:
            return at
    raise ValueError("there are too few lengths")


_TABLES: Final[tuple[Table, ...]] = ("fragment_in", "symbol_in", "rest_in", "fragment_of", "symbol_of")
_ALL: Final = {table: f"SELECT id, lists FROM {table} WHERE id BETWEEN ? AND ? ORDER BY id" for table in _TABLES}  # noqa: S608 - constants
_LAST: Final = {table: f"{_ALL[table]} DESC LIMIT 1" for table in _TABLES}
