from __future__ import annotations

import io
import struct

import pytest

from codevault.analysis import wire
from codevault.analysis.analyse import analyse
from codevault.analysis.wire import (
    MAX_FRAME,
    decode_request,
    decode_response,
    encode_request,
    encode_response,
    read_frame,
)


class Trickle(io.BytesIO):
    """A pipe that gives a byte at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(1, size or 0))


def test_carries_a_request_with_a_name_that_is_not_utf8() -> None:
    payload = read_frame(io.BytesIO(encode_request(7, "a\udcff.py", b"\0\xff")))

    assert payload is not None
    assert decode_request(payload) == (7, "a\udcff.py", b"\0\xff")


def test_carries_a_whole_analysis_back() -> None:
    analysis = analyse("a.py", b"class A:\n    def f(self):\n        return 1\n")
    payload = read_frame(Trickle(encode_response(8, analysis)))

    assert payload is not None
    assert decode_response(payload) == (8, analysis)


def test_ends_with_the_stream() -> None:
    assert read_frame(io.BytesIO(b"")) is None


@pytest.mark.parametrize("content", [b"\1", b"\1\0\0", struct.pack("<I", 9) + b"short"])
def test_refuses_a_stream_that_ends_inside_a_message(content: bytes) -> None:
    with pytest.raises(ValueError, match="ends inside"):
        read_frame(io.BytesIO(content))


def test_refuses_a_length_that_no_message_has() -> None:
    with pytest.raises(ValueError, match="longer than any message"):
        read_frame(io.BytesIO(struct.pack("<I", MAX_FRAME + 1)))


def test_refuses_to_send_what_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME", 10)

    with pytest.raises(ValueError, match="too long to send"):
        encode_request(1, "a.py", b"x" * 20)


def test_refuses_a_payload_that_is_no_message() -> None:
    with pytest.raises(ValueError, match="truncated"):
        decode_request(b"\x93")
