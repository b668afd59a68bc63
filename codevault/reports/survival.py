"""Survival: how long symbols live (Kaplan and Meier 1958, "Nonparametric Estimation from Incomplete Observations").

A symbol is born when it is introduced and dies when it is removed; moves and renames are no deaths. One that lives is
censored at the end of the time asked for. Cohorts are the years, or months, in which symbols were born.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from codevault.reports.faces import Report
from codevault.reports.following import Follower, Thread
from codevault.reports.page import Chart, Page, Part, Section, Table, count, joined, percent
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import scope_sentences, titled
from codevault.reports.work import alive_in

_DAY = 86_400_000_000_000
_BY_MONTH = 500 * _DAY
_MOST_CURVES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalPoint:
    """The share of a cohort that lives longer than so many days.

    `error` is its standard error (Greenwood's); `at_risk` were watched until then.
    """

    days: int
    alive: float
    error: float
    at_risk: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Symbols born in one period: how many, how many are gone, and their curve from day 0 on, a point a death's day.

    `median_days` is the age that half of them reach, None while more than half live.
    """

    name: str
    born: int
    died: int
    curve: tuple[SurvivalPoint, ...]
    median_days: int | None

    def at(self, days: int) -> float:
        """The share that lives longer than so many days."""
        return next((point.alive for point in reversed(self.curve) if point.days <= days), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalReport(Report):
    """The curve of all symbols, and of each cohort, oldest first.

    `early` symbols were there when the first version was recorded: nobody knows when they were born, so they are left
    out.
    """

    covered: Covered
    all: Cohort
    cohorts: tuple[Cohort, ...]
    early: int

    @property
    def finding(self) -> str:
        """How long symbols live."""
        if not self.all.born:
            return "No symbol was introduced in this time."
        half, born = self.all.median_days, count(self.all.born, "symbol")
        if not self.all.died:
            return f"None of the {born} introduced is gone yet."
        if half is None:
            return f"More than half of the {born} introduced still live; {self.all.died:,} gone so far."
        return f"Half of the {born} introduced live longer than {count(half, 'day')}; {self.all.died:,} gone so far."

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, "how long symbols live, in days")
        early = (f"{count(self.early, 'symbol')} there from the first version on left out: of unknown age.",)
        summary = (self.finding, *(early if self.early else ()), *scope_sentences(self.covered))
        if not self.all.born:
            why = "A life is counted from the version that introduced the symbol, and there is none."
            return Page(title=title, summary=summary, sections=(Section(title="Nothing born", parts=(why,)),))
        return Page(
            title=title,
            summary=summary,
            sections=(
                Section(title="Survival by age", parts=self._curves()),
                Section(title="Cohorts", parts=(self._table(),)),
            ),
            method=(
                (
                    "Kaplan-Meier estimate (E. Kaplan and P. Meier, JASA 1958); what lives at the end is censored, not"
                    " counted as gone. A curve ends at the greatest age that its cohort can have reached."
                ),
                "Functions, methods, classes and the like; a symbol that moved or was renamed lives on.",
            ),
        )

    def _curves(self) -> tuple[Part, ...]:
        """One chart of what can be told apart, and a sentence about every cohort that is not drawn."""
        if not self.all.died:
            return ("No curves: nothing is gone, so each would stay at 100 %.",)
        several = self.cohorts if len(self.cohorts) > 1 else ()
        falling = sorted((each for each in several if each.died), key=lambda each: (-each.born, each.name))
        drawn = {each.name for each in falling[:_MOST_CURVES]}
        chart = self._chart((self.all, *(each for each in several if each.name in drawn)))
        flat = [each.name for each in several if not each.died]
        small = sorted(each.name for each in falling[_MOST_CURVES:])
        told = [f"Not drawn, since none is gone yet (100 % at every age): {joined(flat, 8)}."] if flat else []
        told += [f"Not drawn, since the {_MOST_CURVES} largest cohorts are: {joined(small, 8)}."] if small else []
        told += [] if several else [f"All were born in one cohort, {self.cohorts[0].name}: one curve."]
        return (chart, *told)

    def _chart(self, shown: tuple[Cohort, ...]) -> Chart:
        longest = max((point.days for point in self.all.curve), default=0) or 1
        ages = sorted({round(longest * step / 24) for step in range(25)})
        return Chart(
            kind="line",
            title="Share of symbols that live longer",
            unit="% alive",
            label_title="age in days",
            labels=tuple(str(age) for age in ages),
            series=tuple((c.name, tuple(_until(c, age) for age in ages)) for c in shown),
            most=100.0,
        )

    def _table(self) -> Table:
        return Table(
            headings=(
                "Born in",
                "Symbols",
                "Gone",
                "Alive after 30 days",
                "after 180 days",
                "after a year",
                "Half gone by",
            ),
            rows=tuple(
                (
                    cohort.name,
                    cohort.born,
                    cohort.died,
                    *(_reached(cohort, days) for days in (30, 180, 365)),
                    count(cohort.median_days, "day") if cohort.median_days is not None else "not yet",
                )
                for cohort in (self.all, *self.cohorts)
            ),
        )


def survival(reading: Reading) -> SurvivalReport:
    """Measures survival."""
    lives: dict[str, list[tuple[int, bool]]] = defaultdict(list)
    born: list[tuple[Thread, int]] = []
    early = 0
    for project in reading.projects:
        steps = reading.steps(project)
        if not steps:
            continue
        follower = Follower(reading.survey)
        for _ in follower.follow(steps):
            pass
        living = {thread.number for thread, _ in alive_in(reading.survey, follower, reading.tree(project, steps))}
        end = max(step.seen.created_ns for step in steps)
        for thread in follower.threads:
            if thread.from_the_start:
                early += 1
            elif reading.asked.reaches(thread.born.created_ns):
                if thread.number in living:
                    thread.died = None
                born.append((thread, end))
    moments = [thread.born.created_ns for thread, _ in born]
    digits = 7 if moments and max(moments) - min(moments) < _BY_MONTH else 4
    every = []
    for thread, end in born:
        died = thread.died.created_ns if thread.died is not None else end
        life = max(0, died - thread.born.created_ns) // _DAY, thread.died is not None
        lives[_iso(thread.born.created_ns)[:digits]].append(life)
        every.append(life)
    cohorts = tuple(_cohort(name, lives[name]) for name in sorted(lives))
    return SurvivalReport(covered=reading.covered(), all=_cohort("all", every), cohorts=cohorts, early=early)


def _iso(created_ns: int) -> str:
    from codevault.moments import iso

    return iso(created_ns)


def _cohort(name: str, lives: Sequence[tuple[int, bool]]) -> Cohort:
    curve = kaplan_meier(lives)
    return Cohort(
        name=name,
        born=len(lives),
        died=sum(dead for _, dead in lives),
        curve=curve,
        median_days=next((point.days for point in curve if point.alive <= 0.5), None),
    )


def kaplan_meier(lives: Sequence[tuple[int, bool]]) -> tuple[SurvivalPoint, ...]:
    """The estimate for lives of (days, whether it ended); one that did not was seen for so long.

    Points stand at day 0, at each day of a death, and at the last day seen. Deaths come before censoring of a day.
    """
    ordered = sorted(lives)
    if not ordered:
        return ()
    deaths: dict[int, int] = defaultdict(int)
    for days, dead in ordered:
        deaths[days] += dead
    alive, variance, at_risk = 1.0, 0.0, len(ordered)
    points = [SurvivalPoint(days=0, alive=1.0, error=0.0, at_risk=at_risk)]
    leaving: dict[int, int] = defaultdict(int)
    for days, _ in ordered:
        leaving[days] += 1
    for days in sorted(leaving):
        died = deaths[days]
        if died:
            alive *= 1 - died / at_risk
            variance += died / (at_risk * (at_risk - died)) if at_risk > died else 0.0
            points.append(SurvivalPoint(days=days, alive=alive, error=alive * sqrt(variance), at_risk=at_risk))
        at_risk -= leaving[days]
    if points[-1].days < ordered[-1][0]:
        points.append(SurvivalPoint(days=ordered[-1][0], alive=alive, error=alive * sqrt(variance), at_risk=1))
    return tuple(points)


def _until(cohort: Cohort, age: int) -> float | None:
    return round(100 * cohort.at(age), 1) if cohort.curve and age <= cohort.curve[-1].days else None


def _reached(cohort: Cohort, days: int) -> str:
    return percent(cohort.at(days)) if cohort.curve and days <= cohort.curve[-1].days else "too young"
