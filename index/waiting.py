"""What waits for analysis, in the order of work: what is there now before what was, code before text, newest first.

What was goes path by path: versions of one text that lie together take half the space (DECISIONS.md).
"""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence

from codevault.index.model import Pending
from codevault.index.rows import Labels, ask_many, blob_text, path_text
from codevault.index.varints import unpack_ascending

IsCurrent = Callable[[str], bool]
"""Whether an analysis made with that grammar (`FileAnalysis.grammar`) would come out the same today."""


def waiting(db: sqlite3.Connection) -> Sequence[int]:
    """Numbers of the contents that were never analysed, in the order of work. O(n log n) in what waits."""
    return array("q", _ordered(db, "c.state = 0"))


def brought(db: sqlite3.Connection, project: int, sequence: int) -> Sequence[int]:
    """The same, of what one snapshot brought. Costs a look at each path that it changed."""
    row = db.execute("SELECT changed FROM snapshot WHERE project = ? AND sequence = ?", (project, sequence)).fetchone()
    paths = unpack_ascending(row[0]) if row is not None else ()
    rows = ask_many(db, _BROUGHT, paths, (project, sequence))
    return array("q", dict.fromkeys(number for _, number in sorted(rows)))


def outdated(db: sqlite3.Connection, labels: Labels, is_current: IsCurrent) -> Sequence[int]:
    """Numbers of the contents whose analysis is not what it would be today, what failed too, in the order of work."""
    numbers = array("q")
    used = db.execute(f"SELECT DISTINCT grammar FROM content c WHERE {_ANALYSED} ORDER BY grammar").fetchall()  # noqa: S608 - a constant
    for (grammar,) in used:
        if not is_current(labels.text(grammar)):
            numbers.extend(_ordered(db, f"{_ANALYSED} AND c.grammar = ?", (grammar,)))
    return numbers


def described(db: sqlite3.Connection, numbers: Iterable[int]) -> tuple[Pending, ...]:
    """Contents as work, in the order of their numbers given; those that nothing holds any more are left out."""
    wanted = list(numbers)
    found = {row[0]: row for row in ask_many(db, _DESCRIBED, wanted)}
    return tuple(
        Pending(content=number, blob=blob_text(blob), path=path_text(path), size=size)
        for number, blob, size, path in (found[number] for number in wanted if number in found)
    )


def _ordered(db: sqlite3.Connection, which: str, values: Sequence[int] = ()) -> Iterator[int]:
    rows = db.execute(_ORDERED.format(which), values)
    yield from (number for (number,) in rows)
    yield from (number for (number,) in db.execute(_OF_COMMITS.format(which), values))


_ANALYSED = "c.state IN (1, 4)"
_ORDERED = (
    "SELECT c.id FROM content c JOIN version v ON v.content = c.id"
    " JOIN snapshot s ON s.project = v.project AND s.sequence = v.first"
    " WHERE {} GROUP BY c.id"
    " ORDER BY max(v.last IS NULL) DESC, c.hint = (SELECT id FROM label WHERE text = ''),"
    " CASE WHEN max(v.last IS NULL) THEN 0 ELSE min(v.path) END, max(s.created_ns) DESC, c.id"
)
_OF_COMMITS = (
    "SELECT c.id FROM content c JOIN stay t ON t.content = c.id"
    " WHERE {} AND NOT EXISTS (SELECT 1 FROM version WHERE content = c.id)"
    " GROUP BY c.id ORDER BY max(t.last IS NULL) DESC, min(t.path), c.id DESC"
)
"""What no snapshot ever held comes last: what lines end with, then path by path what was told last first."""
_BROUGHT = (
    "SELECT c.hint = (SELECT id FROM label WHERE text = ''), c.id FROM version v JOIN content c ON c.id = v.content"
    " WHERE v.project = ? AND v.first = ? AND v.path IN (*) AND c.state = 0"
)
_DESCRIBED = (
    "SELECT c.id, c.blob, c.size, t.path FROM content c JOIN path t ON t.id = ifnull("
    " (SELECT path FROM version WHERE content = c.id LIMIT 1), (SELECT path FROM stay WHERE content = c.id LIMIT 1))"
    " WHERE c.id IN (*)"
)
