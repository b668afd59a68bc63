"""A text without grammar as tokens: Pygments' lexer says where comments and strings are, tokens.py cuts the rest.

The lexer is looked for by the name that filetypes.py gives; without one every word and mark counts. A lexer is regular
expressions of many hands, slow and at times quadratic, hence the limits; what they cut off counts as words and marks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np

from codevault.analysis.text import is_valid_utf8
from codevault.analysis.tokens import Tokens, Vocabulary

MAX_TEXT: Final = 1024 * 1024
"""Bytes of a text that is cut into tokens; larger ones are logs and dumps."""

MAX_LEXED: Final = 256 * 1024
"""Bytes of one file that a lexer is given."""

MAX_SECONDS: Final = 0.5
"""Processor time that the lexer may take between two tokens and in all; it is asked after each token."""

_PROSE: Final = frozenset({"text", "output", "restructuredtext", "tex", "groff", "gettext", "po", "diff", "xml", "svg"})
"""Types without comments to speak of, and of which trees hold much: no lexer is asked."""

_Range = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTokens:
    """What a text's tokens give: digest as they read, how many there are, near-miss terms as of symbols."""

    exact: str
    tokens: int
    sketch: bytes


def text_tokens(language: str, content: bytes, *, clock: Callable[[], float] = time.thread_time) -> TextTokens:
    """The tokens of a whole text in the language of that name, "" for none; none of one over MAX_TEXT."""
    if len(content) > MAX_TEXT:
        return TextTokens(exact="", tokens=0, sketch=b"")
    comments: list[_Range] = []
    literals: list[_Range] = []
    lexer = _lexer(language)
    if lexer is not None:
        for start, end, is_comment in _ranges(lexer, content[:MAX_LEXED], clock):
            (comments if is_comment else literals).append((start, end))
    tokens = Tokens(content, comments, literals, (0, len(content)), Vocabulary(()), by_lines=False)
    return TextTokens(exact=tokens.exact(0, 1), tokens=tokens.count(0, 1), sketch=tokens.sketch(0, 1))


@cache
def _lexer(language: str) -> Any:
    """The lexer of that name, None where there is none. Imported here: most files never need it."""
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    if not language or language in _PROSE:
        return None
    try:
        return get_lexer_by_name(language)
    except ClassNotFound:
        return None


def _ranges(lexer: Any, content: bytes, clock: Callable[[], float]) -> Iterator[tuple[int, int, bool]]:
    """Where comments and strings are, in bytes, ascending; neighbours of one kind as one."""
    from pygments.token import Comment, String

    text = content.decode("utf-8", "ignore") if is_valid_utf8(content) else content.decode("latin-1")
    place = _byte_places(text) if not text.isascii() and is_valid_utf8(content) else None
    until = clock() + MAX_SECONDS
    last: tuple[int, int, bool] | None = None
    for at, kind, value in _tokens(lexer, text):
        if clock() > until:
            break
        is_comment = kind in Comment
        if not value or not (is_comment or kind in String):
            continue
        end = at + len(value)
        start, end = (at, end) if place is None else (place[at], place[end])
        if last is not None and last[1] == start and last[2] is is_comment:
            last = (last[0], end, is_comment)
            continue
        if last is not None:
            yield last
        last = (max(start, last[1]) if last else start, end, is_comment)
        if last[0] >= last[1]:
            last = None
    if last is not None:
        yield last


def _tokens(lexer: Any, text: str) -> Iterator[tuple[int, Any, str]]:
    """A lexer that fails has said all it knows: they are many, and none is worth a file's words."""
    try:
        yield from lexer.get_tokens_unprocessed(text)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, AssertionError):
        return


def _byte_places(text: str) -> list[int]:
    """For each character, and the end, its place in UTF-8."""
    points = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    sizes = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    return [0, *np.cumsum(sizes).tolist()]
