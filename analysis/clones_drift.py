"""Which change of one copy another copy may miss: a change whose surroundings still stand in the other. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

CONTEXT: Final = 2
"""Lines before and after a change that have to stand in the other copy, where there are so many."""

_COMMENT: Final = re.compile(r"$|#|//|/?\*")  # a line that is blank or begins as a comment
_WORD: Final = re.compile(r"[^\W\d]\w*")
_LITERAL: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\b\d[\w.]*")
_KEYWORD: Final = re.compile(
    r"if|else|elif|for|while|do|switch|case|match|when|return|yield|break|continue|try|catch|except|finally|throw|raise"
    r"|and|or|not|in|is|new|await|async|const|let|var|def|func|function|fn|class|null|None|nil|[tT]rue|[fF]alse"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A change: lines that went and lines that came, and the line of the other copy, from 0, where it would go."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    line: int
    renamed: bool


def missed_changes(base: str, now: str, other: str) -> tuple[Missed, ...]:
    """The changes from `base` to `now` that `other` lacks while it has the lines around them as they were.

    Lines are compared without white space at their ends; where that finds no place, with names and literals left out.
    """
    before, after, there = _lines(base), _lines(now), _lines(other)
    found = []
    for first, last, new_first, new_last in _hunks(before, after):
        for blind in (False, True):
            line = _place(before, after, there, (first, last, new_first, new_last), blind=blind)
            if line is not None:
                removed, added = tuple(before[first:last]), tuple(after[new_first:new_last])
                found.append(Missed(removed=removed, added=added, line=line, renamed=blind))
                break
    return tuple(found)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _hunks(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int, int, int]]:
    edits = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = [edit[1:] for edit in edits if edit[0] != "equal"]
    return [(a, b, c, d) for a, b, c, d in changed if not all(map(_COMMENT.match, (*before[a:b], *after[c:d])))]


def _place(
    before: Sequence[str], after: Sequence[str], there: Sequence[str], hunk: tuple[int, int, int, int], *, blind: bool
) -> int | None:
    """Where in the other copy the old lines stand with those around them; None where not, or the new ones do."""
    first, last, new_first, new_last = hunk
    view = [_blinded(line) for line in there] if blind else list(there)
    old = [_blinded(line) if blind else line for line in before[max(0, first - CONTEXT) : last + CONTEXT]]
    new = [_blinded(line) if blind else line for line in after[new_first:new_last]]
    lead = first - max(0, first - CONTEXT)
    if blind and new == old[lead : lead + last - first]:
        return None  # only names and literals changed, which differ in the other anyway
    at = _found(view, old)
    if at is None or (new and not old[lead : lead + last - first] and _found(view, new) is not None):
        return None
    return at + lead


def _found(view: Sequence[str], wanted: Sequence[str]) -> int | None:
    if not any(wanted):
        return None
    spans = range(len(view) - len(wanted) + 1)
    return next((at for at in spans if list(view[at : at + len(wanted)]) == list(wanted)), None)


def _blinded(line: str) -> str:
    without = _LITERAL.sub("0", line)
    return "".join(_WORD.sub(lambda word: word[0] if _KEYWORD.fullmatch(word[0]) else "a", without).split())
