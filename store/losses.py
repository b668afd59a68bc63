"""What damage costs: which snapshots no longer restore whole, and which versions of which files are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from codevault.ids import BlobId, ProjectId
from codevault.store.listing import Listing
from codevault.store.model import Entry, LostVersion, Snapshot


@dataclass(slots=True)
class _Span:
    size: int
    first: int
    last: int
    snapshots: int


class Losses:
    """Goes through the manifests of one project, in the order of its snapshots, each blob looked for once in a row.

    Memory: one manifest with its ids, and what is lost.
    """

    def __init__(self, project: ProjectId, holds: Callable[[BlobId], bool]) -> None:
        self._project = project
        self._holds = holds
        self._held: set[BlobId] = set()
        self._lost: dict[tuple[str, BlobId], _Span] = {}

    def check(self, snapshot: Snapshot, chunks: Iterable[bytes]) -> bool:
        """True when every line parses and every blob it names is held.

        Raises:
            DamageError, ManifestMalformed: the manifest is lost; nothing is known of the files in it.
        """
        listing = Listing(chunks)  # proves the lines and their order in bulk: a tenth of what line by line costs
        named = set(listing.blobs())
        gone = {blob for blob in named - self._held if not self._holds(blob)}
        self._held = named - gone
        for entry in listing if gone else ():
            if entry.blob in gone and entry.reference is None:
                self._note(entry, snapshot.sequence)
        return not gone

    def lost(self) -> Iterator[LostVersion]:
        """Each lost version once, in the order in which they were met."""
        for (path, blob), span in self._lost.items():
            yield LostVersion(
                project=self._project,
                path=path,
                blob=blob,
                size=span.size,
                first=span.first,
                last=span.last,
                snapshots=span.snapshots,
            )

    def _note(self, entry: Entry, sequence: int) -> None:
        key = (entry.path, entry.blob or BlobId(""))
        span = self._lost.get(key)
        if span is None:
            self._lost[key] = _Span(entry.size, sequence, sequence, 1)
        else:
            span.last = sequence
            span.snapshots += 1
