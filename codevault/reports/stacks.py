"""Which stack a file belongs to: its language, and what it imports. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_IMPORT: Final = re.compile(
    rb"^[ \t]*(?:from|import)[ \t]+(?:static[ \t]+)?([A-Za-z_][\w.]*)"
    rb"|\b(?:from|require|import)[ \t]*\(?[ \t]*['\"]([^'\"\n]{1,200})['\"]"
    rb"|^[ \t]*(?:use|using)[ \t]+(?:static[ \t]+)?\\?([A-Za-z_][\w.:\\]*)"
    rb"|^[ \t]*#[ \t]*include[ \t]*[<\"]([^>\"\n]{1,200})[>\"]"
    rb"|^[ \t]*(?:[\w.]+[ \t]+)?\"([\w.-]+\.[a-z]{2,}/[\w./-]+)\"[ \t]*$"
    rb"|<script[^>]{0,200}?\bsrc[ \t]*=[ \t]*['\"]([^'\"\n]{1,300})",
    re.MULTILINE,
)
_KEYWORDS: Final = (b"import", b"from", b"require", b"use ", b"using", b"include", b"<script")
_LONGEST: Final = 2_000
_LANGUAGES: Final[Mapping[str, frozenset[str]]] = {
    "typescript": frozenset({"typescript", "tsx"}),
    "javascript": frozenset({"javascript", "jsx"}),
    "c#": frozenset({"c-sharp"}),
    "c++": frozenset({"cpp"}),
    "shell": frozenset({"bash"}),
}
_ALIASES: Final = {"spring": "springframework", "angularjs": "angular", "next.js": "next", "node": "express"}
_GLOBAL: Final[Mapping[str, re.Pattern[bytes]]] = {  # frameworks that are used without an import
    "jquery": re.compile(rb"\bjQuery\s*[(.]|(?<![\w$])\$\s*\(|(?<![\w$])\$\.(?:ajax|get|post|each|extend)\b"),
    "rails": re.compile(rb"\b(?:ActiveRecord|ActionController|ApplicationController|ApplicationRecord|Rails)\b"),
    "laravel": re.compile(rb"\bIlluminate\\"),
}
_WORDS: Final = re.compile(r"[^a-z0-9_]+")


def imported(text: bytes) -> frozenset[str]:
    """The modules that a file imports, as written; in whatever language it is."""
    found = set()
    for line in text.split(b"\n"):
        if any(word in line for word in _KEYWORDS) or (line.endswith((b'"', b'"\r')) and b"/" in line):
            for match in _IMPORT.finditer(line[:_LONGEST]):
                name = next(filter(None, match.groups()), b"").decode("utf-8", "replace")
                if name:
                    found.add(name)
    return frozenset(found)


def root_of(module: str) -> str:
    """The package that a module belongs to; "" for a file of the project itself."""
    if module.startswith((".", "/")):
        return ""
    if module.startswith("@") or ("/" in module and "." in module.partition("/")[0]):
        return "/".join(module.split("/")[: 2 if module.startswith("@") else 3])
    parts = re.split(r"[./\\:]+", module)
    return ".".join(parts[:2]) if parts[0] in {"org", "com", "io", "net"} else parts[0]


def belongs(stack: str, language: str, modules: frozenset[str], text: bytes) -> bool:
    """Whether a file is one of a stack: by its language's name, or a word in what it imports."""
    if language and language in _LANGUAGES.get(stack, {stack}):
        return True
    wanted = _ALIASES.get(stack, stack)
    if any(wanted in _WORDS.split(module.casefold()) or wanted == module.casefold() for module in modules):
        return True
    pattern = _GLOBAL.get(stack)
    return pattern is not None and pattern.search(text) is not None
