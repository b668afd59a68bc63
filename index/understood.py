"""What analysis found in contents, for those who keep it elsewhere: symbols by number, places of them by content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codevault.ids import BlobId
from codevault.index.contents import packed_symbols
from codevault.index.model import IndexState, SymbolVersion
from codevault.index.rows import ask_many, blob_key, blob_text
from codevault.index.sessions import Session
from codevault.index.symbols import positions, symbol_rows, symbol_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """One analysed content. `hint` is the language that its path promises; `symbols` are (number, byte, line)."""

    blob: BlobId
    hint: str
    state: IndexState
    reason: str
    language: str
    grammar: str
    symbols: tuple[tuple[int, int, int], ...]


def understood(session: Session, blobs: Iterable[BlobId]) -> tuple[Understood, ...]:
    """What is known of blobs, under every hint that they were met with; what waits or is secret is left out."""
    wanted = {blob_key(blob) for blob in blobs}
    rows = list(ask_many(session.db, _CONTENTS, {key[:4] for key in wanted}))
    labels = session.labels
    lists = packed_symbols(session.db, (row[0] for row in rows if row[1] in wanted), labels.details)
    return tuple(
        Understood(
            blob=blob_text(key),
            hint=labels.text(hint),
            state=IndexState(state),
            reason=reason or "",
            language=labels.text(language),
            grammar=labels.text(grammar),
            symbols=tuple(positions(lists.get(number))),
        )
        for number, key, hint, state, reason, language, grammar in rows
        if key in wanted and state not in {IndexState.PENDING, IndexState.SECRET}
    )


def symbol_facts(session: Session, numbers: Iterable[int]) -> Mapping[int, SymbolVersion]:
    """Symbols by number as they would stand alone in a file, from its first byte on."""
    rows = symbol_rows(session.db, session.labels, numbers)
    return {number: symbol_version(session.labels, b"", row, 0, 1) for number, row in rows.items()}


_CONTENTS = "SELECT id, blob, hint, state, reason, language, grammar FROM content WHERE substr(blob, 1, 4) IN (*)"
