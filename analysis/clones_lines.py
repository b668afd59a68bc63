"""On which line each code of a stream stands: codes carry no places, so they are laid beside the text once more.

The text is cut by one coarse pattern for all languages, and both are aligned by their longest common subsequence: what
the pattern gets wrong (a comment it does not know) is no more than a gap.
"""

from __future__ import annotations

import re
from typing import Final

from rapidfuzz.distance import LCSseq

from codevault.analysis.tokens import BLIND_LITERAL, BLIND_NAME, FIRST_KEYWORD, FIRST_PAIR, PAIRS, STATEMENT_END

MOST_ALIGNED: Final = 6_000
"""Codes up to which lines are found by alignment (the product of both lengths, in bits); beyond, by proportion."""

HASH_COMMENTS: Final = frozenset(
    {"python", "ruby", "bash", "perl", "r", "julia", "elixir", "yaml", "toml", "make", "cmake", "dockerfile", "hcl"}
)
_SLASHES: Final = rb"//[^\n]*|/\*(?s:.*?)\*/"
_TOKEN: Final = (
    rb'|(?P<text>"""(?s:.*?)"""|\'\'\'(?s:.*?)\'\'\'|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`(?:[^`\\]|\\.)*`|\d[\w.]*)'
    rb"|(?P<word>[\w$\x80-\xff]+)|(?P<mark>[^\w\s])"
)
_WITH_HASH: Final = re.compile(rb"#[^\n]*" + _TOKEN)
_WITH_SLASHES: Final = re.compile(_SLASHES + _TOKEN)
_COARSE: Final = bytes(
    BLIND_NAME
    if code >= FIRST_KEYWORD
    else PAIRS[code - FIRST_PAIR][0]
    if FIRST_PAIR <= code < 4 + len(PAIRS)
    else code
    for code in range(256)
)


def code_lines(codes: bytes, text: bytes, language: str) -> list[int]:
    """The line, from 0, of each code; never before that of the code before it."""
    kinds, lines = _cut(text, language)
    if not kinds or len(codes) > MOST_ALIGNED or len(kinds) > MOST_ALIGNED:
        last = text.count(b"\n")
        return [at * last // max(1, len(codes)) for at in range(len(codes))]
    placed = [-1] * len(codes)
    for edit in LCSseq.opcodes(codes.translate(_COARSE), kinds):
        if edit.tag == "equal":
            for at in range(edit.src_end - edit.src_start):
                placed[edit.src_start + at] = lines[edit.dest_start + at]
    line = 0
    for at, known in enumerate(placed):
        line = max(line, known)
        placed[at] = line
    return placed


def _cut(text: bytes, language: str) -> tuple[bytes, list[int]]:
    kinds = bytearray()
    lines: list[int] = []
    line = position = 0
    for found in (_WITH_HASH if language in HASH_COMMENTS else _WITH_SLASHES).finditer(text):
        line += text.count(b"\n", position, found.start())
        position = found.start()
        if found.lastgroup is None:
            continue
        mark = found["mark"]
        if mark is None:
            kinds.append(BLIND_LITERAL if found.lastgroup == "text" else BLIND_NAME)
        else:
            kinds.append(STATEMENT_END if mark == b";" else mark[0])
        lines.append(line)
    return bytes(kinds), lines
