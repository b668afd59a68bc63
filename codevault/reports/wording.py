"""Words of strangers made fit to show."""

from __future__ import annotations

import unicodedata

UNKNOWN = "\ufffd"
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKDOWN = frozenset("\\`*_[]<>|~&$#")


def shown(text: str) -> str:
    """Without control characters, marks that turn the direction of reading, and surrogates; on one line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(UNKNOWN if _is_odd(c) else c for c in text)


def lines_shown(text: str) -> str:
    """The same of a text with lines and tabs."""
    return "\n".join("\t".join(map(shown, line.split("\t"))) for line in text.replace("\r\n", "\n").split("\n"))


def _is_odd(character: str) -> bool:
    return character in _TURNING or (not character.isprintable() and character != "\u00a0")


def markdown_text(text: str) -> str:
    """A text in which Markdown finds nothing to interpret."""
    return "".join(f"\\{c}" if c in _MARKDOWN else c for c in shown(text))


def markdown_code(text: str) -> str:
    """A text as Markdown code, also within a table."""
    plain = shown(text).replace("|", "\u2502")
    if "`" not in plain:
        return f"`{plain}`" if plain.strip() else "` `"
    fence = "`" * (1 + max(len(run) for run in _runs(plain)))
    return f"{fence} {plain} {fence}"


def _runs(text: str) -> list[str]:
    runs, run = [], ""
    for character in text + " ":
        if character == "`":
            run += character
        elif run:
            runs.append(run)
            run = ""
    return runs


def mermaid_text(text: str) -> str:
    """A text that means nothing to Mermaid: letters, digits and a few marks; anything else becomes a space."""
    kept = "".join(c if _is_harmless(c) else " " for c in unicodedata.normalize("NFC", text))
    return " ".join(kept.split()) or "?"


def _is_harmless(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or character in "._-/,+"
    return character.isprintable() and unicodedata.category(character)[0] in "LMN"


def xml_text(text: str) -> str:
    """A text that XML 1.0 takes."""
    return "".join(UNKNOWN if _is_no_xml(ord(c)) else c for c in str(text))


def _is_no_xml(code: int) -> bool:
    return (code < 0x20 and code not in {9, 10, 13}) or 0xD800 <= code <= 0xDFFF or code in {0xFFFE, 0xFFFF}
