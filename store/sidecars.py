"""Making the parity of packs: right after a run's packs, and for those that a dead run left without."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from codevault.errors import CodeVaultError
from codevault.ids import PackId
from codevault.store.filesystem import FileSystem
from codevault.store.layout import Layout
from codevault.store.parity import encode_sidecar
from codevault.store.vaultstate import VaultState

MOST_SIDECAR = 1 << 28
"""Longest sidecar that is read: more than any pack of ours can have."""
_CAUGHT_UP = 256 << 20


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
    """Writes a pack's sidecar, replacing what it was. Whether the pack is sound is the caller's business.

    Raises:
        StorageFull, StorageError: the old one, or none, is there.
    """
    files, layout = state.files, state.layout
    try:
        content = encode_sidecar(pack, state.catalog.packs[pack], reads(files, layout.pack(pack)), state.parity)
    except EOFError:
        return  # a pack cut short is verify()'s to tell
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


def read_sidecar(files: FileSystem, layout: Layout, pack: PackId) -> bytes | None:
    """A sidecar's bytes, None without one."""
    return files.read(layout.sidecar(pack), 0, MOST_SIDECAR)


def reads(files: FileSystem, path: Path) -> Callable[[int, int], bytes]:
    """The way the codecs of packs and parity read a file: by offset and length."""
    return lambda offset, length: files.read(path, offset, length) or b""
