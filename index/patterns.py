"""What a text must contain for a pattern to match it: the part of a search that an index can answer.

`expressions.required` reads it from a regular expression.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

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
    """What is known of a pattern: what it needs, and whether a match may hold or look at more than one line.

    `breaks`: how often at most a match goes on to another line, blank ones not counted; None: nobody can tell.
    """

    need: Need
    one_line: bool
    breaks: int | None = None
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
    return Shape(need=need, one_line="\n" not in text, breaks=text.count("\n"))
