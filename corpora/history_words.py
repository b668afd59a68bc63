"""What the symbol-history benchmark asks and how its oracles say it: their words, and the conventions of a suite."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from codevault.analysis.kinds import ChangeKind

Case = Mapping[str, Any]

WORDS: Mapping[ChangeKind, str] = {
    ChangeKind.BODY: "body",
    ChangeKind.SIGNATURE: "signature",
    ChangeKind.RENAMED: "renamed",
    ChangeKind.MOVED: "moved",
    ChangeKind.CONTAINER_MOVED: "container",
    ChangeKind.DOCUMENTATION: "doc",
    ChangeKind.ANNOTATION: "annotation",
    ChangeKind.FORMAT_ONLY: "format",
}
"""The benchmark's words for the library's kinds."""


class Header(NamedTuple):
    """What the suite of classes looks at."""

    name: str
    signature: str
    package: bytes


def class_kinds(kinds: Sequence[str], old: Header, new: Header) -> Iterator[str]:
    """The conventions of the suite of classes: header without what it extends; "moved" is a new package."""
    if old.package != new.package:
        yield "moved"
    elif {"moved", "container"} & {*kinds}:
        yield "container"
    for kind in kinds:
        same_header = kind == "signature" and _without_bases(old) == _without_bases(new)
        if kind in {"renamed", "signature", "annotation"} and not same_header:
            yield kind


def _without_bases(symbol: Header) -> str:
    header = re.split(r"\b(?:extends|implements|permits)\b", symbol.signature)[0]
    return " ".join(re.sub(rf"\b{re.escape(symbol.name)}\b|@\w+(?:\([^)]*\))?", "", header).split())
