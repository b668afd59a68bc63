"""What each version did to symbols, and which symbol is which from version to version: one pass over whole projects.

Of each version only what it changed itself is compared. Symbols go on under the same path and qualified name; what has
no such twin is paired by equal tokens (moved), an equal body (renamed), tokens equal but for names, and at last by the
same name alone, where it is the only one that went and came. That is less than `vault.history()` sees, which compares
texts, and takes a hundredth of the time; what it misses counts as removed and introduced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codevault.analysis.kinds import CALLABLES, CONTAINERS
from codevault.analysis.model import SymbolKind
from codevault.index.model import Seen
from codevault.index.survey import Survey, SymbolFacts, VersionStep

CODE = frozenset(map(str, CALLABLES | CONTAINERS))
"""Kinds of symbols that reports count as pieces of work."""

TOLD = CODE | {str(SymbolKind.CONSTANT), str(SymbolKind.TYPE), str(SymbolKind.TABLE)}
"""Kinds that the evolution of a project tells of; headings and keys of settings are left out."""

_SMALL = frozenset({str(SymbolKind.CONSTANT), str(SymbolKind.TYPE)})
_HOLDERS = frozenset(map(str, CONTAINERS))
_LEAST = {"exact": 8, "body": 12, "renamed": 30}
"""Tokens from which on such a digest makes one symbol the other."""

_MOST_HELD = 2_000


class Spot(NamedTuple):
    """A symbol in one version: its file and what it is there."""

    path: int
    content: int
    line: int
    facts: SymbolFacts


class SymbolStep(NamedTuple):
    """What a version did to one symbol."""

    kinds: tuple[str, ...]
    before: Spot | None
    after: Spot | None

    @property
    def now(self) -> Spot:
        """Where it is, or was last."""
        found = self.after or self.before
        if found is None:
            raise AssertionError("a step has a symbol before or after it")
        return found


@dataclass(slots=True, eq=False)
class Thread:
    """One symbol's life: where it is now, or was last, and when it came and went (None: it lives)."""

    number: int
    spot: Spot
    born: Seen
    from_the_start: bool
    died: Seen | None = None


class Followed(NamedTuple):
    """A version, and what it did to which symbols."""

    step: VersionStep
    symbols: tuple[tuple[Thread, SymbolStep], ...]


class Follower:
    """Follows the symbols of one project; `threads` are all that there ever were, in the order in which they came."""

    def __init__(self, survey: Survey, kinds: frozenset[str] = CODE) -> None:
        self._survey = survey
        self._kinds = kinds
        self._now: dict[tuple[int, str, int], Thread] = {}
        self._held: dict[tuple[int, int], dict[tuple[int, str, int], Spot]] = {}
        self.threads: list[Thread] = []

    def follow(self, steps: Sequence[VersionStep]) -> Iterator[Followed]:
        """Each version with its symbols, in order."""
        survey = self._survey
        contents = {content for step in steps for change in step.changes for content in change[1:]}
        placed = survey.symbols(contents)
        survey.facts({number for symbols in placed.values() for number, _ in symbols})
        for step in steps:
            found = tuple(self._told(step, symbol) for symbol in self.changes(step))
            yield Followed(step, found)

    def changes(self, step: VersionStep) -> list[SymbolStep]:
        """What a version did to the symbols of the paths it changed, by path and name."""
        old: dict[tuple[int, str, int], Spot] = {}
        new: dict[tuple[int, str, int], Spot] = {}
        for change in step.changes:
            here, there = self._spots(change.path, change.before), self._spots(change.path, change.after)
            old.update(here)
            new.update(there)
        found = []
        for key in [key for key in old if key in new]:
            before, after = old.pop(key), new.pop(key)
            kinds = _between(before, after)
            if kinds:
                found.append(SymbolStep(kinds, before, after))
        found += _paired(old, new)
        found += [SymbolStep(("removed",), spot, None) for spot in old.values()]
        found += [SymbolStep(("introduced",), None, spot) for spot in new.values()]
        path = self._survey.path
        return sorted(found, key=lambda each: (path(each.now.path), each.now.facts.qualified_name, each.now.line))

    def spots(self, path: int, content: int) -> Iterable[Spot]:
        """The symbols of a file."""
        return self._spots(path, content).values()

    def thread_at(self, spot: Spot) -> Thread | None:
        """Which symbol goes by the name that a symbol has where it is."""
        return self._now.get(_key(spot))

    def _spots(self, path: int, content: int) -> dict[tuple[int, str, int], Spot]:
        """The symbols of a file by name; of several of one name each has its place among them."""
        if not content:
            return {}
        known = self._held.get((path, content))
        if known is not None:
            return known
        placed = self._survey.symbols([content])[content]
        facts = self._survey.facts(number for number, _ in placed)
        found: dict[tuple[int, str, int], Spot] = {}
        counts: dict[str, int] = defaultdict(int)
        for number, line in placed:
            symbol = facts[number]
            if symbol.kind in self._kinds:
                found[path, symbol.qualified_name, counts[symbol.qualified_name]] = Spot(path, content, line, symbol)
                counts[symbol.qualified_name] += 1
        if len(self._held) >= _MOST_HELD:  # what a version left is what the next one finds: old ones can go
            self._held.clear()
        self._held[path, content] = found
        return found

    def _told(self, step: VersionStep, symbol: SymbolStep) -> tuple[Thread, SymbolStep]:
        before, after = symbol.before, symbol.after
        thread = self._now.get(_key(before)) if before is not None else self._now.get(_key(symbol.now))
        if after is None:
            thread = thread or self._begun(step, symbol)
            thread.died = step.seen
            return thread, symbol
        if thread is None:
            thread = self._begun(step, symbol)
        elif before is None and thread.died is not None:  # else another line of commits has it as well
            symbol = SymbolStep(("restored",), None, after)
        thread.died, thread.spot = None, after
        self._now[_key(after)] = thread
        return thread, symbol

    def _begun(self, step: VersionStep, symbol: SymbolStep) -> Thread:
        early = step.begins or symbol.before is not None
        thread = Thread(len(self.threads), symbol.now, step.seen, early)
        self.threads.append(thread)
        self._now[_key(symbol.now)] = thread
        return thread


def _key(spot: Spot) -> tuple[int, str, int]:
    return spot.path, spot.facts.qualified_name, 0


def _between(before: Spot, after: Spot) -> tuple[str, ...]:
    """What happened to a symbol under the same name in the same file; nothing where only others around it changed."""
    one, other = before.facts, after.facts
    if one.number == other.number or (one.kind in _SMALL and one.exact == other.exact):
        return ()
    header = ("signature",) if one.declaration != other.declaration else ()
    if one.kind in _HOLDERS and one.unit == other.unit:
        return header
    if one.exact == other.exact:
        return ("documentation",) if one.unit != other.unit else header
    changed = one.body != other.body or not header
    return (*header, *(("body",) if changed else ()))


def _paired(old: dict[tuple[int, str, int], Spot], new: dict[tuple[int, str, int], Spot]) -> Iterator[SymbolStep]:
    """Pairs that moved or were renamed, strongest evidence first; what is paired is taken out."""
    for evidence in (_by_tokens, _by_body, _by_shape, _by_name):
        if not old or not new:
            return
        olds, news = _grouped(old, evidence), _grouped(new, evidence)
        for mark, keys in news.items():
            candidates = olds.get(mark, [])
            if mark is None or not candidates or (evidence is _by_name and len(candidates) * len(keys) > 1):
                continue
            for key, twin in zip(keys, _nearest(keys, candidates), strict=False):
                before, after = old.pop(twin), new.pop(key)
                yield SymbolStep(_moved(before, after), before, after)


Mark = tuple[object, ...] | None


def _by_tokens(spot: Spot) -> Mark:
    return (spot.facts.exact,) if spot.facts.tokens >= _LEAST["exact"] else None


def _by_body(spot: Spot) -> Mark:
    facts = spot.facts
    return (facts.body, facts.kind) if facts.tokens >= _LEAST["body"] and any(facts.body) else None


def _by_shape(spot: Spot) -> Mark:
    facts = spot.facts
    return (facts.renamed, facts.kind) if facts.tokens >= _LEAST["renamed"] else None


def _by_name(spot: Spot) -> Mark:
    facts = spot.facts
    return (facts.qualified_name, facts.kind, facts.language)


def _grouped(
    spots: dict[tuple[int, str, int], Spot], mark: Callable[[Spot], Mark]
) -> dict[Mark, list[tuple[int, str, int]]]:
    found: dict[Mark, list[tuple[int, str, int]]] = defaultdict(list)
    for key, spot in spots.items():
        found[mark(spot)].append(key)
    return found


def _nearest(
    keys: Iterable[tuple[int, str, int]], candidates: Sequence[tuple[int, str, int]]
) -> Iterator[tuple[int, str, int]]:
    """For each key the candidate that is most like it in name and place, each once."""
    left = list(candidates)
    for key in keys:
        if not left:
            return
        best = max(left, key=lambda each: (each[1] == key[1], each[0] == key[0], each[2] == key[2]))
        left.remove(best)
        yield best


def _moved(before: Spot, after: Spot) -> tuple[str, ...]:
    one, other = before.facts, after.facts
    around = one.qualified_name[: -len(one.name)], other.qualified_name[: -len(other.name)]
    kinds = []
    if before.path != after.path or around[0] != around[1]:
        kinds.append("moved")
    if one.name != other.name:
        kinds.append("renamed")
    if one.exact != other.exact and one.renamed != other.renamed:
        kinds.append("body" if one.body != other.body else "signature")
    return tuple(kinds)
