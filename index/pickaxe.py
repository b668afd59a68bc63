"""Which commits changed how often a text stands in a file, or touched a line that matches: `git log -S` and `-G`.

No repository is read: contents, and what paths held at each commit, are in the catalog.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from codevault.index import postings
from codevault.index.contents import fragment_list, packed_fragments
from codevault.index.groups import Group, all_numbers, groups
from codevault.index.history import seen_at
from codevault.index.linediffs import LineDiffs, Read
from codevault.index.matching import Matcher
from codevault.index.model import CountChange, CountChanges, Scope
from codevault.index.patterns import ANYTHING, Shape
from codevault.index.ports import TextIndex
from codevault.index.rows import ask_many, path_text, steps
from codevault.index.scoping import Limits, Where, commits_by, limits
from codevault.index.sessions import Session
from codevault.index.stays import Stay, held_at, stays_of
from codevault.index.textsearch import MOST_GROUPS
from codevault.index.timelines import Timeline

_AT_ONCE = 64

_Change = tuple[int, int, int, int, int]
"""Project, commit by place, path, count before and after."""

_Compared = tuple[int, int] | None
"""Of two contents (0: none) what is told of the commit between them; None: nothing."""


def commits_changing(
    session: Session, text: TextIndex, matcher: Matcher, shape: Shape, scope: Scope | Where, seconds: float
) -> CountChanges:
    """Changes of how often a text that lies within one line stands in a path, by commits with one parent or none."""
    began = time.monotonic()
    deadline = began + seconds
    counts, complete = _counts(session, text, matcher, shape, lambda: time.monotonic() > deadline)

    def compared(before: int, after: int) -> _Compared:
        one, other = counts.get(before, 0), counts.get(after, 0)
        return (one, other) if one != other else None

    return _answer(session, scope, _held(session, scope, counts, compared), complete, began)


def commits_touching(
    session: Session,
    text: TextIndex,
    matcher: Matcher,
    shape: Shape,
    scope: Scope | Where,
    seconds: float,
    read: Read = lambda _: None,
) -> CountChanges:
    """Commits with one parent or none that added or removed a line that matches; counts are of such lines."""
    began = time.monotonic()
    deadline = began + seconds
    matching, complete = _matching(session, text, matcher, shape, lambda: time.monotonic() > deadline)
    contents = {one for held in postings.holders(session.db, "fragment_in", matching).values() for one in held}
    diffs = LineDiffs(session.db, session.cache, matching, read)
    found = []
    candidates = list(_held(session, scope, contents, lambda before, after: (before, after)))
    diffs.load({content for change in candidates for content in change[3:]})
    for project, place, path, before, after in candidates:
        if time.monotonic() > deadline:
            complete = False
            break
        if diffs.touched(before, after):
            found.append((project, place, path, diffs.count(before), diffs.count(after)))
    return _answer(session, scope, found, complete, began)


def _answer(
    session: Session, scope: Scope | Where, changes_found: Iterable[_Change], complete: bool, began: float
) -> CountChanges:
    found = list(changes_found)
    seen = seen_at(session.db, ((project, -place) for project, place, *_ in found))
    names = dict(ask_many(session.db, "SELECT id, path FROM path WHERE id IN (*)", {change[2] for change in found}))
    changes = [
        CountChange(at=seen[project, -place], path=path_text(names[path]), before=before, after=after)
        for project, place, path, before, after in found
    ]
    changes.sort(key=lambda change: (-change.at.created_ns, change.at.sequence, change.path))
    coverage = session.coverage(scope)
    if not complete:
        note = "the time for this search ran out: changes are missing"
        coverage = replace(coverage, complete=False, notes=(note,))
    return CountChanges(changes=tuple(changes), coverage=coverage, seconds=time.monotonic() - began)


def _matching(
    session: Session, text: TextIndex, matcher: Matcher, shape: Shape, spent: Callable[[], bool]
) -> tuple[dict[int, list[bytes]], bool]:
    """Lines that match, of each fragment with some, in order; and whether these are all. Each is looked at alone."""
    db = session.db
    numbers = all_numbers(db) if shape.need == ANYTHING else text.documents(shape.need, MOST_GROUPS)
    found: dict[int, list[bytes]] = {}
    for part in steps(numbers, _AT_ONCE):
        for group in groups(db, session.cache, part):
            if spent():
                return found, False
            for fragment, line in _matching_lines(group, matcher, shape):
                found.setdefault(fragment, []).append(line)
    return found, True


def _matching_lines(group: Group, matcher: Matcher, shape: Shape) -> Iterator[tuple[int, bytes]]:
    text = group.text
    if not shape.one_line:
        for number in range(group.first, group.first + len(group.starts)):
            for line in group.fragment(number).split(b"\n"):
                if next(matcher.spans(line), None) is not None:
                    yield number, line
        return
    stop = -1
    for start, _ in matcher.spans(text):
        if start > stop:
            first = text.rfind(b"\n", 0, start) + 1
            stop = text.find(b"\n", start)
            stop = len(text) if stop < 0 else stop
            yield group.first + bisect_right(group.starts, start) - 1, text[first:stop]


def _counts(
    session: Session, text: TextIndex, matcher: Matcher, shape: Shape, spent: Callable[[], bool]
) -> tuple[Mapping[int, int], bool]:
    """How often contents hold the text, those that do; and whether these are all."""
    db = session.db
    numbers = all_numbers(db) if shape.need == ANYTHING else text.documents(shape.need, MOST_GROUPS)
    in_fragments: Counter[int] = Counter()
    complete = True
    for part in steps(numbers, _AT_ONCE):
        if spent():
            complete = False
            break
        for group in groups(db, session.cache, part):
            in_fragments.update(
                group.first + bisect_right(group.starts, start) - 1 for start, _ in matcher.spans(group.text)
            )
    held = postings.holders(db, "fragment_in", in_fragments)
    lists = packed_fragments(
        db, {content for contents in held.values() for content in contents}, session.labels.details
    )
    return {
        content: sum(in_fragments[number] for number, _ in fragment_list(packed)[1])
        for content, packed in lists.items()
    }, complete


def _held(
    session: Session, scope: Scope | Where, contents: Collection[int], compared: Callable[[int, int], _Compared]
) -> Iterator[_Change]:
    """What `compared` says of what paths held before and after each commit in scope, where one of the contents is."""
    bounds = limits(session.db, session.labels, scope)
    authored = commits_by(session.db, bounds.authors) if bounds.authors is not None else None
    rows = ask_many(session.db, "SELECT DISTINCT project, path FROM stay WHERE content IN (*)", contents)
    by_project: dict[int, set[int]] = {}
    for project, path in rows:
        if bounds.projects is None or project in bounds.projects:
            by_project.setdefault(project, set()).add(path)
    for project, paths in by_project.items():
        timeline = session.timeline(project)
        if timeline is None:
            continue
        for path, stays in stays_of(session.db, project, _covered(session, bounds, paths)).items():
            for place, before, after in _of_path(timeline, stays, contents, compared):
                if authored is None or (project, -place) in authored:
                    yield project, place, path, before, after


def _covered(session: Session, bounds: Limits, paths: Iterable[int]) -> list[int]:
    matches = bounds.path
    if matches is None:
        return list(paths)
    names = ask_many(session.db, "SELECT id, path FROM path WHERE id IN (*)", paths)
    return [number for number, key in names if matches(path_text(key))]


def _of_path(
    timeline: Timeline, stays: list[Stay], contents: Collection[int], compared: Callable[[int, int], _Compared]
) -> Iterator[tuple[int, int, int]]:
    """(commit by place, and what was compared) where one path changed."""
    begins = {stay.first for stay in stays}
    ends = {timeline.follower(-stay.last) for stay in stays if stay.last is not None and stay.content in contents}
    for place in sorted(begins | {-number for number in ends if number is not None and number < 0}):
        parents = timeline.own_parents(place)
        if len(parents) > 1:
            continue
        before = held_at(stays, timeline.reach(-parents[0])) if parents else None
        after = held_at(stays, timeline.reach(place))
        one, other = (stay.content if stay is not None else 0 for stay in (before, after))
        if one != other and (one in contents or other in contents) and (said := compared(one, other)) is not None:
            yield place, *said
