"""Subversion behind the port: `wc.db` and the pristine files, read as plain files. No svn runs, no network.

A working copy knows the present, not the past: its commits are the revisions its files were last changed in, with
author and time but without words.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from itertools import groupby
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from codevault.errors import RepositoryUnreadable
from codevault.vcs.elsewhere import is_elsewhere
from codevault.vcs.model import (
    Commit,
    CommitChange,
    CommitId,
    ObjectId,
    RepositoryFacts,
    RepositoryState,
    Signature,
    System,
    Tracked,
)
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import HeapMemory, Memory, keep_tracked, recall_tracked
from codevault.vcs.svn import read_svn

_LARGEST_DATABASE = 4 << 30
_LARGEST_PRISTINE = 512 << 20
_SECONDS = 20.0
_STEPS = 100_000
_FORMATS = range(29, 32)  # 1.7 to 1.14; from 32 on pristine files may be missing
_MOST_PROPERTIES = 10_000
_ATOM = re.compile(rb"[ \t\n\r\f]*(?:(?P<length>[0-9]{1,9})[ \t\n\r\f]|(?P<word>[A-Za-z][^ \t\n\r\f()]*))")
_TABLES = ("NODES", "REPOSITORY", "ACTUAL_NODE")

_NODES = """
SELECT n.local_relpath, n.op_depth, n.checksum, n.changed_revision, n.changed_date, n.changed_author, r.root,
       n.kind = 'symlink' OR instr(coalesce(n.properties, ''), '(svn:special ') > 0,
       a.conflict_data IS NOT NULL
FROM NODES AS n LEFT JOIN REPOSITORY AS r ON r.id = n.repos_id
LEFT JOIN ACTUAL_NODE AS a ON a.wc_id = n.wc_id AND a.local_relpath = n.local_relpath
WHERE n.presence = 'normal' AND n.kind IN ('file', 'symlink') AND n.file_external IS NULL
ORDER BY n.local_relpath, n.op_depth
"""

_PROPERTIES = """
SELECT n.local_relpath, coalesce(a.properties, n.properties)
FROM NODES AS n LEFT JOIN ACTUAL_NODE AS a ON a.wc_id = n.wc_id AND a.local_relpath = n.local_relpath
WHERE n.kind = 'dir' AND n.presence = 'normal' ORDER BY n.local_relpath, n.op_depth
"""


_Row = TypeVar("_Row")


class _Node(NamedTuple):
    path: str
    depth: int
    checksum: str | None
    revision: int | None
    changed_us: int | None
    author: str | None
    url: str | None
    link: int
    conflict: int


class SvnRepository:
    """A Subversion working copy as a `Repository`; see there. `own_names` are this machine's."""

    def __init__(self, root: ReadFolder, *, memory: Memory | None = None, own_names: Collection[str] = ()) -> None:
        self._root = root
        self._memory = memory or HeapMemory()
        self._own_names = own_names
        self._facts = read_svn(root) or RepositoryFacts(system=System.SVN)
        self._notes: list[str] = []
        self._held: list[_Node] | None = None
        self._key = self._stamp()

    def state(self) -> RepositoryState:
        """See `Repository.state`."""
        newest = max((node.revision or 0 for node in self._nodes() if node.depth == 0), default=0)
        changed = self._root.changed_ns(".svn/wc.db")
        return RepositoryState(
            facts=self._facts,
            upstream=self._facts.branch,
            fetched_ns=changed,
            trusted=not self._notes,
            notes=(*self._facts.notes, *self._notes),
            tips=(CommitId(str(newest)),) if newest else (),
        )

    def tracked(self) -> Mapping[str, Tracked]:
        """See `Repository.tracked`."""
        remembered = recall_tracked(self._memory, self._key) if self._key else None
        if remembered is not None:
            return remembered
        found = {
            node.path: Tracked(_sha1(node.checksum), node.depth == 0, bool(node.conflict), bool(node.link))
            for node in self._nodes()  # deeper layers, which come later, are what is to be there
        }
        if self._key and not self._notes:
            keep_tracked(self._memory, self._key, found)
        return found

    def object_id(self, content: bytes) -> ObjectId:
        """See `Repository.object_id`."""
        return ObjectId(hashlib.sha1(content, usedforsecurity=False).hexdigest())

    def safe(self) -> AbstractSet[ObjectId]:
        """See `Repository.safe`."""
        remembered = self._memory.recall("safe", self._key) if self._key else None
        if remembered is not None:
            return frozenset(remembered.decode("ascii").split())  # type: ignore[arg-type]  # as they were kept
        nodes = self._nodes()
        elsewhere = {url for url in {node.url for node in nodes} if url and is_elsewhere(url, self._own_names)}
        found = frozenset(
            _sha1(node.checksum)
            for node in nodes
            if node.depth == 0 and node.checksum and node.revision is not None and node.url in elsewhere
        )
        if self._key and not self._notes:
            self._memory.keep("safe", self._key, "\n".join(sorted(found)).encode("ascii"))
        return found

    def read(self, id: ObjectId) -> bytes | None:  # noqa: A002
        """See `Repository.read`."""
        if len(id) != 40 or not set(id) <= set("0123456789abcdef"):
            return None
        content = self._root.read(f".svn/pristine/{id[:2]}/{id}.svn-base", _LARGEST_PRISTINE)
        return content if content is not None and self.object_id(content) == id else None

    def commits(self, known: Collection[CommitId] = ()) -> Iterator[Commit]:
        """See `Repository.commits`."""
        known_nodes = self._nodes()
        if self._notes:
            raise RepositoryUnreadable("; ".join(self._notes))
        newest = max((int(one) for one in known if one.isdecimal()), default=0)
        nodes = [node for node in known_nodes if node.depth == 0 and (node.revision or 0) > newest]
        previous: tuple[CommitId, ...] = (CommitId(str(newest)),) if newest else ()
        for revision, group in groupby(sorted(nodes, key=_revision), key=_revision):
            changed = list(group)
            who = Signature(name=changed[0].author or "", mail="", at_ns=(changed[0].changed_us or 0) * 1000)
            yield Commit(
                id=CommitId(str(revision)),
                parents=previous,
                author=who,
                committer=who,
                message="",
                changes=tuple(
                    CommitChange(path=node.path, before=None, after=_sha1(node.checksum))
                    for node in sorted(changed, key=lambda node: node.path)
                ),
            )
            previous = (CommitId(str(revision)),)

    def close(self) -> None:
        """See `Repository.close`."""

    def properties(self) -> Mapping[str, Mapping[str, bytes]]:
        """Of each folder ("" for the top) the properties it has, by name; empty when it is not to be trusted."""
        rows = self._asked(lambda database: database.execute(_PROPERTIES).fetchall())
        return {path: parse_properties(held) for path, held in rows or () if isinstance(held, bytes)}

    @property
    def on_this_machine(self) -> bool:
        """True when the server is no other machine's: all that it holds may be lost with the working copy."""
        return not any(node.url and is_elsewhere(node.url, self._own_names) for node in self._nodes())

    def _nodes(self) -> list[_Node]:
        if self._held is None:
            self._held = self._read()
        return self._held

    def _stamp(self) -> bytes:
        """What changes with every change of the database: its own counters, and the file's status; empty on doubt."""
        status = self._root.status(".svn/wc.db")
        head = self._root.read(".svn/wc.db", 100) or b""
        if status is None or len(head) < 100 or self._root.kind(".svn/wc.db-journal") not in {"", "file"}:
            return b""
        journal = self._root.status(".svn/wc.db-journal")
        if journal is not None and journal.st_size:
            return b""
        facts = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, sorted(self._own_names))
        return head + repr(facts).encode()

    def _read(self) -> list[_Node]:
        return self._asked(_nodes_of) or []

    def _asked(self, question: Callable[[sqlite3.Connection], list[_Row]]) -> list[_Row] | None:
        """The answer of a database that may be anything; None, and a note, where there is none."""
        path = os.path.join(self._root.path, ".svn", "wc.db")
        journal = self._root.status(".svn/wc.db-journal")
        if journal is not None and journal.st_size:
            self._note("the working copy is being changed, or its last change was cut short")
            return None
        try:
            if self._root.kind(".svn") != "folder" or os.lstat(path).st_size > _LARGEST_DATABASE:
                raise ValueError
            with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True, timeout=0)) as database:
                _made_safe(database)
                return question(database)
        except (sqlite3.Error, OSError, ValueError, UnicodeError, TypeError):
            self._note("wc.db cannot be read or is of an unknown format")
            return None

    def _note(self, why: str) -> None:
        if why not in self._notes:
            self._notes.append(why)


def parse_properties(skel: bytes) -> Mapping[str, bytes]:
    """A property list as `wc.db` holds it: `(name length value ...)`; what is none of these is no property.

    Names are bare words or have their length in front as well (Subversion, subversion/libsvn_subr/skel.c).
    """
    atoms: list[bytes] = []
    at = 1
    while skel.startswith(b"(") and at < len(skel) and len(atoms) < _MOST_PROPERTIES:
        found = _ATOM.match(skel, at)
        if found is None:
            break
        at = found.end()
        if found["length"] is None:
            atoms.append(found["word"])
            continue
        length = int(found["length"])
        atoms.append(skel[at : at + length])
        at += length
    return {name.decode("utf-8", "replace"): value for name, value in zip(atoms[::2], atoms[1::2], strict=False)}


def _made_safe(database: sqlite3.Connection) -> None:
    """Limits for a database that may be hostile.

    Raises:
        ValueError: it is of an unknown format, or a view stands where a table belongs.
    """
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 16 << 20)
    until = time.monotonic() + _SECONDS
    database.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    database.execute("PRAGMA trusted_schema = OFF")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    # Views of these names could compute anything, triggers do not fire on reading.
    held = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version not in _FORMATS or not held.issuperset(_TABLES):
        raise ValueError(version)


def _nodes_of(database: sqlite3.Connection) -> list[_Node]:
    nodes = [_Node(*row) for row in database.execute(_NODES)]
    if not all(isinstance(n.path, str) and isinstance(n.checksum, str | None) for n in nodes):
        raise ValueError("types")
    return nodes


def _sha1(checksum: str | None) -> ObjectId:
    return ObjectId((checksum or "").removeprefix("$sha1$"))


def _revision(node: _Node) -> int:
    return node.revision or 0
