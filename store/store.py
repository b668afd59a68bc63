"""The store: a folder that keeps blobs and snapshots. One writer at a time, any number of readers."""

from __future__ import annotations

import secrets
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
    StorageError,
    UnknownSnapshot,
    VaultClosed,
    VaultDiverged,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from codevault.ids import BlobId, ProjectId, SnapshotId, VaultId
from codevault.jobs import Reporter
from codevault.store.compacting import Compacted
from codevault.store.donors import Donor
from codevault.store.filesystem import DiskFileSystem, FileSystem
from codevault.store.generations import Generation, Generations
from codevault.store.housekeeping import Housekeeping, allowance
from codevault.store.layout import FORMAT_VERSION, Layout, document_of, is_document_name, pack_of
from codevault.store.listing import Listing
from codevault.store.model import DamagedSnapshot, Entry, RepairReport, Snapshot, StoreStats, VerifyReport
from codevault.store.parity import Parity
from codevault.store.publishing import ensure_folder, publish
from codevault.store.readme import readme_text, rescue_text
from codevault.store.records import LoggedFile, RecordMalformed, hash_of, seal, unseal
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
        if not _is_free(files, layout):
            raise VaultExists(
                f"{root} is not an empty folder; Vault.open() opens a vault, or choose another place", root
            )
        for folder in (layout.packs, layout.snapshots, layout.projects, layout.log, layout.incoming):
            ensure_folder(files, folder)
        with suppress(StorageError):  # the vault's own name: some systems refuse to sync a foreign folder
            files.sync_folder(root.parent)
        identity = seal({"format": FORMAT_VERSION, "vault": secrets.token_hex(16)})
        made = ((root / "README.txt", readme_text()), (root / "rescue.py", rescue_text()), (layout.identity, identity))
        for path, content in made[:2]:
            publish(files, layout, path, content)
        files.remove(layout.record(1))
        files.remove(layout.copy(1))
        logged = (LoggedFile(file=path.name, bytes=len(held), blake3=hash_of(held)) for path, held in made)
        Generations(files, layout, clock).append(logged, held={path.name: held for path, held in made})
        publish(files, layout, layout.identity, identity)
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
        version, vault_id = _decode_identity(layout, content)
        state = VaultState(files, layout, vault_id, clock)
        state.parity = parity
        state.suspects |= known_suspects(state)
        if expected is not None:
            _expect(state, expected, acknowledge=acknowledge)
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
        """One document.

        Raises:
            InvalidArgument: there is none of that name.
            RecordDamaged: its file was changed.
        """
        state = self._open()
        path = state.layout.document(name)
        content = state.files.read(path) if is_document_name(name) else None
        if content is None:
            raise InvalidArgument(f"there is no document named {name!r}")
        try:
            document = unseal(content).get("document")
        except RecordMalformed as exc:
            raise RecordDamaged(path, str(exc)) from exc
        if not isinstance(document, dict):
            raise RecordDamaged(path, "it holds no document")
        return MappingProxyType(document)

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
            other_bytes=_folder_bytes(state.files, self.root, state.layout) - pack_bytes,
            snapshots=sum(len(state.snapshot_names(project)) for project in state.projects()),
        )

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
        """Takes a vault of an older format to ours: all of the older ones is part of it, so the mark is all there is.

        The mark goes last: what is written after it may need this version's readers.
        """
        if self.format_version == FORMAT_VERSION:
            return
        files, layout = self._state.files, self._state.layout
        identity = seal({"format": FORMAT_VERSION, "vault": self.vault_id})
        made = ((layout.root / "README.txt", readme_text()), (layout.root / "rescue.py", rescue_text()))
        for path, content in made:
            publish(files, layout, path, content)
        held = {**{path.name: content for path, content in made}, layout.identity.name: identity}
        logged = (LoggedFile(file=name, bytes=len(new), blake3=hash_of(new)) for name, new in held.items())
        self._state.generations.append(logged, held=held)
        publish(files, layout, layout.identity, identity)
        self.format_version = FORMAT_VERSION

    def _open(self) -> VaultState:
        if self._closed:
            raise VaultClosed("this store was closed; open it again", self._state.layout.root)
        return self._state


def _is_free(files: FileSystem, layout: Layout) -> bool:
    """True for a missing or empty folder, or one where making a vault was interrupted."""
    try:
        listed = files.list(layout.root)
        if listed is None:
            files.make_folder(layout.root)
            return True
    except StorageError as exc:
        if isinstance(exc.__cause__, FileExistsError):
            return False
        raise
    ours = {"README.txt", "rescue.py", "packs", "snapshots", "projects", "log", "incoming"}
    kept = (layout.packs, layout.snapshots, layout.projects)
    return {entry.name for entry in listed} <= ours and not any(files.list(folder) for folder in kept)


def _expect(state: VaultState, expected: Generation, *, acknowledge: bool) -> None:
    how = "other" if expected.vault != state.vault_id else state.generations.compare(expected)
    if how and not acknowledge:
        raise VaultDiverged(state.layout.root, how, expected.sequence, state.generations.newest().sequence)
    if how in {"older", "diverged"}:
        last = {project: state.snapshot_names(project)[-1][0] for project in state.projects()}
        state.generations.acknowledge(expected, last)


def _decode_identity(layout: Layout, content: bytes) -> tuple[int, VaultId]:
    try:
        value = unseal(content)
    except RecordMalformed as exc:
        raise RecordDamaged(layout.identity, str(exc)) from exc
    version, vault_id = value.get("format"), value.get("vault")
    if not isinstance(version, int) or not isinstance(vault_id, str):
        raise RecordDamaged(layout.identity, "it holds no version and id")
    if version > FORMAT_VERSION:
        raise VaultTooNew(
            f"{layout.root} has format {version}, this CodeVault knows {FORMAT_VERSION}: upgrade CodeVault",
            layout.root,
            version,
            FORMAT_VERSION,
        )
    return version, VaultId(vault_id)


def _folder_bytes(files: FileSystem, folder: Path, layout: Layout) -> int:
    total = 0
    for entry in files.list(folder) or ():
        path = folder / entry.name
        if entry.is_folder and path != layout.cache:
            total += _folder_bytes(files, path, layout)
        total += entry.size
    return total
