"""One language's part of a file, and the symbols of all parts together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from tree_sitter import Node

from codevault.analysis.definitions import Definition
from codevault.analysis.details import CALLABLE, Details
from codevault.analysis.grammar import Grammar
from codevault.analysis.model import Symbol
from codevault.analysis.names import MAX_NAME
from codevault.analysis.sections import Sections
from codevault.analysis.tokens import Tokens
from codevault.analysis.walk import Landmarks, walk

MAX_CALLS: Final = 200
"""Names called by one symbol that are kept."""

_LINE_BREAK: Final = ord("\n")


@dataclass(frozen=True, slots=True)
class Layer:
    """A tree of one language over (a part of) a file, with its landmarks."""

    grammar: Grammar
    content: bytes
    landmarks: Landmarks


def layer_of(grammar: Grammar, root: Node, content: bytes, codec: str) -> Layer:
    """All that later steps need of a tree."""
    return Layer(grammar, content, walk(root, content, grammar, codec=codec))


def tokens_of(layer: Layer, boundaries: Sequence[int]) -> Tokens:
    """The tokens of a layer, for digests between these offsets, which ascend."""
    landmarks, grammar = layer.landmarks, layer.grammar
    return Tokens(
        layer.content,
        landmarks.walked.comments,
        landmarks.literals,
        boundaries,
        grammar.vocabulary,
        by_lines=grammar.spec.by_lines,
    )


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
    if not definitions:
        return
    breaks: list[int] = (np.frombuffer(content, np.uint8) == _LINE_BREAK).nonzero()[0].tolist()
    by_layer: dict[int, list[Definition]] = {}
    for found in definitions:
        by_layer.setdefault(found.layer, []).append(found)
    describers = {number: _Describer(layers[number], own, breaks, codec) for number, own in by_layer.items()}
    for found, unit in zip(definitions, homes, strict=True):
        yield describers[found.layer].symbol(found, unit)


class _Describer:
    """What the definitions of one layer are described with."""

    def __init__(self, layer: Layer, definitions: Sequence[Definition], breaks: list[int], codec: str) -> None:
        self._details = Details(layer.content, layer.grammar, codec)
        self._sections = Sections(layer.content, layer.landmarks.sections, layer.grammar.spec.sections)
        self._breaks = breaks
        offsets = [at for found in definitions for at in (found.start, found.end, max(found.body, found.start))]
        offsets += map(_own_start, definitions)
        boundaries = sorted(set(offsets))
        self._place = {offset: number for number, offset in enumerate(boundaries)}
        self._tokens = tokens_of(layer, boundaries)
        calls = sorted([node.byte_range for node in layer.landmarks.calls])
        self._call_places = [start for start, _ in calls]
        self._call_names = [
            layer.content[start : min(end, start + 4 * MAX_NAME)].decode(codec, "replace")[:MAX_NAME]
            for start, end in calls
        ]

    def symbol(self, found: Definition, unit: int) -> Symbol:
        """The definition with all that is known of it."""
        tokens, place, breaks, details = self._tokens, self._place, self._breaks, self._details
        first, last = place[found.start], place[found.end]
        is_callable = found.kind in CALLABLE
        return Symbol(
            name=found.name,
            qualified_name=found.qualified_name,
            kind=found.kind,
            start_byte=found.start,
            end_byte=found.end,
            start_line=bisect_left(breaks, found.start) + 1,
            end_line=bisect_left(breaks, found.end) + 1,
            name_line=bisect_left(breaks, found.name_at) + 1,
            signature=details.signature(found),
            parent=found.parent,
            unit=unit,
            exact=tokens.exact(first, last),
            renamed=tokens.renamed(first, last),
            tokens=tokens.count(first, last),
            body=tokens.exact(place[found.body], last) if tokens.count(place.get(found.body, last), last) else "",
            parameters=details.parameters(found) if is_callable else (),
            returns=details.returns(found) if is_callable else "",
            visibility=self._sections.visibility(found) or details.visibility(found),
            decorators=details.decorators(found),
            documentation=details.documentation(found),
            calls=self._called(found) if is_callable else (),
            sketch=tokens.sketch(first, last),
            codes=tokens.codes(place[_own_start(found)], last),
        )

    def _called(self, found: Definition) -> tuple[str, ...]:
        begin = bisect_right(self._call_places, found.name_at)
        end = bisect_left(self._call_places, found.end, begin)
        return tuple(dict.fromkeys(self._call_names[begin:end]))[:MAX_CALLS]


def _own_start(found: Definition) -> int:
    """Where the definition itself begins, after decorators, attributes and words of export, which copies lose."""
    start = found.start if found.node is None else found.node.start_byte
    return start if found.start <= start < found.end else found.start
