"""Fragments' text at rest: neighbours in compressed groups of about 128 KB, each group one document of the text index.

The newest group is taken up again while it is small, so that many small commits do not leave many small groups; the
document it had is forgotten one commit later, when the catalog that no longer names it is durable (FORMAT.md).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import zstandard

from codevault.errors import IndexDamaged
from codevault.index.ports import TextIndex
from codevault.index.rows import ask_many, steps
from codevault.index.text import Fragment
from codevault.index.varints import pack, unpack

GROUP = 128 << 10
"""Bytes of text from which a group is full."""

LEVEL = 15
AT_ONCE = 32
"""Groups read together: a search that stops early has read little too much."""

REMEMBERED = 64 << 20
AGE_BITS = 32
"""A number of the text index is a content's, which says how new it is, above that many bits of a row's own."""

_COLUMNS = "SELECT id, first, lengths, text FROM text_group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Neighbouring fragments, numbered from `first`; `text` joins theirs with line feeds, `starts` says where."""

    number: int
    first: int
    text: bytes
    starts: tuple[int, ...]

    def fragment(self, number: int) -> bytes:
        """The text of one of its fragments."""
        at = number - self.first
        end = self.starts[at + 1] - 1 if at + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[at] : end]


class GroupWriter:
    """Gives each new fragment the next number and writes groups as they fill."""

    def __init__(self, db: sqlite3.Connection, text: TextIndex) -> None:
        self._db = db
        self._text = text
        self._compressor = zstandard.ZstdCompressor(level=LEVEL)
        self._texts: list[bytes] = []
        self._size = 0
        self._first = 0
        self._newest = 0
        tail = last_group(db)
        self._next = 1 if tail is None else tail.first + len(tail.starts)
        self._reopen: Group | None = tail
        self.written = 0

    def add(self, fragment: Fragment, content: int) -> int:
        """Takes a fragment whose text is in no group yet, and the content that brings it; gives its number."""
        if not self._texts:
            self._begin()
        self._newest = max(self._newest, content)
        self._texts.append(fragment.text)
        self._size += len(fragment.text) + 1
        self._next += 1
        if self._size >= GROUP:
            self.flush()
        return self._next - 1

    def _begin(self) -> None:
        """Starts a group, with the fragments of the last one if that is far from full."""
        tail, self._reopen = self._reopen, None
        self._first, self._size, self._newest = self._next, 0, 0
        if tail is None or len(tail.text) > GROUP // 2:
            return
        self._first, self._size, self._newest = tail.first, len(tail.text) + 1, tail.number >> AGE_BITS
        self._texts = [tail.fragment(tail.first + at) for at in range(len(tail.starts))]
        self._db.execute("DELETE FROM text_group WHERE id = ?", (tail.number,))
        self._db.execute("INSERT INTO stale_group VALUES (?)", (tail.number,))

    def flush(self) -> None:
        """Writes the group in hand, full or not."""
        if not self._texts:
            return
        joined = b"\n".join(self._texts)
        number = (self._newest << AGE_BITS) + self._next - 1
        lengths = pack(len(text) for text in self._texts)
        self._db.execute(
            "INSERT INTO text_group VALUES (?, ?, ?, ?)",
            (number, self._first, lengths, self._compressor.compress(joined)),
        )
        self._text.add_lines(number, dict.fromkeys(joined.lower().decode().split("\n")))
        self.written += 1
        self._reopen = Group(number=number, first=self._first, text=joined, starts=_starts(unpack(lengths)))
        self._texts = []
        self._size = 0


class GroupCache:
    """Groups that were read, ready for the next search; empties itself when it is full. A number is never reused."""

    def __init__(self, most_bytes: int = REMEMBERED) -> None:
        self._most = most_bytes
        self._held: dict[int, Group] = {}
        self._bytes = 0

    def get(self, number: int) -> Group | None:
        """The group if it is held."""
        return self._held.get(number)

    def put(self, group: Group) -> None:
        """Holds a group."""
        if self._bytes > self._most:
            self._held, self._bytes = {}, 0
        self._held[group.number] = group
        self._bytes += len(group.text)


def last_group(db: sqlite3.Connection) -> Group | None:
    """The group written last, None before there is one."""
    return next(_read(db.execute(f"{_COLUMNS} ORDER BY first DESC LIMIT 1").fetchall()), None)


def groups(db: sqlite3.Connection, cache: GroupCache, numbers: Sequence[int]) -> Iterator[Group]:
    """Those of the groups that exist, in the order of the numbers."""
    for part in steps(numbers, AT_ONCE):
        held = {number: cache.get(number) for number in part}
        for group in _read(ask_many(db, f"{_COLUMNS} WHERE id IN (*)", [key for key in part if held[key] is None])):
            cache.put(group)
            held[group.number] = group
        for number in part:
            group_or_none = held[number]
            if group_or_none is not None:
                yield group_or_none


def all_groups(db: sqlite3.Connection, cache: GroupCache) -> Iterator[Group]:
    """Every group, newest first."""
    return groups(db, cache, all_numbers(db))


def all_numbers(db: sqlite3.Connection) -> Sequence[int]:
    """Numbers of all groups, newest first."""
    return [number for (number,) in db.execute("SELECT id FROM text_group ORDER BY id DESC")]


def group_of(db: sqlite3.Connection, cache: GroupCache, fragment: int) -> Group:
    """The group that holds a fragment.

    Raises:
        IndexDamaged: none does.
    """
    question = "SELECT id FROM text_group WHERE first <= ? ORDER BY first DESC LIMIT 1"
    found = [number for (number,) in db.execute(question, (fragment,))]
    group = next(groups(db, cache, found), None)
    if group is None or fragment >= group.first + len(group.starts):
        raise IndexDamaged(f"fragment {fragment} is in no group: rebuild() the index")
    return group


def _read(rows: Iterable[tuple[int, int, bytes, bytes]]) -> Iterator[Group]:
    decompressor = zstandard.ZstdDecompressor()
    for number, first, lengths, text in rows:
        try:
            plain, starts = decompressor.decompress(text), _starts(unpack(lengths))
        except (zstandard.ZstdError, ValueError) as exc:
            raise IndexDamaged(f"text group {number} is damaged ({exc}): rebuild() the index") from exc
        yield Group(number=number, first=first, text=plain, starts=starts)


def _starts(lengths: list[int]) -> tuple[int, ...]:
    return tuple(accumulate((length + 1 for length in lengths[:-1]), initial=0))
