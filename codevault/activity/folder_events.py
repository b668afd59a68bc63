"""The port to a system's file events, and its twin in memory: folders that are watched one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Happened(StrEnum):
    """What happened to a name in a watched folder."""

    CHANGED = "changed"  # it came, or its content or mode changed
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class FolderEvent:
    """Something happened to `name` in `folder`; with `name` "" to the folder itself, which is not watched any more."""

    folder: str
    name: str
    happened: Happened
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """Events in their order. `overflowed`: more happened than the system kept, so these are not all."""

    events: Sequence[FolderEvent]
    overflowed: bool = False


class FolderEvents(Protocol):
    """What tells of changes in folders, never of what lies deeper than one level."""

    @property
    def watches(self) -> int:
        """How many folders are watched."""
        ...

    def add(self, folder: str) -> bool:
        """Watches a folder by its absolute path, never through a link at its end. False: the system allows no more.

        Raises:
            OSError: it is no folder, or not there.
        """
        ...

    def drop(self, folder: str) -> None:
        """Watches a folder no more; one that is not watched is no error."""
        ...

    def take(self) -> Taken:
        """What happened since the last call. Never waits."""
        ...

    def close(self) -> None:
        """Gives everything back; twice is harmless."""
        ...


class MemoryEvents:
    """The twin: `tell` makes events happen. `most` folders may be watched, `queue` events wait to be taken."""

    def __init__(
        self, *, most: int = 1 << 30, queue: int = 1 << 30, exists: Callable[[str], bool] = os.path.isdir
    ) -> None:
        self._exists = exists
        self.most = most
        self._queue = queue
        self._folders: set[str] = set()
        self._events: list[FolderEvent] = []
        self._overflowed = False

    @property
    def watches(self) -> int:
        """See `FolderEvents.watches`."""
        return len(self._folders)

    @property
    def folders(self) -> frozenset[str]:
        """The folders that are watched."""
        return frozenset(self._folders)

    def tell(self, folder: str, name: str, happened: Happened = Happened.CHANGED, *, is_folder: bool = False) -> None:
        """Something happens; seen only in a folder that is watched, and while there is room."""
        if folder not in self._folders:
            return
        if len(self._events) >= self._queue:
            self._overflowed = True
            return
        self._events.append(FolderEvent(folder, name, happened, is_folder))
        if not name:
            self._folders.discard(folder)

    def add(self, folder: str) -> bool:
        """See `FolderEvents.add`."""
        if not self._exists(folder):
            raise FileNotFoundError(2, "no such folder", folder)
        if folder not in self._folders and len(self._folders) >= self.most:
            return False
        self._folders.add(folder)
        return True

    def drop(self, folder: str) -> None:
        """See `FolderEvents.drop`."""
        self._folders.discard(folder)

    def take(self) -> Taken:
        """See `FolderEvents.take`."""
        taken = Taken(tuple(self._events), self._overflowed)
        self._events, self._overflowed = [], False
        return taken

    def close(self) -> None:
        """See `FolderEvents.close`."""
        self._folders.clear()
