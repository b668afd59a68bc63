"""Repositories of any size cost work in proportion once, and no program once they are known: row V13 of FAULTS.md."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from codevault.vcs.finding import Form, find_repositories
from codevault.vcs.opening import open_repository
from codevault.vcs.remembering import FolderMemory
from corpora.vcs_overhead import MAKERS
from tests.vcs.scenes import GitScene, git

MANY_REFS = 10_000


def made(system: str, root: Path, files: int) -> None:
    if shutil.which(system) is None:
        pytest.skip(f"{system} is not installed")
    root.mkdir()
    MAKERS[system](root, files)


def counted(root: Path) -> tuple[int, int, bool]:
    folder = root.parent
    with open_repository(root, work=folder / "scratch", memory=FolderMemory(folder / "memory")) as repository:
        assert repository is not None
        safe, tracked = repository.safe(), repository.tracked()
        return len(tracked), sum(entry.object in safe for entry in tracked.values()), bool(safe)


@pytest.mark.parametrize("system", list(MAKERS))
def test_a_repository_that_is_known_is_asked_nothing_again(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(system, tmp_path / "work", 50)
    first = counted(tmp_path / "work")

    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    assert first == counted(tmp_path / "work") == (50, 50, True)


@pytest.mark.scale
@pytest.mark.parametrize("system", list(MAKERS))
def test_eighty_thousand_files_are_told_apart_and_known_the_next_time(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(system, tmp_path / "work", 80_000)
    first = counted(tmp_path / "work")

    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))

    assert first == counted(tmp_path / "work") == (80_000, 80_000, True)


@pytest.mark.scale
def test_ten_thousand_refs_are_read_packed_and_loose(tmp_path: Path) -> None:
    scene = GitScene(tmp_path)
    scene.commit(a=b"one\n")
    head = git(scene.root, "rev-parse", "HEAD")
    for name, pack in (("packed", True), ("loose", False)):
        lines = "".join(f"create refs/remotes/origin/{name}{number:05d} {head}\n" for number in range(MANY_REFS))
        subprocess.run(["git", "update-ref", "--stdin"], cwd=scene.root, input=lines.encode(), check=True)
        if pack:
            git(scene.root, "pack-refs", "--all")
    scene.publish()

    with scene.opened() as repository:
        assert len(repository.safe()) == 1
        assert repository.state().unpublished == 0


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_many_work_trees_and_submodules_are_each_found_once(tmp_path: Path) -> None:
    scene = GitScene(tmp_path)
    scene.commit(a=b"one\n")
    for number in range(200):
        for kind, pointer in (("worktrees", f"../.git/worktrees/w{number}"), ("modules", f"../.git/modules/m{number}")):
            folder = scene.root / f"{kind}{number}"
            folder.mkdir()
            (folder / ".git").write_text(f"gitdir: {pointer}\n")

    found = [one.form for one in find_repositories(scene.root)]

    assert (found.count(Form.WORKTREE), found.count(Form.SUBMODULE), len(found)) == (200, 200, 401)
