"""How callers name things: snapshots by id, number or time, symbols by whatever an earlier answer gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from codevault.backup import Backup
from codevault.commits import TimelineEntry
from codevault.errors import InvalidArgument, RecordDamaged, UnknownSnapshot
from codevault.history import Event
from codevault.ids import ProjectId, SnapshotId
from codevault.index.index import Index
from codevault.index.model import Hit, Seen, SymbolVersion
from codevault.moments import nanoseconds
from codevault.projects.model import Project
from codevault.store.model import Snapshot
from codevault.vcs.model import Commit

SnapshotKey = Backup | Snapshot | SnapshotId | int | str | datetime | None
"""A snapshot: itself or the backup that made it, its id, its sequence number, or a point in time. None: the newest."""

CommitKey = Seen | Commit | TimelineEntry
"""A commit as other answers name it; with `project=` its id, or the first seven digits or more of it, will do too."""


_SHA1 = 40
_FEWEST_DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSymbol:
    """A symbol of one version: where it lies and what it is. In a commit, that is named and `snapshot` is ""."""

    project: Project
    path: str
    snapshot: SnapshotId
    symbol: SymbolVersion
    commit: str = ""

    @property
    def name(self) -> str:
        """Its own name."""
        return self.symbol.name

    @property
    def qualified_name(self) -> str:
        """Its name after those of the symbols around it, joined with dots."""
        return self.symbol.qualified_name

    @property
    def kind(self) -> str:
        """What it is, in one word."""
        return self.symbol.kind

    @property
    def start_line(self) -> int:
        """Its first line, counted from 1."""
        return self.symbol.start_line

    @property
    def end_line(self) -> int:
        """Its last line."""
        return self.symbol.end_line


def find_snapshot(
    snapshots: Sequence[Snapshot],
    key: SnapshotId | int | str | datetime | None,
    *,
    any_project: bool,
    damaged: Sequence[tuple[ProjectId, int, Path]] = (),
) -> Snapshot:
    """The snapshot that `key` names among those of one project, or of any project (then only an id will do).

    `damaged` are those, by project, sequence and file, whose record cannot be read: an older one is never taken for
    one of them.

    Raises:
        RecordDamaged: the one meant, or one that may be, is damaged.
        UnknownSnapshot: none does.
        InvalidArgument: a number or a time without a project, or not a point in time.
    """
    found = next((s for s in snapshots if s.id == key), None)
    if found is None and isinstance(key, str) and is_id(key):
        raise UnknownSnapshot(f"no snapshot has the id {key}")
    if found is None and any_project:
        raise InvalidArgument("give project= with a sequence number or a point in time, or a snapshot itself")
    if found is None:
        found = _by_order(snapshots, key)
        _refuse_instead(found, key, damaged)
    if found is None:
        wanted = "any snapshot" if key is None else f"a snapshot for {key!r}"
        raise UnknownSnapshot(f"the vault has not {wanted} of that project; snapshots() lists {len(snapshots)}")
    return found


def find_commit(index: Index, project: ProjectId | None, key: object) -> Seen | None:
    """The commit that `key` names, None when it names none: then it is a snapshot's, if it is anything.

    Raises:
        UnknownSnapshot: an id of git's or Mercurial's that no commit has.
        InvalidArgument: the first digits of an id that several commits have.
    """
    if isinstance(key, Seen):
        return key if key.commit else None
    if isinstance(key, TimelineEntry):
        key = key.commit if key.snapshot is None else None
    named = key.id if isinstance(key, Commit) else key
    if not isinstance(named, str) or not named:
        return None
    owners = index.project_ids() if project is None else (project,)
    if project is None and not isinstance(key, Commit):
        return None
    found = [seen for owner in owners if owner in index.project_ids() for seen in index.commits_named(owner, named)]
    if len(found) > 1:
        raise InvalidArgument(f"{named!r} names {len(found)} commits: give more of the id, or project=")
    if not found and isinstance(key, str) and _is_commit(key):
        raise UnknownSnapshot(f"the index knows no commit {key}: projects.import_history() tells it of commits")
    return found[0] if found else None


def _is_commit(key: str) -> bool:
    """True for what is written like a commit's id or its first digits, and is no date."""
    long_enough = len(key) == _SHA1 or (_FEWEST_DIGITS <= len(key) < _SHA1 and not key.isdigit())
    return long_enough and not set(key) - set("0123456789abcdef")


def is_id(text: str) -> bool:
    """True for what may be the id of a snapshot or blob."""
    return isinstance(text, str) and len(text) == 64 and not set(text) - set("0123456789abcdef")


def version_of(symbol: FoundSymbol | Event | Hit) -> SymbolVersion:
    """The symbol version in an answer.

    Raises:
        InvalidArgument: the hit is a line of text.
    """
    if not isinstance(symbol, (FoundSymbol, Event, Hit)):
        raise InvalidArgument(f"{symbol!r} is no symbol: give one from symbols(), a search or a history")
    version = symbol.after or symbol.before if isinstance(symbol, Event) else symbol.symbol
    if version is None:
        raise InvalidArgument("this search hit is a line of text, not a symbol")
    return version


def _refuse_instead(
    found: Snapshot | None,
    key: int | str | datetime | None,
    damaged: Sequence[tuple[ProjectId, int, Path]],
) -> None:
    """A sequence number means one snapshot; anything else the newest that fits, which a later damaged one may be."""
    for _, sequence, file in damaged:
        if sequence == key or (not isinstance(key, int) and (found is None or sequence > found.sequence)):
            other = (
                f"; at={found.sequence} is the last before it" if found is not None and found.sequence != key else ""
            )
            raise RecordDamaged(file, f"snapshot {sequence} cannot be read{other}")


def _by_order(snapshots: Sequence[Snapshot], key: int | str | datetime | None) -> Snapshot | None:
    if key is None:
        return snapshots[-1] if snapshots else None
    if isinstance(key, int):
        return next((s for s in snapshots if s.sequence == key), None)
    moment = nanoseconds(key, end_of_day=True)
    # Sequence decides what is newest: a clock that once jumped must not hide what came later.
    return next((s for s in reversed(snapshots) if s.created_ns <= moment), None)
