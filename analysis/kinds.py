"""A symbol in one version of its file, and what distinguishes it from itself in another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from codevault.analysis.model import SymbolKind

WORD: Final = re.compile(r"\w+|[^\w\s]")


class ChangeKind(StrEnum):
    """What happened to a symbol; several may hold at once."""

    INTRODUCED = "introduced"
    REMOVED = "removed"
    BODY = "body"
    SIGNATURE = "signature"
    ANNOTATION = "annotation"  # decorators, attributes, modifiers: neither header nor body
    RENAMED = "renamed"
    MOVED = "moved"  # to another file
    CONTAINER_MOVED = "container-moved"  # into another class, module or function, or its container got another name
    FORMAT_ONLY = "format-only"  # white space and comments
    COPIED = "copied"  # introduced with the tokens of a symbol that stays where it is


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedSymbol:
    """A symbol in one version of the file at `path`. `text` names its own unit, "" when that is not known."""

    path: str
    name: str
    qualified_name: str
    kind: SymbolKind
    signature: str
    exact: str
    renamed: str
    tokens: int
    start_line: int
    body: str = ""
    text: str = ""

    @property
    def container(self) -> str:
        """The qualified name of what encloses it, "" at the top of the file."""
        return self.qualified_name[: -len(self.name) - 1] if self.qualified_name.endswith("." + self.name) else ""


CONTAINERS: Final = frozenset(
    {
        SymbolKind.CLASS,
        SymbolKind.INTERFACE,
        SymbolKind.STRUCT,
        SymbolKind.ENUM,
        SymbolKind.TRAIT,
        SymbolKind.MODULE,
    }
)


def kinds_between(before: VersionedSymbol, after: VersionedSymbol) -> Iterable[ChangeKind]:
    """Everything that happened to a symbol in one step; nothing, where it stayed as it was."""
    if before.path != after.path:
        yield ChangeKind.MOVED
    if before.container != after.container:
        yield ChangeKind.CONTAINER_MOVED
    if before.name != after.name:
        yield ChangeKind.RENAMED
    if before.exact == after.exact:
        stays = (before.path, before.qualified_name) == (after.path, after.qualified_name)
        if stays and before.text != after.text and before.text and after.text:
            yield ChangeKind.FORMAT_ONLY
        return
    signature = _signature_changed(before, after)
    body = _body_changed(before, after)
    if signature:
        yield ChangeKind.SIGNATURE
    if body:
        yield ChangeKind.BODY
    if not signature and not body and before.name == after.name and _own_text_changed(before, after):
        yield ChangeKind.ANNOTATION


def _signature_changed(before: VersionedSymbol, after: VersionedSymbol) -> bool:
    if before.signature == after.signature:
        return False
    if before.name == after.name:
        return True
    return re.sub(rf"(?<!\w){re.escape(after.name)}(?!\w)", lambda _: before.name, after.signature) != before.signature


def _body_changed(before: VersionedSymbol, after: VersionedSymbol) -> bool:
    """Whether something within differs that is not only the symbol's own new name; members count for themselves."""
    if before.name != after.name and before.renamed == after.renamed:
        return False
    if before.kind in CONTAINERS and not _own_text_changed(before, after):
        return False
    if before.body or after.body:
        return before.body != after.body
    return before.signature == after.signature or _body_grew(before, after)


def _body_grew(before: VersionedSymbol, after: VersionedSymbol) -> bool:
    """Whether two bodies without fingerprint (macros) differ in length, whatever became of their headers."""
    below = tokens_below_header(before), tokens_below_header(after)
    return min(below) > 0 and below[0] != below[1]


def _own_text_changed(before: VersionedSymbol, after: VersionedSymbol) -> bool:
    return not before.text or before.text != after.text


def tokens_below_header(symbol: VersionedSymbol) -> int:
    """An estimate, rather too low: what is not a token of the signature. Not positive where that is all there is."""
    return symbol.tokens - len(WORD.findall(symbol.signature))
