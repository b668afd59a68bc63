"""A project's folder as it is now, listed and read by directory descriptor.

Nothing is followed out of the root: every folder is opened relative to its parent without following links, every file
without following links and without blocking, and what was opened, not what was listed, decides by its type.
Where the system has no directory descriptors (Windows), full paths are used instead.
"""

# A little over 400 lines: the port and its two implementations, one on disk and one in memory, are read together.

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from codevault.extras import PLAIN, Extras, extras_of
from codevault.holes import segments

_BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_NOATIME = getattr(os, "O_NOATIME", 0)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FILE_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO in the file's place must not stop us
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
READ_BLOCK = 1 << 20
_RECALL_ON_OPEN, _RECALL_ON_DATA_ACCESS = 0x40000, 0x400000  # winnt.h; module stat has not got them
_DATALESS = 0x40000000  # SF_DATALESS of macOS, sys/stat.h
_ZEROS = bytes(READ_BLOCK)
_ATTEMPTS = 3
ReadBlock = Callable[[int, int], bytes]  # descriptor and most bytes, as os.read


class Listed(NamedTuple):
    """One name in a folder with what lstat said of it. Times in nanoseconds, size in bytes, `links` counts names.

    A named tuple, not a dataclass: half a million are made in a scan, and a frozen dataclass takes three times as long.
    """

    name: str
    mode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    device: int
    links: int = 1
    user: int = 0
    group: int = 0

    @property
    def signature(self) -> tuple[int, int, int, int, int]:
        """What changes when the entry does: mode, size, mtime, ctime, inode."""
        return (self.mode, self.size, self.mtime_ns, self.ctime_ns, self.inode)


class Reading(NamedTuple):
    """A file as it was read whole."""

    content: bytes
    extras: Extras = PLAIN


class Unstable(Exception):  # noqa: N818 - a condition between two modules of this package, never raised to callers
    """The file changed while it was read, every time it was tried; `content` is the last reading."""

    def __init__(self, content: bytes) -> None:
        super().__init__("changed while it was read")
        self.content = content


class Folder(Protocol):
    """One open folder of a project. All errors are `OSError`.

    Eight methods: files are read with their extras in one call, since opening them twice would cost a first backup.
    """

    def status(self) -> Listed:
        """The folder itself; its name is left empty."""
        ...

    def entries(self) -> list[Listed]:
        """Everything in the folder, sorted by name."""
        ...

    def enter(self, name: str) -> Folder:
        """Opens a folder in this one, never through a link."""
        ...

    def read(self, name: str) -> Reading:
        """A regular file whole, read at a moment when it did not change.

        Raises:
            Unstable: it kept changing.
            OSError: not readable, without end, or no longer a regular file.
        """
        ...

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a large regular file, at most `READ_BLOCK` each; raises `Unstable` at the end if it changed.

        Holes are not read; they come as zeros.
        """
        ...

    def extras(self, name: str) -> Extras:
        """Those of a folder, or of a file that is read in blocks."""
        ...

    def link_target(self, name: str) -> str:
        """What a symbolic link says, unread and unfollowed."""
        ...

    def close(self) -> None:
        """Gives the descriptor back."""
        ...


class RealFolder:
    """A folder on disk. Deep trees work at any depth: paths are never put together where descriptors exist."""

    def __init__(self, descriptor: int, path: str, *, read_block: ReadBlock = os.read) -> None:
        self._descriptor = descriptor
        self._path = path  # only used without directory descriptors
        self._read_block = read_block
        self._flags = _FILE_FLAGS | _NOATIME

    @classmethod
    def root(cls, path: str, *, read_block: ReadBlock = os.read) -> RealFolder:
        """Opens the root of a project; here, and only here, a link in the path is followed."""
        real = os.path.realpath(path)
        return cls(os.open(real, _FOLDER_FLAGS) if _BY_DESCRIPTOR else -1, real, read_block=read_block)

    def status(self) -> Listed:
        """The folder itself."""
        return _listed("", os.fstat(self._descriptor) if _BY_DESCRIPTOR else os.lstat(self._path))

    def entries(self) -> list[Listed]:
        """Everything in the folder, sorted by name; a name that vanishes meanwhile is left out."""
        found = []
        with os.scandir(self._descriptor if _BY_DESCRIPTOR else self._path) as listing:
            for entry in listing:
                try:
                    status = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                found.append(_listed(entry.name, status))
        found.sort()  # by name, the first field; no two are equal
        return found

    def enter(self, name: str) -> RealFolder:
        """Opens a folder in this one, never through a link."""
        path = os.path.join(self._path, name)
        if not _BY_DESCRIPTOR:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise NotADirectoryError(20, "not a folder any more", name)
            return RealFolder(-1, path, read_block=self._read_block)
        descriptor = os.open(name, _FOLDER_FLAGS, dir_fd=self._descriptor)
        return RealFolder(descriptor, "", read_block=self._read_block)

    def read(self, name: str) -> Reading:
        """The whole of a regular file, read again when it changed meanwhile."""
        content, earlier = b"", None
        for _ in range(_ATTEMPTS):
            # Spelled out, without the generators of `blocks`: a first backup does this a hundred thousand times.
            descriptor = self._open(name)
            try:
                before = _regular(descriptor, name)
                content = self._whole(descriptor, before.st_size)
                if _unchanged(before, os.fstat(descriptor)):
                    if len(content) == before.st_size:
                        return Reading(content, extras_of(descriptor, before))
                    if content == earlier:  # the sizes of /proc and /sys say nothing; two equal readings do
                        return Reading(content)
                    _bounded(content, before.st_size, name)
                    earlier = content
            finally:
                os.close(descriptor)
        raise Unstable(content)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The file in blocks; the caller decides what to do with a file that changed meanwhile."""
        with self._opened(name) as (descriptor, before):
            total = 0
            sparse = extras_of(descriptor, before).sparse
            for block in (self._parts if sparse else self._blocks)(descriptor, before.st_size):
                total += len(block)
                yield block
            if not (_unchanged(before, os.fstat(descriptor)) and total == before.st_size):
                raise Unstable(b"")

    def extras(self, name: str) -> Extras:
        """Extended attributes and whether there are holes."""
        if not _BY_DESCRIPTOR:
            return PLAIN
        descriptor = self._open(name)
        try:
            return extras_of(descriptor, os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def link_target(self, name: str) -> str:
        """The text of a symbolic link."""
        if _BY_DESCRIPTOR:
            return os.readlink(name, dir_fd=self._descriptor)
        return os.readlink(os.path.join(self._path, name))

    def close(self) -> None:
        """Closes the descriptor; harmless when done twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[int, os.stat_result]]:
        descriptor = self._open(name)
        try:
            yield descriptor, _regular(descriptor, name)
        finally:
            os.close(descriptor)

    def _whole(self, descriptor: int, size: int) -> bytes:
        if size >= READ_BLOCK:
            return b"".join(self._blocks(descriptor, size))
        content = self._read_block(descriptor, size + 1)  # one byte more tells a file that grew from one that ends
        return content if len(content) == size else content + b"".join(self._blocks(descriptor, READ_BLOCK))

    def _blocks(self, descriptor: int, size: int) -> Iterator[bytes]:
        """Ends once there is more than `size`: a file that grows as fast as it is read would have no end."""
        total = 0
        while total <= size and (block := self._read_block(descriptor, READ_BLOCK)):
            total += len(block)
            yield block

    def _parts(self, descriptor: int, size: int) -> Iterator[bytes]:
        """As `_blocks` for a file with holes: they are skipped over, not read."""
        for begin, end, hole in segments(descriptor, size):
            if not hole:
                os.lseek(descriptor, begin, os.SEEK_SET)
            at = begin
            while at < end:
                block = _ZEROS[: end - at] if hole else self._read_block(descriptor, min(READ_BLOCK, end - at))
                if not block:
                    return  # shorter than it was: the caller's sum tells
                at += len(block)
                yield block

    def _open(self, name: str) -> int:
        if not _BY_DESCRIPTOR:
            return os.open(os.path.join(self._path, name), _FILE_FLAGS)
        try:
            return os.open(name, self._flags, dir_fd=self._descriptor)
        except PermissionError:
            if self._flags == _FILE_FLAGS:
                raise
            self._flags = _FILE_FLAGS  # leaving the access time alone is for the owner only; reading may still be
            return os.open(name, self._flags, dir_fd=self._descriptor)


@dataclass(slots=True)
class MemoryFile:
    """A file, link or special of a `MemoryFolder`; tests change it between and during runs."""

    content: bytes = b""
    mode: int = stat.S_IFREG | 0o644
    mtime_ns: int = 0
    ctime_ns: int = 0
    inode: int = 0
    links: int = 1
    owner: tuple[int, int] = (0, 0)
    extras: Extras = PLAIN
    target: str = ""
    error: OSError | None = None
    on_read: Callable[[], None] | None = None


class MemoryFolder:
    """A folder in memory with the same behaviour: a dict of names to files and folders."""

    def __init__(self, items: dict[str, MemoryFile | MemoryFolder] | None = None, *, inode: int = 0) -> None:
        self.items = items if items is not None else {}
        self.inode = inode or id(self)
        self.mtime_ns = self.ctime_ns = 0
        self.own_extras = PLAIN
        self.error: OSError | None = None

    def status(self) -> Listed:
        """Device 0 and the inode given."""
        return Listed("", stat.S_IFDIR | 0o755, 0, self.mtime_ns, self.ctime_ns, self.inode, 0)

    def entries(self) -> list[Listed]:
        """Everything in the folder, sorted by name."""
        if self.error is not None:
            raise self.error
        found = []
        for name, item in self.items.items():
            if isinstance(item, MemoryFolder):
                found.append(item.status()._replace(name=name))
            else:
                size = len(item.target or item.content)
                times = item.mtime_ns, item.ctime_ns
                found.append(Listed(name, item.mode, size, *times, item.inode, 0, item.links, *item.owner))
        return sorted(found, key=_name)

    def enter(self, name: str) -> MemoryFolder:
        """The folder of that name."""
        item = self.items.get(name)
        if not isinstance(item, MemoryFolder):
            raise NotADirectoryError(20, "not a folder", name)
        return item

    def read(self, name: str) -> Reading:
        """A file; `Unstable` when `on_read` keeps changing it."""
        content = b""
        for _ in range(_ATTEMPTS):
            before = self._file(name)
            content = before.content
            if before.on_read is not None:
                before.on_read()
            if self._file(name).content == content:
                return Reading(content, before.extras)
        raise Unstable(content)

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file in blocks."""
        file = self._file(name)
        content = file.content
        for start in range(0, len(content), READ_BLOCK):
            yield content[start : start + READ_BLOCK]
        if file.on_read is not None:
            file.on_read()
        if self._file(name).content != content:
            raise Unstable(b"")

    def extras(self, name: str) -> Extras:
        """Those the file or folder was made with."""
        item = self.items.get(name)
        return item.own_extras if isinstance(item, MemoryFolder) else self._file(name).extras

    def link_target(self, name: str) -> str:
        """The text of a link."""
        return self._file(name, link=True).target

    def close(self) -> None:
        """Nothing to give back."""

    def _file(self, name: str, *, link: bool = False) -> MemoryFile:
        item = self.items.get(name)
        if item is None:
            raise FileNotFoundError(2, "No such file", name)
        if isinstance(item, MemoryFolder) or (not link and not stat.S_ISREG(item.mode)):
            raise OSError(22, "not a regular file any more", name)
        if item.error is not None:
            raise item.error
        return item


def _listed(name: str, status: os.stat_result) -> Listed:
    # Past the named tuple's own constructor, a Python function: a third of what listing a folder costs beside lstat.
    return tuple.__new__(
        Listed,
        (
            name,
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_ino,
            status.st_dev,
            status.st_nlink,
            status.st_uid,
            status.st_gid,
        ),
    )


def identities(folders: Iterable[str | os.PathLike[str]]) -> frozenset[tuple[int, int]]:
    """Device and inode of each folder that is there: those that a walk must not enter as if they were its own."""
    found = set()
    for folder in folders:
        with suppress(OSError):
            status = os.stat(folder)
            found.add((status.st_dev, status.st_ino))
    return frozenset(found)


def _name(listed: Listed) -> str:
    return listed.name


def _regular(descriptor: int, name: str) -> os.stat_result:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(22, "not a regular file any more", name)
    if is_placeholder(status):
        raise OSError(errno.EAGAIN, "its content is elsewhere, and reading it would fetch it", name)
    return status


def is_placeholder(status: os.stat_result) -> bool:
    """True for a file whose content is not on this disk: OneDrive's, iCloud's, Dropbox's. Never with Linux."""
    elsewhere = stat.FILE_ATTRIBUTE_OFFLINE | _RECALL_ON_OPEN | _RECALL_ON_DATA_ACCESS
    attributes: int = getattr(status, "st_file_attributes", 0)
    flags: int = getattr(status, "st_flags", 0)
    return bool(attributes & elsewhere or flags & _DATALESS)


def _bounded(content: bytes, size: int, name: str) -> None:
    if len(content) > size + READ_BLOCK:
        raise OSError(errno.EFBIG, "it gives far more bytes than its size says", name)


def _unchanged(before: os.stat_result, after: os.stat_result) -> bool:
    return (
        before.st_size == after.st_size
        and before.st_mtime_ns == after.st_mtime_ns
        and before.st_ctime_ns == after.st_ctime_ns
        and before.st_ino == after.st_ino
    )
