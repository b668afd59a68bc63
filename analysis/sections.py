"""Visibility that a line gives to what follows it (`private:` in C++, `private` in Ruby), or to the names on it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Final

from tree_sitter import Node

from codevault.analysis.definitions import Definition
from codevault.analysis.model import SymbolKind

MAX_CLIMB: Final = 4
"""Nodes between a member and its type: template, list of members, arguments of `private def`."""

_MEMBERS: Final = frozenset({SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})
_WORDS: Final = {
    "private": "private",
    "protected": "protected",
    "public": "public",
    "private_class_method": "private",
    "public_class_method": "public",
    "module_function": "public",
}


class Sections:
    """The sections of one tree: `nodes` are their marks, `types` the nodes that have them, with what the first is."""

    def __init__(self, content: bytes, nodes: Iterable[Node], types: Mapping[str, str]) -> None:
        self._content = content
        self._types = types
        self._words: dict[int, list[tuple[int, str]]] = {}  # by list of members
        self._named: dict[tuple[int, bytes], str] = {}
        for node in sorted(nodes, key=_start):
            around = node.parent
            if around is None:
                continue
            arguments = node.child_by_field_name("arguments")
            word = self._word(node if arguments is None else node.child_by_field_name("method"))
            if arguments is None:
                self._words.setdefault(around.id, []).append((node.start_byte, word))
            for argument in arguments.named_children if arguments is not None else ():
                self._named[around.id, self._text(argument).strip(b":\"'")] = word

    def visibility(self, found: Definition) -> str:
        """What the definition's section says, "" for one that stands in no type with sections."""
        node = found.node
        if node is None or not self._types or found.kind not in _MEMBERS:
            return ""
        inside, member = node, node
        for _ in range(MAX_CLIMB):
            around = inside.parent
            if around is None:
                return ""
            if around.type in self._types:
                return self._in_type(found, around, inside, member)
            if around.type == "call" and (word := self._word(around.child_by_field_name("method"))):
                return word
            inside, member = around, inside
        return ""

    def _in_type(self, found: Definition, around: Node, members: Node, member: Node) -> str:
        named = self._named.get((members.id, found.name.encode()))
        if named is not None:
            return named
        words = self._words.get(members.id, ())
        last = bisect_left(words, (member.start_byte, "")) - 1
        if last < 0 or member.type == "singleton_method":
            return self._types[around.type]
        return words[last][1]

    def _word(self, node: Node | None) -> str:
        return _WORDS.get(self._text(node).decode("ascii", "replace"), "") if node is not None else ""

    def _text(self, node: Node) -> bytes:
        return self._content[node.start_byte : min(node.end_byte, node.start_byte + 400)]


def _start(node: Node) -> int:
    return node.start_byte
