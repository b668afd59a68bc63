"""One file version understood: language, symbols with fingerprints, units. Never raises, whatever the bytes.

Limits are stated in `FileAnalysis.problems` where they were hit: MAX_BYTES, the time-out, definitions.MAX_NESTING,
tables.MAX_CONSTANTS.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import cache
from typing import Final

from tree_sitter import Parser, Point, Tree

from codevault.analysis.definitions import Definition, Walked
from codevault.analysis.filetypes import name_of_text
from codevault.analysis.fingerprints import ALGORITHM, Stream
from codevault.analysis.grammar import Grammar, load_grammar
from codevault.analysis.languages import detect_language
from codevault.analysis.model import FileAnalysis, Outcome, Symbol, SymbolKind, Unit
from codevault.analysis.tables import without_tables
from codevault.analysis.text import declared_codec, high_bytes_as_letters, is_binary, is_utf16, is_valid_utf8
from codevault.analysis.units import Extent, cut, cut_text
from codevault.analysis.walk import walk

MAX_BYTES: Final = 10 * 1024 * 1024
"""Larger files are indexed as text: no hand wrote them, and their trees take a hundred bytes a byte."""

MAX_SIGNATURE: Final = 500
"""Characters of a signature that are kept."""

_READ: Final = 65_536
_SMALL: Final = frozenset({SymbolKind.CONSTANT, SymbolKind.TYPE})
_SPACE: Final = re.compile(r"\s+")
_OPENS_BODY: Final = re.compile(r"\s*(?:\{|:|=>|=|\s)\s*$")
_VISIBLE: Final = re.compile(rb"[^\r\n]")


def analyse(path: str, content: bytes, *, seconds: float = 10.0) -> FileAnalysis:
    """Everything known about one file version.

    `path` only helps to tell the language; `seconds` bounds the parse, in processor time of this thread.
    """
    try:
        return _analyse(path, content, seconds)
    except (MemoryError, RecursionError, ValueError, RuntimeError) as exc:
        return _failed("", "", content, f"the analysis broke off with {type(exc).__name__}")


def _analyse(path: str, content: bytes, seconds: float) -> FileAnalysis:
    if is_utf16(content):
        return _text(name_of_text(path), content, "UTF-16: searched as text, not parsed")
    if is_binary(content):
        return FileAnalysis(outcome=Outcome.BINARY, language="", grammar="")
    language = detect_language(path, content)
    if not language:
        return _text(name_of_text(path), content)
    if len(content) > MAX_BYTES:
        return _text(language, content, f"larger than {MAX_BYTES} bytes: searched as text, not parsed")
    grammar = load_grammar(language)
    if grammar is None:
        return _text(language, content, "the grammar of this language is not installed")
    blanked = blanked_regions(grammar, content)
    shown = without(content, blanked)
    tree = parse(grammar, shown if is_valid_utf8(content) else high_bytes_as_letters(shown), seconds)
    if tree is None:
        return _failed(language, grammar_name(grammar), content, f"the parser was stopped after {seconds:g} seconds")
    return _parsed(grammar, tree, content, blanked)


def grammar_name(grammar: Grammar) -> str:
    """What analyses depend on: provider, its version, version of the fingerprints."""
    return f"{grammar.version}/{ALGORITHM}"


def parse(grammar: Grammar, content: bytes, seconds: float) -> Tree | None:
    """The syntax tree, None when the parser needed longer than `seconds`."""
    parser = _parser(grammar.spec.name)
    deadline = _Deadline(time.thread_time() + seconds)

    def read(offset: int, _point: Point) -> bytes:
        return content[offset : offset + _READ]

    try:
        tree = parser.parse(read, encoding="utf8", progress_callback=deadline.passed)
    except ValueError:
        tree = None
    if tree is None or deadline.hit:
        parser.reset()  # else the next parse goes on where this one stopped
        return None
    return tree


@cache
def _parser(language: str) -> Parser:
    grammar = load_grammar(language)
    return Parser(grammar.language if grammar else None)


@dataclass(slots=True)
class _Deadline:
    """When a parse has to end, in processor time of this thread (a busy machine fails no file); `hit` once it did."""

    at: float
    hit: bool = False

    def passed(self, _offset: int, _has_error: bool) -> bool:
        self.hit = time.thread_time() >= self.at
        return self.hit


def blanked_regions(grammar: Grammar, content: bytes) -> list[tuple[int, int]]:
    """Ranges of text that the parser is not shown: macros that would make it misread what stands around them."""
    if grammar.blanked is None:
        return []
    return [found.span(found.lastindex or 0) for found in grammar.blanked.finditer(content)]


def without(content: bytes, regions: list[tuple[int, int]]) -> bytes:
    """The content with blanks in place of the regions, line breaks kept, so that every offset and line stays."""
    if not regions:
        return content
    text = bytearray(content)
    for start, end in regions:
        text[start:end] = _VISIBLE.sub(b" ", content[start:end])
    return bytes(text)


def _parsed(grammar: Grammar, tree: Tree, content: bytes, blanked: list[tuple[int, int]]) -> FileAnalysis:
    codec = "utf-8" if is_valid_utf8(content) else declared_codec(content)
    walked = walk(tree, content, grammar, blanked, codec)
    walked.definitions, in_tables = without_tables(walked.definitions)
    units, owners = cut(content, _extents(walked.definitions), len(walked.definitions))
    symbols = _symbols(content, walked, _homes(units, owners, walked.definitions))
    problems = []
    if tree.root_node.has_error:
        problems.append("syntax errors: symbols near them may be missing")
    if in_tables:
        problems.append(f"{in_tables} one-line constants are a table: searched as text, no symbols")
    if walked.too_deep:
        problems.append("definitions nested too deep: the innermost are missing")
    if not is_valid_utf8(content):
        problems.append("not valid UTF-8")
    return FileAnalysis(
        outcome=Outcome.PARSED,
        language=grammar.spec.name,
        grammar=grammar_name(grammar),
        symbols=symbols,
        units=units,
        problems=tuple(problems),
    )


def _extents(definitions: list[Definition]) -> list[Extent]:
    """Definitions that get a unit of their own: all but constants and types of a single line."""
    return [
        Extent(found.lead, found.end, index)
        for index, found in enumerate(definitions)
        if found.kind not in _SMALL or found.end_row > found.start_row + 1
    ]


def _homes(units: tuple[Unit, ...], owners: list[int], definitions: list[Definition]) -> list[int]:
    """Each symbol's unit: its own, else the one that holds its first byte."""
    if -1 not in owners:
        return owners
    spans = sorted((start, end, index) for index, unit in enumerate(units) for start, end in unit.spans)
    position = 0
    homes = list(owners)
    orphans = sorted((found.start, symbol) for symbol, found in enumerate(definitions) if owners[symbol] < 0)
    for start, symbol in orphans:
        while spans[position][1] <= start:
            position += 1
        homes[symbol] = spans[position][2]
    return homes


def _symbols(content: bytes, walked: Walked, homes: list[int]) -> tuple[Symbol, ...]:
    borders = sorted({at for found in walked.definitions for at in found.borders()})
    exact, renamed = Stream(walked.exact, borders), Stream(walked.renamed, borders)
    return tuple(
        _symbol(content, exact, renamed, found, home, walked.codec)
        for found, home in zip(walked.definitions, homes, strict=True)
    )


def _symbol(content: bytes, exact: Stream, renamed: Stream, found: Definition, unit: int, codec: str) -> Symbol:
    first, last = found.first_token, found.last_token
    unseen, blinded = found.unseen
    return Symbol(
        name=found.name,
        qualified_name=found.qualified_name,
        kind=found.kind,
        start_byte=found.start,
        end_byte=found.end,
        start_line=found.start_row + 1,
        end_line=found.end_row + 1,
        name_line=found.name_row + 1,
        signature=signature(content, found.header, codec),
        parent=found.parent,
        unit=unit,
        exact=exact.fingerprint(first, last, unseen),
        renamed=renamed.fingerprint(first, last, blinded),
        tokens=last - first + len(unseen),
        body="" if found.body_token < 0 else exact.fingerprint(found.body_token, last),
    )


def signature(content: bytes, header: tuple[int, int], codec: str = "utf-8") -> str:
    """A header on one line: white space folded, without the mark that opens the body, at most MAX_SIGNATURE long."""
    start, end = header
    text = content[start : min(end, start + 4 * MAX_SIGNATURE)].decode(codec, "replace")
    return _OPENS_BODY.sub("", _SPACE.sub(" ", text))[:MAX_SIGNATURE].strip()


def _text(language: str, content: bytes, *problems: str) -> FileAnalysis:
    return FileAnalysis(outcome=Outcome.TEXT, language=language, grammar="", units=cut_text(content), problems=problems)


def _failed(language: str, grammar: str, content: bytes, problem: str) -> FileAnalysis:
    return FileAnalysis(
        outcome=Outcome.FAILED, language=language, grammar=grammar, units=cut_text(content), problems=(problem,)
    )
