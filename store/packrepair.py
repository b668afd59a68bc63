"""Mending packs: whole again from parity, or what is sound of them copied, frame by frame, into a new pack."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from blake3 import blake3

from codevault.errors import DamageError
from codevault.ids import BlobId, PackId
from codevault.store.logcheck import read_log
from codevault.store.pack import Frame, FrameKind, encode_header, hop
from codevault.store.parity import Read, SidecarDamaged, decode_sidecar, rebuilt_blocks
from codevault.store.records import LoggedFile
from codevault.store.sidecars import hash_of_pack, read_sidecar, reads
from codevault.store.swapping import retire
from codevault.store.switching import set_aside, switch
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState
from codevault.store.zstd_codec import FrameDamaged, content_size, decompress

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MendedPack:
    """What is to be done about a pack. `back` are the blobs of one that is made whole, `kept` those salvaged."""

    action: str
    file: str
    by: str
    act: Callable[[Turn], tuple[str, ...]]
    back: frozenset[bytes] = frozenset()
    kept: tuple[BlobId, ...] = ()


class PackMender:
    """Looks at damaged packs one by one. The log is read once."""

    def __init__(self, state: VaultState) -> None:
        self._state = state
        self._lengths = {name: new.bytes for name, new in read_log(state.generations).there.items()}

    def look_at(self, pack: PackId) -> MendedPack:
        """The best that can be done about a damaged or missing pack."""
        path = self._state.layout.pack(pack)
        name = self._state.layout.relative(path)
        if self._state.files.read(path, 0, 0) is None:
            return MendedPack(action="forget", file=name, by="nothing", act=lambda turn: _forget(turn, pack))
        size, read, by = self._patched(pack)
        if hash_of_pack(size, read) == pack:
            back = frozenset(blob for frame in hop(read, size) for blob, _ in frame.header.members)
            return MendedPack(
                action="rebuild", file=name, by=by, back=back, act=lambda _: self._switch(pack, _pieces(size, read))
            )
        frames = [frame for frame in hop(read, size) if self._is_worth_keeping(frame, read)]
        kept = tuple(BlobId(blob.hex()) for frame in frames for blob, _ in frame.header.members)
        return MendedPack(
            action="salvage",
            file=name,
            by="itself",
            kept=kept,
            act=lambda turn: self._salvage(turn, pack, frames, read),
        )

    def _patched(self, pack: PackId) -> tuple[int, Read, str]:
        """The pack's length and bytes as far as parity makes them good again."""
        state = self._state
        path = state.layout.pack(pack)
        plain = reads(state.files, path)
        there = state.catalog.packs.get(pack, 0)
        size = min(there, self._lengths.get(state.layout.relative(path), there))
        content = read_sidecar(state.files, state.layout, pack)
        try:
            header, _ = decode_sidecar(content or b"")
            blocks, _ = rebuilt_blocks(content or b"", plain) if header.pack == pack else ({}, 0)
        except SidecarDamaged:
            return size, plain, "its length in the log"
        return header.size, _patching(plain, blocks, header.block), "parity"

    def _is_worth_keeping(self, frame: Frame, read: Read) -> bool:
        """False for a frame that is proven to be damaged; what cannot be proven either way is kept."""
        stored = read(frame.at, frame.header.stored)
        header = frame.header
        try:
            if header.kind is not FrameKind.DELTA:
                content = decompress(stored, content_size(stored))
                return header.kind is FrameKind.LIST or _has_members(frame, content)
            bases = self._state.catalog.find_base(header.base)
            if not bases:
                return True
            content = decompress(stored, header.members[0][1], self._state.reader.read(bases[0].blob))
            return _has_members(frame, content)
        except FrameDamaged:
            return False
        except DamageError:
            return True

    def _switch(self, pack: PackId, pieces: Iterator[bytes]) -> tuple[str, ...]:
        state = self._state
        kept = switch(state.files, state.layout, state.layout.pack(pack), pieces, lambda digest: digest == pack)
        return (kept,)

    def _salvage(self, turn: Turn, pack: PackId, frames: list[Frame], read: Read) -> tuple[str, ...]:
        state, layout = self._state, self._state.layout
        hasher, size = blake3(), 0
        for piece in _verbatim(frames, read):
            hasher.update(piece)
            size += len(piece)
        new = PackId(hasher.hexdigest())
        added = []
        if size:
            kept = self._switch(new, _verbatim(frames, read))
            if new == pack:
                return kept
            added.append(LoggedFile(file=layout.relative(layout.pack(new)), bytes=size))
        aside = set_aside(state.files, layout, layout.pack(pack))
        retire(turn, (pack,), added=added)
        return (aside,)


def _forget(turn: Turn, pack: PackId) -> tuple[str, ...]:
    """Takes a pack that is gone out of the log; its parity, of no use alone, goes to quarantine."""
    state = turn.state
    aside = set_aside(state.files, state.layout, state.layout.sidecar(pack))
    retire(turn, (pack,))
    return (aside,)


def _patching(plain: Read, blocks: dict[int, bytes], block: int) -> Read:
    if not blocks:
        return plain

    def read(offset: int, length: int) -> bytes:
        found = bytearray(plain(offset, length))
        first = offset - offset % block
        for at in range(first, offset + length, block):
            good = blocks.get(at)
            if good is not None:
                begin, end = max(at, offset), min(at + len(good), offset + length)
                if len(found) < end - offset:
                    found.extend(bytes(end - offset - len(found)))
                found[begin - offset : end - offset] = good[begin - at : end - at]
        return bytes(found)

    return read


def _pieces(size: int, read: Read) -> Iterator[bytes]:
    for at in range(0, size, _BLOCK):
        yield read(at, min(_BLOCK, size - at))


def _verbatim(frames: list[Frame], read: Read) -> Iterator[bytes]:
    for frame in frames:
        yield encode_header(frame.header)
        yield read(frame.at, frame.header.stored)


def _has_members(frame: Frame, content: bytes) -> bool:
    inner = 0
    for blob, length in frame.header.members:
        if blake3(content[inner : inner + length]).digest() != blob:
            return False
        inner += length
    return inner == len(content)
