"""Packs that must hold nothing but what is kept: which go, what of them is copied, what is stored anew; to the byte.

Stricter than `waste`: a base is not kept because something rests on it, and a solid frame not because one member lives.
What rested on a base that goes, and members of a frame that holds anything else, are decoded and put into solid frames
of their own. So whatever is left can be decoded without anything that went.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass

from codevault.errors import CodeVaultError, DamageError
from codevault.ids import BlobId, PackId
from codevault.store.pack import BASE_BYTES, Frame, FrameKind, Header, encode_header
from codevault.store.packfile import PackFile
from codevault.store.packing import PACK
from codevault.store.publishing import read_back_failed
from codevault.store.records import LoggedFile
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState
from codevault.store.waste import Place, frames_of, reads
from codevault.store.zstd_codec import compress

_GROUP = 2 << 20
_LEVEL = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What becomes of the packs. `drop`: nothing in them is kept. `anew`: their kept content goes into new packs.

    `copied` are frames that go there as they are, `stored` blobs that are decoded and stored again. `torn`: packs that
    hold bytes which are no frames, so nobody knows what. `lost`: kept blobs that cannot be decoded.
    """

    drop: tuple[PackId, ...] = ()
    anew: tuple[PackId, ...] = ()
    copied: tuple[Place, ...] = ()
    stored: tuple[BlobId, ...] = ()
    torn: tuple[PackId, ...] = ()
    lost: tuple[BlobId, ...] = ()

    @property
    def goes(self) -> tuple[PackId, ...]:
        """The packs that will not be there afterwards."""
        return tuple(sorted((*self.drop, *self.anew)))


def sift(state: VaultState, kept: AbstractSet[bytes]) -> Sifted:
    """Judges every pack by its own headers; `kept` are the beginnings of the ids that stay. Reads headers only."""
    drop: list[PackId] = []
    torn: list[PackId] = []
    clean: dict[PackId, list[Frame]] = {}
    dirty: list[tuple[PackId, Frame]] = []
    for pack in sorted(state.catalog.packs):
        frames = frames_of(state, pack)
        if frames is None:
            torn.append(pack)
            continue
        bad = [frame for frame in frames if not is_clean(frame.header, kept)]
        if not bad:
            continue
        if any(_beginning(blob) in kept for frame in frames for blob, _ in frame.header.members):
            clean[pack] = [frame for frame in frames if is_clean(frame.header, kept)]
        else:
            drop.append(pack)
        dirty += [(pack, frame) for frame in bad]
    going = {*drop, *clean}
    there = _staying_headers(state, going)
    stored = _to_store(state, dirty, kept)
    lost = tuple(blob for blob in stored if not _decodes(state, blob))
    return Sifted(
        drop=tuple(drop),
        anew=tuple(clean),
        copied=tuple((p, f.at) for p, fs in clean.items() for f in fs if encode_header(f.header) not in there),
        stored=tuple(blob for blob in stored if blob not in lost),
        torn=tuple(torn),
        lost=lost,
    )


def is_clean(header: Header, kept: AbstractSet[bytes]) -> bool:
    """True when all members of a frame stay, and what it rests on does."""
    if header.base and header.base not in kept:
        return False
    return all(_beginning(blob) in kept for blob, _ in header.members)


def written_bytes(state: VaultState, sifted: Sifted) -> int:
    """How long the new packs will be: everything is compressed once, and thrown away.

    Raises:
        DamageError: something that is kept cannot be decoded any more.
    """
    return sum(len(encode_header(header)) + header.stored for _, header, _ in _frames(state, sifted))


def write_anew(turn: Turn, sifted: Sifted, expected: int) -> list[LoggedFile]:
    """Writes the new packs, durable and in place on return; those that were there before are not among them.

    Raises:
        StorageFull, StorageError, DamageError: nothing that refers to them; what was written is taken back.
    """
    state = turn.state
    before = frozenset(state.catalog.packs)
    out = _NewPacks(turn)
    try:
        for solid, header, frame in _frames(state, sifted):
            out.append(solid, header, frame)
        out.close()
        if out.bytes != expected:
            raise read_back_failed(state.layout.packs)
    except BaseException:
        out.give_up(before)
        raise
    layout = state.layout
    return [LoggedFile(file=layout.relative(layout.pack(p)), bytes=n) for p, n in out.made.items() if p not in before]


class _NewPacks:
    """Packs of one kind of frames each, up to the size of a pack."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._open: PackFile | None = None
        self._solid = True
        self.made: dict[PackId, int] = {}
        self.bytes = 0

    def append(self, solid: bool, header: Header, frame: bytes) -> None:
        if self._open is not None and (solid is not self._solid or self._open.size + len(frame) > PACK):
            self.close()
        if self._open is None:
            state = self._turn.state
            state.files.remove(state.layout.incoming / "sifted.pack.tmp")
            self._open, self._solid = PackFile(state.files, state.layout, "sifted.pack.tmp"), solid
        self._open.append(header, frame)

    def close(self) -> None:
        if self._open is not None:
            self._turn.check()
            done = self._open.finish()
            self._open = None
            self._turn.state.take_pack(done.pack, done.size, done.frames)
            self.made[done.pack] = done.size
            self.bytes += done.size

    def give_up(self, before: Collection[PackId]) -> None:
        """Takes back what nothing refers to yet."""
        if self._open is not None:
            self._open.abandon()
        state = self._turn.state
        with suppress(CodeVaultError):
            for pack in self.made.keys() - before:
                state.files.remove(state.layout.pack(pack))
                state.files.sync_folder(state.layout.pack(pack).parent)
            state.rescan()


def _frames(state: VaultState, sifted: Sifted) -> Iterator[tuple[bool, Header, bytes]]:
    """Everything that goes into new packs, solid frames first; the same bytes whenever it is asked."""
    yield from _copied(state, sifted.copied, solid=True)
    group: list[tuple[BlobId, bytes]] = []
    for blob in sifted.stored:
        content = state.reader.read(blob)
        if group and sum(len(one) for _, one in group) + len(content) > _GROUP:
            yield _solid(group)
            group = []
        group.append((blob, content))
    if group:
        yield _solid(group)
    yield from _copied(state, sifted.copied, solid=False)


def _solid(group: Sequence[tuple[BlobId, bytes]]) -> tuple[bool, Header, bytes]:
    frame = compress(b"".join(content for _, content in group), _LEVEL)
    members = tuple((bytes.fromhex(blob), len(content)) for blob, content in group)
    return True, Header(kind=FrameKind.SOLID, stored=len(frame), members=members), frame


def _copied(state: VaultState, places: Sequence[Place], *, solid: bool) -> Iterator[tuple[bool, Header, bytes]]:
    wanted: dict[PackId, set[int]] = {}
    for pack, at in places:
        wanted.setdefault(pack, set()).add(at)
    for pack, ats in wanted.items():
        read = reads(state, pack)
        for frame in frames_of(state, pack) or ():
            if frame.at in ats and (frame.header.kind is FrameKind.SOLID) is solid:
                yield solid, frame.header, read(frame.at, frame.header.stored)


def _to_store(state: VaultState, dirty: Sequence[tuple[PackId, Frame]], kept: AbstractSet[bytes]) -> list[BlobId]:
    """Kept members of the frames that go, unless a solid frame or a list that stays has them.

    Another delta would not do: it might rest on something that rested on the copy which goes.
    """
    gone = {(pack, frame.at) for pack, frame in dirty}
    wanted: dict[BlobId, None] = {}
    for _, frame in dirty:
        for member, _ in frame.header.members:
            blob = BlobId(member.hex())
            if _beginning(member) in kept and blob not in wanted:
                others = (place for place in state.catalog.find(blob) if (place.pack, place.at) not in gone)
                if not any(place.kind is not FrameKind.DELTA for place in others):
                    wanted[blob] = None
    return list(wanted)


def _staying_headers(state: VaultState, going: Collection[PackId]) -> AbstractSet[bytes]:
    """Headers of the frames in packs that stay, empty unless blobs lie twice: a run that died may have copied them."""
    if sum(1 for _ in state.catalog) == state.catalog.totals()[0]:
        return frozenset()
    staying = (pack for pack in state.catalog.packs if pack not in going)
    return {encode_header(frame.header) for pack in staying for frame in frames_of(state, pack) or ()}


def _decodes(state: VaultState, blob: BlobId) -> bool:
    try:
        state.reader.read(blob)
    except DamageError:
        return False
    return True


def _beginning(identity: bytes) -> bytes:
    return identity[:BASE_BYTES]
