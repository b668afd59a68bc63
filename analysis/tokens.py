"""The tokens of a file and the streams that fingerprints are made of, for all its symbols at once.

The tree says where comments and literals are; everything else is cut by the same few rules in every language, by
methods of `bytes` that run over the whole file: blanks around each mark, then a split at white space. A loop in
Python over the tree's leaves takes longer than the parse, a regular expression half as long (RESULTS.md).
Where symbols begin and end a boundary stands among the tokens, so that each stream is cut into the symbols' parts by
one more split. FINGERPRINTS.md lists the streams byte by byte; changes raise ALGORITHM.
"""

from __future__ import annotations

import re
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final, TypeAlias

import numpy as np
from blake3 import blake3

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Range: TypeAlias = tuple[int, int]

BLIND_NAME: Final = 1
BLIND_LITERAL: Final = 2
STATEMENT_END: Final = 3
FIRST_PAIR: Final = 4
FIRST_KEYWORD: Final = 128
KEYWORDS: Final = 256 - FIRST_KEYWORD

PAIRS: Final = tuple(b"== != <= >= += -= *= /= %= &= |= ^= && || => -> :: << ++ --".split())
"""Operators of two marks that are one code of a sketch; not `>>`, which also closes two brackets of a generic type."""

K: Final = 8
WINDOW: Final = 8
MAX_TERMS: Final = 256
"""Terms of one sketch: the smallest are kept, so that two long symbols keep the same ones."""

MAX_LEARNED: Final = 50_000
"""Names and numbers that a vocabulary remembers, each of at most MAX_REMEMBERED bytes."""

MAX_REMEMBERED: Final = 64

_FINGERPRINT: Final = 16
_LITTLE: Final = sys.byteorder == "little"
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_AGAIN: Final = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT: Final = np.uint64(30)
_SHIFT_AGAIN: Final = np.uint64(27)

# no text holds NUL, so these are no words
_BOUNDARY, _LITERAL, _LINE = b"\0b", b"\0l", b"\0n"
_AT_BOUNDARY: Final = 0
_LINE_CODE: Final = ord("\n")
_NUMBER: Final = 0x19
_EXPONENT: Final = 0x1A  # a number that ends in e: a sign and digits may follow
_HIGHER: Final = 0x1B  # before a keyword beyond the first KEYWORDS, with its number divided by them
_MARKS: Final = [bytes([byte]) for byte in b"!\"#%&'()*+,-./:;<=>?@[\\]^`{|}~"]
_SPACED: Final = [(mark, b" " + mark + b" ") for mark in _MARKS]
_ENDS_IN_E: Final = re.compile(rb"[0-9]+[eE]")
_FRACTION: Final = b"\x19.\x19"
_WITH_EXPONENT: Final = ((b"\x19.\x1a", b"\x1a"), (b"\x1a-\x19", b"\x19"), (b"\x1a+\x19", b"\x19"))
_NUMBERS_BLINDED: Final = bytes.maketrans(b"\x19\x1a", bytes([BLIND_LITERAL]) * 2)
_PAIRS_BY_FIRST: Final[dict[int, list[tuple[bytes, bytes]]]] = {}
for _index, _pair in enumerate(PAIRS):
    _PAIRS_BY_FIRST.setdefault(_pair[0], []).append((_pair, bytes([FIRST_PAIR + _index])))
_DEEPER: Final = bytes(1 if byte in b"([{" else 255 if byte in b")]}" else 0 for byte in range(256))
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"()[]\n"))
_FEW: Final = 3  # more boundaries hardly ever stand together
_END: Final = bytes([STATEMENT_END])
_HIGHER_PAIR: Final = re.compile(b"\x1b.", re.DOTALL)


def bracket_depth(content: bytes, enough: int) -> int:
    """How deep brackets nest, those in strings and comments counted too; at least so deep if over `enough`."""
    opening = content.count(b"(") + content.count(b"[") + content.count(b"{")
    if opening <= enough:
        return opening
    steps = np.frombuffer(content.translate(_DEEPER), np.int8)
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


class Vocabulary(dict[bytes, int]):
    """The code of each token of one language: keywords and marks from the start, other words as they come."""

    def __init__(self, words: Iterable[str]) -> None:
        ordered = sorted({word.encode() for word in words})
        known = {mark: mark[0] for mark in _MARKS} | {b";": STATEMENT_END}
        known |= {_BOUNDARY: _AT_BOUNDARY, _LITERAL: BLIND_LITERAL, _LINE: _LINE_CODE}
        known |= {word: FIRST_KEYWORD + number % KEYWORDS for number, word in enumerate(ordered)}
        super().__init__(known)
        self._known = known
        self.keywords = {word: known[word] for word in ordered}
        self._higher = {word: bytes([_HIGHER, number // KEYWORDS]) for number, word in enumerate(ordered)}
        self._is_large = len(ordered) > KEYWORDS

    def __missing__(self, token: bytes) -> int:
        code = BLIND_NAME
        if token[:1].isdigit():
            code = _EXPONENT if _ENDS_IN_E.fullmatch(token) else _NUMBER
        if len(token) <= MAX_REMEMBERED:
            if len(self) > MAX_LEARNED:
                self.clear()
                self.update(self._known)
            self[token] = code
        return code

    def codes(self, tokens: Sequence[bytes]) -> bytes:
        """One byte a token; where a language has more keywords than codes, two more before the later ones."""
        codes = bytes(map(self.__getitem__, tokens))
        if not self._is_large:
            return codes
        get = self._higher.get
        nothing = b"\x1b\0"
        marked = [get(token, nothing) for token in tokens]
        return b"".join([higher + codes[at : at + 1] for at, higher in enumerate(marked)]).replace(nothing, b"")


class Tokens:
    """A text cut into tokens, with its streams by symbols.

    `boundaries` are the offsets between which digests may be asked for, ascending, each once. Ranges are numbers of
    boundaries: `exact(2, 5)` is the digest of all tokens that begin from the third on and before the sixth.
    """

    def __init__(
        self,
        content: bytes,
        comments: Sequence[Range],
        literals: Sequence[Range],
        boundaries: Sequence[int],
        vocabulary: Vocabulary,
        *,
        by_lines: bool,
    ) -> None:
        self._literals: list[bytes] = []
        text = self._marked(content, comments, literals, boundaries)
        if by_lines:
            text = text.replace(b"\n", b" \0n ")
        for mark, spaced in _SPACED:
            text = text.replace(mark, spaced)
        tokens = text.split()
        codes = vocabulary.codes(tokens)
        exact = b" ".join(tokens)
        if by_lines:
            exact = exact.replace(b"\0n ", b"")
        self._exact, self._exact_at = _cut(exact, b"\0b ")
        renamed = _numbers_joined(codes.translate(None, b"\n"))
        self._renamed, self._renamed_at = _cut(_runs_joined(renamed), b"\0")
        self._has_higher = _HIGHER in codes
        if self._has_higher:
            codes = _HIGHER_PAIR.sub(b"", codes)
        codes = _numbers_joined(_with_statement_ends(codes) if by_lines else codes)
        self._codes, self._codes_at = _cut(_runs_joined(_pairs_joined(codes)), b"\0")
        self._terms: Terms | None = None

    def _marked(
        self, content: bytes, comments: Sequence[Range], literals: Sequence[Range], boundaries: Sequence[int]
    ) -> bytes:
        """The text with a mark for each literal and boundary, without comments; and where the literals went."""
        events = [(start, -end, b" ") for start, end in comments]
        events += [(start, -end, b" \0l ") for start, end in literals]
        events += [(offset, -len(content) - 1, b" \0b ") for offset in boundaries]  # before what begins there
        events.sort()
        pieces: list[bytes] = []
        texts = self._literals
        self._literals_at: list[int] = []
        position = 0
        for start, negated_end, mark in events:
            if mark == b" \0b ":
                self._literals_at.append(len(texts))
                pieces += content[position:start], mark
                position = max(position, start)
            elif start >= position:
                end = -negated_end
                pieces += content[position:start], mark
                position = end
                if mark != b" ":
                    texts.append(content[start:end])
        pieces += content[position:], b" \0b "
        text = b"".join(pieces)
        return text.replace(b"\\\n", b"  ") if b"\\\n" in text else text

    def count(self, first: int, last: int) -> int:
        """Tokens of a range, a run of literals as one."""
        begin, end = self._renamed_at[first], self._renamed_at[last]
        return end - begin - (2 * self._renamed.count(_HIGHER, begin, end) if self._has_higher else 0)

    def exact(self, first: int, last: int) -> str:
        """The digest of the tokens as they read."""
        stream = self._exact[self._exact_at[first] : self._exact_at[last]]
        begin, end = self._literals_at[first], self._literals_at[last]
        if begin < end:
            stream += b"\0" + b"\0".join(self._literals[begin:end])
        return blake3(stream).hexdigest(_FINGERPRINT)

    def renamed(self, first: int, last: int) -> str:
        """The digest of the tokens with names and literals blinded."""
        return blake3(self._renamed[self._renamed_at[first] : self._renamed_at[last]]).hexdigest(_FINGERPRINT)

    def codes(self, first: int, last: int) -> bytes:
        """One byte a token, and STATEMENT_END where a statement ends."""
        return self._codes[self._codes_at[first] : self._codes_at[last]]

    def sketch(self, first: int, last: int) -> bytes:
        """Near-miss terms of a range, 8 bytes each, little-endian, ascending; none for fewer than K codes."""
        begin, end = self._codes_at[first], self._codes_at[last]
        if end - begin < K:
            return b""
        if self._terms is None:
            self._terms = Terms(self._codes)
        return self._terms.of(begin, end)


class Terms:
    """The hash of each run of K codes of a stream, and the smallest of each window of them.

    Winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003; the hash is the mix of splitmix64 (Steele, Lea, Flood 2014).
    """

    def __init__(self, stream: bytes) -> None:
        hashes: Array = np.ndarray((len(stream) - K + 1,), "<u8", stream, strides=(1,)) * _MIX
        hashes ^= hashes >> _SHIFT
        hashes *= _MIX_AGAIN
        hashes ^= hashes >> _SHIFT_AGAIN
        self._hashes = hashes
        two = np.minimum(hashes[:-1], hashes[1:])
        four = np.minimum(two[:-2], two[2:])
        smallest: Array = np.minimum(four[:-4], four[4:])
        changes: Array = (smallest[1:] != smallest[:-1]).nonzero()[0]
        changes += 1  # neighbouring windows mostly share their smallest hash
        self._changes: list[int] = [0, *changes.tolist()]
        self._minima: list[int] = [*smallest[:1].tolist(), *smallest[changes].tolist()]

    def of(self, begin: int, end: int) -> bytes:
        """The terms of these codes, at least K."""
        if end - begin < K + WINDOW - 1:
            terms = [int(self._hashes[begin : end - K + 1].min())]
        else:
            from_change = bisect_right(self._changes, begin) - 1
            terms = self._minima[from_change : bisect_left(self._changes, end - K - WINDOW + 2)]
            if len(terms) > 1:
                terms = sorted(set(terms))[:MAX_TERMS]
        return array("Q", terms).tobytes() if _LITTLE else np.array(terms, "<u8").tobytes()


def _cut(stream: bytes, mark: bytes) -> tuple[bytes, list[int]]:
    """The stream without its marks, and where each mark was."""
    parts = stream.split(mark)
    return b"".join(parts), list(accumulate(map(len, parts)))


def _numbers_joined(codes: bytes) -> bytes:
    """`1.5` and `1e-3` are one literal each."""
    if _EXPONENT in codes:
        for parts, number in _WITH_EXPONENT:
            codes = codes.replace(parts, number)
    elif _NUMBER not in codes:
        return codes
    return codes.replace(_FRACTION, _FRACTION[:1]).translate(_NUMBERS_BLINDED)


def _pairs_joined(codes: bytes) -> bytes:
    for first, pairs in _PAIRS_BY_FIRST.items():
        if first in codes:
            for pair, code in pairs:
                codes = codes.replace(pair, code)
    return codes


def _runs_joined(codes: bytes) -> bytes:
    """A run of literals, the parts of a text, is one."""
    while b"\2\2" in codes:
        codes = codes.replace(b"\2\2", b"\2")
    return codes


def _with_statement_ends(codes: bytes) -> bytes:
    """STATEMENT_END in place of each line break before tokens that is outside of `(` and `[`."""
    depth = 0
    parts: list[bytes] = []
    lines, brackets = codes.split(b"\n"), codes.translate(None, _NO_BRACKETS).split(b"\n")
    for line, found in zip(lines, brackets, strict=True):
        if depth <= 0 and (len(line) > _FEW or line.strip(b"\0")):
            parts += _END, line
        elif line:
            parts.append(line)
        if found:
            depth += _opened(found)
    return b"".join(parts)


@lru_cache(4096)
def _opened(brackets: bytes) -> int:
    return brackets.count(b"(") + brackets.count(b"[") - brackets.count(b")") - brackets.count(b"]")
