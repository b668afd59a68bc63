"""What of a git repository exists nowhere else, in git's own bundle format, with nothing of git's left unsaid.

A bundle holds commits, whatever leads to them: branches, tags, every stash, detached and forgotten heads, and what only
the index holds. Refs that git itself would not bundle get names under `refs/codevault/`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from codevault.vcs.git_repository import GitRepository
from codevault.vcs.git_scratch import ScratchGit
from codevault.vcs.programs import Limits

_BUNDLING = Limits(seconds=3600.0, output=64 << 30)
_COUNTING = Limits(seconds=600.0)
_NONE = frozenset({"0" * 40, "0" * 64})
_AUTHOR = "CodeVault <codevault@localhost> 0 +0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleHead:
    """What a bundle says of itself: the commits it needs to stand on, and the refs it brings."""

    needs: tuple[str, ...]
    refs: tuple[tuple[str, str], ...]

    @property
    def brings(self) -> frozenset[str]:
        """The commits that are there once it has been taken in."""
        return frozenset(value for _, value in self.refs)


def parse_head(beginning: bytes) -> BundleHead | None:
    """Reads gitformat-bundle(5), versions 2 and 3; None when it is none, or its head is longer than what was given."""
    head, end, _ = beginning.partition(b"\n\n")
    lines = head.decode("utf-8", "surrogateescape").split("\n")
    if not end or lines[0] not in {"# v2 git bundle", "# v3 git bundle"}:
        return None
    needs = tuple(line[1:].partition(" ")[0] for line in lines[1:] if line.startswith("-"))
    pairs = (line.partition(" ") for line in lines[1:] if line[:1] not in {"-", "@"})
    return BundleHead(needs=needs, refs=tuple((name, value) for value, _, name in pairs))


def standing_tips(
    repository: GitRepository, bundles: Iterable[BundleHead], elsewhere: Collection[str] = ()
) -> frozenset[str]:
    """The commits that bundles bring and that can be had: all they need is `elsewhere`, or in bundles that stand.

    A force-push may have thrown away what an earlier bundle needs; it then no longer stands, and what it holds is
    bundled again.
    """
    waiting = list(bundles)
    tips: set[str] = set()
    grown = True
    while grown:
        grown = False
        for head in tuple(waiting):
            if all(_leads_to(repository, need, {*elsewhere, *tips}) for need in head.needs):
                tips |= head.brings
                waiting.remove(head)
                grown = True
    return frozenset(tips)


def bundle(
    repository: GitRepository, covered: Collection[str], *, besides: Collection[str] = ()
) -> Iterator[bytes] | None:
    """The bundle of everything that the commits `covered` do not lead to; None when there is nothing such.

    `besides` are commits that nothing leads to any more, and that are wanted all the same, where they still are.

    Raises:
        ProgramFailed: git fails, or an object is missing.
    """
    borrowed = repository.scratch()
    extra = dict(_extra_refs(repository, borrowed, besides))
    refs = {**repository.refs, **extra}
    if not refs:
        return None
    borrowed.put_refs(refs)
    given = "".join((*(f"{name}\n" for name in refs), *(f"^{one}\n" for one in _present(borrowed, covered))))
    listed = given.encode("utf-8", "surrogateescape")
    counted = borrowed.run("rev-list", "--count", "--stdin", given=listed, limits=_COUNTING)
    if int(counted or b"0") == 0:
        return None
    return borrowed.stream("bundle", "create", "-q", "-", "--stdin", given=listed, limits=_BUNDLING)


def _leads_to(repository: GitRepository, need: str, others: Collection[str]) -> bool:
    """True when `need` is one of the commits `others`, or in the past of one."""
    if need in others:
        return True
    git = repository.scratch()
    if not others or not _present(git, (need,)):
        return False
    given = "".join((f"{need}\n", *(f"^{one}\n" for one in _present(git, others)))).encode("ascii")
    return int(git.run("rev-list", "--count", "--stdin", given=given, limits=_COUNTING) or b"0") == 0


def _extra_refs(repository: GitRepository, git: ScratchGit, besides: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names for what no ref of the repository names."""
    named = set(repository.refs.values())
    logged = (moved for log in repository.logs().values() for moved in log)
    lost = dict.fromkeys(value for moved in logged for value in (moved.before, moved.after))
    candidates = [
        value for value in (*repository.roots(), *lost, *besides) if value not in named and value not in _NONE
    ]
    for value in _present(git, dict.fromkeys(candidates)):
        yield f"refs/codevault/heads/{value}", value
    staged = repository.staged()
    if staged:
        yield "refs/codevault/staged", _commit_of(git, staged)


def _present(git: ScratchGit, ids: Iterable[str]) -> list[str]:
    """Those of the ids that are commits and here."""
    return [named for named, kind, _ in git.objects.read_all(ids) if kind in {"commit", "tag"}]


def _commit_of(git: ScratchGit, objects: Iterable[str]) -> str:
    """A commit, in our own folder, whose tree holds contents and trees by their ids: so a bundle takes them along."""
    modes = {"blob": "100644 blob", "tree": "040000 tree"}
    lines = "".join(f"{modes[kind]} {named}\t{named}\n" for named, kind in git.kinds(objects).items())
    tree = git.run("mktree", given=lines.encode("ascii")).decode("ascii").strip()
    content = f"tree {tree}\nauthor {_AUTHOR}\ncommitter {_AUTHOR}\n\nwhat only the index held\n"
    made = git.run("hash-object", "-t", "commit", "-w", "--stdin", "--no-filters", given=content.encode("ascii"))
    return made.decode("ascii").strip()
