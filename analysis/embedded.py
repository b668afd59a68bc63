"""Languages inside other languages: which one a part of a page is written in, and how only that part is parsed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tree_sitter import Node, Range

_LANG = re.compile(rb"""\b(?:lang|type)\s*=\s*["']?([\w/+.-]+)""")
_SCRIPTS = {
    "": "javascript",
    "js": "javascript",
    "jsx": "javascript",
    "javascript": "javascript",
    "text/javascript": "javascript",
    "module": "javascript",
    "application/javascript": "javascript",
    "text/babel": "javascript",
    "ts": "typescript",
    "typescript": "typescript",
    "text/typescript": "typescript",
    "tsx": "tsx",
}
_STYLES = {"": "css", "css": "css", "text/css": "css", "postcss": "css"}


def embedded_language(node: Node, content: bytes) -> str:
    """The language of a script's or a style's text, by the tag around it; "" for one that is not looked into."""
    element = node.parent
    if element is None:
        return ""
    found = _LANG.search(content[element.start_byte : node.start_byte])
    word = found[1].decode("ascii", "replace").lower() if found else ""
    return (_STYLES if element.type.startswith("style") else _SCRIPTS).get(word, "")


def included(content: bytes, ranges: Sequence[tuple[int, int]]) -> list[Range]:
    """The ranges as the parser wants them: with rows and columns."""
    found: list[Range] = []
    position, row, line = 0, 0, 0
    for start, end in ranges:
        points = []
        for at in (start, end):
            row += content.count(b"\n", position, at)
            line = content.rfind(b"\n", 0, at) + 1
            position = at
            points.append((row, at - line))
        found.append(Range(points[0], points[1], start, end))
    return found


def only(content: bytes, ranges: Sequence[tuple[int, int]]) -> bytes:
    """The content with blanks everywhere but in the ranges and at line breaks: every offset stays."""
    text = bytearray(re.sub(rb"[^\n]", b" ", content))
    for start, end in ranges:
        text[start:end] = content[start:end]
    return bytes(text)
