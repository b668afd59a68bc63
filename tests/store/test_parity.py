"""The parity codec: damage within its strength is undone, beyond it is refused, and headers are believed only whole."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest
from blake3 import blake3

from codevault.errors import InvalidArgument
from codevault.ids import PackId
from codevault.store.parity import (
    MAGIC,
    Parity,
    SidecarDamaged,
    damaged_blocks,
    decode_sidecar,
    encode_sidecar,
    is_whole,
    rebuilt_blocks,
)

PACK = PackId("ab" * 32)
PAGE = Path(__file__).parents[2].joinpath("store", "FORMAT.md").read_text(encoding="utf-8")
CONTENT = random.Random(5).randbytes(300_000)


class Bytes:
    """Content read as packs are."""

    def __init__(self, content: bytes) -> None:
        self.content = bytearray(content)

    def read(self, offset: int, length: int) -> bytes:
        return bytes(self.content[offset : offset + length])

    def wipe(self, offset: int, length: int) -> None:
        self.content[offset : offset + length] = bytes(length)

    def patched(self, blocks: dict[int, bytes]) -> bytes:
        for offset, block in blocks.items():
            self.content[offset : offset + len(block)] = block
        return bytes(self.content)


def _sidecar(content: bytes, percent: int = 4) -> bytes:
    return encode_sidecar(PACK, len(content), Bytes(content).read, Parity(percent))


SIDECAR = _sidecar(CONTENT)
HEADER, BEGIN = decode_sidecar(SIDECAR)


@pytest.mark.parametrize("size", [1, 63, 64, 65, 4095, 4096, 4097, 100_000, 2_000_000])
@pytest.mark.parametrize("percent", [1, 4, 30, 100])
def test_as_many_blocks_of_each_stripe_as_it_has_parity_come_back(size: int, percent: int) -> None:
    content = random.Random(size).randbytes(size)
    sidecar = _sidecar(content, percent)
    header, _ = decode_sidecar(sidecar)
    held = Bytes(content)
    for at in range(min(header.blocks, header.stripes * header.parity)):  # neighbours: the same number of each stripe
        held.wipe(at * header.block, min(header.block, size - at * header.block))
    blocks, beyond = rebuilt_blocks(sidecar, held.read)
    assert (held.patched(blocks), beyond, is_whole(sidecar)) == (content, 0, True)


def test_what_is_beyond_its_strength_is_counted_and_the_rest_comes_back() -> None:
    content = random.Random(1).randbytes(200 * (1 << 14))
    sidecar = _sidecar(content)
    header, _ = decode_sidecar(sidecar)
    held = Bytes(content)
    for at in list(header.stripe(0))[: header.parity + 1] + list(header.stripe(1))[:1]:
        held.wipe(at * header.block, header.block)
    blocks, beyond = rebuilt_blocks(sidecar, held.read)
    assert (list(blocks), beyond) == ([header.block], header.parity + 1)


def test_a_pack_cut_short_is_made_whole() -> None:
    held = Bytes(CONTENT[:-100])
    assert held.patched(rebuilt_blocks(SIDECAR, held.read)[0]) == CONTENT


def test_damaged_parity_is_left_out() -> None:
    held = Bytes(CONTENT)
    held.wipe(0, HEADER.block)
    hurt = SIDECAR[:BEGIN] + bytes(HEADER.block) + SIDECAR[BEGIN + HEADER.block :]
    assert not is_whole(hurt)
    assert held.patched(rebuilt_blocks(hurt, held.read)[0]) == CONTENT


@pytest.mark.parametrize("end", [slice(BEGIN, None), slice(None, -BEGIN)], ids=["the back one", "the front one"])
def test_one_header_is_enough(end: slice) -> None:
    held = Bytes(CONTENT)
    held.wipe(5, 9)
    assert decode_sidecar(SIDECAR[end])[0] == HEADER
    assert held.patched(rebuilt_blocks(SIDECAR[end], held.read)[0]) == CONTENT


@pytest.mark.parametrize("at", [0, 8, 40, 48, 52, 56, 57, 61, 80, BEGIN - 1])
def test_a_changed_header_is_not_believed(at: int) -> None:
    changed = bytearray(SIDECAR[:BEGIN])
    changed[at] ^= 1
    with pytest.raises(SidecarDamaged):
        decode_sidecar(bytes(changed))
    assert not is_whole(bytes(changed) + SIDECAR[BEGIN:])


@pytest.mark.parametrize(
    "fields",
    [(10, 64, 1, 2, 2), (10, 1 << 20, 1, 2, 1), (10, 64, 0, 2, 1), (10, 64, 1, 0, 1), (64 * 300, 64, 1, 2, 300)],
    ids=["blocks", "a long block", "no stripe", "no parity", "a long stripe"],
)
def test_numbers_that_cannot_be_are_refused(fields: tuple[int, int, int, int, int]) -> None:
    size, block, stripes, parity, blocks = fields
    body = struct.pack("<8s32sQIIBI", MAGIC, bytes(32), size, block, stripes, parity, blocks)
    body += bytes(4 * (blocks + stripes * parity))
    with pytest.raises(SidecarDamaged):
        decode_sidecar(body + blake3(body).digest())


def test_a_number_of_blocks_without_end_takes_no_memory() -> None:
    body = struct.pack("<8s32sQIIBI", MAGIC, bytes(32), 1 << 40, 64, 1, 2, (1 << 32) - 1)
    with pytest.raises(SidecarDamaged):
        decode_sidecar(body + bytes(100))


def test_undamaged_blocks_are_told_from_damaged_ones() -> None:
    held = Bytes(CONTENT)
    assert damaged_blocks(HEADER, held.read) == ()
    held.wipe(3 * HEADER.block, 1)
    held.wipe(7 * HEADER.block + 5, 1)
    assert set(damaged_blocks(HEADER, held.read)) <= {3, 7}


@pytest.mark.parametrize("percent", [-1, 101, True, 1.5, "4"])
def test_a_strength_that_cannot_be_is_refused(percent: int) -> None:
    with pytest.raises(InvalidArgument, match="parity"):
        Parity(percent)


def test_a_pack_shorter_than_it_should_be_gets_no_parity() -> None:
    with pytest.raises(EOFError):
        encode_sidecar(PACK, 100, Bytes(b"short").read, Parity())


def test_the_page_says_how_parity_lies_on_disk() -> None:
    section = PAGE.split("## Parity (2)")[1].split("## JSON files")[0]
    rows = [
        row.split("|")[1].strip() for row in section.split("| --- | --- | --- |\n")[1].splitlines() if row[:1] == "|"
    ]
    assert rows == ["8", "32", "8", "4, 4, 1", "4", "4 each", "4 each", "32"]
    assert MAGIC.decode() in section
    assert SIDECAR[:61] == struct.pack(
        "<8s32sQIIBI", MAGIC, bytes.fromhex(PACK), 300_000, HEADER.block, HEADER.stripes, HEADER.parity, HEADER.blocks
    )
    assert SIDECAR.startswith(HEADER.encoded())
    assert SIDECAR.endswith(HEADER.encoded())
