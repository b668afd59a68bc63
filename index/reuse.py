"""Near misses: recording what symbols are compared by, and finding those that are alike among all there are.

Candidates share terms of their sketches (the rarer the term, the more it says), and are then compared by their streams
of codes. The work of one question is bounded; no term is left out for all questions because many symbols have it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from codevault.analysis.clones_fragments import Fragment, fragments
from codevault.analysis.kinds import CALLABLES
from codevault.analysis.model import Symbol, SymbolKind
from codevault.analysis.similarity import similarity
from codevault.index.reuse_streams import StreamWriter, streams
from codevault.index.reuse_terms import Array, Segment, TermWriter, lookup, segments, terms_of
from codevault.index.rows import steps

LEAST_TOKENS: Final = 20
"""Tokens from which a symbol is indexed: below, everything is alike."""

MOST_CANDIDATES: Final = 400
"""Symbols that one question compares."""

AT_ONCE: Final = 50
"""Candidates compared before looking whether going on is worth it: the next ones share less."""

WORK: Final = 400_000
"""Entries of terms that one question reads."""

CELLS: Final = 400_000_000
"""Products of lengths that one question's comparisons may come to: some tens of milliseconds."""

_UNLIKE: Final = frozenset({SymbolKind.SECTION, SymbolKind.KEY})


class ReuseWriter:
    """Writes what new symbols are found by."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._terms = TermWriter(db)
        self._streams = StreamWriter(db)

    def add(self, number: int, language: int, symbol: Symbol, *, container: bool) -> None:
        """Takes a new symbol; numbers ascend. A `container` holds other symbols, which stand for most of it."""
        if symbol.tokens < LEAST_TOKENS or symbol.kind in _UNLIKE or not symbol.codes:
            return
        terms = terms_of(symbol.sketch, container=container)
        if len(terms):
            self._terms.add(number, terms)
        self._streams.add(number, language, symbol.codes)

    def flush(self) -> None:
        """Writes everything in hand into the running transaction."""
        self._terms.flush()
        self._streams.flush()


def containers(symbols: Sequence[Symbol]) -> frozenset[int]:
    """Positions of the symbols of a file that hold others and are no functions themselves."""
    return frozenset(one.parent for one in symbols if one.parent >= 0 and symbols[one.parent].kind not in CALLABLES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What is looked for: its codes and sketch, and the number of its language's label."""

    codes: bytes
    sketch: bytes
    language: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Symbols that are alike, by number, with their likeness; `complete` False when work ran out before candidates."""

    found: Mapping[int, float]
    complete: bool


class Directory:
    """The segments of one state of the catalog, read once."""

    def __init__(self) -> None:
        self._segments: list[Segment] | None = None

    def segments(self, db: sqlite3.Connection) -> Sequence[Segment]:
        """See `reuse_terms.segments`."""
        if self._segments is None:
            self._segments = segments(db)
        return self._segments


def near(
    db: sqlite3.Connection,
    directory: Directory,
    sample: Sample,
    at_least: float,
    *,
    known: Collection[int] = (),
    most: int = MOST_CANDIDATES,
) -> Near:
    """Symbols of the sample's language that are alike, those in `known` left out."""
    ranked, complete = candidates(db, directory, sample, most=most + len(known))
    wanted = [number for number in ranked if number not in known]
    length = len(sample.codes)

    def fits(language: int, other: int) -> bool:
        return language == sample.language and min(length, other) >= at_least * max(length, other) * _SLACK

    found: dict[int, float] = {}
    cells = CELLS
    for part in steps(wanted, AT_ONCE):
        before = len(found)
        for other in streams(db, part, fits):
            cells -= length * len(other.codes)
            share = similarity(sample.codes, other.codes, at_least) if cells > 0 else 0.0
            if share >= at_least:
                found[other.number] = share
        if cells <= 0:
            return Near(found=found, complete=False)
        if len(found) == before:
            return Near(found=found, complete=complete)  # those that share less still are not alike either
    return Near(found=found, complete=complete and len(ranked) < most + len(known))


_SLACK: Final = 0.9  # statement ends are codes too, and do not count for the share of tokens


_TELLING: Final = 40  # terms: a tenth of so many has to be shared, more says nothing more


def candidates(
    db: sqlite3.Connection, directory: Directory, sample: Sample, *, most: int
) -> tuple[Sequence[int], bool]:
    """Symbols that share terms with the sample, those with the most and rarest first, at most so many.

    False when some of its terms stand in too many symbols to read them all.
    """
    terms = terms_of(sample.sketch)
    holders, complete = lookup(db, directory.segments(db), terms, WORK)
    numbers = np.concatenate(holders) if holders else np.zeros(0, np.uint32)
    if not len(numbers):
        return (), complete
    weights = np.repeat([1.0 / (1.0 + np.log2(max(1, len(one)))) for one in holders], [len(one) for one in holders])
    distinct, at = np.unique(numbers, return_inverse=True)
    scores: Array = np.bincount(at, weights)
    enough = np.bincount(at) >= max(1, min(len(terms), _TELLING) // 10)
    distinct, scores = distinct[enough], scores[enough]
    if len(distinct) > most:
        best = np.argpartition(-scores, most - 1)[:most]
        distinct, scores = distinct[best], scores[best]
    return distinct[np.argsort(-scores, kind="stable")].tolist(), complete


def parts(
    db: sqlite3.Connection, directory: Directory, sample: Sample, *, least: int, at_least: float
) -> Mapping[int, Fragment]:
    """Symbols of the sample's language that share a part of it of at least so many codes: the largest of each."""
    ranked, _ = candidates(db, directory, sample, most=MOST_CANDIDATES)
    found: dict[int, Fragment] = {}
    cells = CELLS
    for one in streams(db, ranked, lambda language, length: language == sample.language and length >= least):
        cells -= len(one.codes) * len(sample.codes)
        if cells < 0:
            break
        shared = fragments(sample.codes, one.codes, least=least, at_least=at_least)
        if shared:
            found[one.number] = shared[0]
    return found
