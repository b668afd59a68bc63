"""What a vault may take of its disk: a ceiling, free space left to others, shares of projects, and a reserve.

Kept in limits.json with what its owner acknowledged about suspicious snapshots. All of it is checked while a run
writes, before each frame: other programs use the same disk.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from codevault.errors import CodeVaultError, DamageError, InvalidArgument, LimitReached, RecordDamaged, StorageFull
from codevault.ids import ProjectId
from codevault.store.filesystem import FileSystem
from codevault.store.layout import FORMAT_VERSION, Layout, is_project
from codevault.store.publishing import publish
from codevault.store.records import LoggedFile, RecordMalformed, hash_of, seal, unseal
from codevault.store.thinning import Retention
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState

T = TypeVar("T")
_MOST_RESERVE = 4 << 20
_LEAST_RESERVE = 64 << 10
_BLOCK = 1 << 20
_LOOK_AGAIN = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """All in bytes, None for no limit.

    `ceiling`: the whole vault outside cache/. `free`: what has to stay free on the disk. `shares`: what a project's
    own content may come to (what several projects hold is shared and counts for none). `reserve`: given back when the
    disk is full, so that thinning can write its records; None is a hundredth of the vault, from 64 KiB to 4 MiB.
    `thin`: what a backup may thin by on its own when a limit is reached, None for nothing.

    Raises:
        InvalidArgument: a limit that is no number of bytes, or a share of no project.
    """

    ceiling: int | None = None
    free: int | None = None
    shares: Mapping[ProjectId, int] = field(default_factory=dict, hash=False)
    reserve: int | None = None
    thin: Retention | None = None

    def __post_init__(self) -> None:
        for name, least in (("ceiling", 1), ("free", 1), ("reserve", 0)):
            _check_bytes(name, getattr(self, name), least)
        if not isinstance(self.shares, Mapping) or not all(isinstance(p, str) and is_project(p) for p in self.shares):
            raise InvalidArgument("shares map ids of projects to bytes")
        for project, share in self.shares.items():
            if share is None:
                raise InvalidArgument(f"the share of project {project} is none: leave it out for no limit")
            _check_bytes(f"the share of project {project}", share, 1)
        if self.thin is not None and not isinstance(self.thin, Retention):
            raise InvalidArgument("thin is a Retention, or None")
        object.__setattr__(self, "shares", MappingProxyType(dict(self.shares)))

    @property
    def any(self) -> bool:
        """True when a run has anything to look out for."""
        return self.ceiling is not None or self.free is not None or bool(self.shares)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceSettings:
    """What limits.json holds; `acknowledged` maps projects to the sequence up to which suspicions were answered."""

    limits: Limits = field(default_factory=Limits)
    acknowledged: Mapping[ProjectId, int] = field(default_factory=dict, hash=False)


def read_space(state: VaultState) -> SpaceSettings:
    """What the vault holds of limits and acknowledgements; neither where nothing was ever set.

    Raises:
        RecordDamaged: limits.json was changed.
    """
    path = state.layout.limits
    content = state.files.read(path)
    if content is None:
        return SpaceSettings()
    try:
        value = unseal(content)
        return SpaceSettings(limits=_decoded(value["limits"]), acknowledged=_sequences(value["acknowledged"]))
    except (RecordMalformed, InvalidArgument, KeyError, TypeError, AttributeError) as exc:
        raise RecordDamaged(path, str(exc)) from exc


def write_space(turn: Turn, space: SpaceSettings) -> None:
    """Replaces limits.json, durable on return.

    Raises:
        StorageFull, StorageError: the old one stays.
    """
    state = turn.state
    limits = space.limits
    content = seal(
        {
            "acknowledged": dict(space.acknowledged),
            "format": FORMAT_VERSION,
            "limits": {
                "ceiling": limits.ceiling,
                "free": limits.free,
                "reserve": limits.reserve,
                "shares": dict(limits.shares),
                "thin": None if limits.thin is None else limits.thin.rules(),
            },
        }
    )
    turn.check()
    publish(state.files, state.layout, state.layout.limits, content)
    turn.log([LoggedFile(file=state.layout.limits.name, bytes=len(content), blake3=hash_of(content))])


def set_limits(turn: Turn, limits: Limits) -> None:
    """Sets what the vault may take, and makes the reserve as large as it says.

    Raises:
        StorageFull, StorageError: the old limits stay.
    """
    try:
        space = read_space(turn.state)
    except DamageError:
        space = SpaceSettings()  # damage that is being replaced
    write_space(turn, replace(space, limits=limits))
    keep_reserve(turn.state)


def record_acknowledged(turn: Turn, sequences: Mapping[ProjectId, int]) -> None:
    """Notes up to which snapshot of each project suspicions are answered.

    Raises:
        RecordDamaged: limits.json was changed.
        StorageFull, StorageError: nothing was noted.
    """
    space = read_space(turn.state)
    write_space(turn, replace(space, acknowledged={**space.acknowledged, **sequences}))


class Allowance:
    """What a run may still write. Made when the run begins; `admit` is told of every frame before it is written."""

    def __init__(self, state: VaultState, *, used_of_share: int | None = None, share: int | None = None) -> None:
        try:
            self._limits = read_space(state).limits
        except DamageError:  # verify() tells; a backup is worth more than its limits
            self._limits = Limits()
        self._files = state.files
        self._root = state.layout.root
        self._share = None if share is None else share - (used_of_share or 0)
        self._room = None
        if self._limits.ceiling is not None:
            self._room = self._limits.ceiling - vault_bytes(state.files, state.layout)
        self._taken = 0
        self._looked_at = -_LOOK_AGAIN

    def admit(self, size: int) -> None:
        """Counts `size` bytes that are about to be written.

        Raises:
            LimitReached: they would break a limit; nothing of them may be written.
        """
        taken = self._taken + size
        if self._room is not None and taken > self._room:
            raise LimitReached(self._root, "ceiling", self._limits.ceiling or 0)
        if self._share is not None and taken > self._share:
            raise LimitReached(self._root, "share", self._share)
        if self._limits.free is not None and taken - self._looked_at >= min(_LOOK_AGAIN, self._limits.free // 4):
            self._looked_at = taken
            if self._files.free(self._root) - size < self._limits.free:
                raise LimitReached(self._root, "free", self._limits.free)
        self._taken = taken


def vault_bytes(files: FileSystem, layout: Layout) -> int:
    """What the vault takes outside cache/, its reserve with it."""
    return _folder_bytes(files, layout.root, layout)


def _folder_bytes(files: FileSystem, folder: Path, layout: Layout) -> int:
    total = 0
    for entry in files.list(folder) or ():
        path = folder / entry.name
        if entry.is_folder and path != layout.cache:
            total += _folder_bytes(files, path, layout)
        total += entry.size
    return total


def keep_reserve(state: VaultState) -> None:
    """Makes the reserve as large as it should be; what the disk refuses, the next run tries again."""
    files, layout = state.files, state.layout
    with suppress(CodeVaultError):
        wanted = _wanted_reserve(state)
        there = _reserve_bytes(files, layout)
        if there > wanted:
            files.remove(layout.reserve)
        elif there and 2 * there >= wanted:
            return  # near enough: not written again for each run
        if wanted:
            _allocate(files, layout, wanted)


def release_reserve(state: VaultState) -> bool:
    """Gives the reserve back to the disk; False when there is none."""
    files, layout = state.files, state.layout
    if not _reserve_bytes(files, layout):
        return False
    files.remove(layout.reserve)
    with suppress(CodeVaultError):
        files.sync_folder(layout.root)
    return True


def with_reserve(turn: Turn, act: Callable[[], T]) -> T:
    """What `act` gives; when the disk is full, the reserve is given back and it is tried once more.

    `act` must do what is left to do when it was refused anywhere: it is called after the turn looked again.

    Raises:
        StorageFull: there was no reserve, or it was not enough.
    """
    try:
        return act()
    except StorageFull:
        if not release_reserve(turn.state):
            raise
        turn.look_again()
        return act()


def _wanted_reserve(state: VaultState) -> int:
    try:
        fixed = read_space(state).limits.reserve
    except DamageError:
        fixed = None
    if fixed is not None:
        return fixed
    return max(_LEAST_RESERVE, min(_MOST_RESERVE, sum(state.catalog.packs.values()) // 100))


def _reserve_bytes(files: FileSystem, layout: Layout) -> int:
    return sum(file.size for file in files.list(layout.root) or () if file.name == layout.reserve.name and file.is_file)


def _allocate(files: FileSystem, layout: Layout, size: int) -> None:
    temporary = layout.incoming / "reserve.tmp"
    files.remove(temporary)
    new = files.create(temporary)
    try:
        for at in range(0, size, _BLOCK):
            new.write(os.urandom(min(_BLOCK, size - at)))  # zeros would take no space on some disks
        new.sync()
    except CodeVaultError:
        new.close()
        files.remove(temporary)
        raise
    new.close()
    files.rename(temporary, layout.reserve)
    files.sync_folder(layout.root)


def _decoded(value: Mapping[str, Any]) -> Limits:
    shares = {ProjectId(project): share for project, share in value["shares"].items()}
    thin = None if value["thin"] is None else Retention.of(value["thin"])
    return Limits(**{**value, "shares": shares, "thin": thin})


def _sequences(value: Mapping[str, Any]) -> dict[ProjectId, int]:
    return {ProjectId(project): int(sequence) for project, sequence in value.items()}


def _check_bytes(name: str, value: object, least: int) -> None:
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < least):
        raise InvalidArgument(f"{name} is a number of bytes of at least {least}, not {value!r:.40}")
