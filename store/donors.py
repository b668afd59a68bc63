"""Where a repair may get lost content from: the port, another vault, and one that holds contents in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from blake3 import blake3

from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.store.model import LostVersion
from codevault.store.records import hash_of

if TYPE_CHECKING:
    from codevault.store.store import Store

Pieces = Callable[[], Iterator[bytes]]
"""Gives content in pieces of at most some MiB, anew with each call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A lost blob, and the versions of files that were this content: where a copy may still lie."""

    blob: BlobId
    versions: tuple[LostVersion, ...] = ()


class Donor(Protocol):
    """Somebody who may still have lost content: a live tree, another vault, a version-control repository.

    What it offers is hashed before it is believed, so offering too much costs time only.
    """

    @property
    def name(self) -> str:
        """What the report says a blob was healed by."""

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """Told once, before anything is asked, what all is lost: to look through a tree once, say."""

    def offers(self, wanted: Wanted) -> Iterator[Pieces]:
        """What may be the content. Pieces may raise a `CodeVaultError` or an `OSError`: then they were of no use."""


def found_at(donor: Donor, wanted: Wanted) -> Pieces | None:
    """The first offer that hashes to the lost blob, None without one. Reads each offer once."""
    for pieces in donor.offers(wanted):
        hasher = blake3()
        try:
            for piece in pieces():
                hasher.update(piece)
        except (CodeVaultError, OSError):
            continue
        if hasher.hexdigest() == wanted.blob:
            return pieces
    return None


@dataclass(slots=True)
class VaultDonor:
    """Another vault: a copy of this one, or one that backed up the same files. It is only read."""

    store: Store

    @property
    def name(self) -> str:
        """See `Donor.name`."""
        return f"vault {self.store.vault_id[:8]}"

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """See `Donor.prepare`. Nothing has to be made ready."""

    def offers(self, wanted: Wanted) -> Iterator[Pieces]:
        """See `Donor.offers`."""
        if self.store.contains(wanted.blob):
            yield lambda: self.store.read_chunks(wanted.blob)


@dataclass(slots=True)
class MemoryDonor:
    """Contents by hash, held in memory."""

    contents: Mapping[BlobId, bytes] = field(default_factory=dict)
    name: str = "memory"

    @classmethod
    def of(cls, *contents: bytes) -> MemoryDonor:
        """One that holds these contents."""
        return cls({BlobId(hash_of(content)): content for content in contents})

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """See `Donor.prepare`. Nothing has to be made ready."""

    def offers(self, wanted: Wanted) -> Iterator[Pieces]:
        """See `Donor.offers`."""
        content = self.contents.get(wanted.blob)
        if content is not None:
            yield lambda: iter((content,))
