"""A vault's files as a replication sees them: one moment of them, while writers go on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import StorageError, StorageFull, VaultBusy
from codevault.replicas.naming import role_of
from codevault.store.filesystem import FileSystem
from codevault.store.generations import Generations
from codevault.store.layout import Layout
from codevault.store.publishing import ensure_folder
from codevault.store.records import RecordMalformed, hash_of, unseal

_TRIES = 50
_FIRST = ("snapshots", "thinned")
_REST = ("vcs", "keepsakes", "projects", "log", "packs")
_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The files of a vault at one generation, name to length."""

    sequence: int
    hash: str | None
    files: dict[str, int]


class VaultFiles:
    """Reads the files of one vault; writes nothing but a key under cache/."""

    def __init__(self, files: FileSystem, layout: Layout, generations: Generations) -> None:
        self._files = files
        self._layout = layout
        self._generations = generations

    @property
    def root(self) -> Path:
        """The vault's folder."""
        return self._layout.root

    def now(self) -> Moment:
        """All files that a replica has, such that the snapshots among them have all their content among them.

        No lock is needed: what is deleted was in a log record before, and snapshots go before their packs. So a look
        during which neither the log nor the snapshots seen first changed is one moment.

        Raises:
            VaultBusy: the vault did not keep still for one look, over and over again.
        """
        for _ in range(_TRIES):
            before = self._generations.newest()
            first = dict(self._below(_FIRST))
            files = first | dict(self._below(_REST)) | dict(self._at_root())
            again = dict(self._below(_FIRST))
            if first.keys() <= again.keys() and before.sequence == self._generations.newest().sequence:
                return Moment(sequence=before.sequence, hash=before.hash, files=files)
        raise VaultBusy("the vault changes faster than it can be listed; try again later", self._layout.root)

    def removed(self) -> set[str]:
        """The names that the log calls gone. Costs reading all of it."""
        gone: set[str] = set()
        for sequence in sorted({*self._generations.sequences(), *self._generations.copies()}):
            with suppress(RecordMalformed):
                _, record = self._generations.record(sequence)
                gone.difference_update(new.file for new in record.added)
                gone.update(record.removed)
        return gone

    def hash_at(self, sequence: int) -> str | None:
        """The hash of a generation's record, None where it is lost."""
        with suppress(RecordMalformed):
            return hash_of(self._generations.record(sequence)[0])
        return None

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """As `FileSystem.read`."""
        return self._files.read(self._layout.root.joinpath(*name.split("/")), offset, length)

    def erasures(self) -> int:
        """How many erasures the vault has seen."""
        content = self._files.read(self._layout.document("_erasures"))
        with suppress(RecordMalformed, AttributeError, KeyError, TypeError):
            return len(unseal(content or b"")["document"]["erasures"])
        return 0

    def key(self) -> bytes:
        """A secret of this vault's cache, with which it marks files that it sent; made where there is none."""
        path = self._layout.cache / "replication.key"
        fresh = secrets.token_bytes(_KEY_BYTES)
        with suppress(StorageError, StorageFull):
            found = self._files.read(path)
            if found is not None and len(found) == _KEY_BYTES:
                return found
            ensure_folder(self._files, self._layout.cache)
            self._files.remove(path)
            new = self._files.create(path)
            try:
                new.write(fresh)
            finally:
                new.close()
        return fresh  # where it cannot be kept, what may be replaced is sent again

    def _at_root(self) -> Iterator[tuple[str, int]]:
        for found in self._files.list(self._layout.root) or ():
            if found.is_file and role_of(found.name) is not None:
                yield found.name, found.size

    def _below(self, tops: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        for top in tops:
            yield from self._in(self._layout.root / top, deeper=True)

    def _in(self, folder: Path, *, deeper: bool) -> Iterator[tuple[str, int]]:
        for found in self._files.list(folder) or ():
            path = folder / found.name
            if found.is_folder and deeper:
                yield from self._in(path, deeper=False)
            elif found.is_file and role_of(self._layout.relative(path)) is not None:
                yield self._layout.relative(path), found.size
