"""What is known of the repository a project lives in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
