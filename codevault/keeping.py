"""Keeps on the vault's shelf what of a repository's history is nowhere else, in its own system's bundles."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from codevault.errors import RecordDamaged
from codevault.projects.model import Project, Protection
from codevault.store.shelf import Shelved
from codevault.store.store import Store
from codevault.vcs.git_bundle import BundleHead, bundle, parse_head, standing_tips
from codevault.vcs.git_repository import GitRepository
from codevault.vcs.hg_bundle import hg_bundle, hg_heads
from codevault.vcs.hg_repository import HgRepository
from codevault.vcs.opening import open_repository
from codevault.vcs.programs import ProgramFailed
from codevault.vcs.remembering import FolderMemory
from codevault.vcs.svn_repository import SvnRepository

BUNDLE = "bundle"
HEADS = "heads"
OBJECTS = ".git/objects"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHistory:
    """What keeping a repository's history came to. `added` is None when there was nothing new to keep."""

    project: Project
    protection: Protection
    added: Shelved | None = None
    notes: tuple[str, ...] = ()


def keep_history(
    store: Store, project: Project, *, protection: Protection | None = None, others: Iterable[Path] = ()
) -> KeptHistory:
    """Bundles what the shelf lacks, as the project is protected, or as `protection` says.

    `others` are the roots of other projects, in which no program is looked for.

    Raises:
        VaultBusy, StorageFull, StorageError: nothing was kept.
    """
    protection = protection or project.protection
    if protection is Protection.COPY:
        return KeptHistory(project=project, protection=protection)
    folder = Path(store.root) / "cache" / "vcs"
    with open_repository(
        Path(project.root),
        work=folder / "work",
        memory=FolderMemory(folder / project.id),
        projects=(*others, Path(store.root)),
    ) as repository:
        if not isinstance(repository, GitRepository | HgRepository):
            why = "there is no repository with commits of its own here"
            if isinstance(repository, SvnRepository) and repository.on_this_machine:
                why = "the server is a folder of this machine: it is kept once it is a project of its own"
            return KeptHistory(project=project, protection=protection, notes=(why,))
        whole = protection is Protection.MIRROR
        try:
            if isinstance(repository, GitRepository):
                added = keep_git(store, project, repository, whole=whole)
            else:
                added = _keep_hg(store, project, repository, whole=whole)
        except ProgramFailed as exc:
            notes = repository.state().notes or (f"history cannot be bundled: {exc}",)
            return KeptHistory(project=project, protection=protection, notes=notes)
        return KeptHistory(project=project, protection=protection, added=added)


def keep_git(
    store: Store, project: Project, repository: GitRepository, *, whole: bool, besides: Collection[str] = ()
) -> Shelved | None:
    """Bundles what neither another machine nor the shelf has; with `whole` all that the shelf has not by itself.

    `besides` are commits that nothing leads to any more, and that are wanted all the same, where they still are.

    Raises:
        ProgramFailed: git fails, or an object is missing.
        VaultBusy, StorageFull, StorageError: nothing was kept.
    """
    elsewhere = () if whole else repository.published
    tips = standing_tips(repository, bundle_heads(store, project, whole=True).values(), elsewhere)
    blocks = bundle(repository, (*elsewhere, *tips), besides=besides)
    if blocks is None:
        return None
    try:
        return store.shelf.put(project.id, BUNDLE, "git", blocks)
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()


def bundle_heads(store: Store, project: Project, *, whole: bool = False) -> Mapping[Shelved, BundleHead]:
    """What each of git's bundles on the shelf says of itself, the oldest first.

    With `whole` each is read to its end, and one that is damaged is left out.
    """
    found = {}
    for file in store.shelf.files(project.id, BUNDLE):
        with suppress(RecordDamaged):
            head = _head_of(store.shelf.read(file), whole=whole)
            if head is not None:
                found[file] = head
    return found


def _head_of(blocks: Iterator[bytes], *, whole: bool) -> BundleHead | None:
    beginning, ended = b"", False
    for block in blocks:
        if not ended:
            beginning += block
            ended = b"\n\n" in beginning
        if ended and not whole:
            break
    return parse_head(beginning)


def _keep_hg(store: Store, project: Project, repository: HgRepository, *, whole: bool) -> Shelved | None:
    covered = [
        head
        for file in store.shelf.files(project.id, HEADS)
        for head in b"".join(store.shelf.read(file)).decode().split()
    ]
    blocks = hg_bundle(repository, covered, whole=whole)
    if blocks is None:
        return None
    added = store.shelf.put(project.id, BUNDLE, "hg", blocks)
    heads = "".join(f"{head}\n" for head in hg_heads(repository))
    store.shelf.put(project.id, HEADS, "txt", (heads.encode("ascii"),))  # last: without it all is bundled again
    return added
