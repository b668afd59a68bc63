"""What a text must contain for a pattern to match it: the part of a search that an index can answer.

`required(pattern)` walks Python's parse of a regular expression. The matching itself is RE2's; where the two read a
pattern differently, or Python cannot read it, nothing is required and everything is scanned. Idea: Russ Cox, "Regular
Expression Matching with a Trigram Index" (2012), here with literals instead of trigram sets.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]  # the stubs leave out the parser's own module
from re import _parser  # type: ignore[attr-defined]  # as above
from typing import Any, TypeAlias

GRAM = 3
"""Characters in an indexed term."""


@dataclass(frozen=True, slots=True)
class Word:
    """A literal of one line that must occur; `folded`: in any case. At least `GRAM` characters."""

    text: str
    folded: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must be met; without parts nothing is required."""

    parts: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts must be met."""

    parts: tuple[Need, ...]


Need: TypeAlias = Word | AllOf | AnyOf
ANYTHING = AllOf()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is known of a pattern: what it needs, and whether a match may hold or look at more than one line."""

    need: Need
    one_line: bool
    note: str = ""


def grams(word: Word) -> tuple[str, ...]:
    """The indexed terms every text with `word` has: three characters each, ASCII letters in lower case.

    Folding maps K (U+212A) to k and ſ (U+017F) to s, and other letters by rules that differ between libraries: of a
    folded word only terms of ASCII characters without k and s are required.
    """
    text = lower(word.text)
    terms = dict.fromkeys(text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
    if word.folded:
        return tuple(term for term in terms if term.isascii() and not set(term) & {"k", "s"})
    return tuple(terms)


def lower(text: str) -> str:
    """ASCII letters in lower case, everything else as it is: the same in every library and Unicode version."""
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def literal(text: str, *, case_sensitive: bool) -> Shape:
    """The shape of a plain text."""
    lines = [line for line in text.split("\n") if len(line) >= GRAM]
    need = AllOf(tuple(Word(line, folded=not case_sensitive) for line in lines))
    return Shape(need=need, one_line="\n" not in text)


def required(pattern: str, *, case_sensitive: bool) -> Shape:
    """The shape of a regular expression in RE2's syntax."""
    unread = "the pattern is not one Python can read as well: everything in scope was scanned"
    if "[[:" in pattern or r"\Q" in pattern or r"\C" in pattern:
        return Shape(need=ANYTHING, one_line=False, note=unread)
    flags = re.MULTILINE if case_sensitive else re.MULTILINE | re.IGNORECASE
    try:
        return _shape(_for_python(pattern), flags)
    except (re.error, RecursionError, OverflowError, ValueError):
        return Shape(need=ANYTHING, one_line=False, note=unread)


def _shape(pattern: str, flags: int) -> Shape:
    """The shape of a pattern Python can read; raises whatever its parser does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "possible nested set" and the like are about Python's reading only
        tree = _parser.parse(pattern, flags)
    reader = _Reader(folded=bool(tree.state.flags & re.IGNORECASE))
    need = _simplify(reader.sequence(tree))
    return Shape(need=need, one_line=reader.one_line and not tree.state.flags & re.DOTALL)


def _for_python(pattern: str) -> str:
    """Spellings that RE2 has and Python lacks, in Python's; each means the same."""
    return re.sub(r"\\z", r"\\Z", pattern) if r"\z" in pattern else pattern


_MAY_BREAK = frozenset({sre.CATEGORY_SPACE, sre.CATEGORY_NOT_WORD, sre.CATEGORY_NOT_DIGIT})
_WHOLE_TEXT = frozenset({sre.AT_BEGINNING_STRING, sre.AT_END_STRING})


class _Reader:
    """Turns parsed items into a need and notes on the way whether one line is all a match can touch."""

    def __init__(self, *, folded: bool) -> None:
        self.folded = folded
        self.one_line = True

    def sequence(self, items: Iterable[tuple[Any, Any]]) -> Need:
        """The need of items that follow each other; neighbouring literals become one word."""
        parts: list[Need] = []
        run: list[str] = []
        for op, value in items:
            if op is sre.LITERAL and value != 10 and value <= 0x10FFFF and not 0xD800 <= value < 0xE000:
                run.append(chr(value))
                continue
            self._flush(run, parts)
            parts.append(self._item(op, value))
        self._flush(run, parts)
        return AllOf(tuple(parts))

    def _flush(self, run: list[str], parts: list[Need]) -> None:
        if len(run) >= GRAM:
            parts.append(Word("".join(run), folded=self.folded))
        run.clear()

    def _item(self, op: Any, value: Any) -> Need:
        if op is sre.SUBPATTERN:
            return self._group(value)
        if op is sre.BRANCH:
            return AnyOf(tuple(self.sequence(branch) for branch in value[1]))
        if op in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            low, _, inner = value
            need = self.sequence(inner)
            return need if low else ANYTHING
        self._note_lines(op, value)
        return ANYTHING

    def _group(self, value: Any) -> Need:
        _, added, removed, inner = value
        before = self.folded
        if added & re.IGNORECASE:
            self.folded = True
        if removed & re.IGNORECASE:
            self.folded = False
        if added & re.DOTALL or removed & re.MULTILINE:
            self.one_line = False
        need = self.sequence(inner)
        self.folded = before
        return need

    def _note_lines(self, op: Any, value: Any) -> None:
        if op is sre.IN:
            self._note_set(value)
        elif op is sre.AT:
            if value in _WHOLE_TEXT:
                self.one_line = False
        elif op not in {sre.ANY, sre.NOT_LITERAL} or (op is sre.NOT_LITERAL and value != 10):
            self.one_line = False

    def _note_set(self, members: Sequence[tuple[Any, Any]]) -> None:
        inverted = bool(members) and members[0][0] is sre.NEGATE
        if inverted != any(_holds_break(op, value) for op, value in members):
            self.one_line = False


def _holds_break(op: Any, value: Any) -> bool:
    """True when a member of a set of characters stands for a line feed."""
    if op is sre.LITERAL:
        return bool(value == 10)
    if op is sre.RANGE:
        return bool(value[0] <= 10 <= value[1])
    return op is sre.CATEGORY and value in _MAY_BREAK


def _simplify(need: Need) -> Need:
    """The same need without parts that require nothing."""
    if isinstance(need, Word):
        return need if grams(need) else ANYTHING
    parts = tuple(dict.fromkeys(_simplify(part) for part in need.parts))
    if isinstance(need, AnyOf):
        return ANYTHING if ANYTHING in parts or not parts else parts[0] if len(parts) == 1 else AnyOf(parts)
    flat: list[Need] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, AllOf) else (part,))
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))
