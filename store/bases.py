"""Choosing what a blob is stored as a difference from. Pure."""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Iterable

from codevault.ids import BlobId
from codevault.store.model import Entry

MAX_CHAIN = 48
"""Deltas between a blob and the key version it rests on: measured on flask, 32 costs 3 % more, 64 saves 1 %."""
MAX_LONG_CHAIN = 8
"""The same for blobs of `LONG` bytes and more, whose every step costs milliseconds."""
LONG = 1 << 20
_SAMPLE = 1 << 16
_LEAST_SHARED = 0.4


class NamedBlobs:
    """Blobs by their paths' last part, to find the likeliest relative of a file that has no earlier version.

    `limit` bounds memory and the time a run with a single new file spends here: 60,000 entries take 0.3 s.
    """

    def __init__(self, limit: int = 60_000) -> None:
        self._room = limit
        self._by_name: dict[str, list[tuple[int, BlobId]]] = {}

    @property
    def full(self) -> bool:
        """True when no more are taken, which bounds memory."""
        return self._room <= 0

    def take(self, entries: Iterable[Entry]) -> None:
        """Learns the files of a manifest until full."""
        for entry in entries:
            if self.full:
                return
            if entry.blob is not None and entry.reference is None and 0 < entry.size < LONG:
                named = self._by_name.setdefault(posixpath.basename(entry.path), [])
                named.append((entry.size, entry.blob))
                self._room -= 1

    def settle(self) -> None:
        """To be called once after the last `take`."""
        for named in self._by_name.values():
            named.sort()

    def nearest(self, path: str, size: int) -> BlobId | None:
        """The blob of the same name whose size is nearest, None when there is none within a factor of four."""
        named = self._by_name.get(posixpath.basename(path)) if self._by_name else None
        if not named:
            return None
        at = bisect_left(named, (size,))
        near = min(named[max(0, at - 1) : at + 1], key=lambda pair: abs(pair[0] - size))
        return near[1] if size <= 4 * near[0] and near[0] <= 4 * size else None


def alike(content: bytes, base: bytes) -> bool:
    """True when enough of the content's lines stand in the base that a delta will pay. Looks at 64 KiB of each."""
    lines = set(content[:_SAMPLE].split(b"\n"))
    shared = lines.intersection(base[:_SAMPLE].split(b"\n"))
    return sum(map(len, shared)) >= _LEAST_SHARED * sum(map(len, lines))


def longest_chain(size: int) -> int:
    """How many deltas may follow each other down to a blob of `size` bytes."""
    return MAX_LONG_CHAIN if size >= LONG else MAX_CHAIN
