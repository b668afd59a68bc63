"""The backup run: gather a project's state, commit it as a snapshot, say what happened."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from codevault.errors import DamageError, SourceError
from codevault.gathering import Changes, Gathering, Problem
from codevault.ids import SnapshotId
from codevault.jobs import Reporter
from codevault.policy import Policy
from codevault.relating import Relative
from codevault.scanning import Excluded, Scan
from codevault.source import Folder
from codevault.store.listing import Listing
from codevault.store.model import Snapshot, SnapshotDraft
from codevault.store.store import Store
from codevault.store.writing import Writer
from codevault.surroundings import Surroundings
from codevault.versioned import NothingVersioned, RepositoryMoved, Versioned


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStats:
    """Counts of a run. `files` and `bytes` are what the snapshot holds; `read_bytes` what had to be read for it.

    `left` of the files are not in the vault: a repository has their content, and another machine, or a bundle.
    """

    files: int
    folders: int
    bytes: int
    added: int
    changed: int
    removed: int
    read_files: int
    read_bytes: int
    excluded: int
    seconds: float
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The result of a run: the snapshot it made, what it did, what it could not do, what the policy left out.

    `notes` say why the files of a repository were stored as plain ones although some could have been left to it, and
    how many changed files wait for their turn (an automatic run goes by the policy's cadence).
    """

    snapshot: Snapshot
    stats: BackupStats
    problems: tuple[Problem, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def id(self) -> SnapshotId:
        """The snapshot's id."""
        return self.snapshot.id

    @property
    def complete(self) -> bool:
        """True when nothing went wrong with any file."""
        return not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run: the result for the caller, what the index has to learn, and what the next run compares with."""

    backup: Backup
    changes: Changes
    signatures: Mapping[str, bytes]
    recorded: bool


def back_up(
    store: Store,
    draft: SnapshotDraft,
    root: Folder,
    policy: Policy,
    *,
    signatures: Callable[[SnapshotId | None], Mapping[str, bytes]],
    foreign: Collection[tuple[int, int]] = (),
    clock: Callable[[], int] = time.time_ns,
    report: Reporter | None = None,
    largest: int | None = None,
    versioned: Versioned | None = None,
    surroundings: Surroundings | None = None,
    relative: Relative | None = None,
) -> Run:
    """Runs one backup and commits its snapshot; `draft.project` says whose, `versioned` what a repository has.

    An automatic run that finds nothing changed makes no snapshot: its result holds the previous one. Files of more than
    `largest` bytes whose content would have to be stored are given up, and said in the problems.

    Raises:
        SourceError: the root cannot be listed; nothing was recorded.
        VaultBusy: another writer is at work.
        StorageFull: no space; everything committed before is safe.
        StorageError: the vault cannot be written; everything committed before is safe.
        RepositoryMoved: the repository changed meanwhile; nothing was recorded.
        Cancelled: the caller's token was set.
    """
    versioned = versioned or NothingVersioned()
    started = time.monotonic()
    with store.writer(draft.project) as writer:
        earlier = store.snapshots(draft.project)
        last = earlier[-1] if earlier else None
        report = report or Reporter()
        attempt = _Attempt(
            store, writer, draft, root, policy, foreign, clock, report, largest, versioned, surroundings, relative
        )
        for path, content in versioned.taken_back():
            writer.add(content, path=path)
        try:
            known = {} if _holds_suspects(store, last) else signatures(last.id if last else None)
            scan, gathering, snapshot = attempt.made(last, known)
        except DamageError as exc:  # of what the last snapshot refers to: reading everything again may heal it
            scan, gathering, snapshot = attempt.made(None, {})
            gathering.problems.append(Problem(path="", kind="damaged", why=f"everything was read again, since {exc}"))
    backup = Backup(
        snapshot=snapshot,
        stats=_stats(gathering, snapshot, len(scan.excluded), time.monotonic() - started),
        problems=tuple(gathering.problems),
        excluded=tuple(scan.excluded),
        notes=_waiting(gathering.waiting),
    )
    return Run(
        backup=backup,
        changes=gathering.changes,
        signatures=scan.signatures,
        recorded=snapshot is not last,
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One pass over the project, with or without the last snapshot to compare with."""

    store: Store
    writer: Writer
    draft: SnapshotDraft
    root: Folder
    policy: Policy
    foreign: Collection[tuple[int, int]]
    clock: Callable[[], int]
    report: Reporter
    largest: int | None
    versioned: Versioned
    surroundings: Surroundings | None
    relative: Relative | None

    def made(self, last: Snapshot | None, known: Mapping[str, bytes]) -> tuple[Scan, Gathering, Snapshot]:
        previous = lru_cache(maxsize=1)(lambda: _listing(self.store, last))
        try:
            scan = Scan(
                self.root,
                self.policy,
                previous=known,
                foreign=self.foreign,
                apart=self.versioned.apart,
                surroundings=self.surroundings,
                clock=self.clock,
            )
            gathering = Gathering(
                self.writer,
                scan,
                previous=previous,
                report=self.report,
                whole=last is None,
                largest=self.largest,
                versioned=self.versioned,
                withdrawn=self._withdrawn(last, previous),
                relative=self.relative,
                now_ns=self.draft.created_ns if self.draft.kind == "automatic" else None,
            )
            different = gathering.gather()
        except OSError as exc:
            raise SourceError(exc.strerror or type(exc).__name__) from exc
        if (different or last is None or self.draft.kind != "automatic") and self.versioned.moved():
            raise RepositoryMoved
        if different or last is None:
            return scan, gathering, _commit(self.writer, gathering, self.draft)
        if self.draft.kind == "automatic":
            return scan, gathering, last
        kept = {key: last.facts[key] for key in ("files", "bytes", "left") if key in last.facts}
        return scan, gathering, self.writer.commit_again(replace(self.draft, facts=dict(self.draft.facts) | kept))

    def _withdrawn(self, last: Snapshot | None, previous: Callable[[], Listing]) -> list[str]:
        """Paths whose content the last snapshot left to a repository and that may not be safe there any more."""
        if last is None or not last.facts.get("left") or self.versioned.unchanged_since(last.id):
            return []
        return [entry.path for entry in previous().left() if not self.versioned.stands(entry)]


def _holds_suspects(store: Store, snapshot: Snapshot | None) -> bool:
    """True when content of the snapshot was found damaged: the live files may heal it, so they are read again."""
    suspects = store.suspects
    return bool(suspects) and any(blob in suspects for blob in _listing(store, snapshot).blobs())


def _listing(store: Store, snapshot: Snapshot | None) -> Listing:
    return Listing() if snapshot is None else store.listing(snapshot)


def _commit(writer: Writer, gathering: Gathering, draft: SnapshotDraft) -> Snapshot:
    revision = gathering.revision
    facts = dict(draft.facts) | {"files": revision.files, "bytes": revision.bytes}
    facts |= {"left": revision.left} if revision.left else {}
    facts |= {"left_out": gathering.left_out} if gathering.left_out else {}
    if gathering.suspicious():
        facts["suspect"] = True
    return writer.commit_revised(replace(draft, facts=facts), revision)


def _waiting(paths: Collection[str]) -> tuple[str, ...]:
    """What a run says of files that changed, and whose next version is not due yet."""
    if not paths:
        return ()
    return (f"{len(paths)} changed files wait for their turn by their cadence, {min(paths)} among them",)


def _stats(gathering: Gathering, snapshot: Snapshot, excluded: int, seconds: float) -> BackupStats:
    return BackupStats(
        files=int(snapshot.facts.get("files") or 0),
        folders=len(gathering.visited),
        bytes=int(snapshot.facts.get("bytes") or 0),
        added=gathering.added,
        changed=gathering.updated,
        removed=len(gathering.changes.removed),
        read_files=gathering.read_files,
        read_bytes=gathering.read_bytes,
        excluded=excluded,
        seconds=seconds,
        left=int(snapshot.facts.get("left") or 0),
    )
