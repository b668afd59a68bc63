"""What programmers do to one function or file, as pure functions from value to value."""

from __future__ import annotations

import re
from random import Random

from corpora.generator.bodies import Trade, simple_statement
from corpora.generator.code import Function, Kind, Layout, SourceFile, Statement, Type
from corpora.generator.syntax import Syntax
from corpora.generator.vocabulary import often_first, pick, sentence

_SHORTEST_EXTRACT = 2
_NOT_DELETED = (Kind.RETURN, Kind.COMMENT, Kind.BLANK)  # without a comment the function would still be the same


def edited_body(random: Random, trade: Trade, function: Function, changes: int) -> Function:
    """The function with that many statements replaced, put in or taken out; at least one really differs."""
    body = list(function.body)
    scope = list(function.parameters) or ["n"]
    for _ in range(changes):
        at = int(random.random() * len(body))
        share = random.random()
        if share < 0.2 and len(body) > 3 and body[at].kind not in _NOT_DELETED:
            del body[at]
        elif share < 0.5 and body[at].kind != Kind.RETURN:
            body[at] = _other_than(random, trade, scope, body[at])
        else:
            body.insert(at, simple_statement(random, trade, scope))
    if tuple(body) == function.body:
        body.insert(0, simple_statement(random, trade, scope))
    return function._replace(body=tuple(body))


def _other_than(random: Random, trade: Trade, scope: list[str], old: Statement) -> Statement:
    """Something else at the same place: a block keeps its branches and gets one statement more."""
    if old.body:
        return old._replace(body=(simple_statement(random, trade, scope), *old.body))
    return simple_statement(random, trade, scope)


def changed_signature(random: Random, vocabulary: tuple[str, ...], function: Function) -> Function:
    """The function with a parameter more, less or other."""
    parameters = list(function.parameters)
    new = often_first(random, vocabulary)
    while new in parameters:
        new = pick(random, vocabulary)
    share = random.random()
    if parameters and share < 0.25:
        parameters.pop()
    elif parameters and share < 0.5:
        parameters[int(random.random() * len(parameters))] = new
    else:
        parameters.append(new)
    return function._replace(parameters=tuple(parameters))


def changed_comment(random: Random, function: Function) -> Function:
    """The function with a line of its documentation rewritten, or its first line written."""
    line = sentence(random)
    if not function.doc:
        return function._replace(doc=(line,))
    at = int(random.random() * len(function.doc))
    if line == function.doc[at]:
        return function._replace(doc=(*function.doc, line))
    return function._replace(doc=(*function.doc[:at], line, *function.doc[at + 1 :]))


def extracted(random: Random, function: Function, name: str, prefix: str) -> tuple[Function, Function] | None:
    """The function calling a new one of that name that holds some of its statements; `None` when it is too short.

    `prefix` is what the call is written with ("self." and the like for a method).
    """
    body = function.body[:-1]
    if len(body) < _SHORTEST_EXTRACT + 1:
        return None
    size = _SHORTEST_EXTRACT + int(random.random() * (len(body) - _SHORTEST_EXTRACT))
    start = int(random.random() * (len(body) - size))
    taken = body[start : start + size]
    if all(each.kind in (Kind.COMMENT, Kind.BLANK) for each in taken):
        return None
    parameters = function.parameters[:3]
    ending = Statement(Kind.RETURN, (parameters[0] if parameters else "1",))
    call = Statement(Kind.CALL, (prefix + name, ", ".join(parameters)))
    left = function._replace(body=(*body[:start], call, *function.body[start + size :]))
    return left, Function(name, parameters, (*taken, ending), (), function.traits)


def renamed_symbol(file: SourceFile, old: str, new: str) -> SourceFile:
    """The file with the symbol of that simple name, and every use of it, called `new`."""
    word = re.compile(rf"\b{old}\b")
    return file._replace(items=tuple(_renamed(item, old, new, word) for item in file.items))


def _renamed(item: Function | Type, old: str, new: str, word: re.Pattern[str]) -> Function | Type:
    name = new if item.name == old else item.name
    if isinstance(item, Type):
        return item._replace(name=name, members=tuple(_renamed(each, old, new, word) for each in item.members))
    return item._replace(name=name, body=_renamed_body(item.body, old, new, word))


def _renamed_body(body: tuple[Statement, ...], old: str, new: str, word: re.Pattern[str]) -> tuple[Statement, ...]:
    return tuple(
        Statement(
            kind,
            tuple(word.sub(new, slot) if old in slot else slot for slot in slots),
            _renamed_body(inner, old, new, word),
            _renamed_body(other, old, new, word),
        )
        for kind, slots, inner, other in body
    )


def reformatted(random: Random, layout: Layout, syntax: Syntax) -> Layout:
    """Another layout: other indentation, braces elsewhere, or other distances."""
    choices = [layout._replace(blank=3 - layout.blank)]
    choices.extend(layout._replace(indent=indent) for indent in syntax.indents if indent != layout.indent)
    if syntax.may_lower_brace:
        choices.append(layout._replace(brace_below=not layout.brace_below))
    return pick(random, choices)
