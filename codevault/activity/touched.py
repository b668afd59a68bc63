"""How many definitions of a file an edit touched: what a change means, told without parsing it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

LARGEST = 256 << 10
"""Bytes of a file that is looked at; this is done at every save."""

_MOST = 500


def touched(spans: Iterable[tuple[int, int]], before: bytes, now: bytes) -> int:
    """How many of the definitions at `spans` of `before` do not stand in `now` word for word, the innermost of each.

    A definition that only moved is not touched. At most the product of both lengths, for at most 500 definitions.
    """
    counted: list[tuple[int, int]] = []
    for start, end in sorted(set(spans), key=lambda span: (span[1] - span[0], span))[:_MOST]:
        if before[start:end] in now or any(start <= inner and last <= end for inner, last in counted):
            continue
        counted.append((start, end))
    return len(counted)
