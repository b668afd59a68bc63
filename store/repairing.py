"""Repair: plan first, then copy-then-switch, then a full look at what is left. Safe to kill at every call.

Content comes from parity, from another sound copy in the vault, and from donors; small files from the copies in log/,
or from themselves with the line endings they had. Damaged bytes end in quarantine/, never nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from codevault.ids import BlobId, PackId
from codevault.jobs import Reporter
from codevault.store.donors import Donor, Pieces, Wanted, found_at
from codevault.store.layout import copy_of, sidecar_of
from codevault.store.model import LostVersion, RepairReport, RepairStep, VerifyReport
from codevault.store.packcheck import Content
from codevault.store.packrepair import PackMender
from codevault.store.records import LoggedFile, RecordMalformed, hash_of
from codevault.store.sidecars import make_sidecar
from codevault.store.smallrepair import mended_small_file, small_candidates
from codevault.store.switching import set_aside, switch
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState
from codevault.store.verifying import damaged_packs, survey
from codevault.store.writing import Writer

_ROUNDS = 4
_Act = Callable[[Turn], Iterable[str]]


@dataclass(frozen=True, slots=True)
class _Task:
    """One step and how it is done; doing it gives the names under quarantine/ of what it put aside."""

    step: RepairStep
    act: _Act


def plan_repair(state: VaultState, donors: Sequence[Donor], report: Reporter) -> RepairReport:
    """What a repair would do, and what would be lost all the same. Writes nothing."""
    found, content = survey(state, report)
    tasks, back = _tasks(state, found, content)
    wanted = [one for one in _wanted(found, content) if not _comes_back(one.blob, content, back)]
    offers = list(_offers(wanted, donors, report))
    healed = {offer.blob for offer in offers}
    lost = tuple(v for v in found.lost if v.blob in {one.blob for one in wanted} and v.blob not in healed)
    steps = (*(task.step for task in tasks), *(offer.step for offer in offers))
    return RepairReport(planned=True, steps=steps, quarantined=(), lost=lost, verified=found)


def repair(turn: Turn, donors: Sequence[Donor], report: Reporter) -> RepairReport:
    """Repairs what can be repaired. What the disk refuses ends it; everything done before stays done.

    Raises:
        VaultBusy, StorageFull, StorageError: part of it was done; it may be called again.
        Cancelled: through `report`, between two steps.
    """
    state = turn.state
    found, content = survey(state, report)
    tasks, _ = _tasks(state, found, content)
    steps: list[RepairStep] = []
    quarantined: list[str] = []
    while tasks:
        for number, task in enumerate(tasks):
            report.step("repair", number, len(tasks))
            turn.check()
            quarantined += filter(None, task.act(turn))
        steps += [task.step for task in tasks]
        state.look_anew()
        found, content = survey(state, report)
        later = _sidecar_tasks(state, found, content)  # of packs that are sound only now
        tasks = [task for task in later if task.step not in steps]
    for _ in range(_ROUNDS):  # a manifest that came back names files that nobody could name before
        given = _store_offers(turn, _offers(_wanted(found, content), donors, report))
        if not given:
            break
        steps += given
        state.look_anew()
        found, content = survey(state, report)
    return RepairReport(
        planned=False, steps=tuple(steps), quarantined=tuple(quarantined), lost=found.lost, verified=found
    )


def _tasks(state: VaultState, found: VerifyReport, content: Content) -> tuple[list[_Task], set[bytes]]:
    """What can be done without donors, and the blobs that parity brings back."""
    tasks = [*_small_tasks(state, found), *_copy_tasks(state, found)]
    back: set[bytes] = set()
    mender = PackMender(state)
    for pack in damaged_packs(found):
        mended = mender.look_at(pack)
        back |= mended.back
        step = RepairStep(action=mended.action, file=mended.file, by=mended.by, blobs=mended.kept)
        tasks.append(_Task(step, mended.act))
    tasks += _sidecar_tasks(state, found, content)
    return tasks, back


def _small_tasks(state: VaultState, found: VerifyReport) -> list[_Task]:
    skipped = ("packs/", "log")
    names = {d.file for d in found.damages if not d.file.startswith(skipped) and d.kind != "lost"}
    names |= {d.file for d in found.damages if d.file.startswith("log/") and copy_of(d.file[4:]) is None}
    tasks = []
    for name, candidates in small_candidates(state, names).items():
        mended = mended_small_file(state, name, candidates)
        if mended is not None:
            content, by, unlogged = mended

            def act(turn: Turn, name: str = name, content: bytes = content, unlogged: bool = unlogged) -> list[str]:
                target = state.layout.root.joinpath(*name.split("/"))
                kept = switch(state.files, state.layout, target, (content,), lambda d: d == hash_of(content))
                if unlogged:
                    turn.log((LoggedFile(file=name, bytes=len(content), blake3=hash_of(content)),))
                return [kept]

            tasks.append(_Task(RepairStep(action="restore", file=name, by=by), act))
    return tasks


def _copy_tasks(state: VaultState, found: VerifyReport) -> list[_Task]:
    """Copies of small files that are damaged or were never made."""
    names = [d.file for d in found.damages] + [n.file for n in found.notices if n.kind == "unprotected"]
    tasks = []
    for name in dict.fromkeys(names):
        number = copy_of(name.removeprefix("log/"))
        if number is None:
            continue

        def act(turn: Turn, number: int = number) -> list[str]:  # noqa: ARG001 - the log's record is not touched
            kept = set_aside(state.files, state.layout, state.layout.copy(number))
            with suppress(RecordMalformed):  # its record is lost, too
                state.generations.make_copy(number)
            return [kept]

        tasks.append(_Task(RepairStep(action="protect", file=name, by="the files it copies"), act))
    return tasks


def _sidecar_tasks(state: VaultState, found: VerifyReport, content: Content) -> list[_Task]:
    """Parity that is damaged or was never made, for packs that are sound."""
    names = [d.file for d in found.damages] + [n.file for n in found.notices if n.kind == "unprotected"]
    tasks = []
    for name in dict.fromkeys(names):
        pack = sidecar_of(name.rpartition("/")[2])
        if pack is None or pack not in state.catalog.packs or pack in content.broken:
            continue

        def act(turn: Turn, pack: PackId = pack) -> list[str]:  # noqa: ARG001 - parity is not logged
            kept = set_aside(state.files, state.layout, state.layout.sidecar(pack))
            make_sidecar(state, pack)
            state.files.sync_folder(state.layout.sidecar(pack).parent)  # or the damaged one is back with the power
            return [kept]

        tasks.append(_Task(RepairStep(action="protect", file=name, by="its pack"), act))
    return tasks


def _wanted(found: VerifyReport, content: Content) -> list[Wanted]:
    """What no sound copy is left of, with the file versions that were it."""
    versions: dict[BlobId, list[LostVersion]] = {version.blob: [] for version in found.lost}
    for version in found.lost:
        versions[version.blob].append(version)
    for damage in found.damages:
        for blob in damage.blobs:
            if not content.holds(blob):
                versions.setdefault(blob, [])
    return [Wanted(blob=blob, versions=tuple(held)) for blob, held in versions.items()]


def _comes_back(blob: BlobId, content: Content, back: set[bytes]) -> bool:
    """True when the blob, or what its deltas rest on, is in a pack that parity makes whole."""
    waiting, seen = [bytes.fromhex(blob)], set[bytes]()
    while waiting:
        wanted = waiting.pop()
        if wanted in back:
            return True
        if wanted not in seen:
            seen.add(wanted)
            for place in content.catalog.find(BlobId(wanted.hex())):
                if place.base:
                    waiting += (bytes.fromhex(base.blob) for base in content.catalog.find_base(place.base))
                    waiting += (known for known in back if known.startswith(place.base))
    return False


@dataclass(frozen=True, slots=True)
class _Offer:
    blob: BlobId
    pieces: Pieces
    step: RepairStep


def _offers(wanted: list[Wanted], donors: Sequence[Donor], report: Reporter) -> Iterable[_Offer]:
    for donor in donors if wanted else ():
        donor.prepare(wanted)
    for number, one in enumerate(wanted):
        report.step("donors", number, len(wanted))
        for donor in donors:
            pieces = found_at(donor, one)
            if pieces is not None:
                path = one.versions[0].path if one.versions else ""
                step = RepairStep(action="store", file=path, by=donor.name, blobs=(one.blob,))
                yield _Offer(one.blob, pieces, step)
                break


def _store_offers(turn: Turn, offers: Iterable[_Offer]) -> list[RepairStep]:
    given = list(offers)
    if not given:
        return []
    state = turn.state
    state.suspects.update(offer.blob for offer in given)
    steps: list[RepairStep] = []
    with Writer(state, turn.lend()) as writer:
        writer.note_unlogged(turn.take_unlogged())
        for offer in given:
            with suppress(OSError):  # the donor's file is gone by now
                if writer.add_stream(offer.pieces())[0] == offer.blob:
                    steps.append(offer.step)
    return steps
