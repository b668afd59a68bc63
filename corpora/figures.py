"""Figures that the user asks for, and how much is laid out to measure them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

STARTING_S = 30.0
"""What a small share of a load may take beside its share of the seconds: processes start, caches are cold,
and whoever shares the machine, or traces the lines, takes what he takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """Something the user asks for, and what was found.

    `limit` is the user's, `goal` our own ("" when it is the user's); a value is
    to be below, with `at_least` above. `scaled`: the limit is for the stated load, so a share of the load may take that
    share of it and `STARTING_S`.
    """

    asked: str
    value: float
    limit: float
    unit: str
    goal: str = ""
    how: str = ""
    peers: str = ""
    at_least: bool = False
    scaled: bool = False

    def allowed(self, share: float) -> float:
        """The limit at a share of the stated load."""
        return self.limit * share + STARTING_S if self.scaled and share < 1 else self.limit

    def held(self, share: float) -> bool:
        """Whether the value keeps to the limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.allowed(share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is laid out: the user's numbers at the share of 1. Half a year is one of working days."""

    share: float = 1.0
    trees: Mapping[str, Path]
    histories: Mapping[str, Path]
    states: int = 120

    def of(self, stated: int, least: int = 1) -> int:
        """That share of a stated number."""
        return max(least, round(stated * self.share))
