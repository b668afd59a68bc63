"""What the projects of a vault ask of others: a look at a folder, what is known again, what shares code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from codevault.ids import ProjectId
from codevault.projects.model import Look, Project
from codevault.projects.stack import detect_stack


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Something about a project that seems to have changed, and that nobody has said yet. Nothing is changed by it.

    `field` is "root" (its folder was moved) or "remotes" (its repository has another address). `confidence` goes from 0
    to 1, `evidence` says why in words. `projects.accept(proposal)` makes it so.
    """

    project: Project
    field: str
    before: str | tuple[str, ...]
    after: str | tuple[str, ...]
    confidence: float
    evidence: tuple[str, ...]


class Surroundings(Protocol):
    """Whatever lies outside of the documents. `MemorySurroundings` is the one without a disk."""

    def look(self, root: Path) -> Look | None:
        """What a folder tells; None when it is not there."""
        ...

    def branch(self, root: Path) -> str | None:
        """The branch its repository is on, "" for none; None when the folder is not there."""
        ...

    def proposals(self, projects: Iterable[Project], within: Iterable[Path]) -> Iterator[Proposal]:
        """What seems to have changed about the projects; moved ones are looked for `within` folders."""
        ...

    def sharing(self, project: ProjectId, *, across_clients: bool) -> Mapping[ProjectId, int]:
        """How many symbols other projects have in common with it."""
        ...


class MemorySurroundings:
    """Folders are what one says they are; without a word about one, its names are listed."""

    def __init__(
        self,
        looks: Mapping[str, Look] | None = None,
        shared: Mapping[ProjectId, int] | None = None,
        names: Callable[[Path], Iterable[str]] = lambda _: (),
    ) -> None:
        self.looks = dict(looks or {})
        self.shared = dict(shared or {})
        self.offered: list[Proposal] = []
        self._names = names

    def look(self, root: Path) -> Look | None:
        """See `Surroundings.look`."""
        return self.looks.get(str(root), Look(stack=detect_stack(self._names(root))))

    def branch(self, root: Path) -> str | None:
        """See `Surroundings.branch`."""
        found = self.look(root)
        return None if found is None else found.branch

    def proposals(self, projects: Iterable[Project], within: Iterable[Path]) -> Iterator[Proposal]:  # noqa: ARG002 - one disk
        """See `Surroundings.proposals`."""
        known = {project.id for project in projects}
        return (one for one in self.offered if one.project.id in known)

    def sharing(self, project: ProjectId, *, across_clients: bool) -> Mapping[ProjectId, int]:  # noqa: ARG002 - one client
        """See `Surroundings.sharing`."""
        return {other: count for other, count in self.shared.items() if other != project}
