"""The service's own process: opens the vault, watches, and runs the loop until it is told to stop.

`python -I -m codevault.service_process VAULT` runs it in the foreground, for systemd and the like; `Service.start()`
starts it in the background. It takes the service's lock first, so there is one for each vault, whoever started it.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from codevault.activity.files import FileWatch
from codevault.activity.heartbeat_server import Heartbeats
from codevault.activity.inotify import inotify
from codevault.activity.model import Conditions, Source, Watched
from codevault.activity.moves import RepositoryMoves
from codevault.activity.surroundings import Programs, SleepWatch, TestResults, conditions
from codevault.activity.touched import LARGEST, touched
from codevault.errors import CodeVaultError, IndexDamaged, VaultBusy
from codevault.ids import ProjectId
from codevault.jobs import CancelToken
from codevault.service_engine import Engine
from codevault.service_health import Health, Said, Trouble, say, uptime_s
from codevault.service_log import LogFile, LogHandler
from codevault.service_settings import Settings, keep_settings, load_settings
from codevault.spool import take_events
from codevault.store.filesystem import DiskFileSystem, HeldLock
from codevault.store.model import Snapshot
from codevault.store.yielding import holder_name, service_folder, wishes
from codevault.vault import Vault
from codevault.vcs.reading import ReadFolder

STOP = "stop"
"""The file that asks the service to end."""

BUSY = 75  # EX_TEMPFAIL: another service has the vault
FAILED = 1
_FRESH = 50  # files that a save brings at most: so many are searchable at once, a second's work
_SAY_S = 2.0
_SAY_IDLE_S = 30.0
_HELD_S = 15.0
_LOCK_S = 1.0
_GLOB = frozenset("*?[]{}")
_RESTART_S = (1.0, 5.0, 30.0, 60.0)


class ServedVault:
    """`Served` by a real vault. With `fresh` what a small backup brought is searchable when that ends."""

    def __init__(self, vault: Vault, *, fresh: bool = False) -> None:
        self._vault = vault
        self._fresh = fresh
        self._folder = service_folder(vault.path)
        self._seen: tuple[int, ...] = ()
        self._projects: dict[Watched, str] = {}
        self._last: dict[ProjectId, Snapshot] = {}

    def projects(self) -> Mapping[Watched, str]:
        """See `Served.projects`. Read again only when a document changed."""
        try:
            status = os.stat(self._vault.path / "projects")
        except OSError:
            return {}
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen or time.time_ns() - status.st_mtime_ns < 4 * 10**9:
            found = tuple(self._vault.projects)
            roots = frozenset((*(project.root for project in found), str(self._vault.path)))
            self._projects = {Watched(project=p.id, root=p.root, apart=_inner(p.root, roots)): p.name for p in found}
            self._seen = seen
        return self._projects

    def back_up(self, project: ProjectId, reason: str, kind: str, cancel: CancelToken) -> str:
        """See `Served.back_up`."""
        made = self._vault.backup(project, reason=reason, kind=kind, cancel=cancel)
        self._last[project] = made.snapshot
        if self._fresh and 0 < made.stats.added + made.stats.changed <= _FRESH:
            with suppress(CodeVaultError):  # the snapshot is made; the next analysis of everything does what is left
                self._vault.analyse(snapshot=made, cancel=cancel)
        problems = made.problems
        if not problems:
            return ""
        return f"{len(problems)} problems, the first of kind {problems[0].kind}: backup().problems names the files"

    def touched(self, project: ProjectId, path: str) -> int | None:
        """See `Served.touched`: by the index, of files that were analysed, a few milliseconds."""
        last, owner = self._last.get(project), next((w for w in self._projects if w.project == project), None)
        if last is None or owner is None or not _GLOB.isdisjoint(path):
            return None
        try:
            symbols = [found.symbol for found in self._vault.symbols(last, path=path)]
            before = self._vault.read(symbols[0].blob) if symbols else b""
        except CodeVaultError:
            return None
        folder = ReadFolder.open(owner.root) if before and len(before) <= LARGEST else None
        if folder is None:
            return None
        with folder:
            now = folder.read(path, LARGEST) or b""
        return touched(((symbol.start_byte, symbol.end_byte) for symbol in symbols), before, now)

    def analyse(self, share: float, cancel: CancelToken) -> str:
        """See `Served.analyse`. An index that is damaged is made again, while backups go on."""
        try:
            self._vault.analyse(share=share, cancel=cancel)
        except IndexDamaged:
            self._vault.rebuild(share=share, cancel=cancel)
        return ""

    def verify(self, budget_bytes: int, cancel: CancelToken) -> str:
        """See `Served.verify`."""
        report = self._vault.verify(budget_bytes=budget_bytes, cancel=cancel)
        return "" if report.ok else "verifying found damage"

    def tidy(self, cancel: CancelToken) -> str:
        """See `Served.tidy`."""
        self._vault.prune(self._vault.limits().thin, cancel=cancel)
        return ""

    def wishes(self) -> frozenset[str]:
        """See `Served.wishes`."""
        return wishes(self._vault.path)

    def forget_wish(self, wish: str) -> None:
        """See `Served.forget_wish`."""
        with suppress(OSError):
            (self._folder / wish).unlink()


class ThisMachine:
    """`Machine` for real."""

    def __init__(self, woke: Callable[[], None] = lambda: None) -> None:
        """`woke` is called when the machine slept."""
        import psutil

        self._woke = woke
        self._own = psutil.Process()
        self._gone = psutil.Error
        self._sleep = SleepWatch()

    def now_ns(self) -> int:
        """See `Machine.now_ns`."""
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        """See `Machine.wall_ns`."""
        return time.time_ns()

    def conditions(self) -> Conditions:
        """See `Machine.conditions`."""
        return conditions()

    def slept(self) -> float:
        """See `Machine.slept`."""
        slept = self._sleep.slept()
        if slept:
            self._woke()
        return slept

    def used(self) -> tuple[float, int]:
        """See `Machine.used`: this process, those it started, and those that ended."""
        times = self._own.cpu_times()
        seconds = times.user + times.system + times.children_user + times.children_system
        memory = self._own.memory_info().rss
        for child in self._own.children(recursive=True):
            with suppress(self._gone):
                with child.oneshot():
                    spent = child.cpu_times()
                    memory += child.memory_info().rss
                seconds += spent.user + spent.system
        return seconds, memory


def serve(root: Path, stopped: threading.Event) -> int:
    """Runs the service until it is told to stop; gives the process's exit status."""
    folder = service_folder(root)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _locked(folder)
    except VaultBusy:
        return BUSY
    except (CodeVaultError, OSError) as exc:
        sys.stderr.write(f"the service of {root} cannot start: {exc}\n")
        return FAILED
    log = LogFile(folder)
    ended = False
    try:
        with suppress(OSError):
            (folder / STOP).unlink(missing_ok=True)
            (folder / "writer").write_text(holder_name(os.getpid()), encoding="ascii")
        _serve(root, folder, lock, log, stopped)
        ended = True
    except CodeVaultError as exc:
        log.say("ended", error=type(exc).__name__)
        trouble = Trouble(what=f"the service could not go on: {exc}", advice="open the vault by hand: it says more")
        say(root, Said(health=Health(wrong=(trouble,)), at_s=uptime_s()))
        return FAILED
    finally:
        with suppress(OSError):
            (folder / "writer").unlink(missing_ok=True)
        if ended:
            say(root, Said(health=Health(), at_s=uptime_s(), ended=True))
        lock.release()
    return 0


def _serve(root: Path, folder: Path, lock: HeldLock, log: LogFile, stopped: threading.Event) -> None:
    settings = load_settings(root)
    handler = LogHandler(log)
    logging.getLogger("codevault").addHandler(handler)
    with ExitStack() as stack:
        stack.callback(logging.getLogger("codevault").removeHandler, handler)
        vault = stack.enter_context(Vault.open(root, workers=1))
        executor = stack.enter_context(ThreadPoolExecutor(2, thread_name_prefix="service"))
        port, sources = _sources(root, settings)
        _tell_clocks(log)
        engine = Engine(
            ServedVault(vault, fresh=settings.chores.analyse_s > 0),
            sources,
            ThisMachine(partial(_tell_clocks, log)),
            executor,
            timing=settings.timing,
            chores=replace(settings.chores, processors=os.cpu_count() or 1),
            log=log.write,
            heartbeat_port=port,
        )
        stack.callback(engine.stop)  # before the executor is waited for
        log.begun = partial(_begin_log, log, engine)
        _loop(engine, partial(_say, root), stopped, lambda: _is_told(folder, lock))
        log.say("ended", error="")


def _loop(
    engine: Engine, tell: Callable[[Health], None], stopped: threading.Event, is_told: Callable[[], bool]
) -> None:
    said_s, before = -_SAY_IDLE_S, ""
    while not stopped.is_set() and not is_told():
        wait = engine.tick()
        now = time.monotonic()
        busy = before != "idle" or bool(engine.planning.exposure_s(time.monotonic_ns()))
        if now - said_s >= (_SAY_S if busy else _SAY_IDLE_S):
            health = engine.health()
            tell(health)
            said_s, before = now, health.busy or ("troubled" if health.wrong else "idle")
        stopped.wait(wait)


def _is_told(folder: Path, lock: HeldLock) -> bool:
    """True when somebody asked for an end, or took our lock away: another may be running."""
    return (folder / STOP).exists() or not lock.held()


def _say(root: Path, health: Health) -> None:
    say(root, Said(health=replace(health, pid=os.getpid()), at_s=uptime_s()))


def _tell_clocks(log: LogFile) -> None:
    """What the wall clock shows at an instant of the log's own: at each beginning, and after each sleep."""
    log.say("clock", now_ns=time.monotonic_ns(), wall_ns=time.time_ns(), pid=os.getpid())


def _begin_log(log: LogFile, engine: Engine) -> None:
    _tell_clocks(log)
    engine.planning.begin_log()


def _sources(root: Path, settings: Settings) -> tuple[int, list[Source]]:
    spool = root / "spool"
    moves = RepositoryMoves(partial(take_events, spool))
    sources: list[Source] = [FileWatch(inotify(), moved=moves.look), moves, TestResults(), Programs()]
    if not settings.heartbeats:
        return 0, sources
    for port in dict.fromkeys((settings.port, 0)):
        with suppress(OSError, OverflowError):
            beats = Heartbeats(settings.key, port)
            sources.append(beats)
            if settings.port != beats.port:
                with suppress(CodeVaultError):
                    keep_settings(root, replace(settings, port=beats.port))
            return beats.port, sources
    return 0, sources


def _inner(root: str, roots: frozenset[str]) -> frozenset[str]:
    """The roots that lie within another."""
    return frozenset(other for other in roots if other != root and Path(other).is_relative_to(root))


def _locked(folder: Path) -> HeldLock:
    """The service's lock. Who only asks whether it is held has it for a moment."""
    until = time.monotonic() + _LOCK_S
    while True:
        try:
            return DiskFileSystem().lock(folder / "lock", holder_name(os.getpid()))
        except VaultBusy:
            if time.monotonic() >= until:
                raise
        time.sleep(0.05)


def supervise(run: Callable[[], int], pause: Callable[[float], bool]) -> int:
    """Runs it again while it ends badly, later each time, until `pause` says that it is enough; the last status."""
    for times in itertools.count():
        status = run()
        if status in {0, BUSY} or pause(_RESTART_S[min(times, len(_RESTART_S) - 1)]):
            return status
    return FAILED


def be_modest() -> None:
    """Lets everything else go first: processor, and disk where the system has classes for that."""
    with suppress(OSError, AttributeError):
        os.nice(10)
    with suppress(Exception):
        import psutil

        psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE if sys.platform == "linux" else psutil.IOPRIO_LOW)


def main(arguments: list[str]) -> int:
    """The process: the vault, then `--attached` or `--supervised`.

    The one to end with whoever holds the other end of its standard input, the other to be begun again whenever it ends
    without being told to.
    """
    stopped = threading.Event()
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda *_: stopped.set())
    if "--supervised" in arguments:
        command = [argument for argument in sys.orig_argv if argument != "--supervised"]
        return supervise(partial(_run_child, command, stopped), stopped.wait)
    if "--attached" in arguments:
        threading.Thread(target=_until_end, args=(stopped,), daemon=True).start()
    be_modest()
    return serve(Path(arguments[0]), stopped)


def _run_child(command: Sequence[str], stopped: threading.Event) -> int:
    with subprocess.Popen(command) as child:
        while child.poll() is None:
            if stopped.wait(0.5):
                child.terminate()
                break
    return child.returncode


def _until_end(stopped: threading.Event) -> None:
    with suppress(OSError):  # not by sys.stdin, whose lock an interpreter that ends wants to have
        while os.read(0, 4096):
            pass
    stopped.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
