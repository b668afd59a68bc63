"""Where things lie in a vault's folder, and which names count. Everything else in it is foreign and left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from codevault.ids import PackId, ProjectId, SnapshotId

FORMAT_VERSION = 2
"""Written into vault.json; FORMAT.md says when it goes up."""

_PACK = re.compile(r"([0-9a-f]{64})\.pack")
_SNAPSHOT = re.compile(r"([0-9]{8,12})-([0-9a-f]{64})\.json")
_LOG = re.compile(r"([0-9]{8,12})\.json")
_COPY = re.compile(r"([0-9]{8,12})\.copy")
_SIDECAR = re.compile(r"([0-9a-f]{64})\.par")
_PROJECT = re.compile(r"[0-9a-f]{16}")
_DOCUMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of the vault at `root`."""

    root: Path

    @property
    def identity(self) -> Path:
        """Format version and vault id; its presence makes the folder a vault."""
        return self.root / "vault.json"

    @property
    def lock(self) -> Path:
        """Held by the one writer; empty when nobody writes."""
        return self.root / "lock"

    @property
    def packs(self) -> Path:
        """All content, in folders named by the first two digits of the pack's id."""
        return self.root / "packs"

    @property
    def snapshots(self) -> Path:
        """One folder a project, one file a snapshot."""
        return self.root / "snapshots"

    @property
    def thinned(self) -> Path:
        """Records of snapshots that were thinned and can still be put back, in folders as under snapshots/."""
        return self.root / "thinned"

    @property
    def keepsakes(self) -> Path:
        """One file a project: spans that outlive the blobs they were cut from."""
        return self.root / "keepsakes"

    @property
    def limits(self) -> Path:
        """What the vault may take of the disk; missing while nothing is limited."""
        return self.root / "limits.json"

    @property
    def reserve(self) -> Path:
        """Space given back when the disk is full, so that thinning can write its records."""
        return self.root / "reserve"

    @property
    def projects(self) -> Path:
        """One document a project."""
        return self.root / "projects"

    @property
    def vcs(self) -> Path:
        """One folder a project: files in the formats of version control systems."""
        return self.root / "vcs"

    @property
    def log(self) -> Path:
        """One record a generation."""
        return self.root / "log"

    @property
    def incoming(self) -> Path:
        """Files being written; whatever a dead run left here is swept by the next writer."""
        return self.root / "incoming"

    @property
    def quarantine(self) -> Path:
        """Damaged files that a repair put aside; never read again by the store."""
        return self.root / "quarantine"

    @property
    def cache(self) -> Path:
        """Derived, may be deleted at any time."""
        return self.root / "cache"

    def pack(self, pack: PackId) -> Path:
        """The file of a pack."""
        return self.packs / pack[:2] / f"{pack}.pack"

    def sidecar(self, pack: PackId) -> Path:
        """The file of a pack's parity."""
        return self.packs / pack[:2] / f"{pack}.par"

    def snapshot(self, project: ProjectId, sequence: int, snapshot: SnapshotId) -> Path:
        """The file of a snapshot."""
        return self.snapshots / project / f"{sequence:08d}-{snapshot}.json"

    def thinned_snapshot(self, project: ProjectId, sequence: int, snapshot: SnapshotId) -> Path:
        """The file of a snapshot that was thinned."""
        return self.thinned / project / f"{sequence:08d}-{snapshot}.json"

    def keepsake(self, project: ProjectId) -> Path:
        """The file that names a project's keepsakes."""
        return self.keepsakes / f"{project}.json"

    def document(self, name: str) -> Path:
        """The file of a project's document."""
        return self.projects / f"{name}.json"

    def record(self, sequence: int) -> Path:
        """The file of a generation's log record."""
        return self.log / f"{sequence:08d}.json"

    def copy(self, sequence: int) -> Path:
        """The file of a generation's copy of its small files."""
        return self.log / f"{sequence:08d}.copy"

    def relative(self, path: Path) -> str:
        """The name under which records speak of a file: relative to the vault, `/` between parts."""
        return path.relative_to(self.root).as_posix()


def pack_of(name: str) -> PackId | None:
    """The pack a file name stands for, None for a foreign name."""
    found = _PACK.fullmatch(name)
    return PackId(found[1]) if found else None


def snapshot_of(name: str) -> tuple[int, SnapshotId] | None:
    """Sequence number and id a file name stands for, None for a foreign name."""
    found = _SNAPSHOT.fullmatch(name)
    return (int(found[1]), SnapshotId(found[2])) if found else None


def record_of(name: str) -> int | None:
    """The generation a log file's name stands for, None for a foreign name."""
    found = _LOG.fullmatch(name)
    return int(found[1]) if found else None


def copy_of(name: str) -> int | None:
    """The generation whose small files a file name stands for, None for a foreign name."""
    found = _COPY.fullmatch(name)
    return int(found[1]) if found else None


def sidecar_of(name: str) -> PackId | None:
    """The pack whose parity a file name stands for, None for a foreign name."""
    found = _SIDECAR.fullmatch(name)
    return PackId(found[1]) if found else None


def document_of(name: str) -> str | None:
    """The document a file name stands for, None for a foreign name."""
    stem = name.removesuffix(".json")
    return stem if stem != name and is_document_name(stem) else None


def is_document_name(name: str) -> bool:
    """True for a name a document may have: it becomes a file name."""
    return _DOCUMENT.fullmatch(name) is not None


def is_project(name: str) -> bool:
    """True for what a project id looks like: it becomes a folder name."""
    return _PROJECT.fullmatch(name) is not None
