"""Holds `vault.history` against `git log -L` for functions drawn at random.

    python -m corpora.bench_log_lines VAULT REPOSITORY [--count 50] [--seed 1] [--show]

VAULT knows the history of REPOSITORY, a clone, up to its HEAD. Git follows lines, the vault a symbol: what only one of
them names is sorted by why, as far as that shows in the commit.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from codevault.history import History
from codevault.references import FoundSymbol
from codevault.vault import Vault
from corpora.git_trees import git
from corpora.results import table

KINDS = frozenset({"function", "method", "constructor"})


def lines_log(repository: Path, head: str, symbol: FoundSymbol) -> dict[str, str]:
    """The commits that `git log -L` names for the lines of a symbol, each with its patch."""
    lines = f"-L{symbol.start_line},{symbol.end_line}:{symbol.path}"
    told = git(repository / ".git", "log", "--format=%x00%H", lines, head).split("\0")[1:]
    return {entry[:40]: entry[40:] for entry in told}


def sampled(vault: Vault, head: str, count: int, seed: int) -> list[FoundSymbol]:
    """Functions of the newest commit, of three lines or more."""
    (project,) = vault.projects
    found = [
        each
        for each in vault.symbols(head, project=project)
        if each.symbol.kind in KINDS and each.end_line - each.start_line >= 2
    ]
    return random.Random(seed).sample(found, min(count, len(found)))


def judged(history: History, log: dict[str, str], name: str) -> Iterator[tuple[str, str]]:
    """(verdict, commit) of each commit that either names."""
    ours = {event.at.commit: event for event in history.events}
    for commit in ours.keys() & log.keys():
        yield "both", commit
    born = history.introduced.at.commit
    for commit in ours.keys() - log.keys():
        event = ours[commit]
        elsewhere = bool(event.path_before) and event.path_before != event.path
        beyond = event.path != history.events[-1].path
        yield "only the vault: " + ("it moved there" if elsewhere else "before it moved" if beyond else "other"), commit
    order = list(log)
    for commit in log.keys() - ours.keys():
        older = born in log and order.index(commit) > order.index(born)
        touched = name in log[commit]
        yield "only git: " + ("before it was there" if older else "names it" if touched else "lines around it"), commit


def main(arguments: Sequence[str] | None = None) -> int:
    """Sample, ask both, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vault", type=Path)
    parser.add_argument("repository", type=Path)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="every commit that only one of them names")
    asked = parser.parse_args(arguments)
    head = git(asked.repository / ".git", "rev-parse", "HEAD").strip()
    counts: Counter[str] = Counter()
    same = 0
    with Vault.open(asked.vault) as vault:
        symbols = sampled(vault, head, asked.count, asked.seed)
        for symbol in symbols:
            history = vault.history(symbol)
            verdicts = list(judged(history, lines_log(asked.repository, head, symbol), symbol.name))
            same += all(verdict == "both" for verdict, _ in verdicts)
            counts.update(verdict for verdict, _ in verdicts)
            for verdict, commit in verdicts if asked.show else ():
                if verdict != "both":
                    print(f"{verdict}: {symbol.path} {symbol.qualified_name} {commit[:10]}")
    rows = [("functions", len(symbols)), ("the same commits", same), *sorted(counts.items())]
    print(table(("", "count"), rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
