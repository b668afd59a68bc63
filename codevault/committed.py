"""Commits in the index: telling it what the shelf knows of them, and finding their contents by hash."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache

from codevault.commits import COMMITS, CommitFacts
from codevault.errors import RecordDamaged
from codevault.ids import BlobId, ProjectId
from codevault.index.index import Index
from codevault.index.model import CommitVersion, FileChange
from codevault.jobs import Reporter
from codevault.left import LeftContent
from codevault.policy import Policy
from codevault.policy.model import leads_out
from codevault.projects.model import Project
from codevault.store.store import Store
from codevault.vcs.model import Commit, ObjectId

_AT_ONCE = 1000
_FOLDERS = (".git", ".hg", ".svn")


def look_again(index: Index, projects: Iterable[Project]) -> None:
    """Has what was gone with a repository wait once more, where there is a repository again."""
    known = set(index.project_ids())
    for project in projects:
        if project.id in known and any(os.path.lexists(os.path.join(project.root, name)) for name in _FOLDERS):
            index.look_again(project.id)


def all_told(store: Store, index: Index) -> bool:
    """True when the index knows of every import on the shelf."""
    newest = ((project, store.shelf.files(project, COMMITS)[-1:]) for project in index.project_ids())
    return all(index.noted(COMMITS, project) == file.name for project, files in newest for file in files)


def tell_commits(
    store: Store, index: Index, policy_of: Callable[[ProjectId], Policy], report: Reporter | None = None
) -> int:
    """Records the commits on the shelf that the index lacks, of every project that it knows; gives how many.

    Costs a look at the shelf where there is nothing new. Facts that are damaged are left out: `verify()` names them.

    Raises:
        Cancelled: through `report`.
    """
    report = report or Reporter()
    told = 0
    for project in index.project_ids():
        files = store.shelf.files(project, COMMITS)
        if not files or index.noted(COMMITS, project) == files[-1].name:
            continue
        try:
            facts = CommitFacts(store, project)
        except RecordDamaged:
            continue
        known = index.known_commits(project)
        new = [commit for commit in facts.commits.values() if commit.id not in known]
        policy = policy_of(project)
        for start in range(0, len(new), _AT_ONCE):
            report.step("recording commits", start, len(new))
            index.add_commits(project, list(_versions(facts, new[start : start + _AT_ONCE], policy)))
        index.set_head(project, facts.head)
        index.note(COMMITS, project, facts.newest)
        told += len(new)
    return told


def _versions(facts: CommitFacts, commits: Iterable[Commit], policy: Policy) -> Iterator[CommitVersion]:
    """Commits as the index records them: what is secret by its name, or in such a folder, is never indexed."""

    @lru_cache(maxsize=10_000)
    def open_folder(folder: str) -> bool:
        above, _, name = folder.rpartition("/")
        return not folder or (policy.folder(folder, name, frozenset(), tuple).index and open_folder(above))

    for commit in commits:
        changed, removed = [], []
        for change in commit.changes:
            held = facts.objects.get(change.after) if change.after is not None else None
            if held is None or held.blob is None:
                removed.append(change.path)
                continue
            inside = not leads_out(change.path)  # a hostile tree's names are kept as names
            indexed = (
                inside and policy.file(change.path, held.size).index and open_folder(change.path.rpartition("/")[0])
            )
            changed.append(FileChange(path=change.path, blob=held.blob, size=held.size, indexed=indexed))
        yield CommitVersion(
            id=commit.id,
            parents=commit.parents,
            author=f"{commit.author.name} <{commit.author.mail}>" if commit.author.mail else commit.author.name,
            authored_ns=commit.author.at_ns,
            committed_ns=commit.committer.at_ns,
            changed=changed,
            removed=removed,
        )


class CommittedContents:
    """Contents that commits speak of, by their hash. Any thread; reads the facts again when there are new ones."""

    def __init__(self, store: Callable[[], Store], projects: Callable[[], Iterable[Project]]) -> None:
        self._store = store
        self._projects = projects
        self._guard = threading.Lock()
        self._read: dict[ProjectId, str] = {}
        self._objects: dict[BlobId, tuple[ProjectId, ObjectId, str]] = {}

    def find(self, blob: BlobId) -> LeftContent | None:
        """Where a repository has a content, None when no commit speaks of it."""
        with self._guard:
            if blob not in self._objects:
                self._look()
            found = self._objects.get(blob)
        if found is None:
            return None
        project, named, path = found
        return LeftContent(project=project, reference=f"commit:{named}", blob=blob, path=path)

    def _look(self) -> None:
        store = self._store()
        for project in self._projects():
            files = store.shelf.files(project.id, COMMITS)
            if not files or self._read.get(project.id) == files[-1].name:
                continue
            self._read[project.id] = files[-1].name
            with suppress(RecordDamaged):
                self._take(project.id, CommitFacts(store, project.id))

    def _take(self, project: ProjectId, facts: CommitFacts) -> None:
        for commit in facts.commits.values():
            for change in commit.changes:
                held = facts.objects.get(change.after) if change.after is not None else None
                if held is not None and held.blob is not None and held.blob not in self._objects:
                    self._objects[held.blob] = (project, held.object, change.path)
