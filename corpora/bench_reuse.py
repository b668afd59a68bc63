"""Measures `vault.reuse` on a corpus of labelled clones, on the generator's recorded copies, and on a large index.

    python -m corpora.bench_reuse predict CORPUS OUT [--at-least 0.7]   pairs for the bench's own scorer
    python -m corpora.bench_reuse truth [--seed 1] [--write]            copies across projects, with their direction
    python -m corpora.bench_reuse scale CORPUS [--functions 1000000]    time, memory and bytes of the near-miss index
    python -m corpora.bench_reuse vendored [--write]                    one real case: what pip carries of others

A corpus is a folder with `files/` and `functions.jsonl` (id, lang, project, path, start, end). Predictions are JSON
lines of two ids and a type. The scorer is not part of this repository.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from codevault import Vault
from codevault.references import FoundSymbol
from codevault.reuse import Clone

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


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    asked = commands.add_parser("predict")
    asked.add_argument("corpus", type=Path)
    asked.add_argument("out", type=Path)
    asked.add_argument("--at-least", type=float, default=0.7)
    given = parser.parse_args(arguments)
    if given.command == "predict":
        predict(given.corpus, given.out, given.at_least)
    return 0


if __name__ == "__main__":
    sys.exit(main())
