"""What came before what among the versions of a project, and which commits have which names."""

from __future__ import annotations

import sqlite3

from codevault.errors import UnknownSnapshot
from codevault.ids import BlobId, ProjectId
from codevault.index.history import (
    TimelineOf,
    commits_of,
    known_timeline,
    seen_at,
    seen_one,
    stays_at,
    steps,
)
from codevault.index.model import Seen
from codevault.index.revisions import revision_text
from codevault.index.rows import blob_key
from codevault.index.snapshots import project_number
from codevault.index.stays import find_commits


def line_of_versions(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId) -> tuple[Seen, ...]:
    """All commits and snapshots of a project: by time, but parents before children."""
    number = project_number(db, project)
    timeline = timeline_of(number)
    if timeline is None:
        return steps(db, project)
    moments = {seen.sequence: seen for seen in steps(db, project)}
    moments.update((seen.sequence, seen) for seen in commits_of(db, number))
    return tuple(moments[at] for at in timeline.numbers)


def parents(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, number: int) -> tuple[int, ...]:
    """The versions that one was made from, by number; a snapshot's commit before the snapshot before it.

    Raises:
        UnknownSnapshot: that version is not recorded.
    """
    owner = project_number(db, project)
    timeline = timeline_of(owner)
    if timeline is not None:
        return known_timeline(timeline_of, owner, project, number).parents(number)
    row = db.execute(
        "SELECT (SELECT max(sequence) FROM snapshot WHERE project = s.project AND sequence < s.sequence)"
        " FROM snapshot s WHERE s.project = ? AND s.sequence = ?",
        (owner, number),
    ).fetchone()
    if row is None:
        raise UnknownSnapshot(f"the index knows no version {number} of project {project}")
    return () if row[0] is None else (row[0],)


def follower(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, number: int) -> int | None:
    """The version that came next where one was: the next snapshot, or the next commit on its line."""
    owner = project_number(db, project)
    if timeline_of(owner) is not None:
        return known_timeline(timeline_of, owner, project, number).follower(number)
    question = "SELECT min(sequence) FROM snapshot WHERE project = ? AND sequence > ?"
    found = db.execute(question, (owner, number)).fetchone()[0]
    return None if found is None else int(found)


def rank(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, number: int) -> int:
    """Where a version stands among the others of its project."""
    owner = project_number(db, project)
    return number if timeline_of(owner) is None else known_timeline(timeline_of, owner, project, number).rank(number)


def leads(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, earlier: int, later: int) -> bool:
    """True when one version is among those that another came from."""
    owner = project_number(db, project)
    if timeline_of(owner) is None:
        return earlier <= later
    timeline = known_timeline(timeline_of, owner, project, earlier)
    return timeline.leads(earlier, later)


def newest(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId) -> int | None:
    """The newest snapshot's number, without one that of the commit that the repository stands on."""
    owner = project_number(db, project)
    row = db.execute("SELECT max(sequence) FROM snapshot WHERE project = ?", (owner,)).fetchone()
    if row[0] is not None or timeline_of(owner) is None:
        return None if row[0] is None else int(row[0])
    head = db.execute("SELECT head FROM project WHERE id = ?", (owner,)).fetchone()[0]
    return None if head is None else -int(head)


def committed_as(
    db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, path: str, blob: BlobId, number: int
) -> Seen | None:
    """The first commit behind a version that brought a content into a path: it took uncommitted work in."""
    owner = project_number(db, project)
    timeline = timeline_of(owner)
    if timeline is None:
        return None
    contents = {
        content
        for (content,) in db.execute(
            "SELECT id FROM content WHERE substr(blob, 1, 4) = ? AND blob = ?", (blob_key(blob)[:4], blob_key(blob))
        )
    }
    behind = [
        -stay.first
        for stay in stays_at(db, owner, path)
        if stay.content in contents and timeline.rank(-stay.first) > timeline.rank(number)
    ]
    if not behind:
        return None
    return seen_one(db, owner, min(behind, key=timeline.rank))


def commits_named(db: sqlite3.Connection, project: ProjectId, commit: str) -> tuple[Seen, ...]:
    """The commits that an id, or the first digits of one, names."""
    number = project_number(db, project)
    places = find_commits(db, number, commit)
    return tuple(seen_at(db, ((number, -place) for place in places)).values())


def known_commits(db: sqlite3.Connection, project: ProjectId) -> frozenset[str]:
    """Ids of the commits of a project that are recorded."""
    rows = db.execute("SELECT r.id FROM revision r JOIN project p ON p.id = r.project WHERE p.project = ?", (project,))
    return frozenset(revision_text(key) for (key,) in rows)
