"""Searches as they are asked: queries answered by symbols and rests, texts by lines; ranked, page by page."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from codevault.index import answers, evaluating
from codevault.index.evaluating import Answer, ClauseSearch, Effort, Key, Structures, conditions_on_lines
from codevault.index.finding import NOW, Found, Places
from codevault.index.matching import Matcher
from codevault.index.model import Scope, SearchResult
from codevault.index.paging import Page, page_of, shown_before
from codevault.index.patterns import Shape
from codevault.index.planning import plan_of
from codevault.index.ports import TextIndex
from codevault.index.ranking import order
from codevault.index.scoping import Where, limits
from codevault.index.sessions import Session
from codevault.index.textsearch import FEWEST_LINES, MOST_LINES, Matches, TextSearch
from codevault.queries import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuestion:
    """What to find in lines, in words that tell questions apart; where, and how a line shows what was found."""

    asked: str
    matcher: Matcher
    scope: Scope | Where


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSearch:
    """A question, the shape of what it looks for, for how many seconds, and whether the caller has had enough."""

    question: LineQuestion
    shape: Shape
    seconds: float
    is_cancelled: Callable[[], bool] = lambda: False


def find(
    session: Session, text: TextIndex, query: Query, page: Page, effort: Effort, structures: Structures
) -> SearchResult:
    """What answers a query, best first: one hit a symbol, or a rest, and place."""
    began = time.monotonic()
    plan = plan_of(query)
    effort.enough = max(evaluating.ENOUGH, shown_before(page.after) + 2 * page.limit)
    one = len(plan.clauses) == 1
    found: dict[tuple[int, int, Key], Answer] = {}
    for clause in plan.clauses:
        search = ClauseSearch(session, text, clause, plan.alive if one else None, effort, structures)
        for answer in search.run():
            place = (answer.found.project, answer.found.path, answer.found.key)
            found[place] = joined(found[place], answer) if place in found else answer
    kept = [each for each in found.values() if plan.alive is None or plan.alive == (each.found.last == NOW)]
    kept.sort(key=lambda each: order(each.found, each.score, each.relevance))
    named = _Names(session)
    shown, cursor = page_of(kept, page, f"find {query!r}", lambda each: named.of(each.found, session))
    hits = answers.answer_hits(session, shown, conditions_on_lines(plan.clauses))
    coverage = session.coverage(Where(plan.where, plan.alive))
    if effort.notes:
        coverage = replace(coverage, complete=effort.complete, notes=tuple(dict.fromkeys(effort.notes)))
    return SearchResult(hits=hits, coverage=coverage, cursor=cursor, seconds=time.monotonic() - began)


def joined(one: Answer, other: Answer) -> Answer:
    """The same answer of two clauses as one."""
    newest = max(one.found, other.found, key=lambda found: (found.last, found.content))
    return Answer(
        newest._replace(first=min(one.found.first, other.found.first)),
        one.pieces | other.pieces,
        max(one.score, other.score),
        max(one.relevance, other.relevance),
    )


class _Names:
    """What names an answer for good: numbers change when a catalog is made again."""

    def __init__(self, session: Session) -> None:
        self._projects = dict(session.db.execute("SELECT id, project FROM project"))

    def of(self, found: Found[Any], session: Session) -> str:
        """Project, path and what answers there."""
        key = found.key
        what = key.hex() if isinstance(key, bytes) else f"{key[0]} {session.labels.text(key[1])}"
        return f"{self._projects[found.project]} {found.name} {what}"


def search_text(session: Session, text: TextIndex, asked: LineSearch, page: Page) -> SearchResult:
    """Lines that match, best first."""
    began = time.monotonic()
    db = session.db
    search = TextSearch(
        db=db,
        text=text,
        cache=session.cache,
        matcher=asked.question.matcher,
        shape=asked.shape,
        places=Places(db, limits(db, session.labels, asked.question.scope), session.memory()),
        details=session.labels.details,
        deadline=began + asked.seconds,
        most_lines=min(MOST_LINES, max(FEWEST_LINES, 2 * (page.limit + shown_before(page.after)))),
        is_cancelled=asked.is_cancelled,
    )
    matches, found = search.run()
    return lines_found(session, matches, found, asked.question, page, began)


def lines_found(
    session: Session, matches: Matches, found: Iterable[Found[bytes]], question: LineQuestion, page: Page, began: float
) -> SearchResult:
    """A page of lines that were found."""
    ordered = sorted(found, key=lambda one: order(one, 1.0, 1.0 if one.key in matches.words else 0.0))
    named = _Names(session)
    shown, cursor = page_of(ordered, page, f"{question.asked} {question.scope!r}", lambda one: named.of(one, session))
    hits = answers.text_hits(session.db, shown, matches, question.matcher)
    coverage = session.coverage(question.scope)
    if matches.notes:
        coverage = replace(coverage, complete=matches.complete, notes=tuple(matches.notes))
    return SearchResult(hits=hits, coverage=coverage, cursor=cursor, seconds=time.monotonic() - began)
