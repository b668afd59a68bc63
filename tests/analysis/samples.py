"""The sample in each language's folder, and the symbols that its comments promise."""

from __future__ import annotations

import re
from pathlib import Path

from codevault.analysis.grammar import load_grammar
from codevault.analysis.model import FileAnalysis

FOLDER = Path(__file__).parents[2] / "analysis" / "languages"
ALL_PATHS = sorted(FOLDER.glob("*/sample.*"))
PATHS = [path for path in ALL_PATHS if load_grammar(path.parent.name)]  # the second tier has not every wheel
_EXPECTED = re.compile(r"expect: (\S+) (\S+) (\d+)-(\d+)")


def expected(path: Path) -> list[tuple[str, str, int, int]]:
    """Kind, qualified name (blanks as underscores), first and last line, in the order of the comments."""
    found = _EXPECTED.findall(path.read_text("utf-8"))
    return [(kind, name, int(first), int(last)) for kind, name, first, last in found]


def described(analysis: FileAnalysis) -> list[tuple[str, str, int, int]]:
    """The same for what the analysis found."""
    return [
        (symbol.kind.value, symbol.qualified_name.replace(" ", "_"), symbol.start_line, symbol.end_line)
        for symbol in analysis.symbols
    ]


def without_expectations(path: Path) -> bytes:
    """The sample's code alone."""
    return b"".join(line for line in path.read_bytes().splitlines(keepends=True) if b"expect:" not in line)


def uncovered(content: bytes, analysis: FileAnalysis) -> list[tuple[int, int]]:
    """Gaps, overlaps (as ranges that run backwards) and empty spans of the units: nothing, when they partition it."""
    position, faults = 0, []
    for start, end in sorted(span for unit in analysis.units for span in unit.spans):
        if start != position or end <= start:
            faults.append((position, start))
        position = end
    return faults if position == len(content) else [*faults, (position, len(content))]
