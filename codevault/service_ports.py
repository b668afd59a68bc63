"""What the service's loop needs of a vault and of the machine, and what it is told to do besides backups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from codevault.activity.model import Conditions, Watched
from codevault.ids import ProjectId
from codevault.jobs import CancelToken


class Served(Protocol):  # eight methods: what a vault does for its service, always together
    """What the loop needs of a vault. Work raises `CodeVaultError`; none outlives the token's `cancel()` by long."""

    def projects(self) -> Mapping[Watched, str]:
        """The projects to watch, with their names."""
        ...

    def back_up(self, project: ProjectId, reason: str, kind: str, cancel: CancelToken) -> str:
        """Backs a project up; gives what was wrong with it, "" for nothing."""
        ...

    def touched(self, project: ProjectId, path: str) -> int | None:
        """How many definitions of a file differ from the last backup's; None where that cannot be told at once."""
        ...

    def analyse(self, share: float, cancel: CancelToken) -> str:
        """Understands what waits, at that share of one processor."""
        ...

    def verify(self, budget_bytes: int, cancel: CancelToken) -> str:
        """Verifies the next part of the vault; gives what is damaged."""
        ...

    def tidy(self, cancel: CancelToken) -> str:
        """Frees what nothing needs, and thins by the owner's rules where there are any."""
        ...

    def wishes(self) -> frozenset[str]:
        """Who else wants to write."""
        ...

    def forget_wish(self, wish: str) -> None:
        """Takes away a wish whose maker is dead."""
        ...


class Machine(Protocol):
    """What the loop needs of the machine."""

    def now_ns(self) -> int:
        """A monotonic clock that stands still while the machine sleeps."""
        ...

    def wall_ns(self) -> int:
        """The wall clock, only ever shown."""
        ...

    def conditions(self) -> Conditions:
        """Power and load."""
        ...

    def slept(self) -> float:
        """Seconds slept since the last call."""
        ...

    def used(self) -> tuple[float, int]:
        """Seconds of processor time that all our processes took so far, and the bytes of memory they have."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chores:
    """What is done besides backups, and how often, in seconds; 0 switches one off.

    `budget` is the share of the whole machine that the service takes on average; `processors` how many there are.
    More bytes of `memory` than that are said in `health()`.
    `reconcile_s`: so often every project is looked at whole, whatever events said. `verify_bytes` are read each time.
    """

    budget: float = 0.05
    processors: int = 1
    memory: int = 300 << 20
    reconcile_s: float = 3600.0
    analyse_s: float = 300.0
    verify_s: float = 6 * 3600.0
    verify_bytes: int = 64 << 20
    tidy_s: float = 24 * 3600.0
