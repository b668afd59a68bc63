"""What a restore is asked for, plans and gives: values only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from codevault.ids import SnapshotId
from codevault.store.model import Entry, Snapshot


class Step(StrEnum):
    """What a restore does with one path."""

    CREATE = "create"
    REPLACE = "replace"  # something else lies there; only with overwrite=True
    KEEP = "keep"  # the same content is there already
    SKIP = "skip"  # cannot be restored; `why` says so


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """One path of a plan. `why` is only set for a skipped one."""

    entry: Entry
    step: Step
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """What a restore will do. `references` lists files whose content was left to a repository that is not at hand.

    These will not be restored, the rest will: give a clone that has their objects, or fetch them by their ids. Files in
    the target that the snapshot does not have are never touched. `inert` lists hooks and settings of repositories that
    get another name, since they could run something.
    """

    snapshot: Snapshot
    target: Path
    entries: tuple[PlannedEntry, ...]
    references: tuple[Entry, ...] = ()
    inert: frozenset[str] = frozenset()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Paths where something different lies already."""
        return tuple(p.entry.path for p in self.entries if p.step is Step.REPLACE)

    @property
    def bytes(self) -> int:
        """Content that will be written, in bytes."""
        return sum(p.entry.size for p in self.entries if p.step in {Step.CREATE, Step.REPLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did: counts, bytes written, and each path that could not be given back with the reason.

    `references` are the files that were not given back since their repository was not at hand.
    `renamed` lists paths that the target cannot hold by their own name, or that could run something, with the path each
    was written as. `safety` are the snapshots taken first of projects whose own files were about to be replaced.
    """

    target: Path
    files: int
    bytes: int
    kept: int
    problems: tuple[tuple[str, str], ...] = ()
    references: tuple[Entry, ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()
    safety: tuple[SnapshotId, ...] = ()

    @property
    def complete(self) -> bool:
        """True when every path was given back, from the vault or the repository that it was left to."""
        return not self.problems and not self.references
