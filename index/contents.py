"""What a content is made of: its fragments in order, its lines, its whole text."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from codevault.errors import IndexDamaged
from codevault.index.details import DetailCache
from codevault.index.groups import Group, GroupCache, group_of
from codevault.index.rows import ask_many
from codevault.index.varints import pack, unpack


def fragment_list(packed: bytes | None) -> tuple[bool, list[tuple[int, int]]]:
    """Whether the text ends with a line end, and (fragment number, first line) of each fragment, in order."""
    values = unpack(packed or b"\0")
    found = []
    expected, line = 0, 1
    for step, lines in zip(values[1::2], values[2::2], strict=True):
        expected += -(step + 1 >> 1) if step & 1 else step >> 1
        found.append((expected, line))
        expected += 1
        line += lines
    return bool(values[0]), found


def list_record(fragments: bytes, symbols: bytes) -> bytes:
    """The record of what a content is made of: its fragments, and its symbols."""
    return pack((len(fragments),)) + fragments + symbols


def packed_lists(
    db: sqlite3.Connection, contents: Iterable[int], details: DetailCache | None = None
) -> dict[int, tuple[bytes, bytes]]:
    """The packed fragments and symbols of each content that was analysed. `details` remembers what was unpacked."""
    numbers = dict(ask_many(db, "SELECT id, listed FROM content WHERE listed IS NOT NULL AND id IN (*)", contents))
    records = (details or DetailCache()).lists(db, numbers.values())
    return {content: _split(records[number]) for content, number in numbers.items()}


def packed_fragments(
    db: sqlite3.Connection, contents: Iterable[int], details: DetailCache | None = None
) -> Mapping[int, bytes]:
    """The packed fragments alone."""
    return {content: fragments for content, (fragments, _) in packed_lists(db, contents, details).items()}


def packed_symbols(
    db: sqlite3.Connection, contents: Iterable[int], details: DetailCache | None = None
) -> Mapping[int, bytes]:
    """The packed symbols alone."""
    return {content: symbols for content, (_, symbols) in packed_lists(db, contents, details).items()}


def _split(record: bytes) -> tuple[bytes, bytes]:
    at = next((at for at, byte in enumerate(record) if byte < 128), -1) + 1
    if not at:
        raise IndexDamaged("a content's lists are damaged: rebuild() the index")
    end = at + unpack(record[:at])[0]
    return record[at:end], record[end:]


class Texts:
    """Texts of fragments, remembered by group within one read transaction."""

    def __init__(self, db: sqlite3.Connection, cache: GroupCache) -> None:
        self._db = db
        self._cache = cache
        self._fragments: dict[int, bytes] = {}

    def fragment(self, number: int) -> bytes:
        """The text of a fragment."""
        known = self._fragments.get(number)
        if known is None:
            self.remember(group_of(self._db, self._cache, number))
            known = self._fragments[number]
        return known

    def remember(self, group: Group) -> None:
        """Keeps the texts of a group that was read anyway."""
        for at in range(len(group.starts)):
            self._fragments[group.first + at] = group.fragment(group.first + at)

    def whole(self, packed: bytes | None) -> bytes:
        """The searchable text of a content, from its stored list."""
        ended, parts = fragment_list(packed)
        text = b"\n".join(self.fragment(number) for number, _ in parts)
        return text + b"\n" if ended and parts else text


def first_line(packed: bytes | None, lines: Mapping[int, int]) -> int:
    """The first line (from 1) of a content that lies in one of the fragments, at that line (from 0) of it."""
    _, parts = fragment_list(packed)
    return min((line + lines[number] for number, line in parts if number in lines), default=1)
