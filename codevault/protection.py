"""Is this file safe? `status` compares a path as it is now with the vault, `explain` says what policy decides on it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from blake3 import blake3

from codevault.ids import BlobId
from codevault.index.index import Index
from codevault.index.model import FileVersion
from codevault.moments import iso
from codevault.policies import Governing
from codevault.policy import FolderView, PathClass, Policy, Priority, Verdict, explain
from codevault.policy.changing import LEAST_CHANGES, by_history
from codevault.policy.content import HEAD
from codevault.projects.model import Project
from codevault.scanning import LARGEST_TAG
from codevault.surroundings import Surroundings

_LARGEST_HASHED = 64 << 20  # bytes; status answers at once, so larger files are judged by their size


class State(StrEnum):
    """How a path compares with the newest snapshot of its project."""

    SAFE = "safe"  # the newest snapshot holds exactly this content
    CHANGED = "changed"  # the vault holds an earlier content
    NEW = "new"  # the vault has never seen it
    DELETED = "deleted"  # it is gone here, the vault still has it
    EXCLUDED = "excluded"  # policy leaves it out
    UNKNOWN = "unknown"  # nothing there, and nothing in the vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How well one path is protected.

    `protected` means that its present content can be given back; `by` says by what: "vault", or "git" when it was left
    to the repository and what another machine, or a bundle in the vault, has. Nobody asks that machine: `fetched` is
    when it was last heard of (ISO 8601, "" unknown). `since` is the first snapshot that held this content (ISO 8601),
    `versions` counts the contents the vault knows of this path.
    """

    project: Project
    path: str
    state: State
    protected: bool
    by: str = ""
    fetched: str = ""
    since: str = ""
    versions: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who has a content: "vault", or a system's name and when its other side was last heard of."""

    by: str = "vault"
    heard_ns: int | None = None
    why: str = ""
    """Why it is not to be relied on, "" when it is."""


def status_of(
    index: Index,
    governing: Governing,
    project: Project,
    path: str,
    keeper: Callable[[BlobId], Keeper] = lambda _: Keeper(),
) -> Status:
    """Compares one path with the vault; reads the file, at most 64 MiB of it, and never follows a link."""
    versions = index.versions(project.id, path)
    newest = versions[-1] if versions and versions[-1].last is None else None
    full = Path(project.root, path)
    try:
        found = os.lstat(full)
    except OSError:
        state = State.DELETED if versions else State.UNKNOWN
        return _status(project, path, state, versions, None, "there is no such file now")
    verdict = explanation(governing, project, path)
    if not verdict.keep:
        return _status(project, path, State.EXCLUDED, versions, None, reasons(verdict))
    if not stat.S_ISREG(found.st_mode):
        return _status(project, path, State.UNKNOWN, versions, None, "not a regular file")
    if newest is None:
        return _status(project, path, State.NEW if not versions else State.CHANGED, versions, None, "")
    same = found.st_size == newest.size and _same_content(full, newest)
    if not same:
        return _status(project, path, State.CHANGED, versions, None, "")
    why = "" if newest.size <= _LARGEST_HASHED else f"above {_LARGEST_HASHED >> 20} MiB only the sizes were compared"
    safe = _status(project, path, State.SAFE, versions, newest, why)
    kept = keeper(newest.blob)
    fetched = iso(kept.heard_ns) if kept.heard_ns is not None else ""
    return replace(safe, protected=not kept.why, by=kept.by, fetched=fetched, why=kept.why or why)


def explanation(governing: Governing, project: Project, path: str) -> Verdict:
    """What the policy decides on a path, with the chain of reasons; folders are looked at as they are now."""
    with Surroundings(project.root) as surroundings:
        return explained(governing.used(project, surroundings).policy, surroundings, project, path)


def explained(policy: Policy, surroundings: Surroundings, project: Project, path: str) -> Verdict:
    """The same by a policy that is at hand."""
    parts = [part for part in path.split("/") if part]
    full = Path(project.root, path)
    is_folder = full.is_dir() and not full.is_symlink()
    folders = parts if is_folder else parts[:-1]
    views: list[FolderView] = []
    above = Path(project.root)
    for name in folders:
        inner = _Inner(above / name)
        siblings = _names(above)
        surroundings.look("/".join(parts[: len(views)]), siblings)
        output = surroundings.output("/".join(parts[: len(views) + 1]))
        views.append(FolderView(name=name, siblings=siblings, children=inner.names, head=inner.head, output=output))
        above = above / name
    if not parts:
        return Verdict(path_class=PathClass.OTHER)
    size = full.lstat().st_size if os.path.lexists(full) else 0
    if is_folder:
        return explain(policy, views, around=surroundings)
    head = surroundings.read("/".join(parts), HEAD) or b""
    return explain(policy, views, parts[-1], size, head, surroundings)


def with_history(verdict: Verdict, index: Index, policy: Policy, project: Project, path: str) -> Verdict:
    """The explanation of a file with what its versions in snapshots tell, where there are enough of them."""
    changed = [version.first.sequence for version in index.versions(project.id, path)]
    if not verdict.keep or len(changed) < LEAST_CHANGES:
        return verdict
    written = {
        version.first.sequence
        for version in index.file_versions(project.id)
        if version.path != path and policy.named(version.path).priority is Priority.HIGH
    }
    reason = by_history(verdict, changed, written)
    return verdict if reason is None else replace(verdict, reasons=(*verdict.reasons, reason))


def reasons(verdict: Verdict) -> str:
    """The chain of reasons as one line."""
    return "; ".join(reason.evidence for reason in verdict.reasons)


class _Inner:
    """What is in a folder, looked at when first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> Collection[str]:
        return _names(self._folder)

    def head(self, name: str) -> bytes:
        try:
            found = _start(self._folder / name, LARGEST_TAG + 1)
        except OSError:
            return b""
        return found if len(found) <= LARGEST_TAG else b""


def _names(folder: Path) -> Collection[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _same_content(path: Path, version: FileVersion) -> bool:
    if version.size > _LARGEST_HASHED:
        return True
    try:
        return blake3(_start(path, _LARGEST_HASHED + 1)).hexdigest() == version.blob
    except OSError:
        return False


def _start(path: Path, length: int) -> bytes:
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        return file.read(length)


def _status(
    project: Project,
    path: str,
    state: State,
    versions: tuple[FileVersion, ...],
    holding: FileVersion | None,
    why: str,
) -> Status:
    return Status(
        project=project,
        path=path,
        state=state,
        protected=holding is not None,
        by="vault" if holding is not None else "",
        since=iso(holding.first.created_ns) if holding is not None else "",
        versions=len({version.blob for version in versions}),
        why=why,
    )
