"""One walk over a syntax tree: its tokens in order, and the definitions with the ranges of tokens they cover.

The walk is iterative (a source file may be nested a hundred thousand levels deep) and touches each node once. At a node
whose kind may be a definition the language's query is tried on that node alone, about a microsecond, instead of on the
whole tree, which costs a third of the parse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tree_sitter import Tree

from codevault.analysis.definitions import BLIND_IDENTIFIER, BLIND_LITERAL, Scopes, Walked, add_unseen
from codevault.analysis.grammar import BLANK, BODY, COMMENT, DEFINITION, IDENTIFIER, LITERAL, TEXT, Grammar

MAX_RUN: Final = 4096
"""Bytes after which a run of adjacent literals becomes another token: growing one further would be quadratic."""


def walk(  # noqa: C901 - one loop, unrolled for speed
    tree: Tree,
    content: bytes,
    grammar: Grammar,
    blanked: Sequence[tuple[int, int]] = (),
    codec: str = "utf-8",
) -> Walked:
    """Tokens and definitions of a tree parsed from `content`. Linear in the number of nodes."""
    walked = Walked(codec=codec)
    exact, renamed = walked.exact, walked.renamed
    fixed, actions, levels = grammar.fixed, grammar.actions, grammar.levels
    scopes = Scopes(content, grammar, walked)
    cursor = tree.walk()
    down, following, up = cursor.goto_first_child, cursor.goto_next_sibling, cursor.goto_parent
    depth, literal_at, closing = 0, -1, -1
    while True:
        node = cursor.node
        kind = node.kind_id  # type: ignore[union-attr] # a cursor of a tree always stands on a node
        token = fixed[kind]
        if token is not None:
            exact.append(token)
            renamed.append(token)
        else:
            action = actions[kind]
            if action == IDENTIFIER:
                start, end = node.start_byte, node.end_byte  # type: ignore[union-attr]
                exact.append(content[start:end])
                renamed.append(BLIND_IDENTIFIER)
            elif action == LITERAL:
                start, end = node.start_byte, node.end_byte  # type: ignore[union-attr]
                if literal_at == len(exact) and len(exact[-1]) < MAX_RUN:  # how a run is cut is a matter of layout
                    exact[-1] += b"\0" + content[start:end]
                else:
                    exact.append(content[start:end])
                    renamed.append(BLIND_LITERAL)
                    literal_at = len(exact)
            else:
                if (
                    action >= COMMENT
                    and (action != DEFINITION or levels[kind] >= scopes.level)
                    and (action != BODY or node.start_byte == scopes.body)  # type: ignore[union-attr]
                ):
                    closing = scopes.visit(node, action, depth)  # type: ignore[arg-type]
                    if closing == depth:
                        literal_at = -1
                if not TEXT <= action <= COMMENT and down():
                    depth += 1
                    continue
                if not BLANK <= action <= COMMENT:
                    scopes.leaf(node, action)  # type: ignore[arg-type]
                if depth == closing:
                    closing, literal_at = scopes.close(), -1
        while not following():
            if not up():
                scopes.close_all()
                if blanked:
                    add_unseen(walked.definitions, content, blanked)
                return walked
            depth -= 1
            if depth == closing:
                closing, literal_at = scopes.close(), -1
