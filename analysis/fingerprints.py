"""Digests of a symbol that survive reformatting (exact) or renaming as well (renamed).

FINGERPRINTS.md beside this file lists the bytes that are hashed. `ALGORITHM` is part of `FileAnalysis.grammar`, so a
change here re-analyses everything: raise it whenever the same source could give another digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from blake3 import blake3

from codevault.ids import UnitId

ALGORITHM: Final = 2
_BYTES: Final = 16


def fingerprint(tokens: Sequence[bytes]) -> str:
    """BLAKE3, 128 bits, of the tokens joined by NUL."""
    return blake3(b"\0".join(tokens)).hexdigest(length=_BYTES)


class Stream:
    """The tokens of a file, joined once between the places where symbols begin and end, digested for each symbol.

    A token is in as many symbols as nest around it; joining pieces instead of tokens halves the time.
    """

    def __init__(self, tokens: Sequence[bytes], borders: Sequence[int]) -> None:
        self._piece = {border: index for index, border in enumerate(borders)}
        self._pieces = [b"\0".join(tokens[start:end]) for start, end in pairwise(borders)]

    def fingerprint(self, first: int, last: int, more: Sequence[bytes] = ()) -> str:
        """The digest of the tokens from one border up to another, `more` after them."""
        return fingerprint([*self._pieces[self._piece[first] : self._piece[last]], *more])


def unit_id(text: bytes) -> UnitId:
    """The name of a unit with these bytes."""
    return UnitId(blake3(text).hexdigest(length=_BYTES))
