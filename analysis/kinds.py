"""A symbol in one version of its file, and the words for what happens to it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from codevault.analysis.model import SymbolKind


class ChangeKind(StrEnum):
    """What happened to a symbol; several may hold at once. LINEAGE.md says when each does."""

    INTRODUCED = "introduced"
    REMOVED = "removed"
    RESTORED = "restored"  # introduced where an earlier version had it: known to those who see more than one step
    BODY = "body"
    SIGNATURE = "signature"
    ANNOTATION = "annotation"  # decorators, annotations, attributes
    DOCUMENTATION = "documentation"  # comments in it or directly above, their layout included
    RENAMED = "renamed"
    MOVED = "moved"  # to another file, or out of the class, module or function around it
    CONTAINER_MOVED = "container-moved"  # its file was renamed, or what is around it in its file, and it with it
    FORMAT_ONLY = "format-only"  # white space of its code, and no word of it
    COPIED = "copied"  # introduced with the text of a symbol that stays where it is
    EXTRACTED = "extracted"  # introduced with what another symbol lost, which now names it
    INLINED = "inlined"  # removed; another symbol gained its body and names it no more
    SPLIT = "split"  # one that went away became several
    MERGED = "merged"  # several that went away became one


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedSymbol:
    """A symbol in one version of the file at `path`.

    `text` names the text that counts as its own (comments above it included, members of a container not), "" when it
    has none that is known: what stands on a line or two has no unit. `language` says how that text is to be read.
    """

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
    language: str = ""

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
CALLABLES: Final = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CONSTRUCTOR})
