"""Connections to the catalog: many readers side by side, or one writer with its transaction.

A reader's question runs in one read transaction, so it sees one state of the catalog however long it takes.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from codevault.analysis.model import FileAnalysis
from codevault.errors import IndexDamaged, InvalidArgument, VaultClosed
from codevault.ids import VaultId
from codevault.index import schema
from codevault.index.finding import Memory
from codevault.index.groups import GroupCache
from codevault.index.model import Coverage, Pending, Scope
from codevault.index.ports import TextIndex
from codevault.index.recording import Recorder
from codevault.index.reuse import Directory
from codevault.index.rows import Labels
from codevault.index.scoping import Where, coverage, limits
from codevault.index.timelines import Timeline

_MOST_REMEMBERED = 64


class Session:
    """One connection and what is worth remembering about its catalog."""

    def __init__(self, db: sqlite3.Connection, cache: GroupCache) -> None:
        self.db = db
        self.cache = cache
        self.labels = Labels(db)
        self._coverage: dict[Scope | Where, Coverage] = {}
        self._memory = Memory()
        self._directory = Directory()
        self._state: tuple[int, int] | None = None

    def coverage(self, scope: Scope | Where) -> Coverage:
        """What a search in the scope can see; counted once while the catalog stays as it is."""
        self._refresh()
        if scope not in self._coverage:
            self._coverage[scope] = coverage(self.db, limits(self.db, self.labels, scope), self.timeline)
        return self._coverage[scope]

    def timeline(self, project: int) -> Timeline | None:
        """The versions of a project by the catalog's number, None when it has no commits."""
        return self.memory().timeline(self.db, project)

    def memory(self) -> Memory:
        """What earlier questions read about places, if it is still true."""
        self._refresh()
        return self._memory

    def directory(self) -> Directory:
        """Where near-miss terms lie, if it is still true."""
        self._refresh()
        return self._directory

    def _refresh(self) -> None:
        state = (self.db.execute("PRAGMA data_version").fetchone()[0], self.db.total_changes)
        if state != self._state:
            self._state, self._memory, self._coverage = state, Memory(), {}
            self._directory = Directory()
        if len(self._coverage) >= _MOST_REMEMBERED:
            self._coverage = {}


class Readers:
    """Read-only connections, lent to one question at a time and kept for the next."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._opened = schema.identity(file)
        self._idle: list[Session] = []
        self._cache = GroupCache()
        self._lock = threading.Lock()
        self._closed = False

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session inside a read transaction.

        Raises:
            VaultClosed: after `close`.
            IndexBusy: another process is making another catalog in its place.
            IndexDamaged: the catalog cannot be read.
        """
        with schema.guarded(self._file, self._opened):
            session = self._borrow()
            try:
                session.db.execute("BEGIN")
                yield session
            finally:
                if session.db.in_transaction:
                    session.db.execute("ROLLBACK")
                self._give_back(session)

    def _borrow(self) -> Session:
        with self._lock:
            if self._closed:
                raise VaultClosed("the index was closed", self._file)
            if self._idle:
                return self._idle.pop()
        return Session(schema.connect(self._file, writable=False), self._cache)

    def _give_back(self, session: Session) -> None:
        with self._lock:
            if not self._closed:
                self._idle.append(session)
                return
        session.db.close()

    def close(self) -> None:
        """Closes every connection; those that are lent, when they come back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            session.db.close()


class Writer:
    """The one connection that writes. Calls come from any thread, one at a time.

    Writes gather in one transaction until `commit`. The text index commits first, under the next generation, then the
    catalog: killed in between, the text index is ahead, and the next writer has it forget that generation.
    """

    def __init__(self, db: sqlite3.Connection, file: Path | None, text: TextIndex, vault: VaultId) -> None:
        self._session = Session(db, GroupCache())
        self._file = file
        self._opened = schema.identity(file)
        self._text = text
        self._vault = vault
        self._lock = threading.RLock()
        self._unusable: str = ""
        self._closed = False
        self._recorder = Recorder(db, self._session.labels, text, vault)
        self._stale = self._stale_groups()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The writer's session with everything recorded so far, for asking."""
        with self._lock, schema.guarded(self._file, self._opened):
            self._check()
            inside = self._session.db.in_transaction
            if inside:
                self._recorder.flush()
            else:
                self._session.db.execute("BEGIN")
            try:
                yield self._session
            finally:
                if not inside and self._session.db.in_transaction:
                    self._session.db.execute("ROLLBACK")

    def write(self, change: Callable[[Session], None]) -> None:
        """Makes a change of the catalog part of the running transaction."""
        with self._writing():
            self._recorder.flush()
            change(self._session)

    def record(self, pending: Pending, analysis: FileAnalysis, content: bytes | None) -> None:
        """Records what an analysis found."""
        with self._writing():
            self._recorder.add(pending, analysis, content)

    def commit(self) -> None:
        """Makes everything recorded durable, in the text index and in the catalog."""
        with self._writing():
            db = self._session.db
            self._recorder.finish()
            if self._recorder.text_added:
                row = db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
                generation = int(row[0]) + 1
                self._text.commit(generation, self._stale)
                db.executemany("DELETE FROM stale_group WHERE id = ?", ((number,) for number in self._stale))
                db.execute("UPDATE meta SET value = ? WHERE key = 'generation'", (str(generation),))
            db.execute("COMMIT")
            self._recorder.committed()
            self._stale = self._stale_groups()

    def _stale_groups(self) -> tuple[int, ...]:
        """Groups that no durable catalog names any more; asked between transactions."""
        return tuple(number for (number,) in self._session.db.execute("SELECT id FROM stale_group"))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A piece of writing; if it fails, nothing since the last commit counts and the index must be opened again."""
        with self._lock:
            self._check()
            try:
                with schema.guarded(self._file, self._opened):
                    if not self._session.db.in_transaction:
                        self._session.db.execute("BEGIN IMMEDIATE")
                    yield
            except BaseException as exc:
                if not isinstance(exc, InvalidArgument):
                    self._give_up(exc)
                raise

    def _give_up(self, why: BaseException) -> None:
        self._unusable = f"writing the index failed before ({why}): open it again"
        if self._session.db.in_transaction:
            self._session.db.rollback()
        self._text.close()

    def _check(self) -> None:
        if self._closed:
            raise VaultClosed("the index was closed", self._file or Path(":memory:"))
        if self._unusable:
            raise IndexDamaged(self._unusable)

    def close(self) -> None:
        """Forgets what was not committed."""
        with self._lock:
            self._text.close()
            if self._file is not None and not (self._closed or self._unusable or self._session.db.in_transaction):
                schema.compact(self._session.db)
            self._closed = True
            self._session.db.close()
