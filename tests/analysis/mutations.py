"""What programmers do to one function of a sample, in any language: the truth that lineage is held against."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from codevault.analysis.analyse import analyse
from codevault.analysis.kinds import CALLABLES
from codevault.analysis.model import Symbol
from tests.analysis.samples import PATHS, without_expectations

LEAST_TOKENS = 24


@dataclass(frozen=True, slots=True)
class Sample:
    """The code of a language's sample, and the function in it that things are done to."""

    path: str
    content: bytes
    symbols: tuple[Symbol, ...]
    function: Symbol

    @property
    def name(self) -> bytes:
        return self.function.name.encode()

    @property
    def other_path(self) -> str:
        """Where things are moved or copied to."""
        return f"other/place{Path(self.path).suffix}"

    def renamed(self) -> bytes:
        """The function and all uses of its name under another one."""
        return re.sub(rb"(?<![\w$])" + re.escape(self.name) + rb"(?![\w$])", self.name + b"_anew", self.content)

    def edited(self) -> bytes:
        """The function calling something else."""
        start, end = self.function.start_byte, self.function.end_byte
        calls = sorted(set(self.function.calls) - {self.function.name}, key=len)
        call = re.compile(rb"(?<![\w$])" + re.escape(calls[-1].encode()) + rb"(?![\w$])")
        return (
            self.content[:start] + call.sub(calls[-1].encode() + b"_anew", self.content[start:end]) + self.content[end:]
        )

    def without(self) -> bytes:
        """The rest of the file."""
        return self._cut([self.function])

    def alone(self) -> bytes:
        """The function without others beside it, in whatever is around it."""
        mine = self.function
        return self._cut(
            [
                each
                for each in self.symbols
                if each.kind in CALLABLES and (each.end_byte <= mine.start_byte or each.start_byte >= mine.end_byte)
            ]
        )

    def _cut(self, symbols: list[Symbol]) -> bytes:
        content = self.content
        for symbol in sorted(symbols, key=lambda each: -each.start_byte):
            content = content[: symbol.start_byte] + content[max(symbol.end_byte, symbol.start_byte) :]
        return content


def _sample(path: Path) -> Sample | None:
    content = without_expectations(path)
    analysis = analyse(path.name, content)
    names = [symbol.name for symbol in analysis.symbols]
    fit = [
        symbol
        for symbol in analysis.symbols
        if symbol.kind in CALLABLES
        and symbol.tokens >= LEAST_TOKENS
        and names.count(symbol.name) == 1
        and re.fullmatch(r"[A-Za-z_]\w+", symbol.name)
        and symbol.body
        and set(symbol.calls) - {symbol.name}
    ]
    largest = max(fit, key=lambda symbol: symbol.tokens, default=None)
    return Sample(path.name, content, analysis.symbols, largest) if largest else None


SAMPLES = {path.parent.name: found for path in PATHS if (found := _sample(path)) is not None}
"""By language; those whose sample has a function with a name of its own and something to call."""
