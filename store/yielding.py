"""A writer in the background makes way: who wants the vault's lock leaves a wish, and waits for it a little.

The files lie in `spool/service/`: `writer` names the process that makes way, as the lock names its holder, and each
`wanted-…` is one wish. They are hints only: the lock alone decides who writes.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from codevault.errors import VaultBusy
from codevault.store.filesystem import FileSystem, HeldLock

PATIENCE_S = 20.0
"""Seconds that a call waits for a writer that makes way; one that does not is not waited for."""

_EACH_S = 0.05


def service_folder(root: Path) -> Path:
    """Where a vault's service keeps its files."""
    return root / "spool" / "service"


def holder_name(pid: int) -> str:
    """What the lock says of its holder."""
    return f"process {pid}"


def lock_in_turn(files: FileSystem, root: Path, lock: Path, *, sleep: Callable[[float], None] = time.sleep) -> HeldLock:
    """Takes the vault's lock; from a writer that makes way within seconds, from any other at once or not at all.

    Raises:
        VaultBusy: another holds it.
        StorageFull, StorageError: the vault cannot be written.
    """
    own = holder_name(os.getpid())
    try:
        return files.lock(lock, own)
    except VaultBusy as exc:
        background = background_writer(root)
        if not background or exc.holder != background or background == own:
            raise
    wish = service_folder(root) / f"wanted-{os.getpid()}-{threading.get_ident()}"
    until = time.monotonic() + PATIENCE_S
    try:
        with suppress(OSError):  # on a full disk we wait without it
            wish.touch(mode=0o600)
        while True:
            try:
                return files.lock(lock, own)
            except VaultBusy:
                if time.monotonic() >= until:
                    raise
            sleep(_EACH_S)
    finally:
        with suppress(OSError):
            wish.unlink()


def background_writer(root: Path) -> str:
    """How the lock names the process that makes way, "" without one."""
    try:
        return (service_folder(root) / "writer").read_text(encoding="ascii")[:100].strip()
    except (OSError, ValueError):
        return ""


def wishes(root: Path) -> frozenset[str]:
    """The wishes that stand, each under a name of its own; what their makers left behind when they died included."""
    try:
        return frozenset(name for name in os.listdir(service_folder(root)) if name.startswith("wanted-"))
    except OSError:
        return frozenset()
