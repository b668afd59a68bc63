"""`vault.search`: names, texts, patterns and whatever is made of them, over every version of every project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from codevault import queries
from codevault.analysis.model import SymbolKind
from codevault.analysis.structure import AST_GREP
from codevault.arguments import check_cancel, check_texts, check_type
from codevault.errors import DamageError, InvalidArgument
from codevault.event_filter import EventFilter, Range
from codevault.ids import BlobId
from codevault.index.index import Index, never
from codevault.index.model import CountChanges, SearchResult
from codevault.index.planning import where_of
from codevault.jobs import CancelToken
from codevault.projects.registry import ProjectKey, Projects
from codevault.queries import Moment, Place, Query
from codevault.structural import StructureEngine

if TYPE_CHECKING:  # above this module
    from codevault.left import LeftContents


class Search:
    """Queries over all versions, deleted ones included.

    `find` takes a query made of conditions (`codevault.queries`). The other methods are short for single ones, and all
    take the same scope: `project` (id, name, root or Project), `client`, `tag`, `path` (a glob on the path within its
    project), `language`, `since` and `until` (ISO 8601, datetime or nanoseconds: versions that were there between
    them), `alive` (True: only what the newest snapshots hold; False: only what they no longer hold), `author` (what a
    commit brought whose author's name or mail holds that), `versions` ("snapshot" or "commit"). `first_seen` of a hit
    names the version that brought it, a commit with its author.

    `limit` is how many hits a page has; `after=result.cursor` gives the next page of the same question: what was shown
    does not come again and nothing is skipped, however the vault has grown since. A search ends after `seconds`, or
    when `cancel` is set, with what it has; results say so, and what could not be searched (`SearchResult.coverage`).
    """

    def __init__(
        self,
        index: Callable[[], Index],
        projects: Projects,
        rebuilding: Callable[[], bool],
        engine: StructureEngine,
        contents: LeftContents,
    ) -> None:
        self._index = index
        self._projects = projects
        self._rebuilding = rebuilding
        self._engine = engine
        self._contents = contents

    def find(
        self,
        query: Query,
        *,
        limit: int = 50,
        after: str = "",
        seconds: float = 10.0,
        cancel: CancelToken | None = None,
    ) -> SearchResult:
        """Symbols of which a query holds, and files of which it holds outside their symbols.

            from codevault import queries as q

            found = vault.search.find(q.name("parse*") & q.text("strict") & ~q.path("tests/*"))
            found.hits[0].symbol, found.hits[0].versions, found.hits[0].first_seen

        One hit is a symbol (or the rest of a file, then `hit.symbol` is None) in a place, however many of its versions
        answer: `versions` of them, from `first_seen` to `last_seen`. Best first: names before lines, what is there
        before what is gone. Where the query asks for lines, the snippet shows them as they stood last.

        Raises:
            InvalidPattern: a pattern that cannot be run.
            InvalidArgument: a query of too many alternatives, a bad page, or the cursor of another question.
            UnknownProject: no such project.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_type("query", query, Query)
        _check_seconds(seconds)
        check_cancel(cancel)
        return self._told(
            self._index().find(
                self._with_ids(query),
                limit=limit,
                after=after,
                seconds=seconds,
                is_cancelled=_asked(cancel),
                structures=lambda one: self._engine.asked(one.syntax, one.language, one.pattern),
            )
        )

    def symbols(
        self,
        name: str,
        *,
        kind: str = "",
        project: ProjectKey | None = None,
        client: str = "",
        tag: str = "",
        path: str = "",
        language: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        alive: bool | None = None,
        author: str = "",
        versions: str = "",
        introduced: Range | None = None,
        changed: Range | None = None,
        removed: Range | None = None,
        limit: int = 50,
        after: str = "",
    ) -> SearchResult:
        """Definitions by name: exact, prefix or glob (`parse*`), qualified (`TaxTable.rate`), or by the words in it.

        `introduced`, `changed` and `removed` are pairs of moments, (from, to), None for open: only symbols to which
        that happened between them under that name, in versions that are analysed (`("2026-01-01", None)`: since then).

        Raises:
            InvalidArgument: an empty name, no such kind, no pair of moments, or a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(kind=kind)
        query = queries.name(name) & (queries.kind(kind) if kind else queries.everything())
        query &= self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        happened = EventFilter(self._index(), {"introduced": introduced, "changed": changed, "removed": removed})
        return happened.page(lambda most, cursor: self.find(query, limit=most, after=cursor), limit, after)

    def text(
        self,
        text: str,
        *,
        case_sensitive: bool = True,
        seconds: float = 10.0,
        cancel: CancelToken | None = None,
        project: ProjectKey | None = None,
        client: str = "",
        tag: str = "",
        path: str = "",
        language: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        alive: bool | None = None,
        author: str = "",
        versions: str = "",
        limit: int = 50,
        after: str = "",
    ) -> SearchResult:
        """Lines that contain `text` exactly as it is written.

        Raises:
            InvalidArgument: an empty text or a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        text = queries.text(text).asked  # refuses what cannot be searched
        _check_seconds(seconds)
        check_cancel(cancel)
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        return self._told(
            self._index().search_text(
                text,
                case_sensitive=case_sensitive,
                scope=where_of(scope),
                limit=limit,
                after=after,
                seconds=seconds,
                is_cancelled=_asked(cancel),
            )
        )

    def regex(
        self,
        pattern: str,
        *,
        case_sensitive: bool = True,
        seconds: float = 10.0,
        cancel: CancelToken | None = None,
        project: ProjectKey | None = None,
        client: str = "",
        tag: str = "",
        path: str = "",
        language: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        alive: bool | None = None,
        author: str = "",
        versions: str = "",
        limit: int = 50,
        after: str = "",
    ) -> SearchResult:
        """Text that a regular expression in RE2's syntax matches; never takes longer than `seconds`.

        Raises:
            InvalidPattern: RE2 does not take the pattern.
            InvalidArgument: a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(pattern=pattern)
        _check_seconds(seconds)
        check_cancel(cancel)
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        return self._told(
            self._index().search_regex(
                pattern,
                case_sensitive=case_sensitive,
                scope=where_of(scope),
                limit=limit,
                after=after,
                seconds=seconds,
                is_cancelled=_asked(cancel),
            )
        )

    def structure(
        self,
        pattern: str,
        *,
        language: str,
        syntax: str = AST_GREP,
        seconds: float = 10.0,
        project: ProjectKey | None = None,
        client: str = "",
        tag: str = "",
        path: str = "",
        since: Moment | None = None,
        until: Moment | None = None,
        alive: bool | None = None,
        author: str = "",
        versions: str = "",
        limit: int = 50,
        after: str = "",
    ) -> SearchResult:
        """Code of a shape, however it is laid out: `subprocess.run($CMD, shell=True)` as ast-grep reads it.

        `$NAME` stands for one expression, the same wherever it is repeated, `$$$NAME` for any number of them.
        `syntax="tree-sitter"` takes a query of that instead, with captures of what is to be found. `language` is the
        analysis's name for it ("python", "c-sharp"). Runs in processes of its own, and hardly longer than `seconds`.

        Raises:
            InvalidPattern: it cannot be read, or not in that language.
            WorkerError: those processes cannot be started.
            InvalidArgument: a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(pattern=pattern, language=language, syntax=syntax)
        _check_seconds(seconds)
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        asked = self._engine.asked(syntax, language, pattern)
        return self._told(
            self._index().search_structure(asked, scope=where_of(scope), seconds=seconds, limit=limit, after=after)
        )

    def commits(
        self,
        text: str = "",
        *,
        regex: str = "",
        case_sensitive: bool = True,
        seconds: float = 10.0,
        project: ProjectKey | None = None,
        client: str = "",
        tag: str = "",
        path: str = "",
        author: str = "",
    ) -> CountChanges:
        """Commits that brought a text into a file or took it out: after them it stands there more often, or less.

        All of them, newest first, merges left out: what `git log -S --no-renames` tells. A file that was renamed loses
        the text under one path and gains it under the other, in the same commit. The text lies within one line.

        With `regex` instead: commits that added or removed a line which it matches, as `git log -G --no-renames` tells,
        moved lines as git's difference has it; the counts are of such lines. Where nothing else changed, other line
        ends or another encoding count as long as the content can be read. Other than git, UTF-16 is text here.

        Raises:
            InvalidArgument: an empty text, or one over several lines; or both, a text and a regex.
            InvalidPattern: RE2 does not take the regex.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(text=text, regex=regex)
        if bool(text) == bool(regex):
            raise InvalidArgument("commits are asked for by a text or by a regex: give one of them")
        _check_seconds(seconds)
        scope = where_of(self._scope(project, client, tag, path, "", None, None, None, author, "commit"))
        if regex:
            with self._contents.session():
                return self._index().commits_touching(
                    regex, case_sensitive=case_sensitive, scope=scope, seconds=seconds, read=self._read
                )
        queries.text(text)  # refuses what cannot be searched
        return self._index().commits_changing(text, case_sensitive=case_sensitive, scope=scope, seconds=seconds)

    def _read(self, blob: BlobId) -> bytes | None:
        try:
            return self._contents.read(blob)
        except DamageError:  # what search sees of it tells enough
            return None

    def _told(self, result: SearchResult) -> SearchResult:
        """The result, saying so when it comes from an index that is still being made."""
        if not self._rebuilding():
            return result
        note = "the index is being made again: versions are missing in it; analyse() goes on where it was broken off"
        coverage = replace(result.coverage, complete=False, notes=(*result.coverage.notes, note))
        return replace(result, coverage=coverage)

    def _scope(
        self,
        project: ProjectKey | None,
        client: str,
        tag: str,
        path: str,
        language: str,
        since: Moment | None,
        until: Moment | None,
        alive: bool | None,
        author: str,
        versions: str,
    ) -> Query:
        """The scope as conditions of a query, with ids of projects."""
        facts = {"client": client, "tag": tag, "path": path, "language": language}
        facts |= {"author": author, "versions": versions}
        check_texts(**facts)
        if alive is not None and not isinstance(alive, bool):
            raise InvalidArgument("alive is True, False or None")
        parts = [getattr(queries, which)(asked) for which, asked in facts.items() if asked]
        if project is not None:
            parts.append(queries.project(self._projects.get(project).id))
        if since is not None:
            parts.append(queries.since(since))
        if until is not None:
            parts.append(queries.until(until))
        if alive is not None:
            parts.append(queries.alive() if alive else queries.deleted())
        return queries.All(tuple(parts))

    def _with_ids(self, query: Query) -> Query:
        """The query with projects by id, however they were named."""
        if isinstance(query, Place) and query.which == "project":
            return queries.project(self._projects.get(query.asked).id)
        if isinstance(query, (queries.All, queries.Some)):
            return type(query)(tuple(self._with_ids(part) for part in query.parts))
        if isinstance(query, queries.Not):
            return queries.Not(self._with_ids(query.part))
        return query


def check_kind(kind: str) -> None:
    """Refuses what is no kind of symbol; "" stands for all.

    Raises:
        InvalidArgument: no such kind.
    """
    if kind and kind not in set(SymbolKind):
        raise InvalidArgument(f"{kind!r} is no kind of symbol; there are {', '.join(SymbolKind)}")


def _check_seconds(seconds: object) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise InvalidArgument("seconds is how long the search may take: a number above 0")


def _asked(cancel: CancelToken | None) -> Callable[[], bool]:
    """Whether the caller has had enough."""
    return never if cancel is None else lambda: cancel.cancelled
