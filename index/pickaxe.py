"""Which commits changed how often a text stands in a file: what `git log -S` tells, without reading a repository."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from codevault.index import postings
from codevault.index.contents import fragment_list, packed_fragments
from codevault.index.groups import all_numbers, groups
from codevault.index.history import seen_at
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


def commits_changing(
    session: Session, text: TextIndex, matcher: Matcher, shape: Shape, scope: Scope | Where, seconds: float
) -> CountChanges:
    """Changes of how often a text that lies within one line stands in a path, by commits with one parent or none."""
    began = time.monotonic()
    deadline = began + seconds
    bounds = limits(session.db, session.labels, scope)
    counts, complete = _counts(session, text, matcher, shape, lambda: time.monotonic() > deadline)
    found = list(_changes(session, bounds, counts))
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


def _changes(session: Session, bounds: Limits, counts: Mapping[int, int]) -> Iterator[_Change]:
    authored = commits_by(session.db, bounds.authors) if bounds.authors is not None else None
    rows = ask_many(session.db, "SELECT DISTINCT project, path FROM stay WHERE content IN (*)", counts)
    by_project: dict[int, set[int]] = {}
    for project, path in rows:
        if bounds.projects is None or project in bounds.projects:
            by_project.setdefault(project, set()).add(path)
    for project, paths in by_project.items():
        timeline = session.timeline(project)
        if timeline is None:
            continue
        for path, stays in stays_of(session.db, project, _covered(session, bounds, paths)).items():
            for place, before, after in _of_path(timeline, stays, counts):
                if authored is None or (project, -place) in authored:
                    yield project, place, path, before, after


def _covered(session: Session, bounds: Limits, paths: Iterable[int]) -> list[int]:
    matches = bounds.path
    if matches is None:
        return list(paths)
    names = ask_many(session.db, "SELECT id, path FROM path WHERE id IN (*)", paths)
    return [number for number, key in names if matches(path_text(key))]


def _of_path(timeline: Timeline, stays: list[Stay], counts: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
    """(commit by place, count before, count after) where one path's count changed."""
    begins = {stay.first for stay in stays}
    ends = {timeline.follower(-stay.last) for stay in stays if stay.last is not None and stay.content in counts}
    for place in sorted(begins | {-number for number in ends if number is not None and number < 0}):
        parents = timeline.own_parents(place)
        if len(parents) > 1:
            continue
        before = held_at(stays, timeline.reach(-parents[0])) if parents else None
        after = held_at(stays, timeline.reach(place))
        one, other = (counts.get(stay.content, 0) if stay is not None else 0 for stay in (before, after))
        if one != other:
            yield place, one, other
