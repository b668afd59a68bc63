"""The loop of a process that matches structural patterns, as `worker.py` is that of one that parses files.

A request is (job number, operation, syntax, language, pattern, windows), a response (job number, what it asked for):
the frames are those of `wire.py`.
"""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import BinaryIO, Final

import msgspec

from codevault.analysis.structure import PatternShape, Window, matches, shape_of
from codevault.analysis.wire import MAX_FRAME, read_frame
from codevault.analysis.worker import limit_resources, take_over_standard_streams


class Request(msgspec.Struct, array_like=True, frozen=True):
    """What is asked: the shape of the pattern, or without `only_shape`, where the windows match."""

    only_shape: bool
    syntax: str
    language: str
    pattern: str
    windows: tuple[Window, ...] = ()


class Response(msgspec.Struct, array_like=True, frozen=True):
    """The shape, or for each window the ranges that match."""

    shape: PatternShape | None
    spans: tuple[tuple[tuple[int, int], ...], ...] = ()


_encoder: Final = msgspec.msgpack.Encoder()
_requests: Final = msgspec.msgpack.Decoder(Request)
_responses: Final = msgspec.msgpack.Decoder(Response)


def frame(message: Request | Response) -> bytes:
    """A message as it travels."""
    payload = _encoder.encode(message)
    if len(payload) > MAX_FRAME:
        raise ValueError(f"a message of {len(payload)} bytes is too long to send")
    return len(payload).to_bytes(4, "little") + payload


def decode_response(payload: bytes) -> Response:
    """A response from its payload; ValueError when it is none."""
    return _responses.decode(payload)


def main() -> None:
    """Answer requests until the input ends; returns then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to handle
    requests, responses = take_over_standard_streams()
    limit_resources()
    with suppress(BrokenPipeError):
        serve(requests, responses)


def serve(requests: BinaryIO, responses: BinaryIO) -> None:
    """Answer each request in order."""
    while (payload := read_frame(requests)) is not None:
        responses.write(frame(answer(_requests.decode(payload))))
        responses.flush()


def answer(request: Request) -> Response:
    """What one request asks for."""
    if request.only_shape:
        return Response(shape_of(request.syntax, request.language, request.pattern))
    found = matches(request.syntax, request.language, request.pattern, request.windows)
    return Response(None, tuple(map(tuple, found)))
