r"""A file version as searchable lines, cut into fragments that its other versions and copies share.

Search sees a file through `searchable`: UTF-8 text, a line that is not UTF-8 read as Latin-1, `\r\n` as `\n`. A
*fragment* is a run of whole lines; the fragments of a file, in order, are all of its lines. A fragment starts where a
unit of the analysis starts (at the first whole line), so text that did not change stays the same fragment; long runs
are cut once more at blank lines, which lets two versions of a long text meet again shortly after an edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from codevault.analysis.model import Unit

SHORT = 160
"""Bytes below which a fragment is not cut: of 96, 160, 256 and 512 the index of flask's history is smallest with it."""

LONG = 4096
"""Bytes from which a fragment is also cut where no blank line is."""

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True, slots=True)
class Fragment:
    r"""Whole lines joined by `\n`, without a line end behind the last; `lines` is their count."""

    text: bytes
    lines: int


def searchable(content: bytes) -> bytes:
    """The text search sees; has as many lines, in the same order, as `content` (UTF-16 with a mark excepted)."""
    encoding = _UTF16.get(content[:2])
    if encoding is not None:
        content = content[2:].decode(encoding, "replace").encode()
    elif not _is_utf8(content):
        content = b"\n".join(line if _is_utf8(line) else _from_latin1(line) for line in content.split(b"\n"))
    return content.replace(b"\r\n", b"\n") if b"\r" in content else content


def fragments(content: bytes, units: Iterable[Unit]) -> tuple[Fragment, ...]:
    """The fragments of a file version, in order; none of an empty file. Linear in bytes and spans."""
    text = searchable(content)
    if not text:
        return ()
    end = len(text) - text.endswith(b"\n")
    found: list[Fragment] = []
    first = 0
    for border in _borders(content, text, units):
        if first < border < end and _has_text(text, border):
            _cut(text, first, border - 1, found)
            first = border
    _cut(text, first, end, found)
    return tuple(found)


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _from_latin1(line: bytes) -> bytes:
    return line.decode("latin-1").encode()


def _borders(content: bytes, text: bytes, units: Iterable[Unit]) -> list[int]:
    """Ascending offsets in `text` of the lines that are the first whole line of some span of `content`."""
    starts = {start for unit in units for start, _ in unit.spans}
    if len(starts) < 2 or content[:2] in _UTF16:
        return []
    borders = sorted({_line_from(content, start) for start in starts})
    if text is content:
        return borders
    lines = [0]
    while (at := text.find(b"\n", lines[-1]) + 1) > 0:
        lines.append(at)
    return [lines[content.count(b"\n", 0, border)] for border in borders]


def _line_from(content: bytes, start: int) -> int:
    """The first line start at or behind an offset."""
    if start == 0 or content[start - 1] == 10:
        return start
    return content.find(b"\n", start) + 1 or len(content)


def _has_text(text: bytes, line: int) -> bool:
    """False for a blank line: a run of them joins the run before it."""
    end = text.find(b"\n", line)
    return bool(text[line : end if end >= 0 else None].strip())


def _cut(text: bytes, first: int, end: int, found: list[Fragment]) -> None:
    """Appends the fragments of one run, text[first:end]."""
    while end - first >= 2 * SHORT:
        at = _next_cut(text, first, end)
        if at >= end:
            break
        found.append(Fragment(text[first : at - 1], text.count(b"\n", first, at)))
        first = at
    found.append(Fragment(text[first:end], text.count(b"\n", first, end) + 1))


def _next_cut(text: bytes, first: int, end: int) -> int:
    """The line that begins the next fragment: behind a blank line, or in a long fragment one in eight.

    Those are picked by their own bytes, so that every version picks the same. `end` when there is none.
    """
    at = text.find(b"\n\n", first + SHORT, end)
    cut = end if at < 0 else at + 2
    while cut < end and text[cut] == 10:
        cut += 1
    line = first + LONG
    while line < cut:
        line = text.find(b"\n", line, cut) + 1
        if not line:
            break
        stop = text.find(b"\n", line, end)
        if line < stop and sum(text[line:stop]) & 7 == 0:
            return line
    return cut
