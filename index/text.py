r"""A file version as searchable lines, cut into fragments that its other versions and copies share.

Search sees a file through `searchable`: UTF-8 text, a line that is not UTF-8 read as Latin-1, `\r\n` as `\n`. A
*fragment* is a run of whole lines; the fragments of a file, in order, are all of its lines. A fragment starts where a
unit of the analysis starts (at the first whole line), so text that did not change stays the same fragment; long runs
are cut once more at blank lines, which lets two versions of a long text meet again shortly after an edit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
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
    """The fragments of a file version, in order; none of an empty file. Linear in lines and spans."""
    if not content:
        return ()
    lines = searchable(content).split(b"\n")
    if not lines[-1]:
        lines.pop()
    borders = () if content[:2] in _UTF16 else _borders(content, units)
    found: list[Fragment] = []
    for start, end in _runs(lines, borders):
        _cut(lines, start, end, found)
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


def _borders(content: bytes, units: Iterable[Unit]) -> Sequence[int]:
    """Ascending numbers (from 0) of the lines that are the first whole line of some span."""
    starts = sorted({start for unit in units for start, _ in unit.spans})
    if len(starts) < 2:
        return ()
    line_starts = [0]
    append = line_starts.append
    at = content.find(b"\n") + 1
    while at:
        append(at)
        at = content.find(b"\n", at) + 1
    return sorted({bisect_left(line_starts, start) for start in starts})


def _runs(lines: Sequence[bytes], borders: Sequence[int]) -> Iterable[tuple[int, int]]:
    """(first, end) of each run between borders; a run of blank lines joins the run before it."""
    first = 0
    for border in borders:
        if border <= first or border >= len(lines):
            continue
        if _has_text(lines, border):
            yield first, border
            first = border
    if first < len(lines):
        yield first, len(lines)


def _has_text(lines: Sequence[bytes], border: int) -> bool:
    return bool(lines[border].strip())


def _cut(lines: Sequence[bytes], start: int, end: int, found: list[Fragment]) -> None:
    """Appends the fragments of one run."""
    text = b"\n".join(lines[start:end])
    if len(text) < 2 * SHORT:
        found.append(Fragment(text, end - start))
        return
    first = start
    size = 0
    for at in range(start, end):
        line = lines[at]
        if size >= SHORT and line and _is_cut(line, lines[at - 1], size):
            found.append(Fragment(b"\n".join(lines[first:at]), at - first))
            first, size = at, 0
        size += len(line) + 1
    found.append(Fragment(b"\n".join(lines[first:end]), end - first))


def _is_cut(line: bytes, before: bytes, size: int) -> bool:
    """After a blank line; in a long fragment one line in eight, picked by its bytes so that versions pick the same."""
    return not before or (size >= LONG and sum(line) & 7 == 0)
