"""A repository in memory: the port without a disk, for tests and for callers who have their own source of history."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet

from codevault.errors import RepositoryUnreadable
from codevault.vcs.model import Commit, CommitId, ObjectId, RepositoryFacts, RepositoryState, System, Tracked


class MemoryRepository:
    """Holds what it is given. `damaged` makes it doubtful, as a damaged repository on disk is."""

    def __init__(self) -> None:
        self.objects: dict[ObjectId, bytes] = {}
        self.expected: dict[str, Tracked] = {}
        self.published: set[ObjectId] = set()
        self.history: list[Commit] = []
        self.damaged = ""

    def put(self, path: str, content: bytes, *, committed: bool = True) -> ObjectId:
        """Makes a content tracked at a path."""
        named = self.object_id(content)
        self.objects[named] = content
        self.expected[path] = Tracked(named, committed)
        return named

    def state(self) -> RepositoryState:
        """See `Repository.state`."""
        head = self.history[-1].id if self.history else ""
        return RepositoryState(
            facts=RepositoryFacts(system=System.GIT, branch="main", head=head),
            trusted=not self.damaged,
            notes=(self.damaged,) if self.damaged else (),
            tips=tuple(commit.id for commit in self.history[-1:]),
        )

    def tracked(self) -> Mapping[str, Tracked]:
        """See `Repository.tracked`."""
        return {} if self.damaged else dict(self.expected)

    def object_id(self, content: bytes) -> ObjectId:
        """See `Repository.object_id`."""
        return ObjectId(hashlib.sha1(content, usedforsecurity=False).hexdigest())

    def safe(self) -> AbstractSet[ObjectId]:
        """See `Repository.safe`."""
        return frozenset() if self.damaged else frozenset(self.published)

    def read(self, id: ObjectId) -> bytes | None:  # noqa: A002
        """See `Repository.read`."""
        return None if self.damaged else self.objects.get(id)

    def commits(self, known: Collection[CommitId] = ()) -> Iterator[Commit]:
        """See `Repository.commits`."""
        if self.damaged:
            raise RepositoryUnreadable(self.damaged)
        past = _past(self.history, known)
        return iter([commit for commit in self.history if commit.id not in past])

    def close(self) -> None:
        """See `Repository.close`."""


def _past(history: list[Commit], known: Collection[CommitId]) -> set[CommitId]:
    """`known` and everything it leads to."""
    past = set(known)
    for commit in reversed(history):
        if commit.id in past:
            past.update(commit.parents)
    return past
