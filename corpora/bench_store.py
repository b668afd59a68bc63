"""Holds the store against restic, borg and git, whichever are installed, in the same run.

    python -m corpora.bench_store tree TREE [--repeats 3] [--analyse] [--write]
    python -m corpora.bench_store histories NAME=SOURCE … [--write]
    python -m corpora.bench_store versions NAME=SOURCE … [--write]

`tree`: first backup, unchanged run, 500 edits, full restore of a folder of sources. Debian's kernel is one:
`apt-get download linux-source-6.1`, unpacked. It is copied first. Whole processes are timed, tools alternating.
`histories`: what whole histories take. SOURCE is a git dir (120 evenly spaced first-parent commits) or a folder of
releases in the order of their names. After compacting every snapshot is restored and compared.
`versions`: how long any one old version of a file takes to read, before and after compacting.
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

from corpora.backup_tools import CodeVaultTool, Peer, Tool, installed, versions
from corpora.distributions import SUFFIXES
from corpora.measuring import Cost, folder_bytes, machine, middle, said, spread, timed
from corpora.results import table, write_section
from corpora.store_histories import history_report, measure_history, measure_versions, version_report

TREE_TITLE = "The store against other tools: one tree"
HISTORIES_TITLE = "The store against other tools: histories"
VERSIONS_TITLE = "Reading one old version of a file"

_EDITS = 500


@dataclass(slots=True)
class Measured:
    """What one tool took for each phase; `differences` are lines of `diff -r` after the restore."""

    first: list[Cost] = field(default_factory=list)
    size: int = 0
    beside: int = 0
    unchanged: list[Cost] = field(default_factory=list)
    unchanged_added: int = 0
    edited: list[Cost] = field(default_factory=list)
    edited_added: int = 0
    restored: list[Cost] = field(default_factory=list)
    differences: int = -1
    upkeep: list[Cost] = field(default_factory=list)
    kept_up: int = 0


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


def first_backups(tools: Sequence[Tool], tree: Path, repeats: int) -> dict[str, Measured]:
    """Each tool's first backup, repeated into new places; the last one stays for the other phases."""
    measured = {tool.name: Measured() for tool in tools}
    for _ in range(repeats):
        for tool in tools:
            shutil.rmtree(tool.place, ignore_errors=True)
            tool.place.mkdir(parents=True)
            timed(tool.create(tree), environment=tool.environment)
            with said(f"{tool.name}: first backup"):
                cost = timed(tool.backup(tree), environment=tool.environment)
            found = measured[tool.name]
            found.first.append(cost)
            found.size, found.beside = tool.size(), tool.beside()
    return measured


def later_backups(tools: Sequence[Tool], measured: Mapping[str, Measured], tree: Path, runs: int) -> None:
    """The unchanged runs, alternating, and the run after 500 edits."""
    for tool in tools:
        measured[tool.name].unchanged_added = -tool.size()
    for _ in range(runs):
        for tool in tools:
            measured[tool.name].unchanged.append(timed(tool.backup(tree), environment=tool.environment))
    for tool in tools:
        measured[tool.name].unchanged_added = (measured[tool.name].unchanged_added + tool.size()) // runs
    picked = pick_sources(tree, _EDITS, seed=7)
    for number, path in enumerate(picked):
        insert_line(path, f"/* edit {number:03d} of a measurement */")
    for tool in tools:
        size = tool.size()
        with said(f"{tool.name}: {len(picked)} edited files"):
            measured[tool.name].edited.append(timed(tool.backup(tree), environment=tool.environment))
        measured[tool.name].edited_added = tool.size() - size


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


def upkeep(tool: Tool, found: Measured) -> None:
    """What the tool does to make itself smaller."""
    with said(f"{tool.name}: made small"):
        found.upkeep.append(timed(tool.upkeep(), environment=tool.environment))
    found.kept_up = tool.size()


def report(measured: Mapping[str, Measured], facts: str, analysis: Cost | None) -> str:
    """The section of RESULTS.md about one tree."""
    phases = {
        "first backup, without analysis": "first",
        "unchanged run": "unchanged",
        f"{_EDITS} files edited": "edited",
        "full restore": "restored",
        "made small": "upkeep",
    }
    ours = measured["CodeVault"]
    costs = []
    for what, attribute in phases.items():
        for name, found in measured.items():
            runs: list[Cost] = getattr(found, attribute)
            if runs:
                costs.append(_cost_row(what, name, runs, getattr(ours, attribute)))
    if analysis is not None:
        costs.append(_cost_row("analysis of the whole tree", "CodeVault", [analysis], [analysis]))
    head = ("bytes", *measured, *(f"of {name}" for name in measured if name != "CodeVault"))
    sizes = [
        _size_row(what, [getattr(found, attribute) for found in measured.values()])
        for what, attribute in {
            "after the first backup": "size",
            "added by an unchanged run": "unchanged_added",
            f"added by {_EDITS} edited files": "edited_added",
            "made small (0: no such thing)": "kept_up",
            "caches and redundancy beside it": "beside",
        }.items()
    ]
    wrong = ", ".join(f"{name} {found.differences}" for name, found in measured.items())
    return "\n".join(
        (
            f"`python -m corpora.bench_store tree TREE{'' if analysis is None else ' --analyse'} --write`",
            "",
            facts,
            "Medians of whole processes; page cache warm; restic encrypts and starts with a key derivation.",
            "",
            table(("phase", "tool", "s", "spread s", "cpu s", "peak MB", "CodeVault's s", "its cpu s"), costs),
            "",
            table(head, sizes),
            "",
            f"Differences found by `diff -r` after the restore: {wrong}. git keeps no empty folders.",
        )
    )


def _cost_row(what: str, name: str, runs: Sequence[Cost], ours: Sequence[Cost]) -> tuple[str, ...]:
    cost = middle(runs)
    walls = [run.wall for run in runs]
    own = middle(ours)
    shares = f"{own.wall / cost.wall:.2f}", f"{own.cpu / max(cost.cpu, 0.01):.2f}"
    return what, name, f"{cost.wall:.2f}", spread(walls), f"{cost.cpu:.2f}", f"{cost.peak_mb:.0f}", *shares


def _size_row(what: str, sizes: Sequence[int]) -> tuple[str, ...]:
    ratios = (f"{sizes[0] / size:.3f}" if size else "-" for size in sizes[1:])
    return what, *(f"{size:,}" for size in sizes), *ratios


def bench_tree(asked: argparse.Namespace, work: Path) -> tuple[str, bool]:
    """Measures one tree; the section, and whether our restore was right."""
    tree = work / "tree"
    with said("copying the tree"):
        subprocess.run(["cp", "-a", str(asked.tree), str(tree)], check=True)
    warm = ["find", str(tree), "-type", "f", "-exec", "cat", "{}", "+"]
    subprocess.run(warm, check=True, stdout=subprocess.DEVNULL)
    ours = CodeVaultTool(work / "CodeVault")
    tools: list[Tool] = [ours, *(kind(work / kind.__name__) for kind in _peers(asked))]
    measured = first_backups(tools, tree, asked.repeats)
    facts = (
        f"{machine(*versions(tools))}.\n"
        f"{asked.tree.name}: {sum(len(names) for _, _, names in os.walk(tree)):,} files, "
        f"{folder_bytes(tree) / 1e6:,.0f} MB."
    )
    later_backups(tools, measured, tree, asked.unchanged)
    restores(tools, measured, tree)
    analysis = None
    if asked.analyse:
        with said("analysis"):
            analysis = timed(ours.analyse(), environment=ours.environment)
    upkeep(ours, measured["CodeVault"])
    print(json.dumps({name: asdict(found) for name, found in measured.items()}), file=sys.stderr)
    return report(measured, facts, analysis), measured["CodeVault"].differences == 0


def bench_histories(asked: argparse.Namespace, work: Path) -> tuple[str, bool]:
    """Measures what histories take; the section, and whether every snapshot came back right."""
    kinds = _peers(asked)
    found = [measure_history(name, source, work / name, kinds, asked.snapshots) for name, source in asked.sources]
    facts = machine(*versions([kind(work) for kind in kinds]))
    return history_report(found, facts), not any(each.wrong for each in found)


def bench_versions(asked: argparse.Namespace, work: Path) -> tuple[str, bool]:
    """Measures random access; the section, and True."""
    found = [measure_versions(name, source, work / name, asked.snapshots) for name, source in asked.sources]
    return version_report(found, machine()), True


def _peers(asked: argparse.Namespace) -> list[Peer]:
    return [kind for kind in installed() if not asked.peers or kind(Path()).name in asked.peers.split(",")]


def _source(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not Path(path).is_dir():
        raise argparse.ArgumentTypeError(f"not NAME=FOLDER: {text}")
    return name, Path(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for; 1 when something of ours did not come back as it was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="where copies and vaults go; several times the input's size")
    parser.add_argument("--write", action="store_true", help="update corpora/RESULTS.md")
    parser.add_argument("--peers", default="", help="restic,borg,git or some of them; all that are installed otherwise")
    chosen = parser.add_subparsers(required=True)
    tree = chosen.add_parser("tree")
    tree.add_argument("tree", type=Path)
    tree.add_argument("--repeats", type=int, default=3)
    tree.add_argument("--unchanged", type=int, default=5, help="how often the unchanged tree is backed up")
    tree.add_argument("--analyse", action="store_true", help="also analyse the whole tree (minutes)")
    tree.set_defaults(bench=bench_tree, title=TREE_TITLE)
    for name, bench, title in (
        ("histories", bench_histories, HISTORIES_TITLE),
        ("versions", bench_versions, VERSIONS_TITLE),
    ):
        history = chosen.add_parser(name)
        history.add_argument("sources", type=_source, nargs="+", metavar="NAME=SOURCE")
        history.add_argument("--snapshots", type=int, default=120)
        history.set_defaults(bench=bench, title=title)
    for each in chosen.choices.values():
        each.add_argument("--work", type=Path, default=argparse.SUPPRESS)
        each.add_argument("--write", action="store_true", default=argparse.SUPPRESS)
        each.add_argument("--peers", default=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-store-", dir=asked.work) as name:
        body, right = asked.bench(asked, Path(name))
    print(body)
    if asked.write:
        write_section(asked.title, body)
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
