"""Restoring by context: every project of a client, with a tag, in a phase, as of one moment; one folder a project."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from codevault.arguments import check_texts
from codevault.errors import DamageError, InvalidArgument, UnknownProject, UnknownSnapshot
from codevault.moments import iso, nanoseconds
from codevault.projects.model import PhaseSpan, Project
from codevault.projects.registry import Projects
from codevault.restore_model import Restored, RestorePlan
from codevault.store.model import Snapshot

_ODD = re.compile(r"[^\w. ()+,@-]")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A project that is restored, the snapshot it is restored from, and the name of its folder."""

    project: Project
    snapshot: Snapshot
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextPlan:
    """What restoring a context will do: a plan for each project, by the name of its folder in `target`.

    `skipped` are projects that fit and have nothing to give, with the reason.
    """

    target: Path
    chosen: tuple[Chosen, ...]
    plans: Mapping[str, RestorePlan]
    skipped: tuple[tuple[Project, str], ...]

    @property
    def bytes(self) -> int:
        """Content that will be written, in bytes."""
        return sum(plan.bytes for plan in self.plans.values())

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Paths in `target` where something different lies already."""
        return tuple(f"{folder}/{path}" for folder, plan in self.plans.items() for path in plan.conflicts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRestored:
    """What restoring a context did, by the name of each project's folder; `skipped` as planned."""

    target: Path
    chosen: tuple[Chosen, ...]
    restored: Mapping[str, Restored]
    skipped: tuple[tuple[Project, str], ...]

    @property
    def files(self) -> int:
        """Files that were written."""
        return sum(one.files for one in self.restored.values())

    @property
    def complete(self) -> bool:
        """True when every project that fits was given back, with every path."""
        return not self.skipped and all(one.complete for one in self.restored.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Which projects are meant: those that fit all that is given, or exactly `projects`."""

    client: str = ""
    tag: str = ""
    phase: str = ""
    stack: str = ""
    projects: tuple[Project, ...] = ()

    @property
    def given(self) -> bool:
        """False when nothing was asked for."""
        return bool(self.client or self.tag or self.phase or self.stack or self.projects)


def fitting(projects: Projects, context: Context, at: str | datetime | None) -> tuple[Project, ...]:
    """The projects of a context. Client, tag and stack are those of today, the phase is that of the moment `at`.

    Raises:
        InvalidArgument: nothing was asked for.
        UnknownProject: no project fits.
    """
    client, tag, phase, stack = context.client, context.tag, context.phase, context.stack
    check_texts(client=client, tag=tag, phase=phase, stack=stack)
    if not context.given:
        raise InvalidArgument("give a project, or a client, tag, phase or stack")
    if context.projects:
        return context.projects
    found = projects.find(client=client, tag=tag, stack=stack)
    moment = None if at is None else nanoseconds(at, end_of_day=True)
    kept = tuple(one for one in found if not phase or _phase_at(projects.phases(one), moment) == phase)
    if not kept:
        asked = ", ".join(f"{name} {value!r}" for name, value in _asked(client, tag, phase, stack) if value)
        known = ", ".join(sorted({one.client for one in projects if one.client})) or "none yet"
        raise UnknownProject(f"no project has {asked}; the clients are: {known}")
    return kept


def moment_of(at: object) -> str | datetime | None:
    """The moment that a context is restored as of; a date, a month ("2026-03") or a year is its last instant.

    Raises:
        InvalidArgument: no moment: numbers and ids of snapshots mean one project.
    """
    if at is None or isinstance(at, datetime):
        return at
    if not isinstance(at, str):
        raise InvalidArgument(
            "several projects are restored as of a moment: a date, a month (2026-03), a year or a time"
        )
    nanoseconds(at)
    return at


def choose(
    projects: Sequence[Project], snapshot_of: Callable[[Project], Snapshot], at: str | datetime | None
) -> tuple[tuple[Chosen, ...], tuple[tuple[Project, str], ...]]:
    """Snapshots and folders of the projects, and those that have none, with the reason."""
    names = folder_names(projects)
    found: list[Chosen] = []
    skipped: list[tuple[Project, str]] = []
    for project in projects:
        try:
            snapshot = snapshot_of(project)
        except UnknownSnapshot:
            told = "" if at is None else f" as of {iso(nanoseconds(at, end_of_day=True))}"
            skipped.append((project, f"it has no backup{told}"))
        except DamageError as exc:
            skipped.append((project, str(exc)))
        else:
            found.append(Chosen(project=project, snapshot=snapshot, folder=names[project.id]))
    return tuple(found), tuple(skipped)


def folder_names(projects: Iterable[Project]) -> dict[str, str]:
    """A folder's name for each project, by id: its own, without what a file system may not take, each once."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for project in projects:
        plain = _ODD.sub("_", project.name)[:_LONGEST_NAME].strip(" .") or "project"
        name = plain if plain.casefold() not in taken else f"{plain}-{project.id}"
        taken.add(name.casefold())
        names[project.id] = name
    return names


def _phase_at(spans: Sequence[PhaseSpan], moment: int | None) -> str:
    there = [span for span in spans if moment is None or span.since_ns <= moment]
    return (there[-1] if there else spans[0]).phase


def _asked(client: str, tag: str, phase: str, stack: str) -> tuple[tuple[str, str], ...]:
    return ("client", client), ("tag", tag), ("phase", phase), ("stack", stack)
