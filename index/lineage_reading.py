"""Reading the versions of one project the way a walk through lives needs them: the graph once, a path at a time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from codevault.errors import IndexDamaged, UnknownSnapshot
from codevault.ids import ProjectId
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
from codevault.index.symbols import symbol_rows, symbol_version, symbols_of
from codevault.index.timelines import Timeline
from codevault.index.varints import pack, unpack_ascending

MOST_PATHS = 2_000
"""Paths whose lives are remembered."""

MOST_SYMBOLS = 2_000
"""Symbols that are remembered whole."""

MOST_FACTS = 30_000
"""Symbols of which facts are remembered."""

Asking = Callable[[], AbstractContextManager[Session]]


@dataclass(slots=True)
class _Path:
    life: PathLife
    packed: Mapping[int, bytes]
    linked: Collection[int]
    steps: dict[int, PathStep] = field(default_factory=dict)
    named: dict[tuple[int, int], PathStep] = field(default_factory=dict)
    heads: dict[int, PathStep] = field(default_factory=dict)
    speaking: dict[int, frozenset[int]] = field(default_factory=dict)


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
        self._names_linked: dict[str, int] = {}
        self._symbols: dict[tuple[int, int], SymbolVersion] = {}
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

        With a qualified name links that say nothing of it are left out, which spares reading them.
        """
        one = self._path(path)
        packed = one.packed.get(number)
        if packed is None:
            return None
        if not name or number in one.steps:
            if number not in one.steps:
                with self._asking() as session:
                    one.steps[number] = self._unpacker.step(session.db, number, path, packed)
            return one.steps[number]
        if number not in self._speaking(one, name):
            return self._head(one, number)
        key = number, self._name(name)
        if key not in one.named:
            with self._asking() as session:
                one.named[key] = self._unpacker.step(session.db, number, path, packed, self._name(name))
        return one.named[key]

    def silent_base(self, path: str, number: int, name: str) -> int:
        """The version that a symbol of that name goes on from where one is linked and says nothing of it, else 0."""
        one = self._path(path)
        if number not in one.linked or number in self._speaking(one, name):
            return 0
        head = self._head(one, number)
        return 0 if head is None or head.came else head.base

    def _head(self, one: _Path, number: int) -> PathStep | None:
        if number not in one.heads and number in one.packed:
            one.heads[number] = head_of(one.packed[number])
        return one.heads.get(number)

    def _speaking(self, one: _Path, name: str) -> Collection[int]:
        """Versions whose rows may hold a link of a name."""
        key = self._name(name)
        if key not in one.speaking:
            code = pack((key,)) if key else b""
            one.speaking[key] = frozenset(number for number, row in one.packed.items() if key and code in row)
        return one.speaking[key]

    def _name(self, name: str) -> int:
        """The number under which rows of links write a name, 0 when none does."""
        if name not in self._names_linked:
            with self._asking() as session:
                row = session.db.execute("SELECT id FROM link_name WHERE name = ?", (name,)).fetchone()
            self._names_linked[name] = 0 if row is None else int(row[0])
        return self._names_linked[name]

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
        return self.symbols_at(((content, position),))[content, position]

    def symbols_at(self, places: Collection[tuple[int, int]]) -> Mapping[tuple[int, int], SymbolVersion]:
        """Symbols by content and position, at least these, read at once; remembers them.

        Raises:
            IndexDamaged: a content has none there.
        """
        new = [place for place in dict.fromkeys(places) if place not in self._symbols]
        if new:
            if len(self._symbols) > MOST_SYMBOLS:
                self._symbols = {place: self._symbols[place] for place in places if place in self._symbols}
            with self._asking() as session:
                self._symbols.update(_symbols_at(session, new))
        return self._symbols

    def _path(self, path: str) -> _Path:
        if path not in self._paths:
            with self._asking() as session:
                life = PathLife(session.db, self._owner, self.timeline, path)
                packed = packed_steps(session.db, self._owner, path)
                known = linked_as(session.db, self._owner, life.touched)
            linked = frozenset(number for number, key in known.items() if key == self._key(number))
            self._paths[path] = _Path(life, packed, linked)
            if len(self._paths) > MOST_PATHS:
                self._paths.popitem(last=False)
        return self._paths[path]

    def _key(self, number: int) -> bytes:
        return parents_key(self.timeline.parents(number)) if self.timeline.knows(number) else b""


def _symbols_at(session: Session, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], SymbolVersion]:
    db, labels = session.db, session.labels
    by_content: dict[int, list[int]] = {}
    for content, position in places:
        by_content.setdefault(content, []).append(position)
    blobs = dict(ask_many(db, "SELECT id, blob FROM content WHERE id IN (*)", by_content))
    placed = placed_symbols(db, labels, by_content)
    chosen = {}
    for content, positions in by_content.items():
        rows = placed.get(content, ())
        for position in positions:
            if content not in blobs or position >= len(rows):
                raise IndexDamaged(f"content {content} has no symbol {position}: rebuild() the index")
            chosen[content, position] = rows[position]
    found = symbol_rows(db, labels, {number for number, _, _ in chosen.values()})
    try:
        return {
            place: symbol_version(labels, blobs[place[0]], found[number], byte, line)
            for place, (number, byte, line) in chosen.items()
        }
    except KeyError as exc:
        raise IndexDamaged(f"symbol {exc.args[0]} is missing in the catalog: rebuild() the index") from exc
