"""How the name of a definition is read from its node, and cut into the components of a qualified name."""

from __future__ import annotations

import html
import re
from typing import Final

from tree_sitter import Node

MAX_NAME: Final = 400
"""Characters of a name that are kept."""


def name_node(captures: dict[str, list[Node]]) -> Node | None:
    """The node that holds the name: what was captured, or what C wraps in declarators."""
    direct = captures.get("name") or captures.get("name.selector")
    if direct:
        return direct[0]
    marked = captures.get("name.text")
    if marked:
        return _first_text(marked[0])
    nested = captures.get("name.declarator")
    return _innermost_declarator(nested[0]) if nested else None


def _first_text(node: Node) -> Node | None:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if node.type == "text":
            return node
        waiting.extend(reversed(node.named_children[:50]))
    return None


def _innermost_declarator(node: Node) -> Node:
    """The name inside C's declarators: `*f(int)`, `(*f)(int)`, `f[2]`."""
    for _ in range(64):
        if node.type == "operator_cast":
            return node
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type in {"parenthesized_declarator", "attributed_declarator", "reference_declarator"}:
            inner = next((child for child in node.named_children if child.type not in {"comment", "ERROR"}), None)
        if inner is None:
            return node
        node = inner
    return node


_NAME_NOISE: Final = re.compile(r"<[^<>]*>|\([^()]*\)|[*&\s]")
_SEPARATOR: Final = re.compile(r"::|\.|->|\\")
_OPERATOR: Final = re.compile(r"(.*?)\b(operator)\s*(\W.*|\s\w.*)", re.DOTALL)
_QUOTES: Final = "\"'`"


def node_text(content: bytes, node: Node, codec: str = "utf-8") -> str:
    """The beginning of a node's text, long enough for a name."""
    return content[node.start_byte : min(node.end_byte, node.start_byte + 4 * MAX_NAME)].decode(codec, "replace")


def joined_selector(content: bytes, node: Node, codec: str) -> str:
    """The name of a method of Objective-C, `moveTo:with:`: its words, each before a parameter with a colon."""
    words: list[str] = []
    for child in node.named_children:
        if child.type == "identifier":
            words.append(node_text(content, child, codec))
        elif child.type == "method_parameter":
            words[-1:] = [f"{words[-1] if words and not words[-1].endswith(':') else ''}:"]
        elif words and child.type not in {"method_type", "comment"}:
            break
    return "".join(words)[:MAX_NAME]


_TAG: Final = re.compile(r"<[^<>]*>")


def text_without_tags(content: bytes, node: Node, codec: str) -> str:
    """The name of a heading in a page: its text, whatever marks parts of it."""
    return " ".join(html.unescape(_TAG.sub("", node_text(content, node, codec))).split())


def whole_name(text: str) -> str:
    """A name that is text (a heading, a selector, a key): on one line, without its quotes."""
    folded = " ".join(text.split())
    return (folded.strip(_QUOTES) or folded)[:MAX_NAME]


def name_parts(text: str) -> list[str]:
    """The components of a name as written: `A::f`, `a.b.c`, `*T[K]`, `operator ==`, `'quoted key'`, `[computed]`."""
    if text.isidentifier():
        return [text[:MAX_NAME]]
    if text[:1] == "(" and text[-1:] == ")":  # an operator as OCaml and Haskell write it where it is defined
        text = text[1:-1].strip() or text
    if text[:1] in _QUOTES:
        return [text.strip(_QUOTES)[:MAX_NAME] or text]
    if text.startswith("[") or not any(character.isalnum() or character == "_" for character in text):
        return [text[:MAX_NAME]]
    found = _OPERATOR.fullmatch(text)
    if found:
        sign = " ".join(found[3].split())
        if sign[0].isalpha():
            sign = sign.partition("(")[0]
        return [*_split(found[1]), f"operator {sign}" if sign[0].isalpha() else f"operator{sign}"]
    return _split(text)


def _split(text: str) -> list[str]:
    while (shorter := _NAME_NOISE.sub("", text)) != text:
        text = shorter
    return [part[:MAX_NAME] for part in _SEPARATOR.split(text.partition("[")[0]) if part]
