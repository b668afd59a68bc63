"""Prune: a plan that says what goes, why, and how many bytes come back; then exactly that plan.

Acting, in order: records of thinned snapshots go, then whole packs, then packs written anew one by one. Each step is
durable before the next, so a run that dies leaves a vault that holds all it should, and perhaps more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from codevault.errors import DamageError, InvalidArgument, PruneRefused, StorageFull, UnknownSnapshot
from codevault.ids import PackId, ProjectId
from codevault.jobs import Reporter
from codevault.store.keepsakes import Keepsake, Span, keep
from codevault.store.layout import pack_of, sidecar_of
from codevault.store.limits import keep_reserve, read_space, record_acknowledged, with_reserve
from codevault.store.model import Snapshot
from codevault.store.packfile import PackFile
from codevault.store.publishing import read_back_failed
from codevault.store.reachability import ManifestSteps, Reachability, needed_by_vault
from codevault.store.records import LoggedFile, hash_of
from codevault.store.sidecars import protect
from codevault.store.swapping import retire
from codevault.store.thinning import (
    Judgement,
    Retention,
    Turnover,
    UndoWindow,
    change_suspicion,
    clock_suspicions,
    judge,
)
from codevault.store.turns import Turn
from codevault.store.undoing import Chronicle, chronicle, leftovers, set_aside, thinned_snapshots
from codevault.store.vaultstate import VaultState
from codevault.store.waste import Rewrite, by_pack, find_waste, frames_of, reads

SHARE = 0.2
"""Part of a pack that has to be dead before its rest is copied: less gives little back for much writing."""
_LOOK_BACK = 50
_BLOCK = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePlan:
    """What a prune would do. `prune` does exactly this, or refuses because the vault changed since.

    `judged`: for each project all its snapshots, which stay and why. `thin`: those that leave the history now, and can
    be put back until the undo window is over; `expire`: those that go for good, thinned earlier or, without a window,
    now. `drop`: packs that vanish whole; `rewrite`: packs made of what lives in others. `freed` is exact: packs, their
    parity and records that go, less the packs written; outside of it are the log's own new records and the parity of
    the packs written. `frozen`: why it should not be done; acting takes an acknowledgement of each.
    """

    judged: Mapping[ProjectId, tuple[Judgement, ...]] = field(hash=False)
    retention: Retention | None
    thin: tuple[Snapshot, ...]
    expire: tuple[Snapshot, ...]
    drop: tuple[PackId, ...]
    rewrite: tuple[Rewrite, ...]
    freed: int
    frozen: tuple[str, ...]
    as_of: str

    @property
    def goes(self) -> frozenset[PackId]:
        """The packs that will not be there afterwards."""
        return frozenset((*self.drop, *(pack for rewrite in self.rewrite for pack in rewrite.packs)))

    @property
    def written(self) -> int:
        """Bytes of the packs that are written anew."""
        return sum(rewrite.bytes for rewrite in self.rewrite)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What a prune did. `freed` is what came back; less than planned only with `problems`, which say why."""

    plan: PrunePlan
    freed: int
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True when all of the plan was done."""
        return not self.problems


def plan_prune(
    state: VaultState,
    retention: Retention | None,
    *,
    now_ns: int,
    projects: Collection[ProjectId] | None = None,
    share: float = SHARE,
    report: Reporter | None = None,
) -> PrunePlan:
    """Plans a prune of all projects' history, or of some; waste is looked for everywhere. Writes nothing.

    Without a retention nothing is thinned, and nothing that was loses its way back.

    Raises:
        InvalidArgument: `share` is none.
        UnknownSnapshot: a pinned snapshot does not exist: a slip there would thin what was to be kept.
        Cancelled: through `report`.
    """
    if not isinstance(share, int | float) or not 0 <= share <= 1:
        raise InvalidArgument(f"share is a part of a pack from 0 to 1, not {share!r:.40}")
    seen = chronicle(state)
    lost: dict[str, None] = dict.fromkeys(seen.lost)
    histories = {project: _history(state, project, lost) for project in state.projects()}
    if retention is not None:
        _check_pinned(retention, histories)
    chosen = {p: found for p, found in histories.items() if projects is None or p in projects}
    judged = {p: judge(found, retention) for p, found in chosen.items() if found} if retention is not None else {}
    leaving = tuple(one.snapshot for found in judged.values() for one in found if not one.keep)
    over, record_bytes = _over(state, seen, None if retention is None else retention.undo, projects, lost)
    at_once = retention is not None and retention.undo.closed
    thin, expire = ((), (*leaving, *over)) if at_once else (leaving, over)
    reach = needed_by_vault(state, without={snapshot.id for snapshot in expire}, report=report)
    waste = find_waste(state, reach, share=share)
    lost.update(reach.lost)
    if at_once:
        record_bytes += sum(_record_bytes(state, snapshot) for snapshot in leaving)
    sizes = pack_sizes(state)
    gone = [*waste.drop, *(pack for rewrite in waste.rewrite for pack in rewrite.packs)]
    return PrunePlan(
        judged=judged,
        retention=retention,
        thin=thin,
        expire=expire,
        drop=waste.drop,
        rewrite=waste.rewrite,
        freed=record_bytes + sum(sizes[pack] for pack in gone) - sum(rewrite.bytes for rewrite in waste.rewrite),
        frozen=(*_damages(state, lost), *(_suspicions(state, chosen, now_ns) if leaving or over else ())),
        as_of=fingerprint(state),
    )


def prune(
    turn: Turn,
    plan: PrunePlan,
    *,
    acknowledged: Collection[str] = (),
    spans: Iterable[Span] = (),
    report: Reporter | None = None,
) -> Pruned:
    """Does what the plan says, after keeping `spans`. What it did stays done if it is stopped; a new plan has the rest.

    A pack that turns out to hold what is kept stays, and `problems` say so.

    Raises:
        PruneRefused: the vault changed since, or a reason in `plan.frozen` is not among `acknowledged`.
        StorageFull, StorageError: every snapshot that should be there is.
        Cancelled: through `report`.
    """
    state = turn.state
    _check(state, plan, acknowledged)
    report = report or Reporter()
    if plan.frozen:
        sequences = {project: found[-1].snapshot.sequence for project, found in plan.judged.items()}
        with_reserve(turn, lambda: record_acknowledged(turn, sequences))
    wanted = tuple(spans)
    kept = with_reserve(turn, lambda: keep(turn, wanted)) if wanted else ()
    spared = _packs_of(state, kept)
    problems = [f"{len(spared & plan.goes)} packs stay, for they hold what was kept"] if spared & plan.goes else []
    before = sum(pack_sizes(state).values())
    records = _leaving_records(state, plan)
    with_reserve(turn, lambda: _remove(turn, plan, records, spared))
    problems += _rewrite(turn, [one for one in plan.rewrite if not spared & set(one.packs)], report)
    freed = sum(records.values()) + before - sum(pack_sizes(state).values())
    protect(state)
    keep_reserve(state)
    state.save_catalog()
    return Pruned(plan=plan, freed=freed, problems=tuple(problems))


def _check(state: VaultState, plan: PrunePlan, acknowledged: Collection[str]) -> None:
    if fingerprint(state) != plan.as_of:
        raise PruneRefused("the vault changed since this was planned: plan again", ())
    unseen = tuple(reason for reason in plan.frozen if reason not in acknowledged)
    if unseen:
        raise PruneRefused(f"thinning is frozen: {unseen[0]}; see to it, then acknowledge each of plan.frozen", unseen)


def _packs_of(state: VaultState, kept: Iterable[Keepsake]) -> frozenset[PackId]:
    """Packs that hold keepsakes or what these rest on: content that was there before is not stored again."""
    reach = Reachability(state)
    for keepsake in kept:
        reach.add_blob(keepsake.text)
    return reach.packs()


def _rewrite(turn: Turn, rewrites: Sequence[Rewrite], report: Reporter) -> list[str]:
    problems: list[str] = []
    for done, rewrite in enumerate(rewrites):
        report.step("rewriting", done, len(rewrites))
        try:
            problem = _write_anew(turn, rewrite)
        except StorageFull as exc:
            turn.look_again()  # a name that was given may not be durable yet, and the next run will build on it
            return [*problems, f"{len(rewrites) - done} packs could not be written anew: {exc}"]
        if problem is not None:
            problems.append(problem)
    return problems


def _history(state: VaultState, project: ProjectId, lost: dict[str, None]) -> list[Snapshot]:
    found = []
    for _, named in state.snapshot_names(project):
        try:
            found.append(state.snapshot(project, named))
        except DamageError as exc:
            lost[str(exc)] = None
    return found


def _check_pinned(retention: Retention, histories: Mapping[ProjectId, Iterable[Snapshot]]) -> None:
    known = {snapshot.id for found in histories.values() for snapshot in found}
    for named in retention.pinned:
        if named not in known:
            raise UnknownSnapshot(f"the retention pins {named}, and no snapshot has that id")


def _over(
    state: VaultState,
    seen: Chronicle,
    window: UndoWindow | None,
    projects: Collection[ProjectId] | None,
    lost: dict[str, None],
) -> tuple[tuple[Snapshot, ...], int]:
    """Thinned snapshots whose undo window is over, and the bytes of records under thinned/ that go."""
    found = [
        gone
        for gone in thinned_snapshots(state, lost)
        if window is not None
        and (projects is None or gone.snapshot.project in projects)
        and seen.is_over(state.layout.relative(gone.file), window)
    ]
    records = sum(gone.bytes for gone in found) + sum(size for _, size in leftovers(state))
    return tuple(gone.snapshot for gone in found), records


def _damages(state: VaultState, lost: Iterable[str]) -> list[str]:
    """Why not all that is needed may be known: deleting then could take what repair() would have saved."""
    found = list(lost)
    if state.suspects:
        found.append(f"{len(state.suspects)} blobs were found damaged: run repair()")
    return found


def _suspicions(state: VaultState, chosen: Mapping[ProjectId, list[Snapshot]], now_ns: int) -> list[str]:
    """Why what projects look like now may be an accident; what was acknowledged once is not said again."""
    found = []
    try:
        acknowledged = read_space(state).acknowledged
    except DamageError as exc:
        acknowledged, found = {}, [str(exc)]
    for project, snapshots in chosen.items():
        known = acknowledged.get(project, 0)
        if not snapshots or snapshots[-1].sequence <= known:
            continue
        found += [f"project {project}: {why}" for why in clock_suspicions(snapshots, now_ns)]
        first = next(at for at, snapshot in enumerate(snapshots) if snapshot.sequence > known)
        recent = snapshots[max(0, first - 1, len(snapshots) - _LOOK_BACK) :]
        found += [f"project {project}: {why}" for why in _changes(state, recent)]
    return found


def _changes(state: VaultState, snapshots: Iterable[Snapshot]) -> Iterable[str]:
    steps = ManifestSteps(state)
    contents: set[bytes] = set()
    before: int | None = None
    for snapshot in snapshots:
        try:
            step = steps.step(snapshot)
            fresh = {bytes.fromhex(blob) for blob in steps.blobs(snapshot, step, left=True)} - contents
        except DamageError:  # said by those who mark
            continue
        contents |= fresh
        if before is not None:
            turnover = Turnover(before=before, now=step.lines, gone=step.gone, novel=len(fresh))
            why = change_suspicion(snapshot, turnover)
            if why is not None:
                yield why
        before = step.lines


def _leaving_records(state: VaultState, plan: PrunePlan) -> dict[Path, int]:
    """The records that go, and the bytes that each gives back: none where it only moves to thinned/."""
    layout = state.layout
    records = {layout.snapshot(one.project, one.sequence, one.id): 0 for one in plan.thin}
    for snapshot in plan.expire:
        for path in (
            layout.snapshot(snapshot.project, snapshot.sequence, snapshot.id),
            layout.thinned_snapshot(snapshot.project, snapshot.sequence, snapshot.id),
        ):
            content = state.files.read(path)
            if content is not None:
                records[path] = len(content)
    moved = {layout.thinned_snapshot(one.project, one.sequence, one.id) for one in plan.thin}
    records.update((path, size) for path, size in leftovers(state) if path not in moved)
    return records


def _remove(turn: Turn, plan: PrunePlan, records: Iterable[Path], spared: Collection[PackId]) -> None:
    """Takes snapshots out of the history and drops whole packs. Called again it does what is left to do."""
    state = turn.state
    counting = {named for project in state.projects() for _, named in state.snapshot_names(project)}
    added = set_aside(turn, (snapshot for snapshot in plan.thin if snapshot.id in counting))
    drop = (pack for pack in plan.drop if pack in state.catalog.packs and pack not in spared)
    retire(turn, drop, records=records, added=added)


def _write_anew(turn: Turn, rewrite: Rewrite) -> str | None:
    """Copies the live frames of packs into a new one, then removes them; says why not where one of them is damaged."""
    state = turn.state
    wanted = by_pack(rewrite)
    for pack in rewrite.packs:
        if not is_sound(state, pack):
            return f"pack {pack} is damaged and was left as it is: run repair()"
    made: list[LoggedFile] = []

    new = PackFile(state.files, state.layout, "anew.pack.tmp")
    try:
        for pack in rewrite.packs:
            read = reads(state, pack)
            for frame in frames_of(state, pack) or ():
                if frame.at in wanted[pack]:
                    new.append(frame.header, read(frame.at, frame.header.stored))
        if new.size != rewrite.bytes:
            raise read_back_failed(state.layout.packs)
        turn.check()
        done = new.finish()
        state.take_pack(done.pack, done.size, done.frames)
        made.append(LoggedFile(file=state.layout.relative(state.layout.pack(done.pack)), bytes=done.size))
    except BaseException:
        new.abandon()
        raise
    retire(turn, rewrite.packs, added=made)
    return None


def is_sound(state: VaultState, pack: PackId) -> bool:
    """True when a pack's bytes are those it is named by."""
    hasher = blake3()
    read = reads(state, pack)
    for at in range(0, state.catalog.packs[pack], _BLOCK):
        hasher.update(read(at, _BLOCK))
    return hasher.hexdigest() == pack


def _record_bytes(state: VaultState, snapshot: Snapshot) -> int:
    content = state.files.read(state.layout.snapshot(snapshot.project, snapshot.sequence, snapshot.id))
    return len(content or b"")


def pack_sizes(state: VaultState) -> dict[PackId, int]:
    """What each pack and its parity take."""
    sizes: dict[PackId, int] = {}
    for folder in state.files.list(state.layout.packs) or ():
        for file in state.files.list(state.layout.packs / folder.name) or ():
            pack = pack_of(file.name) or sidecar_of(file.name)
            if pack is not None:
                sizes[pack] = sizes.get(pack, 0) + file.size
    return sizes


def fingerprint(state: VaultState) -> str:
    """Differs when anything was added to the vault or taken from it since."""
    newest = state.generations.newest()
    names = [f"{newest.sequence} {newest.hash}", *sorted(state.catalog.packs)]
    names += [named for project in state.projects() for _, named in state.snapshot_names(project)]
    names += [str(gone.file) for gone in thinned_snapshots(state, {})]
    return hash_of("\n".join(names).encode())
