"""A file system that fails on demand: every call can be refused, torn, or be the last of its process."""

from __future__ import annotations

import errno
import threading
from dataclasses import dataclass, field
from pathlib import Path

from codevault.errors import StorageError, StorageFull
from codevault.store.filesystem import FileSystem, HeldLock, Listed, NewFile

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CHANGES = frozenset({"create", "write", "sync", "rename", "remove", "make_folder", "sync_folder", "lock"})


class ProcessDied(BaseException):
    """Stands for a killed process: nothing of the program runs after it."""


@dataclass
class Fault:
    """What goes wrong at which call; call 0 never comes.

    The call is refused with `error`, an errno, or raises `raises` (an interrupt, no memory); with neither, the process
    dies there and makes no further call. With `lasting`, every later call that would change the disk is refused, too.
    `only` counts calls of one kind and no others.
    """

    at: int
    error: int | None = None
    calls: int = 0
    dead: bool = False
    raises: type[BaseException] | None = None
    lasting: bool = False
    only: str = ""
    _guard: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def strike(self, path: Path, call: str = "") -> None:
        """Counts a call and fails it when its turn has come."""
        with self._guard:
            if not self.only or self.only == call:
                self.calls += 1
                turn = self.calls == self.at
            else:
                turn = False
            again = self.lasting and 0 < self.at < self.calls and call in _CHANGES
            if self.dead or (turn and self.error is None and self.raises is None):
                self.dead = True
                raise ProcessDied
        if turn and self.raises is not None:
            raise self.raises
        if (turn or again) and self.error is not None:
            cause = OSError(self.error, "injected")
            raise (StorageFull(path, cause) if self.error in FULL else StorageError(path, cause)) from cause


class FaultyFileSystem:
    """Every call goes through the fault; a failing write leaves half of its bytes."""

    def __init__(self, inner: FileSystem, fault: Fault) -> None:
        self._inner = inner
        self._fault = fault

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        self._fault.strike(path, "read")
        return self._inner.read(path, offset, length)

    def create(self, path: Path) -> NewFile:
        self._fault.strike(path, "create")
        return _FaultyFile(self._inner.create(path), path, self._fault)

    def rename(self, old: Path, new: Path) -> None:
        self._fault.strike(new, "rename")
        self._inner.rename(old, new)

    def remove(self, path: Path) -> None:
        self._fault.strike(path, "remove")
        self._inner.remove(path)

    def make_folder(self, path: Path) -> None:
        self._fault.strike(path, "make_folder")
        self._inner.make_folder(path)

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        self._fault.strike(path, "list")
        return self._inner.list(path)

    def sync_folder(self, path: Path) -> None:
        self._fault.strike(path, "sync_folder")
        self._inner.sync_folder(path)

    def free(self, path: Path) -> int:
        self._fault.strike(path, "free")
        return self._inner.free(path)

    def lock(self, path: Path, holder: str) -> HeldLock:
        self._fault.strike(path, "lock")
        return self._inner.lock(path, holder)


class _FaultyFile:
    """After a refused sync the system has dropped what was written: later syncs succeed and keep nothing of it."""

    def __init__(self, inner: NewFile, path: Path, fault: Fault) -> None:
        self._inner = inner
        self._path = path
        self._fault = fault
        self._dropped = False

    def write(self, content: bytes) -> None:
        try:
            self._fault.strike(self._path, "write")
        except BaseException:
            self._inner.write(content[: len(content) // 2])
            raise
        self._inner.write(content)

    def sync(self) -> None:
        try:
            self._fault.strike(self._path, "sync")
        except BaseException:
            self._dropped = True
            raise
        if not self._dropped:
            self._inner.sync()

    def close(self) -> None:
        try:
            self._fault.strike(self._path, "close")
        finally:
            self._inner.close()
