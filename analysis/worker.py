"""The loop of a parser worker: a process that reads requests from standard input and answers on standard output.

Started as `python -I -m codevault.analysis.worker` and killed when it takes too long; whatever a file does to the
parser dies with it. It limits itself where the system lets it, and ends when its input does.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import BinaryIO, Final

from codevault.analysis.analyse import analyse
from codevault.analysis.model import FileAnalysis
from codevault.analysis.wire import decode_request, encode_response, read_frame

MEMORY_LIMIT: Final = 1 << 30
"""Bytes of address space of one worker."""

RETIRE_BYTES: Final = 192 << 20
"""Resident memory from which a worker asks to be replaced: parsers leak, and what they free is rarely given back."""

CPU_SECONDS: Final = 15
"""Processor time that one file may take before the system ends the worker; the parser stops itself after 10."""


def main() -> None:
    """Answer requests until the input ends; returns then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to handle
    gc.freeze()
    gc.set_threshold(50_000)  # an analysis makes many values and no cycles
    requests, responses = take_over_standard_streams()
    limit_resources()
    with suppress(BrokenPipeError):
        serve(requests, responses, before_each=limit_time, has_enough=has_grown)


def serve(
    requests: BinaryIO,
    responses: BinaryIO,
    *,
    before_each: Callable[[], None],
    has_enough: Callable[[], bool] = lambda: False,
) -> None:
    """Answer each request in order, one at a time. `before_each` sets limits that are a file's, not the process's.

    Once it `has_enough` an empty frame says so, and that nothing behind the last answer was looked at.
    """
    while (payload := read_frame(requests)) is not None:
        job, path, content = decode_request(payload)
        before_each()
        responses.write(encode_response(job, analyse(path, content)))
        if has_enough():
            responses.write(bytes(4))
            responses.flush()
            return
        responses.flush()


def has_grown() -> bool:
    """Whether the process holds RETIRE_BYTES or more; where only its peak is known, that counts."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >= RETIRE_BYTES
    except OSError:
        pass
    if sys.platform == "win32":
        return False
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak if sys.platform == "darwin" else peak << 10) >= RETIRE_BYTES


def analyse_batch(files: Sequence[tuple[str, bytes]]) -> list[FileAnalysis]:
    """The analyses of (path, content) pairs, in their order: what an executor's process is given to do."""
    return [analyse(path, content) for path, content in files]


def limit_time() -> None:
    """From here on the process has CPU_SECONDS: processor time, so that a busy machine fails no innocent file."""
    if sys.platform == "win32":
        return
    import resource

    with suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        until = int(time.process_time()) + CPU_SECONDS
        resource.setrlimit(resource.RLIMIT_CPU, (until if hard == resource.RLIM_INFINITY else min(until, hard), hard))


def take_over_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """Binary streams on what were descriptors 0 and 1; those now lead nowhere, so a stray print harms nothing."""
    requests = os.fdopen(os.dup(0), "rb")
    responses = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    return requests, responses


def limit_resources() -> None:
    """Bounded memory and no core file, on systems that know these; priority is the caller's to choose."""
    if sys.platform == "win32":
        return
    import resource

    for limit, value in ((resource.RLIMIT_AS, MEMORY_LIMIT), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


if __name__ == "__main__":
    main()
