"""Compression of frames: zstd as the standard library has it from Python 3.14, `backports.zstd` before.

Two kinds of frame: alone, and against a base used as raw prefix (what `zstd --patch-from=BASE` reads and writes).
All frames carry their content's size and checksum. Every call releases the GIL while it works.
"""

from __future__ import annotations

import sys

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAX_CONTENT = 1 << 27
"""Most bytes one frame may expand to; the stock tool refuses larger windows without being told."""

_DICTIONARY_MAGIC = bytes.fromhex("37a430ec")
_LEAST_BASE = 8
_LONG = 1 << 20
_HARD = 12
_PIECE = 1 << 22
_DECODED_AT_ONCE = 1 << 17  # a block of zstd
_PATIENT = 8 << 20
_DELTA_LEVEL = 19
_SMALL = 64 << 10
_DELTA_LEVEL_ABOVE = 9  # 500 edits of the kernel: a quarter of the time and nothing in size; small ones gain by 19
_LONG_DELTA_LEVELS = ((8 << 20, 12), (1 << 62, 3))  # up to 8 MiB 4 ms a MiB, and 3 % of such a delta
_TINY = 128  # such a delta level 19 makes no smaller: two of three in a history, nine of ten after small edits
_Parameter = zstd.CompressionParameter
_LONG_DISTANCE: dict[int, int] = {_Parameter.enable_long_distance_matching: 1}
_SMALL_TABLES: dict[int, int] = {_Parameter.hash_log: 20, _Parameter.chain_log: 22}
"""Half the memory or less that zstd takes of its own accord when it works its hardest, for half a percent in size."""


class FrameDamaged(Exception):  # noqa: N818 - never leaves the store: becomes BlobDamaged, which knows pack and blob
    """A frame that does not decode to what its header announces."""


def compress(content: bytes, level: int) -> bytes:
    """One frame holding `content`, decoded again and compared before it is handed out."""
    options: dict[int, int] = {_Parameter.compression_level: level, _Parameter.checksum_flag: 1}
    if level >= _HARD and len(content) > _LONG:
        options |= _SMALL_TABLES
    return _proven(zstd.compress(content, options=options), content, None)


def usable_base(base: bytes) -> bool:
    """False for a base the stock tool or the library reads as something else than raw content."""
    return len(base) >= _LEAST_BASE and not base.startswith(_DICTIONARY_MAGIC)


def compress_delta(content: bytes, base: bytes, *, patient: bool = False) -> bytes:
    """One frame holding `content` as difference from `base` (see `usable_base`), decoded again and compared.

    `patient` takes the best level for all up to 8 MiB; it saves a fifth of deltas above 1 MiB, for 100 ms a MiB.
    """
    both = len(content) + len(base)
    prefix = zstd.ZstdDict(base, is_raw=True).as_prefix
    if both <= _LONG:
        frame = _delta(content, prefix, {_Parameter.compression_level: _DELTA_LEVEL_ABOVE})
        if len(frame) > _TINY and (patient or both <= _SMALL):
            frame = min(frame, _delta(content, prefix, {_Parameter.compression_level: _DELTA_LEVEL}), key=len)
    elif patient and both <= _PATIENT:  # matching by long distance finds the base, so that small tables do
        options = {_Parameter.compression_level: _DELTA_LEVEL, _Parameter.window_log: both.bit_length()}
        frame = _delta(content, prefix, options | _LONG_DISTANCE | _SMALL_TABLES)
    else:  # it finds the base in linear time; measured 0.03 s for 15 MB against 15 MB
        level = next(level for most, level in _LONG_DELTA_LEVELS if both <= most)
        options = {_Parameter.compression_level: level, _Parameter.window_log: max(20, min(27, both.bit_length()))}
        frame = _delta(content, prefix, options | _LONG_DISTANCE)
    return _proven(frame, content, base)


def content_size(frame: bytes) -> int:
    """Bytes the frame says it expands to.

    Raises:
        FrameDamaged: it does not say, or more than `MAX_CONTENT`.
    """
    try:
        announced = zstd.get_frame_info(frame).decompressed_size
    except zstd.ZstdError as exc:
        raise FrameDamaged(str(exc)) from exc
    if announced is None or announced > MAX_CONTENT:
        raise FrameDamaged("the frame does not state a sane size")
    return announced


def decompress(frame: bytes, size: int, base: bytes | None = None) -> bytes:
    """The `size` bytes a frame holds, never more however much it would expand to.

    Raises:
        FrameDamaged: it does not decode, or to another size.
    """
    if size > MAX_CONTENT or content_size(frame) != size:
        raise FrameDamaged("the frame's size is not the recorded one")
    decoder = _decoder(base)
    try:
        content = decoder.decompress(frame, size + 1)
    except (zstd.ZstdError, ValueError) as exc:
        raise FrameDamaged(str(exc)) from exc
    if len(content) != size or not decoder.eof or decoder.unused_data:
        raise FrameDamaged("the frame does not hold the recorded number of bytes")
    return content


class Unfolding:
    """A frame that is decoded from its beginning as far as it is asked for, each byte once. One thread at a time.

    No checksum covers what it gives before the end is reached.

    Raises:
        FrameDamaged: (when made) the frame does not say how much it holds, or too much.
    """

    def __init__(self, frame: bytes) -> None:
        self._rest = frame
        self._content = bytearray(content_size(frame))  # pages nobody asks for cost nothing
        self._decoder: zstd.ZstdDecompressor | None = _decoder(None)
        self._at = 0

    @property
    def held(self) -> int:
        """Bytes of memory it takes, at most."""
        return len(self._content) * (1 if self._decoder is None else 2)  # a decoder keeps as much as it looks back

    def part(self, begin: int, end: int) -> bytes:
        """Those bytes of the content.

        Raises:
            FrameDamaged: it does not decode that far.
        """
        if end > len(self._content):
            raise FrameDamaged("the frame holds less than recorded")
        while self._at < end:
            self._further(end)
        return bytes(memoryview(self._content)[begin:end])

    def _further(self, end: int) -> None:
        decoder = self._decoder or _decoder(None)
        wanted = min(len(self._content), -(-end // _DECODED_AT_ONCE) * _DECODED_AT_ONCE) - self._at
        try:
            piece = decoder.decompress(self._rest, wanted)
            whole = self._at + len(piece) == len(self._content)
            more = whole and not decoder.eof and decoder.decompress(b"", 1)
        except (zstd.ZstdError, ValueError) as exc:
            raise FrameDamaged(str(exc)) from exc
        if not piece or more or (whole and (not decoder.eof or decoder.unused_data)):
            raise FrameDamaged("the frame does not hold the recorded number of bytes")
        self._content[self._at : self._at + len(piece)] = piece
        self._at += len(piece)
        self._rest = b""
        if whole:
            self._decoder = None


def _delta(content: bytes, prefix: tuple[zstd.ZstdDict, int], options: dict[int, int]) -> bytes:
    return zstd.compress(content, options={**options, _Parameter.checksum_flag: 1}, zstd_dict=prefix)


def _decoder(base: bytes | None) -> zstd.ZstdDecompressor:
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 28}
    prefix = None if base is None else zstd.ZstdDict(base, is_raw=True).as_prefix
    return zstd.ZstdDecompressor(zstd_dict=prefix, options=options)


def _proven(frame: bytes, content: bytes, base: bytes | None) -> bytes:
    """The frame, if it decodes to the content; a long one is compared piece by piece, not held twice."""
    decoder, at = _decoder(base), 0
    piece = decoder.decompress(frame, _PIECE)
    while piece and content[at : at + len(piece)] == piece:  # slices of bytes: comparing memoryviews is 3 x slower
        at += len(piece)
        piece = b"" if decoder.eof else decoder.decompress(b"", _PIECE)
    if piece or at != len(content) or not decoder.eof:
        raise FrameDamaged("zstd did not reproduce what it compressed")
    return frame
