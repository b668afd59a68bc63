"""Reads git's index: which path is expected to hold which object. Pure; stat data in it is not even looked at.

After gitformat-index(5), versions 2 to 4. What names or compares files by stat data may lie (assume-unchanged, skip-
worktree, a monitor's bitmap, cached trees), so of every entry only path, mode, stage and object count.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

_HEADER = 12
_STAT = 40  # bytes of stat data before the object id
_EXTENDED = 0x4000
_STAGE = 0x3000
LINK = 0o120000
SUBMODULE = 0o160000
FOLDER = 0o040000  # of a sparse index: nothing below it is checked out


class IndexUnreadable(Exception):  # noqa: N818 - never leaves this package
    """The bytes are no index, damaged, or of a kind that only git itself reads."""


class IndexEntry(NamedTuple):
    """One path of the index. `stage` 0 is settled; 1 to 3 are sides of a conflict.

    A named tuple, as frozen dataclasses take three times as long to make, and an index holds up to a million.
    """

    path: bytes
    object: str
    mode: int
    stage: int


def parse_index(content: bytes, width: int = 20) -> list[IndexEntry]:
    """The entries in their order; `width` is the length of an object id in bytes. Linear.

    Raises:
        IndexUnreadable: see there.
    """
    end = len(content) - width
    if end < _HEADER or content[:4] != b"DIRC":
        raise IndexUnreadable("it is no index")
    version, count = int.from_bytes(content[4:8], "big"), int.from_bytes(content[8:12], "big")
    if version not in {2, 3, 4}:
        raise IndexUnreadable(f"version {version} is unknown")
    hasher = hashlib.sha1 if width == 20 else hashlib.sha256
    if content[end:] != bytes(width) and hasher(memoryview(content)[:end]).digest() != content[end:]:
        raise IndexUnreadable("its checksum is wrong")
    try:
        found, at = (_compressed if version == 4 else _padded)(content, count, width, end)
        _check_extensions(content, at, end)
    except (ValueError, IndexError) as exc:
        raise IndexUnreadable("it is cut short") from exc
    return found


def _padded(content: bytes, count: int, width: int, end: int) -> tuple[list[IndexEntry], int]:
    """Versions 2 and 3: whole paths, padded with one to eight NULs to a multiple of eight bytes."""
    found = []
    at = _HEADER
    flags_at = _STAT + width
    for _ in range(count):
        flags = content[at + flags_at] << 8 | content[at + flags_at + 1]
        start = at + flags_at + (4 if flags & _EXTENDED else 2)
        stop = content.index(b"\0", start, end)
        found.append(
            IndexEntry(
                content[start:stop],
                content[at + _STAT : at + flags_at].hex(),
                int.from_bytes(content[at + 24 : at + 28], "big"),
                (flags & _STAGE) >> 12,
            )
        )
        at += (stop - at + 8) & ~7
    return found, at


def _compressed(content: bytes, count: int, width: int, end: int) -> tuple[list[IndexEntry], int]:
    """Version 4: how many bytes of the path before fall away, then what follows them; no padding."""
    found = []
    at = _HEADER
    flags_at = _STAT + width
    path = b""
    for _ in range(count):
        flags = content[at + flags_at] << 8 | content[at + flags_at + 1]
        drop, start = _offset(content, at + flags_at + (4 if flags & _EXTENDED else 2))
        if drop > len(path):
            raise IndexUnreadable("a path takes away more than there is")
        stop = content.index(b"\0", start, end)
        path = path[: len(path) - drop] + content[start:stop]
        found.append(
            IndexEntry(
                path,
                content[at + _STAT : at + flags_at].hex(),
                int.from_bytes(content[at + 24 : at + 28], "big"),
                (flags & _STAGE) >> 12,
            )
        )
        at = stop + 1
    return found, at


def _offset(content: bytes, at: int) -> tuple[int, int]:
    """A number as pack files write offsets: seven bits a byte, big end first, one added for each further byte."""
    byte = content[at]
    value = byte & 0x7F
    while byte & 0x80:
        at += 1
        byte = content[at]
        value = (value + 1) << 7 | byte & 0x7F
    return value, at + 1


def _check_extensions(content: bytes, at: int, end: int) -> None:
    """Passes over extensions; those in lower case have to be understood, and are git's to read."""
    while at < end:
        name, size = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "big")
        if name[:1].islower() and name != b"sdir":
            raise IndexUnreadable(f"it has the extension {name.decode('ascii', 'replace')}")
        at += 8 + size
    if at != end:
        raise IndexUnreadable("it is cut short")
