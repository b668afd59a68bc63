"""The tokens of a file, found in arrays instead of one by one: where each begins, what it counts as, its streams.

The tree says where comments and literals are; everything else is cut by the same few rules in every language:
words, numbers, the operators of PAIRS, single other characters. A loop over the tree's leaves in Python takes longer
than the parse. FINGERPRINTS.md lists the streams byte by byte; changes raise ALGORITHM.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from blake3 import blake3

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

SPACE: Final = 0
WORD: Final = 1
MARK: Final = 2
LITERAL: Final = 3

BLIND_NAME: Final = 1
BLIND_LITERAL: Final = 2
STATEMENT_END: Final = 3
FIRST_PAIR: Final = 4
FIRST_KEYWORD: Final = 128

PAIRS: Final = tuple(b"== != <= >= += -= *= /= %= &= |= ^= && || => -> :: << ++ --".split())
"""Operators of two characters that are one token; not `>>`, which also closes two brackets of a generic type."""

MAX_KEYWORD: Final = 16
K: Final = 8
WINDOW: Final = 8
MAX_TERMS: Final = 256
"""Terms of one sketch: the smallest are kept, so that two long symbols keep the same ones."""

_FINGERPRINT: Final = 16
_LITTLE: Final = sys.byteorder == "little"
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_AGAIN: Final = np.uint64(0xBF58476D1CE4E5B9)


def _classes() -> Array:
    table = np.full(256, MARK, np.uint8)
    table[np.frombuffer(bytes(range(33)) + b"\x7f", np.uint8)] = SPACE
    table[np.frombuffer(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$", np.uint8)] = WORD
    table[128:] = WORD
    return table


def _pair_codes() -> Array:
    table = np.zeros(1 << 16, np.uint8)
    for index, pair in enumerate(PAIRS):
        table[pair[0] << 8 | pair[1]] = FIRST_PAIR + index
    return table


_CLASS: Final = _classes()
_PAIR: Final = _pair_codes()
_DIGIT: Final = (np.arange(256) >= ord("0")) & (np.arange(256) <= ord("9"))
_SIGN: Final = np.isin(np.arange(256), list(b"+-"))
_EXPONENT: Final = np.isin(np.arange(256), list(b"eE"))
_WORD_MASK: Final = np.array([(1 << 8 * size) - 1 for size in range(9)], np.uint64)


_DEEPER: Final = np.zeros(256, np.int8)
_DEEPER[list(b"([{")] = 1
_DEEPER[list(b")]}")] = -1


def bracket_depth(content: bytes) -> int:
    """How deep brackets nest, those in strings and comments counted too."""
    steps = _DEEPER[np.frombuffer(content, np.uint8)]
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


class Keywords:
    """The words that one language keeps when names are blinded, each with a code of its own (shared beyond 128)."""

    def __init__(self, words: Iterable[str]) -> None:
        ordered = [word.encode() for word in sorted(set(words)) if len(word.encode()) <= MAX_KEYWORD]
        text = b" ".join(ordered)
        starts = np.cumsum([0, *[len(word) + 1 for word in ordered[:-1]]]) if ordered else np.zeros(0, np.int64)
        keys = _word_keys(text, starts.astype(np.int64), np.array([len(word) for word in ordered], np.int64))
        order = np.argsort(keys)
        self._keys = keys[order]
        self._codes = (FIRST_KEYWORD + order % 128).astype(np.uint8)

    def codes(self, content: bytes, starts: Array, sizes: Array) -> Array:
        """For each word its code, BLIND_NAME where it is none of these."""
        if not len(self._keys):
            return np.full(len(starts), BLIND_NAME, np.uint8)
        keys = _word_keys(content, starts, sizes)
        found = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        known = (self._keys[found] == keys) & (sizes <= MAX_KEYWORD)
        return np.where(known, self._codes[found], np.uint8(BLIND_NAME))


def _word_keys(content: bytes, starts: Array, sizes: Array) -> Array:
    """A number for each word, by its first 16 bytes and its length."""
    padded = content + bytes(MAX_KEYWORD + 8)
    words = np.ndarray((len(content) + MAX_KEYWORD,), "<u8", padded, strides=(1,))
    low = words[starts] & _WORD_MASK[np.minimum(sizes, 8)]
    high = words[starts + 8] & _WORD_MASK[np.clip(sizes - 8, 0, 8)]
    keys: Array = (low * _MIX) ^ ((high + sizes.astype(np.uint64)) * _MIX_AGAIN)
    return keys


class Tokens:
    """A text cut into tokens, with the streams that fingerprints are made of.

    `starts` are the tokens' first bytes, ascending. A run of literals counts as one token. Ranges of tokens are asked
    for by bytes: all tokens that begin inside.
    """

    def __init__(
        self,
        content: bytes,
        comments: Sequence[tuple[int, int]],
        literals: Sequence[tuple[int, int]],
        keywords: Keywords,
        *,
        by_lines: bool,
    ) -> None:
        self._content = content
        self._keywords = keywords
        self._raw = np.frombuffer(content, np.uint8)
        classes = _classified(self._raw, comments, literals)
        place = np.flatnonzero(classes)  # from here on without white space and comments
        self._text, self._kinds = self._raw[place], classes[place]
        gap = np.ones(len(place), bool)
        gap[1:] = place[1:] != place[:-1] + 1
        first = _token_starts(self._text, self._kinds, gap)
        if literals:
            at = np.searchsorted(place, [start for start, _ in literals])
            at = at[at < len(place)]
            first[at] |= self._kinds[at] == LITERAL
        self._tokens, self._literal = _joined_numbers(self._text, self._kinds, gap, np.flatnonzero(first))
        self._starts = place[self._tokens]
        self._sizes = np.diff(np.append(self._tokens, len(place)))
        self._blinded()
        self._texts()
        self._sketched(by_lines)

    def _blinded(self) -> None:
        """One code a token; what follows a literal within a run of literals has none (0)."""
        tokens, literal = self._tokens, self._literal
        codes = self._text[tokens]  # a mark that stands alone is its own code
        kinds = self._kinds[tokens]
        words = np.flatnonzero((kinds == WORD) & ~literal)
        codes[words] = self._keywords.codes(self._content, self._starts[words], self._sizes[words])
        codes[literal] = BLIND_LITERAL
        codes[1:][literal[1:] & literal[:-1]] = 0
        pairs = np.flatnonzero((kinds == MARK) & (self._sizes == 2))
        at = tokens[pairs]
        codes[pairs] = _PAIR[(self._text[at].astype(np.uint16) << 8) | self._text[at + 1]]
        self._codes = codes
        self._counted = np.concatenate([[0], np.cumsum(codes != 0)])

    def _texts(self) -> None:
        """The streams of texts, a NUL before each token: as written, and blinded; and where each token's NUL is."""
        tokens, sizes, codes = self._tokens, self._sizes, self._codes
        self._exact_at = np.append(tokens, len(self._text)) + np.arange(len(tokens) + 1)
        self._exact = _with_nuls(self._text, self._exact_at[:-1], int(self._exact_at[-1]))
        blind, counted = codes <= BLIND_LITERAL, codes != 0
        stays = np.repeat(~blind, sizes)
        stays[tokens] = counted
        text = self._text.copy()
        text[tokens] = np.where(blind, codes, self._text[tokens])
        widths = np.where(blind, 2, sizes + 1) * counted
        self._renamed_at = np.concatenate([[0], np.cumsum(widths)])
        self._renamed = _with_nuls(text[stays], self._renamed_at[:-1][counted], int(self._renamed_at[-1]))

    def _sketched(self, by_lines: bool) -> None:
        """The stream of codes with the ends of statements, and the smallest hash of each window of it."""
        stay = self._codes != 0
        starts, codes = self._starts[stay], self._codes[stay]
        codes[codes == ord(";")] = STATEMENT_END
        if by_lines and len(codes):
            codes, code_at = _with_line_ends(self._raw, starts, codes)
        else:
            code_at = np.arange(len(codes) + 1)
        self._stream: bytes = codes.tobytes()
        self._code_at = code_at
        self._hashes = _gram_hashes(self._stream)
        smallest = _window_minima(self._hashes)
        changes = np.flatnonzero(smallest[1:] != smallest[:-1]) + 1 if len(smallest) else np.zeros(0, np.int64)
        self._changes: list[int] = [0, *changes.tolist()]  # neighbouring windows mostly share their smallest hash
        self._minima: list[int] = [*smallest[:1].tolist(), *smallest[changes].tolist()]

    def places(self, offsets: Sequence[int]) -> list[int]:
        """For each byte offset the first token that begins there or behind."""
        return np.searchsorted(self._starts, np.asarray(offsets, np.int64)).tolist()  # type: ignore[no-any-return]

    def count(self, first: int, last: int) -> int:
        """Tokens of a range, a run of literals as one."""
        return max(int(self._counted[last] - self._counted[first]), int(last > first))

    def exact(self, first: int, last: int) -> str:
        """The digest of the tokens as they read."""
        return blake3(self._exact[self._exact_at[first] + 1 : self._exact_at[last]]).hexdigest(length=_FINGERPRINT)

    def renamed(self, first: int, last: int) -> str:
        """The digest of the tokens with names and literals blinded."""
        stream = self._renamed[self._renamed_at[first] + 1 : self._renamed_at[last]]
        return blake3(stream).hexdigest(length=_FINGERPRINT)

    def codes(self, first: int, last: int) -> bytes:
        """One byte a token, and STATEMENT_END where a statement ends."""
        begin, end = self._code_range(first, last)
        return self._stream[begin:end]

    def sketch(self, first: int, last: int) -> bytes:
        """Near-miss terms of a range, 8 bytes each, little-endian, ascending; none for fewer than K codes."""
        begin, end = self._code_range(first, last)
        if end - begin < K:
            return b""
        if end - begin < K + WINDOW - 1:
            terms = [int(self._hashes[begin : end - K + 1].min())]
        else:
            changes = self._changes
            from_change, to_change = bisect_right(changes, begin), bisect_left(changes, end - K - WINDOW + 2)
            terms = sorted(set(self._minima[from_change - 1 : to_change]))[:MAX_TERMS]
        return array("Q", terms).tobytes() if _LITTLE else np.array(terms, "<u8").tobytes()

    def _code_range(self, first: int, last: int) -> tuple[int, int]:
        begin, end = self._code_at[self._counted[[first, last]]].tolist()
        return begin, end


def _classified(raw: Array, comments: Sequence[tuple[int, int]], literals: Sequence[tuple[int, int]]) -> Array:
    classes: Array = _CLASS[raw]
    for start, end in literals:
        classes[start:end] = LITERAL
    for start, end in comments:
        classes[start:end] = SPACE
    continued = (raw[:-1] == ord("\\")) & (raw[1:] == ord("\n")) & (classes[:-1] == MARK)
    classes[:-1][continued] = SPACE
    return classes


def _token_starts(text: Array, kinds: Array, gap: Array) -> Array:
    """After a gap, where the kind changes, and at each mark that is not the second of a pair."""
    first: Array = gap.copy()
    first[1:] |= (kinds[1:] != kinds[:-1]) | (kinds[1:] == MARK)
    marks = (kinds[1:] == MARK) & (kinds[:-1] == MARK) & ~gap[1:]
    pairs = np.flatnonzero(marks & (_PAIR[(text[:-1].astype(np.uint16) << 8) | text[1:]] != 0))
    if len(pairs):  # of overlapping pairs every other one holds, from the left: `===` is `==` and `=`
        new_run = np.concatenate([[True], np.diff(pairs) != 1])
        run_start = np.maximum.accumulate(np.where(new_run, np.arange(len(pairs)), 0))
        first[pairs[(np.arange(len(pairs)) - run_start) % 2 == 0] + 1] = False
    return first


def _joined_numbers(text: Array, kinds: Array, gap: Array, tokens: Array) -> tuple[Array, Array]:
    """Tokens with `1.5` and `1e-3` as one each, and which of them are literals."""
    number = _DIGIT[text[tokens]] & (kinds[tokens] == WORD)
    literal = (kinds[tokens] == LITERAL) | number
    middle = np.flatnonzero(number[:-2] & number[2:]) + 1
    if len(middle):
        at, after = tokens[middle], tokens[middle + 1]
        touching = (after == at + 1) & ~gap[at] & ~gap[after]
        point = (text[at] == ord(".")) & (kinds[at - 1] == WORD)
        middle = middle[touching & (point | (_SIGN[text[at]] & _EXPONENT[text[at - 1]]))]
        stay = np.ones(len(tokens), bool)
        stay[middle] = False
        stay[middle + 1] = False
        tokens, literal = tokens[stay], literal[stay]
    return tokens, literal


def _with_nuls(text: Array, nuls: Array, size: int) -> bytes:
    """The text with NULs at these places of the result."""
    stream = np.zeros(size, np.uint8)
    filled = np.ones(size, bool)
    filled[nuls] = False
    stream[filled] = text
    return stream.tobytes()


def _with_line_ends(raw: Array, starts: Array, codes: Array) -> tuple[Array, Array]:
    """The codes with STATEMENT_END before each that begins a line outside of `(` and `[`, and where each went."""
    lines = np.cumsum(raw == 10, dtype=np.int32)[starts]
    depth = np.cumsum(
        (codes == ord("(")).astype(np.int32) + (codes == ord("[")) - (codes == ord(")")) - (codes == ord("]"))
    )
    breaks = np.concatenate([[False], (np.diff(lines) > 0) & (depth[:-1] <= 0)])
    shift = np.cumsum(breaks)
    room = np.arange(len(codes)) + shift
    text = np.full(len(codes) + int(shift[-1]), STATEMENT_END, np.uint8)
    text[room] = codes
    return text, np.append(room, len(text))


def _gram_hashes(stream: bytes) -> Array:
    """A 64-bit hash of each run of K codes: the codes as a number, mixed (Steele, Lea, Flood 2014, splitmix64)."""
    count = len(stream) - K + 1
    if count < 1:
        return np.zeros(0, np.uint64)
    grams = np.ndarray((count,), "<u8", stream, strides=(1,)) * _MIX
    grams ^= grams >> np.uint64(30)
    grams *= _MIX_AGAIN
    return grams ^ (grams >> np.uint64(27))


def _window_minima(hashes: Array) -> Array:
    """The smallest of each WINDOW neighbouring hashes (winnowing: Schleimer, Wilkerson, Aiken, SIGMOD 2003)."""
    if len(hashes) < WINDOW:
        return np.zeros(0, np.uint64)
    two = np.minimum(hashes[:-1], hashes[1:])
    four = np.minimum(two[:-2], two[2:])
    eight: Array = np.minimum(four[:-4], four[4:])
    return eight
