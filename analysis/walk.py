"""From a syntax tree to what the rest works with: its definitions, comments, literals, calls and errors.

No Python code visits every node: one query, run by the parser's library, gives the nodes that matter in the order of
the text (outer before inner), which costs two fifths of the parse. At a node whose kind may be a definition the
language's patterns are then tried on that node alone, about a microsecond each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from codevault.analysis.definitions import Scopes, Walked
from codevault.analysis.grammar import Grammar

MAX_SYMBOLS: Final = 20_000
"""Definitions of one file that become symbols: no hand wrote more."""


MAX_WIDE: Final = 10_000
"""Children of a node that does not parse; with more of them the file is not looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """What a tree holds beside its definitions. Ranges are ascending; a literal inside a literal is not listed."""

    walked: Walked
    literals: list[tuple[int, int]]
    calls: list[Node]
    errors: list[Node]
    embedded: list[Node]


def walk(root: Node, content: bytes, grammar: Grammar, *, codec: str = "utf-8") -> Landmarks:
    """Everything of interest in a tree parsed from `content`. About linear in its nodes."""
    # never with progress_callback: py-tree-sitter 0.26 then reads options that are gone, and the process dies;
    # not `captures`: it gives the nodes in no order
    walked = Walked(codec=codec)
    scopes = Scopes(content, grammar, walked, MAX_SYMBOLS)
    visit = scopes.visit
    actions, asked = grammar.actions, grammar.asked
    found: dict[str, list[Node]] = {"literal": [], "call": [], "error": [], "embedded": []}
    for index, captures in grammar.landmarks.matches(root):
        name = asked[index]
        if name == "n":
            (node,) = captures["n"]
            visit(node, actions[node.kind_id])
        elif name in captures:  # a pattern with an alternative that asks for nothing
            found[name].extend(captures[name])
    scopes.finish()
    return Landmarks(
        walked=walked,
        literals=_outermost([node.byte_range for node in found["literal"]]),
        calls=found["call"],
        errors=[node for node in found["error"] if node.end_byte > node.start_byte or node.is_missing],
        embedded=found["embedded"],
    )


def widest_error(root: Node) -> int:
    """How many children the widest node with an error has, as far as MAX_WIDE: what is wider is not looked into.

    The parser's query looks at all later siblings of a node until one is named, so a row of n brackets costs it n².
    """
    widest = 0
    waiting = [root] if root.has_error else []
    while waiting:
        node = waiting.pop()
        widest = max(widest, node.child_count)
        if node.child_count > MAX_WIDE:
            return widest
        waiting.extend(child for child in node.children if child.has_error)
    return widest


def _outermost(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found.sort(key=_outer_first)
    ranges: list[tuple[int, int]] = []
    reached = -1
    for start, end in found:
        if start >= reached and end > start:
            ranges.append((start, end))
            reached = end
    return ranges


def _outer_first(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], -span[1]
