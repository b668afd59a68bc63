from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import pytest

from codevault.analysis import analyse as analyse_module
from codevault.analysis.analyse import MAX_BYTES, SMALL, analyse
from codevault.analysis.model import Outcome
from codevault.workers import WorkerPool
from tests.analysis.robustness import mutated, mutation, run
from tests.analysis.samples import PATHS, uncovered

BOMBS = {  # what killed or froze parsers, by their trackers
    "a.js": b"{ try { } catch { (, e" * 3_000,
    "a.tf": b"-+-*a(//" * 3_000,
    "a.c": b"(" * 200_000,
    "b.py": b"[" * 100_000 + b"]" * 100_000,
    "c.py": b"x = " + b"a + " * 100_000 + b"a\n",
    "d.py": b"".join(b" " * depth + b"if x:\n" for depth in range(1_000)),
    "f.kt": b"fun f() = " + b"a.b { " * 5_000,
    "g.json": b'{"a":' * 100_000,
    "h.html": b"<div id=a>" * 20_000,
    "i.md": b"> " * 20_000,
    "j.yaml": b"- " * 20_000,
    "k.ml": b"(* " * 50_000,
    "l.hs": b"f = " + b"(" * 50_000,
    "m.sql": b"SELECT (" * 20_000,
    "n.py": b"# \xff\xfe" + b"\xc3" * 100_000,
    "o.sh": b"$(" * 50_000,
    "p.pl": b"s{" * 30_000,
    "q.rb": b"%w(" * 30_000,
    "r.py": b"a" * 1_000_000 + b" = 1\n",
    "s.ipynb": b'{"cells": [' + b'{"cell_type": "code", "source": ["' * 2_000,
}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)
def test_damaged_samples_are_still_covered_by_their_units(path: Path) -> None:
    chance = random.Random(path.parent.name)
    content, other = path.read_bytes(), chance.choice(PATHS).read_bytes()
    damaged = [mutation(chance, content, other).replace(b"\0", b"\1") for _ in range(8)]

    assert [text for text in damaged if uncovered(text, analyse(path.name, text))] == []


def test_bombs_take_no_answer_along() -> None:
    with WorkerPool(workers=2) as pool:
        found = dict(pool.analyse_all((name, name, content) for name, content in BOMBS.items()))

    assert set(found) == set(BOMBS)
    assert [name for name, answer in found.items() if answer.outcome is Outcome.FAILED and not answer.problems] == []
    assert [name for name, answer in found.items() if uncovered(BOMBS[name], answer)] == []


def test_a_line_beyond_the_limit_is_text_in_units() -> None:
    content = b"x = '" + b"ab " * (MAX_BYTES // 3) + b"'\n"
    found = analyse("a.py", content)

    assert (found.outcome, len(found.symbols)) == (Outcome.TEXT, 0)
    assert uncovered(content, found) == []


def test_memory_that_runs_out_in_c_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out(*_: object) -> None:
        raise SystemError("returned a result with an exception set")

    monkeypatch.setattr(analyse_module, "_analyse", run_out)
    found = analyse("a.py", b"x = 1\n")

    assert (found.outcome, found.problems) == (Outcome.FAILED, ("the analysis broke off with SystemError",))


def test_a_scanner_that_looks_back_again_and_again_does_not_fill_the_memory() -> None:
    heredocs = b"".join(b"$code .= <<___;\nmov %%r%d, %%rax\n___\n" % number for number in range(3_000))
    analyse("a.pl", heredocs)
    tracemalloc.start()
    try:
        analyse("a.pl", heredocs)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(heredocs) > SMALL
    assert kept < 50 * len(heredocs)


@pytest.mark.scale
def test_a_hundred_thousand_damaged_files_lose_no_answer() -> None:
    counts, faults = run(mutated(PATHS, 100_000))

    assert faults == []
    assert counts.total() >= 100_000


@pytest.mark.scale
def test_a_file_that_takes_for_ever_is_stopped_and_says_so() -> None:
    chain = b"fn f() { " + b"&" * 200_000 + b"x }\n"
    with WorkerPool(workers=1) as pool:
        found = dict(pool.analyse_all([("chain", "a.rs", chain), ("next", "b.py", b"def f(): pass\n")]))

    assert found["chain"].problems == ("the parser was stopped: the file took too much processor time",)
    assert [symbol.name for symbol in found["next"].symbols] == ["f"]


@pytest.mark.scale
def test_a_line_of_two_hundred_megabytes_takes_nothing_down() -> None:
    with WorkerPool(workers=1) as pool:
        found = dict(
            pool.analyse_all([("line", "a.js", b"var a=1;" * (25 << 20)), ("next", "b.py", b"def f(): pass\n")])
        )

    assert found["line"].outcome is Outcome.FAILED
    assert [symbol.name for symbol in found["next"].symbols] == ["f"]
