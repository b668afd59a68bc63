"""File versions of the archive as lineage takes them: their symbols from the index, texts from the store when asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codevault.analysis.kinds import VersionedSymbol
from codevault.analysis.model import Symbol
from codevault.analysis.versioned import Outline, versioned
from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import FileVersion, SymbolVersion

Contents = Callable[[BlobId], bytes]
"""The bytes of a file version: texts of symbols that changed are compared."""


@dataclass(frozen=True, slots=True)
class Place:
    """A symbol in one version of one file."""

    path: str
    version: FileVersion
    symbol: SymbolVersion


class Files:
    """File versions as lineage takes them; a text is read when it is asked for."""

    def __init__(self, index: Index, contents: Contents) -> None:
        self._index = index
        self._contents = contents
        self._read: dict[BlobId, bytes] = {}
        self._files: dict[tuple[BlobId, str], tuple[VersionedSymbol, ...]] = {}
        self._texts: dict[str, tuple[BlobId, str, int]] = {}
        self._found: dict[tuple[BlobId, str], tuple[SymbolVersion, ...]] = {}

    def found(self, version: FileVersion) -> tuple[SymbolVersion, ...]:
        """The symbols of one file version as the index has them."""
        key = version.blob, version.path
        if key not in self._found:
            self._found[key] = self._index.symbols_of(*key)
        return self._found[key]

    def symbols(self, version: FileVersion) -> tuple[VersionedSymbol, ...]:
        """All of one file version, in its order."""
        key = version.blob, version.path
        if key not in self._files:
            found = self.found(version)
            language = found[0].language if found else ""
            symbols = versioned(version.path, language, [*map(as_symbol, found)], [each.unit for each in found])
            self._files[key] = symbols
            self._texts.update((each.text, (*key, number)) for number, each in enumerate(symbols) if each.text)
        return self._files[key]

    def versioned(self, place: Place) -> VersionedSymbol:
        """One of them."""
        found = self.found(place.version)
        return self.symbols(place.version)[found.index(place.symbol)]

    def place(self, version: FileVersion, symbol: VersionedSymbol) -> Place:
        """A symbol that `symbols` gave as the index has it."""
        return Place(version.path, version, self.found(version)[self.symbols(version).index(symbol)])

    def overloaded(self, place: Place) -> bool:
        """Whether its file has another of its name."""
        names = [symbol.qualified_name for symbol in self.found(place.version)]
        return names.count(place.symbol.qualified_name) > 1

    def text(self, name: str) -> bytes:
        """The text that a symbol of these files names; empty where the archive cannot give it."""
        blob, path, number = self._texts[name]
        if blob not in self._read:
            try:
                self._read[blob] = self._contents(blob)
            except CodeVaultError:  # damaged: fingerprints and signatures have to do
                self._read[blob] = b""
        found = self._found[blob, path]
        return Outline([*map(as_symbol, found)]).text(self._read[blob], found[0].language, number)


def as_symbol(version: SymbolVersion) -> Symbol:
    """A symbol of the index as analysis tells one, as far as its text and its place need it."""
    return Symbol(
        name=version.name,
        qualified_name=version.qualified_name,
        kind=version.kind,
        start_byte=version.start_byte,
        end_byte=version.end_byte,
        start_line=version.start_line,
        end_line=version.end_line,
        name_line=version.name_line,
        signature=version.signature,
        parent=-1,
        unit=-1,
        exact=version.exact,
        renamed=version.renamed,
        tokens=version.tokens,
        body=version.body,
    )
