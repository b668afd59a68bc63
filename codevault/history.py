"""One symbol followed through the versions of its project: `vault.history`.

A version is a snapshot or a commit. From the newest version that has the symbol the walk goes back step by step: only
versions that changed its file are looked at. Of several versions that one came from (parents of a merge; a snapshot's
commit and the snapshot before it), the first that has the symbol as it is leads on. Where the file before has no symbol
of that name, the whole step is matched (moved, renamed), and where nothing matches, the symbol was introduced, or
restored if an earlier version of the file had it and lost it. Then it goes forward to say when the symbol vanished, and
whether it came back.
"""

# Longer than 400 lines: the walk stands in one place.

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from codevault.analysis.lineage import Change, VersionedSymbol, match, match_merge, match_step
from codevault.errors import UnknownPath, UnknownSymbol
from codevault.filesymbols import Contents, Files, Place
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import FileVersion, PathChange, Seen, SymbolVersion
from codevault.provenance import SymbolOrigin, copied_from

MOST_FILES = 2_000  # of one step that are matched as a whole; a larger step says so in its event's evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a symbol between a version and one it came from.

    `kinds` are words of `codevault.analysis.kinds.ChangeKind`, several may hold at once. `path` and `qualified_name`
    are those after the event (before it, for removed). `confidence` is 1.0 where name and place are the same, less
    where they had to be inferred. `author` is the commit's ("name <mail>"; `at.authored_ns` says when); of uncommitted
    work that of the commit that took it in, "" while there is none.
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


def history_of(
    index: Index,
    contents: Contents,
    project: ProjectId,
    path: str,
    qualified_name: str,
    meant: SymbolVersion | None = None,
) -> History:
    """Follows a symbol that some version of `path` defines, from its introduction to its end or to now.

    Of several of one name `meant` is followed, else the first that is an implementation and no overload's stub.

    Raises:
        UnknownPath: no snapshot holds that path.
        UnknownSymbol: no analysed version of it defines that name.
    """
    start = _newest(index, project, path, qualified_name, meant)
    walk = _Walk(index, contents, project)
    backward = walk.backward(start)
    return History(
        project=project,
        path=path,
        qualified_name=qualified_name,
        events=tuple(walk.signed(event) for event in (*backward, *walk.forward(start))),
    )


def changes_of_step(index: Index, contents: Contents, project: ProjectId, sequence: int) -> tuple[Change, ...]:
    """What one snapshot did to the symbols of the files it changed; reads the symbols of all of them."""
    files = Files(index, contents)
    before: list[VersionedSymbol] = []
    after: list[VersionedSymbol] = []
    changes = index.changes(project, sequence)
    for change in changes:
        for version, side in ((change.before, before), (change.after, after)):
            if version is not None:
                side.extend(files.symbols(version))
    return match(before, after, files.text, _kept(changes))


class _Walk:
    def __init__(self, index: Index, contents: Contents, project: ProjectId) -> None:
        self._index = index
        self._files = Files(index, contents)
        self._project = project

    def signed(self, event: Event) -> Event:
        """The event with its author."""
        if event.at.author or event.after is None:
            return replace(event, author=event.at.author)
        commit = self._index.committed_as(self._project, event.path, event.after.blob, event.at.sequence)
        return event if commit is None else replace(event, author=commit.author)

    def backward(self, place: Place) -> tuple[Event, ...]:
        events: list[Event] = []
        here: Place | None = place
        while here is not None:
            found, here = self._step_back(here)
            events.extend(found)
        return tuple(reversed(events))

    def forward(self, place: Place) -> tuple[Event, ...]:
        events: list[Event] = []
        here: Place | None = place
        while here is not None:
            event, following = self._step_forward(here)
            if event is not None:
                events.append(event)
                if following is None:
                    following, restored = self._restored_after(here, event.at.sequence)
                    events.extend(restored)
            here = following
        return tuple(events)

    def _step_back(self, here: Place) -> tuple[tuple[Event, ...], Place | None]:
        """What brought the symbol to this version, newest first, and where it was before."""
        at = here.version.first
        twins = self._before(here, at.sequence)
        if twins:
            event, twin = self._merged(at, twins, here)
            return (event,) if event is not None else (), twin
        change, others = self._matched(at, here, forward=False)
        if change is not None and change.before is not None:
            return (_event(change, at, others[0], here),), others[0]
        lost, removal = self._lost_before(here, at.sequence)
        if lost is not None and removal is not None:
            return (_made(("restored",), at, lost.symbol, here, "an earlier version of the file had it"), removal), lost
        return (self._introduced(at, here, change, others),), None

    def _introduced(self, at: Seen, here: Place, change: Change | None, others: Sequence[Place]) -> Event:
        """With what it was made from: symbols of the same step, else one with its tokens that stands anywhere."""
        if change is not None and others:
            origins = tuple(SymbolOrigin(project=self._project, path=o.path, symbol=o.symbol) for o in others)
            event = _made(tuple(map(str, change.kinds)), at, None, here, change.evidence)
            return replace(event, origins=origins, confidence=change.confidence)
        begun = not self._index.parents(self._project, at.sequence)  # what it began with may be as old as any other
        source = None if begun else copied_from(self._index, self._project, at, here.path, here.symbol)
        if source is None:
            return _made(("introduced",), at, None, here, self._limit(at))
        event = _made(("introduced", "copied"), at, None, here, source.evidence)
        return replace(event, origins=(source.origin,), confidence=source.confidence)

    def _before(self, here: Place, number: int) -> tuple[Place, ...]:
        """The symbol in the versions this one came from; alone the one that has it as it is, if any does."""
        found = []
        for parent in self._index.parents(self._project, number):
            earlier = self._index.held(self._project, here.path, parent)
            twin = self._named(earlier, here) if earlier is not None else None
            if twin is not None:
                if (twin.symbol.unit, twin.symbol.exact) == (here.symbol.unit, here.symbol.exact):
                    return (twin,)
                found.append(twin)
        return tuple(found)

    def _merged(self, at: Seen, twins: tuple[Place, ...], here: Place) -> tuple[Event | None, Place]:
        """What a version made of the symbol of those it came from, and the one that speaks: the nearest."""
        if len(twins) == 1:
            return self._changed(at, twins[0], here), twins[0]
        sides = [((self._files.versioned(twin),), (self._files.versioned(here),)) for twin in twins]
        for change in match_merge(sides, self._files.text):
            twin = next((t for t, (before, _) in zip(twins, sides, strict=True) if change.before in before), None)
            if twin is not None:
                return _event(change, at, twin, here), twin
        return None, twins[0]

    def _step_forward(self, here: Place) -> tuple[Event | None, Place | None]:
        last = here.version.last
        if last is None:
            return None, None
        follower = self._index.follower(self._project, last.sequence)
        if follower is None:
            return None, None
        at = self._index.seen(self._project, follower)
        later = self._index.held(self._project, here.path, follower)
        if later is not None:
            twin = self._named(later, here)
            if twin is not None:
                return self._changed(at, here, twin), twin
        change, others = self._matched(at, here, forward=True)
        if change is not None and change.after is not None:
            return _event(change, at, here, others[0]), others[0]
        inlined = change if change is not None and others else None
        removal = Event(
            kinds=tuple(map(str, inlined.kinds)) if inlined else ("removed",),
            at=at,
            path=here.path,
            qualified_name=here.symbol.qualified_name,
            before=here.symbol,
            after=None,
            evidence=inlined.evidence if inlined else self._limit(at),
            confidence=inlined.confidence if inlined else 1.0,
            origins=tuple(SymbolOrigin(project=self._project, path=o.path, symbol=o.symbol) for o in others),
        )
        return removal, None

    def _limit(self, at: Seen) -> str:
        """What was not looked at in a step, "" when everything was."""
        files = len(self._index.changes(self._project, at.sequence))
        return f"{files} files changed at once: only this one was searched for it" if files > MOST_FILES else ""

    def _named(self, version: FileVersion, here: Place) -> Place | None:
        """The symbol of the same qualified name in another version."""
        wanted = here.symbol
        same = [s for s in self._files.found(version) if s.qualified_name == wanted.qualified_name]
        equal = [s for s in same if (s.unit, s.exact) == (wanted.unit, wanted.exact)]
        if not same or len(equal) == 1:
            return Place(version.path, version, equal[0]) if equal else None
        if len(same) > 1 or self._files.overloaded(here):
            return self._overload(version, here)
        return Place(version.path, version, same[0])

    def _overload(self, version: FileVersion, here: Place) -> Place | None:
        """Which of several of the same name it is: both files matched as a whole."""
        mine = self._files.versioned(here)
        step = match_step(self._files.symbols(version), self._files.symbols(here.version), self._files.text)
        for change in step.continued:
            if (
                change.after == mine
                and change.before is not None
                and change.before.qualified_name == mine.qualified_name
            ):
                return self._files.place(version, change.before)
        return None

    def _changed(self, at: Seen, before: Place, after: Place) -> Event | None:
        """The event between two versions under the same name; None when the symbol's text is the same."""
        if before.symbol.unit == after.symbol.unit and before.symbol.exact == after.symbol.exact:
            return None
        changes = match((self._files.versioned(before),), (self._files.versioned(after),), self._files.text)
        change = next((c for c in changes if c.before is not None and c.after is not None), None)
        if change is None or not change.kinds:
            return None
        return _event(change, at, before, after)

    def _matched(self, at: Seen, here: Place, *, forward: bool) -> tuple[Change | None, tuple[Place, ...]]:
        """What the whole step makes of the symbol, when its own file says nothing, and the others concerned."""
        changes = self._index.changes(self._project, at.sequence)
        if len(changes) > MOST_FILES:
            changes = tuple(c for c in changes if c.path == here.path)
        if all(c.before is None for c in changes) or all(c.after is None for c in changes):
            return None, ()
        before, after = self._places(changes, new=False), self._places(changes, new=True)
        wanted = (here.path, here.symbol.start_line, here.symbol.qualified_name)
        for change in match(self._of(before), self._of(after), self._files.text, _kept(changes)):
            mine, other = (change.before, change.after) if forward else (change.after, change.before)
            if mine is not None and _key(mine) == wanted:
                there = after if forward else before
                others = (other,) if other is not None else change.origins
                return change, tuple(there[_key(each)] for each in others if _key(each) in there)
        return None, ()

    def _places(self, changes: tuple[PathChange, ...], *, new: bool) -> Mapping[tuple[str, int, str], Place]:
        places = {}
        for change in changes:
            version = change.after if new else change.before
            if version is None:
                continue
            for symbol in self._files.found(version):
                places[version.path, symbol.start_line, symbol.qualified_name] = Place(version.path, version, symbol)
        return places

    def _of(self, places: Mapping[tuple[str, int, str], Place]) -> list[VersionedSymbol]:
        versions = dict.fromkeys(place.version for place in places.values())
        return [symbol for version in versions for symbol in self._files.symbols(version)]

    def _lost_before(self, here: Place, sequence: int) -> tuple[Place | None, Event | None]:
        """Where the same path last had the symbol and then lost it for good, with the event of its removal."""
        for version in reversed(self._index.lives(self._project, here.path)):
            if version.last is None or not self._is_before(version.last, sequence):
                continue
            found = self._named(version, here)
            if found is not None:
                event, following = self._step_forward(found)
                return (found, event) if following is None else (None, None)
        return None, None

    def _is_before(self, seen: Seen, number: int) -> bool:
        """True when a version came from another, and not at once: then that is what it would have been told by."""
        if seen.sequence in {number, *self._index.parents(self._project, number)}:
            return False
        return self._index.leads(self._project, seen.sequence, number)

    def _restored_after(self, here: Place, sequence: int) -> tuple[Place | None, tuple[Event, ...]]:
        """Where the symbol came back to the path it was removed from, with the event."""
        for version in self._index.lives(self._project, here.path):
            later = version.first.sequence != sequence and self._index.leads(
                self._project, sequence, version.first.sequence
            )
            found = self._named(version, here) if later else None
            if found is not None:
                events, _ = self._step_back(found)
                restored = tuple(event for event in events[:1] if "restored" in event.kinds)
                return (found if restored else None), restored
        return None, ()


def _newest(
    index: Index, project: ProjectId, path: str, qualified_name: str, meant: SymbolVersion | None = None
) -> Place:
    versions = index.lives(project, path)
    if not versions:
        raise UnknownPath(f"no snapshot or commit of this project holds {path!r}")
    newest = index.newest(project)
    led = [v for v in versions if newest is not None and index.leads(project, v.first.sequence, newest)]
    # What only abandoned branches had comes last.
    for version in (*reversed(led), *(v for v in reversed(versions) if v not in led)):
        named = [one for one in index.symbols_of(version.blob, path) if one.qualified_name == qualified_name]
        if named:
            return Place(path, version, max(named, key=lambda one: _closeness(one, meant)))
    raise UnknownSymbol(
        f"no analysed version of {path!r} defines {qualified_name!r}; symbols() lists names, analyse() fills the index"
    )


def _closeness(symbol: SymbolVersion, meant: SymbolVersion | None) -> tuple[bool, ...]:
    """How well one of several symbols of a name answers to the one that is meant, or else to being no stub."""
    if meant is None:
        is_stub = any(name.partition("(")[0].endswith("overload") for name in symbol.decorators)
        return (not is_stub, bool(symbol.body))
    same = (symbol.blob, symbol.start_byte) == (meant.blob, meant.start_byte)
    return (same, symbol.exact == meant.exact, symbol.parameters == meant.parameters)


def _key(symbol: VersionedSymbol) -> tuple[str, int, str]:
    return (symbol.path, symbol.start_line, symbol.qualified_name)


def _kept(changes: Iterable[PathChange]) -> frozenset[str]:
    return frozenset(change.path for change in changes if change.before is not None and change.after is not None)


def _event(change: Change, at: Seen, before: Place, after: Place) -> Event:
    return Event(
        kinds=tuple(str(kind) for kind in change.kinds),
        at=at,
        path=after.path,
        qualified_name=after.symbol.qualified_name,
        before=before.symbol,
        after=after.symbol,
        evidence=change.evidence,
        confidence=change.confidence,
    )


def _made(kinds: tuple[str, ...], at: Seen, before: SymbolVersion | None, here: Place, evidence: str) -> Event:
    return Event(
        kinds=kinds,
        at=at,
        path=here.path,
        qualified_name=here.symbol.qualified_name,
        before=before,
        after=here.symbol,
        evidence=evidence,
    )
