"""Where what is new came from, and where what is gone went, when neither is the continuation of anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from codevault.analysis.kinds import CALLABLES, CONTAINERS, ChangeKind, VersionedSymbol
from codevault.analysis.lineage_shapes import shared, tokens_below_header
from codevault.analysis.lineage_step import Step, container_place, order, place

MIN_TOKENS_COPIED: Final = 10
"""Smaller symbols are no copies of one another for having equal tokens."""

MIN_TOKENS_REWORDED: Final = 20
"""The same for equal bodies, or tokens that are equal but for names."""

MIN_WORDS: Final = 3
TAKEN: Final = 0.5
"""Words of a body, marks left out, from which on it is looked for in the function that calls it; the share found."""

MIN_WORDS_OF_PART: Final = 12
"""Words of a body from which on it may be a part of another."""

PART: Final = 0.6
"""Share of a body that has to be found in another; of one that was split or merged, what its parts have to make up."""

OF_PART: Final = 0.7
LARGEST_PART: Final = 0.8
"""Of a part: the share of it that is found in the whole, and its most words, in words of the whole."""

_HOLDERS: Final = 12  # symbols that a rare word may be in
_RARE: Final = 12  # words of a body that lead to others

Where = tuple[int, int]
"""Side (0 before, 1 after) and index of a symbol of a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What an unpaired symbol has to do with others."""

    kind: ChangeKind
    symbols: tuple[VersionedSymbol, ...]
    evidence: str
    confidence: float


def origins(step: Step) -> Mapping[Where, Origin]:
    """For symbols without a pair what they came from or went into, where that shows; the surest kind of each."""
    found: dict[Where, Origin] = {}
    for kind in (_copies, _calls, _containers, _parts):
        for where, origin in kind(step):
            found.setdefault(where, origin)
    return found


def _copies(step: Step) -> Iterator[tuple[Where, Origin]]:
    """New symbols with the tokens of one that stays, or its body, or its tokens but for names."""
    if not step.new:
        return
    added = [*step.added()]
    wanted = {digest for symbol in added for digest in (symbol.exact, symbol.body, symbol.renamed) if digest}
    staying = sorted((*step.unchanged.alike(wanted), *step.couples()), key=lambda couple: order(couple[1]))
    keys = (
        (_exact, "same tokens as a symbol that stays", 0.95),
        (_body, "same tokens of the body as a symbol that stays", 0.9),
        (_renamed, "same tokens except names and literals as a symbol that stays", 0.7),
    )
    for key, evidence, confidence in keys:
        known: dict[str, VersionedSymbol] = {}
        for symbol, _ in staying:
            known.setdefault(key(symbol), symbol)
        for new in sorted(step.new):
            value = key(step.after[new])
            if value and value in known:
                origin = Origin(
                    kind=ChangeKind.COPIED, symbols=(known[value],), evidence=evidence, confidence=confidence
                )
                yield (1, new), origin


def _exact(symbol: VersionedSymbol) -> str:
    return symbol.exact if symbol.tokens >= MIN_TOKENS_COPIED else ""


def _body(symbol: VersionedSymbol) -> str:
    return symbol.body if tokens_below_header(symbol) >= MIN_TOKENS_COPIED else ""


def _renamed(symbol: VersionedSymbol) -> str:
    return symbol.renamed if symbol.tokens >= 2 * MIN_TOKENS_REWORDED and symbol.kind in CALLABLES else ""


def _calls(step: Step) -> Iterator[tuple[Where, Origin]]:
    """Extracted: its body is what another lost that names it now. Inlined: the same backwards."""
    pairs = [(step.before[pair.before], step.after[new]) for new, pair in sorted(step.pairs.items())]
    changed = [(one, other) for one, other in pairs if one.exact != other.exact and one.kind not in CONTAINERS]
    if not changed:
        return
    backwards = [(other, one) for one, other in changed]
    loose = _callables(step.after, step.new), _callables(step.before, step.gone)
    words = "its body is what another symbol lost, which names it now"
    for new, donors in _taken_out(step, loose[0], changed):
        symbols = tuple(one for one, _ in donors)
        yield (1, new), Origin(kind=ChangeKind.EXTRACTED, symbols=symbols, evidence=words, confidence=0.85)
    words = "its body is what another symbol gained, which names it no more"
    for old, takers in _taken_out(step, loose[1], backwards):
        symbols = tuple(one for one, _ in takers)
        yield (0, old), Origin(kind=ChangeKind.INLINED, symbols=symbols, evidence=words, confidence=0.8)


def _callables(symbols: Iterable[VersionedSymbol], loose: Iterable[int]) -> Mapping[int, VersionedSymbol]:
    listed = list(symbols)
    return {index: listed[index] for index in sorted(loose) if listed[index].kind in CALLABLES}


Pair = tuple[VersionedSymbol, VersionedSymbol]


def _taken_out(
    step: Step, loose: Mapping[int, VersionedSymbol], changed: Iterable[Pair]
) -> Iterator[tuple[int, list[Pair]]]:
    """For each loose symbol the pairs that lost its body and gained its name, the one that lost most of it first."""
    names = {symbol.name for symbol in loose.values()}
    by_name: dict[str, list[tuple[Pair, Mapping[str, int]]]] = defaultdict(list)
    for one, other in changed if names else ():
        bag, its = _without_marks(step, one), _without_marks(step, other)
        lost = {word: count - its.get(word, 0) for word, count in bag.items() if count > its.get(word, 0)}
        for word in its:
            if word in names and its[word] > bag.get(word, 0):
                by_name[word].append(((one, other), lost))
    for index, symbol in loose.items():
        body = _without_marks(step, symbol)
        size = sum(body.values())
        if size < MIN_WORDS or not step.shapes.of(symbol).known:
            continue
        shares = [(shared(body, lost) / size, pair) for pair, lost in by_name[symbol.name]]
        donors = sorted(
            ((share, pair) for share, pair in shares if share >= TAKEN), key=lambda each: (-each[0], place(each[1][0]))
        )
        if donors:
            yield index, [pair for _, pair in donors]


def _without_marks(step: Step, symbol: VersionedSymbol) -> Mapping[str, int]:
    """Names and literals: the call that stands for what was taken out has as many brackets as what is gone."""
    return {word: count for word, count in step.shapes.of(symbol).bag.items() if len(word) > 1 or word.isalnum()}


def _containers(step: Step) -> Iterator[tuple[Where, Origin]]:
    """A new container most of whose members another one gave away; a lost one most of whose members another took."""
    if not any(symbol.kind in CONTAINERS for symbol in (*step.missing(), *step.added())):
        return
    couples = [*step.couples()]
    given = _most_members(step, [(other, one) for one, other in couples])
    taken = _most_members(step, couples)
    before = {place(symbol): symbol for symbol in step.before if symbol.kind in CONTAINERS}
    after = {place(symbol): symbol for symbol in step.after if symbol.kind in CONTAINERS}
    for new in sorted(step.new):
        source = before.get(given.get(place(step.after[new]), ("", "")))
        if source is not None:
            words = "most of its members come from another container"
            yield (1, new), Origin(kind=ChangeKind.SPLIT, symbols=(source,), evidence=words, confidence=0.75)
    for old in sorted(step.gone):
        target = after.get(taken.get(place(step.before[old]), ("", "")))
        if target is not None:
            words = "most of its members are in another container"
            yield (0, old), Origin(kind=ChangeKind.MERGED, symbols=(target,), evidence=words, confidence=0.75)


def _most_members(step: Step, couples: Iterable[Pair]) -> Mapping[tuple[str, str], tuple[str, str]]:
    """The container of the other side that holds more than half, and at least two, of each container's members."""
    votes: dict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)
    for one, other in couples:
        around, its = container_place(one), container_place(other)
        if around is not None:
            votes[around][its or ("", "")] += 1
    for around, counts in votes.items():
        counts[around] += step.unchanged.members(around)
    best = {around: counts.most_common(1)[0] for around, counts in votes.items()}
    return {around: its for around, (its, count) in best.items() if count > 1 and 2 * count > votes[around].total()}


def _parts(step: Step) -> Iterator[tuple[Where, Origin]]:
    """One that is gone whose body several new ones make up: split. One that is new, made of several gone: merged."""
    gone, new = _large(step, step.before, step.gone), _large(step, step.after, step.new)
    if not gone or not new:
        return
    for kind, whole_side, wholes, parts in ((ChangeKind.SPLIT, 0, gone, new), (ChangeKind.MERGED, 1, new, gone)):
        words = "one became several" if kind is ChangeKind.SPLIT else "several became one"
        for whole, symbol, pieces in _made_of(step, wholes, parts):
            members = tuple(parts[piece] for piece in pieces)
            yield (whole_side, whole), Origin(kind=kind, symbols=members, evidence=words, confidence=0.7)
            for piece in pieces:
                yield (1 - whole_side, piece), Origin(kind=kind, symbols=(symbol,), evidence=words, confidence=0.7)


def _large(step: Step, symbols: Iterable[VersionedSymbol], loose: Iterable[int]) -> Mapping[int, VersionedSymbol]:
    found = _callables(symbols, loose)
    return {index: symbol for index, symbol in found.items() if step.shapes.of(symbol).size >= MIN_WORDS_OF_PART}


def _made_of(
    step: Step, wholes: Mapping[int, VersionedSymbol], parts: Mapping[int, VersionedSymbol]
) -> Iterator[tuple[int, VersionedSymbol, list[int]]]:
    """Symbols of which two or more others are parts that make up most of it."""
    holders: dict[str, list[int]] = defaultdict(list)
    for index, symbol in wholes.items():
        for word in step.shapes.of(symbol).bag:
            holders[word].append(index)
    pieces: dict[int, list[int]] = defaultdict(list)
    for index, symbol in parts.items():
        shape = step.shapes.of(symbol)
        rare = sorted((word for word in shape.bag if word in holders), key=lambda word: (len(holders[word]), word))
        near = Counter(whole for word in rare[:_RARE] for whole in holders[word][:_HOLDERS])
        for whole, _ in near.most_common(1):
            body = step.shapes.of(wholes[whole])
            if shape.size <= LARGEST_PART * body.size and shared(shape.bag, body.bag) >= OF_PART * shape.size:
                pieces[whole].append(index)
    for whole, found in sorted(pieces.items()):
        body = step.shapes.of(wholes[whole])
        together = sum((Counter(step.shapes.of(parts[piece]).bag) for piece in found), Counter[str]())
        if len(found) > 1 and shared(together, body.bag) >= max(PART * body.size, OF_PART * together.total()):
            yield whole, wholes[whole], sorted(found)
