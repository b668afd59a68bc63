"""Numbers of items by a hash of what they are, so that what was met before is found again.

Hashes lie in buckets by their first bits, as short entries that are searched as bytes: half of a table's row each.
There are four times as many buckets whenever they hold too much (after Litwin, Linear hashing, VLDB 1980, but at once).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

from codevault.errors import IndexDamaged
from codevault.index.rows import ask_many

Table = Literal["fragment_key", "declaration_key", "symbol_key", "rest_key"]
HASH_BITS: Final = 63
FULL: Final = 48
"""Entries of a bucket, on average, from which there are to be more buckets."""

_MORE_BITS: Final = 2


def find(db: sqlite3.Connection, table: Table, hashes: Iterable[int]) -> dict[int, int]:
    """The numbers of those items that are known, by hash."""
    bits = _bits(db, table)
    by_bucket: dict[int, list[int]] = {}
    for key in hashes:
        by_bucket.setdefault(_bucket(key, bits), []).append(key)
    found = {}
    for bucket, entries in _read(db, table, by_bucket):
        size, width = _hash_bytes(bits), entries[0]
        for key in by_bucket[bucket]:
            at = _place(entries, _short(key, size), size + width)
            if at:
                found[key] = int.from_bytes(entries[at + size : at + size + width], "little")
    return found


def add(db: sqlite3.Connection, table: Table, new: Mapping[int, int]) -> None:
    """Takes new items: the number of each by its hash. Numbers are given in order, so the highest tells how many."""
    if not new:
        return
    newest = max(new.values())
    bits = _bits(db, table)
    if newest > FULL << bits:
        while newest > FULL << bits:
            bits += _MORE_BITS
        _spread(db, table, bits)
    by_bucket: dict[int, list[tuple[int, int]]] = {}
    for key, item in new.items():
        by_bucket.setdefault(_bucket(key, bits), []).append((key, item))
    size = _hash_bytes(bits)
    held = dict(_read(db, table, by_bucket))
    rows = [(bucket, _joined(held.get(bucket, b""), several, size)) for bucket, several in sorted(by_bucket.items())]
    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - a constant


def _bits(db: sqlite3.Connection, table: Table) -> int:
    """How many bits of a hash choose the bucket: buckets are numbered with a one before them."""
    newest = db.execute(f"SELECT max(id) FROM {table}").fetchone()[0]  # noqa: S608 - a constant
    return int(newest or 1).bit_length() - 1


def _bucket(key: int, bits: int) -> int:
    return 1 << bits | key >> HASH_BITS - bits


def _hash_bytes(bits: int) -> int:
    """Bytes that hold what a bucket does not tell of a hash."""
    return (HASH_BITS - bits + 7) // 8


def _short(key: int, size: int) -> bytes:
    return (key & (1 << 8 * size) - 1).to_bytes(size, "little")


def _place(entries: bytes, short: bytes, step: int) -> int:
    """Where an entry begins, 0: nowhere."""
    at = entries.find(short, 1)
    while at > 0 and (at - 1) % step:
        at = entries.find(short, at + 1)
    return max(at, 0)


def _read(db: sqlite3.Connection, table: Table, buckets: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    question = f"SELECT id, entries FROM {table} WHERE id IN (*)"  # noqa: S608 - a constant
    for bucket, entries in ask_many(db, question, buckets):
        if not entries or (len(entries) - 1) % (_hash_bytes(bucket.bit_length() - 1) + entries[0]):
            raise IndexDamaged(f"{table} is damaged: rebuild() the index")
        yield bucket, entries


def _joined(entries: bytes, several: Sequence[tuple[int, int]], size: int) -> bytes:
    """A bucket with more entries, numbers as wide as the widest needs."""
    width = max((max(item for _, item in several).bit_length() + 7) // 8, entries[0] if entries else 1)
    known = entries[1:]
    if entries and entries[0] < width:
        step, more = size + entries[0], bytes(width - entries[0])
        known = b"".join(entries[at : at + step] + more for at in range(1, len(entries), step))
    return (
        bytes((width,)) + known + b"".join(_short(key, size) + item.to_bytes(width, "little") for key, item in several)
    )


def _spread(db: sqlite3.Connection, table: Table, bits: int) -> None:
    """Makes as many buckets as so many bits tell apart, in place of those there are."""
    before = _bits(db, table)
    size = _hash_bytes(before)
    shift = HASH_BITS - before
    found: dict[int, list[tuple[int, int]]] = {}
    for bucket, entries in _read(db, table, [number for (number,) in db.execute(f"SELECT id FROM {table}")]):  # noqa: S608 - a constant
        first = (bucket ^ 1 << before) << shift
        step = size + entries[0]
        for at in range(1, len(entries), step):
            key = first | int.from_bytes(entries[at : at + size], "little") & (1 << shift) - 1
            found.setdefault(_bucket(key, bits), []).append(
                (key, int.from_bytes(entries[at + size : at + step], "little"))
            )
    db.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant
    size = _hash_bytes(bits)
    rows = [(bucket, _joined(b"", several, size)) for bucket, several in sorted(found.items())]
    db.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)  # noqa: S608 - a constant
