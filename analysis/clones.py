"""What makes two symbols clones of each other, in the terms of Roy and Cordy (2007), and how sure one may be.

Type 1: equal tokens. Type 2: equal once names and literals are left out. Type 3: alike, statements added, removed or
changed. `likeness` is 0 to 1 with names and literals left out (similarity.py); `graded` is what callers compare with a
threshold: 1.0 for type 1, from 0.9 for type 2, the likeness for type 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from rapidfuzz.distance import Indel

from codevault.analysis.clones_lines import code_lines


class CloneType(IntEnum):
    """How a copy differs from what it is a copy of."""

    EXACT = 1
    RENAMED = 2
    NEAR = 3


RENAMED_LEAST: Final = 0.9
"""A renamed copy is graded between this and 1.0, by the share of names and literals that stayed."""

_NEAR_MOST: Final = 0.999

SHORT: Final = 25
"""Tokens below which a near miss needs `SHORT_LEAST`: the fewer there are, the more is alike by chance."""

SHORT_LEAST: Final = 0.8

_STATEMENT: Final = re.compile(rb"[^\x03{}]+|[{}]")


def graded(kind: CloneType, share: float) -> float:
    """One scale for all types: `share` is that of the tokens that are the same (type 2), or the likeness (type 3)."""
    if kind is CloneType.EXACT:
        return 1.0
    if kind is CloneType.RENAMED:
        return min(RENAMED_LEAST + (1.0 - RENAMED_LEAST) * share, _NEAR_MOST)
    return min(share, _NEAR_MOST)


def least_likeness(at_least: float, tokens: int) -> float:
    """The likeness that a near miss of so many tokens needs."""
    return max(at_least, SHORT_LEAST) if tokens < SHORT else at_least


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeText:
    """A symbol to be shown beside another: its codes, its text and the language of both."""

    codes: bytes
    text: bytes
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A run of lines in one symbol and what stands for it in the other: the evidence of a clone.

    `kind` is "same", "renamed" (equal but for names and literals), "changed", "added" or "removed". Lines count from 1
    within the symbol; (0, 0) where there are none.
    """

    kind: str
    left: tuple[int, int]
    right: tuple[int, int]


def aligned(left: CodeText, right: CodeText) -> tuple[Passage, ...]:
    """Which lines of one stand for which of the other, in order; nothing where there are no codes to tell by."""
    if not left.codes or not right.codes:
        return ()
    ones, others = list(_statements(left.codes)), list(_statements(right.codes))
    edits = Indel.opcodes([text for text, _, _ in ones], [text for text, _, _ in others])
    left_side, right_side = _Side(left, ones), _Side(right, others)
    found: list[Passage] = []
    for edit in edits:
        here = left_side.lines(edit.src_start, edit.src_end)
        there = right_side.lines(edit.dest_start, edit.dest_end)
        if edit.tag == "equal":
            same = left_side.words(here) == right_side.words(there)
            found.append(Passage(kind="same" if same else "renamed", left=here, right=there))
        elif found and {found[-1].kind, edit.tag} in ({"added", "delete"}, {"removed", "insert"}):
            last = found.pop()
            found.append(Passage(kind="changed", left=max(here, last.left), right=max(there, last.right)))
        else:
            found.append(Passage(kind="removed" if edit.tag == "delete" else "added", left=here, right=there))
    return tuple(found)


class _Side:
    """One of the two: its statements with their lines."""

    def __init__(self, code: CodeText, statements: Sequence[tuple[bytes, int, int]]) -> None:
        self._statements = statements
        self._lines = code_lines(code.codes, code.text, code.language)
        self._text = code.text.split(b"\n")

    def lines(self, first: int, last: int) -> tuple[int, int]:
        if first >= last:
            return 0, 0
        return self._lines[self._statements[first][1]] + 1, self._lines[self._statements[last - 1][2] - 1] + 1

    def words(self, lines: tuple[int, int]) -> list[bytes]:
        return re.findall(rb"\w+|[^\w\s]", b"\n".join(self._text[max(0, lines[0] - 1) : lines[1]]))


def _statements(codes: bytes) -> Iterator[tuple[bytes, int, int]]:
    for found in _STATEMENT.finditer(codes):
        yield found[0], found.start(), found.end()
