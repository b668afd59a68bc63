"""Processes that match structural patterns: killable, since native code reads texts and patterns of anybody."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from blake3 import blake3

from codevault.analysis.structure import SYNTAXES, PatternShape, Window
from codevault.analysis.structure_worker import Request, Response, decode_response, frame
from codevault.errors import InvalidPattern, WorkerError
from codevault.index.structuresearch import StructurePattern
from codevault.worker_process import WorkerProcess, default_command

BATCH_BYTES = 64 << 10
"""Text handed to a process at once."""

LONGEST_PATTERN = 4096
START_SECONDS = 60.0
"""How long a process may take to be there, and a pattern alone to be looked at: a loaded machine is slow."""

MOST_PATTERNS = 8
MOST_ANSWERS = 100_000
"""Texts whose answers to one pattern are remembered."""

_KEYS = (bytes(32), bytes([1]) * 32)

Spans = Sequence[tuple[int, int]]


class StructureEngine:
    """A few worker processes, started when there is something to match, kept until `close()` or forgotten.

    One question at a time uses it. A text that kills its process, or that the time is too short for, has no answer.
    """

    def __init__(self, workers: int = 2, *, command: Sequence[str] | None = None) -> None:
        self._command = command
        self._workers = workers
        self._lock = threading.Lock()
        self._seats: list[_Seat] = []
        self._answers: dict[tuple[str, str, str], dict[bytes, Spans]] = {}
        self._end = weakref.finalize(self, _dismiss, self._seats)

    def shape(self, syntax: str, language: str, pattern: str) -> PatternShape:
        """What is known of a pattern.

        Raises:
            InvalidPattern: it is none of that syntax and language.
            WorkerError: no process can be started.
        """
        if syntax not in SYNTAXES:
            raise InvalidPattern(f"a structural pattern is written for {' or '.join(SYNTAXES)}, not {syntax!r}")
        if not pattern.strip() or len(pattern) > LONGEST_PATTERN:
            raise InvalidPattern(f"a structural pattern has 1 to {LONGEST_PATTERN} characters")
        request = Request(only_shape=True, syntax=syntax, language=language, pattern=_sendable(pattern))
        with self._lock:
            answer = self._seat(0).ask(request, START_SECONDS)
        if answer is None or answer.shape is None:
            raise InvalidPattern("the pattern kills the program that reads it")
        if answer.shape.problem:
            raise InvalidPattern(answer.shape.problem)
        return answer.shape

    def asked(self, syntax: str, language: str, pattern: str) -> StructurePattern:
        """A pattern as the index searches it, this engine matching.

        Raises:
            InvalidPattern, WorkerError: as `shape`.
        """
        return StructurePattern(
            asked=f"structure {syntax} {language} {pattern}",
            language=language,
            shape=self.shape(syntax, language, pattern),
            engine=lambda windows, until: self.matches(syntax, language, pattern, windows, until),
        )

    def matches(
        self, syntax: str, language: str, pattern: str, windows: Sequence[Window], until: float
    ) -> list[Spans | None]:
        """For each text the ranges of its bytes that match; None where there is no answer by `until` (monotonic).

        Raises:
            WorkerError: no process can be started.
        """
        with self._lock:
            known = self._known((syntax, language, pattern))
            names = [blake3(window.text, key=_KEYS[window.inside]).digest(16) for window in windows]
            new = [at for at, name in enumerate(names) if name not in known]
            for at, spans in zip(
                new, self._asked((syntax, language, pattern), [windows[at] for at in new], until), strict=True
            ):
                if spans is not None:
                    known[names[at]] = spans
            return [known.get(name) for name in names]

    def _known(self, pattern: tuple[str, str, str]) -> dict[bytes, Spans]:
        """What texts answered to a pattern, for the next page or time; of a few patterns, the last ones."""
        known = self._answers.pop(pattern, {})
        if len(known) > MOST_ANSWERS:
            known = {}
        self._answers[pattern] = known
        while len(self._answers) > MOST_PATTERNS:
            del self._answers[next(iter(self._answers))]
        return known

    def _asked(self, pattern: tuple[str, str, str], windows: Sequence[Window], until: float) -> list[Spans | None]:
        found: list[Spans | None] = [None] * len(windows)
        batches = list(_batches(windows))
        sendable = (*pattern[:2], _sendable(pattern[2]))

        def work(number: int) -> None:
            while batches and time.monotonic() < until:
                try:
                    part = batches.pop()
                except IndexError:
                    return
                self._match(number, sendable, windows, part, until, found)

        hands = min(self._workers, len(batches))
        if hands == 1:
            work(0)
        elif hands:
            with ThreadPoolExecutor(hands, thread_name_prefix="codevault-structure") as threads:
                list(threads.map(work, range(hands)))
        return found

    def _match(
        self,
        number: int,
        pattern: tuple[str, str, str],
        windows: Sequence[Window],
        part: Sequence[int],
        until: float,
        found: list[Spans | None],
    ) -> None:
        """Asks one process for some texts; if it dies of them, for each alone."""
        request = Request(False, *pattern, windows=tuple(windows[at] for at in part))
        answer = self._seat(number).ask(request, until - time.monotonic())
        if answer is not None:
            for at, spans in zip(part, answer.spans, strict=True):
                found[at] = spans
        elif len(part) > 1:
            for at in part:
                if time.monotonic() < until:
                    self._match(number, pattern, windows, (at,), until, found)

    def _seat(self, number: int) -> _Seat:
        while len(self._seats) <= number:
            self._seats.append(_Seat(self._command or default_command(low_priority=False, worker="structure_worker")))
        return self._seats[number]

    def close(self) -> None:
        """Ends the processes; they start again when they are needed."""
        with self._lock:
            _dismiss(self._seats)


class _Seat:
    """One process, replaced when it died."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._process: WorkerProcess | None = None
        self._payloads: Iterator[bytes] = iter(())

    def ask(self, request: Request, seconds: float) -> Response | None:
        """The answer, or None when the process died over it or was killed for taking longer."""
        process = self._process or self._start()
        timer = threading.Timer(max(seconds, 0.0), process.kill)
        timer.daemon = True
        timer.start()
        try:
            process.send(frame(request))
            return decode_response(next(self._payloads))
        except (StopIteration, ValueError, MemoryError):
            self.end()
            return None
        finally:
            timer.cancel()

    def _start(self) -> WorkerProcess:
        try:
            process = WorkerProcess(self._command, low_priority=False)
        except OSError as exc:
            raise WorkerError(f"cannot start a process that matches patterns: {exc}") from exc
        self._process = process
        self._payloads = (payload for payloads in process.receive() for payload in payloads)
        timer = threading.Timer(START_SECONDS, process.kill)
        timer.daemon = True
        timer.start()
        try:
            next(self._payloads)  # empty: it is ready
        except (StopIteration, ValueError) as exc:
            self.end()
            raise WorkerError(
                "a process that matches patterns does not start; is CodeVault installed completely?"
            ) from exc
        finally:
            timer.cancel()
        return process

    def end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.end()
            process.close()


def _dismiss(seats: list[_Seat]) -> None:
    while seats:
        seats.pop().end()


def _sendable(pattern: str) -> str:
    return pattern.encode("utf-8", "replace").decode()


def _batches(windows: Sequence[Window]) -> Iterator[list[int]]:
    """Numbers of the texts, some at a time, the last ones first taken: so the first are at the end."""
    parts: list[list[int]] = [[]]
    size = 0
    for at, window in enumerate(windows):
        if size >= BATCH_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(at)
        size += len(window.text)
    yield from (part for part in reversed(parts) if part)
