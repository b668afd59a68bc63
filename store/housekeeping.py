"""`store.housekeeping`: the space a vault takes. Thinning and pruning, undoing it, keepsakes, limits, who uses what."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType

from codevault.errors import DamageError
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.store.attribution import Attribution, attribute
from codevault.store.compacting import Compacted, CompactPlan, compact, plan_compact
from codevault.store.erasing import Erased, ErasePlan, erase, plan_erase
from codevault.store.erasures import Erasure, erasures_of
from codevault.store.keepsakes import Keepsake, Span, keep, keepsakes_of, release
from codevault.store.limits import Allowance, Limits, read_space, release_reserve, set_limits
from codevault.store.model import Snapshot
from codevault.store.pruning import SHARE, Pruned, PrunePlan, plan_prune, prune
from codevault.store.thinning import Retention
from codevault.store.turns import Turn
from codevault.store.undoing import thinned_snapshots, undo
from codevault.store.vaultstate import VaultState


def allowance(state: VaultState, project: ProjectId | None) -> Allowance:
    """What a run may write; one for a project with a share counts what the project has, at the cost of `attribute`."""
    try:
        share = read_space(state).limits.shares.get(project) if project is not None else None
    except DamageError:  # verify() tells
        share = None
    if project is None or share is None:
        return Allowance(state)
    return Allowance(state, share=share, used_of_share=attribute(state).own.get(project, 0))


class Housekeeping:
    """Reading takes no turn; what changes the vault takes the writer's, and raises `VaultBusy` when another has it."""

    def __init__(self, opened: Callable[[], VaultState], turn: Callable[[], Turn]) -> None:
        self._opened = opened
        self._turn = turn

    def plan(
        self,
        retention: Retention | None = None,
        *,
        projects: Collection[ProjectId] | None = None,
        share: float = SHARE,
        report: Reporter | None = None,
    ) -> PrunePlan:
        """What a prune would do, to the byte; without a retention it only frees what nothing needs any more.

        Raises:
            InvalidArgument, UnknownSnapshot: a retention or share that means nothing.
            Cancelled: through `report`.
        """
        state = self._opened()
        state.rescan()
        return plan_prune(state, retention, now_ns=state.clock(), projects=projects, share=share, report=report)

    def prune(
        self,
        plan: PrunePlan,
        *,
        acknowledged: Collection[str] = (),
        keep: Iterable[Span] = (),
        report: Reporter | None = None,
    ) -> Pruned:
        """Does a plan, after keeping the spans of `keep`, which it may take from what goes.

        Raises:
            PruneRefused: the vault changed since, or a reason in `plan.frozen` is not among `acknowledged`.
            VaultBusy, StorageFull, StorageError: what should be there is.
            Cancelled: through `report`; what was done stays done.
        """
        with self._turn() as turn:
            return prune(turn, plan, acknowledged=acknowledged, spans=keep, report=report)

    def plan_compact(self, *, report: Reporter | None = None) -> CompactPlan:
        """What `compact` would do: what it replaces exactly, what comes of it as an estimate.

        Raises:
            Cancelled: through `report`.
        """
        state = self._opened()
        state.rescan()
        return plan_compact(state, report)

    def compact(self, *, report: Reporter | None = None) -> Compacted:
        """Chooses bases and solid frames anew over all that is needed, and drops the rest.

        Raises:
            VaultBusy, StorageFull, StorageError: nothing is lost, and nothing more is taken than before.
            Cancelled: through `report`; what was finished stays, and the next run goes on from there.
        """
        with self._turn() as turn:
            return compact(turn, report)

    def plan_erase(self, projects: Collection[ProjectId], *, report: Reporter | None = None) -> ErasePlan:
        """What erasing projects would take, to the byte, and what of theirs stays because others have it too.

        Raises:
            InvalidArgument: none, or no ids of projects.
            DamageError, StorageError: the vault cannot be read.
            Cancelled: through `report`.
        """
        state = self._opened()
        state.rescan()
        return plan_erase(state, projects, report)

    def erase(
        self,
        plan: ErasePlan,
        *,
        acknowledged: Collection[str] = (),
        note: str = "",
        forget: Callable[[], Iterable[str]] = tuple,
        documents: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
        report: Reporter | None = None,
    ) -> Erased:
        """Does a plan, for good; `forget` is called before the documents go, and says what it could not forget.

        `documents` take the place of those of their names, of which no copy is left.

        Raises:
            EraseRefused: the vault changed since, a pack is damaged, or a reason in `plan.frozen` is not acknowledged.
            VaultBusy, StorageFull, StorageError: all that others need is there; the same can be erased again.
            Cancelled: through `report`, before anything was deleted.
        """
        with self._turn() as turn:
            return erase(
                turn,
                plan,
                acknowledged=acknowledged,
                note=note,
                forget=forget,
                documents=documents,
                report=report,
            )

    def erasures(self) -> tuple[Erasure, ...]:
        """Everything that was erased from this vault, oldest first.

        Raises:
            RecordDamaged: the document that says so was changed.
        """
        return erasures_of(self._opened())

    def thinned(self, project: ProjectId | None = None) -> tuple[Snapshot, ...]:
        """Snapshots that left the history and can be put back, by project and sequence."""
        found = (gone.snapshot for gone in thinned_snapshots(self._opened(), {}))
        return tuple(snapshot for snapshot in found if project in {None, snapshot.project})

    def undo(self, snapshots: Collection[SnapshotId]) -> tuple[Snapshot, ...]:
        """Puts thinned snapshots back, all or none.

        Raises:
            UnknownSnapshot: one of them cannot be put back.
            VaultBusy, StorageFull, StorageError: the rest stays thinned.
        """
        with self._turn() as turn:
            return undo(turn, snapshots)

    def keep(self, spans: Iterable[Span]) -> tuple[Keepsake, ...]:
        """Keeps parts of blobs as blobs of their own, until they are released.

        Raises:
            InvalidArgument, BlobMissing, BlobDamaged: a span that cannot be cut.
            VaultBusy, StorageFull, StorageError: some projects' spans are kept, or none.
        """
        with self._turn() as turn:
            return keep(turn, spans)

    def keepsakes(self, project: ProjectId) -> tuple[Keepsake, ...]:
        """What is kept for a project, in the order it was asked for; `Store.read` gives the texts.

        Raises:
            DamageError: their list cannot be read.
        """
        return keepsakes_of(self._opened(), project)

    def release(self, project: ProjectId, texts: Collection[BlobId]) -> None:
        """Forgets keepsakes by the blobs they are; a prune frees them.

        Raises:
            DamageError: their list cannot be read.
            VaultBusy, StorageFull, StorageError: all are still kept.
        """
        with self._turn() as turn:
            release(turn, project, texts)

    def limits(self) -> Limits:
        """What the vault may take.

        Raises:
            RecordDamaged: limits.json was changed.
        """
        return read_space(self._opened()).limits

    def set_limits(self, limits: Limits) -> None:
        """Replaces what the vault may take, at once for every later run.

        Raises:
            VaultBusy, StorageFull, StorageError: the old limits stay.
        """
        with self._turn() as turn:
            set_limits(turn, limits)

    def release_reserve(self) -> bool:
        """Gives the reserve back to a full disk, for whatever has to be written to free it; False when there is none.

        The next run makes it again.

        Raises:
            StorageError: it cannot be removed.
        """
        return release_reserve(self._opened())

    def attribution(self, *, report: Reporter | None = None) -> Attribution:
        """Whose the stored bytes are. Reads every manifest once.

        Raises:
            Cancelled: through `report`.
        """
        state = self._opened()
        state.rescan()
        return attribute(state, report=report)
