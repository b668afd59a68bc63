"""What is compared with Universal Ctags in each language, and the rules that leave out what one side does not look for.

A rule of theirs says why a tag is none of our symbols, a rule of ours why ctags has no tag for a symbol. Each is
counted where it is needed; a language has at most ten, the check of a definition alone included.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from codevault.analysis.analyse import blanked_regions, parse, without
from codevault.analysis.grammar import load_grammar
from codevault.analysis.model import FileAnalysis, Symbol, SymbolKind
from codevault.analysis.walk import walk

Tag = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file as the rules see it: bytes, lines, our analysis, and where its comments and literals are."""

    content: bytes
    lines: list[bytes]
    starts: list[int]
    analysis: FileAnalysis
    texts: list[tuple[int, int]]


Place = tuple[str, int]
Theirs = Callable[[Source, Tag], bool]
Ours = Callable[[Source, Symbol], bool]

KINDS = {
    SymbolKind.FUNCTION,
    SymbolKind.METHOD,
    SymbolKind.CONSTRUCTOR,
    SymbolKind.CLASS,
    SymbolKind.INTERFACE,
    SymbolKind.STRUCT,
    SymbolKind.ENUM,
    SymbolKind.TRAIT,
    SymbolKind.MODULE,
}
CALLABLE = {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR}
WITH_TYPES = KINDS | {SymbolKind.TYPE}
SECTIONS = {SymbolKind.SECTION, SymbolKind.RULE, SymbolKind.KEY, SymbolKind.TABLE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is compared for one language: ctags' parser and kinds, ours, and the rules.

    `dotted`: ctags gives names with their qualifiers. `subparsers` are parsers that add tags of their own to it.
    `alone` is what is put around a definition that ctags reads alone, `places` gives the names of a symbol of which
    ctags makes several.
    """

    ctags: str
    tags: str
    kinds: set[SymbolKind] = field(default_factory=lambda: KINDS)
    theirs: Mapping[str, Theirs] = field(default_factory=dict)
    ours: Mapping[str, Ours] = field(default_factory=dict)
    dotted: bool = False
    subparsers: tuple[tuple[str, str], ...] = ()
    alone: tuple[tuple[str, str], ...] = (("", ""),)
    places: Callable[[Source, Symbol], list[Place]] | None = None


def source_of(content: bytes, analysis: FileAnalysis) -> Source:
    """A file for the rules; comments and literals as the grammar sees them."""
    lines = content.split(b"\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    texts: list[tuple[int, int]] = []
    grammar = load_grammar(analysis.language)
    tree = parse(grammar, without(content, blanked_regions(grammar, content)), 60.0) if grammar else None
    if grammar is not None and tree is not None:
        landmarks = walk(tree.root_node, content, grammar)
        texts = sorted([*landmarks.literals, *landmarks.walked.comments])
    return Source(content=content, lines=lines, starts=starts, analysis=analysis, texts=texts)


def line_of(source: Source, tag: Tag) -> str:
    """The line that a tag names."""
    number = int(tag["line"]) - 1
    return source.lines[number].decode("utf-8", "replace") if number < len(source.lines) else ""


def _in_text(source: Source, tag: Tag) -> bool:
    """Whether the name stands only inside comments and literals of its line."""
    number = int(tag["line"]) - 1
    line, name = source.lines[number], tag["name"].split(".")[-1].encode()
    places = [found.start() + source.starts[number] for found in re.finditer(re.escape(name), line)]
    places = places or [source.starts[number] + len(line) // 2]
    return all(_covered(source.texts, place) for place in places)


def _covered(texts: list[tuple[int, int]], place: int) -> bool:
    index = bisect_right(texts, (place, 1 << 62)) - 1
    return index >= 0 and texts[index][1] > place


def _pattern(expression: str) -> Theirs:
    """A rule for tags whose line matches; NAME stands for the name, its last component alone."""

    def applies(source: Source, tag: Tag) -> bool:
        name = re.escape(re.split("[.:]", tag["name"])[-1])
        return re.search(expression.replace("NAME", name), line_of(source, tag)) is not None

    return applies


def _unlike(expression: str) -> Theirs:
    """A rule for tags whose line does not match."""
    matches = _pattern(expression)
    return lambda source, tag: not matches(source, tag)


def _further_clause(source: Source, tag: Tag) -> bool:
    """A clause of a function that we keep as one symbol with the clause above."""
    line, name = int(tag["line"]), tag["name"].split(".")[-1]
    return any(
        symbol.name == name and symbol.start_line <= line <= symbol.end_line for symbol in source.analysis.symbols
    )


def _cut_short(source: Source, tag: Tag) -> bool:
    """A name that ctags cuts: ours on the same line begins with it and goes on."""
    line, name = int(tag["line"]), tag["name"].split(".")[-1]
    return any(
        symbol.name_line == line and symbol.name.startswith(name) and symbol.name != name
        for symbol in source.analysis.symbols
    )


def _in_long_line(source: Source, tag: Tag) -> bool:
    return len(source.lines[int(tag["line"]) - 1]) > 1000


def _in_function(source: Source, symbol: Symbol) -> bool:
    while symbol.parent >= 0:
        symbol = source.analysis.symbols[symbol.parent]
        if symbol.kind in CALLABLE | {SymbolKind.CONSTANT}:
            return True
    return False


def _in_interface(source: Source, symbol: Symbol) -> bool:
    return symbol.parent >= 0 and source.analysis.symbols[symbol.parent].kind is SymbolKind.INTERFACE


def _is_defined_by_macro(_: Source, symbol: Symbol) -> bool:
    return symbol.signature.partition("(")[0].isupper()


def _is_defaulted(_: Source, symbol: Symbol) -> bool:
    return symbol.signature.rstrip(";").endswith(("default", "delete"))


def _is_value(source: Source, symbol: Symbol) -> bool:
    """An arrow function, or a function in an object: ctags 5.9 knows few of them."""
    in_class = symbol.parent >= 0 and source.analysis.symbols[symbol.parent].kind is SymbolKind.CLASS
    return symbol.kind in CALLABLE and "function" not in symbol.signature and ("=" in symbol.signature or not in_class)


def _is_member_of_object(source: Source, symbol: Symbol) -> bool:
    in_class = symbol.parent >= 0 and source.analysis.symbols[symbol.parent].kind is SymbolKind.CLASS
    return symbol.kind is SymbolKind.METHOD and not in_class


def _is_bodiless(_: Source, symbol: Symbol) -> bool:
    return not symbol.body and symbol.kind in CALLABLE


def _is_union(_: Source, symbol: Symbol) -> bool:
    """A union, which ctags 5.9 does not know in Rust."""
    return symbol.signature.partition("{")[0].partition(symbol.name)[0].split()[-1:] == ["union"]


def _is_operator(_: Source, symbol: Symbol) -> bool:
    return not symbol.name.isidentifier() or " operator " in symbol.signature


def _in_type(source: Source, symbol: Symbol) -> bool:
    return symbol.kind is SymbolKind.METHOD


def _later_line(source: Source, tag: Tag) -> bool:
    """The line on which a header of several lines ends."""
    line = int(tag["line"])
    return any(
        symbol.name == tag["name"] and symbol.name_line < line <= _header_end(source, symbol)
        for symbol in source.analysis.symbols
    )


def _header_end(source: Source, symbol: Symbol) -> int:
    text = source.content[symbol.start_byte : symbol.end_byte].partition(b"{")[0]
    return symbol.start_line + text.count(b"\n")


def _has_long_header(source: Source, symbol: Symbol) -> bool:
    return symbol.kind in CALLABLE and _header_end(source, symbol) > symbol.name_line


def _is_block_type(_: Source, symbol: Symbol) -> bool:
    return symbol.kind is SymbolKind.TYPE and "(^" in symbol.signature


def _own_line(expression: str) -> Ours:
    """A rule for symbols whose line matches."""
    return lambda source, symbol: re.search(expression, _text_of(source, symbol.name_line)) is not None


def _text_of(source: Source, line: int) -> str:
    return source.lines[line - 1].decode("utf-8", "replace")


def _deep_key(_: Source, tag: Tag) -> bool:
    return tag.get("scope", "").count(".") >= 2 or bool(re.search(r"(?:^|\.)\d+(?:\.|$)", tag.get("scope", "")))


def _each_selector(source: Source, symbol: Symbol) -> list[Place]:
    """The selectors of a rule's list, each with its line."""
    return _pieces(source, symbol, rb"\{", rb"[^,]+(?:\([^()]*\)[^,]*)*")


def _each_target(source: Source, symbol: Symbol) -> list[Place]:
    """The targets of a rule."""
    if symbol.kind is not SymbolKind.RULE:
        return [(symbol.name, symbol.name_line)]
    return _pieces(source, symbol, rb"::?(?![^\s]*\))", rb"[^\s\\]+")


def _pieces(source: Source, symbol: Symbol, until: bytes, piece: bytes) -> list[Place]:
    text = source.content[symbol.start_byte : symbol.end_byte]
    end = re.search(until, text)
    found = re.finditer(piece, text[: end.start()] if end else text)
    return [
        (
            " ".join(part[0].decode("utf-8", "replace").split()),
            symbol.start_line + text.count(b"\n", 0, part.end() - len(part[0].lstrip())),
        )
        for part in found
        if part[0].strip()
    ]


def _is_macro(_: Source, symbol: Symbol) -> bool:
    return symbol.signature.startswith("#")


TEXT: dict[str, Theirs] = {"word in a string or comment": _in_text}
LOCAL: dict[str, Ours] = {"inside a function or the value of a constant (ctags does not look there)": _in_function}
INTERFACE: dict[str, Ours] = {"method of an interface (another kind in ctags)": _in_interface}
OVERLOAD: dict[str, Ours] = {"signature without a body (ctags does not read it)": _is_bodiless}
VALUE: dict[str, Ours] = {"function as a value (ctags 5.9 does not know it)": _is_value}
IN_CLASS = (("", ""), ("class A {\n", "\n}"))

LANGUAGES = {
    "python": Comparison(ctags="Python", tags="fcm"),
    "javascript": Comparison(
        ctags="JavaScript",
        tags="fcmgGS",
        theirs={
            "minified (in a line of over 1000 characters)": _in_long_line,
            "result of a constructor": _pattern(r"NAME\s*=\s*new\b"),
            "object called a class": lambda source, tag: (
                tag["kind"] == "class" and not re.search(r"\bclass\b", line_of(source, tag))
            ),
            "computed name": _pattern(r"NAME\["),
            "second name of a class or function (one symbol)": _pattern(
                r"\bNAME\s*=\s*(?:class|function)\s+\w|[:=]\s*function\s*\*?\s*NAME"
            ),
            "value of a function that runs at once": _pattern(r"\bNAME\s*=\s*\(function\b"),
            "value of a prototype": _pattern(r"prototype\.NAME"),
        },
        ours={"member of an object (ctags does not read all)": _is_member_of_object} | VALUE,
        alone=IN_CLASS,
    ),
    "typescript": Comparison(
        ctags="TypeScript",
        tags="fcigmnGa",
        kinds=WITH_TYPES,
        theirs={
            "word called an alias": lambda source, tag: (
                tag["kind"] == "alias" and f"type {tag['name']}" not in line_of(source, tag)
            ),
            "construct signature": lambda _, tag: tag["name"] == "new",
        },
        ours=LOCAL | INTERFACE | VALUE | OVERLOAD,
        alone=IN_CLASS,
    ),
    "java": Comparison(
        ctags="Java",
        tags="acgim",
        theirs={
            "enum constant called a method": lambda source, tag: (
                tag["name"].isupper() and "(" not in line_of(source, tag)
            )
        },
        ours=LOCAL,
        alone=IN_CLASS,
    ),
    "go": Comparison(ctags="Go", tags="ftsia", kinds=WITH_TYPES, ours=LOCAL | INTERFACE),
    "rust": Comparison(
        ctags="Rust",
        tags="nsifgMtP",
        kinds=WITH_TYPES,
        theirs={
            "module in another file": lambda source, tag: tag["kind"] == "module" and ";" in line_of(source, tag),
            "type of an implementation": lambda source, tag: (
                tag["kind"] == "typedef" and line_of(source, tag)[:1].isspace()
            ),
        },
        ours={"union (ctags does not know it)": _is_union},
    ),
    "c": Comparison(
        ctags="C",
        tags="fgsut",
        kinds=WITH_TYPES,
        theirs={
            "macro that defines, called a function": lambda _, tag: tag["kind"] == "function" and tag["name"].isupper(),
        },
        ours={
            "macro (another kind in ctags)": _is_macro,
            "defined by a macro (ctags names the macro)": _is_defined_by_macro,
        },
    ),
    "cpp": Comparison(
        ctags="C++",
        tags="fgsucnt",
        kinds=WITH_TYPES,
        ours={"macro (another kind in ctags)": _is_macro, "defaulted (no body)": _is_defaulted},
        alone=IN_CLASS,
    ),
    "c-sharp": Comparison(
        ctags="C#",
        tags="cgimns",
        theirs={
            "operator or destructor (named otherwise)": lambda _, tag: not tag["name"].split(".")[-1].isidentifier()
        },
        ours=LOCAL | {"operator or destructor (named otherwise)": _is_operator},
        dotted=True,
        alone=IN_CLASS,
    ),
    "ruby": Comparison(
        ctags="Ruby",
        tags="cfmS",
        theirs={"object named in place of its method": _pattern(r"def NAME\.")},
        subparsers=(("RSpec", "cd"),),
    ),
    "lua": Comparison(
        ctags="Lua",
        tags="f",
        theirs={
            **TEXT,
            "index that is an expression": _pattern(r"\[[^\]]*[(#{]"),
            "value that is no function": _unlike(r"function\s+[\w.:]*NAME\s*\(|=\s*function\b"),
        },
        ours={
            "index that is an expression": lambda _, symbol: (
                re.search(r"[(#{]", symbol.signature.partition("=")[0]) is not None
            )
        },
        dotted=True,
    ),
    "perl": Comparison(ctags="Perl", tags="s", kinds=KINDS - {SymbolKind.MODULE}, theirs=TEXT),
    "bash": Comparison(
        ctags="Sh", tags="f", theirs={"array called a function": lambda _, tag: tag["name"].endswith("=")}
    ),
    "elixir": Comparison(
        ctags="Elixir",
        tags="pmfadg",
        theirs={
            **TEXT,
            "further clause of a function (one symbol)": _further_clause,
            "name cut short": _cut_short,
            "name made by a macro": _pattern(r"\bunquote\b"),
        },
        dotted=True,
    ),
    "kotlin": Comparison(
        ctags="Kotlin",
        tags="icomT",
        kinds=WITH_TYPES,
        theirs={
            "variable of a loop or when called a method": _pattern(r"\b(?:for|when)\s*\(.*NAME"),
            "parameter of a lambda called a method": _pattern(r"\{.*NAME.*->"),
            "garbled name in backticks": _pattern("`"),
        },
        ours={
            "secondary constructor (ctags does not know it)": lambda _, symbol: symbol.name == "constructor",
            "name in backticks (ctags garbles it)": lambda _, symbol: f"`{symbol.name}`" in symbol.signature,
        },
    ),
    "php": Comparison(ctags="PHP", tags="cfit", alone=(("<?php\n", ""),)),
    "haskell": Comparison(
        ctags="Haskell",
        tags="ft",
        kinds=WITH_TYPES,
        theirs=TEXT
        | {
            "further clause of a function (one symbol)": _further_clause,
            "record field": _pattern(r"^\s+[{,]?\s*(?:\w+\s*,\s*)*NAME\s*(?:,\s*\w+\s*)*::|\{.*\bNAME\s*::"),
            "word of a type or expression": _pattern(
                r"^(?:pattern|type|data|newtype|class|instance|deriving)\b|::.*\bNAME\b|\|.*\bNAME\b|^return\b"
            ),
            "name cut short": _cut_short,
        },
        ours=LOCAL
        | {"pattern synonym (ctags takes the word)": _own_line(r"^pattern\b")}
        | {"member of a class or instance (ctags does not look there)": _in_type},
    ),
    "ocaml": Comparison(
        ctags="OCaml",
        tags="Mcfmtepv",
        kinds=WITH_TYPES,
        theirs=TEXT
        | {
            "the file as a module": lambda source, tag: tag["kind"] == "module" and tag["line"] == "1",
            "no name": lambda _, tag: tag["name"] in {"()", "%", "_"},
            "local value": _pattern(r"^\s+(?:let|and)\b"),
            "word of a type, pattern or module": _pattern(
                r"\(module\s+NAME|\bNAME\.|\btype\s+nonrec\b|\(type\s+NAME|\blet\s+NAME\s*,|=\s*NAME\b|let\+"
            ),
        },
        ours=LOCAL
        | {"after `and`, `external`, `nonrec` or an attribute": _own_line(r"^\s*(?:and|external)\b|\bnonrec\b|\[@")},
    ),
    "julia": Comparison(
        ctags="Julia",
        tags="fmnst",
        kinds=WITH_TYPES,
        theirs=TEXT,
        ours={"operator or name made by a macro": lambda _, symbol: not symbol.name.rstrip("!").isidentifier()},
    ),
    "r": Comparison(ctags="R", tags="f", theirs=TEXT, subparsers=(("R6Class", "cm"), ("S4Class", "cgm"))),
    "sql": Comparison(
        ctags="SQL",
        tags="fptVTiD",
        kinds={SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.TABLE},
        theirs=TEXT | {"schema in place of the name": _pattern(r"\bNAME\.")},
        dotted=True,
    ),
    "objective-c": Comparison(
        ctags="ObjectiveC",
        tags="IiPfmcest",
        kinds=WITH_TYPES,
        theirs=TEXT
        | {
            "line of a later part of the header": _later_line,
            "declaration of a function": _pattern(r"\)\s*(?:[A-Z_]+\s*(?:\(.*\))?\s*)*;"),
            "value of an enumeration": lambda _, tag: tag["kind"] == "enum",
            "parameter of a block": lambda _, tag: tag["kind"] == "typedef",
        },
        ours={"header of several lines": _has_long_header, "type of a block": _is_block_type},
        alone=(("", ""), ("@implementation A\n", "\n@end")),
    ),
    "powershell": Comparison(ctags="PowerShell", tags="f", kinds={SymbolKind.FUNCTION}, theirs=TEXT),
    "css": Comparison(
        ctags="CSS",
        tags="cis",
        kinds=SECTIONS,
        theirs=TEXT | {"attribute in a selector": _pattern(r"\[")},
        ours={
            "attribute in a selector": lambda _, symbol: "[" in symbol.name,
            "rule of an @ word": lambda _, symbol: "@" in symbol.signature,
        },
        places=_each_selector,
    ),
    "make": Comparison(
        ctags="Make",
        tags="mt",
        kinds=SECTIONS | {SymbolKind.CONSTANT, SymbolKind.FUNCTION},
        theirs=TEXT
        | {
            "variable of a target": _pattern(r":\s*(?:override\s+)?[\w.-]+\s*[+:?]?="),
            "pattern of a static pattern rule": _pattern(r":.*%.*:|^\$\(\w+[ \t]"),
            "variable appended to, or its mark": _pattern(r"\bNAME\s*\+=|^define\b"),
        },
        ours={
            "variable of a target": _own_line(r":\s*(?:override\s+)?[\w.-]+\s*[+:?]?="),
            "target made by a function": _own_line(r"^\$\(\w+[ \t]"),
        },
        places=_each_target,
    ),
    "markdown": Comparison(ctags="Markdown", tags="cstSTu", kinds=SECTIONS, theirs=TEXT),
    "html": Comparison(
        ctags="HTML",
        tags="Ihij",
        kinds={SymbolKind.SECTION},
        ours={
            "heading below the third level": _own_line(r"<[hH][4-6]"),
            "part of a page": lambda _, symbol: (
                symbol.name in {"head", "body", "main", "nav", "header", "footer", "article", "aside"}
            ),
        },
    ),
    "json": Comparison(
        ctags="JSON",
        tags="osanbz",
        kinds=SECTIONS,
        theirs={
            "element of an array": lambda _, tag: tag["name"].isdigit(),
            "key below the third level, or in an array": _deep_key,
        },
    ),
}
