"""Reading symbols of file versions and the places of fingerprints."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from codevault.analysis.model import SymbolKind
from codevault.errors import IndexDamaged
from codevault.ids import UnitId
from codevault.index.contents import packed_symbols
from codevault.index.details import Header, Inside
from codevault.index.model import SymbolVersion
from codevault.index.rows import Labels, ask_many, blob_text
from codevault.index.varints import unpack, unzigzag

_SYMBOL = (
    "SELECT s.id, s.declaration, s.tokens, s.bytes, s.lines, s.exact, s.renamed, s.body, s.unit,"
    " d.qualified, d.name, d.kind, d.language"
    " FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
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
    stored = list(ask_many(db, "SELECT id, blob FROM content WHERE id IN (*)", contents))
    lists = packed_symbols(db, (content for content, _ in stored), labels.details)
    placed = [(content, blob, list(positions(lists.get(content)))) for content, blob in stored]
    rows = symbol_rows(db, labels, {number for _, _, places in placed for number, _, _ in places})
    try:
        return {
            content: tuple(symbol_version(labels, blob, rows[number], byte, line) for number, byte, line in places)
            for content, blob, places in placed
        }
    except KeyError as exc:
        raise IndexDamaged(f"symbol {exc.args[0]} is missing in the catalog: rebuild() the index") from exc


@dataclass(frozen=True, slots=True)
class SymbolRow:
    """All that the catalog holds of a symbol, its place aside."""

    columns: tuple[Any, ...]
    header: Header
    inside: Inside
    sketch: bytes


def symbol_rows(db: sqlite3.Connection, labels: Labels, numbers: Iterable[int]) -> Mapping[int, SymbolRow]:
    """What `symbol_version` reads, by symbol number."""
    rows = {row[0]: row for row in ask_many(db, _SYMBOL, numbers)}
    headers = labels.details.headers(db, (row[1] for row in rows.values()))
    insides = labels.details.insides(db, rows)
    return {number: SymbolRow(row, headers[row[1]], *insides[number]) for number, row in rows.items()}


def symbol_version(labels: Labels, blob: bytes, row: SymbolRow, byte: int, line: int) -> SymbolVersion:
    """A symbol as it stands in one content, from its row and its place."""
    _, _, tokens, size, lines, exact, renamed, body, unit, qualified, name, kind, language = row.columns
    header, inside = row.header, row.inside
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
        name_line=line + inside.name_line,
        signature=header.signature,
        exact=exact.hex(),
        renamed=renamed.hex(),
        body=body.hex(),
        tokens=tokens,
        unit=UnitId(unit.hex()),
        parameters=header.parameters,
        returns=header.returns,
        visibility=header.visibility,
        decorators=header.decorators,
        documentation=inside.documentation,
        calls=inside.calls,
        sketch=row.sketch,
    )
