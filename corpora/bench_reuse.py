"""Measures `vault.reuse` on a corpus of labelled clones, on the generator's recorded copies, and on a large index.

    python -m corpora.bench_reuse predict CORPUS OUT [--at-least 0.7]   pairs for the bench's own scorer
    python -m corpora.bench_reuse truth [--seed 1] [--write]            copies across projects, with their direction
    python -m corpora.bench_reuse scale CORPUS [--functions 1000000]    time, memory and bytes of the near-miss index
    python -m corpora.bench_reuse vendored WHEELS                       two real packages that share vendored code

WHEELS holds what `pip download --no-deps requests==2.31.0 requests==2.32.3 pip==24.0` fetches.
A corpus is a folder with `files/` and `functions.jsonl` (id, lang, project, path, start, end). Predictions are JSON
lines of two ids and a type. The scorer is not part of this repository.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from random import Random

from codevault import Vault
from codevault.analysis.analyse import analyse
from codevault.analysis.clones_related import sketch_of
from codevault.analysis.kinds import CALLABLES
from codevault.ids import VaultId
from codevault.index import schema
from codevault.index.reuse import MOST_CANDIDATES, Directory, Sample, candidates, near
from codevault.index.reuse_streams import StreamWriter
from codevault.index.reuse_terms import TermWriter, terms_of
from codevault.references import FoundSymbol
from codevault.reuse import Clone
from corpora.against_truth import back_up_all
from corpora.generate import generate
from corpora.generator.languages import LANGUAGES
from corpora.generator.truth import Event, Operator
from corpora.results import table, write_section

Row = Mapping[str, object]


def rows_of(corpus: Path) -> list[Row]:
    """The functions that a corpus lists."""
    with (corpus / "functions.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


class Rows:
    """The listed functions by where they end: a decorator may begin ours earlier."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._by_end: dict[tuple[str, int], list[Row]] = {}
        for row in rows:
            self._by_end.setdefault((str(row["path"]), int(str(row["end"]))), []).append(row)

    def named(self, path: str, first: int, name_line: int, last: int) -> str:
        """The id of the function there, "" when it is not listed."""
        found = [row for row in self._by_end.get((path, last), ()) if first <= int(str(row["start"])) <= name_line]
        return str(found[0]["id"]) if found else ""


def predictions(vault: Vault, rows: Rows, at_least: float, spent: list[float]) -> Iterator[tuple[str, str, str]]:
    """Each pair of listed functions that the vault calls clones; the seconds of each question go to `spent`."""
    for symbol in vault.symbols(vault.snapshots()[-1]):
        asked = _id(rows, symbol)
        if asked:
            began = time.perf_counter()
            clones = vault.reuse.of(symbol, at_least=at_least)
            spent.append(time.perf_counter() - began)
            for clone in clones:
                found = _id_of(rows, clone)
                if found and found != asked:
                    yield asked, found, f"T{int(clone.type)}"


def _id(rows: Rows, found: FoundSymbol) -> str:
    symbol = found.symbol
    return rows.named(found.path, symbol.start_line, symbol.name_line, symbol.end_line)


def _id_of(rows: Rows, clone: Clone) -> str:
    symbol = clone.symbol
    return rows.named(clone.hit.path, symbol.start_line, symbol.name_line, symbol.end_line)


def predict(corpus: Path, out: Path, at_least: float) -> None:
    """Backs a corpus up, asks about each of its functions, and writes what the vault calls clones."""
    rows = rows_of(corpus)
    with tempfile.TemporaryDirectory(prefix="reuse-") as name, Vault.create(Path(name, "vault")) as vault:
        project = vault.projects.add(corpus / "files")
        vault.backup(project)
        began = time.perf_counter()
        vault.analyse()
        analysed = time.perf_counter() - began
        spent: list[float] = []
        pairs = {}
        began = time.perf_counter()
        for one, other, kind in predictions(vault, Rows(rows), at_least, spent):
            pairs[min(one, other), max(one, other)] = kind
        asked = time.perf_counter() - began
    with out.open("w", encoding="utf-8") as lines:
        for (one, other), kind in pairs.items():
            lines.write(json.dumps({"a": one, "b": other, "type": kind}) + "\n")
    spent.sort()
    print(
        f"{len(rows)} functions listed, {len(spent)} met; analysed in {analysed:.1f} s; asked in {asked:.1f} s"
        f" ({asked / max(1, len(spent)) * 1000:.2f} s per 1000, p50 {spent[len(spent) // 2] * 1000:.2f} ms,"
        f" p99 {spent[len(spent) * 99 // 100] * 1000:.2f} ms); {len(pairs)} pairs"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyVerdict:
    """What the vault said of one recorded copy into another project: its source, and whether that came first."""

    event: Event
    found: bool
    directed: bool
    similarity: float


def judge_copies(
    vault: Vault, folder: Path, events: Iterable[Event], sequences: Mapping[tuple[int, str], int]
) -> list[CopyVerdict]:
    """Asks about each function that was copied from one project to another, in the snapshot that brought it."""
    return [
        _copy_verdict(vault, folder, event, sequences[event.step, event.project])
        for event in events
        if event.operator is Operator.COPY_FUNCTION and event.from_project != event.project
    ]


def _copy_verdict(vault: Vault, folder: Path, event: Event, sequence: int) -> CopyVerdict:
    project = vault.projects.get(folder / event.project)
    source = vault.projects.get(folder / event.from_project)
    held = vault.symbols(sequence, project=project, path=event.path)
    copy = next((each for each in held if each.qualified_name == event.name), None)
    clones = vault.reuse.of(copy) if copy is not None else ()
    names = [(each.hit.project, each.hit.path, each.symbol.qualified_name) for each in clones]
    wanted, mine = (source.id, event.from_path, event.from_name), (project.id, event.path, event.name)
    found = wanted in names
    directed = found and mine in names and names.index(wanted) < names.index(mine)
    return CopyVerdict(
        event=event,
        found=found,
        directed=directed,
        similarity=clones[names.index(wanted)].similarity if found else 0.0,
    )


def truth(seed: int, files: int, steps: int) -> str:
    """The section of RESULTS.md on the generator's recorded copies."""
    with tempfile.TemporaryDirectory(prefix="reuse-") as name, Vault.create(Path(name, "vault")) as vault:
        folder = Path(name, "projects").resolve()
        made = generate(seed, projects=2 * len(LANGUAGES), files=files, steps=steps)
        events, sequences = back_up_all(vault, made, folder)
        vault.analyse()
        verdicts = judge_copies(vault, folder, events, sequences)
        asked = {(v.event.project, v.event.path, v.event.name) for v in verdicts}
        alike, unlike = _precision(vault, folder, asked)
    rows = []
    for exact, title in ((True, "as it was (type 1)"), (False, "with a changed statement (type 3)")):
        mine = [verdict for verdict in verdicts if verdict.event.exact is exact]
        found, directed = sum(v.found for v in mine), sum(v.directed for v in mine)
        share = max(1, len(mine))
        rows.append((title, len(mine), f"{found} ({found / share:.1%})", f"{directed} ({directed / share:.1%})"))
    head = ("copied", "copies across projects", "source found at 0.7", "source first")
    precise = f"{alike / max(1, alike + unlike):.1%} of {alike + unlike}"
    facts = f"Seed {seed}, {2 * len(LANGUAGES)} projects, {files} files at first, {steps} steps."
    judged = f"Pairs across projects whose tokens, names and words aside, are alike by half (difflib): {precise}."
    return f"`python -m corpora.bench_reuse truth --write`\n\n{facts}\n\n{table(head, rows)}\n\n{judged}"


def _precision(vault: Vault, folder: Path, asked: set[tuple[str, str, str]]) -> tuple[int, int]:
    """Pairs of clones across projects that an independent measure calls alike, and those that it does not."""
    owners = {vault.projects.get(folder / project).id: project for project, _, _ in asked}
    alike = unlike = 0
    for group in vault.reuse.clones(across_projects=True):
        origin = group.origin
        for clone in group.members[1:]:
            if clone.hit.project == origin.hit.project or clone.hit.project not in owners:
                continue
            left, right = (_TOKEN.findall(_WORD.sub("a", vault.text(each.symbol))) for each in (origin, clone))
            if SequenceMatcher(None, left, right, autojunk=False).ratio() >= _ALIKE:
                alike += 1
            else:
                unlike += 1
    return alike, unlike


_ALIKE = 0.5
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"\w|[^\w\s]")


def scale(corpus: Path, functions: int, questions: int = 2000) -> str:
    """Fills the near-miss index with real functions and strangers made of their parts, and asks it."""
    random = Random(1)
    streams = _streams(corpus, functions // 8, random)
    with tempfile.TemporaryDirectory(prefix="reuse-") as name:
        db = schema.connect(Path(name, "catalog.sqlite"), writable=True)
        schema.create(db, VaultId("0" * 32))
        db.execute("VACUUM")
        empty = Path(name, "catalog.sqlite").stat().st_size
        terms, stored = TermWriter(db), StreamWriter(db)
        samples = []
        began = time.perf_counter()
        making = 0.0
        db.execute("BEGIN")
        for number in range(1, functions + 1):
            at = time.perf_counter()
            codes = streams[number - 1] if number <= len(streams) else _stranger(streams, random)
            making += time.perf_counter() - at
            sketch = sketch_of(codes)
            terms.add(number, terms_of(sketch))
            stored.add(number, 1, codes)
            if random.random() < questions / functions:
                samples.append((codes, sketch))
        terms.flush()
        stored.flush()
        db.execute("COMMIT")
        built = time.perf_counter() - began - making
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = Path(name, "catalog.sqlite").stat().st_size - empty
        directory = Directory()
        directory.segments(db)
        times, looked = [], []
        for codes, sketch in samples:
            sample = Sample(codes=codes, sketch=sketch, language=1)
            at = time.perf_counter()
            candidates(db, directory, sample, most=MOST_CANDIDATES)
            looked.append(time.perf_counter() - at)
            at = time.perf_counter()
            near(db, directory, sample, 0.7)
            times.append(time.perf_counter() - at)
        db.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = [
        (what, *(f"{sorted(found)[int(len(found) * share)] * 1000:.1f}" for share in (0.5, 0.95, 0.99)))
        for what, found in (("terms looked up, candidates ranked", looked), ("and compared", times))
    ]
    return (
        f"{functions:,} functions ({min(functions, len(streams)):,} real, the others with three in ten statements"
        f" exchanged): sketched, indexed and written in {built:.0f} s, {built / functions * 1e6:.0f} us each;"
        f" {size / functions:.0f} bytes each; peak memory {peak:.0f} MB.\n\n"
        + table((f"ms of {len(samples)} questions", "p50", "p95", "p99"), rows)
    )


def _streams(corpus: Path, most: int, random: Random) -> list[bytes]:
    """The codes of functions under a folder, each stream once, of files in no order."""
    found: dict[bytes, None] = {}
    files = sorted(file for file in corpus.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
    random.shuffle(files)
    for file in files:
        if len(found) >= most:
            break
        analysis = analyse(file.name, file.read_bytes())
        found.update(dict.fromkeys(s.codes for s in analysis.symbols if s.kind in CALLABLES and s.tokens >= 30))
    return list(found)


_SUFFIXES = frozenset({".py", ".js", ".ts", ".java", ".go", ".rs", ".c", ".h"})


def _stranger(streams: Sequence[bytes], random: Random) -> bytes:
    """A function with three in ten of its statements taken from others: real ones are as related in large archives."""
    statements = random.choice(streams).split(b"\3")
    for at in range(len(statements)):
        if random.random() < 0.3:
            statements[at] = random.choice(random.choice(streams).split(b"\3"))
    return b"\3".join(statements)


def vendored(wheels: Path) -> str:
    """What requests and the copy of it inside pip have in common, and what the copy misses since the next release."""
    with tempfile.TemporaryDirectory(prefix="reuse-") as name, Vault.create(Path(name, "vault")) as vault:
        for release in ("requests-2.31.0", "pip-24.0", "requests-2.32.3"):
            package = release.partition("-")[0]
            root = Path(name, package)
            shutil.rmtree(root, ignore_errors=True)
            (wheel,) = wheels.glob(f"{release}-*.whl")
            zipfile.ZipFile(wheel).extractall(root)
            vault.backup(vault.projects.add(root) if root.name not in _names(vault) else package, reason=release)
        vault.analyse()
        groups = vault.reuse.between("requests", "pip")
        lines = [f"groups: {len(groups)}"]
        drifts = [vault.reuse.drift(group) for group in groups if group.origin.symbol.kind in CALLABLES]
        fixes = [fix for drift in drifts for fix in drift.fixes]
        for drift in drifts[:3]:
            origin = vault.reuse.origin(drift.group.origin)
            names = [f"{vault.projects.get(each.hit.project).name}: {each.hit.path}" for each in drift.group.members]
            lines.append(f"{origin.first.symbol.qualified_name} ({origin.licence}), {' -> '.join(names)}")
        lines.append(
            f"functions changed since: {sum(bool(drift.changed) for drift in drifts)}, changes missed: {len(fixes)}"
        )
        for fix in sorted(fixes, key=lambda each: (len(each.removed) + len(each.added), each.line))[:6]:
            lines.append(f"{fix.target.hit.path}:{fix.line} {fix.target.symbol.qualified_name}")
            lines += [f"  - {line}" for line in fix.removed] + [f"  + {line}" for line in fix.added]
    return "\n".join(lines)


def _names(vault: Vault) -> set[str]:
    return {project.name for project in vault.projects}


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    asked = commands.add_parser("predict")
    asked.add_argument("corpus", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--at-least", type=float, default=0.7)
    recorded = commands.add_parser("truth")
    recorded.add_argument("--seed", type=int, default=1)
    recorded.add_argument("--files", type=int, default=280)
    recorded.add_argument("--steps", type=int, default=600)
    recorded.add_argument("--write", action="store_true", help="update corpora/RESULTS.md")
    large = commands.add_parser("scale")
    large.add_argument("corpus", type=Path)
    large.add_argument("--functions", type=int, default=1_000_000)
    real = commands.add_parser("vendored")
    real.add_argument("wheels", type=Path)
    given = parser.parse_args(arguments)
    if given.command == "predict":
        predict(given.corpus, given.out, given.at_least)
    elif given.command == "scale":
        print(scale(given.corpus, given.functions))
    elif given.command == "vendored":
        print(vendored(given.wheels))
    else:
        body = truth(given.seed, given.files, given.steps)
        print(body)
        if given.write:
            write_section("Copies against the truth", body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
