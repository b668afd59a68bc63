"""Putting an old piece of text into today's file, and saying so as a unified diff. Pure functions over bytes.

Nothing is decoded: a file may hold any bytes, in any mixture of line ends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

CONTEXT = 3
"""Lines around a change that a diff shows, as diff(1) does."""

_MOST_COMPARED = 4_000  # lines of a changed region; a larger one is shown as wholly replaced
_BLANK = re.compile(rb"[ \t\f]*\Z")
_PLAIN = re.compile(rb"[^\x00-\x1f\x7f-\xff\"\\]*\Z")
_ESCAPES = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}


def line_start(content: bytes, at: int) -> int:
    """Where the line begins that holds a byte."""
    return content.rfind(b"\n", 0, at) + 1


def line_end(content: bytes, at: int) -> int:
    """Where the line ends that holds a byte, behind its line feed."""
    end = content.find(b"\n", at)
    return len(content) if end < 0 else end + 1


def indentation(content: bytes, at: int) -> bytes:
    """The white space that the line of a byte begins with."""
    line = content[line_start(content, at) : line_end(content, at)]
    return line[: len(line) - len(line.lstrip(b" \t"))]


def line_break(content: bytes) -> bytes:
    """What most lines end with: a line feed, or carriage return and line feed."""
    wide = content.count(b"\r\n")
    return b"\r\n" if wide * 2 > content.count(b"\n") else b"\n"


def indent_unit(content: bytes) -> bytes:
    """What a file indents by: a tab, or as many spaces as lines mostly differ by; b"" where nothing is indented."""
    tabs = 0
    steps: Counter[int] = Counter()
    before = 0
    for line in content.splitlines():
        text = line.lstrip(b" \t")
        if not text:
            continue
        white = line[: len(line) - len(text)]
        if white.startswith(b"\t"):
            tabs += 1
            before = 0
            continue
        if len(white) - before in {2, 3, 4, 8}:
            steps[len(white) - before] += 1
        before = len(white)
    if tabs > sum(steps.values()):
        return b"\t"
    return b" " * min(steps, key=lambda step: (-steps[step], step)) if steps else b""


def blank_lines(content: bytes, at: int, *, above: bool) -> int:
    """How many blank lines stand directly above, or below, the line border at a byte."""
    count = 0
    while (at > 0) if above else (at < len(content)):
        start, end = (line_start(content, at - 1), at) if above else (at, line_end(content, at))
        if not _BLANK.match(content[start:end].rstrip(b"\r\n")):
            break
        count += 1
        at = start if above else end
    return count


def fitted(
    text: bytes, before: tuple[bytes, bytes], after: tuple[bytes, bytes], breaks: bytes, kept: Sequence[bool] = ()
) -> bytes:
    """A piece of text as it is written elsewhere; its first line has no indentation and gets none.

    `before` and `after` are the indentation of its first line and the file's unit of indentation, there and here.
    Lines that are `kept` (the inside of a string) keep their white space, as does one indented less than the first.
    """
    (old_indent, old_unit), (new_indent, new_unit) = before, after
    lines = text.split(b"\n")
    out = [lines[0]]
    for number, line in enumerate(lines[1:], 1):
        if (number < len(kept) and kept[number]) or not line.strip() or not line.startswith(old_indent):
            out.append(line)
            continue
        rest = line[len(old_indent) :]
        words = rest.lstrip(b" \t")
        out.append(new_indent + _in_units(rest[: len(rest) - len(words)], old_unit, new_unit) + words)
    return breaks.join(line[:-1] if line.endswith(b"\r") else line for line in out)


def _in_units(white: bytes, old: bytes, new: bytes) -> bytes:
    if not old or not new or old == new:
        return white
    count = 0
    while white.startswith(old):
        white = white[len(old) :]
        count += 1
    return new * count + white


def unified_diff(before: bytes | None, after: bytes, path: str) -> bytes:
    """A diff with a/ and b/ headers that `patch -p1` and `git apply` take; b"" when nothing differs.

    `before` None: the file is new.
    """
    if before == after or (before is None and not after):
        return b""
    old, new = _lines(before or b""), _lines(after)
    out = [b"--- /dev/null\n" if before is None else b"--- " + _name("a/" + path) + b"\n"]
    out.append(b"+++ " + _name("b/" + path) + b"\n")
    for hunk in _hunks(old, new):
        out.append(_header(hunk))
        for tag, i1, i2, j1, j2 in hunk:
            if tag == "equal":
                out += [_shown(b" ", line) for line in old[i1:i2]]
                continue
            out += [_shown(b"-", line) for line in old[i1:i2]]
            out += [_shown(b"+", line) for line in new[j1:j2]]
    return b"".join(out)


Opcode = tuple[str, int, int, int, int]


def _hunks(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[list[Opcode]]:
    """The changes with their context. Equal lines at both ends are cut off first: what is compared stays small."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    head, tail = min(first, CONTEXT), min(last, CONTEXT)
    shift = first - head
    one, other = old[shift : len(old) - last + tail], new[shift : len(new) - last + tail]
    if max(len(one), len(other)) > _MOST_COMPARED:
        whole: list[Opcode] = [
            ("equal", 0, head, 0, head),
            ("replace", head, len(one) - tail, head, len(other) - tail),
            ("equal", len(one) - tail, len(one), len(other) - tail, len(other)),
        ]
        groups: Iterable[list[Opcode]] = [whole]
    else:
        groups = SequenceMatcher(None, one, other, autojunk=False).get_grouped_opcodes(CONTEXT)
    for group in groups:
        yield [(tag, i1 + shift, i2 + shift, j1 + shift, j2 + shift) for tag, i1, i2, j1, j2 in group]


def _header(hunk: Sequence[Opcode]) -> bytes:
    old = _range(hunk[0][1], hunk[-1][2])
    new = _range(hunk[0][3], hunk[-1][4])
    return b"@@ -" + old + b" +" + new + b" @@\n"


def _range(start: int, stop: int) -> bytes:
    count = stop - start
    begin = start + 1 if count else start  # an empty range stands behind the line before it
    return str(begin).encode() if count == 1 else f"{begin},{count}".encode()


def _lines(content: bytes) -> list[bytes]:
    """Lines as diff(1) counts them: only a line feed ends one."""
    lines = content.split(b"\n")
    return [*(line + b"\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]


def _shown(sign: bytes, line: bytes) -> bytes:
    return sign + line if line.endswith(b"\n") else sign + line + b"\n\\ No newline at end of file\n"


def _name(path: str) -> bytes:
    """A path as git writes it in a header: in quotes with octal escapes where it holds anything odd."""
    raw = path.encode("utf-8", "surrogateescape")
    if _PLAIN.match(raw):
        return raw + b"\t" if b" " in raw else raw
    return b'"' + b"".join(_ESCAPES.get(c) or (b"%c" % c if 32 <= c < 127 else b"\\%03o" % c) for c in raw) + b'"'


def is_utf8(content: bytes) -> bool:
    """True for what can be read as UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_wide(content: bytes) -> bool:
    """True for a text that says to be UTF-16 or UTF-32: its line feeds are not one byte."""
    return content[:2] in {b"\xff\xfe", b"\xfe\xff"} or content[:4] == b"\x00\x00\xfe\xff"
