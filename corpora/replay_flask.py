"""Replays a repository's history as snapshots, gives each back, and searches all versions as `git log -S` does.

    python -m corpora.replay_flask GIT_DIR [--snapshots 126] [--write]

GIT_DIR is the bare repository or `.git` folder of flask: `git clone --bare https://github.com/pallets/flask`. Each
snapshot's tree is laid into one folder, backed up, and later restored and compared with git's own bytes and executable
bits. Then literals are searched over all versions, in the vault and with `git log -S`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codevault import Vault
from corpora.git_trees import Leaf, contents, differences, git, lay, linear_repository, spaced_commits, tree_of
from corpora.measuring import machine, median, percentile, said, spread
from corpora.results import table, write_section

TITLE = "Replay of flask's history"

LITERALS = (
    "before_first_request", "url_for(", "import_name", "werkzeug", "Blueprint(", "jsonify", "session_cookie_name",
    "teardown_appcontext", "TODO", "_request_ctx_stack", "send_from_directory", "get_flashed_messages", "Python 2.5",
    "with app.test_client() as", "SQLAlchemy", "class Config(dict)", "ImmutableDict", "raise RuntimeError(",
    "DeprecationWarning", "make_response", "jinja_env", "PROPAGATE_EXCEPTIONS", "open_instance_resource",
    "typing as t", "static_folder", "copyright", "max_age", "nosetests", "autodoc", "no such text anywhere",
)  # fmt: skip
"""What is searched for: frequent, rare, long gone, still there, and absent."""

_ROUNDS = 5
_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What the vault made of the history."""

    snapshots: int
    logical: int
    backup_seconds: tuple[float, ...]
    analysis_seconds: float
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Milliseconds for one literal: each of our runs, git's one; whether both found it, or neither."""

    literal: str
    hits: int
    ours: tuple[float, ...]
    git: float
    agrees: bool


def replay(vault: Vault, git_dir: Path, commits: Sequence[str], folder: Path) -> Replay:
    """Back up every commit's tree, analyse all, restore every snapshot and compare it with git's."""
    folder.mkdir()
    project = vault.projects.add(folder)
    seconds: list[float] = []
    logical = 0
    wrong: list[str] = []
    snapshots = []
    with contents(git_dir) as blobs:
        before: dict[str, Leaf] = {}
        for commit in commits:
            tree = tree_of(git_dir, commit)
            lay(tree, before, folder, blobs)
            before = tree
            began = time.perf_counter()
            made = vault.backup(project, reason=commit)
            seconds.append(time.perf_counter() - began)
            logical += made.stats.bytes
            wrong.extend(f"{commit[:9]} {problem}" for problem in made.problems)
            snapshots.append(made.snapshot)
        with said("analysis"):
            began = time.perf_counter()
            vault.analyse()
            analysis = time.perf_counter() - began
        with said("restoring every snapshot"):
            target = folder.with_name("restored")
            for commit, snapshot in zip(commits, snapshots, strict=True):
                vault.restore(project, at=snapshot, to=target)
                found = differences(tree_of(git_dir, commit), target, blobs)
                wrong.extend(f"{commit[:9]} {path}" for path in found)
                shutil.rmtree(target)
    return Replay(
        snapshots=len(commits),
        logical=logical,
        backup_seconds=tuple(seconds),
        analysis_seconds=analysis,
        wrong=tuple(wrong),
    )


def search(vault: Vault, repository: Path) -> list[Searched]:
    """Every literal over all versions, here and with git; the first round of ours is counted as well."""
    found = []
    for literal in LITERALS:
        ours = []
        for _ in range(_ROUNDS):
            began = time.perf_counter()
            result = vault.search.text(literal, limit=_PAGE)
            ours.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        commits = git(repository, "log", "--oneline", f"-S{literal}")
        spent = (time.perf_counter() - began) * 1000
        hits, agrees = len(result.hits), bool(commits) == bool(result.hits)
        found.append(Searched(literal=literal, hits=hits, ours=tuple(ours), git=spent, agrees=agrees))
    return found


def report(done: Replay, searched: Sequence[Searched]) -> str:
    """The section of RESULTS.md."""
    ours = [spent for each in searched for spent in each.ours]
    theirs = [each.git for each in searched]
    rounds = len(searched[0].ours)
    searches = table(
        ("literal search over all versions, first page of 50", "median ms", "p95 ms", "least-greatest ms"),
        [
            (f"vault, {len(searched)} literals, {rounds} runs each", *_milliseconds(ours, 2)),
            ("git log -S, the same literals, one run each", *_milliseconds(theirs, 0)),
        ],
    )
    disagree = [each.literal for each in searched if not each.agrees]
    backups = [each * 1000 for each in done.backup_seconds]
    return f"""`python -m corpora.replay_flask GIT_DIR --write`

{machine(("git", "--version"))}.
{done.snapshots} evenly spaced first-parent commits, {done.logical / 1e6:.1f} MB of files in all.

One backup takes {median(backups):.0f} ms (median; {spread(backups, 0)}), all {sum(backups) / 1000:.1f} s; \
analysis of all versions {done.analysis_seconds:.1f} s.
Restored and compared with git, bytes and executable bits: {done.snapshots} snapshots, {len(done.wrong)} differences.

{searches}

Whether a literal ever occurs is answered like `git log -S` for {len(searched) - len(disagree)} of {len(searched)} \
literals{": differs for " + ", ".join(disagree) if disagree else ""}."""


def _milliseconds(values: Sequence[float], digits: int) -> tuple[str, str, str]:
    return f"{median(values):.{digits}f}", f"{percentile(values, 0.95):.{digits}f}", spread(values, digits)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the replay; 1 when a snapshot did not come back as it was or a search disagrees with git."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("git_dir", nargs="?", type=Path)
    parser.add_argument("--snapshots", type=int, default=126)
    parser.add_argument("--write", action="store_true", help="update corpora/RESULTS.md")
    parser.add_argument("--keep", type=Path, help="leave vault and repository in this new folder")
    asked = parser.parse_args(arguments)
    if asked.git_dir is None or not (asked.git_dir / "objects").is_dir():
        print("Give the git dir of flask: git clone --bare https://github.com/pallets/flask", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="replay-") as name:
        place = asked.keep or Path(name)
        place.mkdir(exist_ok=True)
        commits = spaced_commits(asked.git_dir, asked.snapshots)
        linear_repository(asked.git_dir, commits, place / "linear.git")
        git(place / "linear.git", "gc", "-q", "--prune=now")
        with Vault.create(place / "vault") as vault:
            with said("replay"):
                done = replay(vault, asked.git_dir, commits, place / "flask")
            with said("searches"):
                searched = search(vault, place / "linear.git")
    body = report(done, searched)
    print(body)
    for line in done.wrong[:20]:
        print(f"wrong: {line}", file=sys.stderr)
    if asked.write:
        write_section(TITLE, body)
    return int(bool(done.wrong) or not all(each.agrees for each in searched))


if __name__ == "__main__":
    sys.exit(main())
