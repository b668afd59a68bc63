"""Working a clause of a query through: candidates from one of its literals, then every literal asked of each.

The candidates come from a name, when there is one that few answer to; else from lines that the text index leads to;
else everything is gone through, newest first. Enough answers, time, or the caller end it early: the result says so.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from codevault.analysis.structure import Window
from codevault.errors import InvalidArgument
from codevault.index import postings
from codevault.index.conditions import BODY, Declared, LineTest, Probe, line_tests, symbol_test, word_ways
from codevault.index.details import newest_record
from codevault.index.finding import Found, Places
from codevault.index.groups import all_numbers, groups
from codevault.index.narrowing import Near
from codevault.index.ownership import split_owner
from codevault.index.patterns import ANYTHING, literal
from codevault.index.pieces import Pieces, Verdicts
from codevault.index.planning import Clause
from codevault.index.ports import TextIndex
from codevault.index.relevance import Relevance, rarity
from codevault.index.rows import ask_many, steps
from codevault.index.scoping import Where, limits
from codevault.index.sessions import Session
from codevault.index.symbolsearch import named
from codevault.queries import Condition, Name, Signature, Structure, Words

if TYPE_CHECKING:
    from codevault.index.structuresearch import StructurePattern  # which itself searches lines as this package does

ENOUGH = 300
"""Answers in scope that one search ranks, when it has to stop somewhere."""

FEW_DECLARATIONS = 300
"""Declarations by name that are rather asked for their lines than lines for their symbols."""

VERSIONS = 8
"""Rests that are taken for one answer until the places are counted."""

GROUPS_AT_FIRST, MOST_GROUPS_AT_ONCE = 4, 64
FEW_PIECES, FEW_GROUPS = 64, 128
"""So many pieces are rather looked up among all owners of what was found, if that is in no more groups."""

AT_ONCE = 400
MOST_GROUPS = 200_000

Key = tuple[str, int]
"""(qualified name, kind): what makes two pieces in one place the same answer; ("", 0) is the rest of a file."""

REST: Key = ("", 0)

Structures: TypeAlias = "Callable[[Structure], StructurePattern]"
"""Gives what matches a structural condition."""


def no_structures(condition: Structure) -> StructurePattern:
    """For an index that was given nothing that matches structures.

    Raises:
        InvalidArgument: always.
    """
    raise InvalidArgument(f"there is nothing here that matches structures: {condition.pattern}")


@dataclass(slots=True)
class Effort:
    """What a search may cost, and why it stopped."""

    deadline: float
    is_cancelled: Callable[[], bool]
    enough: int = 0
    clock: Callable[[], float] = time.monotonic
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def spent(self) -> bool:
        """True when there is no going on; notes why."""
        if self.is_cancelled():
            return self.stop("the search was cancelled: what was found by then is shown")
        if self.clock() > self.deadline:
            return self.stop("the time for this search ran out: what was found by then is shown")
        return False

    def stop(self, why: str) -> bool:
        """Ends a search early, for a reason the reader is told."""
        self.complete = False
        if why not in self.notes:
            self.notes.append(why)
        return True


class Answer(NamedTuple):
    """What answers in a place, the pieces that do, and how well."""

    found: Found[Key]
    pieces: frozenset[int]
    score: float
    relevance: float


class ClauseSearch:
    """One clause within one read transaction."""

    def __init__(
        self,
        session: Session,
        text: TextIndex,
        clause: Clause,
        alive: bool | None,
        effort: Effort,
        structures: Structures,
    ) -> None:
        self._session = session
        self._db = session.db
        self._text = text
        self._clause = clause
        self._effort = effort
        self._places = Places(
            session.db, limits(session.db, session.labels, Where(clause.where, alive)), session.memory()
        )
        self._pieces = Pieces(session)
        self._symbol_tests = [(symbol_test(condition), wanted) for condition, wanted in clause.symbol]
        asked = [(line_tests(one), wanted) for one, wanted in clause.lines if not isinstance(one, Structure)]
        self._needed = [Verdicts(self._pieces, test) for tests, wanted in asked if wanted for test in tests]
        self._refused = [[Verdicts(self._pieces, test) for test in tests] for tests, wanted in asked if not wanted]
        self._owned: dict[int, dict[int, bool] | None] = {}
        self._structures = [(structures(one), wanted) for one, wanted in clause.lines if isinstance(one, Structure)]
        self._headers_matter = any(isinstance(condition, Signature) for condition, _ in clause.symbol)
        self._rests_answer = not any(wanted for _, wanted in clause.symbol)
        self._relevance = Relevance(dict(self._rarities()))
        self._keys: dict[Key, set[int]] = {}
        self._scores: dict[Key, float] = {}
        self._look_at = effort.enough

    def run(self) -> list[Answer]:
        """What answers, in no particular order."""
        for note in dict.fromkeys(one.test.note for one in self._needed if one.test.note):
            self._effort.notes.append(note)
        names = [condition for condition, wanted in self._clause.symbol if wanted and isinstance(condition, Name)]
        declarations = min((named(self._text, one.asked, one.how) for one in names), key=len) if names else None
        ways = [way for one in self._needed for way in one.test.ways]
        ways += [way for pattern, wanted in self._structures if wanted for way in word_ways(pattern.shape.words)]
        if declarations is not None and (len(declarations) <= FEW_DECLARATIONS or not ways):
            self._take_declared(declarations)
        elif ways:
            self._take_lines(min(ways, key=self._cost))
        else:
            if self._needed:
                self._effort.notes.append("no three characters in a row are certain: everything in scope was scanned")
            self._take_everything()
        return self._answers()

    def _rarities(self) -> Iterator[tuple[str, float]]:
        asked = [one for one, wanted in self._clause.lines if wanted and isinstance(one, Words)]
        total = len(all_numbers(self._db)) if asked else 0
        for word in dict.fromkeys(word for one in asked for word in one.words):
            need = literal(word, case_sensitive=False).need
            yield word, rarity(total, total if need == ANYTHING else len(self._text.documents(need, MOST_GROUPS)))

    # candidates

    def _take_declared(self, declarations: Sequence[int]) -> None:
        """Goes through declarations in their order; once there is enough, only versions of the answers come in."""
        for at in range(0, len(declarations), AT_ONCE):
            if self._effort.spent():
                return
            self._take_versions(declarations[at : at + AT_ONCE], only_known=False)
            if self._is_enough():
                names = {qualified.rpartition(".")[2] for qualified, _ in self._keys}
                same = {number for name in names for number in named(self._text, name, "exact")}
                self._take_versions([one for one in declarations[at + AT_ONCE :] if one in same], only_known=True)
                return

    def _take_versions(self, declarations: Sequence[int], *, only_known: bool) -> None:
        """Takes the symbols of declarations."""
        scores = self._asked_declarations(declarations, only_known=only_known)
        held = postings.holders(self._db, "symbol_of", scores)
        self._take({number: scores[declaration] for declaration, numbers in held.items() for number in numbers})

    def _take_lines(self, way: Sequence[Probe]) -> None:
        """Goes through lines that one of some probes finds, newest text first, more at a time as it goes on."""
        driver = next((at for at, one in enumerate(self._needed) if one.test.one_line and way in one.test.ways), None)
        numbers = sorted({number for probe in way for number in self._numbers(probe)}, reverse=True)
        if any(probe.need == ANYTHING for probe in way):
            self._effort.notes.append("no three characters in a row are certain: everything in scope was scanned")
        near: Near | None = None
        at, count = 0, GROUPS_AT_FIRST
        while at < len(numbers):
            if self._effort.spent() or self._is_enough():
                return
            if at > MOST_GROUPS_AT_ONCE:
                near = self._places.near_text()
            held = [number for number in numbers[at : at + count] if near is None or number in near.groups]
            found = self._owners(way, held, near)
            if driver is not None:
                self._owned[driver] = found
            self._take_pieces(found)
            at, count = at + count, min(2 * count, MOST_GROUPS_AT_ONCE)

    def _owners(self, way: Sequence[Probe], numbers: Sequence[int], near: Near | None = None) -> dict[int, bool]:
        """Pieces that own a fragment of some groups in which a line was found, and whether they own all of it."""
        fragments: set[int] = set()
        for group in groups(self._db, self._session.cache, numbers):
            for probe in way:
                at = -1
                for start, _ in probe.matcher.spans(group.text):
                    if 0 <= at < len(group.starts) - 1 and start < group.starts[at + 1]:
                        continue  # one line of a fragment is enough
                    at = bisect_right(group.starts, start) - 1
                    if near is None or group.first + at in near.fragments:
                        fragments.add(group.first + at)
                    if at == len(group.starts) - 1:
                        break
                if self._effort.spent():
                    break
        found: dict[int, bool] = {}
        for entries in postings.holders(self._db, "fragment_of", fragments).values():
            for entry in entries:
                piece, whole = split_owner(entry)
                found[piece] = found.get(piece, False) or whole
        return found

    def _take_everything(self) -> None:
        """Goes through all symbols, then through all rests, newest first."""
        newest = self._db.execute("SELECT max(id) FROM symbol").fetchone()[0] or 0
        rests = newest_record(self._db, "rest_group") if self._rests_answer else 0
        for every in (range(newest, 0, -1), range(-rests, 0)):
            for part in steps(every, AT_ONCE):
                if self._effort.spent() or self._is_enough():
                    return
                self._take_pieces(part)

    def _numbers(self, probe: Probe) -> Sequence[int]:
        return all_numbers(self._db) if probe.need == ANYTHING else self._text.documents(probe.need, MOST_GROUPS)

    def _cost(self, way: Sequence[Probe]) -> int:
        return sum(len(self._numbers(probe)) for probe in way)

    # tests

    def _take_pieces(self, candidates: Collection[int]) -> None:
        """Keeps the pieces of which every literal holds."""
        question = "SELECT id, declaration FROM symbol WHERE id IN (*)"
        declared = dict(ask_many(self._db, question, [piece for piece in candidates if piece > 0]))
        scores = self._asked_declarations(set(declared.values()), only_known=False)
        held = {number: scores[one] for number, one in declared.items() if one in scores}
        if self._rests_answer:
            held |= {piece: (REST, BODY) for piece in candidates if piece < 0}
        self._take(held)

    def _take(self, held: Mapping[int, tuple[Key, float]]) -> None:
        """Keeps those pieces whose lines answer."""
        for piece in self._asked_lines(list(held)):
            key, score = held[piece]
            self._keys.setdefault(key, set()).add(piece)
            self._scores[key] = max(score, self._scores.get(key, 0.0))

    def _asked_declarations(self, numbers: Collection[int], *, only_known: bool) -> dict[int, tuple[Key, float]]:
        """Key and score of each declaration that answers."""
        rows = list(ask_many(self._db, _DECLARED, numbers))
        if only_known:
            rows = [row for row in rows if (row[1], row[3]) in self._keys]
        labels = self._session.labels
        headers = labels.details.headers(self._db, (row[0] for row in rows)) if self._headers_matter else {}
        found = {}
        for number, qualified, name, kind in rows:
            one = Declared(qualified.rpartition(".")[2] if name is None else name, qualified, labels.text(kind))
            if self._headers_matter:
                header = headers[number]
                one = Declared(*one[:3], header.parameters, header.returns, header.decorators, header.visibility)
            score = self._score(one)
            if score:
                found[number] = ((qualified, kind), score)
        return found

    def _score(self, one: Declared) -> float:
        best = 0.0
        for (condition, _), (test, wanted) in zip(self._clause.symbol, self._symbol_tests, strict=True):
            score = test(one)
            if bool(score) is not wanted:
                return 0.0
            if wanted and isinstance(condition, Name):
                best = max(best, score)
        return best or BODY

    def _asked_lines(self, pieces: Sequence[int]) -> Iterator[int]:
        left: Sequence[int] = pieces
        for at, one in enumerate(self._needed):
            left = self._having(left, at, one)
        for several in self._refused:
            met = set(self._met(several, left))
            left = [] if self._effort.spent() else [piece for piece in left if piece not in met]
        for pattern, wanted in self._structures:
            left = self._structured(left, pattern, wanted=wanted)
        yield from left

    def _having(self, pieces: Sequence[int], at: int, one: Verdicts) -> list[int]:
        """Those of the pieces in which something is found; what owns a fragment with it needs no second look."""
        owned = self._owners_of(at, one, len(pieces))
        sure = [] if owned is None else [piece for piece in pieces if owned.get(piece)]
        doubtful = pieces if owned is None else [piece for piece in pieces if owned.get(piece) is False]
        return [*sure, *self._met((one,), doubtful)]

    def _met(self, several: Sequence[Verdicts], pieces: Sequence[int]) -> list[int]:
        found: list[int] = []
        for part in steps(pieces, AT_ONCE):
            if self._effort.spent():
                break
            blocks = self._pieces.blocks(part)
            found += [piece for piece in part if all(one.holds(blocks[piece]) for one in several)]
        return found

    def _owners_of(self, at: int, one: Verdicts, count: int) -> dict[int, bool] | None:
        """The owners of all fragments in which something is found, when it pays to look for them."""
        if at not in self._owned and count > FEW_PIECES and one.test.one_line:
            numbers = self._numbers(one.test.ways[0][0])
            self._owned[at] = self._owners(one.test.ways[0], numbers) if len(numbers) <= FEW_GROUPS else None
        return self._owned.get(at)

    def _structured(self, pieces: Sequence[int], pattern: StructurePattern, *, wanted: bool) -> list[int]:
        """Those of the pieces in whose own lines code of that shape begins, or does not."""
        held = self._pieces.surrounded(pieces, self._session.labels.find(pattern.language))
        windows = [Window(one.text, one.nested) for one in held.values()]
        answers = pattern.engine(windows, self._effort.deadline) if windows else ()
        verdicts = dict.fromkeys(pieces, False)
        unread = set()
        for (piece, one), spans in zip(held.items(), answers, strict=True):
            if spans is None:
                unread.add(piece)
                continue
            lines = (one.text.count(b"\n", 0, start) for start, _ in spans)
            verdicts[piece] = any(first <= line < behind for line in lines for first, behind in one.own)
        if unread:
            self._effort.stop("some code could not be matched in the time that a search has")
        return [piece for piece, verdict in verdicts.items() if verdict is wanted and piece not in unread]

    def _is_enough(self) -> bool:
        """Whether there are answers enough within the scope; if not, looks again when there are more."""
        rests = self._keys.get(REST, ())
        count = len(self._keys) + len(rests) // VERSIONS
        if count < self._look_at:
            return False
        plain = self._places.bounds.everything and not rests
        answers = len(self._keys) if plain else sum(1 for _ in self._found())
        self._look_at = count + max(self._effort.enough - answers, count // 2)
        if answers < self._effort.enough:
            return False
        return self._effort.stop(f"more than {self._effort.enough} answer: the newest were ranked, ask more precisely")

    # answers

    def _found(self) -> Iterator[tuple[Found[Key], frozenset[int]]]:
        symbols = {key: pieces for key, pieces in self._keys.items() if key != REST}
        for found in self._places.gather("symbol_in", symbols):
            yield found, frozenset(symbols[found.key])
        rests = frozenset(self._keys.get(REST, ()))
        for found in self._places.gather("rest_in", {REST: {-piece for piece in rests}} if rests else {}):
            yield found, rests

    def _answers(self) -> list[Answer]:
        found = list(self._found())
        weights = self._weights(found) if self._relevance else [0.0] * len(found)
        return [
            Answer(one, pieces, self._scores[one.key], weight)
            for (one, pieces), weight in zip(found, weights, strict=True)
        ]

    def _weights(self, found: Sequence[tuple[Found[Key], frozenset[int]]]) -> list[float]:
        """How much the newest piece of each answer is about the words."""
        chosen = []
        for one, pieces in found:
            if one.key == REST:
                rests = self._places.among("rest_in", [-piece for piece in pieces], (one.project, one.path))
                chosen.append(-max(rests))
            else:
                chosen.append(max(pieces))
        for piece, blocks in self._pieces.blocks(dict.fromkeys(chosen)).items():
            self._relevance.add(piece, self._pieces.texts(blocks))
        self._relevance.settle()
        return [self._relevance.of(piece) for piece in chosen]


def conditions_on_lines(clauses: Iterable[Clause]) -> tuple[LineTest, ...]:
    """What the lines of an answer are shown for: conditions that are to hold, each once."""
    asked: dict[Condition, None] = {one: None for clause in clauses for one, wanted in clause.lines if wanted}
    return tuple(test for one in asked if not isinstance(one, Structure) for test in line_tests(one))


_DECLARED = "SELECT id, qualified, name, kind FROM declaration WHERE id IN (*)"
