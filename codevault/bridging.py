"""What a backup run asks of version control: may this file's content be left to the repository?

A run without a repository, with one that is not to be trusted, or with the mode `copy` gets `NothingVersioned`, and
stores everything.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec
from blake3 import blake3

from codevault.source import Listed
from codevault.vcs.model import ObjectId, Standing, System
from codevault.vcs.ports import Repository
from codevault.vcs.remembering import Memory
from codevault.vcs.standing import standing

_SETTLED_NS = 2_000_000_000  # a file changed less than this before it was read may change again unseen
_HINTS = "hints"
_Hint = tuple[tuple[int, int, int, int, int], ObjectId]
_DECODER = msgspec.msgpack.Decoder(dict[str, tuple[tuple[int, int, int, int, int], str]])


class Versioned(Protocol):
    """Says which contents are safe elsewhere. Verdicts hold for one run; the next run asks again."""

    @property
    def token(self) -> str:
        """Changes whenever an earlier verdict may no longer hold; while it is the same, all of them stand."""
        ...

    def reference(self, path: str, listed: Listed, read: Callable[[], bytes]) -> str | None:
        """Where a file's present bytes are instead of the vault ("git:<object>"), None: store them.

        `read` is called when its signature was not met before; its errors pass through.
        """
        ...

    def stands(self, reference: str) -> bool:
        """True while an earlier answer of `reference` still holds; else those bytes are to be stored now."""
        ...


class NothingVersioned:
    """Everything is to be stored."""

    @property
    def token(self) -> str:
        """Always the same."""
        return ""

    def reference(self, path: str, listed: Listed, read: Callable[[], bytes]) -> str | None:  # noqa: ARG002
        """None."""
        return None

    def stands(self, reference: str) -> bool:  # noqa: ARG002
        """False: whatever was left to a repository is to be stored now."""
        return False


class VersionedFiles:
    """`Versioned` over a repository, remembering what files hashed to by path and signature.

    `now_ns` is the time of the run; `save()` keeps what was found out for the next one.
    """

    def __init__(self, repository: Repository, system: System, memory: Memory, *, now_ns: int) -> None:
        self._repository = repository
        self._memory = memory
        self._now_ns = now_ns
        self._system = str(system)
        self._safe = repository.safe()
        self._tracked = repository.tracked()
        held = memory.recall(_HINTS, self._system.encode("ascii"))
        self._known: dict[str, _Hint] = _DECODER.decode(held) if held else {}  # type: ignore[assignment]  # as kept
        self._met: dict[str, _Hint] = {}
        self._new = False

    @property
    def token(self) -> str:
        """See `Versioned.token`."""
        listed = "\n".join(sorted(self._safe)).encode("ascii")
        return f"{self._system}:{blake3(listed).hexdigest()}"

    def reference(self, path: str, listed: Listed, read: Callable[[], bytes]) -> str | None:
        """See `Versioned.reference`."""
        tracked = self._tracked.get(path)
        if tracked is None or tracked.link:
            return None
        known = self._known.get(path)
        if known is not None and known[0] == listed.signature:
            named = known[1]
            self._met[path] = known
        else:
            named = self._repository.object_id(read())
            self._new = True
            if max(listed.mtime_ns, listed.ctime_ns) < self._now_ns - _SETTLED_NS:
                self._met[path] = (listed.signature, named)
        if standing(tracked, named, self._safe) is not Standing.SAFE:
            return None
        return f"{self._system}:{named}"

    def stands(self, reference: str) -> bool:
        """See `Versioned.stands`."""
        system, _, named = reference.partition(":")
        return system == self._system and named in self._safe

    def save(self) -> None:
        """Keeps what files hashed to; the cache may forget it."""
        if self._new or len(self._met) != len(self._known):
            with suppress(UnicodeEncodeError):  # names that are not text: those files are hashed again
                self._memory.keep(_HINTS, self._system.encode("ascii"), msgspec.msgpack.encode(self._met))
