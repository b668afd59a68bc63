"""Source code as values: what the generator invents, edits and renders.

Statements are named tuples and not dataclasses because a corpus holds tens of millions of them: they are made three
times faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """What a statement does; the comment names its slots, in order."""

    DECLARE = 0  # variable, expression
    ASSIGN = 1  # variable, expression
    AUGMENT = 2  # variable, expression
    CALL = 3  # function, arguments
    RECEIVE = 4  # variable, function, arguments
    METHOD = 5  # object, method, arguments
    FIELD = 6  # object, field, expression
    ITEM = 7  # object, index, expression
    LOG = 8  # text, variable
    COMMENT = 9  # text
    TEXT = 10  # variable, text
    LIST = 11  # variable, three expressions
    PIPE = 12  # variable, collection, element, field, number
    RETURN = 13  # expression
    FAIL = 14  # text, variable
    SKIP = 15  # nothing; only inside a loop
    BLANK = 16  # nothing: an empty line
    WRAP = 17  # function, two arguments; written over four lines
    IF = 18  # left, comparison, right
    IF_ELSE = 19  # left, comparison, right
    EACH = 20  # element, collection
    WHILE = 21  # left, comparison, right
    TIMES = 22  # counter, number
    TRY = 23  # variable naming what went wrong; languages without it render the first branch under a condition


class Statement(NamedTuple):
    """One statement: `body` and `other` are the branches of a block."""

    kind: int
    slots: tuple[str, ...]
    body: tuple[Statement, ...] = ()
    other: tuple[Statement, ...] = ()


class Function(NamedTuple):
    """A function or method; `traits` is a number from which rendering takes decorators, visibility and the like."""

    name: str
    parameters: tuple[str, ...]
    body: tuple[Statement, ...]
    doc: tuple[str, ...]
    traits: int


class Constant(NamedTuple):
    """A module-level constant: one value, or a table of them."""

    name: str
    values: tuple[str, ...]
    doc: str


class Type(NamedTuple):
    """A class, structure, interface or enumeration; `members` holds methods and nested types."""

    name: str
    kind: str
    fields: tuple[str, ...]
    members: tuple[Function | Type, ...]
    doc: tuple[str, ...]


class Layout(NamedTuple):
    """How a file is formatted: reformatting changes nothing else."""

    indent: str
    brace_below: bool
    blank: int


class SourceFile(NamedTuple):
    """One file of code. In languages where everything lives in a type, `items` starts with one."""

    header: tuple[str, ...]
    imports: tuple[str, ...]
    constants: tuple[Constant, ...]
    items: tuple[Function | Type, ...]
    layout: Layout


class Found(NamedTuple):
    """A symbol in a file: `at` leads to it through the items and members."""

    name: str
    at: tuple[int, ...]
    symbol: Function | Type


def symbols(items: tuple[Function | Type, ...], prefix: str = "", at: tuple[int, ...] = ()) -> Iterator[Found]:
    """Every function and type, outer before inner, with dotted qualified names."""
    for position, symbol in enumerate(items):
        here = (*at, position)
        yield Found(prefix + symbol.name, here, symbol)
        if isinstance(symbol, Type):
            yield from symbols(symbol.members, f"{prefix}{symbol.name}.", here)


def replaced(
    items: tuple[Function | Type, ...], at: tuple[int, ...], new: tuple[Function | Type, ...]
) -> tuple[Function | Type, ...]:
    """The items with the symbol at `at` replaced by `new`: none removes it, two or more put others behind it."""
    first, *rest = at
    if rest:
        owner = items[first]
        assert isinstance(owner, Type)  # noqa: S101 - `at` came from `symbols`
        new = (owner._replace(members=replaced(owner.members, tuple(rest), new)),)
    return (*items[:first], *new, *items[first + 1 :])
