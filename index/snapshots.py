"""Writing the catalog's history: projects, snapshots, and which path held which content from when to when.

A version row stands for an unbroken run of snapshots, so a snapshot costs what it changed, not what it holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain

from codevault.errors import IndexDamaged, UnknownProject
from codevault.ids import ProjectId
from codevault.index.model import FileChange, IndexState, ProjectFacts, SnapshotFacts
from codevault.index.rows import Labels, ask_many, blob_key, clean, path_key
from codevault.index.varints import pack_ascending

SECRET = "(secret)"  # noqa: S105 - a mark, not a password
"""Stands in the place of the language hint of content that is kept but never analysed."""

HintOf = Callable[[str], str]


def put_project(db: sqlite3.Connection, facts: ProjectFacts) -> None:
    """Records a project, or replaces what is known of it."""
    db.execute(
        "INSERT INTO project (project, name, client, phase, stack, tags) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (project) DO UPDATE SET name = excluded.name, client = excluded.client,"
        " phase = excluded.phase, stack = excluded.stack, tags = excluded.tags",
        (
            facts.id,
            clean(facts.name),
            clean(facts.client),
            clean(facts.phase),
            json.dumps(facts.stack),
            json.dumps(facts.tags),
        ),
    )


def project_facts(db: sqlite3.Connection) -> tuple[ProjectFacts, ...]:
    """What is known of each project, in the order in which they were recorded."""
    rows = db.execute("SELECT project, name, client, phase, stack, tags FROM project ORDER BY id")
    return tuple(
        ProjectFacts(
            id=ProjectId(project),
            name=name,
            client=client,
            phase=phase,
            stack=tuple(json.loads(stack)),
            tags=tuple(json.loads(tags)),
        )
        for project, name, client, phase, stack, tags in rows
    )


def project_number(db: sqlite3.Connection, project: ProjectId) -> int:
    """The catalog's number of a project.

    Raises:
        UnknownProject: it was never recorded.
    """
    row = db.execute("SELECT id FROM project WHERE project = ?", (project,)).fetchone()
    if row is None:
        raise UnknownProject(f"the index knows no project {project}: put_project() records it")
    return int(row[0])


def add_snapshot(db: sqlite3.Connection, labels: Labels, hint_of: HintOf, facts: SnapshotFacts) -> None:
    """Records a snapshot by what it changed; one that is recorded already is left alone.

    Raises:
        UnknownProject: its project was never recorded.
        IndexDamaged: a later snapshot of the project is recorded, so this one came out of order.
    """
    identity = bytes.fromhex(facts.id)
    if db.execute("SELECT 1 FROM snapshot WHERE id = ?", (identity,)).fetchone():
        return
    project = project_number(db, facts.project)
    newest = db.execute("SELECT max(sequence) FROM snapshot WHERE project = ?", (project,)).fetchone()[0]
    if newest is not None and newest >= facts.sequence:
        raise IndexDamaged(f"snapshot {facts.sequence} comes after {newest} was recorded: rebuild() the index")
    touched = _apply(db, labels, hint_of, facts, project, newest)
    db.execute(
        "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            project,
            facts.sequence,
            identity,
            facts.created_ns,
            clean(facts.reason),
            facts.kind,
            json.dumps(dict(facts.facts)),
            pack_ascending(sorted(touched)),
        ),
    )


def _apply(
    db: sqlite3.Connection,
    labels: Labels,
    hint_of: HintOf,
    facts: SnapshotFacts,
    project: int,
    newest: int | None,
) -> Iterable[int]:
    """Ends and begins versions; gives the numbers of the paths that really changed."""
    changed = {path_key(change.path): change for change in facts.changed}
    removed = {path_key(path) for path in facts.removed} - changed.keys()
    paths = numbers_of_paths(db, list(changed), removed)
    contents = _contents_by_path(db, labels, hint_of, changed)
    alive = dict(
        ask_many(
            db,
            "SELECT path, content FROM version WHERE project = ? AND last IS NULL AND path IN (*)",
            paths.values(),
            (project,),
        )
    )
    begins = []
    for key, content in contents.items():
        path = paths[key]
        if alive.get(path) != content:
            begins.append((project, path, facts.sequence, content))
    ends = [paths[key] for key in removed if paths.get(key) in alive]
    ends.extend(path for _, path, _, _ in begins if path in alive)
    db.executemany(
        "UPDATE version SET last = ? WHERE project = ? AND path = ? AND last IS NULL",
        ((newest, project, path) for path in ends),
    )
    db.executemany("INSERT INTO version VALUES (?, ?, ?, NULL, ?)", sorted(begins))
    return {*ends, *(path for _, path, _, _ in begins)}


def content_numbers(
    db: sqlite3.Connection, labels: Labels, hint_of: HintOf, held: Iterable[FileChange]
) -> tuple[dict[bytes, int], dict[bytes, int]]:
    """The numbers of paths, and of the contents in them, both by path; made where they are new."""
    changed = {path_key(change.path): change for change in held}
    return numbers_of_paths(db, list(changed), ()), _contents_by_path(db, labels, hint_of, changed)


def numbers_of_paths(db: sqlite3.Connection, keys: Sequence[bytes], removed: Iterable[bytes]) -> dict[bytes, int]:
    """Numbers of paths; only `keys` get one when they are new."""
    question = "SELECT path, id FROM path WHERE path IN (*)"
    next_number = _next_number(db, "path")
    known = dict(ask_many(db, question, chain(keys, removed))) if next_number > 1 else {}
    new = {key: number for number, key in enumerate((key for key in keys if key not in known), next_number)}
    db.executemany("INSERT INTO path (path, id) VALUES (?, ?)", new.items())
    known.update(new)
    return known


def numbers_of_contents(
    db: sqlite3.Connection, labels: Labels, hint_of: HintOf, changes: Sequence[FileChange]
) -> list[int]:
    """Numbers of contents, one for each change, made where they are new; what is not to be indexed is never pending."""
    keys = [_content_key(labels, hint_of, change) for change in changes]
    next_number = _next_number(db, "content")
    known = _known_contents(db, keys) if next_number > 1 else {}
    new: dict[tuple[bytes, int], tuple[int, bytes, int, int, IndexState]] = {}
    for key, change in zip(keys, changes, strict=True):
        if key not in known:
            known[key] = number = next_number + len(new)
            new[key] = (number, *key, change.size, IndexState.PENDING if change.indexed else IndexState.SECRET)
    db.executemany("INSERT INTO content (id, blob, hint, size, state) VALUES (?, ?, ?, ?, ?)", new.values())
    return [known[key] for key in keys]


def _contents_by_path(
    db: sqlite3.Connection, labels: Labels, hint_of: HintOf, changed: Mapping[bytes, FileChange]
) -> dict[bytes, int]:
    numbers = numbers_of_contents(db, labels, hint_of, list(changed.values()))
    return dict(zip(changed, numbers, strict=True))


def _next_number(db: sqlite3.Connection, table: str) -> int:
    """The number that SQLite would give next; giving it ourselves saves asking for each again."""
    return 1 + int(db.execute(f"SELECT ifnull(max(id), 0) FROM {table}").fetchone()[0])  # noqa: S608 - a name of ours


def _content_key(labels: Labels, hint_of: HintOf, change: FileChange) -> tuple[bytes, int]:
    return blob_key(change.blob), labels.number(hint_of(change.path) if change.indexed else SECRET)


def _known_contents(db: sqlite3.Connection, keys: Iterable[tuple[bytes, int]]) -> dict[tuple[bytes, int], int]:
    """Numbers of those contents that exist, and of some others."""
    beginnings = dict.fromkeys(blob[:4] for blob, _ in keys)
    question = "SELECT blob, hint, id FROM content WHERE substr(blob, 1, 4) IN (*)"
    return {(blob, hint): number for blob, hint, number in ask_many(db, question, beginnings)}
