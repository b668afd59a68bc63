"""Which blobs a vault still needs: those that its snapshots name, and all that these rest on.

Whatever else comes to name blobs (a new kind of file outside cache/) has to be added to `needed_by_vault`: what is not
reachable from there is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from codevault.errors import DamageError, RecordDamaged
from codevault.ids import BlobId, PackId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.store.catalog import Location
from codevault.store.keepsakes import keepsake_blobs
from codevault.store.logcheck import missing_records
from codevault.store.manifest import ManifestMalformed, decode_line, split_lines
from codevault.store.model import Snapshot
from codevault.store.pack import BASE_BYTES, FrameKind
from codevault.store.records import is_id
from codevault.store.undoing import ThinnedSnapshot, thinned_snapshots
from codevault.store.vaultstate import VaultState


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one manifest to the next: how many lines it has, those that the last one had not, how many went."""

    lines: int
    fresh: tuple[bytes, ...]
    gone: int


class ManifestSteps:
    """Reads manifests one after the other and gives each line once for as long as it stands. Memory: two manifests."""

    def __init__(self, state: VaultState) -> None:
        self._state = state
        self._last: tuple[BlobId, set[bytes]] = BlobId(""), set()

    def step(self, snapshot: Snapshot) -> Step:
        """What is new in a snapshot's manifest against the one given before.

        Raises:
            DamageError: it cannot be read; the one before stays what the next is compared with.
        """
        named, last = self._last
        if named == snapshot.manifest:
            return Step(lines=len(last), fresh=(), gone=0)
        try:
            lines = set(split_lines(self._state.reader.chunks(snapshot.manifest)))
        except ManifestMalformed as exc:
            raise self._damaged(snapshot, exc) from exc
        fresh = lines - last
        self._last = snapshot.manifest, lines
        return Step(lines=len(lines), fresh=tuple(fresh), gone=len(last) + len(fresh) - len(lines))

    def blobs(self, snapshot: Snapshot, step: Step, *, left: bool = False) -> Iterator[BlobId]:
        """The blobs that the fresh lines of a step name, one a line.

        Of what was left to a repository only those that the vault holds all the same, or all with `left`.

        Raises:
            RecordDamaged: a line does not parse.
        """
        for line in step.fresh:
            try:
                entry = decode_line(line)
                if entry.blob is not None and not is_id(entry.blob):
                    raise ManifestMalformed("a blob that is no id")
            except ManifestMalformed as exc:
                raise self._damaged(snapshot, exc) from exc
            if entry.blob is not None and (left or entry.reference is None or entry.blob in self._state.catalog):
                yield entry.blob

    def _damaged(self, snapshot: Snapshot, exc: ManifestMalformed) -> RecordDamaged:
        path = self._state.layout.snapshot(snapshot.project, snapshot.sequence, snapshot.id)
        return RecordDamaged(path, f"its manifest: {exc}")


class Reachability:
    """Blobs that are needed, closed over bases of deltas and chunks of lists; grows with what is added.

    Kept as the first eight bytes of each id, about 100 bytes of memory a blob: two blobs that share them are both
    needed if one is, which errs on the safe side. `lost` names what is needed and cannot be followed: while it is not
    empty, nothing may be deleted on the strength of this object. Without `bases` only what is asked for, and the chunks
    of its lists, are needed: whoever deletes the rest must store anew what rests on it.
    """

    def __init__(self, state: VaultState, *, bases: bool = True) -> None:
        self._state = state
        self._bases = bases
        self._steps = ManifestSteps(state)
        self._needed: set[bytes] = set()
        self.lost: dict[str, None] = {}

    def __contains__(self, blob: BlobId) -> bool:
        return bytes.fromhex(blob[: 2 * BASE_BYTES]) in self._needed

    def holds(self, identity: bytes) -> bool:
        """The same for the bytes of an id, or the beginning that names a base."""
        return identity[:BASE_BYTES] in self._needed

    def __len__(self) -> int:
        return len(self._needed)

    @property
    def beginnings(self) -> AbstractSet[bytes]:
        """The first eight bytes of each id that is needed."""
        return self._needed

    def packs(self) -> frozenset[PackId]:
        """The packs that hold anything needed. Costs a look-up a blob."""
        return frozenset(place.pack for one in self._needed for place in self._state.catalog.find_base(one))

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Everything a snapshot needs. Cheapest when the snapshots of a project are given in their order."""
        self.add_blob(snapshot.manifest)
        try:
            step = self._steps.step(snapshot)
            for blob in self._steps.blobs(snapshot, step):
                self.add_blob(blob)
        except DamageError as exc:
            self.lost[str(exc)] = None

    def add_blob(self, blob: BlobId) -> None:
        """A blob and all it rests on."""
        waiting = [bytes.fromhex(blob[: 2 * BASE_BYTES])]
        while waiting:
            beginning = waiting.pop()
            if beginning in self._needed:
                continue
            self._needed.add(beginning)
            places = self._state.catalog.find_base(beginning)
            if not places:
                self.lost[f"blob {beginning.hex()}… is in no pack"] = None
            for place in places:
                waiting.extend(self._rests_on(place))

    def _rests_on(self, place: Location) -> Iterable[bytes]:
        if place.kind is FrameKind.DELTA:
            return (place.base,) if self._bases else ()
        if place.kind is not FrameKind.LIST:
            return ()
        try:
            return [bytes.fromhex(chunk[: 2 * BASE_BYTES]) for chunk, _ in self._state.reader.parts(place.blob)]
        except DamageError as exc:
            self.lost[str(exc)] = None
            return ()


def needed_by_vault(
    state: VaultState,
    *,
    without: Collection[SnapshotId] = (),
    without_keepsakes: Collection[ProjectId] = (),
    report: Reporter | None = None,
) -> Reachability:
    """What the vault needs: its snapshots, those thinned that can be put back, its keepsakes.

    `without` names snapshots, thinned or not, that are about to go for good, `without_keepsakes` the projects whose
    keepsakes are. Costs a reading of each manifest; a line that stands in many of them is judged once.
    """
    report = report or Reporter()
    reach = Reachability(state)
    for name in missing_records(state):
        reach.lost[f"{name} is missing, so nobody knows what it needs: run repair()"] = None
    for done, snapshot in enumerate(judged_snapshots(state, reach.lost), 1):
        if snapshot.id not in without:
            reach.add_snapshot(snapshot)
        report.step("marking", done)
    for project, found in keepsake_blobs(state, reach.lost):
        if project not in without_keepsakes:
            for blob in found:
                reach.add_blob(blob)
    return reach


def judged_snapshots(
    state: VaultState, lost: dict[str, None], *, leave_out: Collection[ProjectId] = ()
) -> Iterator[Snapshot]:
    """The snapshots that count and the thinned ones, by project and sequence; `lost` takes what cannot be read."""
    thinned: dict[ProjectId, list[ThinnedSnapshot]] = {}
    for gone in thinned_snapshots(state, lost, leave_out=leave_out):
        thinned.setdefault(gone.snapshot.project, []).append(gone)
    for project in sorted({*state.projects(), *thinned} - set(leave_out)):
        found = [gone.snapshot for gone in thinned.get(project, ())]
        for _, named in state.snapshot_names(project):
            try:
                found.append(state.snapshot(project, named))
            except DamageError as exc:
                lost[str(exc)] = None
        yield from sorted(found, key=lambda snapshot: snapshot.sequence)
