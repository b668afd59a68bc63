"""Parity of a pack: a sidecar from which damaged stretches of the pack are computed again. Pure; see FORMAT.md.

The pack is cut into small blocks with a checksum each, so that damage is located, and neighbouring blocks belong to
different stripes, so that a long bad stretch costs each stripe little. Each stripe has parity blocks of its own
(Reed-Solomon over GF(2^8) as zfec has it): as many blocks of a stripe as it has parity blocks may be lost.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from zlib import crc32

from blake3 import blake3
from zfec import Decoder, Encoder

from codevault.errors import InvalidArgument
from codevault.ids import PackId

MAGIC = b"CVPAR002"
_FIXED = struct.Struct("<8s32sQIIBI")
_CRC = struct.Struct("<I")
_HASH_BYTES = 32
_STRIPE = 100
_BLOCKS = 64
_LEAST_BLOCK = 64
_MOST_BLOCK = 1 << 14
_MOST_STRIPE = 255
_STRIPES_AT_ONCE = 10  # what is read at once lies together: blocks one by one cost as much as all the arithmetic
Read = Callable[[int, int], bytes]


class SidecarDamaged(Exception):  # noqa: N818 - never leaves the store
    """Bytes that hold no sound header of a sidecar."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How much parity packs get: `percent` of their size, at least two blocks a stripe; 0 is none at all.

    At 4 percent, a pack of 64 MiB survives the loss of any 2.6 MB in one stretch, and of any four blocks of 16 KiB
    wherever they lie; a pack of a few KiB, whose blocks are smaller, that of any two of its 64 or fewer blocks.

    Raises:
        InvalidArgument: not between 0 and 100.
    """

    percent: int = 4

    def __post_init__(self) -> None:
        if isinstance(self.percent, bool) or not isinstance(self.percent, int) or not 0 <= self.percent <= 100:
            raise InvalidArgument(f"parity is 0 to 100 percent, not {self.percent!r}")

    def blocks_for(self, stripe: int) -> int:
        """How many parity blocks a stripe of so many blocks gets."""
        return max(2, -(-stripe * self.percent // 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """A sidecar's header: of which pack, how it is cut, and the checksum of each block."""

    pack: PackId
    size: int
    block: int
    stripes: int
    parity: int
    checks: tuple[int, ...]
    parity_checks: tuple[int, ...]

    @property
    def blocks(self) -> int:
        """How many blocks the pack has."""
        return -(-self.size // self.block)

    def stripe(self, number: int) -> range:
        """The pack's blocks that belong to a stripe."""
        return range(number, self.blocks, self.stripes)

    def encoded(self) -> bytes:
        """The header's bytes, its own hash at the end."""
        fixed = _FIXED.pack(
            MAGIC, bytes.fromhex(self.pack), self.size, self.block, self.stripes, self.parity, len(self.checks)
        )
        body = fixed + struct.pack(f"<{len(self.checks)}I", *self.checks)
        body += struct.pack(f"<{len(self.parity_checks)}I", *self.parity_checks)
        return body + blake3(body).digest()


def encode_sidecar(pack: PackId, size: int, read: Read, parity: Parity) -> bytes:
    """The sidecar of a pack of `size` bytes, which `read(offset, length)` gives. Memory: 16 MiB and the result.

    Raises:
        EOFError: the pack is shorter than `size`.
    """
    block = _LEAST_BLOCK
    while block < _MOST_BLOCK and block * _BLOCKS < size:
        block *= 2
    blocks = -(-size // block)
    longest = min(_STRIPE, max(1, _MOST_STRIPE - parity.blocks_for(_STRIPE)))
    stripes = max(1, -(-blocks // longest))
    extra = parity.blocks_for(-(-blocks // stripes))
    checks = [0] * blocks
    area: list[bytes] = []
    for first in range(0, stripes, _STRIPES_AT_ONCE):
        numbers = range(first, min(first + _STRIPES_AT_ONCE, stripes))
        held: dict[int, list[memoryview]] = {number: [] for number in numbers}
        for row in range(0, blocks, stripes):
            for at, content in _beside(read, size, block, range(row + first, row + numbers.stop)):
                checks[at] = crc32(content)
                held[at % stripes].append(content)
        for members in held.values():
            members[-1] = memoryview(bytes(members[-1]).ljust(block, b"\0"))
            encoder = Encoder(len(members), len(members) + extra)
            area += map(bytes, encoder.encode(members, list(range(len(members), len(members) + extra))))
    header = Sidecar(
        pack=pack,
        size=size,
        block=block,
        stripes=stripes,
        parity=extra,
        checks=tuple(checks),
        parity_checks=tuple(map(crc32, area)),
    ).encoded()
    return b"".join((header, *area, header))


def _beside(read: Read, size: int, block: int, numbers: range) -> Iterator[tuple[int, memoryview]]:
    """Blocks that lie beside each other, as far as there are any, at the cost of one read."""
    begin, end = numbers.start * block, min(numbers.stop * block, size)
    if begin < end:
        content = memoryview(_exactly(read, begin, end - begin))
        for at in range(begin, end, block):
            yield at // block, content[at - begin : at - begin + block]


def decode_sidecar(content: bytes) -> tuple[Sidecar, int]:
    """The header of a sidecar, whichever copy of it is sound, and where the parity blocks begin.

    Raises:
        SidecarDamaged: neither copy is sound.
    """
    at = content.find(MAGIC)
    while at >= 0:
        try:
            header, length = _header_at(content, at)
        except SidecarDamaged:
            at = content.find(MAGIC, at + 1)
            continue
        return header, at + length if at + length < len(content) else at - len(header.parity_checks) * header.block
    raise SidecarDamaged("it has no sound header")


def is_whole(content: bytes) -> bool:
    """True when every byte of a sidecar is as it was written."""
    try:
        header, begin = decode_sidecar(content)
    except SidecarDamaged:
        return False
    encoded = header.encoded()
    area = len(header.parity_checks) * header.block
    sound = all(_sound_parity(content, header, begin, number) for number in range(len(header.parity_checks)))
    return (
        sound and len(content) == 2 * len(encoded) + area and content.startswith(encoded) and content.endswith(encoded)
    )


def damaged_blocks(header: Sidecar, read: Read) -> tuple[int, ...]:
    """The blocks of the pack that are not as they were."""
    return tuple(at for at in range(header.blocks) if crc32(_block(header, read, at)) != header.checks[at])


def rebuilt_blocks(content: bytes, read: Read) -> tuple[dict[int, bytes], int]:
    """The damaged blocks of a pack by their offsets, computed again from the rest and the sidecar's `content`.

    With them comes how many blocks are beyond its strength; where that is 0, the pack is whole again, which only the
    hash of all of it proves. Memory: a stripe and the result.

    Raises:
        SidecarDamaged: the sidecar is of no use.
    """
    header, begin = decode_sidecar(content)
    bad = set(damaged_blocks(header, read))
    rebuilt: dict[int, bytes] = {}
    for number in sorted({at % header.stripes for at in bad}):
        for at, block in _rebuilt_stripe(header, content, begin, number, bad, read):
            rebuilt[at * header.block] = block[: min(header.block, header.size - at * header.block)]
    return rebuilt, len(bad) - len(rebuilt)


def _rebuilt_stripe(
    header: Sidecar, content: bytes, begin: int, number: int, bad: set[int], read: Read
) -> Iterator[tuple[int, bytes]]:
    members = list(header.stripe(number))
    lost = [at for at in members if at in bad]
    first = number * header.parity
    spare = [row for row in range(header.parity) if _sound_parity(content, header, begin, first + row)]
    if len(spare) < len(lost):
        return
    pieces, numbers = [], []
    for row, at in enumerate(members):
        if at in bad:
            instead = spare.pop(0)
            pieces.append(_parity_block(content, header, begin, first + instead))
            numbers.append(len(members) + instead)
        else:
            pieces.append(_block(header, read, at).ljust(header.block, b"\0"))
            numbers.append(row)
    whole = Decoder(len(members), len(members) + header.parity).decode(pieces, numbers)
    for row, at in enumerate(members):
        if at in bad:
            yield at, bytes(whole[row])


def _header_at(content: bytes, at: int) -> tuple[Sidecar, int]:
    if len(content) - at < _FIXED.size + _HASH_BYTES:
        raise SidecarDamaged("cut short")
    _, pack, size, block, stripes, parity, blocks = _FIXED.unpack_from(content, at)
    rows = stripes * parity
    length = _FIXED.size + _CRC.size * (blocks + rows) + _HASH_BYTES
    body = content[at : at + length - _HASH_BYTES]
    if at + length > len(content) or blake3(body).digest() != content[at + length - _HASH_BYTES : at + length]:
        raise SidecarDamaged("its hash")
    if not (_LEAST_BLOCK <= block <= _MOST_BLOCK and 0 < stripes <= max(1, blocks) and parity > 0):
        raise SidecarDamaged("a number out of range")
    if blocks != -(-size // block) or -(-blocks // stripes) + parity > _MOST_STRIPE + 1:
        raise SidecarDamaged("numbers that do not agree")
    checks = struct.unpack_from(f"<{blocks + rows}I", content, at + _FIXED.size)
    return (
        Sidecar(
            pack=PackId(pack.hex()),
            size=size,
            block=block,
            stripes=stripes,
            parity=parity,
            checks=checks[:blocks],
            parity_checks=checks[blocks:],
        ),
        length,
    )


def _sound_parity(content: bytes, header: Sidecar, begin: int, number: int) -> bool:
    return crc32(_parity_block(content, header, begin, number)) == header.parity_checks[number]


def _parity_block(content: bytes, header: Sidecar, begin: int, number: int) -> bytes:
    at = begin + number * header.block
    return content[at : at + header.block] if at >= 0 else b""


def _block(header: Sidecar, read: Read, at: int) -> bytes:
    return read(at * header.block, min(header.block, header.size - at * header.block))


def _exactly(read: Read, offset: int, length: int) -> bytes:
    content = read(offset, length)
    if len(content) != length:
        raise EOFError("the pack is shorter than it was")
    return content
