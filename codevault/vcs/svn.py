"""What Subversion's own database says about a working copy. No svn program runs, nothing goes over the network."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from urllib.parse import quote

from codevault.vcs.model import RepositoryFacts, System
from codevault.vcs.reading import ReadFolder
from codevault.vcs.urls import public_url

_LARGEST = 4 << 30
_STEPS = 1000
_MOST_ROUNDS = 500  # half a million steps of SQLite's machine, some milliseconds: the query is two look-ups

_TABLES = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('NODES', 'REPOSITORY')"
_QUERY = """
SELECT n.revision, n.repos_path, r.root FROM NODES AS n JOIN REPOSITORY AS r ON r.id = n.repos_id
WHERE n.local_relpath = '' AND n.op_depth = 0 LIMIT 1
"""


def read_svn(root: ReadFolder) -> RepositoryFacts | None:
    """The facts of the working copy at `root`, None without one."""
    kind = root.kind(".svn")
    if not kind:
        return None
    if kind != "folder":
        return RepositoryFacts(system=System.SVN, notes=(".svn is a link or no folder: not followed",))
    if root.kind(".svn/wc.db") != "file":
        return RepositoryFacts(system=System.SVN, notes=("wc.db is missing or no file",))
    row = _row(os.path.join(root.path, ".svn", "wc.db"))
    if row is None:
        return RepositoryFacts(system=System.SVN, notes=("wc.db cannot be read or is of an unknown format",))
    revision, path, url = row
    return RepositoryFacts(
        system=System.SVN,
        branch=path if path.isprintable() and len(path) <= 1024 else "",
        head=str(revision),
        remote=public_url(url),
    )


def read_root(root: ReadFolder) -> str:
    """The URL of the server's repository as it stands in the database, "" when that cannot be read."""
    if root.kind(".svn/wc.db") != "file":
        return ""
    row = _row(os.path.join(root.path, ".svn", "wc.db"))
    return row[2] if row is not None else ""


def _row(path: str) -> tuple[int, str, str] | None:
    """Revision, path in the repository and the repository's URL. The file may be anything, a hostile database too.

    Immutable: SQLite takes no lock and writes no journal beside it, so a client at work is not disturbed.
    """
    rounds = iter(range(_MOST_ROUNDS))
    try:
        if os.lstat(path).st_size > _LARGEST:
            return None
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True, timeout=0)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1 << 20)
            database.set_progress_handler(lambda: next(rounds, None) is None, _STEPS)
            database.execute("PRAGMA trusted_schema = OFF")
            if database.execute(_TABLES).fetchone() != (2,):  # views of these names could compute anything
                return None
            row = database.execute(_QUERY).fetchone()
    except (sqlite3.Error, OSError, ValueError, UnicodeError):
        return None
    if row is None or tuple(map(type, row)) != (int, str, str):
        return None
    return row[0], row[1], row[2]
