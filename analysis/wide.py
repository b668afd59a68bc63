"""Text of two bytes a character: analysed as UTF-8, its places brought back to the bytes of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from msgspec import structs

from codevault.analysis.fingerprints import unit_id
from codevault.analysis.model import FileAnalysis, Unit


def analysed_as_utf8(content: bytes, analyse: Callable[[bytes], FileAnalysis]) -> FileAnalysis:
    """The analysis of UTF-16 text with byte order mark, with spans in `content`; units partition it, mark included."""
    text, places = as_utf8(content)
    found = analyse(text)
    units = []
    for unit in found.units:
        spans = tuple((places[start] if start else 0, places[end]) for start, end in unit.spans)
        raw = b"".join(content[start:end] for start, end in spans)
        units.append(structs.replace(unit, spans=spans, id=unit_id(raw)))
    if not units:  # nothing but the mark
        units = [Unit(id=unit_id(content), spans=((0, len(content)),))]
    symbols = tuple(
        structs.replace(symbol, start_byte=places[symbol.start_byte], end_byte=places[symbol.end_byte])
        for symbol in found.symbols
    )
    return replace(found, symbols=symbols, units=tuple(units), problems=(*found.problems, "UTF-16: read as UTF-8"))


def as_utf8(content: bytes) -> tuple[bytes, Sequence[int]]:
    """UTF-16 text with byte order mark as UTF-8, and for each byte of that, and its end, where it is in the file."""
    codec = "utf-16-le" if content.startswith(b"\xff\xfe") else "utf-16-be"
    text = content[2 : len(content) & ~1].decode(codec, "replace").encode("utf-8", "replace")
    return text, _places(text, len(content))


def _places(text: bytes, size: int) -> list[int]:
    """For each byte of the UTF-8 text, and its end, where its character begins in the UTF-16 file of that size."""
    raw = np.frombuffer(text, np.uint8)
    begins = (raw & 0xC0) != 0x80
    wide = raw >= 0xF0  # two pairs of bytes
    places = 2 + 2 * (np.cumsum(begins) - begins + np.cumsum(wide) - wide)
    return [*places.tolist(), size]
