"""The port through which the vault touches a disk, and its real implementation.

Every operation on a vault's files goes through `FileSystem`, so that tests can enumerate, fail or cut short each
of them. Names are plain `Path`s; no operation follows a symbolic link in the last component, nor, below a vault's
folder, on the way there.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from codevault.errors import StorageError, StorageFull, VaultBusy
from codevault.store.descent import NO_FOLLOW, Descent
from codevault.store.sectors import read_range

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MOMENTARY = frozenset({errno.EACCES, errno.EBUSY, errno.ETXTBSY})
_WAITS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32)  # seconds; a scanner looks at a new file for less
_SCANS_DESCRIPTORS = os.scandir in os.supports_fd
_LOCK_FLAGS = NO_FOLLOW | getattr(os, "O_NONBLOCK", 0)
_FILE_MODE = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One name in a folder; `size` is bytes, 0 for folders. Links and specials are neither folder nor file."""

    name: str
    is_file: bool
    is_folder: bool
    size: int


class NewFile(Protocol):
    """A file that is being written. It counts for nothing until it was synced, closed and renamed."""

    def write(self, content: bytes) -> None:
        """Appends all of `content`, however often the system writes less than asked."""

    def sync(self) -> None:
        """Returns when the content is durable. After an error the file must be given up, never synced again."""

    def close(self) -> None:
        """Closes the file; closing twice is harmless."""


class HeldLock(Protocol):
    """The writer's lock. It ends with the process at the latest."""

    def held(self) -> bool:
        """False when the lock file was deleted or replaced under us: somebody else may hold its successor."""

    def release(self) -> None:
        """Gives the lock back; releasing twice is harmless."""


class FileSystem(Protocol):  # nine methods: lock and space are the same disk, their ports would always travel along
    """What the vault needs of a disk.

    Raises:
        StorageFull: no space, inodes or quota left (every method that writes).
        StorageError: any other refusal (every method).
    """

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        """Up to `length` bytes from `offset`, shorter at the end of the file; None when there is no such file.

        Sectors that the medium cannot give any more read as zeros: hashes find them like any other damage.
        """

    def create(self, path: Path) -> NewFile:
        """A new empty file, mode 0600 whatever the umask; an existing one of that name is refused."""

    def rename(self, old: Path, new: Path) -> None:
        """Gives a file a new name in one step, replacing what had it."""

    def remove(self, path: Path) -> None:
        """Removes a file; a missing one is not an error."""

    def make_folder(self, path: Path) -> None:
        """Makes a folder, mode 0700 whatever the umask, and its missing parents; an existing folder is fine."""

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        """The names in a folder, sorted; None when there is no such folder."""

    def sync_folder(self, path: Path) -> None:
        """Returns when the names in the folder are durable."""

    def free(self, path: Path) -> int:
        """How many bytes of the disk under an existing folder we may still write."""

    def lock(self, path: Path, holder: str) -> HeldLock:
        """Takes the exclusive lock at `path` and writes `holder` into it, for people only.

        Raises:
            VaultBusy: another process, or another caller in this one, holds it.
        """


class DiskFileSystem:
    """The real thing: POSIX and Windows calls of the running machine.

    Below `root`, a vault's folder, no link is followed on the way either, and files of strangers are not read.
    `sleep` waits before what a scanner or another reader refused for a moment is tried again.
    """

    def __init__(self, root: Path | None = None, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._descent = Descent(root)
        self._sleep = sleep

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        """See `FileSystem.read`."""
        with _translated(path):
            try:
                descriptor = self._descent.open_file(path)
            except FileNotFoundError:
                return None
            try:
                return read_range(descriptor, offset, length)
            finally:
                os.close(descriptor)

    def create(self, path: Path) -> NewFile:
        """See `FileSystem.create`."""
        with _translated(path), self._descent.parent(path) as (name, at):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_FOLLOW
            descriptor = os.open(name, flags, _FILE_MODE, dir_fd=at)
            try:
                _make_private(descriptor)
            except OSError:
                os.close(descriptor)
                raise
        return _DiskFile(path, descriptor)

    def rename(self, old: Path, new: Path) -> None:
        """See `FileSystem.rename`."""
        parent = self._descent.parent
        with _translated(new), parent(old) as (name, at), parent(new) as (new_name, new_at):
            self._patiently(lambda: os.replace(name, new_name, src_dir_fd=at, dst_dir_fd=new_at))

    def remove(self, path: Path) -> None:
        """See `FileSystem.remove`."""
        with _translated(path), suppress(FileNotFoundError), self._descent.parent(path) as (name, at):
            self._patiently(lambda: os.unlink(name, dir_fd=at))

    def make_folder(self, path: Path) -> None:
        """See `FileSystem.make_folder`."""
        with _translated(path):
            self._descent.make_folders(path)

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        """See `FileSystem.list`."""
        with _translated(path):
            try:
                if not _SCANS_DESCRIPTORS:
                    return _names_in(path)
                descriptor = self._descent.open_folder(path)
            except (FileNotFoundError, NotADirectoryError):
                return None
            try:
                return _names_in(descriptor)
            finally:
                os.close(descriptor)

    def sync_folder(self, path: Path) -> None:
        """See `FileSystem.sync_folder`. Windows has no such call; its renames are journaled."""
        if sys.platform == "win32":
            return
        with _translated(path):
            descriptor = self._descent.open_folder(path)
            try:
                _sync(descriptor)
            finally:
                os.close(descriptor)

    def free(self, path: Path) -> int:
        """See `FileSystem.free`. What is kept for the system's administrator counts as taken."""
        with _translated(path):
            return shutil.disk_usage(path).free

    def lock(self, path: Path, holder: str) -> HeldLock:
        """See `FileSystem.lock`."""
        with _translated(path), self._descent.parent(path) as (name, at):
            self._descent.require_own_root()
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | _LOCK_FLAGS, _FILE_MODE, dir_fd=at)
            try:
                _make_private(descriptor)
                lock = _DiskLock(path, descriptor)
                if not lock.take():
                    other = os.read(descriptor, 200).decode("utf-8", "replace")
                    raise VaultBusy(
                        f"another writer holds the vault ({other or 'unknown'}); try again later", path.parent, other
                    )
                with suppress(OSError):  # a full disk: the text is for people, the lock holds without it
                    os.ftruncate(descriptor, 0)
                    os.write(descriptor, holder.encode())
            except BaseException:
                _DiskLock.abandon(descriptor)
                raise
        return lock

    def _patiently(self, change: Callable[[], None]) -> None:
        """Windows refuses to rename or remove what another process has open, for as long as it has."""
        for wait in _WAITS:
            try:
                return change()
            except OSError as exc:
                if exc.errno not in _MOMENTARY:
                    raise
                self._sleep(wait)
        return change()


class _DiskFile:
    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    def write(self, content: bytes) -> None:
        with _translated(self._path):
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        with _translated(self._path):
            _sync(self._descriptor)

    def close(self) -> None:
        if self._descriptor >= 0:
            descriptor, self._descriptor = self._descriptor, -1
            with _translated(self._path):
                os.close(descriptor)


class _DiskLock:
    """`flock` (never `lockf`, which grants one process twice) and a table of our own for callers of this process."""

    _inside: dict[tuple[int, int], _DiskLock] = {}  # noqa: RUF012 - one a process is the point: it guards the process
    _guard = threading.Lock()

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        status = os.fstat(descriptor)
        self._key = (status.st_dev, status.st_ino)

    @classmethod
    def forget_all(cls) -> None:
        """In a forked child: the locks are the parent's, and a copy of theirs must not outlive it."""
        cls._guard = threading.Lock()
        for lock in cls._inside.values():
            lock.forget()
        cls._inside.clear()

    @classmethod
    def abandon(cls, descriptor: int) -> None:
        """Closes what could not become a lock; another holder of the same file keeps his."""
        with cls._guard:
            for key in [key for key, lock in cls._inside.items() if lock.rests_on(descriptor)]:
                del cls._inside[key]
            os.close(descriptor)

    def forget(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1

    def rests_on(self, descriptor: int) -> bool:
        return self._descriptor == descriptor

    def take(self) -> bool:
        with self._guard:
            if self._key in self._inside or not _lock_descriptor(self._descriptor):
                return False
            self._inside[self._key] = self
            return True

    def held(self) -> bool:
        try:
            status = os.stat(self._path, follow_symlinks=False)
        except OSError:
            return False
        return self._descriptor >= 0 and (status.st_dev, status.st_ino) == self._key

    def release(self) -> None:
        if self._descriptor < 0:
            return
        with self._guard, suppress(OSError):
            self._inside.pop(self._key, None)
            os.ftruncate(self._descriptor, 0)
        descriptor, self._descriptor = self._descriptor, -1
        os.close(descriptor)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_DiskLock.forget_all)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise storage_error(path, exc) from exc


def storage_error(path: Path, cause: OSError) -> StorageFull | StorageError:
    """The vault's own error for a refusal of the file system: `StorageFull` for space, inodes and quota."""
    if cause.errno == errno.ENOSPC and _no_inodes(path.parent):
        cause = OSError(errno.ENOSPC, "the disk has space but no inodes left: too many files")
    return StorageFull(path, cause) if cause.errno in _FULL else StorageError(path, cause)


def _no_inodes(folder: Path) -> bool:
    if sys.platform == "win32":
        return False
    try:
        counts = os.statvfs(folder)
    except OSError:
        return False
    return counts.f_files > 0 and counts.f_favail == 0


def _make_private(descriptor: int) -> None:
    if sys.platform != "win32":
        os.fchmod(descriptor, _FILE_MODE)


def _names_in(folder: Path | int) -> tuple[Listed, ...]:
    with os.scandir(folder) as found:
        return tuple(sorted(map(_listed, found), key=attrgetter("name")))


def _listed(entry: os.DirEntry[str]) -> Listed:
    is_file = entry.is_file(follow_symlinks=False)
    try:
        size = entry.stat(follow_symlinks=False).st_size if is_file else 0
    except FileNotFoundError:  # renamed away while we look, as temporary files are
        size, is_file = 0, False
    return Listed(name=entry.name, is_file=is_file, is_folder=entry.is_dir(follow_symlinks=False), size=size)


if sys.platform == "win32":
    import msvcrt

    def _sync(descriptor: int) -> None:
        os.fsync(descriptor)

    def _lock_descriptor(descriptor: int) -> bool:
        try:
            os.lseek(descriptor, 1 << 30, os.SEEK_SET)  # a byte past the text, which others may then still read
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _sync(descriptor: int) -> None:
        if sys.platform == "darwin":
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)  # fsync there leaves the bytes in the drive's cache
        else:
            os.fsync(descriptor)

    def _lock_descriptor(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
