"""Making the parity of packs: right after a run's packs, and for those that a dead run left without."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from blake3 import blake3

from codevault.errors import CodeVaultError
from codevault.ids import PackId
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout
from codevault.store.parity import encode_sidecar
from codevault.store.vaultstate import VaultState

MOST_SIDECAR = 1 << 28
"""Longest sidecar that is read: more than any pack of ours can have."""
_CAUGHT_UP = 256 << 20
_BLOCK = 4 << 20


def protect(state: VaultState) -> None:
    """Makes the sidecars that are missing, for at most 256 MiB of packs; what the disk refuses is left to the next.

    Sidecars are no part of a commit: they are synced, but a name lost with the power is only made again.
    """
    left = _CAUGHT_UP
    with suppress(CodeVaultError):
        for pack in reversed(unprotected(state)):  # the newest first: they are this run's
            left -= state.catalog.packs[pack]
            if left < 0:
                break
            make_sidecar(state, pack)


def unprotected(state: VaultState) -> list[PackId]:
    """The packs without a sidecar, in the order in which they were taken up; none where parity is switched off."""
    if not state.parity.percent:
        return []
    return [pack for pack, size in state.catalog.packs.items() if size and pack not in state.sidecars]


def make_sidecar(state: VaultState, pack: PackId) -> None:
    """Writes a pack's sidecar, replacing what it was; none for a pack that is not what its name says.

    Raises:
        StorageFull, StorageError: the old one, or none, is there.
    """
    make_sidecar_of(state, pack, state.catalog.packs[pack])


def protect_one(state: VaultState, pack: PackId, size: int) -> None:
    """Makes the sidecar of a pack of `size` bytes if it should have one; what the disk refuses is left to `protect`."""
    if state.parity.percent:
        with suppress(CodeVaultError):
            make_sidecar_of(state, pack, size)


def make_sidecar_of(state: VaultState, pack: PackId, size: int) -> None:
    """As `make_sidecar`, for a pack that the catalog need not have; any thread.

    Raises:
        StorageFull, StorageError: the old one, or none, is there.
    """
    files, layout = state.files, state.layout
    read = reads(files, layout.pack(pack))
    if hash_of_pack(size, read) != pack:
        return  # verify()'s to tell: parity of damage would make it look sound
    try:
        content = encode_sidecar(pack, size, read, state.parity)
    except EOFError:
        return  # it could be read a moment ago; the next run tries again
    target = layout.sidecar(pack)
    temporary = layout.incoming / f"{target.name}.tmp"
    files.remove(temporary)
    new = files.create(temporary)
    try:
        new.write(content)
        new.sync()
    finally:
        new.close()
    files.rename(temporary, target)
    state.sidecars.add(pack)


def hash_of_pack(size: int, read: Callable[[int, int], bytes]) -> str:
    """BLAKE3 of so many bytes, in hexadecimal."""
    hasher = blake3()
    for at in range(0, size, _BLOCK):
        hasher.update(read(at, _BLOCK))
    return hasher.hexdigest()


def read_sidecar(files: FileSystem, layout: Layout, pack: PackId) -> bytes | None:
    """A sidecar's bytes, None without one."""
    return files.read(layout.sidecar(pack), 0, MOST_SIDECAR)


def reads(files: FileSystem, path: Path) -> Callable[[int, int], bytes]:
    """The way the codecs of packs and parity read a file: by offset and length; one that is not there is empty."""
    return lambda offset, length: files.read(path, offset, length) or b""
