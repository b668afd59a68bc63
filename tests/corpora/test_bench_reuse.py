"""The measurements of reuse measure what they say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from corpora.bench_reuse import Rows, main, rows_of, scale, vendored
from tests.analysis.test_clones import GESAMT, TOTAL


def corpus(folder: Path) -> Path:
    """Two functions and a stranger, of which the stranger is not listed."""
    (folder / "files").mkdir(parents=True)
    listed = []
    for name, source in (("one", TOTAL), ("two", GESAMT), ("three", "def other():\n    return 1\n")):
        (folder / "files" / f"{name}.py").write_text(source)
        listed.append({"id": name, "path": f"{name}.py", "start": 1, "end": source.count("\n")})
    (folder / "functions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in listed[:2]))
    return folder


def test_predictions_are_pairs_of_listed_functions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "pairs.jsonl"

    assert main(["predict", str(corpus(tmp_path / "corpus")), str(out)]) == 0

    assert json.loads(out.read_text()) == {"a": "one", "b": "two", "type": "T3"}
    assert "2 functions listed, 2 met" in capsys.readouterr().out


def test_a_function_is_met_though_ours_begins_at_its_decorator(tmp_path: Path) -> None:
    rows = Rows(rows_of(corpus(tmp_path)))

    assert rows.named("one.py", first=0, name_line=1, last=8) == "one"
    assert rows.named("one.py", first=2, name_line=2, last=8) == ""
    assert rows.named("four.py", first=1, name_line=1, last=8) == ""


def test_a_large_index_is_made_of_real_functions_and_strangers(tmp_path: Path) -> None:
    told = scale(corpus(tmp_path), 64, questions=64)

    assert "64 functions (2 real" in told
    assert "and compared" in told


@pytest.mark.bench
def test_recorded_copies_are_judged(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["truth", "--files", "28", "--steps", "25"]) == 0

    assert "copies across projects" in capsys.readouterr().out


@pytest.mark.bench
def test_a_vendored_copy_misses_a_fix_of_the_original(tmp_path: Path) -> None:
    wanted = ["requests==2.31.0", "requests==2.32.3", "pip==24.0"]
    for package in wanted:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(tmp_path), package]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no package index answers")

    told = vendored(tmp_path)

    assert "HTTPAdapter.send (Apache-2.0), requests: requests/adapters.py -> pip: pip/_vendor/requests" in told
    assert "+ proxyOverride = filter(None, proxyOverride)" in told
