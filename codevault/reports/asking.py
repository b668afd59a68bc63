"""`vault.reports`: what became of projects, as values with three faces."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from codevault.arguments import check_texts
from codevault.errors import InvalidArgument
from codevault.index.index import Index
from codevault.index.model import SymbolVersion
from codevault.projects.registry import ProjectKey, Projects
from codevault.reports import churn, coupling, evolution, hotspots, migration, ownership, survival, timeline
from codevault.reports.scope import Moment, Question, question, reading
from codevault.reports.work import Level, check_level

if TYPE_CHECKING:
    from codevault.history import History
    from codevault.index.model import Hit
    from codevault.references import FoundSymbol


class Reports:
    """Reports as values; `to_markdown()`, `to_html()` and `to_json()` of each give it a face.

    All take the same scope: `project` (None: all of them, whoever's they are; the report names their clients),
    `client`, `since` and `until` (ISO 8601, datetime or nanoseconds), `path` (a glob within the project), and `limit`,
    how many rows a table has. Commits and snapshots count alike: each for what differs from all it was made from.
    """

    def __init__(
        self,
        index: Callable[[], Index],
        projects: Projects,
        history: Callable[..., History],
        text: Callable[[SymbolVersion], str],
        session: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        """Between entering and leaving `session` much is read: what that needs may stay open."""
        self._index = index
        self._projects = projects
        self._history = history
        self._text = text
        self._session = session

    def evolution(
        self,
        project: ProjectKey | None = None,
        *,
        client: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 50,
    ) -> evolution.EvolutionReport:
        """What each version did to the symbols; a page shows the newest `limit` versions, the value has all.

        Raises:
            UnknownProject: no such project.
            InvalidArgument: a bad moment or limit.
            IndexDamaged: run `vault.rebuild()`.
        """
        with reading(self._index(), self._asked(project, client, since, until, path, limit)) as read:
            return evolution.evolution(read)

    def churn(
        self,
        project: ProjectKey | None = None,
        *,
        level: Level = "file",
        client: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 20,
    ) -> churn.ChurnReport:
        """How much was worked over, by file or symbol, and the relative measures of Nagappan and Ball (2005).

        Raises:
            UnknownProject, InvalidArgument, IndexDamaged: as `evolution`.
        """
        check_level(level)
        with reading(self._index(), self._asked(project, client, since, until, path, limit)) as read:
            return churn.churn(read, level)

    def hotspots(
        self,
        project: ProjectKey | None = None,
        *,
        level: Level = "symbol",
        client: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 20,
    ) -> hotspots.HotspotReport:
        """What is complicated and changed often (Tornhill 2015), hottest first.

        Raises:
            UnknownProject, InvalidArgument, IndexDamaged: as `evolution`.
        """
        check_level(level)
        with reading(self._index(), self._asked(project, client, since, until, path, limit)) as read:
            return hotspots.hotspots(read, level)

    def ownership(
        self,
        project: ProjectKey | None = None,
        *,
        level: Level = "symbol",
        client: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 20,
    ) -> ownership.OwnershipReport:
        """Who changed what, major and minor contributors (Bird et al. 2011); also a graph of people and code.

        Raises:
            UnknownProject, InvalidArgument, IndexDamaged: as `evolution`.
        """
        check_level(level)
        with reading(self._index(), self._asked(project, client, since, until, path, limit)) as read:
            return ownership.ownership(read, level)

    def coupling(
        self,
        project: ProjectKey | None = None,
        *,
        level: Level = "symbol",
        client: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 50,
    ) -> coupling.CouplingReport:
        """What changes together (Zimmermann et al. 2005), mass changes left out; also a graph.

        Raises:
            UnknownProject, InvalidArgument, IndexDamaged: as `evolution`.
        """
        check_level(level)
        with reading(self._index(), self._asked(project, client, since, until, path, limit)) as read:
            return coupling.coupling(read, level)

    def survival(
        self,
        project: ProjectKey | None = None,
        *,
        client: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 20,
    ) -> survival.SurvivalReport:
        """How long symbols live that were introduced in the time asked for (Kaplan and Meier 1958), by cohort.

        Raises:
            UnknownProject, InvalidArgument, IndexDamaged: as `evolution`.
        """
        with reading(self._index(), self._asked(project, client, since, until, path, limit)) as read:
            return survival.survival(read)

    def timeline(
        self,
        symbol: FoundSymbol | Hit | ProjectKey,
        path: str = "",
        qualified_name: str = "",
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int = 100,
    ) -> timeline.TimelineReport:
        """One symbol's life with the diff of each event; symbols are named as in `vault.history()`.

        Raises:
            UnknownPath, UnknownSymbol: as `vault.history()`.
        """
        asked = self._asked(None, "", since, until, "", limit)
        with self._session():
            life = self._history(symbol, path, qualified_name)
            name = self._projects.get(life.project).name
            return timeline.timeline(name, life, self._text, asked.reaches, asked.limit)

    def migration(
        self,
        project: ProjectKey,
        from_stack: str,
        to_stack: str,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        path: str = "",
        limit: int = 50,
    ) -> migration.MigrationReport:
        """How a project went from one language or framework to another: shares over time, what was carried over.

        A stack is a language ("javascript") or what files import ("flask", "react", "org.springframework").

        Raises:
            UnknownProject, IndexDamaged: as `evolution`.
            InvalidArgument: a stack without a name, or twice the same.
        """
        check_texts(from_stack=from_stack, to_stack=to_stack)
        stacks = from_stack.strip().casefold(), to_stack.strip().casefold()
        if not all(stacks) or stacks[0] == stacks[1]:
            raise InvalidArgument("give the names of two stacks: languages, or modules that files import")
        with reading(self._index(), self._asked(project, "", since, until, path, limit)) as read:
            return migration.migration(read, *stacks)

    def _asked(
        self,
        project: ProjectKey | None,
        client: str,
        since: Moment | None,
        until: Moment | None,
        path: str,
        limit: int,
    ) -> Question:
        return question(self._projects, project, client, since, until, path, limit)
