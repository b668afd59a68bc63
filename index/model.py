"""What the index is told and what it answers. Sequence numbers are a project's own, counted from 1.

`last_seen` None means: still there in the newest snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from codevault.analysis.model import SymbolKind
from codevault.ids import BlobId, ProjectId, SnapshotId, UnitId
from codevault.index.highlighting import highlighted


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """What may scope a query: mutable, replaced as a whole."""

    id: ProjectId
    name: str
    client: str = ""
    phase: str = ""
    stack: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A path whose content is new or different in a snapshot. `indexed` False: kept, but never analysed (secret)."""

    path: str
    blob: BlobId
    size: int
    indexed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFacts:
    """One snapshot as the index records it: only what differs from the project's snapshot before it."""

    id: SnapshotId
    project: ProjectId
    sequence: int
    created_ns: int
    reason: str = ""
    kind: str = "manual"
    facts: Mapping[str, str | int | bool | None] = field(default_factory=dict)
    changed: Sequence[FileChange] = ()
    removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitVersion:
    """One commit as the index records it: what differs from its first parent.

    `parents` are ids, the first one first; those that were never recorded do not count. `author` is "name <mail>".
    """

    id: str
    parents: tuple[str, ...]
    author: str
    authored_ns: int
    committed_ns: int
    changed: Sequence[FileChange] = ()
    removed: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A file version that waits for analysis. `path` is one of the paths it was seen under."""

    content: int
    blob: BlobId
    path: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which part of the archive a query covers; empty fields do not restrict. `path` is a glob on the file's path.

    `sequences` (first, last) restricts to versions alive in that range of snapshots (one project only);
    `since_ns` and `until_ns` restrict to versions alive between those times; `alive` True to what the newest snapshot
    of each project holds, False to what it no longer holds; of a project without snapshots, what the commit holds that
    its repository stood on. `kind` "snapshot" or "commit" restricts to what versions of that kind held, `author` to
    what a commit brought whose author's name or mail holds that text, in any case of its letters.
    """

    projects: tuple[ProjectId, ...] = ()
    client: str = ""
    tag: str = ""
    path: str = ""
    language: str = ""
    since_ns: int | None = None
    until_ns: int | None = None
    alive: bool | None = None
    kind: str = ""
    author: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A version of a project: a snapshot, or a commit (then `commit` is its id, and `snapshot` is "").

    A commit's `sequence` is negative: its place among the project's commits, counted downwards from -1, parents before
    children. `created_ns` is when the version came to be; a commit's `author` ("name <mail>") wrote it at
    `authored_ns`, as far as the clocks told the truth.
    """

    project: ProjectId
    sequence: int
    snapshot: SnapshotId
    created_ns: int
    commit: str = ""
    author: str = ""
    authored_ns: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """One content of one path over an unbroken run of snapshots. `last` None: alive in the newest."""

    project: ProjectId
    path: str
    blob: BlobId
    size: int
    first: Seen
    last: Seen | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolVersion:
    """A symbol as it stands in one file version, with everything needed to show, compare and fetch it.

    All but `blob`, `language` and `container` as in `codevault.analysis.model.Symbol`; `unit` is the id itself.
    """

    blob: BlobId
    name: str
    qualified_name: str
    kind: SymbolKind
    language: str
    start_byte: int
    end_byte: int
    start_line: int
    end_line: int
    signature: str
    exact: str
    renamed: str
    tokens: int
    unit: UnitId
    body: str = ""
    name_line: int = 0
    parameters: tuple[str, ...] = ()
    returns: str = ""
    visibility: str = ""
    decorators: tuple[str, ...] = ()
    documentation: str = ""
    calls: tuple[str, ...] = ()
    sketch: bytes = b""

    @property
    def container(self) -> str:
        """The qualified name of what it is defined in, "" at the top of its file."""
        return self.qualified_name[: -len(self.name) - 1] if self.qualified_name != self.name else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One answer: one distinct symbol or matching text of one path in one project, however many versions hold it.

    Lines and `snippet` are those of the newest version that holds it (`blob`). `first_seen` and `last_seen` span
    all versions of the path that hold it; `last_seen` None: it is there now: who introduced it is `first_seen.author`
    where that is a commit. `versions` counts the distinct texts that it had there, as far as they answer. `spans` are
    the (start, end) character ranges of the matches within `snippet`; `html()` is the snippet with colours and marks.
    """

    project: ProjectId
    path: str
    blob: BlobId
    start_line: int
    end_line: int
    snippet: str
    first_seen: Seen
    last_seen: Seen | None
    score: float = 0.0
    symbol: SymbolVersion | None = None
    spans: tuple[tuple[int, int], ...] = ()
    versions: int = 1

    def html(self) -> str:
        """The snippet as safe HTML: Pygments' classes on `<span>`, `<mark>` around the matches; no style sheet."""
        return highlighted(self.snippet, self.spans, self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a search looked through and what it could not see, in file versions.

    `gone` are versions whose text is gone with its repository: their symbols are found, their lines are not.
    `complete` is False when a limit of time, results or candidates ended it early; `notes` say which, and anything
    else a reader should know ("the pattern has no usable trigram: every unit was scanned").
    """

    versions: int
    searched: int
    not_analysed: int = 0
    not_parsed: int = 0
    binary: int = 0
    not_indexed: int = 0
    gone: int = 0
    complete: bool = True
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits, best first, and how far the search could see.

    `cursor` is what the same question takes as `after=` for the next page, "" when there is none; `more` says so.
    """

    hits: tuple[Hit, ...]
    coverage: Coverage
    cursor: str = ""
    seconds: float = 0.0

    @property
    def more(self) -> bool:
        """True when a further page exists."""
        return bool(self.cursor)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChange:
    """A commit after which a text stands more often, or less, in a file than before; both counts."""

    at: Seen
    path: str
    before: int
    after: int

    @property
    def commit(self) -> str:
        """The commit's id; `at` has its author and time."""
        return self.at.commit


@dataclass(frozen=True, slots=True, kw_only=True)
class CountChanges:
    """All changes, newest commit first, and how far the search could see."""

    changes: tuple[CountChange, ...]
    coverage: Coverage
    seconds: float = 0.0


class IndexState(IntEnum):
    """How far a file version is indexed; the catalog keeps the number."""

    PENDING = 0  # waits for analysis
    PARSED = 1  # symbols and text
    TEXT = 2  # text only: no grammar
    BINARY = 3  # nothing to index
    FAILED = 4  # text only: the parser ran out of time or memory, or died
    SECRET = 5  # kept by the archive, never indexed
    UNKNOWN = 6  # the catalog has never heard of it
    GONE = 7  # symbols only: its text is gone with the repository that held it


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentState:
    """What the index made of a file version. `reason` says why it is less than parsed, "" when it is parsed."""

    state: IndexState
    reason: str = ""
    language: str = ""
    grammar: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathChange:
    """What a snapshot did to a path: `before` None, it is new there; `after` None, it is gone."""

    path: str
    before: FileVersion | None
    after: FileVersion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStats:
    """Sizes of the index. `rows` by table; `text_bytes` is the distinct text held, before compression."""

    rows: Mapping[str, int]
    catalog_bytes: int
    text_index_bytes: int
    text_bytes: int
