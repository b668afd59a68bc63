"""Code as HTML: Pygments' classes, and marks around what was found. Everything that is text is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

Span = tuple[int, int]


def highlighted(text: str, spans: Sequence[Span], path: str) -> str:
    """The text as HTML: `<span class="k">` and so on as Pygments' style sheets name them, `<mark>` around the spans.

    The lexer is chosen by the file's name; a file nobody knows is plain text.
    """
    from pygments.lexers import TextLexer, get_lexer_for_filename
    from pygments.token import STANDARD_TYPES
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_for_filename(path.rpartition("/")[2])
    except ClassNotFound:
        lexer = TextLexer()
    found, at = [], 0
    for _, token, value in lexer.get_tokens_unprocessed(text):
        style = STANDARD_TYPES.get(token, "")
        while token is not token.parent and not style and token.parent is not None:
            token = token.parent  # noqa: PLW2901 - the nearest token that has a class
            style = STANDARD_TYPES.get(token, "")
        for piece, inside in _pieces(value, at, spans):
            shown = escape(piece)
            shown = f'<span class="{style}">{shown}</span>' if style and piece.strip() else shown
            found.append(f"<mark>{shown}</mark>" if inside else shown)
        at += len(value)
    return "".join(found)


def _pieces(value: str, at: int, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """The parts of a token that begins at `at`, and whether each lies in a span."""
    borders = sorted({0, len(value), *(min(max(edge - at, 0), len(value)) for span in spans for edge in span)})
    return [
        (value[start:end], any(first <= at + start < last for first, last in spans)) for start, end in pairwise(borders)
    ]
