"""Where code like a sample lives or lived: equal, renamed and near-miss copies, as places."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from codevault.analysis.clones_fragments import Fragment
from codevault.analysis.kinds import CALLABLES
from codevault.index import answers, reuse, symbolsearch
from codevault.index.finding import Places
from codevault.index.model import Hit, Scope, SymbolVersion
from codevault.index.reuse_streams import streams
from codevault.index.rows import ask_many
from codevault.index.scoping import limits
from codevault.index.sessions import Session

MOST_NUMBERS: Final = 20_000
"""Symbols of one fingerprint that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Code to look for, of a kind: no function is a near miss of a class.

    Without `codes` and `sketch` (analysis/FINGERPRINTS.md) only types 1 and 2 are found.
    """

    language: str
    kind: str
    exact: str = ""
    renamed: str = ""
    codes: bytes = b""
    sketch: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """One place of code like a sample. `likeness` is that of the symbol in `hit`, names and literals blinded."""

    hit: Hit
    likeness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlikeFound:
    """Places of code like a sample; `complete` False: the work of one question was done before all was looked at."""

    places: tuple[Alike, ...]
    complete: bool = True


def alike(session: Session, sample: Sample, at_least: float, scope: Scope) -> AlikeFound:
    """Every place of code that is equal, renamed or alike, in no particular order."""
    db = session.db
    equal = _equal(session, sample)
    numbers = equal
    complete = len(equal) < MOST_NUMBERS
    if sample.sketch and at_least < 1.0:
        language = session.labels.find(sample.language)
        if language is not None:
            asked = reuse.Sample(codes=sample.codes, sketch=sample.sketch, language=language)
            near = reuse.near(db, session.directory(), asked, at_least, known=numbers)
            numbers = {**numbers, **near.found}
            complete = complete and near.complete
    places = (
        Alike(hit=hit, likeness=numbers[number])
        for number, hit in hits_of(session, numbers, scope)
        if number in equal or hit.symbol is None or (hit.symbol.kind in CALLABLES) == (sample.kind in CALLABLES)
    )
    return AlikeFound(places=tuple(places), complete=complete)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFound:
    """One place that shares a part of a sample: `fragment` says which codes of either."""

    hit: Hit
    fragment: Fragment


def alike_parts(session: Session, sample: Sample, least: int, at_least: float, scope: Scope) -> tuple[PartFound, ...]:
    """Places that share a part of at least so many codes, in no particular order."""
    language = session.labels.find(sample.language)
    if language is None or not sample.sketch:
        return ()
    asked = reuse.Sample(codes=sample.codes, sketch=sample.sketch, language=language)
    found = reuse.parts(session.db, session.directory(), asked, least=least, at_least=at_least)
    hits = hits_of(session, found, scope)
    return tuple(PartFound(hit=hit, fragment=found[number]) for number, hit in hits)


def _equal(session: Session, sample: Sample) -> dict[int, float]:
    if not sample.renamed:
        return {}
    found = symbolsearch.symbols_with(session.db, "renamed", (bytes.fromhex(sample.renamed),))
    numbers = sorted({number for members in found.values() for number in members}, reverse=True)
    return dict.fromkeys(numbers[:MOST_NUMBERS], 1.0)


def hits_of(session: Session, numbers: Collection[int], scope: Scope) -> list[tuple[int, Hit]]:
    """The places of symbols by number: those of the newest version of each path and qualified name."""
    db, labels = session.db, session.labels
    keys: dict[symbolsearch.SymbolKey, list[int]] = {}
    for number, qualified, kind in ask_many(db, _KEYS, numbers):
        keys.setdefault((qualified, kind), []).append(number)
    places = Places(db, limits(db, labels, scope), session.memory())
    found = places.gather("symbol_in", keys)
    return answers.numbered_hits(db, labels, found, keys)


_KEYS: Final = (
    "SELECT s.id, d.qualified, d.kind FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
)


def codes_of(session: Session, symbols: Iterable[SymbolVersion]) -> Mapping[str, bytes]:
    """The streams of codes of symbols by their exact fingerprint; those that have none are left out."""
    exact = {bytes.fromhex(symbol.exact) for symbol in symbols if symbol.exact}
    rows = ask_many(session.db, _NUMBERED, {digest[:4] for digest in exact})
    by_number = {number: digest.hex() for number, digest in rows if digest in exact}
    return {by_number[one.number]: one.codes for one in streams(session.db, by_number)}


_NUMBERED: Final = "SELECT id, exact FROM symbol WHERE substr(exact, 1, 4) IN (*)"
