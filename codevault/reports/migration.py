"""A project that goes from one language or framework to another: shares over time, and what became of the old code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codevault.index.survey import Survey, SurveyedProject, VersionStep
from codevault.reports.faces import Report
from codevault.reports.following import CODE, Follower, Spot, Thread
from codevault.reports.page import Chart, Page, Part, Section, Table, count, day, percent
from codevault.reports.scope import Covered, Reading
from codevault.reports.stacks import belongs, imported, root_of
from codevault.reports.telling import scope_sentences, titled
from codevault.reports.work import alive_in

Fate = Literal["carried", "rewritten", "remaining", "lost", "new"]

FATES: Mapping[Fate, str] = {
    "carried": "lives on in the new stack, or in code that needs neither",
    "rewritten": "gone, but a symbol of its name came in the new stack",
    "remaining": "still in the old stack",
    "lost": "gone, and nothing of its name came",
    "new": "in the new stack without a forerunner",
}

_MOST_POINTS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPoint:
    """How much of a version belongs to which stack. Mixed files use both; `lines` and `symbols` as `files`."""

    created_ns: int
    sequence: int
    commit: str
    files: tuple[int, int, int, int]
    lines: tuple[int, int, int, int]
    symbols: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MigratedSymbol:
    """A symbol and what became of it; `was` is where it was in the old stack, "" for new ones."""

    fate: Fate
    path: str
    qualified_name: str
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportShare:
    """How many files imported a package at the beginning, and how many do at the end."""

    module: str
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport(Report):
    """Shares over time in the order (old stack, new stack, both in one file, neither), and the fates of symbols.

    `symbols` are the first of all by fate; `fates` count all of them.
    """

    covered: Covered
    from_stack: str
    to_stack: str
    points: tuple[StackPoint, ...]
    fates: tuple[tuple[Fate, int], ...]
    symbols: tuple[MigratedSymbol, ...]
    imports: tuple[ImportShare, ...]

    def fate(self, fate: Fate) -> tuple[MigratedSymbol, ...]:
        """The symbols of one fate, as far as they are listed."""
        return tuple(symbol for symbol in self.symbols if symbol.fate == fate)

    @property
    def done(self) -> float:
        """The share of the lines of both stacks that is in the new one at the end."""
        if not self.points:
            return 0.0
        old, new, both, _ = self.points[-1].lines
        return new / (old + new + both) if old + new + both else 0.0

    @property
    def finding(self) -> str:
        """How far the migration is, and what became of the symbols."""
        if not self._begun:
            return f"No version holds a file of {self.from_stack} or {self.to_stack}."
        counts = dict(self.fates)
        old = sum(counts[fate] for fate in ("carried", "rewritten", "remaining", "lost"))
        return (
            f"{percent(self.done)} of the lines are in {self.to_stack} now. Of {count(old, 'symbol')} that were in"
            f" {self.from_stack}: {counts['carried']} carried over, {counts['rewritten']} rewritten,"
            f" {counts['remaining']} remaining, {counts['lost']} lost; {counts['new']} are new."
        )

    @property
    def _begun(self) -> bool:
        return any(sum(point.files[:3]) for point in self.points)

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, f"from {self.from_stack} to {self.to_stack}")
        summary = (self.finding, *scope_sentences(self.covered))
        if not self._begun:
            why = "A file belongs to a stack by its language or by what it imports."
            return Page(title=title, summary=summary, sections=(Section(title="Nothing of either", parts=(why,)),))
        counts = dict(self.fates)
        fates = Table(
            headings=("Fate", "Symbols", "Meaning"),
            rows=tuple((fate, number, FATES[fate]) for fate, number in self.fates),
        )
        sections = [
            Section(title="Over time", parts=(self._shares("lines"), self._shares("symbols"))),
            Section(title="What became of the symbols", parts=(fates,)),
        ]
        for fate in FATES:
            listed = self.fate(fate)
            if listed:
                sections.append(Section(title=f"{fate.capitalize()} ({counts[fate]})", parts=_listed(listed)))
        sections += [Section(title="Imports that came and went", parts=(self._imported(),))] if self.imports else []
        return Page(
            title=title,
            summary=summary,
            sections=tuple(sections),
            method=(
                "A file belongs to a stack by its language or by what it imports; files that do both are mixed.",
                (
                    "A symbol is carried over when lineage follows it out of the old stack; rewritten when it is gone"
                    " and one of its name and sort came in the new stack, in whatever language."
                ),
            ),
        )

    def _imported(self) -> Table:
        rows = tuple((each.module, each.before, each.after) for each in self.imports)
        return Table(headings=("Package", "Files before", "Files after"), rows=rows, code=frozenset({"Package"}))

    def _shares(self, what: Literal["lines", "symbols"]) -> Chart:
        names = (self.from_stack, self.to_stack, "both in one file")
        values = [point.lines if what == "lines" else point.symbols for point in self.points]
        return Chart(
            kind="area",
            title=f"{what.capitalize()} by stack",
            unit=what,
            labels=tuple(day(point.created_ns) for point in self.points),
            series=tuple(
                (name, tuple(float(value[at]) for value in values))
                for at, name in enumerate(names)
                if any(value[at] for value in values) or at < 2
            ),
        )


def migration(reading: Reading, from_stack: str, to_stack: str) -> MigrationReport:
    """Tells a migration."""
    (project,) = reading.projects
    steps = reading.steps(project)
    wanted = [step for step in steps if reading.asked.reaches(step.seen.created_ns)]
    sorter = _Sorter(reading.survey, (from_stack, to_stack))
    follower = Follower(reading.survey)
    was: dict[int, Spot] = {}
    for followed in follower.follow(steps):
        for change in followed.step.changes:
            if change.after and sorter.sort(change.after) in {0, 2}:
                for spot in follower.spots(change.path, change.after):
                    thread = follower.thread_at(spot)
                    if thread is not None:
                        was[thread.number] = spot
    end = reading.tree(project, steps)
    fates = _fates(reading.survey, sorter, follower, was, end)
    counts = Counter(symbol.fate for symbol in fates)
    limit = reading.asked.limit
    return MigrationReport(
        covered=reading.covered(),
        from_stack=from_stack,
        to_stack=to_stack,
        points=tuple(_point(reading, project, sorter, step) for step in _sampled(wanted)),
        fates=tuple((fate, counts[fate]) for fate in FATES),
        symbols=tuple(s for fate in FATES for s in [each for each in fates if each.fate == fate][:limit]),
        imports=_imports(reading, project, wanted, end)[:limit],
    )


class _Sorter:
    """Says of contents to which stack they belong: 0 the old, 1 the new, 2 both, 3 neither."""

    def __init__(self, survey: Survey, stacks: tuple[str, str]) -> None:
        self._survey = survey
        self._stacks = stacks
        self._known: dict[int, int] = {}

    def sort(self, content: int) -> int:
        if content not in self._known:
            language = self._survey.languages([content]).get(content, "")
            text = self._survey.text(content)
            modules = imported(text)
            old, new = (belongs(stack, language, modules, text) for stack in self._stacks)
            # A framework that is named with a language it is written in takes precedence: it says more.
            self._known[content] = 2 if old and new else 0 if old else 1 if new else 3
        return self._known[content]


def _sampled(steps: Sequence[VersionStep]) -> list[VersionStep]:
    """At most so many versions, evenly, the first and the last among them."""
    if len(steps) <= _MOST_POINTS:
        return list(steps)
    return [steps[round(at * (len(steps) - 1) / (_MOST_POINTS - 1))] for at in range(_MOST_POINTS)]


def _point(reading: Reading, project: SurveyedProject, sorter: _Sorter, step: VersionStep) -> StackPoint:
    survey = reading.survey
    tree = survey.tree(project, step.seen.sequence)
    inside = reading.inside
    held = [content for path, content in tree.items() if inside is None or inside(survey.path(path))]
    placed = survey.symbols(held)
    facts = survey.facts({number for symbols in placed.values() for number, _ in symbols})
    files, lines, symbols = [0] * 4, [0] * 4, [0] * 4
    for content in held:
        sort = sorter.sort(content)
        files[sort] += 1
        lines[sort] += len(survey.lines(content))
        symbols[sort] += sum(1 for number, _ in placed[content] if facts[number].kind in CODE)
    return StackPoint(
        created_ns=step.seen.created_ns,
        sequence=step.seen.sequence,
        commit=step.seen.commit,
        files=(files[0], files[1], files[2], files[3]),
        lines=(lines[0], lines[1], lines[2], lines[3]),
        symbols=(symbols[0], symbols[1], symbols[2], symbols[3]),
    )


def _fates(
    survey: Survey, sorter: _Sorter, follower: Follower, was: Mapping[int, Spot], end: dict[int, int]
) -> list[MigratedSymbol]:
    alive = {thread.number: spot for thread, spot in alive_in(survey, follower, end)}
    came: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, spot in alive.items():
        if number not in was and sorter.sort(spot.content) in {1, 2}:
            came[_namesake(spot)].append(number)
    found = []
    for thread in follower.threads:
        old = was.get(thread.number)
        if old is not None:
            found.append(_fate(survey, sorter, thread, old, alive, came))
    taken = {number for numbers in came.values() for number in numbers}
    found += [_symbol(survey, "new", alive[number]) for number in taken]
    return sorted(found, key=lambda each: (each.path, each.qualified_name, each.was))


def _fate(
    survey: Survey,
    sorter: _Sorter,
    thread: Thread,
    old: Spot,
    alive: Mapping[int, Spot],
    came: dict[tuple[str, str], list[int]],
) -> MigratedSymbol:
    now = alive.get(thread.number)
    if now is not None:
        return _symbol(survey, "remaining" if sorter.sort(now.content) == 0 else "carried", now, old)
    for namesake in (_namesake(old), (_key_of(old.facts.name), "")):
        numbers = came.get(namesake) if namesake[1] else None
        if numbers:
            return _symbol(survey, "rewritten", alive[numbers.pop(0)], old)
    return _symbol(survey, "lost", old, old)


def _namesake(spot: Spot) -> tuple[str, str]:
    """Name and sort of a symbol, however a language writes names."""
    callable_one = spot.facts.kind in {"function", "method", "constructor"}
    return _key_of(spot.facts.name), "callable" if callable_one else "holder"


def _key_of(name: str) -> str:
    return name.replace("_", "").casefold()


def _symbol(survey: Survey, fate: Fate, now: Spot, old: Spot | None = None) -> MigratedSymbol:
    was = f"{survey.path(old.path)}: {old.facts.qualified_name}" if old is not None else ""
    return MigratedSymbol(fate=fate, path=survey.path(now.path), qualified_name=now.facts.qualified_name, was=was)


def _imports(
    reading: Reading, project: SurveyedProject, steps: Sequence[VersionStep], end: Mapping[int, int]
) -> tuple[ImportShare, ...]:
    if not steps:
        return ()
    before = _packages(reading, reading.survey.tree(project, steps[0].seen.sequence).values())
    after = _packages(reading, end.values())
    shares = [ImportShare(module=m, before=before[m], after=after[m]) for m in before | after if before[m] != after[m]]
    return tuple(sorted(shares, key=lambda each: (-abs(each.after - each.before), each.module)))


def _packages(reading: Reading, contents: Iterable[int]) -> Counter[str]:
    found: Counter[str] = Counter()
    for content in contents:
        found.update({root for root in map(root_of, imported(reading.survey.text(content))) if root})
    return found


def _listed(symbols: Sequence[MigratedSymbol]) -> tuple[Part, ...]:
    stayed = all(each.was in {"", f"{each.path}: {each.qualified_name}"} for each in symbols)
    if stayed:
        rows: tuple[tuple[str, ...], ...] = tuple((each.qualified_name, each.path) for each in symbols)
        return (Table(headings=("Symbol", "File"), rows=rows, code=frozenset({"Symbol", "File"})),)
    rows = tuple((each.qualified_name, each.path, each.was) for each in symbols)
    return (Table(headings=("Symbol", "File", "Was"), rows=rows, code=frozenset({"Symbol", "File", "Was"})),)
