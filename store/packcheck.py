"""Verifying content: every byte of packs and their parity, every blob decoded once, bases before their deltas."""

from __future__ import annotations

import os
import struct
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from blake3 import blake3

from codevault.errors import DamageError
from codevault.ids import BlobId, PackId
from codevault.jobs import Reporter
from codevault.store.catalog import Catalog, Location
from codevault.store.findings import Findings, reason
from codevault.store.pack import BASE_BYTES, Frame, FrameKind, hop
from codevault.store.parity import SidecarDamaged, damaged_blocks, decode_sidecar, is_whole
from codevault.store.reading import BlobReader
from codevault.store.sidecars import read_sidecar, reads
from codevault.store.vaultstate import VaultState
from codevault.store.zstd_codec import FrameDamaged, content_size, decompress

_BLOCK = 4 << 20
_THREADLESS = 1 << 20
_DELTA = struct.Struct(">8sIQIQ32s")  # base, number of the pack, offset, stored, length, blob: sorted by base
T = TypeVar("T")
_Unit = Callable[[], T]


@dataclass(slots=True)
class Content:
    """What a check of content found out: which blobs are where, and which of these places are of no use."""

    catalog: Catalog
    bad: set[tuple[PackId, int, int]] = field(default_factory=set)
    doubtful: set[BlobId] = field(default_factory=set)
    broken: dict[PackId, int] = field(default_factory=dict)

    def holds(self, blob: BlobId) -> bool:
        """True when at least one copy of the blob is sound."""
        if blob not in self.doubtful:
            return blob in self.catalog
        return any((place.pack, place.at, place.inner) not in self.bad for place in self.catalog.find(blob))


def check_everything(state: VaultState, findings: Findings, report: Reporter) -> Content:
    """Reads all packs and sidecars and decodes every blob. Memory: the catalog once more, and 110 bytes a delta."""
    return _PackCheck(state, findings, report, Catalog()).everything()


def check_some(state: VaultState, findings: Findings, report: Reporter, packs: Iterable[PackId]) -> Content:
    """The same for some packs; what their deltas rest on in others is decoded with them."""
    return _PackCheck(state, findings, report, state.catalog).some(packs)


class _PackCheck:
    def __init__(self, state: VaultState, findings: Findings, report: Reporter, catalog: Catalog) -> None:
        self._state = state
        self._findings = findings
        self._report = report
        self._content = Content(catalog)
        self._reader = BlobReader(state.files, state.layout, lambda: catalog)
        self._told: set[PackId] = set()
        self._packs: list[PackId] = []
        self._deltas: list[bytes] = []
        self._done = bytearray()
        self._lists: list[tuple[PackId, Frame]] = []
        self._threads = max(1, min(4, os.cpu_count() or 1))
        self._small = sum(state.catalog.packs.values()) < _THREADLESS

    def everything(self) -> Content:
        rows: list[bytes] = []
        sizes = self._state.catalog.packs
        for pack, frames in self._each(partial(self._raw, pack) for pack in sorted(sizes)):
            self._content.catalog.add_pack(pack, sizes[pack], frames)
            number = len(self._packs)
            self._packs.append(pack)
            rows += (_row(number, frame) for frame in frames if frame.header.kind is FrameKind.DELTA)
            self._lists += ((pack, frame) for frame in frames if frame.header.kind is FrameKind.LIST)
        self._deltas = sorted(rows)
        self._done = bytearray(len(rows))
        for _ in self._each(self._solid_units()):
            pass
        for _ in self._each(partial(self._alone, self._delta_place(at)) for at in self._left()):
            pass
        places = (_place(pack, frame, *frame.header.members[0]) for pack, frame in self._lists)
        for _ in self._each(partial(self._alone, place) for place in places):
            pass
        self._tell_broken()
        return self._content

    def some(self, packs: Iterable[PackId]) -> Content:
        for pack, frames in self._each(partial(self._raw, pack) for pack in packs):
            for _ in self._each(self._frame_units(pack, frames)):
                pass
        self._tell_broken()
        return self._content

    def _each(self, units: Iterable[_Unit[T]]) -> Iterator[T]:
        """What the units give, in order; a few of them at work at a time where that is worth a thread."""
        if self._small:
            for unit in units:
                self._report.step("verify", self._findings.files, content_bytes=self._findings.bytes)
                yield unit()
            return
        waiting: deque[Future[T]] = deque()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="codevault-verify") as pool:
            try:
                for unit in units:
                    waiting.append(pool.submit(unit))
                    self._report.step("verify", self._findings.files, content_bytes=self._findings.bytes)
                    if len(waiting) > 2 * self._threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _raw(self, pack: PackId) -> tuple[PackId, tuple[Frame, ...]]:
        """Hashes a pack, looks at its parity, and gives its frames."""
        path, size = self._state.layout.pack(pack), self._state.catalog.packs[pack]
        read, hasher = reads(self._state.files, path), blake3()
        for at in range(0, size, _BLOCK):
            block = read(at, _BLOCK)
            hasher.update(block)
            self._findings.read(len(block))
        self._findings.read(0, 1)
        frames = tuple(hop(read, size))
        if hasher.hexdigest() != pack:
            self._content.broken[pack] = min(size, frames[-1].at + frames[-1].header.stored) if frames else 0
        self._check_parity(pack, sound=hasher.hexdigest() == pack)
        return pack, frames

    def _check_parity(self, pack: PackId, *, sound: bool) -> None:
        layout = self._state.layout
        content = read_sidecar(self._state.files, layout, pack) if pack in self._state.sidecars else None
        if content is None:
            return
        self._findings.read(len(content), 1)
        name = layout.relative(layout.sidecar(pack))
        try:
            header, _ = decode_sidecar(content)
        except SidecarDamaged as exc:
            self._findings.damage(name, str(exc))
            return
        if not is_whole(content):
            self._findings.damage(name, "a checksum in it does not match")
        elif header.pack != pack:
            self._findings.damage(name, "it is the parity of another pack")
        elif sound and damaged_blocks(header, reads(self._state.files, layout.pack(pack))):
            self._findings.damage(name, "it does not fit its pack, which is sound")

    def _solid_units(self) -> Iterator[_Unit[None]]:
        for pack in self._packs:
            for frame in hop(reads(self._state.files, self._state.layout.pack(pack)), self._state.catalog.packs[pack]):
                if frame.header.kind is FrameKind.SOLID:
                    yield partial(self._solid, pack, frame)

    def _frame_units(self, pack: PackId, frames: Iterable[Frame]) -> Iterator[_Unit[None]]:
        for frame in frames:
            if frame.header.kind is FrameKind.SOLID:
                yield partial(self._solid, pack, frame)
            else:
                yield partial(self._alone, _place(pack, frame, *frame.header.members[0]))

    def _solid(self, pack: PackId, frame: Frame) -> None:
        """Decodes a solid frame once, checks its members, and decodes whatever rests on them."""
        try:
            stored = self._stored(pack, frame.at, frame.header.stored)
            content = decompress(stored, content_size(stored))
        except FrameDamaged as exc:
            self._bad_members(pack, frame, [(blob, inner) for blob, inner, _ in _members(frame)], str(exc))
            return
        wrong: list[tuple[bytes, int]] = []
        for blob, inner, length in _members(frame):
            member = content[inner : inner + length]
            if len(member) != length or blake3(member).digest() != blob:
                wrong.append((blob, inner))
            else:
                self._descend(blob, member)
        if wrong:
            self._bad_members(pack, frame, wrong, "its bytes do not hash to its id")

    def _descend(self, blob: bytes, content: bytes) -> None:
        waiting = [(at, content) for at in self._resting_on(blob)]
        while waiting:
            at, base = waiting.pop()
            _, number, offset, stored, length, named = _DELTA.unpack(self._deltas[at])
            try:
                decoded = decompress(self._stored(self._packs[number], offset, stored), length, base)
            except FrameDamaged:
                continue  # what stays undone is looked at alone, and told then
            if blake3(decoded).digest() == named:
                self._done[at] = 1
                waiting += ((further, decoded) for further in self._resting_on(named))

    def _resting_on(self, blob: bytes) -> Iterator[int]:
        prefix = blob[:BASE_BYTES]
        at = bisect_left(self._deltas, prefix)
        while at < len(self._deltas) and self._deltas[at].startswith(prefix):
            if not self._done[at]:
                yield at
            at += 1

    def _left(self) -> Iterator[int]:
        return (at for at, done in enumerate(self._done) if not done)

    def _delta_place(self, at: int) -> Location:
        base, number, offset, stored, length, blob = _DELTA.unpack(self._deltas[at])
        return Location(
            blob=BlobId(blob.hex()),
            kind=FrameKind.DELTA,
            pack=self._packs[number],
            at=offset,
            stored=stored,
            inner=0,
            length=length,
            base=base,
        )

    def _alone(self, place: Location) -> None:
        try:
            self._reader.check(place)
        except DamageError as exc:
            self._bad((place.pack, place.at), [(place.blob, 0)], reason(exc))

    def _bad_members(self, pack: PackId, frame: Frame, members: list[tuple[bytes, int]], why: str) -> None:
        self._bad((pack, frame.at), [(BlobId(blob.hex()), inner) for blob, inner in members], why)

    def _bad(self, frame: tuple[PackId, int], blobs: list[tuple[BlobId, int]], why: str) -> None:
        pack, at = frame
        broken = pack in self._content.broken
        self._content.bad.update((pack, at, inner) for _, inner in blobs)
        self._content.doubtful.update(blob for blob, _ in blobs)
        self._told.add(pack)
        name = self._state.layout.relative(self._state.layout.pack(pack))
        kind = "damaged" if broken else "lost"
        self._findings.damage(name, why, at, tuple(blob for blob, _ in blobs), kind)

    def _tell_broken(self) -> None:
        for pack, at in self._content.broken.items():
            if pack not in self._told:
                name = self._state.layout.relative(self._state.layout.pack(pack))
                self._findings.damage(name, "its bytes do not hash to its name", at)

    def _stored(self, pack: PackId, at: int, length: int) -> bytes:
        stored = reads(self._state.files, self._state.layout.pack(pack))(at, length)
        if len(stored) != length:
            raise FrameDamaged("the pack ends inside the frame")
        return stored


def _row(number: int, frame: Frame) -> bytes:
    blob, length = frame.header.members[0]
    return _DELTA.pack(frame.header.base, number, frame.at, frame.header.stored, length, blob)


def _members(frame: Frame) -> Iterator[tuple[bytes, int, int]]:
    inner = 0
    for blob, length in frame.header.members:
        yield blob, inner, length
        inner += length


def _place(pack: PackId, frame: Frame, blob: bytes, length: int) -> Location:
    header = frame.header
    return Location(
        blob=BlobId(blob.hex()),
        kind=header.kind,
        pack=pack,
        at=frame.at,
        stored=header.stored,
        inner=0,
        length=length,
        base=header.base,
    )
