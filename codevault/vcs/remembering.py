"""What was found out about a repository once and stays true: kept under the vault's cache/, made again when lost."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import msgspec
from blake3 import blake3

from codevault.vcs.model import Tracked

_SUM = 32
_TRACKED = "tracked"
_DECODER = msgspec.msgpack.Decoder(dict[str, Tracked])


class Memory(Protocol):
    """Keeps bytes under a name, each with the key they are the answer to."""

    def recall(self, name: str, key: bytes) -> bytes | None:
        """What was kept under the name for exactly this key; None when it is not there or damaged."""
        ...

    def keep(self, name: str, key: bytes, content: bytes) -> None:
        """Keeps it instead of what was there. Never raises for the disk's sake: it is only a cache."""
        ...


class HeapMemory:
    """A memory that ends with the object."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, bytes]] = {}

    def recall(self, name: str, key: bytes) -> bytes | None:
        """See `Memory`."""
        found = self._kept.get(name)
        return found[1] if found is not None and found[0] == key else None

    def keep(self, name: str, key: bytes, content: bytes) -> None:
        """See `Memory`."""
        self._kept[name] = (key, content)


class FolderMemory:
    """A memory in a folder of its own, one private file a name, each with a checksum over key and content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def recall(self, name: str, key: bytes) -> bytes | None:
        """See `Memory`."""
        try:
            held = (self._folder / name).read_bytes()
        except OSError:
            return None
        content = held[_SUM:]
        return content if held[:_SUM] == _sum(key, content) else None

    def keep(self, name: str, key: bytes, content: bytes) -> None:
        """See `Memory`."""
        temporary = self._folder / f"{name}.{secrets.token_hex(4)}.tmp"
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_sum(key, content) + content)
                os.replace(temporary, self._folder / name)
            except OSError:
                temporary.unlink(missing_ok=True)


def recall_tracked(memory: Memory, key: bytes) -> Mapping[str, Tracked] | None:
    """What `keep_tracked` kept for the key."""
    held = memory.recall(_TRACKED, key)
    try:
        return _DECODER.decode(held) if held is not None else None
    except msgspec.DecodeError:
        return None


def keep_tracked(memory: Memory, key: bytes, tracked: Mapping[str, Tracked]) -> None:
    """Keeps what a repository tracks. Names that are not text cannot be kept so; then it is found out again."""
    with suppress(UnicodeEncodeError):
        memory.keep(_TRACKED, key, msgspec.msgpack.encode(tracked))


def _sum(key: bytes, content: bytes) -> bytes:
    return blake3(blake3(key).digest() + content).digest()
