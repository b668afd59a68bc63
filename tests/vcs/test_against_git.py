import os
import shutil
import subprocess
from pathlib import Path

import pytest

from codevault.vcs import RepositoryFacts, System, detect


def facts(root: Path) -> RepositoryFacts:
    found = detect(root)
    assert found is not None
    return found


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
class TestAgainstGit:
    """What git itself writes is read as git itself tells it."""

    def git(self, root: Path, *arguments: str) -> str:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        run = subprocess.run(
            ["git", "-C", str(root), *arguments], env=environment, capture_output=True, text=True, timeout=60
        )
        return run.stdout.strip()

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "work"
        root.mkdir()
        self.git(root, "init", "--initial-branch=main")
        (root / "a").write_text("one\n")
        self.git(root, "add", "a")
        self.git(root, "commit", "-m", "one")
        return root

    def test_branch_head_and_remote(self, root: Path) -> None:
        self.git(root, "remote", "add", "origin", "https://joe:hunter2@host/shop.git")
        self.git(root, "pack-refs", "--all")

        assert facts(root) == RepositoryFacts(
            system=System.GIT,
            branch="main",
            head=self.git(root, "rev-parse", "HEAD"),
            remote="https://host/shop.git",
        )

    def test_detached_head(self, root: Path) -> None:
        self.git(root, "checkout", "--detach")

        assert (facts(root).branch, facts(root).detached) == ("", True)

    def test_merge_and_rebase_in_conflict(self, root: Path) -> None:
        self.git(root, "checkout", "-b", "topic")
        (root / "a").write_text("two\n")
        self.git(root, "commit", "-am", "two")
        self.git(root, "checkout", "main")
        (root / "a").write_text("three\n")
        self.git(root, "commit", "-am", "three")
        self.git(root, "merge", "topic")
        merging = facts(root)
        self.git(root, "merge", "--abort")
        self.git(root, "rebase", "topic")
        rebasing = facts(root)

        assert (merging.in_progress, merging.branch, merging.detached) == ("merge", "main", False)
        assert (rebasing.in_progress, rebasing.branch, rebasing.detached) == ("rebase", "main", True)

    def test_a_further_work_tree(self, root: Path) -> None:
        self.git(root, "worktree", "add", "../second", "-b", "second")
        head = self.git(root, "rev-parse", "HEAD")

        inside = detect(root.parent / "second", within=root.parent)
        alone = detect(root.parent / "second")

        assert inside == RepositoryFacts(system=System.GIT, branch="second", head=head)
        assert alone is not None
        assert (alone.branch, len(alone.notes)) == ("", 1)
