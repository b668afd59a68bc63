"""What is known of the repository a project lives in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NewType

ObjectId = NewType("ObjectId", str)
"""What a system calls a file's bytes: git's object id, the SHA-1 of the bytes for Mercurial and Subversion."""

CommitId = NewType("CommitId", str)
"""A commit in lower-case hexadecimal; a revision's number for Subversion."""


class System(StrEnum):
    """A version control system whose files are read."""

    GIT = "git"
    HG = "hg"
    SVN = "svn"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """Where a working copy stands; "" for what is unknown, and `notes` say why.

    `branch` is the branch's short name, also on a branch without commits; while git rebases it is the branch being
    rebased. `head` is the current commit in lower-case hexadecimal, for Subversion the revision's number. `remote`
    is the URL of the remote the branch follows, without user, password, query or fragment. `in_progress` is
    "rebase", "am", "merge", "cherry-pick", "revert", "bisect", "graft", "histedit", "unshelve", "update" or "".
    `detached`: the head is a commit, not a branch. Notes hold no text from the project.
    """

    system: System
    branch: str = ""
    head: str = ""
    remote: str = ""
    in_progress: str = ""
    detached: bool = False
    notes: tuple[str, ...] = ()


class Standing(StrEnum):
    """How a path's present bytes relate to its repository."""

    SAFE = "safe"  # equal to an object that exists on another machine, or in the vault
    COMMITTED = "committed"  # equal to what the current commit holds, which is nowhere else
    STAGED = "staged"  # equal to what the index holds, which no commit does yet
    CHANGED = "changed"  # tracked, and different
    CONFLICT = "conflict"  # tracked in several versions that wait to be merged
    MISSING = "missing"  # tracked, and not there
    UNTRACKED = "untracked"
    IGNORED = "ignored"  # untracked, and the repository says that this is right


class Tracked(NamedTuple):
    """What the repository expects at a path. `object` is "" for what is no file of its own (a submodule).

    `committed`: the current commit holds the same. `conflict`: several versions wait to be merged. A named tuple:
    every run makes one for each tracked path.
    """

    object: ObjectId
    committed: bool = True
    conflict: bool = False
    link: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stash:
    """One entry of the stash, newest first where there are several."""

    commit: CommitId
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryState:
    """Where a repository stands as a whole; builds on `RepositoryFacts`, and says in `notes` what is unknown.

    `upstream` is the followed branch as the system writes it ("origin/main"), `ahead` and `behind` count commits
    against it (None: unknown). `unpublished` counts commits on any branch that are not safe elsewhere (None: unknown);
    stashes, and what was fetched from others, are none of them.
    `fetched_ns` is when the other side was last heard of (nanoseconds, UTC; None: never, or unknown). `trusted` False:
    nothing of it counts as versioned, every file is to be stored as a plain one; `notes` say why. `tips` are commits
    from which every one can be reached that something in the repository leads to, ids of others among them.
    """

    facts: RepositoryFacts
    upstream: str = ""
    ahead: int | None = None
    behind: int | None = None
    unpublished: int | None = None
    stashes: tuple[Stash, ...] = ()
    fetched_ns: int | None = None
    trusted: bool = True
    notes: tuple[str, ...] = ()
    tips: tuple[CommitId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who, and when: nanoseconds since the epoch, and the writer's distance from UTC in seconds."""

    name: str
    mail: str
    at_ns: int
    utc_offset_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitChange:
    """A path that a commit changed against its first parent; None stands for "not there".

    `merged`: the commit is a merge, and one of its other parents has the same content there.
    """

    path: str
    before: ObjectId | None
    after: ObjectId | None
    merged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit as a version: what came before it, who made it when, and which paths it changed, sorted."""

    id: CommitId
    parents: tuple[CommitId, ...]
    author: Signature
    committer: Signature
    message: str
    changes: tuple[CommitChange, ...] = field(default=())
