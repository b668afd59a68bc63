"""Opens the repository a folder is, whatever system it is of."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from codevault.vcs.git_repository import GitRepository
from codevault.vcs.hg_repository import HgRepository
from codevault.vcs.model import CommitId
from codevault.vcs.ports import Repository
from codevault.vcs.programs import find_program
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import Memory
from codevault.vcs.svn_repository import SvnRepository


@contextmanager
def open_repository(
    root: Path,
    *,
    work: Path,
    within: Path | None = None,
    memory: Memory | None = None,
    kept: Collection[CommitId] = (),
    projects: Collection[Path] = (),
) -> Iterator[Repository | None]:
    """The repository whose working copy's top is `root`, None when there is none; closed on leaving.

    Of several systems in one folder git counts first, then Mercurial, then Subversion. `work` is a folder of ours for
    scratch, `memory` what was found out earlier, `kept` the commits whose bundles the vault holds. Programs that lie in
    `root` or in one of `projects` are never run; pointers are followed in `within` only (by default `root`).
    """
    with ExitStack() as stack:
        top, bounds = ReadFolder.open(str(root)), ReadFolder.open(str(within or root))
        for folder in (top, bounds):
            if folder is not None:
                stack.enter_context(folder)
        if top is None or bounds is None:
            yield None
            return
        names = (socket.gethostname(),)
        found: Repository | None = None
        if top.kind(".git"):
            program = find_program("git", outside=(root, *projects))
            found = GitRepository(top, bounds, program=program, work=work, memory=memory, own_names=names, kept=kept)
        elif top.kind(".hg"):
            program = find_program("hg", outside=(root, *projects))
            found = HgRepository(top, bounds, program=program, work=work, memory=memory, own_names=names, kept=kept)
        elif top.kind(".svn"):
            found = SvnRepository(top, memory=memory, own_names=names)
        if found is not None:
            stack.callback(found.close)
        yield found
