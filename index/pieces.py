"""The own lines of symbols, and the rests of files, as text: read from any content that holds them (`ownership`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from codevault.index import postings
from codevault.index.contents import Texts, packed_lists
from codevault.index.ownership import Block, Extent, Part, extents_of, holds, own_blocks, parts_of
from codevault.index.rows import ask_many
from codevault.index.sessions import Session
from codevault.index.symbols import positions

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
    extents: Mapping[int, tuple[Extent, bool]]
    language: int | None


class Pieces:
    """Reads pieces by number within one read transaction: a symbol's number, or a rest's as a negative one."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts = Texts(session.db, session.cache)
        self._layouts: dict[int, _Layout] = {}

    def texts(self, pieces: Iterable[int]) -> dict[int, Sequence[bytes]]:
        """The text of each piece, in runs of lines that follow each other; none when its text is not known."""
        wanted = list(pieces)
        holders = self._holders(wanted)
        self.prepare(holders.values())
        return {
            piece: [run.text for run in self.runs(holders[piece], piece)] if piece in holders else []
            for piece in wanted
        }

    def runs(self, content: int, piece: int) -> list[Run]:
        """The lines of a piece in a content that holds it."""
        self.prepare((content,))
        layout = self._layouts[content]
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
            last = layout.parts[-1].first_line + layout.parts[-1].lines
            first, behind, nested, blocks = 1, last, False, layout.rest
            if piece > 0:
                extent, nested = layout.extents[piece]
                first, behind, blocks = extent.first_line, min(extent.last_line + 1, last), layout.blocks[piece]
            own = [(start - first, end - first) for start, end in blocks]
            found[piece] = Surrounded(self._lines(layout.parts, first, behind), own, nested)
        return found

    def _holders(self, pieces: Iterable[int]) -> dict[int, int]:
        """For each piece a content that holds it, the same one for neighbours where it can be."""
        symbols = [piece for piece in pieces if piece > 0]
        rests = [-piece for piece in pieces if piece < 0]
        held = postings.holders(self._session.db, "symbol_in", symbols)
        held |= {-rest: found for rest, found in postings.holders(self._session.db, "rest_in", rests).items()}
        return {
            piece: next((one for one in found if one in self._layouts), max(found)) for piece, found in held.items()
        }

    def prepare(self, contents: Iterable[int]) -> None:
        """Reads the layouts of contents together."""
        missing = {content for content in contents if content not in self._layouts}
        if not missing:
            return
        if len(self._layouts) > REMEMBERED:
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
            nested = [any(holds(other, one) for other in extents) for one in extents]
            stand = dict(zip(reversed(numbers), reversed(list(zip(extents, nested, strict=True))), strict=True))
            self._layouts[content] = _Layout(blocks, rest, parts, stand, languages.get(content))

    def _lines(self, parts: Sequence[Part], first: int, behind: int) -> bytes:
        """The text of some lines, from the fragments that hold them."""
        found = []
        for part in parts:
            start, end = max(first, part.first_line), min(behind, part.first_line + part.lines)
            if start >= end:
                continue
            text = self._texts.fragment(part.number)
            if end - start < part.lines:
                text = b"\n".join(text.split(b"\n")[start - part.first_line : end - part.first_line])
            found.append(text)
        return b"\n".join(found)
