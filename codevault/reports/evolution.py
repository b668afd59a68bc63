"""What became of the symbols of projects, version by version: commits and snapshots alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from codevault.ids import ProjectId
from codevault.index.survey import SurveyedProject
from codevault.reports.faces import Report
from codevault.reports.following import TOLD, Followed, Follower, Spot, SymbolStep
from codevault.reports.page import Page, Part, Section, Table, count, day, person
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import Periods, about, over_time, scope_sentences, titled

NO_PROJECT = ProjectId("")
"""In place of a project where it does not matter."""

_MOST_LINES = 40  # symbols of one version that a page lists
_KINDS = ("introduced", "body", "signature", "documentation", "renamed", "moved", "restored", "removed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One symbol's change: kinds ("body", "moved", …), where it is now, where it was if elsewhere."""

    kinds: tuple[str, ...]
    path: str
    qualified_name: str
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one version changed itself; `files` counts paths. A snapshot has a `sequence` above 0, a commit its id."""

    sequence: int
    created_ns: int
    reason: str
    files: int
    lines: tuple[Line, ...]
    project: ProjectId = NO_PROJECT
    commit: str = ""
    author: str = ""
    begins: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EvolutionReport(Report):
    """Symbols from version to version, oldest first; versions that changed nothing are left out.

    A page shows the newest `limit` of them, the values hold all.
    """

    covered: Covered
    steps: tuple[Step, ...]
    limit: int = 50

    @property
    def not_analysed(self) -> int:
        """File versions that are missing here since they wait for analysis."""
        return self.covered.not_analysed

    @property
    def project(self) -> ProjectId:
        """The project, when the report is about one; else the first."""
        return self.covered.projects[0].id if self.covered.projects else ProjectId("")

    @property
    def name(self) -> str:
        """What it is about."""
        return about(self.covered)

    def kinds(self) -> Counter[str]:
        """How often each kind of change happened, what a project began with left out."""
        steps = [step for step in self.steps if not step.begins]
        return Counter(kind for step in steps for line in step.lines for kind in line.kinds)

    def most_changed(self, limit: int = 10) -> tuple[tuple[str, int], ...]:
        """The symbols that changed in most versions, as "path: name" with how many."""
        steps = [step for step in self.steps if not step.begins]
        counts = Counter(f"{line.path}: {line.qualified_name}" for step in steps for line in step.lines)
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])

    @property
    def finding(self) -> str:
        """What happened to symbols, and to which most often."""
        if not self.steps:
            return "No version in this time changed anything."
        counts = self.kinds()
        if not counts:
            return "No symbol changed after the beginning."
        kinds = ", ".join(f"{counts[kind]:,} {kind}" for kind in _KINDS if counts[kind])
        name, versions = self.most_changed(1)[0]
        return f"Symbols changed: {kinds}; most often {name}, in {count(versions, 'version')}."

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, "evolution of symbols")
        if not self.steps:
            nothing = Section(title="Nothing changed", parts=("There is no version to tell of.",))
            summary = (self.finding, *scope_sentences(self.covered))
            return Page(title=title, summary=summary, sections=(nothing,))
        counts = self.kinds()
        sections = []
        periods = Periods(step.created_ns for step in self.steps)
        series = {kind: Counter[str]() for kind in _KINDS if counts[kind]}
        for step in self.steps:
            if not step.begins:
                for line in step.lines:
                    for kind in line.kinds:
                        series[kind][periods.label(step.created_ns)] += 1
        if series:
            chart = over_time("Symbols that changed", "symbols", periods, series)
            table = Table(headings=("Symbol", "Versions"), rows=self.most_changed(), code=frozenset({"Symbol"}))
            sections.append(Section(title="Over time", parts=(chart,)))
            sections.append(Section(title="Changed most often", parts=(table,)))
        telling = [step for step in self.steps if step.lines or step.begins]
        shown = telling[-self.limit :]
        sections += [Section(title=self._heading(step), parts=tuple(_parts(step))) for step in reversed(shown)]
        silent = len(self.steps) - len(telling)
        rest = [f"{count(silent, 'version')} changed files but no symbols."] if silent else []
        if len(telling) > len(shown):
            rest.append(f"The newest {len(shown)} that did are told below, {len(telling) - len(shown)} older ones not.")
        return Page(
            title=title,
            summary=(self.finding, *scope_sentences(self.covered), *rest),
            sections=tuple(sections),
            method=(
                (
                    "A version tells what differs from all it was made from; merges that only bring work together, and"
                    " snapshots of what was committed before, have nothing to tell and are left out."
                ),
                "Symbols are followed by name, tokens and body; history() compares texts as well and may see more.",
            ),
        )

    def _heading(self, step: Step) -> str:
        what = f"commit {step.commit[:10]}" if step.commit else f"snapshot {step.sequence}"
        whose = f"{self.covered.name_of(step.project)}, " if len(self.covered.projects) > 1 else ""
        by = f" by {person(step.author)}" if step.author else ""
        because = f": {step.reason}" if step.reason else ""
        return f"{day(step.created_ns)}, {whose}{what}{by}{because}"


def evolution(reading: Reading) -> EvolutionReport:
    """Tells the evolution."""
    steps = []
    for project in reading.projects:
        follower = Follower(reading.survey, TOLD)
        wanted = [s for s in reading.steps(project) if reading.asked.reaches(s.seen.created_ns)]
        told = (followed for followed in follower.follow(wanted) if followed.step.changes)
        steps += [_step(reading, project, followed) for followed in told]
    if len(reading.projects) > 1:
        steps.sort(key=lambda step: step.created_ns)
    return EvolutionReport(covered=reading.covered(), steps=tuple(steps), limit=reading.asked.limit)


def _step(reading: Reading, project: SurveyedProject, followed: Followed) -> Step:
    step = followed.step
    return Step(
        sequence=step.seen.sequence,
        created_ns=step.seen.created_ns,
        reason=step.reason,
        files=len(step.changes),
        lines=tuple(_line(reading, symbol) for _, symbol in followed.symbols),
        project=project.id,
        commit=step.seen.commit,
        author=step.seen.author,
        begins=step.begins,
    )


def _line(reading: Reading, symbol: SymbolStep) -> Line:
    now = symbol.now
    return Line(
        kinds=symbol.kinds,
        path=reading.survey.path(now.path),
        qualified_name=now.facts.qualified_name,
        was=_was(reading, symbol.before, now),
    )


def _was(reading: Reading, before: Spot | None, now: Spot) -> str:
    if before is None or (before.path, before.facts.qualified_name) == (now.path, now.facts.qualified_name):
        return ""
    return f"{reading.survey.path(before.path)}: {before.facts.qualified_name}"


def _parts(step: Step) -> list[Part]:
    if step.begins:
        return [f"Begins with {count(step.files, 'file')} and {count(len(step.lines), 'symbol')}."]
    heads: tuple[str, ...] = ("What", "Symbol", "File", "Was")
    told = step.lines[:_MOST_LINES]
    rows: tuple[tuple[str, ...], ...] = tuple((", ".join(x.kinds), x.qualified_name, x.path, x.was) for x in told)
    if not any(line.was for line in told):
        rows, heads = tuple(row[:3] for row in rows), heads[:3]
    parts: list[Part] = [Table(headings=heads, rows=rows, code=frozenset({"Symbol", "File", "Was"}))]
    if len(step.lines) > _MOST_LINES:
        parts.append(f"and {count(len(step.lines) - _MOST_LINES, 'more symbol')}.")
    return parts
