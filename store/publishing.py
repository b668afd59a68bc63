"""How a file becomes part of the vault: temporary name, sync, read back, rename, sync of the folder."""

from __future__ import annotations

import errno
from pathlib import Path

from codevault.errors import StorageError
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout


def publish(files: FileSystem, layout: Layout, target: Path, content: bytes) -> None:
    """Puts a small file in place, whole and durable, or leaves what was there.

    Raises:
        StorageFull, StorageError: nothing was put in place, or it is not certain to survive a power loss.
    """
    temporary = layout.incoming / f"{target.name}.tmp"
    files.remove(temporary)
    new = files.create(temporary)
    try:
        new.write(content)
        new.sync()
    finally:
        new.close()
    if files.read(temporary) != content:
        raise read_back_failed(temporary)
    try:
        files.rename(temporary, target)
    except StorageError as exc:
        if not isinstance(exc.__cause__, FileNotFoundError):
            raise
        ensure_folder(files, target.parent)  # only now: looking for it first costs a listing of a folder that grows
        files.rename(temporary, target)
    files.sync_folder(target.parent)


def ensure_folder(files: FileSystem, folder: Path) -> None:
    """Makes a folder durable if it is not there yet. Its parent must exist."""
    if files.list(folder) is None:
        files.make_folder(folder)
        files.sync_folder(folder.parent)


def read_back_failed(path: Path) -> StorageError:
    """The error for a disk that returns other bytes than were written."""
    return StorageError(path, OSError(errno.EIO, "it reads back other bytes than were written"))
