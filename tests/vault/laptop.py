"""A project whose repository is published, the server that has what was published, and a vault."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from codevault.backup import Backup
from codevault.projects.model import Project
from codevault.store.store import Store
from codevault.vault import Vault
from tests.vcs.scenes import REMOTE, git


class Laptop:
    """The server stands in for another machine: the project knows it by a URL that names one."""

    def __init__(self, folder: Path, vault: bool = True) -> None:
        self.folder = folder
        self.server = folder / "server.git"
        self.root = folder / "shop"
        if vault:
            self.make_vault()

    @classmethod
    def made(cls, folder: Path) -> Laptop:
        """A new one, with two files in one commit, which is published."""
        laptop = cls(folder, vault=False)
        git(folder, "init", "-q", "--bare", "--initial-branch=main", str(laptop.server))
        laptop.root.mkdir()
        git(laptop.root, "init", "-q", "--initial-branch=main")
        laptop.commit("first", **{"a.txt": "one\n", "b.txt": "b\n"})
        laptop.push()
        return laptop

    def make_vault(self) -> None:
        self.vault = Vault.create(self.folder / "vault", workers=1)
        self.project: Project = self.vault.projects.add(self.root)

    @property
    def store(self) -> Store:
        return self.vault._store

    def backup(self) -> Backup:
        return self.vault.backup(self.project)

    def left(self) -> dict[str, str]:
        """Paths and references of what the newest snapshot left to the repository."""
        snapshot = self.store.snapshots(self.project.id)[-1]
        return {entry.path: entry.reference or "" for entry in self.store.manifest(snapshot) if entry.reference}

    def commit(self, words: str, **files: str) -> None:
        for name, content in files.items():
            (self.root / name).write_text(content)
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "-m", words)

    def push(self) -> None:
        git(self.root, "push", "-q", str(self.server), "+main:main")
        git(self.root, "config", "remote.origin.url", REMOTE)
        git(self.root, "config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
        git(self.root, "update-ref", "refs/remotes/origin/main", "main")

    def make_a_mess(self) -> None:
        """Two stashes, a lost commit, an unpublished branch, a rebase that stopped, edits, hooks and settings."""
        for number in ("older", "newer"):
            (self.root / "b.txt").write_text(f"stashed {number}\n")
            git(self.root, "stash", "push", "-q", "-m", number)
        git(self.root, "checkout", "-q", "-b", "topic")
        self.commit("lost", **{"lost.txt": "lost\n"})
        git(self.root, "reset", "-q", "--hard", "HEAD~1")
        self.commit("topic", **{"a.txt": "topic\n", "c.txt": "c\n"})
        git(self.root, "checkout", "-q", "main")
        self.commit("mine", **{"a.txt": "mine\n"})
        git(self.root, "checkout", "-q", "topic")
        git(self.root, "rebase", "main", check=False)
        (self.root / "staged.txt").write_text("only staged\n")
        git(self.root, "add", "staged.txt")
        (self.root / "staged.txt").write_text("edited after staging\n")
        (self.root / "new.txt").write_text("untracked\n")
        (self.root / ".git/hooks/pre-commit").write_text("#!/bin/sh\nexit 0\n")
        git(self.root, "config", "core.fsmonitor", "/bin/false")

    def picture(self, root: Path) -> dict[str, str]:
        """What git says of a repository."""
        asked = {
            "status": ("status", "--porcelain=v2", "--branch"),
            "refs": ("for-each-ref",),
            "stash": ("stash", "list", "--format=%H %gs"),
            "reflog": ("reflog", "--format=%H %gs"),
            "index": ("ls-files", "-s"),
            "edits": ("diff",),
            "staged": ("diff", "--cached"),
        }
        return {name: git(root, "-c", "core.fsmonitor=false", *question) for name, question in asked.items()}


def copied(template: Laptop, folder: Path) -> Laptop:
    """The same laptop in another folder, as long ago as the first: making one anew takes many processes."""
    for part in (template.server, template.root):
        shutil.copytree(part, folder / part.name, symlinks=True)
    for above, _, names in os.walk(folder / "shop"):
        for name in names:
            os.utime(Path(above, name), ns=(0, 1_700_000_000 * 10**9))
    return Laptop(folder)
