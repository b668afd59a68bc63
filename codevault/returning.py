"""Puts Mercurial and Subversion projects back, repository and all: what the vault holds, a fresh clone has the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from codevault.errors import DamageError, RecordDamaged, RepositoryUnreadable, RestoreRefused
from codevault.ids import BlobId
from codevault.jobs import Reporter
from codevault.projects.model import Project
from codevault.restore_model import PlannedEntry, Restored, RestorePlan, Step
from codevault.restoring import restore
from codevault.settings import put_settings
from codevault.store.store import Store
from codevault.vcs.hg_return import STORE, HgReturn, wanted_commits
from codevault.vcs.model import System
from codevault.vcs.programs import ProgramFailed, find_program
from codevault.vcs.reading import ReadFolder

_BUNDLE = "bundle"
_LARGEST_PRISTINE = 512 << 20
_MARKS = ((".git/HEAD", System.GIT), (".hg/requires", System.HG), (".svn/wc.db", System.SVN))
Blocks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPlan:
    """What putting a project and its repository back will do.

    `inert` are files that get another name, since they could run something. `missing` lists refs, commits, objects and
    files that neither the vault nor the clone has; `from_snapshot` says that the snapshot's own copy of the history is
    used.
    """

    files: RestorePlan
    inert: tuple[str, ...]
    missing: tuple[str, ...]
    from_snapshot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Where left-out contents come from, by reference, and what puts the history in place once the files are there."""

    plan: ReturnPlan
    sources: Mapping[str, Blocks]
    finish: Callable[[Path], None]


def system_of(files: RestorePlan) -> System | None:
    """The system whose working copy a snapshot is, None when it is none; git before the others, as everywhere."""
    held = {planned.entry.path for planned in files.entries}
    return next((system for mark, system in _MARKS if mark in held), None)


def plan_return_of(
    store: Store, project: Project, files: RestorePlan, *, clone: Path | None, others: Iterable[Path]
) -> ReturnPlan:
    """What `bring_back_of` would do and what would be missing, writing nothing.

    Raises:
        RepositoryUnreadable: Mercurial is needed, and not installed.
    """
    with _found(store, project, files, clone, others) as found:
        return found.plan


def bring_back_of(
    store: Store,
    project: Project,
    files: RestorePlan,
    *,
    clone: Path | None,
    others: Iterable[Path],
    report: Reporter | None,
) -> tuple[ReturnPlan, Restored]:
    """Puts a project and its Mercurial or Subversion repository into the planned folder, as they were.

    Contents and commits come from the vault and from `clone`: a fresh clone's or checkout's top folder. Hooks and
    settings get other names where the plan says so; settings that only say where other sides are stay.

    Raises:
        RestoreRefused: the folder holds other files, or as `restore`.
        RepositoryUnreadable: as `plan_return_of`.
    """
    if files.conflicts:
        raise RestoreRefused(f"{files.target} holds other files; choose an empty folder", files.target)
    with _found(store, project, files, clone, others) as found:
        there = tuple(_with_source(planned, found.sources) for planned in _planned(files))
        entries = [planned for planned in there if planned is not None]
        left = tuple(entry for entry in files.references if (entry.reference or "") not in found.sources)
        plan = replace(files, entries=tuple(entries), references=left)

        def read(blob: BlobId) -> Iterator[bytes]:
            source = found.sources.get(blob)
            return source() if source is not None else store.read_chunks(blob)

        done = restore(store, plan, report=report, read=read)
        found.finish(files.target)
        put_settings(files, store.read)
    return found.plan, done


def _planned(files: RestorePlan) -> Iterator[PlannedEntry]:
    """Everything planned, what was left to the repository as well, by path."""
    referenced = (PlannedEntry(entry=entry, step=Step.CREATE) for entry in files.references)
    yield from sorted((*files.entries, *referenced), key=lambda p: p.entry.path.encode("utf-8", "surrogatepass"))


def _with_source(planned: PlannedEntry, sources: Mapping[str, Blocks]) -> PlannedEntry | None:
    reference = planned.entry.reference
    if reference is None:
        return planned
    if reference not in sources:
        return None
    return replace(planned, entry=replace(planned.entry, reference=None, blob=BlobId(reference)))


@contextmanager
def _found(
    store: Store, project: Project, files: RestorePlan, clone: Path | None, others: Iterable[Path]
) -> Iterator[_Found]:
    if system_of(files) is System.SVN:
        yield _subversion(store, files, clone)
        return
    with ExitStack() as stack:
        yield _mercurial(store, project, files, clone, others, stack)


def _mercurial(
    store: Store, project: Project, files: RestorePlan, clone: Path | None, others: Iterable[Path], stack: ExitStack
) -> _Found:
    held = _blob(files, f"{STORE}00changelog.i") is not None
    if held and not files.references:
        return _Found(plan=_plan(files, (), from_snapshot=True), sources={}, finish=_nothing)
    program = find_program("hg", outside=(files.target, Path(project.root), Path(store.root), *others))
    if program is None:
        raise RepositoryUnreadable("hg is not installed: without it no bundle can be taken apart")
    history = stack.enter_context(_history(store, files, program))
    if held:
        for planned in files.entries:
            if planned.entry.path.startswith(STORE) and planned.entry.blob is not None:
                history.put(planned.entry.path.removeprefix(STORE), store.read_chunks(planned.entry.blob))
    else:
        _take_all(store, project, history, clone)
    missing, sources = _asked(store, files, history)
    finish = _nothing if held else lambda target: history.write_to(target / ".hg" / "store")
    return _Found(plan=_plan(files, missing, from_snapshot=held), sources=sources, finish=finish)


def _history(store: Store, files: RestorePlan, program: str) -> HgReturn:
    needed = _content(store, files, f"{STORE}requires")
    return HgReturn(
        program,
        Path(store.root) / "cache" / "vcs" / "work",
        _content(store, files, ".hg/requires") or b"",
        {"requires": needed} if needed is not None else {},
    )


def _take_all(store: Store, project: Project, history: HgReturn, clone: Path | None) -> None:
    """What cannot be had brings nothing: the plan then says what is missing."""
    if clone is not None:
        with suppress(ProgramFailed):
            history.pull(clone)
    for file in store.shelf.files(project.id, _BUNDLE):
        with suppress(ProgramFailed, DamageError):
            history.take(store.shelf.read(file))


def _asked(store: Store, files: RestorePlan, history: HgReturn) -> tuple[tuple[str, ...], dict[str, Blocks]]:
    """What the history lacks of what the snapshot points to, and the contents that it has."""
    wanted = dict(wanted_commits(lambda name: _content(store, files, f".hg/{name}")))
    sources: dict[str, Blocks] = {}
    try:
        absent = set(history.missing(wanted.values()))
    except ProgramFailed:  # damaged, or of a kind this Mercurial does not read
        absent = set(wanted.values())
    head = wanted.get("working copy", "")
    if head and head not in absent and files.references:
        paths = [entry.path.encode("utf-8", "surrogateescape") for entry in files.references]
        with suppress(ProgramFailed):  # it has none of them, or not all of them any more
            for named, place in history.contents(head, paths):
                sources[f"{System.HG}:{named}"] = _blocks_of(place)
    lost = [name for name, commit in wanted.items() if commit in absent]
    lost += [entry.path for entry in files.references if entry.reference not in sources]
    return tuple(sorted(lost)), sources


def _subversion(store: Store, files: RestorePlan, clone: Path | None) -> _Found:
    """Contents by their SHA-1 from the snapshot's own pristine files, or from those of a fresh checkout."""
    own = {
        planned.entry.path.rpartition("/")[2].removesuffix(".svn-base"): planned.entry.blob
        for planned in files.entries
        if planned.entry.path.startswith(".svn/pristine/") and planned.entry.blob is not None
    }
    sources: dict[str, Blocks] = {}
    for entry in files.references:
        system, _, named = (entry.reference or "").partition(":")
        if system != System.SVN or f"{system}:{named}" in sources:
            continue
        blob = own.get(named)
        if blob is not None:
            sources[f"{system}:{named}"] = _stored(store, blob)
        elif clone is not None and _is_pristine(clone, named):
            sources[f"{system}:{named}"] = _pristine(clone, named)
    missing = sorted(entry.path for entry in files.references if entry.reference not in sources)
    return _Found(plan=_plan(files, missing, from_snapshot=True), sources=sources, finish=_nothing)


def _plan(files: RestorePlan, missing: Iterable[str], *, from_snapshot: bool) -> ReturnPlan:
    return ReturnPlan(
        files=files, inert=tuple(sorted(files.inert)), missing=tuple(missing), from_snapshot=from_snapshot
    )


def _nothing(target: Path) -> None:
    """Everything is in place already."""


def _blocks_of(place: Path) -> Blocks:
    return lambda: iter((place.read_bytes(),))


def _stored(store: Store, blob: BlobId) -> Blocks:
    return lambda: store.read_chunks(blob)


def _is_pristine(clone: Path, named: str) -> bool:
    folder = ReadFolder.open(str(clone))
    if folder is None or len(named) != 40 or not named.isalnum():
        return False
    with folder:
        return folder.kind(_pristine_path(named)) == "file"


def _pristine(clone: Path, named: str) -> Blocks:
    def blocks() -> Iterator[bytes]:
        folder = ReadFolder.open(str(clone))
        content = None
        if folder is not None:
            with folder:
                content = folder.read(_pristine_path(named), _LARGEST_PRISTINE)
        if content is None or hashlib.sha1(content, usedforsecurity=False).hexdigest() != named:
            raise RecordDamaged(clone / _pristine_path(named), "its bytes are not those of its name")
        yield content

    return blocks


def _pristine_path(named: str) -> str:
    return f".svn/pristine/{named[:2]}/{named}.svn-base"


def _blob(files: RestorePlan, path: str) -> BlobId | None:
    return next((planned.entry.blob for planned in files.entries if planned.entry.path == path), None)


def _content(store: Store, files: RestorePlan, path: str) -> bytes | None:
    blob = _blob(files, path)
    return store.read(blob) if blob is not None else None
