"""From a blob's id to its bytes: finds the frame, decodes it, follows deltas to their bases, checks every hash."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from blake3 import blake3

from codevault.errors import BlobDamaged, BlobMissing
from codevault.ids import BlobId, PackId
from codevault.store.catalog import Catalog, Location
from codevault.store.chunking import ListMalformed, decode_list
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout
from codevault.store.pack import FrameKind
from codevault.store.records import hash_of
from codevault.store.unfolding import OpenFrames
from codevault.store.zstd_codec import MAX_CONTENT, FrameDamaged, content_size, decompress

MAX_DEPTH = 128
"""Longest chain of bases followed; the writer stays far below, so more is a hostile cycle."""

_CACHED_BYTES = 16 << 20
_LARGEST_CACHED = 6 << 20
_RENEWALS = 8
T = TypeVar("T")


class RecentBytes:
    """Blobs' content, the most recently used up to a number of bytes. Any thread."""

    def __init__(self, limit: int = _CACHED_BYTES) -> None:
        self._limit = limit
        self._bytes = 0
        self._held: OrderedDict[object, bytes] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: object) -> bytes | None:
        """The content under `key`, None when it was never put or has fallen out."""
        with self._guard:
            content = self._held.get(key)
            if content is not None:
                self._held.move_to_end(key)
            return content

    def clear(self) -> None:
        """Forgets everything."""
        with self._guard:
            self._held.clear()
            self._bytes = 0

    def put(self, key: object, content: bytes) -> None:
        """Holds `content`, unless it is so large that it would push out most of the rest."""
        if len(content) > _LARGEST_CACHED:
            return
        with self._guard:
            self._bytes += len(content) - len(self._held.pop(key, b""))
            self._held[key] = content
            while self._bytes > self._limit:
                self._bytes -= len(self._held.popitem(last=False)[1])


class _PackGone(BlobMissing):
    """A pack that the catalog names is no longer there: what it held may lie elsewhere by now."""


class BlobReader:
    """Reads blobs through a catalog. Any thread, no lock held while reading; `catalog` is asked anew each time.

    `renew` takes up the vault's present state. It is called when a blob or the pack it lay in is not there, because
    another thread or process may have swapped packs since; reading then begins anew, and the caller notices nothing.
    """

    def __init__(
        self, files: FileSystem, layout: Layout, catalog: Callable[[], Catalog], renew: Callable[[], None] | None = None
    ) -> None:
        self._files = files
        self._layout = layout
        self._catalog = catalog
        self._renew = renew
        self._recent = RecentBytes()
        self._frames = OpenFrames()

    def forget(self) -> None:
        """Lets go of everything decoded: what is read next comes from the disk."""
        self._recent.clear()
        self._frames.clear()

    def read(self, blob: BlobId) -> bytes:
        """The blob's bytes, hash-checked. Costs one small read for each delta of its chain.

        Raises:
            BlobMissing: it, or a base it needs, is in no pack.
            BlobDamaged: no copy of it decodes to its id.
        """
        return self._renewing(blob, lambda: self._any(blob, self._catalog().find(blob), 0))

    def chunks(self, blob: BlobId) -> Iterator[bytes]:
        """The blob's bytes in pieces: a large one is never in memory whole; its hash is checked at the end.

        Raises:
            BlobMissing, BlobDamaged: as `read`.
        """
        found = self._catalog().find(blob)
        if found and found[0].kind is FrameKind.LIST:
            yield from self._listed(*self._renewing(blob, lambda: self._resolved(blob)))
            return
        try:
            content = self._any(blob, found, 0)
        except BlobMissing:
            content = self.read(blob)
        yield content

    def _listed(self, location: Location, parts: tuple[tuple[BlobId, int], ...]) -> Iterator[bytes]:
        hasher = blake3()
        for chunk, length in parts:
            content = self.read(chunk)
            if len(content) != length:
                raise self._damaged(location, "a chunk has another length than its list says")
            hasher.update(content)
            yield content
        if hasher.hexdigest() != location.blob:
            raise self._damaged(location, "its chunks do not hash to its id")

    def size(self, blob: BlobId) -> int:
        """The blob's length in bytes.

        Raises:
            BlobMissing: it is in no pack.
        """
        return self._renewing(blob, lambda: self._first(blob)).length

    def parts(self, blob: BlobId) -> tuple[tuple[BlobId, int], ...]:
        """The chunks of a large blob with their lengths, empty for a blob that is stored whole."""
        return self._renewing(blob, lambda: self._resolved(blob))[1]

    def check(self, location: Location) -> None:
        """Decodes the blob at this one place, whatever other copies there are, a large one without holding it whole.

        Raises:
            BlobMissing, BlobDamaged: as `read`.
        """
        if location.kind is FrameKind.LIST:
            for _ in self._listed(location, self._list(location)):
                pass
        else:
            self._checked(location, 0)

    def _renewing(self, blob: BlobId, look: Callable[[], T]) -> T:
        for _ in range(_RENEWALS if self._renew is not None else 0):
            try:
                return look()
            except _PackGone:
                self._renewed()
            except BlobMissing:
                self._renewed()
                break  # nobody took it away: it came since, or there is none
        try:
            return look()
        except _PackGone as exc:
            raise BlobMissing(blob) from exc

    def _renewed(self) -> None:
        if self._renew is not None:
            self._renew()

    def _resolved(self, blob: BlobId) -> tuple[Location, tuple[tuple[BlobId, int], ...]]:
        location = self._first(blob)
        return location, self._list(location) if location.kind is FrameKind.LIST else ()

    def _first(self, blob: BlobId) -> Location:
        found = self._catalog().find(blob)
        if not found:
            raise BlobMissing(blob)
        return found[0]

    def _any(self, blob: BlobId, places: tuple[Location, ...], depth: int) -> bytes:
        failure: BlobDamaged | BlobMissing | None = None
        for place in places:
            try:
                return self._one(place, depth)
            except (BlobDamaged, BlobMissing) as exc:
                failure = exc
        raise failure or BlobMissing(blob)

    def _one(self, location: Location, depth: int) -> bytes:
        cached = self._recent.get(location.blob)
        return self._checked(location, depth) if cached is None else cached

    def _checked(self, location: Location, depth: int) -> bytes:
        if depth > MAX_DEPTH:
            raise self._damaged(location, "its chain of bases does not end")
        try:
            content = self._decode(location, depth)
        except (FrameDamaged, ListMalformed) as exc:
            raise self._damaged(location, str(exc)) from exc
        if len(content) != location.length or hash_of(content) != location.blob:
            raise self._damaged(location, "its bytes do not hash to its id")
        if location.kind is FrameKind.DELTA:
            self._recent.put(location.blob, content)
        return content

    def _decode(self, location: Location, depth: int) -> bytes:
        if location.kind is FrameKind.SOLID:
            key, end = (location.pack, location.at), location.inner + location.length
            return self._frames.part(key, lambda: self._frame(location), location.inner, end)
        if location.kind is FrameKind.LIST:
            return b"".join(self._chunk(chunk, length, depth + 1) for chunk, length in self._list(location))
        bases = self._catalog().find_base(location.base)
        if not bases:
            raise self._damaged(location, f"its base {location.base.hex()}… is in no pack")
        base = self._any(bases[0].blob, bases, depth + 1)
        return decompress(self._frame(location), location.length, base)

    def _chunk(self, chunk: BlobId, length: int, depth: int) -> bytes:
        places = self._catalog().find(chunk)
        if any(place.length != length for place in places):
            raise ListMalformed("a chunk has another length than its list says")
        return self._any(chunk, places, depth)

    def _list(self, location: Location) -> tuple[tuple[BlobId, int], ...]:
        try:
            frame = self._frame(location)
            return decode_list(decompress(frame, content_size(frame)), location.length)
        except (FrameDamaged, ListMalformed) as exc:
            raise self._damaged(location, str(exc)) from exc

    def _frame(self, location: Location) -> bytes:
        frame = self._files.read(self._layout.pack(location.pack), location.at, min(location.stored, MAX_CONTENT))
        if frame is None:
            raise _PackGone(location.blob)
        if len(frame) != location.stored:
            raise FrameDamaged("the pack ends inside the frame")
        return frame

    def _damaged(self, location: Location, why: str) -> BlobDamaged:
        return BlobDamaged(location.blob, self._pack_path(location.pack), location.at, why)

    def _pack_path(self, pack: PackId) -> Path:
        return self._layout.pack(pack)
