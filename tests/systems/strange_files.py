"""A disk with the manners of macOS and Windows, in memory."""

from __future__ import annotations

import errno
import unicodedata
from pathlib import Path

from codevault.errors import StorageError
from codevault.store.filesystem import HeldLock, Listed, NewFile, storage_error
from codevault.store.memory_filesystem import MemoryFileSystem

LONGEST_NAME = 143
"""Characters: encrypted folders leave a name no more. Windows and macOS take 255."""
LONGEST_PATH = 259
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{digit}" for port in ("com", "lpt") for digit in range(1, 10))}


class StrangeFileSystem(MemoryFileSystem):
    """Takes names for one another that differ in case or in Unicode's form, and gives them decomposed.

    Refuses names of devices, dots and blanks at the end, forbidden characters, long names and long paths; and to rename
    or remove what is open.
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: dict[Path, str] = {}
        self._open: dict[Path, int] = {}

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        return super().read(_folded(path), offset, length)

    def create(self, path: Path) -> NewFile:
        _require_allowed(path)
        folded = _folded(path)
        new = super().create(folded)
        self._shown[folded] = unicodedata.normalize("NFD", path.name)
        self._open[folded] = self._open.get(folded, 0) + 1
        return _Opened(new, self._open, folded)

    def rename(self, old: Path, new: Path) -> None:
        _require_allowed(new)
        before, after = _folded(old), _folded(new)
        self._require_closed(before)
        self._require_closed(after)
        super().rename(before, after)
        self._shown[after] = unicodedata.normalize("NFD", new.name)

    def remove(self, path: Path) -> None:
        self._require_closed(_folded(path))
        super().remove(_folded(path))

    def make_folder(self, path: Path) -> None:
        _require_allowed(path)
        super().make_folder(_folded(path))
        for folder in (path, *path.parents):
            self._shown.setdefault(_folded(folder), unicodedata.normalize("NFD", folder.name))

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        found = super().list(_folded(path))
        if found is None:
            return None
        shown = [
            Listed(
                name=self._shown.get(_folded(path) / one.name, one.name),
                is_file=one.is_file,
                is_folder=one.is_folder,
                size=one.size,
            )
            for one in found
        ]
        return tuple(sorted(shown, key=lambda one: one.name))

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(_folded(path))

    def lock(self, path: Path, holder: str) -> HeldLock:
        return super().lock(_folded(path), holder)

    def _require_closed(self, path: Path) -> None:
        if self._open.get(path):
            raise _refused(path, errno.EACCES, "it is open")


class _Opened:
    def __init__(self, new: NewFile, counts: dict[Path, int], path: Path) -> None:
        self._new = new
        self._counts = counts
        self._path = path
        self._closed = False

    def write(self, content: bytes) -> None:
        self._new.write(content)

    def sync(self) -> None:
        self._new.sync()

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._counts[self._path] -= 1
        self._new.close()


def _folded(path: Path) -> Path:
    return Path(unicodedata.normalize("NFD", str(path)).casefold())


def _require_allowed(path: Path) -> None:
    name = path.name
    bad = (
        name.partition(".")[0].rstrip().lower() in _DEVICES or name.endswith((".", " ")) or set(name) & set('<>:"|?*\\')
    )
    if bad:
        raise _refused(path, errno.EINVAL, "no name on this system")
    if len(name) > LONGEST_NAME or len(str(path)) > LONGEST_PATH:
        raise _refused(path, errno.ENAMETOOLONG, "File name too long")


def _refused(path: Path, number: int, text: str) -> StorageError:
    cause = OSError(number, text)
    error = storage_error(path, cause)
    error.__cause__ = cause
    assert isinstance(error, StorageError)
    return error
