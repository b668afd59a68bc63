from __future__ import annotations

from pathlib import Path

from codevault.analysis.languages import specs
from codevault.analysis.listing import kinds, rows, tier

PAGE = Path(__file__).parents[2] / "analysis" / "LANGUAGES.md"


def test_the_page_lists_the_languages_that_there_are() -> None:
    table = PAGE.read_text("utf-8").partition("--page` -->\n")[2].partition("<!-- end")[0]

    assert table == "\n".join(rows(versions=False)) + "\n"


def test_lists_versions_of_the_grammars_that_are_installed() -> None:
    assert any(line.startswith("| python | first | tree-sitter-python 0.") for line in rows())


def test_thirty_languages_work_on_every_python() -> None:
    assert sum(tier(spec) == "first" for spec in specs().values()) >= 30


def test_says_which_kinds_a_language_has() -> None:
    assert kinds(specs()["css"]) == ("rule",)
    assert {"class", "constant", "function"} <= set(kinds(specs()["python"]))


def test_explains_every_key_of_a_header() -> None:
    page = PAGE.read_text("utf-8")
    keys = {line[2:].partition(":")[0] for spec in specs().values() for line in header(spec.patterns)}

    assert {key for key in keys if f"`{key}`" not in page} == set()


def header(patterns: str) -> list[str]:
    return patterns.partition("\n\n")[0].splitlines()
