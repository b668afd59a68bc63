"""May what a git repository says be believed, and which of its refs stand for another machine?

Everything here is decided from values; on any doubt the answer is no, and the files are stored as plain ones.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from codevault.vcs.elsewhere import is_elsewhere
from codevault.vcs.git import inside
from codevault.vcs.git_config import ConfigEntry
from codevault.vcs.reading import ReadFolder

_EXTENSIONS = frozenset(
    {"noop", "objectformat", "partialclone", "preciousobjects", "refstorage", "relativeworktrees", "worktreeconfig"}
)
_DEEPEST_ALTERNATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Remotes:
    """What the configuration says of the other sides: URLs by remote, and the remotes all of whose URLs are elsewhere.

    `follows` gives for a branch its remote and the ref over there.
    """

    urls: Mapping[str, tuple[str, ...]]
    elsewhere: frozenset[str]
    follows: Mapping[str, tuple[str, str]]

    def tracking(self, ref: str) -> str:
        """The remote that a remote-tracking ref stands for, "" for a ref of no configured remote."""
        names = [name for name in self.urls if ref.startswith(f"refs/remotes/{name}/")]
        return max(names, key=len, default="")


def remotes_of(config: Sequence[ConfigEntry], own_names: Collection[str] = ()) -> Remotes:
    """The remotes of a configuration, with `url.<base>.insteadOf` applied, which may turn a host into a folder."""
    bases = [(e.value, e.subsection) for e in config if e.section == "url" and e.key in {"insteadof", "pushinsteadof"}]
    urls: dict[str, list[str]] = {}
    follows: dict[str, dict[str, str]] = {}
    for entry in config:
        if entry.section == "remote" and entry.subsection and entry.key in {"url", "pushurl"}:
            found = urls.setdefault(entry.subsection, [])
            found.append(entry.value)
            found.extend(base + entry.value[len(old) :] for old, base in bases if entry.value.startswith(old))
        if entry.section == "branch" and entry.key in {"remote", "merge"}:
            follows.setdefault(entry.subsection, {})[entry.key] = entry.value
    return Remotes(
        urls={name: tuple(values) for name, values in urls.items()},
        elsewhere=frozenset(name for name, values in urls.items() if all(is_elsewhere(u, own_names) for u in values)),
        follows={
            branch: (found["remote"], found["merge"])
            for branch, found in follows.items()
            if {"remote", "merge"} <= found.keys()
        },
    )


def object_format(config: Sequence[ConfigEntry]) -> str:
    """What the repository names objects by: sha1, sha256, or an unknown name that stands there."""
    named = [e.value.lower() for e in config if e.section == "extensions" and e.key == "objectformat"]
    return named[-1] if named else "sha1"


def doubts(config: Sequence[ConfigEntry], root: ReadFolder, common: ReadFolder, within: ReadFolder) -> tuple[str, ...]:
    """Why nothing of this repository counts as versioned; empty when all is well. No text of the project's in it."""
    return (*_config_doubts(config), *_object_doubts(common, within), *_owner_doubts(root, common))


def _config_doubts(config: Sequence[ConfigEntry]) -> Iterable[str]:
    versions = [e.value for e in config if e.section == "core" and e.key == "repositoryformatversion"]
    if versions and versions[-1] not in {"0", "1"}:
        yield "the repository is of an unknown format"
    elif any(e.section == "extensions" and e.key not in _EXTENSIONS for e in config) and versions[-1:] == ["1"]:
        yield "the repository uses an extension that is not known here"
    if object_format(config) not in {"sha1", "sha256"}:
        yield "the repository names its objects in an unknown way"
    storage = [e.value.lower() for e in config if e.section == "extensions" and e.key == "refstorage"]
    if storage and storage[-1] != "files":
        yield "references are in a reftable, which is not read"


def _object_doubts(common: ReadFolder, within: ReadFolder) -> Iterable[str]:
    if common.kind("objects") != "folder" or common.kind("objects/pack") not in {"folder", ""}:
        yield "the folder of objects is missing or a link"
    elif not _alternates_inside(common, within, _DEEPEST_ALTERNATES):
        yield "objects are borrowed from a repository outside: not followed"


def _alternates_inside(common: ReadFolder, within: ReadFolder, depth: int) -> bool:
    if common.kind("objects/info") not in {"folder", ""}:
        return False
    kind = common.kind("objects/info/alternates")
    if not kind:
        return True
    content = common.read("objects/info/alternates") if kind == "file" else None
    if content is None or not depth:
        return False
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        if not line or line.startswith("#"):
            continue
        objects = os.path.join(common.path, "objects", line)
        if os.path.basename(os.path.normpath(objects)) != "objects":
            return False
        other = inside(within, os.path.dirname(os.path.normpath(objects)))
        if other is None:
            return False
        with other:
            if other.kind("objects") != "folder" or not _alternates_inside(other, within, depth - 1):
                return False
    return True


def _owner_doubts(root: ReadFolder, common: ReadFolder) -> Iterable[str]:
    """The repository has to be the owner's of its work tree, or ours: git's own check, made without its exceptions."""
    if sys.platform == "win32":
        return
    work, repository = root.status(""), common.status("")
    if work is None or repository is None or repository.st_uid not in {work.st_uid, os.geteuid()}:
        yield "the repository belongs to another user than its work tree"
