"""How much a change of a file matters, and how soon it is due: by what the policy says the file is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from codevault.policy import PathClass, Policy

SLOW_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Weight:
    """`weight` 1.0 for a file of source; `patience` times the rules' exposure until it is due."""

    weight: float
    patience: float = 1.0


_BY_CLASS: Mapping[PathClass, Weight] = MappingProxyType(
    {
        PathClass.SOURCE: Weight(1.0),
        PathClass.TEST: Weight(1.0),
        PathClass.CONFIG: Weight(1.0),
        PathClass.LOCK_FILE: Weight(1.0),
        PathClass.NOTEBOOK: Weight(1.0),
        PathClass.SECRET: Weight(1.0),
        PathClass.DOCS: Weight(0.7),
        PathClass.OTHER: Weight(0.5),
        PathClass.ASSET: Weight(0.5),
        PathClass.DATA: Weight(0.5),
        PathClass.DATABASE: Weight(0.5),
        PathClass.LARGE_BINARY: Weight(0.3, 2.0),
        # Kept in doubt, or made by a program: lost work would be minutes of a machine.
        PathClass.GENERATED: Weight(0.0, 6.0),
        PathClass.DEPENDENCY: Weight(0.0, 6.0),
        PathClass.BUILD_OUTPUT: Weight(0.0, 6.0),
        PathClass.CACHE: Weight(0.0, 12.0),
        PathClass.VCS: Weight(0.0, 6.0),
    }
)


def weight_of(policy: Policy, path: str) -> Weight:
    """The weight of a change to the file at `path`, relative to the project's root."""
    return _BY_CLASS.get(policy.file(path, 0).path_class, Weight(0.5))
