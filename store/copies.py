"""Copies of small files: what a generation brought beside its packs, once more in one checked file. Pure.

A copy is one zstd frame (with its content checksum) that holds sealed JSON, so that `zstd -dc` shows it to anybody, and
a skippable one with the hash of the first.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from blake3 import blake3

from codevault.store.layout import FORMAT_VERSION
from codevault.store.pack import SKIPPABLE
from codevault.store.records import RecordMalformed, seal, unseal
from codevault.store.zstd_codec import FrameDamaged, compress, content_size, decompress

MOST_COPIED = 8 << 20
"""Longest file that is copied, and most bytes of one copy: a record of more is no small file."""
_LEVEL = 9
_HASH_BYTES = 32
_SEAL = SKIPPABLE + _HASH_BYTES.to_bytes(4, "little")
"""Begins a skippable frame with the hash of what is before it: zstd ignores a bit of its own header."""


@dataclass(frozen=True, slots=True)
class SmallFiles:
    """The small files of a generation: its number, and contents by name relative to the vault."""

    sequence: int
    files: Mapping[str, bytes]


def encode_copy(copy: SmallFiles) -> bytes:
    """The copy's file. Of files that come to more than `MOST_COPIED` the last are left out."""
    held: list[dict[str, str]] = []
    left = MOST_COPIED
    for name, content in copy.files.items():
        left -= len(content)
        if left >= 0:
            held.append({"file": name, **_written(content)})
    frame = compress(seal({"files": held, "format": FORMAT_VERSION, "sequence": copy.sequence}), _LEVEL)
    return frame + _SEAL + blake3(frame).digest()


def decode_copy(content: bytes) -> SmallFiles:
    """The inverse of `encode_copy`.

    Raises:
        RecordMalformed: a byte changed, or it holds something else.
    """
    frame = content[: -len(_SEAL) - _HASH_BYTES]
    if content[len(frame) :] != _SEAL + blake3(frame).digest():
        raise RecordMalformed("not a copy: its hash")
    try:
        size = content_size(frame)
        if size > 4 * MOST_COPIED:
            raise RecordMalformed("longer than any copy")
        value = unseal(decompress(frame, size))
        files = {str(file["file"]): _read(file) for file in value["files"]}
        return SmallFiles(int(value["sequence"]), MappingProxyType(files))
    except (AttributeError, FrameDamaged, KeyError, TypeError, ValueError, binascii.Error) as exc:
        raise RecordMalformed(f"not a copy: {type(exc).__name__}") from exc


def _written(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _read(file: Mapping[str, str]) -> bytes:
    return file["text"].encode() if "text" in file else base64.b64decode(file["base64"], validate=True)
