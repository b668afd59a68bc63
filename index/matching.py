"""Finding a text or a regular expression (RE2) in the bytes of searchable text, and showing where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Protocol

from codevault.errors import InvalidPattern

LONGEST_PATTERN = 4096
"""Characters of a pattern; longer ones are refused."""

REGEX_BYTES = 64 << 20
"""Memory one compiled pattern may use while it runs; beyond it RE2 falls back to slower ways, never to backtracking."""

LONGEST_SNIPPET = 400
"""Characters of a snippet; more is cut, around the first match."""

MOST_SPANS = 100
"""Matches that are marked in one snippet."""

_BEFORE = 80
_WORD = re.compile(rb"[\w\x80-\xff]")

Span = tuple[int, int]


class Matcher(Protocol):
    """Finds what was asked for."""

    def spans(self, text: bytes) -> Iterator[Span]:
        """(start, end) of each match that is not empty, in order, none overlapping the one before."""
        ...


class LiteralMatcher:
    """A plain text, as it is written."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def spans(self, text: bytes) -> Iterator[Span]:
        """See `Matcher`."""
        wanted = self._text
        at = text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            yield at, end
            at = text.find(wanted, end)


class RegexMatcher:
    """A pattern of RE2; `^` and `$` match at every line."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def spans(self, text: bytes) -> Iterator[Span]:
        """See `Matcher`."""
        for match in self._compiled.finditer(text):
            start, end = match.span()
            if start != end:
                yield start, end


class WordMatcher:
    """Words that follow each other with nothing between them that is part of a word; a single one likewise."""

    def __init__(self, words: Sequence[str]) -> None:
        import re2

        around, joined = r"[^\w\x{80}-\x{10FFFF}]", r"[^\w\x{80}-\x{10FFFF}]+"
        asked = joined.join(re2.escape(word) for word in words)
        self._compiled = _compiled(f"(?:^|{around})({asked})(?:$|{around})".encode(), case_sensitive=False)

    def spans(self, text: bytes) -> Iterator[Span]:
        """See `Matcher`."""
        at = 0
        while (match := self._compiled.search(text, at)) is not None:
            start, end = match.span(1)
            yield start, end
            at = end  # what stands behind a match may stand before the next


def literal_matcher(text: str, *, case_sensitive: bool) -> Matcher:
    """Finds a plain text.

    Raises:
        InvalidPattern: it is empty, too long or no text.
    """
    encoded = _encoded(text)
    if case_sensitive:
        return LiteralMatcher(encoded)
    import re2

    return RegexMatcher(_compiled(re2.escape(text).encode(), case_sensitive=False))


def regex_matcher(pattern: str, *, case_sensitive: bool) -> Matcher:
    """Finds a regular expression in RE2's syntax: linear time, no look-around, no back-references.

    Raises:
        InvalidPattern: RE2 refuses it.
    """
    return RegexMatcher(_compiled(b"(?m)" + _encoded(pattern), case_sensitive=case_sensitive))


def _encoded(text: str) -> bytes:
    if not text:
        raise InvalidPattern("an empty pattern is found everywhere: ask for at least one character")
    if len(text) > LONGEST_PATTERN:
        raise InvalidPattern(f"a pattern has at most {LONGEST_PATTERN} characters, this one {len(text)}")
    try:
        return text.encode()
    except UnicodeEncodeError as exc:
        raise InvalidPattern("the pattern holds a lone surrogate, which no text contains") from exc


def _compiled(pattern: bytes, *, case_sensitive: bool) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = REGEX_BYTES
    options.case_sensitive = case_sensitive
    try:
        return re2.compile(pattern, options)
    except re2.error as exc:
        why = exc.args[0].decode("utf-8", "replace") if exc.args and isinstance(exc.args[0], bytes) else str(exc)
        raise InvalidPattern(f"RE2 cannot run that pattern: {why}") from exc


def is_word(text: bytes, start: int, end: int) -> bool:
    """True when a match neither begins nor ends inside a word."""
    inner = _WORD.match(text, start), _WORD.match(text, end - 1)
    before = start > 0 and _WORD.match(text, start - 1)
    return not ((inner[0] and before) or (inner[1] and _WORD.match(text, end)))


def snippet(text: bytes, spans: Iterable[Span]) -> tuple[str, Sequence[Span]]:
    """The text as shown, cut to `LONGEST_SNIPPET` characters, and the first matches in it in characters."""
    shown = text.decode("utf-8", "replace")
    found = list(_in_characters(text, islice(spans, MOST_SPANS)))
    if len(shown) <= LONGEST_SNIPPET:
        return shown, found
    begin = max(0, min(found[0][0] - _BEFORE, len(shown) - LONGEST_SNIPPET)) if found else 0
    stop = begin + LONGEST_SNIPPET
    cut = [(max(start, begin) - begin, min(end, stop) - begin) for start, end in found if start < stop and end > begin]
    return shown[begin:stop], cut


def _in_characters(text: bytes, spans: Iterable[Span]) -> Iterator[Span]:
    """The same ranges, counted in characters."""
    at = characters = 0
    for start, end in spans:
        first = characters + len(text[at:start].decode("utf-8", "replace")) if start >= at else _characters(text, start)
        at, characters = end, first + len(text[start:end].decode("utf-8", "replace"))
        yield first, characters


def _characters(text: bytes, end: int) -> int:
    return len(text[:end].decode("utf-8", "replace"))
