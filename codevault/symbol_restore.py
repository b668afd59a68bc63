"""Bringing one symbol back: `vault.symbol_patch` gives a patch for today's file, which is only written when asked.

Where the symbol is today is lineage's word; where it stands in today's file is the parser's, in a process of its own,
since that file may never have been backed up. A symbol that is gone is put where the nearest of its old neighbours are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from codevault.analysis.model import FileAnalysis, Symbol
from codevault.errors import CodeVaultError, InvalidArgument, RestoreRefused, UnknownPath, UnknownSymbol
from codevault.filesymbols import Contents, as_symbol
from codevault.history import Event, history_of
from codevault.ids import BlobId, ProjectId
from codevault.index.index import Index
from codevault.index.model import IndexState, SymbolVersion
from codevault.patching import is_utf8, is_wide
from codevault.placing import SourceFile, alone, inserted, replaced
from codevault.restore_run import plain
from codevault.symbol_patch import SymbolPatch
from codevault.target import Target

Analyse = Callable[[str, bytes], FileAnalysis]
"""Understands one file in a process of its own."""

_MOST_NEIGHBOURS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSymbol:
    """A symbol as it stood in a file of one version."""

    project: ProjectId
    path: str
    symbol: SymbolVersion


def side_of(index: Index, event: Event, *, before: bool) -> OldSymbol:
    """The symbol as it was after an event, or before it; a removed one as it was last.

    Raises:
        InvalidArgument: it was not there before.
    """
    symbol = event.before if before else event.after or event.before
    if symbol is None:
        raise InvalidArgument(f"{event.qualified_name} was not there before it was introduced")
    path = event.path
    if symbol is event.before:  # it may have moved: it lay where a file with that content lay
        changes = index.changes(event.at.project, event.at.sequence)
        held = [c.path for c in changes if c.before is not None and c.before.blob == symbol.blob]
        path = path if path in held or not held else held[0]
    return OldSymbol(project=event.at.project, path=path, symbol=symbol)


def held_symbol(index: Index, project: ProjectId, path: str, qualified_name: str, number: int) -> OldSymbol:
    """A symbol as one version of the project held it; of several of that name the first.

    Raises:
        UnknownPath: the version has no such file.
        UnknownSymbol: the file no such symbol, or it is not analysed.
    """
    file = index.held(project, path, number)
    if file is None:
        raise UnknownPath(f"that version holds no {path!r}")
    for symbol in index.symbols_of(file.blob, path):
        if symbol.qualified_name == qualified_name:
            return OldSymbol(project=project, path=path, symbol=symbol)
    raise UnknownSymbol(f"{path} defines no {qualified_name!r} in that version, as far as it is analysed")


class SymbolRestore:
    """Makes patches for the files below `root` as they lie there now; folders in `forbidden` are never entered."""

    def __init__(
        self,
        index: Index,
        contents: Contents,
        analyse: Analyse,
        root: Path,
        forbidden: frozenset[tuple[int, int]] = frozenset(),
    ) -> None:
        self._index = index
        self._contents = contents
        self._analyse = analyse
        self._root = root
        self._forbidden = forbidden

    def patch(self, old: OldSymbol) -> SymbolPatch:
        """What puts `old` into the file where it, or its neighbours, are today.

        Raises:
            ContentElsewhere, BlobDamaged: its old text cannot be read.
            InvalidArgument: the file is written in UTF-16.
            RestoreRefused: the project's folder is not there, or the file is a link or cannot be read.
        """
        source = self._stored(old.symbol.blob, old.path)
        number = source.number_at(old.symbol.start_byte, old.symbol.qualified_name)
        path, name = self._today(old)
        here = self._on_disk(path)
        found = here.twin(name, source.symbols[number]) if here is not None else None
        if here is not None and found is not None:
            after = replaced(source, number, here, found)
            return self._made(old, path, "none" if after == here.content else "replace", here, after)
        if here is None:
            path, here = self._beside(old, source, number) or (path, None)
        if here is None:
            note = f"{path} is gone: it is made again with this symbol only, without what it imports"
            return self._made(old, path, "create", None, alone(source, number), note)
        after, note = inserted(source, number, here)
        return self._made(old, path, "insert", here, after, note)

    def _made(
        self, old: OldSymbol, path: str, action: str, here: SourceFile | None, after: bytes, note: str = ""
    ) -> SymbolPatch:
        before = here.content if here is not None else None
        if is_wide(before or after):
            raise InvalidArgument(f"{path} is written in UTF-16, in which nothing can be put")
        mixed = before is not None and is_utf8(before) and not is_utf8(after)
        letters = "the old text is not UTF-8, but the file is: look at its letters" if mixed else ""
        return SymbolPatch(
            project=old.project,
            root=self._root,
            path=path,
            qualified_name=old.symbol.qualified_name,
            action=action,
            before=before,
            after=after,
            notes=tuple(filter(None, (note, letters))),
            forbidden=self._forbidden,
        )

    def _today(self, old: OldSymbol) -> tuple[str, str]:
        """Path and qualified name that lineage knows last."""
        name = old.symbol.qualified_name
        try:
            life = history_of(self._index, self._contents, old.project, old.path, name, old.symbol)
        except CodeVaultError:  # it cannot be told: the symbol is looked for where it was
            return old.path, name
        return life.events[-1].path, life.events[-1].qualified_name

    def _beside(self, old: OldSymbol, source: SourceFile, number: int) -> tuple[str, SourceFile] | None:
        """The file, with its path, in which the nearest neighbour that is still anywhere is today."""
        met = {old.path}
        for neighbour in self._neighbours(old, source, number):
            path, name = self._today(neighbour)
            if path not in met:
                met.add(path)
                here = self._on_disk(path)
                if here is not None and here.named(name):
                    return path, here
        return None

    def _neighbours(self, old: OldSymbol, source: SourceFile, number: int) -> Iterator[OldSymbol]:
        places = {(s.start_byte, s.qualified_name): s for s in self._index.symbols_of(old.symbol.blob, old.path)}
        for near in source.neighbours(number)[:_MOST_NEIGHBOURS]:
            symbol = source.symbols[near]
            version = places.get((symbol.start_byte, symbol.qualified_name))
            if version is not None:
                yield OldSymbol(project=old.project, path=old.path, symbol=version)

    def _stored(self, blob: BlobId, path: str) -> SourceFile:
        return self._source(path, self._contents(blob), self._index.symbols_of(blob, path))

    def _on_disk(self, path: str) -> SourceFile | None:
        """A file of the project as it is now, None where there is none.

        Raises:
            RestoreRefused: it is no plain file, or cannot be read.
        """
        if not self._root.is_dir():
            raise RestoreRefused(f"the project's folder is not there: {self._root}", self._root)
        file = self._root / path
        try:
            target = Target.open(self._root, forbidden=self._forbidden)
            try:
                folder, _, name = path.rpartition("/")
                place = target.find(folder)
                found = target.read(place, name) if place is not None else None
            finally:
                target.close()
        except OSError as exc:
            raise RestoreRefused(f"{file} cannot be read: {plain(exc)}", file) from exc
        return None if found is None else self._understood(path, found[0])

    def _understood(self, path: str, content: bytes) -> SourceFile:
        blob = BlobId(blake3(content).hexdigest())
        if self._index.content_state(blob, path).state is IndexState.PARSED:
            return self._source(path, content, self._index.symbols_of(blob, path))
        analysis = self._analyse(path, content)
        return SourceFile(path=path, content=content, language=analysis.language, symbols=analysis.symbols)

    def _source(self, path: str, content: bytes, found: Sequence[SymbolVersion]) -> SourceFile:
        symbols: tuple[Symbol, ...] = tuple(map(as_symbol, found))
        return SourceFile(path=path, content=content, language=found[0].language if found else "", symbols=symbols)
