"""Notebooks: the code cells of a Jupyter notebook as one program, every byte of it at its place in the JSON file.

The parser is shown a copy of the file in which a string's escapes are the characters they stand for, each inside the
bytes of its escape, and only the ranges that are code. So spans of symbols are spans of the file, and nothing is
translated back. Cells follow one another as if they were one file (nbformat 4.5, "cells").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tree_sitter import Node

MAX_CELLS: Final = 5_000
"""Cells of one notebook that are looked into."""

_ESCAPE: Final = re.compile(rb'\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(["\\/bfnrt]))')
_PLAIN: Final = {b"n": b"\n", b"r": b" ", b"t": b"\t", b"b": b" ", b"f": b"\f"}
_MAGIC: Final = re.compile(rb"\s*[%!?]")
_KERNELS: Final = {"python": "python", "python3": "python", "ipython": "python", "julia": "julia", "r": "r", "ir": "r"}
_NAMES: Final = (("metadata", "language_info", "name"), ("metadata", "kernelspec", "language"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A notebook's code: its language, the copy to parse, the ranges in it that are code, and each cell's range."""

    language: str
    shown: bytes
    ranges: tuple[tuple[int, int], ...]
    cells: tuple[tuple[int, int], ...]


def read_notebook(root: Node, content: bytes) -> Notebook | None:
    """The code of a notebook whose JSON tree this is; None when it is none, or holds no code."""
    top = next((child for child in root.named_children if child.type == "object"), None)
    cells = _value(top, "cells", content) if top else None
    if top is None or cells is None:
        return None
    shown = bytearray(re.sub(rb"[^\n]", b" ", content))
    ranges: list[tuple[int, int]] = []
    spans: list[tuple[int, int]] = []
    for cell in cells.named_children[:MAX_CELLS]:
        kind, source = _value(cell, "cell_type", content), _value(cell, "source", content)
        if kind is None or source is None or content[kind.start_byte : kind.end_byte] != b'"code"':
            continue
        strings = (
            [source] if source.type == "string" else [line for line in source.named_children if line.type == "string"]
        )
        for string in strings:
            ranges.extend(_shown(content, shown, string.start_byte + 1, string.end_byte - 1))
        if strings:
            spans.append((source.start_byte, source.end_byte))
            at = strings[-1].end_byte - 1  # the last line of a cell has no line break: its quote stands for one
            shown[at : at + 1] = b"\n"
            ranges.append((at, at + 1))
    if not ranges:
        return None
    language = _KERNELS.get(_language(top, content), "")
    return Notebook(language=language, shown=bytes(shown), ranges=tuple(ranges), cells=tuple(spans))


def _value(node: Node, key: str, content: bytes) -> Node | None:
    wanted = b'"' + key.encode() + b'"'
    for pair in node.named_children:
        name = pair.child_by_field_name("key")
        if name is not None and content[name.start_byte : name.end_byte] == wanted:
            return pair.child_by_field_name("value")
    return None


def _language(top: Node, content: bytes) -> str:
    for path in _NAMES:
        node: Node | None = top
        for key in path:
            node = _value(node, key, content) if node else None
        if node is not None:
            return content[node.start_byte + 1 : node.end_byte - 1].decode("ascii", "replace").lower()
    return "python"


def _shown(content: bytes, shown: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Ranges of a string's characters, after writing into the copy what they stand for. Magic commands are left out."""
    if _MAGIC.match(content, start, end):
        if content[end - 2 : end] == b"\\n":
            shown[end - 1] = 0x0A
            yield end - 1, end
        return
    position = start
    for found in _ESCAPE.finditer(content, start, end):
        if found.start() > position:
            shown[position : found.start()] = content[position : found.start()]
            yield position, found.start()
        text = _character(found)
        at = found.end() - len(text)
        shown[at : found.end()] = text
        yield at, found.end()
        position = found.end()
    if end > position:
        shown[position:end] = content[position:end]
        yield position, end


def _character(found: re.Match[bytes]) -> bytes:
    if found[3]:
        return _PLAIN.get(found[3], found[3])
    units = int(found[1], 16), int(found[2], 16) if found[2] else 0
    if 0xD800 <= units[0] < 0xDC00 and units[1]:
        return chr(0x10000 + ((units[0] - 0xD800) << 10) + (units[1] - 0xDC00)).encode()
    text = chr(units[0]).encode("utf-8", "replace")
    return text + (chr(units[1]).encode("utf-8", "replace") if found[2] else b"")
