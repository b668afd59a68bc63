"""Replacing damaged files: the new one is whole, durable and proven before the old one, kept in quarantine, goes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from blake3 import blake3

from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout
from codevault.store.publishing import ensure_folder, read_back_failed

_BLOCK = 4 << 20


def switch(
    files: FileSystem, layout: Layout, target: Path, pieces: Iterable[bytes], proven: Callable[[str], bool]
) -> str:
    """Puts new content in the place of a file, if what was written hashes to what `proven` accepts.

    What was there is first copied to quarantine/, whose name for it is given back (empty when nothing was there).
    Killed at any point, either the old file is in its place or the new one.

    Raises:
        StorageFull, StorageError: the old file is where it was.
    """
    temporary = layout.incoming / f"{target.name}.tmp"
    digest = _write(files, temporary, pieces)
    if not proven(digest) or _hash(files, temporary) != digest:
        raise read_back_failed(temporary)
    kept = set_aside(files, layout, target)
    ensure_folder(files, target.parent)
    files.rename(temporary, target)
    files.sync_folder(target.parent)
    return kept


def set_aside(files: FileSystem, layout: Layout, path: Path) -> str:
    """Copies a damaged file to quarantine/, durable on return; its name there, empty when there is no such file.

    Raises:
        StorageFull, StorageError: there is no copy.
    """
    digest = _hash(files, path)
    if digest is None:
        return ""
    name = f"{layout.relative(path).replace('/', '~')}.{digest[:16]}"
    target = layout.quarantine / name
    if _hash(files, target) != digest:
        temporary = layout.incoming / f"{digest[:16]}.quarantine.tmp"
        _write(files, temporary, _blocks(files, path))
        if _hash(files, temporary) != digest:
            raise read_back_failed(temporary)
        ensure_folder(files, layout.quarantine)
        files.rename(temporary, target)
        files.sync_folder(layout.quarantine)
    return layout.relative(target)


def _write(files: FileSystem, path: Path, pieces: Iterable[bytes]) -> str:
    files.remove(path)
    hasher = blake3()
    new = files.create(path)
    try:
        for piece in pieces:
            hasher.update(piece)
            new.write(piece)
        new.sync()
    finally:
        new.close()
    return hasher.hexdigest()


def _blocks(files: FileSystem, path: Path) -> Iterable[bytes]:
    at = 0
    while block := files.read(path, at, _BLOCK) or b"":
        yield block
        at += len(block)


def _hash(files: FileSystem, path: Path) -> str | None:
    if files.read(path, 0, 0) is None:
        return None
    hasher = blake3()
    for block in _blocks(files, path):
        hasher.update(block)
    return hasher.hexdigest()
