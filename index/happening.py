"""Which versions did something to symbols of a name in a path, as far as that is written: what searches filter by."""

from __future__ import annotations

from collections.abc import Iterator

from codevault.index.lineage_model import PathStep
from codevault.index.lineage_reading import ProjectLineage

Happened = tuple[int, frozenset[str]]
"""A version, and the kinds of what it did."""


def happened(lineage: ProjectLineage, path: str, qualified_name: str) -> Iterator[Happened]:
    """Versions with what they did to symbols of that name; versions that are not linked yet are passed over."""
    for number in lineage.life(path).touched:
        step = _step(lineage, path, number, qualified_name)
        if step is None:
            continue
        kinds: set[str] = set()
        named = False
        for link in step.links:
            spots = (spot for spot in (link.before, link.after) if spot is not None)
            if any((spot.path, spot.qualified_name) == (path, qualified_name) for spot in spots):
                kinds.update(link.kinds)
                named = True
        if not named and (step.came or step.went):
            version = number if step.came else step.base
            if _has(lineage, path, version, qualified_name):
                kinds.add("introduced" if step.came else "removed")
        if kinds:
            yield number, frozenset(kinds)


def _step(lineage: ProjectLineage, path: str, number: int, qualified_name: str) -> PathStep | None:
    if not lineage.parents(number):
        return PathStep(0, came=True)
    return lineage.step(path, number, qualified_name) if lineage.is_linked(path, number) else None


def _has(lineage: ProjectLineage, path: str, version: int, qualified_name: str) -> bool:
    run = lineage.life(path).held(version)
    return run is not None and any(one.qualified_name == qualified_name for one in lineage.symbols(run.content))
