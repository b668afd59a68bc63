"""Starts version control programs so that nothing of a project decides what runs.

The program's absolute path is found once and never lies in a project; the environment is ours alone; standard input is
closed or fed by us; time and output are limited; whatever is left of a program that overstays is killed with its
children.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_BLOCK = 1 << 16
_PATIENCE_S = 60.0
_LONGEST_LINE = 1 << 20
_FROM_OUTSIDE = ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP")  # without them programs cannot start, or find no scratch space


class ProgramFailed(Exception):  # noqa: N818 - never leaves this package
    """A program is missing, failed, ran too long or said too much. Wrapped or noted before it leaves this package."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take: seconds of wall-clock time, bytes of output."""

    seconds: float = 60.0
    output: int = 256 << 20


USUAL = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program ready to run: absolute path, environment (all of it), and the folder it runs in."""

    path: str
    environment: Mapping[str, str]
    folder: Path

    def run(self, arguments: Sequence[str], *, given: bytes = b"", limits: Limits = USUAL) -> bytes:
        """The whole output of one run.

        Raises:
            ProgramFailed: it cannot be started, ended with an error, or passed a limit.
        """
        return b"".join(self.stream(arguments, given=given, limits=limits))

    def stream(self, arguments: Sequence[str], *, given: bytes = b"", limits: Limits = USUAL) -> Iterator[bytes]:
        """The same in blocks; only when the last one was given is it known that the run succeeded."""
        name = f"{Path(self.path).stem} {arguments[0] if arguments else ''}".strip()
        with self.started(arguments) as running:
            late = threading.Event()
            overdue = threading.Timer(limits.seconds, _overdue, (running, late))
            overdue.start()
            feeding = threading.Thread(target=_feed, args=(_pipe(running.stdin), given), daemon=True)
            feeding.start()
            try:
                left = limits.output
                while block := _pipe(running.stdout).read(_BLOCK):
                    left -= len(block)
                    if left < 0:
                        raise ProgramFailed(f"{name} said more than {limits.output} bytes")
                    yield block
                feeding.join()
                code = running.wait()
                if code:
                    why = "ran too long" if late.is_set() else f"ended with status {code}"
                    raise ProgramFailed(f"{name} {why}")
            finally:
                overdue.cancel()
                _kill(running)
                feeding.join()

    @contextmanager
    def started(self, arguments: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
        """The running program with its pipes; killed, and its pipes closed, on leaving.

        Raises:
            ProgramFailed: it cannot be started.
        """
        try:
            running = subprocess.Popen(
                [self.path, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # its words are for people, localised, and may hold secrets
                cwd=self.folder,
                env=dict(self.environment),
                start_new_session=True,
            )
        except (OSError, ValueError) as exc:
            raise ProgramFailed(f"{Path(self.path).stem} cannot be started") from exc
        try:
            yield running
        finally:
            _kill(running)
            for pipe in (running.stdin, running.stdout):
                with suppress(OSError):
                    _pipe(pipe).close()
            running.wait()


class Answers:
    """What a program that stays says, as it is asked for; a program that says nothing for a minute is given up."""

    def __init__(self, running: subprocess.Popen[bytes]) -> None:
        self._source = _pipe(running.stdout).fileno()
        self._buffer = bytearray()
        self._poll = select.poll() if hasattr(select, "poll") else None
        if self._poll is not None:
            self._poll.register(self._source, select.POLLIN | select.POLLHUP)

    def until(self, end: bytes) -> bytes:
        """The next bytes up to `end`, which is taken and left out.

        Raises:
            ProgramFailed: the program ended, says nothing, or nothing ends its words.
        """
        while (at := self._buffer.find(end)) < 0:
            if len(self._buffer) > _LONGEST_LINE:
                raise ProgramFailed("the program speaks in another way than it should")
            self._more()
        return self._take(at, len(end))

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            ProgramFailed: as `until`.
        """
        while len(self._buffer) < count:
            self._more()
        return self._take(count, 0)

    def _take(self, count: int, skip: int) -> bytes:
        taken = bytes(memoryview(self._buffer)[:count])
        del self._buffer[: count + skip]
        return taken

    def _more(self) -> None:
        if self._poll is not None and not self._poll.poll(_PATIENCE_S * 1000):
            raise ProgramFailed("the program does not answer")
        block = os.read(self._source, _BLOCK)
        if not block:
            raise ProgramFailed("the program ended before its answer")
        self._buffer += block


def ask(running: subprocess.Popen[bytes], question: bytes) -> None:
    """Writes to a program that stays, at once.

    Raises:
        ProgramFailed: it has ended.
    """
    try:
        _pipe(running.stdin).write(question)
        _pipe(running.stdin).flush()
    except (OSError, ValueError) as exc:
        raise ProgramFailed("the program ended before its answer") from exc


def find_program(name: str, *, search: str | None = None, outside: Collection[Path] = ()) -> str | None:
    """The absolute path of a program on `search` (PATH by default), None when there is none.

    Relative entries of the path, and programs that lie, or really lie, in one of the folders `outside`, do not count.
    """
    shut = [os.path.realpath(folder) for folder in outside]
    names = (name, f"{name}.exe") if sys.platform == "win32" else (name,)
    for entry in (search if search is not None else os.environ.get("PATH", os.defpath)).split(os.pathsep):
        if not os.path.isabs(entry):
            continue
        for candidate in (os.path.join(entry, one) for one in names):
            real = os.path.realpath(candidate)
            if any(_inside(path, folder) for path in (real, os.path.realpath(entry)) for folder in shut):
                continue
            if os.path.isfile(real) and os.access(real, os.X_OK):
                return candidate
    return None


def clean_environment(program: str, home: Path, **more: str) -> dict[str, str]:
    """An environment that names nothing but the program's own folder and `home`, in plain English."""
    kept = {name: os.environ[name] for name in _FROM_OUTSIDE if name in os.environ}
    path = os.pathsep.join((os.path.dirname(program), os.defpath.lstrip(os.pathsep + ".")))
    return {
        **kept,
        "PATH": path,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "LC_ALL": "C",
        "LANGUAGE": "",
        **more,
    }


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _feed(pipe: IO[bytes], content: bytes) -> None:
    with suppress(OSError, ValueError):  # it ended without reading everything; its status says whether that is bad
        pipe.write(content)
    with suppress(OSError):
        pipe.close()


def _overdue(running: subprocess.Popen[bytes], late: threading.Event) -> None:
    late.set()
    _kill(running)


def _kill(running: subprocess.Popen[bytes]) -> None:
    if running.poll() is not None:
        return
    with suppress(OSError):
        if sys.platform != "win32":
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise AssertionError("every program is started with pipes")
    return pipe
