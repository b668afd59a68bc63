"""vcs/: files in formats that are not ours, whole, named by what they are and by their hash, and logged.

What stands there survives without CodeVault: git takes a bundle from the shelf as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from codevault.errors import CodeVaultError, InvalidArgument, RecordDamaged
from codevault.ids import ProjectId
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout, is_project
from codevault.store.limits import Allowance
from codevault.store.publishing import ensure_folder, read_back_failed
from codevault.store.records import LoggedFile
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState

_NAME = re.compile(r"([0-9]{8})-([a-z]+)-([0-9a-f]{64})\.([a-z0-9.]+)")
_KIND = re.compile(r"[a-z]{1,20}")
_SUFFIX = re.compile(r"[a-z0-9]+(?:\.[a-z0-9]+)*")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelved:
    """One file on the shelf: the how-manieth of its project, what kind of thing, its hash, and its length in bytes."""

    project: ProjectId
    number: int
    kind: str
    blake3: str
    suffix: str
    size: int

    @property
    def name(self) -> str:
        """The file's own name."""
        return f"{self.number:08d}-{self.kind}-{self.blake3}.{self.suffix}"


class Shelf:
    """Reads and adds; nothing on it is ever changed."""

    def __init__(self, state: Callable[[], VaultState], turn: Callable[[], Turn]) -> None:
        self._state = state
        self._turn = turn

    def files(self, project: ProjectId, kind: str = "") -> tuple[Shelved, ...]:
        """What stands there for a project, of one kind or all, oldest first."""
        state = self._state()
        return tuple(one for one in _listed(state.files, state.layout, project) if not kind or one.kind == kind)

    def read(self, file: Shelved) -> Iterator[bytes]:
        """Its bytes in blocks; act on them only when they have ended without an error.

        Raises:
            RecordDamaged: it is gone, or its bytes are not those that were put there.
        """
        state = self._state()
        path = state.layout.vcs / file.project / file.name
        hasher = blake3()
        at = 0
        while block := state.files.read(path, at, _BLOCK):
            hasher.update(block)
            at += len(block)
            yield block
        if hasher.hexdigest() != file.blake3:
            raise RecordDamaged(path, "its bytes are not those of its name")

    def put(self, project: ProjectId, kind: str, suffix: str, blocks: Iterable[bytes]) -> Shelved:
        """Adds a file, durable and logged on return. The newest of its kind is not added again.

        Raises:
            InvalidArgument: a project, kind or suffix that cannot be part of a file name.
            LimitReached: the vault may not take as much.
            VaultBusy, StorageFull, StorageError: nothing was added.
        """
        if not (is_project(project) and _KIND.fullmatch(kind) and _SUFFIX.fullmatch(suffix)):
            raise InvalidArgument(f"{project}/{kind}.{suffix} cannot be a file's name")
        with self._turn() as turn:
            return _put(turn, project, kind, suffix, blocks)


def _listed(files: FileSystem, layout: Layout, project: ProjectId) -> Iterator[Shelved]:
    for file in files.list(layout.vcs / project) or ():
        parts = _NAME.fullmatch(file.name) if file.is_file else None
        if parts:
            number, kind, digest, suffix = parts.groups()
            yield Shelved(project=project, number=int(number), kind=kind, blake3=digest, suffix=suffix, size=file.size)


def _put(turn: Turn, project: ProjectId, kind: str, suffix: str, blocks: Iterable[bytes]) -> Shelved:
    files, layout = turn.state.files, turn.state.layout
    temporary = layout.incoming / f"{kind}.{suffix}.tmp"
    files.remove(temporary)
    try:
        digest, size = _written(files, temporary, blocks, Allowance(turn.state))
    except BaseException:
        with suppress(CodeVaultError):
            files.remove(temporary)  # else the next writer sweeps it
        raise
    there = list(_listed(files, layout, project))
    last = next((one for one in reversed(there) if one.kind == kind), None)
    if last is not None and last.blake3 == digest == _hash(files, layout.vcs / project / last.name):
        files.remove(temporary)
        return last
    number = max((one.number for one in there), default=0) + 1
    new = Shelved(project=project, number=number, kind=kind, blake3=digest, suffix=suffix, size=size)
    target = layout.vcs / project / new.name
    turn.check()
    ensure_folder(files, layout.vcs)
    ensure_folder(files, target.parent)
    files.rename(temporary, target)
    files.sync_folder(target.parent)
    turn.log([LoggedFile(file=layout.relative(target), bytes=size, blake3=digest)])
    return new


def _written(files: FileSystem, path: Path, blocks: Iterable[bytes], allowance: Allowance) -> tuple[str, int]:
    hasher = blake3()
    size = 0
    new = files.create(path)
    try:
        for block in blocks:
            allowance.admit(len(block))
            new.write(block)
            hasher.update(block)
            size += len(block)
        new.sync()
    finally:
        new.close()
    if _hash(files, path) != hasher.hexdigest():
        raise read_back_failed(path)
    return hasher.hexdigest(), size


def _hash(files: FileSystem, path: Path) -> str:
    hasher = blake3()
    at = 0
    while held := files.read(path, at, _BLOCK):
        hasher.update(held)
        at += len(held)
    return hasher.hexdigest()
