"""In which order answers are shown.

By name: exact before prefix, initials, words, a few edits, and those that answer by their lines alone: definitions
before uses. Then what is there before what is gone; words by BM25; what went last; important files; what changed last.
"""

from __future__ import annotations

import re
from typing import Any

from codevault.index.finding import NOW, Found

_MADE = re.compile(
    r"(^|/)(vendor|third_party|node_modules|generated|build|dist|target)/|(\.min\.|[._-]generated\.|_pb2\.|\.lock$)"
)
_BESIDE = re.compile(
    r"(^|/)(tests?|testing|spec|specs|docs?|examples?|samples?|fixtures|resources|benchmarks?)/|(^|/)test_|_test\.|Test\."
)

Order = tuple[object, ...]


def importance(path: str) -> int:
    """0 for source, 1 for what stands beside it (tests, documents, examples), 2 for what is made or brought along."""
    if _MADE.search(path):
        return 2
    return 1 if _BESIDE.search(path) else 0


def order(found: Found[Any], score: float, relevance: float) -> Order:
    """Sorts answers, best first; never equal for different ones."""
    gone = found.last != NOW
    return (
        -score,
        gone,
        -relevance,
        -found.last if gone else 0,
        importance(found.name),
        -found.content,
        len(found.name),
        found.name,
        found.project,
        found.key,
    )
