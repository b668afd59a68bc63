"""`vault.submit`: the long operations again, each in a thread of its own, as a `Job`."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, TypeVar

from codevault.backup import Backup
from codevault.commits import ImportedHistory
from codevault.extras import FileAttribute
from codevault.ids import SnapshotId
from codevault.jobs import CancelToken, Job, ProgressCallback
from codevault.projects.registry import ProjectKey
from codevault.references import SnapshotKey
from codevault.replicas.model import Replicated
from codevault.restore_model import Restored
from codevault.store.compacting import Compacted
from codevault.store.donors import Donor
from codevault.store.model import RepairReport, Snapshot, VerifyReport
from codevault.store.pruning import Pruned, PrunePlan
from codevault.store.thinning import STANDARD, Retention
from codevault.store.verifying import VerifyMode
from codevault.understanding import Understanding

if TYPE_CHECKING:
    from codevault.vault import Vault

T = TypeVar("T")


class Submit:
    """Each method returns at once; reading and searching go on. Backups and prunes of one vault take turns."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._turn = threading.Lock()

    def backup(
        self, project: ProjectKey, *, reason: str = "", kind: str = "manual", progress: ProgressCallback | None = None
    ) -> Job[Backup]:
        """`vault.backup()` as a job."""
        return Job(
            lambda note, token: self._in_turn(
                token,
                lambda: self._vault.backup(project, reason=reason, kind=kind, progress=note, cancel=token),
            ),
            progress,
        )

    def import_history(self, project: ProjectKey, *, progress: ProgressCallback | None = None) -> Job[ImportedHistory]:
        """`vault.projects.import_history()` as a job."""
        return Job(
            lambda note, token: self._in_turn(
                token, lambda: self._vault.projects.import_history(project, progress=note, cancel=token)
            ),
            progress,
        )

    def analyse(
        self,
        *,
        snapshot: Snapshot | Backup | SnapshotId | None = None,
        share: float | None = None,
        executor: Executor | None = None,
        progress: ProgressCallback | None = None,
    ) -> Job[Understanding]:
        """`vault.analyse()` as a job, which also pauses."""
        return Job(
            lambda note, token: self._vault.analyse(
                snapshot=snapshot, share=share, executor=executor, progress=note, cancel=token
            ),
            progress,
        )

    def restore(
        self,
        project: ProjectKey,
        *,
        to: str | os.PathLike[str],
        at: SnapshotKey = None,
        paths: Collection[str] = (),
        clone: str | os.PathLike[str] | None = None,
        live: bool = False,
        overwrite: bool = False,
        attributes: Collection[FileAttribute] = (),
        progress: ProgressCallback | None = None,
    ) -> Job[Restored]:
        """`vault.restore()` as a job."""
        return Job(
            lambda note, token: self._vault.restore(
                project,
                to=to,
                at=at,
                paths=paths,
                clone=clone,
                live=live,
                overwrite=overwrite,
                attributes=attributes,
                progress=note,
                cancel=token,
            ),
            progress,
        )

    def verify(
        self, mode: VerifyMode = "full", *, budget_bytes: int | None = None, progress: ProgressCallback | None = None
    ) -> Job[VerifyReport]:
        """`vault.verify()` as a job."""
        return Job(
            lambda note, token: self._vault.verify(mode, budget_bytes=budget_bytes, progress=note, cancel=token),
            progress,
        )

    def replicate(
        self,
        target: str | os.PathLike[str],
        *,
        recipients: Collection[str] = (),
        options: Mapping[str, object] | None = None,
        verify: bool = False,
        acknowledge: bool = False,
        bytes_per_second: int | None = None,
        progress: ProgressCallback | None = None,
    ) -> Job[Replicated]:
        """`vault.replicate()` as a job."""
        return Job(
            lambda note, token: self._vault.replicate(
                target,
                recipients=recipients,
                options=options,
                verify=verify,
                acknowledge=acknowledge,
                bytes_per_second=bytes_per_second,
                progress=note,
                cancel=token,
            ),
            progress,
        )

    def repair(
        self,
        *,
        plan: bool = False,
        donors: Iterable[Vault | Donor] = (),
        live: bool = True,
        progress: ProgressCallback | None = None,
    ) -> Job[RepairReport]:
        """`vault.repair()` as a job."""
        given = tuple(donors)
        return Job(
            lambda note, token: self._in_turn(
                token, lambda: self._vault.repair(plan=plan, donors=given, live=live, progress=note, cancel=token)
            ),
            progress,
        )

    def rebuild(self, *, share: float | None = None, progress: ProgressCallback | None = None) -> Job[Understanding]:
        """`vault.rebuild()` as a job."""
        return Job(lambda note, token: self._vault.rebuild(share=share, progress=note, cancel=token), progress)

    def prune(
        self,
        retention: Retention | PrunePlan | None = STANDARD,
        *,
        projects: Collection[ProjectKey] | None = None,
        acknowledged: Collection[str] = (),
        progress: ProgressCallback | None = None,
    ) -> Job[Pruned]:
        """`vault.prune()` as a job."""
        return Job(
            lambda note, token: self._in_turn(
                token,
                lambda: self._vault.prune(
                    retention, projects=projects, acknowledged=acknowledged, progress=note, cancel=token
                ),
            ),
            progress,
        )

    def compact(self, *, progress: ProgressCallback | None = None) -> Job[Compacted]:
        """`vault.compact()` as a job."""
        return Job(
            lambda note, token: self._in_turn(token, lambda: self._vault.compact(progress=note, cancel=token)), progress
        )

    def _in_turn(self, token: CancelToken, run: Callable[[], T]) -> T:
        while not self._turn.acquire(timeout=0.05):
            token.check()
        try:
            return run()
        finally:
            self._turn.release()
