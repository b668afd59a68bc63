"""What became of a project's symbols, as a value with three faces."""

from __future__ import annotations

import json
from html.parser import HTMLParser

from codevault.ids import ProjectId
from codevault.reports.model import EvolutionReport, Line, Step
from tests.vault.scenes import Archive, Desk


def test_tells_what_every_snapshot_did_to_the_symbols(archive: Archive) -> None:
    report = archive.vault.reports.evolution(archive.shop)
    lines = {step.sequence: [(line.kinds[0], line.qualified_name) for line in step.lines] for step in report.steps}

    assert (report.project, report.name, len(report.steps)) == (archive.shop.id, "shop", 8)
    assert ("introduced", "TaxTable") in lines[1]
    assert lines[2] == [("body", "TaxTable.rate")]
    assert ("moved", "old_discount") in lines[3]
    assert ("renamed", "loyalty_discount") in lines[4]
    assert ("removed", "loyalty_discount") in lines[6]
    assert ("signature", "TaxTable.rate") in lines[8]
    assert report.steps[0].reason == "begun"
    assert report.steps[2].files == 2


def test_says_where_a_moved_symbol_was(archive: Archive) -> None:
    step = archive.vault.reports.evolution("shop").steps[2]

    assert [line.was for line in step.lines if "moved" in line.kinds] == ["billing/tax.py: old_discount"]


def test_can_be_narrowed_to_a_time(archive: Archive) -> None:
    report = archive.vault.reports.evolution("shop", since="2026-01-03", until="2026-01-04")

    assert [step.sequence for step in report.steps] == [2, 3]


def test_says_what_is_not_yet_understood(desk: Desk) -> None:
    desk.day(desk.project("shop", {"a.py": "x = 1\n"}))

    report = desk.vault.reports.evolution("shop")

    assert report.not_analysed == 1
    assert "1 file versions are not analysed" in report.to_markdown()


HOSTILE = EvolutionReport(
    project=ProjectId("0123456789abcdef"),
    name="<script>alert(1)</script>\x1b[2J",
    steps=(
        Step(
            sequence=1,
            created_ns=0,
            reason="a *bold* <b>reason</b>",
            files=1,
            lines=(
                Line(kinds=("moved",), path="a`b.py", qualified_name="<i>f</i>", was="old\udce9.py: f"),
                Line(kinds=("body", "signature"), path="a`b.py", qualified_name="<i>f</i>"),
            ),
        ),
        Step(sequence=2, created_ns=86_400_000_000_000, reason="", files=0, lines=()),
    ),
)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert all(value is not None for _, value in attrs)
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_html_holds_no_tag_from_a_project_and_shows_its_names_as_they_are() -> None:
    page = Tags()
    page.feed(HOSTILE.to_html())

    assert page.tags == {"html", "meta", "title", "h1", "p", "h2", "ul", "li", "code"}
    assert "(a *bold* <b>reason</b>)" in page.text
    assert "<i>f</i>" in page.text
    assert "\x1b" not in page.text


def test_markdown_escapes_what_a_project_calls_things() -> None:
    text = HOSTILE.to_markdown()

    assert "# Evolution of \\<script\\>" in text
    assert "`old\ufffd.py: f -> a'b.py: <i>f</i>`" in text
    assert "- no symbols" in text
    assert "\x1b" not in text


def test_json_holds_everything_and_is_the_same_every_time() -> None:
    whole = json.loads(HOSTILE.to_json())

    assert whole["steps"][0]["changes"][0]["symbol"] == "<i>f</i>"
    assert whole["kinds"] == {"body": 1, "moved": 1, "signature": 1}
    assert whole["most_changed"] == [["a`b.py: <i>f</i>", 2]]
    assert HOSTILE.to_json() == HOSTILE.to_json()


def test_names_the_symbols_that_change_most() -> None:
    assert HOSTILE.most_changed(1) == (("a`b.py: <i>f</i>", 2),)
    assert HOSTILE.kinds()["moved"] == 1
