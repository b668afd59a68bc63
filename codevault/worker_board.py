"""Where the caller's thread and the workers' threads meet: files that wait, workers, what each holds, answers.

All policy of the pool is here: who gets which files, whose time is up, what a worker's death means for the files it
held. Every change happens under one lock; nobody holds it while waiting for a pipe or a process.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from codevault.allowance import Allowance
from codevault.analysis import wire
from codevault.analysis.model import FileAnalysis, Outcome
from codevault.errors import WorkerError
from codevault.worker_process import WorkerProcess

BATCH_BYTES = 128 << 10
"""Content sent to a worker at once, and how little it may hold when it is fed again: it never waits."""

BATCH_FILES = 32
"""The same, counted in files."""

ALONE_BYTES = 1 << 20
"""A file so big travels alone: the death of its worker has one suspect, and it is never sent twice."""

MAX_CONTENT = 128 << 20
"""Bytes of the longest file that is handed to a worker; workers are held to 1 GiB."""

TICK_SECONDS = 0.1
"""How often somebody has to call `tend`."""

_START_SECONDS = 60.0  # a loaded machine may take long to start Python; this is no file's fault
_JOIN_SECONDS = 5.0  # both threads end with the process, unless a stranger inherited its pipes
_FAILED_STARTS = 3  # workers in a row that ended before they were ready


@dataclass(slots=True, eq=False)
class Task:
    """A file on its way. `alone`: sent with no other around. `shared`: others were in its worker with it."""

    number: int
    path: str
    content: bytes
    alone: bool
    shared: bool = False


@dataclass(slots=True, eq=False)
class _Seat:
    """A worker and what it holds, oldest first. `since` is when it turned to the oldest."""

    process: WorkerProcess
    since: float
    held: deque[Task] = field(default_factory=deque)
    held_bytes: int = 0
    reserved: Task | None = None
    spent: float = 0.0
    ready: bool = False
    retired: bool = False
    dead: bool = False
    threads: tuple[threading.Thread, ...] = ()


class Board:
    """What the caller's thread and the workers' threads share. It never refers to the pool, so a pool can be freed."""

    def __init__(
        self,
        *,
        limit: int,
        seconds: float,
        command: tuple[str, ...],
        low_priority: bool,
        allowance: Allowance | None = None,
    ) -> None:
        self._limit = limit
        self._seconds = seconds
        self._command = command
        self._low_priority = low_priority
        self._allowance = allowance
        self._failed_starts = 0
        self._run = 0
        self._clear()
        _BOARDS.add(self)

    def _clear(self) -> None:
        lock = threading.RLock()  # garbage collection may dismiss a forgotten pool while a thread holds it
        self._work = threading.Condition(lock)
        self._done = threading.Condition(lock)
        self._waiting: deque[Task] = deque()
        self._answers: deque[tuple[Task, FileAnalysis]] = deque()
        self._seats: list[_Seat] = []

    # Called by the caller's thread.

    def begin(self) -> int:
        """A new run's number; it stays valid until the workers are dismissed or the process forks."""
        self._failed_starts = 0
        return self._run

    def admit(self, tasks: Iterable[Task]) -> None:
        """Queues files for whichever worker is free next; files too long for any are answered at once."""
        with self._work:
            for task in tasks:
                if len(task.content) > MAX_CONTENT:
                    self._answers.append((task, _TOO_LONG))
                else:
                    self._waiting.append(task)
            self._work.notify_all()

    def collect(self, seconds: float) -> list[tuple[Task, FileAnalysis]]:
        """Answers that have arrived, after waiting that long for the first."""
        with self._done:
            if not self._answers and seconds:
                self._done.wait(seconds)
            answers = list(self._answers)
            self._answers.clear()
        return answers

    def tend(self, run: int) -> None:
        """Kills workers that overrun their time, replaces the dead, starts more while files wait.

        Raises:
            WorkerError: not one worker can be started, or those of this run are gone.
        """
        if run != self._run:
            raise WorkerError("the pool was closed or the process forked while files were with the workers")
        now = time.monotonic()
        with self._work:
            for seat in self._seats:
                self._measure(seat)
            resting = self._is_resting()
            if self._allowance is not None and not resting:
                self._work.notify_all()
            dead = [seat for seat in self._seats if seat.dead]
            for seat in self._seats:
                allowed = self._seconds if seat.ready else max(_START_SECONDS, self._seconds)
                if (seat.held or not seat.ready) and now - seat.since > allowed:
                    seat.process.kill(f"the parser was killed after {allowed:g} s")
            idle = any(not seat.held and not seat.dead for seat in self._seats)
            wanted = (
                bool(self._waiting)
                and not idle
                and not resting
                and len(self._seats) < self._limit
                and self._may_start()
            )
        for seat in dead:
            self._bury(seat)
        if wanted and not dead:
            self._start(None)

    def _measure(self, seat: _Seat) -> None:
        """Tells the allowance what a worker took of the processor since the last look, where the system knows."""
        if self._allowance is None:
            return
        taken = seat.process.cpu_seconds()
        if taken is not None:
            self._allowance.spend(max(0.0, taken - seat.spent))
            seat.spent = taken

    def _is_resting(self) -> bool:
        return self._allowance is not None and self._allowance.exhausted

    def _may_start(self) -> bool:
        """Workers that cannot be started are not tried for ever while others do the work."""
        return self._failed_starts < _FAILED_STARTS or not self._seats

    def dismiss(self) -> None:
        """Kills every worker, waits for their threads and processes to end, forgets all files."""
        with self._work:
            self._run += 1
            seats, self._seats = self._seats, []
            for seat in seats:
                seat.dead = True
                seat.process.kill()
            self._waiting.clear()
            self._work.notify_all()
        for seat in seats:
            _lay_to_rest(seat)
        self._answers.clear()

    def forget(self) -> None:
        """In the child of a fork: the workers are the parent's, and its threads and locks did not come along."""
        for seat in self._seats:
            seat.process.forget()
        self._run += 1
        self._clear()

    def _bury(self, seat: _Seat) -> None:
        why = _lay_to_rest(seat)
        self._failed_starts = 0 if seat.ready else self._failed_starts + 1
        with self._work:
            self._seats.remove(seat)
            survivors = list(seat.held)
            suspect = survivors.pop(0) if survivors and seat.ready and not seat.retired else None
            if seat.reserved is not None:
                survivors.append(seat.reserved)
            self._waiting.extendleft(reversed(survivors))
            self._work.notify_all()
            if suspect is not None and not suspect.shared:
                self._answers.append((suspect, unparsed(suspect.path, suspect.content, why)))
                suspect = None
        if self._failed_starts >= _FAILED_STARTS and not self._seats:
            raise WorkerError(f"parser workers do not start: {why}; is CodeVault installed completely?")
        if suspect is not None:
            suspect.alone, suspect.shared = True, False
            self._start(suspect)

    def _start(self, first: Task | None) -> None:
        """Starts one worker, with a file of its own to begin with; with fewer workers than wished work goes on."""
        try:
            seat = _Seat(WorkerProcess(self._command, low_priority=self._low_priority), time.monotonic())
        except OSError as exc:
            self._without(first, exc)
            return
        seat.reserved = first
        try:
            seat.threads = (_thread(self._listen, seat), _thread(self._feed, seat))
        except RuntimeError as exc:  # no more threads; nothing fed it, so it holds no file
            with self._work:
                seat.dead = True
                self._work.notify_all()
            _lay_to_rest(seat)
            self._without(first, exc)
            return
        with self._work:
            self._seats.append(seat)

    def _without(self, first: Task | None, cause: Exception) -> None:
        self._failed_starts += 1
        if first is not None:
            with self._work:
                self._waiting.appendleft(first)
                self._work.notify_all()
        if not self._seats:
            raise WorkerError(f"cannot start a parser worker: {cause}") from cause

    # Called by the threads of a worker.

    def _feed(self, seat: _Seat) -> None:
        while batch := self._take(seat):
            requests = [self._request(seat, task) for task in batch]
            seat.process.send(b"".join(requests))

    def _request(self, seat: _Seat, task: Task) -> bytes:
        try:
            return wire.encode_request(task.number, task.path, task.content)
        except (MemoryError, ValueError):
            with self._work:
                seat.held.remove(task)
                seat.held_bytes -= len(task.content)
                hidden = ((0, len(task.content)),)  # nobody looked for secrets in it
                self._answers.append((task, replace(_UNSENDABLE, secrets=hidden)))
            return b""

    def _take(self, seat: _Seat) -> list[Task]:
        """Waits until the worker should get more files; none once it is dead."""
        with self._work:
            batch: list[Task] = []
            while not seat.dead and not (batch := self._choose(seat)):
                self._work.wait()
            if not batch:
                return batch
            if not seat.held:
                seat.since = time.monotonic()
            if len(batch) > 1 or seat.held:
                for task in (*seat.held, *batch):
                    task.shared = True
            seat.held.extend(batch)
            seat.held_bytes += sum(len(task.content) for task in batch)
            return batch

    def _choose(self, seat: _Seat) -> list[Task]:
        if self._is_resting():
            return []
        if seat.held and (seat.held[0].alone or len(seat.held) > BATCH_FILES or seat.held_bytes > BATCH_BYTES):
            return []
        if seat.reserved is not None:
            first, seat.reserved = seat.reserved, None
            return [first]
        batch: list[Task] = []
        size = 0
        while self._waiting and size < BATCH_BYTES and len(batch) < BATCH_FILES:
            if self._waiting[0].alone:
                return batch or ([] if seat.held else [self._waiting.popleft()])
            batch.append(self._waiting.popleft())
            size += len(batch[-1].content)
        return batch

    def _listen(self, seat: _Seat) -> None:
        try:
            for payloads in seat.process.receive():
                if not seat.ready:
                    seat.ready, seat.since = True, time.monotonic()
                    del payloads[0]
                if payloads and not payloads[-1]:  # it has grown and ends by itself
                    seat.retired = True
                    del payloads[-1]
                self._deliver(seat, [wire.decode_response(payload) for payload in payloads])
        except (MemoryError, ValueError):
            seat.process.kill("the parser's answer could not be read")
        with self._work:
            seat.dead = True
            self._work.notify_all()
            self._done.notify_all()

    def _deliver(self, seat: _Seat, answers: Iterable[tuple[int, FileAnalysis]]) -> None:
        with self._work:
            for number, analysis in answers:
                if not seat.held or seat.held[0].number != number:
                    raise ValueError("an answer to nothing that was asked")
                task = seat.held.popleft()
                seat.held_bytes -= len(task.content)
                self._answers.append((task, analysis))
            now = time.monotonic()
            if self._allowance is not None and seat.process.cpu_seconds() is None:
                self._allowance.spend(now - seat.since)
            seat.since = now
            self._work.notify_all()
            self._done.notify_all()


def _thread(run: Callable[[_Seat], None], seat: _Seat) -> threading.Thread:
    thread = threading.Thread(target=run, args=(seat,), name="codevault-worker", daemon=True)
    thread.start()
    return thread


def _lay_to_rest(seat: _Seat) -> str:
    why = seat.process.end()
    for thread in seat.threads:
        if thread is not threading.current_thread():
            thread.join(_JOIN_SECONDS)
    seat.process.close()
    return why


def unparsed(path: str, content: bytes, why: str) -> FileAnalysis:
    """What is known of a file that no parser survived: its text, and the grammar that need not try it again."""
    from codevault.analysis.credentials import suspicious
    from codevault.analysis.detection import detect_language
    from codevault.analysis.grammar import load_grammar
    from codevault.analysis.units import cut_text

    language = detect_language(path, content)
    grammar = load_grammar(language) if language else None
    return FileAnalysis(
        outcome=Outcome.FAILED,
        language=language,
        grammar=grammar.edition if grammar else "",
        units=cut_text(content),
        problems=(why,),
        secrets=suspicious(content),
    )


def _unread(why: str) -> FileAnalysis:
    return FileAnalysis(outcome=Outcome.FAILED, language="", grammar="", problems=(why,))


_TOO_LONG = _unread(f"longer than {MAX_CONTENT} bytes: not looked into")
_UNSENDABLE = _unread("no memory to send it to the parser: not looked into")
_BOARDS: weakref.WeakSet[Board] = weakref.WeakSet()


def _forget_in_child() -> None:
    for board in list(_BOARDS):
        board.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
