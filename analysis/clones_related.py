"""Codes of one language told in another's: for languages that are close enough that a copy still reads alike.

Each language numbers its own keywords (FINGERPRINTS.md); a word that both know is given the other's number. What the
other does not know becomes a name.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from codevault.analysis.grammar import load_grammar
from codevault.analysis.tokens import BLIND_NAME, FIRST_KEYWORD, Terms

FAMILIES: Final = (
    frozenset({"javascript", "typescript", "tsx"}),
    frozenset({"c", "cpp"}),
    frozenset({"java", "kotlin"}),
)
"""Languages that are compared with each other. Java and Kotlin share blocks and expressions, not declarations."""


def related(language: str) -> tuple[str, ...]:
    """Other languages whose symbols may be copies of those of this one, in order of name."""
    return tuple(sorted({one for family in FAMILIES if language in family for one in family} - {language}))


def translated(codes: bytes, language: str, into: str) -> bytes:
    """The stream as the other language would write it; empty when either grammar is not installed."""
    table = _table(language, into)
    return codes.translate(table) if table else b""


def sketch_of(codes: bytes) -> bytes:
    """The near-miss terms of a stream, as `Symbol.sketch`."""
    return Terms(codes).of(0, len(codes)) if len(codes) >= 8 else b""


@cache
def _table(language: str, into: str) -> bytes:
    one, other = load_grammar(language), load_grammar(into)
    if one is None or other is None:
        return b""
    table = bytearray(range(256))
    table[FIRST_KEYWORD:] = bytes([BLIND_NAME]) * (256 - FIRST_KEYWORD)
    for word, code in one.vocabulary.keywords.items():
        table[code] = other.vocabulary.keywords.get(word, BLIND_NAME)
    return bytes(table)
