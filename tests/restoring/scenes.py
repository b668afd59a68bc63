"""What tests of restores share: a vault in memory whose manifests can say anything, and small disks."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from codevault.backup import Run, back_up
from codevault.extras import FileAttribute
from codevault.ids import BlobId, ProjectId
from codevault.policy import DEFAULT
from codevault.restore_model import Restored
from codevault.restoring import plan_restore, restore
from codevault.source import Folder, RealFolder
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry, EntryKind, Snapshot, SnapshotDraft
from codevault.store.store import Store

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes, links and names of POSIX")
MTIME = 1_234_567_890_123_456_789
VAULT = Path("/a/vault/in/memory")
PROJECT = ProjectId("0123456789abcdef")
LATER = 4_000_000_000_000_000_000
"""A clock by which nothing on disk was changed a moment ago: what is the same is not read again."""


class Lying(Store):
    """A vault whose manifests were written by somebody else."""

    said: tuple[Entry, ...] = ()

    def manifest(self, snapshot: Snapshot) -> Iterator[Entry]:
        assert snapshot
        return iter(self.said)


class Archive:
    """A vault in memory whose manifests can say anything."""

    def __init__(self) -> None:
        self.store = Store.create(VAULT, filesystem=MemoryFileSystem())
        self._seen: dict[str, bytes] = {}

    def blob(self, content: bytes) -> BlobId:
        with self.store.writer() as writer:
            return writer.add(content)

    def file(self, path: str, content: bytes = b"content", *, mode: int = 0o644, mtime_ns: int = MTIME) -> Entry:
        blob = self.blob(content)
        return Entry(path=path, kind=EntryKind.FILE, mode=mode, mtime_ns=mtime_ns, size=len(content), blob=blob)

    def snapshot(self, *entries: Entry) -> Snapshot:
        draft = SnapshotDraft(project=PROJECT, created_ns=1)
        with self.store.writer() as writer:
            return writer.commit(draft, entries)

    def lying(self, *entries: Entry) -> Lying:
        lying = Lying(self.store._state, 1)
        lying.said = entries
        return lying

    def backed_up(self, root: Path | Folder) -> Run:
        """One backup of a folder, compared with the one before."""
        folder = RealFolder.root(str(root)) if isinstance(root, Path) else root
        try:
            run = back_up(
                self.store,
                SnapshotDraft(project=PROJECT, created_ns=1),
                folder,
                DEFAULT,
                signatures=lambda _: self._seen,
                clock=lambda: LATER,
            )
        finally:
            folder.close()
        self._seen = dict(run.signatures)
        return run

    def entries(self, run: Run) -> dict[str, Entry]:
        return {entry.path: entry for entry in self.store.manifest(run.backup.snapshot)}

    def given_back(self, run: Run, target: Path, attributes: Collection[FileAttribute] = ()) -> Restored:
        return restore(self.store, plan_restore(self.store, run.backup.snapshot, target), attributes=attributes)

    def restored(
        self,
        target: Path,
        *entries: Entry,
        overwrite: bool = False,
        paths: tuple[str, ...] = (),
        attributes: Collection[FileAttribute] = (),
    ) -> Restored:
        plan = plan_restore(self.store, self.snapshot(*entries), target, paths=paths)
        return restore(self.store, plan, overwrite=overwrite, attributes=attributes)


def folder(path: str, *, mode: int = 0o755, mtime_ns: int = MTIME) -> Entry:
    return Entry(path=path, kind=EntryKind.DIRECTORY, mode=mode, mtime_ns=mtime_ns)


def link(path: str, says: str) -> Entry:
    return Entry(path=path, kind=EntryKind.SYMLINK, mode=0o777, mtime_ns=MTIME, target=says)


def tree(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def appeared(path: Path) -> Path:
    """Waits for what another thread is about to make, however busy the machine."""
    give_up = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < give_up
        time.sleep(0.005)
    return path


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    """A mount at `place` while it lasts; skips where nobody may mount."""
    place.mkdir(exist_ok=True)
    done = subprocess.run(["mount", *options, str(place)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def small_disk(place: Path, options: str) -> AbstractContextManager[Path]:
    """A file system in memory, mounted at `place`, with such options as `size=1m`."""
    return mounted(place, "-t", "tmpfs", "-o", options, "none")
