"""Reading symbols of file versions and the places of fingerprints."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from codevault.analysis.model import SymbolKind
from codevault.errors import IndexDamaged
from codevault.ids import UnitId
from codevault.index.model import SymbolVersion
from codevault.index.rows import Labels, ask_many, blob_text
from codevault.index.varints import unpack, unzigzag

_SYMBOL = (
    "SELECT s.id, s.tokens, s.bytes, s.lines, s.exact, s.renamed, s.body, s.unit,"
    " d.qualified, d.name, d.kind, d.language,"
    " d.signature FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
)


def positions(packed: bytes | None) -> Iterator[tuple[int, int, int]]:
    """(symbol number, first byte, first line) of each symbol of a content, by position."""
    values = unpack(packed or b"")
    expected = byte = 0
    line = 1
    for at in range(0, len(values), 3):
        number = expected + unzigzag(values[at])
        byte += values[at + 1]
        line += values[at + 2]
        yield number, byte, line
        expected = number + 1


def symbols_of(db: sqlite3.Connection, labels: Labels, contents: Iterable[int]) -> dict[int, tuple[SymbolVersion, ...]]:
    """All symbols of each content, by position; none of one that is not parsed."""
    stored = list(ask_many(db, "SELECT id, blob, symbols FROM content WHERE id IN (*)", contents))
    placed = [(content, blob, list(positions(packed))) for content, blob, packed in stored]
    rows = symbol_rows(db, {number for _, _, places in placed for number, _, _ in places})
    try:
        return {
            content: tuple(symbol_version(labels, blob, rows[number], byte, line) for number, byte, line in places)
            for content, blob, places in placed
        }
    except KeyError as exc:
        raise IndexDamaged(f"symbol {exc.args[0]} is missing in the catalog: rebuild() the index") from exc


def symbol_rows(db: sqlite3.Connection, numbers: Iterable[int]) -> Mapping[int, tuple[Any, ...]]:
    """Rows that `symbol_version` reads, by symbol number."""
    return {row[0]: row for row in ask_many(db, _SYMBOL, numbers)}


def symbol_version(labels: Labels, blob: bytes, row: tuple[Any, ...], byte: int, line: int) -> SymbolVersion:
    """A symbol as it stands in one content, from its row and its place."""
    _, tokens, size, lines, exact, renamed, body, unit, qualified, name, kind, language, signature = row
    return SymbolVersion(
        blob=blob_text(blob),
        name=qualified.rpartition(".")[2] if name is None else name,
        qualified_name=qualified,
        kind=SymbolKind(labels.text(kind)),
        language=labels.text(language),
        start_byte=byte,
        end_byte=byte + size,
        start_line=line,
        end_line=line + lines,
        signature=signature,
        exact=exact.hex(),
        renamed=renamed.hex(),
        body=body.hex(),
        tokens=tokens,
        unit=UnitId(unit.hex()),
    )
