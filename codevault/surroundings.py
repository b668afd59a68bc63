"""What lies around the paths of one project: where its build files send output, and what its repositories track.

Read only, by open folder, never through a link, bounded; nothing that is read is run. One object serves one run: it
remembers what it read.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self

from codevault.policy.around import Stamp
from codevault.policy.configured import HIDDEN, LARGEST_MANIFEST, MANIFESTS, Output, outputs_of
from codevault.vcs.git_index import IndexUnreadable, parse_index
from codevault.vcs.hg_dirstate import V2_MARK, DirstateUnreadable, parse_docket, parse_v1, parse_v2
from codevault.vcs.reading import ReadFolder

_LARGEST_LIST = 512 << 20  # bytes of a repository's list of tracked paths
_NAMED = frozenset((*MANIFESTS, *HIDDEN))
_DJANGO = "manage.py"


class Surroundings:
    """Knows one project's folder; use it with `with`. Where there is no such folder it knows nothing."""

    def __init__(self, root: str | Path) -> None:
        self._folder = ReadFolder.open(str(root))
        self._outputs: dict[str, Output] = {}
        self._tracked: dict[str, list[bytes] | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.__exit__(kind, value, trace)
            self._folder = None

    def look(self, folder: str, names: Collection[str]) -> None:
        """Reads the build files among the names in a folder. To be told of a folder before those in it are asked for.

        One look at the names where there are none.
        """
        if _NAMED.isdisjoint(names) and _DJANGO not in names:
            return
        for name in sorted(_NAMED.intersection(names)):
            if name in HIDDEN:
                self._look_into(_join(folder, name), HIDDEN[name])
            else:
                self._look_into(folder, name)
        if _DJANGO in names:
            for name, kind in self._folder.names(folder, most=1000) if self._folder is not None else ():
                if kind == "folder" and not name.startswith("."):
                    self._look_into(_join(folder, name), "settings.py")

    def output(self, path: str) -> Output | None:
        """What a build file says of a folder."""
        return self._outputs.get(path) if self._outputs else None

    def exists(self, path: str) -> bool:
        """True for a file that is there."""
        return self._folder is not None and self._folder.kind(path) == "file"

    def read(self, path: str, limit: int) -> bytes | None:
        """At most so many bytes of a regular file; None when there is none."""
        return None if self._folder is None else self._folder.read(path, limit)

    def names(self, path: str) -> Collection[str]:
        """The names in a folder; none where there is no folder."""
        return () if self._folder is None else tuple(name for name, _ in self._folder.names(path))

    def stamp(self, path: str) -> Stamp | None:
        """What a listing says of a path."""
        found = None if self._folder is None else self._folder.status(path)
        return None if found is None else Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_nlink)

    def tracked(self, folder: str) -> bool:
        """True when a repository above tracks something in the folder, or its list of that cannot be read.

        Subversion's working copies are not asked: what they track in a folder of output is told by nobody here.
        """
        parts = folder.split("/")
        for depth in range(len(parts) - 1, -1, -1):
            top = "/".join(parts[:depth])
            listed = self._list_of(top)
            if listed is None:
                continue
            wanted = os.fsencode("/".join(parts[depth:])) + b"/"
            at = bisect_left(listed, wanted)
            return listed == [_ANYTHING] or (at < len(listed) and listed[at].startswith(wanted))
        return False

    def _look_into(self, folder: str, name: str) -> None:
        content = self._folder.read(_join(folder, name), LARGEST_MANIFEST + 1) if self._folder is not None else None
        for output in outputs_of(folder, name, content) if content else ():
            self._outputs.setdefault(output.path, output)

    def _list_of(self, top: str) -> list[bytes] | None:
        """What the repository at a folder tracks, sorted; None where there is none."""
        if top not in self._tracked:
            self._tracked[top] = self._git(top) or self._mercurial(top)
        return self._tracked[top]

    def _git(self, top: str) -> list[bytes] | None:
        place = _join(top, ".git")
        pointer = self.read(place, 4096)
        if pointer is not None and pointer.startswith(b"gitdir: "):
            place = os.path.normpath(_join(top, os.fsdecode(pointer[8:].strip())))
        content = self.read(f"{place}/index", _LARGEST_LIST)
        if content is None:
            return None
        for width in (20, 32):
            try:
                return sorted({entry.path for entry in parse_index(content, width)})
            except IndexUnreadable:
                continue
        return [_ANYTHING]

    def _mercurial(self, top: str) -> list[bytes] | None:
        content = self.read(_join(top, ".hg/dirstate"), _LARGEST_LIST)
        if content is None:
            return None
        try:
            if not content.startswith(V2_MARK):
                return sorted(entry.path for entry in parse_v1(content))
            docket = parse_docket(content)
            tree = self.read(_join(top, f".hg/dirstate.{docket.uuid}"), _LARGEST_LIST)
            return sorted(entry.path for entry in parse_v2(docket, tree or b""))
        except DirstateUnreadable:
            return [_ANYTHING]


_ANYTHING = b""  # the only path in a list that cannot be read: all may be tracked


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
