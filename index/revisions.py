"""Writing commits into the catalog: each by what it changed against its first parent, many at once.

A path's content is one row for an unbroken run of commits on a line (timelines.py says what a line is).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from codevault.ids import ProjectId
from codevault.index.model import CommitVersion, IndexState
from codevault.index.rows import Labels, ask_many, clean, path_key
from codevault.index.snapshots import HintOf, numbers_of_contents, numbers_of_paths, project_number
from codevault.index.varints import pack, pack_ascending

GONE = 0
"""Stands in the place of a content where a line no longer has a path that the line it left may have."""

LONGEST_AUTHOR = 300
_LATEST_NS = (1 << 63) - 1
_HEXADECIMAL = frozenset("0123456789abcdef")


def revision_key(commit: str) -> bytes:
    """A commit's id in few bytes."""
    if len(commit) in {40, 64} and _HEXADECIMAL.issuperset(commit):
        return bytes.fromhex(commit)
    return commit.encode("ascii", "replace")


def revision_text(key: bytes) -> str:
    """What `revision_key` was given."""
    return key.hex() if len(key) in {20, 32} else key.decode("ascii", "replace")


def set_head(db: sqlite3.Connection, project: ProjectId, commit: str) -> None:
    """Notes which commit the repository stands on; one that is not recorded is none.

    Raises:
        UnknownProject: it was never recorded.
    """
    key = revision_key(commit)
    question = "SELECT number FROM revision WHERE project = project.id AND substr(id, 1, 4) = ? AND id = ?"
    db.execute(
        f"UPDATE project SET head = ({question}) WHERE id = ?",  # noqa: S608 - constants
        (key[:4], key, project_number(db, project)),
    )


def note(db: sqlite3.Connection, topic: str, project: ProjectId, value: str) -> None:
    """Remembers how far a project was told of something."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{topic} {project}", value))


def noted(db: sqlite3.Connection, topic: str, project: ProjectId) -> str:
    """What `note` was given last, "" before."""
    row = db.execute("SELECT value FROM meta WHERE key = ?", (f"{topic} {project}",)).fetchone()
    return "" if row is None else str(row[0])


def look_again(db: sqlite3.Connection, project: ProjectId) -> None:
    """Has contents of a project's commits wait once more whose text was gone.

    Raises:
        UnknownProject: it was never recorded.
    """
    db.execute(
        "UPDATE content SET state = ? WHERE state = ? AND id IN (SELECT content FROM stay WHERE project = ?)",
        (int(IndexState.PENDING), int(IndexState.GONE), project_number(db, project)),
    )


def add_commits(
    db: sqlite3.Connection, labels: Labels, hint_of: HintOf, project: ProjectId, commits: Sequence[CommitVersion]
) -> None:
    """Records commits, given parents before children; those that are recorded already are left alone.

    Costs a few statements for all of them and one row for each content that a path came to hold.

    Raises:
        UnknownProject: the project was never recorded.
    """
    number = project_number(db, project)
    commits = tuple({commit.id: commit for commit in commits}.values())
    graph = _Graph(db, number, commits)
    new = [commit for commit in commits if revision_key(commit.id) not in graph.places]
    if not new:
        return
    files = _Files(db, labels, hint_of, new)
    stays = _Stays(db, number, files.paths.values(), graph.forked)
    rows = []
    for commit in new:
        place, parents, line = graph.add(commit)
        follows = parents[0] if parents and line != place else 0
        touched = files.touched(commit)
        for path, content in touched.items():
            stays.put(path, line, place, follows, content)
        rows.append(
            (
                number,
                place,
                revision_key(commit.id),
                line,
                pack(place - parent for parent in parents),
                labels.number(clean(commit.author)[:LONGEST_AUTHOR]),
                _held(commit.authored_ns),
                _held(commit.committed_ns),
                pack_ascending(sorted(touched)),
            )
        )
    db.executemany("INSERT INTO revision VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    stays.write(db)


def _held(time_ns: int) -> int:
    return max(-_LATEST_NS, min(time_ns, _LATEST_NS))


class _Graph:
    """Places and lines of commits, as far as new ones need them."""

    def __init__(self, db: sqlite3.Connection, project: int, commits: Iterable[CommitVersion]) -> None:
        wanted = {revision_key(one) for commit in commits for one in (commit.id, *commit.parents)}
        question = "SELECT id, number, line FROM revision WHERE project = ? AND substr(id, 1, 4) IN (*)"
        self.places: dict[bytes, int] = {}
        self._lines: dict[int, int] = {}
        for key, place, line in ask_many(db, question, {key[:4] for key in wanted}, (project,)):
            self.places[key] = place
            self._lines[place] = line
        ends = db.execute("SELECT line, max(number) FROM revision WHERE project = ? GROUP BY line", (project,))
        self._ends: dict[int, int] = dict(ends.fetchall())
        begun = db.execute(
            "SELECT number FROM revision WHERE project = ? AND number = line AND parents != x''", (project,)
        )
        self.forked: set[int] = {line for (line,) in begun}
        self._next = 1 + max(self._ends.values(), default=0)

    def add(self, commit: CommitVersion) -> tuple[int, list[int], int]:
        """The commit's place, those of its parents, and its line."""
        place = self._next
        self._next += 1
        known = (self.places.get(revision_key(parent)) for parent in commit.parents)
        parents = list(dict.fromkeys(parent for parent in known if parent is not None))
        line = self._lines[parents[0]] if parents else place
        if parents and self._ends[line] != parents[0]:
            line = place
        if parents and line == place:
            self.forked.add(line)
        self.places[revision_key(commit.id)] = place
        self._lines[place] = line
        self._ends[line] = place
        return place, parents, line


class _Files:
    """The catalog's numbers of the paths and contents that commits speak of."""

    def __init__(
        self, db: sqlite3.Connection, labels: Labels, hint_of: HintOf, commits: Sequence[CommitVersion]
    ) -> None:
        named = dict.fromkeys(path_key(change.path) for commit in commits for change in commit.changed)
        gone = dict.fromkeys(path_key(path) for commit in commits for path in commit.removed)
        self.paths = numbers_of_paths(db, list(named | gone), ())
        changes = [change for commit in commits for change in commit.changed]
        numbers = numbers_of_contents(db, labels, hint_of, changes)
        self._contents: dict[str, list[int]] = {}
        at = 0
        for commit in commits:
            self._contents[commit.id] = numbers[at : at + len(commit.changed)]
            at += len(commit.changed)

    def touched(self, commit: CommitVersion) -> Mapping[int, int]:
        """Content by path of what a commit changed, `GONE` for what it removed."""
        found = {self.paths[path_key(path)]: GONE for path in commit.removed}
        for change, content in zip(commit.changed, self._contents[commit.id], strict=True):
            found[self.paths[path_key(change.path)]] = content
        return found


class _Stays:
    """Runs of contents in paths: those that are open, and what became of them."""

    def __init__(self, db: sqlite3.Connection, project: int, paths: Iterable[int], forked: set[int]) -> None:
        question = "SELECT path, line, first, content FROM stay WHERE project = ? AND last IS NULL AND path IN (*)"
        rows = ask_many(db, question, paths, (project,))
        self._project = project
        self._forked = forked
        self._open = {(path, line): (first, content) for path, line, first, content in rows}
        self._recorded = set(self._open)
        self._closed: list[tuple[int, int, int, int | None, int]] = []
        self._ended: list[tuple[int, int, int, int]] = []

    def put(self, path: int, line: int, place: int, follows: int, content: int) -> None:
        """From `place` on, the line has this content in a path; `follows` is the commit before it on the line."""
        key = (path, line)
        before = self._open.get(key)
        if before is not None:
            if before[1] == content:
                return
            if key in self._recorded:
                self._recorded.discard(key)
                self._ended.append((follows, path, line, before[0]))
            else:
                self._closed.append((path, line, before[0], follows, before[1]))
            del self._open[key]
        if content != GONE or line in self._forked:
            self._open[key] = (place, content)

    def write(self, db: sqlite3.Connection) -> None:
        """Writes what became of the runs."""
        db.executemany(
            "UPDATE stay SET last = ? WHERE project = ? AND path = ? AND line = ? AND first = ?",
            ((last, self._project, path, line, first) for last, path, line, first in self._ended),
        )
        opened = (
            (path, line, first, None, content)
            for (path, line), (first, content) in self._open.items()
            if (path, line) not in self._recorded
        )
        rows = sorted((*self._closed, *opened), key=lambda row: row[:3])
        db.executemany("INSERT INTO stay VALUES (?, ?, ?, ?, ?, ?)", ((self._project, *row) for row in rows))
