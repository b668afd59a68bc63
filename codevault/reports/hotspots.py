"""Hotspots: complicated code that is changed often (Tornhill 2015, "Your Code as a Crime Scene").

Complexity is the sum of indentation: every line that is not blank counts one, and one more for each level it is
indented (Hindle, Godfrey and Holt 2008, "Reading Beside the Lines": as good a proxy as McCabe's, in every language).
"""

from __future__ import annotations

from dataclasses import dataclass

from codevault.analysis.kinds import CALLABLES
from codevault.ids import ProjectId
from codevault.patching import indent_unit
from codevault.reports.faces import Report
from codevault.reports.page import Chart, Page, Section, Table, count, day
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import about, scope_sentences, symbol_names
from codevault.reports.work import Component, Level, work_in

CALLED = frozenset(map(str, CALLABLES))
"""Kinds that are compared: a class would count all that stands in it."""

_MOST_BARS = 12
_TAB = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """A file or symbol that is there: changes in the time asked for, its size now; `score` is changes x complexity."""

    project: ProjectId
    path: str
    qualified_name: str
    changes: int
    lines: int
    complexity: int
    authors: int
    last_ns: int

    @property
    def score(self) -> int:
        """Changes times complexity."""
        return self.changes * self.complexity


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotReport(Report):
    """Where work and complexity meet, hottest first; `components` changed and are there, `share` of changes is theirs.

    `share` is what the rows' changes are of all.
    """

    covered: Covered
    level: Level
    rows: tuple[Hotspot, ...]
    components: int
    share: float

    def page(self) -> Page:
        """The report as a page."""
        title = f"Hotspots of {about(self.covered)}"
        if not self.rows:
            nothing = Section(title="No hotspots", parts=("No code that is there now was changed in this time.",))
            return Page(title=title, summary=scope_sentences(self.covered), sections=(nothing,))
        first = self.rows[0]
        said = (
            f"Hottest: {first.qualified_name or first.path}, {count(first.changes, 'change')} at complexity"
            f" {first.complexity:,}. The {len(self.rows)} {self.level}s below took {self.share:.0%} of all changes to"
            f" {count(self.components, self.level)}."
        )
        top = self.rows[:_MOST_BARS]
        names = symbol_names([(row.path, row.qualified_name or row.path) for row in top])
        chart = Chart(
            kind="bar",
            title="Changes x complexity",
            unit="score",
            labels=names,
            series=(("score", tuple(float(row.score) for row in top)),),
        )
        return Page(
            title=title,
            summary=(said, *scope_sentences(self.covered)),
            sections=(Section(title="Hottest first", parts=(chart, _table(self))),),
            method=(
                (
                    "Hotspots: A. Tornhill, Your Code as a Crime Scene, 2015: how often code was changed, times how"
                    " complicated it is now. Of symbols, functions and methods."
                ),
                (
                    "Complexity: every line that is not blank counts one, and one more for each level of indentation"
                    " (A. Hindle, M. Godfrey, R. Holt, Reading Beside the Lines, ICPC 2008)."
                ),
            ),
        )


def hotspots(reading: Reading, level: Level) -> HotspotReport:
    """Measures hotspots."""
    components, _ = work_in(reading, level)
    touched = [c for c in components if c.changes and c.alive and (level == "file" or c.kind in CALLED)]
    measured = _Complexity(reading)
    rows = [
        Hotspot(
            project=c.project.id,
            path=c.path,
            qualified_name=c.qualified_name,
            changes=c.changes,
            lines=c.lines,
            complexity=measured.of(c),
            authors=len(c.authors),
            last_ns=c.last_ns,
        )
        for c in touched
    ]
    rows.sort(key=lambda row: (-row.score, row.path, row.qualified_name, row.project))
    rows = rows[: reading.asked.limit]
    total = sum(component.changes for component in touched)
    return HotspotReport(
        covered=reading.covered(),
        level=level,
        rows=tuple(rows),
        components=len(touched),
        share=sum(row.changes for row in rows) / total if total else 0.0,
    )


class _Complexity:
    """Measures components; each file is read and its unit of indentation looked for once."""

    def __init__(self, reading: Reading) -> None:
        self._survey = reading.survey
        self._known: dict[int, tuple[list[bytes], int]] = {}

    def of(self, component: Component) -> int:
        """The complexity of what is there, 0 for what is gone."""
        if component.spot is None:
            return 0
        content, line, lines = component.spot
        if content not in self._known:
            text = self._survey.text(content)
            unit = len(indent_unit(text).replace(b"\t", b" " * _TAB)) or _TAB
            self._known[content] = text.split(b"\n"), unit
        rows, unit = self._known[content]
        return indented_lines(rows[line - 1 : line - 1 + lines] if lines else rows, unit)


def indented_lines(rows: list[bytes], unit: int) -> int:
    """Lines that are not blank, each with one more for each level it is indented beyond the least indented."""
    depths = []
    for row in rows:
        words = row.lstrip(b" \t")
        if words.strip():
            white = row[: len(row) - len(words)].replace(b"\t", b" " * _TAB)
            depths.append(len(white) // unit)
    least = min(depths, default=0)
    return sum(1 + depth - least for depth in depths)


def _table(report: HotspotReport) -> Table:
    several = len(report.covered.projects) > 1
    named = ("Symbol", "File") if report.level == "symbol" else ("File",)
    rows = tuple(
        (
            *((report.covered.name_of(row.project),) if several else ()),
            *((row.qualified_name, row.path) if report.level == "symbol" else (row.path,)),
            row.score,
            row.changes,
            row.complexity,
            row.lines,
            row.authors,
            day(row.last_ns),
        )
        for row in report.rows
    )
    heads = (*(("Project",) if several else ()), *named, "Score", "Changes", "Complexity", "Lines", "People", "Last")
    return Table(headings=heads, rows=rows, code=frozenset({"Symbol", "File"}))
