"""Every figure that the user asks for, measured at the load that the user states.

    python -m corpora.benchmarks FOLDER [--share 1.0] [--only GROUP …] [--write]
                                 [--tree NAME=FOLDER …] [--history NAME=GIT_DIR …]

makes its projects in FOLDER, which has to be new (8 GB at the full share), and prints a table; `--write` puts it at the
top of RESULTS.md. Ratios of storage are claimed of real trees and histories alone: Python's own library and this
checkout's history unless others are named. Peers run beside us where they are installed. The tests run the same
functions with a small share (`tests/performance`).
"""

from __future__ import annotations

import argparse
import shutil
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from corpora.figures import Figure, Load
from corpora.measuring import machine
from corpora.results import RESULTS, at_the_top, table
from corpora.stated import GROUPS


def page(figures: Sequence[Figure], share: float) -> str:
    """The table of all figures."""
    load = "the stated load" if share == 1 else f"{share:.2%} of the stated load"
    rows = [
        (
            one.asked,
            f"{'>=' if one.at_least else '<='} {one.limit:g} {one.unit}",
            one.goal or "-",
            f"{one.value:.3g} {one.unit}{'' if one.held(share) else ' (MISSED)'}",
            one.how,
            one.peers or "-",
        )
        for one in figures
    ]
    head = ("what the user asks for", "user's limit", "our target", "measured", "how", "others, in the same run")
    return f"`python -m corpora.benchmarks FOLDER --write`, {machine()}, {load}.\n\n{table(head, rows)}"


def own_history() -> dict[str, Path]:
    """This checkout's repository, if it is one, whole, and there is a git to read it."""
    git_dir = Path(__file__).resolve().parent.parent / ".git"
    readable = (git_dir / "objects").is_dir() and not (git_dir / "shallow").exists() and shutil.which("git") is not None
    return {"CodeVault's own": git_dir} if readable else {}


def own_trees() -> dict[str, Path]:
    """Python's own library."""
    return {"Python's library": Path(sysconfig.get_path("stdlib"))}


def _named(given: Sequence[str]) -> dict[str, Path]:
    """Folders by name; an empty word names none."""
    return {name: Path(path) for name, _, path in (one.partition("=") for one in given) if path}


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the table; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--tree", action="append", default=[])
    parser.add_argument("--history", action="append", default=[])
    parser.add_argument("--only", action="append", default=[], choices=[*GROUPS])
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args(arguments)
    trees = _named(asked.tree) if asked.tree else own_trees()
    histories = _named(asked.history) if asked.history else own_history()
    load = Load(share=asked.share, trees=trees, histories=histories)
    figures = []
    for name in asked.only or GROUPS:
        figures += GROUPS[name](load, asked.folder / name)
        shutil.rmtree(asked.folder / name)
    found = page(figures, load.share)
    print(found)
    if asked.write:
        RESULTS.write_text(at_the_top(RESULTS.read_text("utf-8"), "What the user asks for", found), "utf-8")
    return 0 if all(one.held(load.share) for one in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
