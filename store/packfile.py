"""A pack while it is written: appended to under a temporary name, made durable, read back, published."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from codevault.errors import CodeVaultError
from codevault.ids import PackId
from codevault.store.filesystem import FileSystem, NewFile
from codevault.store.layout import Layout
from codevault.store.pack import Frame, Header, encode_header
from codevault.store.publishing import ensure_folder, read_back_failed

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A pack that is durable, verified and in place: its length in bytes and the frames in it."""

    pack: PackId
    size: int
    frames: tuple[Frame, ...]


class PackFile:
    """A pack being written under a temporary name."""

    def __init__(self, files: FileSystem, layout: Layout, name: str) -> None:
        self._files = files
        self._layout = layout
        self._path: Path = layout.incoming / name
        self._new: NewFile = files.create(self._path)
        self._hasher = blake3()
        self._frames: list[Frame] = []
        self.size = 0

    def append(self, header: Header, frame: bytes) -> None:
        """Adds a frame and the header that announces it."""
        encoded = encode_header(header)
        self._new.write(encoded + frame)
        self._hasher.update(encoded)
        self._hasher.update(frame)
        self._frames.append(Frame(header=header, at=self.size + len(encoded)))
        self.size += len(encoded) + len(frame)

    def finish(self) -> Finished:
        """Syncs, reads back, compares, renames, syncs the folder; then, and only then, the pack counts.

        Raises:
            StorageFull, StorageError: it must be given up.
        """
        try:
            self._new.sync()
        finally:
            self._new.close()
        pack = PackId(self._hasher.hexdigest())
        if self._hash_on_disk() != pack:
            raise read_back_failed(self._path)
        target = self._layout.pack(pack)
        ensure_folder(self._files, target.parent)
        self._files.rename(self._path, target)
        self._files.sync_folder(target.parent)
        return Finished(pack=pack, size=self.size, frames=tuple(self._frames))

    def abandon(self) -> None:
        """Gives the file up."""
        with suppress(CodeVaultError):  # the next writer sweeps what stays
            self._new.close()
            self._files.remove(self._path)

    def _hash_on_disk(self) -> str:
        hasher = blake3()
        for at in range(0, self.size, _BLOCK):
            hasher.update(self._files.read(self._path, at, _BLOCK) or b"")
        return hasher.hexdigest()
