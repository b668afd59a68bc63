"""The port through which the rest of CodeVault asks a repository, whichever system it is of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from codevault.vcs.model import Commit, CommitId, ObjectId, RepositoryState, Tracked


class Repository(Protocol):
    """One repository, read-only: nothing it configures runs, nothing in it is written, nothing goes over the network.

    Paths are relative to the top of its working copy, as `os.fsdecode` gives them. Answers are those of the moment it
    was opened; open it again for later ones. `close()` ends whatever runs for it.
    """

    def state(self) -> RepositoryState:
        """Where it stands. Never raises: what cannot be told is a note."""
        ...

    def tracked(self) -> Mapping[str, Tracked]:
        """What it expects in the working copy, by path; empty when it is not to be trusted."""
        ...

    def object_id(self, content: bytes) -> ObjectId:
        """What the system would call these exact bytes; no filter, no line ends, no keywords."""
        ...

    def safe(self) -> AbstractSet[ObjectId]:
        """Of the tracked objects those that exist on another machine; empty on any doubt."""
        ...

    def read(self, id: ObjectId) -> bytes | None:  # noqa: A002 - the word callers use
        """A file's bytes, checked against their id; None when the repository cannot give them."""
        ...

    def commits(self, known: Collection[CommitId] = ()) -> Iterator[Commit]:
        """Every commit that any ref, stash or detached head leads to, parents first, but for `known` and their past.

        Raises:
            RepositoryUnreadable: history is damaged or out of limits; what was given before is right.
        """
        ...

    def close(self) -> None:
        """Gives everything back; closing twice is harmless."""
        ...
