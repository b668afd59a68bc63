"""Which language a file is written in, where its name does not settle it: by modeline, first line, content."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from codevault.analysis.languages import language_hint, specs

_SAMPLE: Final = 65_536
_SHEBANG: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?#!\s*(?:\S*/)?([^/\s]+)(?:[ \t]+(?:-\S+[ \t]+|\w+=\S*[ \t]+)*([^\s/]+))?"
)
_EXEC: Final = re.compile(rb"""^["']*exec["']*[ \t]+(?:[^\s"']*/)?([\w.+-]+)[ \t][^\n]*\$(?:0|\{0)""", re.MULTILINE)
_OTHER_INTERPRETERS: Final = frozenset(
    {"tclsh", "wish", "expect", "guile", "sbcl", "racket"}
)  # of text without grammar
_HEAD: Final = 1000  # bytes in which a shell hands a script over to another interpreter
_VERSION_SUFFIX: Final = re.compile(r"[\d.]+$")
_EMACS: Final = re.compile(rb"-\*-[ \t]*(?:.*?\bmode:[ \t]*)?([A-Za-z0-9+#-]+)[ \t]*(?:;.*?)?-\*-", re.IGNORECASE)
_VIM: Final = re.compile(rb"\b(?:vim?|ex):[^\n]*?\b(?:ft|filetype|syntax|syn)=([\w+#-]+)")
_MODES: Final = {
    "c++": "cpp",
    "cs": "c-sharp",
    "csharp": "c-sharp",
    "js": "javascript",
    "js2": "javascript",
    "ts": "typescript",
    "sh": "bash",
    "shell-script": "bash",
    "zsh": "bash",
    "objc": "objective-c",
    "cperl": "perl",
    "terraform": "hcl",
    "makefile": "make",
    "gnumakefile": "make",
    "tuareg": "ocaml",
    "yml": "yaml",
}
_LINES: Final = 5  # lines at either end in which a modeline counts


def detect_language(path: str, content: bytes) -> str:
    """The language of a file: by name, where its content does not contradict; else by modeline, first line, content."""
    hint = language_hint(path)
    base = path[path.rfind("/") + 1 :]
    extension = base[base.rfind(".") :].lower() if "." in base.lstrip(".") else ""
    decide = _AMBIGUOUS.get(extension)
    if decide is not None:
        return decide(content, hint) if decide(content, hint) in specs() else ""
    if hint:
        return _unless_something_else(hint, content)
    if extension:
        return by_modeline(content) or by_first_line(content) or _by_content(content) if extension in _TEMPLATES else ""
    return by_modeline(content) or by_first_line(content) or _by_content(content)


_TEMPLATES: Final = frozenset({".in", ".tmpl", ".inc", ".cgi", ".fcgi", ".tool"})


def by_first_line(content: bytes) -> str:
    """The language of the interpreter that a `#!` line names, "" where there is none."""
    found = _SHEBANG.match(content)
    if found is None:
        return ""
    program = found[1].decode("ascii", "replace")
    if program == "env" and found[2]:
        program = found[2].decode("ascii", "replace")
    interpreters = _interpreters()
    handed_over = _EXEC.search(content, found.end(), _HEAD) if program == "sh" else None
    if handed_over is not None:
        other = _VERSION_SUFFIX.sub("", handed_over[1].decode("ascii", "replace"))
        program = other if other in interpreters or other in _OTHER_INTERPRETERS else program
    return interpreters.get(program) or interpreters.get(_VERSION_SUFFIX.sub("", program), "")


def by_modeline(content: bytes) -> str:
    """The language that a line for Emacs or vim names, near the beginning or the end."""
    head = b"\n".join(content[:2000].split(b"\n")[:_LINES])
    tail = b"\n".join(content[-2000:].split(b"\n")[-_LINES - 1 :])
    for found in (_EMACS.search(head), _VIM.search(head), _VIM.search(tail)):
        if found is not None:
            mode = found[1].decode("ascii", "replace").lower()
            name = _MODES.get(mode, mode)
            if name in specs():
                return name
    return ""


@cache
def _interpreters() -> Mapping[str, str]:
    return {interpreter: spec.name for spec in specs().values() for interpreter in spec.interpreters}


_BEGINNINGS: Final = (
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?php\b"), "php"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE), "html"),
)
_MARKUP: Final = frozenset({"html", "vue", "svelte", "php", "markdown"})


def _by_content(content: bytes) -> str:
    return next((name for pattern, name in _BEGINNINGS if pattern.match(content) and name in specs()), "")


def _unless_something_else(hint: str, content: bytes) -> str:
    """The name's language, unless the file plainly begins as a page (a saved error page named `.js`)."""
    return hint if hint in _MARKUP else _by_content(content) or hint


_OBJECTIVE: Final = re.compile(
    rb"^[ \t]*(?:@(?:interface|implementation|protocol|class|import|end)\b|#import\b)", re.MULTILINE
)
_CPLUSPLUS: Final = re.compile(
    rb"^[ \t]*(?:template[ \t]*<|namespace\b[^;=(]*\{|class[ \t]+\w[^;(]*\{|using[ \t]+\w"
    rb"|(?:public|private|protected)[ \t]*:)",
    re.MULTILINE,
)
_C_LIKE: Final = re.compile(
    rb"^[ \t]*(?:#[ \t]*(?:include|define|if)|//|/\*|\}|typedef\b|static\b|extern\b)", re.MULTILINE
)
_MATLAB: Final = re.compile(rb"^[ \t]*(?:%|function\b|classdef\b|end[ \t]*$)", re.MULTILINE)
_PROLOG: Final = re.compile(rb"^(?:[a-z]\w*(?:\([^)]*\))?[ \t]*:-|:-[ \t]*\w)", re.MULTILINE)
_PERL: Final = re.compile(
    rb"^[ \t]*(?:use[ \t]+[\w:]+|package[ \t]+\w|sub[ \t]+\w|my[ \t]*[$@%(]|#!.*perl)", re.MULTILINE
)
_XML: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!DOCTYPE[ \t]+TS|TS\b)")


def _header(content: bytes, hint: str) -> str:
    sample = content[:_SAMPLE]
    if _OBJECTIVE.search(sample):
        return "objective-c"
    return "cpp" if _CPLUSPLUS.search(sample) else hint


def _dot_m(content: bytes, _hint: str) -> str:
    sample = content[:_SAMPLE]
    if _OBJECTIVE.search(sample):
        return "objective-c"
    if _MATLAB.search(sample):
        return "matlab"
    return "objective-c" if _C_LIKE.search(sample) else ""


def _dot_pl(content: bytes, _hint: str) -> str:
    sample = content[:_SAMPLE]
    return "prolog" if _PROLOG.search(sample) and not _PERL.search(sample) else "perl"


def _dot_ts(content: bytes, hint: str) -> str:
    """TypeScript, or Qt's translations; a video is binary and was told before."""
    return "xml" if _XML.match(content) else hint


_AMBIGUOUS: Final[Mapping[str, Callable[[bytes, str], str]]] = {
    ".h": _header,
    ".m": _dot_m,
    ".pl": _dot_pl,
    ".ts": _dot_ts,
}

_COQ: Final = re.compile(rb"^[ \t]*(?:Require|Theorem|Lemma|Definition|Proof|Inductive|Fixpoint|From)\b", re.MULTILINE)
_V: Final = re.compile(
    rb"^(?:module[ \t]+\w+[ \t]*$|(?:pub[ \t]+)?fn[ \t]+\w+|import[ \t]+\w+(?:\.\w+)*[ \t]*$)", re.MULTILINE
)


def name_by_content(path: str, content: bytes) -> str:
    """The language of a text without grammar whose extension several languages share, "" where nothing tells it."""
    extension = path[path.rfind(".") :].lower()
    sample = content[:_SAMPLE]
    if extension == ".v":
        return "coq" if _COQ.search(sample) else "v" if _V.search(sample) else "verilog"
    decide = _AMBIGUOUS.get(extension)
    return decide(content, "") if decide else ""
