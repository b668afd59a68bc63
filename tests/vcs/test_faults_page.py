"""The page codevault/vcs/FAULTS.md against the tests: every row is there, and every test it names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "codevault" / "vcs" / "FAULTS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (V\d\d) \| ([012]) \| (.*) \|$", PAGE, re.MULTILINE)
WANTED = [f"V{number:02d}" for number in range(1, 17)]
CELLS = [(row, number, cell) for row, _, text in ROWS for number, cell in enumerate(text.split(" | ")[2:])]
ONE_SYSTEM_ONLY = {("V14", 0), ("V14", 1), ("V15", 0), ("V15", 2)}


def _names_of_tests() -> set[str]:
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "tests").rglob("test_*.py")]
    return {node.name for module in modules for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}


TESTS = _names_of_tests()


def test_every_row_is_there_once_and_in_order() -> None:
    assert [row for row, _, _ in ROWS] == WANTED


def test_rows_have_their_priority() -> None:
    assert [row for row, priority, _ in ROWS if priority == "0"] == WANTED[:6]


def test_every_system_has_a_cell_of_its_own() -> None:
    assert [number for _, number, _ in CELLS] == [0, 1, 2] * len(WANTED)


@pytest.mark.parametrize(("row", "number", "cell"), CELLS)
def test_every_cell_names_tests_and_they_exist(row: str, number: int, cell: str) -> None:
    named = re.findall(r"`(test_\w+)`", cell)

    assert [name for name in named if name not in TESTS] == []
    assert bool(named) != ((row, number) in ONE_SYSTEM_ONLY)


def test_every_file_the_page_names_exists() -> None:
    assert [name for name in re.findall(r"`(tests/[\w/.]+)`", PAGE) if not (ROOT / name).is_file()] == []
