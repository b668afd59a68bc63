"""The symbols of one file version as lineage compares them, and the text that counts as each one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from codevault.analysis.kinds import CONTAINERS, VersionedSymbol
from codevault.analysis.model import Symbol, SymbolKind
from codevault.analysis.wording import lead_of

_SMALL: Final = frozenset({SymbolKind.CONSTANT, SymbolKind.TYPE, SymbolKind.KEY})


def _shares_its_unit(symbol: Symbol) -> bool:
    """Whether its text lies in a unit around it, as analyse.py decides: one-line constants and the like."""
    return symbol.kind in _SMALL and symbol.end_line - symbol.start_line <= 1


def versioned(path: str, language: str, symbols: Sequence[Symbol], units: Sequence[str]) -> tuple[VersionedSymbol, ...]:
    """All symbols of a file; `units` are the ids of the units that hold them.

    `text` of a container is its unit, which lacks the members; of everything else also the units inside, so that a
    comment in an inner function counts for the outer one; "" for what has no unit of its own.
    """
    inside = _nested(symbols)
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
            text=_text(symbols, units, index, inside[index]),
            language=language,
        )
        for index, symbol in enumerate(symbols)
    )


def _text(symbols: Sequence[Symbol], units: Sequence[str], index: int, inside: Sequence[int]) -> str:
    if _shares_its_unit(symbols[index]):
        return ""
    inner = () if symbols[index].kind in CONTAINERS else inside
    return "+".join([units[index], *(units[each] for each in inner if not _shares_its_unit(symbols[each]))])


def _nested(symbols: Sequence[Symbol]) -> list[list[int]]:
    """For each symbol those within it, at any depth; symbols of a file come in order of their starts."""
    inside: list[list[int]] = [[] for _ in symbols]
    open_ones: list[int] = []
    for index in sorted(range(len(symbols)), key=lambda each: (symbols[each].start_byte, -symbols[each].end_byte)):
        while open_ones and symbols[open_ones[-1]].end_byte < symbols[index].end_byte:
            open_ones.pop()
        for outer in open_ones:
            inside[outer].append(index)
        open_ones.append(index)
    return inside


def own_text(content: bytes, language: str, symbols: Sequence[Symbol], index: int) -> bytes:
    """The bytes that `VersionedSymbol.text` stands for: comments directly above, then the symbol.

    Of a container without the members that are symbols, and without the comments above them.
    """
    start, end = extent_of(content, language, symbols, index)
    if symbols[index].kind not in CONTAINERS:
        return content[start:end]
    parts, position = [], start
    for member in _nested(symbols)[index]:
        left, right = extent_of(content, language, symbols, member)
        if left >= position and not _shares_its_unit(symbols[member]):
            parts.append(content[position:left])
            position = right
    return b"".join([*parts, content[position:end]])


def extent_of(content: bytes, language: str, symbols: Sequence[Symbol], index: int) -> tuple[int, int]:
    """From the comments above a symbol to its end."""
    start, end = symbols[index].start_byte, symbols[index].end_byte
    borders = (each.end_byte if each.end_byte <= start else each.start_byte for each in symbols)
    anchor = max((border for border in borders if border < start), default=0)
    above = content[anchor:start].decode("latin-1")  # a letter a byte, so that places stay
    return anchor + lead_of(above, language), end
