"""Healing a vault from what lies around it: the live trees of its projects, and other vaults."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from codevault.ids import ProjectId
from codevault.source import Folder, Unstable
from codevault.store.donors import Donor, Pieces, VaultDonor, Wanted
from codevault.store.model import LostVersion
from codevault.store.store import Store

_MOST_FILES = 1_000_000  # looked at in one project for files that were moved


class LiveTree:
    """The folder of one project: lost versions are looked for at their paths, then among all files of their size.

    The tree is only read, never through a link, and what it offers is hashed before it is believed.
    """

    def __init__(self, project: ProjectId, open_root: Callable[[], Folder]) -> None:
        self._project = project
        self._open_root = open_root
        self._sizes: set[int] = set()
        self._by_size: dict[int, list[str]] | None = None

    @property
    def name(self) -> str:
        """See `Donor.name`."""
        return "the live tree"

    def prepare(self, wanted: Iterable[Wanted]) -> None:
        """See `Donor.prepare`."""
        self._sizes = {version.size for one in wanted for version in one.versions}
        self._by_size = None

    def offers(self, wanted: Wanted) -> Iterator[Pieces]:
        """See `Donor.offers`. The first version that is not at its path costs one walk over the tree."""
        tried: set[str] = set()
        for path in chain(self._paths(wanted.versions), self._moved(wanted.versions)):
            if path not in tried:
                tried.add(path)
                yield lambda path=path: self._pieces(path)  # type: ignore[misc] # bound at once

    def _paths(self, versions: Iterable[LostVersion]) -> Iterator[str]:
        return (version.path for version in versions if version.project == self._project)

    def _moved(self, versions: Iterable[LostVersion]) -> Iterator[str]:
        if self._by_size is None:
            self._by_size = {}
            for path, size in self._files():
                if size in self._sizes:
                    self._by_size.setdefault(size, []).append(path)
        for size in sorted({version.size for version in versions}):
            yield from self._by_size.get(size, ())

    def _files(self) -> Iterator[tuple[str, int]]:
        waiting, seen = [""], 0
        while waiting and seen < _MOST_FILES:
            path = waiting.pop()
            with contextlib.suppress(OSError), self._entered(path) as folder:
                for listed in folder.entries():
                    inner = f"{path}/{listed.name}" if path else listed.name
                    seen += 1
                    if stat.S_ISDIR(listed.mode):
                        waiting.append(inner)
                    elif stat.S_ISREG(listed.mode):
                        yield inner, listed.size

    def _pieces(self, path: str) -> Iterator[bytes]:
        parent, _, name = path.rpartition("/")
        with contextlib.suppress(Unstable), self._entered(parent) as folder:
            yield from folder.blocks(name)

    @contextlib.contextmanager
    def _entered(self, path: str) -> Iterator[Folder]:
        folder = self._open_root()
        try:
            for name in path.split("/") if path else ():
                inner = folder.enter(name)
                folder.close()
                folder = inner
            yield folder
        finally:
            folder.close()


def donors_of(
    trees: Iterable[tuple[ProjectId, str]], source: Callable[[str], Folder], others: Iterable[Donor | Store]
) -> list[Donor]:
    """Who is asked, in order: the projects' live trees (id and root), then what the caller offers."""
    living: list[Donor] = [LiveTree(project, _opener(source, root)) for project, root in trees]
    return [*living, *(VaultDonor(other) if isinstance(other, Store) else other for other in others)]


def _opener(source: Callable[[str], Folder], root: str) -> Callable[[], Folder]:
    return lambda: source(root)
