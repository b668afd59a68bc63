"""The index of a vault: what was seen, where and when, and where a name, a text or a fingerprint lives."""

# Longer than 400 lines: the index's face stands in one place.

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, Self

from codevault.analysis.languages import language_hint
from codevault.analysis.model import FileAnalysis, SymbolKind
from codevault.errors import IndexDamaged, InvalidPattern
from codevault.ids import BlobId, ProjectId, SnapshotId, VaultId
from codevault.index import (
    asking,
    descent,
    history,
    lineage,
    namesakes,
    pickaxe,
    reshaping,
    reuse_groups,
    reuse_search,
    reuse_stats,
    revisions,
    schema,
    searching,
    snapshots,
    understood,
    waiting,
)
from codevault.index.evaluating import Effort, Structures, no_structures
from codevault.index.expressions import required
from codevault.index.lineage_model import PathStep
from codevault.index.lineage_reading import ProjectLineage
from codevault.index.linediffs import Read
from codevault.index.matching import literal_matcher, regex_matcher
from codevault.index.memory_text import MemoryText
from codevault.index.model import (
    CommitVersion,
    ContentState,
    CountChanges,
    Coverage,
    FileVersion,
    Hit,
    IndexStats,
    PathChange,
    Pending,
    ProjectFacts,
    Scope,
    SearchResult,
    Seen,
    SnapshotFacts,
    SymbolVersion,
)
from codevault.index.paging import Page
from codevault.index.patterns import Shape, literal
from codevault.index.ports import TextIndex
from codevault.index.reuse_search import AlikeFound
from codevault.index.reuse_stats import SymbolSharing
from codevault.index.rows import steps
from codevault.index.scoping import Where, query_of
from codevault.index.searching import LineQuestion, LineSearch
from codevault.index.sessions import Readers, Session, Writer
from codevault.index.structuresearch import StructurePattern, search_structure
from codevault.index.survey import Survey
from codevault.index.tantivy_index import TantivyText
from codevault.index.understood import Understood
from codevault.index.waiting import IsCurrent
from codevault.queries import Query, everything
from codevault.queries import kind as of_kind
from codevault.queries import name as named

EVERYTHING = Scope()
IsCancelled = Callable[[], bool]
HintOf = Callable[[str], str]


def never() -> bool:
    """What asks of a search that nobody can cancel."""
    return False


class Index:
    """Catalog and text index together. Asking is possible from any thread; recording from one at a time.

    A writable index shows its own uncommitted records; text and names are found from `commit()` on. Every method
    raises `IndexDamaged` when the files under it are unusable (they are made again from the vault), `IndexBusy` when
    another process is writing them, and `StorageFull` when they cannot grow.
    """

    def __init__(self, sessions: Readers | Writer, text: TextIndex, folder: Path | None, hint_of: HintOf) -> None:
        self._sessions = sessions
        self._text = text
        self._folder = folder
        self._hint_of = hint_of

    @classmethod
    def open(cls, folder: Path, *, vault_id: VaultId, writable: bool, hint_of: HintOf = language_hint) -> Index:
        """The index in `folder`, made there when it is absent and `writable`. One writer at a time.

        Raises:
            IndexDamaged: absent (readers), of another vault or format, or damaged.
            IndexBusy: another process is writing it.
            StorageFull: no space for a new one.
        """
        file = folder / "catalog.sqlite"
        if writable:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        elif not file.exists():
            raise IndexDamaged(f"there is no index in {folder.name}: rebuild() makes it")
        db = schema.connect(file, writable=writable)
        try:
            with schema.guarded(file):
                if writable and schema.is_empty(db):
                    schema.create(db, vault_id)
                generation = schema.check(db, vault_id)
                text = TantivyText(folder / "index", generation=generation, writable=writable)
                if writable:
                    return cls(Writer(db, file, text, vault_id), text, folder, hint_of)
        except BaseException:
            db.close()
            raise
        db.close()
        return cls(Readers(file), text, folder, hint_of)

    @classmethod
    def in_memory(cls, *, vault_id: VaultId, hint_of: HintOf = language_hint) -> Index:
        """An empty index that lives as long as the object."""
        db = schema.connect(None, writable=True)
        schema.create(db, vault_id)
        text = MemoryText()
        return cls(Writer(db, None, text, vault_id), text, None, hint_of)

    def close(self) -> None:
        """Ends it; what was not committed is forgotten. Later calls raise `VaultClosed`."""
        self._sessions.close()
        self._text.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # recording

    def put_project(self, facts: ProjectFacts) -> None:
        """Records a project or replaces its facts."""
        self._writer.write(lambda session: snapshots.put_project(session.db, facts))

    def add_snapshot(self, facts: SnapshotFacts) -> None:
        """Records a snapshot by what it changed against its project's newest one; a known one is left alone.

        Raises:
            UnknownProject: its project was not recorded.
            IndexDamaged: a later snapshot of the project is recorded already.
        """
        self._writer.write(lambda session: snapshots.add_snapshot(session.db, session.labels, self._hint_of, facts))

    def add_commits(self, project: ProjectId, commits: Sequence[CommitVersion]) -> None:
        """Records commits of a project, parents before children; those that are known already are left alone.

        Raises:
            UnknownProject: the project was not recorded.
        """
        self._writer.write(
            lambda session: revisions.add_commits(session.db, session.labels, self._hint_of, project, commits)
        )

    def note(self, topic: str, project: ProjectId, value: str) -> None:
        """Remembers how far a project was told of something, in the caller's words; `noted` gives it back."""
        self._writer.write(lambda session: revisions.note(session.db, topic, project, value))

    def set_head(self, project: ProjectId, commit: str) -> None:
        """Says which commit the project's repository stands on: without snapshots, what that holds is there now.

        Raises:
            UnknownProject: it was not recorded.
        """
        self._writer.write(lambda session: revisions.set_head(session.db, project, commit))

    def insert_snapshot(self, facts: SnapshotFacts) -> None:
        """Records a snapshot before later ones of its project, `facts.changed` being all it holds: one put back.

        Raises:
            UnknownProject: its project was not recorded.
            IndexDamaged: it would be the newest one.
        """
        self._writer.write(lambda session: reshaping.insert_snapshot(session.db, session.labels, self._hint_of, facts))

    def remove_snapshots(self, project: ProjectId, sequences: Collection[int]) -> None:
        """Forgets snapshots of a project: no answer names them, or a version that only they held, any more.

        Raises:
            UnknownProject: it was not recorded.
        """
        self._writer.write(lambda session: reshaping.remove_snapshots(session.db, project, sequences))

    def look_again(self, project: ProjectId) -> None:
        """Has contents of a project's commits wait once more whose text was gone: it may be there again.

        Raises:
            UnknownProject: it was not recorded.
        """
        self._writer.write(lambda session: revisions.look_again(session.db, project))

    def link(self, project: ProjectId, number: int, parents: Sequence[int], steps: Mapping[str, PathStep]) -> None:
        """Records what a version did to symbols, compared with `parents`, in place of what was recorded before.

        Raises:
            UnknownProject: it was not recorded.
        """
        self._writer.write(
            lambda session: lineage.link_version(session.db, session.labels, project, number, parents, steps)
        )

    def add_analysis(self, pending: Pending, analysis: FileAnalysis, content: bytes | None) -> None:
        """Records what analysis found in a file version; one analysed already with the same grammar is left alone.

        `content` None: its text is gone, and only its symbols are found.

        Until the commit, and for readers until they see it, an earlier analysis of the version answers.
        """
        self._writer.record(pending, analysis, content)

    def commit(self) -> None:
        """Makes everything recorded so far durable and searchable. Killed before its end, nothing of it is there."""
        self._writer.commit()

    # asking

    def snapshot_ids(self, project: ProjectId | None = None) -> tuple[SnapshotId, ...]:
        """Ids of the recorded snapshots, in order: what to compare with the store."""
        with self._asking() as session:
            return history.snapshot_ids(session.db, project)

    def project_ids(self) -> tuple[ProjectId, ...]:
        """The projects that were recorded, in the order in which they were."""
        with self._asking() as session:
            return history.project_ids(session.db)

    def project_facts(self) -> tuple[ProjectFacts, ...]:
        """What may scope a query by project, as it was told last."""
        with self._asking() as session:
            return snapshots.project_facts(session.db)

    def file_versions(self, project: ProjectId) -> tuple[FileVersion, ...]:
        """All versions of all paths of a project, by path and time."""
        with self._asking() as session:
            return history.file_versions(session.db, project)

    def waiting(self) -> Sequence[int]:
        """Numbers of the file versions that were never analysed: what is there now before what was, newest first."""
        with self._asking() as session:
            return waiting.waiting(session.db)

    def brought(self, project: ProjectId, sequence: int) -> Sequence[int]:
        """The same, only what one snapshot brought.

        Raises:
            UnknownProject: it was not recorded.
        """
        with self._asking() as session:
            return waiting.brought(session.db, snapshots.project_number(session.db, project), sequence)

    def outdated(self, is_current: IsCurrent) -> Sequence[int]:
        """Numbers of those whose analysis, good or failed, was made with a grammar that is not current, likewise."""
        with self._asking() as session:
            return waiting.outdated(session.db, session.labels, is_current)

    def pending(self, numbers: Iterable[int]) -> tuple[Pending, ...]:
        """What is to be analysed under numbers that `waiting` or `outdated` gave, in their order."""
        with self._asking() as session:
            return waiting.described(session.db, numbers)

    def pending_count(self) -> int:
        """How many file versions wait for analysis."""
        with self._asking() as session:
            return asking.pending_count(session.db)

    def versions(self, project: ProjectId, path: str) -> tuple[FileVersion, ...]:
        """All versions of a path in snapshots, oldest first; empty for a path that never was."""
        with self._asking() as session:
            return history.versions(session.db, project, path)

    def lives(self, project: ProjectId, path: str) -> tuple[FileVersion, ...]:
        """All versions of a path in commits and snapshots, in the order in which they began; equal neighbours are one.

        A run of commits is told on its line: it ends where that line changed it, whatever side branches kept.
        """
        with self._asking() as session:
            return history.lives(session.db, session.timeline, project, path)

    def held(self, project: ProjectId, path: str, number: int) -> FileVersion | None:
        """What a path held in one version of its project, and since when on its line; None when it was not there.

        Raises:
            UnknownSnapshot: that commit is not recorded.
        """
        with self._asking() as session:
            return history.held(session.db, session.timeline, project, path, number)

    def paths(self, project: ProjectId, sequence: int | None = None, glob: str = "") -> tuple[FileVersion, ...]:
        """What the project held in a version (None: the newest snapshot), by path."""
        with self._asking() as session:
            return history.paths(session.db, session.timeline, project, sequence, glob)

    def steps(self, project: ProjectId) -> tuple[Seen, ...]:
        """All snapshots of a project, in order."""
        with self._asking() as session:
            return history.steps(session.db, project)

    def timeline(self, project: ProjectId) -> tuple[Seen, ...]:
        """All commits and snapshots of a project: by time, but parents before children."""
        with self._asking() as session:
            return descent.line_of_versions(session.db, session.timeline, project)

    def parents(self, project: ProjectId, number: int) -> tuple[int, ...]:
        """The versions that one was made from, by number, best first; none for a beginning.

        A snapshot's are the commit that it stood on and the snapshot before it, which comes first while the commit is
        still that one's; a commit's the snapshot whose
        uncommitted work it took in, if there is one, and its own parents.

        Raises:
            UnknownSnapshot: that version is not recorded.
        """
        with self._asking() as session:
            return descent.parents(session.db, session.timeline, project, number)

    def follower(self, project: ProjectId, number: int) -> int | None:
        """The next snapshot after a snapshot, the next commit on the line of a commit; None at the end.

        At the end of a line it is the first snapshot that stood there.

        Raises:
            UnknownSnapshot: that commit is not recorded.
        """
        with self._asking() as session:
            return descent.follower(session.db, session.timeline, project, number)

    def rank(self, project: ProjectId, number: int) -> int:
        """Where a version stands in `timeline`: a larger one came later.

        Raises:
            UnknownSnapshot: that commit is not recorded.
        """
        with self._asking() as session:
            return descent.rank(session.db, session.timeline, project, number)

    def leads(self, project: ProjectId, earlier: int, later: int) -> bool:
        """True when one version is among those that another came from, by whatever way, or is that one.

        Raises:
            UnknownSnapshot: a commit is not recorded.
        """
        with self._asking() as session:
            return descent.leads(session.db, session.timeline, project, earlier, later)

    def newest(self, project: ProjectId) -> int | None:
        """The number of the newest snapshot, without one of the commit that the repository stands on; None: neither."""
        with self._asking() as session:
            return descent.newest(session.db, session.timeline, project)

    def committed_as(self, project: ProjectId, path: str, blob: BlobId, number: int) -> Seen | None:
        """The first commit behind a version that brought a content into a path: it took uncommitted work in."""
        with self._asking() as session:
            return descent.committed_as(session.db, session.timeline, project, path, blob, number)

    def seen(self, project: ProjectId, number: int) -> Seen:
        """A version by its number.

        Raises:
            IndexDamaged: it is not recorded.
        """
        with self._asking() as session:
            owner = snapshots.project_number(session.db, project)
            return history.seen_at(session.db, ((owner, number),))[owner, number]

    def commits_named(self, project: ProjectId, commit: str) -> tuple[Seen, ...]:
        """The commits that an id, or its first seven digits or more, name."""
        with self._asking() as session:
            return descent.commits_named(session.db, project, commit)

    def understood(self, blobs: Iterable[BlobId]) -> tuple[Understood, ...]:
        """What analysis found in blobs, under every hint that they were met with; nothing of what waits."""
        with self._asking() as session:
            return understood.understood(session, blobs)

    def symbol_facts(self, numbers: Iterable[int]) -> Mapping[int, SymbolVersion]:
        """Symbols by the numbers that `understood` gives, as they would stand alone in a file."""
        with self._asking() as session:
            return understood.symbol_facts(session, numbers)

    def lineage(self, project: ProjectId) -> ProjectLineage:
        """The versions of a project for walks through the lives of its symbols.

        Raises:
            UnknownProject: it was not recorded.
        """
        return ProjectLineage(self._asking, project)

    def noted(self, topic: str, project: ProjectId) -> str:
        """What `note` was given last, "" before."""
        with self._asking() as session:
            return revisions.noted(session.db, topic, project)

    def known_commits(self, project: ProjectId) -> frozenset[str]:
        """Ids of the recorded commits of a project: what to compare with what the vault knows of them."""
        with self._asking() as session:
            return descent.known_commits(session.db, project)

    def changes(self, project: ProjectId, sequence: int) -> tuple[PathChange, ...]:
        """What a snapshot changed against the one before it, or a commit against its first parent, by path.

        Raises:
            UnknownSnapshot: that version is not recorded.
        """
        with self._asking() as session:
            return history.changes(session.db, session.timeline, project, sequence)

    def symbols_of(self, blob: BlobId, path: str) -> tuple[SymbolVersion, ...]:
        """Symbols of a file version by position; the path's name tells the language. Empty until analysed."""
        with self._asking() as session:
            return asking.symbols_of(session, blob, self._hint_of(path))

    def symbols_at(
        self, project: ProjectId, sequence: int, *, kind: str = "", path: str = ""
    ) -> Iterator[tuple[str, SymbolVersion]]:
        """(path, symbol) of everything a version held, by path and position; `path` is a glob."""
        with self._asking() as session:
            held = history.contents_at(session.db, session.timeline, project, sequence, path)
        for at in range(0, len(held), asking.FILES_AT_ONCE):
            with self._asking() as session:
                found = asking.symbols_at(session, held[at : at + asking.FILES_AT_ONCE], kind)
            yield from found

    def symbols_with(self, *, exact: str = "", renamed: str = "", scope: Scope = EVERYTHING) -> tuple[Hit, ...]:
        """Where a fingerprint lives or lived: one hit a symbol and place. Give one of the two fingerprints.

        Raises:
            InvalidArgument: neither or both were given, or it is no fingerprint.
        """
        with self._asking() as session:
            return asking.symbols_with(session, exact, renamed, scope)

    def namesakes_of(
        self, symbol: SymbolVersion, kinds: Collection[SymbolKind], by: namesakes.By, suits: Callable[[bytes], bool]
    ) -> tuple[Hit, ...]:
        """Places of symbols of its name, its language and these kinds that have its body, or whose sketch suits."""
        with self._asking() as session:
            return namesakes.namesakes(session, self._text, symbol, kinds, by, suits)

    def fingerprint_groups(
        self, which: Literal["exact", "renamed"], *, min_tokens: int, scope: Scope = EVERYTHING
    ) -> Iterator[tuple[str, tuple[Hit, ...]]]:
        """(fingerprint, its places) for each that lives or lived in two places or more, by fingerprint."""
        last = b""
        while True:
            with self._asking() as session:
                groups, last = asking.fingerprint_groups(session, which, min_tokens, scope, last)
            yield from groups
            if not last:
                return

    def alike(self, sample: reuse_search.Sample, *, at_least: float, scope: Scope = EVERYTHING) -> AlikeFound:
        """Where code that is equal, renamed or alike lives or lived; likeness is 0 to 1, names and literals blinded."""
        with self._asking() as session:
            return reuse_search.alike(session, sample, at_least, scope)

    def alike_parts(
        self, sample: reuse_search.Sample, *, least: int, at_least: float, scope: Scope = EVERYTHING
    ) -> tuple[reuse_search.PartFound, ...]:
        """Where a part of a sample of at least so many codes lives or lived."""
        with self._asking() as session:
            return reuse_search.alike_parts(session, sample, least, at_least, scope)

    def symbol_sharing(self) -> SymbolSharing:
        """How many symbols all file versions hold, and how many differ. Reads a row for each of them."""
        with self._asking() as session:
            return reuse_stats.symbol_sharing(session.db)

    def places_of(self, blobs: Iterable[BlobId]) -> Mapping[BlobId, frozenset[reuse_stats.Place]]:
        """Which paths of which projects, by the catalog's numbers, held a blob in a snapshot."""
        with self._asking() as session:
            return reuse_stats.places_of(session.db, blobs)

    def alike_groups(
        self, question: reuse_groups.GroupQuestion, *, scope: Scope = EVERYTHING
    ) -> Generator[reuse_groups.GroupHits, None, None]:
        """Places of symbols that are alike, group by group, of groups with two places or more. Close it if left early.

        Costs a look-up for each distinct symbol that is in no group yet.
        """
        with self._asking() as session:
            for part in steps(reuse_groups.clusters(session, question), reuse_groups.AT_ONCE):
                yield from reuse_groups.placed(session, part, scope)

    def codes_of(self, symbols: Iterable[SymbolVersion]) -> Mapping[str, bytes]:
        """What symbols are compared by, under their exact fingerprints; short ones have nothing."""
        with self._asking() as session:
            return reuse_search.codes_of(session, symbols)

    def find(
        self,
        query: Query,
        *,
        limit: int = 50,
        after: str = "",
        seconds: float = 10.0,
        is_cancelled: IsCancelled = never,
        structures: Structures = no_structures,
    ) -> SearchResult:
        """What answers a query, one hit a symbol (or rest of a file) and place; `after` is the cursor of a page before.

        Out of time or cancelled, it gives what it has, and says so in the coverage.

        Raises:
            InvalidPattern: a pattern in it cannot be run.
            InvalidArgument: a page out of range, a cursor of another question, or a query with too many alternatives.
        """
        with self._asking() as session:
            effort = Effort(deadline=time.monotonic() + seconds, is_cancelled=is_cancelled)
            return searching.find(session, self._text, query, Page(limit, after), effort, structures)

    def search_symbols(
        self, asked: str, *, kind: str = "", scope: Scope = EVERYTHING, limit: int = 50, after: str = ""
    ) -> SearchResult:
        """Symbols by name: exact, qualified (`TaxTable.rate`), prefix, in any case, by words; `*` and `?` are wild.

        Raises:
            InvalidArgument: no name, an overlong one, or a page out of range.
        """
        query = named(asked) & (of_kind(kind) if kind else everything()) & query_of(scope)
        return self.find(query, limit=limit, after=after)

    def search_text(
        self,
        text: str,
        *,
        case_sensitive: bool = True,
        scope: Scope | Where = EVERYTHING,
        limit: int = 50,
        after: str = "",
        seconds: float = 10.0,
        is_cancelled: IsCancelled = never,
    ) -> SearchResult:
        """Lines that hold a text, one hit a place and line.

        Raises:
            InvalidPattern: the text is empty or overlong.
            InvalidArgument: a page out of range, or a cursor of another question.
        """
        matcher = literal_matcher(text, case_sensitive=case_sensitive)
        question = LineQuestion(asked=f"text {case_sensitive} {text}", matcher=matcher, scope=scope)
        shape = literal(text, case_sensitive=case_sensitive)
        return self._search_lines(question, shape, seconds, is_cancelled, Page(limit, after))

    def search_regex(
        self,
        pattern: str,
        *,
        case_sensitive: bool = True,
        scope: Scope | Where = EVERYTHING,
        limit: int = 50,
        after: str = "",
        seconds: float = 10.0,
        is_cancelled: IsCancelled = never,
    ) -> SearchResult:
        """Lines that match a regular expression of RE2; `^` and `$` match at every line, empty matches do not count.

        Raises:
            InvalidPattern: RE2 refuses the pattern.
            InvalidArgument: a page out of range, or a cursor of another question.
        """
        matcher = regex_matcher(pattern, case_sensitive=case_sensitive)
        question = LineQuestion(asked=f"regex {case_sensitive} {pattern}", matcher=matcher, scope=scope)
        shape = required(pattern, case_sensitive=case_sensitive)
        return self._search_lines(question, shape, seconds, is_cancelled, Page(limit, after))

    def _search_lines(
        self, question: LineQuestion, shape: Shape, seconds: float, is_cancelled: IsCancelled, page: Page
    ) -> SearchResult:
        asked = LineSearch(question=question, shape=shape, seconds=seconds, is_cancelled=is_cancelled)
        with self._asking() as session:
            return searching.search_text(session, self._text, asked, page)

    def search_structure(
        self,
        pattern: StructurePattern,
        *,
        scope: Scope | Where = EVERYTHING,
        limit: int = 50,
        after: str = "",
        seconds: float = 10.0,
    ) -> SearchResult:
        """Code that matches a structural pattern: the lines that each match covers.

        Raises:
            InvalidArgument: a page out of range, or a cursor of another question.
        """
        with self._asking() as session:
            return search_structure(session, self._text, pattern, scope, seconds, Page(limit, after))

    def commits_changing(
        self, text: str, *, case_sensitive: bool = True, scope: Scope | Where = EVERYTHING, seconds: float = 10.0
    ) -> CountChanges:
        """Commits, merges aside, that changed how often a text stands in a file; the scope's times do not count.

        Raises:
            InvalidPattern: the text is empty, overlong or goes over several lines.
        """
        matcher = literal_matcher(text, case_sensitive=case_sensitive)
        shape = literal(text, case_sensitive=case_sensitive)
        if not shape.one_line:
            raise InvalidPattern("changes are counted of a text within one line")
        with self._asking() as session:
            return pickaxe.commits_changing(session, self._text, matcher, shape, scope, seconds)

    def commits_touching(
        self,
        pattern: str,
        *,
        case_sensitive: bool = True,
        scope: Scope | Where = EVERYTHING,
        seconds: float = 10.0,
        read: Read = lambda _: None,
    ) -> CountChanges:
        """Commits, merges aside, that added or removed a line which a regular expression matches, each line by itself.

        `read` gives the bytes of a content where searchable text does not say all: other line ends, another encoding.

        Raises:
            InvalidPattern: RE2 refuses the pattern.
        """
        matcher = regex_matcher(pattern, case_sensitive=case_sensitive)
        shape = required(pattern, case_sensitive=case_sensitive)
        with self._asking() as session:
            return pickaxe.commits_touching(session, self._text, matcher, shape, scope, seconds, read)

    def content_state(self, blob: BlobId, path: str) -> ContentState:
        """How far a file version is indexed, and why not further."""
        with self._asking() as session:
            return asking.content_state(session, blob, self._hint_of(path))

    def coverage(self, scope: Scope = EVERYTHING) -> Coverage:
        """How many file versions the scope holds, and how far the index can see them."""
        with self._asking() as session:
            return session.coverage(scope)

    def stats(self) -> IndexStats:
        """Rows and bytes. Reads every table."""
        with self._asking() as session:
            return asking.stats(session.db, self._folder)

    @contextmanager
    def survey(self) -> Iterator[Survey]:
        """Whole projects at once, for reports; one state of the catalog while it is open."""
        with self._asking() as session:
            yield Survey(session)

    def _asking(self) -> AbstractContextManager[Session]:
        return self._sessions.session()

    @property
    def _writer(self) -> Writer:
        if isinstance(self._sessions, Writer):
            return self._sessions
        raise IndexDamaged("this index was opened for reading: open it with writable=True to record")
