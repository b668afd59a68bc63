"""Lists of numbers by item, in packed chunks of which the last grows.

Which contents hold a fragment, a symbol or a rest, and which pieces own a fragment (`ownership`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from codevault.index.rows import ask_many
from codevault.index.varints import pack, unpack, unzigzag, zigzag

Table = Literal["fragment_in", "symbol_in", "rest_in", "fragment_of"]
CHUNK = 512
"""Bytes from which a chunk is left as it is and the next one begun."""


def append(db: sqlite3.Connection, table: Table, added: Mapping[int, Sequence[int]]) -> None:
    """Adds content numbers to the lists of items."""
    old = {}
    for item, chunk, contents in ask_many(
        db,
        f"SELECT item, max(chunk), contents FROM {table} WHERE item IN (*) GROUP BY item",  # noqa: S608 - a constant
        added,
    ):
        old[item] = (chunk, contents)
    rows = []
    alone: dict[int, bytes] = {}  # most items are new and in one content, and so are their neighbours
    for item, contents in added.items():
        if not contents:
            continue
        if len(contents) == 1 and item not in old:
            if contents[0] not in alone:
                alone[contents[0]] = _steps(contents, 0)
            rows.append((item, 0, alone[contents[0]]))
            continue
        chunk, packed = old.get(item, (0, b""))
        if len(packed) >= CHUNK:
            chunk, packed = chunk + 1, b""
        last = sum(map(unzigzag, unpack(packed))) if packed else 0
        rows.append((item, chunk, packed + _steps(contents, last)))
    rows.sort()
    db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", rows)  # noqa: S608 - a constant


def remove(db: sqlite3.Connection, table: Table, gone: Mapping[int, Collection[int]]) -> None:
    """Takes content numbers out of the lists of items; an item that nothing holds any more has no list."""
    left = holders(db, table, gone)
    db.executemany(f"DELETE FROM {table} WHERE item = ?", ((item,) for item in gone))  # noqa: S608 - a constant
    append(db, table, {item: [one for one in held if one not in gone[item]] for item, held in left.items()})


def _steps(contents: Iterable[int], last: int) -> bytes:
    steps = []
    for content in contents:
        steps.append(zigzag(content - last))
        last = content
    return pack(steps)


def holders(db: sqlite3.Connection, table: Table, items: Iterable[int]) -> dict[int, list[int]]:
    """Contents that hold each item; an item that nothing holds is left out."""
    found: dict[int, list[int]] = {}
    for item, packed in ask_many(db, f"SELECT item, contents FROM {table} WHERE item IN (*)", items):  # noqa: S608 - a constant
        contents = unpack(packed)
        last = 0
        for at, step in enumerate(contents):
            last += -(step + 1 >> 1) if step & 1 else step >> 1
            contents[at] = last
        if item in found:
            found[item].extend(contents)
        else:
            found[item] = contents
    return found
