"""`vault.closing`: what is done when a client leaves. Everything is handed over, then everything is erased."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from codevault.arguments import check_cancel, check_texts, check_type, checked_path
from codevault.contexts import Chosen, Context, fitting
from codevault.errors import CodeVaultError, InvalidArgument
from codevault.exporting import Exported, ExportPlan, export
from codevault.ids import ProjectId
from codevault.indexing import IndexKeeper
from codevault.jobs import CancelToken, ProgressCallback, Reporter
from codevault.policy.rulesfile import VAULT_FILE
from codevault.projects.documents import Documents
from codevault.projects.model import Project
from codevault.projects.registry import ProjectKey, Projects
from codevault.projects.traces import Traces
from codevault.restore_model import Restored, RestorePlan
from codevault.spool import EVENTS
from codevault.store.erasing import Erased, ErasePlan
from codevault.store.erasures import Erasure
from codevault.store.store import Store

Chosens = tuple[tuple[Chosen, ...], tuple[tuple[Project, str], ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What closing asks of its vault: which snapshots are meant, a plan and a restore of one, and a new index."""

    choose: Callable[[Context, object], Chosens]
    plan: Callable[[Chosen, Path], RestorePlan]
    restore: Callable[[Chosen, Path, ProgressCallback | None, CancelToken | None], Restored]
    learn: Callable[[], None]


class Closing:
    """Export first, look at the plan of the erasure, then erase: three calls, each of which can be repeated."""

    def __init__(
        self, store: Callable[[], Store], projects: Projects, index: IndexKeeper, ways: Ways, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._projects = projects
        self._index = index
        self._ways = ways
        self._clock = clock

    def plan_export(
        self,
        project: ProjectKey | Collection[ProjectKey] | None = None,
        *,
        to: str | os.PathLike[str],
        client: str = "",
        tag: str = "",
        at: str | datetime | None = None,
    ) -> ExportPlan:
        """Says what `export` would write, and what of it is not at hand, writing nothing.

        Raises:
            UnknownProject: no such project, or none fits.
            InvalidArgument: neither project nor client nor tag, or no moment.
            RestoreRefused: the place lies in the vault.
        """
        self._store()
        target = Path(os.path.abspath(os.path.expanduser(checked_path(to))))
        chosen, skipped = self._ways.choose(self._meant(project, client=client, tag=tag), at)
        plans = [self._ways.plan(one, target) for one in chosen]
        return ExportPlan(
            target=target,
            chosen=chosen,
            skipped=skipped,
            files=sum(len(plan.entries) for plan in plans),
            bytes=sum(plan.bytes for plan in plans),
            left=sum(len(plan.references) for plan in plans),
        )

    def export(
        self,
        project: ProjectKey | Collection[ProjectKey] | None = None,
        *,
        to: str | os.PathLike[str],
        client: str = "",
        tag: str = "",
        at: str | datetime | None = None,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Exported:
        """Writes projects, or all of a client, as of `at` into a new folder, `NAME.tar.zst` or `NAME.zip`.

        One folder a project, contents byte for byte, what could run something under a name that nothing runs; with
        README.txt, sums of every file, and what the vault knew of the projects. An archive is read back and compared.
        A .zip keeps times to two seconds.

        Raises:
            UnknownProject, InvalidArgument: as `plan_export`.
            RestoreRefused: the place is taken, in the vault, or cannot be written; nothing is left there.
            Cancelled: the token was set; nothing is left there.
        """
        check_cancel(cancel)
        plan = self.plan_export(project, to=to, client=client, tag=tag, at=at)

        def give(one: Chosen, folder: Path) -> Restored:
            return self._ways.restore(one, folder, progress, cancel)

        vault = self._store().vault_id
        return export(plan, give, log_of=self._projects.log, vault=vault, now_ns=self._clock())

    def plan_erasure(
        self,
        project: ProjectKey | Collection[ProjectKey] | None = None,
        *,
        client: str = "",
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> ErasePlan:
        """Says what erasing projects, or all of a client, would take for good: exactly how many bytes, and which files.

        What others have in common with them stays, and is counted in `.shared`. Writes nothing.

        Raises:
            UnknownProject: no such project, or none of that client.
            InvalidArgument: neither project nor client.
            Cancelled: the token was set.
        """
        check_cancel(cancel)
        wanted = [one.id for one in fitting(self._projects, self._meant(project, client=client), None)]
        return self._store().housekeeping.plan_erase(wanted, report=Reporter(progress, cancel))

    def erase(
        self,
        plan: ErasePlan,
        *,
        note: str = "",
        acknowledged: Collection[str] = (),
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Erased:
        """Does what a plan says, for good. There is no way back: `export` first, and keep what it made.

        Afterwards no file of the vault holds anything that only these projects had: packs, parity, copies of records,
        bundles, quarantine, cache, events; saved views and rules for tags that name them go, with their log. Contents
        that other projects share stay for them. `.problems` of the result name what may be left, as lines of your own
        policy.toml do, `.complete` says that there is nothing; the vault keeps a record (`erasures`), with `note`, and
        none of what was erased. What a disk keeps of deleted files, and copies of the vault elsewhere, are not reached.
        The index is made again by the next `analyse()`. If it is stopped, plan and erase again; projects that are
        unknown by then are erased (see `erasures`).

        Raises:
            EraseRefused: the vault changed since the plan, is damaged, or something in `plan.frozen` is not
                `acknowledged`; nothing was erased.
            VaultBusy: another writer is at work.
            StorageFull, StorageError: what others need is there; the same can be erased again.
            Cancelled: the token was set; nothing was erased.
        """
        check_type("plan", plan, ErasePlan)
        check_texts(note=note)
        check_cancel(cancel)
        store = self._store()
        documents = Documents(store)
        traces = Traces.of(documents, plan.projects)
        done = store.housekeeping.erase(
            plan,
            acknowledged=acknowledged,
            note=note,
            forget=lambda: tuple(self._forget(plan.projects)),
            documents=traces.documents(documents),
            report=Reporter(progress, cancel),
        )
        with suppress(CodeVaultError):  # the next call that needs the index tells it all
            self._ways.learn()
        return replace(done, problems=(*done.problems, *_named_in_rules(Path(store.root), traces)))

    def erasures(self) -> tuple[Erasure, ...]:
        """What was erased from this vault, oldest first: when, how much, and why, but nothing of what it was.

        Raises:
            RecordDamaged: the record was changed.
        """
        return self._store().housekeeping.erasures()

    def _meant(self, project: ProjectKey | Collection[ProjectKey] | None, *, client: str, tag: str = "") -> Context:
        if project is None:
            return Context(client=client, tag=tag)
        if client or tag:
            raise InvalidArgument("give projects, or a client or tag, not both")
        several = not isinstance(project, Project | str | os.PathLike) and isinstance(project, Collection)
        keys = project if several else (project,)
        found = {one.id: one for one in (self._projects.get(key) for key in keys)}  # type: ignore[union-attr, arg-type]  # sorted out
        if not found:
            raise InvalidArgument("give at least one project")
        return Context(projects=tuple(found.values()))

    def _forget(self, projects: Collection[ProjectId]) -> Iterator[str]:
        """Everything that is derived, and events of the projects' hooks: index, caches, spool."""
        root = Path(self._store().root)
        try:
            self._index.discard()
        except CodeVaultError as exc:
            yield f"cache/ could not be emptied: {exc}"
        yield from _left_below(root / "cache")
        try:
            _forget_events(root / "spool", projects)
        except OSError as exc:
            yield f"spool/ could not be cleaned: {exc.strerror}"


def _named_in_rules(root: Path, traces: Traces) -> Iterator[str]:
    """Where the owner's own rules name what was erased; they are his to change."""
    with suppress(OSError):
        text = (root / VAULT_FILE).read_text("utf-8", "replace")
        for line, word in traces.in_text(text):
            yield f"{VAULT_FILE}, line {line} names {word!r}: take it out with policies.put()"


def _left_below(cache: Path) -> Iterator[str]:
    for entry in sorted(cache.iterdir()) if cache.is_dir() else ():
        if entry.is_dir() and not entry.is_symlink():
            yield f"cache/{entry.name} could not be removed"


def _forget_events(spool: Path, projects: Iterable[ProjectId]) -> None:
    """Lines of these projects go; nobody needs them: the projects are none any more."""
    marks = tuple(f"{project} ".encode() for project in projects)
    for path in sorted(spool.glob(f"{EVENTS}*")) if spool.is_dir() else ():
        if path.is_file() and not path.is_symlink():
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not line.startswith(marks)]
            if len(kept) < len(lines):
                path.write_bytes(b"".join(kept))
