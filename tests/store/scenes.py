"""What the tests of the store share: small projects, and backups that a fault interrupts."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from codevault.errors import CodeVaultError, StorageError, StorageFull, VaultExists
from codevault.ids import BlobId, ProjectId
from codevault.store.filesystem import FileSystem
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry, EntryKind, Snapshot, SnapshotDraft
from codevault.store.store import Store
from tests.store.faulty import Fault, FaultyFileSystem, ProcessDied

__all__ = ["Fault", "FaultyFileSystem", "ProcessDied"]  # besides what is defined here

ROOT = Path("/vault")
GOLDEN = Path(__file__).parents[1] / "golden"
SHOP = ProjectId("00112233445566ff")
LIBRARY = ProjectId("aabbccddeeff0011")

SOURCE = b"".join(b"def function_%d(argument):\n    return argument + %d\n\n" % (n, n) for n in range(200))
EDITED = SOURCE.replace(b"argument + 77", b"argument - 77")
FIRST = {"main.py": SOURCE, "docs/readme.txt": b"read me\n", "empty": b""}
SECOND = {"main.py": EDITED, "docs/readme.txt": b"read me\n", "empty": b"", "new.py": b"print('new')\n"}


def ticking() -> int:
    """A clock that stands still."""
    return 1_700_000_000_000_000_000


def new_store() -> tuple[Store, MemoryFileSystem]:
    """An empty vault in memory."""
    files = MemoryFileSystem()
    return Store.create(ROOT, filesystem=files, clock=ticking), files


def draft(project: ProjectId = SHOP, reason: str = "") -> SnapshotDraft:
    """A snapshot to be."""
    return SnapshotDraft(project=project, created_ns=ticking(), reason=reason, facts={"branch": "main", "files": 3})


def file_entry(path: str, blob: BlobId, size: int, mtime_ns: int = 5) -> Entry:
    """A plain file."""
    return Entry(path=path, kind=EntryKind.FILE, mode=0o644, mtime_ns=mtime_ns, size=size, blob=blob)


def back_up(store: Store, tree: Mapping[str, bytes], project: ProjectId = SHOP, reason: str = "") -> Snapshot:
    """Commits a tree, each file hinted by its last version."""
    old = {entry.path: entry.blob for known in store.snapshots(project)[-1:] for entry in store.manifest(known)}
    with store.writer() as writer:
        entries = [
            file_entry(path, writer.add(content, path=path, hint=old.get(path)), len(content))
            for path, content in tree.items()
        ]
        return writer.commit(draft(project, reason), entries)


def back_up_blindly(store: Store, tree: Mapping[str, bytes], project: ProjectId = SHOP) -> Snapshot:
    """Commits a tree without looking at what was there before, which may be lost."""
    with store.writer() as writer:
        entries = [file_entry(path, writer.add(content, path=path), len(content)) for path, content in tree.items()]
        return writer.commit(draft(project), entries)


def restored(store: Store, snapshot: Snapshot) -> dict[str, bytes]:
    """A snapshot's files."""
    return {entry.path: store.read(entry.blob) for entry in store.manifest(snapshot) if entry.blob is not None}


def all_files(files: FileSystem, folder: Path = ROOT) -> Iterator[Path]:
    """Every file of a vault."""
    for listed in files.list(folder) or ():
        if listed.is_folder:
            yield from all_files(files, folder / listed.name)
        else:
            yield folder / listed.name


def overwrite(files: FileSystem, path: Path, content: bytes) -> None:
    """Damages a file."""
    files.remove(path)
    write(files, path, content)
    files.sync_folder(path.parent)


def flipped(content: bytes, at: int) -> bytes:
    """The content with one bit changed."""
    changed = bytearray(content)
    changed[at] ^= 1 << (at % 8)
    return bytes(changed)


@dataclass
class Interrupted:
    """What a backup that met a fault leaves: the disk, the snapshot before, and the new one if it was acknowledged."""

    files: MemoryFileSystem
    before: Snapshot
    acknowledged: Snapshot | None
    calls: int
    refusal: Exception | None = None


def interrupted_backup(at: int, error: int | None = None) -> Interrupted:
    """Backs up FIRST, then SECOND with the fault at the given call; call 0 never comes."""
    before, prepared = _after_first()
    files = prepared.after_crash()
    fault = Fault(at, error)
    left = Interrupted(files, before, None, 0)
    with _noting(left):
        left.acknowledged = back_up(Store.open(ROOT, filesystem=FaultyFileSystem(files, fault), clock=ticking), SECOND)
    left.calls = fault.calls
    return left


@cache
def _after_first() -> tuple[Snapshot, MemoryFileSystem]:
    store, files = new_store()
    return back_up(store, FIRST), files


@contextmanager
def _noting(left: Interrupted) -> Iterator[None]:
    with suppress(ProcessDied):
        try:
            yield
        except (StorageError, StorageFull) as exc:
            left.refusal = exc


def calls_of_a_backup() -> int:
    """How many calls a backup of SECOND after FIRST makes."""
    return interrupted_backup(0).calls


def interrupted_creation(fault: Fault) -> MemoryFileSystem:
    """What is left when making a vault meets a fault."""
    files = MemoryFileSystem()
    with suppress(ProcessDied, CodeVaultError):
        Store.create(ROOT, filesystem=FaultyFileSystem(files, fault), clock=ticking)
    return files


def created_or_opened(files: FileSystem) -> Store:
    """What a user does next: make the vault, or open it if it is already there."""
    try:
        return Store.create(ROOT, filesystem=files, clock=ticking)
    except VaultExists:
        return Store.open(ROOT, filesystem=files, clock=ticking)


def golden_in_memory(version: int) -> MemoryFileSystem:
    """The golden vault of a format version, as a disk that holds it at `ROOT`."""
    files = MemoryFileSystem()
    with tarfile.open(GOLDEN / f"store-{version}.tar.gz") as archive:
        for member in archive.getmembers():
            place = ROOT.joinpath(*Path(member.name).parts[1:])
            if content := archive.extractfile(member) if member.isfile() else None:
                files.make_folder(place.parent)
                write(files, place, content.read())
    return files.settled()


def write(files: FileSystem, path: Path, content: bytes) -> None:
    """Puts a new file in a folder that is there."""
    new = files.create(path)
    new.write(content)
    new.sync()
    new.close()
