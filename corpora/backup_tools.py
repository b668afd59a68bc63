"""The backup tools that CodeVault is held against: the commands of each, and what it takes on disk."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from corpora.measuring import folder_bytes

_ROOT = Path(__file__).resolve().parent.parent


class Tool(Protocol):
    """A tool with a place of its own. Verbs give commands, to be run with `environment` and timed from outside."""

    place: Path

    @property
    def name(self) -> str:
        """The tool in tables."""

    @property
    def version(self) -> list[str]:
        """The command that prints its version; empty when it is said anyway."""

    @property
    def environment(self) -> dict[str, str]:
        """What its commands need."""

    def create(self, tree: Path) -> list[str]:
        """Makes an empty vault that knows the tree."""

    def backup(self, tree: Path) -> list[str]:
        """Backs the tree up."""

    def upkeep(self) -> list[str]:
        """Makes it small afterwards; empty when it has nothing of the kind."""

    def restore(self, target: Path) -> list[str]:
        """Gives the newest state back."""

    def size(self) -> int:
        """Bytes it takes, without caches and redundancy."""

    def beside(self) -> int:
        """Bytes of caches and redundancy, which can be deleted without loss."""


@dataclass(slots=True)
class CodeVaultTool:
    """CodeVault, each phase a process of its own."""

    place: Path
    name: str = "CodeVault"
    version: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=lambda: {"PYTHONPATH": str(_ROOT)})

    @property
    def held(self) -> Path:
        """Where everything lies."""
        return self.place / "vault"

    def _phase(self, what: str, *folders: Path) -> list[str]:
        return [sys.executable, "-m", "corpora.phase", what, str(self.held), *map(str, folders)]

    def create(self, tree: Path) -> list[str]:
        """See `Tool`."""
        return self._phase("create", tree)

    def backup(self, _tree: Path) -> list[str]:
        """See `Tool`."""
        return self._phase("backup")

    def upkeep(self) -> list[str]:
        """See `Tool`."""
        return self._phase("compact")

    def analyse(self) -> list[str]:
        """The command that understands what was backed up."""
        return self._phase("analyse")

    def restore(self, target: Path) -> list[str]:
        """See `Tool`."""
        return self._phase("restore", target)

    def size(self) -> int:
        """See `Tool`: without `cache/`, parity of packs and second copies of log records."""
        return folder_bytes(self.held) - self.beside()

    def beside(self) -> int:
        """See `Tool`."""
        doubled = (path for end in ("par", "copy") for path in self.held.rglob(f"*.{end}") if path.is_file())
        return folder_bytes(self.held / "cache") + sum(path.stat().st_size for path in doubled)


@dataclass(slots=True)
class ResticTool:
    """restic with repository version 2, a cache of its own and everything else as it comes."""

    place: Path
    name: str = "restic"
    version: list[str] = field(default_factory=lambda: ["restic", "version"])

    @property
    def environment(self) -> dict[str, str]:
        """See `Tool`."""
        return {
            "RESTIC_REPOSITORY": str(self.place / "repository"),
            "RESTIC_CACHE_DIR": str(self.place / "cache"),
            "RESTIC_PASSWORD": "only for measuring",
        }

    def create(self, _tree: Path) -> list[str]:
        """See `Tool`."""
        return ["restic", "init", "-q", "--repository-version", "2"]

    def backup(self, tree: Path) -> list[str]:
        """See `Tool`; run in the tree, so that it finds its parent by path."""
        return ["sh", "-c", 'cd "$1" && exec restic backup -q .', "sh", str(tree)]

    def upkeep(self) -> list[str]:
        """See `Tool`."""
        return []

    def restore(self, target: Path) -> list[str]:
        """See `Tool`."""
        return ["restic", "restore", "-q", "latest", "--target", str(target)]

    def size(self) -> int:
        """See `Tool`."""
        return folder_bytes(self.place / "repository")

    def beside(self) -> int:
        """See `Tool`."""
        return folder_bytes(self.place / "cache")


@dataclass(slots=True)
class BorgTool:
    """borg without encryption, compressing with zstd at level 3."""

    place: Path
    name: str = "borg"
    version: list[str] = field(default_factory=lambda: ["borg", "--version"])

    @property
    def environment(self) -> dict[str, str]:
        """See `Tool`."""
        return {
            "BORG_REPO": str(self.place / "repository"),
            "BORG_BASE_DIR": str(self.place / "base"),
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        }

    def create(self, _tree: Path) -> list[str]:
        """See `Tool`."""
        return ["borg", "init", "--encryption", "none"]

    def backup(self, tree: Path) -> list[str]:
        """See `Tool`."""
        script = 'cd "$1" && exec borg create --compression zstd,3 "::$(date +%s%N)" .'
        return ["sh", "-c", script, "sh", str(tree)]

    def upkeep(self) -> list[str]:
        """See `Tool`."""
        return []

    def restore(self, target: Path) -> list[str]:
        """See `Tool`."""
        script = 'mkdir "$1" && cd "$1" && exec borg extract "::$(borg list --last 1 --short)"'
        return ["sh", "-c", script, "sh", str(target)]

    def size(self) -> int:
        """See `Tool`."""
        return folder_bytes(self.place / "repository")

    def beside(self) -> int:
        """See `Tool`."""
        return folder_bytes(self.place / "base")


@dataclass(slots=True)
class GitTool:
    """git with the tree as its work tree and no filters; objects stay loose until `git gc --aggressive`."""

    place: Path
    name: str = "git"
    version: list[str] = field(default_factory=lambda: ["git", "--version"])
    environment: dict[str, str] = field(default_factory=dict)

    def _git(self, *arguments: str) -> list[str]:
        settings = ("gc.auto=0", "user.name=x", "user.email=x@example.org", "core.autocrlf=false", "core.bare=false")
        chosen = [word for setting in settings for word in ("-c", setting)]
        return ["git", "--git-dir", str(self.place / "git"), "--work-tree", ".", *chosen, *arguments]

    def create(self, _tree: Path) -> list[str]:
        """See `Tool`."""
        return ["git", "init", "-q", "--bare", str(self.place / "git")]

    def backup(self, tree: Path) -> list[str]:
        """See `Tool`."""
        script = 'cd "$1" && shift && "$@" add -A -f . && "$@" commit -q --allow-empty -m state'
        return ["sh", "-c", script, "sh", str(tree), *self._git()]

    def upkeep(self) -> list[str]:
        """See `Tool`."""
        return self._git("gc", "-q", "--aggressive", "--prune=now")

    def restore(self, target: Path) -> list[str]:
        """See `Tool`."""
        script = 'mkdir "$1" && cd "$1" && shift && exec "$@" checkout -q -f HEAD -- .'
        return ["sh", "-c", script, "sh", str(target), *self._git()]

    def size(self) -> int:
        """See `Tool`: without the sample hooks."""
        return folder_bytes(self.place / "git", without="hooks")

    def beside(self) -> int:
        """See `Tool`."""
        return 0


Peer = type[ResticTool] | type[BorgTool] | type[GitTool]

PEERS: tuple[Peer, ...] = (ResticTool, BorgTool, GitTool)
"""What CodeVault is held against, where it is installed."""


def installed() -> tuple[Peer, ...]:
    """The peers that this machine has."""
    return tuple(kind for kind in PEERS if shutil.which(kind(Path()).name) is not None)


def versions(tools: Sequence[Tool]) -> list[list[str]]:
    """The commands that print the versions of these tools."""
    return [tool.version for tool in tools if tool.version]
