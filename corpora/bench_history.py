"""Answers the cases of the symbol-history benchmark with the library's analysis and lineage, and has them scored.

    python -m corpora.bench_history CASES MIRRORS [--only TEXT] [--jobs 2] [--cache FOLDER] [--out FILE] [--write]
    python -m corpora.bench_history CASES MIRRORS --vaults FOLDER [--only TEXT] [--beside FILE] [--out FILE] [--write]

CASES holds `train.jsonl`, `score.py` and `reference/`; MIRRORS holds each repository as a bare git directory
`<owner>+<name>/repo`. A case is walked from its start commit back: each commit that touched the symbol's file is
compared with every real parent, by the whole step where the file alone does not tell. With --vaults it is asked of
`vault.history` instead: FOLDER holds a clone and a vault of each repository, made where they are missing; --beside
names answers over git, and where both tell a case differently is listed.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from codevault.analysis.lineage import CONTAINERS, Change, ChangeKind, VersionedSymbol
from corpora.git_symbols import History, history, identity
from corpora.history_words import WORDS, Case, Header, class_kinds
from corpora.results import write_section
from corpora.vault_histories import compared, vault_answers

TITLE = "Symbol histories against the oracles"
EXTENSIONS: Mapping[str, str] = {"java": ".java", "python": ".py"}
PAGE = Path(__file__).resolve().parents[1] / "analysis" / "RESULTS.md"
SECONDS = 600.0
"""After which a case is given up; its answer then holds what was found so far."""

Found = tuple[VersionedSymbol | None, Change | None]


@dataclass(slots=True)
class Walk:
    """One symbol followed back from commit to commit."""

    source: History
    is_class: bool
    deadline: float
    changes: dict[str, list[str]] = field(default_factory=dict)
    introduced: list[str] = field(default_factory=list)
    trail: list[tuple[str, str, str]] = field(default_factory=list)

    def follow(self, start: str, symbol: VersionedSymbol) -> None:
        """Every stage of a symbol's life: one path from one commit on, then the path it came from."""
        stages = [(start, symbol)]
        seen = set()
        while stages:
            begin, here = stages.pop(0)
            if (begin, here.path) not in seen:
                seen.add((begin, here.path))
                stages.extend(self._stage(begin, here))

    def _stage(self, begin: str, symbol: VersionedSymbol) -> Iterator[tuple[str, VersionedSymbol]]:
        log = self.source.log(begin, symbol.path)
        states = {log[0][0]: symbol} if log else {}
        for commit, following in log:
            here = states.get(commit)
            if here is None or time.monotonic() > self.deadline:
                continue
            parents = self.source.parents(commit)
            found = _in_place_first([self._before(parent, commit, here) for parent in parents], here)
            self._record(commit, here, dict(zip(parents, found, strict=True)))
            earlier = [symbol for symbol, _ in found]
            for parent, origin in zip(parents, earlier, strict=True):
                if origin is not None and origin.path != here.path:
                    yield parent, origin
            for number, ancestor in enumerate(following):
                known = earlier[number] if number < len(earlier) and earlier[number] is not None else None
                known = known or next((each for each in earlier if each is not None), None)
                if known is not None and known.path == here.path:
                    states.setdefault(ancestor, known)

    def _before(self, parent: str, commit: str, symbol: VersionedSymbol) -> Found:
        """The symbol in a parent and what the commit did to it; the file alone first, it is most often enough."""
        within = self.source.within(parent, commit, symbol.path)
        if within is not None:
            for change in within.continued:
                if (
                    change.after is not None
                    and identity(change.after) == identity(symbol)
                    and change.confidence >= 0.95
                ):
                    return change.before, change
        step = self.source.step(parent, commit)
        if symbol.path in step.moved:
            olds = self.source.symbols(parent, step.moved[symbol.path]) or ()
            wanted = symbol.qualified_name, symbol.start_line
            old = next((each for each in olds if (each.qualified_name, each.start_line) == wanted), None)
            kinds = (ChangeKind.CONTAINER_MOVED,)
            return old, Change(before=old, after=symbol, kinds=kinds, evidence="its file moved", confidence=1.0)
        changed = step.by_after.get(identity(symbol))
        return (changed.before, changed) if changed is not None else (None, None)

    def _record(self, commit: str, symbol: VersionedSymbol, found: Mapping[str, Found]) -> None:
        told = {
            parent: change for parent, (before, change) in found.items() if before is not None and change is not None
        }
        if not told:
            self.introduced.append(commit)
            self.trail.append((commit, str(identity(symbol)), "introduced"))
            return
        kinds = min((self._kinds(commit, parent, change) for parent, change in told.items()), key=len)
        if kinds:
            self.changes[commit] = kinds
            why = "; ".join(f"{change.evidence} {identity(change.before)}" for change in told.values() if change.before)
            self.trail.append((commit, str(identity(symbol)), why))

    def _kinds(self, commit: str, parent: str, change: Change) -> list[str]:
        kinds = [WORDS[kind] for kind in change.kinds]
        if not self.is_class or change.before is None or change.after is None:
            return kinds
        return [*class_kinds(kinds, self._header(parent, change.before), self._header(commit, change.after))]

    def _header(self, commit: str, symbol: VersionedSymbol) -> Header:
        found = re.search(rb"^\s*package\s+([\w.]+)", self.source.content(commit, symbol.path), re.MULTILINE)
        return Header(symbol.name, symbol.signature, found[1] if found else b"")


def _in_place_first(found: list[Found], here: VersionedSymbol) -> list[Found]:
    """Of a merge's parents those that have the symbol at its path, if any does: the oracles follow no others."""
    in_place = [before is not None and before.path == here.path for before, _ in found]
    if not any(in_place):
        return found
    return [each if stays else (None, None) for each, stays in zip(found, in_place, strict=True)]


def answer(source: History, case: Case) -> dict[str, Any]:
    """The prediction line of one case."""
    begin = time.monotonic()
    is_class = case["kind"] == "class"
    symbols = source.symbols(case["start_commit"], case["file"]) or ()
    name = case["name"].split(".")[-1]
    named = [each for each in symbols if (each.kind in CONTAINERS) == is_class and each.name == name]
    if not named:
        return {"id": case["id"], "changes": [], "seconds": 0.0, "error": "symbol not found"}
    symbol = min(
        named, key=lambda each: (each.start_line > case["start_line"], abs(each.start_line - case["start_line"]))
    )
    walk = Walk(source, is_class, begin + SECONDS)
    walk.follow(case["start_commit"], symbol)
    if walk.introduced:
        order = source.order(case["start_commit"]) if len(walk.introduced) > 1 else {}
        walk.changes[max(walk.introduced, key=lambda commit: order.get(commit, 0))] = ["introduced"]
    changes = [{"commit": commit, "types": kinds} for commit, kinds in walk.changes.items()]
    seconds = round(time.monotonic() - begin, 2)
    return {"id": case["id"], "changes": changes, "seconds": seconds, "trail": walk.trail}


Job = tuple[Path, Path | None, list[Case]]


def _answers(job: Job) -> list[dict[str, Any]]:
    mirrors, cache, cases = job
    git_dir = mirrors / cases[0]["repo"].replace("/", "+") / "repo"
    done: dict[tuple[object, ...], dict[str, Any]] = {}
    with history(git_dir, EXTENSIONS[cases[0]["language"]], cache) as source:
        for case in cases:
            asked = tuple(case[key] for key in ("start_commit", "file", "start_line", "name", "kind"))
            if asked not in done:
                done[asked] = answer(source, case)
    return [
        {**done[tuple(case[key] for key in ("start_commit", "file", "start_line", "name", "kind"))], "id": case["id"]}
        for case in cases
    ]


def _all_answers(jobs: Sequence[Job], processes: int) -> Iterator[list[dict[str, Any]]]:
    if processes == 1:
        yield from map(_answers, jobs)
        return
    with get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_answers, jobs)


def scores(folder: Path, predictions: Path, suites: Sequence[str]) -> str:
    """What `score.py` says of the answers, suite by suite, all commits and core, kinds, and the references."""
    others = sorted((folder / "reference").glob("*.jsonl"))
    out = []
    for suite in suites:
        runs = [("all, kinds", predictions, ["--kinds"]), ("core", predictions, ["--view", "core"])]
        runs += [(f"{each.stem}, {view}", each, ["--view", view]) for each in others for view in ("all", "core")]
        for title, answers, more in runs:
            command = [sys.executable, str(folder / "score.py"), str(folder / "train.jsonl"), str(answers)]
            done = subprocess.run([*command, "--suite", suite, *more], check=True, capture_output=True, text=True)
            lines = done.stdout.rstrip().splitlines()
            out += [f"-- {suite}: {title}", *(lines if title == "all, kinds" else lines[-1:])]
    return "\n".join(out)


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("--only", default="", help="cases whose id holds this")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", type=Path, help="keeps analyses from one run to the next")
    parser.add_argument("--out", type=Path, default=Path("history.jsonl"), help="where the answers go")
    parser.add_argument("--vaults", type=Path, help="ask vaults in this folder, made where they are missing")
    parser.add_argument("--beside", type=Path, help="answers over git to compare those of the vaults with")
    parser.add_argument("--write", action="store_true", help="update analysis/RESULTS.md")
    asked = parser.parse_args(arguments)
    lines = (asked.cases / "train.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [case for line in lines if asked.only in (case := json.loads(line))["id"]]
    by_repository: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_repository[case["repo"]].append(case)
    jobs = [(asked.mirrors, asked.cache, group) for group in sorted(by_repository.values(), key=len, reverse=True)]
    with asked.out.open("w", encoding="utf-8") as out:
        for answers in vault_answers(jobs, asked.vaults) if asked.vaults else _all_answers(jobs, asked.jobs):
            out.writelines(f"{json.dumps(each)}\n" for each in answers)
    body = scores(asked.cases, asked.out, list(dict.fromkeys(case["suite"] for case in cases)))
    if asked.beside:
        body += "\n" + "\n".join(compared(asked.out, asked.beside))
    print(body)
    if asked.write:
        title, option = (f"{TITLE}, through the vault", " --vaults FOLDER") if asked.vaults else (TITLE, "")
        head = f"`python -m corpora.bench_history CASES MIRRORS{option} --write`, {len(cases)} cases"
        write_section(title, f"{head}\n\n```\n{body}\n```", PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
