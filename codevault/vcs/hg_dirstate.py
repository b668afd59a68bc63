"""Reads Mercurial's dirstate, both versions: which paths the working copy tracks. Pure; stat data is not looked at.

After Mercurial's helptext/internals/dirstate-v2.txt and, for version 1, mercurial/pure/parsers.py.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

V2_MARK = b"dirstate-v2\n"
_V1_ENTRY = struct.Struct(">cllll")
_V2_TREE = struct.Struct(">LL36x")
_V2_NODE = struct.Struct(">LHHLHLLLLHLLL")
_V2_DOCKET = len(V2_MARK) + 64 + _V2_TREE.size
_IN_WORK, _IN_FIRST, _LINK = 1, 2, 16
_SYMLINK_MODE = 0o120000
_MOST = 2_000_000
_DEEPEST = 512


class DirstateUnreadable(Exception):  # noqa: N818 - never leaves this package
    """The bytes are no dirstate, or cut short."""


class DirstateEntry(NamedTuple):
    """A path the working copy tracks. `added`: no parent has it. `merged`: it waits for the merge to be committed."""

    path: bytes
    added: bool
    merged: bool
    link: bool


class Docket(NamedTuple):
    """Version 2's small file: where the tree begins in the other one, whose name ends in `uuid`."""

    start: int
    roots: int
    size: int
    uuid: str


def parse_v1(content: bytes) -> list[DirstateEntry]:
    """The tracked paths of a dirstate of version 1, in its order.

    Raises:
        DirstateUnreadable: it is cut short.
    """
    found = []
    at = 40
    try:
        while at < len(content):
            state, mode, size, _, length = _V1_ENTRY.unpack_from(content, at)
            at += _V1_ENTRY.size
            if length < 0 or at + length > len(content):
                raise DirstateUnreadable("it is cut short")
            if state != b"r":
                path = content[at : at + length].partition(b"\0")[0]
                found.append(
                    DirstateEntry(path, state == b"a", state == b"m" or size == -2, mode & 0o170000 == _SYMLINK_MODE)
                )
            at += length
    except struct.error as exc:
        raise DirstateUnreadable("it is cut short") from exc
    return found


def parse_docket(content: bytes) -> Docket:
    """Version 2's small file.

    Raises:
        DirstateUnreadable: it is cut short, or names a file oddly.
    """
    try:
        start, count = _V2_TREE.unpack_from(content, _V2_DOCKET - _V2_TREE.size)
        (size, length) = struct.unpack_from(">LB", content, _V2_DOCKET)
    except struct.error as exc:
        raise DirstateUnreadable("it is cut short") from exc
    uuid = content[_V2_DOCKET + 5 : _V2_DOCKET + 5 + length].decode("ascii", "replace")
    if len(uuid) != length or not uuid.isalnum():
        raise DirstateUnreadable("it names no other file")
    return Docket(start, count, size, uuid)


def parse_v2(docket: Docket, content: bytes) -> list[DirstateEntry]:
    """The tracked paths of a dirstate of version 2. Linear; a tree that bites its tail is refused.

    Raises:
        DirstateUnreadable: it is cut short or no tree.
    """
    found: list[DirstateEntry] = []
    waiting = [(docket.start, docket.roots, 0)]
    met = 0
    try:
        while waiting:
            start, count, depth = waiting.pop()
            met += count
            if met > _MOST or depth > _DEEPEST or start + count * _V2_NODE.size > docket.size:
                raise DirstateUnreadable("it is no tree")
            for number in range(count):
                node = _V2_NODE.unpack_from(content, start + number * _V2_NODE.size)
                path_at, length, flags = node[0], node[1], node[9]
                waiting.append((node[5], node[6], depth + 1))
                if flags & _IN_WORK:
                    path = content[path_at : path_at + length]
                    merged = bool(flags & 4)
                    found.append(DirstateEntry(path, not flags & _IN_FIRST and not merged, merged, bool(flags & _LINK)))
    except struct.error as exc:
        raise DirstateUnreadable("it is cut short") from exc
    return found
