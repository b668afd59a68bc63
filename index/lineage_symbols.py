"""Symbols as lineage reads them: many at once, without what only few of them are asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from codevault.analysis.model import SymbolKind
from codevault.index.contents import packed_symbols
from codevault.index.rows import Labels, ask_many
from codevault.index.symbols import positions

Placed = tuple[int, int, int]
"""Number, first byte and first line of a symbol in a content."""


class SymbolFacts(NamedTuple):
    """What is the same of a symbol wherever it stands; `declaration` leads to its signature."""

    declaration: int
    name: str
    qualified_name: str
    kind: SymbolKind
    language: str
    tokens: int
    size: int
    lines: int
    exact: bytes
    renamed: bytes
    body: bytes
    unit: bytes

    @property
    def container(self) -> str:
        """The qualified name of what encloses it, "" at the top of the file."""
        return self.qualified_name[: -len(self.name) - 1] if self.qualified_name.endswith("." + self.name) else ""


_FACTS = (
    "SELECT s.id, s.declaration, s.tokens, s.bytes, s.lines, s.exact, s.renamed, s.body, s.unit,"
    " d.qualified, d.name, d.kind, d.language"
    " FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
)


def placed_symbols(db: sqlite3.Connection, labels: Labels, contents: Iterable[int]) -> dict[int, Sequence[Placed]]:
    """The symbols of each content by position; nothing of one that was not analysed."""
    lists = packed_symbols(db, contents, labels.details)
    return {content: list(positions(packed)) for content, packed in lists.items()}


def facts_of(db: sqlite3.Connection, labels: Labels, numbers: Iterable[int]) -> dict[int, SymbolFacts]:
    """Facts by symbol number."""
    kinds: dict[int, SymbolKind] = {}
    found = {}
    for number, declaration, tokens, size, lines, exact, renamed, body, unit, *named in ask_many(db, _FACTS, numbers):
        qualified, name, kind, language = named
        if kind not in kinds:
            kinds[kind] = SymbolKind(labels.text(kind))
        own = qualified.rpartition(".")[2] if name is None else name
        described = declaration, own, qualified, kinds[kind], labels.text(language)
        found[number] = SymbolFacts(*described, tokens, size, lines, exact, renamed, body, unit)
    return found


def signatures_of(db: sqlite3.Connection, labels: Labels, declarations: Iterable[int]) -> dict[int, str]:
    """The signatures that declarations stand for."""
    return {number: header.signature for number, header in labels.details.headers(db, declarations).items()}
