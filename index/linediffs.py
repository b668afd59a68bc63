"""Whether two contents differ in a line that matches: what `git log -G` asks of every commit.

Contents share fragments, so only what lies between the first and the last fragment that differ is compared; and lines
only where as many match on both sides, moved or untouched. Which of two equal lines a difference names is a matter of
the algorithm: git's may tell a moved block the other way round.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from difflib import SequenceMatcher
from typing import TypeVar

from codevault.index.contents import Texts, fragment_list, packed_fragments
from codevault.index.groups import GroupCache
from codevault.index.matching import Matcher

T = TypeVar("T")
MOST_LINES = 5000
"""Lines between which a difference is looked for line by line; longer stretches that moved count as touched."""


class LineDiffs:
    """Compares contents by their lines that match. `matching`: such lines of each fragment, in order."""

    def __init__(
        self, db: sqlite3.Connection, cache: GroupCache, matcher: Matcher, matching: Mapping[int, list[bytes]]
    ) -> None:
        self._matcher = matcher
        self._matching = matching
        self._texts = Texts(db, cache)
        self._db = db
        self._lists: dict[int, list[int]] = {}

    def load(self, contents: set[int]) -> None:
        """Reads what contents are made of, many at a time."""
        for content, packed in packed_fragments(self._db, contents - self._lists.keys()).items():
            self._lists[content] = [number for number, _ in fragment_list(packed)[1]]

    def count(self, content: int) -> int:
        """How many lines of a content match."""
        return sum(len(self._matching.get(number, ())) for number in self._lists.get(content, ()))

    def touched(self, before: int, after: int) -> bool:
        """Whether a line that matches was added or removed from one content (0: none) to another."""
        old, new = _between(self._lists.get(before, []), self._lists.get(after, []))
        if self._matched(old) != self._matched(new):
            return True
        if not self._matched(old):
            return False
        if len(self._lines(old)) + len(self._lines(new)) <= MOST_LINES:
            return self._moved(old, new)
        gaps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        return any(
            tag != "equal" and self._moved(old[first:last], new[begin:end]) for tag, first, last, begin, end in gaps
        )

    def _matched(self, fragments: list[int]) -> Counter[bytes]:
        return Counter(line for number in fragments for line in self._matching.get(number, ()))

    def _moved(self, old: list[int], new: list[int]) -> bool:
        """Whether matching lines of two stretches differ, or one of as many stands elsewhere among the others."""
        if self._matched(old) != self._matched(new):
            return True
        one, other = _between(self._lines(old), self._lines(new)) if self._matched(old) else ([], [])
        wanted = [at for at, line in enumerate(one) if self._matches(line)]
        if not wanted or len(one) + len(other) > MOST_LINES:
            return bool(wanted)
        blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
        kept = {block.a + at for block in blocks for at in range(block.size)}
        return not kept.issuperset(wanted)

    def _lines(self, fragments: list[int]) -> list[bytes]:
        return [line for number in fragments for line in self._texts.fragment(number).split(b"\n")]

    def _matches(self, line: bytes) -> bool:
        return next(self._matcher.spans(line), None) is not None


def _between(one: list[T], other: list[T]) -> tuple[list[T], list[T]]:
    """What is left of two lists without their common beginning and end."""
    most = min(len(one), len(other))
    first = next((at for at in range(most) if one[at] != other[at]), most)
    last = next((at for at in range(most - first) if one[-1 - at] != other[-1 - at]), most - first)
    return one[first : len(one) - last], other[first : len(other) - last]
