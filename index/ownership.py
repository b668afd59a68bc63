"""Whose a line is: each line of a file is the symbol's that stands on it, the innermost one's, or the rest's.

A symbol's *own lines* are those from its first to its last on which no symbol nested in it stands; a file's *rest* is
what no symbol stands on. Symbols beside each other on one line share it. Both are *pieces*: a symbol's piece has its
number; rests are numbered on their own, and shown as negative numbers. Equal symbols have equal own lines, so what a
question finds in one piece holds for every version that has it.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from blake3 import blake3

from codevault.index import keys, postings
from codevault.index.contents import fragment_list
from codevault.index.details import LISTS, DetailWriter, newest_record
from codevault.index.rows import ask_many
from codevault.index.symbols import positions
from codevault.index.varints import pack, unpack, unzigzag, zigzag

Block = tuple[int, int]
"""First line, and the line behind the last one."""

Lines = tuple[int, int, int]
"""A fragment, the first of its lines (from 0), and how many; 0: all."""

TEXTLESS = 0
"""Stands for a fragment: its pieces are symbols that were never seen with their text."""


class Extent(NamedTuple):
    """Where a symbol stands: bytes, and lines with the last one included."""

    start_byte: int
    end_byte: int
    first_line: int
    last_line: int


class Part(NamedTuple):
    """A fragment of a file: its first line, lines, and how many of them are left without blank ones at the end."""

    number: int
    first_line: int
    lines: int
    filled: int


def own_blocks(extents: Sequence[Extent], lines: int) -> tuple[list[list[Block]], list[Block]]:
    """The own lines of each symbol, in runs, and the rest of a file of so many lines. Linear but for sorting."""
    holes: list[list[Block]] = [[] for _ in extents]
    outside: list[Block] = []
    around: list[int] = []
    for at in sorted(range(len(extents)), key=lambda each: (extents[each].start_byte, -extents[each].end_byte)):
        one = extents[at]
        while around and not holds(extents[around[-1]], one):
            around.pop()
        (holes[around[-1]] if around else outside).append((one.first_line, one.last_line + 1))
        around.append(at)
    own = [
        _without((one.first_line, min(one.last_line, lines) + 1), inner)
        for one, inner in zip(extents, holes, strict=True)
    ]
    return own, _without((1, lines + 1), outside)


def holds(outer: Extent, inner: Extent) -> bool:
    """Whether a symbol is nested in another; of those in order of their starts."""
    return outer.start_byte <= inner.start_byte and outer.end_byte >= inner.end_byte and outer[:2] != inner[:2]


def _without(whole: Block, holes: Iterable[Block]) -> list[Block]:
    left = []
    at, end = whole
    for first, behind in holes:
        if first > at:
            left.append((at, min(first, end)))
        at = max(at, behind)
        if at >= end:
            return left
    left.append((at, end))
    return left


def trimmed(blocks: Iterable[Block], parts: Sequence[Part]) -> list[Block]:
    """Blocks without blank lines at the ends of fragments that they begin or end with: they go with others' text."""
    firsts = [part.first_line for part in parts]
    left = []
    for first, behind in blocks:
        at, last = max(0, bisect_right(firsts, first) - 1), bisect_left(firsts, behind) - 1
        while at <= last and first >= parts[at].first_line + parts[at].filled:
            first = parts[at].first_line + parts[at].lines  # noqa: PLW2901 - the block shrinks
            at += 1
        while last >= at and behind > parts[last].first_line + parts[last].filled:
            behind = max(parts[last].first_line, parts[last].first_line + parts[last].filled)  # noqa: PLW2901 - as above
            last -= behind <= parts[last].first_line
        if first < behind:
            left.append((first, behind))
    return left


def touched(blocks: Iterable[Block], parts: Sequence[Part]) -> Iterator[tuple[int, bool]]:
    """(fragment, whether all its lines but blank ones are among the blocks) for each that has one of them."""
    firsts = [part.first_line for part in parts]
    for first, behind in blocks:
        at = max(0, bisect_right(firsts, first) - 1)
        while at < len(parts) and parts[at].first_line < behind:
            start, end = parts[at].first_line, parts[at].first_line + parts[at].filled
            if max(first, start) < min(behind, end):
                yield parts[at].number, first <= start and end <= behind
            at += 1


def lines_record(blocks: Iterable[Block], parts: Sequence[Part]) -> bytes:
    """Blocks of lines as they are kept: for each which lines of which fragments it is made of."""
    firsts = [part.first_line for part in parts]
    values: list[int] = []
    expected = 0
    for first, behind in blocks:
        at = max(0, bisect_right(firsts, first) - 1)
        end = bisect_left(firsts, behind)
        values.append(end - at)
        for part in parts[at:end]:
            start, stop = max(first, part.first_line), min(behind, part.first_line + part.lines)
            whole = stop - start == part.lines
            values += zigzag(part.number - expected), start - part.first_line, 0 if whole else stop - start
            expected = part.number + 1
    return pack(values)


def lines_of(record: bytes) -> list[list[Lines]]:
    """What `lines_record` was given, block by block."""
    values = unpack(record)
    blocks, at, expected = [], 0, 0
    while at < len(values):
        block = []
        for _ in range(values[at]):
            number = expected + unzigzag(values[at + 1])
            block.append((number, values[at + 2], values[at + 3]))
            expected, at = number + 1, at + 3
        at += 1
        blocks.append(block)
    return blocks


def split_owner(packed: int) -> tuple[int, bool]:
    """The piece of an entry of `fragment_of`, and whether the whole fragment is its own."""
    return packed >> 1, not packed & 1


class Ownership:
    """Writes which pieces own a fragment, and which contents have a rest."""

    def __init__(self, db: sqlite3.Connection, key: bytes) -> None:
        self._db = db
        self._key = key
        self._owners: dict[int, list[int]] = {}
        self._rests: dict[int, tuple[bytes, list[tuple[int, bool]]]] = {}
        self._gone: dict[int, bytes] = {}
        self._textless: set[int] | None = None
        self._own_lines = DetailWriter(db, "piece_group", LISTS)
        self._rest_lines = DetailWriter(db, "rest_group", LISTS)
        self._written = 0

    def note(
        self, content: int, extents: Sequence[Extent], symbols: Sequence[int], parts: Sequence[Part], *, new_from: int
    ) -> None:
        """Takes what one content is made of; symbols numbered from `new_from` on were never met before."""
        textless = self._without_text()
        self._written = max(self._written, new_from - 1)
        if not parts:
            for number in symbols:
                if number > self._written:
                    self._written = number
                    self._own_lines.add(number, b"")
                    textless.add(number)
                    self._owners.setdefault(TEXTLESS, []).append(number)
            return
        own, rest = own_blocks(extents, sum(part.lines for part in parts))
        rest = trimmed(rest, parts)
        for number, blocks in zip(symbols, own, strict=True):
            if number > self._written:
                self._written = number
                self._own_lines.add(number, lines_record(trimmed(blocks, parts), parts))
                self._own(number, touched(blocks, parts))
            elif number in textless:
                textless.discard(number)
                self._own(number, touched(blocks, parts))
        outside = list(touched(rest, parts))
        if outside:
            self._rests[content] = lines_record(rest, parts), outside

    def _without_text(self) -> set[int]:
        if self._textless is None:
            held = postings.holders(self._db, "fragment_of", (TEXTLESS,))
            self._textless = set(held.get(TEXTLESS, ()))
        return self._textless

    def _own(self, piece: int, fragments: Iterable[tuple[int, bool]]) -> None:
        whole: dict[int, bool] = {}
        for number, complete in fragments:
            whole[number] = complete and number not in whole
        for number, complete in whole.items():
            entries = self._owners.setdefault(number, [])
            entry = piece << 1 | (not complete)
            if entry not in entries[-8:]:
                entries.append(entry)

    def _hash(self, record: bytes) -> int:
        """Names a rest by its fragments and which of their lines it has."""
        return int.from_bytes(blake3(record, key=self._key).digest(8), "little") >> 1

    def forget(self, content: int, fragments: bytes) -> None:
        """Takes back the rest of a content that is analysed anew, by its earlier fragments."""
        if fragments:
            self._gone[content] = fragments

    def flush(self) -> None:
        """Writes what was noted into the running transaction, but for the last groups."""
        self._take_back()
        hashes = {record: self._hash(record) for record, _ in self._rests.values()}
        known = keys.find(self._db, "rest_key", hashes.values())
        newest = newest_record(self._db, "rest_group")
        new: dict[int, int] = {}
        held: dict[int, list[int]] = {}
        for content, (record, fragments) in self._rests.items():
            key = hashes[record]
            if key not in known:
                newest += 1
                known[key] = new[key] = newest
                self._rest_lines.add(newest, record)
                self._own(-newest, fragments)
            held.setdefault(known[key], []).append(content)
        keys.add(self._db, "rest_key", new)
        postings.append(self._db, "rest_in", held)
        postings.append(self._db, "fragment_of", self._owners)
        self._rests, self._owners = {}, {}
        self._own_lines.flush()
        self._rest_lines.flush()

    def _take_back(self) -> None:
        gone: dict[int, set[int]] = {}
        for content, fragments in self._gone.items():
            owners = postings.holders(self._db, "fragment_of", (part.number for part in parts_of(fragments)))
            rests = {-split_owner(entry)[0] for entries in owners.values() for entry in entries if entry < 0}
            for item, held in postings.holders(self._db, "rest_in", rests).items():
                if content in held:
                    gone.setdefault(item, set()).add(content)
        if gone:
            postings.remove(self._db, "rest_in", gone)
        self._gone = {}


def parts_of(packed: bytes) -> list[Part]:
    """The fragments of a content's stored list; blank lines at their ends are not told apart."""
    found = fragment_list(packed)[1]
    if not found:
        return []
    ends = [line for _, line in found[1:]] + [1 + sum(unpack(packed)[2::2])]
    return [Part(number, line, end - line, end - line) for (number, line), end in zip(found, ends, strict=True)]


def extents_of(db: sqlite3.Connection, packed: bytes) -> list[Extent]:
    """Where the symbols of a content's stored list stand."""
    places = list(positions(packed))
    rows = ask_many(db, "SELECT id, bytes, lines FROM symbol WHERE id IN (*)", {number for number, _, _ in places})
    sizes = {number: (size, lines) for number, size, lines in rows}
    return [Extent(byte, byte + sizes[n][0], line, line + sizes[n][1]) for n, byte, line in places]
