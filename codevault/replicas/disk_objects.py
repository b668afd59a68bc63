"""A replica in a folder of this machine: durable as the vault itself, and private."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from codevault.errors import ReplicaUnreachable, StorageError
from codevault.replicas.ports import INCOMING
from codevault.store.filesystem import DiskFileSystem, FileSystem
from codevault.store.publishing import ensure_folder


class DiskObjects:
    """Implements `Objects` on the vault's own file system port. The folder is made when something is written."""

    def __init__(self, root: Path, *, filesystem: FileSystem | None = None) -> None:
        self.root = self._root = root
        self._files = filesystem or DiskFileSystem(root)
        self._known: set[Path] = set()

    def sizes(self) -> Mapping[str, int]:
        """See `Objects.sizes`."""
        with self._told():
            return dict(self._below(self._root))

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """See `Objects.read`."""
        with self._told():
            return self._files.read(self._path(name), offset, length)

    def write(self, name: str, blocks: Iterable[bytes]) -> int:
        """See `Objects.write`."""
        target = self._path(name)
        temporary = self._path(f"{INCOMING}{target.name}.tmp")
        with self._told():
            for folder in (self._root, temporary.parent, *reversed(target.relative_to(self._root).parents)):
                self._make(self._root / folder)
            self._files.remove(temporary)
            new = self._files.create(temporary)
        length = 0
        try:
            for block in blocks:
                with self._told():
                    new.write(block)
                length += len(block)
            with self._told():
                new.sync()
        except BaseException:
            new.close()
            with suppress(StorageError):
                self._files.remove(temporary)
            raise
        with self._told():
            new.close()
            self._files.rename(temporary, target)
            self._files.sync_folder(target.parent)
        return length

    def remove(self, name: str) -> None:
        """See `Objects.remove`."""
        with self._told():
            self._files.remove(self._path(name))

    def close(self) -> None:
        """See `Objects.close`."""

    def _path(self, name: str) -> Path:
        return self._root.joinpath(*name.split("/"))

    def _make(self, folder: Path) -> None:
        if folder not in self._known:
            if folder == self._root:
                self._files.make_folder(folder)
                with suppress(StorageError):  # some systems refuse to sync a foreign folder
                    self._files.sync_folder(folder.parent)
            else:
                ensure_folder(self._files, folder)
            self._known.add(folder)

    def _below(self, folder: Path) -> Iterator[tuple[str, int]]:
        for found in self._files.list(folder) or ():
            path = folder / found.name
            if found.is_folder:
                yield from self._below(path)
            elif found.is_file:
                yield path.relative_to(self._root).as_posix(), found.size

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Makes a refusal of the disk one of the replica; a full disk stays what it is."""
        try:
            yield
        except StorageError as exc:
            raise ReplicaUnreachable(f"the replica at {self._root}: {exc}", str(self._root)) from exc
