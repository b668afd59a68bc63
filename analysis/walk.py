"""From a syntax tree to what the rest works with: its definitions, comments, literals, calls and errors.

No Python code visits every node: one query, run by the parser's library, gives the nodes that matter, which costs a
quarter to a half of the parse. At a node whose kind may be a definition the language's patterns are then tried on that
node alone, about a microsecond each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

from codevault.analysis.definitions import Scopes, Walked
from codevault.analysis.grammar import Grammar
from codevault.analysis.surroundings import Surroundings, in_order

MAX_SYMBOLS: Final = 20_000
"""Definitions of one file that become symbols: no hand wrote more."""


MAX_WIDE: Final = 10_000
"""Children of a node that does not parse; with more of them the file is not looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """What a tree holds beside its definitions. Ranges are ascending; a literal inside a literal is not listed.

    Calls and sections come in no order.
    """

    walked: Walked
    literals: list[tuple[int, int]]
    calls: list[Node]
    errors: list[Node]
    embedded: list[Node]
    sections: list[Node]


def walk(root: Node, content: bytes, grammar: Grammar, *, codec: str = "utf-8") -> Landmarks:
    """Everything of interest in a tree parsed from `content`. About linear in its nodes."""
    # never with progress_callback: py-tree-sitter 0.26 then reads options that are gone, and the process dies;
    # the nodes of a role come in no order
    found = grammar.landmarks.captures(root)
    walked = Walked(comments=sorted([node.byte_range for node in found.get("comment", ())]), codec=codec)
    surroundings = Surroundings(
        content, walked.comments, found.get("lead", ()), found.get("wrapper", ()), grammar.single_wrappers
    )
    scopes = Scopes(content, grammar, walked, surroundings, MAX_SYMBOLS)
    scopes.visit(in_order(found.get("definition", ())))
    scopes.finish()
    return Landmarks(
        walked=walked,
        literals=_outermost(sorted([node.byte_range for node in found.get("literal", ())])),
        calls=found.get("call", []),
        errors=_errors(root, grammar),
        embedded=[node for _, _, _, node in in_order(found.get("embedded", ()))],
        sections=found.get("section", []),
    )


def _outermost(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ascending ranges without those that lie in another."""
    found: list[tuple[int, int]] = []
    begun = reached = -1
    for span in ranges:
        start, end = span
        if start >= reached:
            found.append(span)
            begun, reached = span
        elif end > reached and start == begun:
            found[-1] = span
            reached = end
    return found


def _errors(root: Node, grammar: Grammar) -> list[Node]:
    if not root.has_error:
        return []
    found = in_order(grammar.errors.captures(root).get("error", ()))
    return [node for _, _, _, node in found if node.end_byte > node.start_byte or node.is_missing]


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
