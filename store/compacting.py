"""Compacting: all that the vault needs is stored anew where that is smaller, then what it replaces goes.

The order: new packs are durable and verified, a look from the records down proves that nothing is missing without the
old ones, the log says that these go, they go. A run that dies leaves only more copies than needed. What it has finished
the next one finds in place: `cache/compacted` names the packs that compacting made, and is only ever a shortcut.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import BlobDamaged, BlobMissing, CodeVaultError, DamageError, RecordDamaged, StorageFull
from codevault.ids import BlobId, PackId
from codevault.jobs import Reporter
from codevault.store.grouping import Group
from codevault.store.logcheck import missing_records
from codevault.store.pack import Frame
from codevault.store.packing import Packer
from codevault.store.pruning import is_sound
from codevault.store.publishing import ensure_folder
from codevault.store.reachability import needed_by_vault
from codevault.store.records import LoggedFile, RecordMalformed, is_id, seal, unseal
from codevault.store.sidecars import protect, reads
from codevault.store.sorting import Delta, Sorted, sort_frames
from codevault.store.survey import Survey
from codevault.store.swapping import retire
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState
from codevault.store.zstd_codec import usable_base

_THREADS = 2  # each holds about 35 MB while it compresses its hardest


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactPlan:
    """What compacting would do, in bytes of packs without their parity.

    `before` is exact, `expected` an estimate from what the vault's content came to so far. `packs` are replaced;
    meanwhile up to `expected` bytes more than now are taken. `content` has to be compressed anew. `left` says which
    packs are damaged and left for repair.
    """

    packs: tuple[PackId, ...]
    before: int
    expected: int
    content: int
    left: tuple[PackId, ...]

    @property
    def needed(self) -> bool:
        """False when everything is in place."""
        return bool(self.packs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What compacting did, exactly: bytes of packs before and after, packs that went and came.

    `left` are packs that stayed although they are superseded in part: they hold something damaged.
    """

    before: int
    after: int
    removed: tuple[PackId, ...]
    made: tuple[PackId, ...]
    left: tuple[PackId, ...]


def plan_compact(state: VaultState, report: Reporter | None = None) -> CompactPlan:
    """What `compact` would do now. Reads manifests and headers, no content; writes nothing.

    Raises:
        RecordDamaged: a record that names content is missing: what it needs is not known.
        Cancelled: through `report`.
    """
    found = _sorted(state, report or Reporter())
    sizes = state.catalog.packs
    return CompactPlan(
        packs=tuple(found.going(sizes)),
        before=sum(sizes.values()),
        expected=found.expected + sum(sizes[pack] for pack in found.damaged),
        content=sum(group.size for group in found.groups) + sum(delta.size for delta in found.deltas),
        left=tuple(sorted(found.damaged)),
    )


def compact(turn: Turn, report: Reporter | None = None) -> Compacted:
    """Stores anew what becomes smaller by it, and takes out what nothing needs.

    Raises:
        RecordDamaged: a record that names content is missing; nothing was done, `repair` may bring it back.
        VaultBusy: the lock file was taken away; nothing was removed.
        StorageFull, StorageError: the disk refuses; nothing was lost, and on a full one nothing more is taken.
        Cancelled: through `report`; packs finished so far stay, and the next run goes on from there.
    """
    return _Compaction(turn, report or Reporter()).run()


def _sorted(state: VaultState, report: Reporter) -> Sorted:
    for name in missing_records(state):  # what it names would look unneeded, and repair() may bring it back
        raise RecordDamaged(state.layout.root.joinpath(*name.split("/")), "the file is gone: run repair() first")
    survey = Survey(state)
    survey.look(report)
    return sort_frames(state, survey, read_note(state), report)


class _Compaction:
    def __init__(self, turn: Turn, report: Reporter) -> None:
        self._turn = turn
        self._state = turn.state
        self._report = report
        self._settled = set(read_note(turn.state))
        self._before = dict(turn.state.catalog.packs)
        self._made: dict[PackId, int] = {}
        self._remade: set[PackId] = set()  # equal content makes equal packs: these were there, and stay
        self._stuck: set[PackId] = set()

    def run(self) -> Compacted:
        before = self._before
        found = _sorted(self._state, self._report)
        for pack in found.going(before):
            if found.kept.get(pack) and not is_sound(self._state, pack):
                found.damaged.add(pack)
        if found.going(before):
            try:
                self._store(found)
            except StorageFull:
                self._give_up()
                raise
            self._swap(found)
        after = self._state.catalog.packs
        return Compacted(
            before=sum(before.values()),
            after=sum(after.values()),
            removed=tuple(sorted(before.keys() - after.keys())),
            made=tuple(sorted(after.keys() - before.keys())),
            left=tuple(sorted((found.damaged | self._stuck) & after.keys())),
        )

    def _store(self, found: Sorted) -> None:
        packer = Packer(self._state.files, self._state.layout, self._published, threads=_THREADS)
        try:
            for pack, frame in found.copied(self._before):
                read = reads(self._state.files, self._state.layout.pack(pack))
                packer.add_frame(frame.header, read(frame.at, frame.header.stored))
            total = sum(group.size for group in found.groups) + sum(delta.size for delta in found.deltas)
            done = 0
            for group in found.groups:
                self._report.step("compressing", done, total, done)
                self._add_group(packer, group)
                done += group.size
            for delta in found.deltas:
                self._report.step("compressing", done, total, done)
                self._add_delta(packer, delta)
                done += delta.size
            packer.flush()
            self._report.step("compressing", done, total, done)
        finally:
            packer.close()

    def _add_group(self, packer: Packer, group: Group) -> None:
        members = [(BlobId(member.blob.hex()), self._read(member.blob)) for member in group.members]
        packer.add_group([(blob, content) for blob, content in members if content is not None], group.level)

    def _add_delta(self, packer: Packer, delta: Delta) -> None:
        content = self._read(delta.blob)
        bases = self._state.catalog.find_base(delta.base)
        if content is None or not bases:
            return
        base = bases[0].blob
        packer.add_delta(BlobId(delta.blob.hex()), content, base, lambda: self._base(base), patient=True)

    def _base(self, blob: BlobId) -> bytes | None:
        try:
            content = self._state.reader.read(blob)
        except DamageError:
            return None  # its own turn notes what is stuck
        return content if usable_base(content) else None

    def _read(self, blob: bytes) -> bytes | None:
        """The blob's bytes; None where no copy of it is sound: then all packs that a repair may need stay."""
        try:
            return self._state.reader.read(BlobId(blob.hex()))
        except (BlobDamaged, BlobMissing):
            self._stuck.update(self._under(blob))
            return None

    def _under(self, blob: bytes) -> Iterator[PackId]:
        """The packs in which a blob, and everything it rests on, lies."""
        waiting, seen = [blob[:8]], set[bytes]()
        while waiting:
            beginning = waiting.pop()
            if beginning not in seen:
                seen.add(beginning)
                for place in self._state.catalog.find_base(beginning):
                    yield place.pack
                    waiting += [place.base] if place.base else []

    def _published(self, pack: PackId, size: int, frames: tuple[Frame, ...]) -> None:
        self._state.take_pack(pack, size, frames)
        if pack in self._before:
            self._remade.add(pack)
        else:
            self._made[pack] = size
        self._settled.add(pack)
        write_note(self._state, self._settled)

    def _swap(self, found: Sorted) -> None:
        stays = self._stuck | self._remade
        going = [pack for pack in found.going(self._before) if pack not in stays]
        if not found.waste and sum(self._made.values()) >= sum(self._before[pack] for pack in going):
            self._settled.difference_update(self._made)
            self._settled.update(going)  # as small as it gets: the next run need not try again
            write_note(self._state, self._settled)
            self._give_up()
            return
        self._turn.check()
        self._prove(going)
        layout = self._state.layout
        added = [LoggedFile(file=layout.relative(layout.pack(p)), bytes=size) for p, size in self._made.items()]
        retire(self._turn, going, added=added)
        write_note(self._state, self._settled)
        protect(self._state)
        self._state.save_catalog()

    def _prove(self, going: list[PackId]) -> None:
        """A look from the records down at what would be left: it must not miss more than now.

        Raises:
            BlobMissing: it would; nothing was removed.
        """
        rest = self._state.catalog.without(frozenset(going))
        left = needed_by_vault(self._state.assuming(rest), report=self._report).lost
        if left and not left.keys() <= needed_by_vault(self._state, report=self._report).lost.keys():
            raise BlobMissing(BlobId(next(iter(left))))

    def _give_up(self) -> None:
        """Takes back what this run wrote and nothing refers to."""
        paths = [self._state.layout.pack(pack) for pack in self._made]
        with suppress(CodeVaultError):
            for path in paths:
                self._state.files.remove(path)
            for folder in sorted({path.parent for path in paths}):
                self._state.files.sync_folder(folder)
        self._state.rescan()


def read_note(state: VaultState) -> frozenset[PackId]:
    """The packs that compacting made, as far as they are known: forgetting one costs only work."""
    try:
        content = state.files.read(_note(state))
        packs = unseal(content).get("packs") if content is not None else None
    except (CodeVaultError, RecordMalformed):
        return frozenset()
    found = packs if isinstance(packs, list) else []
    return frozenset(PackId(pack) for pack in found if is_id(pack) and pack in state.catalog.packs)


def write_note(state: VaultState, packs: set[PackId]) -> None:
    """Replaces the note; what the disk refuses it goes without."""
    temporary = state.layout.incoming / "compacted.tmp"
    with suppress(CodeVaultError):
        ensure_folder(state.files, state.layout.cache)
        state.files.remove(temporary)
        new = state.files.create(temporary)
        try:
            new.write(seal({"packs": sorted(packs & state.catalog.packs.keys())}))
        finally:
            new.close()
        state.files.rename(temporary, _note(state))


def _note(state: VaultState) -> Path:
    return state.layout.cache / "compacted"
