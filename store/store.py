"""The store: a folder that keeps blobs and snapshots. One writer at a time, any number of readers."""

# A little over 400 lines: one class that hands on to the modules beside it, half of it what its methods raise.

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from codevault.errors import (
    BlobDamaged,
    BlobMissing,
    InvalidArgument,
    RecordDamaged,
    UnknownSnapshot,
    VaultClosed,
    VaultExists,
    VaultMissing,
)
from codevault.ids import BlobId, ProjectId, SnapshotId, VaultId
from codevault.jobs import Reporter
from codevault.store.compacting import Compacted
from codevault.store.donors import Donor
from codevault.store.filesystem import DiskFileSystem, FileSystem
from codevault.store.founding import decode_identity, expect, is_free, make_vault, raise_format
from codevault.store.generations import Generation
from codevault.store.housekeeping import Housekeeping, allowance
from codevault.store.layout import FORMAT_VERSION, Layout, document_of, is_document_name, pack_of
from codevault.store.limits import vault_bytes
from codevault.store.listing import Listing
from codevault.store.model import (
    DamagedSnapshot,
    Difference,
    Entry,
    RepairReport,
    Snapshot,
    StoreStats,
    VerifyReport,
)
from codevault.store.pack import FrameKind
from codevault.store.parity import Parity
from codevault.store.records import RecordMalformed, unseal
from codevault.store.repairing import plan_repair, repair
from codevault.store.shelf import Shelf
from codevault.store.smallrepair import recover_identity
from codevault.store.suspects import keep_suspects, known_suspects
from codevault.store.turns import Turn, take_turn
from codevault.store.vaultstate import VaultState
from codevault.store.verifying import VerifyMode, verify
from codevault.store.writing import Writer


class Store:
    """An open vault folder. Reading works from any thread and while a writer, of any process, is at work.

    Raises:
        VaultClosed: (every method) used after `close()`.
        StorageError: (every method) the disk refuses.
    """

    def __init__(self, state: VaultState, format_version: int) -> None:
        self._state = state
        self._closed = False
        self._documents: dict[str, tuple[bytes, Mapping[str, Any]]] = {}
        self.format_version = format_version

    @classmethod
    def create(
        cls, root: Path, *, filesystem: FileSystem | None = None, clock: Callable[[], int] = time.time_ns
    ) -> Store:
        """Makes a new, empty vault at `root` and opens it. `clock` gives nanoseconds since the epoch.

        Raises:
            VaultExists: `root` is something else than a missing or empty folder.
            StorageFull, StorageError: the folder cannot be made.
        """
        files = filesystem or DiskFileSystem(root)
        layout = Layout(root)
        if not is_free(files, layout):
            raise VaultExists(
                f"{root} is not an empty folder; Vault.open() opens a vault, or choose another place", root
            )
        make_vault(files, layout, clock)
        return cls.open(root, filesystem=files, clock=clock)

    @classmethod
    def open(
        cls,
        root: Path,
        *,
        filesystem: FileSystem | None = None,
        clock: Callable[[], int] = time.time_ns,
        parity: Parity = Parity(),  # noqa: B008 - a frozen value
        expected: Generation | None = None,
        acknowledge: bool = False,
    ) -> Store:
        """Opens the vault at `root`. Writes nothing. Packs that writers add get as much `parity` as that says.

        `expected` is the generation last seen of it: a vault that is older or went another way is refused, unless the
        caller acknowledges that; then no number of a generation or snapshot that may have been given is given again.

        Raises:
            VaultMissing: no vault there.
            VaultTooNew: written by a newer CodeVault.
            VaultDiverged: it is not what `expected` says.
            RecordDamaged: vault.json was changed; `recover` puts it back.
        """
        files = filesystem or DiskFileSystem(root)
        layout = Layout(root)
        content = files.read(layout.identity) if files.list(root) is not None else None
        if content is None:
            raise VaultMissing(f"there is no vault at {root}; Vault.create() makes one", root)
        version, vault_id = decode_identity(layout, content)
        state = VaultState(files, layout, vault_id, clock)
        state.parity = parity
        state.suspects |= known_suspects(state)
        if expected is not None:
            expect(state, expected, acknowledge=acknowledge)
        return cls(state, version)

    @classmethod
    def recover(
        cls, root: Path, *, filesystem: FileSystem | None = None, clock: Callable[[], int] = time.time_ns
    ) -> Store:
        """Opens a vault whose vault.json is damaged or gone, after putting it back from the copies under log/.

        Raises:
            VaultMissing: there is no copy of it.
            VaultBusy: somebody is writing.
            StorageFull, StorageError: the disk refuses; nothing was changed.
        """
        files = filesystem or DiskFileSystem(root)
        recover_identity(files, Layout(root), clock)
        return cls.open(root, filesystem=files, clock=clock)

    @property
    def generation(self) -> Generation:
        """How far the vault has come: keep it elsewhere, and give it to `open(expected=)`."""
        newest = self._open().generations.newest()
        return Generation(vault=self.vault_id, sequence=newest.sequence, hash=newest.hash)

    @property
    def root(self) -> Path:
        """The vault's folder."""
        return self._state.layout.root

    @property
    def vault_id(self) -> VaultId:
        """The vault's identity."""
        return self._state.vault_id

    @property
    def state(self) -> VaultState:
        """What copies of the vault as it lies there are made from: its files, layout and log."""
        return self._open()

    @property
    def suspects(self) -> frozenset[BlobId]:
        """Blobs that were found damaged through this object and have not been stored again since."""
        return frozenset(self._state.suspects)

    def close(self) -> None:
        """Ends the use of this object; a writer that is still open goes on until it is left."""
        self._closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, blob: BlobId) -> bytes:
        """The blob's bytes, hash-checked.

        Raises:
            BlobMissing: it, or a base it needs, is in no pack.
            BlobDamaged: no copy of it decodes to its id.
        """
        state = self._open()
        try:
            return state.reader.read(blob)
        except (BlobDamaged, BlobMissing) as exc:  # of what it rests on, maybe: it must be stored again all the same
            state.suspects.update((blob, exc.blob))
            raise

    def read_chunks(self, blob: BlobId) -> Iterator[bytes]:
        """The blob's bytes in pieces of at most some MiB, hash-checked at the end: act on them only then.

        Raises:
            BlobMissing, BlobDamaged: as `read`.
        """
        state = self._open()
        try:
            yield from state.reader.chunks(blob)
        except (BlobDamaged, BlobMissing) as exc:  # of what it rests on, maybe: it must be stored again all the same
            state.suspects.update((blob, exc.blob))
            raise

    def contains(self, blob: BlobId) -> bool:
        """True when the blob lies in a pack that was there at the last look (`rescan`)."""
        return blob in self._open().catalog

    def size(self, blob: BlobId) -> int:
        """The blob's length in bytes.

        Raises:
            BlobMissing: it is in no pack.
        """
        state = self._open()
        return state.reader.size(blob)

    def snapshots(self, project: ProjectId | None = None) -> tuple[Snapshot, ...]:
        """All snapshots, or a project's, by project and sequence. `damaged_snapshots` names those it leaves out."""
        state = self._open()
        found = []
        for owner in state.projects() if project is None else (project,):
            for _, named in state.snapshot_names(owner):
                with suppress(RecordDamaged):
                    found.append(state.snapshot(owner, named))
        return tuple(found)

    def newest(self, project: ProjectId) -> Snapshot | None:
        """A project's newest snapshot, None when it has none or that one's record cannot be read."""
        state = self._open()
        names = state.snapshot_names(project)
        with suppress(RecordDamaged):
            return state.snapshot(project, names[-1][1]) if names else None
        return None

    def damaged_snapshots(self, project: ProjectId | None = None) -> tuple[DamagedSnapshot, ...]:
        """Snapshots that are there by name and cannot be read, by project and sequence: `snapshots` has all others.

        Looks at the records only: those read before cost nothing, damaged ones are read again. One whose record is
        sound and whose content is damaged is not among them; `verify` finds that.
        """
        state = self._open()
        found = []
        for owner in state.projects() if project is None else (project,):
            for sequence, named in state.snapshot_names(owner):
                try:
                    state.snapshot(owner, named)
                except RecordDamaged as exc:
                    found.append(DamagedSnapshot(project=owner, sequence=sequence, file=exc.path))
        return tuple(found)

    def snapshot(self, id: SnapshotId) -> Snapshot:  # noqa: A002 - the word callers use
        """A snapshot by its id.

        Raises:
            UnknownSnapshot: the vault has none of that id.
            RecordDamaged: its file was changed.
        """
        state = self._open()
        project = state.project_of(id)
        if project is None:
            state.rescan()
            project = state.project_of(id)
        if project is None:
            raise UnknownSnapshot(f"no snapshot has the id {id}")
        return state.snapshot(project, id)

    def manifest(self, snapshot: Snapshot) -> Iterator[Entry]:
        """The snapshot's entries in the order of their paths' bytes. Paths are not checked for being restorable.

        Raises:
            BlobMissing, BlobDamaged: the manifest is lost.
            RecordDamaged: it is intact but does not parse.
        """
        state = self._open()
        yield from state.manifest(snapshot)

    def listing(self, snapshot: Snapshot) -> Listing:
        """The snapshot's manifest as bytes, proven, for `Writer.commit_revised`; costs its length in memory.

        Raises:
            BlobMissing, BlobDamaged, RecordDamaged: as `manifest`.
        """
        state = self._open()
        return state.listing(snapshot)

    def documents(self) -> Mapping[str, Mapping[str, Any]]:
        """The documents under projects/ by name. Damaged ones are left out; `verify` names them."""
        state = self._open()
        found = {}
        for file in state.files.list(state.layout.projects) or ():
            name = document_of(file.name)
            if name is not None:
                with suppress(RecordDamaged):
                    found[name] = self.document(name)
        return MappingProxyType(found)

    def document(self, name: str) -> Mapping[str, Any]:
        """One document; the same object for as long as its file stays as it is, so it must not be changed.

        Raises:
            InvalidArgument: there is none of that name.
            RecordDamaged: its file was changed.
        """
        state = self._open()
        path = state.layout.document(name)
        content = state.files.read(path) if is_document_name(name) else None
        if content is None:
            raise InvalidArgument(f"there is no document named {name!r}")
        known = self._documents.get(name)
        if known is not None and known[0] == content:
            return known[1]
        try:
            document = unseal(content).get("document")
        except RecordMalformed as exc:
            raise RecordDamaged(path, str(exc)) from exc
        if not isinstance(document, dict):
            raise RecordDamaged(path, "it holds no document")
        found = MappingProxyType(document)
        self._documents[name] = (content, found)
        return found

    def verify(
        self, mode: VerifyMode = "full", *, budget_bytes: int | None = None, report: Reporter | None = None
    ) -> VerifyReport:
        """Looks for damage, which is a result, never an error. See `codevault.store.verifying` for the modes.

        A backup made afterwards through this object stores damaged blobs again when it meets their content.

        Raises:
            InvalidArgument: a mode or budget that cannot mean anything.
            Cancelled: through `report`.
        """
        state = self._open()
        state.rescan()
        found = verify(state, report or Reporter(), mode, budget_bytes)
        if found.mode == "full":
            state.suspects.clear()  # it looked at everything
        state.suspects.update(blob for damage in found.damages for blob in damage.blobs)
        state.suspects.update(state.unreadable_in({pack_of(Path(damage.file).name) for damage in found.damages}))
        keep_suspects(state)
        return found

    def repair(
        self, donors: Sequence[Donor] = (), *, plan: bool = False, report: Reporter | None = None
    ) -> RepairReport:
        """Puts right what can be: from parity, copies and donors. With `plan` only says what it would do.

        Everything new is written, synced and proven before what it replaces goes, and that is kept in quarantine/.
        It may be killed at any point and called again.

        Raises:
            VaultBusy: somebody else is writing.
            StorageFull, StorageError: the disk refuses; what was repaired before stays.
            Cancelled: through `report`.
        """
        state = self._open()
        if plan:
            state.rescan()
            return plan_repair(state, donors, report or Reporter())
        with self.turn() as turn:
            done = repair(turn, donors, report or Reporter())
        state.suspects.clear()
        state.suspects.update(blob for damage in done.verified.damages for blob in damage.blobs)
        keep_suspects(state)
        return done

    def stats(self) -> StoreStats:
        """Counts and sizes of the whole vault, cache/ apart. Costs a walk over the catalog and the folders."""
        state = self._open()
        blobs, content_bytes = state.catalog.totals()
        pack_bytes = sum(state.catalog.packs.values())
        return StoreStats(
            packs=len(state.catalog.packs),
            pack_bytes=pack_bytes,
            blobs=blobs,
            content_bytes=content_bytes,
            other_bytes=vault_bytes(state.files, state.layout) - pack_bytes,
            snapshots=sum(len(state.snapshot_names(project)) for project in state.projects()),
        )

    def differences(self) -> Iterator[Difference]:
        """Every blob that is kept as a difference, with what it differs from."""
        catalog = self._open().catalog
        for place in catalog:
            bases = catalog.find_base(place.base) if place.kind is FrameKind.DELTA else ()
            if bases:
                yield Difference(blob=place.blob, base=bases[0].blob, length=place.length, stored=place.stored)

    def rescan(self) -> None:
        """Takes up what other processes committed since this store was opened."""
        self._open().rescan()

    def writer(self, project: ProjectId | None = None) -> Writer:
        """The vault's one writer; a context manager. The lock ends with the process at the latest.

        With `project` it also heeds that project's share of the vault.

        Raises:
            VaultBusy: somebody else is writing; at once, nothing waits.
            StorageFull, StorageError: the vault cannot be written.
        """
        turn = self.turn()
        try:
            writer = Writer(turn.state, turn.lock, allowance(turn.state, project).admit)
        except BaseException:
            turn.close()
            raise
        writer.note_unlogged(turn.take_unlogged())
        return writer

    @property
    def housekeeping(self) -> Housekeeping:
        """The space the vault takes: thinning, pruning and undoing it, keepsakes, limits."""
        return Housekeeping(self._open, self.turn)

    @property
    def shelf(self) -> Shelf:
        """Files in the formats of version control systems."""
        return Shelf(self._open, self.turn)

    def compact(self, *, report: Reporter | None = None) -> Compacted:
        """As `Housekeeping.compact`."""
        return self.housekeeping.compact(report=report)

    def turn(self) -> Turn:
        """The writer's turn without a writer, for whatever else changes the vault: prune, compact, repair.

        Locked, rescanned, swept, in our format; a context manager. See `codevault.store.turns.Turn`.

        Raises:
            VaultBusy, StorageFull, StorageError: as `writer`.
        """
        turn = take_turn(self._open())
        try:
            self._upgrade()
        except BaseException:
            turn.close()
            raise
        return turn

    def _upgrade(self) -> None:
        if self.format_version == FORMAT_VERSION:
            return
        raise_format(self._state)
        self.format_version = FORMAT_VERSION

    def _open(self) -> VaultState:
        if self._closed:
            raise VaultClosed("this store was closed; open it again", self._state.layout.root)
        return self._state
