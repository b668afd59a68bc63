"""The life of one symbol, told with the diffs of its events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff

from codevault.analysis.credentials import without_secrets
from codevault.errors import CodeVaultError
from codevault.history import Event, History
from codevault.index.model import SymbolVersion
from codevault.reports.faces import Report
from codevault.reports.page import Chart, Diff, Events, Page, Part, Section, count, day, percent, person

_MOST_EVENTS = 200
_TEXT = Callable[[SymbolVersion], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """What happened, when, by whom, and the diff of the symbol's text ("" where the text cannot be read)."""

    kinds: tuple[str, ...]
    created_ns: int
    version: str
    author: str
    path: str
    qualified_name: str
    evidence: str
    confidence: float
    lines: int
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineReport(Report):
    """One symbol's life, oldest event first; `omitted` events in the middle are not shown."""

    project: str
    path: str
    qualified_name: str
    events: tuple[TimelineEvent, ...]
    omitted: int = 0

    @property
    def finding(self) -> str:
        """When it came, how often it changed, and whether it is there."""
        if not self.events:
            return "No event lies in this time."
        first, last = self.events[0], self.events[-1]
        gone = "removed" in last.kinds
        people = {event.author for event in self.events if event.author}
        days = (last.created_ns - first.created_ns) // 86_400_000_000_000
        return (
            f"{', '.join(first.kinds).capitalize()} on {day(first.created_ns)}"
            + (f" by {person(first.author)}" if first.author else "")
            + f"; {count(len(self.events), 'event')} over {count(days, 'day')}"
            + (f" by {count(len(people), 'person', 'people')}" if people else "")
            + (f"; removed on {day(last.created_ns)}." if gone else f"; last changed on {day(last.created_ns)}.")
        )

    def page(self) -> Page:
        """The report as a page."""
        title = f"{self.project}: the life of {self.qualified_name}"
        if not self.events:
            nothing = Section(title="Nothing happened", parts=("Ask for a longer time to see its life.",))
            return Page(title=title, summary=(self.finding, f"{self.project}: {self.path}."), sections=(nothing,))
        last = self.events[-1]
        where = f"{self.project}: {last.path}: {last.qualified_name}."
        moments = tuple((day(e.created_ns), f"{', '.join(e.kinds)} {_by(e)}".strip()) for e in self.events)
        line = Events(title=self.qualified_name, moments=moments)
        sections = [Section(title="In short", parts=(line, *self._size()))]
        for number, event in enumerate(self.events, 1):
            sections.append(Section(title=_heading(number, event), parts=tuple(_told(event))))
        omitted = (f"{count(self.omitted, 'event')} in the middle not shown.",) if self.omitted else ()
        return Page(title=title, summary=(self.finding, where, *omitted), sections=tuple(sections))

    def _size(self) -> tuple[Part, ...]:
        if len(self.events) < 3:
            return ()
        labels = tuple(day(event.created_ns) for event in self.events)
        lines = tuple(float(event.lines) for event in self.events)
        return (
            Chart(kind="line", title="Size after each event", unit="lines", labels=labels, series=(("lines", lines),)),
        )


def timeline(project: str, life: History, text: _TEXT, reaches: Callable[[int], bool], limit: int) -> TimelineReport:
    """Tells a life; `text` gives a symbol's text."""
    events = [event for event in life.events if reaches(event.at.created_ns)]
    most = min(limit, _MOST_EVENTS)
    shown = events if len(events) <= most else [*events[: -(-most // 2)], *events[len(events) - most // 2 :]]
    return TimelineReport(
        project=project,
        path=life.path,
        qualified_name=life.qualified_name,
        events=tuple(_event(event, text) for event in shown),
        omitted=len(events) - len(shown),
    )


def _event(event: Event, text: _TEXT) -> TimelineEvent:
    before, after = (_text(side, text, event.path) for side in (event.before, event.after))
    at = event.at
    diff = "" if before is None or after is None else "\n".join(_diff(before, after))
    return TimelineEvent(
        kinds=event.kinds,
        created_ns=at.created_ns,
        version=f"commit {at.commit[:10]}" if at.commit else f"snapshot {at.sequence}",
        author=event.author,
        path=event.path,
        qualified_name=event.qualified_name,
        evidence=event.evidence,
        confidence=event.confidence,
        lines=event.after.end_line - event.after.start_line + 1 if event.after is not None else 0,
        diff=diff,
    )


def _text(side: SymbolVersion | None, text: _TEXT, path: str) -> str | None:
    if side is None:
        return ""
    try:
        return outdented(without_secrets(path, text(side)))
    except CodeVaultError:  # gone with its repository, or damaged: the event is told without
        return None


def outdented(text: str) -> str:
    """A symbol's text at the left margin: its first line has lost its indentation, the others have not."""
    first, *rest = text.split("\n")
    depths = [len(line) - len(line.lstrip(" \t")) for line in rest if line.strip()]
    if not depths:
        return text
    least, last = min(depths), next(line for line in reversed(rest) if line.strip())
    step = 1 if "\t" in last[:least] else 4 if least % 4 == 0 else 2
    closed = last.strip()[0] in ")]}" or last.strip().startswith("end")
    cut = least if closed else max(0, least - step)
    return "\n".join([first, *(line[cut:] if line.strip() else line for line in rest)])


def _diff(before: str, after: str) -> list[str]:
    context = 3 if before and after else 0
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return [line for number, line in enumerate(lines) if number > 1]


def _by(event: TimelineEvent) -> str:
    return f"by {person(event.author)}" if event.author else ""


def _heading(number: int, event: TimelineEvent) -> str:
    return f"{number}. {day(event.created_ns)}: {', '.join(event.kinds)}"


def _told(event: TimelineEvent) -> list[Part]:
    by = f" by {person(event.author)}" if event.author else ""
    parts: list[Part] = [f"{event.version.capitalize()}{by}, in {event.path} as {event.qualified_name}."]
    if event.evidence and event.confidence < 1:
        parts.append(f"Why: {event.evidence} ({percent(event.confidence)} sure).")
    parts.append(Diff(text=event.diff) if event.diff else "The text did not change, or is not at hand.")
    return parts
