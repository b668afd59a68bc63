"""Every repository in a tree is found and told apart: row V08 of FAULTS.md."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codevault.vcs.finding import Form, find_repositories
from tests.vcs.scenes import GitScene, git

Found = dict[str, tuple[str, Form, str | None]]


def found(root: Path, *leave: str) -> Found:
    return {one.path: (str(one.system), one.form, one.around) for one in find_repositories(root, leave=leave)}


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_submodules_work_trees_nested_and_bare_repositories_are_told_apart(tmp_path: Path) -> None:
    inner = GitScene(tmp_path, name="inner")
    inner.commit(a=b"a\n")
    outer = GitScene(tmp_path, name="outer")
    outer.commit(b=b"b\n")
    git(outer.root, "submodule", "add", "-q", str(inner.root), "module")
    git(outer.root, "worktree", "add", "-q", "second", "-b", "second")
    git(outer.root, "clone", "-q", str(inner.root), "vendor/nested")
    git(outer.root, "clone", "-q", "--bare", str(inner.root), "vendor/nested/bare.git")

    assert found(outer.root) == {
        "": ("git", Form.PLAIN, None),
        "module": ("git", Form.SUBMODULE, ""),
        "second": ("git", Form.WORKTREE, ""),
        "vendor/nested": ("git", Form.PLAIN, ""),
        "vendor/nested/bare.git": ("git", Form.BARE, "vendor/nested"),
    }


def test_several_systems_shares_and_broken_marks(tmp_path: Path) -> None:
    for folder in ("both/.hg", "both/.svn", "share/.hg", "empty/.git", "odd"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("both/.hg/requires", "both/.svn/wc.db", "share/.hg/sharedpath"):
        (tmp_path / file).write_bytes(b"")
    (tmp_path / "odd/.git").write_bytes(b"not a pointer")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/.git").symlink_to("/etc")
    (tmp_path / "moved").mkdir()
    (tmp_path / "moved/.git").write_bytes(b"gitdir: ../elsewhere/.git\n")

    told = [(one.path, str(one.system), one.form) for one in find_repositories(tmp_path)]

    assert told == [
        ("both", "hg", Form.PLAIN),
        ("both", "svn", Form.PLAIN),
        ("empty", "git", Form.BROKEN),
        ("linked", "git", Form.BROKEN),
        ("moved", "git", Form.PLAIN),
        ("odd", "git", Form.BROKEN),
        ("share", "hg", Form.SHARE),
    ]


def test_links_and_folders_left_out_are_not_looked_into(tmp_path: Path) -> None:
    (tmp_path / "root/node_modules/x/.git").mkdir(parents=True)
    (tmp_path / "elsewhere/.git").mkdir(parents=True)
    (tmp_path / "root/link").symlink_to(tmp_path / "elsewhere")

    assert found(tmp_path / "root", "node_modules") == {}
    assert found(tmp_path / "nowhere") == {}


def test_a_broken_mark_is_not_around_anything(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "inner/.git").mkdir(parents=True)
    (tmp_path / "inner/.git/HEAD").write_bytes(b"")

    assert found(tmp_path) == {"": ("git", Form.BROKEN, None), "inner": ("git", Form.PLAIN, None)}
