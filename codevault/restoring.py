"""Giving a snapshot back: plan first, act second.

Names from a manifest are never trusted: a path that could leave the target is refused on its own, the rest is restored.
Files are written through `codevault.target`, which never follows a link; each is complete or absent.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from codevault.arguments import is_path
from codevault.errors import DamageError, InvalidArgument, RestoreRefused
from codevault.jobs import Reporter
from codevault.store.model import Entry, EntryKind, Snapshot
from codevault.store.store import Store
from codevault.target import Target


class Step(StrEnum):
    """What a restore does with one path."""

    CREATE = "create"
    REPLACE = "replace"  # something else lies there; only with overwrite=True
    KEEP = "keep"  # the same content is there already
    SKIP = "skip"  # cannot be restored; `why` says so


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEntry:
    """One path of a plan. `why` is only set for a skipped one."""

    entry: Entry
    step: Step
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """What a restore will do. `references` lists files whose content was left to a repository, to be had from there.

    `extras` counts nothing: files in the target that the snapshot does not have are never touched.
    """

    snapshot: Snapshot
    target: Path
    entries: tuple[PlannedEntry, ...]
    references: tuple[Entry, ...] = ()

    @property
    def conflicts(self) -> tuple[str, ...]:
        """Paths where something different lies already."""
        return tuple(p.entry.path for p in self.entries if p.step is Step.REPLACE)

    @property
    def bytes(self) -> int:
        """Content that will be written, in bytes."""
        return sum(p.entry.size for p in self.entries if p.step in {Step.CREATE, Step.REPLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did: counts, bytes written, and each path that could not be given back with the reason."""

    target: Path
    files: int
    bytes: int
    kept: int
    problems: tuple[tuple[str, str], ...] = ()
    references: tuple[Entry, ...] = ()


def plan_restore(store: Store, snapshot: Snapshot, target: Path, *, paths: Collection[str] = ()) -> RestorePlan:
    """Says what a restore would do, touching nothing. `paths`: files or folders relative to the root; none: all.

    Raises:
        InvalidArgument: a path that the snapshot does not hold.
        RestoreRefused: the target lies in the vault.
    """
    real = Path(os.path.realpath(target))
    vault = Path(os.path.realpath(store.root))
    if real.is_relative_to(vault) or vault.is_relative_to(real):
        raise RestoreRefused(f"{real} and the vault lie in one another; choose a folder apart from it", real)
    wanted = tuple(path.strip("/") for path in paths)
    chosen = tuple(_chosen(store.manifest(snapshot), wanted))
    try:
        existing = Target.open(real)
    except OSError as exc:
        raise RestoreRefused(f"cannot restore to {real}: {_plain(exc)}", real) from exc
    try:
        planned = tuple(_planned(existing, entry) for entry in chosen if entry.reference is None)
    finally:
        existing.close()
    return RestorePlan(
        snapshot=snapshot,
        target=real,
        entries=planned,
        references=tuple(entry for entry in chosen if entry.reference is not None),
    )


def restore(store: Store, plan: RestorePlan, *, overwrite: bool = False, report: Reporter | None = None) -> Restored:
    """Carries a plan out. Folders' times and modes come last, links after files; set-id bits are never restored.

    Raises:
        RestoreRefused: the target holds other content and `overwrite` is False, or it cannot be written at all.
        Cancelled: the caller's token was set; what was written is whole.
    """
    if plan.conflicts and not overwrite:
        first = ", ".join(plan.conflicts[:3])
        raise RestoreRefused(
            f"{len(plan.conflicts)} paths differ in {plan.target} ({first}); choose an empty folder or overwrite=True",
            plan.target,
        )
    act = [p for p in plan.entries if p.step in {Step.CREATE, Step.REPLACE}]
    problems = [(p.entry.path, p.why) for p in plan.entries if p.step is Step.SKIP]
    report = report or Reporter()
    try:
        target = Target.open(plan.target, create=True)
    except OSError as exc:
        raise RestoreRefused(f"cannot write to {plan.target}: {_plain(exc)}", plan.target) from exc
    written = size = 0
    try:
        for done, planned in enumerate(sorted(act, key=_order)):
            report.step("restoring", done, len(act), size)
            try:
                size += _write(store, target, planned.entry)
                written += planned.entry.kind is EntryKind.FILE
            except (OSError, DamageError, OverflowError) as exc:
                problems.append((planned.entry.path, _plain(exc)))
        problems.extend(target.finish())
    finally:
        target.close()
    report.step("restoring", len(act), len(act), size)
    return Restored(
        target=plan.target,
        files=written,
        bytes=size,
        kept=sum(1 for p in plan.entries if p.step is Step.KEEP),
        problems=tuple(problems),
        references=plan.references,
    )


def safe_path(path: str) -> bool:
    """True for a path that can only lead downwards: relative, no empty, `.` or `..` component, no NUL."""
    parts = path.split("/")
    bad = {"", ".", ".."}
    if os.name == "nt" and ("\\" in path or ":" in path):
        return False
    return is_path(path) and not any(part in bad for part in parts)


def _chosen(entries: Iterable[Entry], wanted: Collection[str]) -> Iterator[Entry]:
    if not wanted:
        yield from entries
        return
    met: set[str] = set()
    for entry in entries:
        for path in wanted:
            if path == "" or entry.path == path or entry.path.startswith(f"{path}/"):
                met.add(path)
                yield entry
                break
            if path.startswith(f"{entry.path}/") and entry.kind is EntryKind.DIRECTORY:
                yield entry  # the folders above keep their modes and times
                break
    missing = sorted(set(wanted) - met - {""})
    if missing:
        raise InvalidArgument(f"the snapshot holds nothing under {missing[0]!r}; files() lists what it holds")


def _planned(target: Target, entry: Entry) -> PlannedEntry:
    if not safe_path(entry.path):
        return PlannedEntry(entry=entry, step=Step.SKIP, why="its path could lead out of the target")
    if entry.kind in {EntryKind.SOCKET, EntryKind.CHARACTER_DEVICE, EntryKind.BLOCK_DEVICE, EntryKind.FIFO}:
        return PlannedEntry(entry=entry, step=Step.SKIP, why=f"a {entry.kind} is recorded but not made again")
    if entry.kind is EntryKind.FILE and entry.blob is None:
        return PlannedEntry(entry=entry, step=Step.SKIP, why="its content could never be read")
    if entry.kind is EntryKind.SYMLINK and not is_path(entry.target or "\0"):
        return PlannedEntry(entry=entry, step=Step.SKIP, why="what the link says is no path")
    found = target.compare(entry)
    return PlannedEntry(entry=entry, step={None: Step.CREATE, True: Step.KEEP, False: Step.REPLACE}[found])


def _write(store: Store, target: Target, entry: Entry) -> int:
    if entry.kind is EntryKind.DIRECTORY:
        target.folder(entry)
    elif entry.kind is EntryKind.SYMLINK:
        target.link(entry)
    elif entry.blob is not None:
        return target.file(entry, store.read_chunks(entry.blob))
    return 0


def _order(planned: PlannedEntry) -> tuple[int, bytes]:
    # Links last: while files are written, nothing that we made can lead anywhere else.
    return (planned.entry.kind is EntryKind.SYMLINK, os.fsencode(planned.entry.path))


def _plain(error: Exception) -> str:
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
