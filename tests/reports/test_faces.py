"""Every face of a report, for names that want to be something else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from codevault.ids import ProjectId
from codevault.reports.charts import svg
from codevault.reports.churn import ChurnPeriod, ChurnReport, ChurnRow, RelativeChurn
from codevault.reports.coupling import Coupled, Coupling, CouplingReport
from codevault.reports.evolution import EvolutionReport, Line, Step
from codevault.reports.faces import Report
from codevault.reports.hotspots import Hotspot, HotspotReport
from codevault.reports.migration import FATES, ImportShare, MigratedSymbol, MigrationReport, StackPoint
from codevault.reports.ownership import Contribution, Contributor, OwnedComponent, OwnershipReport
from codevault.reports.page import Chart, Page
from codevault.reports.scope import Covered, CoveredProject
from codevault.reports.survival import Cohort, SurvivalPoint, SurvivalReport
from codevault.reports.timeline import TimelineEvent, TimelineReport

NASTY = (
    "</script><script>alert(1)</script>\x1b[2J\u202etxt.exe\u2066 `|[x](http://evil.test) {{7*7}} ]]>"
    "<img src=x onerror=alert(2)>\x00\udce9\n```\n# x \"q\" 'a' & ~~~ %%{init}%% end;"
)
ID = ProjectId("0123456789abcdef")
COVERED = Covered(
    projects=(CoveredProject(id=ID, name=NASTY, client=NASTY), CoveredProject(id=ProjectId("b"), name="b", client="c")),
    since_ns=0,
    path=NASTY,
    versions=3,
    not_analysed=2,
)
COHORT = Cohort(
    name="2026",
    born=4,
    died=1,
    curve=(
        SurvivalPoint(days=0, alive=1.0, error=0, at_risk=4),
        SurvivalPoint(days=9, alive=0.75, error=0.2, at_risk=4),
    ),
    median_days=None,
)
DAY = 86_400_000_000_000
REPORTS: dict[str, Report] = {
    "evolution": EvolutionReport(
        covered=COVERED,
        steps=(
            Step(
                sequence=1, created_ns=0, reason=NASTY, files=1, project=ID, commit="abc", author=f"{NASTY} <a@b>",
                lines=(Line(kinds=("moved",), path=NASTY, qualified_name=NASTY, was=NASTY),) * 41,
            ),
            Step(sequence=2, created_ns=400 * DAY, reason="", files=1, lines=()),
            Step(sequence=3, created_ns=99_999 * DAY, reason="", files=1, lines=(), begins=True),
        ),
        limit=2,
    ),
    "churn": ChurnReport(
        covered=COVERED, level="symbol", components=1, changes=2, added=3, deleted=1, lines=9, period="week",
        rows=(
            ChurnRow(
                project=ID, path=NASTY, qualified_name=NASTY, changes=2, added=3, deleted=1, lines=0, authors=1,
                last_ns=0
            ),
        ),
        relative=RelativeChurn(
            m1_churned_by_total=0.3, m2_deleted_by_total=0.1, m3_components_churned=1, m4_changes_by_component=2,
            m7_churned_by_deleted=3,
        ),
        periods=tuple(ChurnPeriod(period=f"2026-W{n:02}", changes=1, added=n, deleted=1) for n in range(1, 53)),
    ),
    "hotspots": HotspotReport(
        covered=COVERED, level="symbol", components=2, share=0.5,
        rows=(
            Hotspot(
                project=ID, path=NASTY, qualified_name=NASTY, changes=2, lines=4, complexity=8, authors=1, last_ns=0
            ),
        ) * 2,
    ),
    "ownership": OwnershipReport(
        covered=COVERED, level="file", components=1, uncommitted=1, alone=1,
        rows=(OwnedComponent(
                project=ID, path=NASTY, qualified_name=NASTY, changes=1,
                contributors=(Contribution(author=NASTY, changes=1, share=1.0),),
            ),),
        people=tuple(Contributor(author=f"{n}{NASTY}", changes=1, touched=1, owned=1) for n in range(10)),
    ),
    "coupling": CouplingReport(
        covered=COVERED, level="symbol", pairs=1, left_out=1,
        rows=(
            Coupling(
                project=ID, support=3, one=Coupled(path=NASTY, qualified_name=NASTY, changes=3),
                other=Coupled(path="b", qualified_name="", changes=4),
            ),
        ),
    ),
    "survival": SurvivalReport(covered=COVERED, all=COHORT, cohorts=(COHORT, COHORT), early=3),
    "timeline": TimelineReport(
        project=NASTY, path=NASTY, qualified_name=NASTY, omitted=1,
        events=tuple(
            TimelineEvent(
                kinds=("body",), created_ns=n * DAY, version="snapshot 1", author=NASTY, path=NASTY,
                qualified_name=NASTY, evidence=NASTY, confidence=0.5, lines=3,
                diff=f"-{NASTY}\n+{NASTY}\n" * 250 * (n != 2),
            )
            for n in range(3)
        ),
    ),
    "migration": MigrationReport(
        covered=COVERED, from_stack=NASTY, to_stack="b",
        points=tuple(
            StackPoint(
                created_ns=n * DAY, sequence=n, commit="", files=(1, n, 0, 0), lines=(9, n, 1, 0), symbols=(1, n, 0, 0)
            )
            for n in range(30)
        ),
        fates=tuple((fate, 1) for fate in FATES),
        symbols=tuple(MigratedSymbol(fate=fate, path=NASTY, qualified_name=NASTY, was=NASTY) for fate in FATES),
        imports=(ImportShare(module=NASTY, before=1, after=0),),
    ),
}  # fmt: skip
TAGS = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "div", "p", "section", "table", "thead", "tbody"),
    *("tr", "th", "td", "code", "bdi", "pre", "span", "ul", "ol", "li", "time"),
}
DRAWN = {"svg", "g", "path", "rect", "text", "tspan", "circle", "line", "desc", "defs", "title", "style"}


class Looked(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", REPORTS)
def test_html_is_one_file_that_runs_and_loads_nothing_whatever_things_are_called(name: str) -> None:
    html = REPORTS[name].to_html()
    looked = Looked()
    looked.feed(html)

    assert looked.tags <= TAGS | DRAWN
    assert not {each for each in looked.attributes if each.startswith("on") or each in {"href", "src", "xlink:href"}}
    assert not re.search(r"url\s*\(|@import|<script|javascript:", html)
    assert set(re.findall(r"xmlns(?::\w+)?=\"([^\"]+)\"", html)) <= {"http://www.w3.org/2000/svg"}
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\u2066]", html)
    assert "default-src 'none'" in html
    assert html.encode("utf-8")
    assert "49" not in looked.text or "{{7*7}}" in looked.text


@pytest.mark.parametrize("name", REPORTS)
def test_markdown_lets_no_name_out_of_its_place(name: str) -> None:
    text = REPORTS[name].to_markdown()
    outside = re.sub(r"(?ms)^(~~~+|```)\w+$.*?^\1$", "", text)
    outside = re.sub(r"(`+) ?.*? ?\1", "", outside)

    assert not re.search(r"(?<!\\)<(?:script|img)|(?<!\\)\[x\]\(", outside)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\u2066]", text)
    assert not re.search(r"(?m)^# x", outside)
    assert text.encode("utf-8")


@pytest.mark.parametrize("name", REPORTS)
def test_diagrams_hold_nothing_but_words_in_their_places(name: str) -> None:
    number = r"\d+(?:\.\d+)?"
    words = r"[^\"\[\]{}<>|;%`()]*"
    lines = (
        r"xychart-beta|pie showData|timeline|flowchart LR",
        rf"    title \"?{words}\"?",
        rf'    x-axis \[(?:"{words}"(?:, )?)+\]',
        rf'    y-axis "{words}" 0 --> {number}',
        rf"    (?:line|bar) \[(?:{number}(?:, )?)+\]",
        rf'    "{words}" : {number}',
        rf"    {words} : {words}",
        rf'    n\d+\["{words}"\]',
        rf'    n\d+ ---\|"{words}"\| n\d+',
    )
    diagrams = re.findall(r"(?ms)^```mermaid\n(.*?)\n```$", REPORTS[name].to_markdown())

    odd = [line for each in diagrams for line in each.split("\n") if not re.fullmatch("|".join(lines), line)]

    assert odd == []
    assert diagrams


@pytest.mark.parametrize("name", REPORTS)
def test_json_keeps_every_name_as_it_is_and_can_be_read_by_anything(name: str) -> None:
    text = REPORTS[name].to_json()

    assert text.isascii()
    assert json.dumps(NASTY) in text
    assert json.loads(text)["finding"] == REPORTS[name].finding == REPORTS[name].page().summary[0]


@pytest.mark.parametrize("name", ["ownership", "coupling"])
def test_graphml_is_xml_whatever_things_are_called(name: str) -> None:
    report = REPORTS[name]
    assert isinstance(report, (OwnershipReport, CouplingReport))

    graph = ET.fromstring(report.to_graphml())

    assert len(list(graph.iter("{http://graphml.graphdrawing.org/xmlns}edge"))) == 1
    assert len(report.to_graph()) == 2


@pytest.mark.parametrize("kind", ["bar", "stacked", "line", "area", "pie"])
def test_every_kind_of_chart_is_drawn_the_same_each_time(kind: str) -> None:
    chart = Chart(
        kind=kind,  # type: ignore[arg-type]
        title=NASTY,
        unit="lines",
        labels=("a", "a", NASTY),
        series=(("one", (1.0, None, 3.0)), (NASTY, (0.0, 2.0, 1.0))),
    )

    drawn = ET.fromstring(svg(chart))

    assert svg(chart) == svg(chart)
    assert {each.tag.partition("}")[2] for each in drawn.iter()} <= DRAWN


def test_a_chart_of_nothing_says_so() -> None:
    assert "nothing to show" in svg(Chart(kind="line", title="t", unit="", labels=(), series=(("x", ()),)))


def test_a_report_without_a_page_is_none() -> None:
    with pytest.raises(NotImplementedError):
        Report().page()


def test_names_of_projects_are_told_by_id() -> None:
    assert (COVERED.name_of(ProjectId("b")), COVERED.name_of(ProjectId("z"))) == ("b", "z")
    assert isinstance(REPORTS["churn"].page(), Page)


def test_two_versions_are_told_as_thin_evidence_and_not_drawn() -> None:
    one, other = (Coupled(path=path, qualified_name="", changes=2) for path in ("a.py", "b.py"))
    pair = Coupling(project=ID, support=2, one=one, other=other)
    page = CouplingReport(covered=COVERED, level="file", rows=(pair,), pairs=1, left_out=0).page()

    assert page.summary[0].startswith("No firm coupling: 1 pair changed together, none in more than 2 versions")
    assert [section.title for section in page.sections] == ["Pairs"]


def test_survival_says_of_each_cohort_that_is_not_drawn_why() -> None:
    lasting = Cohort(name="2020", born=2, died=0, curve=COHORT.curve[:1], median_days=None)
    many = tuple(replace(COHORT, name=str(year), born=year) for year in range(2021, 2029))
    text = SurvivalReport(covered=COVERED, all=COHORT, cohorts=(lasting, *many), early=0).to_markdown()
    alone = SurvivalReport(covered=COVERED, all=lasting, cohorts=(lasting,), early=0).to_markdown()

    assert "Not drawn, since none is gone yet (100 % at every age): 2020" in text
    assert "Not drawn, since the 6 largest cohorts are: 2021, 2022" in text
    assert "not yet |" in text
    assert "No curves: nothing is gone" in alone
