"""A file system in memory, with the durability of a real one: what was not synced is gone after a power loss."""

from __future__ import annotations

import errno
import random
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from codevault.errors import StorageError, VaultBusy
from codevault.store.filesystem import HeldLock, Listed, NewFile, storage_error


@dataclass(slots=True)
class _Content:
    visible: bytearray = field(default_factory=bytearray)
    durable: bytes = b""

    def left_by_power_loss(self, *, zeroed: bool, chance: random.Random | None) -> bytes:
        lost = len(self.visible) - len(self.durable)
        if lost <= 0 or not (zeroed or chance):
            return self.durable
        if chance is None:
            return self.durable + bytes(lost)
        came = bytes(self.visible[: len(self.durable) + chance.randrange(lost + 1)])
        return came + bytes(chance.choice((0, len(self.visible) - len(came))))


class MemoryFileSystem:
    """Implements `FileSystem`. Names and contents each have a visible and a durable state, as on a disk.

    `capacity` bounds the bytes of all files, None for no bound; it may be changed at any time, as other programs do.
    """

    capacity: int | None = None

    def __init__(self) -> None:
        self._files: dict[Path, _Content] = {}
        self._folders: set[Path] = {Path("/")}
        self._durable_files: dict[Path, _Content] = {}
        self._durable_folders: set[Path] = {Path("/")}
        self._locks: set[Path] = set()
        self._guard = threading.RLock()

    def after_power_loss(self, *, zeroed: bool = False, seed: int | None = None) -> MemoryFileSystem:
        """The disk as the next boot finds it: synced content under names whose folder was synced.

        That is the least a disk keeps. With `zeroed` it kept all names and lengths, and zeros for what was not synced;
        with a `seed`, each name and each content that was not synced is as before or as after, or partly there.
        """
        chance = random.Random(seed)  # noqa: S311 - which of the things that may happen does
        disk = MemoryFileSystem()
        with self._guard:
            folders = self._folders if zeroed or seed is not None else self._durable_folders
            for folder in sorted(folders):
                if folder.parent in disk._folders:
                    disk._folders.add(folder)
            for path in sorted({*self._files, *self._durable_files}):
                came = zeroed or (seed is not None and chance.random() < 0.5)
                content = (self._files if came else self._durable_files).get(path)
                if content is not None and path.parent in disk._folders:
                    left = content.left_by_power_loss(zeroed=zeroed, chance=None if seed is None else chance)
                    disk._files[path] = _Content(bytearray(left), left)
        disk._durable_files = dict(disk._files)
        disk._durable_folders = set(disk._folders)
        return disk

    def settled(self) -> MemoryFileSystem:
        """The same disk after a while: everything it shows is durable."""
        disk = MemoryFileSystem()
        with self._guard:
            disk._folders = set(self._folders)
            for path, content in self._files.items():
                disk._files[path] = _Content(bytearray(content.visible), bytes(content.visible))
        disk._durable_files = dict(disk._files)
        disk._durable_folders = set(disk._folders)
        return disk

    def after_crash(self) -> MemoryFileSystem:
        """The disk as the next process finds it: everything visible, no lock held."""
        disk = MemoryFileSystem()
        with self._guard:
            disk._folders, disk._durable_folders = set(self._folders), set(self._durable_folders)
            disk._files, disk._durable_files = dict(self._files), dict(self._durable_files)
        return disk

    def locks_held(self) -> tuple[Path, ...]:
        """The locks that were taken and not given back."""
        with self._guard:
            return tuple(sorted(self._locks))

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        """See `FileSystem.read`."""
        with self._guard:
            if path in self._folders:
                raise _refusal(path, errno.EISDIR, "Is a directory")
            found = self._files.get(path)
            if found is None:
                return None
            return bytes(found.visible[offset:] if length is None else found.visible[offset : offset + length])

    def create(self, path: Path) -> NewFile:
        """See `FileSystem.create`."""
        with self._guard:
            if path in self._files or path in self._folders:
                raise _refusal(path, errno.EEXIST, "File exists")
            self._require_folder(path.parent)
            content = _Content()
            self._files[path] = content
        return _MemoryFile(path, content, self)

    def rename(self, old: Path, new: Path) -> None:
        """See `FileSystem.rename`."""
        with self._guard:
            if old not in self._files:
                raise _refusal(old, errno.ENOENT, "No such file or directory")
            self._require_folder(new.parent)
            self._files[new] = self._files.pop(old)

    def remove(self, path: Path) -> None:
        """See `FileSystem.remove`."""
        with self._guard:
            self._files.pop(path, None)

    def make_folder(self, path: Path) -> None:
        """See `FileSystem.make_folder`."""
        with self._guard:
            for folder in (*reversed(path.parents), path):
                if folder in self._files:
                    raise _refusal(folder, errno.EEXIST, "File exists")
                self._folders.add(folder)

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        """See `FileSystem.list`."""
        with self._guard:
            if path not in self._folders:
                return None
            files = [
                Listed(name=file.name, is_file=True, is_folder=False, size=len(self._files[file].visible))
                for file in _lying_in(path, self._files)
            ]
            folders = [
                Listed(name=folder.name, is_file=False, is_folder=True, size=0)
                for folder in _lying_in(path, self._folders)
            ]
        return tuple(sorted(files + folders, key=lambda listed: listed.name))

    def sync_folder(self, path: Path) -> None:
        """See `FileSystem.sync_folder`."""
        with self._guard:
            self._require_folder(path)
            for file in _lying_in(path, self._durable_files):
                del self._durable_files[file]
            self._durable_files.update({file: self._files[file] for file in _lying_in(path, self._files)})
            self._durable_folders.update(_lying_in(path, self._folders))

    def free(self, path: Path) -> int:  # noqa: ARG002 - one disk
        """See `FileSystem.free`."""
        if self.capacity is None:
            return sys.maxsize
        with self._guard:
            return self.capacity - sum(len(content.visible) for content in self._files.values())

    def lock(self, path: Path, holder: str) -> HeldLock:
        """See `FileSystem.lock`."""
        with self._guard:
            self._require_folder(path.parent)
            content = self._files.setdefault(path, _Content())
            if path in self._locks:
                other = content.visible.decode()
                raise VaultBusy(f"another writer holds the vault ({other}); try again later", path.parent, other)
            self._locks.add(path)
            content.visible[:] = holder.encode()
        return _MemoryLock(path, content, self._files, self._locks)

    def _require_folder(self, path: Path) -> None:
        if path not in self._folders:
            raise _refusal(path, errno.ENOENT, "No such file or directory")


class _MemoryFile:
    def __init__(self, path: Path, content: _Content, disk: MemoryFileSystem) -> None:
        self._path = path
        self._content = content
        self._disk = disk
        self._open = True

    def write(self, content: bytes) -> None:
        if not self._open:
            raise _refusal(self._path, errno.EBADF, "Bad file descriptor")
        room = self._disk.free(self._path)
        self._content.visible += content[: max(0, room)]
        if len(content) > room:
            raise storage_error(self._path, OSError(errno.ENOSPC, "No space left on device"))

    def sync(self) -> None:
        self._content.durable = bytes(self._content.visible)

    def close(self) -> None:
        self._open = False


class _MemoryLock:
    def __init__(self, path: Path, content: _Content, files: dict[Path, _Content], locks: set[Path]) -> None:
        self._path = path
        self._content = content
        self._files = files
        self._locks = locks

    def held(self) -> bool:
        return self._path in self._locks and self._files.get(self._path) is self._content

    def release(self) -> None:
        self._locks.discard(self._path)
        self._content.visible.clear()


def _lying_in(folder: Path, paths: Iterable[Path]) -> list[Path]:
    """Those of the paths that a folder lists; as text, since `Path.parent` costs ten times as much."""
    inside = str(folder).rstrip("/") + "/"
    at = len(inside)
    return [path for path in paths if (name := str(path)).startswith(inside) and len(name) > at > name.rfind("/")]


def _refusal(path: Path, number: int, text: str) -> StorageError:
    cause = OSError(number, text)
    error = StorageError(path, cause)
    error.__cause__ = cause
    return error
