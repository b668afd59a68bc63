"""Invents statements: control flow, calls, expressions over the names in scope."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from corpora.generator.code import Kind, Statement
from corpora.generator.syntax import Syntax
from corpora.generator.vocabulary import often_first, pick, sentence

_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=")
_OPERATORS = ("+", "-", "*", "+", "-", "/", "%", "&", "|")
_BLOCKS = (Kind.IF, Kind.IF, Kind.IF, Kind.IF_ELSE, Kind.EACH, Kind.EACH, Kind.WHILE, Kind.TIMES, Kind.TRY)
_SIMPLE = (
    *(Kind.DECLARE,) * 6,
    *(Kind.RECEIVE,) * 6,
    *(Kind.CALL,) * 5,
    *(Kind.METHOD,) * 4,
    *(Kind.FIELD,) * 3,
    *(Kind.ASSIGN,) * 2,
    Kind.AUGMENT,
    Kind.AUGMENT,
    Kind.ITEM,
    Kind.ITEM,
    Kind.LOG,
    Kind.TEXT,
    Kind.LIST,
    Kind.PIPE,
)
_DEEPEST = 3
_BLOCK_SHARE = 0.2
_WRAPPED = 4
_WRAP_FROM = 0.98
_BLANK = Statement(Kind.BLANK, ())


@dataclass(frozen=True, slots=True)
class Trade:
    """What statements are made from: the language, its names, what may be called, how often to comment."""

    syntax: Syntax
    vocabulary: tuple[str, ...]
    callees: tuple[str, ...]
    comments: float
    blanks: float


def body_of(random: Random, trade: Trade, scope: list[str], lines: int) -> tuple[Statement, ...]:
    """Statements that take about that many lines and end by returning something; `scope` grows."""
    scope = scope or [often_first(random, trade.vocabulary)]
    inner = _statements(random, trade, scope, lines - 1, 0)
    return (*inner, Statement(Kind.RETURN, (_expression(random, trade, scope),)))


def _statements(random: Random, trade: Trade, scope: list[str], lines: int, depth: int) -> tuple[Statement, ...]:
    made: list[Statement] = []
    while lines > 0:
        share = random.random()
        if lines > _DEEPEST and depth < _DEEPEST and share < _BLOCK_SHARE:
            block, used = _block(random, trade, scope, lines, depth)
            made.append(block)
            lines -= used
        elif share > 1 - trade.comments:
            made.append(Statement(Kind.COMMENT, (sentence(random),)))
            lines -= 1
        elif share > 1 - trade.comments - trade.blanks:
            made.append(_BLANK)
            lines -= 1
        elif lines > _WRAPPED and share > _WRAP_FROM - trade.comments - trade.blanks:
            made.append(_wrapped(random, trade, scope))
            lines -= _WRAPPED
        else:
            made.append(simple_statement(random, trade, scope))
            lines -= 1
    return tuple(made)


def simple_statement(random: Random, trade: Trade, scope: list[str]) -> Statement:
    """One statement without branches; a declared variable joins the scope."""
    kind = _SIMPLE[int(random.random() * len(_SIMPLE))]
    return _MAKERS[kind](random, trade, scope)


def _block(random: Random, trade: Trade, scope: list[str], lines: int, depth: int) -> tuple[Statement, int]:
    kind = pick(random, _BLOCKS)
    frame = 2 if trade.syntax.braces else 1
    branches = 2 if kind in (Kind.IF_ELSE, Kind.TRY) else 1
    room = max(1, int(random.random() * min(lines - frame, 14)) // branches)
    slots = _block_slots(random, trade, scope, kind)
    inner = _branch(random, trade, scope, room, depth, kind)
    other = _branch(random, trade, scope, max(room // 2, 1), depth, kind) if branches == 2 else ()
    return Statement(kind, slots, inner, other), frame + room + (branches == 2) * (1 + max(room // 2, 1))


def _branch(
    random: Random, trade: Trade, scope: list[str], lines: int, depth: int, kind: Kind
) -> tuple[Statement, ...]:
    """A branch that ends with something that does: no branch is only a comment."""
    made = _statements(random, trade, scope, lines - 1, depth + 1)
    share = random.random()
    if share < 0.15 and kind in (Kind.IF, Kind.IF_ELSE):
        return (*made, Statement(Kind.RETURN, (_expression(random, trade, scope),)))
    if share < 0.25 and kind in (Kind.IF, Kind.TRY):
        return (*made, Statement(Kind.FAIL, (sentence(random), pick(random, scope))))
    if share < 0.2 and kind in (Kind.EACH, Kind.TIMES, Kind.WHILE):
        return (*made, Statement(Kind.SKIP, ()))
    return (*made, simple_statement(random, trade, scope))


def _block_slots(random: Random, trade: Trade, scope: list[str], kind: Kind) -> tuple[str, ...]:
    if kind is Kind.EACH:
        return _element(random, trade, scope), pick(random, scope)
    if kind is Kind.TIMES:
        return pick(random, ("i", "j", "k", "n")), str(int(random.random() * 64))
    if kind is Kind.TRY:
        return (pick(random, ("problem", "failure", "cause")),)
    return pick(random, scope), pick(random, _COMPARISONS), _operand(random, trade, scope)


def _element(random: Random, trade: Trade, scope: list[str]) -> str:
    name = often_first(random, trade.vocabulary)
    scope.append(name)
    return name


def _operand(random: Random, trade: Trade, scope: list[str]) -> str:
    share = random.random()
    if share < 0.35:
        return str(int(share * 700))
    if share < 0.5:
        return trade.syntax.null
    if share < 0.75:
        return f"{pick(random, scope)}{trade.syntax.arrow}{often_first(random, trade.vocabulary)}"
    return pick(random, scope)


def _expression(random: Random, trade: Trade, scope: list[str]) -> str:
    share = random.random()
    left = scope[int(random.random() * len(scope))]
    if share < 0.12:
        return left
    if share < 0.22:
        return str(int(share * 5000))
    if share < 0.55:
        return f"{left} {pick(random, _OPERATORS)} {_operand(random, trade, scope)}"
    if share < 0.75:
        return f"{left}{trade.syntax.arrow}{often_first(random, trade.vocabulary)}"
    if share < 0.92:
        return f"{pick(random, trade.callees)}({_arguments(random, trade, scope)})"
    return f"({left} {pick(random, _OPERATORS)} {pick(random, scope)}) * {int(share * 90)}"


def _arguments(random: Random, trade: Trade, scope: list[str]) -> str:
    share = random.random()
    if share < 0.15:
        return ""
    if share < 0.6:
        return pick(random, scope)
    if share < 0.85:
        return f"{pick(random, scope)}, {_operand(random, trade, scope)}"
    return f'{pick(random, scope)}, {_operand(random, trade, scope)}, "{pick(random, trade.vocabulary)}"'


def _declare(random: Random, trade: Trade, scope: list[str]) -> Statement:
    expression = _expression(random, trade, scope)
    name = often_first(random, trade.vocabulary)
    if name in scope:
        return Statement(Kind.ASSIGN, (name, expression))
    scope.append(name)
    return Statement(Kind.DECLARE, (name, expression))


def _assign(random: Random, trade: Trade, scope: list[str]) -> Statement:
    return Statement(Kind.ASSIGN, (pick(random, scope), _expression(random, trade, scope)))


def _augment(random: Random, trade: Trade, scope: list[str]) -> Statement:
    return Statement(Kind.AUGMENT, (pick(random, scope), _expression(random, trade, scope)))


def _call(random: Random, trade: Trade, scope: list[str]) -> Statement:
    return Statement(Kind.CALL, (pick(random, trade.callees), _arguments(random, trade, scope)))


def _receive(random: Random, trade: Trade, scope: list[str]) -> Statement:
    arguments = _arguments(random, trade, scope)
    name = often_first(random, trade.vocabulary)
    scope.append(name)
    return Statement(Kind.RECEIVE, (name, pick(random, trade.callees), arguments))


def _method(random: Random, trade: Trade, scope: list[str]) -> Statement:
    owner, name = pick(random, scope), pick(random, trade.callees)
    return Statement(Kind.METHOD, (owner, name, _arguments(random, trade, scope)))


def _wrapped(random: Random, trade: Trade, scope: list[str]) -> Statement:
    first, second = _operand(random, trade, scope), _expression(random, trade, scope)
    return Statement(Kind.WRAP, (pick(random, trade.callees), first, second))


def _field(random: Random, trade: Trade, scope: list[str]) -> Statement:
    name = often_first(random, trade.vocabulary)
    return Statement(Kind.FIELD, (pick(random, scope), name, _expression(random, trade, scope)))


def _item(random: Random, trade: Trade, scope: list[str]) -> Statement:
    return Statement(Kind.ITEM, (pick(random, scope), pick(random, scope), _expression(random, trade, scope)))


def _log(random: Random, _trade: Trade, scope: list[str]) -> Statement:
    return Statement(Kind.LOG, (sentence(random), pick(random, scope)))


def _text(random: Random, trade: Trade, scope: list[str]) -> Statement:
    return Statement(Kind.TEXT, (_element(random, trade, scope), sentence(random)))


def _list(random: Random, trade: Trade, scope: list[str]) -> Statement:
    values = (_operand(random, trade, scope), _operand(random, trade, scope), _operand(random, trade, scope))
    return Statement(Kind.LIST, (_element(random, trade, scope), *values))


def _pipe(random: Random, trade: Trade, scope: list[str]) -> Statement:
    source, field = pick(random, scope), often_first(random, trade.vocabulary)
    number = str(int(random.random() * 100))
    return Statement(Kind.PIPE, (_element(random, trade, scope), source, pick(random, ("x", "e", "it")), field, number))


_MAKERS = {
    Kind.DECLARE: _declare,
    Kind.ASSIGN: _assign,
    Kind.AUGMENT: _augment,
    Kind.CALL: _call,
    Kind.RECEIVE: _receive,
    Kind.METHOD: _method,
    Kind.FIELD: _field,
    Kind.ITEM: _item,
    Kind.LOG: _log,
    Kind.TEXT: _text,
    Kind.LIST: _list,
    Kind.PIPE: _pipe,
}
