"""What the store is made of: manifest entries, snapshots and the results of its operations.

All are frozen values. Paths are relative to the project's root, `/` between components, decoded as
`os.fsdecode` does on POSIX (bytes that are not UTF-8 become lone surrogates), so they turn back into the exact bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from codevault.ids import BlobId, ProjectId, SnapshotId


class EntryKind(StrEnum):
    """What a manifest entry is. Only files have content; specials are recorded and never opened."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    CHARACTER_DEVICE = "character-device"
    BLOCK_DEVICE = "block-device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One path of a manifest.

    `mode` holds the permission bits only, `size` bytes. A file has `blob`; with a `reference` ("git:<object id>") its
    content was left to a repository, `blob` says what its BLAKE3 is, and the vault need not hold it. A symbolic link
    has `target`. `note` says what is unusual about
    the entry: "unstable" (changed while it was read), "carried" (unreadable now, content of an earlier snapshot).
    `hardlink` is the path of the manifest's first entry that is the same file; this one still names its content, so
    that it restores alone. `owner` (user, group) is recorded where it is not the project's root's, `xattrs` (name,
    value) in the order of their names, `sparse` where the file has holes: its zeros need not be written.
    """

    path: str
    kind: EntryKind
    mode: int
    mtime_ns: int
    size: int = 0
    blob: BlobId | None = None
    target: str | None = None
    reference: str | None = None
    note: str | None = None
    hardlink: str | None = None
    owner: tuple[int, int] | None = None
    xattrs: tuple[tuple[str, bytes], ...] = ()
    sparse: bool = False


SNAPSHOT_KINDS = ("manual", "automatic", "milestone")
"""What a snapshot may be: asked for, made by a hook or timer, or worth keeping."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotDraft:
    """A snapshot before the store has given it a sequence number, a parent and an id.

    `created_ns` is nanoseconds since the epoch, UTC; it labels, it never orders. `kind` is "manual", "automatic"
    or "milestone". `facts` holds short facts for people and tools (branch, head, counts): text, whole numbers of at
    most 64 bits, booleans or None. In `reason` and `facts` a `?` is recorded for each NUL and lone surrogate.
    """

    project: ProjectId
    created_ns: int
    utc_offset_s: int = 0
    reason: str = ""
    kind: str = "manual"
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One recorded state of a project: a manifest plus when, where from and why.

    `sequence` counts from 1 within the project and orders; `parent` is the project's snapshot before it.
    """

    id: SnapshotId
    project: ProjectId
    sequence: int
    parent: SnapshotId | None
    manifest: BlobId
    created_ns: int
    utc_offset_s: int
    reason: str
    kind: str
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict, hash=False)


class DamagedSnapshot(NamedTuple):
    """A snapshot whose file is there by name and cannot be read: what `Store.snapshots` leaves out."""

    project: ProjectId
    sequence: int
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """One finding of `verify()`: which file of the vault, at which byte, what is wrong, which blobs it costs.

    `kind` is "damaged" (bytes that are not what they were), "missing" (the file is gone) or "lost" (the file is sound,
    but what its content rests on is not). A blob named here may have another, sound copy: `VerifyReport.lost` knows.
    """

    file: str
    offset: int
    why: str
    blobs: tuple[BlobId, ...] = ()
    kind: str = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something `verify()` met that is no damage.

    `kind` is "foreign" (a file that is not the vault's, such as a conflicted copy of a sync tool: left alone),
    "unprotected" (parity or a copy of small files is not there: the next run or `repair()` makes it) or "waste" (what
    nothing names, and what it rests on is gone: a prune was stopped half-way, the next one takes it).
    """

    kind: str
    file: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LostVersion:
    """One version of one file that cannot be restored: the snapshots of the project from `first` to `last` held it.

    `snapshots` says how many of them. Sizes in bytes.
    """

    project: ProjectId
    path: str
    blob: BlobId
    size: int
    first: int
    last: int
    snapshots: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyReport:
    """What `verify()` looked at and found. `affected` names each snapshot that does not restore whole.

    `lost` names each version of each file that is lost; of a snapshot whose manifest is lost it cannot know them.
    `total_bytes` is what a look at everything comes to; `bytes` of them were read this time.
    """

    files: int
    bytes: int
    blobs: int
    damages: tuple[Damage, ...]
    affected: tuple[SnapshotId, ...]
    lost: tuple[LostVersion, ...] = ()
    notices: tuple[Notice, ...] = ()
    mode: str = "full"
    total_bytes: int = 0

    @property
    def ok(self) -> bool:
        """True when nothing is damaged or missing."""
        return not self.damages and not self.affected

    @property
    def share(self) -> float:
        """Which part of the vault's bytes was read, 0 to 1."""
        return min(1.0, self.bytes / self.total_bytes) if self.total_bytes else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairStep:
    """One thing a repair does or did, and what healed it.

    `action` is "rebuild" (a pack is whole again), "salvage" (what is sound of a pack went into a new one), "forget" (a
    pack is gone), "restore" (a small file), "protect" (parity, or a copy of small files) or "store" (content of a
    donor; `file` is then a path in a project). `by` says from what; `blobs` which content it brings back, where known.
    """

    action: str
    file: str
    by: str
    blobs: tuple[BlobId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What `repair()` did, or with `planned` would do. `quarantined` names the damaged files that were put aside.

    `lost` are the versions of files that are lost all the same, as far as manifests can be read; `verified` is the look
    at the vault that says so: the one before a plan, the one after a repair.
    """

    planned: bool
    steps: tuple[RepairStep, ...]
    quarantined: tuple[str, ...]
    lost: tuple[LostVersion, ...]
    verified: VerifyReport

    @property
    def ok(self) -> bool:
        """True when nothing is lost and, after a repair, nothing damaged."""
        return not self.lost and not self.beyond and (self.planned or self.verified.ok)

    @property
    def beyond(self) -> tuple[str, ...]:
        """Files of the vault that are missing and that nothing brings back."""
        healed = {step.file for step in self.steps}
        missing = (damage.file for damage in self.verified.damages if damage.kind == "missing")
        return tuple(dict.fromkeys(name for name in missing if name not in healed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A blob kept as a difference from another: its length, and the bytes that the difference takes."""

    blob: BlobId
    base: BlobId
    length: int
    stored: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStats:
    """Sizes in bytes. `content_bytes` is what the stored blobs come to uncompressed, each once."""

    packs: int
    pack_bytes: int
    blobs: int
    content_bytes: int
    other_bytes: int
    snapshots: int
