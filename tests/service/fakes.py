"""A machine, a vault and an executor for the service's loop, in memory; `World` puts them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from codevault.activity.model import SECOND_NS, Conditions, MemorySource, Signal, SignalKind, Timing, Watched
from codevault.errors import CodeVaultError
from codevault.ids import ProjectId
from codevault.jobs import CancelToken
from codevault.service_engine import Engine
from codevault.service_ports import Chores

SHOP = ProjectId("00000000000000aa")
BLOG = ProjectId("00000000000000bb")


class FakeMachine:
    def __init__(self) -> None:
        self.at_ns = 0
        self.is_now = Conditions()
        self.asleep_s = 0.0
        self.seconds = 0.0
        self.bytes = 1 << 20

    def now_ns(self) -> int:
        return self.at_ns

    def wall_ns(self) -> int:
        return self.at_ns + 10**18

    def conditions(self) -> Conditions:
        return self.is_now

    def slept(self) -> float:
        slept, self.asleep_s = self.asleep_s, 0.0
        return slept

    def used(self) -> tuple[float, int]:
        return self.seconds, self.bytes


@dataclass(slots=True)
class FakeVault:
    """Notes what it is asked for, and when; `errors` are raised, one a call, before anything works again."""

    names: dict[Watched, str]
    machine: FakeMachine
    began: list[int] = field(default_factory=list)
    backups: list[tuple[ProjectId, str, str]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    wanted: set[str] = field(default_factory=set)
    wrong: str = ""
    broken: CodeVaultError | None = None

    def projects(self) -> Mapping[Watched, str]:
        if self.broken is not None:
            raise self.broken
        return dict(self.names)

    def back_up(self, project: ProjectId, reason: str, kind: str, cancel: CancelToken) -> str:
        cancel.check()
        if self.errors:
            raise self.errors.pop(0)
        self.began.append(self.machine.at_ns)
        self.backups.append((project, kind, reason))
        return self.wrong

    def touched(self, project: ProjectId, path: str) -> int | None:  # noqa: ARG002 - nobody knows
        return None

    def analyse(self, share: float, cancel: CancelToken) -> str:
        return self._do(f"analyse {share}", cancel)

    def verify(self, budget_bytes: int, cancel: CancelToken) -> str:
        return self._do(f"verify {budget_bytes}", cancel)

    def tidy(self, cancel: CancelToken) -> str:
        return self._do("tidy", cancel)

    def wishes(self) -> frozenset[str]:
        return frozenset(self.wanted)

    def forget_wish(self, wish: str) -> None:
        self.wanted.discard(wish)

    def _do(self, what: str, cancel: CancelToken) -> str:
        cancel.check()
        if self.errors:
            raise self.errors.pop(0)
        self.done.append(what)
        return self.wrong


class StepExecutor(Executor):
    """Runs what was submitted when `work` is called, or at once with `eager`."""

    def __init__(self) -> None:
        self.eager = True
        self.waiting: list[Callable[[], None]] = []

    def submit(self, fn: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            try:
                future.set_result(fn(*given, **named))
            except Exception as exc:  # noqa: BLE001 - as an executor does
                future.set_exception(exc)

        run() if self.eager else self.waiting.append(run)
        return future

    def work(self) -> None:
        waiting, self.waiting = self.waiting, []
        for run in waiting:
            run()


class World:
    """One project, or more, under a service whose first look at everything is over; `began` then is 0 s."""

    def __init__(self, *, timing: Timing | None = None, chores: Chores | None = None, projects: int = 1) -> None:
        self.machine = FakeMachine()
        roots = {SHOP: "/shop", BLOG: "/blog"}
        chosen = list(roots.items())[:projects]
        self.vault = FakeVault({Watched(project=p, root=root): root.strip("/") for p, root in chosen}, self.machine)
        self.source = MemorySource("files")
        self.executor = StepExecutor()
        self.log: list[bytes] = []
        quiet = Chores(reconcile_s=0, analyse_s=0, verify_s=0, tidy_s=0, processors=2)
        self.engine = Engine(
            self.vault,
            [self.source],
            self.machine,
            self.executor,
            timing=timing,
            chores=chores or quiet,
            log=self.log.append,
        )
        for _ in range(2 * projects + 1):
            self.engine.tick()
        self.vault.backups.clear()

    def pass_(self, seconds: float, *, step: float = 1.0) -> None:
        """Time passes, the loop looking every `step` seconds."""
        until = self.machine.at_ns + round(seconds * SECOND_NS)
        while self.machine.at_ns < until:
            self.machine.at_ns = min(until, self.machine.at_ns + round(step * SECOND_NS))
            self.engine.tick()

    def tell(self, kind: SignalKind, *paths: str, project: ProjectId = SHOP, word: str = "") -> None:
        """The source sees something, now."""
        now = self.machine.at_ns
        signals = [Signal(project=project, at_ns=now, kind=kind, path=path, word=word) for path in paths or ("",)]
        self.source.tell(*signals)

    def save(self, *paths: str) -> None:
        """Somebody saves files, now."""
        self.tell(SignalKind.CHANGED, *(paths or ("src/a.py",)))
