"""The words of a symbol's text, comments apart from code: what likeness is measured on.

Cut by expressions alone, one family of languages at a time: symbols are compared long after their files were parsed,
and only those that changed. Which file has which symbols is the parser's word; where a comment ends inside one is
decided here, and a wrong guess costs a word of likeness, not a symbol.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_LINE_C: Final = r"//[^\n]*|/\*.*?(?:\*/|\Z)"
_HASH: Final = r"#[^\n]*"
_TRIPLE: Final = r'"""(?:\\.|.)*?"""' + r"|'''(?:\\.|.)*?'''"
_DOUBLE: Final = r'"(?:\\.|[^"\\\n])*"'
_SINGLE: Final = r"'(?:\\.|[^'\\\n])*'"
_LETTER: Final = r"'(?:\\[^\n]{1,9}?|[^'\\\n])'"
_BACK: Final = r"`(?:\\.|[^`\\])*`"


def _cutter(comment: str, *literals: str) -> re.Pattern[str]:
    literal = "|".join(literals) if literals else r"(?!)"
    return re.compile(rf"(?P<remark>{comment})|(?:{literal})|\w+|[^\w\s]", re.DOTALL)


_C: Final = _cutter(_LINE_C, _TRIPLE, _DOUBLE, _LETTER, _BACK)
_QUOTED_C: Final = _cutter(_LINE_C, _DOUBLE, _SINGLE, _BACK)
_HASHED: Final = _cutter(_HASH, _TRIPLE, _DOUBLE, _SINGLE)
_NOTHING: Final = _cutter(r"(?!)", _DOUBLE, _SINGLE)
_BY_LANGUAGE: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(("bash", "dockerfile", "elixir", "make", "perl", "python", "r", "ruby", "toml", "yaml"), _HASHED),
    **dict.fromkeys(("javascript", "svelte", "tsx", "typescript", "vue", "css"), _QUOTED_C),
    **dict.fromkeys(("html", "markdown"), _cutter(r"<!--.*?(?:-->|\Z)", _DOUBLE)),
    **dict.fromkeys(("ocaml", "ocaml-interface"), _cutter(r"\(\*.*?(?:\*\)|\Z)", _DOUBLE, _LETTER)),
    "haskell": _cutter(r"--[^\n]*|\{-.*?(?:-\}|\Z)", _DOUBLE, _LETTER),
    "hcl": _cutter(f"{_LINE_C}|{_HASH}", _DOUBLE),
    "json": _NOTHING,
    "julia": _cutter(rf"#=.*?(?:=#|\Z)|{_HASH}", _TRIPLE, _DOUBLE, _LETTER),
    "jupyter": _HASHED,
    "lua": _cutter(r"--\[\[.*?(?:\]\]|\Z)|--[^\n]*", _DOUBLE, _SINGLE),
    "php": _cutter(rf"{_LINE_C}|#(?!\[)[^\n]*", _DOUBLE, _SINGLE),
    "sql": _cutter(r"--[^\n]*|/\*.*?(?:\*/|\Z)", _DOUBLE, _SINGLE),
}


def words_of(text: str, language: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words, literals and marks of the code in order, and the comments as written.

    A language that is not listed is read as one with the comments of C.
    """
    code: list[str] = []
    remarks: list[str] = []
    for found in _BY_LANGUAGE.get(language, _C).finditer(text):
        if found.lastgroup is None:
            code.append(found[0])
        else:
            remarks.append(found[0])
    return tuple(code), tuple(remarks)


def layout_of(text: str, language: str) -> tuple[str, ...]:
    """The lines of the text without comments and what they leave blank: they differ where code or its layout does."""
    cutter = _BY_LANGUAGE.get(language, _C)
    lines = cutter.sub(lambda found: "" if found.lastgroup else found[0], text).strip().splitlines()
    return tuple(line.rstrip() for line in lines if line.strip())


def lead_of(above: str, language: str) -> int:
    """Where in the text above a symbol the comments begin that stand directly above it: its length if none do."""
    code = 0
    remarks: list[tuple[int, int]] = []
    for found in _BY_LANGUAGE.get(language, _C).finditer(above):
        if found.lastgroup is None:
            code, remarks = found.end(), []
        else:
            remarks.append(found.span())
    lead = len(above)
    for begin, end in reversed(remarks):
        behind_code = code > 0 and "\n" not in above[code:begin]
        if behind_code or above.count("\n", end, lead) > 1:
            break
        lead = begin
    return lead


def inside_literals(text: str, language: str) -> tuple[bool, ...]:
    """For each line of a text whether it begins inside a literal: its white space is content then.

    A literal that stands alone on its lines (a docstring) does not count: it is indented with the code around it.
    """
    inside = [False] * (text.count("\n") + 1)
    for found in _BY_LANGUAGE.get(language, _C).finditer(text):
        lines = found[0].count("\n")
        if lines and found.lastgroup is None and text[text.rfind("\n", 0, found.start()) + 1 : found.start()].strip():
            first = text.count("\n", 0, found.start())
            inside[first + 1 : first + 1 + lines] = [True] * lines
    return tuple(inside)
