"""Where a new symbol may have been copied from: anything the archive held then, in this project or another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from codevault.analysis.kinds import CALLABLES
from codevault.analysis.similarity import shared_terms
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import Hit, Seen, SymbolVersion

LEAST_EXACT = 12
LEAST_BODY = 12
LEAST_RENAMED = 40
LEAST_ALIKE = 20
"""Tokens from which on equal tokens, an equal body under the same name, tokens that are equal but for names, and
likeness under the same name make one symbol the source of another."""

ALIKE = 0.5
"""Share of the smaller sketch's terms that the other has."""


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
    for confidence, evidence, hits in _candidates(index, symbol):
        there = [hit for hit in hits if _was_there(index, hit, at) and not _is_itself(hit, project, path, symbol)]
        found = min(there, key=partial(_rank, project), default=None)
        if found is not None and found.symbol is not None:
            origin = SymbolOrigin(project=found.project, path=found.path, symbol=found.symbol)
            return Source(origin=origin, evidence=evidence, confidence=confidence)
    return None


def _rank(project: ProjectId, hit: Hit) -> tuple[object, ...]:
    return hit.project != project, hit.first_seen.created_ns, hit.path, hit.start_line


def _candidates(index: Index, symbol: SymbolVersion) -> Iterator[tuple[float, str, Iterable[Hit]]]:
    """How sure, why, and what may be the source then: the surest first, each looked for when it is asked for."""
    if symbol.tokens >= LEAST_EXACT:
        yield 0.9, "same tokens as a symbol that was there", index.symbols_with(exact=symbol.exact)
    if symbol.kind not in CALLABLES:
        return

    def alike(sketch: bytes) -> bool:
        return shared_terms(symbol.sketch, sketch) >= ALIKE

    if symbol.tokens >= LEAST_BODY and symbol.body:
        evidence = "same name and tokens of the body as a symbol that was there"
        yield 0.85, evidence, index.namesakes_of(symbol, CALLABLES, "body", alike)
    if symbol.tokens >= LEAST_RENAMED:
        evidence = "same tokens except names and literals as a symbol that was there"
        hits = index.symbols_with(renamed=symbol.renamed)
        yield 0.7, evidence, (hit for hit in hits if hit.symbol is not None and hit.symbol.kind in CALLABLES)
    if symbol.tokens >= LEAST_ALIKE:
        hits = index.namesakes_of(symbol, CALLABLES, "sketch", alike)
        yield 0.6, "same name as a symbol that was there, and alike", hits


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
