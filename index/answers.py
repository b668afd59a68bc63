"""Turning what was found into hits: ranking, the page that was asked for, lines and snippets of the newest version."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import NamedTuple, TypeVar

from codevault.errors import IndexDamaged
from codevault.index import postings
from codevault.index.conditions import LineTest
from codevault.index.contents import first_line, packed_fragments, packed_symbols
from codevault.index.evaluating import REST, Answer
from codevault.index.finding import NOW, Found, Places
from codevault.index.history import seen_at
from codevault.index.matching import MOST_SPANS, Matcher, Span, snippet
from codevault.index.model import Hit, Seen, SymbolVersion
from codevault.index.pieces import Pieces, Run
from codevault.index.rows import Labels, ask_many, blob_text
from codevault.index.scoping import Limits
from codevault.index.sessions import Session
from codevault.index.symbols import positions, symbol_rows, symbol_version
from codevault.index.symbolsearch import SymbolKey
from codevault.index.textsearch import Matches

K = TypeVar("K", bound=Hashable)


def symbol_page(
    found: Iterable[Found[SymbolKey]], scores: Mapping[SymbolKey, float], limit: int, offset: int
) -> tuple[list[Found[SymbolKey]], bool]:
    """The page and whether there is another: best name first, then what is there, short paths, new contents."""
    ordered = sorted(
        found,
        key=lambda one: (
            -scores.get(one.key, 0.0),
            one.last != NOW,
            len(one.name),
            -one.content,
            one.name,
            one.project,
            one.key,
        ),
    )
    return ordered[offset : offset + limit], len(ordered) > offset + limit


def text_hits(
    db: sqlite3.Connection, page: Sequence[Found[bytes]], matches: Matches, matcher: Matcher
) -> tuple[Hit, ...]:
    """Hits for matching lines."""
    blobs = _blobs(db, page)
    moments = _moments(db, page)
    lists = packed_fragments(db, {one.content for one in page if one.content not in matches.wide.get(one.key, ())})
    hits = []
    for one in page:
        wide = matches.wide.get(one.key, {})
        inside = matches.lines.get(one.key, {})
        line = wide[one.content] + 1 if one.content in wide else first_line(lists.get(one.content), inside)
        spans = matches.spans[one.key] if one.key in matches.spans else matcher.spans(one.key)
        shown, marked = snippet(one.key, spans)
        score = 1.0 if one.key in matches.words else 0.5
        hits.append(_hit(one, blobs, moments, line, one.key.count(b"\n"), shown, score, spans=tuple(marked)))
    return tuple(hits)


def symbol_hits(
    db: sqlite3.Connection,
    labels: Labels,
    page: Sequence[Found[SymbolKey]],
    numbers: Mapping[SymbolKey, Iterable[int]],
    scores: Mapping[SymbolKey, float],
) -> tuple[Hit, ...]:
    """Hits for symbols: the first in the newest version that is one of the numbers of its key."""
    blobs = _blobs(db, page)
    moments = _moments(db, page)
    lists = packed_symbols(db, blobs, labels.details)
    placed = [_place(lists.get(one.content), frozenset(numbers[one.key])) for one in page]
    rows = symbol_rows(db, labels, {number for number, _, _ in placed})
    hits = []
    for one, (number, byte, line) in zip(page, placed, strict=True):
        symbol = symbol_version(labels, blobs[one.content], rows[number], byte, line)
        lines = symbol.end_line - symbol.start_line
        score = scores.get(one.key, 1.0)
        hits.append(_hit(one, blobs, moments, line, lines, symbol.signature, score, symbol=symbol))
    return tuple(hits)


def answer_hits(session: Session, page: Sequence[Answer], tests: Sequence[LineTest]) -> tuple[Hit, ...]:
    """Hits for answers of a query; a condition on lines is shown by the first of them that it is true for."""
    db, pieces = session.db, Pieces(session)
    places = Places(db, Limits(), session.memory())
    blobs = _blobs(db, (one.found for one in page))
    moments = _moments(db, [one.found for one in page])
    lists = packed_symbols(db, blobs, session.labels.details)
    placed = {
        at: _place(lists.get(one.found.content), one.pieces) for at, one in enumerate(page) if one.found.key != REST
    }
    rows = symbol_rows(db, session.labels, {number for number, _, _ in placed.values()})
    hits = []
    for at, one in enumerate(page):
        found, symbol = one.found, None
        if at in placed:
            number, byte, line = placed[at]
            symbol = symbol_version(session.labels, blobs[found.content], rows[number], byte, line)
            shown = _Shown(line, symbol.end_line - symbol.start_line, symbol.signature)
        else:
            number = -1  # whichever rest it is, a content has one
            shown = _first_shown(pieces.runs(found.content, number))
        if tests:
            shown = _matching(pieces.runs(found.content, number), tests) or shown
        table: postings.Table = "rest_in" if symbol is None else "symbol_in"
        held = places.among(table, [abs(piece) for piece in one.pieces], (found.project, found.path))
        hit = _hit(found, blobs, moments, *shown[:3], one.score, symbol=symbol, spans=shown.spans)
        hits.append(replace(hit, versions=len(held)))
    return tuple(hits)


class _Shown(NamedTuple):
    line: int
    more_lines: int
    text: str
    spans: tuple[Span, ...] = ()


def _first_shown(runs: Sequence[Run]) -> _Shown:
    """The first line that is not blank."""
    for run in runs:
        for at, line in enumerate(run.text.split(b"\n")):
            if line.strip():
                return _Shown(run.line + at, 0, snippet(line, ())[0])
    return _Shown(runs[0].line if runs else 1, 0, "")


def _matching(runs: Sequence[Run], tests: Sequence[LineTest]) -> _Shown | None:
    """The lines of the first match, and what matches in them."""
    matchers = [test.matcher for test in tests]
    for matcher in matchers:
        for run in runs:
            span = next(iter(matcher.spans(run.text)), None)
            if span is not None:
                first, stop = run.text.rfind(b"\n", 0, span[0]) + 1, run.text.find(b"\n", span[1] - 1)
                lines = run.text[first : stop if stop >= 0 else None]
                spans = sorted({each for one in matchers for each in islice(one.spans(lines), MOST_SPANS)})
                shown, marked = snippet(lines, spans)
                line = run.line + run.text.count(b"\n", 0, first)
                return _Shown(line, lines.count(b"\n"), shown, tuple(marked))
    return None


def numbered_hits(
    db: sqlite3.Connection,
    labels: Labels,
    found: Sequence[Found[SymbolKey]],
    numbers: Mapping[SymbolKey, Iterable[int]],
) -> list[tuple[int, Hit]]:
    """Every symbol that is one of the numbers of its key in the newest version of its place, with that number."""
    blobs = _blobs(db, found)
    moments = _moments(db, found)
    lists = packed_symbols(db, blobs, labels.details)
    placed = [
        (one, place) for one in found for place in _every_place(lists.get(one.content), frozenset(numbers[one.key]))
    ]
    rows = symbol_rows(db, labels, {place[0] for _, place in placed})
    hits = []
    for one, (number, byte, line) in placed:
        symbol = symbol_version(labels, blobs[one.content], rows[number], byte, line)
        lines = symbol.end_line - symbol.start_line
        hits.append((number, _hit(one, blobs, moments, line, lines, symbol.signature, 1.0, symbol=symbol)))
    return hits


def _every_place(packed: bytes | None, numbers: frozenset[int]) -> list[tuple[int, int, int]]:
    """Overloads share a name: each that is wanted counts."""
    return [place for place in positions(packed) if place[0] in numbers]


def _place(packed: bytes | None, numbers: frozenset[int]) -> tuple[int, int, int]:
    for place in positions(packed):
        if place[0] in numbers:
            return place
    raise IndexDamaged("a symbol is missing in a content that should hold it: rebuild() the index")


def _blobs(db: sqlite3.Connection, page: Iterable[Found[K]]) -> dict[int, bytes]:
    return dict(ask_many(db, "SELECT id, blob FROM content WHERE id IN (*)", {one.content for one in page}))


def _moments(db: sqlite3.Connection, page: Sequence[Found[K]]) -> dict[tuple[int, int], Seen]:
    firsts = ((one.project, one.first) for one in page)
    return seen_at(db, chain(firsts, ((one.project, one.last) for one in page if one.last != NOW)))


def _hit(
    one: Found[K],
    blobs: Mapping[int, bytes],
    moments: Mapping[tuple[int, int], Seen],
    line: int,
    more_lines: int,
    shown: str,
    score: float,
    *,
    symbol: SymbolVersion | None = None,
    spans: tuple[Span, ...] = (),
) -> Hit:
    first = moments[one.project, one.first]
    return Hit(
        project=first.project,
        path=one.name,
        blob=blob_text(blobs[one.content]),
        start_line=line,
        end_line=line + more_lines,
        snippet=shown,
        first_seen=first,
        last_seen=None if one.last == NOW else moments[one.project, one.last],
        score=score,
        symbol=symbol,
        spans=spans,
    )
