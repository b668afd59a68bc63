"""What `reuse.of` was asked about, in whatever form: symbols with the project they are of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codevault.errors import InvalidArgument, UnknownPath
from codevault.ids import BlobId, ProjectId
from codevault.index.index import Index
from codevault.index.model import FileVersion, Hit, SymbolVersion
from codevault.projects.model import Project
from codevault.projects.registry import Projects
from codevault.reuse.model import Clone
from codevault.reuse.snippets import Analyse, snippet_symbols


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One symbol to look for. `name` is "" where the caller knows which; `least_part`: also look for parts of it.

    `codes` are those of a symbol that no index knows.
    """

    symbol: SymbolVersion
    codes: bytes = b""
    project: ProjectId | None = None
    name: str = ""
    least_part: int = 0


class Resolver:
    """Turns what callers hand in into symbols."""

    def __init__(self, index: Index, projects: Projects, analyse: Analyse) -> None:
        self._index = index
        self._projects = projects
        self._analyse = analyse

    def resolve(self, given: object, language: str) -> tuple[tuple[Asked, ...], Mapping[BlobId, bytes]]:
        """The symbols that are meant, and contents that only the caller has.

        Raises:
            InvalidArgument, UnknownPath, WorkerError: as `Reuse.of`.
        """
        if isinstance(given, str):
            return self._snippet(given, language)
        if isinstance(given, FileVersion):
            return self._file(given.project, given.path, given.blob), {}
        if isinstance(given, os.PathLike):
            return self._on_disk(Path(given)), {}
        return (Asked(symbol=self.symbol(given), project=_owner(given)),), {}

    def symbol(self, given: Any) -> SymbolVersion:
        """The symbol in an answer.

        Raises:
            InvalidArgument: there is none.
        """
        if isinstance(given, SymbolVersion):
            return given
        if isinstance(given, Clone):
            return given.symbol
        if hasattr(given, "after") and hasattr(given, "before"):
            found = given.after or given.before
        elif hasattr(given, "symbol"):
            found = given.symbol
        else:
            raise InvalidArgument(f"{given!r} is no symbol: give one from symbols(), a search or a history")
        if not isinstance(found, SymbolVersion):
            raise InvalidArgument("this search hit is a line of text, not a symbol")
        return found

    def _file(self, project: ProjectId, path: str, blob: BlobId) -> tuple[Asked, ...]:
        symbols = self._index.symbols_of(blob, path)
        return tuple(Asked(symbol=one, project=project, name=one.qualified_name) for one in symbols)

    def _on_disk(self, path: Path) -> tuple[Asked, ...]:
        whole = path.expanduser().absolute()
        for project in self._projects:
            root = Path(project.root)
            if whole.is_relative_to(root):
                inside = whole.relative_to(root).as_posix()
                lives = self._index.lives(project.id, inside)
                if lives:
                    return self._file(project.id, inside, lives[-1].blob)
        raise UnknownPath(f"no project of the archive holds {path}")

    def _snippet(self, text: str, language: str) -> tuple[tuple[Asked, ...], Mapping[BlobId, bytes]]:
        symbols, content, least = snippet_symbols(text, language, self._analyse)
        asked = tuple(
            Asked(symbol=one, codes=codes, name=one.qualified_name if not least else "", least_part=least)
            for one, codes in symbols
        )
        return asked, {asked[0].symbol.blob: content}


def _owner(given: Any) -> ProjectId | None:
    if isinstance(given, Hit):
        return given.project
    if isinstance(given, Clone):
        return given.hit.project
    owner = getattr(given, "project", None)
    return owner.id if isinstance(owner, Project) else owner
