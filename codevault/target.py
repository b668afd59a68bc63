"""The folder a restore writes into, reached only by descriptors that never follow a link.

A file is written under a temporary name and renamed, so it is whole or absent. Modes and times of folders are set at
the end, deepest first, since making files changes them. Systems without directory descriptors (Windows) get checks of
every parent before each write instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import TypedDict

from blake3 import blake3

from codevault.store.model import Entry, EntryKind

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
_TEMPORARY = ".codevault-restoring"
_MODE_MASK = 0o777  # set-user-id, set-group-id and sticky bits are recorded, never restored
_KEPT_OPEN = 64


class _Where(TypedDict, total=False):
    """Keyword arguments that make a call relative to an open folder; empty where that does not exist."""

    dir_fd: int


class Target:
    """Writes manifest entries below one folder."""

    def __init__(self, root: Path, descriptor: int) -> None:
        self._root = root
        self._descriptor = descriptor
        self._open: dict[str, int] = {}
        self._folders: dict[str, Entry] = {}

    @classmethod
    def open(cls, root: Path, *, create: bool = False) -> Target:
        """Opens the target. Without `create` a missing one counts as empty.

        Raises:
            OSError: it cannot be made or opened, or is not a folder.
        """
        if create:
            root.mkdir(parents=True, exist_ok=True)
        if not root.exists():
            return cls(root, -1)
        return cls(root, os.open(root, _FOLDER_FLAGS) if _BY_DESCRIPTOR else -2)

    def compare(self, entry: Entry) -> bool | None:
        """None: nothing there. True: the same kind and content. False: something else."""
        if self._descriptor == -1:
            return None
        folder, _, name = entry.path.rpartition("/")
        try:
            status = self._status(folder, name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return False  # a link or a file stands where a folder should
        if entry.kind is EntryKind.DIRECTORY:
            return stat.S_ISDIR(status.st_mode)
        if entry.kind is EntryKind.SYMLINK:
            return stat.S_ISLNK(status.st_mode) and self._readlink(folder, name) == entry.target
        if not stat.S_ISREG(status.st_mode) or status.st_size != entry.size:
            return False
        return self._digest(folder, name) == entry.blob

    def folder(self, entry: Entry) -> None:
        """Makes a folder and those above it, in the place of a file or link; mode and time follow in `finish()`."""
        above, _, name = entry.path.rpartition("/")
        where = self._enter(above, create=True)
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISDIR(os.stat(self._at(above, name), follow_symlinks=False, **where).st_mode):
                os.unlink(self._at(above, name), **where)
        self._enter(entry.path, create=True)
        self._folders[entry.path] = entry

    def file(self, entry: Entry, blocks: Iterable[bytes]) -> int:
        """Writes a file whole, with mode and time; gives its size in bytes."""
        folder, _, name = entry.path.rpartition("/")
        where = self._enter(folder, create=True)
        size = 0
        self._discard(where, folder, _TEMPORARY)
        descriptor = os.open(self._at(folder, _TEMPORARY), _NEW_FILE, 0o600, **where)
        try:
            with open(descriptor, "wb", buffering=0) as file:
                for block in blocks:
                    size += _write_all(file.fileno(), block)
                if os.name == "posix":
                    os.fchmod(file.fileno(), entry.mode & _MODE_MASK)
                    os.utime(file.fileno(), ns=(entry.mtime_ns, entry.mtime_ns))
            self._make_way(where, folder, name)
            self._replace(where, folder, name)
        except BaseException:
            self._discard(where, folder, _TEMPORARY)
            raise
        if os.name != "posix":
            os.utime(self._at(folder, name), ns=(entry.mtime_ns, entry.mtime_ns))
        return size

    def link(self, entry: Entry) -> None:
        """Makes a symbolic link with exactly the recorded text."""
        folder, _, name = entry.path.rpartition("/")
        where = self._enter(folder, create=True)
        self._make_way(where, folder, name)
        self._discard(where, folder, name)
        os.symlink(entry.target or "", self._at(folder, name), **where)
        if os.utime in os.supports_follow_symlinks:
            os.utime(self._at(folder, name), ns=(entry.mtime_ns, entry.mtime_ns), follow_symlinks=False, **where)

    def finish(self) -> list[tuple[str, str]]:
        """Sets modes and times of the folders made, deepest first; gives what failed."""
        failed = []
        for path in sorted(self._folders, key=lambda p: p.count("/"), reverse=True):
            entry = self._folders[path]
            try:
                self._settle(path, entry)
            except OSError as exc:
                failed.append((path, exc.strerror or type(exc).__name__))
            except OverflowError as exc:
                failed.append((path, str(exc)))
        return failed

    def _settle(self, path: str, entry: Entry) -> None:
        where = self._enter(path, create=False)
        folder: int | str = where.get("dir_fd", self._at(path, ""))  # by descriptor: nothing can have taken its place
        os.chmod(folder, entry.mode & _MODE_MASK)
        os.utime(folder, ns=(entry.mtime_ns, entry.mtime_ns))

    def close(self) -> None:
        """Gives all descriptors back."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open.clear()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _enter(self, folder: str, *, create: bool) -> _Where:
        """Keyword arguments that make a call relative to a folder; every component is opened without following."""
        if not _BY_DESCRIPTOR:
            self._check_parents(folder, create=create)
            return {}
        parts = folder.split("/") if folder else []
        depth = next((n for n in range(len(parts), 0, -1) if "/".join(parts[:n]) in self._open), 0)
        descriptor = self._open["/".join(parts[:depth])] if depth else self._descriptor
        for n in range(depth, len(parts)):
            if create:
                _make_folder(parts[n], descriptor)
            descriptor = os.open(parts[n], _FOLDER_FLAGS, dir_fd=descriptor)
            self._remember("/".join(parts[: n + 1]), descriptor)
        return {"dir_fd": descriptor}

    def _remember(self, folder: str, descriptor: int) -> None:
        if len(self._open) >= _KEPT_OPEN:
            oldest = next(iter(self._open))
            os.close(self._open.pop(oldest))
        self._open[folder] = descriptor

    def _check_parents(self, folder: str, *, create: bool) -> None:
        path = self._root
        for part in folder.split("/") if folder else ():
            path = path / part
            if create and not os.path.lexists(path):
                path.mkdir(mode=0o700)
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise NotADirectoryError(20, "not a folder", part)

    def _at(self, folder: str, name: str) -> str:
        return name if _BY_DESCRIPTOR else os.path.join(self._root, *folder.split("/"), name)

    def _status(self, folder: str, name: str) -> os.stat_result:
        where = self._enter(folder, create=False)
        return os.stat(self._at(folder, name), follow_symlinks=False, **where)

    def _readlink(self, folder: str, name: str) -> str:
        return os.readlink(self._at(folder, name), **self._enter(folder, create=False))

    def _digest(self, folder: str, name: str) -> str | None:
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(self._at(folder, name), flags, **self._enter(folder, create=False))
        except OSError:
            return None
        with open(descriptor, "rb") as file:
            # The digest that names a blob, so the vault need not be read to compare with it.
            return hashlib.file_digest(file, blake3).hexdigest()  # type: ignore[arg-type]  # its stub names self

    def _make_way(self, where: _Where, folder: str, name: str) -> None:
        """A folder where a file belongs is only replaced when it is empty; anything else is renamed over."""
        try:
            status = os.stat(self._at(folder, name), follow_symlinks=False, **where)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(status.st_mode):
            os.rmdir(self._at(folder, name), **where)

    def _replace(self, where: _Where, folder: str, name: str) -> None:
        if not where:
            os.replace(self._at(folder, _TEMPORARY), self._at(folder, name))
            return
        os.replace(_TEMPORARY, name, src_dir_fd=where["dir_fd"], dst_dir_fd=where["dir_fd"])

    def _discard(self, where: _Where, folder: str, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._at(folder, name), **where)


def _make_folder(name: str, above: int) -> None:
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)


def _write_all(descriptor: int, block: bytes) -> int:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]
    return len(block)
