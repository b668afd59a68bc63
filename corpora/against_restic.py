"""Holds CodeVault against restic on one tree of sources: first backup, unchanged run, 500 edits, full restore.

    python -m corpora.against_restic TREE [--work FOLDER] [--repeats 3] [--analyse] [--write]

TREE is any folder of sources; Debian's kernel is one: `apt-get download linux-source-6.1`, unpacked. It is copied
first (the edits are made to the copy and undone at the end). Whole processes are timed, one tool after the other, in
the same run; the first backup is repeated into new places, the unchanged run five times, alternating.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from corpora.distributions import SUFFIXES
from corpora.measuring import Cost, folder_bytes, machine, middle, said, spread, timed
from corpora.results import table, write_section

TITLE = "CodeVault and restic on one tree"

_EDITS = 500
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class CodeVaultTool:
    """CodeVault, each phase a process of its own."""

    place: Path
    name: str = "CodeVault"
    environment: dict[str, str] = field(default_factory=lambda: {"PYTHONPATH": str(_ROOT)})

    @property
    def held(self) -> Path:
        """Where everything lies."""
        return self.place / "vault"

    def _phase(self, what: str, *folders: Path) -> list[str]:
        return [sys.executable, "-m", "corpora.phase", what, str(self.held), *map(str, folders)]

    def create(self, tree: Path) -> list[str]:
        """The command that makes an empty vault knowing the tree."""
        return self._phase("create", tree)

    def backup(self, _tree: Path) -> list[str]:
        """The command that backs the tree up."""
        return self._phase("backup")

    def analyse(self) -> list[str]:
        """The command that understands what was backed up."""
        return self._phase("analyse")

    def restore(self, target: Path) -> list[str]:
        """The command that gives the newest snapshot back."""
        return self._phase("restore", target)

    def size(self) -> int:
        """Bytes of the vault without its cache."""
        return folder_bytes(self.held, without="cache")

    def cache(self) -> int:
        """Bytes that can be deleted without loss."""
        return folder_bytes(self.held / "cache")


@dataclass(slots=True)
class ResticTool:
    """restic with repository version 2, a cache of its own and everything else as it comes."""

    place: Path
    name: str = "restic"

    @property
    def environment(self) -> dict[str, str]:
        """Where repository and cache are, and a password."""
        return {
            "RESTIC_REPOSITORY": str(self.place / "repository"),
            "RESTIC_CACHE_DIR": str(self.place / "cache"),
            "RESTIC_PASSWORD": "only for measuring",
        }

    def create(self, _tree: Path) -> list[str]:
        """The command that makes an empty repository."""
        return ["restic", "init", "-q", "--repository-version", "2"]

    def backup(self, tree: Path) -> list[str]:
        """The command that backs the tree up; run in the tree, so that it finds its parent by path."""
        return ["sh", "-c", 'cd "$1" && exec restic backup -q .', "sh", str(tree)]

    def restore(self, target: Path) -> list[str]:
        """The command that gives the newest snapshot back."""
        return ["restic", "restore", "-q", "latest", "--target", str(target)]

    def size(self) -> int:
        """Bytes of the repository."""
        return folder_bytes(self.place / "repository")

    def cache(self) -> int:
        """Bytes of its cache."""
        return folder_bytes(self.place / "cache")


Tool = CodeVaultTool | ResticTool


@dataclass(slots=True)
class Measured:
    """What one tool took for each phase; `differences` are lines of `diff -r` after the restore."""

    first: list[Cost] = field(default_factory=list)
    size: int = 0
    cache: int = 0
    unchanged: list[Cost] = field(default_factory=list)
    unchanged_added: int = 0
    edited: list[Cost] = field(default_factory=list)
    edited_added: int = 0
    restored: list[Cost] = field(default_factory=list)
    differences: int = -1


def pick_sources(tree: Path, count: int, seed: int) -> list[Path]:
    """That many source files of the tree, the same for the same seed; fewer when there are not so many."""
    suffixes = tuple(SUFFIXES.values())
    found = sorted(
        Path(root, name)
        for root, _, names in os.walk(tree)
        for name in names
        if name.endswith(suffixes) and not os.path.islink(os.path.join(root, name))
    )
    found = [path for path in found if path.stat().st_size > 0]
    return random.Random(seed).sample(found, min(count, len(found)))


def insert_line(path: Path, text: str) -> None:
    """Put a line into the middle of a file, in place."""
    lines = path.read_bytes().split(b"\n")
    lines.insert(len(lines) // 2, text.encode())
    path.write_bytes(b"\n".join(lines))


def first_backups(tools: Sequence[type[Tool]], tree: Path, work: Path, repeats: int) -> dict[str, Measured]:
    """Each tool's first backup, repeated into new places; the last one stays for the other phases."""
    measured: dict[str, Measured] = {}
    for _ in range(repeats):
        for kind in tools:
            tool = kind(work / kind.__name__)
            shutil.rmtree(tool.place, ignore_errors=True)
            tool.place.mkdir(parents=True)
            timed(tool.create(tree), environment=tool.environment)
            with said(f"{tool.name}: first backup"):
                cost = timed(tool.backup(tree), environment=tool.environment)
            found = measured.setdefault(tool.name, Measured())
            found.first.append(cost)
            found.size, found.cache = tool.size(), tool.cache()
    return measured


def later_backups(tools: Sequence[Tool], measured: Mapping[str, Measured], tree: Path, runs: int) -> None:
    """The unchanged runs, alternating, and the run after 500 edits, which are undone."""
    for tool in tools:
        measured[tool.name].unchanged_added = -tool.size()
    for _ in range(runs):
        for tool in tools:
            measured[tool.name].unchanged.append(timed(tool.backup(tree), environment=tool.environment))
    for tool in tools:
        measured[tool.name].unchanged_added = (measured[tool.name].unchanged_added + tool.size()) // runs
    picked = pick_sources(tree, _EDITS, seed=7)
    before = {path: (path.read_bytes(), path.stat()) for path in picked}
    try:
        for number, path in enumerate(picked):
            insert_line(path, f"/* edit {number:03d} of a measurement */")
        for tool in tools:
            size = tool.size()
            with said(f"{tool.name}: {len(picked)} edited files"):
                measured[tool.name].edited.append(timed(tool.backup(tree), environment=tool.environment))
            measured[tool.name].edited_added = tool.size() - size
        restores(tools, measured, tree)
    finally:
        for path, (content, status) in before.items():
            path.write_bytes(content)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def restores(tools: Sequence[Tool], measured: Mapping[str, Measured], tree: Path) -> None:
    """The full restore of the newest snapshot, compared with the tree, as often as the first backup was made."""
    rounds = len(measured[tools[0].name].first)
    for _ in range(rounds):
        for tool in tools:
            target = tool.place / "restored"
            with said(f"{tool.name}: restore"):
                measured[tool.name].restored.append(timed(tool.restore(target), environment=tool.environment))
            command = ["diff", "-rq", "--no-dereference", str(tree), str(target)]
            lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
            measured[tool.name].differences = max(measured[tool.name].differences, len(lines))
            for line in lines[:5]:
                print(f"{tool.name}: {line}", file=sys.stderr)
            shutil.rmtree(target)


def report(measured: Mapping[str, Measured], facts: str, analysis: Cost | None, cache: int) -> str:
    """The section of RESULTS.md."""
    ours, theirs = measured["CodeVault"], measured["restic"]
    rows = [
        _row("first backup, without analysis", ours.first, theirs.first),
        _row("unchanged run", ours.unchanged, theirs.unchanged),
        _row(f"{_EDITS} files edited", ours.edited, theirs.edited),
        _row("full restore", ours.restored, theirs.restored),
    ]
    if analysis is not None:
        rows.append(("analysis of the whole tree", _said(analysis), f"{analysis.wall:.1f}", "-", "-", "-", "-"))
    sizes = [
        _size_row("after the first backup", ours.size, theirs.size),
        _size_row("added by an unchanged run", ours.unchanged_added, theirs.unchanged_added),
        _size_row(f"added by {_EDITS} edited files", ours.edited_added, theirs.edited_added),
        _size_row("caches beside it", cache, theirs.cache),
    ]
    both = ("CodeVault s / cpu s / peak MB", "spread s", "restic s / cpu s / peak MB", "spread s", "ratio", "cpu ratio")
    return "\n".join(
        (
            "`python -m corpora.against_restic TREE --analyse --write`",
            "",
            facts,
            "Medians of whole processes; page cache warm; restic encrypts and starts with a key derivation.",
            "",
            table(("phase", *both), rows),
            "",
            table(("bytes", "CodeVault", "restic", "ratio"), sizes),
            "",
            f"`diff -r` after the restore: CodeVault {ours.differences} differences, restic {theirs.differences}.",
        )
    )


def _said(cost: Cost) -> str:
    return f"{cost.wall:.2f} / {cost.cpu:.2f} / {cost.peak_mb:.0f}"


def _row(what: str, ours: Sequence[Cost], theirs: Sequence[Cost]) -> tuple[str, ...]:
    own, other = middle(ours), middle(theirs)
    return (
        what,
        _said(own),
        spread([each.wall for each in ours]),
        _said(other),
        spread([each.wall for each in theirs]),
        f"{own.wall / other.wall:.2f}",
        f"{own.cpu / other.cpu:.2f}",
    )


def _size_row(what: str, ours: int, theirs: int) -> tuple[str, ...]:
    return what, f"{ours:,}", f"{theirs:,}", f"{ours / theirs:.3f}" if theirs else "-"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every phase; 1 when a restore of ours differs from the tree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--work", type=Path, help="where the copy and the vaults go; several times the tree's size")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--unchanged", type=int, default=5, help="how often the unchanged tree is backed up")
    parser.add_argument("--analyse", action="store_true", help="also analyse the whole tree (minutes)")
    parser.add_argument("--write", action="store_true", help="update corpora/RESULTS.md")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="against-restic-", dir=asked.work) as name:
        work = Path(name)
        tree = work / "tree"
        with said("copying the tree"):
            subprocess.run(["cp", "-a", str(asked.tree), str(tree)], check=True)
        warm = ["find", str(tree), "-type", "f", "-exec", "cat", "{}", "+"]
        subprocess.run(warm, check=True, stdout=subprocess.DEVNULL)
        kinds: tuple[type[Tool], ...] = (CodeVaultTool, ResticTool)
        measured = first_backups(kinds, tree, work, asked.repeats)
        ours, theirs = CodeVaultTool(work / "CodeVaultTool"), ResticTool(work / "ResticTool")
        later_backups((ours, theirs), measured, tree, asked.unchanged)
        files = sum(len(names) for _, _, names in os.walk(tree))
        facts = (
            f"{machine(('restic', 'version'))}.\n"
            f"{asked.tree.name}: {files:,} files, {folder_bytes(tree) / 1e6:,.0f} MB."
        )
        print(json.dumps({tool: asdict(found) for tool, found in measured.items()}), file=sys.stderr)
        body = report(measured, facts, None, measured["CodeVault"].cache)
        if asked.analyse:
            if asked.write:  # an analysis that is broken off loses nothing that was measured before it
                write_section(TITLE, body)
            with said("analysis"):
                analysis = timed(ours.analyse(), environment=ours.environment)
            body = report(measured, facts, analysis, ours.cache())
    print(body)
    if asked.write:
        write_section(TITLE, body)
    return int(measured["CodeVault"].differences != 0)


if __name__ == "__main__":
    sys.exit(main())
