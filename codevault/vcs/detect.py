"""Finds the repository a project is, from plain files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from codevault.vcs.git import read_git
from codevault.vcs.hg import read_hg
from codevault.vcs.model import RepositoryFacts
from codevault.vcs.reading import ReadFolder
from codevault.vcs.svn import read_svn


def detect(root: Path, *, within: Path | None = None) -> RepositoryFacts | None:
    """The facts of the repository whose top is `root`, None when there is none or the folder cannot be opened.

    Never raises for what lies on disk, runs nothing, writes nothing and follows nothing out of `within` (by default
    `root`): a work tree or submodule whose repository lies elsewhere gives facts with a note. Of several systems in
    one folder git is told first, then Mercurial, then Subversion; a note names the others.
    """
    with ExitStack() as stack:
        top = ReadFolder.open(str(root))
        if top is None:
            return None
        folder = stack.enter_context(top)
        limits = ReadFolder.open(str(within)) if within is not None else folder.enter("")
        if limits is None:
            return None
        bounds = stack.enter_context(limits)
        found = [facts for facts in (read_git(folder, bounds), read_hg(folder), read_svn(folder)) if facts is not None]
    if not found:
        return None
    others = tuple(f"the folder is under {other.system} as well" for other in found[1:])
    return replace(found[0], notes=(*found[0].notes, *others))


def snapshot_facts(root: Path) -> Mapping[str, str | int | bool | None]:
    """What a snapshot records of `detect(root)`: vcs, branch, head, remote, in_progress, detached, if known."""
    facts = detect(root)
    if facts is None:
        return {}
    known: dict[str, str | int | bool | None] = {
        "vcs": str(facts.system),
        "branch": facts.branch,
        "head": facts.head,
        "remote": facts.remote,
        "in_progress": facts.in_progress,
        "detached": facts.detached,
    }
    return {name: value for name, value in known.items() if value}
