"""How every path stands to its repository, over all systems and nested ones, by the programs' own scenes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.classifying import PathStanding, classify
from codevault.vcs.model import Standing
from tests.vcs.scenes import GitScene, HgScene, Scene, SvnScene, git, hg, svn

IGNORES: dict[str, Callable[[Path], object]] = {
    "git": lambda root: (root / ".git/info/exclude").write_text("*.log\n"),
    "hg": lambda root: (root / ".hgignore").write_text("syntax: glob\n*.log\n"),
    "svn": lambda root: svn(root, "propset", "-q", "svn:ignore", "*.log\n", "."),
}
MAKE: dict[str, tuple[Callable[[Path], Scene], str]] = {
    "git": (GitScene, "git"),
    "hg": (HgScene, "hg"),
    "svn": (SvnScene, "svnadmin"),
}


def told(root: Path) -> dict[str, Standing]:
    return {one.path: one.standing for one in classify(root, cache=root.parent / "cache")}


@pytest.mark.parametrize("system", list(MAKE))
def test_every_path_of_a_working_copy_has_a_standing(tmp_path: Path, system: str) -> None:
    make, program = MAKE[system]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    scene = make(tmp_path)
    scene.commit(kept=b"one\n", edited=b"two\n", gone=b"three\n", swapped=b"four\n")
    scene.publish()
    (scene.root / "edited").write_bytes(b"2\n")
    (scene.root / "gone").unlink()
    (scene.root / "swapped").unlink()
    (scene.root / "swapped").symlink_to("kept")
    (scene.root / "folder").mkdir()
    (scene.root / "folder/new.py").write_bytes(b"new\n")
    (scene.root / "folder/debug.log").write_bytes(b"log\n")
    IGNORES[system](scene.root)

    found = told(scene.root)
    found.pop(".hgignore", None)

    assert found == {
        "edited": Standing.CHANGED,
        "folder/debug.log": Standing.IGNORED if system != "svn" else Standing.UNTRACKED,
        "folder/new.py": Standing.UNTRACKED,
        "gone": Standing.MISSING,
        "kept": Standing.SAFE,
        "swapped": Standing.CHANGED,
    }


def test_each_repository_speaks_for_its_own_files(tmp_path: Path) -> None:
    outer = GitScene(tmp_path, name="outer")
    outer.commit(**{"a.txt": b"a\n"})
    outer.publish()
    inner = GitScene(outer.root, name="inner")
    inner.commit(**{"b.txt": b"b\n"})
    (outer.root / ".gitignore").write_text("inner\n")
    (outer.root / "link").symlink_to("a.txt")
    git(outer.root, "add", "link")
    git(outer.root, "commit", "-q", "-m", "link")
    (outer.root / "broken").mkdir()
    (outer.root / "broken/.git").write_text("gitdir: /etc\n")
    (outer.root / "broken/c.txt").write_bytes(b"c\n")

    found = list(classify(outer.root, cache=tmp_path / "cache"))

    assert found == [
        PathStanding(path=".gitignore", standing=Standing.UNTRACKED),
        PathStanding(path="a.txt", standing=Standing.SAFE),
        PathStanding(path="link", standing=Standing.COMMITTED),
        PathStanding(path="broken/c.txt", standing=Standing.UNTRACKED, repository="broken"),
        PathStanding(path="inner/b.txt", standing=Standing.COMMITTED, repository="inner"),
    ]


def test_a_folder_without_a_repository_has_nothing_to_say(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\n")

    assert list(classify(tmp_path, cache=tmp_path / "cache")) == []
    assert list(classify(tmp_path / "nowhere", cache=tmp_path / "cache")) == []


@pytest.mark.skipif(shutil.which("hg") is None, reason="Mercurial is not installed")
def test_a_subrepository_of_mercurial_has_a_verdict_of_its_own(tmp_path: Path) -> None:
    outer = HgScene(tmp_path)
    (outer.root / "sub").mkdir()
    hg(outer.root / "sub", "init")
    (outer.root / "sub/inner.txt").write_bytes(b"inner\n")
    hg(outer.root / "sub", "commit", "-q", "-A", "-m", "inner")
    (outer.root / ".hgsub").write_text("sub = sub\n")
    outer.commit(**{".hgsub": b"sub = sub\n", "a.txt": b"a\n"})
    outer.publish()

    found = {one.path: (one.standing, one.repository) for one in classify(outer.root, cache=tmp_path / "cache")}

    assert found["a.txt"] == (Standing.SAFE, "")
    assert found["sub/inner.txt"] == (Standing.COMMITTED, "sub")
