"""What `corpora.benchmarks` measures: the user's figures, each group a function of how much is laid out and where."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import psutil

from codevault import Service, Vault
from codevault import queries as q
from codevault.vcs.model import System
from corpora.backup_tools import CodeVaultTool, ResticTool, installed
from corpora.bench_service import tree_cost, watched
from corpora.figures import Figure, Load
from corpora.generate import generate, write
from corpora.measuring import folder_bytes, median, percentile, said, timed
from corpora.store_histories import measure_history
from corpora.vcs_overhead import MAKERS, measured


def first_backup(load: Load, folder: Path) -> list[Figure]:
    """A large project backed up and understood for the first time, then 500 of its files changed."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    for step in generate(3, projects=1, files=load.of(100_000), steps=0):
        write(step, tree)
    ours, peer = CodeVaultTool(folder / "ours"), ResticTool(folder / "restic")
    compared = load.share == 1 and ResticTool in installed()
    for place in (ours.place, peer.place):
        place.mkdir()
    costs: dict[str, list[float]] = {}
    files = sum(len(names) for _, _, names in os.walk(tree))
    for phase in ("first", "edited"):
        if phase == "first":
            timed(ours.create(tree), environment=ours.environment)
            if compared:
                timed(peer.create(tree), environment=peer.environment)
        else:
            _edit(tree, load.of(500, least=5))
        with said(f"{phase} backup of {files} files"):
            costs[phase] = [timed(ours.backup(tree), environment=ours.environment).wall]
        with said("understood"):
            costs[phase].append(timed(ours.analyse(), environment=ours.environment).wall)
        if compared:
            costs[phase].append(timed(peer.backup(tree), environment=peer.environment).wall)
    return [
        Figure(
            asked=words,
            value=costs[phase][0] + costs[phase][1],
            limit=limit,
            unit="s",
            goal=goal,
            how=f"{what}: backup {costs[phase][0]:.1f} s, understood {costs[phase][1]:.1f} s",
            peers=f"restic, which understands nothing, {costs[phase][2]:.1f} s" if compared else "",
            scaled=True,
        )
        for phase, words, limit, goal, what in (
            ("first", "initial full backup of a 100,000-file project", 1200.0, "600 s", f"{files:,} files"),
            ("edited", "incremental backup of 500 changed files", 60.0, "", f"{load.of(500, least=5):,} changed files"),
        )
    ]


def _edit(tree: Path, count: int) -> None:
    """A line more at the end of files that lie evenly over the tree."""
    files = sorted(Path(root, name) for root, _, names in os.walk(tree) for name in names if name != "truth.jsonl")
    for path in files[:: max(1, len(files) // count)][:count]:
        with path.open("ab") as file:
            file.write(b"\n")


def all_projects(load: Load, folder: Path) -> list[Figure]:
    """Fifty projects: a day's work in each of them backed up, put in order, asked for their state."""
    work, count = folder / "work", load.of(50, least=5)
    work.mkdir(parents=True)
    with said("projects generated"):
        for step in generate(5, projects=count, files=load.of(500_000), steps=0):
            write(step, work)
    roots = sorted(path for path in work.iterdir() if path.is_dir())
    with Vault.create(folder / "vault") as vault:
        projects = [vault.projects.add(root, client=f"client {at % 7}") for at, root in enumerate(roots)]
        with said("first backups"):
            files = sum(vault.backup(project).stats.files for project in projects)
        for root in roots:
            _edit(root, load.of(100, least=3))
        began = time.perf_counter()
        changed = sum(vault.backup(project).stats.changed for project in projects)
        everything = time.perf_counter() - began
        seen = [_seen(vault, root) for root in roots[:5]]
        began = time.perf_counter()
        vault.projects.reorganise(
            {project.name: {"client": "Group", "name": f"new {project.name}"} for project in projects}
        )
        if len(vault.projects.find(client="Group")) != count:
            raise AssertionError("the new order is not seen")
        reorganised = time.perf_counter() - began
        asked = sorted(path for root in roots for path in root.rglob("*.*") if path.is_file())
        waits = [_milliseconds(partial(vault.status, path)) for path in asked[:: max(1, len(asked) // 500)][:500]]
    how = f"{count} projects, {files:,} files"
    return [
        Figure(
            asked="incremental backup of all of 50 projects, 500,000 files",
            value=everything,
            limit=300.0,
            unit="s",
            how=f"{how}, {changed:,} of them changed",
            scaled=True,
        ),
        Figure(
            asked="project organisation updated after a file changed",
            value=max(seen),
            limit=3.0,
            unit="s",
            goal="0.5 s",
            how=f"{how}; a manifest is added, its project backed up and found by its new stack; longest of {len(seen)}",
        ),
        Figure(
            asked="project reorganisation seen",
            value=reorganised,
            limit=10.0,
            unit="s",
            goal="0.5 s",
            how=f"all {count} get another client and name, and are found by it",
        ),
        Figure(
            asked="backup status of any file",
            value=percentile(waits, 0.99),
            limit=200.0,
            unit="ms",
            goal="10 ms",
            how=f"{how}; 99 of 100 of {len(waits)}, median {median(waits):.1f}",
        ),
    ]


def _seen(vault: Vault, root: Path) -> float:
    """Seconds from a new manifest to the project being found by the stack that it tells of."""
    (root / "mix.exs").write_text("defmodule Shop.MixProject do\n  use Mix.Project\nend\n")
    began = time.perf_counter()
    vault.backup(root.name)
    if root.name not in {project.name for project in vault.projects.find(stack="elixir")}:
        raise AssertionError(f"{root.name} is not known to be of its new stack")
    return time.perf_counter() - began


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def half_a_year(load: Load, folder: Path) -> list[Figure]:
    """Six months of working days in many projects, then questions."""
    work, count = folder / "work", load.of(50, least=4)
    work.mkdir(parents=True)
    with Vault.create(folder / "vault") as vault:
        with said("half a year of backups"):
            backups = _live(vault, work, count, load)
        with said("understood"):
            understood = vault.analyse()
        names = sorted({hit.symbol.name for hit in vault.search.symbols("*", limit=40).hits if hit.symbol})
        plain = [
            *(partial(vault.search.symbols, name) for name in names[:10]),
            *(partial(vault.search.text, name) for name in names[:10]),
            *(partial(vault.search.text, word) for word in ("return", "import", "self", "error", "// ")),
        ]
        complex_ones = [
            *(
                partial(vault.search.regex, pattern)
                for pattern in (r"\w+\(\w+, \w+\)", r"if .* == \d+", r"(?i)todo|fixme")
            ),
            *(partial(vault.search.regex, rf"{name}\(.*\w+") for name in names[:5]),
            partial(vault.search.structure, "if $A == $B: $C", language="python"),
            partial(vault.search.structure, "return $A + $B", language="python"),
            partial(vault.search.find, (q.kind("method") | q.kind("function")) & q.text(names[0]) & ~q.deleted()),
            partial(vault.search.find, q.name(names[0], "fuzzy") | q.words("total value")),
        ]
        waits = {
            kind: [_milliseconds(ask) / 1000 for ask in asks] for kind, asks in (("p", plain), ("c", complex_ones))
        }
    how = f"{count} projects, {backups:,} backups, {understood.versions:,} file versions"
    return [
        Figure(
            asked="pattern search over six months of history",
            value=max(waits["p"]),
            limit=10.0,
            unit="s",
            goal="0.05 s",
            how=f"{how}; the longest of {len(plain)} names and literals, median {1000 * median(waits['p']):.0f} ms",
        ),
        Figure(
            asked="search for complex patterns",
            value=max(waits["c"]),
            limit=5.0,
            unit="s",
            goal="0.5 s",
            how=f"the longest of {len(complex_ones)} regular expressions, shapes and combined questions, median"
            f" {1000 * median(waits['c']):.0f} ms",
        ),
    ]


def _live(vault: Vault, work: Path, count: int, load: Load) -> int:
    """The backups of 130 working days; a day's work is a backup of every project that it touched."""
    known, backups = {}, 0
    for step in generate(6, projects=count, files=load.of(50_000, least=100), steps=load.of(130, least=12)):
        write(step, work)
        for name in sorted({change.project for change in step.changes}):
            if name not in known:
                known[name] = vault.projects.add(work / name)
            vault.backup(known[name])
            backups += 1
    return backups


def repositories(load: Load, folder: Path) -> list[Figure]:
    """What the bridge to version control adds to the backup of an unchanged repository."""
    figures = []
    for system in MAKERS:
        if shutil.which(system) is None:
            continue
        place = folder / system
        place.mkdir(parents=True)
        with said(f"bridge to {system}"):
            found = measured(System(system), load.of(10_000, least=400), place)
        figures.append(
            Figure(
                asked=f"overhead of version control per repository: {system}",
                value=float(found["bridge_ms"]),
                limit=100.0,
                unit="ms",
                goal="60 ms" if system == "git" else "100 ms",
                how=f"{load.of(10_000, least=400):,} files, unchanged; median of five",
            )
        )
    return figures


def storage(load: Load, folder: Path) -> list[Figure]:
    """What real trees and real histories take: packs, records and parity; `cache/` is derived and left out."""
    figures = []
    for name, tree in load.trees.items():
        with said(f"tree {name}"), Vault.create(folder / f"tree-{name}") as vault:
            held = vault.backup(vault.projects.add(tree)).stats
        taken = CodeVaultTool(folder / f"tree-{name}")
        figures.append(
            Figure(
                asked=f"space saved on a typical project: {name}",
                value=100 * (1 - _taken(vault.path) / held.bytes),
                limit=60.0,
                unit="%",
                at_least=True,
                how=f"{held.files:,} files, {held.bytes / 1e6:.1f} MB, one backup",
            )
        )
        shutil.rmtree(taken.place)
    for name, source in load.histories.items():
        place = folder / f"history-{name}"
        found = measure_history(name, source, place, (), load.states, compact=load.share == 1)
        if found.wrong:
            raise AssertionError(f"not restored as it was: {found.wrong[:5]}")
        later = f"; compacted {found.logical / (found.compacted + found.beside):.1f} : 1" if load.share == 1 else ""
        figures.append(
            Figure(
                asked=f"historical versions against what they take: {name}",
                value=found.logical / (found.at_once + found.beside),
                limit=10.0,
                unit=": 1",
                goal="40 : 1",
                at_least=True,
                how=f"{found.snapshots} states, {found.logical / 1e6:.1f} MB in all; each restored and compared{later}",
            )
        )
    return figures


def _taken(vault: Path) -> int:
    """Bytes of a vault without its cache and the room it keeps for a full disk."""
    return folder_bytes(vault, without="cache") - (vault / "reserve").stat().st_size


def service(load: Load, folder: Path) -> list[Figure]:
    """Share of processors and memory of the service at rest, then while a file is saved every two seconds."""
    roots = [folder / "work" / f"project{number:02}" for number in range(load.of(50, least=5))]
    for root in roots:
        root.mkdir(parents=True)
        for number in range(load.of(10_000, least=20)):
            below = root / f"part{number // 100}"
            below.mkdir(exist_ok=True)
            (below / f"file{number}.py").write_text(f"def number_{number}(value):\n    return value * {number}\n")
    with Vault.create(folder / "vault") as vault:
        for root in roots:
            vault.projects.add(root)
    running = Service(folder / "vault", heartbeats=False)
    running.start(wait_s=600)
    try:
        while running.health().backups < len(roots):
            time.sleep(0.2)
        time.sleep(1 + 29 * load.share)
        pid = running.health().pid
        rest, memory = watched(pid, 4 + 596 * load.share)
        busy = _saving(roots[0], pid, rounds=max(3, round(300 * load.share)))
    finally:
        running.stop()
    processors, whole = os.cpu_count() or 1, psutil.virtual_memory().total
    shares = {
        name: 100 * (found[-1][1] - found[0][1]) / (found[-1][0] - found[0][0]) / processors
        for name, found in (("at rest", rest), ("while files are saved", busy))
    }
    how = f"{len(roots)} projects, {len(roots) * load.of(10_000, least=20):,} files"
    figures = [
        Figure(
            asked=f"processor in normal operation, {name}",
            value=share,
            limit=5.0,
            unit="%",
            goal="1 %" if name == "at rest" else "5 %",
            how=f"{how}, of {processors} processors",
        )
        for name, share in shares.items()
    ]
    figures.append(
        Figure(
            asked="memory in normal operation",
            value=100 * memory / whole,
            limit=5.0,
            unit="%",
            goal="5 %, at most 300 MB",
            how=f"{how}; {memory >> 20} MiB of all its processes, of {whole >> 20}",
        )
    )
    return figures


def _saving(root: Path, pid: int, rounds: int) -> list[tuple[float, float]]:
    """Clock and processor seconds before, between and after saves two seconds apart."""
    found = [(time.monotonic(), tree_cost(pid)[0])]
    for number in range(rounds):
        (root / "part0" / "file0.py").write_text(f"def number_0(value):\n    return value + {number}\n")
        time.sleep(2)
        found.append((time.monotonic(), tree_cost(pid)[0]))
    return found


GROUPS: Mapping[str, Callable[[Load, Path], list[Figure]]] = {
    "first_backup": first_backup,
    "all_projects": all_projects,
    "half_a_year": half_a_year,
    "repositories": repositories,
    "storage": storage,
    "service": service,
}
"""What can be measured apart."""
