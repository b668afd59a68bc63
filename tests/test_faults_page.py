"""The page FAULTS.md against the tests: every row is there, every row names tests, and they exist."""

from __future__ import annotations

import re

import pytest

from tests import pages

PAGE = (pages.ROOT / "tests" / "FAULTS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([A-Z]\d\d) \| ([012]) \| (.*) \|$", PAGE, re.MULTILINE)
GROUPS = {"W": 11, "S": 8, "C": 10, "L": 7, "T": 5, "R": 9, "N": 6, "K": 6, "X": 10, "V": 16, "P": 9, "H": 5, "A": 7}
GROUPS |= {"M": 6, "Z": 4}
P0 = {"W": 6, "S": 4, "C": 6, "L": 3, "T": 2, "R": 5, "N": 3, "K": 2, "X": 5, "V": 6, "P": 3, "H": 3, "A": 2, "M": 3}
P0 |= {"Z": 1}  # the first ones of each group; X09 as well
SYSTEMS = ("git", "Mercurial", "Subversion")
ONE_SYSTEM_ONLY = {"V14", "V15"}


def named(text: str) -> list[str]:
    return re.findall(r"`(test_\w+)`", text.rpartition(" | ")[2])


def test_every_row_is_there_once_and_in_order() -> None:
    assert [row for row, _, _ in ROWS] == [f"{group}{n:02d}" for group in GROUPS for n in range(1, GROUPS[group] + 1)]


def test_rows_have_their_priority() -> None:
    first = [f"{group}{n:02d}" for group in GROUPS for n in range(1, P0[group] + 1)]
    assert {row for row, priority, _ in ROWS if priority == "0"} == {*first, "X09"}


@pytest.mark.parametrize("group", GROUPS)
def test_every_row_names_tests_and_they_exist(group: str) -> None:
    found = {row: named(text) for row, _, text in ROWS if row.startswith(group)}

    assert [row for row, tests in found.items() if not tests] == []
    assert {test for tests in found.values() for test in tests} - pages.names() == set()


def test_of_repositories_every_system_is_told_apart() -> None:
    cells = {row: text.rpartition(" | ")[2].split("; ") for row, _, text in ROWS if row.startswith("V")}
    systems = {row: tuple(part.split(": ")[0] for part in parts if named(part)) for row, parts in cells.items()}

    assert {row for row, told in systems.items() if told != SYSTEMS} == ONE_SYSTEM_ONLY


def test_every_file_the_page_names_exists() -> None:
    assert [name for name in re.findall(r"`(tests/[\w/.]+)`", PAGE) if not (pages.ROOT / name).is_file()] == []
