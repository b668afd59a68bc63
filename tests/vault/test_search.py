"""Asking over all versions: names, text, patterns; scopes, pages, and what an answer says it did not see."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from codevault.errors import InvalidArgument, InvalidPattern, UnknownProject
from codevault.index.model import SearchResult
from tests.vault.scenes import CANARY, Archive, Desk


def places(result: SearchResult) -> list[tuple[str, int]]:
    return sorted((hit.path, hit.start_line) for hit in result.hits)


def names(result: SearchResult) -> set[str]:
    return {hit.symbol.qualified_name for hit in result.hits if hit.symbol is not None}


def test_finds_a_definition_by_its_name(archive: Archive) -> None:
    hit = archive.vault.search.symbols("slugify", project="shop").hits[0]

    assert hit.symbol is not None
    assert (hit.symbol.name, hit.symbol.kind) == ("slugify", "function")
    assert archive.vault.text(hit).startswith("def slugify(title):")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("TaxTable.rate", "TaxTable.rate"),
        ("taxtable", "TaxTable"),
        ("loyalty_disc", "loyalty_discount"),
        ("*_discount", "old_discount"),
        ("loyalty discount", "loyalty_discount"),
    ],
)
def test_finds_names_in_any_way_people_write_them(archive: Archive, name: str, expected: str) -> None:
    assert expected in names(archive.vault.search.symbols(name))


def test_a_kind_narrows_a_search_for_names(archive: Archive) -> None:
    assert names(archive.vault.search.symbols("*", kind="class")) == {"TaxTable"}


def test_finds_text_in_a_file_that_is_gone_and_says_when_it_was_there(archive: Archive) -> None:
    (hit,) = archive.vault.search.text("quick brown", project="shop").hits

    assert (hit.path, hit.start_line) == ("notes.txt", 1)
    assert hit.first_seen.sequence == 1
    assert hit.last_seen is not None
    assert hit.last_seen.sequence == 7
    assert hit.snippet[slice(*hit.spans[0])] == "quick brown"


def test_text_is_found_as_it_is_written_unless_asked_otherwise(archive: Archive) -> None:
    assert archive.vault.search.text("LAZY DOG").hits == ()
    assert len(archive.vault.search.text("LAZY DOG", case_sensitive=False).hits) == 2


def test_finds_what_a_pattern_matches(archive: Archive) -> None:
    result = archive.vault.search.regex(r"def \w+_discount\(price, years\)")

    assert {path for path, _ in places(result)} == {"billing/tax.py", "billing/discounts.py"}
    assert archive.vault.search.regex(r"QUICK\s+\w+", case_sensitive=False).hits


@pytest.mark.parametrize("pattern", ["(", "a{1000000}", r"(?=look)ahead", r"(a)\1"])
def test_a_pattern_that_cannot_be_run_is_an_error(archive: Archive, pattern: str) -> None:
    with pytest.raises(InvalidPattern):
        archive.vault.search.regex(pattern)


@pytest.mark.parametrize(
    ("scope", "projects"),
    [
        ({}, {"shop", "blog"}),
        ({"project": "blog"}, {"blog"}),
        ({"client": "Acme"}, {"shop"}),
        ({"client": "Nobody"}, set()),
        ({"path": "*.md"}, {"blog"}),
        ({"until": "2026-01-02"}, {"shop"}),
        ({"since": "2026-01-10"}, {"blog"}),
        ({"since": datetime(2026, 1, 10, tzinfo=UTC)}, {"blog"}),
        ({"alive": True}, {"blog"}),
        ({"alive": False}, {"shop"}),
    ],
)
def test_a_scope_narrows_a_search(archive: Archive, scope: dict[str, Any], projects: set[str]) -> None:
    result = archive.vault.search.text("lazy dog", **scope)

    assert {archive.vault.projects.get(hit.project).name for hit in result.hits} == projects


def test_a_language_narrows_a_search(archive: Archive) -> None:
    assert archive.vault.search.text("title", language="python").hits
    assert archive.vault.search.text("title", language="java").hits == ()


def test_one_clients_code_never_shows_in_anothers_answers(archive: Archive) -> None:
    zeta = archive.vault.search.symbols("slugify", client="Zeta")

    assert {hit.project for hit in zeta.hits} == {archive.blog.id}
    assert archive.vault.search.text("TaxTable", client="Zeta").hits == ()
    assert archive.vault.search.regex("TaxTable", client="Zeta").hits == ()


def test_a_tag_narrows_a_search(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "word\n"})
    desk.day(project)
    desk.vault.analyse()

    desk.vault.projects.update(project, tags=["billing"])

    assert len(desk.vault.search.text("word", tag="billing").hits) == 1
    assert desk.vault.search.text("word", tag="other").hits == ()


def test_pages_follow_one_another_without_gap_or_repetition(archive: Archive) -> None:
    everything = archive.vault.search.text("return", limit=100)
    first = archive.vault.search.text("return", limit=3)
    second = archive.vault.search.text("return", limit=3, after=first.cursor)

    assert first.hits + second.hits == everything.hits[:6]
    assert first.more
    assert not everything.more


@pytest.mark.parametrize("page", [{"limit": 0}, {"limit": 10_001}, {"limit": True, "after": 7}])
def test_a_page_has_bounds(archive: Archive, page: dict[str, int]) -> None:
    with pytest.raises(InvalidArgument, match=r"limit|after"):
        archive.vault.search.text("return", **page)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"limit|after"):
        archive.vault.search.symbols("rate", **page)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match=r"limit|after"):
        archive.vault.search.regex("return", **page)  # type: ignore[arg-type]


def test_an_empty_question_is_an_error(archive: Archive) -> None:
    with pytest.raises(InvalidArgument, match="name of a symbol"):
        archive.vault.search.symbols(" ")
    with pytest.raises(InvalidArgument, match="text to search"):
        archive.vault.search.text("")


def test_a_scope_of_an_unknown_project_is_an_error(archive: Archive) -> None:
    with pytest.raises(UnknownProject):
        archive.vault.search.text("x", project="nobody")


def test_a_bad_date_is_an_error(archive: Archive) -> None:
    with pytest.raises(InvalidArgument, match="not a date"):
        archive.vault.search.text("x", since="soon")


def test_an_answer_says_what_it_could_not_see(archive: Archive) -> None:
    coverage = archive.vault.search.text("return", project="shop").coverage

    assert coverage.binary == 1
    assert coverage.not_indexed == 1
    assert coverage.not_analysed == 0
    assert coverage.complete


def test_an_answer_says_what_is_not_yet_understood(desk: Desk) -> None:
    desk.day(desk.project("shop"), {"a.py": "x = 1\n"})

    result = desk.vault.search.text("x = 1")

    assert result.hits == ()
    assert result.coverage.not_analysed == 1


def test_a_secret_is_found_by_no_search(archive: Archive) -> None:
    assert archive.vault.search.text(CANARY).hits == ()
    assert archive.vault.search.text("TOKEN").hits == ()
    assert archive.vault.search.regex("hunter2.*").hits == ()
    assert archive.vault.search.symbols("TOKEN").hits == ()


def test_an_empty_vault_answers_with_nothing(desk: Desk) -> None:
    assert desk.vault.search.symbols("f").hits == ()
    assert desk.vault.search.text("f").hits == ()
    assert desk.vault.search.regex("f").hits == ()
