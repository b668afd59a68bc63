"""What git's own files say about a working copy. No git program runs, no object is read."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from codevault.vcs.git_config import ConfigEntry, parse_config
from codevault.vcs.model import RepositoryFacts, System
from codevault.vcs.reading import SMALL, ReadFolder
from codevault.vcs.urls import public_url

_LARGEST_PACKED_REFS = 64 << 20  # a million refs
_DEEPEST_REF = 5
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
# git check-ref-format, but for what could lead out of the folder, which ReadFolder refuses.
_REF = re.compile(r"refs/(?!/|.*(?:\.\.|@\{|//))[^\x00-\x20\x7f~^:?*\[\\]{1,1024}\Z")

# In this order: a rebase or cherry-pick may stop in a merge.
_OPERATIONS: tuple[tuple[str, str, str], ...] = (
    ("rebase-merge", "folder", "rebase"),
    ("rebase-apply/applying", "file", "am"),
    ("rebase-apply", "folder", "rebase"),
    ("CHERRY_PICK_HEAD", "file", "cherry-pick"),
    ("REVERT_HEAD", "file", "revert"),
    ("MERGE_HEAD", "file", "merge"),
    ("BISECT_LOG", "file", "bisect"),
)


@dataclass(frozen=True, slots=True)
class _Head:
    ref: str = ""
    commit: str = ""


def read_git(root: ReadFolder, within: ReadFolder) -> RepositoryFacts | None:
    """The facts of the repository at `root`, None without one. Pointers are followed inside `within` only."""
    kind = root.kind(".git")
    if not kind:
        return None
    notes: list[str] = []
    with ExitStack() as stack:
        folder = git_folder(root, within, kind, notes)
        if folder is None:
            return RepositoryFacts(system=System.GIT, notes=tuple(notes))
        own = stack.enter_context(folder)
        common = stack.enter_context(common_folder(own, within, notes))
        if common.kind("reftable"):
            notes.append("references are in a reftable, which is not read")
        head = _head(own, common, notes)
        operation = _operation(own)
        branch = _short(head.ref) or _rebased(own, operation)
        return RepositoryFacts(
            system=System.GIT,
            branch=branch,
            head=head.commit,
            remote=_remote(common, branch, notes),
            in_progress=operation,
            detached=not head.ref and bool(head.commit),
            notes=tuple(notes),
        )


def git_folder(root: ReadFolder, within: ReadFolder, kind: str, notes: list[str]) -> ReadFolder | None:
    """The work tree's own git folder, None (and why, in `notes`) where there is none to be followed to."""
    if kind == "file":
        pointer = _text(root.read(".git")).strip()
        if not pointer.startswith("gitdir:"):
            notes.append("the file .git is not a pointer to a repository")
            return None
        folder = inside(within, os.path.join(root.path, pointer.removeprefix("gitdir:").strip()))
        if folder is None:
            notes.append("the file .git points to a repository that is missing or outside: not followed")
        return folder
    folder = root.enter(".git") if kind == "folder" else None
    if folder is None:
        notes.append(".git is a link: not followed" if kind == "link" else ".git cannot be read")
    return folder


def common_folder(own: ReadFolder, within: ReadFolder, notes: list[str]) -> ReadFolder:
    """Where references and configuration are: elsewhere for a further work tree of a repository."""
    pointer = _text(own.read("commondir")).strip()
    folder = inside(within, os.path.join(own.path, pointer)) if pointer else None
    if pointer and folder is None:
        notes.append("the repository this work tree belongs to is missing or outside: not followed")
    return folder or own.enter("") or own


def inside(within: ReadFolder, path: str) -> ReadFolder | None:
    """The folder at an absolute path when that lies in `within`, reached from there without links."""
    try:
        relative = os.path.relpath(path, within.path)
    except ValueError:  # another drive, or not a path at all
        return None
    return within.enter("" if relative == "." else relative.replace(os.sep, "/"))


def _head(own: ReadFolder, common: ReadFolder, notes: list[str]) -> _Head:
    content = _text(own.read("HEAD")).strip()
    if _ID.match(content):
        return _Head(commit=content)
    ref = _target(content)
    if not ref:
        notes.append("HEAD is missing or says neither a branch nor a commit")
        return _Head()
    current = ref
    for _ in range(_DEEPEST_REF):
        value = _text(_loose(own, common, current)).strip()
        if _ID.match(value):
            return _Head(ref=ref, commit=value)
        if not _target(value):
            return _Head(ref=ref, commit=_packed(common, current))
        current = _target(value)
    notes.append("references point to each other in a circle or too deeply")
    return _Head(ref=ref)


def _loose(own: ReadFolder, common: ReadFolder, ref: str) -> bytes | None:
    found = common.read(ref)
    return own.read(ref) if found is None else found


def _packed(common: ReadFolder, ref: str) -> str:
    """The ref's commit in packed-refs, "" when it is not there. Linear in the file, in constant memory."""
    name = re.escape(os.fsencode(ref))
    line = re.compile(rb"\n([0-9a-f]{40}(?:[0-9a-f]{24})?) " + name + rb"\r?\n")
    tail = b"\n"
    for block in common.blocks("packed-refs", _LARGEST_PACKED_REFS):
        found = line.search(tail + block)
        if found:
            return found.group(1).decode("ascii")
        tail = (tail + block)[-len(name) - 80 :]
    found = line.search(tail + b"\n")
    return found.group(1).decode("ascii") if found else ""


def _operation(own: ReadFolder) -> str:
    return next((name for path, kind, name in _OPERATIONS if own.kind(path) == kind), "")


def _rebased(own: ReadFolder, operation: str) -> str:
    if operation != "rebase":
        return ""
    name = own.read("rebase-merge/head-name") or own.read("rebase-apply/head-name")
    ref = _text(name).strip()
    return _short(ref) if _REF.match(ref) else ""


def _remote(common: ReadFolder, branch: str, notes: list[str]) -> str:
    content = common.read("config")
    if content is None:
        notes.append("the configuration is missing or cannot be read")
        return ""
    if len(content) == SMALL:
        notes.append("the configuration is very long: only its beginning was read")
        content = content[: content.rfind(b"\n") + 1]  # half a URL may be all password
    entries = parse_config(_text(content))
    urls = _values(entries, "remote", "url")
    followed = _values(entries, "branch", "remote").get(branch, "origin")
    url = urls.get(followed) or urls.get("origin") or next(iter(urls.values()), "")
    return public_url(url)


def _values(entries: Sequence[ConfigEntry], section: str, key: str) -> dict[str, str]:
    """The first value of `key` by subsection, as git takes a remote's first URL for fetching."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.section == section and entry.key == key and entry.subsection:
            found.setdefault(entry.subsection, entry.value)
    return found


def _target(content: str) -> str:
    """The ref that a symbolic one names, "" when it names none."""
    ref = content.removeprefix("ref:").strip() if content.startswith("ref:") else ""
    return ref if _REF.match(ref) else ""


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/")


def _text(content: bytes | None) -> str:
    # Facts end up in JSON, where lone surrogates cannot stand; a name that is not UTF-8 is then not found on disk.
    return (content or b"").decode("utf-8", "replace")
