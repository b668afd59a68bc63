"""Who may touch the index: many readers, one writer, and a cache folder that may vanish at any time."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codevault.errors import IndexDamaged
from codevault.ids import VaultId
from codevault.index.index import Index


class IndexKeeper:
    """Opens the index when it is needed. `writing()` is held by one thread at a time, and commits when left well."""

    def __init__(self, folder: Path, vault: VaultId) -> None:
        self._folder = folder
        self._vault = vault
        self._writer = threading.Lock()
        self._guard = threading.Lock()
        self._reader: Index | None = None
        self._read: tuple[int, int] | None = None  # the catalog that it reads

    def reading(self) -> Index:
        """The index for asking; opened once, and again when the cache was removed or made again behind our back.

        Raises:
            IndexDamaged: it is damaged, another version's or another vault's.
        """
        with self._guard:
            present = self._identity()
            if self._reader is not None and present != self._read:
                self._reader.close()  # what it reads has no name any more: it would answer from the past for ever
                self._reader = None
            if self._reader is None:
                self._reader, self._read = self._opened(writable=False), present
            return self._reader

    @contextmanager
    def writing(self) -> Iterator[Index]:
        """The index for recording.

        Raises:
            IndexDamaged: as `reading()`, or another process is writing it.
        """
        with self._writer:
            index = self._opened(writable=True)
            try:
                yield index
                index.commit()
            finally:
                index.close()

    @property
    def exists(self) -> bool:
        """False before the first use, and after someone deleted the cache."""
        return self._identity() is not None

    def discard(self) -> None:
        """Removes the whole cache folder."""
        with self._writer:
            self.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def close(self) -> None:
        """Closes the reader, if there is one."""
        with self._guard:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._folder / "catalog.sqlite")
        except OSError:
            return None
        return status.st_dev, status.st_ino

    def _opened(self, *, writable: bool) -> Index:
        try:
            return Index.open(self._folder, vault_id=self._vault, writable=writable)
        except OSError as exc:
            raise IndexDamaged(f"the index cannot be opened: {exc.strerror}; rebuild() makes it again") from exc
