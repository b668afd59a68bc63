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
from itertools import chain

from codevault.index import postings, windows
from codevault.index.conditions import ways_to
from codevault.index.contents import Texts, fragment_list, packed_fragments
from codevault.index.details import DetailCache
from codevault.index.finding import Found, Places
from codevault.index.groups import Group, GroupCache, all_numbers, groups
from codevault.index.matching import MOST_SPANS, Matcher, Span, is_word
from codevault.index.narrowing import Near
from codevault.index.patterns import ANYTHING, Need, Shape
from codevault.index.ports import TextIndex
from codevault.index.rows import steps

FEWEST_LINES = 300
"""Answers that any search ranks, when it has to stop somewhere; more when a late page is asked for."""

MOST_LINES = 20_000
"""Answers that one search ranks at most; more, and it stops and says so."""

LOOK_EVERY = 4096
CONTENTS_AT_ONCE, FRAGMENTS_AT_ONCE = 50, 500
NARROW_AFTER = 64
"""Groups that are searched before it pays to find out which of the others hold anything of the scope."""

MOST_GROUPS = 200_000
REMEMBERED = 64 << 20


@dataclass(slots=True)
class Matches:
    """What a search has met so far.

    `lines` gives for a key (the covered lines) the fragments that hold it, with the line (from 0) in the fragment;
    `wide` the contents where it goes over several fragments, or that were searched whole, with the line in them.
    """

    lines: dict[bytes, dict[int, int]] = field(default_factory=dict)
    wide: dict[bytes, dict[int, int]] = field(default_factory=dict)
    words: set[bytes] = field(default_factory=set)
    spans: dict[bytes, list[Span]] = field(default_factory=dict)
    """Where matches lie in lines that go over a break; of one line that can be found out again."""
    last: tuple[bytes, int, int, bytes] = (b"", 0, -1, b"")
    count: int = 0
    look_at: int = 0
    """The count from which it is worth finding out how much of it lies in scope."""
    placed: list[Found[bytes]] | None = None
    """The answers, when they are enough."""
    notes: list[str] = field(default_factory=list)
    complete: bool = True

    def stop(self, why: str) -> None:
        """Ends the search early, for a reason the reader is told."""
        self.complete = False
        self.notes.append(why)

    def add(self, text: bytes, span: Span, fragment: int, fragment_start: int) -> None:
        """Records a match within a fragment, which begins at `fragment_start` of the text."""
        first, key = self._met(text, span)
        held = self.lines.setdefault(key, {})
        if fragment not in held:
            self.count += 1
            held[fragment] = text.count(b"\n", fragment_start, first)

    def add_found(self, hit: windows.Hit, *, fragment: int = 0, content: int = 0) -> None:
        """Records a match over several lines, in a fragment or else in a content."""
        text, span, line = hit
        first, key = self._met(text, span)
        known = self.spans.setdefault(key, [])
        where = (span[0] - first, min(span[1] - first, len(key)))
        if len(known) < MOST_SPANS and where not in known:
            known.append(where)
        held = (self.lines if fragment else self.wide).setdefault(key, {})
        item = fragment or content
        if item not in held:
            self.count += bool(fragment) or not held  # versions of a file repeat its lines, fragments do not
            held[item] = line + text.count(b"\n", 0, first)

    def _met(self, text: bytes, span: Span) -> tuple[int, bytes]:
        first, key = self._covered(text, span)
        if key not in self.words and is_word(text, *span):
            self.words.add(key)
        return first, key

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
    details: DetailCache = field(default_factory=DetailCache)

    def run(self) -> tuple[Matches, list[Found[bytes]]]:
        """All matches up to the limits, and the places they are in."""
        matches = Matches(look_at=self.most_lines)
        if self.shape.note:
            matches.notes.append(self.shape.note)
        elif self.shape.need == ANYTHING:
            matches.notes.append("no three characters in a row are certain: everything in scope was scanned")
        if self.shape.one_line:
            self._search_groups(matches)
        else:
            self._search_contents(matches)
        return matches, matches.placed or self.places.gather_lines(matches.lines, matches.wide)

    def _search_groups(self, matches: Matches) -> None:
        """One line is all a match touches, and every line lies in one fragment: groups are searched as they are."""
        for group, near in self._groups(self._numbers(self.shape.need)):
            if self._spent(matches):
                return
            self._search_group(group, near, matches)

    def _groups(self, numbers: Iterable[int]) -> Iterator[tuple[Group, Near | None]]:
        """Groups with what of them lies in scope (None: maybe all), once it pays to find that out."""
        near: Near | None = None
        for at, part in enumerate(steps(numbers, NARROW_AFTER)):
            if at == 1:
                near = self.places.near_text()
            held = part if near is None else [number for number in part if number in near.groups]
            for group in groups(self.db, self.cache, held):
                yield group, near

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
        if not matches.complete:
            return True
        if matches.count >= matches.look_at and self._is_enough(matches):
            matches.stop(f"at least {self.most_lines} lines match: the newest were ranked, ask more precisely")
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
        placed = self.places.gather_lines(matches.lines, matches.wide)
        matches.look_at = matches.count + max(self.most_lines - len(placed), matches.count // 2)
        if len(placed) < self.most_lines:
            return False
        matches.placed = placed
        return True

    def _search_contents(self, matches: Matches) -> None:
        """A match may touch several lines: those around a word that it needs are searched, or else whole contents."""
        ways = ways_to(self.shape.need)
        if not ways:
            every = self.db.execute("SELECT id FROM content WHERE listed IS NOT NULL ORDER BY id DESC").fetchall()
            self._search_whole([number for (number,) in every], set(), matches)
            return
        way = min(ways, key=lambda probes: sum(len(self._numbers(probe.need)) for probe in probes))
        numbers = sorted({number for probe in way for number in self._numbers(probe.need)}, reverse=True)
        texts = Texts(self.db, self.cache)
        around = windows.Around(self.matcher, way, self.shape.breaks or 1, texts.fragment)
        done: set[int] = set()
        unsettled: list[int] = []
        for group, near in self._groups(numbers):
            if self._spent(matches):
                return
            marked = around.marked(group)
            marked = {number: text for number, text in marked.items() if near is None or number in near.fragments}
            if self.shape.breaks is None:
                held = postings.holders(self.db, "fragment_in", marked).values()
                self._search_whole(sorted({one for some in held for one in some}, reverse=True), done, matches)
                continue
            for number, text in marked.items():
                found, is_open = around.within(number, text)
                for hit in found:
                    matches.add_found(hit, fragment=number)
                if is_open:
                    unsettled.append(number)
        for some in steps(unsettled, FRAGMENTS_AT_ONCE):
            self._search_across(around, some, done, matches)

    def _search_across(
        self, around: windows.Around, fragments: Sequence[int], done: set[int], matches: Matches
    ) -> None:
        """Searches across the borders of fragments, in each content that holds one of them."""
        held = windows.by_content(postings.holders(self.db, "fragment_in", fragments), fragments)
        for part in steps((one for one in self._in_scope(held) if one not in done), CONTENTS_AT_ONCE):
            if self._spent(matches):
                return
            whole = []
            for content, packed in packed_fragments(self.db, part, self.details).items():
                ended, parts = fragment_list(packed)
                told = [around.across(number, parts, ended=ended) for number in held[content]]
                if None in told:
                    whole.append(content)
                    continue
                for hit in chain.from_iterable(filter(None, told)):
                    matches.add_found(hit, content=content)
            self._search_whole(whole, done, matches)

    def _in_scope(self, contents: Iterable[int]) -> Sequence[int]:
        """Those contents that tell of an answer in scope, in their order."""
        asked = list(contents)
        if self.places.bounds.everything:
            return asked
        covered = self.places.covered(set(asked))
        return [content for content in asked if content in covered]

    def _search_whole(self, contents: Sequence[int], done: set[int], matches: Matches) -> None:
        """Searches whole contents, but for those that are done."""
        texts, kept = Texts(self.db, self.cache), 0
        for part in steps((one for one in self._in_scope(contents) if one not in done), CONTENTS_AT_ONCE):
            packed = packed_fragments(self.db, part, self.details)
            done.update(part)
            for content in part:
                if self._spent(matches):
                    return
                text = texts.whole(packed.get(content))
                kept += len(text)
                for span in self._spans(text, matches):
                    matches.add_found(windows.Hit(text, span, 0), content=content)
            if kept > REMEMBERED:
                texts, kept = Texts(self.db, self.cache), 0
