"""Settings of repositories that were put back under another name: those that only describe go in their place."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress

from codevault.errors import DamageError, StorageError
from codevault.ids import BlobId
from codevault.restore_model import RestorePlan
from codevault.vcs.git_return import harmless_config
from codevault.vcs.hg_return import harmless_hgrc

_HARMLESS: dict[str, Callable[[bytes], bytes]] = {".git/config": harmless_config, ".hg/hgrc": harmless_hgrc}


def put_settings(plan: RestorePlan, read: Callable[[BlobId], bytes]) -> None:
    """Writes, for settings that a restore made inert, a file of those that name no program, where none lies yet.

    Without them a repository would forget its format, its remotes and its branches.
    """
    blobs = {p.entry.path: p.entry.blob for p in plan.entries if p.entry.path in plan.inert}
    for path, harmless in _HARMLESS.items():
        blob = blobs.get(path)
        file = plan.target / path
        if blob is None or os.path.realpath(file) != str(file):
            continue
        with suppress(DamageError, StorageError, FileExistsError):
            _write_new(str(file), harmless(read(blob)))


def _write_new(file: str, content: bytes) -> None:
    if content:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
