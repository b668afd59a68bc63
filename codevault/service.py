"""`Service`: a vault's own process that watches, decides, backs up and analyses; started and asked from here."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from codevault.activity.model import Timing
from codevault.activity.planning import Replayed, replay
from codevault.activity.sessions import Edit, sessions
from codevault.errors import InvalidArgument, ServiceError, StorageError
from codevault.ids import ProjectId
from codevault.service_autostart import Autostart, System, autostart_for
from codevault.service_health import Health, hear, is_alive
from codevault.service_log import read_log
from codevault.service_ports import Chores
from codevault.service_process import BUSY, STOP
from codevault.service_settings import Settings, keep_settings, load_settings
from codevault.store.yielding import service_folder
from codevault.vault import Vault

_BOOTSTRAP = """
import sys
count = 2 + int(sys.argv[1])
sys.path.extend(folder for folder in sys.argv[2:count] if folder not in sys.path)
del sys.argv[1:count]
from codevault.service_process import main
sys.exit(main(sys.argv[1:]))
"""
_NEEDED: tuple[str, ...] = (
    "codevault",
    "msgspec",
    "blake3",
    "numpy",
    "psutil",
    "pygments",
    "tantivy",
    "tree_sitter",
    "zstandard",
    "zfec",
)
_NEEDED += ("tree_sitter_python", "networkx", "google_re2", "re2", "fastcdc", "git", "rapidfuzz")
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSession:
    """A stretch of coding on a project, as the service saw it: wall-clock nanoseconds, and the saves it counted."""

    project: ProjectId
    name: str
    client: str
    start_ns: int
    end_ns: int
    saves: int

    @property
    def duration_s(self) -> float:
        """Seconds from the first work to the last."""
        return (self.end_ns - self.start_ns) / 1e9


class Service:
    """The service of one vault. It is one process, however many of these speak of it.

    `timing` say when changes are to be safe, `chores` what else is done and on what budget; with `heartbeats` editors
    may tell of themselves in WakaTime's protocol. What is given here holds from the next start on, and is kept beside
    the vault; what is not given stays as it was.
    """

    def __init__(
        self,
        vault: str | os.PathLike[str] | Vault,
        *,
        timing: Timing | None = None,
        chores: Chores | None = None,
        heartbeats: bool | None = None,
    ) -> None:
        """`vault` is its folder.

        Raises:
            VaultMissing: there is none.
        """
        if isinstance(vault, Vault):
            self.path = vault.path
        else:
            with Vault.open(vault) as opened:  # whatever is wrong with it is said here, not by a process nobody hears
                self.path = opened.path
        given = {"timing": timing, "chores": chores, "heartbeats": heartbeats}
        self._given: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """True while the vault has a service, whoever started it."""
        return is_alive(self.path)

    def start(self, *, detached: bool = True, supervised: bool = False, wait_s: float = 60.0) -> Health:
        """Starts the service unless it runs, and waits until it says how it is.

        `detached`: it outlives this process; else it ends with it. `supervised`: a second, small process begins it
        again whenever it ends without being told to.

        Raises:
            ServiceError: it did not come up.
            StorageError: the vault's folder cannot be written.
        """
        if self.running:
            return self.health()
        self._keep()
        folder = service_folder(self.path)
        for name in (STOP, "state.json"):
            with suppress(OSError):
                (folder / name).unlink(missing_ok=True)
        self._child = self._spawn(detached=detached, supervised=supervised)
        until = time.monotonic() + wait_s
        while time.monotonic() < until:
            health = self.health()
            if health.running and health.pid:
                return health
            status = self._child.poll()
            if status is not None and not (status == BUSY and self.running):
                why = health.wrong[-1].what if health.wrong else ""
                raise ServiceError(f"the service ended at once (status {status}): {why}", self.path)
            time.sleep(_POLL_S)
        raise ServiceError(f"the service did not come up within {wait_s:.0f} s; its log may say why", self.path)

    def stop(self, *, wait_s: float = 60.0) -> None:
        """Asks the service to end, and waits for it; what it was at is given up, what it committed stays.

        Raises:
            ServiceError: it did not end in time.
            StorageError: the vault's folder cannot be written.
        """
        stop = service_folder(self.path) / STOP
        try:
            if self.running:
                stop.touch(mode=0o600)
            self._wait_for_end(wait_s)
        except OSError as exc:
            raise StorageError(stop, exc) from exc
        finally:
            with suppress(OSError):
                stop.unlink(missing_ok=True)
        if self._child is not None:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(wait_s)
            if self._child.stdin is not None:
                self._child.stdin.close()
            self._child = None

    def restart(self, *, wait_s: float = 60.0) -> Health:
        """Stops it, by force where it does not answer, and starts it."""
        try:
            self.stop(wait_s=wait_s / 2)
        except ServiceError:
            self._kill()
            self._wait_for_end(wait_s / 2)
        return self.start(wait_s=wait_s)

    def ensure(self, *, wait_s: float = 60.0) -> Health:
        """Starts it again if it ended without being told to; to be called now and then by whoever supervises."""
        health = self.health()
        return self.start(wait_s=wait_s) if health.stopped_silently else health

    def health(self) -> Health:
        """How it is: last good runs, exposure, what is promised, what it uses, what is wrong and what to do."""
        return hear(self.path)

    def settings(self) -> Settings:
        """What it works by, or will from the next start on."""
        return replace(load_settings(self.path), **self._given)

    def heartbeat_settings(self) -> str:
        """The lines for `~/.wakatime.cfg` that make editors' WakaTime plugins tell this service of their work.

        Raises:
            InvalidArgument: the service never ran with heartbeats, so it has no port yet.
        """
        settings = load_settings(self.path)
        if not settings.port:
            raise InvalidArgument("start the service once, with heartbeats: then it has a port")
        return f"[settings]\napi_url = http://127.0.0.1:{settings.port}/api/v1\napi_key = {settings.key}\n"

    def autostart(self, system: System) -> Autostart:
        """The file by which a system starts the service at login; it is not written anywhere.

        Raises:
            InvalidArgument: it is none of "systemd", "launchd", "windows".
        """
        name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:8]
        command = (sys.executable, "-I", "-m", "codevault.service_process", str(self.path))
        return autostart_for(system, self.path, command, name)

    def log(self) -> Iterator[Mapping[str, Any]]:
        """What it saw, decided and did, oldest first, as far back as the log reaches (about four million bytes)."""
        for line in read_log(service_folder(self.path)):
            with suppress(msgspec.MsgspecError):
                yield msgspec.json.decode(line, type=dict[str, Any])

    def replay(self) -> Replayed:
        """Makes every decision of the log again: which were made, and which would come out differently today."""
        lines = read_log(service_folder(self.path))
        return replay(line for line in _from_beginning(lines))

    def sessions(self, *, client: str | None = None) -> tuple[WorkSession, ...]:
        """Stretches of coding as far back as the log reaches, by start; of one client's projects, or of all."""
        with Vault.open(self.path) as vault:
            known = {project.id: project for project in vault.projects if client in {None, project.client}}
        edits, suspends = _edits(self.log())
        edits = [edit for edit in edits if edit.project in known]
        return tuple(
            WorkSession(
                project=found.project,
                name=known[found.project].name,
                client=known[found.project].client,
                start_ns=found.start_ns,
                end_ns=found.end_ns,
                saves=found.edits,
            )
            for found in sessions(edits, gap_s=self.settings().timing.gap_s, suspends=suspends)
        )

    def _keep(self) -> None:
        keep_settings(self.path, self.settings())

    def _spawn(self, *, detached: bool, supervised: bool) -> subprocess.Popen[bytes]:
        if not sys.executable:
            raise ServiceError("this Python does not know its own executable", self.path)
        options = [] if detached else ["--attached"]
        options += ["--supervised"] if supervised else []
        folders = tuple(dict.fromkeys(_folders()))
        new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)
        child = subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOTSTRAP, str(len(folders)), *folders, str(self.path), *options],
            stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.path,
            close_fds=True,
            start_new_session=detached,
            creationflags=quiet | (new_group if detached else 0),
        )
        threading.Thread(target=child.wait, daemon=True).start()  # its end is noticed, whatever becomes of us
        return child

    def _wait_for_end(self, wait_s: float) -> None:
        until = time.monotonic() + wait_s
        while self.running:
            if time.monotonic() >= until:
                raise ServiceError(
                    f"the service did not end within {wait_s:.0f} s; restart() ends it by force", self.path
                )
            time.sleep(_POLL_S)

    def _kill(self) -> None:
        import psutil

        health = self.health()
        with suppress(psutil.Error):
            process = psutil.Process(health.pid)
            if any("codevault" in argument for argument in process.cmdline()):  # a number may name another by now
                process.kill()


def _folders() -> Iterator[str]:
    """Where the packages lie: `-I` hides what is installed for the user alone or on PYTHONPATH."""
    for name in _NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            origin = Path(spec.origin).resolve()
            yield str(origin.parent.parent if origin.name.startswith("__init__.") else origin.parent)


def _from_beginning(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The lines from the first on that says where everything stood."""
    begun = False
    for line in lines:
        begun = begun or line.startswith(b'{"what":"begin"')
        if begun:
            yield line


def _edits(log: Iterator[Mapping[str, Any]]) -> tuple[list[Edit], list[int]]:
    """What a hand did, by the log, and when the machine fell asleep: on the wall clock."""
    edits: list[Edit] = []
    suspends: list[int] = []
    offset = last = 0
    for number, said in enumerate(log):
        if said.get("what") == "clock":
            offset = said["wall_ns"] - said["now_ns"]
        elif said.get("what") == "slept":
            suspends.append(last + 1)
        elif said.get("what") == "observed" and said["seen"]["hand"]:
            last = said["seen"]["at_ns"] + offset
            edits.append(Edit(project=ProjectId(said["seen"]["project"]), at_ns=last, path=str(number % 7)))
    return edits, suspends
