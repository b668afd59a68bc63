"""Folders of a restore's target, reached by descriptors that never follow a link.

Few descriptors are open at a time, however deep the tree: a folder is reached again from the nearest one that is open,
or from below through `..`, and has to be the very folder it was (device and inode), or it is refused.
Systems without directory descriptors (Windows) get a check of every parent before each use instead.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

BY_DESCRIPTOR = os.open in os.supports_dir_fd and os.rename in os.supports_dir_fd
FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
ANY_MODE = 0o777
_KEPT_OPEN = 64


class Where(TypedDict, total=False):
    """Keyword arguments that make a call relative to an open folder; empty where that does not exist."""

    dir_fd: int


class Place:
    """One folder of the target. `fresh`: made by this restore, so that nothing else can be in it.

    `masked` are the bits of a mode that a new file loses here (the umask's), `final` the name it gets once complete.
    """

    __slots__ = ("above", "descriptor", "final", "fresh", "identity", "masked", "name", "users")

    def __init__(self, above: Place | None, name: str, *, fresh: bool = False, masked: int = ANY_MODE) -> None:
        self.above = above
        self.name = name
        self.final = ""
        self.fresh = fresh
        self.masked = masked
        self.descriptor = -1
        self.identity: tuple[int, int] | None = None
        self.users = 0


class Places:
    """Opens and closes the folders below one root. Any thread."""

    def __init__(self, root: Path, forbidden: Collection[tuple[int, int]] = ()) -> None:
        self.root = Place(None, str(root))
        self._forbidden = forbidden
        self._open: OrderedDict[int, Place] = OrderedDict()
        self._guard = threading.RLock()
        if BY_DESCRIPTOR:
            self._take(self.root, os.open(root, FOLDER_FLAGS))

    @contextmanager
    def opened(self, place: Place, *, from_below: Place | None = None) -> Iterator[Where]:
        """What makes calls relative to the folder, which stays open meanwhile.

        Raises:
            OSError: it is not there any more, or something else is.
        """
        if not BY_DESCRIPTOR:
            self._check(place)
            yield {}
            return
        with self._guard:
            descriptor = self._descriptor(place, from_below)
            place.users += 1
        try:
            yield {"dir_fd": descriptor}
        finally:
            with self._guard:
                place.users -= 1

    def at(self, place: Place, name: str) -> str:
        """How a call given `opened(place)` names something in it."""
        if BY_DESCRIPTOR:
            return name
        parts = [name]
        above: Place | None = place
        while above is not None:
            parts.append(above.name)
            above = above.above
        return os.path.join(*reversed(parts))

    def close(self) -> None:
        """Gives all descriptors back."""
        with self._guard:
            for place in (*self._open.values(), self.root):
                if place.descriptor >= 0:
                    os.close(place.descriptor)
                    place.descriptor = -1
            self._open.clear()

    def _descriptor(self, place: Place, from_below: Place | None) -> int:
        if place.descriptor >= 0:
            return place.descriptor
        if from_below is not None and from_below.above is place and from_below.descriptor >= 0:
            try:
                return self._take(place, os.open("..", FOLDER_FLAGS, dir_fd=from_below.descriptor))
            except OSError:  # it was moved elsewhere: what is where it was is looked at below
                pass
        way = [place]
        while (above := way[-1].above) is not None and above.descriptor < 0:
            way.append(above)
        for step in reversed(way):
            if step.above is None:
                raise FileNotFoundError(2, "the target was closed")
            step.above.users += 1  # it must not be closed to make room for its own child
            try:
                self._take(step, os.open(step.name, FOLDER_FLAGS, dir_fd=step.above.descriptor))
            finally:
                step.above.users -= 1
        return place.descriptor

    def _take(self, place: Place, descriptor: int) -> int:
        """Keeps an open folder if it may be used and is the one it was before."""
        status = os.fstat(descriptor)
        identity = status.st_dev, status.st_ino
        if identity in self._forbidden or place.identity not in {None, identity}:
            os.close(descriptor)
            why = "it is the vault" if identity in self._forbidden else "another folder has taken its place"
            raise NotADirectoryError(20, why, place.name)
        place.identity = identity
        place.descriptor = descriptor
        if place is not self.root:
            self._make_room()
            self._open[id(place)] = place
        return descriptor

    def _make_room(self) -> None:
        if len(self._open) < _KEPT_OPEN:
            return
        idle = next((key for key, place in self._open.items() if not place.users), None)
        if idle is not None:
            oldest = self._open.pop(idle)
            os.close(oldest.descriptor)
            oldest.descriptor = -1

    def _check(self, place: Place) -> None:
        way = [place]
        while (above := way[-1].above) is not None:
            way.append(above)
        path = ""
        for step in reversed(way):
            path = os.path.join(path, step.name)
            status = os.lstat(path) if step.above is not None else os.stat(path)
            if not stat.S_ISDIR(status.st_mode) or (status.st_dev, status.st_ino) in self._forbidden:
                raise NotADirectoryError(20, "not a folder of the target", step.name)
