"""Answers of the symbol-history benchmark through the vault: import the repository once, then ask `vault.history`."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from codevault.analysis.kinds import CONTAINERS
from codevault.history import Event
from codevault.index.model import SymbolVersion
from codevault.projects.model import Project
from codevault.vault import Vault
from corpora.git_trees import git
from corpora.history_words import WORDS, Case, Header, class_kinds


def vault_answers(
    jobs: Iterable[tuple[Path, Path | None, Sequence[Case]]], folder: Path
) -> Iterator[list[dict[str, Any]]]:
    """The prediction lines of the cases of each repository, as `bench_history` has them (mirrors, unused, cases)."""
    for mirrors, _, cases in jobs:
        git_dir = mirrors / cases[0]["repo"].replace("/", "+") / "repo"
        with vault_of(git_dir, folder) as (vault, project):
            yield [vault_answer(vault, project, git_dir, case) for case in cases]


@contextmanager
def vault_of(git_dir: Path, folder: Path) -> Iterator[tuple[Vault, Project]]:
    """A vault that knows the history of a bare repository; made in `folder` where it is not there already."""
    name = git_dir.parent.name
    clone, place = folder / name, folder / f"{name}.vault"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(git_dir), str(clone)], check=True)
        draft = place.with_suffix(".draft")
        with Vault.create(draft) as vault:
            vault.projects.import_history(vault.projects.add(clone))
            vault.analyse()
        draft.rename(place)
    with Vault.open(place) as vault:
        yield vault, next(iter(vault.projects))


def vault_answer(vault: Vault, project: Project, git_dir: Path, case: Case) -> dict[str, Any]:
    """The prediction line of one case; `seconds` is what the question took, without finding the symbol by its line."""
    is_class, name = case["kind"] == "class", case["name"].split(".")[-1]
    found = [
        each
        for each in vault.symbols(case["start_commit"], project=project, path=case["file"])
        if each.name == name and (each.symbol.kind in CONTAINERS) == is_class
    ]
    if not found:
        return {"id": case["id"], "changes": [], "seconds": 0.0, "error": "symbol not found"}
    line = case["start_line"]
    chosen = min(found, key=lambda one: (one.start_line > line, abs(one.start_line - line)))
    begin = time.perf_counter()
    history = vault.history(chosen)
    seconds = round(time.perf_counter() - begin, 4)
    behind = frozenset(git(git_dir, "rev-list", case["start_commit"]).split())
    changes = dict(_told(vault, history.events, behind, is_class=is_class))
    return {
        "id": case["id"],
        "changes": [{"commit": commit, "types": kinds} for commit, kinds in changes.items() if kinds],
        "seconds": seconds,
    }


def _told(
    vault: Vault, events: Collection[Event], behind: Collection[str], *, is_class: bool
) -> Iterator[tuple[str, list[str]]]:
    """What each commit did, newest first; a symbol that came back is introduced there, as the oracles have it."""
    for event in reversed([*events]):
        if event.at.commit not in behind or event.after is None:
            continue
        if event.before is None or "restored" in event.kinds:
            yield event.at.commit, ["introduced"]
            return
        kinds = [word for kind, word in WORDS.items() if kind in event.kinds]
        if is_class:
            kinds = [*class_kinds(kinds, _header(vault, event.before), _header(vault, event.after))]
        yield event.at.commit, kinds


def _header(vault: Vault, symbol: SymbolVersion) -> Header:
    found = re.search(rb"^\s*package\s+([\w.]+)", vault.read(symbol.blob), re.MULTILINE)
    return Header(symbol.name, symbol.signature, found[1] if found else b"")


def compared(mine: Path, others: Path) -> Iterator[str]:
    """What two files of answers tell differently, case by case and commit by commit."""
    theirs = {line["id"]: line for line in map(json.loads, others.read_text(encoding="utf-8").splitlines())}
    lines = [json.loads(line) for line in mine.read_text(encoding="utf-8").splitlines()]
    same = 0
    for line in lines:
        sides = [
            {one["commit"]: sorted(one["types"]) for one in each["changes"]} for each in (line, theirs[line["id"]])
        ]
        commits = sorted(sides[0].keys() | sides[1].keys())
        differing = [commit for commit in commits if sides[0].get(commit) != sides[1].get(commit)]
        same += not differing
        for commit in differing:
            here, there = (", ".join(side.get(commit, ())) or "nothing" for side in sides)
            yield f"{line['id']} {commit[:10]}: {here}; over git: {there}"
    yield f"{same} of {len(lines)} cases are answered as over git"
