"""How long reports take over a year of 50 projects: `python -m corpora.bench_reports [FOLDER [PROJECTS]]`.

The projects are made up from a seed: git repositories with 110 commits each by four people in 2026, 40 files of some
60 lines, three or so changed by a commit, functions added, changed and removed. Prints processor seconds of each
report for its values and for its faces, median of three, the first run apart; in brackets those of the wall clock.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from codevault.reports.faces import Report
from codevault.vault import Vault

PROJECTS = 50
COMMITS = 110
FILES = 40
YEAR = 1_767_225_600  # 2026-01-01
REPORTS = ("evolution", "churn", "hotspots", "ownership", "coupling", "survival")


def main(folder: Path, projects: int = PROJECTS) -> None:
    """Makes the vault if it is not there, and measures."""
    place = folder / "vault"
    if not place.exists():
        with Vault.create(place) as vault:
            for number in range(projects):
                root = folder / f"project{number:02}"
                repository(root, random.Random(number))
                vault.projects.import_history(vault.projects.add(root, client=f"client{number % 7}"))
            done = vault.analyse()
            print(f"{done.versions} file versions, {done.symbols} symbols, {done.bytes >> 20} MiB")
    with Vault.open(place) as vault:
        for name in REPORTS:
            first, value, wall, faces = measured(partial(getattr(vault.reports, name)))
            print(f"{name:10} first {first:.2f}, values {value:.2f} ({wall:.2f}), markdown + html + json {faces:.2f} s")


def measured(make: Callable[[], Report]) -> tuple[float, float, float, float]:
    """Seconds of the first call, medians of three more and of their wall clock, and of all faces."""
    values, walls, faces = [], [], []
    for _ in range(4):
        begun, wall = time.process_time(), time.perf_counter()
        report = make()
        values.append(time.process_time() - begun)
        walls.append(time.perf_counter() - wall)
        begun = time.process_time()
        for face in (report.to_markdown, report.to_html, report.to_json):
            face()
        faces.append(time.process_time() - begun)
    return values[0], statistics.median(values[1:]), statistics.median(walls[1:]), statistics.median(faces)


def repository(root: Path, luck: random.Random) -> None:
    """A repository whose history git is fed in one go."""
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    files = {f"src/part{number}/file{number}.py": functions(luck, number) for number in range(FILES)}
    stream: list[bytes] = []
    for commit in range(COMMITS):
        touched = list(files) if not commit else luck.sample(sorted(files), luck.randint(1, 6))
        for path in touched if commit else ():
            edit(files[path], luck, commit)
        at = YEAR + commit * 365 * 86_400 // COMMITS
        person = f"Person {luck.randrange(4)} <p{luck.randrange(4)}@example.org> {at} +0000"
        stream.append(f"commit refs/heads/master\nauthor {person}\ncommitter {person}\ndata 5\nwork\n\n".encode())
        for path in touched:
            text = "\n\n".join(files[path]).encode()
            stream.append(f"M 644 inline {path}\ndata {len(text)}\n".encode() + text + b"\n")
    subprocess.run(["git", "-C", str(root), "fast-import", "--quiet"], input=b"".join(stream), check=True)
    subprocess.run(["git", "-C", str(root), "reset", "-q", "--hard", "master"], check=True)


def functions(luck: random.Random, number: int) -> list[str]:
    """The functions of a file."""
    return [function(luck, f"work_{number}_{each}") for each in range(8)]


def function(luck: random.Random, name: str) -> str:
    """One function of a handful of lines."""
    lines = [f"    value_{luck.randrange(50)} = values[{luck.randrange(99)}] + {luck.randrange(999)}" for _ in range(5)]
    return "\n".join([f"def {name}(values, rate={luck.randrange(9)}):", *lines, "    return values\n"])


def edit(held: list[str], luck: random.Random, commit: int) -> None:
    """Changes, adds or removes a function or two."""
    for _ in range(luck.randint(1, 3)):
        at = luck.randrange(len(held))
        kind = luck.random()
        if kind < 0.7:
            held[at] = held[at].replace("values[", f"values[{commit} + ", 1)
        elif kind < 0.85 or len(held) < 4:
            held.insert(at, function(luck, f"added_{commit}_{luck.randrange(10**6)}"))
        else:
            held.pop(at)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
