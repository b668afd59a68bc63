"""The machine and what runs on it: programs at work in projects, test results they leave, power, load, sleep."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress

from codevault.activity.model import SECOND_NS, Conditions, Signal, SignalKind, SourceState, Watched
from codevault.ids import ProjectId
from codevault.vcs.reading import ReadFolder

_EDITORS = """
vim nvim gvim vi emacs emacsclient nano micro helix hx kak kate gedit code codium cursor zed subl sublime_text idea
pycharm webstorm clion goland rider phpstorm rubymine studio eclipse netbeans soffice.bin
"""
_BUILDS = """
make gmake ninja cmake cargo rustc gcc cc1 cc1plus g++ clang clang++ ld go javac gradle mvn sbt bazel msbuild dotnet npm
yarn pnpm bun webpack vite tsc esbuild pip uv poetry composer bundle mix cabal stack swift xcodebuild git hg svn rsync
tar unzip
"""
EDITORS = frozenset(_EDITORS.split())
BUILDS = frozenset(_BUILDS.split())
_LOOK_S = 20.0
_RESULTS_S = 5.0
_LAST_FAILED = ".pytest_cache/v/cache/lastfailed"
_LONGEST = 1 << 20
_SLEPT_S = 15.0

Running = Callable[[], Iterable[tuple[str, str]]]
"""Gives (name, working folder) of this user's processes."""


def running() -> Iterator[tuple[str, str]]:
    """This user's processes; those that cannot be looked at are left out."""
    import psutil

    own = psutil.Process().username()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            name = process.name().removesuffix(".exe")
            if (name in EDITORS or name in BUILDS) and process.username() == own:
                yield name, process.cwd()


class Programs:
    """A `Source` of known editors and builds that run in projects. Nothing but name and working folder is looked at."""

    def __init__(self, look: Running = running) -> None:
        self._look = look
        self._projects: Sequence[Watched] = ()
        self._building: frozenset[ProjectId] = frozenset()
        self._editing: frozenset[ProjectId] = frozenset()
        self._next_ns: int | None = None
        self._wrong = ""

    def watch(self, projects: Sequence[Watched]) -> None:
        """See `Source.watch`."""
        self._projects = sorted(projects, key=lambda watched: -len(watched.root))

    def poll(self, now_ns: int) -> Sequence[Signal]:
        """See `Source.poll`: what began or ended since the last look."""
        if self._next_ns is not None and now_ns < self._next_ns:
            return ()
        self._next_ns = now_ns + round(_LOOK_S * SECOND_NS)
        building: set[ProjectId] = set()
        editing: set[ProjectId] = set()
        try:
            for name, folder in self._look():
                owner = next((w.project for w in self._projects if _within(folder, w.root)), None)
                if owner is not None:
                    (building if name in BUILDS else editing).add(owner)
            self._wrong = ""
        except Exception as exc:  # noqa: BLE001 - systems differ in what they refuse; without it nothing is lost
            self._wrong = f"processes cannot be listed: {type(exc).__name__}"
        before = self._building
        self._building, self._editing = frozenset(building), frozenset(editing)
        return [
            Signal(
                project=project,
                at_ns=now_ns,
                kind=SignalKind.RUNNING,
                word="build" if project in building else "",
            )
            for project in sorted(before ^ self._building)
        ]

    def state(self) -> SourceState:
        """See `Source.state`. `watches` counts projects with a known program in them."""
        return SourceState(name="programs", watches=len(self._building | self._editing), wrong=self._wrong)

    def close(self) -> None:
        """Nothing to give back."""


class TestResults:
    """A `Source` of tests that failed and pass again, by what pytest leaves of its last run. Nothing is run."""

    __test__ = False  # no tests themselves, whatever pytest thinks of the name

    def __init__(self) -> None:
        self._projects: Sequence[Watched] = ()
        self._red: frozenset[ProjectId] = frozenset()
        self._next_ns: int | None = None

    def watch(self, projects: Sequence[Watched]) -> None:
        """See `Source.watch`."""
        self._projects = tuple(projects)

    def poll(self, now_ns: int) -> Sequence[Signal]:
        """See `Source.poll`."""
        if self._next_ns is not None and now_ns < self._next_ns:
            return ()
        self._next_ns = now_ns + round(_RESULTS_S * SECOND_NS)
        red = frozenset(watched.project for watched in self._projects if _failed(watched.root))
        green, self._red = self._red - red, red
        return [Signal(project=project, at_ns=now_ns, kind=SignalKind.GREEN) for project in sorted(green)]

    def state(self) -> SourceState:
        """See `Source.state`. `watches` counts projects whose tests fail."""
        return SourceState(name="test results", watches=len(self._red))

    def close(self) -> None:
        """Nothing to give back."""


def conditions() -> Conditions:
    """How this machine is now; what cannot be known is left at its default."""
    import psutil

    battery = None
    with suppress(AttributeError, OSError, psutil.Error, ValueError):
        sensed = psutil.sensors_battery()
        if sensed is not None and not sensed.power_plugged:
            battery = max(0.0, min(sensed.percent / 100, 1.0))
    load = 0.0
    with suppress(OSError, AttributeError):
        load = os.getloadavg()[0] / (os.cpu_count() or 1)
    return Conditions(battery=battery, load=load, idle_s=_idle_s())


class SleepWatch:
    """Tells when the machine slept: the clock that goes on meanwhile got ahead of the one that does not."""

    def __init__(self, awake: Callable[[], float] = time.monotonic, always: Callable[[], float] | None = None) -> None:
        self._awake = awake
        self._always = always or _always
        self._ahead = self._always() - awake()

    def slept(self) -> float:
        """Seconds slept since the last call, 0.0 for less than a quarter of a minute.

        Where only the wall clock goes on, its being set forward looks the same: one look at everything too many.
        """
        ahead = self._always() - self._awake()
        before, self._ahead = self._ahead, ahead
        return ahead - before if ahead - before >= _SLEPT_S else 0.0


def _always() -> float:
    if sys.platform == "linux":
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time()


def _idle_s() -> float | None:
    """Since when none of the user's terminals was typed at; None without any."""
    newest = None
    with suppress(OSError):
        for name in os.listdir("/dev/pts"):
            with suppress(OSError):
                status = os.stat(f"/dev/pts/{name}")
                if status.st_uid == os.getuid():
                    newest = max(newest or 0.0, status.st_atime)
    return None if newest is None else max(0.0, time.time() - newest)


def _failed(root: str) -> bool:
    folder = ReadFolder.open(root)
    if folder is None:
        return False
    with folder:
        content = folder.read(_LAST_FAILED, _LONGEST)
    try:
        found = json.loads(content or b"{}")
        return isinstance(found, dict) and bool(found)
    except (ValueError, RecursionError):
        return False


def _within(folder: str, root: str) -> bool:
    return folder == root or folder.startswith(root.rstrip(os.sep) + os.sep)
