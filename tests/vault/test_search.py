"""Asking over all versions: names, text, patterns; scopes, pages, and what an answer says it did not see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from codevault.errors import InvalidArgument, InvalidPattern, UnknownProject
from codevault.index.model import SearchResult
from codevault.vault import Vault
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
        ("TaxTable::rate", "TaxTable.rate"),
        ("TaxTable#rate", "TaxTable.rate"),
        ("TaxTable->rate", "TaxTable.rate"),
        ("(*TaxTable).rate", "TaxTable.rate"),
    ],
)
def test_finds_names_in_any_way_people_write_them(archive: Archive, name: str, expected: str) -> None:
    assert expected in names(archive.vault.search.symbols(name))


ODD: dict[str, str | bytes | None] = {
    "uni.py": "def größe_berechnen(größe):\n    return größe\n\n\ndef 计算总和(x):\n    return x\n",
    "crlf.py": b"def windows_line():\r\n    return 1\r\n\r\nend = 2\r\n",
    "bom.py": b"\xef\xbb\xbfdef with_bom():\n    return 3\n",
    "wide.txt": b"\xff\xfe" + "needle\r\nsixteen\r\n".encode("utf-16-le"),
    "latin.txt": "Überschrift café\n".encode("latin-1"),
    "long.js": f"var a = '{'x' * 200_000}'; needle_far = 1; {'y' * 1000}\n",
    "ns.cpp": "namespace ns {\nint Foo::bar(int x) const { return x; }\n}\n",
    "b.rb": "module Billing\n  class Invoice\n    def paid?\n      true\n    end\n  end\nend\n",
    "c.go": "package c\n\nfunc (s *Server) HandleConn() error {\n\treturn\tnil\n}\n",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    desk = Desk(tmp_path_factory.mktemp("odd"))
    desk.day(desk.project("odd", ODD))
    desk.vault.analyse()
    yield desk.vault
    desk.vault.close()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Größe*", "uni.py"),
        ("计算总和", "uni.py"),
        ("ns::Foo::bar", "ns.cpp"),
        ("Foo::bar", "ns.cpp"),
        ("Billing::Invoice#paid?", "b.rb"),
        ("(*Server).HandleConn", "c.go"),
        ("with_bom", "bom.py"),
        ("windows_line", "crlf.py"),
    ],
)
def test_names_are_found_as_their_language_writes_them(odd: Vault, name: str, path: str) -> None:
    assert [hit.path for hit in odd.search.symbols(name).hits] == [path]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("return 1\r\n\r\nend", ("crlf.py", 2)),
        ("needle\nsixteen", ("wide.txt", 1)),
        ("café", ("latin.txt", 1)),
        ("needle_far", ("long.js", 1)),
        ("return\tnil", ("c.go", 4)),
        ("计算", ("uni.py", 5)),
    ],
)
def test_text_is_found_whatever_its_file_is_written_in(odd: Vault, text: str, place: tuple[str, int]) -> None:
    assert places(odd.search.text(text)) == [place]


@pytest.mark.parametrize(
    ("pattern", "place"),
    [
        (r"(?i)GRÖßE_", ("uni.py", 1)),
        (r"(?s)def windows.*end", ("crlf.py", 1)),
        (r"^end = \d$", ("crlf.py", 4)),
        (r"\p{Han}{4}", ("uni.py", 5)),
        (r"^\treturn\b", ("c.go", 4)),
    ],
)
def test_flags_anchors_and_classes_of_letters_hold(odd: Vault, pattern: str, place: tuple[str, int]) -> None:
    assert places(odd.search.regex(pattern)) == [place]


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
