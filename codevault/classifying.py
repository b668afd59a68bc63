"""How every path of a project stands to the repository it lies in: bytes decide, no program's status is asked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from codevault.vcs.finding import FoundRepository, find_repositories
from codevault.vcs.ignoring import Ignored, ignored_by
from codevault.vcs.model import ObjectId, Standing, System, Tracked
from codevault.vcs.opening import open_repository
from codevault.vcs.ports import Repository
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import FolderMemory
from codevault.vcs.standing import standing
from codevault.vcs.svn_repository import SvnRepository

_LARGEST = 1 << 30
_MARKS = frozenset((".git", ".hg", ".svn"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStanding:
    """A path of a project, and how its present bytes relate to the repository that is nearest above it.

    `repository` is that one's top folder, "" for the project's own.
    """

    path: str
    standing: Standing
    repository: str = ""


def classify(root: Path, *, cache: Path, projects: Collection[Path] = ()) -> Iterator[PathStanding]:
    """Every file below `root` that lies in a repository, by path within each; what is tracked and gone is `missing`.

    Each repository speaks for its own files, nested ones, submodules and further work trees for theirs. One that is
    not to be trusted, or lies outside, tracks nothing. Reads every tracked file; `cache` is a folder of ours.
    """
    found = [one for one in find_repositories(root) if one.form not in {"bare", "broken"}]
    tops = dict.fromkeys(one.path for one in found)
    for top in tops:
        with ExitStack() as stack:
            folder = ReadFolder.open(str(root / top))
            if folder is None:
                continue
            stack.enter_context(folder)
            memory = FolderMemory(cache / hashlib.sha256(os.fsencode(root / top)).hexdigest()[:16])
            repository = stack.enter_context(
                open_repository(root / top, work=cache / "work", within=root, memory=memory, projects=projects)
            )
            if repository is not None:
                yield from _Repository(folder, repository, top, _system(found, top), frozenset(tops)).standings()


class _Repository:
    """One repository's files."""

    def __init__(
        self, folder: ReadFolder, repository: Repository, top: str, system: System, tops: Collection[str]
    ) -> None:
        self._folder = folder
        self._repository = repository
        self._top = top
        self._tops = tops
        self._tracked = repository.tracked()
        self._safe = repository.safe()
        self._ignored: Ignored = ignored_by(
            system, folder, repository.properties if isinstance(repository, SvnRepository) else dict
        )

    def standings(self) -> Iterator[PathStanding]:
        """Of everything there is, and of what is missing."""
        met = set()
        for path, kind in self._files(""):
            met.add(path)
            yield self._one(path, kind)
        for path in sorted(set(self._tracked) - met):
            if self._folder.kind(path) not in {"folder", "file", "link"}:  # not a submodule's, nor in another's hands
                yield self._told(path, Standing.MISSING)

    def _files(self, below: str) -> Iterator[tuple[str, str]]:
        for name, kind in self._folder.names(below):
            path = f"{below}/{name}" if below else name
            if name in _MARKS or self._from_root(path) in self._tops:
                continue
            if kind == "folder":
                yield from self._files(path)
            else:
                yield path, kind

    def _one(self, path: str, kind: str) -> PathStanding:
        tracked = self._tracked.get(path)
        if tracked is None:
            return self._told(path, standing(None, None, self._safe, ignored=self._ignored(path)))
        present = self._present(path, kind, tracked)
        return self._told(path, standing(tracked, present, self._safe) if present else Standing.CHANGED)

    def _present(self, path: str, kind: str, tracked: Tracked) -> ObjectId | None:
        """What the repository would call what is there; None for what it would not call anything."""
        if (kind == "link") != tracked.link:
            return None
        if kind == "link":
            return self._repository.object_id(os.fsencode(os.readlink(os.path.join(self._folder.path, path))))
        content = self._folder.read(path, _LARGEST)
        return self._repository.object_id(content) if content is not None and len(content) < _LARGEST else None

    def _told(self, path: str, found: Standing) -> PathStanding:
        return PathStanding(path=self._from_root(path), standing=found, repository=self._top)

    def _from_root(self, path: str) -> str:
        return f"{self._top}/{path}" if self._top else path


def _system(found: Collection[FoundRepository], top: str) -> System:
    """Git before the others, as everywhere."""
    return next(system for system in System if any(one.path == top and one.system is system for one in found))
