"""Which blob lies where: an index over all packs, held in memory as one sorted table plus what came since.

The table can be saved under cache/ and loaded back; it is only ever a shortcut for hopping over the packs' headers.
A find costs a binary search (about 20 comparisons for a million blobs) and one dictionary look-up.
"""

from __future__ import annotations

import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from blake3 import blake3

from codevault.ids import BlobId, PackId, VaultId
from codevault.store.pack import BASE_BYTES, ID_BYTES, Frame, FrameKind

_ROW = struct.Struct("<32sBIQIIQ8s")
_PACK = struct.Struct("<32sQ")
_HEAD = struct.Struct("<8s16sQQ")
_MAGIC = b"CVCAT001"
_NO_BASE = bytes(BASE_BYTES)
_NUMBER = struct.Struct("<I")
_BLOBS_A_PACK = 64
_NUMBER_AT = ID_BYTES + 1
_FEW = 32
_Rows = tuple["array[int]", bytes, dict[bytes, bytes]]  # beginnings of ids and the rows, sorted; what came since


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a blob lies: `stored` bytes at `at` in the pack are its frame, in whose content it starts at `inner`.

    `base` is the beginning of the base's id, empty unless the frame is a delta.
    """

    blob: BlobId
    kind: FrameKind
    pack: PackId
    at: int
    stored: int
    inner: int
    length: int
    base: bytes = b""


class Catalog:
    """All blobs of the packs it was told of. Readers need no lock: rows are only added, tables replaced whole.

    `packs` maps each pack to its length in bytes. A blob takes 77 bytes of memory, about 250 while it is new.
    """

    def __init__(self) -> None:
        self.packs: dict[PackId, int] = {}
        self._numbers: list[PackId] = []
        self._rows: _Rows = (array("Q"), b"", {})
        self._saved_packs = 0
        self._gone: frozenset[int] = frozenset()  # numbers of packs whose rows count no more

    def without(self, packs: Collection[PackId]) -> Catalog:
        """This catalog less some packs, at no cost a blob; the two share what they hold, so go on with the new one."""
        rest = Catalog()
        rest.packs = {pack: size for pack, size in self.packs.items() if pack not in packs}
        rest._numbers, rest._rows, rest._saved_packs = self._numbers, self._rows, self._saved_packs
        live = {number for number in range(len(self._numbers)) if number not in self._gone}
        rest._gone = self._gone | {number for number in live if self._numbers[number] in packs}
        return rest

    def packed(self) -> Catalog:
        """This catalog without a trace of packs that are gone; to be taken before `save`, at the cost of a sort."""
        if not self._gone:
            return self
        fresh = Catalog()
        fresh.packs = dict(self.packs)
        kept = [number for number in range(len(self._numbers)) if number not in self._gone]
        fresh._numbers = [self._numbers[number] for number in kept]
        fresh._saved_packs = -1  # what is saved is another table
        renumbered = {number: _NUMBER.pack(new) for new, number in enumerate(kept)}
        _, table, recent = self._rows
        rows = (row for group in (table, *recent.values()) for row in self._live(group))
        table = b"".join(
            sorted(row[:_NUMBER_AT] + renumbered[_number(row)] + row[_NUMBER_AT + _NUMBER.size :] for row in rows)
        )
        fresh._rows = (_beginnings(table), table, {})
        return fresh

    def add_pack(self, pack: PackId, size: int, frames: Iterable[Frame]) -> None:
        """Takes up a pack's frames, once."""
        if pack in self.packs:
            return
        number = len(self._numbers)
        self._numbers.append(pack)
        recent = self._rows[2]
        for row in _rows(number, frames):
            key = row[:BASE_BYTES]
            recent[key] = recent[key] + row if key in recent else row
        self.packs[pack] = size

    def find(self, blob: BlobId) -> tuple[Location, ...]:
        """Every place where the blob lies; none when it is in no pack."""
        exact = bytes.fromhex(blob)
        return tuple(self._location(row) for row in self._find(exact[:BASE_BYTES]) if row[:ID_BYTES] == exact)

    def find_base(self, prefix: bytes) -> tuple[Location, ...]:
        """Every place of a blob whose id begins with `prefix`."""
        return tuple(self._location(row) for row in self._find(prefix))

    def __contains__(self, blob: BlobId) -> bool:
        exact = bytes.fromhex(blob)
        found = self._find(exact[:BASE_BYTES])
        return bool(found) and any(row.startswith(exact) for row in found)  # mostly none: asked for each file read

    def stands(self, blob: BlobId, most: int) -> bool:
        """True when a copy of the blob is there with all the bases it needs, of which at most `most` are looked at.

        Says nothing of the chunks of a list, nor whether anything of it can be read.
        """
        exact = bytes.fromhex(blob)
        waiting = [row for row in self._find(exact[:BASE_BYTES]) if row.startswith(exact)]
        seen: set[bytes] = set()
        while waiting:
            row = waiting.pop()
            if row[ID_BYTES] != FrameKind.DELTA:
                return True
            base = row[-BASE_BYTES:]
            if base not in seen and len(seen) < most:
                seen.add(base)
                waiting += self._find(base)
        return False

    def strange(self, ids: bytes) -> frozenset[bytes]:
        """Of many ids, one after the other, the beginnings of those that no pack may hold: all it lacks, and few more.

        Costs a tenth of asking for each, unless they are few beside what the catalog holds.
        """
        beginnings, _, recent = self._rows
        columns = _columns(ids, ID_BYTES)
        if self._gone or len(beginnings) > _FEW * len(columns):
            starts = {ids[at : at + BASE_BYTES] for at in range(0, len(ids), ID_BYTES)}
            return frozenset(start for start in starts if not self._find(start))
        left = set(columns)
        left.difference_update(beginnings)
        return frozenset(number.to_bytes(BASE_BYTES, "big") for number in left) - recent.keys()

    def __iter__(self) -> Iterator[Location]:
        """Every place of every blob, pack by pack where they were added since the table, else by id."""
        _, table, recent = self._rows
        for rows in (table, *list(recent.values())):
            yield from map(self._location, self._live(rows))

    def totals(self) -> tuple[int, int]:
        """How many blobs there are and what they come to uncompressed, each once; a list counts by its chunks."""
        _, table, recent = self._rows
        lengths: dict[bytes, int] = {}
        for group in (table, *recent.values()):
            for row in self._live(group):
                blob, kind, _, _, _, _, length, _ = _ROW.unpack(row)
                lengths[blob] = 0 if kind == FrameKind.LIST else length
        return len(lengths), sum(lengths.values())

    @property
    def unsaved(self) -> int:
        """How much opening has to do again: a pack that came or went since saving counts 1, so do 64 new blobs."""
        return len(self._numbers) - self._saved_packs + len(self._gone) + len(self._rows[2]) // _BLOBS_A_PACK

    def save(self, vault: VaultId) -> bytes:
        """The whole catalog as bytes for `load`; from now on also its own table."""
        _, table, recent = self._rows
        rows = sorted(row for group in (table, *recent.values()) for row in _split(group))
        table = b"".join(rows)
        self._rows = (_beginnings(table), table, {})
        self._saved_packs = len(self._numbers)
        packs = b"".join(_PACK.pack(bytes.fromhex(pack), self.packs[pack]) for pack in self._numbers)
        content = _HEAD.pack(_MAGIC, bytes.fromhex(vault), len(self._numbers), len(rows)) + packs + self._rows[1]
        return content + blake3(content).digest()

    @classmethod
    def load(cls, content: bytes, vault: VaultId, present: Mapping[PackId, int]) -> Catalog:
        """The catalog saved as `content`, empty if that is damaged or of another vault.

        `present` maps the packs that exist to their lengths: a saved row is never believed without its pack.
        """
        catalog = cls()
        if len(content) < _HEAD.size + ID_BYTES or blake3(content[:-ID_BYTES]).digest() != content[-ID_BYTES:]:
            return catalog
        magic, identity, packs, rows = _HEAD.unpack_from(content)
        begin = _HEAD.size + packs * _PACK.size
        whole = begin + rows * _ROW.size + ID_BYTES == len(content)
        if magic != _MAGIC or identity.hex() != vault or not whole:
            return catalog
        named = {PackId(pack.hex()): size for pack, size in _PACK.iter_unpack(content[_HEAD.size : begin])}
        catalog.packs, catalog._numbers = dict(named), list(named)
        table = content[begin:-ID_BYTES]
        catalog._rows = (_beginnings(table), table, {})
        catalog._saved_packs = len(named)
        vanished = {pack for pack, size in named.items() if present.get(pack) != size}
        return catalog.without(vanished) if vanished else catalog

    def _find(self, prefix: bytes) -> list[bytes]:
        beginnings, table, recent = self._rows
        rows = recent.get(prefix)
        found = [] if rows is None else _split(rows)
        number = int.from_bytes(prefix, "big")
        at = bisect_left(beginnings, number) if beginnings else 0
        while at < len(beginnings) and beginnings[at] == number:
            found.append(table[at * _ROW.size : (at + 1) * _ROW.size])
            at += 1
        return [row for row in found if _number(row) not in self._gone] if self._gone else found

    def _live(self, rows: bytes) -> Iterable[bytes]:
        split = _split(rows)
        return (row for row in split if _number(row) not in self._gone) if self._gone else split

    def _location(self, row: bytes) -> Location:
        blob, kind, number, at, stored, inner, length, base = _ROW.unpack(row)
        return Location(
            blob=BlobId(blob.hex()),
            kind=FrameKind(kind),
            pack=self._numbers[number],
            at=at,
            stored=stored,
            inner=inner,
            length=length,
            base=base if kind == FrameKind.DELTA else b"",
        )


def _beginnings(table: bytes) -> array[int]:
    """The beginnings of the rows' ids as numbers: these the library searches in half a microsecond."""
    return _columns(table, _ROW.size)


def _columns(rows: bytes, width: int) -> array[int]:
    columns = bytearray(len(rows) // width * BASE_BYTES)
    for at in range(BASE_BYTES):
        columns[at::BASE_BYTES] = rows[at::width]
    numbers = array("Q", bytes(columns))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _number(row: bytes) -> int:
    return int(_NUMBER.unpack_from(row, _NUMBER_AT)[0])


def _split(rows: bytes) -> list[bytes]:
    return [rows] if len(rows) == _ROW.size else [rows[at : at + _ROW.size] for at in range(0, len(rows), _ROW.size)]


def _rows(number: int, frames: Iterable[Frame]) -> Iterator[bytes]:
    for frame in frames:
        header = frame.header
        inner = 0
        for blob, length in header.members:
            yield _ROW.pack(blob, header.kind, number, frame.at, header.stored, inner, length, header.base or _NO_BASE)
            if header.kind is FrameKind.SOLID:
                inner += length
            if inner > 0xFFFFFFFF:
                return  # no frame of ours is that long: a hostile header, whose later members cannot be read
