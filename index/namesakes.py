"""Symbols of one name: what a new symbol of that name may have been made from."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Literal

from codevault.analysis.model import SymbolKind
from codevault.index.answers import symbol_hits
from codevault.index.finding import Places
from codevault.index.groups import AGE_BITS
from codevault.index.model import Hit, SymbolVersion
from codevault.index.ports import TextIndex
from codevault.index.rows import ask_many
from codevault.index.scoping import Limits
from codevault.index.sessions import Session
from codevault.index.symbolsearch import ALL, SymbolKey

MOST_COMPARED: Final = 200
"""Namesakes whose sketches are compared: those nearest in length, of equally near ones in order of their tokens."""

By = Literal["body", "sketch"]


def namesakes(
    session: Session,
    text: TextIndex,
    symbol: SymbolVersion,
    kinds: Collection[SymbolKind],
    by: By,
    suits: Callable[[bytes], bool],
) -> tuple[Hit, ...]:
    """Places of symbols with the name and language of one, of certain kinds, whose body is equal or sketch suits."""
    rows = _rows(session, text, symbol, kinds)
    if by == "body":
        body = bytes.fromhex(symbol.body)
        chosen = [number for number, _, _, its in rows if its == body]
    else:
        rows.sort(key=lambda row: (abs(row[1] - symbol.tokens), row[2], row[0]))
        near = [number for number, *_ in rows[:MOST_COMPARED]]
        insides = session.labels.details.insides(session.db, near)
        chosen = [number for number in near if suits(insides[number][1])]
    if not chosen:
        return ()
    question = (
        "SELECT s.id, d.qualified, d.kind FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"
    )
    numbers: dict[SymbolKey, list[int]] = {}
    for number, qualified, kind in ask_many(session.db, question, chosen):
        numbers.setdefault((qualified, kind), []).append(number)
    places = Places(session.db, Limits(), session.memory())
    found = places.gather("symbol_in", numbers)
    return symbol_hits(session.db, session.labels, found, numbers, {})


_Row = tuple[int, int, bytes, bytes]
"""Number, tokens, digest and digest of the body of a symbol."""


def _rows(session: Session, text: TextIndex, symbol: SymbolVersion, kinds: Collection[SymbolKind]) -> list[_Row]:
    labels = session.labels
    numbers = [number & (1 << AGE_BITS) - 1 for number in text.declarations(symbol.name.lower(), ALL)]
    question = "SELECT id, qualified, name, kind, language FROM declaration WHERE id IN (*)"
    declarations = [
        number
        for number, qualified, name, kind, language in ask_many(session.db, question, numbers)
        if (qualified.rpartition(".")[2] if name is None else name) == symbol.name
        and labels.text(kind) in kinds
        and labels.text(language) == symbol.language
    ]
    question = "SELECT id, tokens, exact, body FROM symbol WHERE declaration IN (*)"
    return list(ask_many(session.db, question, declarations))
