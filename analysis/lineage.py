"""What became of each symbol in one step from one version of some files to the next.

The assignment is one to one over the whole step and made in order of evidence, so that a strong match is never lost to
a weak one: same path and qualified name; same tokens elsewhere; same name and body; same tokens but for names; same
body; members of a container, or symbols of a file, most of which went to one place; at last an equal name and header
that exist only once on either side. Every stage works on groups found by key: linear in the symbols, but for ties,
which are sorted.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from codevault.analysis.kinds import CONTAINERS, WORD, ChangeKind, VersionedSymbol, kinds_between, tokens_below_header

__all__ = ["Change", "ChangeKind", "VersionedSymbol", "match"]

_RECEIVER: Final = re.compile(r"^\s*(?:&\s*)?(?:mut )?(?:self|cls)\b\s*,?\s*")

MIN_TOKENS_MOVED: Final = 10
"""Symbols with fewer tokens are not taken for the same because of equal tokens alone."""

MIN_TOKENS_RENAMED: Final = 20
"""The same for tokens that are equal only once names and literals are left out, and for a body under the same name."""

MIN_TOKENS_REWRAPPED: Final = 30
"""The same for a body that is equal under another name and another header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One symbol's step. `before` None: it was not there; `after` None: it is gone. `confidence` is 0 to 1."""

    before: VersionedSymbol | None
    after: VersionedSymbol | None
    kinds: tuple[ChangeKind, ...]
    evidence: str
    confidence: float


def match(before: Sequence[VersionedSymbol], after: Sequence[VersionedSymbol]) -> tuple[Change, ...]:
    """What changed between two versions of the changed files, unchanged symbols left out.

    Changes of symbols that exist after the step come first, in the order of `after`, then those that are gone. Time is
    linear in the number of symbols but for sorting ties.
    """
    step = _Step(before, after)
    step.same_place()
    step.same_tokens()
    step.same_name_and_body()
    step.same_but_names()
    step.same_body_once()
    step.followed_their_surroundings()
    step.same_name_once()
    step.followed_their_container()
    return step.changes()


@dataclass(frozen=True, slots=True)
class _Pairing:
    before: int
    evidence: str
    confidence: float


_Key = Callable[[VersionedSymbol], Hashable]


class _Step:
    """The assignment while it is made: each symbol is in at most one pair, pairs are never undone."""

    def __init__(self, before: Sequence[VersionedSymbol], after: Sequence[VersionedSymbol]) -> None:
        self._before = before
        self._after = after
        self._pairs: dict[int, _Pairing] = {}
        self._gone = dict.fromkeys(range(len(before)))
        self._new = dict.fromkeys(range(len(after)))

    def same_place(self) -> None:
        """Path and qualified name; overloads of one name by tokens, tokens but names, header, then order."""
        refinements: tuple[_Key, ...] = (
            lambda symbol: symbol.exact,
            lambda symbol: symbol.renamed,
            lambda symbol: symbol.signature,
            lambda _: "",
        )
        for refine in refinements:
            self._pair_groups(
                lambda symbol, refine=refine: (symbol.path, symbol.qualified_name, refine(symbol)),  # type: ignore[misc]
                "same path and name",
                1.0,
            )

    def same_tokens(self) -> None:
        """Equal tokens: nearest place first; tiny symbols only under an equal name."""
        for place in _PLACES:
            self._pair_groups(lambda symbol, place=place: (symbol.exact, place(symbol)), "same tokens", 0.97)  # type: ignore[misc]
        self._pair_groups(_exact_of_large, "same tokens", 0.95)

    def same_name_and_body(self) -> None:
        """Equal name and tokens of the body under another header: a method that became a function, or the reverse."""
        for place in _PLACES:
            self._pair_groups(
                lambda symbol, place=place: _body_of_large(symbol, MIN_TOKENS_RENAMED, place(symbol)),  # type: ignore[misc]
                "same name, same tokens of the body",
                0.9,
            )

    def same_body_once(self) -> None:
        """Equal tokens of the body, unique on both sides: renamed in its place, or moved under another header."""
        self._pair_groups(_body_in_place, "same place and body", 0.8, once=True)
        key = partial(_body_of_large, least=MIN_TOKENS_REWRAPPED)
        self._pair_groups(key, "the only symbol with these tokens in its body", 0.75, once=True)

    def same_but_names(self) -> None:
        """Equal tokens once names and literals are left out."""
        for place in _PLACES:
            self._pair_groups(
                lambda symbol, place=place: (symbol.renamed, symbol.kind, place(symbol)),  # type: ignore[misc]
                "same tokens except names and literals, same name",
                0.9,
            )
        evidence = "same tokens except names and literals"
        self._pair_groups(lambda symbol: _renamed_of_large(symbol, symbol.path, symbol.container), evidence, 0.85)
        self._pair_groups(lambda symbol: _renamed_of_large(symbol, symbol.path), evidence, 0.8)
        self._pair_groups(_renamed_of_large, evidence, 0.75, once=True)

    def followed_their_surroundings(self) -> None:
        """What keeps its name inside a container, or a file, most of whose symbols went to one other place."""
        self._follow(
            _container_place,
            lambda symbol: symbol.name,
            "its container's members moved together",
        )
        self._pair_containers()
        self._follow(
            lambda symbol: symbol.path, lambda symbol: symbol.qualified_name, "its file's symbols moved together"
        )

    def same_name_once(self) -> None:
        """Equal name and header, unique on both sides, a receiver aside: moved and changed in one step."""
        self._pair_groups(_header_of_large, "the only symbol of that name and header", 0.6, once=True)
        self._pair_groups(_parameters_of_large, "the only symbol of that name and parameters", 0.6, once=True)

    def followed_their_container(self) -> None:
        """Members whose container has a pair and that keep their name inside it, outer ones first."""
        pairs = {pair.before: after for after, pair in self._pairs.items()}
        places = {_place(self._before[old]): _place(self._after[new]) for old, new in pairs.items()}
        news = {(_container_place(symbol), symbol.name): index for index, symbol in self._unpaired_after()}
        for index in list(self._gone):
            symbol = self._before[index]
            container = places.get(_container_place(symbol))
            new = None if container is None else news.get((container, symbol.name))
            if new is not None and new in self._new:
                self._pair(index, new, "same name in the same container", 0.8)
                places[_place(symbol)] = _place(self._after[new])

    def changes(self) -> tuple[Change, ...]:
        """Pairs that differ, then what has no pair."""
        staying = {self._before[pair.before].exact for pair in self._pairs.values()}
        found: list[Change] = []
        for index, symbol in enumerate(self._after):
            pair = self._pairs.get(index)
            if pair is None:
                found.append(_introduced(symbol, symbol.exact in staying))
                continue
            earlier = self._before[pair.before]
            kinds = tuple(kinds_between(earlier, symbol))
            if kinds:
                change = Change(
                    before=earlier, after=symbol, kinds=kinds, evidence=pair.evidence, confidence=pair.confidence
                )
                found.append(change)
        found.extend(
            Change(
                before=self._before[index],
                after=None,
                kinds=(ChangeKind.REMOVED,),
                evidence="nothing like it is left in the changed files",
                confidence=0.9,
            )
            for index in self._gone
        )
        return tuple(found)

    def _pair(self, before: int, after: int, evidence: str, confidence: float) -> None:
        self._pairs[after] = _Pairing(before, evidence, confidence)
        del self._gone[before]
        del self._new[after]

    def _pair_groups(self, key: _Key, evidence: str, confidence: float, *, once: bool = False) -> None:
        """Pair what has an equal key, in order of path and line; with `once` only keys that occur once on each side."""
        olds = _grouped(self._before, self._gone, key)
        news = _grouped(self._after, self._new, key)
        for value, group in news.items():
            candidates = olds.get(value, [])
            if once and (len(candidates) != 1 or len(group) != 1):
                continue
            for old, new in zip(candidates, group, strict=False):
                self._pair(old, new, evidence, confidence)

    def _follow(self, surroundings: _Key, name: _Key, evidence: str) -> None:
        moves = self._moves(surroundings)
        news = {(surroundings(symbol), name(symbol)): index for index, symbol in self._unpaired_after()}
        for index in list(self._gone):
            symbol = self._before[index]
            target = moves.get(surroundings(symbol))
            new = None if target is None else news.get((target, name(symbol)))
            if new is not None and new in self._new:
                self._pair(index, new, evidence, 0.75)

    def _moves(self, surroundings: _Key) -> dict[Hashable, Hashable]:
        """Where the greater part of the paired symbols of each surrounding went."""
        votes: dict[Hashable, Counter[Hashable]] = defaultdict(Counter)
        for after, pair in self._pairs.items():
            votes[surroundings(self._before[pair.before])][surroundings(self._after[after])] += 1
        winners = {source: counts.most_common(1)[0] for source, counts in votes.items() if source is not None}
        return {
            source: target
            for source, (target, count) in winners.items()
            if target is not None and target != source and 2 * count > votes[source].total()
        }

    def _pair_containers(self) -> None:
        """Containers follow their members: a class that was renamed and edited at once."""
        moves = self._moves(_container_place)
        news: dict[Hashable, int] = {_place(symbol): index for index, symbol in self._unpaired_after()}
        for index in list(self._gone):
            symbol = self._before[index]
            new = news.get(moves.get(_place(symbol)))
            if new is not None and new in self._new:
                self._pair(index, new, "most of its members are there", 0.8)

    def _unpaired_after(self) -> Iterable[tuple[int, VersionedSymbol]]:
        return ((index, self._after[index]) for index in self._new)


_PLACES: Final[tuple[_Key, ...]] = (
    lambda symbol: (symbol.path, symbol.name),
    lambda symbol: (symbol.container, symbol.name),
    lambda symbol: symbol.name,
)


def _grouped(symbols: Sequence[VersionedSymbol], indices: Iterable[int], key: _Key) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index in indices:
        value = key(symbols[index])
        if value is not None:
            groups[value].append(index)
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda index: (symbols[index].path, symbols[index].start_line))
    return groups


def _place(symbol: VersionedSymbol) -> Hashable:
    return symbol.path, symbol.qualified_name


def _container_place(symbol: VersionedSymbol) -> Hashable:
    return (symbol.path, symbol.container) if symbol.container else None


def _exact_of_large(symbol: VersionedSymbol) -> Hashable:
    return symbol.exact if symbol.tokens >= MIN_TOKENS_MOVED else None


def _renamed_of_large(symbol: VersionedSymbol, *place: str) -> Hashable:
    return (symbol.renamed, symbol.kind, *place) if symbol.tokens >= MIN_TOKENS_RENAMED else None


def _body_of_large(symbol: VersionedSymbol, least: int, place: Hashable = None) -> Hashable:
    """Its body, if both it and the symbol are large: `return None` below a long header proves nothing."""
    large = symbol.body and symbol.tokens >= least and symbol.kind not in CONTAINERS
    return (symbol.body, place) if large and 2 * tokens_below_header(symbol) >= least else None


def _body_in_place(symbol: VersionedSymbol) -> Hashable:
    known = symbol.body and symbol.tokens >= MIN_TOKENS_MOVED
    return (symbol.renamed, symbol.body, symbol.path, symbol.container) if known else None


def _header_of_large(symbol: VersionedSymbol) -> Hashable:
    return (symbol.name, symbol.kind, symbol.signature) if symbol.tokens >= MIN_TOKENS_MOVED else None


def _parameters_of_large(symbol: VersionedSymbol) -> Hashable:
    _, found, parameters = symbol.signature.partition("(")
    large = found and symbol.tokens >= MIN_TOKENS_RENAMED and symbol.kind not in CONTAINERS
    parameters = _RECEIVER.sub("", parameters, count=1)
    return (symbol.name, parameters) if large and WORD.match(parameters.lstrip(" )->{:")) else None


def _introduced(symbol: VersionedSymbol, has_original: bool) -> Change:
    copied = has_original and symbol.tokens >= MIN_TOKENS_MOVED
    return Change(
        before=None,
        after=symbol,
        kinds=(ChangeKind.INTRODUCED, ChangeKind.COPIED) if copied else (ChangeKind.INTRODUCED,),
        evidence="same tokens as a symbol that stays" if copied else "nothing like it was in the changed files",
        confidence=0.9,
    )
