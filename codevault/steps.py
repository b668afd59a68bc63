"""What one version of a project did to its symbols, against every version that it came from, as links.

Only paths that differ from all of those versions count: what a merge, or a commit that took uncommitted work in, has as
one of them has it, goes on from there. Where several are left, each symbol goes on from the one to which it is nearest.
Symbols that are the same on both sides are told by their numbers in the catalog and never looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

from codevault.analysis.kinds import VersionedSymbol
from codevault.analysis.lineage import Change, ChangeKind, StepMatch, match_changed
from codevault.analysis.lineage_shapes import Shapes
from codevault.analysis.lineage_stages import SAME_PLACE
from codevault.analysis.lineage_step import Couple, order
from codevault.filesymbols import Contents, Layout, Layouts, RecentContents
from codevault.ids import BlobId
from codevault.index.lineage_model import Link, PathStep, Spot, SymbolKey
from codevault.index.lineage_reading import ProjectLineage

MOST_FILES = 2_000
"""Files of one step that are matched as a whole; of a larger one each is matched alone, and events say so."""

MOST_SHAPES = 3_000
"""Symbols whose words are remembered from one step to the next."""


class Held(NamedTuple):
    """A content in a path."""

    content: int
    blob: BlobId
    path: str


Position = tuple[str, int]
"""Path and position of a symbol in one version."""


class _Side:
    """The changed files of a step in one version; symbols are made for those that are asked for."""

    def __init__(self, maker: StepMaker, version: int, held: Mapping[str, Held | None]) -> None:
        self.version = version
        self.held = {path: one for path, one in held.items() if one is not None}
        self.spots: dict[int, Spot] = {}
        """By the identity of symbols: lineage gives back what it was given."""
        self._maker = maker
        self._made: dict[Position, VersionedSymbol] = {}

    def layout(self, path: str) -> Layout:
        """The symbols of a file that it holds."""
        return self._maker.layouts.of(self.held[path].content)

    def prepare(self, positions: Mapping[str, Sequence[int]]) -> None:
        """Makes symbols of several files at once, which asks less often."""
        places = [(path, at) for path, rows in positions.items() for at in rows if (path, at) not in self._made]
        layouts = {path: self.layout(path) for path in positions}
        chosen = [(self.held[path], layouts[path], at) for path, at in places]
        for (path, at), symbol in zip(places, self._maker.versioned(chosen), strict=True):
            self._made[path, at] = symbol
            self.spots[id(symbol)] = self.spot(path, at)

    def symbols(self, path: str, positions: Sequence[int]) -> list[VersionedSymbol]:
        """Some symbols of a file, in that order."""
        self.prepare({path: positions})
        return [self._made[path, position] for position in positions]

    def spot(self, path: str, position: int) -> Spot:
        """Where a symbol is."""
        layout = self.layout(path)
        name = layout.facts[position].qualified_name
        return Spot(self.version, path, name, layout.ordinals.get(position, 0), position)

    def has(self, key: SymbolKey) -> bool:
        """Whether a symbol of that key is in the changed files."""
        return key.path in self.held and self.layout(key.path).position(key.qualified_name, key.ordinal) is not None


class _Same:
    """`codevault.analysis.lineage_step.Unchanged` of two sides: pairs of positions by path."""

    def __init__(self, before: _Side, after: _Side) -> None:
        self._before, self._after = before, after
        self.pairs: dict[str, list[tuple[int, int]]] = {}
        for path in before.held.keys() & after.held.keys():
            self.pairs[path] = same_symbols(before.layout(path), after.layout(path))
        self._counts: dict[str, tuple[Counter[str], Counter[str]]] = {}

    def others(self, side: _Side) -> list[VersionedSymbol]:
        """The symbols of a side that are in no pair."""
        at = 0 if side is self._before else 1
        left = {}
        for path in side.held:
            paired = {pair[at] for pair in self.pairs.get(path, ())}
            count = len(side.layout(path).numbers)
            if len(paired) < count:
                left[path] = [each for each in range(count) if each not in paired]
        side.prepare(left)
        return [symbol for path, positions in left.items() for symbol in side.symbols(path, positions)]

    def count(self, place: tuple[str, str]) -> int:
        """How many pairs have this path and qualified name."""
        return self._counted(place[0])[0][place[1]]

    def members(self, container: tuple[str, str]) -> int:
        """How many are in the container of this path and qualified name."""
        return self._counted(container[0])[1][container[1]]

    def _counted(self, path: str) -> tuple[Counter[str], Counter[str]]:
        if path not in self._counts:
            pairs = self.pairs.get(path, ())
            facts = self._before.layout(path).facts if pairs else ()
            chosen = [facts[old] for old, _ in pairs]
            self._counts[path] = Counter(one.qualified_name for one in chosen), Counter(one.container for one in chosen)
        return self._counts[path]

    def alike(self, digests: AbstractSet[str]) -> Sequence[Couple]:
        """Those that have one of these as `exact`, `renamed` or `body`."""
        wanted = {bytes.fromhex(digest) for digest in digests}
        chosen = {}
        for path, pairs in self.pairs.items() if wanted else ():
            facts = self._before.layout(path).facts
            # exact, renamed, body: a slice, for this is asked of every symbol
            named = [pair for pair in pairs if not wanted.isdisjoint(facts[pair[0]][8:11])]
            if named:
                chosen[path] = named
        return self._made(chosen)

    def _made(self, pairs: Mapping[str, Sequence[tuple[int, int]]]) -> Sequence[Couple]:
        found: list[Couple] = []
        for path, rows in pairs.items():
            olds = self._before.symbols(path, [old for old, _ in rows])
            news = self._after.symbols(path, [new for _, new in rows])
            found += zip(olds, news, strict=True)
        return sorted(found, key=lambda couple: order(couple[1]))


def same_symbols(before: Layout, after: Layout) -> list[tuple[int, int]]:
    """Pairs of positions with the same symbols, in order; without those around something that differs."""
    if before.numbers == after.numbers:
        return [(at, at) for at in range(len(before.numbers))]
    waiting: dict[int, list[int]] = {}
    for at in range(len(before.numbers) - 1, -1, -1):
        waiting.setdefault(before.numbers[at], []).append(at)
    partner: dict[int, int] = {}
    new = []
    for at, number in enumerate(after.numbers):
        olds = waiting.get(number)
        if olds:
            partner[at] = olds.pop()
        else:
            new.append(at)
    back = {old: at for at, old in partner.items()}
    changed_old = [at for at in range(len(before.numbers)) if at not in back]
    while changed_old or new:
        out = [back[at] for each in changed_old for at in before.around.get(each, ()) if at in back]
        out += [at for each in new for at in after.around.get(each, ()) if at in partner]
        new = list(dict.fromkeys(out))
        changed_old = [partner.pop(at) for at in new]
        for at in changed_old:
            del back[at]
    return [(old, at) for at, old in partner.items()]


class StepMaker:
    """Matches versions of one project; remembers symbols of files that it met lately."""

    def __init__(self, lineage: ProjectLineage, contents: Contents) -> None:
        self.layouts = Layouts(lineage)
        self._lineage = lineage
        self._read = RecentContents(contents)
        self._texts: dict[str, tuple[Held, int]] = {}
        self._shapes = Shapes(self._text)

    def contents(self, number: int) -> frozenset[int]:
        """The contents that `step` would compare."""
        differing = self._differing(number, self._lineage.parents(number))
        return frozenset(held.content for sides in differing.values() for held in sides if held is not None)

    def step(self, number: int) -> dict[str, PathStep]:
        """What a version did, by path; paths in which nothing happened are left out, and so is all of a beginning."""
        parents = self._lineage.parents(number)
        changed = self._differing(number, parents) if parents else {}
        self._texts.clear()
        self._shapes.forget(MOST_SHAPES)
        if len(changed) <= MOST_FILES:
            return self._matched(number, parents, changed, "") if changed else {}
        limit = f"{len(changed)} files changed at once: only this one was searched for it"
        steps: dict[str, PathStep] = {}
        for path, held in changed.items():
            steps.update(self._matched(number, parents, {path: held}, limit))
        return steps

    def versioned(self, chosen: Sequence[tuple[Held, Layout, int]]) -> list[VersionedSymbol]:
        """Symbols of files by position, their texts to be had until the next step."""
        if not chosen:
            return []
        signatures = self._lineage.signatures({layout.facts[at].declaration for _, layout, at in chosen})
        symbols = []
        for held, layout, at in chosen:
            symbol = layout.versioned(held.path, at, signatures[layout.facts[at].declaration])
            symbols.append(symbol)
            if symbol.text:
                self._texts[symbol.text] = held, at
        return symbols

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
        self.layouts.prepare({one.content for held in paths.values() for one in held if one is not None})
        after = _Side(self, number, {path: held[0] for path, held in paths.items()})
        matches = []
        for at, parent in enumerate(parents, 1):
            before = _Side(self, parent, {path: held[at] for path, held in paths.items()})
            if at == 1 or before.held:
                matches.append(self._match(before, after))
        sides = [match.before for match in matches]
        return _by_path(paths, after, sides, _links(matches, after, limit))

    def _match(self, before: _Side, after: _Side) -> _Match:
        same = _Same(before, after)
        old, new = same.others(before), same.others(after)
        if not old and not new:
            return _Match(before, same, StepMatch(continued=(), introduced=(), removed=()))
        return _Match(before, same, match_changed(old, new, self._shapes, same.pairs.keys(), same))

    def _text(self, name: str) -> bytes:
        held, position = self._texts[name]
        layout = self.layouts.of(held.content)
        return layout.outline.text(self._read(held.blob), layout.language, position)


@dataclass(frozen=True, slots=True)
class _Match:
    """What one version before says of a step."""

    before: _Side
    same: _Same
    changed: StepMatch

    def same_links(self, after: _Side, *, plain: bool) -> Iterator[Link]:
        """Links of what did not change: with `plain` all, else those that count differently now."""
        for path, pairs in self.same.pairs.items():
            olds, news = self.before.layout(path).ordinals, after.layout(path).ordinals
            if plain or olds or news:
                for old, new in pairs:
                    if plain or olds.get(old, 0) != news.get(new, 0):
                        yield Link((), self.before.spot(path, old), after.spot(path, new), SAME_PLACE)


def _links(matches: Sequence[_Match], after: _Side, limit: str) -> list[Link]:
    """Of several versions before, for each symbol the nearest speaks; what is gone is gone from all that had it."""
    found: dict[Spot, Link] = {}
    lost: dict[SymbolKey, list[Link]] = {}
    for match in matches:
        changed = match.changed
        told = [
            _link(change, match.before.spots, after.spots, match.before.spots, limit or changed.limit)
            for change in (*changed.continued, *changed.introduced)
        ]
        for link in (*match.same_links(after, plain=len(matches) > 1), *told):
            if link.after is not None:
                known = found.get(link.after)
                if known is None or _rank(link) < _rank(known):
                    found[link.after] = link
        for change in changed.removed:
            link = _link(change, match.before.spots, after.spots, after.spots, limit or changed.limit)
            if link.before is not None:
                lost.setdefault(link.before.key, []).append(link)
    gone = (links[0] for key, links in lost.items() if len(links) == sum(one.before.has(key) for one in matches))
    return [*found.values(), *gone]


def _rank(link: Link) -> tuple[bool, int]:
    return link.before is None, len(link.kinds)


Spots = Mapping[int, Spot]
"""Spots by the identity of their symbols."""


def _link(change: Change, old: Spots, new: Spots, others: Spots, limit: str) -> Link:
    return Link(
        kinds=tuple(kind for kind in _KINDS if kind in change.kinds),
        before=None if change.before is None else old[id(change.before)],
        after=None if change.after is None else new[id(change.after)],
        evidence=limit if change.evidence in _NOTHING else change.evidence,
        confidence=change.confidence,
        origins=tuple(others[id(symbol)] for symbol in change.origins if id(symbol) in others),
    )


def _by_path(paths: Iterable[str], after: _Side, sides: Sequence[_Side], links: Iterable[Link]) -> dict[str, PathStep]:
    """Links where they are looked for: in the path after, and in the one before where that is another."""
    bases = {path: next((before.version for before in sides if path in before.held), 0) for path in paths}
    told: dict[str, list[Link]] = {path: [] for path in bases}
    for link in links:
        if not _is_plain(link, bases):
            for path in dict.fromkeys(spot.path for spot in (link.after, link.before) if spot is not None):
                told[path].append(link)
    steps = {}
    for path, base in bases.items():
        came, went = not base, path not in after.held
        kept = tuple(sorted(_worth_keeping(told[path], came=came, went=went), key=_place))
        if not kept and (came or went):
            if not any(path in side.held and side.layout(path).numbers for side in ((after,) if came else sides)):
                continue
        elif not kept:
            continue
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
