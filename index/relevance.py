"""How much a text is about some words: BM25 (Robertson and Zaragoza 2009, section 3), over the texts that answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

from codevault.index.matching import WordMatcher

K1, B = 1.2, 0.75


class Relevance:
    """Collects texts, then weighs them by words, of which each is given with how much it tells; lengths are bytes."""

    def __init__(self, told: Mapping[str, float]) -> None:
        self._matchers = [WordMatcher((word,)) for word in told]
        self._told = tuple(told.values())
        self._counts: dict[int, tuple[int, list[int]]] = {}
        self._weights: dict[int, float] = {}

    def __bool__(self) -> bool:
        return bool(self._matchers)

    def add(self, piece: int, texts: Sequence[bytes]) -> None:
        """Takes the text of a piece."""
        length = sum(map(len, texts))
        self._counts[piece] = length, [sum(1 for text in texts for _ in one.spans(text)) for one in self._matchers]

    def settle(self) -> None:
        """Weighs everything that was added."""
        total = len(self._counts)
        average = sum(length for length, _ in self._counts.values()) / total if total else 1.0
        for piece, (length, counts) in self._counts.items():
            norm = K1 * (1 - B + B * length / (average or 1.0))
            weights = (rare * count * (K1 + 1) / (count + norm) for rare, count in zip(self._told, counts, strict=True))
            self._weights[piece] = sum(weights)

    def of(self, piece: int) -> float:
        """The weight of a piece."""
        return self._weights[piece]


def rarity(total: int, having: int) -> float:
    """How much a word tells that so many of all documents have."""
    return log(1 + (total - having + 0.5) / (having + 0.5))
