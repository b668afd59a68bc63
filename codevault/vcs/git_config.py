"""Reads the text of a git configuration: sections, subsections, values. Includes are not followed.

After git's own grammar (Documentation/config.adoc, "Syntax"). What does not fit it is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SECTION = re.compile(r'\[\s*([A-Za-z0-9.-]+)\s*(?:"((?:[^"\\\n]|\\.)*)")?\s*\]')
_KEY = re.compile(r"\s*([A-Za-z][A-Za-z0-9-]*)[ \t]*(=?)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b"}
_MOST_ENTRIES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigEntry:
    """One variable. `section` and `key` are lower case, `subsection` ("" without one) is as written."""

    section: str
    subsection: str
    key: str
    value: str


def parse_config(text: str) -> tuple[ConfigEntry, ...]:
    """The variables in the order of the text, at most 4096. Linear in the text."""
    found: list[ConfigEntry] = []
    section = subsection = ""
    for line in _logical_lines(text):
        rest = line
        header = _SECTION.match(line.lstrip())
        if header:
            section, subsection = _names(header)
            rest = line.lstrip()[header.end() :]
        key = _KEY.match(rest)
        if not section or not key:
            continue
        value = _value(rest[key.end() :]) if key.group(2) else "true"
        found.append(ConfigEntry(section=section, subsection=subsection, key=key.group(1).lower(), value=value))
        if len(found) == _MOST_ENTRIES:
            break
    return tuple(found)


def _logical_lines(text: str) -> Iterator[str]:
    """Lines, with those that end in an odd number of backslashes joined to the next one."""
    pending: list[str] = []
    for line in text.lstrip("\ufeff").replace("\r\n", "\n").split("\n"):
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            pending.append(line[:-1])
            continue
        yield "".join((*pending, line))
        pending.clear()
    if pending:
        yield "".join(pending)


def _names(header: re.Match[str]) -> tuple[str, str]:
    name, quoted = header.group(1).lower(), header.group(2)
    if quoted is not None:
        return name, re.sub(r"\\(.)", r"\1", quoted)
    section, _, subsection = name.partition(".")
    return section, subsection


def _value(text: str) -> str:
    """The value: quotes removed, escapes resolved, cut at an unquoted comment, outer blanks dropped."""
    parts: list[str] = []
    kept = 0  # length up to the last character that is not an unquoted blank
    quoted = False
    characters = iter(text.lstrip())
    for character in characters:
        if character == '"':
            quoted = not quoted
            continue
        if character == "\\":
            escaped = next(characters, "")
            parts.append(_ESCAPES.get(escaped, escaped))
        elif character in "#;" and not quoted:
            break
        else:
            parts.append(character)
        if quoted or not character.isspace():
            kept = len(parts)
    return "".join(parts[:kept])
