"""What a report covers: said once, the same way for every report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from codevault.arguments import check_texts
from codevault.errors import InvalidArgument
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import Scope
from codevault.index.names import glob_matcher
from codevault.index.survey import PathStep, Survey, SurveyedProject, VersionStep
from codevault.moments import nanoseconds
from codevault.projects.registry import ProjectKey, Projects

Moment = str | date | int

MOST_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredProject:
    """A project that a report speaks of."""

    id: ProjectId
    name: str
    client: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What a report covers: projects, time (None: open), paths ("": all), how many versions, and what it lacks.

    `not_analysed` file contents wait for analysis and are missing. The versions lie between `first_ns` and `last_ns`.
    """

    projects: tuple[CoveredProject, ...]
    since_ns: int | None = None
    until_ns: int | None = None
    path: str = ""
    versions: int = 0
    not_analysed: int = 0
    first_ns: int | None = None
    last_ns: int | None = None

    @property
    def clients(self) -> tuple[str, ...]:
        """Whose projects they are, sorted."""
        return tuple(sorted({project.client for project in self.projects if project.client}))

    def name_of(self, project: ProjectId) -> str:
        """What a project of this report is called."""
        return next((each.name for each in self.projects if each.id == project), project)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a caller asked for, checked."""

    scope: Scope
    since_ns: int | None
    until_ns: int | None
    path: str
    limit: int

    def reaches(self, created_ns: int) -> bool:
        """True for a version made within the time asked for."""
        begun = self.since_ns is None or created_ns >= self.since_ns
        return begun and (self.until_ns is None or created_ns <= self.until_ns)


def question(
    projects: Projects,
    project: ProjectKey | None,
    client: str,
    since: Moment | None,
    until: Moment | None,
    path: str,
    limit: int,
) -> Question:
    """What every report takes, checked.

    Raises:
        UnknownProject: no such project.
        InvalidArgument: not a point in time, or not a number of rows.
    """
    check_texts(client=client, path=path)
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= MOST_ROWS:
        raise InvalidArgument(f"limit is a number of rows from 1 to {MOST_ROWS}, not {limit!r}")
    return Question(
        scope=Scope(projects=(projects.get(project).id,) if project is not None else (), client=client),
        since_ns=None if since is None else nanoseconds(since),
        until_ns=None if until is None else nanoseconds(until, end_of_day=True),
        path=path,
        limit=limit,
    )


class Reading:
    """The versions that a question is about, read from one state of the catalog."""

    def __init__(self, survey: Survey, asked: Question) -> None:
        self.survey = survey
        self.asked = asked
        self.projects = survey.projects(asked.scope)
        self.inside: Callable[[str], bool] | None = glob_matcher(asked.path) if asked.path else None
        self.counted = 0
        self._first: int | None = None
        self._last: int | None = None
        self._met: set[int] = set()

    def steps(self, project: SurveyedProject) -> list[VersionStep]:
        """All versions up to the end of the time asked for; earlier ones too, which tell what became of what."""
        until = self.asked.until_ns
        found = [
            step
            for step in self.survey.versions(project, self.inside)
            if until is None or step.seen.created_ns <= until
        ]
        moments = [step.seen.created_ns for step in found if self.asked.reaches(step.seen.created_ns)]
        self.counted += len(moments)
        if moments:
            self._first = min(moments) if self._first is None else min(self._first, *moments)
            self._last = max(moments) if self._last is None else max(self._last, *moments)
        self._met.update(content for step in found for change in step.changes for content in change[1:])
        return found

    def tree(self, project: SurveyedProject, steps: list[VersionStep]) -> dict[int, int]:
        """Content by path at the end of the time asked for."""
        number = None
        if self.asked.until_ns is not None:
            snapshots = [step.seen.sequence for step in steps if step.seen.sequence > 0]
            number = snapshots[-1] if snapshots else steps[-1].seen.sequence if steps else None
            if number is None:
                return {}
        held = self.survey.tree(project, number)
        if self.inside is None:
            return dict(held)
        return {path: content for path, content in held.items() if self.inside(self.survey.path(path))}

    def covered(self) -> Covered:
        """What was covered, once all was read."""
        asked = self.asked
        return Covered(
            projects=tuple(CoveredProject(id=p.id, name=p.name, client=p.client) for p in self.projects),
            since_ns=asked.since_ns,
            until_ns=asked.until_ns,
            path=asked.path,
            versions=self.counted,
            not_analysed=self.survey.waiting(self._met),
            first_ns=self._first,
            last_ns=self._last,
        )

    def path(self, step: PathStep) -> str:
        """The path that a step speaks of."""
        return self.survey.path(step.path)


@contextmanager
def reading(index: Index, asked: Question) -> Iterator[Reading]:
    """Opens one state of the catalog for a report."""
    with index.survey() as survey:
        yield Reading(survey, asked)
