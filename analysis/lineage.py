"""What became of each symbol in one step from one version of some files to the next.

A step is matched as a whole: one assignment, one to one, of all symbols of the changed files before to all after, made
in order of evidence (lineage_stages.py), so that a strong match is never lost to a weak one. What has no pair is looked
at again: a copy, an extracted function, one that was split, merged or put into its caller is told as such and never as
the continuation of another. LINEAGE.md tells the rules and where they come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from codevault.analysis.kinds import CONTAINERS, ChangeKind, VersionedSymbol
from codevault.analysis.lineage_kinds import kinds_between
from codevault.analysis.lineage_moves import renamed_paths, where_containers_went
from codevault.analysis.lineage_origins import Origin, origins
from codevault.analysis.lineage_shapes import Shapes, Texts
from codevault.analysis.lineage_stages import SAME_PLACE, assign
from codevault.analysis.lineage_step import Couple, Step, Unchanged, order

__all__ = ["CONTAINERS", "Change", "ChangeKind", "StepMatch", "VersionedSymbol", "match", "match_merge", "match_step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One symbol's step. `before` None: it was not there; `after` None: it is gone. `confidence` is 0 to 1.

    `origins` are the symbols that an introduced one was made from (copied, extracted, split, merged), or that took in
    one that is gone (inlined, split, merged).
    """

    before: VersionedSymbol | None
    after: VersionedSymbol | None
    kinds: tuple[ChangeKind, ...]
    evidence: str
    confidence: float
    origins: tuple[VersionedSymbol, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepMatch:
    """A whole step. `continued` holds every pair, also those without a kind; `limit` says what was not compared."""

    continued: tuple[Change, ...]
    introduced: tuple[Change, ...]
    removed: tuple[Change, ...]
    limit: str = ""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What changed: pairs that differ, then what is new, then what is gone, each in order of path and line."""
        return (*(change for change in self.continued if change.kinds), *self.introduced, *self.removed)


def no_text(_: str) -> bytes:
    """`Texts` where none are to be had: symbols are told apart by fingerprints and signatures alone."""
    return b""


def match(
    before: Sequence[VersionedSymbol],
    after: Sequence[VersionedSymbol],
    texts: Texts = no_text,
    kept: Collection[str] = (),
) -> tuple[Change, ...]:
    """What changed between two versions of the changed files, unchanged symbols left out; else as `match_step`."""
    return match_step(before, after, texts, kept).changes


def match_step(
    before: Sequence[VersionedSymbol],
    after: Sequence[VersionedSymbol],
    texts: Texts = no_text,
    kept: Collection[str] = (),
) -> StepMatch:
    """Every symbol's step, whatever the order in which symbols are given.

    `kept` are paths that exist before and after: needed only for files without symbols on one side.
    `texts` is asked only for symbols that changed, came or went. Time is linear in the number of symbols but for
    sorting; texts are compared at most `lineage_step.MOST_COMPARED` times, and `limit` says so when that is reached.
    """
    stayed = Stayed(before, after)
    both = {symbol.path for symbol in before} & {symbol.path for symbol in after}
    changed = match_changed(*stayed.others, texts, both.union(kept), stayed)
    unchanged = (_unchanged(one, other) for one, other in stayed.couples())
    together = sorted((*unchanged, *changed.continued), key=_after)
    return replace(changed, continued=tuple(together))


def _unchanged(one: VersionedSymbol, other: VersionedSymbol) -> Change:
    return Change(before=one, after=other, kinds=(), evidence=SAME_PLACE, confidence=1.0)


def _after(change: Change) -> tuple[object, ...]:
    return () if change.after is None else order(change.after)


class Stayed:
    """Symbols of a step with the same tokens and the same text in the same place, and `others`, before and after."""

    def __init__(self, before: Sequence[VersionedSymbol], after: Sequence[VersionedSymbol]) -> None:
        waiting: dict[tuple[str, str, str, str], list[VersionedSymbol]] = {}
        for symbol in sorted(before, key=order, reverse=True):
            waiting.setdefault(_identity(symbol), []).append(symbol)
        self._couples: list[Couple] = []
        new = []
        for symbol in sorted(after, key=order):
            olds = waiting.get(_identity(symbol))
            if olds:
                self._couples.append((olds.pop(), symbol))
            else:
                new.append(symbol)
        self.others = [symbol for olds in waiting.values() for symbol in olds], new
        self._counts = Counter((one.path, one.qualified_name) for one, _ in self._couples)
        self._members = Counter((one.path, one.container) for one, _ in self._couples)

    def count(self, place: tuple[str, str]) -> int:
        """How many have this path and qualified name."""
        return self._counts[place]

    def members(self, container: tuple[str, str]) -> int:
        """How many are in the container of this path and qualified name."""
        return self._members[container]

    def couples(self) -> Sequence[Couple]:
        """All of them, in order of their places after."""
        return self._couples

    def alike(self, digests: AbstractSet[str]) -> Sequence[Couple]:
        """Those that have one of these as `exact`, `renamed` or `body`."""
        return [couple for couple in self._couples if digests & {couple[0].exact, couple[0].renamed, couple[0].body}]


def _identity(symbol: VersionedSymbol) -> tuple[str, str, str, str]:
    return symbol.path, symbol.qualified_name, symbol.exact, symbol.text


def match_changed(
    before: Sequence[VersionedSymbol],
    after: Sequence[VersionedSymbol],
    texts: Texts | Shapes,
    kept: Collection[str],
    unchanged: Unchanged,
) -> StepMatch:
    """The same for who knows already which symbols did not change: `continued` lacks them.

    `kept` has to hold every path that exists before and after.
    """
    step = Step(before, after, texts, kept, unchanged)
    assign(step)
    went, renamed = where_containers_went(step), renamed_paths(step)
    continued = []
    for new in sorted(step.pairs):
        pair = step.pairs[new]
        earlier, later = step.before[pair.before], step.after[new]
        continued.append(
            Change(
                before=earlier,
                after=later,
                kinds=kinds_between(earlier, later, step.shapes, went, renamed),
                evidence=pair.evidence,
                confidence=pair.confidence,
            )
        )
    found = origins(step)
    return StepMatch(
        continued=tuple(continued),
        introduced=tuple(_introduced(step.after[new], found.get((1, new))) for new in sorted(step.new)),
        removed=tuple(_removed(step.before[old], found.get((0, old))) for old in sorted(step.gone)),
        limit=step.limit,
    )


def _introduced(symbol: VersionedSymbol, origin: Origin | None) -> Change:
    kinds = (ChangeKind.INTRODUCED,) if origin is None else (ChangeKind.INTRODUCED, origin.kind)
    return Change(
        before=None,
        after=symbol,
        kinds=kinds,
        evidence=origin.evidence if origin else "nothing like it was in the changed files",
        confidence=origin.confidence if origin else 0.9,
        origins=origin.symbols if origin else (),
    )


def _removed(symbol: VersionedSymbol, origin: Origin | None) -> Change:
    kinds = (ChangeKind.REMOVED,) if origin is None else (ChangeKind.REMOVED, origin.kind)
    return Change(
        before=symbol,
        after=None,
        kinds=kinds,
        evidence=origin.evidence if origin else "nothing like it is left in the changed files",
        confidence=origin.confidence if origin else 0.9,
        origins=origin.symbols if origin else (),
    )


def match_merge(
    parents: Sequence[tuple[Sequence[VersionedSymbol], Sequence[VersionedSymbol]]], texts: Texts = no_text
) -> tuple[Change, ...]:
    """What a version with several parents changed; of each, the symbols before and after of the files that differ.

    A symbol that is equal to its own in any one parent did not change; one that no parent has was introduced; else the
    parent speaks to which it is nearest. What is gone is gone only if every parent had it.
    """
    steps = [match_step(before, after, texts) for before, after in parents]
    if len(steps) == 1:
        return steps[0].changes
    came: dict[VersionedSymbol, list[Change]] = {}
    left: dict[VersionedSymbol, list[Change]] = {}
    for step in steps:
        for change in (*step.continued, *step.introduced):
            if change.after is not None:
                came.setdefault(change.after, []).append(change)
        for change in step.removed:
            if change.before is not None:
                left.setdefault(replace(change.before, start_line=0), []).append(change)
    everywhere = [changes for changes in came.values() if len(changes) == len(steps)]
    nearest = [min(changes, key=lambda change: (change.before is None, len(change.kinds))) for changes in everywhere]
    removed = [changes[0] for changes in left.values() if len(changes) == len(steps)]
    return (*(change for change in nearest if change.kinds), *removed)
