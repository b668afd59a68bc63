"""The bridge of a backup run: what may be left to the project's repository, after the vault has what only that has.

In this order: commits that are nowhere else are on the shelf before a snapshot leaves anything to the repository, and
what it can no longer be trusted with is in packs. Whatever is doubtful about a repository makes its files plain ones.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from blake3 import blake3

from codevault.gathering import Problem
from codevault.ids import SnapshotId
from codevault.keeping import OBJECTS, bundle_heads, keep_git
from codevault.left import LeftContent, LeftContents
from codevault.projects.model import Project, Protection
from codevault.store.model import Entry
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.vcs.git_bundle import standing_tips
from codevault.vcs.git_repository import GitRepository
from codevault.vcs.model import ObjectId, Standing, System
from codevault.vcs.opening import open_repository
from codevault.vcs.ports import Repository
from codevault.vcs.programs import ProgramFailed
from codevault.vcs.remembering import FolderMemory, Memory
from codevault.vcs.standing import standing
from codevault.versioned import NothingVersioned, Versioned

_APART = MappingProxyType({OBJECTS: "its objects are on another machine, or in bundles of the vault (vcs/)"})
_VERDICTS, _KEPT, _STANDING, _RELIED = "verdicts", "kept", "standing", "relied"


@dataclass(frozen=True, slots=True)
class Bridge:
    """What a run asks, and why it may get no other answer than "store it"."""

    versioned: Versioned
    notes: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Earlier contents that neither the repository nor another machine is known to have now; once a run is over."""
        gone = self.versioned.gone if isinstance(self.versioned, VersionedFiles) else ()
        return tuple(
            Problem(path=left.path, kind="gone", why=f"an earlier content was left as {left.reference}, and is lost")
            for left in gone
        )

    def remember(self, snapshot: SnapshotId) -> None:
        """To be called when the run has made, or confirmed, its snapshot."""
        if isinstance(self.versioned, VersionedFiles):
            self.versioned.remember(snapshot)


@contextmanager
def open_bridge(
    store: Store, project: Project, contents: LeftContents, *, others: Collection[Path] = ()
) -> Iterator[Bridge]:
    """The bridge to the repository of a project, for one run. `others` are the roots of other projects.

    Raises:
        VaultBusy, StorageFull, StorageError: commits that are nowhere else could not be kept.
    """
    if project.protection is Protection.COPY:
        yield Bridge(NothingVersioned())
        return
    folder = Path(store.root) / "cache" / "vcs"
    memory = FolderMemory(folder / project.id)

    @contextmanager
    def opened() -> Iterator[Repository | None]:
        outside = (*others, Path(store.root))
        with open_repository(Path(project.root), work=folder / "work", memory=memory, projects=outside) as repository:
            yield repository

    with opened() as repository:
        if not isinstance(repository, GitRepository):
            yield Bridge(NothingVersioned())
            return
        try:
            versioned = _GitBridge(store, project, contents, repository, memory).versioned()
        except ProgramFailed as exc:
            yield Bridge(NothingVersioned(), _told((str(exc),)))
            return
        if versioned is None:
            yield Bridge(NothingVersioned(), _told(repository.notes))
            return

        def fingerprint() -> bytes:
            with opened() as again:
                return again.fingerprint() if isinstance(again, GitRepository) else b""

        versioned.look_again = fingerprint
        yield Bridge(versioned)


def apart_of(store: Store, project: Project, *, others: Collection[Path] = ()) -> Mapping[str, str]:
    """The folders that a run would keep in another way than file by file, each with the reason."""
    if project.protection is Protection.COPY:
        return {}
    folder = Path(store.root) / "cache" / "vcs"
    outside = (*others, Path(store.root))
    memory = FolderMemory(folder / project.id)
    with open_repository(Path(project.root), work=folder / "work", memory=memory, projects=outside) as repository:
        if not isinstance(repository, GitRepository) or not repository.trusted or repository.partial:
            return {}
        used = bool(repository.published) or project.protection is Protection.MIRROR
        return _APART if used and repository.in_place and not repository.shallow else {}


def _told(doubts: Collection[str]) -> tuple[str, ...]:
    return tuple(f"all files of the repository were stored: {why}" for why in doubts)


class VersionedFiles:
    """`Versioned` over a repository.

    `token` changes whenever verdicts may; `lost` gives what was left to the repository earlier and is safe no more,
    `gone` what of it the repository could not give any more, once all was taken back.
    """

    def __init__(self, repository: Repository, system: System, memory: Memory, *, token: str = "") -> None:
        self._repository = repository
        self._system = str(system)
        self._memory = memory
        self._token = f"{system}:{token}".encode("ascii")
        self._safe = repository.safe()
        self.apart: Mapping[str, str] = MappingProxyType({})
        self.lost: tuple[LeftContent, ...] = ()
        self.gone: list[LeftContent] = []
        self.relied: tuple[str, ...] = ()
        self.seen = b""
        self.look_again: Callable[[], bytes] = bytes

    def reference(self, path: str, content: bytes) -> str | None:
        """See `Versioned.reference`."""
        tracked = self._repository.tracked().get(path)
        if tracked is None or tracked.link:
            return None
        named = self._repository.object_id(content)
        if standing(tracked, named, self._safe) is not Standing.SAFE:
            return None
        return f"{self._system}:{named}"

    def unchanged_since(self, snapshot: SnapshotId) -> bool:
        """See `Versioned.unchanged_since`."""
        return self._memory.recall(_VERDICTS, snapshot.encode("ascii")) == self._token

    def stands(self, left: Entry) -> bool:
        """See `Versioned.stands`."""
        system, _, named = (left.reference or "").partition(":")
        return system == self._system and named in self._safe

    def taken_back(self) -> Iterator[tuple[str, bytes]]:
        """See `Versioned.taken_back`."""
        self.gone = []
        for left in self.lost:
            content = self._repository.read(ObjectId(left.object))
            if content is not None and hash_of(content) == left.blob:
                yield left.path, content
            else:
                self.gone.append(left)

    def moved(self) -> bool:
        """See `Versioned.moved`."""
        return bool(self.apart) and self.look_again() != self.seen

    def remember(self, snapshot: SnapshotId) -> None:
        """The run is over: its verdicts are those of this snapshot."""
        relied = "\n".join(self.relied).encode("ascii")
        if not self.unchanged_since(snapshot):
            self._memory.keep(_VERDICTS, snapshot.encode("ascii"), self._token)
        if self._memory.recall(_RELIED, b"") != relied:
            self._memory.keep(_RELIED, b"", relied)


class _GitBridge:
    """Decides, for one run, what of a git repository may be left to it."""

    def __init__(
        self, store: Store, project: Project, contents: LeftContents, repository: GitRepository, memory: Memory
    ) -> None:
        self._store = store
        self._project = project
        self._contents = contents
        self._repository = repository
        self._memory = memory
        self._whole = project.protection is Protection.MIRROR

    def versioned(self) -> VersionedFiles | None:
        """None when nothing may be left; the repository's notes say why, unless it has no other side at all.

        Raises:
            ProgramFailed: git fails.
            VaultBusy, StorageFull, StorageError: as `keep_git`.
        """
        repository = self._repository
        if not repository.trusted:
            return None  # one reason is enough: what it says of itself besides may be wrong
        if repository.partial:
            repository.notes.append("objects are missing from it, or borrowed from another, by its settings")
        elif self._whole and not (repository.in_place and not repository.shallow):
            repository.notes.append("its history is not whole, or elsewhere: it cannot be mirrored")
        if not repository.trusted or not (repository.published or self._whole):
            return None
        relied = (self._memory.recall(_RELIED, b"") or b"").decode("ascii").split()
        apart = repository.in_place and not repository.shallow
        seen = repository.fingerprint()
        if apart:
            self._keep(seen, relied)
        repository.rely_on(self._standing(), alone=self._whole)
        tips = repository.safe_tips()
        versioned = VersionedFiles(repository, System.GIT, self._memory, token=self._token(tips))
        if not repository.trusted:  # its objects were read, and some are damaged or missing
            return None
        versioned.apart = _APART if apart else versioned.apart
        versioned.seen = seen
        versioned.relied = tuple(tips)
        if not relied or not repository.leads_to(tips, relied):
            versioned.lost = tuple(self._lost(tips))
        return versioned

    def _keep(self, seen: bytes, relied: Collection[str]) -> None:
        """Puts on the shelf what is nowhere else; asks git nothing when nothing has moved since it was last done."""
        if self._memory.recall(_KEPT, self._shelved(seen)) is None:
            keep_git(self._store, self._project, self._repository, whole=self._whole, besides=relied)
            self._memory.keep(_KEPT, self._shelved(seen), b"")

    def _standing(self) -> frozenset[str]:
        """The commits that bundles in the vault hold with all they lead to."""
        key = self._shelved(b"")
        held = self._memory.recall(_STANDING, key)
        if held is not None:
            return frozenset(held.decode("ascii").split())
        tips = standing_tips(self._repository, bundle_heads(self._store, self._project).values())
        self._memory.keep(_STANDING, key, "\n".join(sorted(tips)).encode("ascii"))
        return tips

    def _lost(self, tips: Collection[str]) -> Iterator[LeftContent]:
        """What snapshots left to the repository and neither another machine nor a bundle is known to have now."""
        left: dict[str, list[LeftContent]] = {}
        for one in self._contents.of(self._project.id):
            left.setdefault(one.object, []).append(one)
        if not left:
            return
        elsewhere = () if self._whole else self._repository.published
        heads = bundle_heads(self._store, self._project).values()
        there = {*tips, *standing_tips(self._repository, heads, elsewhere)}
        for named in self._repository.below(there) if there else ():
            left.pop(named, None)
        for ones in left.values():
            yield from ones

    def _shelved(self, seen: bytes) -> bytes:
        names = "\n".join(file.name for file in self._store.shelf.files(self._project.id))
        return blake3(f"{self._project.protection}\n{names}\n".encode() + seen).digest()

    def _token(self, tips: Collection[str]) -> str:
        facts = (self._project.protection, self._repository.facts.head, tuple(tips), self._repository.shallow)
        return blake3(repr(facts).encode()).hexdigest()
