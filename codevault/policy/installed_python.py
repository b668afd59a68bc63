"""What pip, uv or Poetry put into an environment: `RECORD` has the hash of every file.

A file is hashed only when its size or a time says that it may differ, so that looking costs a listing.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codevault.policy.around import Around, Stamped
from codevault.policy.names import Names
from codevault.policy.times import S

_LARGEST = 16 << 20  # bytes of a list
_LARGEST_HASHED = 256 << 20
_GRACE_NS = 60 * S  # a package's list is written when its files are
_BINARIES = ("bin/", "Scripts/")
_ACTIVATING = Names("activate|activate.*|Activate.ps1|deactivate|deactivate.*|activate_this.py|pydoc.bat")
_PROGRAMS = Names("python|python[0-9]*|pythonw*|pypy*|pip|pip[0-9]*|easy_install*|*.exe|*.dll")
_MADE = Names("_virtualenv.py|_virtualenv.pth|easy-install.pth|*.egg-link|*.pyc|*.pyo|distutils-precedence.pth")
_META = (".dist-info", ".egg-info", ".egg")
_AT_ONCE_NS = 2 * S  # scripts for activating are written in one go


@dataclass(frozen=True, slots=True)
class _Row:
    """One file by its package's list; `hash` is "" where it has none. `written`: the list's own stamp."""

    hash: str
    size: int
    written: Stamped


class _Environment:
    def __init__(self, folder: str, around: Around) -> None:
        self._folder = folder
        self._around = around
        self._complete = not around.names(f"{folder}/conda-meta")  # conda lists only Python's packages this way
        self._rows = dict(_rows(folder, around))
        self._activated_ns = self._first_activating()

    def enters(self, path: str, entries: Mapping[str, Stamped | None]) -> bool:  # noqa: ARG002 - any folder
        return False

    def by_hand(self, path: str, stamp: Stamped) -> bool:
        row = self._rows.get(path)
        if row is not None:
            return self._differs(path, row, stamp)
        return self._complete and self._is_foreign(path, stamp)

    def _differs(self, path: str, row: _Row, stamp: Stamped) -> bool:
        if not row.hash:
            return False
        if stamp.size != row.size:
            return True
        later = stamp.mtime_ns > row.written.mtime_ns
        # Another environment that shares the file, as uv's do, touches the time that nobody sets back.
        if stamp.links == 1 and stamp.ctime_ns > row.written.ctime_ns + _GRACE_NS:
            later = True
        return later and not self._has_hash(path, row.hash, stamp.size)

    def _has_hash(self, path: str, expected: str, size: int) -> bool:
        if size > _LARGEST_HASHED:
            return False
        kind, _, digest = expected.partition("=")
        content = self._around.read(f"{self._folder}/{path}", _LARGEST_HASHED)
        if content is None or kind not in hashlib.algorithms_available:
            return content is None
        found = base64.urlsafe_b64encode(hashlib.new(kind, content, usedforsecurity=False).digest())
        return found.decode().rstrip("=") == digest.rstrip("=")

    def _is_foreign(self, path: str, stamp: Stamped) -> bool:
        """True for a file that lists would have: a module, a command; or a script for activating that was changed."""
        top, _, rest = path.partition("/")
        name = path.rpartition("/")[2]
        if f"{top}/" in _BINARIES:
            if _ACTIVATING.match(name):
                return stamp.mtime_ns > self._activated_ns + _AT_ONCE_NS
            return not _PROGRAMS.match(name)
        inside = rest.partition("site-packages/")[2]
        if not inside or _MADE.match(name) or "/__pycache__/" in path:
            return False
        return not inside.partition("/")[0].endswith(_META)

    def _first_activating(self) -> int:
        stamps = [
            stamp.mtime_ns
            for place in _BINARIES
            for name in self._around.names(f"{self._folder}/{place}".rstrip("/"))
            if _ACTIVATING.match(name) and (stamp := self._around.stamp(f"{self._folder}/{place}{name}")) is not None
        ]
        return min(stamps, default=0)


def environment(folder: str, around: Around) -> _Environment:
    """What is known of a virtual environment, or of conda's."""
    return _Environment(folder, around)


def _rows(folder: str, around: Around) -> Iterator[tuple[str, _Row]]:
    for place in _places(folder, around):
        for name in around.names(f"{folder}/{place}"):
            if name.endswith(".dist-info"):
                yield from _record(folder, place, name, around)
            elif name.endswith(".egg-info"):
                yield from _old_list(folder, f"{place}/{name}", around)


def _places(folder: str, around: Around) -> Iterator[str]:
    for name in around.names(f"{folder}/lib"):
        if name.startswith(("python", "pypy")):
            yield f"lib/{name}/site-packages"
    if around.names(f"{folder}/Lib/site-packages"):
        yield "Lib/site-packages"


def _record(folder: str, place: str, name: str, around: Around) -> Iterator[tuple[str, _Row]]:
    path = f"{folder}/{place}/{name}/RECORD"
    content, written = around.read(path, _LARGEST), around.stamp(path)
    if content is None or written is None:
        return
    try:
        for row in csv.reader(content.decode("utf-8", "replace").splitlines()):
            if row:
                size = int(row[2]) if len(row) > 2 and row[2].isdecimal() else -1
                hash_ = row[1] if len(row) > 1 and size >= 0 else ""
                yield posixpath.normpath(f"{place}/{row[0]}"), _Row(hash_, size, written)
    except csv.Error:
        return


def _old_list(folder: str, place: str, around: Around) -> Iterator[tuple[str, _Row]]:
    path = f"{folder}/{place}/installed-files.txt"
    content, written = around.read(path, _LARGEST), around.stamp(path)
    if content is not None and written is not None:
        for line in content.decode("utf-8", "replace").splitlines():
            yield posixpath.normpath(f"{place}/{line.strip()}"), _Row("", -1, written)
