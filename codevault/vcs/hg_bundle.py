"""What of a Mercurial repository exists nowhere else, in Mercurial's own bundle format."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from codevault.vcs.hg_repository import HgRepository

_BLOCK = 1 << 20


def hg_bundle(repository: HgRepository, covered: Collection[str], *, whole: bool = False) -> Iterator[bytes] | None:
    """The bundle of every commit, secret and hidden too, that neither other machines nor `covered` and their past have.

    With `whole` other machines do not count. None when there is nothing such.

    Raises:
        ProgramFailed: Mercurial fails, or history is damaged.
    """
    hg = repository.server()
    there = [] if whole else [repository.elsewhere()]
    if covered:
        there.append(f"::({'+'.join(f'present({one})' for one in covered)})")
    base = " or ".join(there) or "none()"
    if not hg.run("log", "--hidden", "-r", f"all() - ({base})", "-T", "x"):
        return None
    target = hg.folder / "bundle"
    target.unlink(missing_ok=True)
    # A base is what may be taken for granted; "null" is the empty commit, so that no server is asked.
    bundle = ("bundle", "--hidden", "-q", "-t", "gzip-v2")
    hg.run(*bundle, "-r", f"all() - ({base})", "--base", f"null or ({base})", str(target))
    return _blocks(target)


def hg_heads(repository: HgRepository) -> list[str]:
    """Every head of the history: knowing them is knowing all.

    Raises:
        ProgramFailed: as `hg_bundle`.
    """
    return repository.server().run("log", "--hidden", "-r", "heads(all())", "-T", "{node}\n").decode("ascii").split()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
