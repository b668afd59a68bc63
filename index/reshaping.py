"""Taking snapshots out of a project's history and putting them back: what the catalog then says is what it would say
had they never been recorded, or always. What analysis found stays: a content that nothing holds any more is found by
nothing, and is there again when its snapshot is.
"""  # noqa: D205 - one sentence

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from codevault.errors import IndexDamaged
from codevault.ids import ProjectId
from codevault.index.model import SnapshotFacts
from codevault.index.rows import Labels, ask_many, clean
from codevault.index.snapshots import HintOf, content_numbers, project_number
from codevault.index.varints import pack_ascending, unpack_ascending

_Run = tuple[int, int, int | None, int]  # path, first, last (None: the newest), content


def remove_snapshots(db: sqlite3.Connection, project: ProjectId, sequences: Collection[int]) -> None:
    """Forgets snapshots of a project; those it does not know are passed over. Costs a walk over the project's versions.

    Raises:
        UnknownProject: it was never recorded.
    """
    number = project_number(db, project)
    recorded = _sequences(db, number)
    left = [sequence for sequence in recorded if sequence not in sequences]
    if len(left) == len(recorded):
        return
    touched = _touched(db, number)
    old = _runs(db, number)
    new = list(_joined(_kept(old, left), left))
    _replace(db, number, old, new)
    gone = [(number, sequence) for sequence in recorded if sequence in sequences]
    db.executemany("DELETE FROM snapshot WHERE project = ? AND sequence = ?", gone)
    _tell_changes(db, number, left, _gathered(touched, recorded, left), new)
    _forget_waiting(db)


def insert_snapshot(db: sqlite3.Connection, labels: Labels, hint_of: HintOf, facts: SnapshotFacts) -> None:
    """Records a snapshot before others that are recorded already, `facts.changed` being all that it holds.

    One that is recorded is left alone.

    Raises:
        UnknownProject: its project was never recorded.
        IndexDamaged: it is none that lies before another one.
    """
    number = project_number(db, facts.project)
    recorded = _sequences(db, number)
    if facts.sequence in recorded:
        return
    at = bisect_left(recorded, facts.sequence)
    if at == len(recorded):
        raise IndexDamaged(f"snapshot {facts.sequence} is the newest: it is recorded by what it changed")
    before, after = (recorded[at - 1] if at else None), recorded[at]
    paths, contents = content_numbers(db, labels, hint_of, facts.changed)
    held = {paths[path]: content for path, content in contents.items()}
    old = _runs(db, number)
    split = _split(old, before, after, facts.sequence)
    kept = [*recorded[:at], facts.sequence, *recorded[at:]]
    new = list(_joined(sorted([*split, *_between(held, facts.sequence)], key=_order), kept))
    _replace(db, number, old, new)
    db.execute(
        "INSERT INTO snapshot VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            facts.sequence,
            bytes.fromhex(facts.id),
            facts.created_ns,
            clean(facts.reason),
            facts.kind,
            json.dumps(dict(facts.facts)),
            b"",
        ),
    )
    everything = {path for path, *_ in new}
    _tell_changes(db, number, kept, {facts.sequence: everything, after: everything}, new)


def _sequences(db: sqlite3.Connection, project: int) -> list[int]:
    rows = db.execute("SELECT sequence FROM snapshot WHERE project = ? ORDER BY sequence", (project,))
    return [sequence for (sequence,) in rows]


def _runs(db: sqlite3.Connection, project: int) -> list[_Run]:
    rows = db.execute(
        "SELECT path, first, last, content FROM version WHERE project = ? ORDER BY path, first", (project,)
    )
    return rows.fetchall()


def _kept(runs: Iterable[_Run], left: Sequence[int]) -> Iterable[_Run]:
    """The runs over what is left of the snapshots; those over none are gone."""
    for path, first, last, content in runs:
        begin = bisect_left(left, first)
        end = len(left) if last is None else bisect_right(left, last)
        if begin < end:
            yield path, left[begin], None if end == len(left) else left[end - 1], content


def _joined(runs: Iterable[_Run], recorded: Sequence[int]) -> Iterable[_Run]:
    """Runs of one path and content that follow each other without a snapshot between them become one."""
    follows = dict(pairwise(recorded))
    for _, of_path in groupby(runs, key=itemgetter(0)):
        last_run: _Run | None = None
        for run in of_path:
            if last_run is not None and last_run[3] == run[3] and follows.get(last_run[2] or 0) == run[1]:
                last_run = (last_run[0], last_run[1], run[2], run[3])
                continue
            if last_run is not None:
                yield last_run
            last_run = run
        if last_run is not None:
            yield last_run


def _split(runs: Iterable[_Run], before: int | None, after: int, sequence: int) -> Iterable[_Run]:
    """The runs with a hole where `sequence` is to come."""
    for path, first, last, content in runs:
        if first < sequence and (last is None or last > sequence):
            yield path, first, before, content
            yield path, after, last, content
        else:
            yield path, first, last, content


def _between(held: dict[int, int], sequence: int) -> Iterable[_Run]:
    return ((path, sequence, sequence, content) for path, content in held.items())


def _replace(db: sqlite3.Connection, project: int, old: Sequence[_Run], new: Sequence[_Run]) -> None:
    before, after = set(old), set(new)
    gone = [(project, path, first) for path, first, last, content in before - after]
    db.executemany("DELETE FROM version WHERE project = ? AND path = ? AND first = ?", gone)
    db.executemany(
        "INSERT INTO version VALUES (?, ?, ?, ?, ?)", [(project, *run) for run in sorted(after - before, key=_order)]
    )


def _order(run: _Run) -> tuple[int, int]:
    return run[0], run[1]


def _touched(db: sqlite3.Connection, project: int) -> dict[int, set[int]]:
    rows = db.execute("SELECT sequence, changed FROM snapshot WHERE project = ?", (project,))
    return {sequence: set(unpack_ascending(changed)) for sequence, changed in rows}


def _gathered(touched: dict[int, set[int]], recorded: Sequence[int], left: Sequence[int]) -> dict[int, set[int]]:
    """For each snapshot behind one that went: the paths that may differ from the one now before it."""
    found: dict[int, set[int]] = {}
    waiting: set[int] = set()
    staying = set(left)
    for sequence in recorded:
        if sequence not in staying:
            waiting |= touched[sequence]
        elif waiting:
            found[sequence] = waiting | touched[sequence]
            waiting = set()
    return found


def _tell_changes(
    db: sqlite3.Connection, project: int, recorded: Sequence[int], candidates: dict[int, set[int]], runs: Iterable[_Run]
) -> None:
    """Notes anew what snapshots changed against the ones before them: where a run begins, or the last one ended."""
    begins: dict[int, set[int]] = {}
    ends: dict[int | None, set[int]] = {}
    for path, first, last, _ in runs:
        begins.setdefault(first, set()).add(path)
        ends.setdefault(last, set()).add(path)
    for sequence, paths in candidates.items():
        at = bisect_left(recorded, sequence)
        ended = ends.get(recorded[at - 1], set()) if at else set()
        changed = paths & (begins.get(sequence, set()) | ended)
        db.execute(
            "UPDATE snapshot SET changed = ? WHERE project = ? AND sequence = ?",
            (pack_ascending(sorted(changed)), project, sequence),
        )


def _forget_waiting(db: sqlite3.Connection) -> None:
    """Contents that nothing holds and that were never analysed: there would be nothing to read for them."""
    waiting = [number for (number,) in db.execute("SELECT id FROM content WHERE state = 0")]
    held = {number for (number,) in ask_many(db, "SELECT DISTINCT content FROM version WHERE content IN (*)", waiting)}
    held |= {number for (number,) in ask_many(db, "SELECT DISTINCT content FROM stay WHERE content IN (*)", waiting)}
    db.executemany("DELETE FROM content WHERE id = ?", [(number,) for number in waiting if number not in held])
