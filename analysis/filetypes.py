"""The language of files without a grammar, by name, from the table that Pygments carries of its lexers.

Only the table is read: no lexer is imported and nothing is tokenised.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from functools import cache
from typing import Final

_USUAL: Final = {  # several lexers claim these; the table does not carry the priorities that Pygments settles it by
    ".bas": "vb.net",
    ".feature": "gherkin",
    ".fs": "fsharp",
    ".g": "antlr",
    ".inc": "php",
    ".inf": "ini",
    ".m": "objective-c",
    ".pro": "prolog",
    ".r": "r",
    ".s": "gas",
    ".t": "perl",
    ".toc": "tex",
    ".ttl": "turtle",
    ".v": "verilog",
}


def name_of_text(path: str) -> str:
    """The lower-case name of the language that files of this name are written in, "" when unknown."""
    base = path[path.rfind("/") + 1 :]
    usual = _USUAL.get(base[base.rfind(".") :].lower()) if "." in base else None
    if usual:
        return usual
    suffixes, globs = _tables()
    dot = base.find(".", 1)
    while dot > 0:
        found = suffixes.get(base[dot:].lower())
        if found:
            return found
        dot = base.find(".", dot + 1)
    return next((name for glob, name in globs if fnmatch.fnmatchcase(base, glob)), "")


@cache
def _tables() -> tuple[Mapping[str, str], tuple[tuple[str, str], ...]]:
    """Names by suffix for the patterns `*.suffix`, and the other patterns; the first lexer listed wins."""
    from pygments.lexers._mapping import LEXERS

    suffixes: dict[str, str] = {}
    globs: list[tuple[str, str]] = []
    for _module, title, aliases, patterns, _types in sorted(LEXERS.values(), key=_specificity):
        name = (aliases[0] if aliases else title).lower()
        for pattern in patterns:
            if pattern.startswith("*.") and not set(pattern[1:]) & set("*?["):
                suffixes.setdefault(pattern[1:].lower(), name)
            else:
                globs.append((pattern, name))
    return suffixes, tuple(globs)


def _specificity(entry: tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]) -> tuple[int, str]:
    """Lexers for few file names first: `.md` is Markdown's before it is anything else's."""
    return len(entry[3]), entry[1]
