"""Small pieces of the catalog that several modules read and write: labels, paths, ids as bytes, many keys at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from codevault.ids import BlobId
from codevault.index.details import DetailCache

STEP = 500
"""Keys asked for in one statement; the oldest SQLite we meet takes 999 parameters."""


class Labels:
    """Short texts that repeat (languages, kinds, grammars) as small numbers, remembered after the first look.

    `details` remembers longer ones: what symbols carry beside their names.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.details = DetailCache()
        self._numbers: dict[str, int] = {}
        self._texts: dict[int, str] = {}

    def number(self, text: str) -> int:
        """The label's number; makes one when it is new."""
        known = self._numbers.get(text)
        if known is None:
            known = self.find(text)
            if known is None:
                known = int(self._db.execute("INSERT INTO label (text) VALUES (?)", (text,)).lastrowid or 0)
            self._numbers[text] = known
        return known

    def find(self, text: str) -> int | None:
        """The label's number, None when there is none yet."""
        row = self._db.execute("SELECT id FROM label WHERE text = ?", (text,)).fetchone()
        return None if row is None else int(row[0])

    def text(self, number: int | None) -> str:
        """The text of a label, "" for None."""
        if number is None:
            return ""
        known = self._texts.get(number)
        if known is None:
            row = self._db.execute("SELECT text FROM label WHERE id = ?", (number,)).fetchone()
            known = self._texts[number] = "" if row is None else str(row[0])
        return known


def path_key(path: str) -> bytes:
    """A path as the catalog keeps it: its exact bytes."""
    return path.encode("utf-8", "surrogateescape")


def path_text(key: bytes) -> str:
    """What `path_key` was given."""
    return key.decode("utf-8", "surrogateescape")


def blob_key(blob: BlobId) -> bytes:
    """A blob id in 32 bytes."""
    return bytes.fromhex(blob)


def blob_text(key: bytes) -> BlobId:
    """What `blob_key` was given."""
    return BlobId(key.hex())


def clean(text: str) -> str:
    """The text without lone surrogates, which no database takes."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def steps(keys: Iterable[Any], size: int = STEP) -> Iterator[list[Any]]:
    """The keys in lists of at most `size`."""
    rest = iter(keys)
    while part := list(islice(rest, size)):
        yield part


def ask_many(
    db: sqlite3.Connection, question: str, keys: Iterable[Any], before: Sequence[Any] = ()
) -> Iterator[tuple[Any, ...]]:
    """Rows of a question that holds `IN (*)`, for any number of keys; `before` are parameters in front of it."""
    for part in steps(keys):
        marks = ",".join("?" * len(part))
        yield from db.execute(question.replace("(*)", f"({marks})"), [*before, *part]).fetchall()
