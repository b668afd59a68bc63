"""What `vault.reuse` answers with."""

from __future__ import annotations

from dataclasses import dataclass

from codevault.analysis.clones import CloneType, Passage
from codevault.index.model import Hit, Seen, SymbolVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiedPart:
    """A part that two symbols share while they are not alike as a whole: lines of either file, and tokens."""

    lines: tuple[int, int]
    of_lines: tuple[int, int]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """One place of a clone group, or of an answer to `of`.

    `similarity` is to the group's origin, or to what was asked for: 1.0 where the tokens are equal (`type` 1), from
    0.9 where they are but for names and literals (2), the likeness where statements differ (3). `hit` shows the newest
    version of the symbol in that place that is alike; its `last_seen` is None while it is there. `asked` is the
    qualified name of the symbol that was asked for, where a file or text holds several; `part` says which part of it
    was copied where not all was. `boilerplate` says why it is alike others by nature ("accessor", "stub", "short",
    "generated", …), "" where it is not; `related` names the language where that is another one.
    """

    hit: Hit
    similarity: float
    client: str
    type: CloneType = CloneType.EXACT
    asked: str = ""
    boilerplate: str = ""
    related: str = ""
    part: CopiedPart | None = None

    @property
    def symbol(self) -> SymbolVersion:
        """The newest version of the symbol in that place."""
        if self.hit.symbol is None:
            raise AssertionError("fingerprints are looked up among symbols only")
        return self.hit.symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneGroup:
    """Places that hold the same code, the one that had it first leading; `clients` lists whom it concerns.

    `type` is the widest of its members', `fingerprint` that of the origin with names and literals left out.
    """

    fingerprint: str
    members: tuple[Clone, ...]
    clients: tuple[str, ...]
    type: CloneType = CloneType.RENAMED
    boilerplate: str = ""

    @property
    def origin(self) -> Clone:
        """The place where the vault saw it first: the group's representative."""
        return self.members[0]

    @property
    def crosses_clients(self) -> bool:
        """True when projects of several clients hold it: contracts may differ."""
        return len(self.clients) > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why two symbols are clones: what stands for what, as lines within each, and the texts they count in."""

    type: CloneType
    similarity: float
    passages: tuple[Passage, ...]
    left: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftChange:
    """A version of a copy that came after it was made, and its similarity to what was copied."""

    at: Seen
    symbol: SymbolVersion
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftMember:
    """One copy since it was made: `base` is what was copied there; `gone` says that it is there no more."""

    clone: Clone
    base: SymbolVersion
    changes: tuple[DriftChange, ...]
    gone: bool

    @property
    def now(self) -> SymbolVersion:
        """Its newest version."""
        return self.changes[-1].symbol if self.changes else self.base


@dataclass(frozen=True, slots=True, kw_only=True)
class FixCandidate:
    """A change that one copy got and another did not, though the lines around it stand there as before.

    `removed` and `added` are the change as it was made in `source`; `line` is where it would go in `target`'s file.
    `renamed`: the target writes the same lines with other names.
    """

    source: Clone
    target: Clone
    at: Seen
    removed: tuple[str, ...]
    added: tuple[str, ...]
    line: int
    renamed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How the copies of a group went apart, and what one of them may miss."""

    group: CloneGroup
    members: tuple[DriftMember, ...]
    fixes: tuple[FixCandidate, ...]

    @property
    def changed(self) -> tuple[DriftMember, ...]:
        """The copies that changed since they were made."""
        return tuple(member for member in self.members if member.changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where code was seen first: `first` is that place, `seen` the version that brought it.

    `licence` is what is said near it: an SPDX identifier where one was recognised, else the first line that speaks of a
    licence, "" where nothing does; `licence_path` is the file that says so. `clients` are all whose projects hold it.
    """

    first: Clone
    seen: Seen
    client: str
    licence: str
    licence_path: str
    copies: tuple[Clone, ...]
    clients: tuple[str, ...]
