"""A large file while it is added: bytes hashed as they pass, chunks laid beside those of its last version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blake3 import blake3

from codevault.ids import BlobId

_BLOCK = 1 << 20


class OldParts:
    """Walks a large file's last version beside the new one, so that a changed chunk finds the one it replaces."""

    def __init__(self, parts: tuple[BlobId, ...]) -> None:
        self._parts = parts
        self._index = {part: at for at, part in enumerate(parts)}
        self._at = 0

    def beside(self, chunk: BlobId) -> BlobId | None:
        """The old chunk where `chunk` now stands, None beyond the old end."""
        at = self._index.get(chunk, self._at)
        self._at = at + 1
        return self._parts[at] if at < len(self._parts) else None


def blocks(pieces: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """The same bytes in pieces that are short enough to be copied one at a time."""
    for piece in pieces:
        for at in range(0, len(piece), _BLOCK):
            yield bytes(piece[at : at + _BLOCK])


def hashed(pieces: Iterable[bytes], hasher: blake3) -> Iterator[bytes]:
    """The pieces as they are, each of which `hasher` has seen."""
    for piece in pieces:
        hasher.update(piece)
        yield piece
