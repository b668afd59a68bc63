"""Commits as versions of a project: read once from its repository, kept as facts that survive it, told as a timeline.

Facts lie on the vault's shelf, one file an import: JSON lines in one zstd frame, which `zstd -dc` shows. The first line
names the format; then, oldest first, `object` lines (what the system calls a content, the content's own BLAKE3, its
bytes), each before the first commit that speaks of it by its number, and `commit` lines. The last line says where the
repository stood: its head, and every commit that something in it led to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import zstandard
from blake3 import blake3

from codevault.errors import RecordDamaged, RepositoryUnreadable
from codevault.gathering import Problem
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.projects.model import Project
from codevault.store.model import Snapshot
from codevault.store.store import Store
from codevault.vcs.model import Commit, CommitChange, CommitId, ObjectId, Signature
from codevault.vcs.opening import open_repository
from codevault.vcs.ports import Repository
from codevault.vcs.remembering import FolderMemory

COMMITS = "commits"
_FORMAT = 1
_LEVEL = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownObject:
    """A content that commits speak of: its name in its system, its BLAKE3 and length; None where it is not there."""

    object: ObjectId
    blob: BlobId | None
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedHistory:
    """What an import added: commits, contents first met in them, and the bytes its facts take in the vault.

    `commits` are those that the vault did not know; `problems` are contents that the repository cannot give
    ("unreadable": the commits that speak of them are versions without that file), and "index" when the facts are kept,
    but not yet searchable. `vault.analyse()` understands what was met.
    """

    project: Project
    commits: int
    contents: int
    bytes: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A version of a project: a commit, or a snapshot (then `snapshot` is set, and `commit` is what it stood on).

    `reachable` False: nothing in the repository led to the commit any more when it was last imported; a force-push,
    an amended commit or a deleted branch left it behind.
    """

    at_ns: int
    commit: Commit | None = None
    snapshot: SnapshotId | None = None
    branch: str = ""
    reachable: bool = True


class CommitFacts:
    """The commits of one project as the vault knows them, oldest first, and the contents they speak of."""

    def __init__(self, store: Store, project: ProjectId) -> None:
        self.commits: dict[CommitId, Commit] = {}
        self.objects: dict[ObjectId, KnownObject] = {}
        self.head = CommitId("")
        self.roots: tuple[CommitId, ...] | None = None
        """What the repository led to at the last import; None: that was not noted."""
        self.newest = ""
        """Name of the newest file of facts, "" when there is none."""
        for file in store.shelf.files(project, COMMITS):
            self._read(store.shelf.read(file), Path(file.name))
            self.newest = file.name

    def tips(self) -> tuple[CommitId, ...]:
        """Commits that no other one has as a parent: knowing them is knowing all."""
        parents = {parent for commit in self.commits.values() for parent in commit.parents}
        return tuple(named for named in self.commits if named not in parents)

    def unreachable(self) -> frozenset[CommitId]:
        """Commits that nothing in the repository led to at the last import."""
        if self.roots is None:
            return frozenset()
        reached: set[CommitId] = set()
        waiting = [root for root in self.roots if root in self.commits]
        while waiting:
            named = waiting.pop()
            if named not in reached:
                reached.add(named)
                waiting.extend(parent for parent in self.commits[named].parents if parent in self.commits)
        return frozenset(self.commits.keys() - reached)

    def _read(self, blocks: Iterable[bytes], path: Path) -> None:
        try:
            content = zstandard.ZstdDecompressor().decompressobj(read_across_frames=True).decompress(b"".join(blocks))
            lines = (json.loads(line) for line in content.split(b"\n") if line)
            if next(lines)["format"] != _FORMAT:
                raise ValueError("another format")
            numbered: list[ObjectId] = []
            for line in lines:
                if "object" in line:
                    known = KnownObject(object=ObjectId(line["object"]), blob=line["blob"], size=line["bytes"])
                    self.objects[known.object] = known
                    numbered.append(known.object)
                elif "head" in line:
                    self.head = CommitId(line["head"])
                    self.roots = tuple(map(CommitId, line["roots"]))
                else:
                    commit = _commit(line, numbered)
                    self.commits[commit.id] = commit
        except (zstandard.ZstdError, ValueError, KeyError, TypeError, IndexError, AttributeError, StopIteration) as exc:
            raise RecordDamaged(path, f"it does not parse: {exc}") from exc


def import_history(
    store: Store, project: Project, *, others: Iterable[Path] = (), report: Reporter | None = None
) -> ImportedHistory:
    """Reads every commit that the vault does not know yet; each content is read once.

    Raises:
        RepositoryUnreadable: there is no repository, or its history is damaged or not to be trusted.
        RecordDamaged: what was kept of earlier commits is damaged.
        VaultBusy, StorageFull, StorageError: nothing was kept.
        Cancelled: through `report`; nothing was kept.
    """
    report = report or Reporter()
    known = CommitFacts(store, project.id)
    folder = Path(store.root) / "cache" / "vcs"
    with open_repository(
        Path(project.root),
        work=folder / "work",
        memory=FolderMemory(folder / project.id),
        projects=(*others, Path(store.root)),
    ) as repository:
        if repository is None:
            raise RepositoryUnreadable(f"project {project.name!r} has no repository")
        lines = _Lines(repository, known.objects, report)
        state = repository.state()
        head, roots = CommitId(state.facts.head), state.tips
        standing = _line({"head": head, "roots": roots})
        packed = list(_compressed(chain(lines.of(repository.commits(known.tips())), (standing,))))
    if not lines.commits and (head, roots) == (known.head, known.roots):
        return ImportedHistory(project=project, commits=0, contents=0, bytes=0)
    kept = store.shelf.put(project.id, COMMITS, "jsonl.zst", packed)
    return ImportedHistory(
        project=project,
        commits=lines.commits,
        contents=lines.contents,
        bytes=kept.size,
        problems=tuple(lines.problems),
    )


def _compressed(lines: Iterable[bytes]) -> Iterator[bytes]:
    packer = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compressobj()
    yield from filter(None, map(packer.compress, lines))
    yield packer.flush()


def timeline(store: Store, project: Project) -> tuple[TimelineEntry, ...]:
    """Commits and snapshots of a project as one sequence: parents before children, snapshots in their order.

    A snapshot comes behind the commit that it stood on, and otherwise all go by time. Linear but for the sorting.

    Raises:
        RecordDamaged: what was kept of the commits is damaged.
    """
    facts = CommitFacts(store, project.id)
    left_behind = facts.unreachable()
    entries: list[tuple[int, int, TimelineEntry]] = []
    latest: dict[CommitId, int] = {}
    for commit in facts.commits.values():
        # Clocks lie: a commit is never told before its parents.
        at = max([commit.committer.at_ns, *(latest[parent] for parent in commit.parents if parent in latest)])
        latest[commit.id] = at
        told = TimelineEntry(at_ns=commit.committer.at_ns, commit=commit, reachable=commit.id not in left_behind)
        entries.append((at, 0, told))
    newest = 0
    for snapshot in store.snapshots(project.id):
        base = facts.commits.get(CommitId(str(snapshot.facts.get("head") or "")))
        newest = max(newest, snapshot.created_ns, latest.get(base.id, 0) if base is not None else 0)
        entries.append((newest, 1, _entry(snapshot, base)))
    return tuple(entry for _, _, entry in sorted(entries, key=lambda one: one[:2]))


def _entry(snapshot: Snapshot, base: Commit | None) -> TimelineEntry:
    branch = str(snapshot.facts.get("branch") or "")
    return TimelineEntry(at_ns=snapshot.created_ns, commit=base, snapshot=snapshot.id, branch=branch)


class _Lines:
    """Turns commits into the lines of a file of facts."""

    def __init__(self, repository: Repository, known: Mapping[ObjectId, KnownObject], report: Reporter) -> None:
        self._repository = repository
        self._known = known
        self._report = report
        self._numbers: dict[ObjectId, int] = {}
        self.commits = self.contents = 0
        self.problems: list[Problem] = []

    def of(self, commits: Iterable[Commit]) -> Iterator[bytes]:
        yield _line({"format": _FORMAT})
        for commit in commits:
            for change in commit.changes:
                for named in (change.before, change.after):
                    if named is not None and named not in self._numbers:
                        self._numbers[named] = len(self._numbers)
                        yield _line(self._object(named, change.path))
            self.commits += 1
            self._report.step("importing", self.commits)
            yield _line(self._described(commit))

    def _object(self, named: ObjectId, path: str) -> dict[str, object]:
        known = self._known.get(named)
        if known is None:
            self._report.step("importing", self.commits)
            content = self._repository.read(named)
            if content is None:
                why = f"object {named} is missing, damaged or too large: it is left out of the commits that hold it"
                self.problems.append(Problem(path=path, kind="unreadable", why=why))
            blob = BlobId(blake3(content).hexdigest()) if content is not None else None
            known = KnownObject(object=named, blob=blob, size=len(content or b""))
            self.contents += 1
        return {"object": known.object, "blob": known.blob, "bytes": known.size}

    def _described(self, commit: Commit) -> dict[str, object]:
        described: dict[str, object] = {
            "commit": commit.id,
            "parents": list(commit.parents),
            "author": _person(commit.author),
            "message": commit.message,
            "changes": [self._change(change) for change in commit.changes],
        }
        if commit.committer != commit.author:
            described["committer"] = _person(commit.committer)
        return described

    def _change(self, change: CommitChange) -> list[object]:
        before = self._numbers[change.before] if change.before is not None else None
        after = self._numbers[change.after] if change.after is not None else None
        return [change.path, before, after, *([True] if change.merged else [])]


def _line(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _person(who: Signature) -> list[object]:
    return [who.name, who.mail, who.at_ns, who.utc_offset_s]


def _commit(line: Mapping[str, Any], numbered: list[ObjectId]) -> Commit:
    author = _signature(line["author"])
    return Commit(
        id=CommitId(line["commit"]),
        parents=tuple(map(CommitId, line["parents"])),
        author=author,
        committer=_signature(line["committer"]) if "committer" in line else author,
        message=line["message"],
        changes=tuple(
            CommitChange(
                path=path,
                before=numbered[before] if before is not None else None,
                after=numbered[after] if after is not None else None,
                merged=bool(merged),
            )
            for path, before, after, *merged in line["changes"]
        ),
    )


def _signature(value: list[Any]) -> Signature:
    name, mail, at_ns, offset = value
    return Signature(name=name, mail=mail, at_ns=int(at_ns), utc_offset_s=int(offset))
