"""How much processor time work in the background may take: what was taken is measured, and waited for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from codevault.errors import InvalidArgument

MOST_SAVED: Final = 2.0
"""Seconds of rest that count: who was idle for an hour may not be busy for an hour."""


class Allowance:
    """A share of one processor's time (2.0: two processors'), kept by handing out no work while it is used up.

    Any thread may tell what was spent and ask. Work is handed out in pieces, so what is spent may pass the share by a
    piece; the time it takes to earn that back follows.
    """

    def __init__(self, share: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not isinstance(share, (int, float)) or not share > 0:
            raise InvalidArgument("share is how much of a processor's time may be used: a number above 0")
        self._share = share
        self._clock = clock
        self._lock = threading.Lock()
        self._left = share * MOST_SAVED
        self._asked = clock()
        self._spent = 0.0

    @property
    def spent(self) -> float:
        """Seconds of processor time spent so far."""
        with self._lock:
            return self._spent

    def spend(self, seconds: float) -> None:
        """Tells of processor time that was used."""
        with self._lock:
            self._spent += seconds
            self._left -= seconds

    @property
    def exhausted(self) -> bool:
        """True while nothing more should be begun."""
        with self._lock:
            now = self._clock()
            self._left = min(self._share * MOST_SAVED, self._left + self._share * (now - self._asked))
            self._asked = now
            return self._left <= 0
