"""How fast all of history is searched, whether the answers are git's, and what the index takes.

`python -m corpora.bench_search VAULT REPOSITORY [NAME]` measures a vault that holds an imported repository
(`corpora.bench_import` makes one) and writes a section of `index/RESULTS.md`; `… generated [FOLDER]` makes a vault of
fifty generated projects first. Questions are drawn by seed from what the index holds, by how many file versions answer.
"""

from __future__ import annotations

import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from codevault import Service, Timing
from codevault.errors import InvalidPattern
from codevault.index import postings
from codevault.index.groups import GroupCache, all_numbers, groups
from codevault.index.index import Index
from codevault.index.model import SearchResult
from codevault.index.patterns import Word
from codevault.index.sessions import Session
from codevault.vault import Vault
from corpora.bench_import import git
from corpora.generate import generate, write
from corpora.measuring import machine, median, percentile, said
from corpora.results import table, write_section

PAGE = Path(__file__).resolve().parent.parent / "index" / "RESULTS.md"
STRATA = ((0, 0), (1, 10), (100, 1000), (10_001, 10**9))
EACH = 6
REVISIONS = 8
OF_FILES = (1, 1_000, 10_000)
_SAVES = 7
OF_GIT = 2
"""Words of each of two strata that git is asked about: it takes ten seconds for one."""
WITHOUT_TRIGRAMS = (
    r"\d{4}-\d{2}",
    r"[A-Z]{9}",
    r"\b\w\d\w\b",
    r"..=..=..",
    r"^\S$",
    r"[aeiou]{4}",
    r"\w{30}",
    r"[^ -~]{3}",
    r"\(\)\(",
    r"\t\t \S",
)
_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]{4,40}")
_COMMON = (b"return", b"import", b"String", b"public", b"class", b"value", b"config", b"request", b"static")
_SUFFIX = {"java": ".java", "python": ".py"}

Ask = Callable[[Vault, str], SearchResult]
Words = Mapping[tuple[int, int], list[str]]
"""Words by how many contents hold them, from and up to."""


@dataclass(slots=True)
class Timings:
    """Seconds of first questions to a freshly opened vault, and of the same asked again; how many were cut off."""

    cold: list[float] = field(default_factory=list)
    warm: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    partial: int = 0

    def row(self) -> list[str]:
        """Median, 95 and 99 per cent of warm and cold, then the warm ones' processor time, in milliseconds."""
        shares = (0.5, 0.95, 0.99)
        times = [(part, share) for part in (self.warm, self.cold) for share in shares]
        times += [(self.processor, 0.5), (self.processor, 0.95)]
        return [f"{1000 * percentile(part, share):.0f}" if part else "-" for part, share in times]


def words_by_hits(folder: Path, seed: int) -> Words:
    """Words of the indexed text by the stratum of how many contents hold them, drawn at random."""
    rng = random.Random(seed)
    found: dict[tuple[int, int], list[str]] = {stratum: [] for stratum in STRATA}
    with Vault.open(folder) as vault, (index := vault._reading())._asking() as session:  # noqa: SLF001 - no promises
        numbers = list(all_numbers(session.db))
        sampled: set[bytes] = set()
        for group in groups(session.db, GroupCache(), rng.sample(numbers, min(40, len(numbers)))):
            words = sorted(set(_WORD.findall(group.text)))
            sampled.update(rng.sample(words, min(6, len(words))))
        chosen = [*rng.sample(sorted(sampled), min(60, len(sampled))), *_COMMON]
        for word in chosen:
            hits = _holding(index, session, word)
            for low, high in STRATA:
                if low <= hits <= high:
                    found[low, high].append(word.decode())
    found[0, 0] = [f"{word[::-1].decode()}zq" for word in chosen[:EACH]]
    return {stratum: rng.sample(words, min(EACH, len(words))) for stratum, words in found.items()}


def _holding(index: Index, session: Session, word: bytes) -> int:
    """How many contents hold a word."""
    fragments = set()
    numbers = index._text.documents(Word(word.decode()), 10**6)  # noqa: SLF001 - as above
    for group in groups(session.db, GroupCache(), numbers):
        at = group.text.find(word)
        while at >= 0:
            number = bisect_right(group.starts, at) - 1
            fragments.add(group.first + number)
            at = group.text.find(word, group.starts[number + 1] if number + 1 < len(group.starts) else len(group.text))
    held = postings.holders(session.db, "fragment_in", fragments)
    return len({content for contents in held.values() for content in contents})


def asked(language: str) -> Mapping[str, Ask]:
    """The kinds of questions about a word."""
    return {
        "name": lambda vault, word: vault.search.symbols(word),
        "text": lambda vault, word: vault.search.text(word),
        "regex": lambda vault, word: vault.search.regex(rf"\b{word}\w*\s?[(=.]"),
        "structure": lambda vault, word: vault.search.structure(f"{word}($$$)", language=language),
    }


def timed(folder: Path, ask: Ask, questions: Sequence[str]) -> Timings:
    """Each question to a vault opened for it, and once more."""
    timings = Timings()
    for question in questions:
        with Vault.open(folder) as vault:
            vault.search.structure("warm", language="python")  # its processes start once in a vault's life
            try:
                for into in (timings.cold, timings.warm):
                    began, used = time.perf_counter(), time.process_time()
                    result = ask(vault, question)
                    into.append(time.perf_counter() - began)
            except InvalidPattern:  # a word of the language itself is no name to call
                continue
            timings.processor.append(time.process_time() - used)
            timings.partial += not result.coverage.complete
    return timings


def latencies(folder: Path, language: str, words: Words) -> str:
    """The table of all kinds and strata."""
    rows = []
    for kind, ask in asked(language).items():
        for (low, high), questions in words.items():
            if questions:
                with said(f"{kind} {low}"):
                    got = timed(folder, ask, questions)
                name = "0" if not high else f"{low:,}-{high:,}" if high < 10**6 else f"over {low - 1:,}"
                rows.append([kind, name, len(got.warm), *got.row(), got.partial])
    got = timed(folder, lambda vault, word: vault.search.regex(word), WITHOUT_TRIGRAMS)
    rows.append(["regex without trigrams", "any", len(WITHOUT_TRIGRAMS), *got.row(), got.partial])
    head = (
        "question",
        "versions",
        "asked",
        "warm p50, ms",
        "p95",
        "p99",
        "cold p50, ms",
        "p95",
        "p99",
        "processor p50, ms",
        "p95",
        "cut short",
    )
    return table(head, rows)


def against_git(folder: Path, repository: Path, words: Words) -> str:
    """The same commits as `git log -S` and `-G`, and the time of both."""
    with Vault.open(folder) as vault:
        project = next(iter(vault.projects))
        drawn = [*words[1, 10][:OF_GIT], *words[100, 1000][:OF_GIT]]
        rows = []
        for option, patterns in (("-S", drawn), ("-G", [rf"\b{word}\b" for word in drawn])):
            ours, theirs, equal, more, fewer = [], [], 0, 0, 0
            for pattern in patterns:
                text, regex = (pattern, "") if option == "-S" else ("", pattern)
                began = time.perf_counter()
                changes = vault.search.commits(text, regex=regex, project=project, seconds=60).changes
                mine = {one.commit for one in changes}
                between = time.perf_counter()
                said_by_git = set(
                    git(
                        repository, "log", "--all", "--no-merges", "--no-renames", "--format=%H", option, pattern
                    ).split()
                )
                ours.append(between - began)
                theirs.append(time.perf_counter() - between)
                equal += mine == said_by_git
                more += len(mine - said_by_git)
                fewer += len(said_by_git - mine)
            times = f"{1000 * median(ours):.0f}", f"{1000 * median(theirs):.0f}"
            rows.append([f"git log {option}", len(patterns), equal, more, fewer, *times])
    return table(("as", "asked", "the same commits", "commits more", "fewer", "vault, median ms", "git, ms"), rows)


def against_walks(repository: Path, found: Words) -> str:
    """What a walk over sampled revisions and a search of the newest tree take for the same words."""
    words = [word for part in found.values() for word in part[:1]]
    commits = git(repository, "rev-list", "--all").split()
    sampled = random.Random(1).sample(commits, REVISIONS)
    walking, newest = [], []
    with tempfile.TemporaryDirectory() as tree:
        archive = subprocess.run(
            ["git", "-C", str(repository), "archive", "HEAD"], check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", tree], input=archive, check=True)
        for word in words:
            began = time.perf_counter()
            for commit in sampled:
                subprocess.run(
                    ["git", "-C", str(repository), "grep", "-F", word, commit], capture_output=True, check=False
                )
            walking.append((time.perf_counter() - began) / REVISIONS * len(commits))
            began = time.perf_counter()
            subprocess.run(["rg", "--no-config", "-uu", "-F", word, tree], capture_output=True, check=False)
            newest.append(time.perf_counter() - began)
    return (
        f"`git grep` over all {len(commits):,} revisions would take {median(walking):,.0f} s a word (median of"
        f" {len(words)}, from {REVISIONS} sampled revisions); ripgrep on the newest tree alone"
        f" {1000 * median(newest):.0f} ms."
    )


def size(folder: Path) -> str:
    """What the index takes, in all and by table, over the distinct text that it holds."""
    with Vault.open(folder) as vault:
        index = vault._reading()  # noqa: SLF001 - as above
        stats = index.stats()
        with index._asking() as session:  # noqa: SLF001 - as above
            pages = session.db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name ORDER BY 2 DESC").fetchall()
    whole = stats.catalog_bytes + stats.text_index_bytes
    text = stats.text_bytes
    largest = ", ".join(f"`{name}` {taken / text:.3f}" for name, taken in pages[:12])
    return (
        f"Index: {whole:,} bytes for {text:,} bytes of distinct text, {whole / text:.2f} x: catalog"
        f" {stats.catalog_bytes / text:.2f}, trigrams and names {stats.text_index_bytes / text:.2f}."
        f" Of the catalog: {largest}."
    )


def live(folder: Path) -> str:
    """From a snapshot that holds a saved symbol to its being found, with all of the archive around."""
    with tempfile.TemporaryDirectory() as home:
        rows = [row for files in OF_FILES for row in _live(folder, Path(home, f"live{files}"), files)]
        served = _served(folder, Path(home, f"live{OF_FILES[1]}"))
    rows.append(["the service, in its own process", f"{OF_FILES[1]:,}", *served])
    return table(("a saved symbol is found after its snapshot", "files of the project", "median, ms", "longest"), rows)


def _live(folder: Path, root: Path, files: int) -> list[list[str]]:
    """Median and longest of seven saves, when that snapshot is analysed and when everything is."""
    for number in range(files):
        path = root / f"part{number // 100}" / f"module{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def unit_{number}(first, second):\n    return first * {number} + second\n")
    with Vault.open(folder) as vault:
        project = vault.projects.add(root)
        vault.backup(project)
        vault.analyse()
        took: dict[bool, list[float]] = {True: [], False: []}
        for number in range(2 * _SAVES):
            saved = f"saved_{files}_{number}"
            with path.open("a") as file:
                file.write(f"\n\ndef {saved}(first, second):\n    return first + second * {number}\n")
            made = vault.backup(project)
            began = time.perf_counter()
            vault.analyse(snapshot=made if number % 2 else None)
            assert vault.search.symbols(saved).hits  # noqa: S101 - or the measurement is none
            took[bool(number % 2)].append(1000 * (time.perf_counter() - began))
    ways = {True: "`analyse(snapshot=…)`", False: "`analyse()`"}
    return [[ways[way], f"{files:,}", f"{median(one):.0f}", f"{max(one):.0f}"] for way, one in took.items()]


def _served(folder: Path, root: Path) -> tuple[str, str]:
    """The same of a service that watches: from when its snapshot can be seen."""
    took = []
    with Vault.open(folder) as vault:
        service = Service(vault, timing=Timing(quiet_s=0.2, small_quiet_s=0.2, mark_s=0.2, settle_s=0.5))
        service.start(wait_s=60)
        try:
            project = vault.projects.get(root)
            _until(lambda: any(one.project == project.id and one.last_good_ns for one in vault.health().projects))
            for number in range(_SAVES):
                known, saved = len(vault.snapshots(project)), f"served_{number}"
                with next(root.rglob("*.py")).open("a") as file:
                    file.write(f"\n\ndef {saved}(first, second):\n    return first + second * {number}\n")
                _until(lambda known=known: len(vault.snapshots(project)) > known)  # type: ignore[misc]  # a default has no type
                began = time.perf_counter()
                _until(lambda saved=saved: vault.search.symbols(saved).hits)  # type: ignore[misc]  # likewise
                took.append(1000 * (time.perf_counter() - began))
        finally:
            service.stop()
    return f"{median(took):.0f}", f"{max(took):.0f}"


def _until(what: Callable[[], object]) -> None:
    until = time.monotonic() + 120
    while not what():
        if time.monotonic() > until:
            raise TimeoutError("waited for two minutes")
        time.sleep(0.02)


def generated(folder: Path, *, projects: int = 50, files: int = 1000, steps: int = 26) -> str:
    """Makes a vault of generated projects: as many backups as steps touch projects, then all is understood."""
    began = time.perf_counter()
    home = folder.with_name(f"{folder.name}-projects")
    backups = 0
    with Vault.create(folder) as vault:
        known = {}
        for step in generate(1, projects=projects, files=files, steps=steps):
            write(step, home)
            for name in sorted({change.project for change in step.changes}):
                if name not in known:
                    known[name] = vault.projects.add(home / name)
                vault.backup(known[name])
                backups += 1
        told = time.perf_counter()
        done = vault.analyse()
    return (
        f"{projects} projects, {files} files, {steps} steps, {backups} backups in {told - began:.0f} s;"
        f" {done.versions:,} contents, {done.bytes / 1e6:.0f} MB, understood in {done.seconds:.0f} s."
    )


def main() -> None:
    """See the module."""
    if sys.argv[1] == "generated":
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()) / "vault"
        made = generated(folder) if not folder.exists() else ""
        name, language = "50 generated projects", "python"
        parts = [made, size(folder), latencies(folder, language, words_by_hits(folder, 1)), live(folder)]
    else:
        folder, repository = Path(sys.argv[1]), Path(sys.argv[2]).resolve()
        name = sys.argv[3] if len(sys.argv) > 3 else repository.name
        paths = git(repository, "ls-tree", "-r", "--name-only", "HEAD").split("\n")
        language = max(_SUFFIX, key=lambda one: sum(path.endswith(_SUFFIX[one]) for path in paths))
        words = words_by_hits(folder, 1)
        parts = [size(folder), latencies(folder, language, words), against_git(folder, repository, words)]
        parts += [against_walks(repository, words), live(folder)]
    load = (
        f"load {os.getloadavg()[0]:.1f} at the end; peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB"
    )
    command = f"`python -m corpora.bench_search {'generated' if sys.argv[1] == 'generated' else 'VAULT REPOSITORY'}`"
    body = "\n\n".join([f"{command}, {machine()}, {load}. Structure is asked in {language}.", *filter(None, parts)])
    write_section(name, body, PAGE)


if __name__ == "__main__":
    main()
