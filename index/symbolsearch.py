"""Searching symbols: by name, and by fingerprint."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

from codevault.index.conditions import edits
from codevault.index.groups import AGE_BITS
from codevault.index.names import asked_humps, initials_term, is_glob, words_of
from codevault.index.ports import TextIndex
from codevault.index.rows import ask_many
from codevault.queries import How

ALL = 1 << 40

Which = Literal["exact", "renamed"]
SymbolKey = tuple[str, int]
FingerprintKey = tuple[bytes, SymbolKey]
"""(qualified name, kind): what makes two versions of a symbol in one place the same answer."""


def named(text: TextIndex, asked: str, how: How) -> Sequence[int]:
    """Declarations that may answer to a name, and maybe others: those of that very name first, then the newest."""
    if how == "any" and is_glob(asked):
        how = "glob"
    last = asked.lower().rpartition(".")[2] or asked.lower()
    ways: dict[str, Callable[[], Sequence[int]]] = {
        "exact": lambda: text.declarations(last, ALL),
        "prefix": lambda: text.declarations(last + "*", ALL),
        "words": lambda: text.declarations_with(words_of(asked), ALL) if words_of(asked) else (),
        "initials": lambda: text.declarations_with((initials_term(asked),), ALL) if asked_humps(asked) else (),
        "fuzzy": lambda: text.declarations_near(last, edits(last), ALL),
    }
    found = [one for way in _WAYS[how] for one in ways[way]()]
    return [number & (1 << AGE_BITS) - 1 for number in dict.fromkeys(found)]


_WAYS: Mapping[How, Sequence[str]] = {
    "any": ("exact", "prefix", "words", "initials"),
    "exact": ("exact",),
    "qualified": ("exact",),
    "prefix": ("exact", "prefix"),
    "glob": ("exact",),
    "words": ("exact", "words"),
    "initials": ("initials",),
    "fuzzy": ("exact", "fuzzy"),
}


def symbols_with(db: sqlite3.Connection, which: Which, digests: Iterable[bytes]) -> dict[FingerprintKey, list[int]]:
    """Symbol numbers by fingerprint and key, of those that have one of the fingerprints."""
    wanted = set(digests)
    found: dict[FingerprintKey, list[int]] = {}
    for digest, qualified, kind, number in ask_many(db, _WITH[which], {digest[:4] for digest in wanted}):
        if digest in wanted:
            found.setdefault((digest, (qualified, kind)), []).append(number)
    return found


def fingerprints(db: sqlite3.Connection, which: Which, min_tokens: int, after: bytes, limit: int) -> Sequence[bytes]:
    """Fingerprints above `after` of symbols with at least so many tokens, ascending, at most `limit`."""
    after = after or bytes(16)  # substr() of an empty blob is NULL, and nothing is >= NULL
    rows = db.execute(_AFTER[which], (after, after, min_tokens, limit))
    return [digest for (digest,) in rows]


_WITH: Mapping[Which, str] = {
    "exact": "SELECT s.exact, d.qualified, d.kind, s.id FROM symbol s JOIN declaration d ON d.id = s.declaration"
    " WHERE substr(s.exact, 1, 4) IN (*)",
    "renamed": "SELECT s.renamed, d.qualified, d.kind, s.id FROM symbol s JOIN declaration d ON d.id = s.declaration"
    " WHERE substr(s.renamed, 1, 4) IN (*)",
}
_AFTER: Mapping[Which, str] = {
    "exact": "SELECT DISTINCT exact FROM symbol WHERE substr(exact, 1, 4) >= substr(?, 1, 4) AND exact > ?"
    " AND tokens >= ? ORDER BY substr(exact, 1, 4), exact LIMIT ?",
    "renamed": "SELECT DISTINCT renamed FROM symbol WHERE substr(renamed, 1, 4) >= substr(?, 1, 4) AND renamed > ?"
    " AND tokens >= ? ORDER BY substr(renamed, 1, 4), renamed LIMIT ?",
}
