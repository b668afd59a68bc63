"""What a scope leaves to look at: fragments and text groups of its projects and paths, of any time.

Times, language and being alive do not narrow: what lies outside them in a covered place still tells since when an
answer was there, and until when.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from codevault.index.contents import fragment_list, packed_fragments
from codevault.index.rows import ask_many, path_text
from codevault.index.scoping import Limits


@dataclass(frozen=True, slots=True)
class Near:
    """Fragments that lie in covered places, and the text groups that hold them."""

    fragments: frozenset[int]
    groups: frozenset[int]


def near_text(db: sqlite3.Connection, bounds: Limits) -> Near | None:
    """What text a scope leaves; None: all. Linear in the versions of its projects."""
    contents = _contents(db, bounds)
    if contents is None:
        return None
    lists = packed_fragments(db, contents).values()
    fragments = frozenset(number for packed in lists for number, _ in fragment_list(packed)[1])
    held = db.execute("SELECT first, id FROM text_group ORDER BY first").fetchall()
    firsts = [first for first, _ in held]
    return Near(fragments, frozenset(held[bisect_right(firsts, number) - 1][1] for number in fragments))


_HELD = (
    "SELECT DISTINCT content, path FROM version WHERE project IN (*)",
    "SELECT DISTINCT content, path FROM stay WHERE project IN (*)",
)


def _contents(db: sqlite3.Connection, bounds: Limits) -> set[int] | None:
    if not bounds.by_place:
        return None
    rows: Iterable[tuple[int, ...]]
    if bounds.projects is None:
        rows = db.execute("SELECT content, path FROM version UNION SELECT content, path FROM stay").fetchall()
    else:
        rows = [row for question in _HELD for row in ask_many(db, question, bounds.projects)]
    if bounds.path is None:
        return {content for content, _ in rows}
    names = ask_many(db, "SELECT id, path FROM path WHERE id IN (*)", {path for _, path in rows})
    inside = {number for number, key in names if bounds.path(path_text(key))}
    return {content for content, path in rows if path in inside}
