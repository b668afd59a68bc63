"""Files that only mean something together: an SQLite database and what it has not yet taken into itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SUFFIXES = ("-wal", "-journal", "-shm")


def databases(names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Each name that has a write-ahead log or journal beside it, to all names of that group, itself included.

    A copy of log or journal fits a copy of the database if the database did not change from before its own copy was
    begun until after theirs were done: what is appended to a log meanwhile has checksums of its own
    (https://www.sqlite.org/walformat.html, https://www.sqlite.org/atomiccommit.html).
    """
    present = names if isinstance(names, (set, frozenset)) else frozenset(names)
    found = {name.rpartition("-")[0] for name in present if name.endswith(("-wal", "-journal"))}
    return {
        name: frozenset({name, *(name + suffix for suffix in _SUFFIXES if name + suffix in present)})
        for name in sorted(found & present)
    }
