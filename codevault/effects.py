"""What a policy would do before it is used, and what each file of a project is protected by now.

Neither stores nor deletes anything. Bytes are those of the files, before the vault makes them small.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from codevault.index.model import FileVersion
from codevault.policy import Policy, Priority, Verdict
from codevault.projects.model import Project
from codevault.scanning import Excluded, Scan
from codevault.source import Folder, Listed
from codevault.store.listing import Listing
from codevault.surroundings import Surroundings

_SHOWN = 1000  # paths of each kind that an answer names; its counts are of all
_TYPE = stat.S_IFMT(0xFFFF)
_S = 1_000_000_000


@dataclass(slots=True)
class Tally:
    """Files, or versions of files, and their bytes; the first paths of them, sorted."""

    count: int = 0
    bytes: int = 0
    paths: list[str] = field(default_factory=list)

    def add(self, path: str, size: int) -> None:
        """Counts one more."""
        self.count += 1
        self.bytes += size
        if len(self.paths) < _SHOWN and (not self.paths or self.paths[-1] != path):
            self.paths.append(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyEffect:
    """What another policy would have made of the versions that the vault holds, and would make of the folder now.

    Versions: `stored` as they are, `skipped` (left out altogether), `spaced` (not stored in automatic backups, for one
    of the same file was stored shortly before). `irreplaceable` are paths among the skipped that nothing brings back.
    Files of the folder as it is: `gained` would be stored and are not under the policy of today, `lost` the reverse.
    """

    project: Project
    stored: Tally
    skipped: Tally
    spaced: Tally
    irreplaceable: tuple[str, ...]
    gained: Tally
    lost: Tally


class Protector(StrEnum):
    """Who gives a file's present content back."""

    VAULT = "vault"
    REPOSITORY = "repository"  # another machine has it, or a bundle in the vault
    COMMAND = "command"  # it is left out, and made again
    NOBODY_YET = "nobody yet"  # new or changed since the last backup
    NOBODY = "nobody"  # left out because somebody said so
    OTHERS = "others"  # it belongs to another project, another file system, the vault itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """Files that are protected alike: `how` is the command, the system, or the reason."""

    by: Protector
    how: str
    files: int
    bytes: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCoverage:
    """What every file of a project is protected by, the largest share of each protector first."""

    project: Project
    covers: tuple[Cover, ...]

    def files(self, by: Protector) -> int:
        """How many files a protector has."""
        return sum(cover.files for cover in self.covers if cover.by is by)


def effect_of(
    project: Project,
    versions: Iterable[FileVersion],
    root: Folder,
    today: Policy,
    other: Policy,
    surroundings: Surroundings,
    clock: Callable[[], int],
) -> PolicyEffect:
    """Holds a policy against the versions of a project (any order) and its folder; reads names, no contents.

    Raises:
        OSError: the folder cannot be listed.
    """
    known = sorted(versions, key=lambda version: (version.path, version.first.sequence))
    now = {policy: _stored(root, policy, surroundings, clock) for policy in dict.fromkeys((today, other))}
    stored, skipped, spaced = Tally(), Tally(), Tally()
    irreplaceable: dict[str, None] = {}
    judge = _Past(other, known)
    path, at_ns = "", 0
    for version in known:
        verdict = judge.verdict(version)
        pause = verdict.treatment.for_size(version.size) * _S
        created = version.first.created_ns
        if not verdict.keep:
            skipped.add(version.path, version.size)
            if today.file(version.path, version.size).priority is Priority.IRREPLACEABLE:
                irreplaceable[version.path] = None
        elif version.path == path and 0 <= created - at_ns < pause:
            spaced.add(version.path, version.size)
        else:
            stored.add(version.path, version.size)
            path, at_ns = version.path, created
    return PolicyEffect(
        project=project,
        stored=stored,
        skipped=skipped,
        spaced=spaced,
        irreplaceable=tuple(irreplaceable)[:_SHOWN],
        gained=_tally(now[other], now[today]),
        lost=_tally(now[today], now[other]),
    )


def coverage_of(
    project: Project,
    root: Folder,
    policy: Policy,
    surroundings: Surroundings,
    listing: Listing,
    apart: Mapping[str, str],
    foreign: Collection[tuple[int, int]],
    clock: Callable[[], int],
) -> ProjectCoverage:
    """Compares a project's folder with the lines of its last snapshot, by size and time; reads no contents.

    Raises:
        OSError: the folder cannot be listed.
    """
    groups: dict[tuple[Protector, str], Tally] = {}
    scan = Scan(root, policy, previous={}, foreign=foreign, apart=apart, surroundings=surroundings, clock=clock)
    kept = set()
    for scanned in scan.folders():
        before = listing.folder(scanned.path)
        for entry in scanned.entries:
            if entry.mode & _TYPE == stat.S_IFREG:
                path = f"{scanned.path}/{entry.name}" if scanned.path else entry.name
                kept.add(path)
                held = before.get(entry.name)
                same = held is not None and (held.size, held.mtime_ns) == (entry.size, entry.mtime_ns)
                reference = held.reference if held is not None and same and held.blob is not None else None
                who = (Protector.REPOSITORY, reference.partition(":")[0]) if reference else _holder(same, held)
                groups.setdefault(who, Tally()).add(path, entry.size)
    for excluded in scan.excluded:
        _leave_out(Path(project.root), excluded, apart, kept, groups)
    covers = [
        Cover(by=by, how=how, files=tally.count, bytes=tally.bytes, paths=tuple(tally.paths))
        for (by, how), tally in groups.items()
        if tally.count
    ]
    order = list(Protector)
    return ProjectCoverage(
        project=project, covers=tuple(sorted(covers, key=lambda cover: (order.index(cover.by), -cover.bytes)))
    )


def _holder(same: bool, held: object) -> tuple[Protector, str]:
    if same:
        return Protector.VAULT, "the last snapshot"
    return Protector.NOBODY_YET, "changed since the last backup" if held is not None else "new since the last backup"


def _leave_out(
    root: Path,
    excluded: Excluded,
    apart: Mapping[str, str],
    kept: Collection[str],
    groups: dict[tuple[Protector, str], Tally],
) -> None:
    if excluded.path in apart:
        who = (Protector.REPOSITORY, apart[excluded.path])
    elif excluded.deliberate:
        who = (Protector.COMMAND, excluded.rebuild) if excluded.rebuild else (Protector.NOBODY, excluded.why)
    else:
        who = (Protector.COMMAND, excluded.rebuild) if excluded.rebuild else (Protector.OTHERS, excluded.why)
    tally = groups.setdefault(who, Tally())
    for path, size in _files_in(root, excluded.path):
        if path not in kept:
            tally.add(path, size)


def _files_in(root: Path, path: str) -> Iterator[tuple[str, int]]:
    """The regular files at or below a path, no link followed."""
    top = root / path
    try:
        found = os.lstat(top)
    except OSError:
        return
    if stat.S_ISREG(found.st_mode):
        yield path, found.st_size
        return
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                found = os.lstat(os.path.join(folder, name))
            except OSError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"), found.st_size


class _Past:
    """Judges paths of the past: what lay beside and inside a folder is what any version of the project had there."""

    def __init__(self, policy: Policy, versions: Iterable[FileVersion]) -> None:
        self._policy = policy
        self._names: dict[str, set[str]] = {}
        self._folders: dict[str, Verdict | None] = {"": None}
        for version in versions:
            path = version.path
            while path:
                above, _, name = path.rpartition("/")
                names = self._names.setdefault(above, set())
                if name in names:
                    break
                names.add(name)
                path = above

    def verdict(self, version: FileVersion) -> Verdict:
        """The verdict on a version by its path and size."""
        left = self._left(version.path.rpartition("/")[0])
        own = self._policy.file(version.path, version.size)
        if left is None or (not left.deliberate and own.priority is Priority.IRREPLACEABLE):
            return own
        return own if self._policy.excepted(version.path) else left

    def _left(self, folder: str) -> Verdict | None:
        """The verdict that leaves a folder, or one above it, out."""
        if folder not in self._folders:
            above, _, name = folder.rpartition("/")
            found = self._left(above)
            if found is None:
                inside = self._names.get(folder, set())
                verdict = self._policy.folder(folder, name, self._names[above], lambda: inside)
                found = None if verdict.keep else verdict
            self._folders[folder] = found
        return self._folders[folder]


def _stored(root: Folder, policy: Policy, surroundings: Surroundings, clock: Callable[[], int]) -> dict[str, int]:
    """The files that a backup would store now, and their sizes."""
    scan = Scan(root, policy, previous={}, surroundings=surroundings, clock=clock)
    found: dict[str, int] = {}
    for scanned in scan.folders():
        for entry in scanned.entries:
            if _is_file(entry):
                found[f"{scanned.path}/{entry.name}" if scanned.path else entry.name] = entry.size
    return found


def _is_file(entry: Listed) -> bool:
    return entry.mode & _TYPE == stat.S_IFREG


def _tally(these: Mapping[str, int], without: Mapping[str, int]) -> Tally:
    tally = Tally()
    for path in sorted(these.keys() - without.keys()):
        tally.add(path, these[path])
    return tally
