"""Symbols of file versions as lineage compares them, with the texts that they name."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from codevault.analysis.kinds import CONTAINERS, VersionedSymbol
from codevault.analysis.model import Symbol, SymbolKind
from codevault.analysis.versioned import Outline, versioned
from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.lineage_reading import ProjectLineage
from codevault.index.lineage_symbols import Placed, SymbolFacts
from codevault.index.model import FileVersion, SymbolVersion

Contents = Callable[[BlobId], bytes]
"""The bytes of a file version: texts of symbols that changed are compared."""

MOST_LAYOUTS = 1_000
"""Contents whose layouts are remembered from one step to the next."""

MOST_BYTES = 24 << 20
"""Bytes of contents that are remembered likewise."""


@dataclass(frozen=True, slots=True)
class Place:
    """A symbol in one version of one file."""

    path: str
    version: FileVersion
    symbol: SymbolVersion


class Files:
    """File versions as lineage takes them; a text is read when it is asked for."""

    def __init__(self, index: Index, contents: Contents) -> None:
        self._index = index
        self._read = RecentContents(contents)
        self._files: dict[tuple[BlobId, str], tuple[VersionedSymbol, ...]] = {}
        self._texts: dict[str, tuple[BlobId, str, int]] = {}
        self._found: dict[tuple[BlobId, str], tuple[SymbolVersion, ...]] = {}

    def found(self, version: FileVersion) -> tuple[SymbolVersion, ...]:
        """The symbols of one file version as the index has them."""
        key = version.blob, version.path
        if key not in self._found:
            self._found[key] = self._index.symbols_of(*key)
        return self._found[key]

    def symbols(self, version: FileVersion) -> tuple[VersionedSymbol, ...]:
        """All of one file version, in its order."""
        key = version.blob, version.path
        if key not in self._files:
            found = self.found(version)
            language = found[0].language if found else ""
            symbols = versioned(version.path, language, [*map(as_symbol, found)], [each.unit for each in found])
            self._files[key] = symbols
            self._texts.update((each.text, (*key, number)) for number, each in enumerate(symbols) if each.text)
        return self._files[key]

    def place(self, version: FileVersion, symbol: VersionedSymbol) -> Place:
        """A symbol that `symbols` gave as the index has it."""
        return Place(version.path, version, self.found(version)[self.symbols(version).index(symbol)])

    def text(self, name: str) -> bytes:
        """The text that a symbol of these files names; empty where the archive cannot give it."""
        blob, path, number = self._texts[name]
        found = self._found[blob, path]
        return Outline([*map(as_symbol, found)]).text(self._read(blob), found[0].language, number)


class RecentContents:
    """Bytes of file versions, the latest remembered; empty where the archive cannot give them."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._read: OrderedDict[BlobId, bytes] = OrderedDict()
        self._bytes = 0

    def __call__(self, blob: BlobId) -> bytes:
        """The bytes of one."""
        if blob not in self._read:
            try:
                content = self._contents(blob)
            except CodeVaultError:  # damaged or gone: fingerprints and signatures have to do
                content = b""
            self._read[blob] = content
            self._bytes += len(content)
            while self._bytes > MOST_BYTES and len(self._read) > 1:
                self._bytes -= len(self._read.popitem(last=False)[1])
        self._read.move_to_end(blob)
        return self._read[blob]


class _Extent(NamedTuple):
    kind: SymbolKind
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int


class Layout:
    """The symbols of one content by position: which they are, and where they stand."""

    def __init__(self, placed: Sequence[Placed], facts: Mapping[int, SymbolFacts]) -> None:
        self.numbers: Sequence[int] = [number for number, _, _ in placed]
        self.facts: Sequence[SymbolFacts] = [facts[number] for number in self.numbers]
        self._placed = placed

    @property
    def language(self) -> str:
        """Of the file, "" where it has no symbols."""
        return self.facts[0].language if self.facts else ""

    @cached_property
    def ordinals(self) -> Mapping[int, int]:
        """By position how many of its qualified name come before it, where there are any."""
        counts: Counter[str] = Counter()
        found = {}
        for position, facts in enumerate(self.facts):
            if counts[facts.qualified_name]:
                found[position] = counts[facts.qualified_name]
            counts[facts.qualified_name] += 1
        return found

    def position(self, qualified_name: str, ordinal: int) -> int | None:
        """Where the symbol of that name stands of which so many come before it."""
        named = (at for at, facts in enumerate(self.facts) if facts.qualified_name == qualified_name)
        return next((at for count, at in enumerate(named) if count == ordinal), None)

    def start(self, position: int) -> int:
        """Its first byte."""
        return self._placed[position][1]

    def line(self, position: int) -> int:
        """Its first line."""
        return self._placed[position][2]

    @cached_property
    def outline(self) -> Outline:
        """How they lie in one another."""
        rows = zip(self._placed, self.facts, strict=True)
        return Outline([_Extent(one.kind, at, at + one.size, line, line + one.lines) for (_, at, line), one in rows])

    @cached_property
    def around(self) -> Mapping[int, Sequence[int]]:
        """By position those around it whose text holds its own: all but containers."""
        found: dict[int, list[int]] = {}
        open_ones: list[tuple[int, int]] = []
        rows = zip(self._placed, self.facts, strict=True)
        spans = [(at, at + one.size, position) for position, ((_, at, _), one) in enumerate(rows)]
        for _, end, position in sorted(spans, key=lambda span: (span[0], -span[1])):
            while open_ones and open_ones[-1][0] < end:
                open_ones.pop()
            if open_ones:
                found[position] = [outer for _, outer in open_ones]
            if self.facts[position].kind not in CONTAINERS:
                open_ones.append((end, position))
        return found

    @cached_property
    def units(self) -> Sequence[str]:
        """The ids of the units that hold their texts."""
        return [one.unit.hex() for one in self.facts]

    def versioned(self, path: str, position: int, signature: str) -> VersionedSymbol:
        """One of them as lineage compares it."""
        facts = self.facts[position]
        return VersionedSymbol(
            path=path,
            name=facts.name,
            qualified_name=facts.qualified_name,
            kind=facts.kind,
            signature=signature,
            exact=facts.exact.hex(),
            renamed=facts.renamed.hex(),
            tokens=facts.tokens,
            start_line=self.line(position),
            body=facts.body.hex(),
            text=self.outline.name(self.units, position),
            language=self.language,
        )


class Layouts:
    """Layouts of a project's contents, the latest remembered."""

    def __init__(self, lineage: ProjectLineage) -> None:
        self._lineage = lineage
        self._made: OrderedDict[int, Layout] = OrderedDict()

    def of(self, content: int) -> Layout:
        """The layout of one content."""
        if content not in self._made:
            self.prepare((content,))
        self._made.move_to_end(content)
        return self._made[content]

    def prepare(self, contents: Collection[int]) -> None:
        """Makes several at once, which asks less often."""
        new = [content for content in dict.fromkeys(contents) if content not in self._made]
        if new:
            placed = self._lineage.placed(new)
            facts = self._lineage.facts({number for rows in placed.values() for number, _, _ in rows})
            self._made.update((content, Layout(placed.get(content, ()), facts)) for content in new)
            while len(self._made) > max(MOST_LAYOUTS, len(contents)):
                self._made.popitem(last=False)


def as_symbol(version: SymbolVersion) -> Symbol:
    """A symbol of the index as analysis tells one, as far as its text and its place need it."""
    return Symbol(
        name=version.name,
        qualified_name=version.qualified_name,
        kind=version.kind,
        start_byte=version.start_byte,
        end_byte=version.end_byte,
        start_line=version.start_line,
        end_line=version.end_line,
        name_line=version.name_line,
        signature=version.signature,
        parent=-1,
        unit=-1,
        exact=version.exact,
        renamed=version.renamed,
        tokens=version.tokens,
        body=version.body,
    )
