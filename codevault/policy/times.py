"""By when a package manager was done with a package: what was written later, somebody wrote."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from codevault.policy.around import Stamped

S = 1_000_000_000
_GRACE_NS = 60 * S  # a large package is written for that long


@dataclass(slots=True)
class Times:
    """The moment for each folder, by path. `mark_ns`: when the manager was done with everything, None: unknown."""

    mark_ns: int | None = None
    grace_ns: int = _GRACE_NS
    _limits: dict[str, int | None] = field(default_factory=dict)

    @classmethod
    def since(cls, stamp: Stamped | None) -> Times:
        """Of a manager that was done when it wrote its list."""
        return cls(None if stamp is None else stamp.mtime_ns)

    def package(self, path: str, stamps: Iterable[Stamped | None], own_ns: int | None = None) -> None:
        """A package's folder and the names in it; `own_ns`: when it was written, None: judged by the oldest name.

        Nothing sets the time back at which a name came to be there, so an old date does not hide what is new. A tree
        that was copied has young names all over: there the manager's own mark is what is left.
        """
        first = min((stamp.ctime_ns for stamp in stamps if stamp is not None), default=None)
        known = own_ns if own_ns is not None else first
        limits = [limit for limit in (self.mark_ns, known + self.grace_ns if known is not None else None) if limit]
        self._limits[path] = min(limits, default=None)

    def inner(self, path: str) -> None:
        """A folder in a package."""
        self._limits[path] = self._limits.get(path.rpartition("/")[0])

    def leave(self, path: str) -> None:
        """A folder of the manager's own, in which nothing is looked for."""
        self._limits[path] = None

    def limit(self, path: str) -> int | None:
        """Until when the manager wrote in a folder."""
        return self._limits.get(path)

    def is_later(self, path: str, stamp: Stamped) -> bool:
        """True for a file that was written after its package was."""
        limit = self._limits.get(path.rpartition("/")[0])
        return limit is not None and stamp.mtime_ns > limit
