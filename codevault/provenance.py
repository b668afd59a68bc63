"""Where a new symbol may have been copied from: anything the archive held then, in this project or another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codevault.analysis.kinds import CALLABLES
from codevault.analysis.similarity import shared_terms
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import Hit, Seen, SymbolVersion

LEAST_EXACT = 12
LEAST_BODY = 15
LEAST_RENAMED = 40
LEAST_ALIKE = 20
"""Tokens from which on equal tokens, an equal body under the same name, tokens that are equal but for names, and
likeness under the same name make one symbol the source of another."""

ALIKE = 0.5
"""Share of the smaller sketch's terms that the other has."""

MOST_NAMESAKES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolOrigin:
    """A symbol that another was made from, or that took it in; `project` may be another one."""

    project: ProjectId
    path: str
    symbol: SymbolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a copy came from, why, and how sure."""

    origin: SymbolOrigin
    evidence: str
    confidence: float


def copied_from(index: Index, project: ProjectId, at: Seen, path: str, symbol: SymbolVersion) -> Source | None:
    """The best source of a symbol that came to `path` at that moment, None where nothing suggests itself.

    Of equally good ones this project's first, then the oldest; what went at that moment is a move's business.
    """
    found = []
    for hit in _candidates(index, symbol):
        if hit.symbol is None or not _was_there(index, hit, at) or _is_itself(hit, project, path, symbol):
            continue
        confidence, evidence = _verdict(symbol, hit.symbol)
        if confidence:
            rank = -confidence, hit.project != project, hit.first_seen.created_ns, hit.path, hit.start_line
            origin = SymbolOrigin(project=hit.project, path=hit.path, symbol=hit.symbol)
            found.append((rank, Source(origin=origin, evidence=evidence, confidence=confidence)))
    return min(found, key=lambda each: each[0])[1] if found else None


def _candidates(index: Index, symbol: SymbolVersion) -> Iterator[Hit]:
    if symbol.tokens >= LEAST_EXACT:
        yield from index.symbols_with(exact=symbol.exact)
    if symbol.tokens >= LEAST_RENAMED:
        yield from index.symbols_with(renamed=symbol.renamed)
    if symbol.tokens >= LEAST_BODY and symbol.kind in CALLABLES and re.fullmatch(r"\w+", symbol.name):
        yield from index.search_symbols(symbol.name, limit=MOST_NAMESAKES).hits


def _verdict(symbol: SymbolVersion, other: SymbolVersion) -> tuple[float, str]:
    """How sure the other is the source, 0.0 where it is not, and why."""
    if other.exact == symbol.exact and symbol.tokens >= LEAST_EXACT:
        return 0.9, "same tokens as a symbol that was there"
    if symbol.kind not in CALLABLES or other.kind not in CALLABLES:
        return 0.0, ""
    namesake = other.name == symbol.name and other.language == symbol.language
    if namesake and symbol.body and other.body == symbol.body and symbol.tokens >= LEAST_BODY:
        return 0.85, "same name and tokens of the body as a symbol that was there"
    if other.renamed == symbol.renamed and symbol.tokens >= LEAST_RENAMED:
        return 0.7, "same tokens except names and literals as a symbol that was there"
    if namesake and symbol.tokens >= LEAST_ALIKE and shared_terms(symbol.sketch, other.sketch) >= ALIKE:
        return 0.6, "same name as a symbol that was there, and alike"
    return 0.0, ""


def _was_there(index: Index, hit: Hit, at: Seen) -> bool:
    """A project is seen now and then: what its last version had was there until the next one without it."""
    if hit.first_seen.created_ns >= at.created_ns or hit.last_seen is None:
        return hit.first_seen.created_ns < at.created_ns
    ended = index.follower(hit.project, hit.last_seen.sequence)
    if ended is None:
        return hit.last_seen.created_ns >= at.created_ns
    return index.seen(hit.project, ended).created_ns > at.created_ns


def _is_itself(hit: Hit, project: ProjectId, path: str, symbol: SymbolVersion) -> bool:
    return (
        (hit.project, hit.path) == (project, path)
        and hit.symbol is not None
        and hit.symbol.qualified_name == symbol.qualified_name
    )
