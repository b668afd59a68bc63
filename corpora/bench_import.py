"""How long commits take to become versions, what they cost in the vault, and whether they say what git says.

`python -m corpora.bench_import REPOSITORY [FOLDER]` imports the history of a clone into a new vault in FOLDER (by
default a temporary one), understands it, and compares with git: who introduced thirty definitions, and which commits
changed how often some lines stand in files. With a vault in FOLDER already only the comparison is made.
"""

from __future__ import annotations

import os
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import CodeVaultError
from codevault.projects.model import Project
from codevault.vault import Vault

DEFINITIONS = 30
LITERALS = 20
_DEFINITION = re.compile(r"^(?:def|class) (\w+)\W", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who introduced something in which commit, and when it was written (seconds since the epoch)."""

    commit: str
    author: str
    at_s: int


def git(repository: Path, *arguments: str) -> str:
    """What git says, with everything it configures for people left out."""
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
    )
    return done.stdout.decode("utf-8", "replace")


def definitions_of(repository: Path, count: int, seed: int = 1) -> list[tuple[str, str]]:
    """(path, name) of what is defined once, at the top of a file of the newest commit, drawn at random."""
    found = []
    for path in git(repository, "ls-tree", "-r", "--name-only", "HEAD").splitlines():
        if path.endswith(".py"):
            names = _DEFINITION.findall(git(repository, "show", f"HEAD:{path}"))
            found += [(path, name) for name in sorted(set(names)) if names.count(name) == 1]
    return random.Random(seed).sample(found, min(count, len(found)))


def origin_by_git(repository: Path, path: str, name: str) -> Origin | None:
    """The oldest commit of `git log -L` for a definition; None when its history is not simple.

    Simple is what git can follow: the oldest commit it names adds the definition's own line, and no earlier commit
    touches such a line anywhere (`git log -G`), from where it would have been moved.
    """
    where = f"/^\\(def\\|class\\) {name}\\b/,+1:{path}"
    shown = git(repository, "log", "-L", where, "--format=%x00%H%x1f%an <%ae>%x1f%at")
    *_, oldest = shown.split("\0")
    head, _, diff = oldest.partition("\n")
    commit, author, at = head.split("\x1f")
    added = re.search(rf"^\+(?:def|class) {name}\b", diff, re.MULTILINE)
    anywhere = git(repository, "log", "--all", "--format=%H", "-G", f"(def|class) {name}\\b", "--reverse").split()
    if added is None or anywhere[:1] != [commit]:
        return None
    return Origin(commit=commit, author=author, at_s=int(at))


def origin_by_vault(vault: Vault, project: Project, path: str, name: str) -> Origin | None:
    """What `vault.history` says."""
    try:
        event = vault.history(project, path, name).introduced
    except CodeVaultError:
        return None
    return Origin(commit=event.at.commit, author=event.author, at_s=(event.at.authored_ns or 0) // 10**9)


def simple_origins(repository: Path, count: int) -> Iterator[tuple[str, str, Origin]]:
    """(path, name, origin) of definitions whose history git can tell, at most `count`."""
    found = 0
    for path, name in definitions_of(repository, 40 * count):
        origin = origin_by_git(repository, path, name)
        if origin is not None:
            found += 1
            yield path, name, origin
        if found == count:
            return


def lines_of(repository: Path, count: int, seed: int = 2) -> list[str]:
    """Lines of the newest commit's sources, of 12 to 60 characters, drawn at random."""
    names = [p for p in git(repository, "ls-tree", "-r", "--name-only", "HEAD").splitlines() if p.endswith(_SOURCES)]
    chosen = random.Random(seed).sample(names, min(count, len(names)))
    found = []
    for path in chosen:
        lines = [line.strip() for line in git(repository, "show", f"HEAD:{path}").splitlines()]
        fitting = [line for line in lines if 12 <= len(line) <= 60 and line.isascii() and line.isprintable()]
        found += random.Random(f"{seed}{path}").sample(fitting, min(1, len(fitting)))
    return found


_SOURCES = (".py", ".java")


def commits_by_git(repository: Path, text: str) -> set[str]:
    """Commits, merges aside, that change how often a text stands in a file."""
    return set(git(repository, "log", "--all", "--no-merges", "--no-renames", "--format=%H", "-S", text).split())


def commits_by_vault(vault: Vault, project: Project, text: str) -> set[str]:
    """The same from the vault."""
    return {change.commit for change in vault.search.commits(text, project=project).changes}


def build(repository: Path, folder: Path) -> None:
    """Imports and understands, and prints what it took."""
    began, own, children = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF), _children()
    with Vault.create(folder) as vault:
        done = vault.projects.import_history(vault.projects.add(repository, name="imported"))
        imported = time.monotonic()
        understood = vault.analyse()
        index = vault._reading().stats()  # noqa: SLF001 - what the cache holds is no promise
    ended, after = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - own.ru_utime - own.ru_stime
    print(
        f"{done.commits} commits, {done.contents} contents, {len(done.problems)} problems, load"
        f" {os.getloadavg()[0]:.1f}"
    )
    print(f"import {imported - began:.1f} s, analysis {ended - imported:.1f} s of {understood.bytes >> 20} MiB")
    print(
        f"processor: {cpu:.0f} s in this process, {_children() - children:.0f} s in others;"
        f" peak {after.ru_maxrss >> 10} MiB"
    )
    cache, of_git = _bytes(folder / "cache"), _bytes(repository / ".git")
    added = _bytes(folder) - cache
    print(f"vault {added} bytes, {added / of_git:.1%} of .git ({of_git}); cache/ apart {cache} bytes")
    rows, commits = index.rows, max(1, index.rows["revision"])
    print(
        f"{rows['stay']} runs of {rows['path']} paths, {rows['content']} contents, {rows['symbol']} distinct symbols;"
    )
    print(f"facts {done.bytes / commits:.0f} bytes a commit on the shelf; text index {index.text_index_bytes} bytes")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def compare(repository: Path, folder: Path) -> None:
    """Asks vault and git the same questions, and prints how often they agree."""
    with Vault.open(folder) as vault:
        project = next(iter(vault.projects))
        agreed, asked, seconds = 0, 0, []
        for path, name, origin in simple_origins(repository, DEFINITIONS):
            began = time.monotonic()
            told = origin_by_vault(vault, project, path, name)
            seconds.append(time.monotonic() - began)
            asked += 1
            agreed += told == origin
            if told != origin:
                print(f"  {path} {name}: git {origin}, vault {told}")
        if asked:
            print(f"origins: {agreed} of {asked} as git log -L tells them, median {statistics.median(seconds):.3f} s")
        agreed, ours, theirs = 0, [], []
        lines = lines_of(repository, LITERALS)
        for line in lines:
            began = time.monotonic()
            by_vault = commits_by_vault(vault, project, line)
            between = time.monotonic()
            by_git = commits_by_git(repository, line)
            ours.append(between - began)
            theirs.append(time.monotonic() - between)
            agreed += by_vault == by_git
            if by_vault != by_git:
                print(f"  {line!r}: {len(by_vault - by_git)} more, {len(by_git - by_vault)} fewer than git")
        print(f"literals: {agreed} of {len(lines)} have the commits of git log -S", end="")
        print(f", median {statistics.median(ours):.3f} s against {statistics.median(theirs):.3f} s")


def main() -> None:
    """See the module."""
    repository = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(temporary) / "vault"
        if not folder.exists():
            build(repository, folder)
        compare(repository, folder)


if __name__ == "__main__":
    main()
