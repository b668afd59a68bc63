"""Subversion behind the port, against svn itself: row V14 of FAULTS.md."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from codevault.vcs.model import ObjectId, Standing
from codevault.vcs.standing import standing
from tests.vcs.scenes import SvnScene, opened, svn

pytestmark = pytest.mark.skipif(shutil.which("svnadmin") is None, reason="Subversion is not installed")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scene = SvnScene(tmp_path_factory.mktemp("master"))
    scene.commit(**{"a.txt": b"one\n", "b.txt": b"$Id$\n"})
    scene.publish()
    return scene.root


@pytest.fixture
def root(master: Path, tmp_path: Path) -> Path:
    shutil.copytree(master, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


def stands(root: Path, *names: str) -> list[Standing]:
    with opened(root) as repository:
        tracked, safe = repository.tracked(), repository.safe()
        contents = [(root / name).read_bytes() for name in names]
        found = zip(names, map(repository.object_id, contents), strict=True)
        return [standing(tracked.get(name), present, safe) for name, present in found]


def doubts(root: Path) -> tuple[str, ...]:
    with opened(root) as repository:
        state = repository.state()
        assert (dict(repository.tracked()), repository.safe()) == ({}, frozenset())
    assert not state.trusted
    return state.notes


def changed(root: Path, *statements: str) -> None:
    with closing(sqlite3.connect(root / ".svn/wc.db")) as database, database:
        for statement in statements:
            database.execute(statement)


def test_expanded_keywords_are_stored(root: Path) -> None:
    svn(root, "propset", "-q", "svn:keywords", "Id", "b.txt")
    (root / "b.txt").write_bytes(b"$Id: b.txt 1 2026-01-01 ann $\n")

    assert stands(root, "a.txt", "b.txt") == [Standing.SAFE, Standing.CHANGED]


def test_what_was_added_copied_or_deleted_is_told_apart(root: Path) -> None:
    (root / "new.txt").write_bytes(b"new\n")
    svn(root, "add", "-q", "new.txt")
    svn(root, "delete", "-q", "--keep-local", "b.txt")

    assert stands(root, "new.txt") == [Standing.CHANGED]
    with opened(root) as repository:
        assert repository.tracked()["new.txt"].committed is False


def test_a_server_on_this_machine_keeps_nothing_safe(root: Path) -> None:
    changed(root, "UPDATE REPOSITORY SET root = 'file:///srv/shop'")

    assert stands(root, "a.txt") == [Standing.COMMITTED]


def test_a_pristine_that_was_changed_is_not_given(root: Path) -> None:
    with opened(root) as repository:
        named = repository.object_id(b"one\n")
    (pristine,) = (root / ".svn/pristine").glob(f"*/{named}.svn-base")
    pristine.chmod(0o600)
    pristine.write_bytes(b"ONE\n")

    with opened(root) as repository:
        assert repository.read(named) is None
        assert repository.read(ObjectId("../../../etc/passwd")) is None


@pytest.mark.parametrize(
    "statements",
    [
        ("PRAGMA user_version = 32",),
        ("DROP TABLE ACTUAL_NODE",),
        ("ALTER TABLE NODES RENAME TO REAL", "CREATE VIEW NODES AS SELECT * FROM REAL"),
        ("UPDATE NODES SET checksum = x'17' WHERE kind = 'file'",),
    ],
    ids=["format", "missing", "view", "types"],
)
def test_an_unknown_or_hostile_database_is_not_believed(root: Path, statements: tuple[str, ...]) -> None:
    changed(root, "PRAGMA writable_schema = ON", "PRAGMA foreign_keys = OFF", *statements)

    assert doubts(root)


def locked(root: Path) -> None:
    (root / ".svn/wc.db-journal").write_bytes(b"a change under way")


def emptied(root: Path) -> None:
    (root / ".svn/wc.db").write_bytes(b"")


def linked(root: Path) -> None:
    shutil.move(root / ".svn", root.parent / "moved")
    (root / ".svn").symlink_to(root.parent / "moved")


@pytest.mark.parametrize("spoil", [locked, emptied, linked])
def test_a_working_copy_in_doubt_is_stored_as_plain_files(root: Path, spoil: Callable[[Path], None]) -> None:
    spoil(root)

    assert doubts(root)


def test_a_lock_that_svn_left_is_not_waited_for(root: Path) -> None:
    changed(root, "INSERT INTO WC_LOCK VALUES (1, '', -1)")

    assert stands(root, "a.txt") == [Standing.SAFE]


def test_externals_and_nested_working_copies_are_not_its_own(root: Path, tmp_path: Path) -> None:
    svn(tmp_path, "checkout", "-q", f"file://{server(tmp_path)}", str(root / "nested"))
    (root / "nested/inner.txt").write_bytes(b"inner\n")

    assert stands(root, "nested/inner.txt") == [Standing.UNTRACKED]


def server(folder: Path) -> Path:
    SvnScene(folder)
    return folder / "server"
