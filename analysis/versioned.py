"""The symbols of one file version as lineage compares them, and the text that counts as each one's own."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import Final, Protocol

from codevault.analysis.kinds import CONTAINERS, VersionedSymbol
from codevault.analysis.model import Symbol, SymbolKind
from codevault.analysis.wording import lead_of

_SMALL: Final = frozenset({SymbolKind.CONSTANT, SymbolKind.TYPE, SymbolKind.KEY})


class Extent(Protocol):
    """Where a symbol lies in its file."""

    @property
    def kind(self) -> SymbolKind:
        """What it is."""

    @property
    def start_byte(self) -> int:
        """Its first byte."""

    @property
    def end_byte(self) -> int:
        """Behind its last byte."""

    @property
    def start_line(self) -> int:
        """Its first line."""

    @property
    def end_line(self) -> int:
        """Its last line."""


def _shares_its_unit(symbol: Extent) -> bool:
    """Whether its text lies in a unit around it, as analyse.py decides: one-line constants and the like."""
    return symbol.kind in _SMALL and symbol.end_line - symbol.start_line <= 1


class Outline:
    """How the symbols of one file lie in one another; made for as long as the file is at hand."""

    def __init__(self, symbols: Sequence[Extent]) -> None:
        self._symbols = symbols

    @cached_property
    def inside(self) -> Sequence[Sequence[int]]:
        """For each symbol those within it, at any depth; symbols of a file come in order of their starts."""
        symbols = self._symbols
        inside: list[list[int]] = [[] for _ in symbols]
        open_ones: list[int] = []
        for index in sorted(range(len(symbols)), key=lambda each: (symbols[each].start_byte, -symbols[each].end_byte)):
            end = symbols[index].end_byte
            while open_ones and symbols[open_ones[-1]].end_byte < end:
                open_ones.pop()
            for outer in open_ones:
                inside[outer].append(index)
            open_ones.append(index)
        return inside

    @cached_property
    def _borders(self) -> tuple[Sequence[int], Sequence[int]]:
        starts = sorted(symbol.start_byte for symbol in self._symbols)
        return starts, sorted(symbol.end_byte for symbol in self._symbols)

    def name(self, units: Sequence[str], index: int) -> str:
        """What `VersionedSymbol.text` says of a symbol; `units` are the ids of the units that hold the file's."""
        symbol = self._symbols[index]
        if _shares_its_unit(symbol):
            return ""
        inner = () if symbol.kind in CONTAINERS else self.inside[index]
        return "+".join([units[index], *(units[each] for each in inner if not _shares_its_unit(self._symbols[each]))])

    def text(self, content: bytes, language: str, index: int) -> bytes:
        """The bytes that `VersionedSymbol.text` stands for: comments directly above, then the symbol.

        Of a container without the members that are symbols, and without the comments above them.
        """
        start, end = self.extent(content, language, index)
        if self._symbols[index].kind not in CONTAINERS:
            return content[start:end]
        parts, position = [], start
        for member in self.inside[index]:
            if self._symbols[member].start_byte < position or _shares_its_unit(self._symbols[member]):
                continue
            left, right = self.extent(content, language, member)
            if left >= position:
                parts.append(content[position:left])
                position = right
        return b"".join([*parts, content[position:end]])

    def extent(self, content: bytes, language: str, index: int) -> tuple[int, int]:
        """From the comments above a symbol to its end."""
        start, end = self._symbols[index].start_byte, self._symbols[index].end_byte
        anchor = 0
        for borders in self._borders:
            at = bisect_left(borders, start)
            anchor = max(anchor, borders[at - 1] if at else 0)
        above = content[anchor:start].decode("latin-1")  # a letter a byte, so that places stay
        return anchor + lead_of(above, language), end


def versioned(path: str, language: str, symbols: Sequence[Symbol], units: Sequence[str]) -> tuple[VersionedSymbol, ...]:
    """All symbols of a file; `units` are the ids of the units that hold them.

    `text` of a container is its unit, which lacks the members; of everything else also the units inside, so that a
    comment in an inner function counts for the outer one; "" for what has no unit of its own.
    """
    outline = Outline(symbols)
    return tuple(
        VersionedSymbol(
            path=path,
            name=symbol.name,
            qualified_name=symbol.qualified_name,
            kind=symbol.kind,
            signature=symbol.signature,
            exact=symbol.exact,
            renamed=symbol.renamed,
            tokens=symbol.tokens,
            start_line=symbol.start_line,
            body=symbol.body,
            text=outline.name(units, index),
            language=language,
        )
        for index, symbol in enumerate(symbols)
    )
