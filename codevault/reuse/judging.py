"""From places of alike code to clones: their type, their similarity, and whether it means anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache

from rapidfuzz.distance import LCSseq

from codevault.analysis.clones import CloneType, CodeText, aligned, graded
from codevault.analysis.clones_boilerplate import boilerplate, is_generated
from codevault.analysis.clones_related import translated
from codevault.analysis.similarity import shared_terms, similarity
from codevault.errors import BlobMissing, CodeVaultError, ContentElsewhere
from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import Hit, SymbolVersion
from codevault.reuse.model import Clone, Evidence

_TOKEN = re.compile(rb"\w+|[^\w\s]")
_HEAD = 2048
_REMEMBERED = 64


class Judge:
    """Compares symbols for one question; what it read is remembered for the next pair."""

    def __init__(self, index: Index, read: Callable[[BlobId], bytes], clients: Mapping[str, str]) -> None:
        self._index = index
        self._clients = clients
        self.content = lru_cache(_REMEMBERED)(read)
        self._codes: dict[str, bytes] = {}

    def clone(self, reference: SymbolVersion, hit: Hit, likeness: float | None = None, asked: str = "") -> Clone:
        """A place as a clone of `reference`; without `likeness` a near miss is compared here."""
        symbol = _symbol(hit)
        kind, similarity = self.verdict(reference, symbol, likeness)
        return Clone(
            hit=hit,
            similarity=similarity,
            client=self._clients.get(hit.project, ""),
            type=kind,
            asked=asked,
            boilerplate=self.boilerplate(hit),
            related=symbol.language if symbol.language != reference.language else "",
        )

    def similarity(self, one: SymbolVersion, other: SymbolVersion) -> float:
        """How similar two symbols are, on the scale of all types."""
        return self.verdict(one, other)[1]

    def verdict(
        self, one: SymbolVersion, other: SymbolVersion, likeness: float | None = None
    ) -> tuple[CloneType, float]:
        """The type of a pair and its similarity; without `likeness` a near miss is compared here.

        Decorators, attributes and words of export are not compared: what is alike but for them is of type 1 or 2.
        """
        if one.exact == other.exact:
            return CloneType.EXACT, 1.0
        if one.renamed == other.renamed and one.language == other.language:
            return CloneType.RENAMED, graded(CloneType.RENAMED, self._share(one, other))
        likeness = self.likeness(one, other) if likeness is None else likeness
        if likeness < 1.0 or one.language != other.language or not self.codes(one):
            return CloneType.NEAR, graded(CloneType.NEAR, likeness)
        if one.body and one.body == other.body and one.signature == other.signature:
            return CloneType.EXACT, 1.0
        return CloneType.RENAMED, graded(CloneType.RENAMED, self._share(one, other))

    def likeness(self, one: SymbolVersion, other: SymbolVersion) -> float:
        """How alike two symbols are, names and literals left out; by their sketches where no codes are known."""
        codes, others = self.codes(one), self.codes(other)
        if one.language != other.language:
            others = translated(others, other.language, one.language)
        if not codes or not others:
            return shared_terms(one.sketch, other.sketch)
        return similarity(codes, others)

    def codes(self, symbol: SymbolVersion) -> bytes:
        """What a symbol is compared by, empty where that is not known."""
        if symbol.exact not in self._codes:
            self._codes[symbol.exact] = self._index.codes_of((symbol,)).get(symbol.exact, b"")
        return self._codes[symbol.exact]

    def learn(self, codes: Mapping[str, bytes]) -> None:
        """Takes codes that are known already, by exact fingerprint."""
        self._codes.update(codes)

    def boilerplate(self, hit: Hit) -> str:
        """Why a symbol is alike others by nature, "" when it is not."""
        symbol = _symbol(hit)
        head = b""
        with suppress(CodeVaultError):
            head = self.content(symbol.blob)[:_HEAD]
        if is_generated(hit.path, head):
            return "generated"
        return boilerplate(
            symbol.name,
            symbol.kind,
            symbol.tokens,
            decorators=symbol.decorators,
            calls=symbol.calls,
            codes=self.codes(symbol) if symbol.name in _INITIAL or symbol.kind == "constructor" else b"",
        )

    def text(self, symbol: SymbolVersion) -> bytes:
        """The bytes of a symbol.

        Raises:
            ContentElsewhere: its text is gone with its repository.
        """
        return self.content(symbol.blob)[symbol.start_byte : symbol.end_byte]

    def evidence(self, left: SymbolVersion, right: SymbolVersion) -> Evidence:
        """What stands for what in two symbols."""
        texts = self.text(left), self.text(right)
        codes = self.codes(left), self.codes(right)
        if left.language != right.language:
            codes = codes[0], translated(codes[1], right.language, left.language)
        passages = aligned(
            CodeText(codes=codes[0], text=texts[0], language=left.language),
            CodeText(codes=codes[1], text=texts[1], language=right.language),
        )
        kind, similarity = self.verdict(left, right)
        return Evidence(
            type=kind,
            similarity=similarity,
            passages=passages,
            left=texts[0].decode("utf-8", "replace"),
            right=texts[1].decode("utf-8", "replace"),
        )

    def _share(self, one: SymbolVersion, other: SymbolVersion) -> float:
        """The share of tokens of two renamed copies that are the same; 1.0 where a text cannot be read now."""
        try:
            tokens, others = _TOKEN.findall(self.text(one)), _TOKEN.findall(self.text(other))
        except (ContentElsewhere, BlobMissing):
            return 1.0
        longer = max(len(tokens), len(others))
        return LCSseq.similarity(tokens, others) / longer if longer else 1.0


_INITIAL = frozenset({"__init__", "constructor", "initialize"})


def _symbol(hit: Hit) -> SymbolVersion:
    if hit.symbol is None:
        raise AssertionError("fingerprints are looked up among symbols only")
    return hit.symbol
