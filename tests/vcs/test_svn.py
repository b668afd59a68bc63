import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from codevault.vcs import RepositoryFacts, System, detect

TABLES = """
CREATE TABLE REPOSITORY (id INTEGER PRIMARY KEY, root TEXT, uuid TEXT);
CREATE TABLE NODES (wc_id INTEGER, local_relpath TEXT, op_depth INTEGER, repos_id INTEGER, repos_path TEXT,
                    revision INTEGER);
"""
ROWS = """
INSERT INTO REPOSITORY VALUES (1, 'https://joe:hunter2@host/repo', 'u');
INSERT INTO NODES VALUES (1, 'a', 0, 1, 'trunk/a', 7), (1, '', 0, 1, 'trunk', 42);
"""
UNKNOWN = ("wc.db cannot be read or is of an unknown format",)


def working_copy(root: Path, script: str) -> Path:
    (root / ".svn").mkdir()
    with closing(sqlite3.connect(root / ".svn" / "wc.db")) as database:
        database.executescript(script)
    return root / ".svn" / "wc.db"


def facts(root: Path) -> RepositoryFacts:
    found = detect(root)
    assert found is not None
    return found


def test_reads_revision_path_and_repository(tmp_path: Path) -> None:
    working_copy(tmp_path, TABLES + ROWS)

    assert detect(tmp_path) == RepositoryFacts(system=System.SVN, branch="trunk", head="42", remote="https://host/repo")


def test_reads_a_working_copy_whose_path_looks_like_a_query(tmp_path: Path) -> None:
    root = tmp_path / "a?mode=rwc#x%20y"
    root.mkdir()
    working_copy(root, TABLES + ROWS)

    assert facts(root).head == "42"


def test_leaves_nothing_beside_the_database(tmp_path: Path) -> None:
    database = working_copy(tmp_path, TABLES + ROWS)
    before = (database.read_bytes(), database.stat().st_mtime_ns)

    facts(tmp_path)

    assert sorted(path.name for path in database.parent.iterdir()) == ["wc.db"]
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    "script",
    [
        "",
        "CREATE TABLE NODES (x)",
        TABLES,
        "CREATE TABLE NODES (x); CREATE TABLE REPOSITORY (x)",
        TABLES + ROWS + "UPDATE NODES SET revision = 'seven'",
        TABLES + ROWS + "UPDATE REPOSITORY SET root = NULL",
    ],
)
def test_says_when_the_database_is_not_understood(tmp_path: Path, script: str) -> None:
    working_copy(tmp_path, script)

    assert facts(tmp_path) == RepositoryFacts(system=System.SVN, notes=UNKNOWN)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\x00" + b"\xff" * 5000, b"junk" * 1000])
def test_survives_junk_in_place_of_the_database(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".svn").mkdir()
    (tmp_path / ".svn" / "wc.db").write_bytes(content)

    assert facts(tmp_path).notes == UNKNOWN


def test_does_not_open_an_enormous_database(tmp_path: Path) -> None:
    os.truncate(working_copy(tmp_path, TABLES + ROWS), (4 << 30) + 1)

    assert facts(tmp_path).notes == UNKNOWN


def test_does_not_compute_views_in_place_of_tables(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
    working_copy(
        tmp_path,
        f"CREATE VIEW NODES AS {endless} i AS revision, '' AS local_relpath FROM n; CREATE VIEW REPOSITORY AS SELECT 1",
    )

    assert facts(tmp_path).notes == UNKNOWN


def test_gives_up_on_a_table_that_takes_too_long(tmp_path: Path) -> None:
    fill = """
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
    INSERT INTO NODES SELECT 1, 'x', 0, 1, 'y', i FROM n;
    """
    working_copy(tmp_path, TABLES + fill + ROWS)

    assert facts(tmp_path).notes == UNKNOWN


def test_does_not_wait_for_a_fifo(tmp_path: Path) -> None:
    (tmp_path / ".svn").mkdir()
    os.mkfifo(tmp_path / ".svn" / "wc.db")

    assert facts(tmp_path).notes == ("wc.db is missing or no file",)


def test_follows_no_links(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    working_copy(tmp_path / "outside", TABLES + ROWS)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".svn").symlink_to(tmp_path / "outside" / ".svn")
    (tmp_path / "inner" / ".svn").mkdir(parents=True)
    (tmp_path / "inner" / ".svn" / "wc.db").symlink_to(tmp_path / "outside" / ".svn" / "wc.db")

    assert facts(tmp_path / "linked").notes == (".svn is a link or no folder: not followed",)
    assert facts(tmp_path / "inner").notes == ("wc.db is missing or no file",)
