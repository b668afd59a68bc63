"""Which files a vault's folder holds: ours by name and place, everything else foreign."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from codevault.store.filesystem import FileSystem
from codevault.store.layout import (
    Layout,
    copy_of,
    document_of,
    is_project,
    pack_of,
    record_of,
    sidecar_of,
    snapshot_of,
)

_FILES = frozenset({"vault.json", "README.txt", "rescue.py", "limits.json", "policy.toml"})
_UNREAD = frozenset({"lock", "reserve"})  # text for people only, and empty space
_OPAQUE = frozenset({"cache", "incoming", "quarantine", "spool", "vcs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A file of the vault's folder: its name relative to it, its length, and whether it is one of ours."""

    name: str
    bytes: int
    ours: bool


def files_of(files: FileSystem, layout: Layout) -> Iterator[Found]:
    """Every file that verifying has to do with, by name. What is derived, in progress or put aside is passed over."""
    for listed in files.list(layout.root) or ():
        if listed.is_folder and listed.name not in _OPAQUE:
            yield from _below(files, layout, layout.root / listed.name)
        elif not listed.is_folder and listed.name not in _UNREAD:
            yield Found(name=listed.name, bytes=listed.size, ours=listed.is_file and listed.name in _FILES)


def _below(files: FileSystem, layout: Layout, folder: Path) -> Iterator[Found]:
    for listed in files.list(folder) or ():
        path = folder / listed.name
        if listed.is_folder:
            yield from _below(files, layout, path)
        else:
            name = layout.relative(path)
            yield Found(name=name, bytes=listed.size, ours=listed.is_file and is_ours(name))


def is_ours(name: str) -> bool:
    """True for a name, relative to the vault, that the format gives a meaning."""
    parts = name.split("/")
    if len(parts) == 1:
        return name in _FILES
    rule = _RULES.get(parts[0])
    return rule is not None and rule(parts[1:])


def _in_packs(parts: list[str]) -> bool:
    pack = pack_of(parts[-1]) or sidecar_of(parts[-1])
    return len(parts) == 2 and pack is not None and pack[:2] == parts[0]


def _by_project(parts: list[str]) -> bool:
    return len(parts) == 2 and is_project(parts[0]) and snapshot_of(parts[1]) is not None


_RULES: dict[str, Callable[[list[str]], bool]] = {
    "packs": _in_packs,
    "snapshots": _by_project,
    "thinned": _by_project,
    "keepsakes": lambda parts: len(parts) == 1 and is_project(parts[0].removesuffix(".json")),
    "projects": lambda parts: len(parts) == 1 and document_of(parts[0]) is not None,
    "log": lambda parts: len(parts) == 1 and (record_of(parts[0]) or copy_of(parts[0])) is not None,
}
