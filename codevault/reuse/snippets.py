"""Code that is no file of any project: parsed in a worker like all code, wrapped when it is no definition by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from codevault.analysis.clones_fragments import LEAST_FRAGMENT
from codevault.analysis.languages import specs
from codevault.analysis.model import FileAnalysis, Symbol
from codevault.errors import InvalidArgument
from codevault.ids import BlobId, UnitId
from codevault.index.model import SymbolVersion
from codevault.store.records import hash_of
from codevault.workers import WorkerPool

Analyse = Callable[[str, bytes], FileAnalysis]
"""Analyses content as a file of that path, outside of this process."""

LONGEST: Final = 1 << 20
_SECONDS: Final = 20.0
_PART: Final = 0.7
_LEAST_PART: Final = 12
_HEADER: Final = 8
_BRACES: Final = ("void snippet() {\n", "\n}\n")
_INSIDE: Final[Mapping[str, tuple[str, str]]] = {
    "javascript": ("function snippet() {\n", "\n}\n"),
    "typescript": ("function snippet() {\n", "\n}\n"),
    "tsx": ("function snippet() {\n", "\n}\n"),
    "php": ("<?php function snippet() {\n", "\n}\n"),
    "java": ("class Snippet { void snippet() {\n", "\n} }\n"),
    "c-sharp": ("class Snippet { void snippet() {\n", "\n} }\n"),
    "kotlin": ("fun snippet() {\n", "\n}\n"),
    "swift": ("func snippet() {\n", "\n}\n"),
    "go": ("package snippet\nfunc snippet() {\n", "\n}\n"),
    "rust": ("fn snippet() {\n", "\n}\n"),
    "scala": ("def snippet() = {\n", "\n}\n"),
    "ruby": ("def snippet\n", "\nend\n"),
    "lua": ("function snippet()\n", "\nend\n"),
    "bash": ("snippet() {\n", "\n}\n"),
}


def analysed_alone(path: str, content: bytes) -> FileAnalysis:
    """One file analysed in a process of its own, which ends with it.

    Raises:
        WorkerError: none can be started.
    """
    with WorkerPool(1, seconds=_SECONDS) as pool:
        ((_, analysis),) = pool.analyse_all([("snippet", path, content)])
        return analysis


def snippet_symbols(
    text: str, language: str, analyse: Analyse
) -> tuple[tuple[tuple[SymbolVersion, bytes], ...], bytes, int]:
    """The symbols of a snippet with their codes, the content they stand in, and the size of a part that would do.

    The last is 0 for whole definitions; statements alone are looked for as a part of something.

    Raises:
        InvalidArgument: no or an unknown language, or nothing in it that could be looked for.
    """
    spec = specs().get(language)
    if spec is None:
        known = ", ".join(sorted(specs()))
        raise InvalidArgument(f"say what language a snippet is written in, language= one of {known}")
    path = f"snippet{spec.extensions[0]}" if spec.extensions else spec.filenames[0]
    content = text.encode("utf-8", "replace")
    if len(content) > LONGEST:
        raise InvalidArgument(f"a snippet has at most {LONGEST} bytes: back the file up and ask for it")
    analysis = analyse(path, content)
    inside = 0
    symbols = [symbol for symbol in analysis.symbols if symbol.parent < 0 and symbol.codes]
    if not symbols:
        content = _wrapped(text, language).encode("utf-8", "replace")
        analysis = analyse(path, content)
        symbols = [symbol for symbol in analysis.symbols if symbol.name == "snippet"]
        inside = max((len(symbol.codes) - _HEADER for symbol in symbols), default=0)
        if inside < _LEAST_PART:
            raise InvalidArgument(f"there is too little {language} code in that snippet to look for")
    blob = BlobId(hash_of(content))
    least = min(LEAST_FRAGMENT, max(_LEAST_PART, int(inside * _PART))) if inside else 0
    return tuple((_version(one, analysis.language, blob), one.codes) for one in symbols), content, least


def _wrapped(text: str, language: str) -> str:
    if language == "python":
        return "def snippet():\n" + "\n".join("    " + line for line in text.splitlines()) + "\n"
    before, after = _INSIDE.get(language, _BRACES)
    return before + text + after


def _version(symbol: Symbol, language: str, blob: BlobId) -> SymbolVersion:
    return SymbolVersion(
        blob=blob,
        name=symbol.name,
        qualified_name=symbol.qualified_name,
        kind=symbol.kind,
        language=language,
        start_byte=symbol.start_byte,
        end_byte=symbol.end_byte,
        start_line=symbol.start_line,
        end_line=symbol.end_line,
        signature=symbol.signature,
        exact=symbol.exact,
        renamed=symbol.renamed,
        tokens=symbol.tokens,
        unit=UnitId(""),
        body=symbol.body,
        decorators=symbol.decorators,
        calls=symbol.calls,
        sketch=symbol.sketch,
    )
