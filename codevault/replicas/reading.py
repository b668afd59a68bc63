"""A replica as the file system of a vault that is only read; what is derived lies in a folder of this machine."""

from __future__ import annotations

import errno
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from codevault.errors import ReplicaReadOnly, StorageError
from codevault.replicas.inventory import INVENTORY, Inventory, decode_inventory
from codevault.replicas.planning import SEALED
from codevault.replicas.ports import Objects
from codevault.replicas.sealing import Key
from codevault.store.filesystem import DiskFileSystem, FileSystem, HeldLock, Listed, NewFile
from codevault.store.records import RecordMalformed

_OURS = frozenset({"cache", "incoming"})
_BLOCK = 1 << 20
_KEPT = 256 << 20


class ReplicaFiles:
    """Implements `FileSystem` for reading a replica as the vault at `root`, a folder that holds its cache only.

    What is seen changes when `replica.json` does, which every listing of the packs looks at. Up to 256 MiB of what was
    read stay in memory. Nothing decrypted is written to the disk but what analysis makes of it.
    """

    def __init__(
        self, objects: Objects, root: Path, url: str, *, key: Key | None = None, local: FileSystem | None = None
    ) -> None:
        self._objects = objects
        self._root = root
        self._url = url
        self._key = key
        self._local = local or DiskFileSystem(root)
        self._blocks: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._weight = 0
        self._guard = threading.Lock()
        self._seen: bytes | None = None
        self._sizes: Mapping[str, int] = {}
        self._folders: Mapping[str, tuple[Listed, ...]] = {}
        self._look()

    def read(self, path: Path, offset: int = 0, length: int | None = None) -> bytes | None:
        """See `FileSystem.read`."""
        if self._is_ours(path):
            return self._local.read(path, offset, length)
        name = self._name(path)
        if name not in self._sizes:
            return None
        if self._key is not None:
            content = self._cached((name, -1), partial(self._opened, name))
            return None if content is None else content[offset:][:length]
        if length is None:
            return self._objects.read(name, offset)
        return self._range(name, offset, length)

    def create(self, path: Path) -> NewFile:
        """See `FileSystem.create`."""
        return self._writable(path).create(path)

    def rename(self, old: Path, new: Path) -> None:
        """See `FileSystem.rename`."""
        self._writable(new).rename(old, new)

    def remove(self, path: Path) -> None:
        """See `FileSystem.remove`."""
        self._writable(path).remove(path)

    def make_folder(self, path: Path) -> None:
        """See `FileSystem.make_folder`."""
        self._writable(path).make_folder(path)

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        """See `FileSystem.list`."""
        if self._is_ours(path):
            return self._local.list(path)
        name = self._name(path)
        if name == "packs":
            self._look()
        return self._folders.get(name)

    def sync_folder(self, path: Path) -> None:
        """See `FileSystem.sync_folder`."""

    def free(self, path: Path) -> int:
        """See `FileSystem.free`."""
        return self._local.free(path)

    def lock(self, path: Path, holder: str) -> HeldLock:  # noqa: ARG002 - nothing is locked
        """Refuses: whoever wants to write begins with this."""
        raise ReplicaReadOnly(f"{self._url} is a replica, which is only read: open the vault itself", self._url)

    def _writable(self, path: Path) -> FileSystem:
        if not self._is_ours(path):
            self.lock(path, "")
        return self._local

    def _is_ours(self, path: Path) -> bool:
        parts = path.relative_to(self._root).parts
        return bool(parts) and parts[0] in _OURS

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix() if path != self._root else ""

    def _look(self) -> None:
        """Lists the replica anew, if it says that it changed, or says nothing of itself."""
        said = self._objects.read(INVENTORY)
        if said is not None and said == self._seen:
            return
        sizes = self._objects.sizes()
        if self._key is not None:
            held = self._inventory(said).held
            sizes = {name: held[name].length for name in held if name + SEALED in sizes}
        self._seen, self._sizes, self._folders = said, sizes, _folders(sizes)

    def _inventory(self, said: bytes | None) -> Inventory:
        try:
            return decode_inventory(said or b"")
        except RecordMalformed as exc:
            cause = OSError(errno.EIO, f"{exc}; replicate() makes it anew, age and rescue.py do without it")
            raise StorageError(self._root / INVENTORY, cause) from exc

    def _opened(self, name: str) -> bytes | None:
        content = self._objects.read(name + SEALED)
        if content is None or self._key is None:
            return None
        opened = self._key.open(content)
        return b"" if opened is None else opened  # damaged: the vault's own hashes say so

    def _range(self, name: str, offset: int, length: int) -> bytes | None:
        """A span out of blocks of one MiB, since a vault is read in many small ones."""
        found = []
        end = min(offset + length, self._sizes[name])
        at = offset - offset % _BLOCK
        while at < end:
            block = self._cached((name, at), partial(self._objects.read, name, at, _BLOCK))
            if block is None:
                return None
            found.append(block[max(0, offset - at) : end - at])
            at += _BLOCK
        return b"".join(found)

    def _cached(self, key: tuple[str, int], read: Callable[[], bytes | None]) -> bytes | None:
        with self._guard:
            known = self._blocks.get(key)
            if known is not None:
                self._blocks.move_to_end(key)
                return known
            content = read()
            if content is not None and key[0].startswith("packs/"):  # the others are small, and some are replaced
                self._blocks[key] = content
                self._weight += len(content)
                while self._weight > _KEPT and len(self._blocks) > 1:
                    _, gone = self._blocks.popitem(last=False)
                    self._weight -= len(gone)
            return content


def _folders(sizes: Mapping[str, int]) -> Mapping[str, tuple[Listed, ...]]:
    """What each folder lists, from the names of all objects."""
    found: dict[str, dict[str, Listed]] = {"": {}}
    for path, size in sizes.items():
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, {})[name] = Listed(name=name, is_file=True, is_folder=False, size=size)
        while folder:
            above, _, name = folder.rpartition("/")
            found.setdefault(above, {})[name] = Listed(name=name, is_file=False, is_folder=True, size=0)
            folder = above
    return {folder: tuple(inside[name] for name in sorted(inside)) for folder, inside in found.items()}
