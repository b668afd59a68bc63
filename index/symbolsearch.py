"""Searching symbols: by name, and by fingerprint."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from codevault.errors import InvalidArgument
from codevault.index.finding import Places
from codevault.index.groups import AGE_BITS
from codevault.index.names import glob_matcher, is_glob, rank, words_of
from codevault.index.narrowing import near_declarations
from codevault.index.ports import TextIndex
from codevault.index.rows import Labels, ask_many, steps

MOST_DECLARATIONS = 4000
"""Declarations in scope that one search ranks; more, and it stops and says so."""

ALL = 1 << 40

LONGEST_NAME = 1000
Which = Literal["exact", "renamed"]
SymbolKey = tuple[str, int]
Declared = dict[int, tuple[SymbolKey, float]]
FingerprintKey = tuple[bytes, SymbolKey]
"""(qualified name, kind): what makes two versions of a symbol in one place the same answer."""


def declarations(
    db: sqlite3.Connection, text: TextIndex, labels: Labels, asked: str, kind: str, most: int | None = None
) -> tuple[Declared, bool]:
    """(key, score) of each declaration that answers to a name, and whether these are all.

    Raises:
        InvalidArgument: the name is empty or too long.
    """
    if not asked or len(asked) > LONGEST_NAME:
        raise InvalidArgument(f"a symbol's name has 1 to {LONGEST_NAME} characters, this one {len(asked)}")
    numbers, complete = _candidates(db, text, asked, most or MOST_DECLARATIONS)
    wanted = labels.find(kind) if kind else None
    if kind and wanted is None:
        return {}, complete
    score = _scorer(asked)
    found = {}
    question = "SELECT id, qualified, name, kind FROM declaration WHERE id IN (*)"
    for number, qualified, name, its_kind in ask_many(db, question, numbers):
        value = score(qualified.rpartition(".")[2] if name is None else name, qualified)
        if value > 0 and wanted in {None, its_kind}:
            found[number] = ((qualified, its_kind), value)
    return found, complete


def declarations_within(db: sqlite3.Connection, declared: Declared, places: Places) -> tuple[Declared, bool]:
    """Those of the declarations whose symbols answer within a scope, the newest ones, and whether these are all.

    Others under their names come along: they tell since when a symbol was there, and until when.
    """
    near = near_declarations(db, places.bounds)
    left = declared if near is None else {number: declared[number] for number in near & declared.keys()}
    found: list[int] = []
    for part in steps(sorted(left, reverse=True), MOST_DECLARATIONS):
        symbols: dict[int, list[int]] = {}
        for number, symbol in ask_many(db, _SYMBOLS, part):
            symbols.setdefault(number, []).append(symbol)
        answering = {one.key for one in places.gather("symbol_in", symbols)}
        found += [number for number in part if number in answering]
        if len(found) > MOST_DECLARATIONS:
            break
    keys = {left[number][0] for number in found[:MOST_DECLARATIONS]}
    kept = {number: value for number, value in left.items() if value[0] in keys}
    return kept, len(found) <= MOST_DECLARATIONS


def _candidates(db: sqlite3.Connection, text: TextIndex, asked: str, most: int) -> tuple[Sequence[int], bool]:
    """Numbers of declarations that may answer, and whether none was left out."""
    folded = asked.lower()
    last = folded.rpartition(".")[2] or folded
    if is_glob(asked):
        found = text.declarations(last, most + 1)
        if "." in folded and len(found) > most:
            return _under(db, folded, most)
        return _numbers(found[:most]), len(found) <= most
    sets = [text.declarations(last, most + 1), text.declarations(last + "*", most + 1)]
    words = words_of(asked)
    if words:
        sets.append(text.declarations_with(words, most + 1))
    complete = all(len(found) <= most for found in sets)
    return _numbers(dict.fromkeys(number for found in sets for number in found)), complete


def _numbers(found: Iterable[int]) -> Sequence[int]:
    """Declarations' own numbers: the text index knows them below those of the contents that brought them."""
    return [number & (1 << AGE_BITS) - 1 for number in found]


def _under(db: sqlite3.Connection, folded: str, most: int) -> tuple[Sequence[int], bool]:
    """Declarations whose qualified name answers to a glob with a common last name. Reads all declarations."""
    matches = glob_matcher(folded), glob_matcher("*." + folded)
    rows = db.execute("SELECT id, qualified FROM declaration ORDER BY id DESC")
    named = ((number, qualified.lower()) for number, qualified in rows)
    found = [number for number, name in named if matches[0](name) or matches[1](name)]
    return found[:most], len(found) <= most


class _GlobScore:
    def __init__(self, asked: str) -> None:
        self._dotted = "." in asked
        self._exact = glob_matcher(asked), glob_matcher("*." + asked)
        self._folded = glob_matcher(asked.lower()), glob_matcher("*." + asked.lower())

    def __call__(self, name: str, qualified: str) -> float:
        subject = qualified if self._dotted else name
        if any(matches(subject) for matches in self._exact[: 1 + self._dotted]):
            return 0.6
        return 0.4 if any(matches(subject.lower()) for matches in self._folded[: 1 + self._dotted]) else 0.0


class _NameScore:
    def __init__(self, asked: str) -> None:
        self._asked = asked

    def __call__(self, name: str, qualified: str) -> float:
        return rank(self._asked, name, qualified)


def _scorer(asked: str) -> _GlobScore | _NameScore:
    return _GlobScore(asked) if is_glob(asked) else _NameScore(asked)


def symbols_declared(db: sqlite3.Connection, keys: Mapping[int, SymbolKey]) -> dict[SymbolKey, list[int]]:
    """Symbol numbers by key, of declarations by number."""
    found: dict[SymbolKey, list[int]] = {}
    for declaration, number in ask_many(db, _SYMBOLS, keys):
        found.setdefault(keys[declaration], []).append(number)
    return found


def symbols_with(db: sqlite3.Connection, which: Which, digests: Iterable[bytes]) -> dict[FingerprintKey, list[int]]:
    """Symbol numbers by fingerprint and key, of those that have one of the fingerprints."""
    wanted = set(digests)
    found: dict[FingerprintKey, list[int]] = {}
    for digest, qualified, kind, number in ask_many(db, _WITH[which], {digest[:6] for digest in wanted}):
        if digest in wanted:
            found.setdefault((digest, (qualified, kind)), []).append(number)
    return found


def fingerprints(db: sqlite3.Connection, which: Which, min_tokens: int, after: bytes, limit: int) -> Sequence[bytes]:
    """Fingerprints above `after` of symbols with at least so many tokens, ascending, at most `limit`."""
    after = after or bytes(16)  # substr() of an empty blob is NULL, and nothing is >= NULL
    rows = db.execute(_AFTER[which], (after, after, min_tokens, limit))
    return [digest for (digest,) in rows]


_SYMBOLS = "SELECT declaration, id FROM symbol WHERE declaration IN (*)"
_WITH: Mapping[Which, str] = {
    "exact": "SELECT s.exact, d.qualified, d.kind, s.id FROM symbol s JOIN declaration d ON d.id = s.declaration"
    " WHERE substr(s.exact, 1, 6) IN (*)",
    "renamed": "SELECT s.renamed, d.qualified, d.kind, s.id FROM symbol s JOIN declaration d ON d.id = s.declaration"
    " WHERE substr(s.renamed, 1, 6) IN (*)",
}
_AFTER: Mapping[Which, str] = {
    "exact": "SELECT DISTINCT exact FROM symbol WHERE substr(exact, 1, 6) >= substr(?, 1, 6) AND exact > ?"
    " AND tokens >= ? ORDER BY substr(exact, 1, 6), exact LIMIT ?",
    "renamed": "SELECT DISTINCT renamed FROM symbol WHERE substr(renamed, 1, 6) >= substr(?, 1, 6) AND renamed > ?"
    " AND tokens >= ? ORDER BY substr(renamed, 1, 6), renamed LIMIT ?",
}
