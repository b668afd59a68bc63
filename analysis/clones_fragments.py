"""Copied parts inside two symbols that need not be alike as a whole.

Runs of equal codes are found by their grams of K codes, as seeds on diagonals (the idea of FASTA: Lipman and Pearson,
Science 1985), and joined across small gaps: a statement put in or changed does not end a fragment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from codevault.analysis.similarity import similarity
from codevault.analysis.tokens import Array, K

LEAST_FRAGMENT: Final = 50
"""Codes of the smallest fragment that is worth reporting by itself."""

GAP: Final = 20
"""Codes that may differ between two runs of one fragment, in either symbol."""

MOST_SEEDS: Final = 400_000
"""Pairs of equal grams that are looked at; repetitive tables have the product of their lengths."""

MOST_CODES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """Codes from `left[0]` up to `left[1]` of one symbol that stand in another from `right[0]` up to `right[1]`."""

    left: tuple[int, int]
    right: tuple[int, int]
    likeness: float

    @property
    def size(self) -> int:
        """Codes of the smaller side."""
        return min(self.left[1] - self.left[0], self.right[1] - self.right[0])


def fragments(left: bytes, right: bytes, *, least: int = LEAST_FRAGMENT, at_least: float = 0.7) -> tuple[Fragment, ...]:
    """Copied parts of at least so many codes, the largest first; no code of the left one is in two."""
    runs = _runs(left[:MOST_CODES], right[:MOST_CODES])
    found = []
    for run in {*_joined(runs), *runs}:  # a chain may go over too much
        if min(run[1] - run[0], run[3] - run[2]) >= least:
            likeness = similarity(left[run[0] : run[1]], right[run[2] : run[3]], at_least)
            if likeness >= at_least:
                found.append(Fragment(left=(run[0], run[1]), right=(run[2], run[3]), likeness=likeness))
    found.sort(key=lambda one: (-one.size, one.left, one.right))
    chosen: list[Fragment] = []
    for one in found:
        if all(one.left[1] <= other.left[0] or one.left[0] >= other.left[1] for other in chosen):
            chosen.append(one)
    return tuple(chosen)


_Run = tuple[int, int, int, int]


def _runs(left: bytes, right: bytes) -> list[_Run]:
    """(start, end, start, end) of equal runs of at least K codes, by their place in the left one."""
    if min(len(left), len(right)) < K:
        return []
    ones, others = _grams(left), _grams(right)
    order = np.argsort(others, kind="stable")
    ranked = others[order]
    begins, ends = np.searchsorted(ranked, ones, side="left"), np.searchsorted(ranked, ones, side="right")
    counts = ends - begins
    if int(counts.sum()) > MOST_SEEDS:
        counts[counts > max(1, MOST_SEEDS // len(ones))] = 0  # grams of repetitive parts say little
    at_left = np.repeat(np.arange(len(ones)), counts)
    offsets = np.arange(len(at_left)) - np.repeat(np.cumsum(counts) - counts, counts)
    at_right = order[np.repeat(begins, counts) + offsets]
    by_diagonal = np.lexsort((at_left, at_right - at_left))
    at_left, at_right = at_left[by_diagonal], at_right[by_diagonal]
    if not len(at_left):
        return []
    breaks = np.flatnonzero((np.diff(at_left) != 1) | (np.diff(at_right) != 1)) + 1
    firsts, lasts = np.concatenate(([0], breaks)), np.concatenate((breaks, [len(at_left)])) - 1
    rows = zip(at_left[firsts], at_left[lasts] + K, at_right[firsts], at_right[lasts] + K, strict=True)
    return sorted((int(a), int(b), int(c), int(d)) for a, b, c, d in rows)


def _grams(codes: bytes) -> Array:
    return np.ndarray((len(codes) - K + 1,), "<u8", codes, strides=(1,))


def _joined(runs: list[_Run]) -> list[_Run]:
    """Runs that follow each other in both symbols with little between them, as one."""
    chains: list[_Run] = []
    for run in sorted(runs, key=lambda one: (one[0], one[2])):
        for at in range(len(chains) - 1, max(-1, len(chains) - 65), -1):
            last = chains[at]
            if -K <= run[0] - last[1] <= GAP and -K <= run[2] - last[3] <= GAP and run[1] > last[1]:
                chains[at] = (last[0], run[1], last[2], max(run[3], last[3]))
                break
        else:
            chains.append(run)
    return chains
