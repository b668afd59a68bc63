"""Small non-negative numbers in few bytes: LEB128 varints, and ascending or wandering series of them as steps.

Seven bits a byte, least significant first, the high bit set on all but the last byte. A step that may be negative is
zigzag coded (0, -1, 1, -2, … become 0, 1, 2, 3, …).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final


def pack(values: Iterable[int]) -> bytes:
    """The numbers one after another; every one must be >= 0."""
    numbers = list(values)
    if not numbers or max(numbers) < 128:
        return bytes(numbers)
    out = bytearray()
    append = out.append
    for value in numbers:
        rest = value
        while rest > 127:
            append(rest & 127 | 128)
            rest >>= 7
        append(rest)
    return bytes(out)


def unpack(packed: bytes) -> list[int]:
    """What `pack` was given.

    Raises:
        ValueError: the bytes end inside a number.
    """
    if packed.isascii():
        return list(packed)
    if packed[-1] > 127:
        raise ValueError("a packed number is cut short")
    values: list[int] = []
    for run in _RUNS.findall(packed):
        if run[0] < 128:
            values += run
            continue
        value = shift = 0
        for byte in run:
            value |= (byte & 127) << shift
            shift += 7
        values.append(value)
    return values


_RUNS: Final = re.compile(rb"[\x00-\x7f]+|[\x80-\xff]+[\x00-\x7f]")
"""Most numbers are of one byte: those beside each other are taken at once."""


def zigzag(value: int) -> int:
    """A signed number as a non-negative one, small staying small."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def unzigzag(value: int) -> int:
    """What `zigzag` was given."""
    return -(value + 1 >> 1) if value & 1 else value >> 1


def pack_ascending(values: Iterable[int], start: int = 0) -> bytes:
    """Numbers in ascending order, as steps from `start`."""
    steps = []
    last = start
    for value in values:
        steps.append(value - last)
        last = value
    return pack(steps)


def unpack_ascending(packed: bytes, start: int = 0) -> list[int]:
    """What `pack_ascending` was given with the same `start`."""
    values = unpack(packed)
    last = start
    for at, step in enumerate(values):
        last += step
        values[at] = last
    return values
