"""What the vault saves because code is shared: between versions and places of symbols, and between related files."""

from __future__ import annotations

from dataclasses import dataclass

from codevault.index.index import Index
from codevault.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """How much of the code is the same code, in counts and bytes of content.

    `symbols` stand in all distinct file versions, `distinct_symbols` of them differ: the index keeps each once.
    `related_files` are contents kept as a difference from one of another path or project (copied, split, renamed): they
    come to `related_bytes` and take `related_stored`, which a compressed copy would not.
    """

    symbols: int
    symbol_bytes: int
    distinct_symbols: int
    distinct_symbol_bytes: int
    related_files: int
    related_bytes: int
    related_stored: int

    @property
    def related_saved(self) -> int:
        """Bytes of content that related files did not take."""
        return self.related_bytes - self.related_stored


def sharing_of(store: Store, index: Index) -> Sharing:
    """Looks at every symbol and at every content that is kept as a difference."""
    symbols = index.symbol_sharing()
    differences = list(store.differences())
    places = index.places_of({blob for one in differences for blob in (one.blob, one.base)})
    related = [
        one
        for one in differences
        if one.blob in places and one.base in places and not places[one.blob] & places[one.base]
    ]
    return Sharing(
        symbols=symbols.occurrences,
        symbol_bytes=symbols.occurrence_bytes,
        distinct_symbols=symbols.distinct,
        distinct_symbol_bytes=symbols.distinct_bytes,
        related_files=len(related),
        related_bytes=sum(one.length for one in related),
        related_stored=sum(one.stored for one in related),
    )
