"""Whether two contents differ in a line that matches: what `git log -G` asks of every commit.

Contents share fragments, so only what lies between the first and the last fragment that differ is compared; and line by
line only where as many match on both sides. Which of two equal lines was moved is decided as git does (`difference`).
Searchable text is not all of a content: where sizes tell that line ends or an encoding changed, the content is read.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from codevault.ids import BlobId
from codevault.index.contents import Texts, fragment_list, packed_fragments
from codevault.index.difference import touches
from codevault.index.groups import GroupCache
from codevault.index.rows import ask_many, blob_text
from codevault.index.varints import unpack

T = TypeVar("T")
_MOST_FRAGMENTS = 20_000  # remembered as numbers
Read = Callable[[BlobId], bytes | None]
"""The bytes of a content, None when they cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """Its bytes, the numbers of its fragments, its lines, and whether the last one ends."""

    blob: BlobId
    size: int
    fragments: tuple[int, ...]
    lines: int
    ended: bool


class LineDiffs:
    """Compares contents by their lines that match. `matching`: such lines of each fragment, in order."""

    def __init__(
        self, db: sqlite3.Connection, cache: GroupCache, matching: Mapping[int, list[bytes]], read: Read
    ) -> None:
        self._matching = matching
        self._texts = Texts(db, cache)
        self._db = db
        self._read = read
        self._contents: dict[int, _Content] = {}
        self._groups: list[int] = [first for (first,) in db.execute("SELECT first FROM text_group ORDER BY first")]
        self._lengths: dict[int, list[int]] = {}
        self._numbers: dict[bytes, int] = {}
        self._fragments: dict[int, tuple[list[int], list[int]]] = {}

    def load(self, contents: set[int]) -> None:
        """Reads what contents are made of, many at a time."""
        new = contents - self._contents.keys()
        lists = packed_fragments(self._db, new)
        for number, blob, size in ask_many(self._db, "SELECT id, blob, size FROM content WHERE id IN (*)", new):
            ended, parts = fragment_list(lists.get(number))
            self._contents[number] = _Content(
                blob=blob_text(blob),
                size=size,
                fragments=tuple(part for part, _ in parts),
                lines=sum(unpack(lists.get(number, b""))[2::2]),
                ended=ended,
            )

    def count(self, content: int) -> int:
        """How many lines of a content match."""
        found = self._contents.get(content)
        return sum(len(self._matching.get(number, ())) for number in found.fragments) if found else 0

    def touched(self, before: int, after: int) -> bool:
        """Whether a line that matches was added or removed from one content (0: none) to another."""
        if not before or not after:
            return self.count(before or after) > 0
        one, other = self._contents[before], self._contents[after]
        old, new = _between(one.fragments, other.fragments)
        matched = self._matched(old)
        if matched != self._matched(new):
            return True
        raw = None
        if one.ended == other.ended and self._says_all(one, other, old, new):
            if not matched:
                return False
        else:
            raw = self._raw_lines(one), self._raw_lines(other)
        return self._differs((one, raw[0] if raw else None), (other, raw[1] if raw else None))

    def _differs(self, *sides: tuple[_Content, list[bytes] | None]) -> bool:
        if len(self._fragments) > _MOST_FRAGMENTS:
            self._fragments, self._numbers = {}, {}
        as_they_are = all(raw is not None for _, raw in sides)
        texts, places = [], []
        for content, raw in sides:
            text, matching = self._numbered(content)
            if as_they_are and raw is not None:
                text = [self._number(line) for line in raw]
            if text and not content.ended:
                text[-1] = -1 - text[-1]  # a line that does not end is none that does
            texts.append(text)
            places.append(matching)
        return touches(texts[0], texts[1], places[0], places[1])

    def _number(self, line: bytes) -> int:
        """The same for equal lines."""
        return self._numbers.setdefault(line, len(self._numbers))

    def _numbered(self, content: _Content) -> tuple[list[int], list[int]]:
        """Its lines as numbers, and the places of those that match."""
        text: list[int] = []
        places: list[int] = []
        for fragment in content.fragments:
            known = self._fragments.get(fragment)
            if known is None:
                lines, wanted = self._texts.fragment(fragment).split(b"\n"), set(self._matching.get(fragment, ()))
                matching = [at for at, line in enumerate(lines) if line in wanted] if wanted else []
                known = self._fragments[fragment] = [self._number(line) for line in lines], matching
            places.extend(len(text) + at for at in known[1])
            text += known[0]
        return text, places

    def _matched(self, fragments: tuple[int, ...]) -> Counter[bytes]:
        return Counter(line for number in fragments for line in self._matching.get(number, ()))

    def _says_all(self, one: _Content, other: _Content, old: tuple[int, ...], new: tuple[int, ...]) -> bool:
        """Whether bytes differ by as much as searchable text does, with line ends of one or of two bytes."""
        more = sum(map(self._size, new)) - sum(map(self._size, old)) + other.ended - one.ended
        return other.size - one.size - more in {0, other.lines - one.lines}

    def _size(self, number: int) -> int:
        """Bytes of a fragment with a line end."""
        group = bisect_right(self._groups, number) - 1
        if group not in self._lengths:
            question = "SELECT lengths FROM text_group WHERE first = ?"
            self._lengths[group] = unpack(self._db.execute(question, (self._groups[group],)).fetchone()[0])
        return 1 + self._lengths[group][number - self._groups[group]]

    def _raw_lines(self, content: _Content) -> list[bytes] | None:
        """The lines as they are, when they can be read and are those that search sees."""
        raw = self._read(content.blob)
        lines = (raw or b"").split(b"\n")
        if not lines[-1]:
            lines.pop()
        return None if raw is None or len(lines) != content.lines else lines


def _between(one: tuple[T, ...], other: tuple[T, ...]) -> tuple[tuple[T, ...], tuple[T, ...]]:
    """What is left of two lists without their common beginning and end."""
    most = min(len(one), len(other))
    first = next((at for at in range(most) if one[at] != other[at]), most)
    last = next((at for at in range(most - first) if one[-1 - at] != other[-1 - at]), most - first)
    return one[first : len(one) - last], other[first : len(other) - last]
