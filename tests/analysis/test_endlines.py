from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.analysis.endlines import COMMENT, PEERS, Ends, Score, compare, python_ends, row


@pytest.fixture
def python_file(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text("def f():\n    return 1\n    # and so on\n\n\nclass A:\n    def g(self): pass\n")
    return path


def scored(path: Path, ends: Ends) -> Score:
    score = Score()
    compare(PEERS["python"], path, ends, score)
    return score


def test_finds_the_last_lines_that_ast_tells(python_file: Path) -> None:
    ends = python_ends(python_file)

    assert ends == Counter([("f", 2), ("A", 7), ("g", 7)])


def test_a_comment_behind_the_last_statement_is_counted_as_such(python_file: Path) -> None:
    score = scored(python_file, Counter([("f", 2), ("A", 7), ("g", 7)]))

    assert (score.shared, score.raw_missed, score.raw_extra, score.missed, score.extra) == (2, 1, 1, 0, 0)
    assert score.rules == Counter({COMMENT: 1})


def test_another_line_counts_on_both_sides(python_file: Path) -> None:
    score = scored(python_file, Counter([("f", 3), ("A", 6), ("g", 7)]))

    assert (score.shared, score.missed, score.extra) == (2, 1, 1)


def test_a_file_that_the_peer_refuses_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(:\n")

    assert python_ends(tmp_path / "a.py") is None


def test_a_row_gives_raw_agreement_before_that_by_rules(python_file: Path) -> None:
    score = scored(python_file, Counter([("f", 2), ("A", 7), ("g", 7)]))

    assert row("python", 1, score) == (
        "| python | 66.67 % / 66.67 % | 100.00 % / 100.00 % | 1 files, 2 symbols; left out: 1 " + COMMENT + " |"
    )
