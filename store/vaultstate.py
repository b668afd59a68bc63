"""What a store knows of its vault while it is open, shared by its readers and its writer."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from codevault.errors import CodeVaultError, DamageError, RecordDamaged, StorageError
from codevault.ids import BlobId, PackId, ProjectId, SnapshotId, VaultId
from codevault.store.catalog import Catalog
from codevault.store.filesystem import FileSystem
from codevault.store.generations import Generations
from codevault.store.layout import Layout, is_project, pack_of, sidecar_of, snapshot_of
from codevault.store.listing import Listing
from codevault.store.manifest import ManifestMalformed, decode_manifest
from codevault.store.model import Entry, Snapshot
from codevault.store.pack import Frame, hop
from codevault.store.parity import Parity
from codevault.store.publishing import ensure_folder
from codevault.store.reading import BlobReader
from codevault.store.records import RecordMalformed, decode_snapshot

_UNSAVED_PACKS = 64

Names = tuple[tuple[int, SnapshotId], ...]


class VaultState:
    """Packs, snapshots and their records as last looked at. Any thread may read; `rescan` and changes take turns."""

    def __init__(self, files: FileSystem, layout: Layout, vault_id: VaultId, clock: Callable[[], int]) -> None:
        self.files = files
        self.layout = layout
        self.vault_id = vault_id
        self.clock = clock
        self.generations = Generations(files, layout, clock)
        self.parity = Parity()
        self.sidecars: set[PackId] = set()
        self._torn: set[PackId] = set()
        self.suspects: set[BlobId] = set()
        self.catalog = Catalog()
        self.reader = BlobReader(files, layout, lambda: self.catalog, self.rescan)
        self._names: dict[ProjectId, Names] = {}
        self._records: dict[SnapshotId, Snapshot] = {}
        self._guard = threading.RLock()
        self._load_catalog()
        self.rescan()

    def rescan(self) -> None:
        """Takes up packs and snapshots that came since, forgets packs that are gone. Costs a listing of each folder."""
        with self._guard:
            present = self.packs_present()
            catalog = self.catalog
            vanished = {pack for pack, size in catalog.packs.items() if present.get(pack) != size}
            if vanished:
                catalog = catalog.without(vanished)
            for pack, size in present.items():
                if pack not in catalog.packs:
                    frames = tuple(hop(self._reads(self.layout.pack(pack)), size))
                    catalog.add_pack(pack, size, frames)
                    if not frames or frames[-1].at + frames[-1].header.stored != size:
                        self._torn.add(pack)
            self._torn &= present.keys()
            self.catalog = catalog  # only now: readers never see a catalog half built
            self._names = {project: self._listed_names(project) for project in self._project_folders()}

    def incomplete(self) -> bool:
        """True when packs are gone that the log counts, or one ends inside a frame: what the catalog lacks is lost."""
        newest = self.generations.newest().record
        return bool(self._torn) or newest is None or newest.packs > len(self.catalog.packs)

    def look_anew(self) -> None:
        """Forgets all it knows and looks again: files changed behind their names, as only a repair does it."""
        with self._guard:
            self.catalog = Catalog()
            self._records = {}
            self.reader.forget()
            self.rescan()

    def assuming(self, catalog: Catalog) -> VaultState:
        """This state if the packs were those of `catalog`: what could then be read, to be asked before packs go."""
        assumed = copy.copy(self)
        assumed.catalog = catalog
        assumed.reader = BlobReader(self.files, self.layout, lambda: catalog)
        return assumed

    def packs_present(self) -> dict[PackId, int]:
        """The packs there are, with their lengths; `sidecars` is then which of them have parity."""
        present: dict[PackId, int] = {}
        sidecars: set[PackId] = set()
        for folder in self.files.list(self.layout.packs) or ():
            if folder.is_folder:
                for file in self.files.list(self.layout.packs / folder.name) or ():
                    pack = pack_of(file.name)
                    if pack is not None and file.is_file and pack[:2] == folder.name:
                        present[pack] = file.size
                    elif (of := sidecar_of(file.name)) is not None and file.is_file and of[:2] == folder.name:
                        sidecars.add(of)
        self.sidecars = sidecars
        return present

    def projects(self) -> tuple[ProjectId, ...]:
        """The projects that have snapshots, in order."""
        return tuple(sorted(self._names))

    def snapshot_names(self, project: ProjectId) -> Names:
        """Sequence numbers and ids of a project's snapshots, in order."""
        return self._names.get(project, ())

    def project_of(self, snapshot: SnapshotId) -> ProjectId | None:
        """The project whose folder holds the snapshot, None when none does."""
        for project, names in self._names.items():
            if any(named == snapshot for _, named in names):
                return project
        return None

    def snapshot(self, project: ProjectId, snapshot: SnapshotId) -> Snapshot:
        """A snapshot by its id.

        Raises:
            RecordDamaged: its file is gone or was changed.
        """
        known = self._records.get(snapshot)
        if known is None:
            sequence = next(number for number, named in self._names[project] if named == snapshot)
            known = self._records[snapshot] = self.read_snapshot(project, sequence, snapshot)
        return known

    def read_snapshot(self, project: ProjectId, sequence: int, snapshot: SnapshotId) -> Snapshot:
        """A snapshot from its file.

        Raises:
            RecordDamaged: the file is gone or its bytes are not what its name says.
        """
        path = self.layout.snapshot(project, sequence, snapshot)
        content = self.files.read(path)
        if content is None:
            raise RecordDamaged(path, "the file is gone")
        try:
            read = decode_snapshot(content)
        except RecordMalformed as exc:
            raise RecordDamaged(path, str(exc)) from exc
        if (read.id, read.project, read.sequence) != (snapshot, project, sequence):
            raise RecordDamaged(path, "its bytes are not what its name says")
        return read

    def unreadable_in(self, packs: Collection[PackId | None]) -> list[BlobId]:
        """Blobs that the catalog knows in these packs and that no copy gives any more.

        A saved catalog remembers what a lost header no longer tells. Costs reading them, if there are any packs.
        """
        lost = []
        for blob in {place.blob for place in self.catalog if place.pack in packs} if any(packs) else ():
            try:
                for _ in self.reader.chunks(blob):
                    pass
            except DamageError:
                lost.append(blob)
        return lost

    def take_pack(self, pack: PackId, size: int, frames: tuple[Frame, ...]) -> None:
        """Takes up a pack just published; never while a rescan compares an older listing with the catalog."""
        with self._guard:
            self.catalog.add_pack(pack, size, frames)

    def take_snapshot(self, snapshot: Snapshot) -> None:
        """Takes up a snapshot just committed."""
        with self._guard:
            self._records[snapshot.id] = snapshot
            names = {*self._names.get(snapshot.project, ()), (snapshot.sequence, snapshot.id)}
            self._names = {**self._names, snapshot.project: tuple(sorted(names))}

    def newest_snapshots(self) -> list[Snapshot]:
        """Each project's newest readable snapshot, the most recently created first."""
        newest: list[Snapshot] = []
        for project, names in self._names.items():
            with suppress(DamageError):
                newest.extend(self.snapshot(project, named) for _, named in names[-1:])  # none: a run died
        return sorted(newest, key=lambda snapshot: snapshot.created_ns, reverse=True)

    def manifest(self, snapshot: Snapshot) -> Iterator[Entry]:
        """The entries of a snapshot in path order.

        Raises:
            BlobMissing, BlobDamaged: the manifest's blob is lost.
            RecordDamaged: the blob is intact but no manifest.
        """
        try:
            yield from decode_manifest(self.reader.chunks(snapshot.manifest))
        except ManifestMalformed as exc:
            raise RecordDamaged(self._snapshot_path(snapshot), f"its manifest: {exc}") from exc

    def listing(self, snapshot: Snapshot) -> Listing:
        """The manifest of a snapshot, to be asked and revised without decoding all of it.

        Raises:
            BlobMissing, BlobDamaged, RecordDamaged: as `manifest`.
        """
        try:
            return Listing(self.reader.chunks(snapshot.manifest))
        except ManifestMalformed as exc:
            raise RecordDamaged(self._snapshot_path(snapshot), f"its manifest: {exc}") from exc

    def save_catalog(self) -> None:
        """Saves the catalog under cache/ once enough packs came; what it cannot save it goes without."""
        temporary = self.layout.incoming / "packs.catalog.tmp"
        with suppress(CodeVaultError), self._guard:
            if self.catalog.unsaved < _UNSAVED_PACKS and self.files.read(self._saved_catalog, 0, 0) is not None:
                return
            self.catalog = self.catalog.packed()
            ensure_folder(self.files, self.layout.cache)
            self.files.remove(temporary)
            new = self.files.create(temporary)
            try:
                new.write(self.catalog.save(self.vault_id))
            finally:
                new.close()
            self.files.rename(temporary, self._saved_catalog)

    def _load_catalog(self) -> None:
        present = self.packs_present()
        with suppress(StorageError):  # what cannot be read is done without
            saved = self.files.read(self._saved_catalog) if present else None
            if saved is not None:
                self.catalog = Catalog.load(saved, self.vault_id, present)

    @property
    def _saved_catalog(self) -> Path:
        return self.layout.cache / "packs.catalog"

    def _snapshot_path(self, snapshot: Snapshot) -> Path:
        return self.layout.snapshot(snapshot.project, snapshot.sequence, snapshot.id)

    def _reads(self, path: Path) -> Callable[[int, int], bytes]:
        return lambda offset, length: self.files.read(path, offset, length) or b""

    def _project_folders(self) -> list[ProjectId]:
        listed = self.files.list(self.layout.snapshots) or ()
        return [ProjectId(folder.name) for folder in listed if folder.is_folder and is_project(folder.name)]

    def _listed_names(self, project: ProjectId) -> Names:
        listed = self.files.list(self.layout.snapshots / project) or ()
        named = (snapshot_of(file.name) for file in listed if file.is_file)
        return tuple(sorted(name for name in named if name is not None))
