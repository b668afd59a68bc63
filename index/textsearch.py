"""Searching text: candidates from the text index, matches verified in the text itself, answers by place.

An answer is a matching line (or the lines a match spans) of a path; a hit stands for all versions that hold it. The
text searched is that of every analysed version as `searchable` gives it, so answers equal a search through whole files.
"""

from __future__ import annotations

import sqlite3
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from codevault.index import postings
from codevault.index.contents import Texts, packed_fragments
from codevault.index.details import DetailCache
from codevault.index.finding import Found, Places
from codevault.index.groups import Group, GroupCache, all_numbers, groups
from codevault.index.matching import MOST_SPANS, Matcher, Span, is_word, literal_matcher
from codevault.index.narrowing import Near
from codevault.index.patterns import ANYTHING, AllOf, AnyOf, Need, Shape, Word
from codevault.index.ports import TextIndex
from codevault.index.rows import steps

FEWEST_LINES = 1000
"""Matching lines in scope, in distinct fragments, that any search ranks; more when a late page is asked for."""

MOST_LINES = 20_000
"""Matching lines in scope that one search ranks at most; more, and it stops and says so."""

LOOK_EVERY = 4096
NARROW_AFTER = 64
"""Groups that are searched before it pays to find out which of the others hold anything of the scope."""

MOST_GROUPS = 200_000
REMEMBERED = 64 << 20


@dataclass(slots=True)
class Matches:
    """What a search has met so far.

    `lines` gives for a key (the covered lines) the items that hold it, with the line (from 0) in the item; an item is
    a fragment, or a whole content when `whole`.
    """

    whole: bool
    lines: dict[bytes, dict[int, int]] = field(default_factory=dict)
    words: set[bytes] = field(default_factory=set)
    spans: dict[bytes, list[Span]] = field(default_factory=dict)
    last: tuple[bytes, int, int, bytes] = (b"", 0, -1, b"")
    count: int = 0
    look_at: int = 0
    """The count from which it is worth finding out how much of it lies in scope."""
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def stop(self, why: str) -> None:
        """Ends the search early, for a reason the reader is told."""
        self.complete = False
        self.notes.append(why)

    def add(self, text: bytes, span: Span, item: int, item_start: int) -> None:
        """Records a match in a text; the item it lies in starts at `item_start`."""
        first, key = self._covered(text, span)
        held = self.lines.setdefault(key, {})
        if item not in held:
            self.count += not (self.whole and held)  # versions of a file repeat its lines, fragments do not
            held[item] = text.count(b"\n", item_start, first)
        if key not in self.words and is_word(text, *span):
            self.words.add(key)
        if self.whole:
            known = self.spans.setdefault(key, [])
            where = (span[0] - first, min(span[1] - first, len(key)))
            if len(known) < MOST_SPANS and where not in known:
                known.append(where)

    def _covered(self, text: bytes, span: Span) -> tuple[int, bytes]:
        """The offset and text of the lines a match lies in. Many matches in one long line look for its ends once."""
        start, end = span
        known, first, stop, key = self.last
        if known is text and first <= start and end <= stop:
            return first, key
        first = text.rfind(b"\n", 0, start) + 1
        stop = text.find(b"\n", end - 1)
        stop = len(text) if stop < 0 else stop
        key = text[first:stop]
        if end <= stop and b"\n" not in key:
            self.last = (text, first, stop, key)
        return first, key


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSearch:
    """One search within one read transaction."""

    db: sqlite3.Connection
    text: TextIndex
    cache: GroupCache
    matcher: Matcher
    shape: Shape
    places: Places
    deadline: float
    most_lines: int = FEWEST_LINES
    clock: Callable[[], float] = time.monotonic
    is_cancelled: Callable[[], bool] = lambda: False

    def run(self) -> tuple[Matches, list[Found[bytes]]]:
        """All matches up to the limits, and the places they are in."""
        matches = Matches(whole=not self.shape.one_line, look_at=self.most_lines)
        if self.shape.note:
            matches.notes.append(self.shape.note)
        elif self.shape.need == ANYTHING:
            matches.notes.append("no three characters in a row are certain: everything in scope was scanned")
        if matches.whole:
            self._search_contents(matches)
        else:
            self._search_groups(matches)
        return matches, self.places.gather(_table(matches), matches.lines)

    def _search_groups(self, matches: Matches) -> None:
        """One line is all a match touches, and every line lies in one fragment: groups are searched as they are."""
        near: Near | None = None
        for at, part in enumerate(steps(self._numbers(self.shape.need), NARROW_AFTER)):
            if at == 1:
                near = self.places.near_text()
            for group in groups(self.db, self.cache, part if near is None else [n for n in part if n in near.groups]):
                if self._spent(matches):
                    return
                self._search_group(group, near, matches)

    def _search_group(self, group: Group, near: Near | None, matches: Matches) -> None:
        for span in self._spans(group.text, matches):
            at = bisect_right(group.starts, span[0]) - 1
            if near is None or group.first + at in near.fragments:
                matches.add(group.text, span, group.first + at, group.starts[at])

    def _spans(self, text: bytes, matches: Matches) -> Iterator[Span]:
        """Matches in a text, with a look at the clock now and then: one line can have millions."""
        for count, span in enumerate(self.matcher.spans(text), 1):
            yield span
            if count % LOOK_EVERY == 0 and self._spent(matches):
                return

    def _numbers(self, need: Need) -> Sequence[int]:
        """Numbers of the groups that may meet a need, newest first."""
        return all_numbers(self.db) if need == ANYTHING else self.text.documents(need, MOST_GROUPS)

    def _spent(self, matches: Matches) -> bool:
        if matches.count >= matches.look_at and self._is_enough(matches):
            matches.stop(f"more than {self.most_lines} lines match: the newest were ranked, ask more precisely")
            return True
        if self.is_cancelled():
            matches.stop("the search was cancelled: what was found by then is shown")
            return True
        if self.clock() > self.deadline:
            matches.stop("the time for this search ran out: what was found by then is shown")
            return True
        return False

    def _is_enough(self, matches: Matches) -> bool:
        """Whether what was met answers often enough within the scope; if not, when to look again."""
        answers = matches.count
        if not self.places.bounds.everything:
            answers = self.places.count(_table(matches), matches.lines)
        matches.look_at = matches.count + max(self.most_lines - answers, matches.count // 2)
        return answers >= self.most_lines

    def _search_contents(self, matches: Matches) -> None:
        """A match may touch several lines: whole file versions are searched, those that hold a needed word."""
        wanted = self._contents(self.shape.need)
        if wanted is None:
            wanted = {number for (number,) in self.db.execute("SELECT id FROM content WHERE listed IS NOT NULL")}
        texts, kept, details = Texts(self.db, self.cache), 0, DetailCache()
        for part in steps(sorted(self.places.covered(wanted), reverse=True), 50):
            packed = packed_fragments(self.db, part, details)
            for content in part:
                if self._spent(matches):
                    return
                text = texts.whole(packed.get(content))
                kept += len(text)
                for span in self._spans(text, matches):
                    matches.add(text, span, content, 0)
            if kept > REMEMBERED:
                texts, kept = Texts(self.db, self.cache), 0

    def _contents(self, need: Need) -> set[int] | None:
        """Contents that may meet a need; None: any may."""
        if isinstance(need, Word):
            return self._contents_with(need)
        if isinstance(need, AnyOf):
            found: set[int] = set()
            for part in need.parts:
                some = self._contents(part)
                if some is None:
                    return None
                found |= some
            return found
        return self._contents(self._rarest(need)) if need.parts else None

    def _rarest(self, need: AllOf) -> Need:
        """The part of a need that the fewest groups may meet: one is enough to find candidates."""
        return min(need.parts, key=lambda part: len(self.text.documents(part, MOST_GROUPS)))

    def _contents_with(self, word: Word) -> set[int]:
        matcher = literal_matcher(word.text, case_sensitive=not word.folded)
        fragments = {
            group.first + bisect_right(group.starts, start) - 1
            for group in groups(self.db, self.cache, self._numbers(word))
            for start, _ in matcher.spans(group.text)
        }
        return _holding(self.db, fragments)


def _table(matches: Matches) -> postings.Table | None:
    return None if matches.whole else "fragment_in"


def _holding(db: sqlite3.Connection, fragments: Iterable[int]) -> set[int]:
    held = postings.holders(db, "fragment_in", fragments)
    return {content for contents in held.values() for content in contents}
