"""Reading what commits held: the versions of a project as a timeline, and which content a path had at a commit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from codevault.index.revisions import GONE, revision_key
from codevault.index.rows import ask_many
from codevault.index.timelines import CommitNode, SnapshotNode, Timeline
from codevault.index.varints import unpack

FEWEST_DIGITS = 7
"""Of a commit's id that name it, where they name one only."""


class Stay(NamedTuple):
    """A content in a path from one commit of a line to another, None: to the line's end."""

    path: int
    line: int
    first: int
    last: int | None
    content: int


def load_timeline(db: sqlite3.Connection, project: int) -> Timeline | None:
    """The versions of a project, None when no commit of it is recorded: then snapshots are a line by their sequence."""
    rows = db.execute(
        "SELECT number, id, committed_ns, line, parents FROM revision WHERE project = ? ORDER BY number", (project,)
    ).fetchall()
    if not rows:
        return None
    commits = []
    places = {}
    for place, key, committed_ns, line, parents in rows:
        places[key] = place
        steps = parents if parents.isascii() else unpack(parents)
        commits.append(CommitNode(committed_ns, line, [place - step for step in steps]))
    return Timeline(commits, snapshot_nodes(db, project, places))


def snapshot_nodes(db: sqlite3.Connection, project: int, places: Mapping[bytes, int]) -> list[SnapshotNode]:
    """The snapshots of a project in order; `places` are those of its commits, by their keys."""
    held = db.execute(
        "SELECT sequence, created_ns, facts FROM snapshot WHERE project = ? ORDER BY sequence", (project,)
    )
    return [
        SnapshotNode(sequence, created_ns, places.get(revision_key(str(json.loads(facts).get("head") or "")), 0))
        for sequence, created_ns, facts in held
    ]


def find_commits(db: sqlite3.Connection, project: int, asked: str) -> list[int]:
    """Places of the commits that an id names, whole or by its first digits."""
    key = revision_key(asked)
    row = db.execute(
        "SELECT number FROM revision WHERE project = ? AND substr(id, 1, 4) = ? AND id = ?", (project, key[:4], key)
    ).fetchone()
    if row is not None:
        return [row[0]]
    if len(asked) < FEWEST_DIGITS or set(asked) - set("0123456789abcdef"):
        return []
    begins = f"{asked.upper()}%"
    rows = db.execute(
        "SELECT number FROM revision WHERE project = ? AND length(id) IN (20, 32) AND hex(id) LIKE ?", (project, begins)
    )
    return [place for (place,) in rows]


def stays_of(db: sqlite3.Connection, project: int, paths: Iterable[int]) -> dict[int, list[Stay]]:
    """All runs of some paths, by path."""
    found: dict[int, list[Stay]] = {}
    question = "SELECT path, line, first, last, content FROM stay WHERE project = ? AND path IN (*)"
    for row in ask_many(db, question, paths, (project,)):
        found.setdefault(row[0], []).append(Stay(*row))
    return found


def held_at(stays: Iterable[Stay], reach: Mapping[int, int]) -> Stay | None:
    """What one of a path's runs held at the commit that `reach` belongs to, None when the path was not there."""
    by_line = {stay.line: stay for stay in stays if stay.line in reach and _covers(stay, reach[stay.line])}
    for line in reach:
        stay = by_line.get(line)
        if stay is not None:
            return None if stay.content == GONE else stay
    return None


def tree_at(db: sqlite3.Connection, project: int, reach: Mapping[int, int]) -> dict[int, Stay]:
    """What every path held at the commit that `reach` belongs to. Reads the project's runs."""
    if not reach:
        return {}
    rows = db.execute(
        "SELECT path, line, first, last, content FROM stay WHERE project = ? AND first <= ?"
        " AND (last IS NULL OR last >= ?)",
        (project, max(reach.values()), min(reach.values())),
    )
    nearest = {line: at for at, line in enumerate(reach)}
    found: dict[int, Stay] = {}
    for path, line, first, last, content in rows:
        place = reach.get(line)
        if place is None or first > place or (last is not None and last < place):
            continue
        known = found.get(path)
        if known is None or nearest[line] < nearest[known.line]:
            found[path] = Stay(path, line, first, last, content)
    return {path: stay for path, stay in found.items() if stay.content != GONE}


def _covers(stay: Stay, place: int) -> bool:
    return stay.first <= place and (stay.last is None or stay.last >= place)
