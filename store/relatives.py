"""Finding what new content is stored as a difference from, among what one writer added and what the vault holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codevault.errors import DamageError
from codevault.ids import BlobId
from codevault.store.bases import LONG, NamedBlobs, alike, longest_chain
from codevault.store.pack import FrameKind
from codevault.store.reading import RecentBytes
from codevault.store.vaultstate import VaultState
from codevault.store.zstd_codec import usable_base

LONGEST_BASE = 32 << 20
"""Bytes from which a blob is no base: it would be held whole."""
_RECENT_BYTES = 8 << 20
Base = tuple[BlobId, Callable[[], bytes | None]]
"""A base and how to get its content, in another thread."""


class Relatives:
    """One writer's. `pending` maps what it has added and the catalog does not have yet to the base it may rest on."""

    def __init__(self, state: VaultState, pending: Mapping[BlobId, BlobId | None]) -> None:
        self._state = state
        self._pending = pending
        self._recent = RecentBytes(_RECENT_BYTES)
        self._names: NamedBlobs | None = None

    def remember(self, blob: BlobId, content: bytes) -> None:
        """Keeps content just added at hand: it cannot be read back yet."""
        self._recent.put(blob, content)

    def choose(self, content: bytes, path: str, hint: BlobId | None) -> Base | None:
        """The base for content read at `path`: the hinted blob, else one of the same name and like content."""
        if hint is not None:
            return self.base(hint, len(content))
        if not path or not 0 < len(content) < LONG:
            return None
        relative = self._named().nearest(path, len(content))
        return None if relative is None else self.base(relative, len(content), content)

    def base(self, blob: BlobId, size: int, like: bytes | None = None) -> Base | None:
        """What to store `size` bytes as a difference from, given a relative; with `like`, only if that is alike."""
        bases = self._bases(blob)
        if len(bases) >= longest_chain(size):
            blob = bases[-1]  # a new branch from the key version is smaller than a new key version
        held = self._recent.get(blob)
        if held is None and blob not in self._state.catalog:
            return None
        return blob, lambda: self._base_content(blob, held, like)

    def _base_content(self, blob: BlobId, held: bytes | None, like: bytes | None) -> bytes | None:
        """The base's bytes, None if they are of no use. Runs in the packer's threads."""
        try:
            if held is None and self._state.reader.size(blob) < LONGEST_BASE and blob not in self._state.suspects:
                held = self._state.reader.read(blob)
        except DamageError:
            self._state.suspects.add(blob)
        if held is None or not usable_base(held) or (like is not None and not alike(like, held)):
            return None
        return held

    def _bases(self, blob: BlobId) -> list[BlobId]:
        found: list[BlobId] = []
        base: BlobId | None = blob
        while base is not None and len(found) <= longest_chain(0):
            base = self._base_of(base)
            if base is not None:
                found.append(base)
        return found

    def _base_of(self, blob: BlobId) -> BlobId | None:
        if blob in self._pending:
            return self._pending[blob]
        for place in self._state.catalog.find(blob):
            if place.kind is FrameKind.DELTA:
                bases = self._state.catalog.find_base(place.base)
                return bases[0].blob if bases else None
        return None

    def _named(self) -> NamedBlobs:
        if self._names is None:
            self._names = NamedBlobs()
            for snapshot in self._state.newest_snapshots():
                if self._names.full:
                    break
                try:
                    self._names.take(self._state.manifest(snapshot))
                except DamageError:
                    continue
            self._names.settle()
        return self._names
