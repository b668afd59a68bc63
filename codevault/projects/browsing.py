"""Projects in groups, in any order of client, stack, phase, tag and time. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from codevault.moments import iso
from codevault.projects.model import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Projects that have something in common: `value` of `by` ("" for those without any).

    `groups` divide them further, as far as was asked. A project with several tags, or technologies, is in a group for
    each.
    """

    by: str
    value: str
    projects: tuple[Project, ...]
    groups: tuple[Group, ...] = ()


def chosen(
    projects: Iterable[Project], *, client: str = "", stack: str = "", phase: str = "", tag: str = ""
) -> tuple[Project, ...]:
    """The projects that fit all that is given, in their order."""
    return tuple(
        project
        for project in projects
        if client in {"", project.client}
        and phase in {"", project.phase}
        and (not stack or stack in project.stack)
        and (not tag or tag in project.all_tags)
    )


def grouped(projects: Sequence[Project], by: Sequence[str], last_ns: Callable[[Project], int]) -> tuple[Group, ...]:
    """Groups by value; times the newest first. `last_ns` says when a project was last worked on."""
    if not by:
        return ()
    first, rest = by[0], by[1:]
    members: dict[str, list[Project]] = {}
    for project in projects:
        for value in _values(project, first, last_ns) or ("",):
            members.setdefault(value, []).append(project)
    return tuple(
        Group(by=first, value=value, projects=tuple(members[value]), groups=grouped(members[value], rest, last_ns))
        for value in sorted(members, reverse=first == "time")
    )


def _values(project: Project, by: str, last_ns: Callable[[Project], int]) -> tuple[str, ...]:
    if by == "stack":
        return project.stack
    if by == "tag":
        return project.all_tags
    if by == "time":
        return (iso(last_ns(project))[:7],)
    return (project.client,) if by == "client" else (project.phase,)
