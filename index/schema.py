"""The catalog's tables, and opening a catalog that can be trusted. FORMAT.md explains each column."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codevault.errors import IndexBusy, IndexDamaged, StorageFull
from codevault.ids import VaultId

VERSION = 4
"""Format of everything under cache/ that this package writes; FORMAT.md says when to bump it."""

FEW_PAGES = 512
"""Pages below which a catalog is left as it grew."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE label (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE project (
  id INTEGER PRIMARY KEY, project TEXT NOT NULL UNIQUE, name TEXT NOT NULL, client TEXT NOT NULL,
  phase TEXT NOT NULL, stack TEXT NOT NULL, tags TEXT NOT NULL, head INTEGER);
CREATE TABLE snapshot (
  project INTEGER NOT NULL, sequence INTEGER NOT NULL, id BLOB NOT NULL UNIQUE, created_ns INTEGER NOT NULL,
  reason TEXT NOT NULL, kind TEXT NOT NULL, facts TEXT NOT NULL, changed BLOB NOT NULL,
  PRIMARY KEY (project, sequence)) WITHOUT ROWID;
CREATE TABLE path (id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE);
CREATE TABLE content (
  id INTEGER PRIMARY KEY, blob BLOB NOT NULL, hint INTEGER NOT NULL, size INTEGER NOT NULL, state INTEGER NOT NULL,
  reason TEXT, language INTEGER, grammar INTEGER, listed INTEGER);
CREATE TABLE content_group (first INTEGER PRIMARY KEY, lengths BLOB NOT NULL, records BLOB NOT NULL);
CREATE INDEX content_blob ON content (substr(blob, 1, 4));
CREATE INDEX content_state ON content (state) WHERE state <> 1;
CREATE INDEX content_grammar ON content (grammar) WHERE state IN (1, 4);
CREATE TABLE version (
  project INTEGER NOT NULL, path INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, content INTEGER NOT NULL,
  PRIMARY KEY (project, path, first)) WITHOUT ROWID;
CREATE INDEX version_content ON version (content);
CREATE TABLE revision (
  project INTEGER NOT NULL, number INTEGER NOT NULL, id BLOB NOT NULL, line INTEGER NOT NULL, parents BLOB NOT NULL,
  author INTEGER NOT NULL, authored_ns INTEGER NOT NULL, committed_ns INTEGER NOT NULL, changed BLOB NOT NULL,
  PRIMARY KEY (project, number)) WITHOUT ROWID;
CREATE INDEX revision_id ON revision (project, substr(id, 1, 4));
CREATE TABLE stay (
  project INTEGER NOT NULL, path INTEGER NOT NULL, line INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER,
  content INTEGER NOT NULL, PRIMARY KEY (project, path, line, first)) WITHOUT ROWID;
CREATE INDEX stay_content ON stay (content);
CREATE TABLE linked (
  project INTEGER NOT NULL, number INTEGER NOT NULL, parents BLOB NOT NULL, paths BLOB NOT NULL,
  PRIMARY KEY (project, number)) WITHOUT ROWID;
CREATE TABLE link (
  project INTEGER NOT NULL, path INTEGER NOT NULL, number INTEGER NOT NULL, steps BLOB NOT NULL,
  PRIMARY KEY (project, path, number)) WITHOUT ROWID;
CREATE TABLE link_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE fragment_key (id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE fragment_in (id INTEGER PRIMARY KEY, lists BLOB NOT NULL);
CREATE TABLE text_group (id INTEGER PRIMARY KEY, first INTEGER NOT NULL, lengths BLOB NOT NULL, text BLOB NOT NULL);
CREATE INDEX text_group_first ON text_group (first);
CREATE TABLE stale_group (id INTEGER PRIMARY KEY);
CREATE TABLE declaration (
  id INTEGER PRIMARY KEY, qualified TEXT NOT NULL, name TEXT, kind INTEGER NOT NULL, language INTEGER NOT NULL);
CREATE TABLE declaration_group (first INTEGER PRIMARY KEY, lengths BLOB NOT NULL, records BLOB NOT NULL);
CREATE TABLE declaration_key (id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE symbol (
  id INTEGER PRIMARY KEY, declaration INTEGER NOT NULL, tokens INTEGER NOT NULL, bytes INTEGER NOT NULL,
  lines INTEGER NOT NULL, exact BLOB NOT NULL, renamed BLOB NOT NULL, body BLOB NOT NULL,
  unit BLOB NOT NULL);
CREATE TABLE symbol_group (first INTEGER PRIMARY KEY, lengths BLOB NOT NULL, records BLOB NOT NULL);
CREATE TABLE symbol_of (id INTEGER PRIMARY KEY, lists BLOB NOT NULL);
CREATE INDEX symbol_exact ON symbol (substr(exact, 1, 4));
CREATE INDEX symbol_renamed ON symbol (substr(renamed, 1, 4));
CREATE TABLE symbol_key (id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE symbol_in (id INTEGER PRIMARY KEY, lists BLOB NOT NULL);
CREATE TABLE fragment_of (id INTEGER PRIMARY KEY, lists BLOB NOT NULL);
CREATE TABLE piece_group (first INTEGER PRIMARY KEY, lengths BLOB NOT NULL, records BLOB NOT NULL);
CREATE TABLE rest_group (first INTEGER PRIMARY KEY, lengths BLOB NOT NULL, records BLOB NOT NULL);
CREATE TABLE rest_key (id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE rest_in (id INTEGER PRIMARY KEY, lists BLOB NOT NULL);
CREATE TABLE reuse_segment (id INTEGER PRIMARY KEY, entries INTEGER NOT NULL, pages BLOB NOT NULL);
CREATE TABLE reuse_page (id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
CREATE TABLE reuse_stream (first INTEGER PRIMARY KEY, heads BLOB NOT NULL, streams BLOB NOT NULL);
"""


def connect(file: Path | None, *, writable: bool) -> sqlite3.Connection:
    """A connection to the catalog in `file` (None: in memory) that trusts nothing in it and may cross threads.

    Raises:
        IndexDamaged: there is no such catalog.
    """
    with guarded(file):
        if file is None:
            db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        else:
            mode = "rwc" if writable else "ro"
            address = f"{file.absolute().as_uri()}?mode={mode}"
            db = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, timeout=30)
        try:
            _restrict(db, writable=writable)
            if writable:
                db.execute("PRAGMA journal_mode = WAL").fetchall()
        except BaseException:
            db.close()
            raise
        return db


def _restrict(db: sqlite3.Connection, *, writable: bool) -> None:
    """A catalog may have been swapped for a hostile one: no functions or virtual tables from its schema."""
    db.execute("PRAGMA trusted_schema = OFF")
    db.execute("PRAGMA cell_size_check = ON")
    db.execute("PRAGMA mmap_size = 0")
    db.execute(f"PRAGMA cache_size = -{64 << 10 if writable else 16 << 10}")
    if writable:
        db.execute("PRAGMA synchronous = NORMAL")  # a commit lost to a power cut is redone from the vault
    else:
        db.execute("PRAGMA query_only = ON")
    if sys.version_info >= (3, 12):
        db.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def create(db: sqlite3.Connection, vault_id: VaultId) -> None:
    """Makes the tables of an empty catalog, in one transaction; leaves those another process made meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    if not is_empty(db):
        db.execute("ROLLBACK")
        return
    for statement in TABLES.split(";")[:-1]:
        db.execute(statement)
    facts = {"version": str(VERSION), "vault": vault_id, "generation": "0"}
    db.executemany("INSERT INTO meta VALUES (?, ?)", facts.items())
    db.execute("COMMIT")


def is_empty(db: sqlite3.Connection) -> bool:
    """True when nothing was ever created in it."""
    return db.execute("SELECT 1 FROM sqlite_schema").fetchone() is None


def check(db: sqlite3.Connection, vault_id: VaultId) -> int:
    """The catalog's generation, when it is this vault's, of this version, and holds nothing but our tables.

    Raises:
        IndexDamaged: any of that is not so.
    """
    if _objects(db) != _expected():
        raise IndexDamaged("the catalog is damaged, not ours or of another version: rebuild() makes it again")
    facts = dict(db.execute("SELECT key, value FROM meta"))
    if facts.get("version") != str(VERSION):
        raise IndexDamaged(f"the catalog has format {facts.get('version')}, not {VERSION}: rebuild() makes it again")
    if facts.get("vault") != vault_id:
        raise IndexDamaged("the catalog belongs to another vault: rebuild() makes it again")
    return int(facts["generation"])


def _objects(db: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    return set(db.execute("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'"))


def _expected() -> set[tuple[str, str, str | None]]:
    db = sqlite3.connect(":memory:")
    try:
        db.executescript(TABLES)
        return _objects(db)
    finally:
        db.close()


def compact(db: sqlite3.Connection) -> None:
    """Writes the catalog anew, page after page, once it has grown by a quarter since: that makes it a twelfth smaller.

    Best left undone where there is no space for it.
    """
    pages = int(db.execute("PRAGMA page_count").fetchone()[0])
    before = db.execute("SELECT value FROM meta WHERE key = 'compacted'").fetchone()
    if 4 * pages < max(4 * FEW_PAGES, 5 * int(before[0] if before else 0)):
        return
    try:
        db.execute("VACUUM")
        pages = int(db.execute("PRAGMA page_count").fetchone()[0])
        db.execute("INSERT OR REPLACE INTO meta VALUES ('compacted', ?)", (str(pages),))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error:
        return  # another time


def busy() -> IndexBusy:
    """What is raised while somebody else writes."""
    return IndexBusy("another process is writing the index; try again when it has ended")


def is_full(folder: Path) -> bool:
    """True when hardly a byte is free there: what failed meanwhile failed for that."""
    try:
        return shutil.disk_usage(folder).free < _HARDLY_ANY
    except OSError:
        return False


def full(file: Path) -> StorageFull:
    """What is raised when a file of the index cannot grow."""
    return StorageFull(file, OSError(errno.ENOSPC, "no space left for the index"))


Identity = tuple[int, int]


def identity(file: Path | None) -> Identity | None:
    """Which file it is; None: none. Another one in its place means that another process began anew."""
    try:
        status = os.stat(file or "")
    except OSError:
        return None
    return status.st_dev, status.st_ino


@contextmanager
def guarded(file: Path | None, opened: Identity | None = None) -> Iterator[None]:
    """Turns what SQLite raises into this library's errors; `opened` is the file's identity when it was opened.

    Raises:
        StorageFull: no space for the catalog.
        IndexBusy: another process writes the catalog, or made another in its place.
        IndexDamaged: anything else; the archive itself is not touched.
    """
    opened = opened or identity(file)
    try:
        yield
    except sqlite3.Error as exc:
        code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL or (code in _OF_FILES and file is not None and is_full(file.parent)):
            raise full(file or Path("catalog")) from exc
        if code in _OF_OTHERS or (code in _OF_FILES and opened != identity(file)):
            raise busy() from exc
        raise IndexDamaged(f"the catalog cannot be used ({exc}); the archive is intact, rebuild()") from exc


_HARDLY_ANY = 256 << 10
_OF_OTHERS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_OF_FILES = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
"""What a disk without space, or files that are no longer there, look like too."""
