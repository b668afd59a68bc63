"""Which blobs were found damaged, kept under cache/ so that a backup by another process heals them, too."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.store.layout import Layout
from codevault.store.publishing import ensure_folder
from codevault.store.records import RecordMalformed, is_id, seal, unseal
from codevault.store.vaultstate import VaultState

_MOST = 100_000


def known_suspects(state: VaultState) -> frozenset[BlobId]:
    """The blobs that an earlier look found damaged; none when it cannot be told. A suspect is only looked at again."""
    try:
        content = state.files.read(_file(state.layout))
        named = unseal(content)["suspects"] if content is not None else []
        return frozenset(BlobId(blob) for blob in named[:_MOST] if is_id(blob))
    except (CodeVaultError, KeyError, RecordMalformed, TypeError):
        return frozenset()


def keep_suspects(state: VaultState) -> None:
    """Keeps the suspects there are now; what cannot be kept costs a look at content that is added again."""
    path = _file(state.layout)
    temporary = state.layout.incoming / f"{path.name}.tmp"
    with suppress(CodeVaultError):
        if not state.suspects:
            state.files.remove(path)
            return
        content = seal({"suspects": sorted(state.suspects)[:_MOST]})
        if state.files.read(path) == content:
            return
        ensure_folder(state.files, state.layout.cache)
        state.files.remove(temporary)
        new = state.files.create(temporary)
        try:
            new.write(content)
        finally:
            new.close()
        state.files.rename(temporary, path)


def _file(layout: Layout) -> Path:
    return layout.cache / "suspects.json"
