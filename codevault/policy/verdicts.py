"""What a policy says about a path: its class, whether it is kept and indexed, and why."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import StrEnum


class PathClass(StrEnum):
    """What a path is to a developer."""

    SOURCE = "source"
    TEST = "test"
    CONFIG = "config"
    DOCS = "docs"
    ASSET = "asset"
    DATA = "data"
    GENERATED = "generated"
    DEPENDENCY = "dependency"
    BUILD_OUTPUT = "build-output"
    CACHE = "cache"
    SECRET = "secret"  # noqa: S105 - the name of a class, not a password
    LARGE_BINARY = "large-binary"
    VCS = "vcs"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Reason:
    """One step of a decision: the rule's name and what it saw ("node_modules beside package.json")."""

    rule: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on one path.

    `keep` False: leave it out, and do not descend. `index` False: keep it, but never analyse, search or show it; for
    a folder that holds for everything below. `certain` False: name and surroundings suggest `path_class`, but the
    proof is missing, so the path is kept as if it were source. `rebuild` is the command that makes again what is left
    out, "" where nothing is. Reasons run from the outermost folder inwards; an ordinary path has none.
    """

    path_class: PathClass
    keep: bool = True
    index: bool = True
    reasons: tuple[Reason, ...] = ()
    rebuild: str = ""
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderView:
    """What `explain` has to know of one folder on the way to a path.

    `siblings` are the names in its parent, `children` gives the names inside it, `head` the first bytes of a regular
    file directly inside it (None: nothing is read).
    """

    name: str
    siblings: Collection[str]
    children: Callable[[], Collection[str]]
    head: Callable[[str], bytes] | None = None
