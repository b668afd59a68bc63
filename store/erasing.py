"""Erasing projects for good: a plan to the byte, then exactly that, and a proof that nothing of them is left.

Thinning frees what nothing needs; this takes out everything that only the erased projects have, wherever it lies: in
frames and packs that others share, in bases that others' differences rest on, in parity, in the copies of small files,
in quarantine. In this order, each step durable before the next: new packs with what others need of the packs that go; a
log record that names what goes, then its deletion; quarantine; copies without their records; what the caller forgets
(cache/); last the projects' documents, with a record of the erasure. A run that dies leaves every other project whole
and verifying; as long as the documents are there, the same call goes on from where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from codevault.errors import CodeVaultError, EraseRefused, InvalidArgument
from codevault.ids import BlobId, PackId, ProjectId
from codevault.jobs import Reporter
from codevault.store.erasures import ERASURES, Erasure, encode_erasures, erasures_of, take_out_of_copies
from codevault.store.keepsakes import keepsake_blobs
from codevault.store.layout import FORMAT_VERSION, document_of, is_project
from codevault.store.limits import keep_reserve, with_reserve
from codevault.store.logcheck import missing_records
from codevault.store.pack import BASE_BYTES
from codevault.store.proving import still_there, suspect_quarantine
from codevault.store.pruning import fingerprint, is_sound, pack_sizes
from codevault.store.publishing import publish
from codevault.store.reachability import Reachability, judged_snapshots
from codevault.store.records import LoggedFile, RecordMalformed, hash_of, seal
from codevault.store.sidecars import protect
from codevault.store.sifting import Sifted, sift, write_anew, written_bytes
from codevault.store.swapping import retire
from codevault.store.turns import Turn
from codevault.store.vaultstate import VaultState

_OF_PROJECTS = ("snapshots", "thinned", "vcs")


@dataclass(frozen=True, slots=True)
class Content:
    """How many distinct contents, and how many bytes they have when they are read."""

    blobs: int = 0
    bytes: int = 0

    def __add__(self, other: Content) -> Content:
        return Content(self.blobs + other.blobs, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedContent:
    """What an erased project has in common with one that stays: it stays, for that one."""

    project: ProjectId
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasePlan:
    """What an erasure would do. `erase` does exactly this, or refuses because the vault changed since.

    `unique`: contents that only these projects have, and that go; `shared`: those that stay, by the project that they
    stay for (one that several have is counted for each); `waste`: contents that no project names any more, of thinned
    snapshots for one, which go with them. `files`: records, documents, bundles; `quarantine`: files put aside by
    repairs that hold, or may hold, something of them; `copies`: generations whose copies of small files are written
    anew. `drop` are packs that go, `anew` those of which new packs of `written` bytes keep what others need.

    `freed` is exact: packs with their parity, files and quarantine that go, less the packs written; outside of it are
    the log's own new records, the copies, and the parity of the packs written. `frozen`: why it should not be done now;
    acting takes an acknowledgement of each.
    """

    projects: tuple[ProjectId, ...]
    snapshots: int
    files: tuple[str, ...]
    unique: Content
    shared: tuple[SharedContent, ...]
    waste: Content
    blobs: frozenset[BlobId]
    drop: tuple[PackId, ...]
    anew: tuple[PackId, ...]
    quarantine: tuple[str, ...]
    copies: tuple[int, ...]
    written: int
    freed: int
    frozen: tuple[str, ...]
    as_of: str
    sifted: Sifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What an erasure did: its record in the vault, the bytes that came back, and what was looked at to prove it.

    `problems` name what may still be there; without any it is gone from every file of the vault. What a disk keeps of
    deleted files (free blocks, snapshots of the file system, backups of the vault) is out of a program's reach.
    """

    plan: ErasePlan
    erasure: Erasure
    freed: int
    packs_looked_at: int
    copies_looked_at: int
    problems: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True when the proof found nothing left."""
        return not self.problems


def plan_erase(state: VaultState, projects: Collection[ProjectId], report: Reporter | None = None) -> ErasePlan:
    """Plans the erasure of projects. Reads every manifest, compresses what would be stored anew, writes nothing.

    Raises:
        InvalidArgument: none, or no ids of projects.
        DamageError, StorageError: the vault cannot be read.
        Cancelled: through `report`.
    """
    going = tuple(sorted(set(projects)))
    if not going or not all(map(is_project, going)):
        raise InvalidArgument("give the projects that are to be erased")
    report = report or Reporter()
    lost: dict[str, None] = {}
    theirs, snapshots = _theirs(state, going, report)
    kept, shared = _kept(state, going, theirs, lost, report)
    unique, waste, blobs = _leaving(state, theirs, kept)
    sifted = sift(state, kept)
    files = tuple(_files_of(state, going))
    written = written_bytes(state, sifted)
    quarantine = tuple(suspect_quarantine(state, kept, lambda name: is_theirs(name, going)))
    sizes = pack_sizes(state)
    freed = sum(sizes[pack] for pack in sifted.goes) + sum(map(_size(state), (*files, *quarantine)))
    return ErasePlan(
        projects=going,
        snapshots=snapshots,
        files=files,
        unique=unique,
        shared=tuple(SharedContent(project=p, content=c) for p, c in sorted(shared.items())),
        waste=waste,
        blobs=blobs,
        drop=sifted.drop,
        anew=sifted.anew,
        quarantine=quarantine,
        copies=tuple(_copies_of(state, going)),
        written=written,
        freed=freed - written,
        frozen=tuple(_frozen(state, sifted, lost)),
        as_of=fingerprint(state),
        sifted=sifted,
    )


def erase(
    turn: Turn,
    plan: ErasePlan,
    *,
    acknowledged: Collection[str] = (),
    note: str = "",
    forget: Callable[[], Iterable[str]] = tuple,
    documents: Mapping[str, Mapping[str, object]] = MappingProxyType({}),
    report: Reporter | None = None,
) -> Erased:
    """Does what the plan says. `forget` is called before the documents go, and says what it could not forget.

    `documents` take the place of those of their names, of which no copy is left: what others said of what goes.

    Raises:
        EraseRefused: the vault changed since, a pack is damaged, or a reason in `plan.frozen` is not acknowledged.
        StorageFull, StorageError: all that others need is there; the same projects can be erased again.
        Cancelled: through `report`, before anything was deleted.
    """
    state = turn.state
    report = report or Reporter()
    _check(state, plan, acknowledged, report)
    before = sum(pack_sizes(state).values()) + sum(map(_size(state), (*plan.files, *plan.quarantine)))
    made = write_anew(turn, plan.sifted, plan.written)
    if made:
        turn.log(made)
    records = [_path(state, name) for name in plan.files if not name.startswith("projects/")]
    with_reserve(turn, lambda: retire(turn, _there(state, plan.sifted.goes), records=records))
    freed = before - sum(pack_sizes(state).values())
    _delete(state, plan.quarantine)
    replaced = {state.layout.relative(state.layout.document(name)) for name in documents}
    problems = take_out_of_copies(state, lambda name: is_theirs(name, plan.projects) or name in replaced)
    state.files.remove(state.layout.cache / "packs.catalog")  # it lists what is gone
    problems += tuple(forget())
    erasure = Erasure.of(plan, state.clock(), note, freed)
    _close(turn, plan, erasure, documents)
    left = still_there(state, plan.blobs, lambda name: is_theirs(name, plan.projects))
    protect(state)
    keep_reserve(state)
    state.save_catalog()
    return Erased(
        plan=plan,
        erasure=erasure,
        freed=freed,
        packs_looked_at=left.packs,
        copies_looked_at=left.copies,
        problems=(*problems, *left.found),
    )


def is_theirs(name: str, projects: Collection[ProjectId]) -> bool:
    """True for the name of a file, relative to the vault, that is of one of the projects alone."""
    first, _, rest = name.partition("/")
    if first in _OF_PROJECTS:
        return rest.partition("/")[0] in projects
    return first in {"projects", "keepsakes"} and document_of(rest) in projects


def _theirs(state: VaultState, going: Collection[ProjectId], report: Reporter) -> tuple[AbstractSet[bytes], int]:
    """What the projects that go name, as far as it can be read, and how many snapshots they have."""
    named = Reachability(state, bases=False)
    staying = [project for project in _all_projects(state) if project not in going]
    count = 0
    for count, snapshot in enumerate(judged_snapshots(state, {}, leave_out=staying), 1):
        report.step("marking what goes", count)
        named.add_snapshot(snapshot)
    for _, found in keepsake_blobs(state, {}, leave_out=staying):
        for blob in found:
            named.add_blob(blob)
    return named.beginnings, count


def _kept(
    state: VaultState, going: Collection[ProjectId], theirs: AbstractSet[bytes], lost: dict[str, None], report: Reporter
) -> tuple[AbstractSet[bytes], dict[ProjectId, Content]]:
    """What the other projects name, and what of it the projects that go have too, by project."""
    for name in missing_records(state):
        if not is_theirs(name, going):
            lost[f"{name} is missing, so nobody knows what it needs: run repair()"] = None
    by_project: dict[ProjectId, Reachability] = {}
    for done, snapshot in enumerate(judged_snapshots(state, lost, leave_out=going), 1):
        report.step("marking what stays", done)
        by_project.setdefault(snapshot.project, Reachability(state, bases=False)).add_snapshot(snapshot)
    for project, found in keepsake_blobs(state, lost, leave_out=going):
        reach = by_project.setdefault(project, Reachability(state, bases=False))
        for blob in found:
            reach.add_blob(blob)
    kept: set[bytes] = set()
    shared: dict[ProjectId, Content] = {}
    for project, reach in by_project.items():
        lost.update(reach.lost)
        kept |= reach.beginnings
        common = [place for one in reach.beginnings & theirs for place in state.catalog.find_base(one)[:1]]
        if common:
            shared[project] = Content(len(common), sum(place.length for place in common))
    return kept, shared


def _leaving(
    state: VaultState, theirs: AbstractSet[bytes], kept: AbstractSet[bytes]
) -> tuple[Content, Content, frozenset[BlobId]]:
    unique = waste = Content()
    blobs: set[BlobId] = set()
    for place in state.catalog:
        beginning = bytes.fromhex(place.blob[: 2 * BASE_BYTES])
        if beginning in kept or place.blob in blobs:
            continue
        blobs.add(place.blob)
        if beginning in theirs:
            unique += Content(1, place.length)
        else:
            waste += Content(1, place.length)
    return unique, waste, frozenset(blobs)


def _all_projects(state: VaultState) -> set[ProjectId]:
    thinned = (ProjectId(listed.name) for listed in state.files.list(state.layout.thinned) or () if listed.is_folder)
    kept = (ProjectId(document_of(file.name) or "") for file in state.files.list(state.layout.keepsakes) or ())
    return {*state.projects(), *thinned, *kept}


def _files_of(state: VaultState, going: Iterable[ProjectId]) -> Iterator[str]:
    layout = state.layout
    for project in going:
        for path in (layout.document(project), layout.keepsake(project)):
            if state.files.read(path, 0, 0) is not None:
                yield layout.relative(path)
        for folder in _OF_PROJECTS:
            for listed in state.files.list(layout.root / folder / project) or ():
                if not listed.is_folder:
                    yield f"{folder}/{project}/{listed.name}"


def _copies_of(state: VaultState, going: Collection[ProjectId]) -> Iterator[int]:
    for sequence in state.generations.copies():
        try:
            record = state.generations.record(sequence)[1]
        except RecordMalformed:
            continue
        if any(is_theirs(new.file, going) for new in record.added):
            yield sequence


def _frozen(state: VaultState, sifted: Sifted, lost: Iterable[str]) -> Iterator[str]:
    yield from lost
    if state.suspects:
        yield f"{len(state.suspects)} blobs were found damaged: run repair()"
    for pack in sifted.torn:
        yield f"pack {pack} holds what is no frame and stays as it is, whatever is in it: run repair()"
    for blob in sifted.lost:
        yield f"blob {blob} of a project that stays cannot be read and would go: run repair()"


def _check(state: VaultState, plan: ErasePlan, acknowledged: Collection[str], report: Reporter) -> None:
    if fingerprint(state) != plan.as_of:
        raise EraseRefused("the vault changed since this was planned: plan again", ())
    unseen = tuple(reason for reason in plan.frozen if reason not in acknowledged)
    if unseen:
        raise EraseRefused(f"erasing is frozen: {unseen[0]}; see to it, or acknowledge each of plan.frozen", unseen)
    for done, pack in enumerate(plan.anew):
        report.step("checking packs", done, len(plan.anew))
        if not is_sound(state, pack):
            raise EraseRefused(f"pack {pack} is damaged and holds what others need: run repair() first", ())


def _there(state: VaultState, packs: Iterable[PackId]) -> Iterator[PackId]:
    return (pack for pack in packs if pack in state.catalog.packs)


def _close(turn: Turn, plan: ErasePlan, erasure: Erasure, documents: Mapping[str, Mapping[str, object]]) -> None:
    """The last step: the documents go, and the vault says what was erased."""
    state = turn.state
    contents = {name: seal({"document": dict(one), "format": FORMAT_VERSION}) for name, one in documents.items()}
    contents[ERASURES] = encode_erasures((*erasures_of(state), erasure))
    records = []
    turn.check()
    for name, content in contents.items():
        target = state.layout.document(name)
        publish(state.files, state.layout, target, content)
        records.append(LoggedFile(file=state.layout.relative(target), bytes=len(content), blake3=hash_of(content)))
    gone = [_path(state, name) for name in plan.files if name.startswith("projects/")]
    retire(turn, (), records=gone, added=records)


def _delete(state: VaultState, names: Iterable[str]) -> None:
    folders: dict[Path, None] = {}
    for name in names:
        state.files.remove(_path(state, name))
        folders[_path(state, name).parent] = None
    for folder in folders:
        state.files.sync_folder(folder)


def _size(state: VaultState) -> Callable[[str], int]:
    listed: dict[Path, dict[str, int]] = {}

    def size(name: str) -> int:
        path = _path(state, name)
        if path.parent not in listed:
            try:
                listed[path.parent] = {one.name: one.size for one in state.files.list(path.parent) or ()}
            except CodeVaultError:
                listed[path.parent] = {}
        return listed[path.parent].get(path.name, 0)

    return size


def _path(state: VaultState, name: str) -> Path:
    return state.layout.root.joinpath(*name.split("/"))
