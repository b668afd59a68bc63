"""How a vault's service is, as a value, and the file by which it says so: what `Vault.health()` gives."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from codevault.activity.model import SourceState
from codevault.errors import CodeVaultError, VaultBusy
from codevault.ids import ProjectId
from codevault.store.filesystem import DiskFileSystem
from codevault.store.yielding import service_folder

STATE = "state.json"
SILENT_S = 120.0
"""Seconds without a sign of life after which a service that is there counts as hung."""

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that is wrong, and what to do about it."""

    what: str
    advice: str
    project: ProjectId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectHealth:
    """One project.

    `last_good_ns`: when it was last backed up or found unchanged (wall clock), 0 for not yet by this service.
    `unsaved_s`: how old its oldest change is that is not safe, 0.0 when all is. `failures` in a row, `why` the last.
    """

    project: ProjectId
    name: str
    last_good_ns: int = 0
    unsaved_s: float = 0.0
    failures: int = 0
    why: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a service is, or that there is none.

    `promise_s`: if the machine dies now, at most so many seconds of saved work are lost; None while nobody protects it.
    `unsaved_s`: how old the oldest change is that is not safe now. `lag_s`: how much later than it should the service
    looked last. `cpu_share` and `budget_share` are shares of the whole machine, over the last minutes; `memory_bytes`
    those of all its processes. `stopped_silently`: it neither runs nor was it told to stop. `said_ns` is when it last
    said how it is (wall clock). `verified_ns`: when it last verified a part of the vault.
    """

    running: bool = False
    stopped_silently: bool = False
    pid: int = 0
    started_ns: int = 0
    said_ns: int = 0
    promise_s: float | None = None
    unsaved_s: float = 0.0
    lag_s: float = 0.0
    busy: str = ""
    cpu_share: float = 0.0
    budget_share: float = 0.0
    memory_bytes: int = 0
    backups: int = 0
    verified_ns: int = 0
    heartbeat_port: int = 0
    projects: tuple[ProjectHealth, ...] = ()
    sources: tuple[SourceState, ...] = ()
    wrong: tuple[Trouble, ...] = ()

    @property
    def ok(self) -> bool:
        """True when it runs and nothing is wrong."""
        return self.running and not self.wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the service writes into its file. `at_s` is the instant by the clock of the machine's uptime."""

    health: Health
    at_s: float
    ended: bool = False


def uptime_s() -> float:
    """A clock that all processes of this machine share and nobody sets; it may stand still while the machine sleeps."""
    return time.monotonic()


def say(root: Path, said: Said) -> None:
    """Writes the file, unsynced; a disk that refuses costs only that nobody hears."""
    folder = service_folder(root)
    temporary = folder / f"{STATE}.tmp"
    with suppress(OSError):
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(said))
        os.replace(temporary, folder / STATE)


def hear(root: Path, *, now_s: Callable[[], float] = uptime_s) -> Health:
    """How the vault's service is, by what it last said and by whether it still holds its lock."""
    if not root.is_dir():
        advice = "bring it back, or open the vault where it lies now"
        return Health(wrong=(Trouble(what="the vault's folder is not there", advice=advice),))
    said = _said(service_folder(root) / STATE)
    alive = is_alive(root)
    if said is None:
        if alive:
            starting = Trouble(what="the service is starting", advice="ask again in a moment")
            return Health(running=True, wrong=(starting,))
        none = Trouble(what="no service runs: nothing is backed up by itself", advice="Service(vault).start()")
        return Health(wrong=(none,))
    if not alive:
        return _stopped(said)
    silent = max(0.0, now_s() - said.at_s)
    if silent < SILENT_S:
        return said.health
    hung = Trouble(
        what=f"the service gave no sign of life for {silent / 60:.0f} minutes",
        advice="Service(vault).restart(); its log says what it was at",
    )
    return replace(said.health, lag_s=silent, promise_s=None, wrong=(hung, *said.health.wrong))


def is_alive(root: Path) -> bool:
    """True while a service of this vault holds its lock, whatever else it does."""
    folder = service_folder(root)
    if not folder.is_dir():
        return False
    try:
        DiskFileSystem().lock(folder / "lock", "somebody who asks").release()
    except VaultBusy:
        return True
    except CodeVaultError:
        return False
    return False


def _stopped(said: Said) -> Health:
    if said.ended:
        trouble = Trouble(
            what="the service was stopped: nothing is backed up by itself", advice="Service(vault).start()"
        )
    else:
        trouble = Trouble(
            what="the service ended without being told to: nothing has been backed up by itself since",
            advice="Service(vault).start(); its log says what it was at; autostart() brings it back by itself",
        )
    return replace(
        said.health,
        running=False,
        stopped_silently=not said.ended,
        pid=0,
        busy="",
        promise_s=None,
        heartbeat_port=0,
        wrong=(trouble, *said.health.wrong),
    )


def _said(path: Path) -> Said | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_LARGEST), type=Said)
    except (OSError, msgspec.MsgspecError, ValueError):
        return None
