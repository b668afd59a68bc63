"""Working copies for tests, made by the real programs; every one behaves the same to `test_repository_contract`."""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Protocol

from codevault.vcs.memory_repository import MemoryRepository
from codevault.vcs.model import Commit, CommitChange, CommitId, Signature
from codevault.vcs.opening import open_repository
from codevault.vcs.ports import Repository
from codevault.vcs.programs import Answers, ask

_HG = {"PATH": os.environ["PATH"], "HOME": os.devnull, "HGRCPATH": "", "HGUSER": "Ann <ann@example.org>"}
REMOTE = "https://example.org/shop"


def git(root: Path, *arguments: str, check: bool = True, given: str = "", **environment: str) -> str:
    """Runs git as a user would, but for the machine's own settings; `given` is what it reads."""
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": str(root.parent),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_AUTHOR_NAME": "Ann",
        "GIT_AUTHOR_EMAIL": "ann@example.org",
        "GIT_COMMITTER_NAME": "Ben",
        "GIT_COMMITTER_EMAIL": "ben@example.org",
        "GIT_AUTHOR_DATE": "1700000000 +0100",
        "GIT_COMMITTER_DATE": "1700000100 -0230",
        "GIT_EDITOR": "true",
        **environment,
    }
    command = ["git", "-C", str(root), "-c", "protocol.file.allow=always", *arguments]
    done = subprocess.run(command, env=clean, input=given, capture_output=True, text=True, check=check, timeout=60)
    return done.stdout.strip()


def hg(root: Path, *arguments: str, check: bool = True) -> str:
    """Runs Mercurial as a user would, but for the machine's own settings.

    Starting it takes its time, so one process serves all; but for extensions and filters, which would stay with it.
    """
    if any("extensions." in argument or "pipe:" in argument for argument in arguments):
        command = ["hg", "--cwd", str(root), *arguments]
        own = {**_HG, "HOME": str(root.parent)}
        done = subprocess.run(command, env=own, capture_output=True, text=True, check=check, timeout=60)
        return done.stdout.strip()
    code, said, told = _mercurial().run("--cwd", str(root), *arguments)
    if check and code:
        raise subprocess.CalledProcessError(code, ["hg", *arguments], said, told)
    return said.strip()


class _Mercurial:
    """A command server of the real program; each command opens its repository anew."""

    def __init__(self) -> None:
        self._running = subprocess.Popen(
            ["hg", "serve", "--cmdserver", "pipe"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env=_HG,
        )
        self._answers = Answers(self._running)
        self._frame()  # its greeting

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Status, output and errors of one command."""
        joined = "\0".join(arguments).encode("utf-8", "surrogateescape")
        ask(self._running, b"runcommand\n" + struct.pack(">I", len(joined)) + joined)
        said: dict[bytes, list[bytes]] = {b"o": [], b"e": [], b"d": []}
        while True:
            channel, content = self._frame()
            if channel == b"r":
                output, errors = (b"".join(said[one]).decode("utf-8", "surrogateescape") for one in (b"o", b"e"))
                return int.from_bytes(content, "big"), output, errors
            if channel in {b"I", b"L"}:
                ask(self._running, bytes(4))  # there is nobody to ask
            else:
                said[channel].append(content)

    def close(self) -> None:
        """Ends it."""
        self._running.kill()
        self._running.communicate()

    def _frame(self) -> tuple[bytes, bytes]:
        channel, length = struct.unpack(">cI", self._answers.exactly(5))
        return channel, b"" if channel in {b"I", b"L"} else self._answers.exactly(length)


@cache
def _mercurial() -> _Mercurial:
    made = _Mercurial()
    atexit.register(made.close)
    return made


def svn(root: Path, *arguments: str, check: bool = True) -> str:
    """Runs Subversion as a user would, but for the machine's own settings."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "LC_ALL": "C.UTF-8"}
    command = ["svn", "--non-interactive", "--config-dir", str(root.parent / "svn-settings"), *arguments]
    done = subprocess.run(command, cwd=root, env=clean, capture_output=True, text=True, check=check, timeout=60)
    return done.stdout.strip()


class Scene(Protocol):
    """A working copy whose files can be committed, and whose commits can be made to count as published."""

    root: Path

    def commit(self, **files: bytes) -> None: ...

    def publish(self) -> None: ...

    def damage(self) -> None: ...

    def opened(self) -> AbstractContextManager[Repository]: ...


@contextmanager
def opened(root: Path) -> Iterator[Repository]:
    with open_repository(root, work=root.parent / "scratch") as repository:
        assert repository is not None
        yield repository


class GitScene:
    def __init__(self, folder: Path, *options: str, name: str = "git") -> None:
        self.root = folder / name
        self.root.mkdir()
        git(self.root, "init", "-q", "--initial-branch=main", *options)

    def commit(self, **files: bytes) -> None:
        for name, content in files.items():
            (self.root / name).write_bytes(content)
            git(self.root, "add", "-f", name)
        git(self.root, "commit", "-q", "-m", "some words")

    def publish(self) -> None:
        git(self.root, "config", "remote.origin.url", REMOTE)
        git(self.root, "config", "branch.main.remote", "origin")
        git(self.root, "config", "branch.main.merge", "refs/heads/main")
        git(self.root, "update-ref", "refs/remotes/origin/main", "HEAD")

    def damage(self) -> None:
        shutil.rmtree(self.root / ".git" / "objects")

    def opened(self) -> AbstractContextManager[Repository]:
        return opened(self.root)


class HgScene:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "hg"
        self.root.mkdir()
        hg(self.root, "init")

    def commit(self, **files: bytes) -> None:
        for name, content in files.items():
            (self.root / name).write_bytes(content)
        hg(self.root, "commit", "-A", "-q", "-m", "some words", "-d", "1700000000 -3600")

    def publish(self) -> None:
        (self.root / ".hg" / "hgrc").write_text(f"[paths]\ndefault = {REMOTE}\n")
        hg(self.root, "phase", "--public", "-r", "all()")

    def damage(self) -> None:
        shutil.rmtree(self.root / ".hg" / "store")

    def opened(self) -> AbstractContextManager[Repository]:
        return opened(self.root)


class SvnScene:
    """Every commit goes to a server; `publish` makes it one elsewhere, in the eyes of the working copy."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "svn"
        subprocess.run(["svnadmin", "create", str(folder / "server")], check=True)
        svn(folder, "checkout", "-q", f"file://{folder}/server", str(self.root))

    def commit(self, **files: bytes) -> None:
        for name, content in files.items():
            (self.root / name).write_bytes(content)
            svn(self.root, "add", "-q", "--force", name)
        svn(self.root, "commit", "-q", "-m", "some words")
        svn(self.root, "update", "-q")

    def publish(self) -> None:
        database = sqlite3.connect(self.root / ".svn" / "wc.db")
        database.execute("UPDATE REPOSITORY SET root = ?", (REMOTE,))
        database.commit()
        database.close()

    def damage(self) -> None:
        (self.root / ".svn" / "wc.db").write_bytes(b"no database" * 100)

    def opened(self) -> AbstractContextManager[Repository]:
        return opened(self.root)


class MemoryScene:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "memory"
        self.root.mkdir()
        self.repository = MemoryRepository()

    def commit(self, **files: bytes) -> None:
        changes = []
        for name, content in files.items():
            (self.root / name).write_bytes(content)
            before = self.repository.expected.get(name)
            after = self.repository.put(name, content)
            changes.append(CommitChange(path=name, before=before.object if before else None, after=after))
        number = len(self.repository.history)
        who = Signature(name="Ann", mail="ann@example.org", at_ns=1_700_000_000 * 10**9)
        self.repository.history.append(
            Commit(
                id=CommitId(f"{number + 1:040x}"),
                parents=tuple(commit.id for commit in self.repository.history[-1:]),
                author=who,
                committer=who,
                message="some words",
                changes=tuple(changes),
            )
        )

    def publish(self) -> None:
        self.repository.published.update(tracked.object for tracked in self.repository.expected.values())

    def damage(self) -> None:
        self.repository.damaged = "it is damaged"

    @contextmanager
    def opened(self) -> Iterator[Repository]:
        yield self.repository
        self.repository.close()
