"""`Vault`: the public face. Everything is reached from here; the work is done by the modules below."""

# Longer than 400 lines: the public face stands in one place.

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, overload

from codevault.allowance import Allowance
from codevault.analysis.model import FileAnalysis
from codevault.arguments import check_all, check_cancel, check_texts, check_type, checked_clone, checked_path
from codevault.backup import Backup
from codevault.bridging import apart_of
from codevault.cataloguing import brought, catch_up, facts_of
from codevault.closing import Closing, Ways
from codevault.commits import ImportedHistory, TimelineEntry, import_history
from codevault.committed import CommittedContents, all_told, look_again, tell_commits
from codevault.contexts import Chosen, Context, ContextPlan, ContextRestored, choose, fitting, moment_of
from codevault.effects import PolicyEffect, ProjectCoverage, coverage_of, effect_of
from codevault.errors import (
    CodeVaultError,
    IndexBusy,
    IndexDamaged,
    InvalidArgument,
    ReplicaReadOnly,
    SourceError,
    StorageFull,
    UnknownProject,
    UnknownSnapshot,
    VaultBusy,
    VaultClosed,
)
from codevault.executing import ExecutorPool
from codevault.extras import FileAttribute
from codevault.gathering import Problem
from codevault.history import Event, History, history_of
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.index.index import Index
from codevault.index.model import FileVersion, Hit, Seen, SymbolVersion
from codevault.indexing import IndexKeeper
from codevault.jobs import CancelToken, ProgressCallback, Reporter
from codevault.keeping import OBJECTS
from codevault.left import LeftContents
from codevault.lineages import Lineages, VersionKey, find_version
from codevault.policies import Governing, Policies
from codevault.policy import DEFAULT, PathClass, Policy, Reason, Verdict
from codevault.projects.model import Project, Protection
from codevault.projects.registry import ProjectKey, Projects
from codevault.protection import Keeper, Status, explanation, status_of, with_history
from codevault.recognising import RealSurroundings
from codevault.recording import Recorder
from codevault.references import CommitKey, FoundSymbol, SnapshotKey, find_commit, find_snapshot, is_id, version_of
from codevault.repairing import donors_of
from codevault.replicas.model import Replicated
from codevault.replicas.opening import open_replica, send_replica
from codevault.replicas.places import is_url
from codevault.replicas.sending import Wishes
from codevault.reports import Reports
from codevault.repositories import Repositories, with_objects
from codevault.resting import with_repositories
from codevault.restore_model import Restored, RestorePlan
from codevault.restoring import checked_attributes, folders_of, plan_restore, restore
from codevault.reuse import Reuse
from codevault.safety import saved_first
from codevault.search import Search, check_kind
from codevault.service_health import Health, hear
from codevault.settings import put_settings
from codevault.source import Folder, RealFolder, identities
from codevault.stepping import link_versions
from codevault.store.compacting import Compacted, CompactPlan
from codevault.store.donors import Donor
from codevault.store.generations import Generation
from codevault.store.keepsakes import Keepsake
from codevault.store.limits import Limits
from codevault.store.listing import Listing
from codevault.store.model import Entry, RepairReport, Snapshot, VerifyReport
from codevault.store.parity import Parity
from codevault.store.pruning import Pruned, PrunePlan
from codevault.store.store import Store
from codevault.store.thinning import STANDARD, Retention
from codevault.store.verifying import VerifyMode
from codevault.structural import StructureEngine
from codevault.submitting import Submit
from codevault.surroundings import Surroundings
from codevault.symbol_patch import SymbolPatch
from codevault.symbol_restore import OldSymbol, SymbolRestore, held_symbol, side_of
from codevault.thinning import Thinner, VaultStats
from codevault.understanding import Analyser, Kept, Listed, Understanding, everything, nothing, understand
from codevault.understood import KeptSymbols, keep_understood
from codevault.vcs.model import Commit
from codevault.versions import versions_of
from codevault.workers import WorkerPool

_TELLING_S = 2.0
"""Seconds that a change of a project waits for whoever writes the index; after that the next query tells of it."""

_TICK_NS = 1_000_000_000
_PATIENCE_S = 60.0
"""Wall-clock seconds before a silent worker is killed. A parser stops itself after ten of processor time, so this only
meets hangs; it is long because a busy machine starves processes of low priority, and that is no file's fault."""

KINDS = ("manual", "automatic", "milestone")


class Vault:
    """An archive of projects in which every version is understood as code. Use it in a `with` statement.

    Any number of threads and processes may read; one at a time writes, another gets `VaultBusy`. The vault is not
    encrypted: keep it on an encrypted volume.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], int] = time.time_ns,
        policy: Policy = DEFAULT,
        source: Callable[[str], Folder] = RealFolder.root,
        workers: int = 0,
    ) -> None:
        """Vault.create() and Vault.open() are the usual ways in; tests hand in store, clock and source."""
        self._store = store
        self._workers = workers
        self._clock = clock
        self._source = source
        self._closed = False
        self._left_open = contextlib.ExitStack()
        self._caught_up = False
        self._told_ns = 0  # when projects/ last changed, as far as the index was told
        self._index = IndexKeeper(Path(store.root) / "cache", store.vault_id)
        surroundings = RealSurroundings(self._open_store, lambda: self.projects, self._sharing)
        self.projects = Projects(
            store,
            clock,
            importer=self._import_history,
            surroundings=surroundings,
            all_changed=self._projects_changed,
        )
        self.repositories = Repositories(self._open_store, self.projects)
        committed = CommittedContents(self._open_store, lambda: self.projects)
        self._contents = LeftContents(self._open_store, lambda: self.projects, also=committed.find)
        self._governing = Governing(lambda: Path(self._open_store().root), policy, self.projects)
        self.policies = Policies(self._governing, lambda: Path(self._open_store().root))
        self._recorder = Recorder(
            store, self._index, self.projects, self._contents, governing=self._governing, source=source, clock=clock
        )
        self._engine = StructureEngine()
        self.search = Search(self._reading, self.projects, lambda: self._index.unfinished, self._engine, self._contents)
        self.reuse = Reuse(self._reading, self.projects, self.read, self._contents.session)
        self.reports = Reports(self._reading, self.projects, self.history, self.text, self._contents.session)
        self.lineage = Lineages(self._reading, self.read, self.projects, self._contents.session)
        self._thinner = Thinner(store, self._index, self.projects, self._governing.known)
        ways = Ways(choose=self._in_context, plan=self._plan_chosen, restore=self._restore_chosen, learn=self._learn)
        self.closing = Closing(self._open_store, self.projects, self._index, ways, clock)
        self.submit = Submit(self)

    @classmethod
    def create(cls, path: str | os.PathLike[str], *, policy: Policy = DEFAULT, workers: int = 0) -> Self:
        """Makes a new vault in an empty or missing folder and opens it.

        Raises:
            VaultExists: something is there already.
            StorageError: the folder cannot be made.
        """
        vault = cls(Store.create(_folder(path)), policy=policy, workers=workers)
        with vault._index.writing():  # empty, and there: a search before the first backup finds nothing
            return vault

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        policy: Policy = DEFAULT,
        workers: int = 0,
        parity: Parity = Parity(),  # noqa: B008 - a frozen value
        expected: Generation | None = None,
        acknowledge: bool = False,
        identity: str | os.PathLike[str] | None = None,
        cache: str | os.PathLike[str] | None = None,
        options: Mapping[str, object] | None = None,
    ) -> Self:
        """Opens a vault. With `expected`, a `generation` kept elsewhere, an older or diverged one is refused.

        With `acknowledge` it is opened all the same, and goes on without giving any number of a snapshot twice. New
        packs get as much `parity` as that says.

        A URL ("sftp://…", "file://…", whatever fsspec knows, with its `options`) opens what `replicate()` put there:
        for reading, every change is refused. What analysis makes of it lies in the folder `cache`, or in one of the
        user's. `identity` opens an encrypted one: a secret key of age, or the path of a file that holds it.

        Raises:
            VaultMissing: there is none; `create()` makes one.
            VaultTooNew: a newer CodeVault wrote it.
            VaultDiverged: it is not what was expected.
            RecordDamaged: its vault.json is damaged; `recover()` opens it.
            ReplicaLocked: it is an encrypted replica, and the identity does not open it.
            ReplicaUnreachable, ExtraMissing: there is no connection, or nothing here that makes one.
        """
        if isinstance(path, str) and is_url(path):
            replica = open_replica(path, identity=identity, cache=cache, options=options)
            vault = cls(replica.store, policy=policy, workers=workers)
            vault._left_open.callback(replica.objects.close)
            return vault
        store = Store.open(_folder(path), parity=parity, expected=expected, acknowledge=acknowledge)
        return cls(store, policy=policy, workers=workers)

    @classmethod
    def recover(cls, path: str | os.PathLike[str], *, policy: Policy = DEFAULT, workers: int = 0) -> Self:
        """Opens a vault whose vault.json is damaged or gone, after putting it back from a copy in the vault.

        Raises:
            VaultMissing: no copy is left.
            VaultBusy, StorageFull, StorageError: nothing was changed.
        """
        return cls(Store.recover(_folder(path)), policy=policy, workers=workers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Gives everything back. Nothing depends on it being called: what was acknowledged is on disk."""
        if not self._closed:
            self._closed = True
            self._engine.close()
            self._index.close()
            self._store.close()
            self._left_open.close()

    @property
    def path(self) -> Path:
        """The vault's folder."""
        return Path(self._store.root)

    @property
    def generation(self) -> Generation:
        """How far the vault has come. Kept elsewhere and given to `open(expected=)`, it tells an older copy."""
        return self._open_store().generation

    def backup(
        self,
        project: ProjectKey,
        *,
        reason: str = "",
        kind: str = "manual",
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Backup:
        """Records the project as it is now. A file that cannot be read becomes one of `.problems`, never an error.

        With `kind` "automatic" an unchanged project gives the snapshot it already has. Analysis is `analyse()`'s.

        Raises:
            UnknownProject: no such project.
            InvalidArgument: `kind` is not "manual", "automatic" or "milestone".
            SourceError: the project's root is missing or unreadable; nothing was recorded.
            VaultBusy: another writer is at work; try again when it has ended.
            StorageFull: no space; what was committed before is safe.
            Cancelled: the token was set.
        """
        self._open_store()
        if kind not in KINDS:
            raise InvalidArgument(f"a backup is one of {', '.join(KINDS)}, not {kind!r}")
        check_texts(reason=reason, kind=kind)
        check_cancel(cancel)
        found = self.projects.get(project)
        before = self._store.newest(found.id)
        done = self._recorder.record(found, reason, kind, Reporter(progress, cancel))
        if before is None or before.id != done.id:
            with contextlib.suppress(CodeVaultError):  # what it is made with can be found out next time, too
                self.projects.look_again(found)
        return done

    def analyse(
        self,
        *,
        snapshot: Snapshot | Backup | SnapshotId | None = None,
        share: float | None = None,
        executor: Executor | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Understanding:
        """Understands every file version that waits for it, in processes of its own. Backups may go on meanwhile.

        What is there now comes first, code before text; last comes what an upgraded grammar would understand anew.
        With `snapshot` only what that one brought is made searchable, at once, also while another call is at work on
        everything: `vault.analyse(snapshot=vault.backup(shop))`.
        With `share` it takes at most so much of one processor's time (0.05: a twentieth). With `executor` files are
        analysed there instead, by a cluster's (dask, ray) for one; its processes then survive what its owner makes them
        survive. `cancel.pause()` lets it rest.

        Raises:
            UnknownSnapshot: no such snapshot.
            IndexDamaged: run `rebuild()`.
            WorkerError: no parser process can be started, or the executor broke.
            Cancelled: the token was set; what was analysed before is kept.
            InvalidArgument: `share` is no number above 0, or `executor` comes with it or is none.
        """
        self._open_store()
        check_cancel(cancel)
        report = Reporter(progress, cancel)
        allowance = Allowance(share) if share is not None else None
        if executor is not None and allowance is not None:
            raise InvalidArgument("share is kept by processes of our own: give either share or executor")
        listed, kept = self._all(report) if snapshot is None else (self._brought(self._snapshot(snapshot)), nothing)
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._contents.session())
            pool: Analyser = (
                ExecutorPool(executor)
                if executor is not None
                else stack.enter_context(WorkerPool(self._workers, seconds=_PATIENCE_S, allowance=allowance))
            )
            done = understand(
                self._contents,
                self._index.writing,
                pool,
                report=report,
                cancel=cancel,
                allowance=allowance,
                kept=kept,
                wanted=lambda: self._index.wanted,
                listed=listed,
            )
            if snapshot is not None:
                return done
            link_versions(
                self._index.reading,
                self._index.writing,
                self._contents.read,
                report=report,
                cancel=cancel,
                allowance=allowance,
            )
        unkept = (VaultBusy, ReplicaReadOnly)  # then the next call keeps it
        with contextlib.suppress(*unkept), self._index.writing() as index:
            keep_understood(self._store, index)
        self._index.finish()
        return done

    def _all(self, report: Reporter) -> tuple[Listed, Kept]:
        """What there is to analyse, once the index was told of everything, and what is kept of contents elsewhere."""
        with self._index.writing() as index:
            catch_up(self._store, index, self.projects, report)
            tell_commits(self._store, index, self._governing.known, report)
            look_again(index, self.projects)
            return everything, KeptSymbols(self._store, index.project_ids()).analysis

    def _brought(self, snapshot: Snapshot) -> Listed:
        return lambda index, _: (brought(self._store, index, self.projects, snapshot), ())

    def rebuild(
        self,
        *,
        share: float | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Understanding:
        """Makes everything under `cache/` again from the rest of the vault; answers are the same afterwards.

        With `share` it takes at most so much of one processor's time, as `analyse()` does.

        Raises:
            WorkerError: no parser process can be started.
            Cancelled: the token was set; the next `analyse()` goes on from there.
        """
        check_cancel(cancel)
        self._open_store().rescan()
        self._index.discard()
        return self.analyse(share=share, progress=progress, cancel=cancel)

    def snapshots(self, project: ProjectKey | None = None) -> tuple[Snapshot, ...]:
        """All snapshots of a project, or of all, oldest first."""
        store = self._open_store()
        store.rescan()
        return store.snapshots(self._owner(project) if project is not None else None)

    def files(self, snapshot: SnapshotKey, project: ProjectKey | None = None) -> Iterator[Entry]:
        """What a snapshot holds, in order of path: kind, mode, size, blob or reference.

        Raises:
            UnknownSnapshot: no such snapshot.
        """
        return self._open_store().manifest(self._snapshot(snapshot, project))

    def symbols(
        self, snapshot: SnapshotKey | CommitKey, *, project: ProjectKey | None = None, kind: str = "", path: str = ""
    ) -> Iterator[FoundSymbol]:
        """The symbols of a snapshot's or a commit's analysed files, by path and position; `path` is a glob.

        A commit, once `projects.import_history` has met it, is named by what other answers say of it
        (`first_seen` of a hit, an event's `at`, an entry of the timeline), or with `project` by its id.

        Raises:
            UnknownSnapshot: no such snapshot or commit.
            InvalidArgument: no such kind, or digits that several commits begin with.
        """
        check_kind(kind)
        index = self._reading()
        commit = find_commit(index, None if project is None else self._owner(project), snapshot)
        if commit is not None:
            holder = self.projects.get(commit.project)
            for where, symbol in index.symbols_at(commit.project, commit.sequence, kind=kind, path=path):
                yield FoundSymbol(
                    project=holder, path=where, snapshot=SnapshotId(""), symbol=symbol, commit=commit.commit
                )
            return
        if isinstance(snapshot, Seen):
            snapshot = snapshot.snapshot
        if isinstance(snapshot, Commit | TimelineEntry):
            snapshot = _snapshot_of(snapshot)
        found = self._snapshot(snapshot, project)
        owner = self.projects.get(found.project)
        for where, symbol in self._reading().symbols_at(found.project, found.sequence, kind=kind, path=path):
            yield FoundSymbol(project=owner, path=where, snapshot=found.id, symbol=symbol)

    def read(self, blob: BlobId) -> bytes:
        """The bytes of a file version, checked against their id; from its repository where it was left to that.

        Raises:
            BlobMissing: the vault has no such content.
            ContentElsewhere: it was left to a repository, which is gone or cannot give it now.
            BlobDamaged: it has, but not as it was.
            InvalidArgument: it is no id of a blob.
        """
        if not is_id(blob):
            raise InvalidArgument(f"{blob!r} is no id of a blob; files() and versions() give ids")
        return self._contents.read(blob)

    def text(self, symbol: FoundSymbol | SymbolVersion | Event | Hit) -> str:
        """The source text of a symbol as it stands in its version; bytes that are not UTF-8 become U+FFFD."""
        version = symbol if isinstance(symbol, SymbolVersion) else version_of(symbol)
        content = self.read(version.blob)[version.start_byte : version.end_byte]
        return content.decode("utf-8", errors="replace")

    def history(
        self,
        symbol: FoundSymbol | Hit | ProjectKey,
        path: str = "",
        qualified_name: str = "",
        *,
        line: int | None = None,
        at: SnapshotKey | VersionKey | TimelineEntry | Commit = None,
    ) -> History:
        """One symbol through all versions: introduced, changed, moved, renamed, removed, restored.

        Give a symbol (from `symbols()` or a search), or project, path within it, and qualified name or `line`: of
        several of that name the first is followed that is no stub of an overload, of several around a line the
        innermost. `at` is the version (a commit, a snapshot, a moment) that has it there; else it is the newest that
        does. Answers come from what `analyse()` noted of each version; what is not noted yet is looked at now.

        Raises:
            UnknownPath: no version holds the path, or that version does not.
            UnknownSymbol: no analysed version of the file defines the name.
            UnknownSnapshot: no such version.
        """
        meant: SymbolVersion | None = None
        if isinstance(symbol, FoundSymbol):
            owner, path, meant = symbol.project.id, symbol.path, symbol.symbol
            qualified_name = meant.qualified_name
        elif isinstance(symbol, Hit):
            owner, path, meant = symbol.project, symbol.path, version_of(symbol)
            qualified_name = meant.qualified_name
        elif not path or not (qualified_name or line):
            raise InvalidArgument("history() takes a symbol, or a project, a path in it and a qualified name or line")
        else:
            owner, path = self.projects.get(symbol).id, _downwards(path)
        index = self._reading()
        number = None if at is None else self._version(index, owner, at)
        with self._contents.session():
            return history_of(index, self._contents.read, owner, path, qualified_name, meant, line=line, at=number)

    def symbol_patch(
        self,
        symbol: FoundSymbol | Hit | Event | ProjectKey,
        path: str = "",
        qualified_name: str = "",
        *,
        at: SnapshotKey | CommitKey = None,
        before: bool = False,
    ) -> SymbolPatch:
        """What brings an old version of a symbol back into today's file; `.apply()` writes it, nothing else does.

        Give what a search, `symbols()` or a history told of that version (with `before`, what it was before an event),
        or project, path and qualified name, `at` a snapshot or commit, else as the vault saw it last. The patch follows
        the symbol to where it is today; one that is gone is put where its neighbours are.

        Raises:
            UnknownPath, UnknownSymbol: that version has no such file or symbol.
            RestoreRefused: today's file cannot be read, or is a link.
            WorkerError: no parser process can be started.
        """
        with self._contents.session():
            old = self._old_symbol(symbol, path, qualified_name, at, before=before)
            root = Path(self.projects.get(old.project).root)
            maker = SymbolRestore(self._reading(), self._contents.read, self._analysed, root, folders_of(self.path))
            return maker.patch(old)

    def versions(self, path: str | os.PathLike[str], *, project: ProjectKey | None = None) -> tuple[FileVersion, ...]:
        """The distinct contents of a file, oldest first, followed through renames.

        `path` is absolute, or with `project` relative to its root; the file need not exist any more.

        Raises:
            UnknownProject: the path lies in no project.
            UnknownPath: no snapshot holds it.
            InvalidArgument: it leads out of the project.
        """
        owner, relative = self._located(path, project)
        return versions_of(self._reading(), owner.id, relative)

    def status(self, path: str | os.PathLike[str], *, project: ProjectKey | None = None) -> Status:
        """Whether a file's present content is in the vault or safe in its repository, and since when."""
        owner, relative = self._located(path, project)
        return status_of(self._reading(), self._governing, owner, relative, self._keeper)

    def explain(self, path: str | os.PathLike[str], *, project: ProjectKey | None = None) -> Verdict:
        """What the policy decides on a path as it is now, and why: every step with the rule and who made it."""
        owner, relative = self._located(path, project)
        if relative == OBJECTS or relative.startswith(f"{OBJECTS}/"):
            others = [Path(other.root) for other in self.projects if other.id != owner.id]
            for why in apart_of(self._open_store(), owner, others=others).values():
                return Verdict(path_class=PathClass.VCS, index=False, reasons=(Reason("kept in another way", why),))
        verdict = explanation(self._governing, owner, relative)
        with contextlib.suppress(IndexBusy, IndexDamaged):  # then without what its history says
            return with_history(verdict, self._reading(), self._governing.known(owner.id), owner, relative)
        return verdict

    def simulate(self, policy: str | Policy, project: ProjectKey) -> PolicyEffect:
        """What a policy would store, skip and space, over all versions that the vault holds and the folder as it is.

        `policy` is the text of a vault's policy.toml, or a policy. Nothing is changed, and nothing that is stored ever
        goes because a policy changes. Costs a look at every version's path and two listings of the folder.

        Raises:
            InvalidPolicy: a mistake in the text, by line and key.
            SourceError: the project's root cannot be read.
        """
        owner = self.projects.get(project)
        with Surroundings(owner.root) as surroundings, self._source_of(owner) as root:
            today = self._governing.used(owner, surroundings).policy
            other = self._governing.trial(owner, surroundings, policy) if isinstance(policy, str) else policy
            versions = self._reading().file_versions(owner.id)
            return effect_of(owner, versions, root, today, other, surroundings, self._clock)

    def coverage(self, project: ProjectKey) -> ProjectCoverage:
        """What each file of a project is protected by: vault, repository, a command that makes it again, or nobody.

        Compares sizes and times with the last snapshot; `status()` compares one file's content.

        Raises:
            SourceError: the project's root cannot be read.
        """
        owner, store = self.projects.get(project), self._open_store()
        others = [Path(other.root) for other in self.projects if other.id != owner.id]
        with Surroundings(owner.root) as surroundings, self._source_of(owner) as root:
            snapshots = store.snapshots(owner.id)
            return coverage_of(
                owner,
                root,
                self._governing.used(owner, surroundings).policy,
                surroundings,
                store.listing(snapshots[-1]) if snapshots else Listing(),
                apart_of(store, owner, others=others),
                identities((*others, self.path)),
                self._clock,
            )

    @contextlib.contextmanager
    def _source_of(self, project: Project) -> Iterator[Folder]:
        try:
            with contextlib.closing(self._source(project.root)) as root:
                yield root
        except OSError as exc:
            raise SourceError(exc.strerror or type(exc).__name__, Path(project.root)) from exc

    @overload
    def restore(
        self,
        project: ProjectKey,
        *,
        to: str | os.PathLike[str],
        at: SnapshotKey = ...,
        paths: Collection[str] = ...,
        clone: str | os.PathLike[str] | None = ...,
        live: bool = ...,
        plan: Literal[True],
    ) -> RestorePlan: ...

    @overload
    def restore(
        self,
        project: None = ...,
        *,
        to: str | os.PathLike[str],
        client: str = ...,
        tag: str = ...,
        phase: str = ...,
        stack: str = ...,
        at: SnapshotKey = ...,
        live: bool = ...,
        plan: Literal[True],
    ) -> ContextPlan: ...

    @overload
    def restore(
        self,
        project: None = ...,
        *,
        to: str | os.PathLike[str],
        client: str = ...,
        tag: str = ...,
        phase: str = ...,
        stack: str = ...,
        at: SnapshotKey = ...,
        live: bool = ...,
        plan: Literal[False] = ...,
        overwrite: bool = ...,
        attributes: Collection[FileAttribute] = ...,
        progress: ProgressCallback | None = ...,
        cancel: CancelToken | None = ...,
    ) -> ContextRestored: ...

    @overload
    def restore(
        self,
        project: ProjectKey,
        *,
        to: str | os.PathLike[str],
        at: SnapshotKey = ...,
        paths: Collection[str] = ...,
        clone: str | os.PathLike[str] | None = ...,
        live: bool = ...,
        plan: Literal[False] = ...,
        overwrite: bool = ...,
        attributes: Collection[FileAttribute] = ...,
        progress: ProgressCallback | None = ...,
        cancel: CancelToken | None = ...,
    ) -> Restored: ...

    def restore(
        self,
        project: ProjectKey | None = None,
        *,
        to: str | os.PathLike[str],
        client: str = "",
        tag: str = "",
        phase: str = "",
        stack: str = "",
        at: SnapshotKey = None,
        paths: Collection[str] = (),
        clone: str | os.PathLike[str] | None = None,
        live: bool = False,
        plan: bool = False,
        overwrite: bool = False,
        attributes: Collection[FileAttribute] = (),
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> RestorePlan | Restored | ContextPlan | ContextRestored:
        """Writes a project, or some of its paths, as of `at` into the folder `to`; with `plan` it only plans.

        Without a project, all that fit `client`, `tag`, `phase` and `stack`, each into a folder of its own in `to`, as
        of one moment: a date, a month ("2026-03": its end) or a time. Client, tags and stack count as they are today,
        the phase as it was then; a project without a backup by then is among `.skipped`.

        Files that differ there are only replaced with `overwrite`, and where they are a registered project's own only
        after a backup of it, which `.safety` names. Files that the snapshot lacks are never touched. Extended
        attributes, set-id bits, capabilities and foreign owners come back only as `attributes` asks.

        What was left to a repository comes from the project's own, from `clone`, or from bundles in the vault; files
        that none of them has are the plan's `references`, and are not written. Hooks and settings of a repository get
        names that nothing runs (the result's `renamed`), and settings that only describe take their place, unless
        `live`; those that lie there as they were stay.

        Each file is written whole or not at all; after an interruption the same call goes on from there.

        Raises:
            RestoreRefused: the folder holds differing files, lies in the vault, or cannot be written.
            InvalidArgument: the snapshot holds nothing under one of the paths, or an attribute is none; neither project
                nor client, tag, phase or stack was given, or both.
            UnknownProject: no such project, or none fits.
            SourceError, VaultBusy, StorageFull: the backup made first failed; nothing was replaced.
        """
        context = Context(client=client, tag=tag, phase=phase, stack=stack)
        if project is None:
            if paths or clone is not None:
                raise InvalidArgument("paths and clone are of one project: give it")
            chosen, skipped = self._in_context(context, at)
            into = _folder(to)
            if plan:
                plans = {one.folder: self._plan_chosen(one, into, live=live) for one in chosen}
                return ContextPlan(target=into, chosen=chosen, plans=plans, skipped=skipped)
            given = {
                one.folder: self.restore(
                    one.project,
                    to=into / one.folder,
                    at=one.snapshot,
                    live=live,
                    overwrite=overwrite,
                    attributes=attributes,
                    progress=progress,
                    cancel=cancel,
                )
                for one in chosen
            }
            return ContextRestored(target=into, chosen=chosen, restored=given, skipped=skipped)
        if context.given:
            raise InvalidArgument("give a project, or a client, tag, phase or stack, not both")
        if isinstance(paths, str) or not isinstance(paths, Collection):
            raise InvalidArgument(f"paths is a collection of paths: give [{paths!r}]")
        paths = [checked_path(wanted) for wanted in paths]
        check_cancel(cancel)
        store, snapshot = self._open_store(), self._snapshot(at, project)
        offered = checked_clone(clone)
        with self._contents.session(clone=offered):
            at_hand = self._contents.at_hand
            planned = plan_restore(store, snapshot, _folder(to), paths=paths, at_hand=at_hand, live=live)
            if plan:
                return planned
            report = Reporter(progress, cancel)
            done = restore(
                store,
                planned,
                overwrite=overwrite,
                attributes=checked_attributes(attributes),
                report=report,
                safety=saved_first(store, self.projects, planned, self._safely(report)) if overwrite else (),
                read=self._contents.chunks,
            )
            put_settings(planned, self._contents.read)
        return with_objects(store, self.projects, planned, done, offered)

    def verify(
        self,
        mode: VerifyMode = "full",
        *,
        budget_bytes: int | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> VerifyReport:
        """Names all damage, and exactly which versions of which files it costs; damage is a result, not an error.

        "full" reads every byte outside `cache/` and decodes every blob; "quick" reads what is small and compares
        lengths. With a budget, about so many bytes of content are read, each time the next packs, whole ones. What was
        left to a repository is looked for there: versions that it has no more are lost, one that is not at hand is a
        notice.

        Raises:
            InvalidArgument: no such mode, or no number of bytes.
            Cancelled: the token was set.
        """
        check_cancel(cancel)
        found = self._open_store().verify(mode, budget_bytes=budget_bytes, report=Reporter(progress, cancel))
        return with_repositories(found, self._store, self.projects, self._contents)

    def replicate(
        self,
        target: str | os.PathLike[str],
        *,
        recipients: Collection[str] = (),
        options: Mapping[str, object] | None = None,
        verify: bool = False,
        acknowledge: bool = False,
        bytes_per_second: int | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Replicated:
        """Brings a copy of the vault up to date: a folder, or any URL that fsspec knows, with its `options`.

        Only what is missing is sent, content before what refers to it; what the vault has pruned, compacted or erased
        is removed there last. So the copy is a vault at every moment, whose every snapshot can be read with
        `Vault.open(url)`, or copied back and opened; one that was interrupted goes on at the next call. Lengths are
        always compared, with `verify` all content is read back and compared; what differs is sent again. Backups may go
        on meanwhile. Of two replications to one place the later one goes on.

        With `recipients`, public keys of age or ssh, everything is encrypted for them but `replica.json`; names and
        lengths of objects stay visible. All of it is sent again when they change.

        Raises:
            ReplicaRefused: the place holds other files or another vault, or has snapshots that this vault lost, or is
                ahead of it. With `acknowledge` the copy becomes what the vault is, lost snapshots included.
            ReplicaBusy: a later replication has taken over.
            ReplicaUnreachable, StorageFull: what was sent stays; call again.
            ExtraMissing: the extra `replica` is not installed.
            VaultBusy: the vault changes faster than it can be sent.
            InvalidArgument: no such place, no key, or no rate.
            Cancelled: the token was set.
        """
        check_cancel(cancel)
        return send_replica(
            self._open_store(),
            checked_path(target),
            recipients=recipients if isinstance(recipients, str) else tuple(recipients),
            options=options,
            wishes=Wishes(verify=verify, acknowledge=acknowledge),
            bytes_per_second=bytes_per_second,
            report=Reporter(progress, cancel),
        )

    def repair(
        self,
        *,
        plan: bool = False,
        donors: Iterable[Vault | Donor] = (),
        live: bool = True,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> RepairReport:
        """Puts damage right from parity, copies, the projects' live trees and `donors`; with `plan` it only plans.

        A donor is another vault, or anything with the methods of `Donor`. What replaces a damaged file is durable and
        proven before that goes, and the damaged one is kept in `quarantine/`. It may be killed and called again.

        Raises:
            VaultBusy: another writer is at work.
            StorageFull, StorageError: the disk refuses; what was repaired before stays.
            Cancelled: the token was set.
        """
        store = self._open_store()
        check_cancel(cancel)
        donors = _donors(donors)
        trees = [(project.id, project.root) for project in self.projects] if live else []
        others = (
            donor._open_store() if isinstance(donor, Vault) else donor  # noqa: SLF001 - a vault, as this one
            for donor in donors
        )
        return store.repair(donors_of(trees, self._source, others), plan=plan, report=Reporter(progress, cancel))

    def health(self) -> Health:
        """How the vault's service is, and how much could be lost now; without one, that there is none."""
        return hear(self._open_store().root)

    def stats(self) -> VaultStats:
        """Sizes and counts of the vault outside `cache/`, and whose the bytes are. Reads every manifest once."""
        self._open_store()
        return self._thinner.stats()

    @overload
    def prune(
        self,
        retention: Retention | PrunePlan | None = ...,
        *,
        plan: Literal[True],
        projects: Collection[ProjectKey] | None = ...,
        progress: ProgressCallback | None = ...,
        cancel: CancelToken | None = ...,
    ) -> PrunePlan: ...

    @overload
    def prune(
        self,
        retention: Retention | PrunePlan | None = ...,
        *,
        plan: Literal[False] = ...,
        projects: Collection[ProjectKey] | None = ...,
        acknowledged: Collection[str] = ...,
        progress: ProgressCallback | None = ...,
        cancel: CancelToken | None = ...,
    ) -> Pruned: ...

    def prune(
        self,
        retention: Retention | PrunePlan | None = STANDARD,
        *,
        plan: bool = False,
        projects: Collection[ProjectKey] | None = None,
        acknowledged: Collection[str] = (),
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> PrunePlan | Pruned:
        """Thins histories and frees what nothing needs; with `plan` it only says what, why, and how many bytes.

        `retention` are the rules, or a plan that was looked at; None thins nothing and frees only waste. The last text
        of each function that would be gone is kept (`keepsakes`). What was thinned can be put back (`undo_prune`) until
        the retention's undo window is over. A plan with `frozen` reasons is refused unless each is `acknowledged`.

        Raises:
            PruneRefused: the vault changed since the plan, or something looks like an accident.
            UnknownProject, UnknownSnapshot: a project, or a pinned snapshot, that does not exist.
            VaultBusy: another writer is at work.
            StorageFull: not even the reserve was enough; nothing that should be there is lost.
            Cancelled: the token was set; what was done stays done.
        """
        self._open_store()
        check_cancel(cancel)
        report = Reporter(progress, cancel)
        if retention is not None:
            check_type("retention", retention, Retention, PrunePlan)
        if isinstance(retention, PrunePlan):
            planned = retention
        else:
            chosen = None if projects is None else [self._owner(project) for project in projects]
            planned = self._thinner.plan(retention, chosen, report)
        return planned if plan else self._thinner.prune(planned, acknowledged, report)

    @overload
    def compact(
        self,
        *,
        plan: Literal[True],
        progress: ProgressCallback | None = ...,
        cancel: CancelToken | None = ...,
    ) -> CompactPlan: ...

    @overload
    def compact(
        self,
        *,
        plan: Literal[False] = ...,
        progress: ProgressCallback | None = ...,
        cancel: CancelToken | None = ...,
    ) -> Compacted: ...

    def compact(
        self, *, plan: bool = False, progress: ProgressCallback | None = None, cancel: CancelToken | None = None
    ) -> CompactPlan | Compacted:
        """Stores everything anew where that is smaller, and drops what nothing needs; `plan` says what comes of it.

        Takes seconds for histories of some ten MB and a minute or so for a GB of first versions, processor time mostly;
        a second run only does what came since. It needs room for both forms at once; reading goes on meanwhile.

        Raises:
            RecordDamaged: a record that names content is missing: `repair()` may bring it back.
            VaultBusy: another writer is at work.
            StorageFull: there is no such room; all is as it was.
            Cancelled: the token was set; what was finished stays, and the next call goes on from there.
        """
        house = self._open_store().housekeeping
        check_cancel(cancel)
        report = Reporter(progress, cancel)
        return house.plan_compact(report=report) if plan else house.compact(report=report)

    def thinned(self, project: ProjectKey | None = None) -> tuple[Snapshot, ...]:
        """Snapshots that were thinned and can be put back, by project and sequence."""
        owner = None if project is None else self._owner(project)
        return self._open_store().housekeeping.thinned(owner)

    def undo_prune(self, snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
        """Puts thinned snapshots back into history and index, all or none; `thinned()` has those that can be.

        Raises:
            UnknownSnapshot: one of them cannot be put back.
            VaultBusy: another writer is at work.
        """
        self._open_store()
        snapshots = tuple(snapshots) if isinstance(snapshots, Iterable) else snapshots
        check_all("snapshots", snapshots, Snapshot)
        return self._thinner.undo([snapshot.id for snapshot in snapshots])

    def keepsakes(self, project: ProjectKey) -> tuple[Keepsake, ...]:
        """The last texts of functions whose files were thinned, oldest prune first; `read(keepsake.text)` gives one."""
        return self._open_store().housekeeping.keepsakes(self._owner(project))

    def limits(self) -> Limits:
        """What the vault may take of its disk; `set_limits` replaces it."""
        return self._open_store().housekeeping.limits()

    def set_limits(self, limits: Limits) -> None:
        """Sets what the vault may take of its disk, for every later run of any process.

        Raises:
            VaultBusy: another writer is at work.
        """
        check_type("limits", limits, Limits)
        self._open_store().housekeeping.set_limits(limits)

    def _old_symbol(
        self,
        symbol: FoundSymbol | Hit | Event | ProjectKey,
        path: str,
        qualified_name: str,
        at: SnapshotKey | CommitKey,
        *,
        before: bool,
    ) -> OldSymbol:
        if isinstance(symbol, FoundSymbol):
            return OldSymbol(project=symbol.project.id, path=symbol.path, symbol=symbol.symbol)
        if isinstance(symbol, Event):
            return side_of(self._reading(), symbol, before=before)
        if isinstance(symbol, Hit):
            return OldSymbol(project=symbol.project, path=symbol.path, symbol=version_of(symbol))
        if not path or not qualified_name:
            raise InvalidArgument("symbol_patch() takes a symbol, or a project, a path in it and a qualified name")
        index, owner, path = self._reading(), self.projects.get(symbol).id, _downwards(path)
        if at is None:
            newest = history_of(index, self._contents.read, owner, path, qualified_name)
            return side_of(index, newest.events[-1], before=newest.removed is not None)
        commit = find_commit(index, owner, at)
        if commit is None:
            key = at.snapshot if isinstance(at, Seen) else at
            key = _snapshot_of(key) if isinstance(key, Commit | TimelineEntry) else key
            return held_symbol(index, owner, path, qualified_name, self._snapshot(key, owner).sequence)
        return held_symbol(index, owner, path, qualified_name, commit.sequence)

    def _analysed(self, path: str, content: bytes) -> FileAnalysis:
        with WorkerPool(1, seconds=_PATIENCE_S) as pool:
            return next(analysis for _, analysis in pool.analyse_all([(0, path, content)]))

    def _in_context(self, context: Context, at: object) -> tuple[tuple[Chosen, ...], tuple[tuple[Project, str], ...]]:
        moment = moment_of(at)
        wanted = fitting(self.projects, context, moment)
        return choose(wanted, lambda project: self._snapshot(moment, project), moment)

    def _plan_chosen(self, one: Chosen, into: Path, *, live: bool = False) -> RestorePlan:
        return self.restore(one.project, to=into / one.folder, at=one.snapshot, live=live, plan=True)

    def _restore_chosen(
        self, one: Chosen, into: Path, progress: ProgressCallback | None, cancel: CancelToken | None
    ) -> Restored:
        return self.restore(one.project, to=into / one.folder, at=one.snapshot, progress=progress, cancel=cancel)

    def _learn(self) -> None:
        """Tells an index that was thrown away what is there; `analyse()` understands it."""
        with self._index.writing() as index:
            catch_up(self._store, index, self.projects)
            tell_commits(self._store, index, self._governing.known)

    def _keeper(self, blob: BlobId) -> Keeper:
        left = None if self._open_store().contains(blob) else self._contents.find(blob)
        if left is None:
            return Keeper()
        owner = self.projects.get(left.project)
        lost = owner.protection is Protection.TRUST_REMOTE and self._contents.is_alone(left.project)
        why = "its repository knows no other machine any more: the next backup stores it" if lost else ""
        return Keeper(left.reference.partition(":")[0], self._contents.last_heard(left.project), why)

    def _safely(self, report: Reporter) -> Callable[[Project], Backup]:
        return lambda project: self._recorder.record(project, "before a restore over it", "automatic", report)

    def _import_history(self, project: Project, report: Reporter) -> ImportedHistory:
        others = [Path(other.root) for other in self.projects]
        done = import_history(self._open_store(), project, others=others, report=report)
        try:
            with self._index.writing() as index:
                index.put_project(facts_of(project))
                tell_commits(self._store, index, self._governing.known, report)
        except (IndexDamaged, IndexBusy, StorageFull) as exc:
            late = Problem(path="", kind="index", why=f"kept, but not yet searchable: {exc}")
            return replace(done, problems=(*done.problems, late))
        return done

    def _sharing(self, project: ProjectId, across_clients: bool) -> Mapping[ProjectId, int]:
        """How many groups of equal code a project shares with others, by what was analysed."""
        counts: Counter[ProjectId] = Counter()
        for group in self.reuse.clones(project=project, across_projects=True, across_clients=across_clients):
            counts.update({clone.hit.project for clone in group.members} - {project})
        return counts

    def _projects_changed(self, projects: Iterable[Project]) -> None:
        # The project's own file is what counts; the next run tells the index again. A cache that was deleted is not
        # begun here: it would look like one that knows of no snapshot.
        if not self._index.exists and self._store.snapshots():
            return
        with contextlib.suppress(CodeVaultError), self._index.writing(_TELLING_S) as index:
            for project in projects:
                index.put_project(facts_of(project))

    def _tell_projects(self, index: Index) -> None:
        """Tells the index of changes that it missed: another process made them, or an analysis was writing it."""
        try:
            stamp = os.stat(self.path / "projects").st_mtime_ns
        except OSError:
            return
        if stamp == self._told_ns:
            return
        with contextlib.suppress(CodeVaultError):
            known = {facts.id: facts for facts in index.project_facts()}
            new = [facts for facts in map(facts_of, self.projects) if known.get(facts.id, facts) != facts]
            if new:
                with self._index.writing(_TELLING_S) as writable:
                    for facts in new:
                        writable.put_project(facts)
            if stamp < time.time_ns() - _TICK_NS:  # else another change may yet get the same time
                self._told_ns = stamp

    def _snapshot(self, key: SnapshotKey, project: ProjectKey | None = None) -> Snapshot:
        given = key.snapshot if isinstance(key, Backup) else key
        if not isinstance(given, Snapshot):
            snapshots = self.snapshots(project)
            damaged = self._store.damaged_snapshots(self._owner(project)) if project is not None else ()
            return find_snapshot(snapshots, given, any_project=project is None, damaged=damaged)
        if project is not None and self._owner(project) != given.project:
            raise UnknownSnapshot(f"snapshot {given.sequence} of another project is none of this one")
        return given

    def _version(self, index: Index, owner: ProjectId, key: SnapshotKey | VersionKey | TimelineEntry | Commit) -> int:
        commit = find_commit(index, owner, key)
        if commit is not None:
            return commit.sequence
        if isinstance(key, Seen | str | int | date):
            return find_version(index, owner, key).sequence
        key = _snapshot_of(key) if isinstance(key, Commit | TimelineEntry) else key
        return self._snapshot(key, owner).sequence

    def _owner(self, project: ProjectKey) -> ProjectId:
        """A project's id; one whose own document is damaged still answers to it, so that it can be restored."""
        try:
            return self.projects.get(project).id
        except UnknownProject:
            snapshots = self._store.snapshots()
            if isinstance(project, str) and any(snapshot.project == project for snapshot in snapshots):
                return ProjectId(project)
            raise

    def _located(self, path: str | os.PathLike[str], project: ProjectKey | None) -> tuple[Project, str]:
        if project is not None and not os.path.isabs(checked_path(path)):
            return self.projects.get(project), _downwards(path)
        owner, relative = self.projects.containing(path)
        if project is not None and self.projects.get(project).id != owner.id:
            raise UnknownProject(f"{os.fspath(path)} lies in project {owner.name!r}, not in the one given")
        return owner, relative

    def _reading(self) -> Index:
        """The index for asking; at first use it learns what killed runs did not get to tell it."""
        store = self._open_store()
        index = self._index.reading()
        if not self._caught_up:
            self._caught_up = True
            known = {snapshot.id for snapshot in store.snapshots()}
            if set(index.snapshot_ids()) != known or not all_told(store, index):
                with contextlib.suppress(CodeVaultError), self._index.writing() as writable:
                    catch_up(store, writable, self.projects)
                    tell_commits(store, writable, self._governing.known)
        self._tell_projects(index)
        return index

    def _open_store(self) -> Store:
        if self._closed:
            raise VaultClosed("this vault was closed; Vault.open() opens it again", self.path)
        return self._store


def _snapshot_of(version: Commit | TimelineEntry) -> SnapshotId:
    if isinstance(version, TimelineEntry) and version.snapshot is not None:
        return version.snapshot
    commit = version if isinstance(version, Commit) else version.commit
    named = "" if commit is None else commit.id
    raise UnknownSnapshot(f"the index knows no commit {named}: projects.import_history() tells it of commits")


def _donors(donors: Iterable[Vault | Donor]) -> tuple[Vault | Donor, ...]:
    if isinstance(donors, str | Vault) or not isinstance(donors, Iterable):
        raise InvalidArgument("donors is a collection of vaults: give [vault]")
    found = tuple(donors)
    for donor in found:
        if not isinstance(donor, Vault) and not callable(getattr(donor, "prepare", None)):
            raise InvalidArgument(f"a donor is a Vault or a Donor, not {type(donor).__name__}")
    return found


def _downwards(path: str | os.PathLike[str]) -> str:
    relative = Path(os.path.normpath(checked_path(path))).as_posix()
    if relative == ".." or relative.startswith("../"):
        raise InvalidArgument(f"{os.fspath(path)!r} leads out of the project")
    return "" if relative == "." else relative


def _folder(path: str | os.PathLike[str]) -> Path:
    text = checked_path(path)
    if not text:
        raise InvalidArgument("give the path of a folder; '.' is the present one")
    return Path(os.path.abspath(os.path.expanduser(text)))
