"""Reads the files of a repository as plain files: bounded, without blocking, and never out of a folder.

Every step goes by directory descriptor, so a link put in place of a folder between two looks is not followed either.
Where the system has none (Windows), full paths are used and each is looked at first.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Self

SMALL = 1 << 16
"""Bytes read of a file unless said otherwise, and the size of a block."""

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd
_COMMON = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_FOLDER_FLAGS = _COMMON | getattr(os, "O_DIRECTORY", 0)
# A FIFO that takes a file's place between the look and the opening must not make open() wait for a writer.
_FILE_FLAGS = _COMMON | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
_DEEPEST = 32


class ReadFolder:
    """One open folder, for use with `with`.

    No method raises for what it finds on disk: missing, unreadable and odd things are None or "". Paths are names
    joined by `/`; one that could lead out of the folder finds nothing.
    """

    def __init__(self, descriptor: int | None, path: str) -> None:
        self._descriptor = descriptor  # None: full paths are used; -1: closed
        self._path = path

    @classmethod
    def open(cls, path: str, *, by_descriptor: bool = _BY_DESCRIPTOR) -> ReadFolder | None:
        """Opens the folder to stay in; a link in `path` itself is followed, since the caller named it."""
        try:
            real = os.path.realpath(path)
            if by_descriptor:
                return cls(os.open(real, _FOLDER_FLAGS), real)
            return cls(None, real) if stat.S_ISDIR(os.lstat(real).st_mode) else None
        except (OSError, ValueError):
            return None

    @property
    def path(self) -> str:
        """Where the folder was found, links resolved at the root only."""
        return self._path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def enter(self, path: str) -> ReadFolder | None:
        """A folder in this one, "" for this one again; None through links or where there is none."""
        names = path.split("/") if path else []
        if len(names) > _DEEPEST or not all(map(_is_plain, names)):
            return None
        try:
            folder = ReadFolder(None if self._descriptor is None else os.dup(self._descriptor), self._path)
            for name in names:
                with folder:
                    deeper = folder._step(name)
                folder = deeper
        except (OSError, ValueError):
            return None
        return folder

    def kind(self, path: str) -> str:
        """What stands at a path: "file", "folder", "link", "other" (FIFO, device, socket), or "" for nothing."""
        parent, _, name = path.rpartition("/")
        folder = self.enter(parent)
        if folder is None:
            return ""
        with folder:
            return folder._kind(name)  # noqa: SLF001 - the same class

    def names(self, path: str = "", most: int = 100_000) -> tuple[tuple[str, str], ...]:
        """Names in a folder with their kinds, sorted; empty where there is no folder, cut off after `most`."""
        folder = self.enter(path)
        if folder is None:
            return ()
        with folder:
            try:
                descriptor = folder._descriptor  # noqa: SLF001 - the same class
                with os.scandir(descriptor if descriptor is not None else folder.path) as listing:
                    found = sorted(entry.name for entry in islice(listing, most))
            except OSError:
                return ()
            return tuple((name, folder._kind(name)) for name in found)  # noqa: SLF001

    def changed_ns(self, path: str) -> int | None:
        """When a regular file last changed, in nanoseconds; None where there is none."""
        status = self.status(path)
        return status.st_mtime_ns if status is not None and stat.S_ISREG(status.st_mode) else None

    def status(self, path: str) -> os.stat_result | None:
        """What the system says of a path, or of this folder for ""; links are not followed."""
        parent, _, name = path.rpartition("/")
        folder = self.enter(parent)
        if folder is None:
            return None
        with folder:
            return folder._status(name)  # noqa: SLF001 - the same class

    def read(self, path: str, limit: int = SMALL) -> bytes | None:
        """The first `limit` bytes of a regular file; None when it is none or cannot be read."""
        parts = list(self.blocks(path, limit))
        return b"".join(parts) if parts else None

    def blocks(self, path: str, limit: int) -> Iterator[bytes]:
        """The same in blocks of 64 KiB; an empty file gives one empty block, anything but a file none."""
        parent, _, name = path.rpartition("/")
        folder = self.enter(parent)
        if folder is None:
            return
        with folder:
            descriptor = folder._open_file(name)  # noqa: SLF001 - the same class
        if descriptor is None:
            return
        try:
            yield from _blocks(descriptor, limit)
        except OSError:
            return
        finally:
            os.close(descriptor)

    def _step(self, name: str) -> ReadFolder:
        path = os.path.join(self._path, name)
        if self._descriptor is not None:
            return ReadFolder(os.open(name, _FOLDER_FLAGS, dir_fd=self._descriptor), path)
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise NotADirectoryError(name)
        return ReadFolder(None, path)

    def _kind(self, name: str) -> str:
        status = self._status(name) if _is_plain(name) else None
        if status is None:
            return ""
        mode = status.st_mode
        for test, kind in ((stat.S_ISREG, "file"), (stat.S_ISDIR, "folder"), (stat.S_ISLNK, "link")):
            if test(mode):
                return kind
        return "other"

    def _status(self, name: str) -> os.stat_result | None:
        try:
            if not name:
                return os.stat(self._path) if self._descriptor is None else os.fstat(self._descriptor)
            if not _is_plain(name):
                return None
            if self._descriptor is not None:
                return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            return os.lstat(os.path.join(self._path, name))
        except (OSError, ValueError):
            return None

    def _open_file(self, name: str) -> int | None:
        """A descriptor of a regular file. Opening a device may do something, so the look comes first."""
        if self._kind(name) != "file":
            return None
        try:
            if self._descriptor is not None:
                descriptor = os.open(name, _FILE_FLAGS, dir_fd=self._descriptor)
            else:
                descriptor = os.open(os.path.join(self._path, name), _FILE_FLAGS)
        except OSError:
            return None
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        return None


def _blocks(descriptor: int, limit: int) -> Iterator[bytes]:
    block = os.read(descriptor, min(SMALL, limit))
    yield block
    left = limit - len(block)
    while block and left > 0:
        block = os.read(descriptor, min(SMALL, left))
        left -= len(block)
        if block:
            yield block


def _is_plain(name: str) -> bool:
    return name not in {"", ".", ".."} and not set(name) & {"/", "\0", "\\"}
