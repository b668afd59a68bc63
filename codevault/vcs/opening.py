"""Opens the repository a folder is, whatever system it is of."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from codevault.vcs.git_repository import GitRepository
from codevault.vcs.model import CommitId
from codevault.vcs.ports import Repository
from codevault.vcs.programs import find_program
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import Memory


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

    `work` is a folder of ours for scratch, `memory` what was found out earlier, `kept` the commits whose bundles the
    vault holds. Programs that lie in `root` or in one of `projects` are never run; pointers are followed in `within`
    only (by default `root`).
    """
    with ExitStack() as stack:
        top = ReadFolder.open(str(root))
        bounds = ReadFolder.open(str(within or root))
        if top is None or bounds is None:
            yield None
            return
        stack.enter_context(top)
        stack.enter_context(bounds)
        if not top.kind(".git"):
            yield None
            return
        repository = GitRepository(
            top,
            bounds,
            program=find_program("git", outside=(root, *projects)),
            work=work,
            memory=memory,
            own_names=(socket.gethostname(),),
            kept=kept,
        )
        stack.callback(repository.close)
        yield repository
