"""Reading the versions of one project the way a walk through lives needs them: the graph once, a path at a time."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from codevault.errors import IndexDamaged, UnknownSnapshot
from codevault.ids import ProjectId
from codevault.index.contents import packed_symbols
from codevault.index.history import commits_of, seen_one, steps
from codevault.index.lineage import Unpacker, head_of, linked_all, linked_as, packed_steps, packed_version, parents_key
from codevault.index.lineage_model import PathStep
from codevault.index.lineage_symbols import Placed, SymbolFacts, facts_of, placed_symbols, signatures_of
from codevault.index.lives import PathLife
from codevault.index.model import Seen, SymbolVersion
from codevault.index.rows import ask_many, path_text
from codevault.index.sessions import Session
from codevault.index.snapshots import project_number
from codevault.index.stays import snapshot_nodes
from codevault.index.symbols import positions, symbol_rows, symbol_version, symbols_of
from codevault.index.timelines import Timeline
from codevault.index.varints import pack, unpack_ascending

MOST_PATHS = 2_000
"""Paths whose lives are remembered."""

MOST_FACTS = 30_000
"""Symbols of which facts are remembered."""

Asking = Callable[[], AbstractContextManager[Session]]


@dataclass(slots=True)
class _Path:
    life: PathLife
    packed: Mapping[int, bytes]
    linked: Collection[int]
    steps: dict[int, PathStep] = field(default_factory=dict)


class ProjectLineage:
    """The versions of a project as they were when this was made; each question sees what is written by then."""

    def __init__(self, asking: Asking, project: ProjectId) -> None:
        self._asking = asking
        self.project = project
        with asking() as session:
            self._owner = project_number(session.db, project)
            self.timeline = session.timeline(self._owner) or Timeline((), snapshot_nodes(session.db, self._owner, {}))
            self._unpacker = Unpacker(session.labels)
        self._paths: OrderedDict[str, _Path] = OrderedDict()
        self._seen: dict[int, Seen] = {}
        self._names: dict[int, str] = {}
        self._codes: dict[str, bytes] = {}
        self._facts: dict[int, SymbolFacts] = {}

    def parents(self, number: int) -> tuple[int, ...]:
        """The versions that one came from, best first.

        Raises:
            UnknownSnapshot: that version is not recorded.
        """
        if not self.timeline.knows(number):
            raise UnknownSnapshot(f"the index knows no version {number} of project {self.project}")
        return self.timeline.parents(number)

    def life(self, path: str) -> PathLife:
        """What a path held."""
        return self._path(path).life

    def is_linked(self, path: str, number: int) -> bool:
        """True where it is written what a version that touched a path did in it."""
        return number in self._path(path).linked

    def step(self, path: str, number: int, name: str = "") -> PathStep | None:
        """What is written of a path in a linked version, None where nothing happened.

        With a qualified name links may be left out where nothing is said of it, which spares reading them.
        """
        one = self._path(path)
        packed = one.packed.get(number)
        if packed is None:
            return None
        if number not in one.steps:
            if name and (not (code := self._code(name)) or code not in packed):
                return head_of(packed)
            with self._asking() as session:
                one.steps[number] = self._unpacker.step(session.db, number, path, packed)
        return one.steps[number]

    def _code(self, name: str) -> bytes:
        """How rows of links write a name, b"" when none does."""
        if name not in self._codes:
            with self._asking() as session:
                row = session.db.execute("SELECT id FROM link_name WHERE name = ?", (name,)).fetchone()
            self._codes[name] = b"" if row is None else pack(row)
        return self._codes[name]

    def version(self, number: int) -> Mapping[str, PathStep] | None:
        """What is written of a version, by path; None when it is not linked."""
        key = parents_key(self.parents(number))
        with self._asking() as session:
            if linked_as(session.db, self._owner, (number,)).get(number) != key:
                return None
            packed = packed_version(session.db, self._owner, number)
            return {path: self._unpacker.step(session.db, number, path, row) for path, row in packed.items()}

    def unlinked(self) -> list[int]:
        """Versions that are not linked, parents first; a beginning needs no link."""
        with self._asking() as session:
            known = linked_all(session.db, self._owner)
        wanted = ((number, self.timeline.parents(number)) for number in self.timeline.numbers)
        return [number for number, before in wanted if before and known.get(number) != parents_key(before)]

    def changed(self, number: int) -> list[str]:
        """Paths in which a version differs from the snapshot before it, or the commit from its first parent."""
        table, at = ("snapshot", "sequence") if number > 0 else ("revision", "number")
        question = f"SELECT changed FROM {table} WHERE project = ? AND {at} = ?"  # noqa: S608 - names of ours
        with self._asking() as session:
            row = session.db.execute(question, (self._owner, abs(number))).fetchone()
            if row is None:
                raise IndexDamaged(f"the catalog has no version {number} of a project any more: ask again")
            ids = unpack_ascending(row[0])
            new = [number for number in ids if number not in self._names]
            found = ask_many(session.db, "SELECT id, path FROM path WHERE id IN (*)", new)
            self._names.update((number, path_text(key)) for number, key in found)
        return [self._names[number] for number in ids]

    def waiting(self, contents: Iterable[int]) -> bool:
        """True while one of the contents was not analysed yet."""
        with self._asking() as session:
            found = ask_many(session.db, "SELECT id FROM content WHERE state = 0 AND id IN (*)", contents)
            return next(found, None) is not None

    def seen(self, number: int) -> Seen:
        """A version by its number."""
        if number not in self._seen:
            with self._asking() as session:
                self._seen[number] = seen_one(session.db, self._owner, number)
        return self._seen[number]

    def versions(self) -> tuple[Seen, ...]:
        """All versions: by time, but parents before children."""
        with self._asking() as session:
            self._seen.update((seen.sequence, seen) for seen in steps(session.db, self.project))
            self._seen.update((seen.sequence, seen) for seen in commits_of(session.db, self._owner))
        return tuple(self._seen[number] for number in self.timeline.numbers)

    def newest(self) -> int | None:
        """The newest snapshot, without one the commit that the repository stands on; None: neither."""
        if self.timeline.newest:
            return self.timeline.newest
        with self._asking() as session:
            row = session.db.execute("SELECT head FROM project WHERE id = ?", (self._owner,)).fetchone()
        return None if row is None or row[0] is None else -int(row[0])

    def symbols(self, content: int) -> tuple[SymbolVersion, ...]:
        """The symbols of a content by position."""
        with self._asking() as session:
            return symbols_of(session.db, session.labels, (content,)).get(content, ())

    def placed(self, contents: Iterable[int]) -> Mapping[int, Sequence[Placed]]:
        """The symbols of contents by position; nothing of those that were not analysed."""
        with self._asking() as session:
            return placed_symbols(session.db, session.labels, contents)

    def facts(self, numbers: Collection[int]) -> Mapping[int, SymbolFacts]:
        """Facts of symbols by their numbers, at least of these; remembers them.

        Raises:
            IndexDamaged: there is no such symbol.
        """
        new = [number for number in numbers if number not in self._facts]
        if new:
            if len(self._facts) > MOST_FACTS:
                self._facts = {number: self._facts[number] for number in numbers if number in self._facts}
            with self._asking() as session:
                self._facts.update(facts_of(session.db, session.labels, new))
            missing = next((number for number in new if number not in self._facts), None)
            if missing is not None:
                raise IndexDamaged(f"symbol {missing} is missing in the catalog: rebuild() the index")
        return self._facts

    def signatures(self, declarations: Iterable[int]) -> Mapping[int, str]:
        """The signatures that declarations stand for."""
        with self._asking() as session:
            return signatures_of(session.db, session.labels, declarations)

    def symbol(self, content: int, position: int) -> SymbolVersion:
        """One of them.

        Raises:
            IndexDamaged: it has none there.
        """
        with self._asking() as session:
            return _symbol(session, content, position)

    def _path(self, path: str) -> _Path:
        if path not in self._paths:
            with self._asking() as session:
                life = PathLife(session.db, self._owner, self.timeline, path)
                packed = packed_steps(session.db, self._owner, path)
                known = linked_as(session.db, self._owner, life.touched())
            linked = frozenset(number for number, key in known.items() if key == self._key(number))
            self._paths[path] = _Path(life, packed, linked)
            if len(self._paths) > MOST_PATHS:
                self._paths.popitem(last=False)
        return self._paths[path]

    def _key(self, number: int) -> bytes:
        return parents_key(self.timeline.parents(number)) if self.timeline.knows(number) else b""


def _symbol(session: Session, content: int, position: int) -> SymbolVersion:
    db: sqlite3.Connection = session.db
    packed = packed_symbols(db, (content,), session.labels.details).get(content)
    places = list(positions(packed))
    row = db.execute("SELECT blob FROM content WHERE id = ?", (content,)).fetchone()
    if row is None or position >= len(places):
        raise IndexDamaged(f"content {content} has no symbol {position}: rebuild() the index")
    number, byte, line = places[position]
    found = symbol_rows(db, session.labels, (number,)).get(number)
    if found is None:
        raise IndexDamaged(f"symbol {number} is missing in the catalog: rebuild() the index")
    return symbol_version(session.labels, row[0], found, byte, line)
