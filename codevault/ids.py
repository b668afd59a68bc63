"""Names of things. Every id is a distinct type, so one cannot be passed for another."""

from typing import NewType

BlobId = NewType("BlobId", str)
"""BLAKE3-256 of a blob's bytes, 64 lower-case hexadecimal digits."""

PackId = NewType("PackId", str)
"""Name of a pack file, 64 lower-case hexadecimal digits: BLAKE3-256 of the file's bytes."""

SnapshotId = NewType("SnapshotId", str)
"""BLAKE3-256 of a snapshot file's exact bytes, 64 lower-case hexadecimal digits."""

ProjectId = NewType("ProjectId", str)
"""A project's own identity, 16 lower-case hexadecimal digits; survives moving its folder."""

VaultId = NewType("VaultId", str)
"""A vault's identity, 32 lower-case hexadecimal digits."""

UnitId = NewType("UnitId", str)
"""BLAKE3 of a unit's bytes cut to 128 bits, 32 lower-case hexadecimal digits."""
