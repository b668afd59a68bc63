"""The order in which a step's symbols are paired: strong evidence first, so that no weak match takes what it needs.

LINEAGE.md tells where each stage comes from. A name in its place beats every likeness; likeness counts the more, the
longer the body; of files, one that was renamed goes before all others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from functools import partial
from typing import Final, TypeVar

from codevault.analysis.kinds import CONTAINERS, VersionedSymbol
from codevault.analysis.lineage_moves import (
    containers_that_went,
    members_taken_in,
    members_that_went,
    renamed_paths,
    whole_files,
)
from codevault.analysis.lineage_shapes import dice, group_of, tokens_below_header
from codevault.analysis.lineage_step import Key, Step, place

_Sort = TypeVar("_Sort", bound=Hashable)

MIN_TOKENS_MOVED: Final = 10
"""Symbols with fewer tokens are not taken for the same because of equal tokens alone."""

MIN_TOKENS_RENAMED: Final = 20
"""The same for tokens that are equal only once names and literals are left out, and for a body under the same name."""

MIN_TOKENS_REWRAPPED: Final = 30
"""The same for a body that is equal under another name and another header."""

SAME_PLACE: Final = "same path and name"
"""Why a symbol is taken for the one of that place."""

TINY: Final = 5
SHORT: Final = 10
MIDDLE: Final = 25
LONG: Final = 40
MOST_RIVALS: Final = 40
"""Words of a body: from the next length on, less likeness is asked for. MOST_RIVALS: symbols of a file."""


def assign(step: Step) -> None:
    """All stages, in order."""
    _pair_whole_files(step)
    _same_place(step)
    _same_tokens(step)
    _only_one_of_its_name(step)
    _same_file(step)
    _renamed_files(step)
    _followed(step)
    _same_name_elsewhere(step)
    _followed(step)
    _left_over(step)


def _pair_whole_files(step: Step) -> None:
    """Files that have another path and equal symbols."""
    went = whole_files(step)
    back = {new: old for old, new in went.items()}

    def key(symbol: VersionedSymbol) -> Hashable:
        path = symbol.path if symbol.path in went else back.get(symbol.path)
        return (path, symbol.qualified_name, symbol.exact) if path else None

    step.pair_equal(key, "its file has another path and the same symbols", 0.98)


def _same_place(step: Step) -> None:
    """Path and qualified name; overloads of one name by tokens, header, parameters, and at last likeness."""
    evidence = SAME_PLACE
    step.pair_equal(lambda symbol: (place(symbol), symbol.exact, symbol.text), evidence, 1.0)
    step.pair_equal(lambda symbol: (place(symbol), symbol.exact), evidence, 1.0)
    once = _alone(map(place, step.before)) & _alone(map(place, step.after))
    once = {value for value in once if not step.unchanged.count(value)}
    step.pair_equal(lambda symbol: place(symbol) if place(symbol) in once else None, evidence, 1.0)
    step.pair_equal(lambda symbol: place(symbol) if symbol.kind in CONTAINERS else None, evidence, 1.0)
    step.pair_equal(lambda symbol: (place(symbol), symbol.signature, group_of(symbol)), evidence, 1.0)
    both = set(map(place, step.missing())) & set(map(place, step.added()))

    def parameters(symbol: VersionedSymbol) -> Hashable:
        return (place(symbol), step.parameters(symbol), group_of(symbol)) if place(symbol) in both else None

    step.pair_equal(parameters, "same path, name and parameters", 1.0)
    step.pair_best(place, partial(step.alike_at_least, 0.6), "same path and name, alike", 0.95)


def _alone(keys: Iterable[_Sort]) -> set[_Sort]:
    return {key for key, count in Counter(keys).items() if count == 1}


_PLACES: Final[tuple[Key, ...]] = (
    lambda symbol: (symbol.path, symbol.name),
    lambda symbol: (symbol.container, symbol.name),
    lambda symbol: symbol.name,
)


def _same_tokens(step: Step) -> None:
    """Equal digests: all tokens, tokens but for names, the body alone; nearest place first, tiny symbols by name."""
    for near in _PLACES:
        step.pair_equal(lambda symbol, near=near: (symbol.exact, near(symbol)), "same tokens", 0.97)  # type: ignore[misc]
    step.pair_equal(_exact_of_large, "same tokens", 0.95)
    evidence = "same name, same tokens of the body"
    for near in _PLACES:
        step.pair_equal(lambda symbol, near=near: _large_body(symbol, MIN_TOKENS_RENAMED, near(symbol)), evidence, 0.9)  # type: ignore[misc]
    evidence = "same tokens except names and literals"
    for near in _PLACES:
        step.pair_equal(
            lambda symbol, near=near: (symbol.renamed, symbol.kind, near(symbol)),  # type: ignore[misc]
            f"{evidence}, same name",
            0.9,
        )
    step.pair_equal(lambda symbol: _large_renamed(symbol, symbol.path, symbol.container), evidence, 0.85)
    step.pair_equal(lambda symbol: _large_renamed(symbol, symbol.path), evidence, 0.8)
    step.pair_equal(_large_renamed, evidence, 0.75, once=True)
    step.pair_equal(_body_in_place, "same place and body", 0.8, once=True)
    evidence = "the only symbol with these tokens in its body"
    step.pair_equal(partial(_large_body, least=MIN_TOKENS_REWRAPPED), evidence, 0.75, once=True)


def _exact_of_large(symbol: VersionedSymbol) -> Hashable:
    return symbol.exact if symbol.tokens >= MIN_TOKENS_MOVED else None


def _large_renamed(symbol: VersionedSymbol, *near: str) -> Hashable:
    return (symbol.renamed, symbol.kind, *near) if symbol.tokens >= MIN_TOKENS_RENAMED else None


def _large_body(symbol: VersionedSymbol, least: int, near: Hashable = None) -> Hashable:
    """Its body, if both it and the symbol are large: `return None` below a long header proves nothing."""
    large = symbol.body and symbol.tokens >= least and symbol.kind not in CONTAINERS
    return (symbol.body, near) if large and 2 * tokens_below_header(symbol) >= least else None


def _body_in_place(symbol: VersionedSymbol) -> Hashable:
    known = symbol.body and symbol.tokens >= MIN_TOKENS_MOVED
    return (symbol.renamed, symbol.body, symbol.path, symbol.container) if known else None


class _Callers:
    """Which words were written less often, and which more often, in what has a pair: a caller's edit names the new."""

    def __init__(self, step: Step) -> None:
        self._change: Counter[str] = Counter()
        for one, other in step.couples():
            if one.exact != other.exact and one.kind not in CONTAINERS:
                bag, its = step.shapes.of(one).bag, step.shapes.of(other).bag
                self._change.update({word: its.get(word, 0) - bag.get(word, 0) for word in {*bag, *its}})

    def renamed(self, one: str, other: str) -> bool:
        """Whether about as many uses of the one went as came of the other."""
        lost, gained = -self._change[one], self._change[other]
        return lost > 0 < gained and 2 * min(lost, gained) >= max(lost, gained)


class _InFile:
    """Likeness within one file, or a file and what it was renamed to; callers may speak for a name."""

    def __init__(self, step: Step, floor: float) -> None:
        self._step = step
        self._floor = floor
        self._callers = _Callers(step) if step.gone and step.new else None
        self._named = set(map(place, step.missing())) & set(map(place, step.added()))

    def score(self, one: VersionedSymbol, other: VersionedSymbol) -> float:
        """0 where it does not suffice."""
        size = self._step.size(one, other)
        found = self._step.alike(one, other)
        need = self._floor if size >= MIDDLE else self._floor + 0.12 if size >= SHORT else 0.97
        if one.name == other.name:
            return found if found >= need else 0.0
        if place(one) in self._named or place(other) in self._named:  # an overload of that name waits for its own
            return found if size >= LONG and self._step.bodies_alike(one, other) >= 0.9 else 0.0
        if one.container != other.container:
            need += 0.1
        elif self._callers and self._callers.renamed(one.name, other.name):
            found = max(found, self._contained(one, other)) + 0.2
        return found if found >= need else 0.0

    def _contained(self, one: VersionedSymbol, other: VersionedSymbol) -> float:
        """Likeness for a body that mostly grew, or mostly shrank."""
        left, right = self._step.shapes.of(one), self._step.shapes.of(other)
        part = self._step.contained(one, other)
        return 0.64 * part + 0.08 * dice(Counter(left.parameters), Counter(right.parameters))


def _only_one_of_its_name(step: Step) -> None:
    """The only one of its name that went and the only one that came, when nothing in their files is as alike."""
    once = _alone(symbol.name for symbol in step.missing()) & _alone(symbol.name for symbol in step.added())
    gone, new = _by_path(step.missing()), _by_path(step.added())

    def score(one: VersionedSymbol, other: VersionedSymbol) -> float:
        found = step.alike(one, other)
        if one.path == other.path or step.size(one, other) < MIDDLE or found < 0.75 or one.kind in CONTAINERS:
            return 0.0
        rivals = [step.alike(one, each) for each in new.get(one.path, ())[:MOST_RIVALS]]
        rivals += [step.alike(each, other) for each in gone.get(other.path, ())[:MOST_RIVALS]]
        return found if found > max(rivals, default=0.0) else 0.0

    step.pair_best(lambda symbol: symbol.name if symbol.name in once else None, score, "the only one of its name", 0.8)


def _by_path(symbols: Iterable[VersionedSymbol]) -> Mapping[str, list[VersionedSymbol]]:
    found: dict[str, list[VersionedSymbol]] = {}
    for symbol in symbols:
        found.setdefault(symbol.path, []).append(symbol)
    return found


def _same_file(step: Step) -> None:
    step.pair_best(lambda symbol: symbol.path, _InFile(step, 0.62).score, "same file, alike", 0.85)


def _renamed_files(step: Step) -> None:
    """What is in a file that was renamed, by name first."""
    went = renamed_paths(step)
    back = {new: old for old, new in went.items()}

    def file(symbol: VersionedSymbol) -> Hashable:
        return symbol.path if symbol.path in went else back.get(symbol.path)

    def named(symbol: VersionedSymbol) -> Hashable:
        return (file(symbol), symbol.name, group_of(symbol)) if file(symbol) else None

    if went:
        evidence = "its file was renamed"
        parameters: Key = lambda symbol: named(symbol) and (named(symbol), step.parameters(symbol))  # noqa: E731 - typed so
        step.pair_equal(parameters, f"{evidence}, same name and parameters", 0.85, once=True)
        step.pair_best(named, partial(_body_at_least, step, 0.5), f"{evidence}, same name, alike", 0.85)
        step.pair_equal(named, f"{evidence}, same name", 0.75, once=True)
        step.pair_best(file, _InFile(step, 0.55).score, f"{evidence}, alike", 0.75)


def _body_at_least(step: Step, least: float, one: VersionedSymbol, other: VersionedSymbol) -> float:
    enough = step.size(one, other) < SHORT + 2 or step.bodies_alike(one, other) >= least
    return step.alike(one, other) if enough else 0.0


def _followed(step: Step) -> None:
    """Members follow their containers, and containers their members; twice, for what is nested."""
    for _ in range(2 if step.strayed else 0):
        members_that_went(step)
        containers_that_went(step)
    if step.strayed:
        members_taken_in(step)


def _same_name_elsewhere(step: Step) -> None:
    names = Counter(symbol.name for symbol in step.missing()), Counter(symbol.name for symbol in step.added())

    def score(one: VersionedSymbol, other: VersionedSymbol) -> float:
        found, body, size = step.alike(one, other), step.bodies_alike(one, other), step.size(one, other)
        if one.kind in CONTAINERS:
            enough = body >= 0.5
        elif step.parameters(one) == step.parameters(other):
            enough = body >= 0.5 and (_base(one.path) == _base(other.path) or size >= SHORT + 2)
        else:
            once = names[0][one.name] == 1 == names[1][one.name]
            enough = (once and size >= MIDDLE and body >= 0.6) or found >= _need(size)
        return found if enough else 0.0

    step.pair_best(lambda symbol: symbol.name, score, "same name elsewhere, alike", 0.75)


def _need(size: int) -> float:
    """Likeness asked of a symbol in another place, by the words of its body."""
    return 0.75 if size >= MIDDLE else 0.9 if size >= SHORT else 0.97 if size >= TINY else 2.0


def _base(path: str) -> str:
    return path.rpartition("/")[2]


def _left_over(step: Step) -> None:
    """Names in their places that nothing else could use, then whatever is alike anywhere."""
    named = "no better match: same path and name"
    step.pair_equal(lambda symbol: (place(symbol), group_of(symbol)), named, 0.7, once=True)
    step.pair_best(place, lambda one, other: step.alike(one, other) + 0.01, named, 0.65)
    step.pair_equal(lambda symbol: (symbol.path, symbol.name, group_of(symbol)), "same file and name", 0.7, once=True)
    in_file: Key = lambda symbol: (symbol.path, symbol.name)  # noqa: E731 - typed so
    step.pair_best(in_file, partial(step.alike_at_least, 0.6), "same file and name, alike", 0.7)

    def anywhere(one: VersionedSymbol, other: VersionedSymbol) -> float:
        size = step.size(one, other)
        if size < SHORT + 2 or one.kind in CONTAINERS:
            return 0.0
        return step.alike_at_least(0.8 if size >= LONG else 0.93, one, other)

    step.pair_best(lambda _: "", anywhere, "alike elsewhere", 0.7)
