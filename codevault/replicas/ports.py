"""The port through which a replica's place is reached, and its implementation in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

INCOMING = "incoming/"
"""Objects below it are being written; what a dead run left there is swept by the next one."""


class Objects(Protocol):
    """A place that holds named objects; names are relative, `/` between parts, as in a vault's folder.

    Raises:
        StorageFull: no space left there (`write`).
        ReplicaUnreachable: any other refusal, or the connection is gone (every method).
    """

    def sizes(self) -> Mapping[str, int]:
        """Every object with its length in bytes; nothing for a place that does not exist yet."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """Up to `length` bytes from `offset`, shorter at the end; None when there is no such object."""

    def write(self, name: str, blocks: Iterable[bytes]) -> int:
        """Puts an object in place, whole or not at all, replacing what had its name; gives its bytes.

        What `blocks` raises goes through, and nothing was put in place.
        """

    def remove(self, name: str) -> None:
        """Removes an object; a missing one is not an error."""

    def close(self) -> None:
        """Gives the connection back."""


class MemoryObjects:
    """Implements `Objects` in memory."""

    def __init__(self, held: Mapping[str, bytes] | None = None) -> None:
        self.held = dict(held or {})

    def sizes(self) -> Mapping[str, int]:
        """See `Objects.sizes`."""
        return {name: len(content) for name, content in self.held.items()}

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        """See `Objects.read`."""
        content = self.held.get(name)
        return None if content is None else content[offset:][:length]

    def write(self, name: str, blocks: Iterable[bytes]) -> int:
        """See `Objects.write`."""
        content = b"".join(blocks)
        self.held[name] = content
        return len(content)

    def remove(self, name: str) -> None:
        """See `Objects.remove`."""
        self.held.pop(name, None)

    def close(self) -> None:
        """See `Objects.close`."""
