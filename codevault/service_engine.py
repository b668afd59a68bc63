"""The service's loop: look, decide, set to work, say how it is. All it touches comes through its constructor.

One thread calls `tick`. Work runs in an executor of two: what takes the vault's turn, one at a time, and analysis,
which does not. Whatever takes the turn makes way as soon as anybody else wants it.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace

from codevault.activity.course import Decision, Why
from codevault.activity.model import SECOND_NS, Conditions, Signal, SignalKind, Source, Timing, Watched
from codevault.activity.noting import Noting
from codevault.activity.planning import Planning
from codevault.errors import Cancelled, CodeVaultError, IndexBusy, SourceError, StorageFull, VaultBusy
from codevault.ids import ProjectId
from codevault.jobs import CancelToken
from codevault.policy import DEFAULT, Policy
from codevault.service_health import Health, ProjectHealth, Trouble
from codevault.service_ports import Chores, Machine, Served

_LOG = logging.getLogger(__name__)
_LOOK_S = 1.0
_BUSY_LOOK_S = 0.2
_CONDITIONS_S = 20.0
_PROJECTS_S = 5.0
_WISH_S = 60.0  # after which whoever made it is dead: a call waits for twenty
_MEASURED_S = 300.0
_STEPS_S = 15.0
_IDLE_S = 60.0


@dataclass(slots=True)
class _Work:
    name: str
    future: Future[str]
    token: CancelToken
    began_ns: int
    project: ProjectId | None = None
    decision: Decision | None = None
    yielded: bool = False


@dataclass(slots=True)
class _Known:
    """What is remembered of a project for `health()` and the next reconcile."""

    name: str
    good_wall_ns: int = 0
    looked_ns: int | None = None
    why: str = ""
    problems: str = ""


@dataclass(slots=True)
class _Clocks:
    """Instants at which things were last done; chores count from the start."""

    conditions: int = -(1 << 62)
    projects: int = -(1 << 62)
    tick: int = 0
    analysed: int = 0
    verified: int = 0
    tidied: int = 0
    measured: deque[tuple[int, float]] = field(default_factory=deque)


class Engine:
    """See the module. `started_wall_ns` and `heartbeat_port` are only passed on to `health()`."""

    def __init__(
        self,
        served: Served,
        sources: Sequence[Source],
        machine: Machine,
        executor: Executor,
        *,
        timing: Timing | None = None,
        chores: Chores | None = None,
        policy: Policy = DEFAULT,
        log: Callable[[bytes], None] = lambda _: None,
        heartbeat_port: int = 0,
    ) -> None:
        self._served = served
        self._sources = tuple(sources)
        self._machine = machine
        self._executor = executor
        self._timing = timing or Timing()
        self._chores = chores or Chores()
        self.planning = Planning(self._timing, log=log)
        self._noting = Noting(self._timing, policy, touched=served.touched)
        self._projects: dict[ProjectId, _Known] = {}
        self._watched: tuple[Watched, ...] = ()
        self._conditions = Conditions()
        now = machine.now_ns()
        self._clocks = _Clocks(tick=now, analysed=now, verified=now, tidied=now)
        self._turn: _Work | None = None
        self._analysis: _Work | None = None
        self._to_analyse = True
        self._wishes: dict[str, int] = {}
        self._troubles: dict[str, Trouble] = {}
        self._lag_s = 0.0
        self._share = 0.0
        self._memory = 0
        self._backups = 0
        self._verified_wall_ns = 0
        self._started_wall_ns = machine.wall_ns()
        self._port = heartbeat_port

    def tick(self) -> float:
        """One round; gives how many seconds may pass until the next."""
        now = self._machine.now_ns()
        self._lag_s = max(0.0, (now - self._clocks.tick) / SECOND_NS - _LOOK_S)
        self._clocks.tick = now
        self._look_around(now)
        seen = self._look(now)
        self._harvest(now)
        self._make_way(now)
        self._set_to_work(now)
        return _BUSY_LOOK_S if seen or self._turn is not None or self._wishes else _LOOK_S

    def stop(self) -> None:
        """Cancels what is under way; what it committed stays. The executor is its owner's to shut down."""
        for work in (self._turn, self._analysis):
            if work is not None:
                work.token.cancel()
        for source in self._sources:
            source.close()

    def health(self) -> Health:
        """How everything is."""
        now = self._machine.now_ns()
        sources = tuple(source.state() for source in self._sources)
        return Health(
            running=True,
            started_ns=self._started_wall_ns,
            said_ns=self._machine.wall_ns(),
            promise_s=self._promise_s(polled=any(source.polled for source in sources)),
            unsaved_s=self.planning.exposure_s(now),
            lag_s=self._lag_s,
            busy=", ".join(work.name for work in (self._turn, self._analysis) if work is not None),
            cpu_share=self._share,
            budget_share=self._chores.budget,
            memory_bytes=self._memory,
            backups=self._backups,
            verified_ns=self._verified_wall_ns,
            heartbeat_port=self._port,
            projects=tuple(self._project_health(project, now) for project in self._projects),
            sources=sources,
            wrong=(
                *self._project_troubles(),
                *self._troubles.values(),
                *self._memory_trouble(),
                *(Trouble(what=source.wrong, advice=_ADVICE) for source in sources if source.wrong),
            ),
        )

    def _promise_s(self, *, polled: bool) -> float | None:
        """The timing's exposure, and where projects are polled what may pass until a change is seen.

        None until each project was looked at once: how old its unsaved work is nobody knows before.
        """
        unseen_yet = (project for project, known in self._projects.items() if known.looked_ns is None)
        if any(not self.planning.standing(project).missing for project in unseen_yet):
            return None
        longest = max([0.0, *(standing.took_s for standing in self.planning)])
        unseen = _POLLED_S if polled else 0.0
        return self._timing.exposure_s + unseen + max(0.0, longest - self._timing.exposure_s / 4)

    def _project_health(self, project: ProjectId, now: int) -> ProjectHealth:
        known, standing = self._projects[project], self.planning.standing(project)
        since = standing.unsaved_since
        return ProjectHealth(
            project=project,
            name=known.name,
            last_good_ns=known.good_wall_ns,
            unsaved_s=0.0 if since is None else (now - since) / SECOND_NS,
            failures=standing.failures,
            why=known.why or known.problems,
            missing=standing.missing,
        )

    def _memory_trouble(self) -> Sequence[Trouble]:
        if self._memory <= self._chores.memory:
            return ()
        what = f"the service takes {self._memory >> 20} MiB of memory"
        return (Trouble(what=what, advice="Service(vault).restart() gives it back; Chores(memory=…) allows more"),)

    def _project_troubles(self) -> Sequence[Trouble]:
        found = []
        for project, known in self._projects.items():
            standing = self.planning.standing(project)
            if standing.missing:
                advice = "bring the folder back, or tell the vault where it lies: projects.update(project, root=…)"
                found.append(Trouble(what=f"the folder of {known.name!r} is not there", advice=advice, project=project))
            elif standing.failures:
                what = f"{known.name!r} could not be backed up {standing.failures} times: {known.why}"
                found.append(Trouble(what=what, advice="it is tried again by itself, more rarely", project=project))
            elif known.looked_ns is None:
                what = f"{known.name!r} was not looked at yet since the service began"
                found.append(Trouble(what=what, advice="it is looked at next, ask again in a moment", project=project))
        return found

    def _look_around(self, now: int) -> None:
        clocks = self._clocks
        if self._machine.slept():
            self.planning.slept(now)
            clocks.projects = clocks.conditions = -(1 << 62)
        if now - clocks.conditions >= _CONDITIONS_S * SECOND_NS:
            clocks.conditions = now
            self._measure(now)
            found = self._machine.conditions()
            self._conditions = replace(found, load=max(found.load, self._share / self._chores.budget))
        if now - clocks.projects >= _PROJECTS_S * SECOND_NS:
            clocks.projects = now
            self._refresh()

    def _measure(self, now: int) -> None:
        used, self._memory = self._machine.used()
        measured = self._clocks.measured
        measured.append((now, used))
        while len(measured) > 2 and now - measured[1][0] >= _MEASURED_S * SECOND_NS:
            measured.popleft()
        before, then = measured[0]
        if now > before:
            self._share = max(0.0, (used - then) / ((now - before) / SECOND_NS) / self._chores.processors)

    def _refresh(self) -> None:
        try:
            found = self._served.projects()
        except CodeVaultError as exc:
            self._troubles["projects"] = Trouble(what=f"the projects cannot be read: {exc}", advice="vault.verify()")
            return
        self._troubles.pop("projects", None)
        watched = tuple(found)
        self._projects = {
            one.project: replace(self._projects.get(one.project) or _Known(name), name=name)
            for one, name in found.items()
        }
        if watched == self._watched:
            return
        self._watched = watched
        self._noting.forget(self._projects)
        self.planning.keep(self._projects)
        for source in self._sources:
            source.watch(watched)

    def _look(self, now: int) -> bool:
        signals: list[Signal] = []
        for source in self._sources:
            try:
                signals += source.poll(now)
            except Exception as exc:  # noqa: BLE001 - one source must not cost the others
                _LOG.exception("a source failed")
                self._troubles[source.state().name] = Trouble(
                    what=f"{source.state().name} failed: {type(exc).__name__}", advice=_ADVICE
                )
        for signal in signals:
            if signal.kind in _ROOTS:
                self.planning.missing(signal.project, is_missing=signal.kind is SignalKind.ROOT_GONE)
        for seen in self._noting.note(signals, now):
            self.planning.observe(seen)
        return bool(signals)

    def _harvest(self, now: int) -> None:
        work = self._analysis
        if work is not None and work.future.done():
            self._analysis = None
            self._to_analyse |= not self._result(work, "analysis")  # what was not done is done the next time
        work = self._turn
        if work is None or not work.future.done():
            return
        self._turn = None
        if work.project is None:
            if self._result(work, work.name) and work.name == "verifying":
                self._verified_wall_ns = self._machine.wall_ns()
            return
        self._backed_up(work, work.project, now)

    def _result(self, work: _Work, what: str) -> bool:
        """Notes what a chore said was wrong; True when it came to its end."""
        ended = False
        try:
            wrong = work.future.result()
            ended = True
        except (Cancelled, VaultBusy, IndexBusy):
            return False
        except CodeVaultError as exc:
            wrong = _public(exc)
        except Exception as exc:  # noqa: BLE001 - the loop goes on, and health says so
            _LOG.exception("%s failed", what)
            wrong = f"{what} failed: {type(exc).__name__}"
        if wrong:
            self._troubles[what] = Trouble(what=wrong, advice="vault.verify() tells more; vault.repair() heals")
        else:
            self._troubles.pop(what, None)
        return ended

    def _backed_up(self, work: _Work, project: ProjectId, now: int) -> None:
        known = self._projects.get(project) or _Known("")
        took = (now - work.began_ns) / SECOND_NS
        try:
            known.problems = work.future.result()
        except (Cancelled, VaultBusy):
            self.planning.failed(project, now, yielded=True)
            return
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is tried again and said
            if not isinstance(exc, CodeVaultError):
                _LOG.exception("a backup failed")
            known.why = _public(exc)
            self.planning.failed(project, now)
            return
        known.why, known.good_wall_ns, known.looked_ns = "", self._machine.wall_ns(), work.began_ns
        self._backups += 1
        self._to_analyse = True
        self.planning.finished(project, took)

    def _make_way(self, now: int) -> None:
        """Whoever else wants to write gets the vault: at once from a chore, at the next step from a backup."""
        present = self._served.wishes()
        self._wishes = {wish: self._wishes.get(wish, now) for wish in present}
        for wish, since in list(self._wishes.items()):
            if now - since > _WISH_S * SECOND_NS:
                self._served.forget_wish(wish)
                del self._wishes[wish]
        if self._wishes and self._turn is not None:
            self._turn.token.cancel()

    def _set_to_work(self, now: int) -> None:
        if self._wishes:
            return
        if self._turn is None:
            decision = self.planning.next(now, self._conditions) or self._reconcile(now)
            if decision is not None:
                self._begin_backup(decision, now)
        if self._conditions.battery is not None or self._share > self._chores.budget:
            return
        if self._turn is None:
            self._begin_chore(now)
        if self._analysis is None and self._to_analyse and _is_due(now, self._clocks.analysed, self._chores.analyse_s):
            self._to_analyse = False
            self._clocks.analysed = now
            share = self._chores.budget * self._chores.processors
            self._analysis = self._begin("analysis", now, lambda token: self._served.analyse(share, token))

    def _begin_backup(self, decision: Decision, now: int) -> None:
        self.planning.started(decision, self._conditions)
        self._noting.saved(decision.project)
        self._turn = self._begin(
            "backup",
            now,
            lambda token: self._served.back_up(decision.project, decision.reason, decision.kind, token),
        )
        self._turn.project, self._turn.decision = decision.project, decision

    def _reconcile(self, now: int) -> Decision | None:
        """A project that was not looked at whole for long, or not at all yet; truth is what a backup finds."""
        chores = self._chores
        for project, known in self._projects.items():
            standing = self.planning.standing(project)
            waits = standing.missing or standing.retry_ns > now or standing.taking is not None
            if waits or (known.looked_ns is not None and not _is_due(now, known.looked_ns, chores.reconcile_s)):
                continue
            first = known.looked_ns is None
            if not first and (self._conditions.battery is not None or self._share > chores.budget):
                continue
            reason = "the service began to watch" if first else "looked at whole"
            return Decision(project=project, at_ns=now, kind="automatic", why=Why.RECONCILE, reason=reason)
        return None

    def _begin_chore(self, now: int) -> None:
        clocks, chores = self._clocks, self._chores
        soon = self.planning.due(now, self._conditions)
        if soon is not None and soon - now < _STEPS_S * SECOND_NS:
            return
        idle = self._conditions.idle_s
        patience = 2.0 if idle is not None and idle < _IDLE_S else 1.0  # somebody is there: it may wait, not for ever
        if _is_due(now, clocks.verified, chores.verify_s * patience):
            clocks.verified = now
            self._turn = self._begin("verifying", now, lambda t: self._served.verify(chores.verify_bytes, t))
        elif _is_due(now, clocks.tidied, chores.tidy_s * patience):
            clocks.tidied = now
            self._turn = self._begin("tidying", now, self._served.tidy)

    def _begin(self, name: str, now: int, run: Callable[[CancelToken], str]) -> _Work:
        token = CancelToken()
        return _Work(name, self._executor.submit(run, token), token, now)


_ROOTS = frozenset({SignalKind.ROOT_GONE, SignalKind.ROOT_BACK})
_POLLED_S = 120.0
_ADVICE = "nothing is lost by it: projects are looked at whole again and again; health().sources says more"


def _is_due(now: int, last: int, each_s: float) -> bool:
    return each_s > 0 and now - last >= each_s * SECOND_NS


def _public(exc: BaseException) -> str:
    """An error's text without the user's folders."""
    if isinstance(exc, SourceError):
        return "its folder cannot be read"
    if isinstance(exc, StorageFull):
        return "the vault's disk is full, or a limit is reached"
    return str(exc) if isinstance(exc, CodeVaultError) else type(exc).__name__
