"""Contents that were left to repositories: which they are, and reading them from wherever they still are.

The manifests say what was left where; what was read of them is remembered under cache/. A content is believed only when
its BLAKE3 is the one that its manifest says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import msgspec

from codevault.errors import ContentElsewhere, DamageError
from codevault.ids import BlobId, ProjectId
from codevault.projects.model import Project
from codevault.store.model import Entry
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.vcs.git_repository import GitRepository
from codevault.vcs.git_return import GitReturn, objects_folder
from codevault.vcs.model import ObjectId
from codevault.vcs.opening import open_repository
from codevault.vcs.ports import Repository
from codevault.vcs.programs import ProgramFailed, find_program
from codevault.vcs.remembering import FolderMemory

BUNDLE = "bundle"
_SHA256 = 64
_MEMORY = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftContent:
    """One content that was left to a repository: "git:<object id>", its BLAKE3, and a path that had it."""

    project: ProjectId
    reference: str
    blob: BlobId
    path: str

    @property
    def object(self) -> str:
        """What the repository calls it."""
        return self.reference.partition(":")[2]


class _Known(msgspec.Struct, array_like=True):
    """What was read of a project's manifests: the snapshots, and reference and path by blob."""

    snapshots: list[str]
    contents: dict[str, tuple[str, str]]


class _Source(Protocol):
    """Somewhere the objects of one project may be."""

    def held(self, ids: Collection[str]) -> frozenset[str]: ...

    def read(self, id: str) -> bytes | None: ...  # noqa: A002 - the word callers use


class LeftContents:
    """Finds and reads contents that may have been left to repositories. Any thread."""

    def __init__(
        self,
        store: Callable[[], Store],
        projects: Callable[[], Iterable[Project]],
        *,
        also: Callable[[BlobId], LeftContent | None] = lambda _: None,
    ) -> None:
        """`also` knows of contents that no snapshot speaks of, but a repository has."""
        self._store = store
        self._projects = projects
        self._also = also
        self._known: dict[ProjectId, _Known] = {}
        self._guard = threading.RLock()
        self._sessions = 0
        self._closing = ExitStack()
        self._sources: dict[ProjectId, list[_Source]] = {}
        self._clones: tuple[Path, ...] = ()

    @contextmanager
    def session(self, *, clone: Path | None = None) -> Iterator[None]:
        """Keeps what is opened open until it is left; `clone` is a further place to look for any project's objects."""
        with self._guard:
            self._sessions += 1
            if clone is not None:
                self._clones = (*self._clones, clone)
                self._close()
        try:
            yield
        finally:
            with self._guard:
                self._sessions -= 1
                if clone is not None:
                    self._clones = tuple(one for one in self._clones if one != clone)
                if clone is not None or not self._sessions:
                    self._close()

    def read(self, blob: BlobId) -> bytes:
        """The bytes of a file version, from the vault or the repository it was left to.

        Raises:
            BlobMissing: the vault knows no such content; as `ContentElsewhere` when it was left to a repository that
                cannot give it now.
            BlobDamaged: the vault has it, but not as it was.
        """
        left = self._elsewhere(blob)
        return self._store().read(blob) if left is None else self._fetched(left)

    def chunks(self, blob: BlobId) -> Iterator[bytes]:
        """The same in pieces.

        Raises:
            BlobMissing, BlobDamaged: as `read`.
        """
        left = self._elsewhere(blob)
        if left is None:
            yield from self._store().read_chunks(blob)
        else:
            yield self._fetched(left)

    def _elsewhere(self, blob: BlobId) -> LeftContent | None:
        """Asked before the store is: what that is asked for and has not, it takes for lost."""
        return None if self._store().contains(blob) else self.find(blob)

    def _fetched(self, left: LeftContent) -> bytes:
        with self.session(), self._guard:
            for source in self._sources_of(left.project):
                content = source.read(left.object)
                if content is not None and hash_of(content) == left.blob:
                    return content
        raise ContentElsewhere(left.blob, left.reference, left.path)

    def last_heard(self, project: ProjectId) -> int | None:
        """When the other side of a project's repository was last heard of, in nanoseconds (UTC); None: unknown."""
        with self.session(), self._guard:
            times = [source.heard_ns for source in self._sources_of(project) if isinstance(source, _Opened)]
        return max((one for one in times if one is not None), default=None)

    def is_alone(self, project: ProjectId) -> bool:
        """True when the project's repository is there and knows of no commit that another machine has."""
        with self.session(), self._guard:
            known = [source.is_alone for source in self._sources_of(project) if isinstance(source, _Opened)]
        return bool(known) and all(known)

    def has_repository(self, project: ProjectId) -> bool:
        """True while a repository of the project is there and is to be trusted."""
        with self.session(), self._guard:
            return any(source.trusted for source in self._sources_of(project) if isinstance(source, _Opened))

    def at_hand(self, project: ProjectId, entries: Collection[Entry]) -> frozenset[str]:
        """The references among the entries whose objects can be read now; whether they are sound is seen then."""
        wanted = {entry.reference.partition(":")[2]: entry.reference for entry in entries if entry.reference}
        return frozenset(wanted[named] for named in self._held(project, wanted.keys()))

    def absent(self, project: ProjectId, left: Collection[LeftContent]) -> frozenset[BlobId]:
        """Those of the contents whose objects cannot be had now."""
        held = self._held(project, {one.object for one in left})
        return frozenset(one.blob for one in left if one.object not in held)

    def _held(self, project: ProjectId, ids: AbstractSet[str]) -> set[str]:
        found: set[str] = set()
        with self.session(), self._guard:
            for source in self._sources_of(project) if ids else ():
                found |= source.held(ids - found)
        return found

    def find(self, blob: BlobId) -> LeftContent | None:
        """What a snapshot, or else a commit, says of a content that is in a repository."""
        with self._guard:
            for project in {snapshot.project for snapshot in self._store().snapshots()}:
                found = self._of(project).contents.get(blob)
                if found is not None:
                    return LeftContent(project=project, reference=found[0], blob=blob, path=found[1])
        return self._also(blob)

    def of(self, project: ProjectId) -> Iterator[LeftContent]:
        """Everything of a project that was left to its repository and that the vault does not hold all the same."""
        store = self._store()
        with self._guard:
            known = dict(self._of(project).contents)
        for blob, (reference, path) in known.items():
            if not store.contains(BlobId(blob)):
                yield LeftContent(project=project, reference=reference, blob=BlobId(blob), path=path)

    def _of(self, project: ProjectId) -> _Known:
        """Reads the manifests that were not read yet."""
        store = self._store()
        memory = FolderMemory(Path(store.root) / "cache" / "vcs" / project)
        known = self._known.get(project) or _recalled(memory)
        self._known[project] = known
        done = set(known.snapshots)
        new = [one for one in store.snapshots(project) if one.facts.get("left") and one.id not in done]
        for snapshot in new:
            with suppress(DamageError):  # `verify()` names it
                for entry in store.listing(snapshot).left():
                    if entry.blob is not None and entry.reference is not None:
                        known.contents[entry.blob] = (entry.reference, _text(entry.path))
            known.snapshots.append(snapshot.id)
        if new:
            memory.keep(_MEMORY, b"", msgspec.msgpack.encode(known))
        return known

    def _sources_of(self, project: ProjectId) -> list[_Source]:
        found = self._sources.get(project)
        if found is None:
            found = self._sources[project] = list(self._opened(project))
        return found

    def _opened(self, project: ProjectId) -> Iterator[_Source]:
        store = self._store()
        everything = list(self._projects())
        outside = [Path(store.root), *(Path(one.root) for one in everything)]
        work = Path(store.root) / "cache" / "vcs" / "work"
        roots = [Path(one.root) for one in everything if one.id == project]
        for root in (*self._clones, *roots):
            opened = self._closing.enter_context(open_repository(root, work=work, projects=outside))
            if opened is not None:
                yield _Opened(opened)
        git = find_program("git", outside=outside)
        if git is not None:
            yield self._collected(store, project, git, work)

    def _collected(self, store: Store, project: ProjectId, git: str, work: Path) -> _Source:
        bundles = [file for file in store.shelf.files(project, BUNDLE) if file.suffix == "git"]
        bare = [folder for folder in map(objects_folder, self._clones) if folder is not None]
        return _Collected(
            lambda: self._closing.enter_context(_taken(store, bundles, git, work, self._sha256(project), bare))
        )

    def _sha256(self, project: ProjectId) -> bool:
        references = (reference for reference, _ in self._of(project).contents.values())
        return len(next(references, "").partition(":")[2]) == _SHA256

    def _close(self) -> None:
        self._sources.clear()
        self._closing.close()
        self._closing = ExitStack()


class _Opened:
    """A repository as it lies there."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    @property
    def heard_ns(self) -> int | None:
        return self._repository.fetched_ns if isinstance(self._repository, GitRepository) else None

    @property
    def is_alone(self) -> bool:
        return isinstance(self._repository, GitRepository) and not self._repository.published

    @property
    def trusted(self) -> bool:
        return self._repository.trusted if isinstance(self._repository, GitRepository) else True

    def held(self, ids: Collection[str]) -> frozenset[str]:
        if isinstance(self._repository, GitRepository):
            return self._repository.held(ids)
        return frozenset(one for one in ids if self.read(one) is not None)

    def read(self, id: str) -> bytes | None:  # noqa: A002
        return self._repository.read(ObjectId(id))


class _Collected:
    """What bundles and bare clones hold, put together when first asked for."""

    def __init__(self, taken: Callable[[], GitReturn]) -> None:
        self._taken = taken
        self._objects: GitReturn | None = None

    def held(self, ids: Collection[str]) -> frozenset[str]:
        return self._whole().held(ids) if ids else frozenset()

    def read(self, id: str) -> bytes | None:  # noqa: A002
        return self._whole().read(id)

    def _whole(self) -> GitReturn:
        if self._objects is None:
            self._objects = self._taken()
        return self._objects


def _taken(store: Store, bundles: Iterable[object], git: str, work: Path, sha256: bool, bare: list[Path]) -> GitReturn:
    objects = GitReturn(git, work, clone=bare[0] if bare else None, sha256=sha256)
    for file in bundles:
        with suppress(ProgramFailed, ValueError, DamageError):  # what stands on something that is not here
            objects.take(store.shelf.read(file))  # type: ignore[arg-type]
    return objects


def _recalled(memory: FolderMemory) -> _Known:
    held = memory.recall(_MEMORY, b"")
    if held is not None:
        with suppress(msgspec.MsgspecError):
            return msgspec.msgpack.decode(held, type=_Known)
    return _Known([], {})


def _text(path: str) -> str:
    """A path fit for msgpack and for people."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
