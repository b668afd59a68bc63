"""Messages between the caller and a parser worker: a length of 4 bytes, little-endian, then MessagePack.

A request is (job number, path, content), a response (job number, FileAnalysis). Paths travel as the bytes that
`os.fsencode` gives on POSIX, so names that are not UTF-8 pass unharmed.
"""

from __future__ import annotations

import struct
from typing import BinaryIO, Final

import msgspec

from codevault.analysis.model import FileAnalysis

MAX_FRAME: Final = 1 << 30
"""Bytes of the longest message; a longer length means that the other side wrote something else."""

_LENGTH: Final = struct.Struct("<I")
_encoder: Final = msgspec.msgpack.Encoder()
_requests: Final = msgspec.msgpack.Decoder(tuple[int, bytes, bytes])
_responses: Final = msgspec.msgpack.Decoder(tuple[int, FileAnalysis])


def encode_request(job: int, path: str, content: bytes) -> bytes:
    """A whole frame that asks for the analysis of one file."""
    return _frame((job, path.encode("utf-8", "surrogateescape"), content))


def decode_request(payload: bytes) -> tuple[int, str, bytes]:
    """Job number, path and content of a request's payload; ValueError when it is none."""
    job, path, content = _requests.decode(payload)
    return job, path.decode("utf-8", "surrogateescape"), content


def encode_response(job: int, analysis: FileAnalysis) -> bytes:
    """A whole frame that answers a request."""
    return _frame((job, analysis))


def decode_response(payload: bytes) -> tuple[int, FileAnalysis]:
    """Job number and analysis of a response's payload; ValueError when it is none."""
    return _responses.decode(payload)


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next payload, None at the end of the stream; ValueError when it ends inside a frame or a length is absurd."""
    head = _read(stream, _LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        raise ValueError("the stream ends inside a length")
    length = _LENGTH.unpack(head)[0]
    if length > MAX_FRAME:
        raise ValueError(f"a frame of {length} bytes is longer than any message")
    payload = _read(stream, length)
    if len(payload) < length:
        raise ValueError("the stream ends inside a frame")
    return payload


def _frame(message: object) -> bytes:
    payload = _encoder.encode(message)
    if len(payload) > MAX_FRAME:
        raise ValueError(f"a message of {len(payload)} bytes is too long to send")
    return _LENGTH.pack(len(payload)) + payload


def _read(stream: BinaryIO, length: int) -> bytes:
    """Up to `length` bytes, fewer only at the end: a raw pipe may give them piece by piece."""
    first = stream.read(length) or b""
    if len(first) == length or not first:
        return first
    pieces = [first]
    missing = length - len(first)
    while missing > 0 and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
