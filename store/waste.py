"""What of the packs is waste: which vanish whole, which are written anew without their dead frames, to the byte.

The catalog only says where to look. What is deleted is decided from the packs' own headers, and only for packs that are
sound from end to end as far as headers go: a damaged one is for repair(), not for prune().
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from blake3 import blake3

from codevault.ids import PackId
from codevault.store.pack import Frame, FrameKind, encode_header, hop
from codevault.store.packing import PACK
from codevault.store.reachability import Reachability
from codevault.store.vaultstate import VaultState

Place = tuple[PackId, int]
"""A frame: its pack, and where in it the frame begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One new pack of `bytes` bytes, made of the live frames of `packs`, copied as they are."""

    packs: tuple[PackId, ...]
    frames: tuple[Place, ...]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waste:
    """Packs that nothing needs, and those worth writing anew."""

    drop: tuple[PackId, ...]
    rewrite: tuple[Rewrite, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    pack: PackId
    solid: bool
    live: tuple[Place, ...]
    live_bytes: int
    dead_bytes: int
    stranded: bool


def find_waste(state: VaultState, reach: Reachability, *, share: float) -> Waste:
    """What can go when only `reach` is needed; a pack is written anew when at least `share` of it is dead.

    So is one that holds a dead delta, or list, whose base or chunks may go: left behind, it could not be read any more,
    and new content equal to it would be taken for stored.

    A solid frame stays while any of its members is needed. Costs a walk over the catalog, and the headers of the packs
    that hold something dead.
    """
    suspected, doubled = _candidates(state, reach)
    redundant = _redundant(state, doubled, suspected)
    drop: list[PackId] = []
    worth: list[_Judged] = []
    for pack in sorted(suspected | {pack for pack, _ in redundant}):
        judged = _judged(state, pack, reach, redundant)
        if judged is None or not judged.dead_bytes:
            continue
        if not judged.live:
            drop.append(pack)
        elif judged.stranded or judged.dead_bytes >= share * (judged.live_bytes + judged.dead_bytes):
            worth.append(judged)
    return Waste(drop=tuple(drop), rewrite=tuple(_grouped(worth)))


def frame_bytes(frame: Frame) -> int:
    """What a frame takes in a pack, its header with it."""
    return len(encode_header(frame.header)) + frame.header.stored


def frames_of(state: VaultState, pack: PackId) -> tuple[Frame, ...] | None:
    """The frames of a pack, None when they are not all there is in it: something in it is damaged."""
    size = state.catalog.packs[pack]
    found = tuple(hop(reads(state, pack), size))
    return found if sum(map(frame_bytes, found)) == size else None


def reads(state: VaultState, pack: PackId) -> Callable[[int, int], bytes]:
    """How a pack is read here, by offset and length: what cannot be read must never look as if it were not there."""
    path = state.layout.pack(pack)
    return lambda offset, length: state.files.read(path, offset, length) or b""


def _candidates(state: VaultState, reach: Reachability) -> tuple[set[PackId], set[PackId]]:
    """Packs that may hold something dead, and packs that hold blobs which lie elsewhere too."""
    suspected: set[PackId] = set()
    rows = 0
    for place in state.catalog:
        rows += 1
        if place.blob not in reach:
            suspected.add(place.pack)
    doubled: set[PackId] = set()
    if rows > state.catalog.totals()[0]:  # rare: a run died between new packs and their record, or healed a damage
        for place in state.catalog:
            if place.blob in reach and len(places := state.catalog.find(place.blob)) > 1:
                doubled.update(found.pack for found in places)
    return suspected, doubled


def _redundant(state: VaultState, doubled: Iterable[PackId], suspected: Collection[PackId]) -> set[Place]:
    """Frames of which the very same bytes are kept in another place."""
    same: dict[bytes, list[Place]] = {}
    for pack in sorted(doubled, key=lambda pack: (pack in suspected, pack)):  # kept where nothing is dead
        for frame in frames_of(state, pack) or ():
            same.setdefault(encode_header(frame.header), []).append((pack, frame.at))
    redundant: set[Place] = set()
    for header, places in same.items():
        if len(places) > 1:
            stored = {place: _digest(state, place, header) for place in places}
            redundant.update(place for place in places[1:] if stored[place] == stored[places[0]])
    return redundant


def _digest(state: VaultState, place: Place, header: bytes) -> bytes:
    pack, at = place
    read = reads(state, pack)
    frame = next(frame for frame in frames_of(state, pack) or () if frame.at == at)
    return blake3(header + read(at, frame.header.stored)).digest()


def _judged(state: VaultState, pack: PackId, reach: Reachability, redundant: Collection[Place]) -> _Judged | None:
    frames = frames_of(state, pack)
    if not frames:
        return None
    live: list[Place] = []
    live_bytes = 0
    stranded = False
    for frame in frames:
        needed = any(reach.holds(blob) for blob, _ in frame.header.members)
        if needed and (pack, frame.at) not in redundant:
            live.append((pack, frame.at))
            live_bytes += frame_bytes(frame)
        elif frame.header.kind is FrameKind.LIST or (frame.header.base and not reach.holds(frame.header.base)):
            stranded = True
    return _Judged(
        pack=pack,
        solid=all(frame.header.kind is FrameKind.SOLID for frame in frames),
        live=tuple(live),
        live_bytes=live_bytes,
        dead_bytes=state.catalog.packs[pack] - live_bytes,
        stranded=stranded,
    )


def _grouped(worth: Sequence[_Judged]) -> Iterable[Rewrite]:
    """Packs of one kind together, up to the size of a pack: small ones come out as one."""
    for solid in (True, False):
        group: list[_Judged] = []
        for judged in (one for one in worth if one.solid is solid):
            if group and sum(one.live_bytes for one in group) + judged.live_bytes > PACK:
                yield _rewrite(group)
                group = []
            group.append(judged)
        if group:
            yield _rewrite(group)


def _rewrite(group: Sequence[_Judged]) -> Rewrite:
    return Rewrite(
        packs=tuple(one.pack for one in group),
        frames=tuple(place for one in group for place in one.live),
        bytes=sum(one.live_bytes for one in group),
    )


def by_pack(rewrite: Rewrite) -> Mapping[PackId, frozenset[int]]:
    """The frames of a rewrite, by pack."""
    found: dict[PackId, set[int]] = {pack: set() for pack in rewrite.packs}
    for pack, at in rewrite.frames:
        found[pack].add(at)
    return {pack: frozenset(places) for pack, places in found.items()}
