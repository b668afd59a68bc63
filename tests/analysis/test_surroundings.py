from __future__ import annotations

from typing import cast

import pytest
from tree_sitter import Node, Tree

from codevault.analysis.analyse import parse
from codevault.analysis.grammar import load_grammar
from codevault.analysis.surroundings import Surroundings, Wrapper, in_order

CONSTANTS = b"package a\nconst (\n" + b"".join(b"\tC%d = 1\n" % number for number in range(50)) + b")\n"


class Counting:
    """A node that counts how often it is asked for its children."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.asked = 0

    @property
    def named_children(self) -> list[Node]:
        self.asked += 1
        return self._node.named_children


@pytest.fixture
def tree() -> Tree:
    grammar = load_grammar("go")
    assert grammar is not None
    tree = parse(grammar, CONSTANTS, 10.0)
    assert tree is not None
    return tree


def test_a_wrapper_of_many_constants_reads_its_children_once(tree: Tree) -> None:
    block = tree.root_node.named_children[1]
    counting = Counting(block)
    wrapper = Wrapper(cast("Node", counting), block.start_byte, block.end_byte, spans=False, leads_header=True)

    assert all(wrapper.holds(constant) for constant in block.named_children)
    assert not wrapper.holds(tree.root_node)
    assert counting.asked == 1


def test_nodes_come_in_the_order_of_the_text_outer_before_inner(tree: Tree) -> None:
    block = tree.root_node.named_children[1]
    nodes = [block.named_children[1], block.named_children[0], block, tree.root_node]

    assert [node for _, _, _, node in in_order(nodes)] == [tree.root_node, block, *reversed(nodes[:2])]


def test_a_file_without_wrappers_wraps_nothing(tree: Tree) -> None:
    surroundings = Surroundings(CONSTANTS, (), (), (), frozenset())

    assert surroundings.wrapper_of(tree.root_node) is None
    assert surroundings.above(10, 10) == (10, 10)
