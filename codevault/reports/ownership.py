"""Ownership: who changed what, and how much of it is one person's (Bird et al. 2011, "Don't Touch My Code!")."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codevault.ids import ProjectId
from codevault.reports.faces import GraphReport
from codevault.reports.page import Chart, Page, Section, Table, count, percent, person
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import scope_sentences, titled
from codevault.reports.work import Component, Level, work_in

if TYPE_CHECKING:
    import networkx as nx

MAJOR = 0.05
"""Share of the changes to a component from which on a contributor is a major one, as in the paper."""

_MOST_SLICES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """One person's changes to a component, and their share of all."""

    author: str
    changes: int
    share: float

    @property
    def major(self) -> bool:
        """True from 5 % of the changes on."""
        return self.share >= MAJOR


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedComponent:
    """A file or symbol with its contributors, most changes first; the first one owns it."""

    project: ProjectId
    path: str
    qualified_name: str
    changes: int
    contributors: tuple[Contribution, ...]

    @property
    def owner(self) -> Contribution:
        """Who made most of the changes."""
        return self.contributors[0]

    @property
    def major(self) -> int:
        """How many contributors made 5 % of the changes or more."""
        return sum(1 for each in self.contributors if each.major)

    @property
    def minor(self) -> int:
        """How many made less."""
        return len(self.contributors) - self.major


@dataclass(frozen=True, slots=True, kw_only=True)
class Contributor:
    """A person: changes in all, components touched, and how many of these they own."""

    author: str
    changes: int
    touched: int
    owned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnershipReport(GraphReport):
    """Components that are there, with many contributors first, and people, most changes first.

    Work that nobody committed has no author: it counts as `uncommitted` changes.
    """

    covered: Covered
    level: Level
    rows: tuple[OwnedComponent, ...]
    people: tuple[Contributor, ...]
    components: int
    uncommitted: int
    alone: int
    contributors: int = 0
    changes: int = 0

    @property
    def finding(self) -> str:
        """Who made most of the changes, and how much one person alone knows."""
        if not self.rows or not self.people:
            return "Nobody's commits changed code that is there now."
        most = self.people[0]
        people = count(max(self.contributors, len(self.people)), "person", "people")
        share = f" ({percent(most.changes / self.changes)})" if self.changes else ""
        return (
            f"{person(most.author)} made {count(most.changes, 'change')}{share}, most of {people};"
            f" {percent(self.alone / self.components)} of {count(self.components, self.level)} were changed by one"
            " person only."
        )

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, f"ownership of {self.level}s, by changes")
        if not self.rows:
            why = "Snapshots alone do not say who wrote something: import_history() brings commits in."
            nothing = Section(title="No authors known", parts=(why,))
            summary = (self.finding, *scope_sentences(self.covered))
            return Page(title=title, summary=summary, sections=(nothing,))
        late = (f"{count(self.uncommitted, 'change')} not committed by anybody yet.",) if self.uncommitted else ()
        shares = [(person(each.author), float(each.changes)) for each in self.people[:_MOST_SLICES]]
        rest = sum(each.changes for each in self.people[_MOST_SLICES:])
        shares += [("all others", float(rest))] if rest else []
        pie = Chart(
            kind="pie",
            title="Changes by person",
            unit="",
            labels=tuple(name for name, _ in shares),
            series=(("changes", tuple(value for _, value in shares)),),
        )
        return Page(
            title=title,
            summary=(self.finding, *late, *scope_sentences(self.covered)),
            sections=(
                Section(title="People", parts=(pie, _people(self))),
                Section(title=f"{self.level.capitalize()}s with most contributors", parts=(_table(self),)),
            ),
            method=(
                (
                    "Ownership: C. Bird, N. Nagappan, B. Murphy, H. Gall, P. Devanbu, Don't Touch My Code!, ESEC/FSE"
                    " 2011: the owner made the largest share of the changes; a major contributor at least 5 %, a minor"
                    " one less."
                ),
                "The author of uncommitted work is whoever committed it later. Addresses decide who is who.",
            ),
        )

    def to_graph(self) -> nx.Graph:
        """People and components, joined by who changed what; `changes` and `share` on the edges."""
        import networkx as nx

        graph: nx.Graph = nx.Graph()
        for row in self.rows:
            key = f"{row.project}:{row.path}:{row.qualified_name}"
            graph.add_node(key, sort=self.level, path=row.path, name=row.qualified_name)
            for each in row.contributors:
                graph.add_node(each.author, sort="person", name=person(each.author))
                graph.add_edge(each.author, key, changes=each.changes, share=each.share)
        return graph


def ownership(reading: Reading, level: Level) -> OwnershipReport:
    """Measures ownership."""
    components, _ = work_in(reading, level)
    alive = [component for component in components if component.alive and component.changes]
    owned = [component for component in alive if component.authors]
    rows = sorted(map(_owned, owned), key=lambda r: (-len(r.contributors), -r.changes, r.path, r.qualified_name))
    people = _contributors(rows)
    return OwnershipReport(
        covered=reading.covered(),
        level=level,
        rows=tuple(rows[: reading.asked.limit]),
        people=people[: reading.asked.limit],
        components=len(rows),
        uncommitted=sum(component.changes - component.authors.total() for component in alive),
        alone=sum(1 for row in rows if len(row.contributors) == 1),
        contributors=len(people),
        changes=sum(each.changes for each in people),
    )


def _owned(component: Component) -> OwnedComponent:
    total = component.authors.total()
    ranked = sorted(component.authors.items(), key=lambda each: (-each[1], each[0]))
    return OwnedComponent(
        project=component.project.id,
        path=component.path,
        qualified_name=component.qualified_name,
        changes=total,
        contributors=tuple(Contribution(author=a, changes=changes, share=changes / total) for a, changes in ranked),
    )


def _contributors(rows: list[OwnedComponent]) -> tuple[Contributor, ...]:
    changes: Counter[str] = Counter()
    touched: Counter[str] = Counter()
    for row in rows:
        for each in row.contributors:
            changes[each.author] += each.changes
            touched[each.author] += 1
    owns = Counter(row.owner.author for row in rows)
    found = [Contributor(author=a, changes=changes[a], touched=touched[a], owned=owns[a]) for a in changes]
    return tuple(sorted(found, key=lambda each: (-each.changes, each.author)))


def _people(report: OwnershipReport) -> Table:
    rows = tuple((person(each.author), each.changes, each.touched, each.owned) for each in report.people)
    return Table(headings=("Person", "Changes", f"{report.level.capitalize()}s touched", "Owned"), rows=rows)


def _table(report: OwnershipReport) -> Table:
    several = len(report.covered.projects) > 1
    named = ("Symbol", "File") if report.level == "symbol" else ("File",)
    rows = tuple(
        (
            *((report.covered.name_of(row.project),) if several else ()),
            *((row.qualified_name, row.path) if report.level == "symbol" else (row.path,)),
            person(row.owner.author),
            percent(row.owner.share),
            row.changes,
            row.major,
            row.minor,
        )
        for row in report.rows
    )
    heads = (*(("Project",) if several else ()), *named, "Owner", "Share", "Changes", "Major", "Minor")
    return Table(headings=heads, rows=rows, code=frozenset({"Symbol", "File"}))
