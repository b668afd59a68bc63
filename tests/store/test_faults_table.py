"""The page FAULTS.md against the tests: every row that counts is there, and every test it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "store" / "FAULTS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]\d\d) \| ([01]) \| (.*) \|$", PAGE, re.MULTILINE)
LAST_OF_GROUP = {"W": 11, "S": 8, "C": 10, "L": 7, "T": 5, "N": 6, "K": 6, "X": 10, "M": 6, "H": 5}
WANTED = [f"{group}{number:02d}" for group, last in LAST_OF_GROUP.items() for number in range(1, last + 1)]
P0 = [
    *WANTED[:6],
    *("S01", "S02", "S03", "S04"),
    *("C01", "C02", "C03", "C04", "C05", "C06"),
    *("L01", "L02", "L03", "T01", "T02", "N01", "N02", "N03", "K01", "K02"),
    *("X01", "X02", "X03", "X04", "X05", "X09", "M01", "M02", "M03", "H01", "H02", "H03"),
]


def _names_of_tests() -> set[str]:
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("test_*.py")]
    return {node.name for module in modules for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}


TESTS = _names_of_tests()


def test_every_row_that_counts_is_there_once_and_in_order() -> None:
    assert [row for row, _, _ in ROWS] == WANTED


def test_rows_have_their_priority() -> None:
    assert [row for row, priority, _ in ROWS if priority == "0"] == P0


@pytest.mark.parametrize(("row", "text"), [(row, text) for row, _, text in ROWS], ids=WANTED)
def test_every_row_names_tests_and_they_exist(row: str, text: str) -> None:
    named = re.findall(r"`(test_\w+)`", text.rpartition(" | ")[2])
    assert named
    assert [name for name in named if name not in TESTS] == []


def test_every_file_the_page_names_exists() -> None:
    assert [name for name in re.findall(r"`(tests/[\w/.]+)`", PAGE) if not (ROOT / name).is_file()] == []
