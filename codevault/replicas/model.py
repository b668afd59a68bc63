"""What a replication did."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicated:
    """What a replication did; bytes are those that went over the line.

    `healed` of the `sent` objects were there, but not as they had been sent. `problems` are files of the vault that are
    damaged and were not sent: `repair()` them. `unexplained` are objects that the vault does not have and its log does
    not call removed: they stay, and a `repair()` with the replica as a donor may want them. `erasures` are those that
    have reached the replica. Names and lengths of objects are visible in an `encrypted` one too.
    """

    target: str
    generation: int
    objects: int
    sent: int
    bytes_sent: int
    skipped: int
    healed: int
    removed: int
    erasures: int
    problems: tuple[str, ...]
    unexplained: tuple[str, ...]
    encrypted: bool
    verified: bool
    seconds: float
