"""Walks git's commits: which there are, what each says, which paths it changed. Plumbing in a scratch folder only."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Collection, Iterable, Iterator

from codevault.vcs.git_scratch import ScratchGit
from codevault.vcs.model import Commit, CommitChange, CommitId, ObjectId, Signature
from codevault.vcs.programs import Limits, ProgramFailed

_WALK = Limits(seconds=3600.0, output=16 << 30)
_AT_ONCE = 500
_ORDER = ("--topo-order", "--reverse", "--parents", "--ignore-missing", "--stdin")
_SIGNATURE = re.compile(rb"(.*?) ?<([^>]*)>(?: (-?\d{1,15})(?: ([+-])(\d{2})(\d{2}))?)?\Z", re.DOTALL)
_FILES = (b"100", b"120")
_NO_CHARSETS = frozenset({"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined"})
"""Codecs of Python's own uses, which fail or warn on foreign bytes."""


def commits_of(git: ScratchGit, roots: Iterable[str], known: Collection[CommitId]) -> Iterator[Commit]:
    """All commits that `roots` lead to, parents first, without `known` and what they lead to.

    Raises:
        ProgramFailed: something is missing or damaged, or git fails.
    """
    given = "".join((*(f"{root}\n" for root in roots), *(f"^{commit}\n" for commit in known))).encode("ascii")
    if not given:
        return
    order = git.run("rev-list", *_ORDER, given=given, limits=_WALK)
    listed = [line.split() for line in order.decode("ascii").splitlines()]
    for start in range(0, len(listed), _AT_ONCE):
        yield from _some(git, listed[start : start + _AT_ONCE])


def parse_commit(named: str, content: bytes) -> Commit:
    """A commit object's bytes as a value, without its changes. Never fails: what is malformed comes out empty."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[bytes, bytes] = {}
    parents = []
    for line in head.split(b"\n"):
        name, _, value = line.partition(b" ")
        if name == b"parent":
            parents.append(CommitId(value.decode("ascii", "replace")))
        elif name:  # a line of a signature begins with a blank
            fields.setdefault(name, value)
    encoding = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
    return Commit(
        id=CommitId(named),
        parents=tuple(parents),
        author=_signature(fields.get(b"author", b""), encoding),
        committer=_signature(fields.get(b"committer", b""), encoding),
        message=_text(message, encoding),
    )


def _some(git: ScratchGit, listed: list[list[str]]) -> Iterator[Commit]:
    """Commits given as their id and those parents that are here: a shallow clone ends in commits that name more."""
    read = []
    for named, kind, content in git.objects.read_all(line[0] for line in listed):
        if kind != "commit":
            raise ProgramFailed("a commit is missing")
        read.append(parse_commit(named, content))
    against_first = _changes(git, [line[:2] for line in listed])
    # A merge is compared with each of its parents: what equals one of the others was merged, not made.
    merges = [commit for commit in read if len(commit.parents) > 1]
    own = _merged_paths(git, merges)
    for commit in read:
        changes = against_first.get(commit.id, ())
        made = own.get(commit.id)
        yield Commit(
            id=commit.id,
            parents=commit.parents,
            author=commit.author,
            committer=commit.committer,
            message=commit.message,
            changes=tuple(
                CommitChange(path=path, before=before, after=after, merged=made is not None and path not in made)
                for path, before, after in changes
            ),
        )


_Raw = tuple[str, ObjectId | None, ObjectId | None]


def _changes(git: ScratchGit, pairs: list[list[str]]) -> dict[str, list[_Raw]]:
    lines = "".join(" ".join(pair) + "\n" for pair in pairs)
    arguments = ("diff-tree", "--stdin", "-r", "-z", "--root", "--raw", "--no-renames", "--no-abbrev", "--always")
    answer = git.run(*arguments, given=lines.encode("ascii"), limits=_WALK).split(b"\0")
    found: dict[str, list[_Raw]] = {}
    current: list[_Raw] = []
    parts = iter(answer)
    for part in parts:
        if part.startswith(b":"):
            change = _raw(part, next(parts, b""))
            if change is not None:
                current.append(change)
        elif part:
            current = found.setdefault(part.strip().decode("ascii"), [])
    return found


def _raw(facts: bytes, path: bytes) -> _Raw | None:
    """`:mode mode object object status`, for files and links; a path that is a submodule's on both sides is none."""
    before_mode, after_mode, before, after, _ = facts[1:].split(b" ", 4)
    old = ObjectId(before.decode("ascii")) if before_mode[:3] in _FILES else None
    new = ObjectId(after.decode("ascii")) if after_mode[:3] in _FILES else None
    return (os.fsdecode(path), old, new) if old != new else None


def _merged_paths(git: ScratchGit, merges: list[Commit]) -> dict[str, set[str]]:
    """By merge, the paths that differ from every parent."""
    if not merges:
        return {}
    lines = "".join(f"{commit.id}\n" for commit in merges)
    arguments = ("diff-tree", "--stdin", "-r", "-z", "-c", "--raw", "--no-renames", "--no-abbrev", "--always")
    answer = git.run(*arguments, given=lines.encode("ascii"), limits=_WALK).split(b"\0")
    found: dict[str, set[str]] = {}
    current: set[str] = set()
    parts = iter(answer)
    for part in parts:
        if part.startswith(b":"):
            current.add(os.fsdecode(next(parts, b"")))
        elif part:
            current = found.setdefault(part.strip().decode("ascii"), set())
    return found


def _signature(value: bytes, encoding: str) -> Signature:
    found = _SIGNATURE.match(value)
    if found is None:
        return Signature(name=_text(value, encoding), mail="", at_ns=0)
    name, mail, seconds, sign, hours, minutes = found.groups()
    offset = (int(hours) * 60 + int(minutes)) * 60 if sign else 0
    return Signature(
        name=_text(name, encoding),
        mail=_text(mail, encoding),
        at_ns=int(seconds or 0) * 10**9,
        utc_offset_s=-offset if sign == b"-" else offset,
    )


def _text(content: bytes, encoding: str) -> str:
    try:
        if codecs.lookup(encoding).name not in _NO_CHARSETS:
            return content.decode(encoding, "replace")
    except (LookupError, ValueError):  # a commit may claim any encoding, also what no text is in
        pass
    return content.decode("utf-8", "replace")
