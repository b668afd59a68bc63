"""Freed memory given back to the system: glibc keeps what several threads freed, a hundred megabytes of an analysis."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Gives back what is free, some milliseconds' work; nothing where the C library has no call for it."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], object]:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # musl has none
            return ctypes.CDLL(None).malloc_trim
    return bool
