"""Finds every repository in a tree, and what each is to the one around it. Names and kinds only, nothing is run."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from codevault.vcs.model import System
from codevault.vcs.reading import ReadFolder

_MARKS = ((".git", System.GIT), (".hg", System.HG), (".svn", System.SVN))
_DEEPEST = 64
_POINTER = b"gitdir:"


class Form(StrEnum):
    """What a repository is to what lies around it."""

    PLAIN = "plain"  # has its history with it
    WORKTREE = "worktree"  # a further work tree of a git repository elsewhere
    SUBMODULE = "submodule"  # its history lies in the repository around it
    SHARE = "share"  # a Mercurial working copy of a history elsewhere
    BARE = "bare"  # history without a working copy
    BROKEN = "broken"  # a pointer to nothing, a link, or a mark that is no repository


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRepository:
    """One repository: its path from the root searched ("" for the root itself), its system, and its form.

    `around` is the path of the innermost repository it lies in, None for one that lies in none.
    """

    path: str
    system: System
    form: Form
    around: str | None


def find_repositories(root: Path, *, leave: Collection[str] = ()) -> Iterator[FoundRepository]:
    """Every repository at and below `root`, by path; folders of a name in `leave` are not looked into.

    Each is a repository of its own, with its own verdict on its own files: what lies in a nested one is not the outer
    one's untracked folder. Links are not followed. Linear in the number of folders.
    """
    top = ReadFolder.open(str(root))
    if top is None:
        return
    with top:
        yield from _below(top, "", None, frozenset(leave), 0)


def _below(
    folder: ReadFolder, path: str, around: str | None, leave: frozenset[str], depth: int
) -> Iterator[FoundRepository]:
    listed = dict(folder.names())
    here = [
        FoundRepository(path=path, system=system, form=_form(folder, mark, listed[mark]), around=around)
        for mark, system in _MARKS
        if mark in listed
    ]
    if not here and _is_bare(listed):
        yield FoundRepository(path=path, system=System.GIT, form=Form.BARE, around=around)
        return
    yield from here
    inside = path if any(found.form is not Form.BROKEN for found in here) else around
    marks = {mark for mark, _ in _MARKS}
    for name, kind in listed.items():
        if kind != "folder" or name in marks or name in leave or depth == _DEEPEST:
            continue
        deeper = folder.enter(name)
        if deeper is not None:
            with deeper:
                yield from _below(deeper, f"{path}/{name}" if path else name, inside, leave, depth + 1)


def _form(folder: ReadFolder, mark: str, kind: str) -> Form:
    if kind == "file" and mark == ".git":
        return _pointed(folder)
    if kind != "folder":
        return Form.BROKEN
    if mark == ".hg" and folder.kind(".hg/sharedpath"):
        return Form.SHARE
    needed = {".git": ".git/HEAD", ".hg": ".hg/requires", ".svn": ".svn/wc.db"}[mark]
    return Form.PLAIN if folder.kind(needed) == "file" else Form.BROKEN


def _pointed(folder: ReadFolder) -> Form:
    """A further work tree's pointer leads to `…/worktrees/<name>`, a submodule's to `…/modules/<path>`."""
    pointer = (folder.read(".git", 4096) or b"").strip()
    if not pointer.startswith(_POINTER):
        return Form.BROKEN
    where = os.path.normpath(os.path.join(folder.path, os.fsdecode(pointer[len(_POINTER) :].strip())))
    parts = where.split(os.sep)
    if len(parts) > 2 and parts[-2] == "worktrees":
        return Form.WORKTREE
    return Form.SUBMODULE if "modules" in parts else Form.PLAIN


def _is_bare(listed: dict[str, str]) -> bool:
    return (listed.get("HEAD"), listed.get("objects"), listed.get("refs")) == ("file", "folder", "folder")
