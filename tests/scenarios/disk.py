"""The loop of the service over a real vault and folder and the file events of the system, on a clock that is set."""

from __future__ import annotations

from pathlib import Path

from codevault import Chores, Snapshot, Timing, Vault
from codevault.activity.files import FileWatch
from codevault.activity.inotify import inotify
from codevault.activity.model import SECOND_NS
from codevault.service_engine import Engine
from codevault.service_process import ServedVault
from tests.service.fakes import FakeMachine, StepExecutor

NO_CHORES = Chores(reconcile_s=0, analyse_s=0, verify_s=0, tidy_s=0)


class Disk:
    """One project, watched, whose first backup is made."""

    def __init__(self, folder: Path, *, chores: Chores = NO_CHORES) -> None:
        self.root = folder / "shop"
        self.root.mkdir(exist_ok=True)
        self.vault = Vault.create(folder / "vault", workers=1)
        self.vault.projects.add(self.root)
        self.machine = FakeMachine()
        self.files = FileWatch(inotify())
        self.engine = Engine(
            ServedVault(self.vault), [self.files], self.machine, StepExecutor(), timing=Timing(), chores=chores
        )
        self.pass_(2)

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """All there are."""
        return self.vault.snapshots("shop")

    @property
    def held(self) -> dict[str, bytes]:
        """What the last snapshot holds."""
        found = self.vault.files(self.snapshots[-1])
        return {entry.path: self.vault.read(entry.blob) for entry in found if entry.blob is not None}

    def pass_(self, seconds: float) -> None:
        """Time passes, the loop looking every second."""
        until = self.machine.at_ns + round(seconds * SECOND_NS)
        while self.machine.at_ns < until:
            self.machine.at_ns += SECOND_NS
            self.engine.tick()

    def close(self) -> None:
        """Stops watching."""
        self.engine.stop()
        self.vault.close()
