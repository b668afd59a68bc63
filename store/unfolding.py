"""Solid frames that were read lately, each decoded once and only as far as somebody asked."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from codevault.store.zstd_codec import Unfolding

_HELD_BYTES = 16 << 20


@dataclass(slots=True)
class _Open:
    guard: threading.Lock = field(default_factory=threading.Lock)
    unfolding: Unfolding | None = None


class OpenFrames:
    """Frames by key, the most recently used up to a number of bytes. Any thread; one decodes a frame at a time."""

    def __init__(self, limit: int = _HELD_BYTES) -> None:
        self._limit = limit
        self._held: OrderedDict[object, _Open] = OrderedDict()
        self._guard = threading.Lock()

    def part(self, key: object, load: Callable[[], bytes], begin: int, end: int) -> bytes:
        """Some bytes of the content of the frame that `load` reads, which is called when it is not held.

        Raises:
            FrameDamaged: it does not decode that far. Nothing of it is held then, nor when `load` raises.
        """
        with self._guard:
            held = self._held.setdefault(key, _Open())
            self._held.move_to_end(key)
        try:
            with held.guard:
                if held.unfolding is None:
                    held.unfolding = Unfolding(load())
                content = held.unfolding.part(begin, end)
        except BaseException:
            with self._guard:
                self._held.pop(key, None)
            raise
        self._trim()
        return content

    def clear(self) -> None:
        """Forgets everything."""
        with self._guard:
            self._held.clear()

    def _trim(self) -> None:
        with self._guard:
            total = sum(held.unfolding.held for held in self._held.values() if held.unfolding is not None)
            while total > self._limit:
                _, oldest = self._held.popitem(last=False)
                total -= oldest.unfolding.held if oldest.unfolding is not None else 0
