"""Whole histories in a vault and in other tools: what they take, that they come back, how fast one version is read."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codevault import Vault
from codevault.ids import BlobId
from codevault.store.filesystem import DiskFileSystem
from codevault.store.layout import Layout
from codevault.store.reading import BlobReader
from codevault.store.store import Store
from codevault.store.vaultstate import VaultState
from corpora.backup_tools import CodeVaultTool, GitTool, Peer, Tool
from corpora.git_trees import Leaf, contents, differences, git, lay, linear_repository, spaced_commits, tree_of
from corpora.measuring import folder_bytes, median, percentile, said, spread, timed
from corpora.results import table

_READS = 4000
_TRIES = 3
_IDENTITY = {"GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@x", "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@x"}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryMeasured:
    """Bytes of a history in each tool, `logical` those of all its states; seconds for all backups, and for compacting.

    `peers` maps a tool to its bytes; "git" is after `git gc --aggressive`. `beside`: parity and second copies of log
    records of the compacted vault. `wrong` names what did not come back.
    """

    name: str
    snapshots: int
    logical: int
    at_once: int
    compacted: int
    beside: int
    backup_seconds: float
    compact_seconds: float
    peers: dict[str, int]
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsMeasured:
    """Milliseconds for each read of a version, without anything cached by us between two, and with our cache."""

    name: str
    count: int
    cold: dict[str, tuple[float, ...]]
    warm: dict[str, tuple[float, ...]]


def as_repository(source: Path, place: Path) -> Path:
    """The git dir with the history: the source itself, or made of a folder of releases in the order of their names."""
    if (source / "objects").is_dir():
        return source
    made = place / "releases.git"
    subprocess.run(["git", "init", "-q", "--bare", str(made)], check=True)
    environment = {**_IDENTITY, "GIT_INDEX_FILE": str(place / "index")}
    parent: list[str] = []
    for release in sorted(path for path in source.iterdir() if path.is_dir()):
        add = ["git", "--git-dir", str(made), "--work-tree", str(release), "-c", "core.bare=false"]
        add += ["-c", "core.autocrlf=false", "add", "-A", "-f", "."]
        subprocess.run(add, check=True, cwd=release, env={**os.environ, **environment})
        tree = git(made, "write-tree", environment=environment)
        parent = ["-p", git(made, "commit-tree", tree, *parent, "-m", release.name, environment=environment)]
    git(made, "update-ref", "refs/heads/main", parent[1])
    git(made, "symbolic-ref", "HEAD", "refs/heads/main")
    return made


def states(git_dir: Path, commits: Sequence[str], folder: Path) -> Iterator[str]:
    """Lays each commit into the empty folder, writing only what differs, and gives it while it lies there."""
    before: dict[str, Leaf] = {}
    with contents(git_dir) as blobs:
        for commit in commits:
            tree = tree_of(git_dir, commit)
            lay(tree, before, folder, blobs)
            before = tree
            yield commit


def measure_history(
    name: str, source: Path, place: Path, peers: Sequence[Peer], snapshots: int, *, compact: bool = True
) -> HistoryMeasured:
    """Backs up every state with every tool, then compacts, restores each state from the vault and compares it."""
    place.mkdir(parents=True)
    git_dir = as_repository(source, place)
    commits = spaced_commits(git_dir, snapshots)
    ours = CodeVaultTool(place / "CodeVault")
    others: list[Tool] = [kind(place / kind.__name__) for kind in peers if kind is not GitTool]
    folder = place / "project"
    folder.mkdir()
    logical, seconds = 0, 0.0
    for tool in (ours, *others):
        tool.place.mkdir()
        if tool is not ours:
            timed(tool.create(folder), environment=tool.environment)
    with said(f"{name}: {len(commits)} states"), Vault.create(ours.held) as vault:
        project = vault.projects.add(folder)
        for commit in states(git_dir, commits, folder):
            began = time.perf_counter()
            vault.backup(project, reason=commit)
            seconds += time.perf_counter() - began
            logical += folder_bytes(folder)
            for tool in others:
                timed(tool.backup(folder), environment=tool.environment)
    at_once = ours.size()
    began = time.perf_counter()
    if compact:
        with said(f"{name}: compact"):
            timed(ours.upkeep(), environment=ours.environment)
    spent = time.perf_counter() - began
    taken = {tool.name: tool.size() for tool in others}
    if GitTool in peers:
        taken["git"] = _aggressive(git_dir, commits, place / "linear.git")
    with said(f"{name}: every state restored"):
        wrong = _wrong(ours.held, git_dir, place / "restored")
    return HistoryMeasured(
        name=name,
        snapshots=len(commits),
        logical=logical,
        at_once=at_once,
        compacted=ours.size(),
        beside=ours.beside() - folder_bytes(ours.held / "cache"),
        backup_seconds=seconds,
        compact_seconds=spent,
        peers=taken,
        wrong=tuple(wrong),
    )


def _aggressive(git_dir: Path, commits: Sequence[str], target: Path) -> int:
    linear_repository(git_dir, commits, target)
    git(target, "gc", "-q", "--aggressive", "--prune=now")
    return folder_bytes(target, without="hooks")


def _wrong(held: Path, git_dir: Path, target: Path) -> list[str]:
    wrong = []
    with Vault.open(held) as vault, contents(git_dir) as blobs:
        project = next(iter(vault.projects))
        for snapshot in vault.snapshots(project):
            vault.restore(project, at=snapshot, to=target)
            found = differences(tree_of(git_dir, snapshot.reason), target, blobs)
            wrong += [f"{snapshot.reason[:9]} {path}" for path in found]
            shutil.rmtree(target)
    return wrong


def measure_versions(name: str, source: Path, place: Path, snapshots: int) -> VersionsMeasured:
    """Reads versions in an order of chance, each file of each state being as likely as the next distinct one."""
    place.mkdir(parents=True)
    git_dir = as_repository(source, place)
    commits = spaced_commits(git_dir, snapshots)
    held, folder = place / "vault", place / "project"
    folder.mkdir()
    with said(f"{name}: {len(commits)} states"), Vault.create(held) as vault:
        project = vault.projects.add(folder)
        for commit in states(git_dir, commits, folder):
            vault.backup(project, reason=commit)
    cold: dict[str, tuple[float, ...]] = {}
    warm: dict[str, tuple[float, ...]] = {}
    count = 0
    for when in ("at backup time", "compacted"):
        if when == "compacted":
            with Vault.open(held) as vault:
                vault.compact()
        with Store.open(held) as store:
            found = sorted({e.blob for s in store.snapshots() for e in store.manifest(s) if e.blob is not None})
            reader = VaultState(DiskFileSystem(), Layout(held), store.vault_id, time.time_ns).reader
        count = len(found)
        chosen = random.Random(7).sample(found, min(_READS, count))
        cold[when] = tuple(min(_milliseconds(reader, blob, forget=True) for _ in range(_TRIES)) for blob in chosen)
        warm[when] = tuple(_milliseconds(reader, blob, forget=False) for blob in chosen)
    return VersionsMeasured(name=name, count=count, cold=cold, warm=warm)


def _milliseconds(reader: BlobReader, blob: BlobId, *, forget: bool) -> float:
    if forget:
        reader.forget()
    began = time.perf_counter()
    reader.read(blob)
    return (time.perf_counter() - began) * 1000


def history_report(found: Sequence[HistoryMeasured], facts: str) -> str:
    """The section of RESULTS.md about histories."""
    rows = []
    for each in found:
        git_bytes = each.peers.get("git", 0)
        for what, size in (("at backup time", each.at_once), ("compacted", each.compacted)):
            rows.append((each.name, f"CodeVault {what}", *_sizes(size, git_bytes, each.logical)))
        for tool, size in each.peers.items():
            shown = "git gc --aggressive" if tool == "git" else tool
            rows.append((each.name, shown, *_sizes(size, git_bytes, each.logical)))
    facts_of = "; ".join(
        f"{each.name} {each.snapshots} states, {each.logical / 1e6:.1f} MB in all, "
        f"backups {each.backup_seconds:.1f} s, compacting {each.compact_seconds:.1f} s, beside it {each.beside:,} bytes"
        for each in found
    )
    wrong = sum(len(each.wrong) for each in found)
    return "\n".join(
        (
            _command("histories", [each.name for each in found]),
            "",
            f"{facts}.",
            "Whole vault without `cache/`, and without parity and second copies of log records (beside it); git",
            "without its sample hooks.",
            f"{facts_of}.",
            "",
            table(("history", "tool", "bytes", "of git", "logical bytes against it"), rows),
            "",
            f"Every state restored from the compacted vault and compared with git's own bytes: {wrong} differences.",
        )
    )


def _command(what: str, names: Sequence[str]) -> str:
    return f"`python -m corpora.bench_store {what} {' '.join(f'{name}=SOURCE' for name in names)} --write`"


def _sizes(size: int, git_bytes: int, logical: int) -> tuple[str, str, str]:
    return f"{size:,}", f"{size / git_bytes:.3f}" if git_bytes else "-", f"{logical / size:.1f}:1" if size else "-"


def version_report(found: Sequence[VersionsMeasured], facts: str) -> str:
    """The section of RESULTS.md about random access."""
    rows = [
        (each.name, f"{each.count:,}", f"{when}, {how}", *_row(times))
        for each in found
        for how, measured in (("nothing cached", each.cold), ("with our cache", each.warm))
        for when, times in measured.items()
    ]
    return "\n".join(
        (
            _command("versions", [each.name for each in found]),
            "",
            f"{facts}.",
            "Distinct versions over the whole history, in an order of chance, hash-checked; page cache warm. With",
            f"nothing cached: the least of {_TRIES} readings of each, since other programs run here.",
            "",
            table(("history", "versions", "vault", "median ms", "p95 ms", "least-greatest ms"), rows),
        )
    )


def _row(times: Sequence[float]) -> tuple[str, str, str]:
    return f"{median(times):.2f}", f"{percentile(times, 0.95):.2f}", spread(times)
