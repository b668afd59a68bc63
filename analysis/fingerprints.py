"""Digests of a symbol that survive reformatting (exact) or renaming as well (renamed).

FINGERPRINTS.md beside this file lists the bytes that are hashed. `ALGORITHM` is part of `FileAnalysis.grammar`, so a
change here re-analyses everything: raise it whenever the same source could give another digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from blake3 import blake3

from codevault.ids import UnitId

ALGORITHM: Final = 1
_BYTES: Final = 16


def fingerprint(tokens: Sequence[bytes]) -> str:
    """BLAKE3, 128 bits, of the tokens joined by NUL."""
    return blake3(b"\0".join(tokens)).hexdigest(length=_BYTES)


def unit_id(text: bytes) -> UnitId:
    """The name of a unit with these bytes."""
    return UnitId(blake3(text).hexdigest(length=_BYTES))
