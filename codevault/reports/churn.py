"""Churn: how much of the code was worked over (Nagappan and Ball 2005, "Use of Relative Code Churn Measures").

Churned lines are those added, changed ones included; M1 to M4 and M7 are the paper's relative measures, over the time
asked for. Lines are counted as a minimal diff does.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codevault.ids import ProjectId
from codevault.reports.faces import Report
from codevault.reports.page import Chart, Page, Section, Table, count, day
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import Periods, scope_sentences, titled
from codevault.reports.work import Component, Level, Transaction, work_in


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnRow:
    """A file or symbol: how often it changed, lines added and deleted, its lines now (0: gone), by how many people."""

    project: ProjectId
    path: str
    qualified_name: str
    changes: int
    added: int
    deleted: int
    lines: int
    authors: int
    last_ns: int

    @property
    def relative(self) -> float:
        """Lines added and deleted for each line that is there now."""
        return (self.added + self.deleted) / self.lines if self.lines else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeChurn:
    """Relative measures by the numbers of the paper; 0.0 where a divisor is nothing."""

    m1_churned_by_total: float
    m2_deleted_by_total: float
    m3_components_churned: float
    m4_changes_by_component: float
    m7_churned_by_deleted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnPeriod:
    """Lines added and deleted in a day, week or month."""

    period: str
    changes: int
    added: int
    deleted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChurnReport(Report):
    """What was worked over, most lines first; `rows` are the first of `components` that changed."""

    covered: Covered
    level: Level
    rows: tuple[ChurnRow, ...]
    components: int
    changes: int
    added: int
    deleted: int
    lines: int
    relative: RelativeChurn
    periods: tuple[ChurnPeriod, ...]
    period: str

    @property
    def finding(self) -> str:
        """How much was worked over, and where most."""
        if not self.rows:
            return "No version in this time changed any code."
        most = self.rows[0]
        return (
            f"{count(self.added, 'line')} added and {self.deleted:,} deleted in {count(self.changes, 'change')} to"
            f" {count(self.components, self.level)}, most in {most.qualified_name or most.path};"
            f" {count(self.lines, 'line')} at the end."
        )

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, f"churn of {self.level}s, lines")
        summary = (self.finding, *scope_sentences(self.covered))
        if not self.rows:
            why = "What a project began with, and merges that only bring work together, are no changes."
            return Page(title=title, summary=summary, sections=(Section(title="Nothing changed", parts=(why,)),))
        return Page(
            title=title,
            summary=summary,
            sections=(
                Section(title="Over time", parts=(_over_time(self),)),
                Section(title=f"Most churned {self.level}s", parts=(_table(self),)),
                Section(title="Relative churn", parts=(_measures(self),)),
            ),
            method=(
                (
                    "Relative churn: N. Nagappan and T. Ball, Use of Relative Code Churn Measures to Predict System"
                    " Defect Density, ICSE 2005. A changed line counts as one added and one deleted."
                ),
                (
                    "A version counts what differs from all versions it was made from: merges that only bring work"
                    " together, and snapshots of what was committed before, count nothing."
                ),
                "What a project began with is not churn.",
            ),
        )


def churn(reading: Reading, level: Level) -> ChurnReport:
    """Measures churn."""
    components, transactions = work_in(reading, level, lines=True)
    touched = [component for component in components if component.changes]
    touched.sort(key=lambda c: (-c.added - c.deleted, -c.changes, c.path, c.qualified_name, c.project.id))
    added, deleted = sum(c.added for c in touched), sum(c.deleted for c in touched)
    alive = [component for component in components if component.alive]
    lines = sum(component.lines for component in alive)
    changes = sum(component.changes for component in touched)
    periods = Periods(each.seen.created_ns for each in transactions)
    return ChurnReport(
        covered=reading.covered(),
        level=level,
        rows=tuple(map(_row, touched[: reading.asked.limit])),
        components=len(touched),
        changes=changes,
        added=added,
        deleted=deleted,
        lines=lines,
        relative=RelativeChurn(
            m1_churned_by_total=_ratio(added, lines),
            m2_deleted_by_total=_ratio(deleted, lines),
            m3_components_churned=_ratio(sum(1 for c in touched if c.alive), len(alive)),
            m4_changes_by_component=_ratio(changes, len(touched)),
            m7_churned_by_deleted=_ratio(added, deleted),
        ),
        periods=_periods(periods, transactions) if transactions else (),
        period=periods.word,
    )


def _row(component: Component) -> ChurnRow:
    return ChurnRow(
        project=component.project.id,
        path=component.path,
        qualified_name=component.qualified_name,
        changes=component.changes,
        added=component.added,
        deleted=component.deleted,
        lines=component.lines,
        authors=len(component.authors),
        last_ns=component.last_ns,
    )


def _measures(report: ChurnReport) -> Table:
    measures = report.relative
    return Table(
        headings=("Measure", "Value", "Meaning"),
        rows=(
            ("M1", measures.m1_churned_by_total, "lines added or changed for each line there at the end"),
            ("M2", measures.m2_deleted_by_total, "lines deleted for each line there at the end"),
            (
                "M3",
                measures.m3_components_churned,
                f"share of the {report.level}s there at the end that were touched",
            ),
            ("M4", measures.m4_changes_by_component, f"changes for each {report.level} that changed"),
            ("M7", measures.m7_churned_by_deleted, "lines added or changed for each deleted: above 1 it grows"),
        ),
    )


def _ratio(one: int, other: int) -> float:
    return one / other if other else 0.0


def _periods(periods: Periods, transactions: list[Transaction]) -> tuple[ChurnPeriod, ...]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("changes", "added", "deleted")}
    for each in transactions:
        label = periods.label(each.seen.created_ns)
        counts["changes"][label] += len(each.touches)
        counts["added"][label] += sum(touch.added for touch in each.touches)
        counts["deleted"][label] += sum(touch.deleted for touch in each.touches)
    return tuple(
        ChurnPeriod(
            period=label,
            changes=counts["changes"][label],
            added=counts["added"][label],
            deleted=counts["deleted"][label],
        )
        for label in periods.labels()
    )


def _over_time(report: ChurnReport) -> Chart:
    return Chart(
        kind="stacked",
        title=f"Lines by {report.period}",
        unit="lines",
        labels=tuple(each.period for each in report.periods),
        series=(
            ("added", tuple(float(each.added) for each in report.periods)),
            ("deleted", tuple(float(each.deleted) for each in report.periods)),
        ),
    )


def _table(report: ChurnReport) -> Table:
    several = len(report.covered.projects) > 1
    named = ("Symbol", "File") if report.level == "symbol" else ("File",)
    heads = (*(("Project",) if several else ()), *named, "Changes", "Added", "Deleted", "Lines now", "People", "Last")
    rows = tuple(
        (
            *((report.covered.name_of(row.project),) if several else ()),
            *((row.qualified_name, row.path) if report.level == "symbol" else (row.path,)),
            row.changes,
            row.added,
            row.deleted,
            row.lines or "gone",
            row.authors,
            day(row.last_ns),
        )
        for row in report.rows
    )
    return Table(headings=heads, rows=rows, code=frozenset({"Symbol", "File"}))
