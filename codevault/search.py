"""`vault.search`: names, text and regular expressions over every version of every project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from codevault.analysis.model import SymbolKind
from codevault.analysis.structure import AST_GREP
from codevault.arguments import check_texts
from codevault.errors import InvalidArgument
from codevault.index.index import Index
from codevault.index.model import CountChanges, Scope, SearchResult
from codevault.moments import nanoseconds
from codevault.projects.registry import ProjectKey, Projects
from codevault.structural import StructureEngine

Moment = str | date | int

LARGEST_PAGE = 10_000


class Search:
    """Queries over all versions, deleted ones included.

    Every method takes the same scope: `project` (id, name, root or Project), `client`, `tag`, `path` (a glob on the
    path within its project), `language`, `since` and `until` (ISO 8601, datetime or nanoseconds: versions that were
    there between them), `alive` (True: only what the newest snapshots hold; False: only what they no longer hold),
    `author` (what a commit brought whose author's name or mail holds that), `versions` ("snapshot" or "commit").
    `first_seen` of a hit names the version that brought it, a commit with its author.
    `limit` and `offset` page; results say what could not be searched.
    """

    def __init__(self, index: Callable[[], Index], projects: Projects, rebuilding: Callable[[], bool]) -> None:
        self._index = index
        self._projects = projects
        self._rebuilding = rebuilding
        self._engine = StructureEngine()

    def close(self) -> None:
        """Ends the processes that match structural patterns; a later search starts them again."""
        self._engine.close()

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
        limit: int = 50,
        offset: int = 0,
    ) -> SearchResult:
        """Definitions by name: exact, prefix or glob (`parse*`), qualified (`TaxTable.rate`), or by the words in it.

        Raises:
            InvalidArgument: an empty name, no such kind, or a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(name=name, kind=kind)
        if not name.strip():
            raise InvalidArgument("give the name of a symbol, or a pattern such as 'parse*'")
        if not name.isprintable():
            raise InvalidArgument("a symbol's name holds no line breaks or other characters that cannot be printed")
        check_kind(kind)
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        return self._told(self._index().search_symbols(name, kind=kind, scope=scope, **_page(limit, offset)))

    def text(
        self,
        text: str,
        *,
        case_sensitive: bool = True,
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
        offset: int = 0,
    ) -> SearchResult:
        """Lines that contain `text` exactly as it is written.

        Raises:
            InvalidArgument: an empty text or a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(text=text)
        if not text:
            raise InvalidArgument("give a text to search for")
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        page = _page(limit, offset)
        return self._told(self._index().search_text(text, case_sensitive=case_sensitive, scope=scope, **page))

    def regex(
        self,
        pattern: str,
        *,
        case_sensitive: bool = True,
        seconds: float = 10.0,
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
        offset: int = 0,
    ) -> SearchResult:
        """Text that a regular expression in RE2's syntax matches; never takes longer than `seconds`.

        Raises:
            InvalidPattern: RE2 does not take the pattern.
            InvalidArgument: a bad page.
            IndexDamaged: run `vault.rebuild()`.
        """
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        check_texts(pattern=pattern)
        if not isinstance(seconds, (int, float)) or not seconds > 0:
            raise InvalidArgument("seconds is how long the search may take: a number above 0")
        page = _page(limit, offset)
        return self._told(
            self._index().search_regex(pattern, case_sensitive=case_sensitive, seconds=seconds, scope=scope, **page)
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
        if not isinstance(seconds, (int, float)) or not seconds > 0:
            raise InvalidArgument("seconds is how long the search may take: a number above 0")
        scope = self._scope(project, client, tag, path, language, since, until, alive, author, versions)
        asked = self._engine.asked(syntax, language, pattern)
        return self._told(
            self._index().search_structure(asked, scope=scope, seconds=seconds, limit=limit, after=after)
        )

    def commits(
        self,
        text: str,
        *,
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

        Raises:
            InvalidArgument: an empty text, or one over several lines.
            IndexDamaged: run `vault.rebuild()`.
        """
        check_texts(text=text)
        if not text:
            raise InvalidArgument("give a text to search for")
        if not isinstance(seconds, (int, float)) or not seconds > 0:
            raise InvalidArgument("seconds is how long the search may take: a number above 0")
        scope = self._scope(project, client, tag, path, "", None, None, None, author, "commit")
        return self._index().commits_changing(text, case_sensitive=case_sensitive, scope=scope, seconds=seconds)

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
    ) -> Scope:
        check_texts(client=client, tag=tag, path=path, language=language, author=author, versions=versions)
        if alive is not None and not isinstance(alive, bool):
            raise InvalidArgument("alive is True, False or None")
        return Scope(
            projects=(self._projects.get(project).id,) if project is not None else (),
            client=client,
            tag=tag,
            path=path,
            language=language,
            since_ns=None if since is None else nanoseconds(since),
            until_ns=None if until is None else nanoseconds(until, end_of_day=True),
            alive=alive,
            author=author,
            kind=versions,
        )


def check_kind(kind: str) -> None:
    """Refuses what is no kind of symbol; "" stands for all.

    Raises:
        InvalidArgument: no such kind.
    """
    if kind and kind not in set(SymbolKind):
        raise InvalidArgument(f"{kind!r} is no kind of symbol; there are {', '.join(SymbolKind)}")


def _page(limit: int, offset: int) -> dict[str, int]:
    if not isinstance(limit, int) or not isinstance(offset, int):
        raise InvalidArgument("limit and offset are whole numbers")
    if not 1 <= limit <= LARGEST_PAGE or offset < 0:
        raise InvalidArgument(f"limit must lie between 1 and {LARGEST_PAGE}, and offset must not be negative")
    return {"limit": limit, "offset": offset}
