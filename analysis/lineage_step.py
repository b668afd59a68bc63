"""The assignment of one step while it is made: which symbol before is which symbol after.

Nothing here depends on the order in which symbols are given, and the step backwards gives the same pairs: symbols are
sorted first, scores are the same both ways, ties go to the first of the order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Protocol

from codevault.analysis.kinds import CONTAINERS, VersionedSymbol
from codevault.analysis.lineage_shapes import Shapes, Texts, body_likeness, group_of, likeness, shared

MOST_COMPARED: Final = 150_000
"""Pairs whose texts are compared in one step; what is left then is introduced and removed, and the step says so."""

MOST_IN_FULL: Final = 1_600
"""Pairs up to which all of a block are compared; in larger blocks those that share rare words."""

_RARE_WORDS: Final = 24  # of each symbol, that lead to candidates
_POSTINGS: Final = 24  # symbols of one side that a rare word may be in
_CANDIDATES: Final = 12  # of each symbol, those that share the most rare words

Key = Callable[[VersionedSymbol], Hashable]
Score = Callable[[VersionedSymbol, VersionedSymbol], float]
Couple = tuple[VersionedSymbol, VersionedSymbol]


class Unchanged(Protocol):
    """The symbols of a step that are the same in the same place: nothing is decided about them, little is asked."""

    def count(self, place: tuple[str, str]) -> int:
        """How many have this path and qualified name."""

    def members(self, container: tuple[str, str]) -> int:
        """How many are in the container of this path and qualified name."""

    def alike(self, digests: AbstractSet[str]) -> Sequence[Couple]:
        """Those that have one of these as `exact`, `renamed` or `body`."""


class NoneUnchanged:
    """`Unchanged` of a step that has none."""

    def count(self, place: tuple[str, str]) -> int:  # noqa: ARG002 - as the protocol says
        """None."""
        return 0

    def members(self, container: tuple[str, str]) -> int:  # noqa: ARG002
        """None."""
        return 0

    def alike(self, digests: AbstractSet[str]) -> Sequence[Couple]:  # noqa: ARG002
        """None."""
        return ()


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which symbol before (its index), why, and how sure."""

    before: int
    evidence: str
    confidence: float


class Step:
    """Symbols on both sides in order of their places; each is in at most one pair, and pairs are never undone."""

    def __init__(
        self,
        before: Iterable[VersionedSymbol],
        after: Iterable[VersionedSymbol],
        texts: Texts | Shapes,
        kept: Collection[str] = (),
        unchanged: Unchanged | None = None,
    ) -> None:
        self.unchanged = unchanged or NoneUnchanged()
        self.before: Sequence[VersionedSymbol] = sorted(before, key=order)
        self.after: Sequence[VersionedSymbol] = sorted(after, key=order)
        self.shapes = texts if isinstance(texts, Shapes) else Shapes(texts)
        self.pairs: dict[int, Pairing] = {}
        self.gone = dict.fromkeys(range(len(self.before)))
        self.new = dict.fromkeys(range(len(self.after)))
        self.compared = 0
        self.strayed = False
        """True when a pair left its container, or a container its place: without that, none went anywhere."""
        olds, news = {symbol.path for symbol in self.before}, {symbol.path for symbol in self.after}
        self.lost_paths = olds - news - set(kept)
        self.new_paths = news - olds - set(kept)

    @property
    def limit(self) -> str:
        """What was left out, "" if nothing."""
        reached = self.compared >= MOST_COMPARED
        return f"a large step: {MOST_COMPARED} pairs of texts were compared, the others were not" if reached else ""

    def couples(self) -> Iterator[Couple]:
        """The pairs so far of what changed."""
        return ((self.before[pair.before], self.after[new]) for new, pair in self.pairs.items())

    def missing(self) -> Iterator[VersionedSymbol]:
        """Those before without a pair."""
        return (self.before[index] for index in self.gone)

    def added(self) -> Iterator[VersionedSymbol]:
        """Those after without a pair."""
        return (self.after[index] for index in self.new)

    def alike(self, one: VersionedSymbol, other: VersionedSymbol) -> float:
        """Likeness of the whole symbols, 0 to 1."""
        return likeness(one, self.shapes.of(one), other, self.shapes.of(other))

    def alike_at_least(self, least: float, one: VersionedSymbol, other: VersionedSymbol) -> float:
        """The same, 0 where it is less than `least`."""
        found = self.alike(one, other)
        return found if found >= least else 0.0

    def bodies_alike(self, one: VersionedSymbol, other: VersionedSymbol) -> float:
        """Likeness of their bodies alone."""
        return body_likeness(self.shapes.of(one), self.shapes.of(other))

    def contained(self, one: VersionedSymbol, other: VersionedSymbol) -> float:
        """The share of the smaller body's words that the other has too."""
        left, right = self.shapes.of(one), self.shapes.of(other)
        return shared(left.bag, right.bag) / (min(left.size, right.size) or 1)

    def size(self, one: VersionedSymbol, other: VersionedSymbol) -> int:
        """Words of the larger body where names are equal, else of the smaller: a short one needs more than likeness."""
        sizes = self.shapes.of(one).size, self.shapes.of(other).size
        return max(sizes) if one.name == other.name else min(sizes)

    def parameters(self, symbol: VersionedSymbol) -> tuple[str, ...]:
        """Its parameters as words."""
        return self.shapes.of(symbol).parameters

    def pair(self, before: int, after: int, evidence: str, confidence: float) -> None:
        """Settle that these two are one symbol."""
        self.pairs[after] = Pairing(before, evidence, confidence)
        one, other = self.before[before], self.after[after]
        if one.qualified_name != other.qualified_name or one.path != other.path:
            containers = one.kind in CONTAINERS or other.kind in CONTAINERS
            self.strayed = self.strayed or containers or container_place(one) != container_place(other)
        del self.gone[before]
        del self.new[after]

    def pair_equal(
        self, key: Key, evidence: str, confidence: float, *, once: bool = False, key_after: Key | None = None
    ) -> None:
        """Pair what has an equal key other than None, in order of place; with `once` only keys held once a side.

        `key_after` is the key of symbols after the step, where it is another.
        """
        olds = _grouped(self.before, self.gone, key)
        news = _grouped(self.after, self.new, key_after or key) if olds else {}
        for value, group in news.items():
            candidates = olds.get(value, [])
            if once and (len(candidates) != 1 or len(group) != 1):
                continue
            for old, new in zip(candidates, group, strict=False):
                self.pair(old, new, evidence, confidence)

    def pair_best(
        self, block: Key, score: Score, evidence: str, confidence: float, *, key_after: Key | None = None
    ) -> None:
        """Pair within blocks of an equal key, best score first; a score of 0 is no pair."""
        olds = _grouped(self.before, self.gone, block)
        news = _grouped(self.after, self.new, key_after or block) if olds else {}
        scored = []
        for value in (value for value in news if value in olds):
            for old, new in self._candidates(olds[value], news[value]):
                found = score(self.before[old], self.after[new])
                if found > 0:
                    scored.append((-found, old, new))
        for found, old, new in sorted(scored):
            if old in self.gone and new in self.new:
                self.pair(old, new, evidence, round(min(confidence, confidence * -found + 0.1), 3))

    def _candidates(self, olds: list[int], news: list[int]) -> Iterator[tuple[int, int]]:
        if len(olds) * len(news) <= MOST_IN_FULL:
            chosen: Iterable[tuple[int, int]] = ((old, new) for old in olds for new in news)
        else:
            chosen = sorted(self._sharing_rare_words(olds, news))
        for old, new in chosen:
            if self.compared >= MOST_COMPARED:
                return
            if group_of(self.before[old]) == group_of(self.after[new]):
                self.compared += 1
                yield old, new

    def _sharing_rare_words(self, olds: list[int], news: list[int]) -> set[tuple[int, int]]:
        """For each symbol of either side those of the other with which it shares the most rare words."""
        bags = [self.shapes.of(self.before[old]).bag for old in olds] + [
            self.shapes.of(self.after[new]).bag for new in news
        ]
        spread = Counter(word for bag in bags for word in bag)
        rare = [sorted(bag, key=lambda word: (spread[word], word))[:_RARE_WORDS] for bag in bags]
        holders: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for position, words in enumerate(rare):
            old_side = position < len(olds)
            for word in words:
                holders[word][not old_side].append(olds[position] if old_side else news[position - len(olds)])
        common: Counter[tuple[int, int]] = Counter()
        for left, right in holders.values():
            if len(left) <= _POSTINGS and len(right) <= _POSTINGS:
                common.update((old, new) for old in left for new in right)
        return _most_common_of_each(common, 0) | _most_common_of_each(common, 1)


def _most_common_of_each(common: Counter[tuple[int, int]], side: int) -> set[tuple[int, int]]:
    ranked: dict[int, list[tuple[int, int, tuple[int, int]]]] = defaultdict(list)
    for pair, count in common.items():
        ranked[pair[side]].append((-count, pair[1 - side], pair))
    return {pair for rows in ranked.values() for _, _, pair in sorted(rows)[:_CANDIDATES]}


def order(symbol: VersionedSymbol) -> tuple[object, ...]:
    """By place, and by all else for what stands in one."""
    place = symbol.path, symbol.start_line, symbol.qualified_name
    return *place, symbol.exact, symbol.text, symbol.signature, symbol.kind, symbol.renamed, symbol.body, symbol.tokens


def _grouped(symbols: Sequence[VersionedSymbol], indices: Iterable[int], key: Key) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index in sorted(indices):
        value = key(symbols[index])
        if value is not None:
            groups[value].append(index)
    return groups


def place(symbol: VersionedSymbol) -> tuple[str, str]:
    """Path and qualified name."""
    return symbol.path, symbol.qualified_name


def container_place(symbol: VersionedSymbol) -> tuple[str, str] | None:
    """Path and qualified name of what encloses it, None at the top of a file."""
    return (symbol.path, symbol.container) if symbol.container else None
