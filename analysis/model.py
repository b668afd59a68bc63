"""What a file version is made of once understood: symbols, units, fingerprints.

Byte offsets count from 0, `end_byte` is exclusive; lines count from 1, `end_line` is inclusive. Symbols and units are
structs of msgspec and not dataclasses, which take five times as long to make: there are hundreds of millions of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct

from codevault.ids import UnitId


class SymbolKind(StrEnum):
    """What a definition is, in the words of most languages."""

    FUNCTION = "function"
    METHOD = "method"
    CONSTRUCTOR = "constructor"
    CLASS = "class"
    INTERFACE = "interface"
    STRUCT = "struct"
    ENUM = "enum"
    TRAIT = "trait"
    CONSTANT = "constant"
    MODULE = "module"
    TYPE = "type"
    TABLE = "table"  # or view, of a database
    SECTION = "section"  # of a document or a configuration: heading, table, block, element with a name
    KEY = "key"  # of the first levels of a configuration
    RULE = "rule"  # selector of a style sheet, target of a makefile, stage of an image


class Outcome(StrEnum):
    """How far a file version was understood."""

    PARSED = "parsed"  # a grammar read it; symbols are known
    TEXT = "text"  # no grammar: searchable text, no symbols
    BINARY = "binary"  # not text: nothing to index
    FAILED = "failed"  # a parser ran out of time or memory, or died: searchable text, no symbols


class Symbol(Struct, frozen=True, kw_only=True, gc=False):
    """A named definition in one file version.

    `qualified_name` joins the names of the enclosing symbols and its own with a dot, whatever the language writes.
    `signature` is the header on one line, white space folded, without body. `parent` is the index in the file's
    symbols of the enclosing symbol, -1 at the top. `unit` is the index of the unit holding the symbol's own text.
    The span starts at decorators, annotations or attributes and ends with the body; `name_line` is where its name is.
    `exact` survives white space and comments; `renamed` also survives renamed identifiers and changed literals.
    Both are hexadecimal, 128 bits, over the symbol's whole text, nested symbols included.
    `tokens` is the count of tokens without comments: how much there is to compare. `body` is the exact fingerprint of
    the body alone, "" for a symbol that has none: it tells a change inside from one of the header.

    `parameters` are the parameters as written, with their types; `returns` is the type that is returned, "" when none
    is written. `visibility` is the word for it ("public", "private", "exported"…), "" where language and file say none.
    `decorators` are decorators, annotations and attributes. `documentation` is the comment directly above, or the
    docstring, without its marks. `calls` are the names called inside, nested symbols included, each once, in order.
    `sketch` are near-miss terms (FINGERPRINTS.md), 8 bytes each; `codes` is the stream that they were chosen from, one
    byte a token, to compare two symbols by.
    """

    name: str
    qualified_name: str
    kind: SymbolKind
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    name_line: int
    signature: str
    parent: int
    unit: int
    exact: str
    renamed: str
    tokens: int
    body: str = ""
    parameters: tuple[str, ...] = ()
    returns: str = ""
    visibility: str = ""
    decorators: tuple[str, ...] = ()
    documentation: str = ""
    calls: tuple[str, ...] = ()
    sketch: bytes = b""
    codes: bytes = b""


class Unit(Struct, frozen=True, kw_only=True, gc=False):
    """A part of a file: a symbol's own text, or (with `symbol` -1) a part of what is left over.

    `spans` are ordered, non-overlapping (start_byte, end_byte) pairs; the spans of all units of a file, sorted,
    partition it. `id` hashes the bytes of the spans, in order, so equal text is one unit wherever it stands.
    """

    id: UnitId
    spans: tuple[tuple[int, int], ...]
    symbol: int = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnalysis:
    """One file version understood. `grammar` names provider and version ("tree-sitter-python 0.25.0"), "" without.

    `language` is a lower-case name ("python", "c-sharp"), "" when unknown; `problems` says what was not understood,
    in short sentences fit for a report (never file content). Of a text that has no grammar, `grammar` names Pygments
    and its version, `exact` is the fingerprint of all its tokens, `tokens` their count, `sketch` their near-miss terms.
    `secrets` are ascending ranges of bytes to mask wherever the text is kept outside the archive.
    """

    outcome: Outcome
    language: str
    grammar: str
    symbols: tuple[Symbol, ...] = ()
    units: tuple[Unit, ...] = ()
    problems: tuple[str, ...] = ()
    exact: str = ""
    tokens: int = 0
    sketch: bytes = b""
    secrets: tuple[tuple[int, int], ...] = ()
