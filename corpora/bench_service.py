"""What the service costs and what it promises: idle over many projects, a scripted day, a quarter of an hour for real.

    python -m corpora.bench_service day
    python -m corpora.bench_service idle FOLDER [PROJECTS FILES SECONDS]
    python -m corpora.bench_service work FOLDER [SECONDS]

FOLDER is made, filled and left. Processor time is that of the service's processes, not the clock's; 5 % of a machine of
two processors are 0.1 seconds each second.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil

import codevault
from codevault.activity.model import SECOND_NS, Conditions, MemorySource, Move, Signal, SignalKind, Timing, Watched
from codevault.ids import ProjectId
from codevault.jobs import CancelToken
from codevault.service_engine import Engine
from codevault.service_ports import Chores
from corpora.measuring import median, percentile

SHOP = ProjectId("5" * 16)
_TEXT = "def function_{n}(value):\n    total = value * {n}\n    return total + {n}\n\n\n"


@dataclass(frozen=True, slots=True)
class Action:
    """Something of a scripted day: at that second these files were saved, or the repository moved."""

    at_s: float
    files: tuple[str, ...] = ()
    move: Move | None = None


def scripted_day(seed: int = 1) -> Iterator[Action]:
    """Eight hours: bursts of editing, pauses to think and to test, meetings, commits, builds, switches of branch."""
    rng = random.Random(seed)
    now = 600.0
    while now < 8 * 3600:
        working_until = now + rng.uniform(30, 110) * 60
        while now < working_until:
            files = [f"src/module_{rng.randrange(40)}.py" for _ in range(rng.randrange(1, 5))]
            for _ in range(rng.randrange(2, 14)):  # saves a few seconds apart, as people work through a change
                yield Action(now, (rng.choice(files),))
                now += rng.expovariate(1 / 22)
            if rng.random() < 0.25:  # a build writes what the policy does not watch, and some that it does
                yield Action(now, tuple(f"generated/part_{n}.py" for n in range(rng.randrange(20, 400))))
            if rng.random() < 0.2:
                yield Action(now + 2, (), Move.COMMIT)
            if rng.random() < 0.03:
                yield Action(now + 3, tuple(f"src/other_{n}.py" for n in range(800)), Move.SWITCH)
            now += rng.expovariate(1 / 240)  # reading, thinking, testing
        now += rng.uniform(10, 60) * 60


@dataclass(slots=True)
class FakeClock:
    """A machine whose time is set."""

    at_ns: int = 0

    def now_ns(self) -> int:
        """See `Machine.now_ns`."""
        return self.at_ns

    wall_ns = now_ns

    def conditions(self) -> Conditions:
        """On mains, with nothing to do."""
        return Conditions()

    def slept(self) -> float:
        """Never."""
        return 0.0

    def used(self) -> tuple[float, int]:
        """Nothing."""
        return 0.0, 0


@dataclass(slots=True)
class Day:
    """`Served` that notes when backups begin; each takes no time."""

    clock: FakeClock
    began: list[float] = field(default_factory=list)

    def projects(self) -> dict[Watched, str]:
        """One."""
        return {Watched(project=SHOP, root="/shop"): "shop"}

    def back_up(self, project: ProjectId, reason: str, kind: str, cancel: CancelToken) -> str:  # noqa: ARG002
        """Notes the instant."""
        self.began.append(self.clock.at_ns / SECOND_NS)
        return ""

    def touched(self, project: ProjectId, path: str) -> int | None:  # noqa: ARG002
        """Nobody knows."""
        return None

    def analyse(self, share: float, cancel: CancelToken) -> str:  # noqa: ARG002
        """Nothing to do."""
        return ""

    def verify(self, budget_bytes: int, cancel: CancelToken) -> str:  # noqa: ARG002
        """Nothing to do."""
        return ""

    def tidy(self, cancel: CancelToken) -> str:  # noqa: ARG002
        """Nothing to do."""
        return ""

    def wishes(self) -> frozenset[str]:
        """Nobody's."""
        return frozenset()

    def forget_wish(self, wish: str) -> None:
        """There is none."""


class AtOnce(Executor):
    """Runs what is submitted before it returns."""

    def submit(self, run: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        """See `Executor.submit`."""
        future: Future[Any] = Future()
        future.set_result(run(*given, **named))
        return future


def ours(actions: Sequence[Action]) -> list[float]:
    """When the service backs up over that day."""
    clock = FakeClock()
    day = Day(clock)
    source = MemorySource()
    engine = Engine(day, [source], clock, AtOnce(), timing=Timing(), chores=Chores(reconcile_s=0))
    waiting = list(reversed(actions))
    end = actions[-1].at_s + 3600
    while clock.at_ns < end * SECOND_NS:
        while waiting and waiting[-1].at_s <= clock.at_ns / SECOND_NS:
            action = waiting.pop()
            at = round(action.at_s * SECOND_NS)
            source.tell(*(Signal(project=SHOP, at_ns=at, kind=SignalKind.CHANGED, path=path) for path in action.files))
            if action.move is not None:
                source.tell(Signal(project=SHOP, at_ns=at, kind=SignalKind.VCS, word=str(action.move)))
        engine.tick()
        clock.at_ns += SECOND_NS
    return day.began


def by_timer(actions: Sequence[Action], each_s: float) -> list[float]:
    """When a timer backs up that finds nothing to do if nothing changed; with 5 s this is dura's rule."""
    saves = [action.at_s for action in actions if action.files]
    return sorted({(int(at // each_s) + 1) * each_s for at in saves})


def exposures(actions: Sequence[Action], backups: Sequence[float]) -> list[float]:
    """Seconds from each save to the backup that holds it."""
    found = []
    later = iter(sorted(backups))
    backup = next(later)
    for action in actions:
        while action.files and backup < action.at_s:
            backup = next(later)
        if action.files:
            found.append(backup - action.at_s)
    return found


def bench_day() -> None:
    """Snapshots and exposure of the same day by three rules."""
    for seed in (1, 2, 3):
        actions = list(scripted_day(seed))
        saves = sum(1 for action in actions if action.files)
        print(f"day {seed}: {saves} saves, {sum(len(a.files) for a in actions)} files")
        for name, backups in (
            ("service", ours(actions)),
            ("timer of 300 s that skips what is unchanged", by_timer(actions, 300)),
            ("timer of 300 s", [300.0 * number for number in range(1, int(actions[-1].at_s // 300) + 2)]),
            ("dura's rule, 5 s", by_timer(actions, 5)),
        ):
            found = exposures(actions, backups)
            work = sum(found)
            print(
                f"  {name:43} snapshots {len(backups):5}  exposure of a save: median {median(found):5.0f} s,"
                f" 95 % {percentile(found, 0.95):5.0f} s, most {max(found):5.0f} s; sum {work / 3600:6.1f} h"
            )


def tree_cost(pid: int) -> tuple[float, int]:
    """Processor seconds and bytes of a process and all below it."""
    total, memory = 0.0, 0
    process = psutil.Process(pid)
    spent = process.cpu_times()
    total += spent.children_user + spent.children_system
    for each in (process, *process.children(recursive=True)):
        times = each.cpu_times()
        total += times.user + times.system
        memory += each.memory_info().rss
    return total, memory


def watched(pid: int, seconds: float, each_s: float = 5.0) -> tuple[list[tuple[float, float]], int]:
    """(clock, processor seconds) all along, and the most memory."""
    found, most = [], 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        used, memory = tree_cost(pid)
        found.append((time.monotonic(), used))
        most = max(most, memory)
        time.sleep(min(each_s, max(0.0, until - time.monotonic())))
    return found, most


def _say(found: Sequence[tuple[float, float]], most: int) -> None:
    processors = os.cpu_count() or 1
    span = found[-1][0] - found[0][0]
    share = (found[-1][1] - found[0][1]) / span / processors
    minutes = [
        (later[1] - first[1]) / (later[0] - first[0]) / processors
        for first in found
        for later in [next((each for each in found if each[0] - first[0] >= 60), None)]
        if later is not None
    ]
    worst = f", worst 60 s {max(minutes):.2%}" if minutes else ""
    print(f"  {span:.0f} s: {share:.3%} of {processors} processors{worst}; memory of the tree at most {most >> 20} MiB")


def bench_idle(folder: Path, projects: int = 50, files: int = 10_000, seconds: float = 600.0) -> None:
    """Nothing happens in many projects."""
    rng = random.Random(1)
    texts = ["".join(_TEXT.format(n=rng.randrange(10**6)) for _ in range(8)) for _ in range(2000)]
    vault_path = folder / "vault"
    if not vault_path.exists():
        for number in range(projects):
            for part in range(max(files // 10, 1)):
                below = folder / f"project_{number:02}" / f"part_{part // 40}" / f"group_{part}"
                below.mkdir(parents=True)
                for name in range(10):
                    (below / f"file_{name}.py").write_text(rng.choice(texts))
        with codevault.Vault.create(vault_path) as vault:
            for number in range(projects):
                vault.projects.add(folder / f"project_{number:02}")
                vault.backup(f"project_{number:02}")
            vault.analyse()
    service = codevault.Service(vault_path)
    began = time.monotonic()
    health = service.start(wait_s=600)
    up = time.monotonic() - began
    while service.health().backups < projects:
        time.sleep(0.5)
    health = service.health()
    looked = time.monotonic() - began
    print(f"{projects} projects of {files} files: up after {up:.1f} s, all looked at after {looked:.1f} s")
    used, _ = tree_cost(health.pid)
    print(f"  start-up took {used:.1f} s of processor time; {health.sources[0].watches} folders watched")
    time.sleep(30)
    _say(*watched(health.pid, seconds))
    print(f"  said itself: {service.health().cpu_share:.3%}, {service.health().memory_bytes >> 20} MiB")
    service.stop()


def bench_work(folder: Path, seconds: float = 900.0) -> None:
    """Saves, a build and two switches of branch in a repository, while the service watches."""
    rng = random.Random(2)
    shop = folder / "shop"
    _repository(shop, rng)
    vault_path = folder / "vault"
    with codevault.Vault.create(vault_path) as vault:
        vault.projects.add(shop)
    service = codevault.Service(vault_path)
    began = time.monotonic()
    service.start()
    print(f"up after {time.monotonic() - began:.1f} s")
    while service.health().backups < 1:
        time.sleep(0.2)
    print(f"first copy after {time.monotonic() - began:.1f} s")
    pid = service.health().pid
    saves: list[tuple[float, Path, str]] = []
    found: list[tuple[float, float]] = []
    most = 0
    begun = time.monotonic()
    doings = _doings(shop, rng, seconds)
    upcoming = next(doings, None)
    while time.monotonic() - begun < seconds + 100:
        while upcoming is not None and time.monotonic() - begun >= upcoming[0]:
            saved = upcoming[1]()
            saves += [(time.time(), *saved)] if saved else []
            upcoming = next(doings, None)
        if not found or time.monotonic() - found[-1][0] >= 2:
            used, memory = tree_cost(pid)
            found.append((time.monotonic(), used))
            most = max(most, memory)
        time.sleep(0.1)
    health = service.health()
    service.stop()
    _say(found, most)
    with codevault.Vault.open(vault_path) as vault:
        snapshots = vault.snapshots("shop")
        print(f"  {len(saves)} saves, {len(snapshots)} snapshots, a promise of {health.promise_s} s")
        print("  reasons:", [snapshot.reason for snapshot in snapshots])
        last = vault.snapshots("shop")[-1]
        stored = {entry.path: entry.size for entry in vault.files(last)}
    taken = [snapshot.created_ns / 1e9 for snapshot in snapshots]
    waits = [next((at - saved for at in taken if at >= saved), float("inf")) for saved, _, _ in saves]
    keystrokes = [
        at - max(saved for saved, _, _ in saves if saved <= at)
        for before, at in zip([0.0, *taken], taken, strict=False)
        if any(before < saved <= at for saved, _, _ in saves)
    ]
    print(f"  save to safe copy: median {median(waits):.0f} s, most {max(waits):.0f} s")
    print(f"  last keystroke to safe copy: median {median(keystrokes):.0f} s, most {max(keystrokes):.0f} s")
    present = [path for _, path, _ in saves if path.exists()]
    kept = all(path.stat().st_size == stored.get(path.relative_to(shop).as_posix()) for path in present)
    print(f"  last state of every saved file is in the vault: {kept}")


def _repository(shop: Path, rng: random.Random) -> None:
    (shop / "src").mkdir(parents=True)
    (shop / "Cargo.toml").write_text("[package]\nname = 'shop'\n")
    for number in range(2000):
        below = shop / "src" / f"part_{number // 50}"
        below.mkdir(exist_ok=True)
        (below / f"file_{number}.py").write_text("".join(_TEXT.format(n=rng.randrange(10**6)) for _ in range(20)))
    _git(shop, "init", "-q", "-b", "main")
    _git(shop, "add", ".")
    _git(shop, "commit", "-q", "-m", "all of it")
    _git(shop, "switch", "-q", "-c", "other")
    for number in range(0, 2000, 3):
        path = shop / "src" / f"part_{number // 50}" / f"file_{number}.py"
        path.write_text(path.read_text() + _TEXT.format(n=number))
    _git(shop, "commit", "-q", "-a", "-m", "a third of it")
    _git(shop, "switch", "-q", "main")


def _doings(
    shop: Path, rng: random.Random, seconds: float
) -> Iterator[tuple[float, Callable[[], tuple[Path, str] | None]]]:
    """What happens when: 200 saves in bursts, a build in the middle, two switches."""
    instants: list[tuple[float, Callable[[], tuple[Path, str] | None]]] = []
    bursts = 8
    for burst in range(bursts):
        start = seconds * 0.95 * burst / bursts
        files = [rng.randrange(2000) for _ in range(6)]
        for number in range(26):
            at = start + number * rng.uniform(1.0, 2.0)
            instants.append((at, partial(_save, shop, rng.choice(files))))
    instants.append((seconds * 0.45, lambda: _build(shop)))
    instants.append((seconds * 0.30, lambda: _switch(shop, "other")))
    instants.append((seconds * 0.65, lambda: _switch(shop, "main")))
    yield from sorted(instants, key=lambda each: each[0])


def _save(shop: Path, number: int) -> tuple[Path, str]:
    path = shop / "src" / f"part_{number // 50}" / f"file_{number}.py"
    temporary = path.with_name(path.name + "___jb_tmp___")
    temporary.write_text(path.read_text() + _TEXT.format(n=number))
    os.replace(temporary, path)
    return path, "save"


def _build(shop: Path) -> None:
    target = shop / "target"
    for number in range(5000):
        below = target / "debug" / f"deps_{number // 100}"
        below.mkdir(parents=True, exist_ok=True)
        (below / f"object_{number}.o").write_bytes(os.urandom(2000))
    (target / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")


def _switch(shop: Path, branch: str) -> None:
    _git(shop, "stash", "-q")
    _git(shop, "switch", "-q", branch)


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def main(arguments: Sequence[str]) -> None:
    """Runs the part that is named."""
    if arguments[:1] == ["day"]:
        bench_day()
    elif arguments[:1] == ["idle"]:
        given = [int(each) for each in arguments[2:]]
        bench_idle(Path(arguments[1]), *given)
    elif arguments[:1] == ["work"]:
        bench_work(Path(arguments[1]), *map(float, arguments[2:]))
    else:
        print(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
