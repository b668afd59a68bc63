"""What a backup run asks of version control: may this file's content be left to the repository?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Protocol

from codevault.ids import SnapshotId
from codevault.store.model import Entry

_NOTHING: Mapping[str, str] = MappingProxyType({})


class RepositoryMoved(Exception):  # noqa: N818 - a condition between modules of this package, never raised to callers
    """The repository changed while its files were gathered: what was kept of it beforehand does not fit them."""


class Versioned(Protocol):
    """Says which contents are safe elsewhere. Verdicts hold for one run; the next run asks again."""

    @property
    def apart(self) -> Mapping[str, str]:
        """Folders, by path, that are kept in another way than file by file, each with the reason."""
        ...

    def reference(self, path: str, content: bytes) -> str | None:
        """Where a file's present bytes are instead of the vault ("git:<object>"), None: store them."""
        ...

    def unchanged_since(self, snapshot: SnapshotId) -> bool:
        """True when every verdict of the run that made the snapshot still holds."""
        ...

    def stands(self, left: Entry) -> bool:
        """True while an earlier answer of `reference` still holds; else those bytes are to be stored now."""
        ...

    def taken_back(self) -> Iterator[tuple[str, bytes]]:
        """(path, content) of what earlier snapshots left to the repository and is safe there no more: to be stored."""
        ...

    def moved(self) -> bool:
        """True when what keeps `apart` has changed since this was made: then nothing of this run may be recorded."""
        ...


class NothingVersioned:
    """Everything is to be stored, whatever was left to a repository before."""

    @property
    def apart(self) -> Mapping[str, str]:
        """Nothing."""
        return _NOTHING

    def reference(self, path: str, content: bytes) -> str | None:  # noqa: ARG002
        """None."""
        return None

    def unchanged_since(self, snapshot: SnapshotId) -> bool:  # noqa: ARG002
        """False."""
        return False

    def stands(self, left: Entry) -> bool:  # noqa: ARG002
        """False."""
        return False

    def taken_back(self) -> Iterator[tuple[str, bytes]]:
        """Nothing."""
        return iter(())

    def moved(self) -> bool:
        """False."""
        return False
