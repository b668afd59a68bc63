"""Reading the catalog's history: which path held what, when, and what a snapshot or a commit changed.

A version of a project is named by a number: a snapshot's sequence, or a commit's place as a negative one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from codevault.errors import IndexDamaged, UnknownSnapshot
from codevault.ids import ProjectId, SnapshotId
from codevault.index.model import FileVersion, PathChange, Seen
from codevault.index.names import glob_matcher
from codevault.index.revisions import revision_text
from codevault.index.rows import ask_many, blob_text, path_key, path_text
from codevault.index.snapshots import project_number
from codevault.index.stays import Stay, held_at, stays_of, tree_at
from codevault.index.timelines import Timeline
from codevault.index.varints import unpack_ascending

MOST_APART = 1000
"""Paths whose present content is looked up by itself; of more, everything that is there is read."""

TimelineOf = Callable[[int], Timeline | None]
"""The timeline of a project by the catalog's number, None when it has no commits."""

_VERSION = (
    "SELECT p.project, t.path, c.blob, c.size, v.first, f.id, f.created_ns, v.last, l.id, l.created_ns"
    " FROM version v JOIN project p ON p.id = v.project JOIN path t ON t.id = v.path"
    " JOIN content c ON c.id = v.content"
    " JOIN snapshot f ON f.project = v.project AND f.sequence = v.first"
    " LEFT JOIN snapshot l ON l.project = v.project AND l.sequence = v.last "
)


def versions(db: sqlite3.Connection, project: ProjectId, path: str) -> tuple[FileVersion, ...]:
    """All versions of a path in snapshots, oldest first; empty for a path that never was."""
    number = project_number(db, project)
    question = f"{_VERSION} WHERE v.project = ? AND t.path = ? ORDER BY v.first"
    return tuple(_file_versions(db.execute(question, (number, path_key(path)))))


def lives(db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, path: str) -> tuple[FileVersion, ...]:
    """All versions of a path in commits and snapshots, in the order in which they began; neighbours are joined."""
    found = versions(db, project, path)
    number = project_number(db, project)
    timeline = timeline_of(number)
    if timeline is None:
        return found
    runs = [*found, *_told(db, number, project, timeline, stays_at(db, number, path))]
    runs.sort(key=lambda run: timeline.rank(run.first.sequence))
    joined: list[FileVersion] = []
    for run in runs:
        if joined and joined[-1].blob == run.blob:
            joined[-1] = replace(joined[-1], last=_later(timeline, joined[-1].last, run.last))
        else:
            joined.append(run)
    return tuple(joined)


def _later(timeline: Timeline, one: Seen | None, other: Seen | None) -> Seen | None:
    if one is None or other is None:
        return None
    return max(one, other, key=lambda seen: timeline.rank(seen.sequence))


def held(
    db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, path: str, number: int
) -> FileVersion | None:
    """What a path held in one version of its project, None when it was not there."""
    owner = project_number(db, project)
    if number > 0:
        question = f"{_VERSION} WHERE v.project = ? AND t.path = ? AND v.first <= ? AND (v.last IS NULL OR v.last >= ?)"
        return next(_file_versions(db.execute(question, (owner, path_key(path), number, number))), None)
    timeline = known_timeline(timeline_of, owner, project, number)
    stay = held_at(stays_at(db, owner, path), timeline.reach(-number))
    return None if stay is None else _told(db, owner, project, timeline, [stay])[0]


def stays_at(db: sqlite3.Connection, project: int, path: str) -> list[Stay]:
    """All runs of a path on lines of commits."""
    row = db.execute("SELECT id FROM path WHERE path = ?", (path_key(path),)).fetchone()
    return [] if row is None else stays_of(db, project, row).get(row[0], [])


def known_timeline(timeline_of: TimelineOf, owner: int, project: ProjectId, number: int) -> Timeline:
    """The timeline of a project, when it has that version.

    Raises:
        UnknownSnapshot: it has not.
    """
    timeline = timeline_of(owner)
    if timeline is None or not timeline.knows(number):
        raise UnknownSnapshot(f"the index knows no version {number} of project {project}")
    return timeline


def _told(
    db: sqlite3.Connection, number: int, project: ProjectId, timeline: Timeline, stays: Iterable[Stay]
) -> list[FileVersion]:
    """Runs on lines as file versions, in their order; those that stand for a missing path are left out."""
    stays = [stay for stay in stays if stay.content]
    names = dict(ask_many(db, "SELECT id, path FROM path WHERE id IN (*)", {stay.path for stay in stays}))
    blobs = {
        content: (blob, size)
        for content, blob, size in ask_many(
            db, "SELECT id, blob, size FROM content WHERE id IN (*)", {stay.content for stay in stays}
        )
    }
    lasts = [stay.last or timeline.end(stay.line) for stay in stays]
    there = alive_at_head(db, number, timeline)
    seen = seen_at(db, ((number, -place) for place in {*lasts, *(stay.first for stay in stays)}))
    return [
        FileVersion(
            project=project,
            path=path_text(names[stay.path]),
            blob=blob_text(blobs[stay.content][0]),
            size=blobs[stay.content][1],
            first=seen[number, -stay.first],
            last=None if there.get(stay.path) == stay else seen[number, -last],
        )
        for stay, last in zip(stays, lasts, strict=True)
    ]


def alive_at_head(db: sqlite3.Connection, project: int, timeline: Timeline) -> Mapping[int, Stay]:
    """What is there now in a project without snapshots, by path: what its newest commit holds."""
    if timeline.newest:
        return {}
    if timeline.tree is None:
        head = db.execute("SELECT head FROM project WHERE id = ?", (project,)).fetchone()[0]
        timeline.tree = tree_at(db, project, timeline.reach(head)) if head is not None else {}
    return timeline.tree


def alive_among(db: sqlite3.Connection, project: int, timeline: Timeline, paths: Collection[int]) -> Mapping[int, Stay]:
    """The same of some paths, and of others that were asked for before; few are looked up by themselves."""
    if timeline.newest or timeline.tree is not None or len(paths) > MOST_APART:
        return alive_at_head(db, project, timeline)
    missing = set(paths) - timeline.looked_up
    if missing:
        head = db.execute("SELECT head FROM project WHERE id = ?", (project,)).fetchone()[0]
        reach = timeline.reach(head) if head is not None else {}
        for path, stays in stays_of(db, project, missing).items():
            stay = held_at(stays, reach)
            if stay is not None:
                timeline.alive[path] = stay
        timeline.looked_up |= missing
    return timeline.alive


def file_versions(db: sqlite3.Connection, project: ProjectId) -> tuple[FileVersion, ...]:
    """All versions of all paths, by path and time."""
    question = f"{_VERSION} WHERE v.project = ? ORDER BY t.path, v.first"
    return tuple(_file_versions(db.execute(question, (project_number(db, project),))))


def project_ids(db: sqlite3.Connection) -> tuple[ProjectId, ...]:
    """The projects that were recorded, in the order in which they were."""
    return tuple(ProjectId(project) for (project,) in db.execute("SELECT project FROM project ORDER BY id"))


def paths(
    db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, sequence: int | None, glob: str
) -> tuple[FileVersion, ...]:
    """What a version held (None: the newest snapshot), by path."""
    number = project_number(db, project)
    matches = glob_matcher(glob or "*")
    rows: Iterable[FileVersion]
    if sequence is None:
        rows = _file_versions(db.execute(f"{_VERSION} WHERE v.project = ? AND v.last IS NULL", (number,)))
    elif sequence < 0:
        timeline = known_timeline(timeline_of, number, project, sequence)
        rows = _told(db, number, project, timeline, tree_at(db, number, timeline.reach(-sequence)).values())
    else:
        alive = "v.project = ? AND v.first <= ? AND (v.last IS NULL OR v.last >= ?)"
        rows = _file_versions(db.execute(f"{_VERSION} WHERE {alive}", (number, sequence, sequence)))
    found = [version for version in rows if matches(version.path)]
    found.sort(key=lambda version: path_key(version.path))
    return tuple(found)


def contents_at(
    db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, sequence: int, path: str
) -> Sequence[tuple[str, int]]:
    """(path, content number) of what a version held, by path; `path` is a glob, "" for all."""
    number = project_number(db, project)
    rows: Iterable[tuple[bytes, int]]
    if sequence < 0:
        timeline = known_timeline(timeline_of, number, project, sequence)
        tree = tree_at(db, number, timeline.reach(-sequence))
        names = ask_many(db, "SELECT path, id FROM path WHERE id IN (*)", tree)
        rows = sorted((key, tree[at].content) for key, at in names)
    else:
        rows = db.execute(
            "SELECT t.path, v.content FROM version v JOIN path t ON t.id = v.path"
            " WHERE v.project = ? AND v.first <= ? AND (v.last IS NULL OR v.last >= ?) ORDER BY t.path",
            (number, sequence, sequence),
        )
    matches = glob_matcher(path or "*")
    named = ((path_text(key), content) for key, content in rows)
    return [(name, content) for name, content in named if matches(name)]


def steps(db: sqlite3.Connection, project: ProjectId) -> tuple[Seen, ...]:
    """All snapshots of a project, in order."""
    number = project_number(db, project)
    rows = db.execute("SELECT sequence, id, created_ns FROM snapshot WHERE project = ? ORDER BY sequence", (number,))
    return tuple(_seen(project, *row) for row in rows)


def snapshot_ids(db: sqlite3.Connection, project: ProjectId | None) -> tuple[SnapshotId, ...]:
    """Ids of the recorded snapshots, of one project or of all, in order."""
    if project is None:
        rows = db.execute("SELECT id FROM snapshot ORDER BY project, sequence")
    else:
        row = db.execute("SELECT id FROM project WHERE project = ?", (project,)).fetchone()
        rows = db.execute("SELECT id FROM snapshot WHERE project = ? ORDER BY sequence", row or (0,))
    return tuple(SnapshotId(identity.hex()) for (identity,) in rows)


def changes(
    db: sqlite3.Connection, timeline_of: TimelineOf, project: ProjectId, sequence: int
) -> tuple[PathChange, ...]:
    """What a snapshot changed against the one before it, or a commit against its first parent, by path.

    Raises:
        UnknownSnapshot: that version is not recorded.
    """
    number = project_number(db, project)
    if sequence < 0:
        return _changes_of_commit(
            db, known_timeline(timeline_of, number, project, sequence), number, project, -sequence
        )
    row = db.execute(
        "SELECT s.changed, (SELECT max(sequence) FROM snapshot WHERE project = s.project AND sequence < s.sequence)"
        " FROM snapshot s WHERE s.project = ? AND s.sequence = ?",
        (number, sequence),
    ).fetchone()
    if row is None:
        raise UnknownSnapshot(f"the index knows no snapshot {sequence} of project {project}")
    touched, previous = unpack_ascending(row[0]), row[1]
    question = f"{_VERSION} WHERE v.project = ? AND (v.first = ? OR v.last = ?) AND v.path IN (*)"
    before: dict[str, FileVersion] = {}
    after: dict[str, FileVersion] = {}
    for version in _file_versions(ask_many(db, question, touched, (number, sequence, previous))):
        side = after if version.first.sequence == sequence else before
        side[version.path] = version
    return _as_changes(before, after)


def _changes_of_commit(
    db: sqlite3.Connection, timeline: Timeline, number: int, project: ProjectId, place: int
) -> tuple[PathChange, ...]:
    row = db.execute("SELECT changed FROM revision WHERE project = ? AND number = ?", (number, place)).fetchone()
    stays = stays_of(db, number, unpack_ascending(row[0]))
    first_parent = next((-parent for parent in timeline.own_parents(place)), 0)
    sides = []
    for reach in (timeline.reach(first_parent), timeline.reach(place)):
        held_there = (held_at(of_path, reach) for of_path in stays.values())
        there = _told(db, number, project, timeline, [stay for stay in held_there if stay is not None])
        sides.append({version.path: version for version in there})
    return _as_changes(*sides)


def _as_changes(before: Mapping[str, FileVersion], after: Mapping[str, FileVersion]) -> tuple[PathChange, ...]:
    names = sorted(before.keys() | after.keys(), key=path_key)
    return tuple(PathChange(path=name, before=before.get(name), after=after.get(name)) for name in names)


_COMMIT = (
    "SELECT r.project, p.project, r.number, r.id, l.text, r.authored_ns, r.committed_ns"
    " FROM revision r JOIN project p ON p.id = r.project JOIN label l ON l.id = r.author "
)
_OF_PROJECT = f"{_COMMIT} WHERE r.project = ?"


def commits_of(db: sqlite3.Connection, project: int) -> Iterator[Seen]:
    """All commits of a project by the catalog's number, in no particular order."""
    return _commits(db, _OF_PROJECT, (project,))


def _commits(db: sqlite3.Connection, question: str, values: Sequence[int]) -> Iterator[Seen]:
    for _, project, place, key, author, authored_ns, committed_ns in db.execute(question, values):
        yield Seen(
            project=ProjectId(project),
            sequence=-place,
            snapshot=SnapshotId(""),
            created_ns=committed_ns,
            commit=revision_text(key),
            author=author,
            authored_ns=authored_ns,
        )


def seen_at(db: sqlite3.Connection, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Seen]:
    """Versions by (project number, number of the version)."""
    found: dict[tuple[int, int], Seen] = {}
    for key in keys:
        if key not in found:
            found[key] = seen_one(db, *key)
    return found


def seen_one(db: sqlite3.Connection, project: int, number: int) -> Seen:
    """One version by the catalog's number of its project, and its own."""
    if number < 0:
        seen = next(_commits(db, f"{_OF_PROJECT} AND r.number = ?", (project, -number)), None)
    else:
        question = (
            "SELECT p.project, s.sequence, s.id, s.created_ns FROM snapshot s JOIN project p ON p.id = s.project"
            " WHERE s.project = ? AND s.sequence = ?"
        )
        seen = next((_seen(*row) for row in db.execute(question, (project, number))), None)
    if seen is None:
        raise IndexDamaged(f"the catalog names version {number} of a project, and has none: rebuild()")
    return seen


def _seen(project: str, sequence: int, identity: bytes, created_ns: int) -> Seen:
    return Seen(
        project=ProjectId(project), sequence=sequence, snapshot=SnapshotId(identity.hex()), created_ns=created_ns
    )


def _file_versions(rows: Iterable[tuple[Any, ...]]) -> Iterator[FileVersion]:
    """Versions of rows of `_VERSION`; a snapshot holds many, its moment is made once."""
    moments: dict[bytes, Seen] = {}
    for project, path, blob, size, first, first_id, first_ns, last, last_id, last_ns in rows:
        if first_id not in moments:
            moments[first_id] = _seen(project, first, first_id, first_ns)
        if last is not None and last_id not in moments:
            moments[last_id] = _seen(project, last, last_id, last_ns)
        yield FileVersion(
            project=ProjectId(project),
            path=path_text(path),
            blob=blob_text(blob),
            size=size,
            first=moments[first_id],
            last=None if last is None else moments[last_id],
        )
