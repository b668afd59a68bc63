"""What the first bytes of a file say that its name does not: secrets, databases, code that a tool wrote, scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from codevault.policy.verdicts import PathClass, Reason, Verdict

HEAD = 4096  # bytes that are looked at

_SQLITE = b"SQLite format 3\x00"
_PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ\x90\x00")
_KEY = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-\d|^AGE-SECRET-KEY-1"
    rb"|^\s*aws_secret_access_key\s*=",
    re.MULTILINE,
)
_KEY_WORDS = (b"PRIVATE KEY", b"PuTTY-User-Key-File-", b"AGE-SECRET-KEY-1", b"aws_secret_access_key")
"""One of them is in whatever `_KEY` finds: looking for a word is a hundred times faster."""
_EDIT = rb"(?:do not|don't|should not be) (?:manually |hand )?(?:edit|modify|change|touch)"
_MADE = rb"(?:auto-?|automatically |machine[- ])?generated"
_GENERATED = re.compile(
    rb"@generated\b|code generated .{0,200}do not edit"
    rb"|generated (?:automatically )?(?:by|from|with) [^\n]{0,60}\b(?:autoconf|automake|autoheader|aclocal|configure"
    rb"|cmake|bison|flex|swig|protoc|thrift|antlr)\b|file should not be edited"
    rb"|(?:" + _MADE + rb".{0,300}" + _EDIT + rb"|" + _EDIT + rb".{0,300}" + _MADE + rb")",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPT = re.compile(rb"#!\s*/\S*?([A-Za-z0-9.+_-]+)(?:[ \t]+([A-Za-z0-9.+_-]+))?[^\n]{0,100}\n")
_MINIFIABLE = (".js", ".mjs", ".cjs", ".css")
_LONG_LINE = 500

# Where a key's first line makes the file a secret; in code it is a test's or an example, and stays searchable.
_MAY_BE_SECRET = frozenset(
    (PathClass.OTHER, PathClass.CONFIG, PathClass.DATA, PathClass.DOCS, PathClass.LARGE_BINARY, PathClass.ASSET)
)
_MAY_BE_GENERATED = frozenset((PathClass.SOURCE, PathClass.TEST, PathClass.CONFIG, PathClass.DOCS, PathClass.OTHER))
_MAY_BE_DATABASE = frozenset((PathClass.OTHER, PathClass.DATA, PathClass.LARGE_BINARY))
_RULES: Mapping[str, str] = MappingProxyType(
    {
        "key": "holds a private key",
        "db": "local database",
        "made": "written by a tool",
        "min": "minified",
        "bin": "compiled",
    }
)


def by_content(verdict: Verdict, path: str, head: bytes) -> Verdict:
    """The verdict by name, corrected by the file's first bytes (at most `HEAD` are looked at)."""
    head = head[:HEAD]
    found = verdict.path_class
    if found in _MAY_BE_DATABASE and head.startswith(_SQLITE):
        return _now(verdict, PathClass.DATABASE, "db", "SQLite's signature", index=False)
    if found in _MAY_BE_SECRET and b"\n" in head and _holds_key(head):
        return _now(verdict, PathClass.SECRET, "key", "its first lines", index=False)
    if found is PathClass.OTHER and head.startswith(_PROGRAMS):
        return _now(verdict, PathClass.GENERATED, "bin", "a program's first bytes", index=False)
    if found is PathClass.OTHER and head.startswith(b"#!") and (script := _SCRIPT.match(head)):
        program = (script[2] or script[1] if script[1] == b"env" else script[1]).decode("ascii")
        verdict = replace(
            verdict, path_class=PathClass.SOURCE, reasons=(*verdict.reasons, Reason("script", f"run by {program}"))
        )
    if found in _MAY_BE_GENERATED:
        return _if_generated(verdict, path, head)
    return verdict


def _holds_key(head: bytes) -> bool:
    return any(word in head for word in _KEY_WORDS) and _KEY.search(head) is not None


def _if_generated(verdict: Verdict, path: str, head: bytes) -> Verdict:
    lowered = head.lower()
    if (b"generated" in lowered or b"should not be edited" in lowered) and (mark := _GENERATED.search(head[:2048])):
        shown = " ".join(mark[0][:60].decode("ascii", "replace").split())
        return _now(verdict, PathClass.GENERATED, "made", f"it says {shown!r}", index=verdict.index)
    lines = head.count(b"\n") + 1
    if path.endswith(_MINIFIABLE) and len(head) > 2 * _LONG_LINE and len(head) > lines * _LONG_LINE:
        return _now(verdict, PathClass.GENERATED, "min", f"lines of more than {_LONG_LINE} characters", index=True)
    return verdict


def _now(verdict: Verdict, path_class: PathClass, rule: str, evidence: str, *, index: bool) -> Verdict:
    reasons = (*verdict.reasons, Reason(_RULES[rule], evidence))
    return replace(verdict, path_class=path_class, index=index and verdict.index, reasons=reasons)
