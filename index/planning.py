"""A query as the clauses it is worked through by: any of them may hold, and in each every literal has to.

A *literal* is a condition and whether it is to hold. A clause keeps apart what is asked of the symbol, of its lines,
and of the places and times it lies in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from codevault.errors import InvalidArgument
from codevault.index.scoping import Literal, Where
from codevault.queries import All, Condition, Kind, Name, Not, Place, Query, Signature, Since, Some, State, Until

MOST_CLAUSES = 64
"""Clauses of a query; one that has more is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Literals that hold together."""

    symbol: tuple[Literal, ...]
    lines: tuple[Literal, ...]
    where: tuple[Literal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The clauses, whether what answers is to be there now, and which places and times every clause keeps to."""

    clauses: tuple[Clause, ...]
    alive: bool | None
    where: tuple[Literal, ...]


def plan_of(query: Query) -> Plan:
    """How to work a query through.

    Raises:
        InvalidArgument: it has too many clauses, or a state within an or.
    """
    states: set[bool] = set()
    rest = []
    for part in _flat(query):
        state = part.part if isinstance(part, Not) else part
        if isinstance(state, State):
            states.add(state.alive is not isinstance(part, Not))
        else:
            rest.append(part)
    found = {frozenset(literals) for literals in _clauses(All(tuple(rest)), wanted=True)}
    clauses = tuple(_clause(literals) for literals in sorted(found, key=repr) if not _contradicts(literals))
    if len(states) > 1:
        clauses = ()
    common = set.intersection(*(set(clause.where) for clause in clauses)) if clauses else set()
    return Plan(clauses=clauses, alive=next(iter(states), None), where=tuple(sorted(common, key=repr)))


def where_of(scope: Query) -> Where:
    """Conditions of places and times that hold together, as a scope.

    Raises:
        InvalidArgument: there are alternatives among them.
    """
    plan = plan_of(scope)
    if len(plan.clauses) != 1 or plan.clauses[0].symbol or plan.clauses[0].lines:
        raise InvalidArgument("a scope is made of conditions of place and time that hold together")
    return Where(plan.where, plan.alive)


def _flat(query: Query) -> Iterator[Query]:
    """The parts that have to hold together, however they were put into parentheses."""
    if isinstance(query, All):
        for part in query.parts:
            yield from _flat(part)
    elif isinstance(query, Not) and isinstance(query.part, Some):
        for part in query.part.parts:
            yield from _flat(~part)
    elif isinstance(query, Not) and isinstance(query.part, Not):
        yield from _flat(query.part.part)
    else:
        yield query


def _clauses(query: Query, *, wanted: bool) -> list[tuple[Literal, ...]]:
    if isinstance(query, Not):
        return _clauses(query.part, wanted=not wanted)
    if isinstance(query, Condition):
        if isinstance(query, State):
            raise InvalidArgument("alive() and deleted() are asked of the whole answer: combine them with & only")
        return [((query, wanted),)]
    if not isinstance(query, (All, Some)):
        raise InvalidArgument(f"{type(query).__name__} is no query of codevault.queries")
    parts = [_clauses(part, wanted=wanted) for part in query.parts]
    if isinstance(query, All) is wanted:
        count = 1
        for part in parts:
            count *= len(part)
            _check_count(count)
        return [tuple(literal for literals in chosen for literal in literals) for chosen in product(*parts)]
    found = [literals for part in parts for literals in part]
    _check_count(len(found))
    return found


def _check_count(count: int) -> None:
    if count > MOST_CLAUSES:
        raise InvalidArgument(f"multiplied out, a query has at most {MOST_CLAUSES} alternatives: ask in parts")


def _contradicts(literals: frozenset[Literal]) -> bool:
    return any((condition, not wanted) in literals for condition, wanted in literals)


def _clause(literals: frozenset[Literal]) -> Clause:
    ordered = sorted(literals, key=repr)
    symbol = tuple(one for one in ordered if isinstance(one[0], (Name, Kind, Signature)))
    where = tuple(one for one in ordered if isinstance(one[0], (Place, Since, Until)))
    return Clause(symbol=symbol, lines=tuple(one for one in ordered if one not in {*symbol, *where}), where=where)
