"""File events of Linux: inotify(7) through the C library, since it alone says when its queue overflowed.

The packages that wrap it watch whole trees or hide the overflow (see DECISIONS.md).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys
from contextlib import suppress

from codevault.activity.folder_events import FolderEvent, FolderEvents, Happened, Taken

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x40, 0x80, 0x100, 0x200, 0x400, 0x800
_UNMOUNT, _OVERFLOW, _IGNORED = 0x2000, 0x4000, 0x8000
_ONLY_FOLDER, _NO_FOLLOW, _IS_FOLDER = 0x1000000, 0x2000000, 0x40000000
_GONE = _MOVED_FROM | _DELETE
_ITSELF = _DELETE_SELF | _MOVE_SELF | _UNMOUNT
_MASK = (
    (_MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_TO | _CREATE | _GONE | _DELETE_SELF | _MOVE_SELF)
    | _ONLY_FOLDER
    | _NO_FOLLOW
)
_HEAD = struct.Struct("iIII")
_BLOCK = 256 << 10
_MOST_BLOCKS = 64  # a call: what comes faster waits in the kernel, and overflows there


def inotify() -> FolderEvents | None:
    """The file events of this system; None where there is no inotify or its instances are used up."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return Inotify()
    except (OSError, AttributeError):
        return None


class Inotify:
    """One inotify instance; see `FolderEvents`. About 250 bytes a folder here, and a kilobyte in the kernel.

    Raises:
        OSError: the user's instances are used up.
    """

    def __init__(self) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._add = library.inotify_add_watch
        self._remove = library.inotify_rm_watch
        self._descriptor = library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _error("inotify")
        self._folders: dict[int, str] = {}
        self._numbers: dict[str, int] = {}

    @property
    def watches(self) -> int:
        """See `FolderEvents.watches`."""
        return len(self._numbers)

    def add(self, folder: str) -> bool:
        """See `FolderEvents.add`."""
        number = self._add(self._descriptor, os.fsencode(folder), ctypes.c_uint32(_MASK))
        if number < 0:
            exc = _error(folder)
            if exc.errno in {errno.ENOSPC, errno.ENOMEM}:
                return False
            raise exc
        before = self._folders.get(number)  # the same folder under its former name
        if before is not None and before != folder:
            self._numbers.pop(before, None)
        self._folders[number] = folder
        self._numbers[folder] = number
        return True

    def drop(self, folder: str) -> None:
        """See `FolderEvents.drop`."""
        number = self._numbers.pop(folder, None)
        if number is not None:
            self._folders.pop(number, None)
            self._remove(self._descriptor, number)

    def take(self) -> Taken:
        """See `FolderEvents.take`."""
        events: list[FolderEvent] = []
        overflowed = False
        last: FolderEvent | None = None
        for _ in range(_MOST_BLOCKS):
            block = self._read()
            at = 0
            while at < len(block):
                number, mask, _, length = _HEAD.unpack_from(block, at)
                name = block[at + _HEAD.size : at + _HEAD.size + length].rstrip(b"\0")
                at += _HEAD.size + length
                overflowed = overflowed or bool(mask & _OVERFLOW)
                event = self._event(number, mask, name)
                if event is not None and event != last:  # created, written, closed: one change
                    events.append(event)
                    last = event
            if len(block) < _BLOCK // 2:
                break
        return Taken(events, overflowed)

    def close(self) -> None:
        """See `FolderEvents.close`."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
            self._folders.clear()
            self._numbers.clear()

    def _read(self) -> bytes:
        with suppress(BlockingIOError):
            return os.read(self._descriptor, _BLOCK)
        return b""

    def _event(self, number: int, mask: int, name: bytes) -> FolderEvent | None:
        folder = self._folders.get(number)
        if folder is None:
            return None
        if mask & _ITSELF:
            self.drop(folder)
            return FolderEvent(folder, "", Happened.GONE, is_folder=True)
        if mask & _IGNORED:
            self._folders.pop(number, None)
            self._numbers.pop(folder, None)
            return None
        if not name:  # the folder's own mode
            return None
        happened = Happened.GONE if mask & _GONE else Happened.CHANGED
        return FolderEvent(folder, os.fsdecode(name), happened, is_folder=bool(mask & _IS_FOLDER))


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)
