"""Where an old symbol goes in today's file: in its own place, or beside what stood beside it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codevault.analysis.model import Symbol
from codevault.analysis.versioned import Outline
from codevault.analysis.wording import inside_literals
from codevault.patching import (
    blank_lines,
    fitted,
    indent_unit,
    indentation,
    line_break,
    line_end,
    line_start,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file with its symbols, those in order of their starts."""

    path: str
    content: bytes
    language: str
    symbols: tuple[Symbol, ...]

    def number_at(self, start: int, qualified_name: str) -> int:
        """Which of the symbols begins at a byte and has that name."""
        return next(
            number
            for number, symbol in enumerate(self.symbols)
            if (symbol.start_byte, symbol.qualified_name) == (start, qualified_name)
        )

    def named(self, qualified_name: str) -> list[int]:
        """The symbols of that name: several where it is overloaded."""
        return [number for number, symbol in enumerate(self.symbols) if symbol.qualified_name == qualified_name]

    def twin(self, qualified_name: str, like: Symbol) -> int | None:
        """The symbol of that name; of several the one with the same text, signature or kind, None where none is."""
        same = self.named(qualified_name)
        return max(same, key=lambda number: (_likeness(self.symbols[number], like), -number)) if same else None

    def extent(self, number: int) -> tuple[int, int]:
        """From the comments above a symbol to its end; the indentation of the first line left out."""
        start, end = Outline(self.symbols).extent(self.content, self.language, number)
        return start + len(self.content[start:end]) - len(self.content[start:end].lstrip(b" \t\r\n\f")), end

    def lines(self, number: int) -> tuple[int, int]:
        """The whole lines of a symbol, or its extent alone where others share them."""
        start, end = self.extent(number)
        first, last = line_start(self.content, start), line_end(self.content, max(start, end - 1))
        mine = self.symbols[number]
        shared = any(
            other.end_byte > first and other.start_byte < last
            for other in self.symbols
            if not (other is mine or _holds(other, mine) or _holds(mine, other))
        )
        around = [other for other in self.symbols if other is not mine and _holds(other, mine)]
        cut = any(other.start_byte >= first or mine.end_byte < other.end_byte <= last for other in around)
        return (start, end) if shared or cut else (first, last)

    def containers(self) -> list[int | None]:
        """For each symbol the innermost one around it."""
        found: list[int | None] = []
        around: list[int] = []
        for number, symbol in enumerate(self.symbols):
            while around and not _holds(self.symbols[around[-1]], symbol):
                around.pop()
            found.append(around[-1] if around else None)
            around.append(number)
        return found

    def neighbours(self, number: int) -> list[int]:
        """What stands in the same container, nearest first, what is above before what is as far below."""
        containers = self.containers()
        beside = [n for n, around in enumerate(containers) if around == containers[number]]
        at = beside.index(number)
        ranked = sorted(range(len(beside)), key=lambda n: (abs(n - at), n))
        return [beside[n] for n in ranked if n != at]


def _holds(outer: Symbol, inner: Symbol) -> bool:
    same = (outer.start_byte, outer.end_byte) == (inner.start_byte, inner.end_byte)
    return not same and outer.start_byte <= inner.start_byte and inner.end_byte <= outer.end_byte


def _likeness(one: Symbol, other: Symbol) -> int:
    return 4 * (one.exact == other.exact) + 2 * (one.signature == other.signature) + (one.kind == other.kind)


def replaced(source: SourceFile, number: int, here: SourceFile, found: int) -> bytes:
    """Today's file with the old text in place of the symbol's present one."""
    start, end = here.extent(found)
    old_start, old_end = source.extent(number)
    text = _fitted(source, old_start, old_end, here, indentation(here.content, start))
    return here.content[:start] + text + here.content[end:]


def inserted(source: SourceFile, number: int, here: SourceFile) -> tuple[bytes, str]:
    """Today's file with the old symbol beside its neighbours, and what a reader should know.

    A symbol whose container is gone comes back with that. Where no neighbour is left it goes to the end.
    """
    number, note = _outermost_missing(source, number, here)
    start, end = source.lines(number)
    for near in source.neighbours(number):
        present = here.named(source.symbols[near].qualified_name)
        if present:
            return _beside(source, (start, end), here, present[-1 if near < number else 0], below=near < number), note
    around = source.containers()[number]
    held = here.named(source.symbols[around].qualified_name) if around is not None else []
    if held:
        return _at_end_of(source, (start, end), here, held[0]), note
    border = len(here.content)
    gap = max(0, blank_lines(source.content, start, above=True) - blank_lines(here.content, border, above=True))
    return _put(source, (start, end), here, (border, gap if border else 0, 0), b""), note


def alone(source: SourceFile, number: int) -> bytes:
    """A file with nothing but the symbol, at the left margin."""
    start, end = source.lines(number)
    text = source.content[start:end].lstrip(b" \t")
    breaks = line_break(source.content)
    unit = indent_unit(source.content)
    done = fitted(text, (indentation(source.content, start), unit), (b"", unit), breaks, _kept(text, source.language))
    return done if done.endswith(b"\n") else done + breaks


def _outermost_missing(source: SourceFile, number: int, here: SourceFile) -> tuple[int, str]:
    note = ""
    containers = source.containers()
    around = containers[number]
    while around is not None:
        if not here.named(source.symbols[around].qualified_name):
            number = around
            note = f"{source.symbols[around].qualified_name} is gone as well and comes back as it was then"
        around = containers[around]
    return number, note


def _beside(source: SourceFile, span: tuple[int, int], here: SourceFile, near: int, *, below: bool) -> bytes:
    """Puts whole lines above or below a symbol of today's file."""
    first, last = here.lines(near)
    indent = indentation(here.content, first if here.content[first:last].strip() else here.symbols[near].start_byte)
    above, under = (blank_lines(source.content, span[0], above=True), 0) if below else (0, 1)
    if not below:
        under = blank_lines(source.content, line_end(source.content, span[1] - 1), above=False)
        first = line_start(here.content, first)
    else:
        last = line_end(here.content, max(first, last - 1))
    return _put(source, span, here, (last if below else first, above, under), indent)


def _at_end_of(source: SourceFile, span: tuple[int, int], here: SourceFile, around: int) -> bytes:
    """Puts whole lines behind all else in a container: above its closing line, if it has one."""
    holder = here.symbols[around]
    indent = indentation(here.content, holder.start_byte)
    last = line_start(here.content, holder.end_byte - 1)
    closing = here.content[last : holder.end_byte].strip()[:1] in {b"}", b")", b"]"}
    closing = closing or here.content[last : holder.end_byte].strip() == b"end"
    border = last if closing and last > holder.start_byte else line_end(here.content, holder.end_byte - 1)
    step = indent_unit(here.content) or indent_unit(source.content) or b"    "
    return _put(source, span, here, (border, 0 if closing else 1, 0), indent + step)


def _put(source: SourceFile, span: tuple[int, int], here: SourceFile, at: tuple[int, int, int], indent: bytes) -> bytes:
    """Old lines at a line border of today's file, with so many blank lines above and below."""
    border, above, below = at
    breaks = line_break(here.content) if b"\n" in here.content else line_break(source.content)
    start = span[0] + len(source.content[span[0] : span[1]]) - len(source.content[span[0] : span[1]].lstrip(b" \t"))
    text = _fitted(source, start, span[1], here, indent).rstrip(b"\r\n")
    ended = border == 0 or here.content[:border].endswith(b"\n")
    head = (b"" if ended else breaks) + above * breaks + indent
    tail = (breaks if ended or border < len(here.content) else b"") + below * breaks
    return here.content[:border] + head + text + tail + here.content[border:]


def _fitted(source: SourceFile, start: int, end: int, here: SourceFile, indent: bytes) -> bytes:
    text = source.content[start:end]
    before = indentation(source.content, start), indent_unit(source.content)
    after = indent, indent_unit(here.content)
    breaks = line_break(here.content) if b"\n" in here.content else line_break(source.content)
    return fitted(text, before, after, breaks, _kept(text, source.language))


def _kept(text: bytes, language: str) -> Sequence[bool]:
    return inside_literals(text.decode("latin-1"), language)
