import os
import subprocess
from pathlib import Path

import pytest

from codevault.vcs import RepositoryFacts, System, detect


def facts(root: Path) -> RepositoryFacts:
    found = detect(root)
    assert found is not None
    return found


@pytest.mark.parametrize("version", ["0", "1"])
class TestAgainstMercurial:
    """What Mercurial itself writes, in both versions of dirstate, is read as it tells it."""

    def hg(self, root: Path, *arguments: str) -> str:
        environment = {"PATH": os.environ["PATH"], "HGRCPATH": "", "HGPLAIN": "1", "HGUSER": "a", "HGMERGE": ":fail"}
        run = subprocess.run(
            ["hg", "--cwd", str(root), "--config", "storage.dirstate-v2.slow-path=allow", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return run.stdout.strip()

    @pytest.fixture
    def root(self, tmp_path: Path, version: str) -> Path:
        self.hg(tmp_path, "--config", f"format.use-dirstate-v2={version}", "init", "work")
        root = tmp_path / "work"
        (root / "a").write_text("one\n")
        self.hg(root, "commit", "-A", "-m", "one")
        return root

    def test_branch_head_and_remote(self, root: Path) -> None:
        (root / ".hg" / "hgrc").write_text("[paths]\ndefault = https://joe:hunter2@host/shop\n")
        self.hg(root, "branch", "stable")

        assert facts(root) == RepositoryFacts(
            system=System.HG,
            branch="stable",
            head=self.hg(root, "log", "-r", ".", "-T", "{node}"),
            remote="https://host/shop",
        )

    def test_a_repository_without_commits(self, root: Path) -> None:
        self.hg(root, "update", "null")

        assert (facts(root).head, facts(root).notes) == ("", ())

    def test_a_merge_in_conflict(self, root: Path) -> None:
        (root / "a").write_text("two\n")
        self.hg(root, "commit", "-m", "two")
        self.hg(root, "update", "0")
        (root / "a").write_text("three\n")
        self.hg(root, "commit", "-m", "three")
        self.hg(root, "merge")

        assert facts(root).in_progress == "merge"
