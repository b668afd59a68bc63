"""Sentences and charts that several reports share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from codevault.reports.page import Chart, count, day, joined
from codevault.reports.scope import Covered

_MONTHS_BY_DAY = 62
_MONTHS_BY_WEEK = 400


def about(covered: Covered) -> str:
    """Whom and what a report is about, for its title."""
    if len(covered.projects) == 1:
        return covered.projects[0].name
    return count(len(covered.projects), "project")


def titled(covered: Covered, what: str) -> str:
    """The title of a report: whose, of what, and the time that its versions lie in."""
    if covered.first_ns is None or covered.last_ns is None:
        return f"{about(covered)}: {what}"
    first, last = day(covered.first_ns), day(covered.last_ns)
    return f"{about(covered)}: {what}, {first if first == last else f'{first} to {last}'}"


def scope_sentences(covered: Covered) -> tuple[str, ...]:
    """What is covered and what is missing, in words."""
    since = f"from {day(covered.since_ns)}" if covered.since_ns is not None else "from the beginning"
    until = f"to {day(covered.until_ns)}" if covered.until_ns is not None else "to the newest version"
    within = f", in paths like {covered.path}" if covered.path else ""
    out = [f"{count(covered.versions, 'version')} {since} {until}{within}."]
    if len(covered.projects) > 1:
        out.append(f"Projects: {joined([project.name for project in covered.projects], 8)}.")
    if len(covered.clients) > 1:
        out.append(f"Holds what belongs to several clients: {joined(covered.clients, 8)}.")
    if covered.not_analysed:
        waiting = count(covered.not_analysed, "file version")
        out.append(f"{waiting} not analysed yet: missing here until analyse() has run.")
    return tuple(out)


class Periods:
    """A stretch of time cut into days, weeks or months: whatever gives a chart that can be read."""

    def __init__(self, moments: Iterable[int]) -> None:
        found = sorted(moments)
        self._first = _date(found[0]) if found else _date(0)
        self._last = _date(found[-1]) if found else self._first
        days = (self._last - self._first).days
        self.word = "day" if days <= _MONTHS_BY_DAY else "week" if days <= _MONTHS_BY_WEEK else "month"
        if days > 12 * _MONTHS_BY_WEEK:
            self.word = "year"

    def label(self, created_ns: int) -> str:
        """The period that a moment lies in."""
        date = _date(created_ns)
        if self.word == "day":
            return date.strftime("%Y-%m-%d")
        if self.word == "week":
            year, week, _ = date.isocalendar()
            return f"{year}-W{week:02}"
        return date.strftime("%Y-%m" if self.word == "month" else "%Y")

    def labels(self) -> tuple[str, ...]:
        """All of them, empty ones too."""
        found: dict[str, None] = {}
        day_ns, at = 86_400_000_000_000, int(self._first.timestamp()) * 1_000_000_000
        last = int(self._last.timestamp()) * 1_000_000_000
        while at <= last:
            found[self.label(at)] = None
            at += day_ns
        found[self.label(last)] = None
        return tuple(found)


def over_time(title: str, unit: str, periods: Periods, series: Mapping[str, Counter[str]]) -> Chart:
    """Counts by period as stacked bars."""
    labels = periods.labels()
    rows = tuple((name, tuple(float(counts[label]) for label in labels)) for name, counts in series.items())
    kind = "stacked" if len(rows) > 1 else "bar"
    return Chart(kind=kind, title=f"{title} by {periods.word}", unit=unit, labels=labels, series=rows)  # type: ignore[arg-type]  # one of its kinds


def symbol_names(rows: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Short labels for (path, qualified name): the name, with its file where names repeat."""
    counts = Counter(name for _, name in rows)
    return tuple(name if counts[name] == 1 else f"{name} ({path})" for path, name in rows)


def _date(created_ns: int) -> datetime:
    try:
        return datetime.fromtimestamp(created_ns // 1_000_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime(9999, 12, 31, tzinfo=UTC)
