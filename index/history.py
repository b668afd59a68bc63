"""Reading the catalog's history: which path held what, when, and what a snapshot changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from codevault.errors import UnknownSnapshot
from codevault.ids import ProjectId, SnapshotId
from codevault.index.model import FileVersion, PathChange, Seen
from codevault.index.names import glob_matcher
from codevault.index.rows import ask_many, blob_text, path_key, path_text
from codevault.index.snapshots import project_number
from codevault.index.varints import unpack_ascending

_VERSION = (
    "SELECT p.project, t.path, c.blob, c.size, v.first, f.id, f.created_ns, v.last, l.id, l.created_ns"
    " FROM version v JOIN project p ON p.id = v.project JOIN path t ON t.id = v.path"
    " JOIN content c ON c.id = v.content"
    " JOIN snapshot f ON f.project = v.project AND f.sequence = v.first"
    " LEFT JOIN snapshot l ON l.project = v.project AND l.sequence = v.last "
)


def versions(db: sqlite3.Connection, project: ProjectId, path: str) -> tuple[FileVersion, ...]:
    """All versions of a path, oldest first; empty for a path that never was."""
    number = project_number(db, project)
    question = f"{_VERSION} WHERE v.project = ? AND t.path = ? ORDER BY v.first"
    return tuple(_file_versions(db.execute(question, (number, path_key(path)))))


def file_versions(db: sqlite3.Connection, project: ProjectId) -> tuple[FileVersion, ...]:
    """All versions of all paths, by path and time."""
    question = f"{_VERSION} WHERE v.project = ? ORDER BY t.path, v.first"
    return tuple(_file_versions(db.execute(question, (project_number(db, project),))))


def project_ids(db: sqlite3.Connection) -> tuple[ProjectId, ...]:
    """The projects that were recorded, in the order in which they were."""
    return tuple(ProjectId(project) for (project,) in db.execute("SELECT project FROM project ORDER BY id"))


def paths(db: sqlite3.Connection, project: ProjectId, sequence: int | None, glob: str) -> tuple[FileVersion, ...]:
    """What a snapshot held (None: the newest), by path."""
    number = project_number(db, project)
    if sequence is None:
        rows = db.execute(f"{_VERSION} WHERE v.project = ? AND v.last IS NULL", (number,))
    else:
        alive = "v.project = ? AND v.first <= ? AND (v.last IS NULL OR v.last >= ?)"
        rows = db.execute(f"{_VERSION} WHERE {alive}", (number, sequence, sequence))
    matches = glob_matcher(glob or "*")
    found = [version for version in _file_versions(rows) if matches(version.path)]
    found.sort(key=lambda version: path_key(version.path))
    return tuple(found)


def contents_at(db: sqlite3.Connection, project: ProjectId, sequence: int, path: str) -> Sequence[tuple[str, int]]:
    """(path, content number) of what a snapshot held, by path; `path` is a glob, "" for all."""
    number = project_number(db, project)
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


def changes(db: sqlite3.Connection, project: ProjectId, sequence: int) -> tuple[PathChange, ...]:
    """What a snapshot changed against the one before it, by path.

    Raises:
        UnknownSnapshot: that sequence number is not recorded.
    """
    number = project_number(db, project)
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
    names = sorted(before.keys() | after.keys(), key=path_key)
    return tuple(PathChange(path=name, before=before.get(name), after=after.get(name)) for name in names)


def seen_at(db: sqlite3.Connection, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Seen]:
    """Moments by (project number, sequence)."""
    found: dict[tuple[int, int], Seen] = {}
    for key in keys:
        if key not in found:
            row = db.execute(
                "SELECT p.project, s.sequence, s.id, s.created_ns FROM snapshot s JOIN project p ON p.id = s.project"
                " WHERE s.project = ? AND s.sequence = ?",
                key,
            ).fetchone()
            found[key] = _seen(*row)
    return found


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
