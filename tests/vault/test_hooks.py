"""Hooks tell the vault's spool what happened, let everything else pass, and go without a trace."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from codevault.errors import RepositoryUnreadable, SourceError
from codevault.hooks import EVENTS, install_hooks, remove_hooks
from codevault.ids import ProjectId
from codevault.projects.model import Project
from tests.vcs.canary import picture
from tests.vcs.scenes import GitScene, HgScene, SvnScene, git, svn

ID = "0123456789abcdef"


def project(root: Path) -> Project:
    return Project(id=ProjectId(ID), name="shop", root=str(root))


def told(spool: Path) -> list[str]:
    file = spool / EVENTS
    return file.read_text().splitlines() if file.exists() else []


def contents(root: Path) -> dict[str, object]:
    """Names, modes and contents: times change with the folders that hooks are put into."""
    return {name: (seen[0], seen[4]) for name, seen in picture(root).items() if "/objects/" not in name}


def needs(*programs: str) -> None:
    missing: Iterable[str] = [program for program in programs if shutil.which(program) is None]
    for program in missing:
        pytest.skip(f"{program} is not installed")


class TestGit:
    @pytest.fixture
    def scene(self, tmp_path: Path) -> GitScene:
        needs("git")
        return GitScene(tmp_path)

    def test_commits_are_told(self, scene: GitScene, tmp_path: Path) -> None:
        installed = install_hooks(project(scene.root), tmp_path / "spool")

        scene.commit(a=b"one\n")

        assert f"{ID} post-commit" in told(tmp_path / "spool")
        assert f"{ID} reference-transaction" in told(tmp_path / "spool")
        assert len(installed.files) == 6

    def test_hooks_that_were_there_still_decide(self, scene: GitScene, tmp_path: Path) -> None:
        scene.commit(a=b"one\n")
        hook = scene.root / ".git/hooks/reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ncat >>{tmp_path}/seen\nexit 1\n")
        hook.chmod(0o755)
        install_hooks(project(scene.root), tmp_path / "spool")

        git(scene.root, "branch", "refused", check=False)

        assert git(scene.root, "branch", "--list", "refused") == ""
        assert "refs/heads/refused" in (tmp_path / "seen").read_text()

    def test_removal_leaves_no_trace(self, scene: GitScene, tmp_path: Path) -> None:
        hook = scene.root / ".git/hooks/post-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 0\n")
        hook.chmod(0o700)
        before = contents(scene.root)

        install_hooks(project(scene.root), tmp_path / "spool")
        install_hooks(project(scene.root), tmp_path / "spool")
        assert contents(scene.root) != before
        remove_hooks(project(scene.root))
        remove_hooks(project(scene.root))

        assert contents(scene.root) == before

    def test_a_folder_that_was_made_goes_again(self, scene: GitScene, tmp_path: Path) -> None:
        shutil.rmtree(scene.root / ".git/hooks", ignore_errors=True)
        before = contents(scene.root)

        install_hooks(project(scene.root), tmp_path / "spool")
        remove_hooks(project(scene.root))

        assert contents(scene.root) == before

    def test_a_hooks_path_of_the_projects_own_is_honoured(self, scene: GitScene, tmp_path: Path) -> None:
        (scene.root / "tools").mkdir()
        git(scene.root, "config", "core.hooksPath", "tools/hooks")

        install_hooks(project(scene.root), tmp_path / "spool")
        scene.commit(a=b"one\n")

        assert (scene.root / "tools/hooks/post-commit").exists()
        assert f"{ID} post-commit" in told(tmp_path / "spool")

    @pytest.mark.parametrize("where", ["/etc", "../outside", "link/hooks"])
    def test_nothing_outside_the_project_is_changed(self, scene: GitScene, tmp_path: Path, where: str) -> None:
        (tmp_path / "outside").mkdir()
        (scene.root / "link").symlink_to(tmp_path / "outside")
        git(scene.root, "config", "core.hooksPath", where)

        with pytest.raises(RepositoryUnreadable):
            install_hooks(project(scene.root), tmp_path / "spool")
        assert list((tmp_path / "outside").iterdir()) == []

    def test_a_spool_that_is_gone_stops_nobody(self, scene: GitScene, tmp_path: Path) -> None:
        install_hooks(project(scene.root), tmp_path / "spool")
        shutil.rmtree(tmp_path / "spool")

        scene.commit(a=b"one\n")

        assert git(scene.root, "log", "--format=%s") == "some words"

    def test_odd_names_are_quoted(self, tmp_path: Path) -> None:
        needs("git")
        (tmp_path / "it's; $(touch x)").mkdir()
        scene = GitScene(tmp_path / "it's; $(touch x)")
        install_hooks(project(scene.root), tmp_path / "it's; $(touch x)" / "spool")

        scene.commit(a=b"one\n")

        assert f"{ID} post-commit" in told(tmp_path / "it's; $(touch x)" / "spool")


class TestMercurial:
    @pytest.mark.parametrize("settings", [None, b"", b"[ui]\nusername = a\n", b"[ui]\nusername = a"])
    def test_commits_are_told_and_removal_leaves_no_trace(self, tmp_path: Path, settings: bytes | None) -> None:
        (tmp_path / "work/.hg").mkdir(parents=True)
        hgrc = tmp_path / "work/.hg/hgrc"
        if settings is not None:
            hgrc.write_bytes(settings)
        before = contents(tmp_path / "work")

        install_hooks(project(tmp_path / "work"), tmp_path / "spool")
        install_hooks(project(tmp_path / "work"), tmp_path / "spool")
        assert hgrc.read_text().count("commit.codevault") == 1
        remove_hooks(project(tmp_path / "work"))

        assert contents(tmp_path / "work") == before

    def test_mercurial_runs_them(self, tmp_path: Path) -> None:
        needs("hg")
        scene = HgScene(tmp_path)
        install_hooks(project(scene.root), tmp_path / "spool")

        scene.commit(a=b"one\n")

        assert told(tmp_path / "spool") == [f"{ID} commit"]


class TestSubversion:
    def test_a_server_in_a_local_folder_tells_its_commits(self, tmp_path: Path) -> None:
        needs("svn", "svnadmin")
        scene = SvnScene(tmp_path)
        before = contents(tmp_path / "server" / "hooks")
        install_hooks(project(scene.root), tmp_path / "spool")

        scene.commit(a=b"one\n")

        assert told(tmp_path / "spool") == [f"{ID} post-commit"]
        remove_hooks(project(scene.root))
        assert contents(tmp_path / "server" / "hooks") == before

    def test_a_server_elsewhere_is_left_alone(self, tmp_path: Path) -> None:
        needs("svn", "svnadmin")
        scene = SvnScene(tmp_path)
        scene.commit(a=b"one\n")
        scene.publish()

        with pytest.raises(RepositoryUnreadable):
            install_hooks(project(scene.root), tmp_path / "spool")
        assert svn(scene.root, "info", "--show-item", "revision") == "1"


def test_a_project_without_a_repository_gets_none(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()

    with pytest.raises(RepositoryUnreadable, match="no repository"):
        install_hooks(project(tmp_path / "work"), tmp_path / "spool")
    assert remove_hooks(project(tmp_path / "work")).files == ()


def test_a_project_whose_folder_is_gone_gets_none(tmp_path: Path) -> None:
    with pytest.raises(RepositoryUnreadable):
        install_hooks(project(tmp_path / "nowhere"), tmp_path / "spool")


def test_files_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "work/.hg").mkdir(parents=True)
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(SourceError):
        install_hooks(project(tmp_path / "work"), tmp_path / "file" / "spool")
