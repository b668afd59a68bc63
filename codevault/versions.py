"""The distinct versions of one file, followed through renames."""

from __future__ import annotations

import posixpath

from codevault.errors import UnknownPath
from codevault.ids import ProjectId
from codevault.index.index import Index
from codevault.index.model import FileVersion, PathChange

_SHARE = 0.5  # of a file's symbols that must stand, unchanged, in a vanished file for it to be the same file


def versions_of(index: Index, project: ProjectId, path: str) -> tuple[FileVersion, ...]:
    """All contents of a file, oldest first; before a rename under the name it had then.

    A file that appears in the version in which another vanishes is taken for that file when both have the same
    content, or else when most of its symbols stood there.

    Raises:
        UnknownPath: no snapshot or commit holds that path.
    """
    found = index.lives(project, path)
    if not found:
        raise UnknownPath(f"no snapshot or commit of this project holds {path!r}")
    met = {path}
    while True:
        earlier = _earlier_name(index, project, found[0], met)
        if earlier is None:
            return found
        met.add(earlier)
        found = index.lives(project, earlier) + found


def _earlier_name(index: Index, project: ProjectId, first: FileVersion, met: set[str]) -> str | None:
    if not index.parents(project, first.first.sequence):
        return None
    gone = [c for c in index.changes(project, first.first.sequence) if c.after is None and c.before is not None]
    candidates = [c for c in gone if c.path not in met]
    for change in candidates:
        if change.before is not None and change.before.blob == first.blob:
            return change.path
    mine = _fingerprints(index, first)
    if not mine:
        return None
    rated = [(_overlap(index, mine, change, first.path), change.path) for change in candidates]
    best = max(rated, default=(0.0, ""))
    return best[1] if best[0] >= _SHARE else None


def _overlap(index: Index, mine: frozenset[str], change: PathChange, path: str) -> float:
    if change.before is None or posixpath.splitext(change.path)[1] != posixpath.splitext(path)[1]:
        return 0.0
    return len(mine & _fingerprints(index, change.before)) / len(mine)


def _fingerprints(index: Index, version: FileVersion) -> frozenset[str]:
    return frozenset(symbol.exact for symbol in index.symbols_of(version.blob, version.path))
