"""What the last scan of a project saw: `cache/scan/<project>`, derived, and ignored whenever in doubt."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from codevault.ids import ProjectId, SnapshotId

_VERSION = 1


class _State(msgspec.Struct, array_like=True):
    version: int
    snapshot: str
    policy: str
    folders: dict[bytes, bytes]


def load(folder: Path, project: ProjectId, snapshot: SnapshotId | None, policy: str) -> Mapping[str, bytes]:
    """Signatures by folder path, or nothing when they do not belong to that snapshot and policy."""
    try:
        state = msgspec.msgpack.decode((folder / project).read_bytes(), type=_State)
    except (OSError, msgspec.MsgspecError):
        return {}
    if state.version != _VERSION or state.snapshot != snapshot or state.policy != policy:
        return {}
    return {os.fsdecode(path): signature for path, signature in state.folders.items()}


def save(folder: Path, project: ProjectId, snapshot: SnapshotId, policy: str, signatures: Mapping[str, bytes]) -> None:
    """Keeps the signatures for the next run; not synced, since losing them only costs time.

    Raises:
        OSError: they cannot be written.
    """
    state = _State(_VERSION, snapshot, policy, {os.fsencode(path): s for path, s in signatures.items()})
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = folder / f"{project}.{os.getpid()}.tmp"
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.msgpack.encode(state))
    os.replace(temporary, folder / project)
