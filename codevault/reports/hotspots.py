"""Hotspots: complicated code that is changed often (Tornhill 2015, "Your Code as a Crime Scene").

It takes both, so rows are ranked by the product of two percentile ranks: see `Hotspot.heat`.

Complexity is the sum of indentation: every line that is not blank counts one, and one more for each level it is
indented (Hindle, Godfrey and Holt 2008, "Reading Beside the Lines": as good a proxy as McCabe's, in every language).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from codevault.analysis.kinds import CALLABLES
from codevault.ids import ProjectId
from codevault.patching import indent_unit
from codevault.reports.faces import Report
from codevault.reports.page import Chart, Page, Section, Table, count, day
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import scope_sentences, symbol_names, titled
from codevault.reports.work import Component, Level, work_in

CALLED = frozenset(map(str, CALLABLES))
"""Kinds that are compared: a class would count all that stands in it."""

LEAST_CHANGES = 2
"""Changes from which on code can be a hotspot: what changed once is not changed often, however complicated."""

_MOST_BARS = 12
_TAB = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotspot:
    """A file or symbol that is there: changes in the time asked for, and its size now.

    `heat` is the percentile rank of its changes times that of its complexity, among all that changed: from 0 to 1.
    """

    project: ProjectId
    path: str
    qualified_name: str
    changes: int
    lines: int
    complexity: int
    authors: int
    last_ns: int
    heat: float = 0.0

    @property
    def score(self) -> int:
        """Changes times complexity."""
        return self.changes * self.complexity


@dataclass(frozen=True, slots=True, kw_only=True)
class HotspotReport(Report):
    """Where work and complexity meet, hottest first; `components` changed and are there, `share` of changes is theirs.

    `share` is what the rows' changes are of all; `once` changed only once and are no hotspots.
    """

    covered: Covered
    level: Level
    rows: tuple[Hotspot, ...]
    components: int
    share: float
    once: int = 0

    @property
    def finding(self) -> str:
        """Where work and complexity meet."""
        if not self.rows:
            if not self.components:
                return "No code that is there now was changed in this time."
            return f"No hotspot: none of the {count(self.components, self.level)} that changed did so more than once."
        first = self.rows[0]
        return (
            f"{first.qualified_name or first.path} is the hottest of {count(self.components, self.level)} that changed:"
            f" {count(first.changes, 'change')} at complexity {first.complexity:,}."
        )

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, f"hotspots by {'file' if self.level == 'file' else 'function'}")
        summary = (self.finding, *self._shares(), *scope_sentences(self.covered))
        if not self.rows:
            why = f"A hotspot is complicated and changed at least {LEAST_CHANGES} times."
            return Page(title=title, summary=summary, sections=(Section(title="No hotspots", parts=(why,)),))
        top = self.rows[:_MOST_BARS]
        names = symbol_names([(row.path, row.qualified_name or row.path) for row in top])
        chart = Chart(
            kind="bar",
            title="Changes to the hottest, hottest first",
            unit="versions that changed it",
            labels=names,
            series=(("changes", tuple(float(row.changes) for row in top)),),
        )
        return Page(
            title=title,
            summary=summary,
            sections=(Section(title="Hottest first", parts=(chart, _table(self))),),
            method=(
                (
                    "Hotspots: A. Tornhill, Your Code as a Crime Scene, 2015: how often code was changed, and how"
                    " complicated it is now. Of symbols, functions and methods."
                ),
                (
                    "Heat: the percentile rank of the changes times that of the complexity, of 100, among all that"
                    " changed; ties share the middle rank. The product is ours: it is high only where both are. What"
                    f" changed less than {LEAST_CHANGES} times is left out."
                ),
                (
                    "Complexity: every line that is not blank counts one, and one more for each level of indentation"
                    " (A. Hindle, M. Godfrey, R. Holt, Reading Beside the Lines, ICPC 2008)."
                ),
            ),
        )

    def _shares(self) -> tuple[str, ...]:
        once = (f"{count(self.once, self.level)} changed once only: no hotspots.",) if self.once and self.rows else ()
        if not self.rows:
            return once
        listed = f"The {count(len(self.rows), self.level)} below took {self.share:.0%} of all changes."
        return (listed, *once)


def hotspots(reading: Reading, level: Level) -> HotspotReport:
    """Measures hotspots."""
    components, _ = work_in(reading, level)
    touched = [c for c in components if c.changes and c.alive and (level == "file" or c.kind in CALLED)]
    measured = _Complexity(reading)
    complexities = [measured.of(c) for c in touched]
    often = percentile_ranks([c.changes for c in touched])
    deep = percentile_ranks(complexities)
    rows = [
        Hotspot(
            project=c.project.id,
            path=c.path,
            qualified_name=c.qualified_name,
            changes=c.changes,
            lines=c.lines,
            complexity=complexity,
            authors=len(c.authors),
            last_ns=c.last_ns,
            heat=one * other,
        )
        for c, complexity, one, other in zip(touched, complexities, often, deep, strict=True)
        if c.changes >= LEAST_CHANGES
    ]
    once = len(touched) - len(rows)
    rows.sort(key=lambda row: (-row.heat, -row.score, row.path, row.qualified_name, row.project))
    rows = rows[: reading.asked.limit]
    total = sum(component.changes for component in touched)
    return HotspotReport(
        covered=reading.covered(),
        level=level,
        rows=tuple(rows),
        components=len(touched),
        share=sum(row.changes for row in rows) / total if total else 0.0,
        once=once,
    )


def percentile_ranks(values: Sequence[int]) -> tuple[float, ...]:
    """For each value the share of all others that are less, those that are equal counted half; 1 for a single one."""
    ordered = sorted(values)
    others = len(ordered) - 1
    if not others:
        return (1.0,)
    return tuple((bisect_left(ordered, x) + bisect_right(ordered, x) - 1) / 2 / others for x in values)


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
            round(100 * row.heat),
            row.changes,
            row.complexity,
            row.lines,
            row.authors,
            day(row.last_ns),
        )
        for row in report.rows
    )
    heads = (*(("Project",) if several else ()), *named, "Heat", "Changes", "Complexity", "Lines", "People", "Last")
    return Table(headings=heads, rows=rows, code=frozenset({"Symbol", "File"}))
