"""The own lines of symbols, and the rests of files, as text (`ownership`), and what stands in them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from codevault.index import postings
from codevault.index.conditions import LineTest
from codevault.index.contents import packed_lists
from codevault.index.groups import Group, group_of
from codevault.index.ownership import (
    Block,
    Extent,
    Lines,
    Part,
    extents_of,
    holds,
    lines_of,
    lines_record,
    own_blocks,
    parts_of,
)
from codevault.index.rows import ask_many
from codevault.index.sessions import Session
from codevault.index.symbols import positions

ALL = 1 << 62
REMEMBERED = 2000
"""Contents whose layout is remembered within one question."""


class Run(NamedTuple):
    """Lines that follow each other: the first one's number, and their text."""

    line: int
    text: bytes


class Surrounded(NamedTuple):
    """A piece with what is nested in it, as code is read: its text, where its own lines are in it (from 0)."""

    text: bytes
    own: Sequence[Block]
    nested: bool


class _Layout(NamedTuple):
    blocks: Mapping[int, list[Block]]
    rest: list[Block]
    parts: list[Part]
    extents: Mapping[int, Extent]
    language: int | None


class Pieces:
    """Reads pieces by number within one read transaction: a symbol's number, or a rest's as a negative one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._fragments: dict[int, bytes] = {}
        self._groups: dict[int, Group] = {}
        self._firsts: list[tuple[int, int]] = []
        self._layouts: dict[int, _Layout] = {}

    def blocks(self, pieces: Iterable[int]) -> dict[int, Sequence[Sequence[Lines]]]:
        """The lines of each piece, those that follow each other together; none when its text is not known."""
        wanted = list(pieces)
        db, details = self._session.db, self._session.labels.details
        records = details.lists(db, (piece for piece in wanted if piece > 0), "piece_group")
        rests = details.lists(db, (-piece for piece in wanted if piece < 0), "rest_group")
        records |= {-rest: record for rest, record in rests.items()}
        late = [piece for piece, record in records.items() if not record and piece > 0]
        for piece, content in self._holders(late).items():  # met without its text at first
            layout = self._layout(content)
            records[piece] = lines_record(layout.blocks.get(piece, []), layout.parts)
        return {piece: lines_of(records[piece]) for piece in wanted}

    def texts(self, blocks: Iterable[Sequence[Lines]]) -> list[bytes]:
        """The text of some blocks."""
        return [b"\n".join(self._cut(*lines) for lines in block) for block in blocks]

    def fragment(self, number: int) -> bytes:
        """The text of a fragment."""
        known = self._fragments.get(number)
        if known is None:
            known = self._fragments[number] = self._group(number).fragment(number)
        return known

    def _group(self, fragment: int) -> Group:
        if not self._firsts:
            self._firsts = self._session.db.execute("SELECT first, id FROM text_group ORDER BY first").fetchall()
        at = bisect_right(self._firsts, (fragment, ALL)) - 1
        if at not in self._groups:
            self._groups[at] = group_of(self._session.db, self._session.cache, fragment)
        return self._groups[at]

    def runs(self, content: int, piece: int) -> list[Run]:
        """The lines of a piece in a content that holds it."""
        layout = self._layout(content)
        blocks = layout.rest if piece < 0 else layout.blocks.get(piece, [])
        return [Run(first, self._lines(layout.parts, first, behind)) for first, behind in blocks]

    def surrounded(self, pieces: Iterable[int], language: int | None) -> dict[int, Surrounded]:
        """Pieces of files in a language with what is nested in them: a symbol whole, a rest in its whole file."""
        holders = self._holders(list(pieces))
        self.prepare(holders.values())
        found = {}
        for piece, content in holders.items():
            layout = self._layouts[content]
            if layout.language != language or not layout.parts:
                continue
            behind = layout.parts[-1].first_line + layout.parts[-1].lines
            first, nested, blocks = 1, False, layout.rest
            if piece > 0:
                extent, blocks = layout.extents[piece], layout.blocks[piece]
                first, behind = extent.first_line, min(extent.last_line + 1, behind)
                nested = any(holds(other, extent) for other in layout.extents.values())
            own = [(start - first, end - first) for start, end in blocks]
            found[piece] = Surrounded(self._lines(layout.parts, first, behind), own, nested)
        return found

    def _holders(self, pieces: Iterable[int]) -> dict[int, int]:
        """For each piece the newest content that holds it."""
        symbols = [piece for piece in pieces if piece > 0]
        rests = [-piece for piece in pieces if piece < 0]
        held = postings.holders(self._session.db, "symbol_in", symbols)
        held |= {-rest: found for rest, found in postings.holders(self._session.db, "rest_in", rests).items()}
        return {piece: max(found) for piece, found in held.items()}

    def _layout(self, content: int) -> _Layout:
        self.prepare((content,))
        return self._layouts[content]

    def prepare(self, contents: Iterable[int]) -> None:
        """Reads what contents are made of, together."""
        missing = {content for content in contents if content not in self._layouts}
        if not missing:
            return
        if len(self._layouts) > REMEMBERED:
            missing = set(contents)
            self._layouts.clear()
        db = self._session.db
        lists = packed_lists(db, missing, self._session.labels.details)
        languages = dict(ask_many(db, "SELECT id, language FROM content WHERE id IN (*)", missing))
        for content in missing:
            fragments, symbols = lists.get(content, (b"", b""))
            parts = parts_of(fragments)
            extents = extents_of(db, symbols)
            own, rest = own_blocks(extents, sum(part.lines for part in parts)) if parts else ([], [])
            numbers = [number for number, _, _ in positions(symbols)]
            blocks = dict(zip(reversed(numbers), reversed(own), strict=True)) if own else {}
            stand = dict(zip(reversed(numbers), reversed(extents), strict=True))
            self._layouts[content] = _Layout(blocks, rest, parts, stand, languages.get(content))

    def _lines(self, parts: Sequence[Part], first: int, behind: int) -> bytes:
        """The text of some lines, from the fragments that hold them."""
        found = []
        for part in parts:
            start, end = max(first, part.first_line), min(behind, part.first_line + part.lines)
            if start < end:
                whole = end - start == part.lines
                found.append(self._cut(part.number, start - part.first_line, 0 if whole else end - start))
        return b"\n".join(found)

    def _cut(self, fragment: int, first: int, count: int) -> bytes:
        text = self.fragment(fragment)
        return b"\n".join(text.split(b"\n")[first : first + count]) if count else text


class Verdicts:
    """Whether something is found in pieces; what stands in a fragment is looked up once for all that share it."""

    def __init__(self, pieces: Pieces, test: LineTest) -> None:
        self._pieces = pieces
        self.test = test
        self._known: dict[int, frozenset[int]] = {}

    def holds(self, blocks: Sequence[Sequence[Lines]]) -> bool:
        """Whether it is found in some block."""
        if not self.test.one_line:
            return self.test.holds(self._pieces.texts(blocks))
        return any(self._stands(*lines) for block in blocks for lines in block)

    def _stands(self, fragment: int, first: int, count: int) -> bool:
        known = self._known.get(fragment)
        if known is None:
            text = self._pieces.fragment(fragment)
            known = frozenset(text.count(b"\n", 0, start) for start, _ in self.test.matcher.spans(text))
            self._known[fragment] = known
        return bool(known) if not count else any(first <= line < first + count for line in known)
