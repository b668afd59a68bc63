"""How much of the indexed code stands in several places, and where contents lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codevault.ids import BlobId
from codevault.index import postings
from codevault.index.rows import ask_many, blob_key, blob_text

Place = tuple[int, int]
"""A path in a project, by their numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolSharing:
    """Symbols of all file versions, and of those the distinct ones; nested ones count with what holds them too."""

    occurrences: int
    occurrence_bytes: int
    distinct: int
    distinct_bytes: int


def symbol_sharing(db: sqlite3.Connection) -> SymbolSharing:
    """Counts every symbol of every distinct file version. Linear in both."""
    sizes = dict(db.execute("SELECT id, bytes FROM symbol"))
    occurrences = occurrence_bytes = 0
    held = set()
    for item, count in postings.lengths(db, "symbol_in"):
        occurrences += count
        occurrence_bytes += count * sizes[item]
        held.add(item)
    distinct, distinct_bytes = len(held), sum(sizes[item] for item in held)
    return SymbolSharing(
        occurrences=occurrences,
        occurrence_bytes=occurrence_bytes,
        distinct=distinct,
        distinct_bytes=distinct_bytes,
    )


def places_of(db: sqlite3.Connection, blobs: Iterable[BlobId]) -> Mapping[BlobId, frozenset[Place]]:
    """The places that held each blob in snapshots; blobs that none held are left out."""
    wanted = {blob_key(blob) for blob in blobs}
    found: dict[BlobId, set[Place]] = {}
    contents = {
        number: key
        for number, key in ask_many(
            db, "SELECT id, blob FROM content WHERE substr(blob, 1, 4) IN (*)", {k[:4] for k in wanted}
        )
        if key in wanted
    }
    for content, project, path in ask_many(
        db, "SELECT content, project, path FROM version WHERE content IN (*)", contents
    ):
        found.setdefault(blob_text(contents[content]), set()).add((project, path))
    return {blob: frozenset(places) for blob, places in found.items()}
