"""Real trees and mutated files through the workers: nothing may be lost, nothing may hang, no worker may stay dead.

Run as `python -m tests.analysis.robustness tree FOLDER…` or `… mutated COUNT SEED FOLDER…`; prints a row of RESULTS.md.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from codevault.analysis.model import FileAnalysis
from codevault.workers import WorkerPool

Case = tuple[int, str, bytes]


def main(arguments: Sequence[str]) -> None:
    """Run over trees, or over mutations of the files of some trees."""
    cases: Iterable[Case]
    if arguments[0] == "tree":
        name = " ".join(arguments[1:])
        cases = chain.from_iterable(tree(Path(folder)) for folder in arguments[1:])
    else:
        paths = [path for folder in arguments[3:] for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        name, cases = f"{arguments[1]} mutated, seed {arguments[2]}", mutated(paths, *map(int, arguments[1:3]))
    begin = time.monotonic()
    counts, faults = run(enumerate_anew(cases))
    seconds = time.monotonic() - begin
    own, worker = (resource.getrusage(who).ru_maxrss >> 10 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = usage.ru_utime + usage.ru_stime
    sys.stdout.write(
        f"| {name} | {dict(counts)} | {seconds:.0f} s ({taken:.0f} s of the workers' processor) |"
        f" {own} MB here, {worker} MB the largest worker | {len(faults)} faults |\n"
    )
    sys.stdout.writelines(f"{fault}\n" for fault in faults[:20])


def enumerate_anew(cases: Iterable[Case]) -> Iterator[Case]:
    """The cases of several trees, each with a number of its own."""
    return ((number, path, content) for number, (_, path, content) in enumerate(cases))


def run(cases: Iterable[Case]) -> tuple[Counter[str], list[str]]:
    """Outcomes counted, and what is wrong: files without an answer, units that do not partition their file."""
    sent: dict[int, tuple[str, int]] = {}
    counts: Counter[str] = Counter()
    faults: list[str] = []

    def noted() -> Iterator[Case]:
        for number, path, content in cases:
            sent[number] = (path, len(content))
            yield number, path, content

    with WorkerPool() as pool:
        for number, found in pool.analyse_all(noted()):
            path, size = sent.pop(number)
            counts[str(found.outcome)] += 1
            if found.outcome == "failed":
                counts[found.problems[0]] += 1
            if not _partitions(found, size):
                faults.append(f"{path}: units do not partition it")
    return counts, [*faults, *(f"{path}: no answer" for path, _ in sent.values())]


def _partitions(found: FileAnalysis, size: int) -> bool:
    position = 0
    for start, end in sorted(span for unit in found.units for span in unit.spans):
        if start != position or end <= start:
            return False
        position = end
    return position == size or not found.units  # a binary has none


def tree(folder: Path) -> Iterator[Case]:
    """Every file of a tree."""
    for number, path in enumerate(sorted(folder.rglob("*"))):
        if path.is_file() and not path.is_symlink():
            yield number, str(path.relative_to(folder)), path.read_bytes()


def mutated(paths: Sequence[Path], count: int, seed: int = 5) -> Iterator[Case]:
    """Files with bytes flipped, cut short, spliced with another's, repeated: a seeded choice of both."""
    chance = random.Random(seed)
    for number in range(count):
        path = chance.choice(paths)
        content, other = path.read_bytes()[:200_000], chance.choice(paths).read_bytes()[:200_000]
        yield number, path.name, mutation(chance, content, other)


def mutation(chance: random.Random, content: bytes, other: bytes) -> bytes:
    """One damaged version of a content."""
    kind = chance.randrange(4)
    cut = chance.randrange(len(content) + 1)
    if kind == 0:
        damaged = bytearray(content)
        for _ in range(chance.randrange(1, 20)):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        return bytes(damaged)
    if kind == 1:
        return content[:cut]
    if kind == 2:
        return content[:cut] + other[chance.randrange(len(other) + 1) :]
    return content[:cut] + content[max(0, cut - 200) : cut] * chance.randrange(2, 30) + content[cut:]


if __name__ == "__main__":
    main(sys.argv[1:])
