"""SQLite databases that are written while they are backed up."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from codevault.databases import databases
from codevault.source import MemoryFile, MemoryFolder, RealFolder
from tests.restoring.scenes import Archive


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        ({"a.db", "a.db-wal", "a.db-shm"}, {"a.db": {"a.db", "a.db-wal", "a.db-shm"}}),
        ({"a.db", "a.db-journal", "b"}, {"a.db": {"a.db", "a.db-journal"}}),
        ({"a.db-wal", "other"}, {}),
        ({"a.db", "a.db-shm"}, {}),
        ({"my-journal", "wal"}, {}),
    ],
)
def test_what_belongs_together(names: set[str], groups: dict[str, set[str]]) -> None:
    assert databases(names) == groups


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.fixture
def database(project: Path) -> Iterator[sqlite3.Connection]:
    """A database in use: a hundred rows are committed, and still in its write-ahead log."""
    with closing(sqlite3.connect(project / "a.db", isolation_level=None)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table t (x)")
        connection.execute("pragma wal_checkpoint(truncate)")
        connection.executemany("insert into t values (?)", [(n,) for n in range(100)])
        yield connection


def after_first_read(do: Callable[[], object]) -> Callable[[int, int], bytes]:
    """Reads as the system does; something happens once, right after the first file was read."""
    waiting = [do]

    def read(descriptor: int, size: int) -> bytes:
        block = os.read(descriptor, size)
        while waiting:
            waiting.pop()()
        return block

    return read


def test_a_checkpoint_between_the_two_files_costs_no_row(
    archive: Archive, project: Path, database: sqlite3.Connection, tmp_path: Path
) -> None:
    def checkpoint() -> None:
        database.execute("pragma wal_checkpoint(truncate)")

    run = archive.backed_up(RealFolder.root(str(project), read_block=after_first_read(checkpoint)))
    archive.given_back(run, tmp_path / "target")

    assert run.backup.problems == ()
    with closing(sqlite3.connect(tmp_path / "target" / "a.db")) as copy:
        assert copy.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert copy.execute("select count(*) from t").fetchone() == (100,)


def test_an_unchanged_database_is_not_read_again(archive: Archive, project: Path, database: sqlite3.Connection) -> None:
    archive.backed_up(project)
    (project / "other").touch()

    assert database
    assert archive.backed_up(project).backup.stats.read_files == 1


def test_a_database_that_is_always_being_written_is_named(archive: Archive) -> None:
    root = MemoryFolder({"a.db": MemoryFile(b"0", ctime_ns=1), "a.db-wal": MemoryFile(b"log", ctime_ns=1)})
    file = root.items["a.db"]
    log = root.items["a.db-wal"]
    assert isinstance(file, MemoryFile)
    assert isinstance(log, MemoryFile)
    log.on_read = lambda: setattr(file, "ctime_ns", file.ctime_ns + 1)

    run = archive.backed_up(root)

    assert [(problem.path, problem.kind) for problem in run.backup.problems] == [("a.db", "unstable")]
    assert {path: entry.size for path, entry in archive.entries(run).items()} == {"a.db": 1, "a.db-wal": 3}


@pytest.fixture
def archive() -> Archive:
    """A vault in memory."""
    return Archive()
