"""The lines that a difference names are git's, also where it stops looking for the shortest one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.differences import asked, named_by_git, named_by_us, pair

CASES = {
    "moved over a line": ([1, 2, 3, 4], [3, 2, 1, 4]),
    "swapped": ([1, 2], [2, 1]),
    "all new": ([1, 2], [3, 4]),
    "grown at the end": ([1, 2], [1, 2, 2, 1]),
    "emptied": ([1, 2, 1], []),
    "common lines among new ones": ([9, *range(10, 60), 9, 9], [9, *range(100, 150), 9]),
    "two lines in any order": pair(1, size=500, lines=2, edits=60),
    "few lines, many times": pair(2, size=600, lines=5, edits=200),
    "nothing in common for long": pair(3, size=900, lines=30, edits=500),
    "long runs between edits": pair(4, size=2500, lines=12, edits=120),
    "long and moved about": pair(5, size=1500, lines=1000, edits=200),
}


@pytest.mark.parametrize("case", CASES)
def test_names_the_lines_that_git_names(tmp_path: Path, case: str) -> None:
    before, after = CASES[case]

    assert named_by_us(before, after) == named_by_git(tmp_path, before, after) & asked(before, after)
