"""Long operations: progress, cancelling, and running in the background.

Every long call takes `progress=` and `cancel=` and has a `submit` twin that returns a `Job`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from codevault.errors import Cancelled

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an operation has come. `total` is None while it is unknown; `bytes` counts content read."""

    phase: str
    done: int
    total: int | None = None
    bytes: int = 0


ProgressCallback = Callable[[Progress], None]


class CancelToken:
    """Set from any thread; operations look at it between steps and raise `Cancelled`.

    Analysing also pauses: it lets go of the index, hands out no more files, and goes on when `resume()` is called.
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._lock = threading.Lock()

    def cancel(self) -> None:
        """Asks the operation to stop at its next step, paused or not. What it committed before stays."""
        with self._lock:
            self._event.set()
            self._going.set()

    def pause(self) -> None:
        """Asks an analysis to rest until `resume()`."""
        with self._lock:
            if not self._event.is_set():
                self._going.clear()

    def resume(self) -> None:
        """Lets a paused operation go on."""
        self._going.set()

    @property
    def paused(self) -> bool:
        """True between `pause()` and `resume()` or `cancel()`."""
        return not self._going.is_set()

    def wait(self) -> None:
        """Returns when it is not paused; raises `Cancelled` if `cancel()` was called."""
        self._going.wait()
        self.check()

    @property
    def cancelled(self) -> bool:
        """True once `cancel()` was called."""
        return self._event.is_set()

    def check(self) -> None:
        """Raises `Cancelled` if `cancel()` was called."""
        if self._event.is_set():
            raise Cancelled("cancelled by the caller; everything committed before is kept")


class Reporter:
    """Hands progress to the caller's callback, at most ten times a second, and never lets it break a run."""

    def __init__(self, callback: ProgressCallback | None = None, cancel: CancelToken | None = None) -> None:
        self._callback = callback
        self._cancel = cancel
        self._phase = ""
        self._next = 0.0

    def step(self, phase: str, done: int, total: int | None = None, content_bytes: int = 0) -> None:
        """Reports one step and looks at the cancel token.

        Raises:
            Cancelled: the token was set.
        """
        if self._cancel is not None:
            self._cancel.check()
        if self._callback is None:
            return
        now = time.monotonic()
        if phase == self._phase and now < self._next and done != total:
            return
        self._phase, self._next = phase, now + 0.1
        try:
            self._callback(Progress(phase=phase, done=done, total=total, bytes=content_bytes))
        except Exception:  # noqa: BLE001 - a broken callback must not cost a backup
            _LOG.warning("a progress callback raised; it is not called again", exc_info=True)
            self._callback = None


class Job(Generic[T]):
    """An operation that runs in a thread of its own. `result()` waits and raises what it raised."""

    def __init__(
        self, run: Callable[[ProgressCallback, CancelToken], T], progress: ProgressCallback | None = None
    ) -> None:
        self._future: Future[T] = Future()
        self._token = CancelToken()
        self._latest: Progress | None = None
        self._progress = progress
        self._run = run
        self._thread = threading.Thread(target=self._work, name="codevault-job", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._future.set_result(self._run(self._note, self._token))
        except BaseException as exc:  # noqa: BLE001 - handed to whoever calls result()
            self._future.set_exception(exc)

    def _note(self, progress: Progress) -> None:
        self._latest = progress
        if self._progress is not None:
            self._progress(progress)

    @property
    def progress(self) -> Progress | None:
        """The newest progress, None before the first."""
        return self._latest

    def done(self) -> bool:
        """True when the operation has ended, well or badly."""
        return self._future.done()

    def cancel(self) -> None:
        """Asks the operation to stop; `result()` then raises `Cancelled` unless it had ended."""
        self._token.cancel()

    def pause(self) -> None:
        """Asks an analysis to rest until `resume()`; other operations go on."""
        self._token.pause()

    def resume(self) -> None:
        """Lets a paused operation go on."""
        self._token.resume()

    def result(self, timeout: float | None = None) -> T:
        """Waits up to `timeout` seconds and gives the operation's result.

        Raises:
            TimeoutError: it is still running.
            CodeVaultError: whatever the operation raised.
        """
        return self._future.result(timeout)
