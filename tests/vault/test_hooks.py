"""Hooks tell the vault's spool what happened, let everything else pass, and go without a trace."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from codevault.errors import RepositoryUnreadable, SourceError
from codevault.hooks import install_hooks, remove_hooks
from codevault.ids import ProjectId
from codevault.projects.model import Project
from codevault.spool import EVENTS, LARGEST
from tests.nobody import AS_ROOT
from tests.vcs.canary import picture
from tests.vcs.scenes import GitScene, HgScene, SvnScene, git, hg, svn

ID = "0123456789abcdef"
OTHER = "fedcba9876543210"


def project(root: Path, named: str = ID) -> Project:
    return Project(id=ProjectId(named), name="shop", root=str(root))


def told(spool: Path) -> list[str]:
    file = spool / EVENTS
    return file.read_text().splitlines() if file.exists() else []


def contents(root: Path) -> dict[str, object]:
    """Names, modes and contents: times change with the folders that hooks are put into."""
    return {name: (seen[0], seen[4]) for name, seen in picture(root).items() if "/objects/" not in name}


def hooks_of(seen: dict[str, object]) -> dict[str, object]:
    return {name: one for name, one in seen.items() if "/hooks" in name}


def written(hook: Path, lines: str) -> None:
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\n{lines}\n")
    hook.chmod(0o755)


def gone(spool: Path) -> None:
    shutil.rmtree(spool)


def a_file(spool: Path) -> None:
    shutil.rmtree(spool)
    spool.write_bytes(b"")


def a_folder(spool: Path) -> None:
    (spool / EVENTS).mkdir()


def full(spool: Path) -> None:
    (spool / EVENTS).write_bytes(b"x" * LARGEST)


def on_a_full_disk(spool: Path) -> None:
    (spool / EVENTS).symlink_to("/dev/full")


SHELLS = [shell for shell in ("sh", "dash", "bash", "ksh") if shutil.which(shell)]


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
        assert f"{ID} reference-transaction committed" in told(tmp_path / "spool")
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

    def test_hooks_that_were_there_get_arguments_and_input_and_all_of_it(self, scene: GitScene, tmp_path: Path) -> None:
        scene.commit(a=b"one\n")
        written(scene.root / ".git/hooks/reference-transaction", f'echo "$@" >>{tmp_path}/seen; cat >>{tmp_path}/seen')
        install_hooks(project(scene.root), tmp_path / "spool")
        head = git(scene.root, "rev-parse", "HEAD")
        lines = [f"create refs/heads/branch{number:04d} {head}" for number in range(2000)]
        (tmp_path / "lines").write_text("\n".join([*lines, ""]))

        with (tmp_path / "lines").open() as source:
            subprocess.run(["git", "update-ref", "--stdin"], cwd=scene.root, stdin=source, check=True)

        seen = (tmp_path / "seen").read_text().splitlines()
        assert seen.count("prepared") == seen.count("committed") == 1
        assert sum("refs/heads/branch" in line for line in seen) == 2 * 2000

    def test_many_refs_at_once_are_written_though_nobody_reads_them(self, scene: GitScene, tmp_path: Path) -> None:
        scene.commit(a=b"one\n")
        install_hooks(project(scene.root), tmp_path / "spool")
        head = git(scene.root, "rev-parse", "HEAD")
        lines = [f"create refs/heads/branch{number:04d} {head}" for number in range(2000)]
        (tmp_path / "lines").write_text("\n".join([*lines, ""]))

        with (tmp_path / "lines").open() as source:
            subprocess.run(["git", "update-ref", "--stdin"], cwd=scene.root, stdin=source, check=True)

        assert git(scene.root, "rev-parse", "branch1999") == head

    def test_a_rebase_is_told_before_it_begins_and_refused_by_the_hook_that_was_there(
        self, scene: GitScene, tmp_path: Path
    ) -> None:
        scene.commit(a=b"one\n")
        git(scene.root, "branch", "other")
        scene.commit(a=b"two\n")
        written(scene.root / ".git/hooks/pre-rebase", f'echo "$@" >{tmp_path}/seen; exit 3')
        install_hooks(project(scene.root), tmp_path / "spool")
        before = git(scene.root, "rev-parse", "HEAD")

        git(scene.root, "rebase", "--force-rebase", "other", check=False)

        assert f"{ID} pre-rebase" in told(tmp_path / "spool")
        assert (tmp_path / "seen").read_text() == "other\n"
        assert git(scene.root, "rev-parse", "HEAD") == before

    def test_hooks_go_on_when_the_project_was_moved(self, scene: GitScene, tmp_path: Path) -> None:
        written(scene.root / ".git/hooks/post-commit", f"echo here >>{tmp_path}/seen")
        install_hooks(project(scene.root), tmp_path / "spool")
        scene.root = scene.root.rename(tmp_path / "moved")

        scene.commit(a=b"one\n")

        assert (tmp_path / "seen").read_text() == "here\n"

    def test_two_projects_that_share_a_repository_are_both_told(self, scene: GitScene, tmp_path: Path) -> None:
        before = contents(scene.root)
        install_hooks(project(scene.root), tmp_path / "spool")
        install_hooks(project(scene.root, OTHER), tmp_path / "spool")

        scene.commit(a=b"one\n")
        remove_hooks(project(scene.root))
        scene.commit(a=b"two\n")
        remove_hooks(project(scene.root, OTHER))

        lines = told(tmp_path / "spool")
        assert (lines.count(f"{ID} post-commit"), lines.count(f"{OTHER} post-commit")) == (1, 2)
        assert hooks_of(contents(scene.root)) == hooks_of(before)

    @pytest.mark.parametrize("odd", [os.mkfifo, os.mkdir, lambda path: os.symlink("../../nowhere", path)])
    def test_what_is_no_hook_in_a_hooks_place_is_set_aside_and_comes_back(
        self, scene: GitScene, tmp_path: Path, odd: Callable[[Path], None]
    ) -> None:
        (scene.root / ".git/hooks").mkdir(exist_ok=True)
        odd(scene.root / ".git/hooks/post-commit")
        before = hooks_of(contents(scene.root))
        install_hooks(project(scene.root), tmp_path / "spool")

        scene.commit(a=b"one\n")
        remove_hooks(project(scene.root))

        assert f"{ID} post-commit" in told(tmp_path / "spool")
        assert hooks_of(contents(scene.root)) == before

    def test_hooks_are_found_where_they_were_put_though_the_settings_changed(
        self, scene: GitScene, tmp_path: Path
    ) -> None:
        before = hooks_of(contents(scene.root))
        install_hooks(project(scene.root), tmp_path / "spool")
        git(scene.root, "config", "core.hooksPath", "hooks")

        remove_hooks(project(scene.root))

        assert hooks_of(contents(scene.root)) == before

    @AS_ROOT
    def test_whose_files_they_are_does_not_change(self, scene: GitScene, tmp_path: Path) -> None:
        (scene.root / ".hg").mkdir()
        (scene.root / ".hg/hgrc").write_bytes(b"[ui]\n")
        for path in (scene.root, *scene.root.rglob("*")):
            os.chown(path, 65534, 65534)

        installed = install_hooks(project(scene.root), tmp_path / "spool")

        assert {(path.stat().st_uid, path.stat().st_gid) for path in installed.files} == {(65534, 65534)}

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

    @pytest.mark.parametrize("spoil", [gone, a_file, a_folder, full, on_a_full_disk])
    @pytest.mark.parametrize("shell", SHELLS)
    def test_a_spool_that_takes_nothing_stops_nobody_and_says_nothing(
        self, tmp_path: Path, spoil: Callable[[Path], None], shell: str
    ) -> None:
        (tmp_path / "hooks").mkdir()
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n")
        installed = install_hooks(project(tmp_path), tmp_path / "spool")
        spoil(tmp_path / "spool")

        done = [subprocess.run([shell, hook], capture_output=True, check=False) for hook in installed.files]

        assert {(one.returncode, one.stdout, one.stderr) for one in done} == {(0, b"", b"")}

    @AS_ROOT
    def test_a_user_who_may_not_write_the_vault_can_still_commit(self, scene: GitScene, tmp_path: Path) -> None:
        installed = install_hooks(project(scene.root), tmp_path / "spool")
        (tmp_path / "spool").chmod(0o700)
        hook = installed.files[0].read_text()

        done = subprocess.run(["sh", "-c", hook], capture_output=True, check=False, user=65534, group=65534)

        assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
        assert told(tmp_path / "spool") == []

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
        hg(scene.root, "--config", "extensions.strip=", "strip", "-q", "tip")

        assert told(tmp_path / "spool") == [f"{ID} commit", f"{ID} pre-strip", f"{ID} update"]

    def test_a_vault_whose_path_has_a_line_break_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "work/.hg").mkdir(parents=True)

        with pytest.raises(SourceError):
            install_hooks(project(tmp_path / "work"), tmp_path / "a\n[hooks]")
        assert not (tmp_path / "work/.hg/hgrc").exists()

    def test_settings_too_long_to_be_read_are_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "work/.hg").mkdir(parents=True)
        (tmp_path / "work/.hg/hgrc").write_bytes(b"#" * (LARGEST + 1))

        with pytest.raises(SourceError):
            install_hooks(project(tmp_path / "work"), tmp_path / "spool")
        assert (tmp_path / "work/.hg/hgrc").stat().st_size == LARGEST + 1


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

    def test_the_hook_of_a_server_that_was_there_still_decides(self, tmp_path: Path) -> None:
        needs("svn", "svnadmin")
        scene = SvnScene(tmp_path)
        written(tmp_path / "server/hooks/post-commit", f'echo "$2" >{tmp_path}/seen; exit 1')
        install_hooks(project(scene.root), tmp_path / "spool")

        scene.commit(a=b"one\n")

        assert (tmp_path / "seen").read_text() == "1\n"
        assert told(tmp_path / "spool") == [f"{ID} post-commit"]

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


def test_nothing_is_half_done_when_one_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "work/.git/hooks").mkdir(parents=True)
    (tmp_path / "work/.git/HEAD").write_text("ref: refs/heads/main\n")
    (tmp_path / "work/.hg").mkdir()
    (tmp_path / "work/.hg/hgrc").write_bytes(b"#" * (LARGEST + 1))
    before = contents(tmp_path / "work")

    with pytest.raises(SourceError):
        install_hooks(project(tmp_path / "work"), tmp_path / "spool")

    assert contents(tmp_path / "work") == before
