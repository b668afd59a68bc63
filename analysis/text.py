"""What kind of bytes a file holds: binary, plain text, text behind a byte order mark."""

from __future__ import annotations

import re
from typing import Final

_SAMPLE: Final = 65_536
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_CODING: Final = re.compile(rb"coding[:=][ \t]*([-\w.]+)")
_LINES: Final = 1024  # bytes in which the first two lines are looked for
_HIGH: Final = bytes(range(128, 256))
_AS_LETTERS: Final = bytes.maketrans(_HIGH, b"_" * 128)
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\f\v\b\x1b\x1a\x1c\x1d\x1e\x1f"))


def is_utf16(content: bytes) -> bool:
    """Text of two bytes a character that says so with a mark and decodes (odd tails aside)."""
    if not content.startswith(_UTF16):
        return False
    text = content[: _SAMPLE & ~1].decode("utf-16", "replace")
    return text.count("\0") == 0 and text.count("�") * 50 <= len(text)


def is_binary(content: bytes) -> bool:
    """Bytes that are no text: a NUL anywhere, or many control characters at the beginning."""
    if b"\0" in content:
        return True
    sample = content[:_SAMPLE]
    return len(sample) - len(sample.translate(None, _CONTROLS)) > len(sample) // 20


MINIFIED_BYTES: Final = 256 * 1024
"""A file from this size on, of lines of over MINIFIED_LINE bytes on average, is no source."""

MINIFIED_LINE: Final = 2_000


def is_minified(content: bytes) -> bool:
    """Whether a large file stands on so few lines that no hand wrote it."""
    return len(content) >= MINIFIED_BYTES and len(content) > MINIFIED_LINE * (content.count(b"\n") + 1)


def is_valid_utf8(content: bytes) -> bool:
    """Whether all bytes decode as UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def declared_codec(content: bytes) -> str:
    """The encoding that a comment on the first two lines names (PEP 263), "utf-8" where none is named or known."""
    found = _CODING.search(b"\n".join(content[:_LINES].split(b"\n")[:2]))
    name = found[1].decode("ascii", "replace") if found else "utf-8"
    try:
        _HIGH.decode(name, "replace")
        is_ascii_below = b"def".decode(name) == "def"
    except (LookupError, ValueError):
        return "utf-8"
    return name if is_ascii_below else "utf-8"


def high_bytes_as_letters(content: bytes) -> bytes:
    """Content in an unknown encoding for a parser of UTF-8: every offset stays, and no name is cut at a letter."""
    return content.translate(_AS_LETTERS)
