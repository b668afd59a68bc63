"""What a policy may ask of the project around a path; who answers may look at a disk, or remember a few files."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Protocol


class Stamped(Protocol):
    """What a listing says of a name: bytes, times in nanoseconds, how many names the file has."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def mtime_ns(self) -> int:
        """When its content was written, as far as it says."""
        ...

    @property
    def ctime_ns(self) -> int:
        """When anything about it changed; nothing sets that back."""
        ...

    @property
    def links(self) -> int:
        """Names that the file has."""
        ...


class Stamp(NamedTuple):
    """A plain `Stamped`."""

    size: int
    mtime_ns: int
    ctime_ns: int
    links: int = 1


class Around(Protocol):
    """What a policy may ask of the project around a path; paths are relative to its root."""

    def exists(self, path: str) -> bool:
        """True for a file that is there."""
        ...

    def read(self, path: str, limit: int) -> bytes | None:
        """At most so many bytes of a regular file; None when there is none."""
        ...

    def names(self, path: str) -> Collection[str]:
        """The names in a folder; none where there is no folder."""
        ...

    def stamp(self, path: str) -> Stamped | None:
        """What a listing says of a path; None where there is nothing."""
        ...


class Nowhere:
    """Nothing is there."""

    def exists(self, path: str) -> bool:  # noqa: ARG002
        """False."""
        return False

    def read(self, path: str, limit: int) -> bytes | None:  # noqa: ARG002
        """None."""
        return None

    def names(self, path: str) -> Collection[str]:  # noqa: ARG002
        """None."""
        return ()

    def stamp(self, path: str) -> Stamped | None:  # noqa: ARG002
        """None."""
        return None
