"""The version of the fingerprints, and the name of a unit.

FINGERPRINTS.md beside this file lists the bytes that are hashed; tokens.py makes them. `ALGORITHM` is part of
`FileAnalysis.grammar`, so a change re-analyses everything: raise it whenever the same source could give another digest.
"""

from __future__ import annotations

from typing import Final

from blake3 import blake3

from codevault.ids import UnitId

ALGORITHM: Final = 4
_BYTES: Final = 16


def unit_id(text: bytes) -> UnitId:
    """The name of a unit with these bytes."""
    return UnitId(blake3(text).hexdigest(length=_BYTES))
