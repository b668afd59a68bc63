"""The work that went into files or symbols: who changed what when, and by how many lines. One pass for many reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from rapidfuzz.distance import LCSseq

from codevault.errors import InvalidArgument
from codevault.index.model import Seen
from codevault.index.survey import PathStep, Survey, SurveyedProject, VersionStep
from codevault.reports.following import Followed, Follower, Spot, SymbolStep, Thread
from codevault.reports.scope import Reading

Level = Literal["symbol", "file"]

_MOST_LINES = 30_000
"""Lines of a file beyond which a change counts as all of it."""

_SAME_FILE = 0.5
"""Share of the lines of a file that went which one of its name that came must have to be it."""


@dataclass(slots=True, eq=False)
class Component:
    """A file or symbol and the work in it. `lines` and `spot` are those at the end, 0 and None when it is gone."""

    project: SurveyedProject
    path: str
    qualified_name: str = ""
    kind: str = ""
    changes: int = 0
    added: int = 0
    deleted: int = 0
    lines: int = 0
    authors: Counter[str] = field(default_factory=Counter)
    last_ns: int = 0
    spot: tuple[int, int, int] | None = None

    @property
    def alive(self) -> bool:
        """Whether it is there at the end."""
        return self.spot is not None


class Touch(NamedTuple):
    """A version that changed a component, and by how many lines."""

    component: Component
    added: int
    deleted: int


class Transaction(NamedTuple):
    """What one version changed; `author` "" while nobody committed it."""

    project: SurveyedProject
    seen: Seen
    author: str
    touches: tuple[Touch, ...]


def check_level(level: str) -> None:
    """Refuses what reports cannot count by.

    Raises:
        InvalidArgument: neither "symbol" nor "file".
    """
    if level not in {"symbol", "file"}:
        raise InvalidArgument(f"a report counts by 'symbol' or by 'file', not by {level!r}")


def work_in(reading: Reading, level: Level, *, lines: bool = False) -> tuple[list[Component], list[Transaction]]:
    """All components that were ever there, and the versions within the time asked for that changed some.

    What a project began with counts as there, not as work. Without `lines` none are counted: that takes as long again.
    """
    components: list[Component] = []
    transactions: list[Transaction] = []
    people = People()
    for project in reading.projects:
        steps = reading.steps(project)
        pass_over = (_Symbols if level == "symbol" else _Files)(reading, project, lines=lines)
        for step, touches in pass_over.run(steps):
            if step.begins or not touches or not reading.asked.reaches(step.seen.created_ns):
                continue
            author = (
                people.named(step.seen.author or Counter(step.authors.values()).most_common(1)[0][0])
                if (step.seen.author or step.authors)
                else ""
            )
            for touch in touches:
                _count(touch, author, step.seen)
            transactions.append(Transaction(project, step.seen, author, touches))
        pass_over.end(reading.tree(project, steps))
        components += pass_over.components
    return components, transactions


def _count(touch: Touch, author: str, seen: Seen) -> None:
    component = touch.component
    component.changes += 1
    component.added += touch.added
    component.deleted += touch.deleted
    component.last_ns = max(component.last_ns, seen.created_ns)
    if author:
        component.authors[author] += 1


class People:
    """One name for each address: people write theirs in several ways."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def named(self, author: str) -> str:
        """The author under the first name that this address was met with."""
        address = author.rpartition("<")[2].rstrip("> ").casefold()
        return self._names.setdefault(address or author.casefold(), author)


class _Files:
    """Files, followed through renames."""

    def __init__(self, reading: Reading, project: SurveyedProject, *, lines: bool) -> None:
        self._reading = reading
        self._lines = lines
        self._survey = reading.survey
        self._project = project
        self._at: dict[int, Component] = {}
        self.components: list[Component] = []

    def run(self, steps: Sequence[VersionStep]) -> Iterator[tuple[VersionStep, tuple[Touch, ...]]]:
        for step in steps:
            renamed = self._renamed(step.changes)
            before = {new: self._at.get(old) for new, old in renamed.items()}
            gone = set(renamed.values())
            touches = []
            for change in step.changes:
                if change.path in gone and not change.after:
                    continue
                component = before.get(change.path) or self._at.get(change.path) or self._begun(change.path)
                self._at[change.path] = component
                component.path = self._survey.path(change.path)
                was = next((c.before for c in step.changes if c.path == renamed.get(change.path)), change.before)
                if not step.begins and self._reading.asked.reaches(step.seen.created_ns):
                    worked = lines_between(self._survey, was, change.after) if self._lines else (0, 0)
                    touches.append(Touch(component, *worked))
            yield step, tuple(touches)

    def _renamed(self, changes: Sequence[PathStep]) -> dict[int, int]:
        """Which path that came is one that went."""
        came = [change for change in changes if change.after and not change.before]
        went = [change for change in changes if change.before and not change.after]
        found: dict[int, int] = {}
        if not came or not went:
            return found
        by_content = {change.before: change.path for change in went}
        by_name = {self._survey.path(change.path).rpartition("/")[2]: change for change in went}
        for change in came:
            twin = by_content.get(change.after)
            namesake = by_name.get(self._survey.path(change.path).rpartition("/")[2])
            if twin is None and namesake is not None:
                lines = len(self._survey.lines(namesake.before))
                kept = lines - lines_between(self._survey, namesake.before, change.after)[1]
                twin = namesake.path if lines and kept / lines >= _SAME_FILE else None
            if twin is not None and twin not in found.values():
                found[change.path] = twin
        return found

    def _begun(self, path: int) -> Component:
        component = Component(self._project, self._survey.path(path))
        self.components.append(component)
        return component

    def end(self, tree: dict[int, int]) -> None:
        languages = self._survey.languages(tree.values())
        for path, content in tree.items():
            component = self._at.get(path)
            if component is not None and content in languages:
                component.spot = (content, 1, 0)
                component.lines = len(self._survey.lines(content))


class _Symbols:
    """Symbols, followed through moves and renames."""

    def __init__(self, reading: Reading, project: SurveyedProject, *, lines: bool) -> None:
        self._reading = reading
        self._lines = lines
        self._survey = reading.survey
        self._project = project
        self._follower = Follower(reading.survey)
        self._of: dict[int, Component] = {}
        self.components: list[Component] = []

    def run(self, steps: Sequence[VersionStep]) -> Iterator[tuple[VersionStep, tuple[Touch, ...]]]:
        for followed in self._follower.follow(steps):
            yield followed.step, _once_each(self._touches(followed))

    def _touches(self, followed: Followed) -> Iterator[Touch]:
        counted = not followed.step.begins and self._reading.asked.reaches(followed.step.seen.created_ns)
        for thread, symbol in followed.symbols:
            component = self._component(thread)
            component.path = self._survey.path(symbol.now.path)
            component.qualified_name = symbol.now.facts.qualified_name
            component.kind = symbol.now.facts.kind
            if counted:
                worked = _lines_of_symbol(self._survey, symbol) if self._lines else (0, 0)
                yield Touch(component, *worked)

    def _component(self, thread: Thread) -> Component:
        if thread.number not in self._of:
            self._of[thread.number] = Component(self._project, "")
            self.components.append(self._of[thread.number])
        return self._of[thread.number]

    def end(self, tree: dict[int, int]) -> None:
        for thread, spot in alive_in(self._survey, self._follower, tree):
            component = self._component(thread)
            component.spot = (spot.content, spot.line, spot.facts.lines)
            component.lines = spot.facts.lines
            component.path, component.qualified_name = self._survey.path(spot.path), spot.facts.qualified_name
            component.kind = spot.facts.kind


def _once_each(touches: Iterable[Touch]) -> tuple[Touch, ...]:
    """One touch of each component: overloads, and a property's getter and setter, are one under their name."""
    found: dict[int, Touch] = {}
    for touch in touches:
        known = found.get(id(touch.component), Touch(touch.component, 0, 0))
        found[id(touch.component)] = Touch(touch.component, known.added + touch.added, known.deleted + touch.deleted)
    return tuple(found.values())


def alive_in(survey: Survey, follower: Follower, tree: dict[int, int]) -> Iterator[tuple[Thread, Spot]]:
    """The symbols that a version holds, with where they are in it."""
    placed = survey.symbols(list(tree.values()))
    survey.facts({number for symbols in placed.values() for number, _ in symbols})
    met = set()
    for path, content in tree.items():
        for spot in follower.spots(path, content):
            thread = follower.thread_at(spot)
            if thread is not None and thread.number not in met:
                met.add(thread.number)
                yield thread, spot


def lines_between(survey: Survey, before: int, after: int) -> tuple[int, int]:
    """Lines added and deleted between two contents, by their longest common subsequence, as a minimal diff has them."""
    return _counted(survey.lines(before), survey.lines(after))


def _lines_of_symbol(survey: Survey, symbol: SymbolStep) -> tuple[int, int]:
    sides = []
    for spot in (symbol.before, symbol.after):
        lines = survey.lines(spot.content) if spot is not None else ()
        sides.append(lines[spot.line - 1 : spot.line - 1 + spot.facts.lines] if spot is not None else ())
    return _counted(*sides)


def _counted(old: Sequence[int], new: Sequence[int]) -> tuple[int, int]:
    first = 0
    most = min(len(old), len(new))
    while first < most and old[first] == new[first]:
        first += 1
    last = 0
    while last < most - first and old[-1 - last] == new[-1 - last]:
        last += 1
    one, other = old[first : len(old) - last], new[first : len(new) - last]
    if not one or not other or max(len(one), len(other)) > _MOST_LINES:
        return len(other), len(one)
    common = LCSseq.similarity(one, other)
    return len(other) - common, len(one) - common
