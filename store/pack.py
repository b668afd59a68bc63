"""The pack codec: zstd frames, each preceded by a skippable frame that holds our header. Pure; see FORMAT.md.

Writer, parser and size arithmetic sit together. A pack's id is the BLAKE3 of its bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from zlib import crc32

SKIPPABLE = b"\x50\x2a\x4d\x18"
ID_BYTES = 32
BASE_BYTES = 8
"""A base is named by the first bytes of its id: 2^-64 a pair, and the hash of the result is checked anyway."""
MAX_HEADER = 1 << 22
MAX_FRAME = 1 << 28
_PREAMBLE = struct.Struct("<4sI")
_CRC = struct.Struct("<I")
_WINDOW = 1 << 16


class FrameKind(IntEnum):
    """What a frame's content is; the value is the header's first byte."""

    SOLID = 0x53
    DELTA = 0x44
    LIST = 0x4C


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What precedes a frame: `stored` is the frame's length, `members` the blobs in it (id, length) in order."""

    kind: FrameKind
    stored: int
    members: tuple[tuple[bytes, int], ...]
    base: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A header and where in the pack the frame it announces begins."""

    header: Header
    at: int


class HeaderDamaged(Exception):  # noqa: N818 - never leaves the store
    """Bytes that are not a header."""


def encode_header(header: Header) -> bytes:
    """The skippable frame: magic, length, then kind, stored, members, base and a CRC-32 of these."""
    parts = [bytes([header.kind]), _varint(header.stored)]
    if header.kind is FrameKind.SOLID:
        parts.append(_varint(len(header.members)))
    for blob, length in header.members:
        parts += (blob, _varint(length))
    parts.append(header.base)
    body = b"".join(parts)
    body += _CRC.pack(crc32(body))
    return _PREAMBLE.pack(SKIPPABLE, len(body)) + body


def decode_header(body: bytes) -> Header:
    """The inverse of `encode_header`, given the skippable frame's content.

    Raises:
        HeaderDamaged: not exactly what `encode_header` writes.
    """
    if len(body) < ID_BYTES or crc32(body[:-4]) != _CRC.unpack(body[-4:])[0]:
        raise HeaderDamaged("checksum")
    cursor = _Cursor(body[:-4])
    try:
        kind = FrameKind(cursor.take(1)[0])
    except ValueError as exc:
        raise HeaderDamaged("unknown kind") from exc
    stored = cursor.varint()
    count = cursor.varint() if kind is FrameKind.SOLID else 1
    if stored > MAX_FRAME or not 0 < count <= len(body) // ID_BYTES:
        raise HeaderDamaged("a length out of range")
    members = tuple((cursor.take(ID_BYTES), cursor.varint()) for _ in range(count))
    base = cursor.take(BASE_BYTES) if kind is FrameKind.DELTA else b""
    if cursor.left():
        raise HeaderDamaged("trailing bytes")
    return Header(kind=kind, stored=stored, members=members, base=base)


def hop(read: Callable[[int, int], bytes], size: int) -> Iterator[Frame]:
    """The frames of a pack of `size` bytes, in order; `read(offset, length)` gives its bytes.

    Reads headers only. Damaged stretches are stepped over to the next sound header, so a flipped bit costs the
    frame it hits and a torn tail only the last frame.
    """
    at = 0
    window = _Window(read, size)
    while at < size:
        frame = _frame_at(window, at, size)
        if frame is None:
            at = window.find(SKIPPABLE, at + 1)
        else:
            yield frame
            at = frame.at + frame.header.stored


def _frame_at(window: _Window, at: int, size: int) -> Frame | None:
    preamble = window.take(at, _PREAMBLE.size)
    if len(preamble) < _PREAMBLE.size:
        return None
    magic, length = _PREAMBLE.unpack(preamble)
    if magic != SKIPPABLE or length > min(MAX_HEADER, size - at):
        return None
    try:
        header = decode_header(window.take(at + _PREAMBLE.size, length))
    except HeaderDamaged:
        return None
    begin = at + _PREAMBLE.size + length
    return Frame(header=header, at=begin) if begin + header.stored <= size else None


class _Window:
    """Reads ahead, so that many small frames do not cost a read each."""

    def __init__(self, read: Callable[[int, int], bytes], size: int) -> None:
        self._read = read
        self._size = size
        self._at = 0
        self._held = b""

    def take(self, at: int, length: int) -> bytes:
        begin = at - self._at
        if begin < 0 or begin + length > len(self._held):
            self._held = self._read(at, min(max(length, _WINDOW), self._size - at))
            self._at, begin = at, 0
        return self._held[begin : begin + length]

    def find(self, wanted: bytes, at: int) -> int:
        while at < self._size:
            block = self.take(at, min(_WINDOW, self._size - at))
            found = block.find(wanted)
            if found >= 0:
                return at + found
            at += max(1, len(block) - len(wanted) + 1)
        return self._size


class _Cursor:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def take(self, length: int) -> bytes:
        part = self._body[self._at : self._at + length]
        if len(part) < length:
            raise HeaderDamaged("too short")
        self._at += length
        return part

    def varint(self) -> int:
        value = 0
        for shift in range(0, 63, 7):
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if byte == 0 and shift:
                    break  # a second way to write the same number
                return value
        raise HeaderDamaged("a number out of range")

    def left(self) -> int:
        return len(self._body) - self._at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
