"""The service's log: JSON lines in two files of limited size, no paths, no content, no text of strangers."""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

LOG = "log.jsonl"
BEFORE = "log.1.jsonl"
LARGEST = 2 << 20

_encode = msgspec.json.Encoder().encode


class LogFile:
    """Appends lines; after `largest` bytes the file becomes the one before, and `begun` is called to begin the next."""

    def __init__(self, folder: Path, *, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest
        self._size = 0
        self._turning = False
        self.begun: Callable[[], None] = lambda: None
        with suppress(OSError):
            self._size = (folder / LOG).stat().st_size

    def write(self, line: bytes) -> None:
        """Adds a line; a disk that refuses costs the line."""
        if self._size >= self._largest and not self._turning:
            self._turn()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        with suppress(OSError), os.fdopen(os.open(self._folder / LOG, flags, 0o600), "ab") as file:
            file.write(line + b"\n")
            self._size += len(line) + 1

    def say(self, what: str, **said: object) -> None:
        """Adds a line of our own."""
        self.write(_encode({"what": what, **said}))

    def _turn(self) -> None:
        self._turning = True
        try:
            with suppress(OSError):
                os.replace(self._folder / LOG, self._folder / BEFORE)
            self._size = 0
            self.begun()
        finally:
            self._turning = False


class LogHandler(logging.Handler):
    """Takes what modules log: the level, where from, and of an exception its kind and the lines of ours it passed."""

    def __init__(self, file: LogFile) -> None:
        super().__init__(logging.WARNING)
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        """Adds a line."""
        error = record.exc_info[1] if record.exc_info else None
        frames = traceback.extract_tb(error.__traceback__) if error is not None else []
        self._file.say(
            "note",
            level=record.levelname,
            of=f"{record.module}:{record.lineno}",
            error=type(error).__name__ if error is not None else "",
            at=[f"{os.path.basename(frame.filename)}:{frame.lineno}" for frame in frames][-8:],
        )


def read_log(folder: Path) -> Iterator[bytes]:
    """The lines of both files, oldest first, without one that was cut short."""
    for name in (BEFORE, LOG):
        with suppress(OSError), (folder / name).open("rb") as file:
            yield from (line.rstrip(b"\n") for line in file if line.endswith(b"\n"))
