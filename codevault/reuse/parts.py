"""Where a copied part lies: from ranges of codes to lines of files."""

from __future__ import annotations

from codevault.analysis.clones_fragments import Fragment
from codevault.analysis.clones_lines import code_lines
from codevault.errors import CodeVaultError
from codevault.index.model import Hit, SymbolVersion
from codevault.reuse.judging import Judge
from codevault.reuse.model import CopiedPart


def copied_part(judge: Judge, asked: SymbolVersion, hit: Hit, fragment: Fragment) -> CopiedPart | None:
    """The lines of a part in the file that was found, and in the one asked about; None where a text is gone."""
    if hit.symbol is None:
        return None
    try:
        here = _lines(judge, hit.symbol, *fragment.right)
        there = _lines(judge, asked, *fragment.left)
    except CodeVaultError:
        return None
    return CopiedPart(lines=here, of_lines=there, tokens=fragment.size)


def _lines(judge: Judge, symbol: SymbolVersion, first: int, last: int) -> tuple[int, int]:
    lines = code_lines(judge.codes(symbol), judge.text(symbol), symbol.language)
    return symbol.start_line + lines[first], symbol.start_line + lines[last - 1]
