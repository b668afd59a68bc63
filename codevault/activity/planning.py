"""All projects' standings together: what is to be done next, and a log by which every decision can be had again.

Nothing here reads a clock or a disk: the log goes to a callable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from codevault.activity.course import Decision, Standing, Why, decide, failed, finished, observe, slept, started
from codevault.activity.model import Conditions, Observed, Timing
from codevault.errors import InvalidArgument
from codevault.ids import ProjectId

_ORDER = {
    why: rank
    for rank, why in enumerate(
        (Why.ABOUT_TO_REWRITE, Why.BATTERY, Why.EXPOSURE, Why.WOKE, Why.MARK, Why.SETTLED, Why.QUIET, Why.SESSION)
    )
}
_encode = msgspec.json.Encoder().encode


def _nowhere(line: bytes) -> None:
    """The log of nobody."""


class Planning:
    """What is known of all projects. Every input and every decision to act is a line of the log, in order."""

    def __init__(
        self, timing: Timing, *, log: Callable[[bytes], None] = _nowhere, standings: Iterable[Standing] = ()
    ) -> None:
        self.timing = timing
        self._log = log
        self._standings = {standing.project: standing for standing in standings}
        self.begin_log()

    def begin_log(self) -> None:
        """Says where everything stands: a log that begins here can be replayed."""
        self._tell("begin", timing=self.timing, standings=tuple(self._standings.values()))

    def standing(self, project: ProjectId) -> Standing:
        """Where a project stands."""
        return self._standings.get(project) or Standing(project=project)

    def __iter__(self) -> Iterator[Standing]:
        return iter(self._standings.values())

    def observe(self, seen: Observed) -> None:
        """Something was seen of a project."""
        self._tell("observed", seen=seen)
        self._put(observe(self.standing(seen.project), seen, self.timing))

    def slept(self, now_ns: int) -> None:
        """The machine slept until now."""
        self._tell("slept", now_ns=now_ns)
        for standing in tuple(self):
            self._put(slept(standing, now_ns))

    def missing(self, project: ProjectId, *, is_missing: bool) -> None:
        """The project's folder is not there, or is there again."""
        if self.standing(project).missing is not is_missing:
            self._tell("missing", project=project, is_missing=is_missing)
            self._put(replace(self.standing(project), missing=is_missing))

    def keep(self, projects: Iterable[ProjectId]) -> None:
        """Forgets every project but these."""
        kept = frozenset(projects)
        if not kept.issuperset(self._standings):
            self._tell("keep", projects=tuple(sorted(kept)))
            self._standings = {project: s for project, s in self._standings.items() if project in kept}

    def next(self, now_ns: int, conditions: Conditions) -> Decision | None:
        """The most urgent backup that is to begin now; None to wait."""
        found = [decide(standing, now_ns, conditions, self.timing) for standing in self]
        acting = [decision for decision in found if decision.kind]
        if not acting:
            return None
        return min(acting, key=lambda decision: (_ORDER[decision.why], self._since(decision), decision.project))

    def due(self, now_ns: int, conditions: Conditions) -> int | None:
        """When `next` may give another answer although nothing more is seen."""
        dues = [decide(standing, now_ns, conditions, self.timing).due_ns for standing in self]
        return min((due for due in dues if due is not None), default=None)

    def started(self, decision: Decision, conditions: Conditions) -> None:
        """What was decided is being done."""
        self._tell("started", decision=decision, conditions=conditions)
        self._put(started(self.standing(decision.project), decision))

    def finished(self, project: ProjectId, took_s: float) -> None:
        """A backup is safe; it took so many seconds."""
        self._tell("finished", project=project, took_s=took_s)
        self._put(finished(self.standing(project), took_s))

    def failed(self, project: ProjectId, now_ns: int, *, yielded: bool = False) -> None:
        """A backup came to nothing, or made way for the user's own call."""
        self._tell("failed", project=project, now_ns=now_ns, yielded=yielded)
        self._put(failed(self.standing(project), now_ns, self.timing, yielded=yielded))

    def exposure_s(self, now_ns: int) -> float:
        """Seconds that the oldest change of all has not been safe; 0.0 when everything is.

        A project whose folder is not there does not count: there is nothing to save, and it is told as missing.
        """
        since = [standing.unsaved_since for standing in self if not standing.missing]
        return max([0.0, *((now_ns - at) / 1e9 for at in since if at is not None)])

    def _since(self, decision: Decision) -> int:
        since = self.standing(decision.project).unsaved_since
        return decision.at_ns if since is None else since

    def _put(self, standing: Standing) -> None:
        self._standings[standing.project] = standing

    def _tell(self, what: str, **said: object) -> None:
        self._log(_encode({"what": what, **said}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a log says again: the decisions that were made, and those that would now come out differently, as pairs."""

    decisions: tuple[Decision, ...]
    different: tuple[tuple[Decision, Decision], ...]


def replay(lines: Iterable[bytes]) -> Replayed:
    """Decides once more everything that a log of `Planning` tells; other lines are passed over.

    Raises:
        InvalidArgument: a line that no such log holds, or one before where everything stood is said.
    """
    made: list[Decision] = []
    different: list[tuple[Decision, Decision]] = []
    planning: Planning | None = None
    for line in lines:
        try:
            said = msgspec.json.decode(line, type=dict[str, Any])
            planning = _replayed(said, planning, made, different)
        except (msgspec.MsgspecError, KeyError, AttributeError) as exc:
            raise InvalidArgument("this is no log of decisions, or not from where it begins") from exc
    return Replayed(decisions=tuple(made), different=tuple(different))


def _replayed(
    said: dict[str, Any],
    planning: Planning | None,
    made: list[Decision],
    different: list[tuple[Decision, Decision]],
) -> Planning | None:
    what = said.pop("what")
    if what == "begin":
        standings = msgspec.convert(said["standings"], tuple[Standing, ...])
        return Planning(msgspec.convert(said["timing"], Timing), standings=standings)
    if what == "started":
        decision = msgspec.convert(said["decision"], Decision)
        conditions = msgspec.convert(said["conditions"], Conditions)
        made.append(decision)
        again = decide(_there(planning).standing(decision.project), decision.at_ns, conditions, _there(planning).timing)
        if again != decision and decision.why is not Why.RECONCILE:  # which the caller decides
            different.append((decision, again))
        _there(planning).started(decision, conditions)
    elif what == "observed":
        _there(planning).observe(msgspec.convert(said["seen"], Observed))
    elif what in {"slept", "missing", "keep", "finished", "failed"}:
        project = (said.pop("project"),) if "project" in said else ()
        getattr(planning, what)(*project, **said)
    return planning


def _there(planning: Planning | None) -> Planning:
    if planning is None:
        raise KeyError("begin")
    return planning
