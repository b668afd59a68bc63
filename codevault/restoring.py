"""Giving a snapshot back: plan first, act second.

Names from a manifest are never trusted: a path that could leave the target is refused on its own, the rest is restored.
What is written goes through `codevault.target`, which never follows a link; each file is complete or absent.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from codevault.arguments import is_path
from codevault.errors import InvalidArgument, RestoreRefused
from codevault.extras import FileAttribute
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.names import leads_down, written_paths
from codevault.restore_model import PlannedEntry, Restored, RestorePlan, Step
from codevault.restore_run import RestoreRun, plain
from codevault.store.model import Entry, EntryKind, Snapshot
from codevault.store.store import Store
from codevault.target import Target
from codevault.vcs.inert import INERT, may_run

OpenTarget = Callable[..., Target]
AtHand = Callable[[ProjectId, Collection[Entry]], Collection[str]]
_SPECIAL = {EntryKind.SOCKET, EntryKind.CHARACTER_DEVICE, EntryKind.BLOCK_DEVICE, EntryKind.FIFO}


def plan_restore(
    store: Store,
    snapshot: Snapshot,
    target: Path,
    *,
    paths: Collection[str] = (),
    at_hand: AtHand | None = None,
    live: bool = False,
    open_target: OpenTarget = Target.open,
) -> RestorePlan:
    """Says what a restore would do, touching nothing. `paths`: files or folders relative to the root; none: all.

    `at_hand` says which references can be read now: those files are planned like all others, the rest is listed apart.
    Hooks and settings of repositories get another name, unless `live` or they lie there already as they were.

    Raises:
        InvalidArgument: a path that the snapshot does not hold.
        RestoreRefused: the target lies in the vault, also by way of a link or a mount.
    """
    real = Path(os.path.realpath(target))
    vault = Path(os.path.realpath(store.root))
    forbidden = folders_of(vault)
    if real.is_relative_to(vault) or vault.is_relative_to(real) or _identities((real, *real.parents)) & forbidden:
        raise RestoreRefused(f"{real} and the vault lie in one another; choose a folder apart from it", real)
    wanted = tuple(path.strip("/") for path in paths)
    chosen = tuple(_chosen(store.manifest(snapshot), wanted))
    try:
        existing = open_target(real, forbidden=forbidden)
    except OSError as exc:
        raise RestoreRefused(f"cannot restore to {real}: {plain(exc)}", real) from exc
    try:
        chosen = tuple(_held(store, entry) for entry in chosen)
        written_as = _written_as(chosen, existing)
        entries = [_planned(existing, entry, written_as) for entry in chosen]
        inert = frozenset() if live else frozenset(filter(None, map(_may_run, entries)))
        if inert:
            written_as = _with_inert(written_as, inert)
            entries = [_inert(existing, p, written_as) if p.entry.path in inert else p for p in entries]
    finally:
        existing.close()
    left = [one.entry for one in entries if _is_elsewhere(one)]
    present = at_hand(snapshot.project, left) if left and at_hand is not None else ()
    references = {entry.path: entry for entry in left if entry.reference not in present}
    return RestorePlan(
        snapshot=snapshot,
        target=real,
        entries=tuple(one for one in entries if one.entry.path not in references),
        references=tuple(references.values()),
        inert=inert,
    )


def restore(
    store: Store,
    plan: RestorePlan,
    *,
    overwrite: bool = False,
    attributes: Collection[FileAttribute] = (),
    report: Reporter | None = None,
    safety: tuple[SnapshotId, ...] = (),
    read: Callable[[BlobId], Iterator[bytes]] | None = None,
    open_target: OpenTarget = Target.open,
) -> Restored:
    """Carries a plan out. Links come after files, folders' times and modes last.

    Content, permission bits and times are given back always; extended attributes, set-id bits, capabilities and owners
    only as far as `attributes` asks for them. `safety` is only handed on into the result. `read` gives contents
    instead of the store, for plans of which not all is in it.

    Raises:
        RestoreRefused: the target holds other content and `overwrite` is False, or it cannot be written at all.
        Cancelled: the caller's token was set; what was written is whole.
    """
    _refuse(plan, attributes, overwrite=overwrite)
    try:
        target = open_target(plan.target, create=True, forbidden=folders_of(Path(os.path.realpath(store.root))))
        try:
            target.prepare()
            written_as = _with_inert(_written_as((p.entry for p in plan.entries), target), plan.inert)
            run = RestoreRun(
                target,
                read or store.read_chunks,
                written_as=written_as,
                attributes=frozenset(attributes),
                report=report or Reporter(),
            )
        except BaseException:
            target.close()
            raise
    except OSError as exc:
        raise RestoreRefused(f"cannot write to {plan.target}: {plain(exc)}", plan.target) from exc
    try:
        run.carry_out(plan.entries)
        target.finished()
    finally:
        target.close()
    skipped = [(p.entry.path, p.why) for p in plan.entries if p.step is Step.SKIP]
    return Restored(
        target=plan.target,
        files=run.files,
        bytes=run.bytes,
        kept=sum(1 for p in plan.entries if p.step is Step.KEEP),
        problems=tuple(sorted((*skipped, *run.problems), key=_by_path)),
        references=plan.references,
        renamed=tuple(written_as.items()),
        safety=safety,
    )


def checked_attributes(attributes: Collection[FileAttribute]) -> frozenset[FileAttribute]:
    """What a caller asked for beside content, modes and times.

    Raises:
        InvalidArgument: no collection, or of something else.
    """
    named = f"attributes is a collection of FileAttribute: {', '.join(FileAttribute)}"
    if isinstance(attributes, str) or not isinstance(attributes, Collection):
        raise InvalidArgument(f"{named}; not {attributes!r}")
    try:
        return frozenset(map(FileAttribute, attributes))
    except ValueError as exc:
        raise InvalidArgument(f"{named}; {exc}") from exc


def _is_elsewhere(planned: PlannedEntry) -> bool:
    return planned.entry.reference is not None and planned.step is not Step.KEEP


def _held(store: Store, entry: Entry) -> Entry:
    """What was left to a repository and is in the vault all the same is a file like others."""
    if entry.reference is None or entry.blob is None or not store.contains(entry.blob):
        return entry
    return replace(entry, reference=None)


def _refuse(plan: RestorePlan, attributes: Collection[FileAttribute], *, overwrite: bool) -> None:
    if plan.conflicts and not overwrite:
        first = ", ".join(plan.conflicts[:3])
        raise RestoreRefused(
            f"{len(plan.conflicts)} paths differ in {plan.target} ({first}); choose an empty folder or overwrite=True",
            plan.target,
        )
    if FileAttribute.OWNER in attributes and (sys.platform == "win32" or os.geteuid() != 0):
        raise RestoreRefused("only root can give files to others: leave FileAttribute.OWNER out", plan.target)


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


def _planned(target: Target, entry: Entry, written_as: Mapping[str, str]) -> PlannedEntry:
    why = _why_not(entry)
    if why:
        return PlannedEntry(entry=entry, step=Step.SKIP, why=why)
    found = target.compare(entry, written_as.get(entry.path, entry.path))
    return PlannedEntry(entry=entry, step={None: Step.CREATE, True: Step.KEEP, False: Step.REPLACE}[found])


def _may_run(planned: PlannedEntry) -> str:
    """The path of an entry that could run something where it is going to be put; "" for most."""
    entry = planned.entry
    moved = planned.step in {Step.CREATE, Step.REPLACE} and entry.kind is not EntryKind.DIRECTORY
    return entry.path if moved and may_run(entry.path) else ""


def _with_inert(written_as: Mapping[str, str], inert: Collection[str]) -> Mapping[str, str]:
    return {**written_as, **{path: written_as.get(path, path) + INERT for path in sorted(inert)}}


def _inert(target: Target, planned: PlannedEntry, written_as: Mapping[str, str]) -> PlannedEntry:
    return _planned(target, replace(planned.entry, mode=planned.entry.mode & 0o600), written_as)


def _why_not(entry: Entry) -> str:
    """Why an entry cannot be restored; empty for most."""
    if not leads_down(entry.path):
        return "its path could lead out of the target"
    if entry.kind in _SPECIAL:
        return f"a {entry.kind} is recorded but not made again"
    if entry.kind is EntryKind.FILE and entry.blob is None and entry.reference is None:
        return "its content could never be read"
    if entry.kind is EntryKind.SYMLINK and not is_path(entry.target or "\0"):
        return "what the link says is no path"
    return ""


def _written_as(entries: Iterable[Entry], target: Target) -> Mapping[str, str]:
    return written_paths((entry.path for entry in entries if leads_down(entry.path)), target.rules())


def folders_of(vault: Path) -> frozenset[tuple[int, int]]:
    """Device and inode of every folder of the vault: by these it is known however it is reached."""
    return frozenset(_identities(Path(found) for found, _, _ in os.walk(vault)))


def _by_path(problem: tuple[str, str]) -> bytes:
    return problem[0].encode("utf-8", "surrogatepass")


def _identities(folders: Iterable[Path]) -> set[tuple[int, int]]:
    found = set()
    for folder in folders:
        try:
            status = os.stat(folder)
        except OSError:
            continue
        found.add((status.st_dev, status.st_ino))
    return found
