"""What a service was told, kept beside its vault so that it begins again as it was: timing, chores, heartbeats."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from codevault.activity.model import Timing
from codevault.errors import StorageError
from codevault.service_ports import Chores
from codevault.store.yielding import service_folder

_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`key` and `port` are the heartbeats'; a port of 0 is chosen when the service first begins, and then kept."""

    timing: Timing = field(default_factory=Timing)
    chores: Chores = field(default_factory=Chores)
    heartbeats: bool = True
    key: str = ""
    port: int = 0


def load_settings(root: Path) -> Settings:
    """What was kept; the defaults, with a new key, where that is nothing or nothing that can be understood."""
    path = service_folder(root) / "settings.json"
    with suppress(OSError, msgspec.MsgspecError), path.open("rb") as file:
        return msgspec.json.decode(file.read(_LARGEST), type=Settings)
    return Settings(key=str(uuid.uuid4()))


def keep_settings(root: Path, settings: Settings) -> Settings:
    """Keeps them, readable by their owner only; gives them with a key.

    Raises:
        StorageError: the folder cannot be written.
    """
    kept = settings if settings.key else replace(settings, key=str(uuid.uuid4()))
    folder = service_folder(root)
    temporary = folder / "settings.json.tmp"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            file.write(msgspec.json.encode(kept))
        os.replace(temporary, folder / "settings.json")
    except OSError as exc:
        raise StorageError(temporary, exc) from exc
    return kept
