"""Links: what one version of a project did to the symbols of a path, as the catalog keeps it."""

from __future__ import annotations

from typing import NamedTuple


class Spot(NamedTuple):
    """A symbol in one version of a project.

    `ordinal` counts those of its qualified name in the file, `position` all symbols of the file, both from 0.
    """

    version: int
    path: str
    qualified_name: str
    ordinal: int
    position: int

    @property
    def key(self) -> SymbolKey:
        """What stays as long as nothing happens to it."""
        return SymbolKey(self.path, self.qualified_name, self.ordinal)


class SymbolKey(NamedTuple):
    """A symbol's place in any version."""

    path: str
    qualified_name: str
    ordinal: int


class Link(NamedTuple):
    """A symbol in a version and in the one it came from. Without `before` it is new, without `after` it is gone.

    Without `kinds` nothing happened but that it counts differently now, or came from another than the first version
    that has its path. `origins` as in `codevault.analysis.lineage.Change`.
    """

    kinds: tuple[str, ...]
    before: Spot | None
    after: Spot | None
    evidence: str = ""
    confidence: float = 1.0
    origins: tuple[Spot, ...] = ()


class PathStep(NamedTuple):
    """What one version did in one path: links of all symbols that are, or were, in it and did not stay as they were.

    `came`: symbols after it that no link names are new; `went`: symbols before it that no link names are gone. `base`
    is the version whose symbols are meant by that, and by what goes on under the same key; 0: none has the path.
    """

    base: int
    came: bool = False
    went: bool = False
    links: tuple[Link, ...] = ()
