r"""What a text must hold for a regular expression of RE2 to match it, read from the expression's own grammar.

The parser follows RE2's syntax (https://github.com/google/re2/wiki/Syntax), where Python's own differs: flags in the
middle of a group, `\Q…\E`, `\pN`, `[[:alpha:]]`, `\z`, `\C`, `{,3}` as it stands. It only meets expressions that RE2
has compiled, with `(?m)` in front; where it is in doubt, nothing is required and everything is scanned. Idea: Russ Cox,
"Regular Expression Matching with a Trigram Index" (2012), here with literals instead of trigram sets.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from codevault.index.patterns import ANYTHING, GRAM, AllOf, AnyOf, Need, Shape, Word, grams

MOST_BREAKS: Final = 8
"""Line breaks that a match may go over for its surroundings to be looked at only."""

_REPEAT: Final = re.compile(r"\{(\d+)(?:,(\d*))?\}")
_GROUP: Final = re.compile(r"\(\?(?:P?<\w+>|([imsU]*)(?:-([imsU]*))?([:)]))")
_PROPERTY: Final = re.compile(r"([pP])(?:\{(\^?)(\w*)\}|(\w))")
_BREAKING_PROPERTIES: Final = {"C", "Cc", "Any", "Common"}
_POSIX: Final = re.compile(r"\[:(\^?)(\w+):\]")
_HEXADECIMAL: Final = re.compile(r"x(?:\{([0-9A-Fa-f]+)\}|([0-9A-Fa-f]{2}))")
_OCTAL: Final = re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}")
_CONTROL: Final = {"a": "\a", "f": "\f", "t": "\t", "n": "\n", "r": "\r", "v": "\v"}
_WHITE: Final = frozenset(" \t\n\v\f\r")
_BREAKING_CLASSES: Final = {"space", "cntrl", "ascii"}
_UNREAD: Final = "the pattern could not be read: everything in scope was scanned"


def required(pattern: str, *, case_sensitive: bool) -> Shape:
    """The shape of a regular expression that RE2 takes."""
    reader = _Reader(pattern, folded=not case_sensitive)
    try:
        need = reader.whole()
    except (_UnreadError, RecursionError, IndexError, ValueError, OverflowError):
        return Shape(need=ANYTHING, one_line=False, note=_UNREAD)
    breaks = int(reader.breaks) if reader.breaks <= MOST_BREAKS else None
    return Shape(need=_simplify(need), one_line=reader.one_line, breaks=breaks)


class _UnreadError(Exception):
    """Something that this parser does not know."""


@dataclass(frozen=True, slots=True)
class _Flags:
    folded: bool
    multiline: bool = True
    dot_all: bool = False

    def changed(self, on: str, off: str) -> _Flags:
        return _Flags(
            ("i" in on or self.folded) and "i" not in off,
            ("m" in on or self.multiline) and "m" not in off,
            ("s" in on or self.dot_all) and "s" not in off,
        )


_Literal = str
"""A single character that must stand there, else what its place needs."""


class _Run:
    """The needs of items that follow each other; neighbouring characters become one word."""

    def __init__(self) -> None:
        self._parts: list[Need] = []
        self._letters: list[str] = []
        self._folded = False

    def letter(self, char: str, *, folded: bool) -> None:
        if self._letters and folded != self._folded:
            self.end()
        self._folded = folded
        self._letters.append(char)

    def end(self) -> None:
        if len(self._letters) >= GRAM:
            self._parts.append(Word("".join(self._letters), folded=self._folded))
        self._letters = []

    def add(self, need: Need) -> None:
        self.end()
        self._parts.append(need)

    def whole(self) -> Need:
        self.end()
        return AllOf(tuple(self._parts))


class _Reader:
    """Reads an expression once, from left to right; notes on the way whether one line is all a match can touch."""

    def __init__(self, pattern: str, *, folded: bool) -> None:
        self._pattern = pattern
        self._at = 0
        self._flags = _Flags(folded)
        self._most: float = 1
        self._blank = False
        self.one_line = True
        self.breaks: float = 0

    def whole(self) -> Need:
        """The need of all of it."""
        need = self._alternatives()
        if self._at < len(self._pattern):
            raise _UnreadError
        return need

    def _alternatives(self) -> Need:
        """Up to the end of the group; flags that change in it hold until there, in later branches too."""
        branches = [self._sequence()]
        while self._takes("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else AnyOf(tuple(branches))

    def _sequence(self) -> Need:
        run = _Run()
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            if self._pattern.startswith("\\Q", self._at):
                self._quoted(run)
                continue
            before, self._blank = self.breaks, False
            found = self._atom()
            least = self._repeated()
            if self.breaks > before:  # white space goes to the next line that is not blank, however often
                self.breaks = before + (1 if self._blank else (self.breaks - before) * self._most)
            if isinstance(found, _Literal) and found != "\n":
                if least != 0:
                    run.letter(found, folded=self._flags.folded)
                if least is not None:
                    run.end()
                if least:
                    run.letter(found, folded=self._flags.folded)
            elif isinstance(found, _Literal):
                run.end()
            else:
                run.add(found if least != 0 else ANYTHING)
        return run.whole()

    def _repeated(self) -> int | None:
        """How often at least what was just read stands there; None: once, no repetition follows."""
        least: int | None = None
        self._most = 1
        while self._at < len(self._pattern):
            char = self._pattern[self._at]
            counted = _REPEAT.match(self._pattern, self._at)
            if char in "*?":
                self._at, least = self._at + 1, 0
                self._most *= 1 if char == "?" else inf
            elif char == "+":
                self._at, least = self._at + 1, 1 if least is None else least
                self._most = inf
            elif counted:
                low = int(counted[1])
                self._at, least = counted.end(), low if least is None else min(low, least)
                self._most *= low if counted[2] is None else int(counted[2]) if counted[2] else inf
            else:
                break
            self._takes("?")  # lazily, or not
        return least

    def _atom(self) -> _Literal | Need:
        char = self._pattern[self._at]
        if char == "(":
            return self._group()
        if char == "[":
            return self._set()
        self._at += 1
        if char == "\\":
            return self._escaped()
        if char == ".":
            if self._flags.dot_all:
                self._break()
            return ANYTHING
        if char in "^$":
            if not self._flags.multiline:
                self._break(inf)
            return ANYTHING
        if char == "\n":
            self._break(blank=True)
        return char

    def _break(self, times: float = 1, *, blank: bool = False) -> None:
        """Notes that what was just read may go on to other lines; `blank`: over white space only."""
        self.one_line = False
        self.breaks += times
        self._blank = blank

    def _group(self) -> Need:
        before = self._flags
        special = _GROUP.match(self._pattern, self._at)
        if self._pattern.startswith("(?", self._at) and special is None:
            raise _UnreadError
        self._at = special.end() if special else self._at + 1
        if special and special[3]:
            self._flags = before.changed(special[1] or "", special[2] or "")
            if special[3] == ")":
                return ANYTHING
        need = self._alternatives()
        if not self._takes(")"):
            raise _UnreadError
        self._flags, self._blank = before, False
        return need

    def _escaped(self) -> _Literal | Need:
        """What follows a backslash outside of a set."""
        char = self._pattern[self._at]
        if char in "bBAz":
            self._at += 1
            if char in "Az":
                self._break(inf)
            return ANYTHING
        if char == "C":
            self._at += 1
            self._break()
            return ANYTHING
        found = self._escape()
        if isinstance(found, bool):
            if found:
                self._break(blank=char == "s")
            return ANYTHING
        if found == "\n":
            self._break(blank=True)
        return found

    def _escape(self) -> str | bool:
        """A character, or for a class of them whether a line feed is in it."""
        char = self._pattern[self._at]
        for pattern, base in ((_HEXADECIMAL, 16), (_OCTAL, 8)):
            number = pattern.match(self._pattern, self._at)
            if number:
                self._at = number.end()
                return _letter(int(next(filter(None, number.groups()), number[0]), base))
        named = _PROPERTY.match(self._pattern, self._at)
        if named:
            self._at = named.end()
            holds = (named[3] or named[4]) in _BREAKING_PROPERTIES
            return (holds != (named[1] == "P")) != bool(named[2])
        self._at += 1
        if char in "dws":
            return char == "s"
        if char in "DWS":
            return char != "S"
        if char in _CONTROL:
            return _CONTROL[char]
        if char.isalnum():
            raise _UnreadError
        return char

    def _quoted(self, run: _Run) -> None:
        r"""From `\Q` to `\E` or the end, as it stands; a repetition behind it is of its last character."""
        end = self._pattern.find("\\E", self._at + 2)
        text = self._pattern[self._at + 2 : end if end >= 0 else None]
        self._at = end + 2 if end >= 0 else len(self._pattern)
        least = self._repeated()
        for at, char in enumerate(text):
            if char == "\n":
                self._break()
                run.end()
            elif at < len(text) - 1 or least is None or least:
                run.letter(char, folded=self._flags.folded)
        if least is not None:
            run.end()

    def _set(self) -> _Literal | Need:
        """A set of characters; one of a single character is that character."""
        self._at += 1
        inverted = self._takes("^")
        members: list[str] = []
        holds_break = many = False
        first = True
        while first or self._pattern[self._at] != "]":
            first = False
            found = self._member()
            if isinstance(found, bool):
                holds_break = holds_break or found
                many = True
                continue
            if self._pattern[self._at] == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                last = self._member()
                if isinstance(last, bool):
                    raise _UnreadError
                holds_break = holds_break or found <= "\n" <= last
                many = True
            else:
                holds_break = holds_break or found == "\n"
                members.append(found)
        self._at += 1
        if holds_break != inverted:
            self._break(blank=not (inverted or many) and set(members) <= _WHITE)
        if not inverted and not many and len(members) == 1:
            return members[0]
        return ANYTHING

    def _member(self) -> str | bool:
        """A character of a set, or for a class of them whether a line feed is in it."""
        named = _POSIX.match(self._pattern, self._at)
        if named:
            self._at = named.end()
            return (named[2] in _BREAKING_CLASSES) != bool(named[1])
        char = self._pattern[self._at]
        self._at += 1
        return self._escape() if char == "\\" else char

    def _takes(self, char: str) -> bool:
        if self._pattern.startswith(char, self._at):
            self._at += 1
            return True
        return False


def _letter(code: int) -> str:
    if 0xD800 <= code < 0xE000:
        raise _UnreadError
    return chr(code)


def _simplify(need: Need) -> Need:
    """The same need without parts that require nothing."""
    if isinstance(need, Word):
        return need if grams(need) else ANYTHING
    parts: Sequence[Need] = tuple(dict.fromkeys(_simplify(part) for part in need.parts))
    if isinstance(need, AnyOf):
        return ANYTHING if ANYTHING in parts or not parts else parts[0] if len(parts) == 1 else AnyOf(tuple(parts))
    flat: list[Need] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, AllOf) else (part,))
    return flat[0] if len(flat) == 1 else AllOf(tuple(flat))
