"""Knowing a project again: by what its files held, and by its repository's other sides. Proposes, changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from codevault.errors import CodeVaultError
from codevault.ids import ProjectId
from codevault.looking import branch_of, look_at, remotes_at
from codevault.projects.model import Look, Project
from codevault.projects.ports import Proposal
from codevault.store.model import Entry, EntryKind
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.vcs.reading import ReadFolder

LEAST = 0.5
"""Part of the files looked at that a folder must hold unchanged to be proposed as a moved one."""

_SAMPLE = 32
_LARGEST = 1 << 20
_MOST_FOLDERS = 5_000
_DEEPEST = 2
_REMOTE_ALONE = 0.8
_RENAMED = 0.9


class RealSurroundings:
    """`Surroundings` on a disk, beside a vault."""

    def __init__(
        self,
        store: Callable[[], Store],
        known: Callable[[], Iterable[Project]],
        sharing: Callable[[ProjectId, bool], Mapping[ProjectId, int]],
    ) -> None:
        self._store = store
        self._known = known
        self._sharing = sharing

    def look(self, root: Path) -> Look | None:
        """See `Surroundings.look`."""
        return look_at(root)

    def branch(self, root: Path) -> str | None:
        """See `Surroundings.branch`."""
        return branch_of(root)

    def sharing(self, project: ProjectId, *, across_clients: bool) -> Mapping[ProjectId, int]:
        """See `Surroundings.sharing`."""
        return self._sharing(project, across_clients)

    def proposals(self, projects: Iterable[Project], within: Iterable[Path]) -> Iterator[Proposal]:
        """See `Surroundings.proposals`."""
        gone = []
        for project in projects:
            if os.path.isdir(project.root):
                yield from _renamed_remote(project)
            else:
                gone.append(project)
        if not gone:
            return
        folders = tuple(_candidates(tuple(self._known()), within))
        for project in gone:
            yield from self._moved(project, folders)

    def _moved(self, project: Project, folders: Sequence[Path]) -> Iterator[Proposal]:
        sample = self._sample(project)
        for folder in folders:
            same = _unchanged(folder, sample)
            share = same / len(sample) if sample else 0.0
            remotes = set(project.remotes) & set(remotes_at(folder)) if project.remotes else set()
            if share < LEAST and not remotes:
                continue
            evidence = [f"{same} of {len(sample)} files looked at are there unchanged"] if sample else []
            evidence += [f"its repository is that of {remote}" for remote in sorted(remotes)]
            evidence += ["its name is the same"] if folder.name == Path(project.root).name else []
            yield Proposal(
                project=project,
                field="root",
                before=project.root,
                after=str(folder),
                confidence=round(max(share, _REMOTE_ALONE if remotes else 0.0), 3),
                evidence=(f"{project.root} is not there any more", *evidence),
            )

    def _sample(self, project: Project) -> tuple[Entry, ...]:
        """Some files of the newest snapshot, spread over it."""
        newest = self._store().newest(project.id)
        if newest is None:
            return ()
        try:
            telling = [entry for entry in self._store().manifest(newest) if _tells(entry)]
        except CodeVaultError:
            return ()
        return tuple(telling[:: max(1, len(telling) // _SAMPLE)][:_SAMPLE])


def _tells(entry: Entry) -> bool:
    plain = entry.kind is EntryKind.FILE and entry.blob is not None and 0 < entry.size <= _LARGEST
    return plain and not entry.path.startswith((".git/", ".hg/", ".svn/"))


def _renamed_remote(project: Project) -> Iterator[Proposal]:
    now = remotes_at(Path(project.root))
    if project.remotes and now and now != project.remotes:
        new = [remote for remote in now if remote not in project.remotes]
        kept = [remote for remote in now if remote in project.remotes]
        evidence = [f"its repository says so: {', '.join(new) or 'an address was taken away'}"]
        evidence += [f"{remote} is still one of them" for remote in kept]
        yield Proposal(
            project=project,
            field="remotes",
            before=project.remotes,
            after=now,
            confidence=_RENAMED,
            evidence=("the folder is the same", *evidence),
        )


def _candidates(everything: Iterable[Project], within: Iterable[Path]) -> Iterator[Path]:
    """Folders that are no project: those given, and those beside known projects, two levels down; a bounded number."""
    taken = {project.root for project in everything}
    given = list(within)
    parents = [Path(project.root).parent for project in everything]
    places = dict.fromkeys((*given, *parents, *(parent.parent for parent in parents)))
    seen: dict[Path, None] = dict.fromkeys(given)
    for place in places:
        if len(place.parts) > 1:  # never the root of the file system
            seen.update(dict.fromkeys(_below(place, _DEEPEST)))
        if len(seen) > _MOST_FOLDERS:
            break
    yield from (folder for folder in islice(seen, _MOST_FOLDERS) if str(folder) not in taken)


def _below(place: Path, depth: int) -> Iterator[Path]:
    folder = ReadFolder.open(str(place))
    if folder is None:
        return
    with folder:
        names = folder.names("", _MOST_FOLDERS)
    for name, kind in names:
        if kind == "folder" and not name.startswith("."):
            yield place / name
            if depth > 1:
                yield from _below(place / name, depth - 1)


def _unchanged(place: Path, sample: Sequence[Entry]) -> int:
    """How many of the files lie there with the same bytes; none is read where fewer than enough could."""
    folder = ReadFolder.open(str(place))
    if folder is None:
        return 0
    with folder:
        there = [entry for entry in sample if _has_size(folder, entry)]
        if len(there) < LEAST * len(sample):
            return 0
        return sum(hash_of(folder.read(entry.path, _LARGEST) or b"") == entry.blob for entry in there)


def _has_size(folder: ReadFolder, entry: Entry) -> bool:
    status = folder.status(entry.path)
    return status is not None and status.st_size == entry.size
