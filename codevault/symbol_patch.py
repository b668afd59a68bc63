"""A patch that brings an old version of a symbol back: a value, written only on request."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from codevault.errors import InvalidArgument, RestoreRefused
from codevault.extras import FileAttribute
from codevault.ids import ProjectId
from codevault.patching import unified_diff
from codevault.places import ANY_MODE, Place
from codevault.restore_run import plain
from codevault.store.model import Entry, EntryKind
from codevault.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolPatch:
    """What brings an old version of a symbol back into today's file. Nothing is written before `apply()`.

    `path` is the file, below the project's folder `root`; `before` its bytes that the patch was made for, None where
    there is no such file; `after` those with the patch. `action` is "replace" (the symbol is there in another version),
    "insert" (it is gone from the file), "create" (the file is gone) or "none" (it is there as it was). `notes` says
    what to look at.
    """

    project: ProjectId
    root: Path
    path: str
    qualified_name: str
    action: str
    before: bytes | None = field(repr=False)
    after: bytes = field(repr=False)
    notes: tuple[str, ...] = ()
    forbidden: frozenset[tuple[int, int]] = field(default=frozenset(), repr=False, compare=False)

    @property
    def diff(self) -> bytes:
        """A unified diff with a/ and b/ headers, for `patch -p1` and `git apply`; b"" when there is nothing to do."""
        return unified_diff(self.before, self.after, self.path)

    @property
    def text(self) -> str:
        """The diff to look at; bytes that are not UTF-8 become U+FFFD."""
        return self.diff.decode("utf-8", "replace")

    def apply(self, *, clock: Callable[[], int] = time.time_ns) -> Path:
        """Writes the patched file in place of today's, whole or not at all, with its mode; gives its path.

        No link is followed, and nothing else in the project is touched.

        Raises:
            RestoreRefused: the file is not the one any more that the patch was made for, or cannot be written.
        """
        file = self.root / self.path
        if not self.root.is_dir():
            raise RestoreRefused(f"the project's folder is not there: {self.root}", self.root)
        try:
            target = Target.open(self.root, forbidden=self.forbidden)
            try:
                self._write(target, file, clock)
            finally:
                target.close()
        except OSError as exc:
            raise RestoreRefused(f"{file} cannot be written: {plain(exc)}", file) from exc
        return file

    def _write(self, target: Target, file: Path, clock: Callable[[], int]) -> None:
        folder, _, name = self.path.rpartition("/")
        place = target.find(folder)
        found = target.read(place, name) if place is not None else None
        if (None if found is None else found[0]) != self.before:
            raise RestoreRefused(f"{file} is not what the patch was made for any more: make it again", file)
        if self.before == self.after:
            return
        fresh = Entry(path=self.path, kind=EntryKind.FILE, mode=0o644, mtime_ns=0)
        entry = replace(found[1] if found is not None else fresh, mtime_ns=clock(), size=len(self.after))
        given = _kept_attributes(entry) if found is not None else ()
        place = place or _made_folders(target, folder)
        target.file(place, name, entry, [self.after], replace=found is not None, attributes=given)

    def reversed(self) -> SymbolPatch:
        """The patch that takes this one back.

        Raises:
            InvalidArgument: this one makes a file; to take it back is to remove that.
        """
        if self.before is None:
            raise InvalidArgument(f"the patch makes {self.path}: remove the file to take it back")
        return replace(self, before=self.after, after=self.before, notes=())


def _kept_attributes(entry: Entry) -> tuple[FileAttribute, ...]:
    """What the new file is to have of the old one beside its permission bits."""
    kept = [FileAttribute.XATTRS] if entry.xattrs else []
    if entry.mode & ~ANY_MODE:
        kept.append(FileAttribute.PRIVILEGES)
    if sys.platform != "win32" and entry.owner != (os.geteuid(), os.getegid()):
        kept.append(FileAttribute.OWNER)
    return tuple(kept)


def _made_folders(target: Target, folder: str) -> Place:
    place = target.root
    for name in folder.split("/") if folder else ():
        place = target.folder(place, name, filled=False)
    return place
