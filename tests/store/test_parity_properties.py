"""Whatever blocks are lost within the strength of parity, the pack comes back; whatever is lost, nothing wrong does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.ids import PackId
from codevault.store.parity import Parity, decode_sidecar, encode_sidecar, rebuilt_blocks


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=20_000), st.integers(1, 40), st.data())
def test_rebuilt_blocks_are_the_right_ones(content: bytes, percent: int, data: st.DataObject) -> None:
    sidecar = encode_sidecar(PackId("00" * 32), len(content), lambda at, n: content[at : at + n], Parity(percent))
    header, _ = decode_sidecar(sidecar)
    lost = data.draw(st.sets(st.integers(0, header.blocks - 1), max_size=2 * header.parity))
    damaged = bytearray(content)
    for at in lost:
        damaged[at * header.block] ^= 0x5A
    blocks, beyond = rebuilt_blocks(sidecar, lambda at, n: bytes(damaged[at : at + n]))
    for at, block in blocks.items():
        damaged[at : at + len(block)] = block
    left = [at for at in lost if damaged[at * header.block] != content[at * header.block]]
    assert len(left) == beyond
    assert (bytes(damaged) == content) == (not left)
    assert beyond == 0 or len(lost) > header.parity
