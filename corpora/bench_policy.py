"""Measures the policy: `python -m corpora.bench_policy trees FOLDER [NAME …] [--make] [--write]`, `speed`, `scan TREE`.

`trees` judges project trees that real tools made (`samples/policy_trees.toml`; with `--make` they are made first, by
the programs of this machine and its package registries) against labels written by hand, and beside it what exclude
lists in use would do. `speed` classifies generated paths, `scan` times an unchanged backup of a tree.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from pathspec import GitIgnoreSpec

from codevault import Vault
from codevault.policy import CACHE_TAG, DEFAULT, PathClass, Policy
from codevault.policy.presets import PRESETS, preset
from codevault.policy.rules import RuleBook
from codevault.projects.stack import detect_stack
from codevault.scanning import Scan
from codevault.source import RealFolder
from codevault.surroundings import Surroundings
from corpora.measuring import machine
from corpora.results import table, with_section

_TREES = Path(__file__).parent / "samples" / "policy_trees.toml"
_RESULTS = Path(__file__).parent.parent / "codevault" / "policy" / "RESULTS.md"
_PAGE = (
    "# Results of the policy\n\nEach section is written by the command it names; run it again to replace the section.\n"
)
_TOOLS = frozenset((PathClass.GENERATED, PathClass.DEPENDENCY, PathClass.BUILD_OUTPUT, PathClass.CACHE))
_PATHS = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One tree by one judge: files that tools made and that are precious, and what became of them."""

    made: int = 0
    made_out: int = 0
    made_known: int = 0
    out: int = 0
    out_own: int = 0
    precious: int = 0
    precious_out: int = 0
    made_bytes: int = 0
    made_bytes_out: int = 0


def main(arguments: list[str]) -> None:
    """Runs one of the measurements and prints its section, or with `--write` puts it into `RESULTS.md`."""
    write, make = "--write" in arguments, "--make" in arguments
    command, *rest = [argument for argument in arguments if not argument.startswith("--")]
    if command == "trees":
        title, body = "Twenty trees and more", _trees(Path(rest[0]), rest[1:], make=make)
    elif command == "speed":
        title, body = "Speed", _speed(int(rest[0]) if rest else _PATHS)
    else:
        title, body = "An unchanged backup", _unchanged(Path(rest[0]))
    print(body)
    if write:
        page = _RESULTS.read_text(encoding="utf-8") if _RESULTS.exists() else _PAGE
        _RESULTS.write_text(with_section(page, title, body), encoding="utf-8")


def _trees(folder: Path, only: Sequence[str], *, make: bool) -> str:
    samples = tomllib.loads(_TREES.read_text(encoding="utf-8"))
    recipes = samples["tree"]
    rows: list[tuple[object, ...]] = []
    ours: list[Judged] = []
    lists: dict[str, list[Judged]] = {}
    for recipe in recipes:
        if only and recipe["name"] not in only:
            continue
        root = folder / recipe["name"]
        if make:
            _make(root, recipe)
        if not root.is_dir():
            continue
        files = dict(_files(root))
        labels = _labels(files, recipe)
        kept, known = _policy(root)
        judged = _judged(files, labels, kept.__contains__, known)
        ours.append(judged)
        rows.append((recipe["name"], len(files), judged.made, *_shares(judged), judged.precious, judged.precious_out))
        for name, keeps in _lists(root, samples["lists"]).items():
            lists.setdefault(name, []).append(_judged(files, labels, keeps, frozenset()))
        _name_misses(recipe["name"], files, labels, kept, known)
    whole = _sum(ours)
    rows.append((f"**all {len(ours)}**", "", whole.made, *_shares(whole), whole.precious, whole.precious_out))
    some = [judged for judged in ours if judged.made]
    out, known = (
        statistics.mean(100 * getattr(judged, name) / judged.made for judged in some)
        for name in ("made_out", "made_known")
    )
    rows.append(("mean of the trees", "", "", f"{out:.2f} %", f"{known:.2f} %", "", "", ""))
    head = ("tree", "files", "made by tools", "left out", "known as made", "precision", "precious", "precious left out")
    compared = [
        (
            name,
            f"{_share(judged.made_out, judged.made)}",
            f"{judged.made_bytes - judged.made_bytes_out:,}",
            judged.out_own,
            f"{judged.precious_out} of {judged.precious}",
        )
        for name, judged in {"CodeVault": whole, **{name: _sum(each) for name, each in lists.items()}}.items()
    ]
    headed = ("what leaves out", "of what tools made", "bytes of that stored", "own files lost", "precious files lost")
    command = "`python -m corpora.bench_policy trees FOLDER --make --write`"
    return f"{command}: {machine()}.\n\n{table(head, rows)}\n\n{table(headed, compared)}\n\n{_EXPLAINED}"


_EXPLAINED = """"Left out" is the share of the files that tools made which a backup does not store; "known as made" adds
those that are stored, but at most once in an hour or a day, being thought to be a tool's; "precision" the share of
what is left out that tools made. Labels: `corpora/samples/policy_trees.toml`, written by hand."""


def _make(root: Path, recipe: Mapping[str, Any]) -> None:
    subprocess.run(["rm", "-rf", str(root)], check=True)
    for path, content in recipe["files"].items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for line in recipe["run"]:
        done = subprocess.run(
            ["bash", "-c", line], cwd=root, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        if done.returncode:
            print(f"{recipe['name']}: {line[:60]} ended with {done.returncode}", file=sys.stderr)


def _files(root: Path) -> Iterable[tuple[str, int]]:
    for top, _, names in os.walk(root):
        for name in names:
            path = os.path.join(top, name)
            if not os.path.islink(path):
                yield os.path.relpath(path, root), os.lstat(path).st_size


def _labels(files: Iterable[str], recipe: Mapping[str, Any]) -> dict[str, str]:
    made, precious = GitIgnoreSpec.from_lines(recipe["made"]), GitIgnoreSpec.from_lines(recipe["precious"])
    found = {}
    for path in files:
        inside = made.match_file(path)
        # A pattern such as *.ipynb means those of the project: packages bring some of their own.
        kept = precious.match_file(path) and not (inside and not _named_directly(path, recipe["precious"]))
        found[path] = "precious" if kept else "made" if inside else "own"
    return found


def _named_directly(path: str, patterns: Iterable[str]) -> bool:
    anchored = [f"/{pattern.lstrip('/')}" for pattern in patterns if "/" in pattern]
    return GitIgnoreSpec.from_lines(anchored).match_file(path)


def _policy(root: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The files that a backup would store, and those of them that it takes for a tool's."""
    stacks = detect_stack(os.listdir(root))
    rules = tuple(rule for stack in stacks if stack in PRESETS for rule in preset(stack).rules)
    kept, known = set(), set()
    with Surroundings(root) as surroundings:
        policy = Policy(rules=RuleBook(rules), tracked=surroundings.tracked)
        top = RealFolder.root(str(root))
        scan = Scan(top, policy, previous={}, surroundings=surroundings, clock=time.time_ns)
        for scanned in scan.folders():
            for entry in scanned.entries:
                path = f"{scanned.path}/{entry.name}" if scanned.path else entry.name
                if entry.mode & 0o170000 == 0o100000:
                    kept.add(path)
                    head = surroundings.read(path, 4096) or b""
                    verdict = policy.file(path, entry.size, head, in_doubt=scanned.in_doubt)
                    if verdict.path_class in _TOOLS or verdict.cadence_s:
                        known.add(path)
        top.close()
    return frozenset(kept), frozenset(known)


def _judged(
    files: Mapping[str, int], labels: Mapping[str, str], keeps: Callable[[str], bool], known: frozenset[str]
) -> Judged:
    made = [path for path in files if labels[path] == "made"]
    left = {path for path in files if not keeps(path)}
    precious = [path for path in files if labels[path] == "precious"]
    return Judged(
        made=len(made),
        made_out=sum(path in left for path in made),
        made_known=sum(path in left or path in known for path in made),
        out=len(left),
        out_own=sum(labels[path] == "own" for path in left),
        precious=len(precious),
        precious_out=sum(path in left for path in precious),
        made_bytes=sum(files[path] for path in made),
        made_bytes_out=sum(files[path] for path in made if path in left),
    )


def _lists(root: Path, lists: Mapping[str, str]) -> dict[str, Callable[[str], bool]]:
    """What each list of exclude patterns keeps; restic's with --exclude-caches."""
    tagged = tuple(f"{os.path.relpath(top, root)}/" for top, _, names in os.walk(root) if CACHE_TAG in names)

    def judge(name: str, patterns: str) -> Callable[[str], bool]:
        spec = GitIgnoreSpec.from_lines(patterns.split())
        caches = tagged if name.startswith("restic") else ()
        return lambda path: not (spec.match_file(path) or path.startswith(caches))

    return {name: judge(name, patterns) for name, patterns in lists.items()}


def _name_misses(
    name: str, files: Iterable[str], labels: Mapping[str, str], kept: frozenset[str], known: frozenset[str]
) -> None:
    for path in sorted(files):
        if (labels[path] == "made" and path in kept and path not in known) or (
            labels[path] != "made" and path not in kept
        ):
            print(f"{name}: {labels[path]} {'kept' if path in kept else 'LEFT OUT'} {path}", file=sys.stderr)


def _sum(judged: Sequence[Judged]) -> Judged:
    return Judged(**{name: sum(getattr(each, name) for each in judged) for name in Judged.__slots__})


def _shares(judged: Judged) -> tuple[str, str, str]:
    right = judged.out - judged.out_own - judged.precious_out
    return (
        _share(judged.made_out, judged.made),
        _share(judged.made_known, judged.made),
        _share(right, judged.out),
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "-"


def _speed(count: int) -> str:
    """Every path of a made-up tree, with the built-in rules and with those of all presets."""
    paths = [
        f"project{n % 40}/src/pkg{n % 700}/mod{n % 90}/file{n}.{_ENDINGS[n % len(_ENDINGS)]}" for n in range(count)
    ]
    rules = RuleBook(tuple(rule for name in PRESETS for rule in preset(name).rules))
    rows = []
    ruled = Policy(rules=rules)
    rows.append(("built-in rules", f"{_timed(partial(_classify, DEFAULT, paths)):.2f} s"))
    title = f"and {len(rules.rules)} rules with {sum(len(rule.patterns) for rule in rules.rules)} patterns"
    rows.append((title, f"{_timed(partial(_classify, ruled, paths)):.2f} s"))
    changed = paths[:: max(1, count // 5000)]
    rows.append((f"{len(changed)} changed ones again", f"{_timed(partial(_classify, ruled, changed)):.3f} s"))
    command = "`python -m corpora.bench_policy speed --write`"
    return f"{command}: {machine()}.\n\n{table((f'{count:,} paths in folders', 'median of 3'), rows)}"


_ENDINGS = ("py", "ts", "js", "go", "rs", "java", "md", "json", "png", "min.js", "csv", "unknown")


def _classify(policy: Policy, paths: Sequence[str]) -> None:
    seen = set()
    for path in paths:
        above, _, _ = path.rpartition("/")
        while above and above not in seen:
            seen.add(above)
            policy.folder(above, above.rpartition("/")[2], frozenset(), tuple)
            above = above.rpartition("/")[0]
        policy.file(path, 1000)


def _timed(action: Callable[[], object]) -> float:
    walls = []
    for _ in range(3):
        began = time.perf_counter()
        action()
        walls.append(time.perf_counter() - began)
    return statistics.median(walls)


def _unchanged(tree: Path) -> str:
    with tempfile.TemporaryDirectory() as folder, Vault.create(Path(folder) / "vault") as vault:
        project = vault.projects.add(tree)
        first = vault.backup(project)
        time.sleep(3)  # what was listed within two seconds of its change is read again
        vault.backup(project)
        wall = _timed(lambda: vault.backup(project, kind="automatic"))
        files = first.stats.files
    command = "`python -m corpora.bench_policy scan TREE --write`"
    return f"{command}: {machine()}.\n\n{files:,} files unchanged: median of 3 runs {wall:.2f} s."


if __name__ == "__main__":
    main(sys.argv[1:])
