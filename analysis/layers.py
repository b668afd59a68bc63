"""One language's part of a file, and the symbols of all parts together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from tree_sitter import Node

from codevault.analysis import details
from codevault.analysis.definitions import Definition
from codevault.analysis.grammar import Grammar
from codevault.analysis.model import Symbol
from codevault.analysis.names import MAX_NAME, node_text
from codevault.analysis.tokens import Array, Tokens
from codevault.analysis.walk import Landmarks, walk

MAX_CALLS: Final = 200
"""Names called by one symbol that are kept."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A tree of one language over (a part of) a file, with its landmarks, tokens and calls by place."""

    grammar: Grammar
    content: bytes
    landmarks: Landmarks
    tokens: Tokens
    call_places: list[int]
    call_names: list[str]


def layer_of(grammar: Grammar, root: Node, content: bytes, codec: str) -> Layer:
    """All that later steps need of a tree."""
    landmarks = walk(root, content, grammar, codec=codec)
    tokens = Tokens(
        content, landmarks.walked.comments, landmarks.literals, grammar.keywords, by_lines=grammar.spec.by_lines
    )
    calls = sorted((node.start_byte, _called(content, node, codec)) for node in landmarks.calls)
    return Layer(grammar, content, landmarks, tokens, [place for place, _ in calls], [name for _, name in calls])


def _called(content: bytes, node: Node, codec: str) -> str:
    return node_text(content, node, codec)[:MAX_NAME]


def merged(parts: Sequence[list[Definition]]) -> list[Definition]:
    """The definitions of all layers in the order of the text; those of guests belong to what is around them."""
    if len(parts) == 1:
        return parts[0]
    numbered = [
        (found.start, -found.end, layer, index, found)
        for layer, part in enumerate(parts)
        for index, found in enumerate(part)
    ]
    numbered.sort(key=lambda entry: entry[:4])
    place = {(layer, index): position for position, (_, _, layer, index, _) in enumerate(numbered)}
    ordered: list[Definition] = []
    around: list[int] = []  # definitions of the host that are open
    for position, (start, _, layer, _, found) in enumerate(numbered):
        while around and ordered[around[-1]].end <= start:
            around.pop()
        parent = place[layer, found.parent] if found.parent >= 0 else around[-1] if around and layer else -1
        ordered.append(replace(found, parent=parent, layer=layer))
        if not layer:
            around.append(position)
    return ordered


def described(
    layers: Sequence[Layer], definitions: Sequence[Definition], content: bytes, homes: Sequence[int], codec: str
) -> Iterator[Symbol]:
    """The symbols of a file's definitions, in their order."""
    breaks = _line_breaks(content)
    rows = np.searchsorted(breaks, [(found.start, found.end, found.name_at) for found in definitions] or [(0, 0, 0)])
    offsets = [at for found in definitions for at in (found.start, max(found.body, 0), found.end)]
    places = [layer.tokens.places(offsets) for layer in layers]
    for index, (found, unit, lines) in enumerate(zip(definitions, homes, (rows + 1).tolist(), strict=False)):
        place = places[found.layer][3 * index : 3 * index + 3]
        yield _symbol(layers[found.layer], found, unit, lines, place, codec)


def _symbol(layer: Layer, found: Definition, unit: int, lines: list[int], places: list[int], codec: str) -> Symbol:
    tokens, spec, content = layer.tokens, layer.grammar.spec, layer.content
    first, body_first, last = places
    calls: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    returns = ""
    if found.kind in details.CALLABLE:
        begin, end = bisect_right(layer.call_places, found.name_at), bisect_left(layer.call_places, found.end)
        calls = tuple(dict.fromkeys(layer.call_names[begin:end]))[:MAX_CALLS]
        parameters, returns = details.parameters(content, found, codec), details.returns(content, found, codec)
    return Symbol(
        name=found.name,
        qualified_name=found.qualified_name,
        kind=found.kind,
        start_byte=found.start,
        end_byte=found.end,
        start_line=lines[0],
        end_line=lines[1],
        name_line=lines[2],
        signature=details.signature(content, found.header, codec),
        parent=found.parent,
        unit=unit,
        exact=tokens.exact(first, last),
        renamed=tokens.renamed(first, last),
        tokens=tokens.count(first, last),
        body=tokens.exact(body_first, last) if found.body >= 0 and body_first < last else "",
        parameters=parameters,
        returns=returns,
        visibility=details.visibility(content, found, spec),
        decorators=details.decorators(content, found, codec),
        documentation=details.documentation(content, found, spec, codec),
        calls=calls,
        sketch=tokens.sketch(first, last),
    )


def _line_breaks(content: bytes) -> Array:
    breaks: Array = np.flatnonzero(np.frombuffer(content, np.uint8) == 10)
    return breaks
