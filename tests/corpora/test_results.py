from pathlib import Path

import pytest

from corpora.measuring import (
    CommandFailedError,
    Cost,
    folder_bytes,
    machine,
    median,
    middle,
    percentile,
    said,
    spread,
    timed,
)
from corpora.results import table, with_section, write_section

PAGE = "# Results\n\nIntroduction.\n\n## One\n\nold\n\n### Below\n\nmore\n\n## Two\n\nkept\n"


def test_replaces_only_its_own_section() -> None:
    assert with_section(PAGE, "One", "new\n") == "# Results\n\nIntroduction.\n\n## One\n\nnew\n\n## Two\n\nkept\n"


def test_replaces_the_last_section() -> None:
    assert with_section(PAGE, "Two", "new") == PAGE.replace("kept", "new")


def test_adds_a_new_section_at_the_end() -> None:
    assert with_section(PAGE, "Three", "new") == f"{PAGE}\n## Three\n\nnew\n"


def test_writing_the_same_section_twice_changes_nothing() -> None:
    once = with_section(PAGE, "One", "new")
    assert with_section(once, "One", "new") == once


def test_a_title_that_begins_like_another_is_another_section() -> None:
    assert with_section(PAGE, "On", "new") == f"{PAGE}\n## On\n\nnew\n"


def test_an_empty_page_gets_an_introduction() -> None:
    assert with_section("", "One", "new").startswith("# Results\n\nEach section")


def test_writes_the_page_on_disk(tmp_path: Path) -> None:
    page = tmp_path / "RESULTS.md"
    write_section("One", "first", page)
    write_section("Two", "second", page)
    write_section("One", "third", page)
    assert page.read_text().endswith("\n## One\n\nthird\n\n## Two\n\nsecond\n")


def test_a_table_has_a_rule_below_its_head() -> None:
    assert table(("a", "b"), [(1, 2)]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_times_a_whole_process() -> None:
    cost = timed(["sh", "-c", 'sleep 0.05; [ "$WORD" = yes ]'], environment={"WORD": "yes"})
    assert cost.wall >= 0.05
    assert cost.cpu < cost.wall
    assert cost.peak_mb > 0


def test_runs_in_the_folder_asked_for(tmp_path: Path) -> None:
    timed(["touch", "made"], folder=tmp_path)
    assert (tmp_path / "made").exists()


def test_a_command_that_fails_is_an_error_with_its_last_words() -> None:
    with pytest.raises(CommandFailedError, match="went wrong"):
        timed(["sh", "-c", "echo went wrong >&2; exit 3"])


def test_sizes_a_folder_without_its_cache(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/a").write_bytes(b"12345")
    (tmp_path / "b").write_bytes(b"123")
    assert (folder_bytes(tmp_path), folder_bytes(tmp_path, without="cache")) == (8, 3)


def test_the_machine_line_names_cores_python_and_tools() -> None:
    line = machine(("echo", "tool 1.2"))
    assert "cores" in line
    assert line.endswith("tool 1.2")


def test_medians_percentiles_and_spread() -> None:
    costs = [Cost(wall=wall, cpu=0, peak_mb=0) for wall in (3.0, 1.0, 2.0)]
    assert middle(costs).wall == 2.0
    assert median([1.0, 2.0, 10.0]) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert spread([2.0, 1.0]) == "1.00-2.00"


def test_says_how_long_something_took(capsys: pytest.CaptureFixture[str]) -> None:
    with said("thinking"):
        pass
    assert "thinking: 0.0 s" in capsys.readouterr().err
