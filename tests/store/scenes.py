"""What the tests of the store share: small projects, and a file system that fails on demand."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from codevault.errors import StorageError, StorageFull, VaultExists
from codevault.ids import BlobId, ProjectId
from codevault.store.filesystem import FileSystem, HeldLock, Listed, NewFile
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry, EntryKind, Snapshot, SnapshotDraft
from codevault.store.store import Store

ROOT = Path("/vault")
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
    new = files.create(path)
    new.write(content)
    new.sync()
    new.close()
    files.sync_folder(path.parent)


def flipped(content: bytes, at: int) -> bytes:
    """The content with one bit changed."""
    changed = bytearray(content)
    changed[at] ^= 1 << (at % 8)
    return bytes(changed)


class ProcessDied(BaseException):
    """Stands for a killed process: nothing of the program runs after it."""


@dataclass
class Fault:
    """What goes wrong at which call: `error` None kills the process, else the call is refused with that errno."""

    at: int
    error: int | None = None
    calls: int = 0
    dead: bool = False

    def strike(self, path: Path) -> None:
        """Counts a call and fails it when its turn has come; a dead process makes no more calls."""
        self.calls += 1
        if self.dead or (self.calls == self.at and self.error is None):
            self.dead = True
            raise ProcessDied
        if self.calls == self.at and self.error is not None:
            cause = OSError(self.error, "injected")
            full = self.error in {errno.ENOSPC, errno.EDQUOT}
            raise (StorageFull(path, cause) if full else StorageError(path, cause)) from cause


class FaultyFileSystem:
    """A file system every call of which can be made to fail; a failing write leaves half of its bytes."""

    def __init__(self, inner: FileSystem, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        self._fault.strike(path)
        return self._inner.read(path, offset, length)

    def create(self, path: Path) -> NewFile:
        self._fault.strike(path)
        return _FaultyFile(self._inner.create(path), path, self._fault)

    def rename(self, old: Path, new: Path) -> None:
        self._fault.strike(new)
        self._inner.rename(old, new)

    def remove(self, path: Path) -> None:
        self._fault.strike(path)
        self._inner.remove(path)

    def make_folder(self, path: Path) -> None:
        self._fault.strike(path)
        self._inner.make_folder(path)

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        self._fault.strike(path)
        return self._inner.list(path)

    def sync_folder(self, path: Path) -> None:
        self._fault.strike(path)
        self._inner.sync_folder(path)

    def lock(self, path: Path, holder: str) -> HeldLock:
        self._fault.strike(path)
        return self._inner.lock(path, holder)


class _FaultyFile:
    def __init__(self, inner: NewFile, path: Path, fault: Fault) -> None:
        self._inner = inner
        self._path = path
        self._fault = fault

    def write(self, content: bytes) -> None:
        try:
            self._fault.strike(self._path)
        except BaseException:
            self._inner.write(content[: len(content) // 2])
            raise
        self._inner.write(content)

    def sync(self) -> None:
        self._fault.strike(self._path)
        self._inner.sync()

    def close(self) -> None:
        self._inner.close()


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


def interrupted_creation(at: int) -> MemoryFileSystem:
    """What a process that died at the given call of making a vault leaves; call 0 never comes."""
    files = MemoryFileSystem()
    with suppress(ProcessDied):
        Store.create(ROOT, filesystem=FaultyFileSystem(files, Fault(at)), clock=ticking)
    return files


def created_or_opened(files: FileSystem) -> Store:
    """What a user does next: make the vault, or open it if it is already there."""
    try:
        return Store.create(ROOT, filesystem=files, clock=ticking)
    except VaultExists:
        return Store.open(ROOT, filesystem=files, clock=ticking)


def interrupted_document(at: int, error: int | None = None) -> MemoryFileSystem:
    """What is left when replacing the document {"name": "old"} by {"name": "new"} meets a fault."""
    store, files = new_store()
    with store.writer() as writer:
        writer.put_document("shop", {"name": "old"})
    with suppress(ProcessDied, StorageError, StorageFull):
        faulty = Store.open(ROOT, filesystem=FaultyFileSystem(files, Fault(at, error)), clock=ticking)
        with faulty.writer() as writer:
            writer.put_document("shop", {"name": "new"})
    return files
