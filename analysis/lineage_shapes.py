"""What is compared of a symbol: the words of its body, its header, annotations, parameters and remarks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from codevault.analysis.details import MAX_SIGNATURE
from codevault.analysis.kinds import CALLABLES, CONTAINERS, VersionedSymbol
from codevault.analysis.wording import layout_of, words_of

Texts = Callable[[str], bytes]
"""The text that `VersionedSymbol.text` names; empty bytes where it is not known. Asked for symbols that changed."""

Words = tuple[str, ...]

_NESTED: Final = r'(?:[^()"]|"(?:\\.|[^"\\])*"|\((?:[^()"]|"(?:\\.|[^"\\])*"|\([^()]*\))*\))*'
_ANNOTATION: Final = re.compile(rf"@(?!interface\b)[\w.:]+(?:\s*\({_NESTED}\))?\s*|#!?\[[^\[\]]*\]\s*")
_WORD: Final = re.compile(r"\w+|[^\w\s]")
_PASSING: Final = frozenset({"final", "const", "mut", "ref", "readonly", "in", "out", "inout", "val", "var", "&"})
_RECEIVERS: Final = frozenset({"self", "cls"})
_SEARCHED: Final = 400  # words in which a header is looked for: decorators and their arguments stand before it


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The parts of one symbol's text, each as words without white space.

    `known` is False where only the header could be read; `words` are then what the header says behind the name.
    `header` and `annotations` hold "" in place of the symbol's own name; `parameters` lack receivers, annotations and
    words for how they are passed.
    """

    words: Words
    bag: Mapping[str, int]
    header: Words
    annotations: Words
    parameters: Words
    remarks: Words
    known: bool

    @property
    def size(self) -> int:
        """How many words its body has."""
        return len(self.words)


class Shapes:
    """Shapes by symbol, each made when it is first asked for and remembered."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._made: dict[tuple[str, str, str, str], Shape] = {}

    def of(self, symbol: VersionedSymbol) -> Shape:
        """The shape of one symbol."""
        key = symbol.text or symbol.exact, symbol.signature, symbol.name, symbol.language
        found = self._made.get(key)
        if found is None:
            found = _shape(symbol, self.text(symbol))
            if found.known or not symbol.text:  # a text that cannot be had now may be there for the next step
                self._made[key] = found
        return found

    def forget(self, most: int) -> None:
        """Forgets the oldest, so that at most so many are remembered."""
        for key in list(self._made)[: max(0, len(self._made) - most)]:
            del self._made[key]

    def text(self, symbol: VersionedSymbol) -> str:
        """The symbol's own text, "" where it is not known."""
        return self._texts(symbol.text).decode("utf-8", "replace").replace("\r\n", "\n") if symbol.text else ""

    def layout(self, symbol: VersionedSymbol) -> Words:
        """The lines of its own text without comments."""
        return layout_of(self.text(symbol), symbol.language)


def _shape(symbol: VersionedSymbol, text: str) -> Shape:
    stated, _ = words_of(symbol.signature, symbol.language)
    if len(symbol.signature) >= MAX_SIGNATURE:
        stated = stated[:-1]  # it may be cut in the middle
    annotations, header = _without_annotations(symbol.signature)
    head, _ = words_of(header, symbol.language)
    code, remarks = words_of(text, symbol.language)
    start = _find(code, stated)
    known = bool(code)
    words = code[start + len(stated) :] if start >= 0 else code
    if not known:
        words = head[head.index(symbol.name) + 1 :] if symbol.name in head else head
    return Shape(
        words=words,
        bag=Counter(words),
        header=without_name(head, symbol.name),
        annotations=without_name((*code[: max(start, 0)], *words_of(annotations, symbol.language)[0]), symbol.name),
        parameters=_parameters(head, symbol.name),
        remarks=remarks,
        known=known,
    )


def without_name(words: Words, name: str) -> Words:
    """The words with "" in place of a symbol's own name."""
    return tuple("" if word == name else word for word in words)


def _find(code: Words, stated: Words) -> int:
    """Where the header begins in the code, -1 where it is not found as it was stated."""
    size = len(stated)
    for start in range(min(len(code) - size + 1, _SEARCHED) if stated else 0):
        if code[start] == stated[0] and code[start : start + size] == stated:
            return start
    return -1


def _without_annotations(signature: str) -> tuple[str, str]:
    """The annotations outside of brackets, and the rest."""
    if "@" not in signature and "#" not in signature:
        return "", signature
    annotations, rest, depth, at = [], [], 0, 0
    while at < len(signature):
        found = _ANNOTATION.match(signature, at) if depth == 0 and signature[at] in "@#" else None
        if found:
            annotations.append(found[0])
            at = found.end()
            continue
        depth += (signature[at] == "(") - (signature[at] == ")")
        rest.append(signature[at])
        at += 1
    return " ".join(annotations), "".join(rest)


def _parameters(head: Words, name: str) -> Words:
    """What stands between the brackets behind the name."""
    begin = head.index(name) + 1 if name in head else 0
    if "(" not in head[begin:]:
        return ()
    begin = head.index("(", begin) + 1
    depth, end = 1, begin
    while end < len(head) and depth:
        depth += (head[end] in "([{") - (head[end] in ")]}")
        end += 1
    inner = head[begin : end - 1 if depth == 0 else end]
    kept = [
        word
        for index, word in enumerate(inner)
        if word not in _PASSING and word != "@" and (index == 0 or inner[index - 1] != "@")
    ]
    if kept and kept[0] in _RECEIVERS:
        kept = kept[2:] if kept[1:2] == [","] else kept[1:]
    return tuple(kept)


def shared(one: Mapping[str, int], other: Mapping[str, int]) -> int:
    """How many words two bags have in common."""
    if len(one) > len(other):
        one, other = other, one
    return sum(min(count, other[word]) for word, count in one.items() if word in other)


def dice(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """Twice the words in common by the words of both, 1.0 for two empty bags."""
    total = sum(one.values()) + sum(other.values())
    return 2 * shared(one, other) / total if total else 1.0


def body_likeness(one: Shape, other: Shape) -> float:
    """Of two bodies, 0 to 1; 0 where one was not to be had."""
    return dice(one.bag, other.bag) if one.known == other.known else 0.0


def likeness(symbol: VersionedSymbol, shape: Shape, other: VersionedSymbol, its: Shape) -> float:
    """Of two symbols, 0 to 1: four fifths by the body, the rest by name and parameters."""
    parameters = dice(Counter(shape.parameters), Counter(its.parameters))
    named = 0.6 * (symbol.name == other.name) + 0.4 * parameters
    return 0.8 * body_likeness(shape, its) + 0.2 * named


def group_of(symbol: VersionedSymbol) -> str:
    """Only symbols of one group become one another under another name."""
    if symbol.kind in CONTAINERS:
        return "container"
    return "callable" if symbol.kind in CALLABLES else symbol.kind


def tokens_below_header(symbol: VersionedSymbol) -> int:
    """An estimate, rather too low: what is not a token of the signature. Not positive where that is all there is."""
    return symbol.tokens - len(_WORD.findall(symbol.signature))
