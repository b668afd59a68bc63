"""How alike two symbols are that are not equal: from their streams of codes, or from the terms of their sketches.

The streams are those of `Tokens.codes` (FINGERPRINTS.md); only streams of one language and one algorithm compare.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Final

from rapidfuzz.distance import LCSseq

from codevault.analysis.tokens import STATEMENT_END

MAX_CODES: Final = 20_000
"""Codes of a stream that are compared: the longest common subsequence takes the product of both lengths."""

APART: Final = 0.1
"""How far likeness may lie above the smaller one of its two shares."""

_TERM: Final = 8
_ROUNDING: Final = 1e-9
_LINE: Final = re.compile(rb"[^\x03{}]+|[{}]")
_END: Final = bytes([STATEMENT_END])


def similarity(one: bytes, other: bytes, at_least: float = 0.0) -> float:
    """How alike two streams are, 0 to 1: the mean of two shares, but at most `APART` above the smaller.

    They are the shares of the longer one, of lines and of tokens, in the longest common subsequence: those of
    BigCloneBench (Svajlenko and Roy, ICSME 2015, section 3), which takes the smaller; lines are
    statements, and brackets of blocks. In few lines one more or less weighs so much that the mean is the better judge
    (RESULTS.md). Below `at_least` it is 0.0, which is found out sooner.
    """
    one, other = one[:MAX_CODES], other[:MAX_CODES]
    if one == other:
        return 1.0
    least = max(0.0, at_least - APART)
    tokens = _share(one.replace(_END, b""), other.replace(_END, b""), least)
    lines = _share(_LINE.findall(one), _LINE.findall(other), least) if tokens else 0.0
    likeness = min((tokens + lines) / 2, min(tokens, lines) + APART) if tokens and lines else 0.0
    return likeness if likeness >= at_least - _ROUNDING else 0.0


def _share(one: bytes | list[bytes], other: bytes | list[bytes], at_least: float) -> float:
    longer = max(len(one), len(other))
    if not longer:
        return 1.0
    share = LCSseq.similarity(one, other, score_cutoff=ceil(at_least * longer - _ROUNDING)) / longer
    return share if share >= at_least - _ROUNDING else 0.0


def shared_terms(one: bytes, other: bytes) -> float:
    """The share of the smaller sketch's terms that the other has too, 0 to 1: a cheap bound for candidates."""
    terms, others = _terms(one), _terms(other)
    smaller = min(len(terms), len(others))
    return len(terms & others) / smaller if smaller else 0.0


def _terms(sketch: bytes) -> set[bytes]:
    return {sketch[at : at + _TERM] for at in range(0, len(sketch), _TERM)}
