"""Secrets out of what an analysis says: where they stand, and asterisks for them in all that symbols carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from msgspec import structs

from codevault.analysis.credentials import SHORTEST, Span, secrets_in
from codevault.analysis.model import FileAnalysis, Outcome, Symbol
from codevault.analysis.text import is_utf16
from codevault.analysis.wide import as_utf8

MOST_NAMED: Final = 5
"""Lines with secrets that a problem names."""


def without_secrets(
    path: str,
    content: bytes,
    found: FileAnalysis,
    find: Callable[[str, bytes], tuple[Span, ...]] = secrets_in,
) -> FileAnalysis:
    """The analysis with `secrets` filled in, and none of them in the texts of its symbols; `problems` says so.

    The file itself stays as it is: whoever keeps its text masks those ranges (`credentials.masked`).
    """
    if found.outcome is Outcome.BINARY:
        return found
    if is_utf16(content):
        text, places = as_utf8(content)
        spans = find(path, text)
        secrets = tuple((places[start], places[end]) for start, end in spans)
    else:
        text, spans = content, find(path, content)
        secrets = spans
    if not spans:
        return found
    hide = _hider(text, spans)
    return replace(
        found,
        secrets=secrets,
        symbols=tuple(_hidden(symbol, hide) for symbol in found.symbols),
        problems=(*found.problems, _said(text, spans)),
    )


def _said(text: bytes, spans: Iterable[Span]) -> str:
    lines = list(dict.fromkeys(text.count(b"\n", 0, start) + 1 for start, _ in spans))
    more = f" and {len(lines) - MOST_NAMED} more" if len(lines) > MOST_NAMED else ""
    return f"what looks like a secret is masked in the index (lines {', '.join(map(str, lines[:MOST_NAMED]))}{more})"


def _hider(text: bytes, spans: Iterable[Span]) -> Callable[[str], str]:
    """Replaces the secrets in a text; a short one only between the characters that it stands between in the file."""
    hidden: dict[str, str] = {}
    for start, end in spans:
        before, after = (1, 1) if end - start < SHORTEST else (0, 0)
        secret = text[max(start - before, 0) : end + after].decode("utf-8", "replace")
        hidden[secret] = secret[:before] + "*" * (len(secret) - before - after) + secret[len(secret) - after :]
    longest_first = sorted(hidden, key=len, reverse=True)

    def hide(shown: str) -> str:
        for secret in longest_first:
            if secret in shown:
                shown = shown.replace(secret, hidden[secret])
        return shown

    return hide


def _hidden(symbol: Symbol, hide: Callable[[str], str]) -> Symbol:
    changed: dict[str, object] = {}
    for field in ("name", "qualified_name", "signature", "returns", "documentation"):
        shown = getattr(symbol, field)
        if (safe := hide(shown)) != shown:
            changed[field] = safe
    for field in ("parameters", "decorators", "calls"):
        texts = getattr(symbol, field)
        if (safe_texts := tuple(map(hide, texts))) != texts:
            changed[field] = safe_texts
    return structs.replace(symbol, **changed) if changed else symbol
