"""One file version understood: language, symbols with fingerprints, units. Never raises, whatever the bytes.

Limits are stated in `FileAnalysis.problems` where they were hit: MAX_BYTES, the time-out, definitions.MAX_NESTING,
tables.MAX_CONSTANTS.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Final

from msgspec import structs
from tree_sitter import Parser, Point, Tree

from codevault.analysis.definitions import Definition
from codevault.analysis.detection import detect_language, name_by_content
from codevault.analysis.editions import lexers_edition
from codevault.analysis.embedded import embedded_language, included, only
from codevault.analysis.filetypes import name_of_text
from codevault.analysis.grammar import Grammar, load_grammar
from codevault.analysis.layers import Layer, described, layer_of, merged
from codevault.analysis.lexed import text_tokens
from codevault.analysis.masking import without_secrets
from codevault.analysis.model import FileAnalysis, Outcome, SymbolKind, Unit
from codevault.analysis.notebook import Notebook, read_notebook
from codevault.analysis.tables import without_tables
from codevault.analysis.text import (
    declared_codec,
    high_bytes_as_letters,
    is_binary,
    is_minified,
    is_utf16,
    is_valid_utf8,
)
from codevault.analysis.tokens import bracket_depth
from codevault.analysis.units import Extent, cut, cut_text
from codevault.analysis.walk import MAX_SYMBOLS, MAX_WIDE, widest_error
from codevault.analysis.wide import analysed_as_utf8

MAX_BYTES: Final = 10 * 1024 * 1024
"""Larger files are indexed as text: no hand wrote them, and their trees take a hundred bytes a byte."""

SMALL: Final = 65_536
"""Bytes up to which a file is parsed without looking at the clock, which takes more time than most parses; a worker
that stays in one too long is ended by the system."""

MAX_DEPTH: Final = 2_000
"""Brackets inside one another; deeper, and the query over the tree takes the square of it."""

AS_IT_IS: Final = b"="
"""In place of a text that the parser is shown: the group stays."""

MAX_NAMED_ERRORS: Final = 5
"""Places of syntax errors that a problem names."""

_READ: Final = 512  # py-tree-sitter 0.26 leaks what it is given; scanners that look back ask for it again and again
_SMALL: Final = (SymbolKind.CONSTANT, SymbolKind.TYPE, SymbolKind.KEY)  # not a set: hashing a member is slow
_VISIBLE: Final = re.compile(rb"[^\r\n]")


def analyse(path: str, content: bytes, *, seconds: float = 10.0) -> FileAnalysis:
    """Everything known about one file version.

    `path` only helps to tell the language; `seconds` bounds the parse of a file over SMALL, in processor time of this
    thread.
    """
    try:
        found = _analyse(path, content, seconds)
    except (MemoryError, RecursionError, ValueError, RuntimeError, SystemError) as exc:  # the last: no memory in C
        found = _failed("", "", content, f"the analysis broke off with {type(exc).__name__}")
    return without_secrets(path, content, found)


def _analyse(path: str, content: bytes, seconds: float) -> FileAnalysis:
    if is_utf16(content) and len(content) <= MAX_BYTES:
        return analysed_as_utf8(content, partial(_analyse, path, seconds=seconds))
    if is_binary(content):
        return FileAnalysis(outcome=Outcome.BINARY, language="", grammar="")
    language = detect_language(path, content)
    if not language:
        return _lexed(name_by_content(path, content) or name_of_text(path), content)
    if len(content) > MAX_BYTES:
        return _text(language, content, f"larger than {MAX_BYTES} bytes: searched as text, not parsed")
    if is_minified(content):
        return _text(language, content, "minified or generated on few lines: searched as text, not parsed")
    grammar = load_grammar(language)
    if grammar is None:
        return _text(language, content, "the grammar of this language is not installed")
    return _with_grammar(grammar, path, content, seconds)


def _with_grammar(grammar: Grammar, path: str, content: bytes, seconds: float) -> FileAnalysis:
    shown = without(content, blanked_regions(grammar, content))
    if bracket_depth(content, MAX_DEPTH) > MAX_DEPTH:
        return _failed(grammar.spec.name, grammar.edition, content, f"brackets nest over {MAX_DEPTH} deep")
    tree = parse(grammar, shown if is_valid_utf8(content) else high_bytes_as_letters(shown), seconds)
    language = grammar.spec.name
    if tree is None:
        return _failed(language, grammar.edition, content, f"the parser was stopped after {seconds:g} seconds")
    if widest_error(tree.root_node) > MAX_WIDE:
        return _failed(language, grammar.edition, content, "most of it does not parse: searched as text")
    notebook = read_notebook(tree.root_node, content) if path.endswith(".ipynb") else None
    if notebook is not None:
        return _notebook(notebook, content, seconds)
    return _parsed(grammar, tree, content, shown, seconds)


def bare_parse(language: str, content: bytes) -> bool:
    """Only what tree-sitter itself does, without time-out, the yardstick of our own time; whether it found errors."""
    return _parser(language).parse(content).root_node.has_error


def parse(grammar: Grammar, content: bytes, seconds: float, ranges: Sequence[tuple[int, int]] = ()) -> Tree | None:
    """The syntax tree of the content, or of the ranges in it; None when the parser needed longer than `seconds`."""
    parser = _parser(grammar.spec.name)
    if not ranges and len(content) <= SMALL:
        return parser.parse(content)
    if ranges:  # a parser of its own: ranges that were set once cannot be taken back
        parser = Parser(grammar.language, included_ranges=included(content, ranges))
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
    """When work has to end, in processor time of this thread (a busy machine fails no file); `hit` once it did."""

    at: float
    hit: bool = False

    def passed(self, _offset: int, _has_error: bool) -> bool:
        self.hit = time.thread_time() >= self.at
        return self.hit


def blanked_regions(grammar: Grammar, content: bytes) -> list[tuple[int, int, bytes]]:
    """Ranges that would make the parser misread what stands around them (macros), and what it is shown instead."""
    regions: list[tuple[int, int, bytes]] = []
    if grammar.blanked is not None:
        regions.extend((*found.span(found.lastindex or 0), b"") for found in grammar.blanked.finditer(content))
    for pattern, texts in grammar.shown:
        for found in pattern.finditer(content):
            for group, text in enumerate(texts, 1):
                if found[group] and text != AS_IT_IS:
                    regions.append((*found.span(group), text))
    return regions


def without(content: bytes, regions: list[tuple[int, int, bytes]]) -> bytes:
    """The content with other text or blanks in place of the regions, line breaks kept: every offset and line stays."""
    if not regions:
        return content
    text = bytearray(content)
    for start, end, instead in regions:
        text[start:end] = _VISIBLE.sub(b" ", content[start:end])
        if len(instead) <= end - start:
            text[start : start + len(instead)] = instead
    return bytes(text)


def _parsed(grammar: Grammar, tree: Tree, content: bytes, shown: bytes, seconds: float) -> FileAnalysis:
    codec = "utf-8" if is_valid_utf8(content) else declared_codec(content)
    layers = [layer_of(grammar, tree.root_node, content, codec)]
    layers.extend(_guests(layers[0], content, shown, codec, seconds))
    definitions = merged([layer.landmarks.walked.definitions for layer in layers])
    definitions, in_tables = without_tables(content, definitions)
    units, owners = cut(content, _extents(content, definitions), len(definitions))
    problems = [*_skipped(layers, content)]
    if in_tables:
        problems.append(f"{in_tables} one-line constants are a table: searched as text, no symbols")
    if any(layer.landmarks.walked.too_deep for layer in layers):
        problems.append("definitions nested too deep: the innermost are missing")
    if any(layer.landmarks.walked.too_many for layer in layers):
        problems.append(f"more than {MAX_SYMBOLS} definitions: the last are missing")
    if not is_valid_utf8(content):
        problems.append("not valid UTF-8")
    return FileAnalysis(
        outcome=Outcome.PARSED,
        language=grammar.spec.name,
        grammar=grammar.edition,
        symbols=tuple(described(layers, definitions, content, _homes(units, owners, definitions), codec)),
        units=units,
        problems=tuple(problems),
    )


def _notebook(notebook: Notebook, content: bytes, seconds: float) -> FileAnalysis:
    """The code cells as one program; each cell's own text is a unit, whatever kernel it is for."""
    grammar = load_grammar(notebook.language) if notebook.language else None
    tree = parse(grammar, notebook.shown, seconds, notebook.ranges) if grammar else None
    layers: list[Layer] = []
    if grammar is not None and tree is not None and widest_error(tree.root_node) <= MAX_WIDE:
        layers.append(layer_of(grammar, tree.root_node, notebook.shown, "utf-8"))
    definitions = layers[0].landmarks.walked.definitions if layers else []
    extents = [*_extents(content, definitions)]
    extents.extend(Extent(start, end, len(definitions) + number) for number, (start, end) in enumerate(notebook.cells))
    extents.sort(key=_outer_first)
    units, owners = cut(content, extents, len(definitions) + len(notebook.cells))
    units = tuple(structs.replace(unit, symbol=-1) if unit.symbol >= len(definitions) else unit for unit in units)
    homes = _homes(units, owners[: len(definitions)], definitions)
    return FileAnalysis(
        outcome=Outcome.PARSED if layers else Outcome.TEXT,
        language="jupyter",
        grammar=grammar.edition if grammar else "",
        symbols=tuple(described(layers, definitions, content, homes, "utf-8")) if layers else (),
        units=units,
        problems=tuple(_skipped(layers, content)) if layers else ("the language of its code is not parsed",),
    )


def _outer_first(extent: Extent) -> tuple[int, int]:
    return extent.start, -extent.end


def _skipped(layers: Sequence[Layer], content: bytes) -> Iterator[str]:
    """Where the parser found no sense: the lines of the first few errors."""
    errors = [node for layer in layers for node in layer.landmarks.errors]
    if not errors:
        return
    places = []
    for node in errors[:MAX_NAMED_ERRORS]:
        first = content.count(b"\n", 0, node.start_byte) + 1
        last = first + content.count(b"\n", node.start_byte, node.end_byte)
        places.append(f"{first}" if first == last else f"{first}-{last}")
    more = f" and {len(errors) - MAX_NAMED_ERRORS} more places" if len(errors) > MAX_NAMED_ERRORS else ""
    yield f"syntax errors: symbols near them may be missing (lines {', '.join(dict.fromkeys(places))}{more})"


def _extents(content: bytes, definitions: list[Definition]) -> list[Extent]:
    """Definitions that get a unit of their own: all but constants, types and keys of one or two lines."""
    return [
        Extent(found.lead, found.end, index)
        for index, found in enumerate(definitions)
        if found.kind not in _SMALL or content.count(b"\n", found.start, found.end) > 1
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


def _guests(host: Layer, content: bytes, shown: bytes, codec: str, seconds: float) -> Iterator[Layer]:
    """Other languages inside the file: scripts and styles of a page, each language parsed over all its ranges."""
    by_language: dict[str, list[tuple[int, int]]] = {}
    for node in host.landmarks.embedded:
        language = embedded_language(node, content)
        if language and node.end_byte > node.start_byte:
            by_language.setdefault(language, []).append(node.byte_range)
    for language, ranges in by_language.items():
        grammar = load_grammar(language)
        tree = parse(grammar, shown, seconds, ranges) if grammar else None
        if grammar is not None and tree is not None and widest_error(tree.root_node) <= MAX_WIDE:
            yield layer_of(grammar, tree.root_node, only(content, ranges), codec)


def _lexed(language: str, content: bytes) -> FileAnalysis:
    found = text_tokens(language, content)
    return replace(
        _text(language, content),
        grammar=lexers_edition(),
        exact=found.exact,
        tokens=found.tokens,
        sketch=found.sketch,
    )


def _text(language: str, content: bytes, *problems: str) -> FileAnalysis:
    return FileAnalysis(outcome=Outcome.TEXT, language=language, grammar="", units=cut_text(content), problems=problems)


def _failed(language: str, grammar: str, content: bytes, problem: str) -> FileAnalysis:
    return FileAnalysis(
        outcome=Outcome.FAILED, language=language, grammar=grammar, units=cut_text(content), problems=(problem,)
    )
