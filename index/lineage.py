"""Links in the catalog: what each version did to the symbols of the paths that it changed.

A version is *linked* when its row names the versions that it was compared with. A row that names others than it comes
from now counts for nothing: snapshots were thinned or put back, commits imported, or a content was analysed anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from codevault.analysis.kinds import ChangeKind
from codevault.errors import IndexDamaged
from codevault.ids import ProjectId
from codevault.index.lineage_model import Link, PathStep, Spot
from codevault.index.rows import Labels, ask_many, clean, path_key, path_text
from codevault.index.snapshots import numbers_of_paths, project_number
from codevault.index.varints import pack, unpack, unzigzag, zigzag

STALE = b"\x80"
"""In the place of a version's parents: it has to be matched again. No packed list is that."""

_KINDS = tuple(map(str, ChangeKind))
_BITS = {kind: 1 << at for at, kind in enumerate(_KINDS)}
_CAME, _WENT = 1, 2
_AFTER, _BEFORE, _SAME_KEY, _AT_BASE, _ORIGINS = 1, 2, 4, 8, 16
_SURE = 1000

_RawSpot = tuple[int, int, int, int]  # path (0: the row's), name, ordinal, position


def link_version(
    db: sqlite3.Connection,
    labels: Labels,
    project: ProjectId,
    number: int,
    parents: Sequence[int],
    steps: Mapping[str, PathStep],
) -> None:
    """Writes what a version did, compared with `parents`, in the place of what was written before."""
    owner = project_number(db, project)
    old = db.execute("SELECT paths FROM linked WHERE project = ? AND number = ?", (owner, number)).fetchone()
    if old is not None:
        gone = ((owner, path, number) for path in unpack(old[0]))
        db.executemany("DELETE FROM link WHERE project = ? AND path = ? AND number = ?", gone)
    packer = _Packer(db, labels, number, steps)
    rows = sorted((owner, packer.paths[path], number, packer.packed(path, step)) for path, step in steps.items())
    db.executemany("INSERT INTO link VALUES (?, ?, ?, ?)", rows)
    named = (owner, number, parents_key(parents), pack(path for _, path, _, _ in rows))
    db.execute("INSERT OR REPLACE INTO linked VALUES (?, ?, ?, ?)", named)


def parents_key(parents: Iterable[int]) -> bytes:
    """Versions that another was compared with, as its row names them."""
    return pack(map(zigzag, parents))


def unlink(db: sqlite3.Connection, contents: Iterable[int]) -> None:
    """Has every version be matched again that touched a path which once held one of these contents."""
    contents = list(contents)
    paths: dict[int, set[int]] = {}
    for table in ("stay", "version"):
        question = f"SELECT DISTINCT project, path FROM {table} WHERE content IN (*)"  # noqa: S608 - names of ours
        for project, path in ask_many(db, question, contents):
            paths.setdefault(project, set()).add(path)
    for project, ids in paths.items():
        numbers = {-first for (first,) in ask_many(db, _STAYS, ids, (project,))}
        for first, last in ask_many(db, _VERSIONS, ids, (project,)):
            numbers.update(number for number in (first, _after(db, project, last)) if number)
        marks = ((STALE, project, number) for number in numbers)
        db.executemany("UPDATE linked SET parents = ? WHERE project = ? AND number = ?", marks)


_STAYS = "SELECT DISTINCT first FROM stay WHERE project = ? AND path IN (*)"
_VERSIONS = "SELECT first, last FROM version WHERE project = ? AND path IN (*)"


def _after(db: sqlite3.Connection, project: int, sequence: int | None) -> int | None:
    """The snapshot after one, None when there is none."""
    if sequence is None:
        return None
    question = "SELECT min(sequence) FROM snapshot WHERE project = ? AND sequence > ?"
    found = db.execute(question, (project, sequence)).fetchone()[0]
    return None if found is None else int(found)


def linked_as(db: sqlite3.Connection, project: int, numbers: Iterable[int]) -> dict[int, bytes]:
    """By version `parents_key` of those that it was compared with."""
    question = "SELECT number, parents FROM linked WHERE project = ? AND number IN (*)"
    return dict(ask_many(db, question, numbers, (project,)))


def linked_all(db: sqlite3.Connection, project: int) -> dict[int, bytes]:
    """The same of all versions of a project."""
    return dict(db.execute("SELECT number, parents FROM linked WHERE project = ?", (project,)))


def packed_steps(db: sqlite3.Connection, project: int, path: str) -> dict[int, bytes]:
    """What is written of a path, by version."""
    question = "SELECT l.number, l.steps FROM link l JOIN path p ON p.id = l.path WHERE l.project = ? AND p.path = ?"
    return dict(db.execute(question, (project, path_key(path))))


def packed_version(db: sqlite3.Connection, project: int, number: int) -> dict[str, bytes]:
    """What is written of a version, by path."""
    row = db.execute("SELECT paths FROM linked WHERE project = ? AND number = ?", (project, number)).fetchone()
    question = (
        "SELECT p.path, l.steps FROM link l JOIN path p ON p.id = l.path"
        " WHERE l.project = ? AND l.number = ? AND l.path IN (*)"
    )
    found = ask_many(db, question, unpack(row[0]) if row else (), (project, number))
    return {path_text(path): steps for path, steps in found}


class _Packer:
    """Numbers of the names and paths that links speak of, and their rows."""

    def __init__(self, db: sqlite3.Connection, labels: Labels, number: int, steps: Mapping[str, PathStep]) -> None:
        self._labels = labels
        self._number = number
        spots = [spot for step in steps.values() for link in step.links for spot in _spots(link)]
        keys = dict.fromkeys(map(path_key, (*steps, *(spot.path for spot in spots))))
        found = numbers_of_paths(db, list(keys), ())
        self.paths = {path_text(key): found[key] for key in keys}
        self._names = _name_numbers(db, dict.fromkeys(clean(spot.qualified_name) for spot in spots))

    def packed(self, path: str, step: PathStep) -> bytes:
        """A row of links."""
        values = [_CAME * step.came | _WENT * step.went, zigzag(step.base), len(step.links)]
        for link in step.links:
            values.extend(self._link(link, path, step.base))
        return pack(values)

    def _link(self, link: Link, path: str, base: int) -> Iterator[int]:
        before, after = link.before, link.after
        form = _AFTER * (after is not None) | _BEFORE * (before is not None) | _ORIGINS * bool(link.origins)
        if before is not None:
            same = after is not None and after.key == before.key
            form |= _SAME_KEY * same | _AT_BASE * (before.version == base)
        yield form
        yield sum(_BITS[kind] for kind in link.kinds)
        yield self._labels.number(link.evidence)
        yield _SURE - round(link.confidence * _SURE)
        if after is not None:
            yield from self._spot(after, path)
        if before is not None:
            if not form & _AT_BASE:
                yield zigzag(before.version)
            yield from (before.position,) if form & _SAME_KEY else self._spot(before, path)
        if link.origins:
            yield len(link.origins)
            for spot in link.origins:
                yield zigzag(spot.version)
                yield from self._spot(spot, path)

    def _spot(self, spot: Spot, path: str) -> tuple[int, int, int, int]:
        elsewhere = 0 if spot.path == path else self.paths[spot.path]
        return elsewhere, self._names[clean(spot.qualified_name)], spot.ordinal, spot.position


def _spots(link: Link) -> Iterator[Spot]:
    yield from (spot for spot in (link.before, link.after, *link.origins) if spot is not None)


def _name_numbers(db: sqlite3.Connection, names: Iterable[str]) -> dict[str, int]:
    names = list(names)
    question = "SELECT name, id FROM link_name WHERE name IN (*)"
    found = dict(ask_many(db, question, names))
    new = [(name,) for name in names if name not in found]
    if new:
        db.executemany("INSERT INTO link_name (name) VALUES (?)", new)
        found.update(ask_many(db, question, (name for (name,) in new)))
    return found


def head_of(packed: bytes) -> PathStep:
    """What a row says before its links."""
    end = 1
    while end < len(packed) and packed[end] > 127:
        end += 1
    return PathStep(unzigzag(unpack(packed[1 : end + 1])[0]), bool(packed[0] & _CAME), bool(packed[0] & _WENT))


class Unpacker:
    """Reads rows of links; remembers names and paths."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels
        self._names: dict[int, str] = {}
        self._paths: dict[int, str] = {}

    def step(self, db: sqlite3.Connection, number: int, path: str, packed: bytes, name: int = 0) -> PathStep:
        """What `link_version` was given for a path; with a name's number only links that speak of it.

        Raises:
            IndexDamaged: it is cut short, or names what the catalog does not have.
        """
        try:
            values = iter(unpack(packed))
            flags, base, count = next(values), unzigzag(next(values)), next(values)
            raw = [_RawLink.read(values) for _ in range(count)]
            if name:
                raw = [one for one in raw if any(spot[1] == name for spot in one.spots)]
            self._learn(db, raw)
            links = tuple(self._link(one, number, path, base) for one in raw)
        except (StopIteration, RuntimeError, ValueError, KeyError, IndexError) as exc:
            raise IndexDamaged(f"links of version {number} are damaged ({exc!r}): rebuild() the index") from exc
        return PathStep(base, bool(flags & _CAME), bool(flags & _WENT), links)

    def _learn(self, db: sqlite3.Connection, raw: Iterable[_RawLink]) -> None:
        spots = [spot for one in raw for spot in one.spots]
        names = {name for _, name, _, _ in spots} - self._names.keys()
        if names:
            self._names.update(ask_many(db, "SELECT id, name FROM link_name WHERE id IN (*)", names))
        paths = {path for path, *_ in spots if path} - self._paths.keys()
        if paths:
            found = ask_many(db, "SELECT id, path FROM path WHERE id IN (*)", paths)
            self._paths.update((path, path_text(key)) for path, key in found)

    def _link(self, raw: _RawLink, number: int, path: str, base: int) -> Link:
        form = raw.form
        spots = iter(raw.spots)
        after = self._spot(next(spots), number, path) if form & _AFTER else None
        before = None
        if form & _BEFORE:
            version = base if form & _AT_BASE else raw.version
            if form & _SAME_KEY and after is not None:
                before = Spot(version, after.path, after.qualified_name, after.ordinal, raw.position)
            else:
                before = self._spot(next(spots), version, path)
        origins = tuple(self._spot(spot, version, path) for version, spot in zip(raw.origins, spots, strict=True))
        kinds = tuple(kind for at, kind in enumerate(_KINDS) if raw.kinds >> at & 1)
        return Link(kinds, before, after, self._labels.text(raw.evidence), 1 - raw.doubt / _SURE, origins)

    def _spot(self, raw: _RawSpot, version: int, path: str) -> Spot:
        elsewhere, name, ordinal, position = raw
        return Spot(version, self._paths[elsewhere] if elsewhere else path, self._names[name], ordinal, position)


class _RawLink(NamedTuple):
    """The numbers of a link; its spots in the order after, before, origins."""

    form: int
    kinds: int
    evidence: int
    doubt: int
    version: int
    position: int
    spots: Sequence[_RawSpot]
    origins: Sequence[int]

    @classmethod
    def read(cls, values: Iterator[int]) -> _RawLink:
        form, kinds, evidence, doubt = _four(values)
        spots: list[_RawSpot] = []
        version = position = 0
        if form & _AFTER:
            spots.append(_four(values))
        if form & _BEFORE:
            if not form & _AT_BASE:
                version = unzigzag(next(values))
            if form & _SAME_KEY:
                position = next(values)
            else:
                spots.append(_four(values))
        origins = []
        for _ in range(next(values) if form & _ORIGINS else 0):
            origins.append(unzigzag(next(values)))
            spots.append(_four(values))
        return cls(form, kinds, evidence, doubt, version, position, spots, origins)


def _four(values: Iterator[int]) -> _RawSpot:
    first, second, third, fourth = islice(values, 4)
    return first, second, third, fourth
