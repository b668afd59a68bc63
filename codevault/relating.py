"""Finding what new content shares its symbols with, so that the store can keep it as a difference from that.

Copied, split and renamed files have no earlier version to tell by. The lines that define their symbols have: they are
looked up in the text index, and the file version that holds most of them is the relative. The store is told a blob id.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.index.index import Index

LEAST: Final = 200
"""Bytes below which a difference saves next to nothing."""

MOST: Final = 1 << 20
"""Bytes from which on nothing is looked up: such files are data."""

SECONDS: Final = 2.0
"""What one backup spends on looking, at most: a first one of many files keeps its pace."""

_LINES: Final = 6
_PLACES: Final = 12
_LINE_SECONDS: Final = 0.05
_NEEDED: Final = 0.4
_SHORTEST, _LONGEST = 12, 300
_DEFINES: Final = re.compile(
    r"\b(def|class|func|function|fn|struct|enum|interface|trait|impl|module|namespace|type|template|CREATE TABLE)\b"
    r"|\w\s*\([^;]*\)\s*(\{|->|:|throws\b|const\b)?\s*$"
)

Relative = Callable[[bytes], BlobId | None]
"""Gives the blob that shares most with content, None where there is none."""


class SharedSymbols:
    """Looks for relatives of new content, for one backup."""

    def __init__(
        self,
        index: Callable[[], Index],
        contains: Callable[[BlobId], bool],
        clock: Callable[[], float] = time.monotonic,
        seconds: float = SECONDS,
    ) -> None:
        self._index = index
        self._contains = contains
        self._clock = clock
        self._left = seconds

    def relative(self, content: bytes) -> BlobId | None:
        """The blob in the store that holds most of the lines that define the content's symbols."""
        if self._left <= 0 or not LEAST <= len(content) < MOST or b"\0" in content:
            return None
        began = self._clock()
        try:
            return self._found(content.decode("utf-8", "replace"))
        except CodeVaultError:
            self._left = 0.0  # an index that cannot be read is somebody else's business
            return None
        finally:
            self._left -= self._clock() - began

    def _found(self, text: str) -> BlobId | None:
        lines = list(_telling(text))
        votes: Counter[BlobId] = Counter()
        index = self._index()
        for line in lines:
            hits = index.search_text(line, limit=_PLACES, seconds=_LINE_SECONDS).hits
            votes.update({hit.blob for hit in hits})
        for blob, count in votes.most_common():
            if count < max(2, _NEEDED * len(lines)):
                return None
            if self._contains(blob):
                return blob
        return None


def _telling(text: str) -> Iterator[str]:
    """A few lines that tell the content from others, from all over it: those that define something come first."""
    lines = [line.strip() for line in text.splitlines()]
    lines = list(dict.fromkeys(line for line in lines if _SHORTEST <= len(line) <= _LONGEST))
    defining = [line for line in lines if _DEFINES.search(line)]
    chosen = defining if len(defining) >= _LINES else [*defining, *sorted(set(lines) - set(defining), key=_by_length)]
    step = max(1, len(chosen) // _LINES)
    yield from chosen[::step][:_LINES]


def _by_length(line: str) -> tuple[int, str]:
    return -len(line), line
