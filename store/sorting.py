"""What compacting does with each frame of a vault: keep it, copy it, or take its blobs out to be stored anew.

Small blobs go into new solid frames. Large ones stay in the frame they have, or, as a difference, on the base they have
or one that rests below it. So nothing ever comes to rest on what rests on it, even while old and new copies lie side by
side after a run that died. Frames that an earlier run made (`settled` packs) stay unless too little is left in them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from codevault.ids import PackId
from codevault.jobs import Reporter
from codevault.store.grouping import LARGE_MEMBER, Group, Named, Version, base_within, planned_groups
from codevault.store.pack import BASE_BYTES, Frame, FrameKind
from codevault.store.packing import GROUP
from codevault.store.survey import Survey
from codevault.store.vaultstate import VaultState
from codevault.store.waste import frame_bytes, frames_of

_SETTLED_LEAST = GROUP // 2
_STUBBORN = 0.7  # what a frame of large blobs is left of when trying harder would be in vain
_PATIENT_LARGEST = 4 << 20
_MEMBER_HEADER = 34
_DELTA_HEADER = 58
_BETTER = 0.9  # what is left of stored bytes, headers apart: 0.83 on a kernel, 0.88 to 0.95 on three histories


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A large blob that is stored as a difference again."""

    blob: bytes
    size: int
    base: bytes


@dataclass(slots=True)
class Sorted:
    """The result. `kept` frames of packs that do not stay whole are copied; `groups` and `deltas` are made anew.

    `whole` packs stay as they are, `damaged` ones too: they are for repair. All others can go afterwards. `waste` is
    true when something is held twice or for nobody.
    """

    kept: dict[PackId, list[Frame]] = field(default_factory=dict)
    whole: set[PackId] = field(default_factory=set)
    damaged: set[PackId] = field(default_factory=set)
    groups: list[Group] = field(default_factory=list)
    deltas: list[Delta] = field(default_factory=list)
    expected: int = 0
    waste: bool = False

    def going(self, packs: Iterable[PackId]) -> list[PackId]:
        """Which of these packs are replaced."""
        return [pack for pack in packs if pack not in self.whole and pack not in self.damaged]

    def copied(self, packs: Iterable[PackId]) -> Iterator[tuple[PackId, Frame]]:
        """The frames that are copied from packs which are replaced."""
        for pack in self.going(packs):
            for frame in self.kept.get(pack, ()):
                yield pack, frame


class _Sorter:
    def __init__(self, state: VaultState, survey: Survey, settled: Collection[PackId]) -> None:
        self._state = state
        self._survey = survey
        self._settled = settled
        self._loose = Named(survey.lines.loose(), 0)
        self._stays: set[bytes] = set()  # blobs of kept frames
        self._loosened: dict[bytes, tuple[int, int]] = {}  # blobs to be grouped: length, bytes they take now
        self._recoded: dict[bytes, tuple[int, int, bytes]] = {}
        self._small: dict[tuple[bytes, ...], tuple[PackId, Frame]] = {}
        self._frames: dict[PackId, int] = {}
        self._bases: dict[bytes, bytes] = {}
        self._related: set[tuple[int, int]] = set()
        self.found = Sorted()

    def sort(self, report: Reporter) -> Sorted:
        packs = sorted(self._state.catalog.packs, key=lambda pack: (pack not in self._settled, pack))
        for place in self._state.catalog:
            if place.kind is FrameKind.DELTA:
                self._bases[bytes.fromhex(place.blob[: 2 * BASE_BYTES])] = place.base
        for done, pack in enumerate(packs):
            report.step("sorting", done, len(packs))
            frames = frames_of(self._state, pack)
            if frames is None:
                self.found.damaged.add(pack)
                continue
            self._frames[pack] = len(frames)
            for frame in frames:
                self._sort_frame(pack, frame)
        self._recode()
        self._group()
        kept = self.found.kept
        self.found.whole.update(p for p, count in self._frames.items() if count and len(kept.get(p, ())) == count)
        self.found.expected += sum(frame_bytes(frame) for frames in kept.values() for frame in frames)
        return self.found

    def _sort_frame(self, pack: PackId, frame: Frame) -> None:
        header = frame.header
        wanted = [m for m in header.members if self._survey.wants(m[0]) and m[0] not in self._stays]
        complete = len(wanted) == len(header.members)
        self.found.waste |= not complete
        if not wanted:
            return
        if header.kind is FrameKind.DELTA:
            self._sort_delta(pack, frame)
        elif complete and (header.kind is FrameKind.LIST or self._good(pack, frame)):
            self._keep(pack, frame)
        else:
            if complete and pack in self._settled:
                self._small[tuple(blob for blob, _ in header.members)] = pack, frame
            content = sum(length for _, length in header.members) or 1
            for blob, length in wanted:
                self._loosened[blob] = length, header.stored * length // content

    def _good(self, pack: PackId, frame: Frame) -> bool:
        lengths = [length for _, length in frame.header.members]
        stubborn = min(lengths) >= LARGE_MEMBER and frame.header.stored > _STUBBORN * sum(lengths)
        return stubborn or (pack in self._settled and sum(lengths) >= _SETTLED_LEAST)

    def _sort_delta(self, pack: PackId, frame: Frame) -> None:
        (blob, length), base = frame.header.members[0], frame.header.base
        settled, large = pack in self._settled, length >= LARGE_MEMBER
        if self._survey.wants(base) and (settled or length > _PATIENT_LARGEST):
            self._keep(pack, frame)
        elif large:
            self._recoded[blob] = length, frame.header.stored, base
        else:
            self._loosened[blob] = length, frame.header.stored
            self._relate(blob, base)

    def _relate(self, blob: bytes, base: bytes) -> None:
        one, other = self._survey.named(blob), self._survey.named(base)
        if one is not None and other is not None and one.line != other.line:
            self._related.add((one.line, other.line))

    def _keep(self, pack: PackId, frame: Frame) -> None:
        self.found.kept.setdefault(pack, []).append(frame)
        self._stays.update(blob for blob, _ in frame.header.members)

    def _recode(self) -> None:
        for blob, (size, stored, old) in self._recoded.items():
            base = base_within(old, self._survey.wants, self._bases)
            if blob in self._stays or blob in self._loosened:
                continue  # whole in another frame
            if base is None:
                self._loosened[blob] = size, stored
            else:
                self.found.deltas.append(Delta(blob=blob, size=size, base=base))
                self.found.expected += int(stored * _BETTER) + _DELTA_HEADER

    def _group(self) -> None:
        if self._loosened.keys() - self._stays <= {blob for members in self._small for blob in members}:
            for pack, frame in self._small.values():  # nothing came since: their order may only look different now
                self._keep(pack, frame)
        versions = []
        for blob, (size, _) in self._loosened.items():
            if blob not in self._stays:
                line, age = self._survey.named(blob) or self._loose
                versions.append(Version(blob=blob, size=size, line=line, age=age))
        ranks, apart = self._survey.lines.ranks(sorted(self._related))
        for group in planned_groups(versions, ranks, apart):
            known = self._small.get(tuple(member.blob for member in group.members))
            if known is not None:
                self._keep(*known)
            else:
                self.found.groups.append(group)
                stored = sum(self._loosened[member.blob][1] for member in group.members)
                self.found.expected += int(stored * _BETTER) + _MEMBER_HEADER * len(group.members)


def sort_frames(state: VaultState, survey: Survey, settled: Collection[PackId], report: Reporter) -> Sorted:
    """Sorts the frames of all packs. Costs a reading of all headers, and about 350 bytes of memory a blob.

    Raises:
        Cancelled: through `report`.
    """
    return _Sorter(state, survey, settled).sort(report)
