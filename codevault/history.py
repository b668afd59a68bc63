"""One symbol followed through the versions of its project: `vault.history`.

A version is a snapshot or a commit. What each did to symbols is written in the catalog (index/lineage.py) once its
files are analysed; what is not written yet is matched when a walk meets it (steps.py), so that the answer is the same.
From the version in question the walk goes forward to the symbol's newest version, following moves and names, and from
there back: a version that says nothing of the symbol has it as the version that it came from.
"""

# Longer than 400 lines: the walk stands in one place.

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from codevault.analysis.lineage import match_step
from codevault.errors import IndexDamaged, UnknownPath, UnknownSymbol
from codevault.filesymbols import Contents, Files, Layout
from codevault.ids import BlobId, ProjectId
from codevault.index.index import Index
from codevault.index.lineage_model import Link, PathStep, Spot, SymbolKey
from codevault.index.lives import Run
from codevault.index.model import FileVersion, Seen, SymbolVersion
from codevault.provenance import SymbolOrigin, copied_from
from codevault.steps import GONE, NEW, UNFOUND, StepMaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a symbol between a version and one it came from.

    `kinds` are words of `codevault.analysis.kinds.ChangeKind`, several may hold at once. `path` and `qualified_name`
    are those after the event (before it, for removed). `confidence` is 1.0 where name and place are the same, less
    where they had to be inferred. `author` is the commit's ("name <mail>"; `at.authored_ns` says when); of uncommitted
    work that of the commit that took it in, "" while there is none. `path_before` is where `before` lay.
    """

    kinds: tuple[str, ...]
    at: Seen
    path: str
    qualified_name: str
    before: SymbolVersion | None
    after: SymbolVersion | None
    evidence: str = ""
    confidence: float = 1.0
    author: str = ""
    origins: tuple[SymbolOrigin, ...] = ()
    path_before: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A symbol's life, oldest event first."""

    project: ProjectId
    path: str
    qualified_name: str
    events: tuple[Event, ...]

    @property
    def introduced(self) -> Event:
        """The first event: the earliest version known."""
        return self.events[0]

    @property
    def removed(self) -> Event | None:
        """The event that ended it, None while it lives."""
        return self.events[-1] if "removed" in self.events[-1].kinds else None

    @property
    def newest(self) -> SymbolVersion:
        """Its last known version, the one before the removal if it is gone."""
        last = self.events[-1]
        found = last.after or last.before
        if found is None:
            raise AssertionError("an event has a version before or after it")
        return found

    @property
    def authors(self) -> tuple[tuple[str, int], ...]:
        """Who touched it, in how many events: most first, then whoever did so first. Removals are nobody's touch."""
        return tuple(Counter(event.author for event in self.events if event.author).most_common())

    @property
    def lived_ns(self) -> int | None:
        """Nanoseconds from its first version to the one without it, None while it lives."""
        ended = self.removed
        return None if ended is None else ended.at.created_ns - self.introduced.at.created_ns


def history_of(
    index: Index,
    contents: Contents,
    project: ProjectId,
    path: str,
    qualified_name: str,
    meant: SymbolVersion | None = None,
    *,
    line: int | None = None,
    at: int | None = None,
) -> History:
    """Follows a symbol that some version of `path` defines, from its introduction to its end or to now.

    It is the one of that name, or around that line, in the version `at`; without one the newest that has it. Of several
    `meant` is followed, else the first that is an implementation and no overload's stub.

    Raises:
        UnknownPath: no version holds that path, or that version does not.
        UnknownSymbol: no analysed version of it defines that name.
    """
    walk = Lives(index, contents, project)
    start = walk.find(path, qualified_name, meant, line=line, at=at)
    return walk.history(start)


class _Told(NamedTuple):
    """A link, and the version that made it; the one that a life begins with may come from elsewhere."""

    number: int
    link: Link
    begins: bool = False


class Lives:
    """The lives of a project's symbols; reads each path once, and is true for the catalog as it was when made."""

    def __init__(self, index: Index, contents: Contents, project: ProjectId) -> None:
        self._index = index
        self._project = project
        self._lineage = index.lineage(project)
        self._maker = StepMaker(self._lineage, contents)
        self._made: dict[int, Mapping[str, PathStep]] = {}

    def history(self, start: Spot) -> History:
        """The whole life of a symbol, from whatever version of it."""
        forward, last = self._forward(start)
        backward, met = self._backward(last)
        ended = forward[-1:] if forward and forward[-1].link.after is None else []
        if self._begin(start.path, start.version) in met.get(start.key, ()):
            told = [*reversed(backward), *ended]
        else:  # a line that nothing follows
            told = [*reversed(self._backward(start)[0]), *forward]
        self._read_ahead(told)
        return History(
            project=self._project,
            path=start.path,
            qualified_name=start.qualified_name,
            events=tuple(self._signed(self._event(one)) for one in told),
        )

    def events(self, number: int) -> tuple[Event, ...]:
        """Everything that one version did to symbols, by path and position; what it removed comes last in its path."""
        steps = self._version(number)
        told = [link for path in sorted(steps) for link in self._all_links(path, number, steps[path])]
        return tuple(map(self._signed, self._told(number, told)))

    # finding

    def find(
        self,
        path: str,
        qualified_name: str,
        meant: SymbolVersion | None = None,
        *,
        line: int | None = None,
        at: int | None = None,
    ) -> Spot:
        """The symbol that is asked for, as `history_of` says."""
        life = self._lineage.life(path)
        if at is not None:
            run = life.held(at)
            if run is None:
                raise UnknownPath(f"version {at} of this project holds no {path!r}")
            found = self._chosen(path, at, run, qualified_name, meant, line)
            if found is None:
                raise UnknownSymbol(f"{path!r} defines no {_asked(qualified_name, line)} in that version")
            return found
        if not life.runs:
            raise UnknownPath(f"no snapshot or commit of this project holds {path!r}")
        for run in self._newest_first(path, meant):
            found = self._chosen(path, run.first, run, qualified_name, meant, line)
            if found is not None:
                return found
        raise UnknownSymbol(
            f"no analysed version of {path!r} defines {_asked(qualified_name, line)};"
            " symbols() lists names, analyse() fills the index"
        )

    def _newest_first(self, path: str, meant: SymbolVersion | None) -> Iterator[Run]:
        """Runs of a path: that of the version in hand, the present one, those before it, what nothing leads to."""
        life, timeline = self._lineage.life(path), self._lineage.timeline
        runs = life.runs[::-1]
        newest = self._lineage.newest()
        now = None if newest is None else life.held(newest)
        if meant is None and now is not None:
            yield now
        behind = frozenset() if newest is None else timeline.behind(newest)
        ordered = sorted(runs, key=lambda run: run.first not in behind)
        if meant is not None:
            yield from (run for run in ordered if run.blob == meant.blob)
        yield from ordered

    def _chosen(
        self, path: str, version: int, run: Run, qualified_name: str, meant: SymbolVersion | None, line: int | None
    ) -> Spot | None:
        layout = self._maker.layouts.of(run.content)
        named = [
            position
            for position, facts in enumerate(layout.facts)
            if (not qualified_name or facts.qualified_name == qualified_name)
            and (line is None or layout.line(position) <= line <= layout.line(position) + facts.lines)
        ]
        if len(named) > 1 and line is not None:
            named = [max(named, key=lambda at: (layout.start(at), -layout.facts[at].size))]
        if len(named) > 1:
            symbols = {position: self._lineage.symbol(run.content, position) for position in named}
            named = [max(named, key=lambda position: _closeness(symbols[position], meant))]
        return self._spot_at(path, version, layout, named[0]) if named else None

    @staticmethod
    def _spot_at(path: str, version: int, layout: Layout, position: int) -> Spot:
        name = layout.facts[position].qualified_name
        return Spot(version, path, name, layout.ordinals.get(position, 0), position)

    # walking

    def _backward(self, start: Spot) -> tuple[list[_Told], Mapping[SymbolKey, set[int]]]:
        """What brought the symbol to where it is, newest first, and where it was: versions that brought its file.

        Where a merge made one file of what several sides did, all of them are told; it was introduced on the nearest.
        """
        met: dict[SymbolKey, set[int]] = {}
        aside: list[Spot] = []
        events = self._line_back(start, met, aside)
        while aside:
            side = self._line_back(aside.pop(), met, aside)
            events = [*events, *(one for one in side if not one.begins)]
            rank = self._lineage.timeline.rank
            events.sort(key=lambda one: (one.begins, -rank(one.number)))
        return events, met

    def _line_back(self, start: Spot, met: dict[SymbolKey, set[int]], aside: list[Spot]) -> list[_Told]:
        """The same along one line, until it comes to where another has been; `aside` gets what merges took in."""
        events: list[_Told] = []
        key, version = start.key, start.version
        while version:
            at = self._begin(key.path, version)
            if at in met.setdefault(key, set()):
                break
            met[key].add(at)
            base = self._lineage.silent_base(key.path, at, key.qualified_name)
            link = None if base else self._after(key, at)
            if link is None:
                base = base or self._base(key, at)
                if base:
                    aside += self._other_sides(key, at, key, base)
                    version = base
                    continue
                link = Link(NEW, None, self._spot(key, at), confidence=UNFOUND)
            if link.before is not None:
                if link.kinds:
                    events.append(_Told(at, link))
                aside += self._other_sides(key, at, link.before.key, link.before.version)
                key, version = link.before.key, link.before.version
                continue
            lost = self._lost_before(key, at)
            if lost is None or lost[1].before is None:
                events.append(_Told(at, link, begins=True))
                break
            number, removal = lost
            back = Link(_RESTORED, removal.before, link.after, _HAD_IT)
            events.extend((_Told(at, back), _Told(number, removal)))
            version = lost[1].before.version
        return events

    def _other_sides(self, key: SymbolKey, number: int, before: SymbolKey, version: int) -> Iterator[Spot]:
        """The symbol in the other commits of a merge that has its file as none of them has it."""
        parents = [parent for parent in self._lineage.parents(number) if parent < 0]
        if number > 0 or len(parents) < 2:
            return
        life = self._lineage.life(key.path)
        own = life.held(number)
        held = [run.content for run in map(life.held, parents) if run is not None]
        if own is None or own.content in held:
            return
        for parent in parents:
            spot = self._spot_or_none(before, parent) if parent != version else None
            if spot is not None:
                yield spot

    def _forward(self, start: Spot) -> tuple[list[_Told], Spot]:
        """What happened to the symbol since, oldest first, and the last that is known of it."""
        events: list[_Told] = []
        here, met = start, {start}
        while True:
            number, link = self._next(here)
            if link is None:
                return events, here
            if link.after is None:
                events.append(_Told(number, link))
                back = self._restored_after(here.key, number)
                if back is None:
                    return events, here
                number, link = back
            if link.kinds:
                events.append(_Told(number, link))
            if link.after is None or link.after in met:
                return events, here
            here = link.after
            met.add(here)

    def _next(self, here: Spot) -> tuple[int, Link | None]:
        """The version that followed where a symbol was, and what it did to it; None at the end."""
        key, timeline = here.key, self._lineage.timeline
        run = self._held(key.path, here.version)
        number = None if run.last is None else timeline.follower(run.last)
        if number is None:
            return self._joined(here, run)
        link = self._before(key, number)
        if link is not None:
            return number, link
        later = self._lineage.life(key.path).held(number)
        step = self._step(key.path, number, key.qualified_name)
        if later is not None and (len(self._lineage.parents(number)) == 1 or self._has(later, key)):
            return number, Link((), here, self._spot(key, number))
        if step is not None and step.went:
            return number, Link(GONE, self._spot(key, run.last or run.first), None, confidence=UNFOUND)
        return self._elsewhere(here, run.last or run.first, number)

    def _joined(self, here: Spot, run: Run) -> tuple[int, Link | None]:
        """The end of a line: where the newest version has the symbol and came from there too, it goes on."""
        newest = self._lineage.newest()
        if newest is None or run.last is None or newest == here.version:
            return 0, None
        now = self._lineage.life(here.path).held(newest)
        if now is None or not self._has(now, here.key) or not self._lineage.timeline.leads(run.last, newest):
            return 0, None
        return newest, Link((), here, self._spot(here.key, newest))

    def _elsewhere(self, here: Spot, last: int, number: int) -> tuple[int, Link]:
        """What became of a symbol that a merge does not have: what one of its other sides did, else it is gone."""
        timeline = self._lineage.timeline
        for other in self._touched(here.path, timeline.rank(number) + 1):
            link = self._before(here.key, other)
            if link is not None and timeline.leads(other, number) and not timeline.leads(other, last):
                return other, link
        return number, Link(GONE, self._spot(here.key, last), None, confidence=UNFOUND)

    def _lost_before(self, key: SymbolKey, number: int) -> tuple[int, Link] | None:
        """The removal of a symbol's key that went before a version, None where it moved away or never was."""
        timeline = self._lineage.timeline
        for earlier in self._touched(key.path, timeline.rank(number)):
            link = self._removal(key, earlier)
            if link is not None and timeline.leads(earlier, number):
                return None if link.after is not None else (earlier, link)
        return None

    def _removal(self, key: SymbolKey, number: int) -> Link | None:
        """What a version did with a key, if that is there no more; spares matching where it never was."""
        if not self._lineage.is_linked(key.path, number):
            held = map(self._lineage.life(key.path).held, self._lineage.parents(number))
            if not any(run is not None and self._has(run, key) for run in held):
                return None
        link = self._before(key, number)
        if link is not None:
            return link if link.after is None or link.after.key != key else None
        step = self._step(key.path, number, key.qualified_name)
        if step is None or not step.went:
            return None
        before = self._spot_or_none(key, step.base)
        return None if before is None else Link(GONE, before, None, confidence=UNFOUND)

    def _restored_after(self, key: SymbolKey, number: int) -> tuple[int, Link] | None:
        """The first later version that brought the key back to the path from which a version removed it."""
        timeline = self._lineage.timeline
        for later in reversed([*self._touched(key.path, len(timeline.numbers))]):
            if timeline.rank(later) <= timeline.rank(number) or not timeline.leads(number, later):
                continue
            run = self._lineage.life(key.path).held(later)
            if run is None or not self._has(run, key):
                continue
            link = self._after(key, later)
            if (link.before if link is not None else self._base(key, later)) or later == number:
                return None
            lost = self._lost_before(key, later)
            if lost is None or lost[0] != number:
                return None
            return later, Link(_RESTORED, lost[1].before, self._spot(key, later), _HAD_IT)
        return None

    def _touched(self, path: str, before: int) -> Iterator[int]:
        """Versions that touched a path, below a rank, newest first."""
        rank = self._lineage.timeline.rank
        touched = ((rank(number), number) for number in self._lineage.life(path).touched)
        yield from (number for at, number in sorted(touched, reverse=True) if at < before)

    # links

    def _version(self, number: int) -> Mapping[str, PathStep]:
        """What a version did by path, the beginning of everything included."""
        if not self._lineage.parents(number):
            return {path: PathStep(0, came=True) for path in self._lineage.changed(number)}
        written = self._lineage.version(number)
        return self._matched(number) if written is None else written

    def _step(self, path: str, number: int, name: str = "") -> PathStep | None:
        if not self._lineage.parents(number):
            return PathStep(0, came=True)
        if self._lineage.is_linked(path, number):
            return self._lineage.step(path, number, name)
        return self._matched(number).get(path)

    def _matched(self, number: int) -> Mapping[str, PathStep]:
        if number not in self._made:
            self._made[number] = self._maker.step(number)
        return self._made[number]

    def _after(self, key: SymbolKey, number: int) -> Link | None:
        step = self._step(key.path, number, key.qualified_name)
        links = () if step is None else step.links
        return next((link for link in links if link.after is not None and link.after.key == key), None)

    def _before(self, key: SymbolKey, number: int) -> Link | None:
        step = self._step(key.path, number, key.qualified_name)
        links = () if step is None else step.links
        return next((link for link in links if link.before is not None and link.before.key == key), None)

    def _all_links(self, path: str, number: int, step: PathStep) -> Iterator[Link]:
        """Everything that a version did in a path, what goes without saying included, each once in all paths."""
        links = [link for link in step.links if link.kinds and (link.after is None or link.after.path == path)]
        named = {link.after.key for link in step.links if link.after is not None}
        named.update(link.before.key for link in step.links if link.before is not None)
        version = number if step.came else step.base
        run = self._lineage.life(path).held(version) if (step.came or step.went) and version else None
        if run is not None:
            layout = self._maker.layouts.of(run.content)
            for position in range(len(layout.facts)):
                spot = self._spot_at(path, version, layout, position)
                if spot.key not in named:
                    came = Link(NEW, None, spot, "", UNFOUND)
                    links.append(came if step.came else Link(GONE, spot, None, "", UNFOUND))
        for link in sorted(links, key=lambda link: (link.after is None, _position(link))):
            lost = self._lost_before(link.after.key, number) if link.after and link.before is None else None
            yield link if lost is None else Link(_RESTORED, lost[1].before, link.after, _HAD_IT)

    def _base(self, key: SymbolKey, number: int) -> int:
        """The version from which a path goes on in another, 0: from none."""
        step = self._step(key.path, number, key.qualified_name)
        if step is not None:
            return step.base
        life = self._lineage.life(key.path)
        own = life.held(number)
        held = [(parent, run) for parent in self._lineage.parents(number) if (run := life.held(parent)) is not None]
        same = (parent for parent, run in held if own is not None and run.content == own.content)
        return next(same, held[0][0] if held else 0)

    # symbols

    def _held(self, path: str, version: int) -> Run:
        run = self._lineage.life(path).held(version)
        if run is None:
            raise IndexDamaged(f"version {version} holds no {path!r}, though a link says so: rebuild() the index")
        return run

    def _begin(self, path: str, version: int) -> int:
        return self._held(path, version).first

    def _has(self, run: Run, key: SymbolKey) -> bool:
        return self._maker.layouts.of(run.content).position(key.qualified_name, key.ordinal) is not None

    def _spot_or_none(self, key: SymbolKey, version: int) -> Spot | None:
        run = self._lineage.life(key.path).held(version) if version else None
        layout = self._maker.layouts.of(run.content) if run is not None else None
        position = layout.position(key.qualified_name, key.ordinal) if layout is not None else None
        return None if position is None else Spot(version, key.path, key.qualified_name, key.ordinal, position)

    def _spot(self, key: SymbolKey, version: int) -> Spot:
        found = self._spot_or_none(key, version)
        if found is None:
            raise IndexDamaged(f"{key.path!r} has no {key.qualified_name!r} in version {version}: rebuild() the index")
        return found

    def _symbol(self, spot: Spot | None) -> SymbolVersion | None:
        if spot is None:
            return None
        return self._lineage.symbol(self._held(spot.path, spot.version).content, spot.position)

    # events

    def _told(self, number: int, links: Sequence[Link]) -> list[Event]:
        """Links as events, in their order."""
        at = self._lineage.seen(number)
        events = []
        for link in links:
            shown = link.after or link.before
            if shown is None:
                raise AssertionError("a link has a symbol before or after it")
            events.append(
                Event(
                    kinds=link.kinds,
                    at=at,
                    path=shown.path,
                    qualified_name=shown.qualified_name,
                    before=self._symbol(link.before),
                    after=self._symbol(link.after),
                    evidence=link.evidence,
                    confidence=link.confidence,
                    origins=tuple(map(self._origin, link.origins)),
                    path_before=link.before.path if link.before is not None else "",
                )
            )
        return events

    def _origin(self, spot: Spot) -> SymbolOrigin:
        symbol = self._lineage.symbol(self._held(spot.path, spot.version).content, spot.position)
        return SymbolOrigin(project=self._project, path=spot.path, symbol=symbol)

    def _read_ahead(self, told: Iterable[_Told]) -> None:
        """Reads the symbols of many links at once."""
        spots = [spot for one in told for spot in (one.link.before, one.link.after, *one.link.origins) if spot]
        self._lineage.symbols_at([(self._held(spot.path, spot.version).content, spot.position) for spot in spots])

    def _event(self, told: _Told) -> Event:
        return self._introduced(told.number, told.link) if told.begins else self._told(told.number, [told.link])[0]

    def _introduced(self, number: int, link: Link) -> Event:
        """With what it was made from: symbols of the same step, else one with its tokens that stands anywhere."""
        event = self._told(number, [link])[0]
        begun = not self._lineage.parents(number)  # what it began with may be as old as any other
        if event.origins or begun or event.after is None:
            return event
        source = copied_from(self._index, self._project, event.at, event.path, event.after)
        if source is None:
            return event
        return replace(
            event,
            kinds=(*event.kinds, "copied"),
            evidence=source.evidence,
            confidence=source.confidence,
            origins=(source.origin,),
        )

    def _signed(self, event: Event) -> Event:
        """The event with its author."""
        if event.at.author or event.after is None:
            return replace(event, author=event.at.author)
        commit = self._index.committed_as(self._project, event.path, event.after.blob, event.at.sequence)
        return event if commit is None else replace(event, author=commit.author)


def _asked(qualified_name: str, line: int | None) -> str:
    return repr(qualified_name) if qualified_name else f"symbol at line {line}"


_RESTORED = ("restored",)
_HAD_IT = "an earlier version of the file had it"


def _position(link: Link) -> int:
    spot = link.after or link.before
    return 0 if spot is None else spot.position


def _closeness(symbol: SymbolVersion, meant: SymbolVersion | None) -> tuple[bool, ...]:
    """How well one of several symbols of a name answers to the one that is meant, and else to being no stub."""
    implements = (not _is_stub(symbol), bool(symbol.body))
    if meant is None:
        return implements
    same = (symbol.blob, symbol.start_byte) == (meant.blob, meant.start_byte)
    alike = _is_stub(symbol) == _is_stub(meant), symbol.parameters == meant.parameters
    return (same, symbol.exact == meant.exact, *alike, *implements)


def _is_stub(symbol: SymbolVersion) -> bool:
    return any(name.partition("(")[0].endswith("overload") for name in symbol.decorators)


def net_changes(
    index: Index, contents: Contents, project: ProjectId, before: Seen, after: Seen, path: str = ""
) -> tuple[Event, ...]:
    """How symbols differ between two versions, by what stands in them alone; events name the second."""
    files = Files(index, contents)
    sides = [{one.path: one for one in index.paths(project, seen.sequence, path)} for seen in (before, after)]
    names = sorted(sides[0].keys() | sides[1].keys())
    differing = [name for name in names if _blob(sides[0].get(name)) != _blob(sides[1].get(name))]
    held = [{name: side[name] for name in differing if name in side} for side in sides]
    old, new = ([symbol for one in side.values() for symbol in files.symbols(one)] for side in held)
    events = []
    for change in match_step(old, new, files.text, held[0].keys() & held[1].keys()).changes:
        shown = change.after or change.before
        if shown is None:
            raise AssertionError("a change has a symbol before or after it")
        was, now = (
            None if symbol is None else files.place(side[symbol.path], symbol).symbol
            for symbol, side in ((change.before, held[0]), (change.after, held[1]))
        )
        there = held[0] if change.after is not None else held[1]
        events.append(
            Event(
                kinds=tuple(map(str, change.kinds)),
                at=after,
                path=shown.path,
                qualified_name=shown.qualified_name,
                before=was,
                after=now,
                evidence=change.evidence,
                confidence=change.confidence,
                author=after.author,
                origins=tuple(
                    SymbolOrigin(project=project, path=one.path, symbol=files.place(there[one.path], one).symbol)
                    for one in change.origins
                ),
                path_before=change.before.path if change.before is not None else "",
            )
        )
    return tuple(sorted(events, key=_in_file))


def _in_file(event: Event) -> tuple[str, bool, int]:
    symbol = event.after or event.before
    return event.path, event.after is None, 0 if symbol is None else symbol.start_byte


def _blob(version: FileVersion | None) -> BlobId | None:
    return None if version is None else version.blob
