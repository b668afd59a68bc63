"""What of a repository's own files could run something once it is used: hooks, and settings that name programs."""

from __future__ import annotations

INERT = ".from-backup"
"""What the name of such a file ends with where it is put back."""

_SETTINGS = {"config", "config.worktree"}
_DATA = {"logs", "objects", "refs"}  # a branch may be called "config"


def may_run(path: str) -> bool:
    """True for hooks and settings of a Git or Mercurial repository, of its work trees and submodules too.

    `path` is relative to the project. Names are compared in any case: some file systems know no other way.
    """
    parts = path.casefold().split("/")
    for at, part in enumerate(parts[:-1]):
        own = parts[at + 1 :]
        if part == ".git" and own[0] not in _DATA:
            return own[-1] in _SETTINGS or "hooks" in own[:-1]
        if part == ".hg" and own[0] in {"hgrc", "hgrc-not-shared"}:
            return True
    return False
