"""Subversion in odd states, made by svn itself: rows V03 to V16 of FAULTS.md that `test_svn_repository` leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codevault.vcs.model import Standing
from codevault.vcs.opening import open_repository
from codevault.vcs.remembering import FolderMemory
from codevault.vcs.standing import standing
from tests.vcs.scenes import REMOTE, SvnScene, opened, svn
from tests.vcs.test_svn_repository import changed, doubts, stands


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published, in two branches of two folders each; the working copy is of the first."""
    scene = SvnScene(tmp_path_factory.mktemp("master"))
    for folder in ("trunk", "trunk/lib", "trunk/doc"):
        (scene.root / folder).mkdir()
        (scene.root / folder / "a.txt").write_text(f"{folder}\n")
    (scene.root / "trunk/name@ %20.txt").write_bytes(b"odd\n")
    svn(scene.root, "add", "-q", "trunk")
    svn(scene.root, "copy", "-q", "trunk", "branch")
    (scene.root / "branch/lib/a.txt").write_text("of the branch\n")
    svn(scene.root, "commit", "-q", "-m", "all")
    root = scene.root.parent / "trunk"
    svn(root.parent, "checkout", "-q", f"file://{root.parent}/server/trunk", str(root))
    return root


@pytest.fixture
def root(master: Path, tmp_path: Path) -> Path:
    shutil.copytree(master, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


def publish(root: Path) -> None:
    changed(root, f"UPDATE REPOSITORY SET root = '{REMOTE}'")


def test_a_switched_folder_counts_as_what_it_was_switched_to(root: Path) -> None:
    url = svn(root, "info", "--show-item", "repos-root-url")
    svn(root, "switch", "-q", "--ignore-ancestry", f"{url}/branch/lib", "lib")
    publish(root)

    assert stands(root, "lib/a.txt", "doc/a.txt", "name@ %20.txt") == [Standing.SAFE] * 3


def test_of_a_sparse_working_copy_only_what_is_there_is_expected(root: Path) -> None:
    svn(root, "update", "-q", "--set-depth", "exclude", "lib")
    publish(root)

    with opened(root) as repository:
        assert set(repository.tracked()) == {"a.txt", "doc/a.txt", "name@ %20.txt"}
        assert repository.state().trusted


def test_a_conflict_is_told_and_stored(root: Path) -> None:
    url = svn(root, "info", "--show-item", "url")
    svn(root.parent, "checkout", "-q", url, "other")
    (root.parent / "other/a.txt").write_bytes(b"theirs\n")
    svn(root.parent / "other", "commit", "-q", "-m", "theirs")
    (root / "a.txt").write_bytes(b"mine\n")
    svn(root, "update", "-q", "--accept", "postpone")
    publish(root)

    assert stands(root, "a.txt", "a.txt.mine", "doc/a.txt") == [Standing.CONFLICT, Standing.UNTRACKED, Standing.SAFE]


def test_line_ends_that_the_server_has_as_well_are_safe_and_all_others_are_not(root: Path) -> None:
    svn(root, "propset", "-q", "svn:eol-style", "CRLF", "lib/a.txt")
    svn(root, "commit", "-q", "-m", "line ends")
    publish(root)

    assert (root / "lib/a.txt").read_bytes() == b"trunk/lib\r\n"
    assert stands(root, "lib/a.txt") == [Standing.SAFE]
    (root / "lib/a.txt").write_bytes(b"trunk/lib\n")
    assert stands(root, "lib/a.txt") == [Standing.CHANGED]


def test_externals_belong_to_another_server(root: Path) -> None:
    url = svn(root, "info", "--show-item", "repos-root-url")
    svn(root, "propset", "-q", "svn:externals", f"{url}/branch/doc folder\n{url}/branch/a.txt file.txt", ".")
    svn(root, "update", "-q")
    publish(root)

    assert stands(root, "folder/a.txt", "file.txt", "a.txt") == [Standing.UNTRACKED, Standing.UNTRACKED, Standing.SAFE]


def test_a_working_copy_whose_server_became_this_machines_is_no_longer_safe(root: Path) -> None:
    memory = FolderMemory(root.parent / "memory")
    publish(root)
    assert warm(root, memory) is Standing.SAFE

    changed(root, "UPDATE REPOSITORY SET root = 'svn://localhost/shop'")

    assert warm(root, memory) is Standing.COMMITTED


def test_a_database_that_is_gone_or_cut_short_between_runs_vouches_for_nothing(root: Path) -> None:
    memory = FolderMemory(root.parent / "memory")
    publish(root)
    assert warm(root, memory) is Standing.SAFE
    held = (root / ".svn/wc.db").read_bytes()

    (root / ".svn/wc.db").write_bytes(held[: len(held) // 2])

    assert doubts(root)
    shutil.rmtree(root / ".svn")
    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is None


def warm(root: Path, memory: FolderMemory) -> Standing:
    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is not None
        return standing(repository.tracked()["a.txt"], repository.object_id(b"trunk\n"), repository.safe())
