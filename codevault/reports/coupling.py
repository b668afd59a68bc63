"""Coupling: what changes together (Zimmermann, Zeller, Weissgerber and Diehl 2005, "Mining Version Histories").

Support is the number of versions that changed both; confidence of one towards the other is the share of its changes
that came with the other's. Versions that changed very much at once say nothing and are left out, as in the paper.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from codevault.ids import ProjectId
from codevault.reports.faces import GraphReport
from codevault.reports.page import Page, Picture, Section, Table, count, percent, shortened
from codevault.reports.scope import Covered, Reading
from codevault.reports.telling import scope_sentences, titled
from codevault.reports.work import Component, Level, work_in

if TYPE_CHECKING:
    import networkx as nx

MOST_AT_ONCE = 30
"""Components that one version changed, beyond which it counts as a mass change (ROSE's limit)."""

LEAST_SUPPORT = 2

FIRM_SUPPORT = 3
"""Versions that changed both from which on a pair is called coupled and drawn: two are easily chance."""

_MOST_EDGES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupled:
    """One of two components that change together."""

    path: str
    qualified_name: str
    changes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """Two components: versions that changed both, and what share of the changes of each that is."""

    project: ProjectId
    one: Coupled
    other: Coupled
    support: int

    @property
    def confidence(self) -> float:
        """The larger of both: how sure a change of one brings a change of the other."""
        return self.support / min(self.one.changes, self.other.changes)

    @property
    def across_files(self) -> bool:
        """True when they lie in different files: what no editor shows."""
        return self.one.path != self.other.path


@dataclass(frozen=True, slots=True, kw_only=True)
class CouplingReport(GraphReport):
    """Pairs that change together, most often first: of `pairs`; `left_out` versions changed too much at once."""

    covered: Covered
    level: Level
    rows: tuple[Coupling, ...]
    pairs: int
    left_out: int

    @property
    def finding(self) -> str:
        """What changes together most, or that the evidence is thin."""
        if not self.rows:
            return f"No two {self.level}s that are there changed together in at least {LEAST_SUPPORT} versions."
        most = max(row.support for row in self.rows)
        if most < FIRM_SUPPORT:
            return (
                f"No firm coupling: {count(self.pairs, 'pair')} changed together, none in more than {most} versions,"
                f" and {FIRM_SUPPORT} are needed to tell it from chance."
            )
        first = next(row for row in self.rows if row.support >= FIRM_SUPPORT)
        return (
            f"{_short(first.one)} and {_short(first.other)} change together most: in {first.support} versions,"
            f" {percent(first.confidence)} of the changes of the one that changed less."
        )

    def page(self) -> Page:
        """The report as a page."""
        title = titled(self.covered, f"{self.level}s that change together")
        left = (f"{count(self.left_out, 'mass change')} of more than {MOST_AT_ONCE} {self.level}s left out.",)
        if not self.rows:
            summary = (self.finding, *(left if self.left_out else ()), *scope_sentences(self.covered))
            why = f"A pair is listed from {LEAST_SUPPORT} versions on that changed both."
            return Page(title=title, summary=summary, sections=(Section(title="Nothing coupled", parts=(why,)),))
        across = sum(1 for row in self.rows if row.across_files)
        said = f"{count(self.pairs, 'pair')} changed together; {across} of the {len(self.rows)} below across files."
        summary = (self.finding, said, *(left if self.left_out else ()), *scope_sentences(self.covered))
        ties = Section(title="The strongest ties", parts=(self._picture(),))
        firm = any(row.support >= FIRM_SUPPORT for row in self.rows)
        return Page(
            title=title,
            summary=summary,
            sections=(*((ties,) if firm else ()), Section(title="Pairs", parts=(self._table(),))),
            method=(
                (
                    "Support: versions that changed both. Confidence: the share of the changes of the one that changed"
                    " less which also changed the other (T. Zimmermann et al., Mining Version Histories to Guide"
                    " Software Changes, IEEE TSE 2005)."
                ),
                (
                    f"Listed from {LEAST_SUPPORT} versions on, called coupled and drawn from {FIRM_SUPPORT} on, those"
                    f" across files first; versions that changed more than {MOST_AT_ONCE} at once are"
                    " no evidence."
                ),
            ),
        )

    def to_graph(self) -> nx.Graph:
        """Components joined where they change together; `support` and `confidence` on the edges."""
        import networkx as nx

        graph: nx.Graph = nx.Graph()
        for row in self.rows:
            keys = [_key(row.project, each) for each in (row.one, row.other)]
            for key, each in zip(keys, (row.one, row.other), strict=True):
                graph.add_node(key, path=each.path, name=each.qualified_name, changes=each.changes)
            graph.add_edge(*keys, support=row.support, confidence=row.confidence, across_files=row.across_files)
        return graph

    def _picture(self) -> Picture:
        firm = [row for row in self.rows if row.support >= FIRM_SUPPORT]
        across = [row for row in firm if row.across_files] or firm
        nodes: dict[str, str] = {}
        edges = []
        for row in across[:_MOST_EDGES]:
            keys = [_key(row.project, each) for each in (row.one, row.other)]
            for key, each in zip(keys, (row.one, row.other), strict=True):
                nodes[key] = each.qualified_name or each.path
            edges.append((keys[0], keys[1], f"{row.support}x"))
        return Picture(nodes=tuple(nodes.items()), edges=tuple(edges))

    def _table(self) -> Table:
        several = len(self.covered.projects) > 1
        rows = tuple(
            (
                *((self.covered.name_of(row.project),) if several else ()),
                _named(row.one),
                _named(row.other),
                row.support,
                percent(row.confidence),
                "yes" if row.across_files else "",
            )
            for row in self.rows
        )
        heads = (*(("Project",) if several else ()), "One", "Other", "Together", "Confidence", "Across files")
        return Table(headings=heads, rows=rows, code=frozenset({"One", "Other"}))


def coupling(reading: Reading, level: Level) -> CouplingReport:
    """Measures coupling."""
    _, transactions = work_in(reading, level)
    changes: Counter[int] = Counter()
    together: Counter[tuple[int, int]] = Counter()
    known: dict[int, Component] = {}
    left_out = 0
    for each in transactions:
        touched = {id(touch.component): touch.component for touch in each.touches if touch.component.alive}
        if len(each.touches) > MOST_AT_ONCE:
            left_out += 1
            continue
        known.update(touched)
        changes.update(touched.keys())
        named = sorted(touched.items(), key=lambda item: (item[1].path, item[1].qualified_name))
        pairs = (pair for pair in combinations(named, 2) if not _within(pair[0][1], pair[1][1]))
        together.update((one, other) for (one, _), (other, _) in pairs)
    rows = []
    for pair, support in together.items():
        if support >= LEAST_SUPPORT:
            ends = sorted((known[each] for each in pair), key=lambda c: (c.path, c.qualified_name))
            sides = [Coupled(path=c.path, qualified_name=c.qualified_name, changes=changes[id(c)]) for c in ends]
            rows.append(Coupling(project=ends[0].project.id, one=sides[0], other=sides[1], support=support))
    rows.sort(key=_rank)
    return CouplingReport(
        covered=reading.covered(),
        level=level,
        rows=tuple(rows[: reading.asked.limit]),
        pairs=len(rows),
        left_out=left_out,
    )


def _within(outer: Component, inner: Component) -> bool:
    """A function in another, a method in its class: they change together by nature."""
    return outer.path == inner.path and inner.qualified_name.startswith(f"{outer.qualified_name}.")


def _rank(row: Coupling) -> tuple[object, ...]:
    one, other = row.one, row.other
    place = one.path, one.qualified_name, other.path, other.qualified_name, row.project
    return (-row.support * row.confidence, not row.across_files, *place)


def _key(project: ProjectId, component: Coupled) -> str:
    return f"{project}:{component.path}:{component.qualified_name}"


def _short(component: Coupled) -> str:
    return component.qualified_name or component.path


def _named(component: Coupled) -> str:
    where = shortened(component.path, 40)
    return f"{component.qualified_name} ({where})" if component.qualified_name else component.path
