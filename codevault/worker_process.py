"""One parser process: how it is started, spoken to, ended.

The process runs `python -I` in a neutral folder with next to no environment, so that nothing lying in the caller's
working folder or beside his script (`store.py`, `re.py`, `sitecustomize.py`) is ever imported by it. It never
imports `__main__`. Messages in both directions are the frames of `codevault.analysis.wire`; the first one from a
worker is empty and says that it is ready, a later empty one that it ends by choice. End of input ends it, so workers
never outlive their parent.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from codevault.errors import WorkerError

MAX_ANSWER = 256 << 20
"""Bytes of the longest answer that is believed; a longer one is garbage."""

_CHUNK = 1 << 20
_GRACE_SECONDS = 0.5
_KILL_SECONDS = 10.0

# Ctrl-C reaches the whole terminal group: the parent decides, a worker that died of it would blame its file.
_BOOTSTRAP = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
if sys.argv[1] == "low" and hasattr(os, "nice"):
    os.nice(10)
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"  # numpy reserves memory for each thread
sys.path.extend(folder for folder in sys.argv[3:] if folder not in sys.path)
main = __import__("codevault.analysis." + sys.argv[2], fromlist=["main"]).main
os.write(1, bytes(4))
main()
"""

_NEEDED = (
    *("codevault", "msgspec", "blake3", "numpy", "pygments", "tree_sitter", "tree_sitter_python"),
    *("re2", "detect_secrets", "requests", "ast_grep_py"),
)
# Without these some interpreters cannot start at all; everything else, PYTHON* first, stays outside.
_KEPT_VARIABLES = ("SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")


def default_command(*, low_priority: bool = True, worker: str = "worker") -> tuple[str, ...]:
    """The command line that starts a parser worker, or another module of the analysis, with this interpreter.

    Raises:
        WorkerError: this Python has no executable of its own (it is embedded in another program).
    """
    if not sys.executable:
        raise WorkerError("cannot start parser workers: this Python does not know its own executable")
    priority = "low" if low_priority else "normal"
    return (sys.executable, "-I", "-c", _BOOTSTRAP, priority, worker, *_needed_folders())


def _needed_folders() -> tuple[str, ...]:
    """Folders a worker needs at the end of its path: `-I` hides user-site and PYTHONPATH installations."""
    folders: dict[str, None] = {}
    for name in _NEEDED:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            folders[str(Path(spec.origin).resolve().parent.parent)] = None
    return tuple(folders)


class WorkerProcess:
    """A started parser process. One thread may send while another receives; the rest is for its owner alone."""

    def __init__(self, command: Sequence[str], *, low_priority: bool = True) -> None:
        """Starts the process; OSError if the system refuses."""
        quiet = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # both are Windows' own
        modest = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0) if low_priority else 0
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(command[0]).parent if Path(command[0]).is_absolute() else None,
            env={name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ},
            creationflags=quiet | modest,
        )
        self._why = ""

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def cpu_seconds(self) -> float | None:
        """Processor time that it took so far; None where the system does not tell, or when it is gone."""
        if not sys.platform.startswith("linux"):
            return None
        try:
            return time.clock_gettime((~self.pid << 3) | 2)  # clock_getcpuclockid(3), spelled out
        except OSError:
            return None

    def send(self, frames: bytes) -> None:
        """Writes whole frames, waiting until the worker has taken them. A dead worker takes nothing."""
        rest = memoryview(frames)
        with contextlib.suppress(OSError, ValueError):  # who reads learns of the death from the end of the stream
            while rest:
                rest = rest[_pipe(self._process.stdin).write(rest) or 0 :]

    def receive(self) -> Iterator[list[bytes]]:
        """The payloads of the worker's frames, as many at a time as have arrived, until its stream ends.

        Raises:
            ValueError: what arrived is no frame.
        """
        stream = _pipe(self._process.stdout)
        buffer = bytearray()
        while chunk := _read(stream):
            buffer += chunk
            payloads, used = _split(buffer)
            del buffer[:used]
            if payloads:
                yield payloads
            if len(buffer) >= 4 and _length(buffer, 0) > MAX_ANSWER:
                raise ValueError("a frame longer than any answer")

    def kill(self, why: str = "") -> None:
        """Ends the process at once; the first `why` is the reason that `end` gives."""
        self._why = self._why or why
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self) -> str:
        """Sees to it that the process is gone and says in a few words how it went."""
        for patience in (_GRACE_SECONDS, _KILL_SECONDS):  # one that ends by itself keeps its own exit code
            try:
                code = self._process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill("the parser stopped answering")
            else:
                return self._why or _ending(code)
        return "the parser could not be ended"

    def close(self) -> None:
        """Closes the pipes; nobody may be reading or writing any more."""
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                _pipe(pipe).close()

    def forget(self) -> None:
        """For the child of a fork: lets go of the parent's worker without touching it."""
        self.close()
        self._process.returncode = 0  # it is not our child: nothing to wait for, no warning


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - Popen was told to make it
    return stream


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(_CHUNK)
    except (OSError, ValueError):  # closed under us
        return b""


def _split(buffer: bytearray) -> tuple[list[bytes], int]:
    """Whole payloads at the front of the buffer, and the bytes they take there."""
    payloads: list[bytes] = []
    at = 0
    while len(buffer) - at >= 4:
        end = at + 4 + _length(buffer, at)
        if end > len(buffer):
            break
        payloads.append(bytes(buffer[at + 4 : end]))
        at = end
    return payloads, at


def _length(buffer: bytearray, at: int) -> int:
    return int.from_bytes(buffer[at : at + 4], "little")


def _ending(code: int) -> str:
    if code >= 0:
        return f"the parser ended itself (exit code {code})"
    if -code == getattr(signal, "SIGXCPU", 0):
        return "the parser was stopped: the file took too much processor time"
    try:
        return f"the parser died ({signal.Signals(-code).name})"
    except ValueError:
        return f"the parser died (signal {-code})"
