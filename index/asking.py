"""The questions an index answers, each within one session."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from codevault.errors import InvalidArgument
from codevault.ids import BlobId
from codevault.index import answers, symbols, symbolsearch
from codevault.index.finding import Found, Places
from codevault.index.groups import GroupCache, all_groups
from codevault.index.model import (
    ContentState,
    Hit,
    IndexState,
    IndexStats,
    Scope,
    SymbolVersion,
)
from codevault.index.rows import blob_key
from codevault.index.scoping import limits
from codevault.index.sessions import Session
from codevault.index.snapshots import SECRET

FILES_AT_ONCE = 50
DIGESTS_AT_ONCE = 500
_DIGEST = 16


def pending_count(db: sqlite3.Connection) -> int:
    """How many file versions wait for analysis."""
    return int(db.execute("SELECT count(*) FROM content WHERE state = 0").fetchone()[0])


def symbols_of(session: Session, blob: BlobId, hint: str) -> tuple[SymbolVersion, ...]:
    """Symbols of the content that a blob under a path of that hint is; empty when there is none."""
    row = _content(session, blob, hint)
    if row is None:
        return ()
    return symbols.symbols_of(session.db, session.labels, (row[0],))[row[0]]


def symbols_at(session: Session, held: Sequence[tuple[str, int]], kind: str) -> Sequence[tuple[str, SymbolVersion]]:
    """(path, symbol) of some files, in their order."""
    found = symbols.symbols_of(session.db, session.labels, {content for _, content in held})
    return [(path, symbol) for path, content in held for symbol in found.get(content, ()) if kind in {"", symbol.kind}]


def symbols_with(session: Session, exact: str, renamed: str, scope: Scope) -> tuple[Hit, ...]:
    """Every place of a fingerprint, best first."""
    if bool(exact) == bool(renamed):
        raise InvalidArgument("give one fingerprint: exact or renamed")
    try:
        digest = bytes.fromhex(exact or renamed)
    except ValueError as exc:
        raise InvalidArgument("a fingerprint is written in hexadecimal digits") from exc
    return _places_of(session, "exact" if exact else "renamed", (digest,), scope, fewest=1).get(digest, ())


def fingerprint_groups(
    session: Session, which: symbolsearch.Which, min_tokens: int, scope: Scope, after: bytes
) -> tuple[list[tuple[str, tuple[Hit, ...]]], bytes]:
    """The next groups of places that share a fingerprint, and where to go on; b"" at the end."""
    digests = symbolsearch.fingerprints(session.db, which, min_tokens, after, DIGESTS_AT_ONCE)
    groups = [(digest.hex(), hits) for digest, hits in _places_of(session, which, digests, scope, fewest=2).items()]
    groups.sort()
    return groups, digests[-1] if len(digests) == DIGESTS_AT_ONCE else b""


def _places_of(
    session: Session, which: symbolsearch.Which, digests: Iterable[bytes], scope: Scope, *, fewest: int
) -> dict[bytes, tuple[Hit, ...]]:
    """Places of each fingerprint that has at least so many, best first."""
    numbers = symbolsearch.symbols_with(session.db, which, digests)
    places = Places(session.db, limits(session.db, session.labels, scope), session.memory())
    by_digest: dict[bytes, list[Found[symbolsearch.SymbolKey]]] = {}
    for one in places.gather("symbol_in", numbers):
        digest, key = one.key
        by_digest.setdefault(digest, []).append(one._replace(key=key))  # type: ignore[arg-type]  # another kind of key
    hits = {}
    for digest, found in by_digest.items():
        if len(found) >= fewest:
            page, _ = answers.symbol_page(found, {}, len(found), 0)
            its_numbers = {one.key: numbers[digest, one.key] for one in page}
            hits[digest] = answers.symbol_hits(session.db, session.labels, page, its_numbers, {})
    return hits


def content_state(session: Session, blob: BlobId, hint: str) -> ContentState:
    """How far a content is indexed."""
    row = _content(session, blob, hint) or _content(session, blob, "") or _content(session, blob, SECRET)
    if row is None:
        return ContentState(state=IndexState.UNKNOWN, reason="no snapshot in the index holds it")
    _, number, reason, language, grammar = row
    state = IndexState(number)
    return ContentState(
        state=state,
        reason=reason or _REASONS.get(state, ""),
        language=session.labels.text(language),
        grammar=session.labels.text(grammar),
    )


_REASONS = {
    IndexState.PENDING: "not analysed yet",
    IndexState.TEXT: "no grammar for it: searchable as text",
    IndexState.BINARY: "not text",
    IndexState.FAILED: "the parser gave up: searchable as text",
    IndexState.SECRET: "kept, but not indexed: it may hold a secret",
    IndexState.GONE: "its text is gone with the repository that held it; its symbols are known",
}


def _content(session: Session, blob: BlobId, hint: str) -> tuple[int, int, str | None, int | None, int | None] | None:
    row: tuple[int, int, str | None, int | None, int | None] | None = session.db.execute(
        "SELECT c.id, c.state, c.reason, c.language, c.grammar FROM content c JOIN label l ON l.id = c.hint"
        " WHERE substr(c.blob, 1, 4) = ? AND c.blob = ? AND l.text = ?",
        (blob_key(blob)[:4], blob_key(blob), hint),
    ).fetchone()
    return row


_TABLES = (
    "project",
    "snapshot",
    "path",
    "content",
    "version",
    "revision",
    "stay",
    "fragment_key",
    "fragment_in",
    "text_group",
    "declaration",
    "symbol",
    "symbol_in",
)


def stats(db: sqlite3.Connection, folder: Path | None) -> IndexStats:
    """Rows of each table, bytes of the files."""
    rows = {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in _TABLES}  # noqa: S608 - constants
    pages = db.execute("PRAGMA page_count").fetchone()[0] * db.execute("PRAGMA page_size").fetchone()[0]
    files = [] if folder is None else [file for file in (folder / "index").iterdir() if file.is_file()]
    return IndexStats(
        rows=rows,
        catalog_bytes=pages,
        text_index_bytes=sum(file.stat().st_size for file in files),
        text_bytes=sum(len(group.text) for group in all_groups(db, GroupCache())),
    )
