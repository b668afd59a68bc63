"""Looking at stored content again before it answers for a new backup of the same: a damaged copy is stored anew."""

from __future__ import annotations

from zlib import crc32

from codevault.errors import DamageError
from codevault.ids import BlobId, PackId
from codevault.store.catalog import Location
from codevault.store.pack import FrameKind
from codevault.store.reading import MAX_DEPTH
from codevault.store.records import hash_of
from codevault.store.sidecars import reads
from codevault.store.vaultstate import VaultState
from codevault.store.zstd_codec import FrameDamaged, content_size, decompress

ALWAYS = 64 << 20
"""Stored bytes up to which a writer looks at every frame that answers: about a third of a second's decoding."""
SAMPLED = 16
"""Of the frames beyond, one in so many is looked at, others in each run; suspects always."""


class Recheck:
    """Says whether stored content may answer. One writer's; each frame is decoded at most once."""

    def __init__(self, state: VaultState, *, always: int = ALWAYS) -> None:
        self._state = state
        self._left = always
        self._proven: set[tuple[PackId, int]] = set()
        self._trusted: set[PackId] = set()
        self._turn = crc32(str(state.generations.newest().sequence).encode())

    def trust(self, pack: PackId) -> None:
        """Takes note of a pack that this writer made: all in it was decoded and read back a moment ago."""
        self._trusted.add(pack)

    def holds(self, blob: BlobId) -> bool:
        """True when the vault holds the blob, as far as can be told without decoding all it has."""
        places = self._state.catalog.find(blob)
        if not places:
            return False
        if blob in self._state.suspects:
            if self._reads(blob):
                self._state.suspects.discard(blob)
                return True
            return False
        if any(place.pack in self._trusted or (place.pack, place.at) in self._proven for place in places):
            return True
        if not self._state.catalog.stands(blob, MAX_DEPTH):
            return False  # a dead difference that a prune was kept from taking along with its base
        place = places[0]
        if self._left <= 0 and (crc32(place.pack.encode(), place.at) ^ self._turn) % SAMPLED:
            return True
        self._left -= place.stored
        if self._is_sound(place):
            self._proven.add((place.pack, place.at))
            return True
        self._state.suspects.add(blob)
        return self._reads(blob)

    def _is_sound(self, place: Location) -> bool:
        """True when the frame decodes: a solid one whole, so that all in it is proven."""
        if place.kind is not FrameKind.SOLID:
            return self._reads(place.blob)
        try:
            stored = reads(self._state.files, self._state.layout.pack(place.pack))(place.at, place.stored)
            content = decompress(stored, content_size(stored))
        except FrameDamaged:
            return False
        return hash_of(content[place.inner : place.inner + place.length]) == place.blob

    def _reads(self, blob: BlobId) -> bool:
        try:
            for _ in self._state.reader.chunks(blob):
                pass
        except DamageError:
            return False
        return True
