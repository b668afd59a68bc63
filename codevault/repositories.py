"""What a project's repository has that is nowhere else: kept on the vault's shelf, and put together again.

The small files of a repository (heads, logs, index, settings, half-done operations) are part of every snapshot, as all
files are. Its objects are many and mostly on another machine too: the shelf holds bundles of those that are not.
"""

# A little over 400 lines: the face of `vault.repositories`, and below it the one way back of git's repositories.

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from codevault.arguments import checked_clone
from codevault.classifying import PathStanding, classify
from codevault.commits import TimelineEntry, timeline
from codevault.errors import (
    CodeVaultError,
    ContentElsewhere,
    DamageError,
    RepositoryUnreadable,
    RestoreRefused,
    UnknownSnapshot,
)
from codevault.hooks import InstalledHooks, install_hooks, remove_hooks
from codevault.ids import BlobId, ProjectId
from codevault.jobs import CancelToken, ProgressCallback, Reporter
from codevault.keeping import BUNDLE, OBJECTS, KeptHistory, bundle_heads, keep_history
from codevault.projects.model import Project, Protection, protection_of
from codevault.projects.registry import ProjectKey, Projects
from codevault.restore_model import Restored, RestorePlan, Step
from codevault.restoring import AtHand, plan_restore, restore
from codevault.returning import ReturnPlan, bring_back_of, plan_return_of, system_of
from codevault.settings import put_settings
from codevault.spool import HookEvents, take_events
from codevault.store.model import Entry, Snapshot
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.vcs.git_refs import parse_log, parse_packed, parse_ref
from codevault.vcs.git_repository import POINTERS, GitRepository
from codevault.vcs.git_return import GitReturn, objects_folder
from codevault.vcs.model import RepositoryState, System
from codevault.vcs.opening import open_repository
from codevault.vcs.programs import ProgramFailed, find_program


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryStatus:
    """How a project's repository is protected, as of its newest backup and of now.

    `left_files` of that backup, `left_bytes` long, rest on the repository and on what another machine, or a bundle in
    the vault, has; `bundles` and `bundle_bytes` are what the vault holds of its commits. `state` is the repository's
    own, None where there is none; its `fetched_ns` says when the other machine was last heard of, `unpublished` how
    many commits of its branches no other machine has: the vault's bundles, which hold them, are mostly on this one.
    """

    project: Project
    protection: Protection
    state: RepositoryState | None
    left_files: int = 0
    left_bytes: int = 0
    bundles: int = 0
    bundle_bytes: int = 0


class Repositories:
    """`vault.repositories`: what a project's repository has that is nowhere else, and how it comes back."""

    def __init__(self, store: Callable[[], Store], projects: Projects) -> None:
        self._store = store
        self._projects = projects

    def keep(self, project: ProjectKey, *, protection: Protection | str | None = None) -> KeptHistory:
        """Keeps commits that no other machine has: branches, stashes, detached and forgotten heads, what is staged.

        Every backup does so first where it leaves anything to the repository; this does it without one, as the project
        is protected (`vault.projects.update(project, protection=…)`) unless it says otherwise. Only what the vault
        lacks is added, as a bundle that git itself reads. Nothing is written into the project, nothing that it
        configures runs, nothing goes over the network.

        Raises:
            UnknownProject: no such project.
            InvalidArgument: `protection` is not "trust_remote", "mirror" or "copy".
            VaultBusy, StorageFull, StorageError: nothing was kept.
        """
        store = self._store()
        found = self._projects.get(project)
        wanted = protection_of(protection) if protection is not None else None
        return keep_history(store, found, protection=wanted, others=self._roots())

    def status(self, project: ProjectKey) -> RepositoryStatus:
        """How a project's repository is protected, and when the other machine was last heard of.

        Raises:
            UnknownProject: no such project.
        """
        store, found = self._store(), self._projects.get(project)
        work = Path(store.root) / "cache" / "vcs" / "work"
        with open_repository(Path(found.root), work=work, projects=(*self._roots(), Path(store.root))) as repository:
            state = repository.state() if repository is not None else None
        newest = store.snapshots(found.id)[-1:]
        left = [e for one in newest if one.facts.get("left") for e in store.listing(one).left()]
        bundles = store.shelf.files(found.id, BUNDLE)
        return RepositoryStatus(
            project=found,
            protection=found.protection,
            state=state,
            left_files=len(left),
            left_bytes=sum(entry.size for entry in left),
            bundles=len(bundles),
            bundle_bytes=sum(file.size for file in bundles),
        )

    def classify(self, project: ProjectKey) -> Iterator[PathStanding]:
        """How each file stands to the repository nearest above it; files outside of any are not told.

        Bytes decide, never what a repository's status says. Reads every tracked file once.

        Raises:
            UnknownProject: no such project.
        """
        store, found = self._store(), self._projects.get(project)
        outside = (*self._roots(), Path(store.root))
        return classify(Path(found.root), cache=Path(store.root) / "cache" / "vcs", projects=outside)

    def timeline(self, project: ProjectKey) -> tuple[TimelineEntry, ...]:
        """Commits (once `vault.projects.import_history` has read them) and snapshots, parents before children.

        Raises:
            UnknownProject: no such project.
            RecordDamaged: what was kept of the commits is damaged.
        """
        store = self._store()
        return timeline(store, self._projects.get(project))

    def plan(
        self, project: ProjectKey, *, to: str | os.PathLike[str], clone: str | os.PathLike[str] | None = None
    ) -> ReturnPlan:
        """Says what `bring_back` would do, and what would be missing, writing nothing.

        Raises:
            UnknownProject, UnknownSnapshot: no such project, or no backup of it.
            RepositoryUnreadable: its newest snapshot holds no repository, or its system's program is not installed.
            RestoreRefused: the folder cannot be restored to.
        """
        store, found, snapshot = self._newest(project)
        folder = Path(to).expanduser()
        return plan_return(store, found, snapshot, folder, clone=checked_clone(clone), others=self._roots())

    def bring_back(
        self,
        project: ProjectKey,
        *,
        to: str | os.PathLike[str],
        clone: str | os.PathLike[str] | None = None,
        live: bool = False,
        progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Restored:
        """Puts the newest snapshot of a project and its repository into the folder `to`, as they were.

        `clone` is the git folder of a fresh clone, or the top folder of one of Mercurial's or of a checkout of
        Subversion's, for what other machines have. Hooks and settings get other names, which nothing runs, unless
        `live`. `plan()` says first what would be missing.

        Raises:
            UnknownProject, UnknownSnapshot, RepositoryUnreadable, RestoreRefused: as `plan`.
            Cancelled: the token was set.
        """
        store, found, snapshot = self._newest(project)
        report = Reporter(progress, cancel)
        folder = Path(to).expanduser()
        others = self._roots()
        return bring_back(
            store, found, snapshot, folder, clone=checked_clone(clone), others=others, live=live, report=report
        )[1]

    def install_hooks(self, project: ProjectKey) -> InstalledHooks:
        """Puts hooks into a project's repository that tell this vault's spool of commits; `remove_hooks` ends it.

        Existing hooks go on to decide. This is one of the few calls that write into a project.

        Raises:
            UnknownProject: no such project.
            RepositoryUnreadable: there is no repository, or none that hooks can be put into.
            SourceError: its files cannot be written.
        """
        return install_hooks(self._projects.get(project), Path(self._store().root) / "spool")

    def remove_hooks(self, project: ProjectKey) -> InstalledHooks:
        """Takes those hooks out; what was there before is there again, byte for byte.

        Raises:
            UnknownProject: no such project.
            SourceError: a file cannot be written.
        """
        return remove_hooks(self._projects.get(project))

    def events(self) -> HookEvents:
        """Takes what hooks told since the last call, of any process: each event is given once, and then forgotten.

        They only hint at when a backup is worth while. Nothing of a project is looked at.

        Raises:
            VaultBusy: another process is taking them.
            StorageError: the vault's spool cannot be read or written.
        """
        return take_events(Path(self._store().root) / "spool", {project.id for project in self._projects})

    def _newest(self, project: ProjectKey) -> tuple[Store, Project, Snapshot]:
        store = self._store()
        found = self._projects.get(project)
        snapshots = store.snapshots(found.id)
        if not snapshots:
            raise UnknownSnapshot(f"project {found.name!r} has no backup yet")
        return store, found, snapshots[-1]

    def _roots(self) -> list[Path]:
        return [Path(project.root) for project in self._projects]


def plan_return(
    store: Store,
    project: Project,
    snapshot: Snapshot,
    to: Path,
    *,
    clone: Path | None = None,
    others: Iterable[Path] = (),
) -> ReturnPlan:
    """Says what `bring_back` would do and what would be missing, writing nothing.

    Raises:
        RestoreRefused: as `plan_restore`.
        RepositoryUnreadable: git is not installed.
    """
    files = plan_restore(store, snapshot, to)
    if system_of(files) in {System.HG, System.SVN}:
        return plan_return_of(store, project, files, clone=clone, others=others)
    with _collected(store, project, files, clone, others) as objects:
        return _planned(store, plan_restore(store, snapshot, to, at_hand=_at_hand(objects)), objects)


def bring_back(
    store: Store,
    project: Project,
    snapshot: Snapshot,
    to: Path,
    *,
    clone: Path | None = None,
    others: Iterable[Path] = (),
    live: bool = False,
    report: Reporter | None = None,
) -> tuple[ReturnPlan, Restored]:
    """Puts the project's files and its repository into the folder `to`, as they were.

    Objects come from `clone` (a fresh clone, or else the project's own repository where it still is) and the shelf;
    from the snapshot as well if that is not enough. Hooks and settings get other names unless `live`; settings that
    only describe are kept as settings.

    Raises:
        RestoreRefused: as `restore`.
        RepositoryUnreadable: as `plan_return`.
    """
    files = plan_restore(store, snapshot, to, live=live)
    if system_of(files) in {System.HG, System.SVN}:
        return bring_back_of(store, project, files, clone=clone, others=others, report=report)
    if any(planned.entry.path == ".git/config" for planned in files.entries) and files.conflicts:
        raise RestoreRefused(f"{to} holds other files; choose an empty folder", to)
    with _collected(store, project, files, clone, others) as objects:
        files = plan_restore(store, snapshot, to, at_hand=_at_hand(objects), live=live)
        plan = _planned(store, files, objects)
        done = restore(store, _without_objects(plan), report=report, read=_reader(store, files, objects))
        objects.write_to(files.target / OBJECTS)
        put_settings(files, store.read)
    return plan, done


def with_objects(
    store: Store, projects: Projects, files: RestorePlan, done: Restored, clone: Path | None = None
) -> Restored:
    """What a restore gave, after putting the objects of the repository back that the snapshot left to bundles.

    They come from `clone`, or the project's own repository, and the bundles; what none of them has is a problem.
    """
    planned = {one.entry.path: one for one in files.entries}
    held = any(path.startswith(f"{OBJECTS}/") for path in planned)
    if OBJECTS not in planned or planned[OBJECTS].step is Step.SKIP or held or ".git/HEAD" not in planned:
        return done
    why = _put_objects(store, projects, files, clone)
    return replace(done, problems=(*done.problems, (OBJECTS, why))) if why else done


def _put_objects(store: Store, projects: Projects, files: RestorePlan, clone: Path | None) -> str:
    target = files.target / OBJECTS
    if os.path.realpath(target) != str(target):
        return "a link leads elsewhere"
    others = [Path(project.root) for project in projects]
    try:
        with _collected(store, projects.get(files.snapshot.project), files, clone, others) as objects:
            plan = _planned(store, files, objects)
            objects.write_to(target)
    except (OSError, CodeVaultError) as exc:
        return f"its objects could not be put back: {exc}"
    left = {entry.path for entry in files.references}
    lost = [name for name in plan.missing if name not in left]
    return f"not all of its objects are at hand ({', '.join(lost[:3])}): give a clone" if lost else ""


def _at_hand(objects: GitReturn) -> AtHand:
    def at_hand(_: ProjectId, entries: Collection[Entry]) -> Collection[str]:
        wanted = {_object(entry): entry.reference for entry in entries if entry.reference}
        return {wanted[named] or "" for named in objects.held(wanted.keys())}

    return at_hand


def _reader(store: Store, files: RestorePlan, objects: GitReturn) -> Callable[[BlobId], Iterator[bytes]]:
    left = {p.entry.blob: _object(p.entry) for p in files.entries if p.entry.reference and p.entry.blob}

    def read(blob: BlobId) -> Iterator[bytes]:
        if blob not in left:
            yield from store.read_chunks(blob)
            return
        content = objects.read(left[blob])
        if content is None or hash_of(content) != blob:
            raise ContentElsewhere(blob, f"git:{left[blob]}", "a file")
        yield content

    return read


def _object(entry: Entry) -> str:
    return (entry.reference or "").partition(":")[2]


def _collected(
    store: Store, project: Project, files: RestorePlan, clone: Path | None, others: Iterable[Path]
) -> GitReturn:
    if not any(planned.entry.path == ".git/HEAD" for planned in files.entries):
        raise RepositoryUnreadable("this snapshot holds no repository; restore() gives its files back")
    program = find_program("git", outside=(files.target, Path(project.root), Path(store.root), *others))
    if program is None:
        raise RepositoryUnreadable("git is not installed: without it no bundle can be taken apart")
    settings = _content(store, files, ".git/config") or b""
    work = Path(store.root) / "cache" / "vcs" / "work"
    source = objects_folder(clone) if clone is not None else _own(project, work)
    objects = GitReturn(program, work, clone=source, sha256=b"sha256" in settings.lower())
    for file in bundle_heads(store, project):
        # One that stands on what is not here, or is damaged, brings nothing: the plan then says what is missing.
        with suppress(ProgramFailed, ValueError, DamageError):
            objects.take(store.shelf.read(file))
    return objects


def _own(project: Project, work: Path) -> Path | None:
    """The git folder of the project itself, while it is there and to be trusted."""
    root = Path(project.root)
    with open_repository(root, work=work) as repository:
        found = isinstance(repository, GitRepository) and repository.trusted and repository.in_place
    return root / ".git" if found else None


def _planned(store: Store, files: RestorePlan, objects: GitReturn) -> ReturnPlan:
    wanted = dict(_wanted(store, files))
    absent, whole = _looked_for(objects, wanted)
    if not whole and _lay_stored(store, files, objects):
        absent, whole = _looked_for(objects, wanted)
    held = any(planned.entry.path.startswith(".git/objects/") for planned in files.entries)
    missing = [name for name, value in wanted.items() if value in absent]
    refs = () if held and not whole else missing
    return ReturnPlan(
        files=files,
        inert=tuple(sorted(files.inert)),
        missing=tuple(sorted((*refs, *(entry.path for entry in files.references)))),
        from_snapshot=held and not whole,
    )


def _looked_for(objects: GitReturn, wanted: Mapping[str, str]) -> tuple[set[str], bool]:
    """What of it is not at hand, and whether everything is that it leads to."""
    named = dict.fromkeys(wanted.values())
    absent = set(objects.missing(named))
    return absent, not absent and not objects.missing_below(named)


def _lay_stored(store: Store, files: RestorePlan, objects: GitReturn) -> bool:
    """Adds the objects that the project's newest snapshot of those that hold any has; objects never change."""
    for snapshot in reversed(store.snapshots(files.snapshot.project)):
        laid = False
        with suppress(DamageError):  # what is damaged brings nothing: an older one may
            for entry in store.manifest(snapshot):
                if entry.blob is not None and entry.path.startswith(f"{OBJECTS}/") and store.contains(entry.blob):
                    laid |= objects.lay(entry.path.removeprefix(f"{OBJECTS}/"), store.read_chunks(entry.blob))
        if laid and snapshot.id != files.snapshot.id:
            return True
    return False


def _wanted(store: Store, files: RestorePlan) -> Iterator[tuple[str, str]]:
    """(name, object) of everything the repository's own files point to."""
    for planned in files.entries:
        path = planned.entry.path
        if planned.entry.blob is None or not path.startswith(".git/"):
            continue
        name = path.removeprefix(".git/")
        if name == "packed-refs":
            yield from parse_packed(store.read(planned.entry.blob)).items()
        elif name == "logs/refs/stash":
            for number, moved in enumerate(reversed(parse_log(store.read(planned.entry.blob)))):
                yield f"stash@{{{number}}}", moved.after
        elif name in POINTERS or name.startswith("refs/"):
            value = parse_ref(store.read(planned.entry.blob))
            if value:
                yield name, value


def _without_objects(plan: ReturnPlan) -> RestorePlan:
    if plan.from_snapshot:
        return plan.files
    kept = (planned for planned in plan.files.entries if not planned.entry.path.startswith(f"{OBJECTS}/"))
    return replace(plan.files, entries=tuple(kept))


def _content(store: Store, files: RestorePlan, path: str) -> bytes | None:
    blobs = (planned.entry.blob for planned in files.entries if planned.entry.path == path)
    blob = next(blobs, None)
    return store.read(blob) if blob is not None else None
