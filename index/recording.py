"""Writing what analysis found: fragments, declarations and symbols, each distinct one once, and who holds them.

Files are taken in batches, so that finding out what is new costs a few statements a batch and not some for each item.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from blake3 import blake3

from codevault.analysis.credentials import masked
from codevault.analysis.fingerprints import unit_id
from codevault.analysis.model import FileAnalysis, Outcome, Symbol
from codevault.ids import VaultId
from codevault.index import keys, postings
from codevault.index.contents import list_record, packed_lists
from codevault.index.details import LISTS, DetailWriter, header_record, inside_record
from codevault.index.earlier import Earlier
from codevault.index.groups import AGE_BITS, GroupWriter
from codevault.index.lineage import unlink
from codevault.index.model import IndexState, Pending
from codevault.index.names import index_words
from codevault.index.ownership import Extent, Ownership, Part
from codevault.index.ports import TextIndex
from codevault.index.reuse import ReuseWriter, containers
from codevault.index.rows import Labels, ask_many, clean
from codevault.index.text import Fragment, fragments
from codevault.index.varints import pack, zigzag

T = TypeVar("T")
BATCH_FILES = 256
BATCH_BYTES = 8 << 20
LONGEST_REASON = 500

_ANALYSED = {IndexState.PARSED, IndexState.FAILED}
_UNKNOWN = (IndexState.UNKNOWN, None)
_STATES = {
    Outcome.PARSED: IndexState.PARSED,
    Outcome.TEXT: IndexState.TEXT,
    Outcome.BINARY: IndexState.BINARY,
    Outcome.FAILED: IndexState.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """One analysed file, its parts hashed."""

    content: int
    analysis: FileAnalysis
    whole_last_line: bool
    gone: bool
    fragments: tuple[tuple[int, Fragment], ...]
    declarations: tuple[int, ...]
    headers: tuple[bytes, ...]
    symbols: tuple[int, ...]
    insides: tuple[bytes, ...]
    units: tuple[str, ...]


class Recorder:
    """Collects analysed files and writes them in batches. `vault` keys the hashes: nobody else can aim at them."""

    def __init__(self, db: sqlite3.Connection, labels: Labels, text: TextIndex, vault: VaultId) -> None:
        self._db = db
        self._labels = labels
        self._text = text
        self._keys = {
            kind: blake3(f"{kind} {vault}".encode()).digest() for kind in ("fragment", "declaration", "symbol", "rest")
        }
        self._groups = GroupWriter(db, text)
        self._headers = DetailWriter(db, "declaration_group")
        self._insides = DetailWriter(db, "symbol_group")
        self._reuse = ReuseWriter(db)
        self._lists = DetailWriter(db, "content_group", LISTS)
        self._ownership = Ownership(db, self._keys["rest"])
        self._batch: list[_Prepared] = []
        self._taken: set[int] = set()
        self._bytes = 0
        self._names = 0

    @property
    def text_added(self) -> bool:
        """True when the text index holds something that was not committed."""
        return bool(self._groups.written or self._names)

    def committed(self) -> None:
        """Told after the text index has committed."""
        self._groups.written = self._names = 0

    def add(self, pending: Pending, analysis: FileAnalysis, content: bytes | None) -> None:
        """Takes one analysed file; what was analysed before is left as it is. Without content its text is gone."""
        if pending.content in self._taken:
            return
        self._taken.add(pending.content)
        searchable = content is not None and analysis.outcome is not Outcome.BINARY
        if content is not None:
            content = masked(content, analysis.secrets)
        cut = fragments(content, analysis.units) if content is not None and searchable else ()
        headers = tuple(map(header_record, analysis.symbols))
        insides = tuple(map(inside_record, analysis.symbols))
        units = tuple(_own_units(analysis, content))
        declarations, symbols = self._hash_symbols(analysis, headers, insides, units)
        self._batch.append(
            _Prepared(
                content=pending.content,
                analysis=analysis,
                whole_last_line=content is not None and content.endswith(b"\n"),
                gone=content is None and analysis.outcome is not Outcome.BINARY,
                fragments=tuple((self._hash("fragment", part.text), part) for part in cut),
                declarations=declarations,
                headers=headers,
                symbols=symbols,
                insides=insides,
                units=units,
            )
        )
        self._bytes += len(content or b"")
        if len(self._batch) >= BATCH_FILES or self._bytes >= BATCH_BYTES:
            self.flush()

    def _hash(self, kind: str, text: bytes) -> int:
        return int.from_bytes(blake3(text, key=self._keys[kind]).digest(8), "little") >> 1

    def _hash_symbols(
        self, analysis: FileAnalysis, headers: Iterable[bytes], insides: Iterable[bytes], units: Iterable[str]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        declarations, symbols = [], []
        for symbol, header, inside, unit in zip(analysis.symbols, headers, insides, units, strict=True):
            named = f"{symbol.qualified_name}\0{symbol.name}\0{symbol.kind}\0{analysis.language}\0"
            declared = named.encode("utf-8", "surrogatepass") + header
            declarations.append(self._hash("declaration", declared))
            lines, size = symbol.end_line - symbol.start_line, symbol.end_byte - symbol.start_byte
            body = f"\0{symbol.exact}{symbol.renamed}{symbol.body}\0{unit}\0{symbol.tokens}\0{size}\0{lines}\0"
            symbols.append(self._hash("symbol", b"".join((declared, body.encode(), inside, symbol.sketch))))
        return tuple(declarations), tuple(symbols)

    def flush(self) -> None:
        """Writes what was collected into the running transaction."""
        batch, earlier = self._due()
        self._batch, self._bytes = [], 0
        self._taken.clear()
        if not batch:
            return
        fragment_numbers = self._new_fragments(batch)
        declarations = self._new_declarations(batch)
        new_from = self._first_free("symbol")
        symbol_numbers = self._new_symbols(batch, declarations)
        held_fragments: dict[int, list[int]] = {}
        held_symbols: dict[int, list[int]] = {}
        rows = []
        for file in batch:
            parts = [fragment_numbers[key] for key, _ in file.fragments]
            symbols = [symbol_numbers[key] for key in file.symbols]
            for number in dict.fromkeys(parts):
                held_fragments.setdefault(number, []).append(file.content)
            for number in dict.fromkeys(symbols):
                held_symbols.setdefault(number, []).append(file.content)
            self._ownership.note(file.content, _extents(file), symbols, _parts(file, parts), new_from=new_from)
            record = list_record(_fragment_list(file, parts), _symbol_list(file, symbols))
            rows.append((*self._state(file), self._lists.append(record), file.content))
        self._db.executemany(
            "UPDATE content SET state = ?, reason = ?, language = ?, grammar = ?, listed = ? WHERE id = ?", rows
        )
        self._lists.flush()  # what is asked of the running transaction needs them
        earlier.replace(self._db, held_fragments, held_symbols)
        postings.append(self._db, "fragment_in", held_fragments)
        postings.append(self._db, "symbol_in", held_symbols)
        self._ownership.flush()

    def finish(self) -> None:
        """Writes everything in hand, the unfinished group too: called before a commit."""
        self.flush()
        self._groups.flush()
        self._headers.flush()
        self._insides.flush()
        self._reuse.flush()
        self._lists.flush()

    def _due(self) -> tuple[list[_Prepared], Earlier]:
        """The batch without files that are unknown or analysed alike by now, and what was known of the others."""
        earlier = Earlier()
        due = []
        files = {file.content: file for file in self._batch}
        question = "SELECT id, state, grammar FROM content WHERE id IN (*)"
        known = {row[0]: row[1:] for row in ask_many(self._db, question, files)}
        lists = packed_lists(self._db, files)
        for number, file in files.items():
            state, grammar = known.get(number, _UNKNOWN)
            if state == IndexState.PENDING or (
                state in _ANALYSED and self._labels.text(grammar) != file.analysis.grammar
            ):
                due.append(file)
                earlier.note(number, *lists.get(number, (b"", b"")))
                self._ownership.forget(number, lists.get(number, (b"", b""))[0])
        unlink(self._db, (file.content for file in due if file.content in lists))
        return due, earlier

    def _state(self, file: _Prepared) -> tuple[int, str | None, int, int]:
        analysis = file.analysis
        reason = clean("; ".join(analysis.problems))[:LONGEST_REASON] or None
        language, grammar = self._labels.number(analysis.language), self._labels.number(analysis.grammar)
        state = IndexState.GONE if file.gone else _STATES[analysis.outcome]
        return int(state), reason, language, grammar

    def _new_fragments(self, batch: Sequence[_Prepared]) -> Mapping[int, int]:
        wanted = {key: (part, file.content) for file in batch for key, part in file.fragments}
        return self._number("fragment_key", wanted, lambda item: self._groups.add(*item))

    def _new_declarations(self, batch: Sequence[_Prepared]) -> Mapping[int, int]:
        wanted = {
            key: (symbol, file.analysis.language, header, file.content)
            for file in batch
            for key, symbol, header in zip(file.declarations, file.analysis.symbols, file.headers, strict=True)
        }
        rows: list[tuple[object, ...]] = []
        first = self._first_free("declaration")

        def declare(item: tuple[Symbol, str, bytes, int]) -> int:
            symbol, language, header, content = item
            number = first + len(rows)
            qualified, name = clean(symbol.qualified_name), clean(symbol.name)
            kind, spoken = self._labels.number(symbol.kind), self._labels.number(language)
            kept = None if qualified.rpartition(".")[2] == name else name
            rows.append((number, qualified, kept, kind, spoken))
            self._headers.add(number, header)
            self._text.add_name((content << AGE_BITS) + number, name.lower(), index_words(name))
            return number

        numbers = self._number("declaration_key", wanted, declare)
        self._db.executemany("INSERT INTO declaration VALUES (?, ?, ?, ?, ?)", rows)
        self._names += len(rows)
        return numbers

    def _new_symbols(self, batch: Sequence[_Prepared], declarations: Mapping[int, int]) -> Mapping[int, int]:
        wanted = {
            key: (declarations[declared], symbol, unit, inside, file.analysis.language, at in holding)
            for file in batch
            for holding in (containers(file.analysis.symbols),)
            for at, (key, declared, symbol, unit, inside) in enumerate(
                zip(file.symbols, file.declarations, file.analysis.symbols, file.units, file.insides, strict=True)
            )
        }
        rows: list[tuple[object, ...]] = []
        of_declarations: dict[int, list[int]] = {}
        first = self._first_free("symbol")

        def keep(item: tuple[int, Symbol, str, bytes, str, bool]) -> int:
            declaration, symbol, unit, inside, language, container = item
            number = first + len(rows)
            sizes = (symbol.tokens, symbol.end_byte - symbol.start_byte, symbol.end_line - symbol.start_line)
            digests = tuple(map(bytes.fromhex, (symbol.exact, symbol.renamed, symbol.body, unit)))
            rows.append((number, declaration, *sizes, *digests))
            of_declarations.setdefault(declaration, []).append(number)
            self._insides.add(number, inside, symbol.sketch)
            self._reuse.add(number, self._labels.number(language), symbol, container=container)
            return number

        numbers = self._number("symbol_key", wanted, keep)
        self._db.executemany("INSERT INTO symbol VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        postings.append(self._db, "symbol_of", of_declarations)
        return numbers

    def _number(self, table: keys.Table, wanted: Mapping[int, T], make: Callable[[T], int]) -> Mapping[int, int]:
        """Numbers of items by hash; `make` stores an item that is new and gives its number."""
        numbers = keys.find(self._db, table, wanted)
        new = {key: make(item) for key, item in wanted.items() if key not in numbers}
        keys.add(self._db, table, new)
        return numbers | new

    def _first_free(self, table: str) -> int:
        newest = self._db.execute(f"SELECT max(id) FROM {table}").fetchone()[0]  # noqa: S608 - a constant of ours
        return 1 + (newest or 0)


def _own_units(analysis: FileAnalysis, content: bytes | None) -> Iterator[str]:
    """For each symbol what names its own text: its unit, or where that is another's (constants), its own lines.

    A constant would otherwise be a new symbol whenever the class around it changed.
    """
    for index, symbol in enumerate(analysis.symbols):
        unit = analysis.units[symbol.unit]
        if content is None or unit.symbol == index:
            yield unit.id
        else:
            own = content[symbol.start_byte : symbol.end_byte]
            yield unit_id(own + b"\0" + symbol.documentation.encode("utf-8", "replace"))


def _extents(file: _Prepared) -> list[Extent]:
    return [Extent(one.start_byte, one.end_byte, one.start_line, one.end_line) for one in file.analysis.symbols]


def _parts(file: _Prepared, numbers: Iterable[int]) -> list[Part]:
    """The fragments of a file in order, by their numbers."""
    parts, line = [], 1
    for number, (_, fragment) in zip(numbers, file.fragments, strict=True):
        filled = fragment.text.rstrip()
        parts.append(Part(number, line, fragment.lines, filled.count(b"\n") + 1 if filled else 0))
        line += fragment.lines
    return parts


def _fragment_list(file: _Prepared, numbers: Iterable[int]) -> bytes:
    """Flags, then for each fragment in order its number (as a step from the one after the last) and its lines."""
    values = [int(file.whole_last_line)]
    expected = 0
    for number, (_, fragment) in zip(numbers, file.fragments, strict=True):
        values.append(zigzag(number - expected))
        values.append(fragment.lines)
        expected = number + 1
    return pack(values)


def _symbol_list(file: _Prepared, numbers: Iterable[int]) -> bytes:
    """For each symbol by position its number (as a step), and steps of its first byte and first line."""
    values: list[int] = []
    expected = byte = 0
    line = 1
    for number, symbol in sorted(zip(numbers, file.analysis.symbols, strict=True), key=_position):
        values.extend((zigzag(number - expected), symbol.start_byte - byte, symbol.start_line - line))
        expected, byte, line = number + 1, symbol.start_byte, symbol.start_line
    return pack(values)


def _position(item: tuple[int, Symbol]) -> tuple[int, int]:
    return item[1].start_byte, -item[1].end_byte
