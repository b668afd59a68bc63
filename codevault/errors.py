"""Every error that CodeVault raises.

CodeVaultError
├── InvalidArgument (ValueError)      a call that cannot mean anything
│   ├── UnknownProject                no such project in this vault
│   ├── UnknownSnapshot               no such snapshot of that project
│   ├── UnknownPath                   the archive holds nothing under that path
│   ├── UnknownSymbol                 no version of that file defines that name
│   ├── InvalidPattern                a regular expression or query that cannot be run
│   └── InvalidPolicy                 a rules file with a mistake: file, line and key are told
├── VaultError                        the vault as a whole
│   ├── VaultMissing                  there is no vault at that path
│   ├── VaultExists                   the place for a new vault is taken
│   ├── VaultBusy                     another writer holds the vault
│   ├── VaultTooNew                   written by a newer CodeVault
│   ├── VaultDiverged                 older than, or another than, the vault that was seen before
│   ├── VaultClosed                   used after close()
│   └── ServiceError                  its service does not start, or does not end
├── DamageError                       bytes that are not what their name says
│   ├── BlobMissing                   a blob that is referred to is in no pack
│   │   └── ContentElsewhere          it was left to a repository, which cannot give it now
│   ├── BlobDamaged                   a blob's bytes do not hash to its id
│   └── RecordDamaged                 a snapshot, project or log file does not parse or hash
├── StorageFull                       no space, no inodes or quota used up
│   └── LimitReached                  the vault's own ceiling, floor or share would be broken
├── StorageError                      any other refusal of the file system under the vault
├── SourceError                       the project's root cannot be read at all
├── RepositoryUnreadable              a project's version control is damaged, unknown or not to be trusted
├── RestoreRefused                    restoring would overwrite or leave its target
├── PruneRefused                      the vault changed since it was planned, or something looks like an accident
├── EraseRefused                      as PruneRefused, of an erasure
├── IndexDamaged                      cache/ is damaged, stale or of another version: rebuild()
├── IndexBusy                         another process is writing cache/: try again
├── WorkerError                       parser workers cannot be started
├── ReplicaError                      a copy of the vault elsewhere
│   ├── ReplicaRefused                it is another vault's, or would lose what this vault lost
│   ├── ReplicaBusy                   another replication has begun
│   ├── ReplicaReadOnly               a replica is read, never written
│   ├── ReplicaLocked                 it is encrypted, and no identity given opens it
│   └── ReplicaUnreachable            the connection, or the system at its other end, refuses
├── ExtraMissing                      what an optional part needs is not installed; the extra is told
└── Cancelled                         the caller's cancel token was set
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codevault.ids import BlobId


class CodeVaultError(Exception):
    """Base of all errors of CodeVault; its text says what failed, on what, and what to do."""


class InvalidArgument(CodeVaultError, ValueError):  # noqa: N818 - the tree reads as sentences
    """An argument, or a combination of them, that cannot mean anything."""


class UnknownProject(InvalidArgument):
    """No project of the vault has that id, name or root."""


class UnknownSnapshot(InvalidArgument):
    """No snapshot of the project answers to that id, sequence number or point in time."""


class UnknownPath(InvalidArgument):
    """The archive holds nothing under that path, or the path lies in no project."""


class UnknownSymbol(InvalidArgument):
    """No analysed version of the file defines that name."""


class InvalidPattern(InvalidArgument):
    """A search pattern that cannot be compiled or exceeds a stated limit."""


class InvalidPolicy(InvalidArgument):
    """A rules file that cannot be used: `file`, `line` (from 1) and `key` ("rule[2].cadence") say where."""

    def __init__(self, file: str, line: int, key: str, why: str) -> None:
        super().__init__(f"{file}, line {line}{f', {key}' if key else ''}: {why}")
        self.file = file
        self.line = line
        self.key = key


class VaultError(CodeVaultError):
    """Something about the vault as a whole; `path` is its folder."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


class VaultMissing(VaultError):  # noqa: N818
    """There is no vault at `path`; Vault.create() makes one."""


class VaultExists(VaultError):  # noqa: N818
    """`path` already holds a vault or other files; Vault.open() opens a vault."""


class VaultBusy(VaultError):  # noqa: N818
    """Another process or thread is writing; `holder` describes it, for people only."""

    def __init__(self, message: str, path: Path, holder: str = "") -> None:
        super().__init__(message, path)
        self.holder = holder


class VaultTooNew(VaultError):  # noqa: N818
    """The vault's format version is newer than this CodeVault knows; upgrade CodeVault."""

    def __init__(self, message: str, path: Path, version: int, supported: int) -> None:
        super().__init__(message, path)
        self.version = version
        self.supported = supported


class VaultDiverged(VaultError):  # noqa: N818
    """The vault is not the one that was seen before: restored from an older copy, or a copy that went another way.

    `how` is "older", "diverged" or "other" (another vault altogether); `expected` and `found` are generations.
    """

    def __init__(self, path: Path, how: str, expected: int, found: int) -> None:
        why = {
            "older": f"it is at generation {found}, and {expected} was seen: an older copy was put back",
            "diverged": f"its generation {expected} is not the one that was seen: two copies were written to",
            "other": "it is another vault than the one that was seen",
        }[how]
        super().__init__(f"{path}: {why}; open it with acknowledge=True to go on with what is there", path)
        self.how = how
        self.expected = expected
        self.found = found


class VaultClosed(VaultError):  # noqa: N818
    """The vault object was used after close()."""


class ServiceError(VaultError):
    """The vault's service did not come up, or did not end when it was told to."""


class DamageError(CodeVaultError):
    """Stored bytes are not what their name says; other content stays readable."""


class BlobMissing(DamageError):  # noqa: N818
    """A blob that something refers to is in no pack; `verify()` lists what needs it."""

    def __init__(self, blob: BlobId, message: str = "") -> None:
        super().__init__(message or f"blob {blob} is in no pack of this vault; verify() lists what needs it")
        self.blob = blob


class ContentElsewhere(BlobMissing):
    """A content that was left to a repository, which is gone or has it no more; `reference` says what it calls it."""

    def __init__(self, blob: BlobId, reference: str, path: str) -> None:
        super().__init__(
            blob, f"{path} was left to its repository as {reference}, which cannot give it now; give restore() a clone"
        )
        self.reference = reference
        self.path = path


class BlobDamaged(DamageError):  # noqa: N818
    """A blob's stored bytes do not decode or do not hash to its id."""

    def __init__(self, blob: BlobId, pack: Path, offset: int, why: str) -> None:
        super().__init__(f"blob {blob} in {pack.name} at byte {offset} is damaged: {why}; run verify()")
        self.blob = blob
        self.pack = pack
        self.offset = offset


class RecordDamaged(DamageError):  # noqa: N818
    """A snapshot, project, log or vault file does not parse or does not match its name or chain."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} is damaged: {why}; run verify()")
        self.path = path


class StorageFull(CodeVaultError):  # noqa: N818
    """The file system under the vault has no space, no inodes or no quota left."""

    def __init__(self, path: Path, cause: OSError, advice: str = "free some space and try again") -> None:
        super().__init__(f"cannot write {path.name}: {cause.strerror}; {advice}; nothing committed was lost")
        self.path = path


class LimitReached(StorageFull):
    """A limit of the vault's own: `limit` is "ceiling", "free" or "share", `allowed` its bytes. The disk has space."""

    def __init__(self, root: Path, limit: str, allowed: int) -> None:
        cause = OSError(errno.EDQUOT, f"its limit ({limit}: {allowed} bytes) is reached")
        super().__init__(root, cause, "prune(), compact() or another limit makes room")
        self.limit = limit
        self.allowed = allowed


class StorageError(CodeVaultError):
    """The file system under the vault refused an operation for another reason than space."""

    def __init__(self, path: Path, cause: OSError) -> None:
        super().__init__(f"the vault's storage failed at {path.name}: {cause.strerror}")
        self.path = path


class SourceError(CodeVaultError):
    """A project's root is missing or unreadable; nothing was recorded, nothing counts as deleted."""

    def __init__(self, why: str, root: Path | None = None) -> None:
        where = f" at {root}" if root is not None else ""
        super().__init__(f"cannot read the project{where}: {why}; nothing was recorded, nothing counts as deleted")
        self.root = root


class RepositoryUnreadable(CodeVaultError):  # noqa: N818
    """The history of a project's version control cannot be read; its files are kept as plain files all the same."""


class RestoreRefused(CodeVaultError):  # noqa: N818
    """A restore that would overwrite differing files, write into the vault or leave its target."""

    def __init__(self, message: str, target: Path) -> None:
        super().__init__(message)
        self.target = target


class PruneRefused(CodeVaultError):  # noqa: N818
    """A prune not begun. `reasons` are those of its plan that nobody acknowledged, none if it is out of date."""

    def __init__(self, message: str, reasons: tuple[str, ...]) -> None:
        super().__init__(message)
        self.reasons = reasons


class EraseRefused(CodeVaultError):  # noqa: N818
    """An erasure not begun. `reasons` are those of its plan that nobody acknowledged, none if it cannot be done now."""

    def __init__(self, message: str, reasons: tuple[str, ...]) -> None:
        super().__init__(message)
        self.reasons = reasons


class IndexDamaged(CodeVaultError):  # noqa: N818
    """The derived catalog or text index is unusable; `rebuild()` makes it again from the vault."""


class IndexBusy(CodeVaultError):  # noqa: N818
    """Another process is writing the derived catalog or text index; nothing is wrong, try again when it has ended."""


class WorkerError(CodeVaultError):
    """Parser workers cannot be started or keep dying before their first answer."""


class ReplicaError(CodeVaultError):
    """Something about a copy of the vault elsewhere; `url` says where, without user and password."""

    def __init__(self, message: str, url: str) -> None:
        super().__init__(message)
        self.url = url


class ReplicaRefused(ReplicaError):  # noqa: N818
    """A replication that was not begun; `lost` are names the replica has, and the vault has lost without removing."""

    def __init__(self, message: str, url: str, lost: tuple[str, ...] = ()) -> None:
        super().__init__(message, url)
        self.lost = lost


class ReplicaBusy(ReplicaError):  # noqa: N818
    """Another replication to the same place has begun since; it goes on, this one has ended."""


class ReplicaReadOnly(ReplicaError):  # noqa: N818
    """A vault that was opened from a replica cannot be written; open the vault itself."""


class ReplicaLocked(ReplicaError):  # noqa: N818
    """The replica is encrypted, and none of the identities that were given opens it."""


class ReplicaUnreachable(ReplicaError):  # noqa: N818
    """The connection to a replica is gone, or the system at its other end refuses; calling again goes on from there."""


class ExtraMissing(CodeVaultError):  # noqa: N818
    """An optional part of CodeVault was asked for, and a package it needs is missing; `extra` installs it."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(f"{what} needs {package}: install codevault[{extra}]")
        self.package = package
        self.extra = extra


class Cancelled(CodeVaultError):  # noqa: N818
    """The caller's cancel token was set; what was committed before stays."""
