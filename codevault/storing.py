"""Storing one file of a project, or leaving its content to the repository that has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from codevault.extras import PLAIN, Extras
from codevault.ids import BlobId
from codevault.policy.content import HEAD
from codevault.relating import Relative
from codevault.source import Folder, Listed, Unstable
from codevault.store.records import hash_of
from codevault.store.writing import Writer
from codevault.versioned import Versioned

LARGE = 8 << 20  # from here on a file is streamed in chunks instead of being read whole, and never left elsewhere


class Stored(NamedTuple):
    """What became of a file's content: stored, or with `reference` left to a repository."""

    blob: BlobId
    size: int
    stable: bool = True
    extras: Extras = PLAIN
    reference: str | None = None
    head: bytes = b""  # the first bytes, of a file that was read whole


class Storing:
    """Puts files into a writer, asking version control first."""

    def __init__(self, writer: Writer, versioned: Versioned, relative: Relative | None = None) -> None:
        """`relative` names the blob that shares most with content that has no last version."""
        self._writer = writer
        self._versioned = versioned
        self._relative = relative

    def stored(self, folder: Folder, listed: Listed, path: str, hint: BlobId | None) -> Stored:
        """Reads a file, and stores it unless its content is safe in its repository. `hint` is its last version.

        Raises:
            OSError: it cannot be read.
        """
        if listed.size >= LARGE:
            extras = folder.extras(listed.name)
            return Stored(*self._streamed(folder, listed, path, hint), extras)
        try:
            content, extras = folder.read(listed.name)
        except Unstable as exc:
            blob = self._writer.add(exc.content, path=path, hint=hint)
            return Stored(blob, len(exc.content), stable=False, head=exc.content[:HEAD])
        # A file of several names is one file wherever it is restored to: it is not worth two ways to give it back.
        reference = self._versioned.reference(path, content) if listed.links == 1 else None
        if reference is not None:
            return Stored(
                BlobId(hash_of(content)), len(content), extras=extras, reference=reference, head=content[:HEAD]
            )
        blob = self._writer.add(content, path=path, hint=hint, relative=self._relative)
        return Stored(blob, len(content), extras=extras, head=content[:HEAD])

    def _streamed(self, folder: Folder, listed: Listed, path: str, hint: BlobId | None) -> tuple[BlobId, int, bool]:
        blob, size, stable = BlobId(""), 0, False
        for _ in range(3):
            watched = _Watched(folder.blocks(listed.name))
            blob, size = self._writer.add_stream(watched, path=path, hint=hint)
            if watched.error is not None:
                raise watched.error
            if watched.stable:
                return blob, size, True
        return blob, size, stable


class _Watched:
    """Blocks of a streamed file; ends quietly when the source fails, so that the store never sees source errors."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self.stable = True
        self.error: OSError | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._blocks
        except Unstable:
            self.stable = False
        except OSError as exc:
            self.error = exc
