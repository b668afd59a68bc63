"""Searching code by its structure: candidates from the text index, matched function by function, each text once.

The hundred versions of a file hold few distinct functions, so what the engine is given is a function (the outermost
one around a needed word) or the lines between two of them, and each such text once: fragments tell which versions hold
it, without a look at these. Whole files are matched for patterns that may hold classes, or functions in a block.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from codevault.analysis.model import SymbolKind
from codevault.analysis.structure import PatternShape, Window
from codevault.index import answers, postings
from codevault.index.contents import Texts, fragment_list, packed_lists
from codevault.index.finding import Found, Places
from codevault.index.groups import groups
from codevault.index.matching import MOST_SPANS, Span, literal_matcher
from codevault.index.model import Scope, SearchResult
from codevault.index.paging import Page, page_of, shown_before
from codevault.index.patterns import Word
from codevault.index.ports import TextIndex
from codevault.index.ranking import order
from codevault.index.rows import ask_many, steps
from codevault.index.scoping import Where, limits
from codevault.index.sessions import Session
from codevault.index.symbols import positions
from codevault.index.textsearch import MOST_GROUPS, Matches

FEWEST = 200
"""Distinct matches in scope that a search ranks at least; twice the end of a later page."""

GROUPS_AT_ONCE = 8
BYTES_AT_ONCE = 256 << 10
"""Text that is handed to the engine together: fewer questions to it, and some too much when enough is found."""

CONTENTS_AT_ONCE = 64
Engine = Callable[[Sequence[Window], float], Sequence[Sequence[Span] | None]]
"""Where each text matches, None where that could not be found out by the time given."""

_FUNCTIONS = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})
_CONTAINERS = frozenset(
    {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.STRUCT, SymbolKind.ENUM, SymbolKind.TRAIT, SymbolKind.MODULE}
)
_Lines = tuple[int, int, bool]
"""First and last line (from 0) of a function, or of several that share lines; whether it stands in a class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StructurePattern:
    """A pattern of a language: what tells it from others, its shape, and the engine that matches it."""

    asked: str
    language: str
    shape: PatternShape
    engine: Engine


@dataclass(frozen=True, slots=True)
class _File:
    """What a content is made of: fragments with the line (from 0) each begins at, and functions."""

    fragments: tuple[int, ...]
    starts: tuple[int, ...]
    functions: tuple[_Lines, ...]

    def within(self, first: int, last: int) -> tuple[int, int]:
        """Which fragments hold those lines: from, up to."""
        return bisect_right(self.starts, first) - 1, bisect_right(self.starts, last)

    def around(self, line: int) -> tuple[_Lines, bool]:
        """The function that holds a line and True, or the lines between two and False."""
        at = bisect_right(self.functions, (line, _END, True))
        if at and line <= self.functions[at - 1][1]:
            return self.functions[at - 1], True
        first = self.functions[at - 1][1] + 1 if at else 0
        last, inside = (self.functions[at][0] - 1, self.functions[at][2]) if at < len(self.functions) else (_END, False)
        return (first, last, inside and at > 0), False


@dataclass(slots=True)
class _Text:
    """One distinct text: the fragments that hold it, the line of them at which it begins, and where it matches."""

    window: Window
    fragments: tuple[int, ...]
    line: int
    outside_of: tuple[_Lines, ...] = ()
    contents: set[int] = field(default_factory=set)
    found: list[tuple[bytes, int, Span]] | None = None


def search_structure(
    session: Session, text: TextIndex, asked: StructurePattern, scope: Scope | Where, seconds: float, page: Page
) -> SearchResult:
    """Code that matches, best first, in about so many seconds."""
    began = time.monotonic()
    places = Places(session.db, limits(session.db, session.labels, scope), session.memory())
    most = max(FEWEST, 2 * (page.limit + shown_before(page.after)))
    search = StructureSearch(session, text, asked, places, began + seconds, most)
    matches = search.run()
    ordered = sorted(places.gather(None, matches.wide), key=lambda one: order(one, 1.0, 0.0))
    projects = dict(session.db.execute("SELECT id, project FROM project"))
    shown, cursor = page_of(
        ordered, page, f"{asked.asked} {scope!r}", lambda one: f"{projects[one.project]} {one.name} {one.key.hex()}"
    )
    search.place(shown)
    hits = answers.text_hits(session.db, shown, matches, literal_matcher("-", case_sensitive=True))
    coverage = session.coverage(scope)
    if matches.notes:
        coverage = replace(coverage, complete=matches.complete, notes=tuple(matches.notes))
    return SearchResult(hits=hits, coverage=coverage, cursor=cursor, seconds=time.monotonic() - began)


class StructureSearch:
    """One search within one read transaction."""

    def __init__(
        self,
        session: Session,
        text: TextIndex,
        question: StructurePattern,
        places: Places,
        deadline: float,
        most: int,
    ) -> None:
        self._db = session.db
        self._session = session
        self._text = text
        self._question = question
        self._places = places
        self._deadline = deadline
        self._most = most
        self._words = [word.encode() for word in question.shape.words]
        self._passed = tuple(start.encode() for start in question.shape.passed)
        self._texts = Texts(session.db, session.cache)
        self._known: dict[tuple[object, ...], _Text] = {}
        self._origins: dict[bytes, list[tuple[_Text, int]]] = {}
        self._files: dict[int, _File] = {}
        self._holders: dict[int, frozenset[int]] = {}
        self._fitting: dict[int, bool] = {}
        self._functions: dict[int, tuple[int, int]] = {}
        self._unread = 0
        self._matches = Matches()

    def run(self) -> Matches:
        """All matches up to the limits; `place` says on which lines."""
        waiting: list[_Text] = []
        size = 0
        for texts in self._candidates():
            if self._spent():
                break
            waiting.extend(texts)
            size += sum(len(one.window.text) for one in texts if one.found is None)
            if size >= BYTES_AT_ONCE:
                self._match(waiting)
                waiting, size = [], 0
        else:
            self._match(waiting)
        if self._unread:
            self._matches.stop(f"{self._unread} texts could not be matched in the time that a search has")
        return self._matches

    def place(self, page: Iterable[Found[bytes]]) -> None:
        """Finds the lines of what is shown."""
        shown = list(page)
        self._load({one.content for one in shown})
        for one in shown:
            file = self._files[one.content]
            for text, line in self._origins[one.key]:
                if one.content in text.contents:
                    first = file.starts[file.fragments.index(text.fragments[0])]
                    self._matches.wide[one.key][one.content] = first + text.line + line
                    break

    def _candidates(self) -> Iterator[list[_Text]]:
        """Distinct texts that may match, some at a time, the newest first; and such met again."""
        words = [Word(word) for word in self._question.shape.words]
        if not words:
            self._matches.notes.append("no word of the pattern is certain: everything in scope was matched")
            rows = self._db.execute("SELECT id FROM content WHERE listed IS NOT NULL ORDER BY id DESC").fetchall()
            for part in steps((number for (number,) in rows), CONTENTS_AT_ONCE):
                yield list(self._whole_files(self._in_scope(part)))
            return
        rarest = min(words, key=lambda word: len(self._text.documents(word, MOST_GROUPS)))
        near = None if self._places.bounds.everything else self._places.near_text()
        for part in steps(self._text.documents(rarest, MOST_GROUPS), GROUPS_AT_ONCE):
            numbers = part if near is None else [number for number in part if number in near.groups]
            yield from self._around(self._occurrences(rarest.text.encode(), numbers))

    def _occurrences(self, word: bytes, numbers: Sequence[int]) -> dict[int, set[int]]:
        """The fragments of some groups that hold a word, and its lines in each."""
        lines: dict[int, set[int]] = {}
        for group in groups(self._db, self._session.cache, numbers):
            at = group.text.find(word)
            while at >= 0:
                number = bisect_right(group.starts, at) - 1
                if not self._is_passed(group.text, group.starts[number], at):
                    lines.setdefault(group.first + number, set()).add(group.text.count(b"\n", group.starts[number], at))
                at = group.text.find(word, at + len(word))
        return lines

    def _is_passed(self, text: bytes, fragment: int, at: int) -> bool:
        """Whether a word stands on a line that the pattern cannot match: an import, or one of a comment."""
        line = text[text.rfind(b"\n", 0, at) + 1 : at].lstrip()
        if not line.startswith(self._passed):
            return False
        return line[:1] != b"*" or text.rfind(b"/*", fragment, at) > text.rfind(b"*/", fragment, at)

    def _around(self, lines: Mapping[int, set[int]]) -> Iterator[list[_Text]]:
        """The texts around occurrences. Each round looks at one version for each fragment, the newest not settled."""
        self._load_holders(lines)
        fitting = self._in_scope({content for number in lines for content in self._holders[number]})
        if self._question.shape.wide:
            for part in steps(sorted(fitting, reverse=True), CONTENTS_AT_ONCE):
                yield list(self._whole_files(part))
            return
        open_ones = {number: self._holders[number] & fitting for number in lines}
        while open_ones := {number: contents for number, contents in open_ones.items() if contents}:
            newest = {number: max(contents) for number, contents in open_ones.items()}
            self._load(newest.values())
            windows = {number: self._windows(number, content, lines[number]) for number, content in newest.items()}
            self._load_holders({part for parts in windows.values() for window in parts for part in window.fragments})
            for number, parts in windows.items():
                alike = open_ones[number]
                for window in parts:
                    alike = alike.intersection(*(self._holders[part] for part in window.fragments))
                for window in parts:
                    window.contents |= alike
                open_ones[number] = open_ones[number] - alike - {newest[number]}
            yield [window for parts in windows.values() for window in parts]

    def _windows(self, fragment: int, content: int, lines: set[int]) -> list[_Text]:
        """The texts around some lines of a fragment in a content."""
        file = self._files[content]
        first = file.starts[file.fragments.index(fragment)]
        around = {file.around(first + line) for line in lines}
        return [
            self._whole(file) if self._question.shape.blocks and not is_function else self._part(file, each)
            for each, is_function in around
        ]

    def _whole_files(self, contents: Iterable[int]) -> Iterator[_Text]:
        part = list(contents)
        self._load(part)
        for content in part:
            text = self._whole(self._files[content], outside_of_functions=False)
            text.contents.add(content)
            yield text

    def _whole(self, file: _File, *, outside_of_functions: bool = True) -> _Text:
        key = (file.fragments, "whole")
        if key not in self._known:
            text = b"\n".join(self._texts.fragment(number) for number in file.fragments)
            outside = file.functions if outside_of_functions else ()
            self._known[key] = _Text(Window(text, False), file.fragments, 0, outside)
        return self._known[key]

    def _part(self, file: _File, lines: _Lines) -> _Text:
        first, last, inside = lines
        start, stop = file.within(first, last)
        before, count = first - file.starts[start], last - first + 1
        key = (file.fragments[start:stop], before, count if last < _END else _END, inside)
        if key not in self._known:
            text = b"\n".join(self._texts.fragment(number) for number in file.fragments[start:stop]).split(b"\n")
            window = Window(b"\n".join(text[before : before + count]), inside)
            self._known[key] = _Text(window, file.fragments[start:stop], before)
        return self._known[key]

    def _in_scope(self, contents: Iterable[int]) -> set[int]:
        """Those contents of the language that lie where the scope reaches."""
        wanted = set(contents)
        unknown = wanted - self._fitting.keys()
        language = self._session.labels.find(self._question.language)
        rows = ask_many(self._db, "SELECT id FROM content WHERE language = ? AND id IN (*)", unknown, (language,))
        covered = self._places.covered({number for (number,) in rows})
        self._fitting.update((number, number in covered) for number in unknown)
        return {number for number in wanted if self._fitting[number]}

    def _load_holders(self, fragments: Iterable[int]) -> None:
        missing = [number for number in fragments if number not in self._holders]
        held = postings.holders(self._db, "fragment_in", missing)
        self._holders.update((number, frozenset(held.get(number, ()))) for number in missing)

    def _load(self, contents: Iterable[int]) -> None:
        """Reads what contents are made of."""
        missing = {number for number in contents if number not in self._files}
        lists = packed_lists(self._db, missing, self._session.labels.details)
        placed = {content: list(positions(symbols)) for content, (_, symbols) in lists.items()}
        self._load_functions({number for places in placed.values() for number, _, _ in places})
        for content, (fragments, _) in lists.items():
            parts = fragment_list(fragments)[1]
            functions = tuple(self._function_lines(placed[content]))
            self._files[content] = _File(
                tuple(number for number, _ in parts), tuple(line - 1 for _, line in parts), functions
            )

    def _load_functions(self, symbols: set[int]) -> None:
        """Remembers how many lines symbols have, and which are functions (1), which hold some (2)."""
        kinds = {self._session.labels.find(kind): 1 for kind in _FUNCTIONS}
        kinds.update((self._session.labels.find(kind), 2) for kind in _CONTAINERS)
        for number, lines, kind in ask_many(self._db, _SYMBOLS, symbols - self._functions.keys()):
            self._functions[number] = (lines, kinds.get(kind, 0))

    def _function_lines(self, placed: Iterable[tuple[int, int, int]]) -> Iterator[_Lines]:
        """The outermost functions, ascending; those that share a line are one."""
        inside_until = -1
        open_one: _Lines | None = None
        for number, _, line in placed:
            lines, kind = self._functions.get(number, (0, 0))
            first, last = line - 1, line - 1 + lines
            if kind == 2:
                inside_until = max(inside_until, last)
            if kind != 1:
                continue
            if open_one is not None and first <= open_one[1]:
                open_one = (open_one[0], max(open_one[1], last), open_one[2])
                continue
            if open_one is not None:
                yield open_one
            open_one = (first, last, first <= inside_until)
        if open_one is not None:
            yield open_one

    def _match(self, texts: Iterable[_Text]) -> None:
        """Has the engine look at texts that are new and hold every word."""
        met = list({id(one): one for one in texts}.values())
        new = [one for one in met if one.found is None]
        asked = [one for one in new if all(word in one.window.text for word in self._words)]
        for one in new:
            one.found = []
        spans = self._question.engine([one.window for one in asked], self._deadline) if asked else ()
        for one, found in zip(asked, spans, strict=True):
            if found is None:
                self._unread += 1
                continue
            one.found = list(_covered(one, found))
            for key, line, _ in one.found:
                self._origins.setdefault(key, []).append((one, line))
        for one in met:
            self._add(one)

    def _add(self, text: _Text) -> None:
        matches = self._matches
        for key, _, span in text.found or ():
            held = matches.wide.setdefault(key, {})
            matches.count += not held
            matches.words.add(key)
            known = matches.spans.setdefault(key, [])
            if len(known) < MOST_SPANS and span not in known:
                known.append(span)
            held.update(dict.fromkeys(text.contents, 0))

    def _spent(self) -> bool:
        matches = self._matches
        if matches.count >= max(self._most, matches.look_at):
            answered = matches.count
            if not self._places.bounds.everything:
                answered = self._places.count(None, matches.wide)
            matches.look_at = matches.count * 3 // 2
            if answered >= self._most:
                matches.stop(f"more than {self._most} places match: the newest were ranked, ask more precisely")
                return True
        if time.monotonic() > self._deadline:
            matches.stop("the time for this search ran out: what was found by then is shown")
            return True
        return False


_END = 1 << 40
_SYMBOLS = "SELECT s.id, s.lines, d.kind FROM symbol s JOIN declaration d ON d.id = s.declaration WHERE s.id IN (*)"


def _covered(text: _Text, spans: Iterable[Span]) -> Iterator[tuple[bytes, int, Span]]:
    """The lines each match covers, the first of them (from 0), and where in them it lies."""
    whole = text.window.text
    for start, end in spans:
        line = whole.count(b"\n", 0, start)
        if any(first <= line <= last for first, last, _ in text.outside_of):
            continue  # found where that function is matched by itself
        first = whole.rfind(b"\n", 0, start) + 1
        stop = whole.find(b"\n", max(end - 1, start))
        key = whole[first : stop if stop >= 0 else None]
        yield key, line, (start - first, min(end - first, len(key)))
