"""The user's benchmarks at a small share of the stated load and of its limits; at the whole of it with `-m scale`."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from corpora.benchmarks import main, own_history, own_trees, page
from corpora.figures import Figure, Load
from corpora.results import at_the_top
from corpora.stated import GROUPS

FIGURE = Figure(asked="status", value=3.0, limit=200.0, unit="ms", how="of one file")


def load(share: float) -> Load:
    trees = own_trees() if share == 1 else {"asyncio": Path(asyncio.__file__).parent}
    return Load(share=share, trees=trees, histories=own_history(), states=120 if share == 1 else 16)


def missed(group: str, share: float, folder: Path) -> list[Figure]:
    figures = GROUPS[group](load(share), folder / "made")
    assert figures
    return [figure for figure in figures if not figure.held(share)]


@pytest.mark.parametrize("group", GROUPS)
def test_a_share_of_the_stated_load_keeps_to_its_share_of_the_limits(group: str, tmp_path: Path) -> None:
    assert missed(group, 1 / 500, tmp_path) == []


@pytest.mark.scale
@pytest.mark.parametrize("group", GROUPS)
def test_the_stated_load_keeps_to_the_limits(group: str, tmp_path: Path) -> None:
    assert missed(group, 1.0, tmp_path) == []


def test_a_figure_beyond_its_limit_is_missed() -> None:
    saved = replace(FIGURE, value=59.0, limit=60.0, unit="%", at_least=True)
    backup = replace(FIGURE, value=33.0, limit=1200.0, unit="s", scaled=True)

    assert [one.held(0.001) for one in (FIGURE, replace(FIGURE, value=201.0), saved, backup)] == [
        True,
        False,
        False,
        False,
    ]
    assert (backup.held(1), replace(FIGURE, value=201.0).held(1)) == (True, False)


def test_the_table_says_what_is_missed() -> None:
    shown = page([FIGURE, replace(FIGURE, value=201.0)], 1)
    assert "| status | <= 200 ms | - | 3 ms | of one file | - |" in shown
    assert "201 ms (MISSED)" in shown


def test_the_table_is_the_first_section_of_its_page() -> None:
    before = "# Results\n\nWords.\n\n## One\n\nx\n\n## Asked\n\nold\n"
    after = "# Results\n\nWords.\n\n## Asked\n\nnew\n\n## One\n\nx\n"
    assert at_the_top(before, "Asked", "new\n") == after
    assert at_the_top(after, "Asked", "new") == after


@pytest.mark.skipif(sys.platform == "win32", reason="the way to Python's library has a colon")
def test_the_command_measures_what_it_is_told_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("def same():\n    return 1\n" * 20_000)

    assert (
        main([str(tmp_path / "made"), "--share", "0.01", "--only", "storage", "--tree", f"own={tree}", "--history", ""])
        == 0
    )

    assert "space saved on a typical project: own" in capsys.readouterr().out
