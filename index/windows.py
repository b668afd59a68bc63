"""Matches over several lines, looked for around the words that they need: no file version is read as a whole.

A match that goes on to another line `breaks` times at most lies within so many filled lines of the word it needs, so
the lines around such words (a *window*) are searched by themselves; windows that overlap are one. Most lie within one
fragment and are searched once for all versions that hold it. Where a fragment's border is near, its neighbours tell,
and each distinct neighbourhood is searched once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from codevault.index.conditions import Probe
from codevault.index.groups import Group
from codevault.index.matching import Matcher, Span

MOST_NEIGHBOURS = 6
"""Fragments around one that are looked at together."""

Part = tuple[int, int]
"""A fragment's number, and its first line (from 1) in a content."""


class Hit(NamedTuple):
    """A match: the text it was found in, where, and the line (from 0) of that text's beginning."""

    text: bytes
    span: Span
    line: int


class _Window(NamedTuple):
    """Lines from first to last (from 0), the words in them by line; whether more lines may belong to it."""

    first: int
    last: int
    marks: Sequence[int]
    open_above: bool
    open_below: bool


class _Lines(NamedTuple):
    """A fragment's lines, and those of them that hold a needed word."""

    lines: Sequence[bytes]
    marks: Sequence[int]


class Around:
    """What matches around the words of fragments. `text_of` gives a fragment's text."""

    def __init__(self, matcher: Matcher, way: Sequence[Probe], breaks: int, text_of: Callable[[int], bytes]) -> None:
        self._matcher = matcher
        self._way = way
        self._breaks = breaks
        self._text_of = text_of
        self._lines: dict[int, _Lines] = {}
        self._windows: dict[int, list[_Window]] = {}
        self._found: dict[tuple[object, ...], tuple[Sequence[Hit], bool, bool]] = {}

    def marked(self, group: Group) -> dict[int, bytes]:
        """The fragments of a group that hold a needed word, with their texts."""
        text, starts = group.text, group.starts
        found: dict[int, bytes] = {}
        for probe in self._way:
            at = 0
            for start, _ in probe.matcher.spans(text):
                if at < len(starts) and start >= starts[at]:
                    while at < len(starts) and starts[at] <= start:
                        at += 1
                    found[group.first + at - 1] = b""
        return {number: group.fragment(number) for number in found}

    def within(self, number: int, text: bytes) -> tuple[list[Hit], bool]:
        """What matches in a fragment whatever stands around it, and whether that may tell of more."""
        fragment = self._fragment(number, text)
        windows = self._windows[number] = self._cut(fragment.lines, fragment.marks)
        closed = [one for one in windows if not (one.open_above or one.open_below)]
        return list(self._searched(fragment.lines, closed)), len(closed) < len(windows)

    def across(self, number: int, parts: Sequence[Part], *, ended: bool) -> Sequence[Hit] | None:
        """What else matches where a content, given as its fragments, holds a fragment that `within` was told of.

        None: windows go on and on there, the whole content is as soon searched.
        """
        found: list[Hit] = []
        for place in (at for at, part in enumerate(parts) if part[0] == number):
            low = high = place
            while True:
                at_top, at_end = low == 0, (1 + ended) * (high == len(parts) - 1)
                key = number, place - low, tuple(one for one, _ in parts[low : high + 1]), at_top, at_end
                if key not in self._found:
                    self._found[key] = self._look(number, place - low, parts[low : high + 1], at_top, at_end)
                hits, more_above, more_below = self._found[key]
                if not (more_above or more_below):
                    break
                if high - low >= MOST_NEIGHBOURS:
                    return None
                low, high = low - more_above, high + more_below
            found += (hit._replace(line=hit.line + parts[low][1] - 1) for hit in hits)
        return found

    def _look(
        self, number: int, at: int, parts: Sequence[Part], at_top: bool, at_end: int
    ) -> tuple[Sequence[Hit], bool, bool]:
        """Matches in some fragments in a row, and whether the one above and the one below have to be looked at too.

        `at_end` 1: nothing comes behind them, 2: but an end of the line.
        """
        lines: list[bytes] = []
        marks: list[int] = []
        asked: set[int] = set()
        for place, (one, _) in enumerate(parts):
            fragment = self._fragment(one)
            marks += (len(lines) + mark for mark in fragment.marks)
            if place == at:
                own = [window for window in self._windows[number] if window.open_above or window.open_below]
                asked = {len(lines) + mark for window in own for mark in window.marks}
            lines += fragment.lines
        if at_end == 2:
            lines.append(b"")
        windows = [window for window in self._cut(lines, marks) if asked.intersection(window.marks)]
        above = not at_top and any(window.open_above for window in windows)
        below = not at_end and any(window.open_below for window in windows)
        return () if above or below else list(self._searched(lines, windows)), above, below

    def _fragment(self, number: int, text: bytes | None = None) -> _Lines:
        known = self._lines.get(number)
        if known is None:
            text = self._text_of(number) if text is None else text
            marks = {text.count(b"\n", 0, start) for probe in self._way for start, _ in probe.matcher.spans(text)}
            known = self._lines[number] = _Lines(text.split(b"\n"), sorted(marks))
        return known

    def _cut(self, lines: Sequence[bytes], marks: Iterable[int]) -> list[_Window]:
        """The windows around some lines; open ones are those that words outside of the lines may reach into."""
        found: list[_Window] = []
        for mark in marks:
            first, clear_above = self._reach(lines, mark, -1)
            last, clear_below = self._reach(lines, mark, 1)
            one = _Window(first, last, [mark], not clear_above, not clear_below)
            while found and found[-1].last >= one.first:
                before = found.pop()
                one = _Window(
                    min(before.first, one.first),
                    max(before.last, one.last),
                    [*before.marks, *one.marks],
                    before.open_above or one.open_above,
                    before.open_below or one.open_below,
                )
            found.append(one)
        return found

    def _reach(self, lines: Sequence[bytes], mark: int, step: int) -> tuple[int, bool]:
        """The line that a match may reach, and whether as many filled lines again lie behind it."""
        at, filled, reached = mark, 0, -1
        while 0 <= at + step < len(lines) and filled < 2 * self._breaks:
            at += step
            if lines[at] and not lines[at].isspace():
                filled += 1
                if filled == self._breaks:
                    reached = at
        return (at if reached < 0 else reached), filled == 2 * self._breaks

    def _searched(self, lines: Sequence[bytes], windows: Iterable[_Window]) -> Iterator[Hit]:
        for window in windows:
            text = b"\n".join(lines[window.first : window.last + 1])
            for span in self._matcher.spans(text):
                yield Hit(text, span, window.first)


def by_content(contents: Mapping[int, Sequence[int]], wanted: Iterable[int]) -> dict[int, list[int]]:
    """The other way round: which of the wanted items each content holds, newest contents first."""
    found: dict[int, list[int]] = {}
    for item in wanted:
        for content in contents.get(item, ()):
            found.setdefault(content, []).append(item)
    return {content: found[content] for content in sorted(found, reverse=True)}
