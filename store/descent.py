"""Reaching a name below a folder step by step, so that no link planted on the way leads out of it.

Where the system has no calls relative to an open folder (Windows), names are used as they are.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | NO_FOLLOW
_PLAIN_FILE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | NO_FOLLOW  # a planted FIFO must not hold us up
_BY_DESCRIPTOR = os.open in os.supports_dir_fd
FOLDER_MODE = 0o700


class Descent:
    """Names below `root`, however often the folders between are replaced by links; None takes every name as it is.

    `root` itself may be reached through links: the user chose it. It is looked up anew for each call, so nothing is
    kept open.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = None if root is None or not _BY_DESCRIPTOR else root
        self._inside = "" if root is None else str(root).rstrip(os.sep) + os.sep

    @contextmanager
    def parent(self, path: Path) -> Iterator[tuple[str, int | None]]:
        """What to give to a call with `dir_fd`: the name, and its open folder.

        Raises:
            OSError: a folder on the way is missing (ENOENT), a link (ELOOP) or no folder.
        """
        *folders, name = self._below(path)
        if self._root is None or not name:
            yield str(path), None
            return
        descriptor = os.open(self._root, FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
        try:
            for folder in folders:
                inner = open_folder(folder, descriptor)
                os.close(descriptor)
                descriptor = inner
            yield name, descriptor
        finally:
            os.close(descriptor)

    def open_file(self, path: Path) -> int:
        """A descriptor to read a plain file of somebody who may write here.

        Raises:
            OSError: as `parent`; it is no plain file, or belongs to a stranger.
        """
        with self.parent(path) as (name, at):
            descriptor = os.open(name, _PLAIN_FILE, dir_fd=at)
            try:
                self._require_plain(os.fstat(descriptor), at)
            except OSError:
                os.close(descriptor)
                raise
        return descriptor

    def open_folder(self, path: Path) -> int:
        """A descriptor of a folder.

        Raises:
            OSError: as `parent`.
        """
        with self.parent(path) as (name, at):
            if at is None:
                return os.open(name, FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
            return open_folder(name, at)

    def make_folders(self, path: Path) -> None:
        """Makes a folder and those above it that are missing, each private whatever the umask.

        Raises:
            FileExistsError: one of the names is taken by something else.
            OSError: as `parent`.
        """
        names = self._below(path)
        inside = self._root is not None and names[-1] != ""
        _make_by_name(self._root if inside and self._root is not None else path)
        if not inside or self._root is None:
            return
        descriptor = os.open(self._root, FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
        try:
            for name in names:
                inner = _made(name, descriptor)
                os.close(descriptor)
                descriptor = inner
        finally:
            os.close(descriptor)

    def require_own_root(self) -> None:
        """Refuses a root that somebody else than this user and the administrator could rename things in.

        Raises:
            OSError: it belongs to another user.
        """
        if sys.platform == "win32" or self._root is None:
            return
        owner = os.stat(self._root).st_uid
        if os.geteuid() not in {0, owner}:
            raise PermissionError(errno.EPERM, "the folder belongs to another user")

    def _below(self, path: Path) -> list[str]:
        """The parts of a path below the root; one empty part for the root and whatever lies elsewhere."""
        text = str(path)
        return text[len(self._inside) :].split(os.sep) if self._inside and text.startswith(self._inside) else [""]

    def _require_plain(self, status: os.stat_result, folder: int | None) -> None:
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        if sys.platform == "win32" or self._root is None or folder is None:
            return
        if status.st_uid not in {0, os.geteuid()} and status.st_uid != os.stat(self._root).st_uid:
            raise PermissionError(errno.EPERM, "it belongs to another user")


def open_folder(name: str, at: int) -> int:
    """A descriptor of the folder `name` in the open folder `at`.

    Raises:
        OSError: ELOOP if it is a link, where the system itself would only say that it is no folder.
    """
    try:
        return os.open(name, FOLDER, dir_fd=at)
    except NotADirectoryError as exc:
        if stat.S_ISLNK(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            raise OSError(errno.ELOOP, "it is a link, which a vault does not hold") from exc
        raise


def _made(name: str, at: int) -> int:
    made = True
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=at)
    except FileExistsError as exc:
        made = False
        if not stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
            raise FileExistsError(errno.EEXIST, "it is no folder") from exc
    descriptor = open_folder(name, at)
    if made:
        os.fchmod(descriptor, FOLDER_MODE)
    return descriptor


def _make_by_name(path: Path) -> None:
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER_MODE)
        folder.chmod(FOLDER_MODE)
