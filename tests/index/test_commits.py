"""Commits as versions: what paths held on a graph of commits, told together with snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest

from codevault.errors import InvalidArgument, InvalidPattern, UnknownSnapshot
from codevault.ids import BlobId, SnapshotId
from codevault.index.index import Index
from codevault.index.model import CommitVersion, FileChange, ProjectFacts, Scope, SnapshotFacts
from tests.index.scenes import DAY_NS, SHOP, VAULT, blob_of, hint, understood

ANN, BOB = "Ann <ann@example.org>", "Bob <bob@example.org>"


def named(letter: str) -> str:
    """A commit's id."""
    return letter * 40


class Graph:
    """An index that is told commits by letter, day and what they changed; texts are functions."""

    def __init__(self) -> None:
        self.index = Index.in_memory(vault_id=VAULT, hint_of=hint)
        self.index.put_project(ProjectFacts(id=SHOP, name="shop"))
        self.contents: dict[BlobId, bytes] = {}
        self.snapshots = 0

    def commit(
        self,
        letter: str,
        day: int,
        changed: Mapping[str, bytes],
        *,
        on: str = "",
        author: str = ANN,
        removed: tuple[str, ...] = (),
    ) -> None:
        """Records one commit on top of others."""
        version = CommitVersion(
            id=named(letter),
            parents=tuple(map(named, on)),
            author=author,
            authored_ns=day * DAY_NS,
            committed_ns=day * DAY_NS,
            changed=self._changes(changed),
            removed=removed,
        )
        self.index.add_commits(SHOP, [version])

    def snapshot(self, day: int, changed: Mapping[str, bytes], *, head: str = "") -> None:
        """Records a snapshot that stands on a commit."""
        self.snapshots += 1
        self.index.add_snapshot(
            SnapshotFacts(
                id=SnapshotId(f"{self.snapshots:064x}"),
                project=SHOP,
                sequence=self.snapshots,
                created_ns=day * DAY_NS,
                facts={"head": named(head)} if head else {},
                changed=self._changes(changed),
            )
        )

    def _changes(self, changed: Mapping[str, bytes]) -> tuple[FileChange, ...]:
        for content in changed.values():
            self.contents[blob_of(content)] = content
        return tuple(FileChange(path=path, blob=blob_of(text), size=len(text)) for path, text in changed.items())

    def analyse(self) -> None:
        """Understands all that waits."""
        for pending in self.index.pending(self.index.waiting()):
            content = self.contents[pending.blob]
            self.index.add_analysis(pending, understood(pending.path, content), content)
        self.index.commit()

    def at(self, letter: str) -> int:
        """A commit's number."""
        (seen,) = self.index.commits_named(SHOP, named(letter))
        return seen.sequence

    def letters(self, *numbers: int) -> str:
        """Versions by number: commits by letter, snapshots by digit."""
        return "".join(self.index.seen(SHOP, number).commit[:1] or str(number) for number in numbers)

    def tree(self, letter: str) -> dict[str, bytes]:
        """What a commit holds."""
        held = self.index.paths(SHOP, self.at(letter))
        return {version.path: self.contents[version.blob] for version in held}

    def lives(self, path: str) -> list[tuple[bytes, str, str]]:
        """Each version of a path: content, first, last ("" while it is there)."""
        found = self.index.lives(SHOP, path)
        return [
            (
                self.contents[one.blob],
                self.letters(one.first.sequence),
                self.letters(one.last.sequence) if one.last else "",
            )
            for one in found
        ]


@pytest.fixture
def graph() -> Iterator[Graph]:
    made = Graph()
    yield made
    made.index.close()


def forked(graph: Graph) -> Graph:
    """a - b - d(merge of c), where c left a: c changes one file and removes another, b changes a third."""
    graph.commit("a", 1, {"one.py": b"def one(): 1\n", "two.py": b"def two(): 1\n", "old.py": b"def old(): 1\n"})
    graph.commit("b", 2, {"two.py": b"def two(): 2\n"}, on="a")
    graph.commit("c", 3, {"one.py": b"def one(): 2\n"}, on="a", author=BOB, removed=("old.py",))
    graph.commit("d", 4, {"one.py": b"def one(): 2\n"}, on="bc", removed=("old.py",))
    graph.index.set_head(SHOP, named("d"))
    return graph


def test_each_commit_holds_its_whole_tree(graph: Graph) -> None:
    forked(graph)

    assert graph.tree("b") == {"one.py": b"def one(): 1\n", "two.py": b"def two(): 2\n", "old.py": b"def old(): 1\n"}
    assert graph.tree("c") == {"one.py": b"def one(): 2\n", "two.py": b"def two(): 1\n"}
    assert graph.tree("d") == {"one.py": b"def one(): 2\n", "two.py": b"def two(): 2\n"}


def test_commits_told_again_or_later_change_nothing_that_was_told(graph: Graph) -> None:
    forked(graph)
    graph.commit("c", 9, {"one.py": b"other"}, on="b")
    graph.commit("e", 5, {"old.py": b"def old(): 2\n"}, on="c")

    assert graph.tree("e") == {"one.py": b"def one(): 2\n", "two.py": b"def two(): 1\n", "old.py": b"def old(): 2\n"}
    assert graph.tree("d") == {"one.py": b"def one(): 2\n", "two.py": b"def two(): 2\n"}
    assert len(graph.index.known_commits(SHOP)) == 5


def test_a_path_lives_from_the_commit_that_made_it(graph: Graph) -> None:
    forked(graph)

    assert graph.lives("one.py") == [(b"def one(): 1\n", "a", "b"), (b"def one(): 2\n", "c", "")]
    assert graph.lives("old.py") == [(b"def old(): 1\n", "a", "b")]
    assert graph.lives("never.py") == []


def test_a_snapshot_stands_behind_its_commit_and_says_what_is_there_now(graph: Graph) -> None:
    forked(graph)
    graph.snapshot(5, {"one.py": b"def one(): 2\n", "two.py": b"def two(): 3\n"}, head="d")

    assert graph.letters(*(seen.sequence for seen in graph.index.timeline(SHOP))) == "abcd1"
    assert graph.lives("one.py") == [(b"def one(): 1\n", "a", "b"), (b"def one(): 2\n", "c", "")]
    assert graph.lives("two.py")[1:] == [(b"def two(): 2\n", "b", "d"), (b"def two(): 3\n", "1", "")]


def test_uncommitted_work_comes_before_the_commit_that_took_it_in(graph: Graph) -> None:
    graph.commit("a", 1, {"one.py": b"def one(): 1\n"})
    graph.snapshot(2, {"one.py": b"def one(): 2\n"}, head="a")
    graph.snapshot(3, {"one.py": b"def one(): 3\n"}, head="a")
    graph.commit("b", 4, {"one.py": b"def one(): 3\n"}, on="a")
    graph.commit("c", 5, {"two.py": b"def two(): 1\n"}, on="b")
    graph.snapshot(6, {"two.py": b"def two(): 1\n"}, head="c")

    parents = {graph.letters(n): graph.letters(*graph.index.parents(SHOP, n)) for n in (1, 2, 3, graph.at("b"))}
    assert parents == {"1": "a", "2": "1a", "3": "c2", "b": "2a"}


def test_parents_of_snapshots_alone_are_the_ones_before(graph: Graph) -> None:
    graph.snapshot(1, {"a": b"1"})
    graph.snapshot(2, {"a": b"2"})

    assert graph.index.parents(SHOP, 2) == (1,)
    assert graph.index.parents(SHOP, 1) == ()
    assert (graph.index.follower(SHOP, 1), graph.index.follower(SHOP, 2)) == (2, None)
    assert [seen.sequence for seen in graph.index.timeline(SHOP)] == [1, 2]
    with pytest.raises(UnknownSnapshot):
        graph.index.parents(SHOP, 3)


def test_a_commit_tells_what_it_changed_against_its_first_parent(graph: Graph) -> None:
    forked(graph)

    merged, removed = sorted(graph.index.changes(SHOP, graph.at("d")), key=lambda change: change.after is None)

    assert merged.before is not None
    assert merged.after is not None
    assert (merged.path, graph.contents[merged.before.blob]) == ("one.py", b"def one(): 1\n")
    assert (removed.path, removed.after) == ("old.py", None)
    with pytest.raises(UnknownSnapshot):
        graph.index.changes(SHOP, -99)


def test_what_a_path_held_in_a_version_says_since_when(graph: Graph) -> None:
    forked(graph)
    graph.snapshot(5, {"one.py": b"def one(): 2\n"}, head="d")

    at_merge = graph.index.held(SHOP, "one.py", graph.at("d"))
    before = graph.index.held(SHOP, "two.py", graph.at("c"))

    assert at_merge is not None
    assert before is not None
    assert graph.letters(at_merge.first.sequence, before.first.sequence) == "da"
    assert graph.index.held(SHOP, "one.py", 1) is not None
    assert graph.index.held(SHOP, "old.py", graph.at("c")) is None
    assert graph.index.held(SHOP, "never.py", graph.at("c")) is None


def test_the_next_commit_is_the_one_on_the_same_line(graph: Graph) -> None:
    forked(graph)

    followers = [graph.index.follower(SHOP, graph.at(letter)) for letter in "abcd"]

    assert followers == [graph.at("b"), graph.at("d"), None, None]


def test_search_finds_what_only_commits_held_and_says_who_brought_it(graph: Graph) -> None:
    forked(graph)
    graph.analyse()

    (old,) = graph.index.search_text("old(): 1").hits
    (new,) = graph.index.search_symbols("one").hits

    assert (old.first_seen.author, graph.letters(old.first_seen.sequence)) == (ANN, "a")
    assert old.last_seen is not None
    assert graph.letters(old.last_seen.sequence) == "b"
    assert (graph.letters(new.first_seen.sequence), new.last_seen) == ("a", None)


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope(author="BOB"), {"one.py"}),
        (Scope(author="nobody"), set()),
        (Scope(kind="commit"), {"one.py", "two.py", "old.py"}),
        (Scope(kind="snapshot"), {"two.py"}),
        (Scope(alive=True), {"two.py"}),
        (Scope(alive=False), {"one.py", "two.py", "old.py"}),
        (Scope(path="o*", until_ns=DAY_NS), {"one.py", "old.py"}),
        (Scope(kind="commit", since_ns=5 * DAY_NS), set()),
    ],
    ids=str,
)
def test_scopes_know_kinds_of_versions_and_authors(graph: Graph, scope: Scope, expected: set[str]) -> None:
    forked(graph)
    graph.snapshot(5, {"two.py": b"def two(): 3\n"}, head="d")
    graph.analyse()

    found = graph.index.search_text("def ", scope=scope)

    assert {hit.path for hit in found.hits} == expected
    assert (found.coverage.versions > 0) == bool(expected)


def test_a_project_of_commits_alone_has_a_present(graph: Graph) -> None:
    forked(graph)
    graph.analyse()

    alive = graph.index.search_text("def ", scope=Scope(alive=True))
    gone = graph.index.search_text("def ", scope=Scope(alive=False))

    assert {hit.snippet for hit in alive.hits} == {"def one(): 2", "def two(): 2"}
    assert {hit.snippet for hit in gone.hits} == {"def one(): 1", "def two(): 1", "def old(): 1"}
    assert alive.coverage.versions + gone.coverage.versions == graph.index.coverage().versions


def test_symbols_of_a_commit_are_those_of_its_tree(graph: Graph) -> None:
    forked(graph)
    graph.analyse()

    found = [(path, symbol.name) for path, symbol in graph.index.symbols_at(SHOP, graph.at("c"))]

    assert found == [("one.py", "one"), ("two.py", "two")]


def test_commits_are_found_by_the_beginning_of_their_ids(graph: Graph) -> None:
    forked(graph)

    assert [seen.commit for seen in graph.index.commits_named(SHOP, "c" * 7)] == [named("c")]
    assert graph.index.commits_named(SHOP, "c" * 6) == ()
    assert graph.index.commits_named(SHOP, "f" * 40) == ()


def test_a_revision_number_is_a_name_too(graph: Graph) -> None:
    version = CommitVersion(id="17", parents=("16",), author=ANN, authored_ns=0, committed_ns=0)
    graph.index.add_commits(SHOP, [version])

    assert [seen.commit for seen in graph.index.commits_named(SHOP, "17")] == ["17"]


def test_dates_that_no_clock_shows_stop_nothing(graph: Graph) -> None:
    version = CommitVersion(id=named("a"), parents=(), author=ANN, authored_ns=1 << 80, committed_ns=-(1 << 80))
    graph.index.add_commits(SHOP, [version])
    graph.commit("b", 1, {"a.py": b"def a(): 1\n"}, on="a")

    assert [seen.commit for seen in graph.index.timeline(SHOP)] == [named("a"), named("b")]


def test_a_commit_with_twenty_thousand_parents_is_one_version(graph: Graph) -> None:
    many = tuple(f"{at:040x}" for at in range(20_000))
    roots = [CommitVersion(id=one, parents=(), author=ANN, authored_ns=0, committed_ns=0) for one in many[:1000]]
    graph.index.add_commits(SHOP, roots)
    graph.index.add_commits(
        SHOP, [CommitVersion(id=named("e"), parents=many, author=ANN, authored_ns=0, committed_ns=1)]
    )

    assert len(graph.index.parents(SHOP, graph.at("e"))) == 1000


def test_no_such_kind_of_version_is_refused(graph: Graph) -> None:
    with pytest.raises(InvalidArgument, match="snapshot, commit"):
        graph.index.search_text("a", scope=Scope(kind="tag"))


def test_forgetting_snapshots_keeps_what_waits_in_commits(graph: Graph) -> None:
    graph.commit("a", 1, {"one.py": b"def one(): 1\n"})
    graph.snapshot(2, {"one.py": b"def one(): 1\n", "two.py": b"def two(): 1\n"}, head="a")

    graph.index.remove_snapshots(SHOP, [1])

    assert [one.path for one in graph.index.pending(graph.index.waiting())] == ["one.py"]


def test_commits_that_change_how_often_a_text_stands_are_told(graph: Graph) -> None:
    forked(graph)
    graph.commit("e", 5, {"one.py": b"def one(): 2\ndef one(): 2\n", "two.py": b""}, on="d")
    graph.analyse()

    found = graph.index.commits_changing("def one(): 2").changes
    everything = graph.index.commits_changing("def")

    assert [(one.commit[0], one.path, one.before, one.after) for one in found] == [
        ("e", "one.py", 1, 2),
        ("c", "one.py", 0, 1),
    ]
    assert {one.commit[0] for one in everything.changes} == {"a", "c", "e"}
    assert everything.coverage.complete


def test_changes_of_a_text_are_scoped_by_author_and_path(graph: Graph) -> None:
    forked(graph)
    graph.analyse()

    by_bob = graph.index.commits_changing("def", scope=Scope(author="bob"))
    in_one = graph.index.commits_changing("def", scope=Scope(path="one*", projects=(SHOP,)))

    assert [(one.commit[0], one.path, one.after) for one in by_bob.changes] == [("c", "old.py", 0)]
    assert [(one.commit[0], one.path) for one in in_one.changes] == [("a", "one.py")]


def test_a_search_for_changes_whose_time_ran_out_says_so(graph: Graph) -> None:
    forked(graph)
    graph.analyse()

    found = graph.index.commits_changing("def", seconds=-1)

    assert (found.changes, found.coverage.complete) == ((), False)


def test_changes_of_a_text_over_lines_are_refused(graph: Graph) -> None:
    with pytest.raises(InvalidPattern, match="one line"):
        graph.index.commits_changing("a\nb")


def test_commits_that_touch_a_line_are_told_though_as_many_match_as_before(graph: Graph) -> None:
    """As git log -G: what moved is removed and added; what stands beside a change is neither."""
    block = b"".join(b"line %d\n" % at for at in range(20))
    graph.commit("a", 1, {"one.py": b"tax = 1\n" + block + b"rate = 2\n"})
    graph.commit("b", 2, {"one.py": b"tax = 3\n" + block + b"rate = 2\n"}, on="a")
    graph.commit("c", 3, {"one.py": block + b"tax = 3\nrate = 2\n"}, on="b")
    graph.commit("d", 4, {"one.py": block + b"tax = 3\nrate = 22\nend\n"}, on="c")
    graph.commit("e", 5, {}, on="d", removed=("one.py",))
    graph.analyse()

    def told(pattern: str) -> list[tuple[str, int, int]]:
        found = graph.index.commits_touching(pattern)
        assert found.coverage.complete
        return [(one.commit[0], one.before, one.after) for one in found.changes]

    assert told("^tax = [0-9]") == [("e", 1, 0), ("c", 1, 1), ("b", 1, 1), ("a", 0, 1)]
    assert told(r"rate\s=") == [("e", 1, 0), ("d", 1, 1), ("a", 0, 1)]
    assert told("line 1$") == [("e", 1, 0), ("a", 0, 1)]
    assert told("[a-z]{30}") == []


LINES = b"".join(b"line %d\n" % number for number in range(9)) + b"tax\n"

UNSEEN = {
    "line ends": (LINES, LINES.replace(b"\n", b"\r\n"), True),
    "line ends elsewhere, with another line": (b"a\r\nb\r\ntax\n", b"a\nb\nmore\ntax\n", False),
    "an encoding": (b"caf\xe9 tax\n", "café tax\n".encode(), True),
    "the last line's end": (LINES, LINES[:-1], True),
    "the end of another last line": (LINES + b"end\n", LINES + b"end", False),
}


@pytest.mark.parametrize("case", UNSEEN)
def test_what_search_does_not_see_of_a_line_touches_it_as_long_as_contents_can_be_read(graph: Graph, case: str) -> None:
    before, after, touched = UNSEEN[case]
    graph.commit("a", 1, {"one.py": before})
    graph.commit("b", 2, {"one.py": after}, on="a")
    graph.analyse()
    found = graph.index.commits_touching("tax", read=graph.contents.get)

    assert [one.commit[0] for one in found.changes] == (["b", "a"] if touched else ["a"])


@pytest.mark.parametrize("read", [lambda _: None, lambda _: b"of other lines"])
def test_contents_that_cannot_be_read_are_compared_as_search_sees_them(
    graph: Graph, read: Callable[[BlobId], bytes | None]
) -> None:
    graph.commit("a", 1, {"one.py": LINES})
    graph.commit("b", 2, {"one.py": LINES.replace(b"\n", b"\r\n")}, on="a")
    graph.analyse()

    assert [one.commit[0] for one in graph.index.commits_touching("tax", read=read).changes] == ["a"]


def test_a_search_for_touched_lines_whose_time_ran_out_says_so(graph: Graph) -> None:
    forked(graph)
    graph.analyse()

    found = graph.index.commits_touching("def", seconds=-1)

    assert (found.changes, found.coverage.complete) == ((), False)
