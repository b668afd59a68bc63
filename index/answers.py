"""Turning what was found into hits: ranking, the page that was asked for, lines and snippets of the newest version."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeVar

from codevault.errors import IndexDamaged, InvalidArgument
from codevault.index.contents import first_line, packed_fragments, packed_symbols
from codevault.index.finding import NOW, Found
from codevault.index.history import seen_at
from codevault.index.matching import Matcher, Span, snippet
from codevault.index.model import Hit, Seen, SymbolVersion
from codevault.index.rows import Labels, ask_many, blob_text
from codevault.index.symbols import positions, symbol_rows, symbol_version
from codevault.index.symbolsearch import SymbolKey
from codevault.index.textsearch import Matches

K = TypeVar("K", bound=Hashable)
MOST_HITS = 10_000
"""How far paging reaches."""


def check_page(limit: int, offset: int) -> None:
    """Refuses pages that cannot be.

    Raises:
        InvalidArgument: a negative offset, no hit asked for, or more than `MOST_HITS`.
    """
    if limit < 1 or offset < 0 or limit + offset > MOST_HITS:
        raise InvalidArgument(f"a page has limit >= 1, offset >= 0 and ends by {MOST_HITS}, not {limit} from {offset}")


def text_page(
    found: Iterable[Found[bytes]], matches: Matches, limit: int, offset: int
) -> tuple[list[Found[bytes]], bool]:
    """The page and whether there is another: alive first, whole words first, short paths first, newest first."""
    words = matches.words
    ordered = sorted(
        found,
        key=lambda one: (
            one.last != NOW,
            one.key not in words,
            len(one.name),
            -one.content,
            one.name,
            one.project,
            one.key,
        ),
    )
    return ordered[offset : offset + limit], len(ordered) > offset + limit


def symbol_page(
    found: Iterable[Found[SymbolKey]], scores: Mapping[SymbolKey, float], limit: int, offset: int
) -> tuple[list[Found[SymbolKey]], bool]:
    """The page and whether there is another: best name first, then as `text_page`."""
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
    lists = {} if matches.whole else packed_fragments(db, blobs)
    hits = []
    for one in page:
        items = matches.lines[one.key]
        line = items[one.content] + 1 if matches.whole else first_line(lists.get(one.content), items)
        spans = matches.spans[one.key] if matches.whole else matcher.spans(one.key)
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
    return tuple(hit for _, hit in numbered_hits(db, labels, page, numbers, scores))


def numbered_hits(
    db: sqlite3.Connection,
    labels: Labels,
    page: Sequence[Found[SymbolKey]],
    numbers: Mapping[SymbolKey, Iterable[int]],
    scores: Mapping[SymbolKey, float],
) -> list[tuple[int, Hit]]:
    """The same, each with the number of the symbol that it shows."""
    blobs = _blobs(db, page)
    moments = _moments(db, page)
    lists = packed_symbols(db, blobs, labels.details)
    placed = [_place(lists.get(one.content), frozenset(numbers[one.key])) for one in page]
    rows = symbol_rows(db, labels, {number for number, _, _ in placed})
    hits = []
    for one, (number, byte, line) in zip(page, placed, strict=True):
        symbol = symbol_version(labels, blobs[one.content], rows[number], byte, line)
        score = scores.get(one.key, 1.0)
        lines = symbol.end_line - symbol.start_line
        hits.append((number, _hit(one, blobs, moments, line, lines, symbol.signature, score, symbol=symbol)))
    return hits


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
