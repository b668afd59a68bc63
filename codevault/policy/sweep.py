"""What of a folder that is left out is kept all the same: what no tool put there, and no command brings back.

Names and stamps decide, so that a sweep costs a listing. Within what a package manager installed, packages carry keys
and databases of their own (tests, certificates): there names count at the top only, and further down what the manager's
own lists do not have, or have otherwise: hand-written modules, patched dependencies, clones that people commit to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codevault.policy.around import Around, Stamped
from codevault.policy.installed import Inventory
from codevault.policy.judging import VCS_NAMES
from codevault.policy.verdicts import PathClass, Priority, Verdict

if TYPE_CHECKING:
    from codevault.policy.model import Policy

_ANY_DEPTH = 100
_DEPTHS = {PathClass.DEPENDENCY: (1, 3), PathClass.CACHE: (2, 2)}  # of single files, of repositories
_INSTALLED = frozenset(("node_modules", "site-packages", "dist-packages"))
_CACHES = (".cache", ".vite", ".bin")
_CACHED = frozenset((PathClass.DATABASE, PathClass.NOTEBOOK))  # a cache may be one, or copy them
_SCRIPTS = (".ts", ".tsx", ".js", ".jsx")
_COMPILED = {  # what TypeScript writes: from what; longer endings first
    **{f"{ending}.map": _SCRIPTS for ending in (".d.ts", ".js", ".jsx")},
    **{f"{ending}.map": (".mts", ".mjs") for ending in (".d.mts", ".mjs")},
    **{f"{ending}.map": (".cts", ".cjs") for ending in (".d.cts", ".cjs")},
    **dict.fromkeys((".d.ts", ".js", ".jsx"), _SCRIPTS),
    **dict.fromkeys((".d.mts", ".mjs"), (".mts", ".mjs")),
    **dict.fromkeys((".d.cts", ".cjs"), (".cts", ".cjs")),
}


@dataclass(frozen=True, slots=True)
class Sweep:
    """Looks through one folder that the verdict leaves out. Depth 1 is directly inside it.

    `inventory` knows what a package manager put into it.
    """

    policy: Policy
    path: str
    verdict: Verdict
    sources: tuple[str, ...]
    around: Around
    inventory: Inventory | None = None

    @property
    def needed(self) -> bool:
        """False when nothing could be kept: somebody said so."""
        return not self.verdict.deliberate or self.policy.rules.makes_exceptions

    def takes_file(self, path: str, depth: int, stamp: Stamped | None = None) -> bool:
        """True for a file that is kept; `path` is relative to the project's root, `stamp` what a listing says of it."""
        if self.verdict.deliberate:
            return self.policy.excepted(path)
        if self.differs(path, stamp):
            return True
        if self.policy.excepted(path) or (self.sources and not self._has_source(path)):
            return True
        path_class = self.verdict.path_class
        if depth > _DEPTHS.get(path_class, (_ANY_DEPTH, 0))[0]:
            return False
        found = self.policy.named(path)
        if found.priority is not Priority.IRREPLACEABLE or found.path_class is PathClass.VCS:
            return False
        return not (path_class is PathClass.CACHE and found.path_class in _CACHED)

    def differs(self, path: str, stamp: Stamped | None) -> bool:
        """True for a file among packages that their manager did not write, or not like this."""
        if self.inventory is None or stamp is None:
            return False
        return self.inventory.by_hand(path[len(self.path) + 1 :], stamp)

    def takes_folder(self, path: str, entries: Mapping[str, Stamped | None], depth: int) -> bool:
        """True for a folder that is kept whole: a repository, a package that no list names, or one that is too deep.

        To be asked of each folder before what is in it.
        """
        if depth > _ANY_DEPTH:
            return True
        if self.inventory is not None and self.inventory.enters(path[len(self.path) + 1 :], entries):
            return True
        if self.verdict.deliberate or VCS_NAMES.first_in(entries) is None:
            return False
        above = path.rpartition("/")[0].rpartition("/")[2]
        return not (above == "_deps" and path.endswith("-src"))  # CMake's FetchContent

    def enters(self, name: str, depth: int) -> bool:
        """True when a folder of that name is to be looked through."""
        if self.policy.rules.makes_exceptions:
            return True
        if name in _INSTALLED and self.verdict.path_class is not PathClass.DEPENDENCY:
            return False
        if self.inventory is not None and name != "__pycache__" and (depth > 1 or not name.startswith(_CACHES)):
            return True
        return depth <= max(_DEPTHS.get(self.verdict.path_class, (_ANY_DEPTH + 1, 0)))

    def _has_source(self, path: str) -> bool:
        """True when a compiler made the file from one of the same name; what it writes beside them counts as made."""
        inside = path[len(self.path) + 1 :]
        if inside.endswith(".tsbuildinfo"):
            return True
        for ending, written in _COMPILED.items():
            if inside.endswith(ending):
                stem = inside[: -len(ending)]
                return any(self.around.exists(_join(at, stem + each)) for at in self.sources for each in written)
        return any(self.around.exists(_join(at, inside)) for at in self.sources)


def _join(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder else path
