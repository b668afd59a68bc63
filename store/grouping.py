"""Which blobs a compacted vault holds together: versions of one path next to each other, newest first. Pure.

A file's versions in one frame cost what differs between them and 34 bytes of header, where a delta costs 75: see
DECISIONS.md for the measurements. Lines (the versions of one path) that rest on each other, because a file was moved,
copied or split, stand together too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codevault.store.packing import GROUP

LARGE_MEMBER = 512 << 10
"""From this size on too few versions share a frame: such a blob stays in the frame, or on the base, it has."""
_PLAIN_LEVEL = 12  # of first versions only: measured 28 MB/s and 17 % below level 3; 19 does 1.8 MB/s for another 11 %
_HISTORY_LEVEL = 19
_HISTORY_SHARE = 0.3


class Named(NamedTuple):
    """Where a blob was last new: the number of its line, and of the snapshot, a newer one being higher."""

    line: int
    age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A blob that is to be grouped."""

    blob: bytes
    size: int
    line: int
    age: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Blobs of one solid frame, in order. `later_bytes` are those of members whose line stands before them already."""

    members: tuple[Version, ...]
    later_bytes: int

    @property
    def size(self) -> int:
        """Bytes of content."""
        return sum(member.size for member in self.members)

    @property
    def level(self) -> int:
        """How hard to compress: what repeats itself is compressed well and fast, the rest would take long."""
        return _HISTORY_LEVEL if self.later_bytes > _HISTORY_SHARE * self.size else _PLAIN_LEVEL


class Lines:
    """The lines there are, numbered as they come: manifests of a project are one, versions of a path are one.

    About 300 bytes of memory a line.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def manifests(self, project: str) -> int:
        """The line of a project's manifests; these stand before all files and share a frame with nothing else."""
        return self._number(f"\0{project}")

    def path(self, project: str, path: str) -> int:
        """The line of a path."""
        return self._number(f"{project}/{path}")

    def loose(self) -> int:
        """The line of what has no path. It stands behind all others."""
        return self._number("\U0010ffff")

    def ranks(self, related: Iterable[tuple[int, int]] = ()) -> tuple[Sequence[int], frozenset[int]]:
        """For each line its place in the order of paths, related ones together; and the lines of manifests."""
        names = sorted(self._numbers)
        place = {self._numbers[name]: at for at, name in enumerate(names)}
        heads = list(range(len(names)))
        for one, other in related:
            first, second = sorted((_head(heads, place[one]), _head(heads, place[other])))
            heads[second] = first
        order = sorted(range(len(names)), key=lambda at: (_head(heads, at), at))
        ranks = [0] * len(names)
        for rank, at in enumerate(order):
            ranks[self._numbers[names[at]]] = rank
        return ranks, frozenset(number for name, number in self._numbers.items() if name.startswith("\0"))

    def _number(self, name: str) -> int:
        return self._numbers.setdefault(name, len(self._numbers))


def _head(heads: list[int], at: int) -> int:
    while heads[at] != at:
        heads[at] = heads[heads[at]]
        at = heads[at]
    return at


def planned_groups(
    versions: Iterable[Version], ranks: Sequence[int], apart: frozenset[int], limit: int = GROUP
) -> Iterator[Group]:
    """The solid frames for these blobs: in the order of `ranks`, within a line the newest first.

    A frame holds at most `limit` bytes of first versions and twice that in all, more only if it is one blob: reading
    one stays short, and a compressor's tables double at that border. It is closed around each line of `apart`.
    """
    group: list[Version] = []
    size = first = 0
    before: int | None = None
    for version in sorted(versions, key=lambda one: (ranks[one.line], -one.age, one.blob)):
        border = before is not None and version.line != before and (version.line in apart or before in apart)
        fresh = 0 if version.line == before else version.size
        if group and (border or first + fresh > limit or size + version.size > 2 * limit):
            yield Group(members=tuple(group), later_bytes=size - first)
            group, size, first, fresh = [], 0, 0, version.size
        group.append(version)
        size += version.size
        first += fresh
        before = version.line
    if group:
        yield Group(members=tuple(group), later_bytes=size - first)


def base_within(base: bytes, wanted: Callable[[bytes], bool], bases: Mapping[bytes, bytes]) -> bytes | None:
    """The first wanted blob down a chain of bases, itself included; None when it ends before, or does not end.

    Bases are only ever exchanged for what they rest on themselves, so no choice can close a circle, whichever of
    several copies of a blob a reader follows.
    """
    for _ in range(len(bases) + 1):
        if wanted(base):
            return base
        below = bases.get(base)
        if below is None:
            return None
        base = below
    return None
