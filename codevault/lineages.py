"""`vault.lineage`: what became of the symbols of a project, asked of versions instead of one symbol.

One symbol's own life is `vault.history()`; what that gives is what `origins` and `together` take.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date

from codevault.arguments import check_texts, check_type
from codevault.errors import InvalidArgument, UnknownSnapshot
from codevault.filesymbols import Contents
from codevault.history import Event, History, Lives, history_of, net_changes
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import Seen
from codevault.index.names import glob_matcher
from codevault.moments import nanoseconds
from codevault.projects.registry import ProjectKey, Projects
from codevault.provenance import SymbolOrigin

VersionKey = Seen | str | int | date
"""A version: what another answer calls it (`at`, `first_seen`), a commit's id or seven digits of it, a snapshot's id or
number, or a moment (ISO 8601 text, a date or datetime): the last version until then."""

MOST_ORIGINS = 100
"""Symbols that a whole chain of origins names at most."""

MOST_AT_ONCE = 200
"""Symbols that one version changed, from which on it says nothing about which of them belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """A symbol that changed in the same versions as another: how often, and in what share of that one's changes."""

    path: str
    qualified_name: str
    times: int
    share: float


class Lineages:
    """What versions did to symbols."""

    def __init__(
        self,
        index: Callable[[], Index],
        contents: Contents,
        projects: Projects,
        session: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self._index = index
        self._contents = contents
        self._projects = projects
        self._session = session

    def events(
        self,
        project: ProjectKey,
        *,
        since: VersionKey | None = None,
        until: VersionKey | None = None,
        kinds: Collection[str] = (),
        author: str = "",
        path: str = "",
    ) -> Iterator[Event]:
        """Every symbol's events after `since` up to `until`, versions in order, by path and line within one.

        A moment as `since` counts: versions from then on. Origins here are those within the same version; `history()`
        also looks for copies of anything that the vault ever held.

        `kinds` keeps events of any of these kinds, `author` those of commits whose author's name or mail holds that,
        `path` (a glob) those of symbols that lie there after or before.

        Raises:
            UnknownProject, UnknownSnapshot: no such project or version.
            InvalidArgument: what is no version, or digits that several commits begin with.
        """
        check_texts(author=author, path=path)
        if isinstance(kinds, str):
            raise InvalidArgument(f"kinds is a collection of kinds: give [{kinds!r}]")
        owner, index = self._projects.get(project).id, self._index()
        matches, wanted, needle = glob_matcher(path or "*"), frozenset(kinds), author.casefold()
        with self._session():
            lives = Lives(index, self._contents, owner)
            for seen in self._versions(index, owner, since, until):
                if needle and needle not in seen.author.casefold():
                    continue
                for event in lives.events(seen.sequence):
                    if wanted and not wanted & set(event.kinds):
                        continue
                    if matches(event.path) or (event.path_before and matches(event.path_before)):
                        yield event

    def versions(
        self, project: ProjectKey, *, since: VersionKey | None = None, until: VersionKey | None = None
    ) -> tuple[Seen, ...]:
        """Commits and snapshots after `since` up to `until`: by time, but parents before children."""
        owner = self._projects.get(project).id
        return tuple(self._versions(self._index(), owner, since, until))

    def changes(
        self, project: ProjectKey, since: VersionKey, until: VersionKey | None = None, *, path: str = ""
    ) -> tuple[Event, ...]:
        """How the symbols of two versions differ, whatever happened on the way; `until` None is the newest.

        Events name `until` as their version. Reads the symbols of all files that differ.

        Raises:
            UnknownProject, UnknownSnapshot: no such project or version.
        """
        check_texts(path=path)
        owner, index = self._projects.get(project).id, self._index()
        before = find_version(index, owner, since)
        after = newest_version(index, owner) if until is None else find_version(index, owner, until)
        with self._session():
            return net_changes(index, self._contents, owner, before, after, path)

    def origins(self, history: History, *, whole: bool = False) -> tuple[SymbolOrigin, ...]:
        """What a symbol was made from when it was introduced, the likeliest first.

        Other projects included; empty for what was written anew. With `whole` also what those were made from, and so
        on to the beginning: the nearest first, each symbol once, at most `MOST_ORIGINS`.
        """
        check_type("history", history, History)
        found = list(history.introduced.origins)
        if whole:
            met = {(history.project, history.introduced.path, history.introduced.qualified_name)}
            index = self._index()
            with self._session():
                for one in found:  # grows as it is gone through
                    key = one.project, one.path, one.symbol.qualified_name
                    if key not in met and len(found) < MOST_ORIGINS:
                        met.add(key)
                        earlier = history_of(index, self._contents, *key, one.symbol).introduced.origins
                        found += [each for each in earlier if each not in found]
        return tuple(found[:MOST_ORIGINS])

    def together(self, history: History, *, least: int = 2) -> tuple[Together, ...]:
        """Symbols that changed in at least `least` of the versions that changed this one, most often first.

        Versions that changed over `MOST_AT_ONCE` symbols at once do not count.
        """
        check_type("history", history, History)
        index = self._index()
        own = {(event.path, event.qualified_name) for event in history.events}
        counts: Counter[tuple[str, str]] = Counter()
        versions = {event.at.sequence: event.at for event in history.events}
        with self._session():
            lives = Lives(index, self._contents, history.project)
            for number in versions:
                events = lives.events(number)
                if len(events) <= MOST_AT_ONCE:
                    counts.update({(event.path, event.qualified_name) for event in events} - own)
        return tuple(
            Together(path=path, qualified_name=name, times=times, share=times / len(versions))
            for (path, name), times in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
            if times >= least
        )

    def _versions(
        self, index: Index, owner: ProjectId, since: VersionKey | None, until: VersionKey | None
    ) -> Iterator[Seen]:
        timeline = index.timeline(owner)
        first = -1 if since is None else _place(timeline, index, owner, since, after=True)
        last = len(timeline) - 1 if until is None else _place(timeline, index, owner, until)
        yield from timeline[first + 1 : last + 1]


def find_version(index: Index, project: ProjectId, key: VersionKey) -> Seen:
    """The version that `key` names.

    Raises:
        UnknownSnapshot: there is none.
        InvalidArgument: it is no version, or names several commits.
    """
    timeline = index.timeline(project)
    place = _place(timeline, index, project, key)
    if place < 0:
        raise UnknownSnapshot(f"that project had no version yet at {key!r}")
    return timeline[place]


def newest_version(index: Index, project: ProjectId) -> Seen:
    """The newest snapshot, without one the commit that the repository stands on.

    Raises:
        UnknownSnapshot: the project has neither.
    """
    number = index.newest(project)
    if number is None:
        raise UnknownSnapshot("the project has no version yet: backup() or projects.import_history() makes one")
    return index.seen(project, number)


def _place(
    timeline: tuple[Seen, ...], index: Index, project: ProjectId, key: VersionKey, *, after: bool = False
) -> int:
    """Where a version stands among all, -1 before the first; with `after` a moment is the last version before it."""
    if isinstance(key, Seen):
        return _at(timeline, lambda seen: seen.sequence == key.sequence, key)
    if isinstance(key, bool):
        raise InvalidArgument(f"{key!r} is no version")
    if isinstance(key, int):
        return _at(timeline, lambda seen: seen.sequence == key, key)
    if isinstance(key, str):
        commits = index.commits_named(project, key)
        if len(commits) > 1:
            raise InvalidArgument(f"{key!r} names {len(commits)} commits: give more of the id")
        if commits:
            return _at(timeline, lambda seen: seen.sequence == commits[0].sequence, key)
        if len(key) in {40, 64} and not set(key) - set("0123456789abcdef"):
            return _at(timeline, lambda seen: seen.snapshot == key, key)
    moment = nanoseconds(key) - 1 if after else nanoseconds(key, end_of_day=True)
    return max((at for at, seen in enumerate(timeline) if seen.created_ns <= moment), default=-1)


def _at(timeline: tuple[Seen, ...], is_it: Callable[[Seen], bool], key: object) -> int:
    found = next((at for at, seen in enumerate(timeline) if is_it(seen)), None)
    if found is None:
        raise UnknownSnapshot(f"the index knows no version {key!r} of that project")
    return found
