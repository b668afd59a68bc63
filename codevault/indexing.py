"""Who may touch the index: many readers, one writer, and a cache folder that may vanish at any time."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codevault.errors import IndexBusy, IndexDamaged, StorageError, VaultBusy
from codevault.ids import VaultId
from codevault.index.index import Index
from codevault.store.filesystem import DiskFileSystem, HeldLock

_WAIT_S = 20.0
_LOOK_S = 0.02  # between looks at a lock that another process holds
_LOCK = "writer.lock"
_NEXT = "next.lock"  # held by who writes next: without it, who lets go and comes back at once would always be first
_UNFINISHED = "unfinished"  # there from `discard()` until everything is told and analysed again


class IndexKeeper:
    """Opens the index when it is needed. `writing()` is held by one thread at a time, and commits when left well."""

    def __init__(self, folder: Path, vault: VaultId) -> None:
        self._folder = folder
        self._vault = vault
        self._writer = threading.Lock()
        self._next = threading.Lock()
        self._guard = threading.Lock()
        self._reader: Index | None = None
        self._read: tuple[int, int] | None = None  # the catalog that it reads

    def reading(self) -> Index:
        """The index for asking; opened once, and again when the cache was removed or made again behind our back.

        Raises:
            IndexDamaged: it is damaged, another version's or another vault's.
        """
        with self._guard:
            present = self._identity()
            if self._reader is not None and present != self._read:
                self._reader.close()  # what it reads has no name any more: it would answer from the past for ever
                self._reader = None
            if self._reader is None:
                self._reader, self._read = self._opened(writable=False), present
            return self._reader

    @contextmanager
    def writing(self, wait_s: float = _WAIT_S) -> Iterator[Index]:
        """The index for recording; waits its turn for so many seconds.

        Raises:
            IndexDamaged: as `reading()`.
            IndexBusy: another process has been writing it for too long.
        """
        with self._alone(wait_s):
            index = self._opened(writable=True)
            try:
                yield index
                index.commit()
            finally:
                index.close()

    @property
    def wanted(self) -> bool:
        """True while somebody waits for `writing()`, in this process or another: who writes for long makes way."""
        if self._next.locked():
            return True
        try:
            DiskFileSystem().lock(self._folder / _NEXT, "").release()
        except VaultBusy:
            return True
        except StorageError:
            return False
        return False

    @property
    def exists(self) -> bool:
        """False before the first use, and after someone deleted the cache."""
        return self._identity() is not None

    def discard(self) -> None:
        """Removes everything in the cache but the lock, which others may be waiting for.

        Raises:
            IndexBusy: another process has been writing it for too long.
        """
        with self._alone():
            self.close()
            (self._folder / _UNFINISHED).touch(mode=0o600)
            for entry in self._folder.iterdir():
                if entry.name not in {_LOCK, _NEXT, _UNFINISHED}:
                    shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)

    @property
    def unfinished(self) -> bool:
        """True while, in this process or another, the index is being made again."""
        return (self._folder / _UNFINISHED).exists()

    def finish(self) -> None:
        """Says that the index knows everything again."""
        (self._folder / _UNFINISHED).unlink(missing_ok=True)

    def close(self) -> None:
        """Closes the reader, if there is one."""
        with self._guard:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    @contextmanager
    def _alone(self, wait_s: float = _WAIT_S) -> Iterator[None]:
        """Held by one thread of one process. Writers take turns of seconds, so waiting is the answer."""
        patience = wait_s if wait_s < _WAIT_S else -1
        if not self._next.acquire(timeout=patience):
            raise IndexBusy("other threads are writing the index; try again when they have ended")
        try:
            if not self._writer.acquire(timeout=patience):
                raise IndexBusy("another thread is writing the index; try again when it has ended")
            try:
                lock = self._turn(time.monotonic() + wait_s)
            except BaseException:
                self._writer.release()
                raise
        finally:
            self._next.release()
        try:
            yield
        finally:
            lock.release()
            self._writer.release()

    def _turn(self, until: float) -> HeldLock:
        """The lock of this process among others."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise IndexDamaged(f"the folder of the index cannot be made: {exc.strerror}") from exc
        following = self._locked(_NEXT, until)
        try:
            return self._locked(_LOCK, until)
        finally:
            following.release()

    def _locked(self, name: str, until: float) -> HeldLock:
        while True:
            try:
                return DiskFileSystem().lock(self._folder / name, "")
            except VaultBusy as exc:
                if time.monotonic() > until:
                    raise IndexBusy("another process is writing the index; try again when it has ended") from exc
            except StorageError as exc:
                raise IndexDamaged(f"the index cannot be locked: {exc}") from exc
            time.sleep(_LOOK_S)

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._folder / "catalog.sqlite")
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _opened(self, *, writable: bool) -> Index:
        try:
            return Index.open(self._folder, vault_id=self._vault, writable=writable)
        except OSError as exc:
            raise IndexDamaged(f"the index cannot be opened: {exc.strerror}; rebuild() makes it again") from exc
