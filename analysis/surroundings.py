"""What stands around a definition and belongs to it: comments and attributes above, and the node it is wrapped in."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from tree_sitter import Node

MAX_INDENT: Final = 1000
"""Bytes of white space before a comment that still belongs to the definition below it."""


@dataclass(slots=True)
class Wrapper:
    """A node around a definition: decorators and it, `export` and it, `const` and its declarators.

    With `spans` the first definition inside starts where the wrapper does, with `leads_header` its signature too.
    """

    node: Node
    start: int
    end: int
    spans: bool
    leads_header: bool
    children: frozenset[int] | None = None

    def holds(self, node: Node) -> bool:
        """Whether the node is a child of the wrapper; its children, thousands of constants perhaps, are read once."""
        if node.end_byte > self.end:
            return False
        if self.children is None:
            self.children = frozenset([child.id for child in self.node.named_children])
        return node.id in self.children


Placed: TypeAlias = tuple[int, int, int, Node]
"""A node with its start before it, and what breaks ties."""


def in_order(nodes: Iterable[Node]) -> list[Placed]:
    """The nodes in the order of the text, outer before inner."""
    return sorted([(node.start_byte, -node.descendant_count, number, node) for number, node in enumerate(nodes)])


class Surroundings:
    """Comments, attributes and wrappers of a file, asked for by definition in the order of the text.

    Comments come as ranges, nodes in any order; kinds in `single_wrappers` span a definition only when
    it is all they hold.
    """

    def __init__(
        self,
        content: bytes,
        comments: Iterable[tuple[int, int]],
        leads: Sequence[Node],
        wrappers: Sequence[Node],
        single_wrappers: frozenset[int],
    ) -> None:
        self._content = content
        self._leads = [(start, end, True) for start, end in comments]
        if leads:
            self._leads += [(node.start_byte, node.end_byte, False) for node in leads]
            self._leads.sort()
        self._free = 0  # those before belong to a definition, or to nothing
        self._wrappers = [node for _, _, _, node in in_order(wrappers)]
        self._single = single_wrappers
        self._asked: Node | None = None
        self._answer: Wrapper | None = None
        self._passed = -1
        self._resolved = -1
        self._wrapper: Wrapper | None = None

    def add_lead(self, node: Node) -> None:
        """Take a node that might have been a definition for one that belongs to the definition below."""
        insort(self._leads, (node.start_byte, node.end_byte, False))

    def wrapper_of(self, node: Node) -> Wrapper | None:
        """The wrapper whose child the node is."""
        if node is not self._asked:
            self._asked, self._answer = node, self._found(node) if self._wrappers else None
        return self._answer

    def _found(self, node: Node) -> Wrapper | None:
        wrappers, following = self._wrappers, self._passed + 1
        start, end = node.start_byte, node.end_byte
        while following < len(wrappers):
            wrapping = wrappers[following]
            if wrapping.start_byte > start or (wrapping.start_byte == start and wrapping.end_byte < end):
                break
            following += 1
        self._passed = following - 1
        wrapper = self._resolve(self._passed) if self._passed >= 0 else None
        return wrapper if wrapper is not None and wrapper.holds(node) else None

    def _resolve(self, index: int) -> Wrapper:
        """The wrapper of this number, begun by those that it is a child of."""
        if self._wrapper is not None and index == self._resolved:
            return self._wrapper
        node = self._wrappers[index]
        is_single = node.kind_id in self._single
        spans = not is_single or node.named_child_count == 1
        around = self._wrappers[index - 1] if index else None
        if around is not None and around.end_byte >= node.end_byte and node in around.named_children:
            outer = self._resolve(index - 1)
            found = Wrapper(node, outer.start, outer.end, outer.spans and spans, leads_header=False)
        else:
            found = Wrapper(node, node.start_byte, node.end_byte, spans, leads_header=is_single)
        self._resolved, self._wrapper = index, found
        return found

    def above(self, start: int, begin: int) -> tuple[int, int]:
        """Where a definition from `start` on begins with its attributes, and where with its comments too.

        What stands before `begin`, where its node does, is then taken.
        """
        if self._free == len(self._leads):
            return start, start
        content, leads, position = self._content, self._leads, start
        index = bisect_left(leads, (start,))
        while index > self._free:
            index -= 1
            lead_start, lead_end, is_comment = leads[index]
            between = content[lead_end:position]
            if lead_end > position or between.strip() or between.count(b"\n") > 1:
                break
            if not _begins_line(content, lead_start):
                break
            position = lead_start
            if not is_comment:
                start = lead_start
        self._free = max(self._free, bisect_left(leads, (begin,)))
        return start, position


def _begins_line(content: bytes, position: int) -> bool:
    """Whether only white space precedes on the line, of which a limited part is looked at: files of one line exist."""
    before = content[max(0, position - MAX_INDENT) : position]
    line = before[before.rfind(b"\n") + 1 :]
    return not line.strip() and (len(line) < len(before) or position <= MAX_INDENT)
