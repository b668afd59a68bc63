"""Filters of a search by what happened to symbols, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from codevault.errors import InvalidArgument
from codevault.ids import ProjectId
from codevault.index.happening import happened
from codevault.index.index import Index
from codevault.index.lineage_reading import ProjectLineage
from codevault.index.model import Hit, SearchResult
from codevault.moments import nanoseconds
from codevault.queries import Moment

Range = tuple[Moment | None, Moment | None]
"""From one moment to another, both included; None is open."""

_GROUPS = {"introduced": frozenset({"introduced", "restored"}), "removed": frozenset({"removed"})}
_OTHERS = _GROUPS["introduced"] | _GROUPS["removed"]


class EventFilter:
    """Keeps hits whose symbol was introduced, changed or removed in a range; all that are given have to hold."""

    def __init__(self, index: Index, ranges: Mapping[str, Range | None]) -> None:
        """`ranges` by "introduced", "changed" and "removed".

        Raises:
            InvalidArgument: a range is no pair of moments.
        """
        self._index = index
        self._ranges = {group: _bounds(group, given) for group, given in ranges.items() if given is not None}
        self._lineages: dict[ProjectId, ProjectLineage] = {}

    def page(self, ask: Callable[[int, str], SearchResult], limit: int, after: str) -> SearchResult:
        """The page of what is kept of as many pages as it takes; `ask` gives one of so many hits after a cursor."""
        result = ask(limit, after)
        if not self._ranges:
            return result
        hits = [hit for hit in result.hits if self._keeps(hit)]
        while len(hits) < limit and result.cursor:
            result = ask(limit - len(hits), result.cursor)
            hits.extend(hit for hit in result.hits if self._keeps(hit))
        return SearchResult(hits=tuple(hits), coverage=result.coverage, cursor=result.cursor, seconds=result.seconds)

    def _keeps(self, hit: Hit) -> bool:
        if hit.symbol is None:
            return False
        if hit.project not in self._lineages:
            self._lineages[hit.project] = self._index.lineage(hit.project)
        lineage = self._lineages[hit.project]
        met: set[str] = set()
        for number, kinds in happened(lineage, hit.path, hit.symbol.qualified_name):
            at = lineage.seen(number).created_ns
            for group, (first, last) in self._ranges.items():
                wanted = kinds & _GROUPS[group] if group in _GROUPS else kinds - _OTHERS
                if wanted and (first is None or at >= first) and (last is None or at <= last):
                    met.add(group)
        return met == self._ranges.keys()


def _bounds(group: str, given: Range) -> tuple[int | None, int | None]:
    if not isinstance(given, tuple) or len(given) != 2:
        raise InvalidArgument(f"{group} is a pair of moments, from one to another; None is open")
    first, last = given
    return (
        None if first is None else nanoseconds(first),
        None if last is None else nanoseconds(last, end_of_day=True),
    )
