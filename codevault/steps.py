"""What one version of a project did to its symbols, against every version that it came from, as links.

Only paths that differ from all of those versions count: what a merge, or a commit that took uncommitted work in, has as
one of them has it, goes on from there. Where several are left, each symbol goes on from the one to which it is nearest.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from codevault.analysis.kinds import VersionedSymbol
from codevault.analysis.lineage import Change, ChangeKind, StepMatch, match_step
from codevault.analysis.versioned import Outline, versioned
from codevault.errors import CodeVaultError
from codevault.filesymbols import Contents, as_symbol
from codevault.ids import BlobId
from codevault.index.lineage_model import Link, PathStep, Spot, SymbolKey
from codevault.index.lineage_reading import ProjectLineage
from codevault.index.model import SymbolVersion

MOST_FILES = 2_000
"""Files of one step that are matched as a whole; of a larger one each is matched alone, and events say so."""

MOST_HELD = 600
"""Files whose symbols are remembered from one step to the next."""


class Held(NamedTuple):
    """A content in a path."""

    content: int
    blob: BlobId
    path: str


@dataclass(frozen=True, slots=True)
class Side:
    """The symbols of one path in one version."""

    version: int
    held: Held | None
    symbols: tuple[VersionedSymbol, ...] = ()
    spots: tuple[Spot, ...] = ()


class StepMaker:
    """Matches versions of one project; remembers symbols of files that it met lately."""

    def __init__(self, lineage: ProjectLineage, contents: Contents) -> None:
        self._lineage = lineage
        self._contents = contents
        self._found: OrderedDict[int, tuple[SymbolVersion, ...]] = OrderedDict()
        self._files: OrderedDict[tuple[int, str], tuple[VersionedSymbol, ...]] = OrderedDict()
        self._texts: dict[str, tuple[Held, int]] = {}
        self._read: dict[BlobId, bytes] = {}

    def found(self, content: int) -> tuple[SymbolVersion, ...]:
        """The symbols of a content as the index has them."""
        if content not in self._found:
            self._found[content] = self._lineage.symbols(content)
            if len(self._found) > MOST_HELD:
                self._found.popitem(last=False)
        self._found.move_to_end(content)
        return self._found[content]

    def contents(self, number: int) -> frozenset[int]:
        """The contents that `step` would compare."""
        differing = self._differing(number, self._lineage.parents(number))
        return frozenset(held.content for sides in differing.values() for held in sides if held is not None)

    def step(self, number: int) -> dict[str, PathStep]:
        """What a version did, by path; paths in which nothing happened are left out, and so is all of a beginning."""
        parents = self._lineage.parents(number)
        changed = self._differing(number, parents) if parents else {}
        self._texts.clear()
        self._read.clear()
        if len(changed) <= MOST_FILES:
            return self._matched(number, parents, changed, "") if changed else {}
        limit = f"{len(changed)} files changed at once: only this one was searched for it"
        steps: dict[str, PathStep] = {}
        for path, held in changed.items():
            steps.update(self._matched(number, parents, {path: held}, limit))
        return steps

    def _differing(self, number: int, parents: Sequence[int]) -> dict[str, tuple[Held | None, ...]]:
        """By path what the version holds and what each of the versions before it did, where it is like none."""
        found = {}
        for path in self._lineage.changed(number):
            life = self._lineage.life(path)
            sides = tuple(
                None if run is None else Held(run.content, run.blob, path) for run in map(life.held, (number, *parents))
            )
            if sides[0] not in sides[1:]:
                found[path] = sides
        return found

    def _matched(
        self, number: int, parents: Sequence[int], paths: Mapping[str, tuple[Held | None, ...]], limit: str
    ) -> dict[str, PathStep]:
        after = {path: self._side(number, path, held[0]) for path, held in paths.items()}
        sides = []
        for at, parent in enumerate(parents, 1):
            before = {path: self._side(parent, path, held[at]) for path, held in paths.items()}
            if at == 1 or any(side.held for side in before.values()):
                sides.append(before)
        matches = [self._match(before, after, paths) for before in sides]
        return _by_path(after, sides, _links(sides, after, matches, limit))

    def _match(self, before: Mapping[str, Side], after: Mapping[str, Side], paths: Iterable[str]) -> StepMatch:
        old = [symbol for side in before.values() for symbol in side.symbols]
        new = [symbol for side in after.values() for symbol in side.symbols]
        kept = [path for path in paths if before[path].held is not None and after[path].held is not None]
        return match_step(old, new, self._text, kept)

    def _side(self, version: int, path: str, held: Held | None) -> Side:
        if held is None:
            return Side(version, None)
        symbols = self._symbols(held)
        counts: Counter[str] = Counter()
        spots = []
        for position, symbol in enumerate(symbols):
            name = symbol.qualified_name
            spots.append(Spot(version, path, name, counts[name], position))
            counts[name] += 1
        self._texts.update((each.text, (held, at)) for at, each in enumerate(symbols) if each.text)
        return Side(version, held, symbols, tuple(spots))

    def _symbols(self, held: Held) -> tuple[VersionedSymbol, ...]:
        key = held.content, held.path
        if key not in self._files:
            found = self.found(held.content)
            language = found[0].language if found else ""
            self._files[key] = versioned(held.path, language, [*map(as_symbol, found)], [each.unit for each in found])
            if len(self._files) > MOST_HELD:
                self._files.popitem(last=False)
        self._files.move_to_end(key)
        return self._files[key]

    def _text(self, name: str) -> bytes:
        held, position = self._texts[name]
        if held.blob not in self._read:
            try:
                self._read[held.blob] = self._contents(held.blob)
            except CodeVaultError:  # damaged or gone: fingerprints and signatures have to do
                self._read[held.blob] = b""
        found = self.found(held.content)
        return Outline([*map(as_symbol, found)]).text(self._read[held.blob], found[0].language, position)


def _links(
    sides: Sequence[Mapping[str, Side]], after: Mapping[str, Side], matches: Sequence[StepMatch], limit: str
) -> list[Link]:
    """Of several versions before, for each symbol the nearest speaks; what is gone is gone from all that had it."""
    new = _spots_of(after)
    found: dict[Spot, Link] = {}
    lost: dict[SymbolKey, list[Link]] = {}
    for before, matched in zip(sides, matches, strict=True):
        old = _spots_of(before)
        for change in (*matched.continued, *matched.introduced):
            link = _link(change, old, new, old, limit or matched.limit)
            if link.after is not None:
                known = found.get(link.after)
                if known is None or _rank(link) < _rank(known):
                    found[link.after] = link
        for change in matched.removed:
            link = _link(change, old, new, new, limit or matched.limit)
            if link.before is not None:
                lost.setdefault(link.before.key, []).append(link)
    had = Counter(spot.key for before in sides for side in before.values() for spot in side.spots)
    return [*found.values(), *(links[0] for key, links in lost.items() if len(links) == had[key])]


def _rank(link: Link) -> tuple[bool, int]:
    return link.before is None, len(link.kinds)


Spots = Mapping[int, Spot]
"""Spots by the identity of their symbols: lineage gives back what it was given."""


def _spots_of(sides: Mapping[str, Side]) -> Spots:
    return {id(symbol): spot for side in sides.values() for symbol, spot in zip(side.symbols, side.spots, strict=True)}


def _link(change: Change, old: Spots, new: Spots, others: Spots, limit: str) -> Link:
    return Link(
        kinds=tuple(kind for kind in _KINDS if kind in change.kinds),
        before=None if change.before is None else old[id(change.before)],
        after=None if change.after is None else new[id(change.after)],
        evidence=limit if change.evidence in _NOTHING else change.evidence,
        confidence=change.confidence,
        origins=tuple(others[id(symbol)] for symbol in change.origins if id(symbol) in others),
    )


def _by_path(
    after: Mapping[str, Side], sides: Sequence[Mapping[str, Side]], links: Iterable[Link]
) -> dict[str, PathStep]:
    """Links where they are looked for: in the path after, and in the one before where that is another."""
    bases = {
        path: next((before[path].version for before in sides if before[path].held is not None), 0) for path in after
    }
    told: dict[str, list[Link]] = {path: [] for path in bases}
    for link in links:
        if not _is_plain(link, bases):
            for path in dict.fromkeys(spot.path for spot in (link.after, link.before) if spot is not None):
                told[path].append(link)
    steps = {}
    for path, base in bases.items():
        came, went = not base, after[path].held is None
        kept = tuple(sorted(_worth_keeping(told[path], came=came, went=went), key=_place))
        symbols = after[path].symbols if came else any(before[path].symbols for before in sides)
        if kept or ((came or went) and symbols):
            steps[path] = PathStep(base, came, went, kept)
    return steps


def _is_plain(link: Link, bases: Mapping[str, int]) -> bool:
    """True for what goes on as it was, from where it is looked for."""
    if link.kinds or link.before is None or link.after is None:
        return False
    return link.before.key == link.after.key and link.before.version == bases[link.before.path]


def _worth_keeping(links: Iterable[Link], *, came: bool, went: bool) -> Iterator[Link]:
    for link in links:
        told = (came and link.kinds == NEW) or (went and link.kinds == GONE)
        if not told or link.evidence or link.origins:
            yield link


NEW = (str(ChangeKind.INTRODUCED),)
GONE = (str(ChangeKind.REMOVED),)
UNFOUND = 0.9
"""How sure it is that a symbol is new, or gone, of which no link says more."""

_KINDS = tuple(map(str, ChangeKind))
"""In this order links name them, written or not."""

_NOTHING = frozenset({"nothing like it was in the changed files", "nothing like it is left in the changed files"})
"""What lineage says of such; links leave it out."""


def _place(link: Link) -> tuple[bool, str, int, str, int]:
    spot = link.after or link.before
    if spot is None:
        raise AssertionError("a link has a symbol before or after it")
    return link.after is None, spot.path, spot.position, spot.qualified_name, spot.ordinal
