"""Which folders of a project are looked at, the same that a backup keeps, but for those of version control."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from codevault.activity.model import Watched
from codevault.policy import PathClass, Policy
from codevault.scanning import Scan
from codevault.source import Folder, Listed

VCS_NAMES = frozenset({".git", ".hg", ".svn", ".bzr", ".jj", "_darcs", ".pijul", "CVS"})
_DERIVED = frozenset({PathClass.DEPENDENCY, PathClass.BUILD_OUTPUT, PathClass.CACHE})
_PROBE = ("\0",)  # a name no folder can hold: what would be decided once something is in it


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A folder that is looked at: its path below the root, its files, and a mark.

    The mark changes with any of its files and with the names of its folders; it means nothing in another process.
    """

    path: str
    files: tuple[str, ...]
    mark: int


class _WithoutVcs(Mapping[str, str]):
    """Folders of version control, wherever they lie, as `Scan` takes folders that are passed over."""

    def __getitem__(self, path: str) -> str:
        if path.rpartition("/")[2] in VCS_NAMES:
            return "version control"
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def walk(
    watched: Watched, policy: Policy, source: Callable[[str], Folder], clock: Callable[[], int], *, below: str = ""
) -> Iterator[Seen]:
    """The folders of a project from `below` inwards, parents first; links are not followed.

    Raises:
        OSError: `below` cannot be opened or listed.
    """
    with closing(source(watched.root)) as root:
        folder = _entered(root, below)
        try:
            scan = Scan(folder, policy, previous={}, foreign=_foreign(watched), apart=_WithoutVcs(), clock=clock)
            with closing(scan.folders()) as folders:
                for scanned in folders:
                    if scanned.error is None:
                        inner = "/".join(filter(None, (below, scanned.path)))
                        files = tuple(entry.name for entry in scanned.entries if not _is_folder(entry.mode))
                        yield Seen(path=inner, files=files, mark=_mark(scanned.entries))
        finally:
            if folder is not root:
                folder.close()


def is_put_off(policy: Policy, path: str, siblings: Collection[str], names: Collection[str]) -> bool:
    """True for a new folder that looks like a tool's, by its name and what lies beside: the tool may still be at it."""
    verdict = policy.folder(path, path.rpartition("/")[2], siblings, lambda: names or _PROBE)
    return not verdict.keep or (not verdict.certain and verdict.path_class in _DERIVED)


def names_in(watched: Watched, source: Callable[[str], Folder], path: str) -> frozenset[str]:
    """The names in a folder of the project; none when it cannot be listed."""
    with suppress(OSError), closing(source(watched.root)) as root:
        folder = _entered(root, path)
        try:
            return frozenset(entry.name for entry in folder.entries())
        finally:
            if folder is not root:
                folder.close()
    return frozenset()


def _entered(root: Folder, path: str) -> Folder:
    folder = root
    for name in filter(None, path.split("/")):
        try:
            deeper = folder.enter(name)
        finally:
            if folder is not root:
                folder.close()
        folder = deeper
    return folder


def _mark(entries: list[Listed]) -> int:
    return hash(tuple(entry.name if _is_folder(entry.mode) else entry[:6] for entry in entries))


def _is_folder(mode: int) -> bool:
    return mode & 0o170000 == 0o040000


def _foreign(watched: Watched) -> frozenset[tuple[int, int]]:
    found = set()
    for path in watched.apart:
        with suppress(OSError):
            status = os.stat(path)
            found.add((status.st_dev, status.st_ino))
    return frozenset(found)
