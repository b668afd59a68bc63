"""How a file is cut into units: each byte in exactly one, at line borders where possible, stable under edits elsewhere.

A symbol's unit is its own text: decorators, comments directly above, header and body without the symbols inside that
have units of their own. What is left over of the file is cut at lines whose checksum says so, so that an edit moves the
borders near it and no others (content-defined chunking: Muthitacharoen, Chen, Mazières, SOSP 2001, by lines). White
space between symbols goes into one unit, else every new function would change its surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from codevault.analysis.fingerprints import unit_id
from codevault.analysis.model import Unit

MIN_CHUNK: Final = 1024
MAX_CHUNK: Final = 4096
_BORDER_MASK: Final = 31  # one line in 32, about 1.2 KB of source after the minimum

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Extent:
    """The range of a definition that wants a unit of its own, and which symbol it is. Extents come ordered by start."""

    start: int
    end: int
    symbol: int


def cut(content: bytes, extents: Sequence[Extent], symbols: int) -> tuple[tuple[Unit, ...], list[int]]:
    """All units of a file ordered by their first byte, and for each extent's symbol its unit's index (others -1).

    Extents may nest; those that cross are trimmed. Linear in bytes and extents.
    """
    own, rest = _own_spans(content, extents)
    units = [_unit(content, spans, symbol) for symbol, spans in own.items() if spans]
    units.extend(_unit(content, spans, -1) for spans in _rest(content, rest))
    units.sort(key=_first_byte)
    owner = [-1] * symbols
    for index, unit in enumerate(units):
        if unit.symbol >= 0:
            owner[unit.symbol] = index
    return tuple(units), owner


def cut_text(content: bytes) -> tuple[Unit, ...]:
    """Units of a file without symbols."""
    return cut(content, (), 0)[0]


def _first_byte(unit: Unit) -> int:
    return unit.spans[0][0]


def _unit(content: bytes, spans: Sequence[Span], symbol: int) -> Unit:
    if len(spans) == 1:
        ((start, end),) = spans
        text = content[start:end]
    else:
        text = b"".join([content[start:end] for start, end in spans])
    return Unit(id=unit_id(text), spans=tuple(spans), symbol=symbol)


def _own_spans(content: bytes, extents: Sequence[Extent]) -> tuple[dict[int, list[Span]], list[Span]]:
    """Each symbol's spans without those nested in it, and the spans outside all symbols."""
    rest: list[Span] = []
    own: dict[int, list[Span]] = {}
    stack: list[tuple[int, list[Span]]] = [(len(content), rest)]
    position = 0
    for extent in extents:
        start, end = _line_borders(content, extent, position)
        while len(stack) > 1 and stack[-1][0] <= start:
            position = _emit(stack.pop(), position)
        limit, spans = stack[-1]
        end = min(end, limit)
        if end <= max(start, position):
            continue
        _emit((max(start, position), spans), position)
        position = max(start, position)
        own[extent.symbol] = []
        stack.append((end, own[extent.symbol]))
    while stack:
        position = _emit(stack.pop(), position)
    return own, rest


def _emit(scope: tuple[int, list[Span]], position: int) -> int:
    end, spans = scope
    if end > position:
        spans.append((position, end))
    return max(end, position)


_LINE_REST: Final = re.compile(  # bounded: a file may be one line of megabytes
    rb"[ \t]{0,200}[;,]?[ \t]{0,200}(?:(?://|#)[^\n]{0,500}|/\*[^\n]{0,500}\*/[ \t]{0,200})?\r?(?:\n|\Z)"
)


def _line_borders(content: bytes, extent: Extent, position: int) -> Span:
    """The extent with its indentation and, when nothing else follows on its last line, the rest of that line."""
    start, end = extent.start, extent.end
    line = content.rfind(b"\n", position, start) + 1 or position
    if line < start and not content[line:start].strip(b" \t"):
        start = line
    rest = _LINE_REST.match(content, end)
    return start, rest.end() if rest and content[end - 1 : end] != b"\n" else end


def _rest(content: bytes, spans: Iterable[Span]) -> Iterator[list[Span]]:
    """The remainder in units: blank spans in one, the others in chunks of whole lines."""
    blank: list[Span] = []
    chunk: list[Span] = []
    size = 0
    for start, end in spans:
        if content[start:end].isspace():
            blank.append((start, end))
            continue
        position = start
        for border, cuts in _borders(content, start, end, size):
            chunk.append((position, border))
            size += border - position
            position = border
            if cuts:
                yield chunk
                chunk, size = [], 0
    if chunk:
        yield chunk
    if blank:
        yield blank


def _borders(content: bytes, start: int, end: int, size: int) -> Iterator[tuple[int, bool]]:
    """Where the span is cut, and at last its end, which is a cut only when the checksum of its last line says so."""
    begin = start - size
    position = start
    while position < end:
        if position - begin < MIN_CHUNK:  # lines that end within the minimum are no borders
            position = content.rfind(b"\n", position, min(end, begin + MIN_CHUNK - 1)) + 1 or position
            if position == end:
                break
        line_end = content.find(b"\n", position, end) + 1 or end
        if line_end - begin > MAX_CHUNK and position > begin and position > start:
            yield position, True
            begin = position
        if line_end - position > MAX_CHUNK:
            for border in _within_line(content, position, line_end):
                yield border, True
                begin = border
        elif line_end - begin >= MIN_CHUNK and not crc32(content[position:line_end]) & _BORDER_MASK:
            yield line_end, True
            begin = line_end
        position = line_end
    if begin < end:
        yield end, False


_STATEMENT_END: Final = re.compile(rb"[;,}\s]")


def _within_line(content: bytes, start: int, end: int) -> Iterator[int]:
    """Borders in a line too long for one unit: behind separators chosen by what precedes, never inside a character."""
    while end - start > MAX_CHUNK:
        border = start + MAX_CHUNK
        for found in _STATEMENT_END.finditer(content, start + MIN_CHUNK, start + MAX_CHUNK):
            if not crc32(content[found.end() - 8 : found.end()]) & _BORDER_MASK:
                border = found.end()
                break
        while border > start + 1 and 0x80 <= content[border] < 0xC0:
            border -= 1
        yield border
        start = border
    yield end
