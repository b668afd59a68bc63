"""What versions did to symbols is noted as they are analysed, and answers are those of looking at every version."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, UnknownPath, UnknownSnapshot, UnknownSymbol
from codevault.event_filter import Range
from codevault.history import Event, History, Lives
from codevault.index.model import SearchResult
from codevault.vault import Vault
from tests.vault.scenes import Desk
from tests.vcs.scenes import GitScene, git

FIRST = """\
def total(prices):
    found = [p for p in prices if p > 0]
    found.sort()
    return round(sum(found), 2)


def other(kind):
    return {"a": 1, "b": 2}[kind]


def third(kind):
    names = [kind.lower(), kind.upper()]
    return " ".join(names)
"""
SECOND = FIRST.replace("p > 0", "p > 1").replace('"a": 1', '"a": 10')
HELPER = (
    "def shorten(words, length):\n    while len(' '.join(words)) > length:\n        words.pop()\n    return words\n"
)


class Past:
    """A repository with a branch, a rename, a removal and a merge; two snapshots of uncommitted work between."""

    def __init__(self, folder: Path) -> None:
        scene = GitScene(folder)
        self.root = scene.root
        self.vault = Vault.create(folder / "vault", workers=1)
        self.at: dict[str, str] = {}
        self.now = 1_700_000_000
        self.commit("begun", {"a.py": FIRST})
        self.project = self.vault.projects.add(self.root, name="shop")
        self.commit("changed", {"a.py": SECOND, "b.py": HELPER}, author="Eve <eve@example.org>")
        git(self.root, "checkout", "-q", "-b", "side")
        self.commit("aside", {"a.py": SECOND.replace("names = [", "names = [kind, ")})
        git(self.root, "checkout", "-q", "-")
        self.commit("container-moved", {"b.py": None, "lib/words.py": HELPER})
        (self.root / "lib/words.py").write_text(HELPER.replace("> length", ">= length"))
        self.vault.backup("shop")
        self.now = 4_100_000_000  # later than any snapshot of today
        self.commit("taken in", {"lib/words.py": HELPER.replace("> length", "> length + 1")})
        self.git("merge", "-q", "-m", "merged", "side")
        self.at["merged"] = git(self.root, "rev-parse", "HEAD")
        self.commit("removed", {"a.py": (self.root / "a.py").read_text().replace(_part(FIRST, "other"), "")})
        self.vault.backup("shop")
        self.vault.projects.import_history("shop")
        self.vault.analyse()

    def commit(self, name: str, files: dict[str, str | None], author: str = "Ann <ann@example.org>") -> None:
        """Makes a commit and remembers its id under a name."""
        for path, text in files.items():
            file = self.root / path
            file.parent.mkdir(exist_ok=True)
            file.unlink() if text is None else file.write_text(text)
        git(self.root, "add", "-A")
        self.now += 60
        self.git("commit", "-q", "-m", name, "--author", author)
        self.at[name] = git(self.root, "rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        """Runs git at the time that it is here."""
        now = f"{self.now} +0000"
        return git(self.root, *arguments, GIT_AUTHOR_DATE=now, GIT_COMMITTER_DATE=now)

    def answers(self) -> list[object]:
        """Every event of every version, and every symbol's history."""
        events = list(self.vault.lineage.events("shop"))
        keys = sorted({(event.path, event.qualified_name) for event in events})
        return [*events, *(self.vault.history("shop", *key) for key in keys)]


def _part(text: str, name: str) -> str:
    start = SECOND.index(f"def {name}")
    return SECOND[start : SECOND.index("\n\n\n", start) + 3]


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    made = Past(tmp_path_factory.mktemp("past"))
    yield made
    made.vault.close()


def told(history: History) -> list[tuple[str, ...]]:
    return [event.kinds for event in history.events]


def catalog(past: Past) -> sqlite3.Connection:
    return sqlite3.connect(past.vault.path / "cache" / "catalog.sqlite", isolation_level=None)


def test_every_version_is_noted_once_analysed(past: Past) -> None:
    lineage = past.vault._reading().lineage(past.project.id)

    assert len(past.vault.lineage.versions("shop")) == 9
    assert lineage.unlinked() == []


def test_answers_are_those_of_looking_at_every_version_and_of_a_rebuilt_index(past: Past) -> None:
    noted = past.answers()
    db = catalog(past)
    db.execute("DELETE FROM linked")
    walked = past.answers()
    db.execute("DELETE FROM link")
    db.close()
    past.vault.analyse()
    again = past.answers()
    past.vault.rebuild()

    assert len(noted) > 15
    assert walked == noted
    assert again == noted
    assert past.answers() == noted


def test_what_two_sides_of_a_merge_did_is_each_told_where_it_was_done(past: Past) -> None:
    total = past.vault.history("shop", "a.py", "total")
    third = past.vault.history("shop", "a.py", "third")

    assert [(event.kinds, event.at.commit) for event in total.events] == [
        (("introduced",), past.at["begun"]),
        (("body",), past.at["changed"]),
    ]
    assert [(event.kinds, event.at.commit) for event in third.events] == [
        (("introduced",), past.at["begun"]),
        (("body",), past.at["aside"]),
    ]


def test_work_between_commits_is_told_with_the_snapshot_that_saw_it(past: Past) -> None:
    history = past.vault.history("shop", "lib/words.py", "shorten")

    assert told(history) == [("introduced",), ("container-moved",), ("body",), ("body",)]
    assert [event.path_before for event in history.events] == ["", "b.py", "lib/words.py", "lib/words.py"]
    assert [bool(event.at.snapshot) for event in history.events] == [False, False, True, False]


def test_one_life_is_told_from_any_version_by_name_or_line(past: Past) -> None:
    whole = past.vault.history("shop", "lib/words.py", "shorten").events

    assert past.vault.history("shop", "b.py", "shorten", at=past.at["changed"]).events == whole
    assert past.vault.history("shop", "b.py", line=2, at=past.at["changed"]).events == whole
    assert past.vault.history("shop", "lib/words.py", line=3, at=1).events == whole


def test_a_removed_symbol_says_when_it_vanished_its_last_text_and_who_touched_it(past: Past) -> None:
    history = past.vault.history("shop", "a.py", "other")

    assert history.removed is not None
    assert history.removed.at.commit == past.at["removed"]
    assert '"a": 10' in past.vault.text(history.newest)
    assert dict(history.authors) == {"Ann <ann@example.org>": 2, "Eve <eve@example.org>": 1}
    assert history.lived_ns == (4_100_000_120 - 1_700_000_060) * 10**9
    assert past.vault.history("shop", "a.py", "total").lived_ns is None


@pytest.mark.parametrize(
    ("path", "name", "line", "at", "error"),
    [
        ("a.py", "total", None, "begun?", InvalidArgument),
        ("a.py", "total", None, "0" * 40, UnknownSnapshot),
        ("lib/words.py", "shorten", None, "begun", UnknownPath),
        ("a.py", "", 5, "begun", UnknownSymbol),
        ("a.py", "nothing", None, "begun", UnknownSymbol),
        ("a.py", "", 500, None, UnknownSymbol),
        ("a.py", "", None, None, InvalidArgument),
    ],
)
def test_what_no_version_has_is_said(
    past: Past, path: str, name: str, line: int | None, at: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        past.vault.history("shop", path, name, line=line, at=None if at is None else past.at.get(at, at))


def named(events: Iterable[Event]) -> list[tuple[str, tuple[str, ...]]]:
    return [(event.qualified_name, event.kinds) for event in events]


def test_events_are_told_in_a_range_by_kind_author_and_path(past: Past) -> None:
    lineage = past.vault.lineage
    changed = past.at["changed"]

    assert named(lineage.events("shop", until=past.at["begun"])) == [
        ("total", ("introduced",)),
        ("other", ("introduced",)),
        ("third", ("introduced",)),
    ]
    assert named(lineage.events("shop", author="eve@", kinds=["introduced"])) == [("shorten", ("introduced",))]
    assert named(lineage.events("shop", kinds={"removed"})) == [("other", ("removed",))]
    assert named(lineage.events("shop", since=changed, path="lib/*", kinds=["container-moved"])) == [
        ("shorten", ("container-moved",))
    ]
    with pytest.raises(InvalidArgument, match="collection"):
        next(lineage.events("shop", kinds="removed"))


def test_two_versions_are_compared_whatever_happened_on_the_way(past: Past) -> None:
    changes = past.vault.lineage.changes("shop", past.at["begun"])
    aside = past.vault.lineage.changes("shop", past.at["aside"], past.at["changed"], path="a.py")

    assert named(changes) == [
        ("total", ("body",)),
        ("third", ("body",)),
        ("other", ("removed",)),
        ("shorten", ("introduced",)),
    ]
    assert named(aside) == [("third", ("body",))]
    assert changes[0].at == past.vault.lineage.versions("shop")[-1]


def test_symbols_that_change_together_are_named(past: Past) -> None:
    lineage = past.vault.lineage
    found = lineage.together(past.vault.history("shop", "a.py", "total"))

    assert [(one.qualified_name, one.times, one.share) for one in found] == [("other", 2, 1.0)]


EVER = (None, None)
EARLY = (None, "2023-11-14T22:14:30Z")
LATER = ("2023-11-14T22:14:30Z", None)


@pytest.mark.parametrize(
    ("introduced", "changed", "removed", "names"),
    [
        (EARLY, None, None, {"other", "third", "total"}),
        (LATER, None, None, {"shorten"}),
        (None, ("2099-01-01", None), None, {"shorten"}),
        (None, EVER, EVER, {"other"}),
        (None, None, (None, "2023-12-31"), set()),
        (None, None, None, {"other", "shorten", "third", "total"}),
    ],
)
def test_a_search_is_filtered_by_what_happened_when(
    past: Past, introduced: Range | None, changed: Range | None, removed: Range | None, names: set[str]
) -> None:
    def page(after: str) -> SearchResult:
        return past.vault.search.symbols(
            "*", kind="function", introduced=introduced, changed=changed, removed=removed, limit=3, after=after
        )

    first = page("")
    found = [*first.hits, *(page(first.cursor).hits if first.cursor else ())]

    assert {hit.symbol.name for hit in found if hit.symbol} == names


def test_a_range_is_a_pair_of_moments(past: Past) -> None:
    with pytest.raises(InvalidArgument, match="pair of moments"):
        past.vault.search.symbols("*", removed="2026-01-01")  # type: ignore[arg-type] # not a pair


def test_the_source_of_a_copy_is_followed_to_its_own_source(desk: Desk) -> None:
    shop = desk.project("shop")
    wares = desk.project("wares")
    desk.day(shop, {"one.py": FIRST})
    desk.day(shop, {"two.py": FIRST})
    desk.day(wares, {"begun.py": "X = 1\n"})
    desk.day(wares, {"three.py": FIRST})
    desk.vault.analyse()

    origins = desk.vault.lineage.origins(desk.vault.history(wares, "three.py", "total"))
    nearer = desk.vault.lineage.origins(desk.vault.history(shop, "two.py", "total"))

    assert [(one.project, one.path) for one in origins] == [(shop.id, "one.py")]
    assert [(one.project, one.path) for one in nearer] == [(shop.id, "one.py")]


def test_a_chain_of_copies_is_followed_to_where_it_began(desk: Desk) -> None:
    shop, wares = desk.project("shop"), desk.project("wares")
    sizes = FIRST.replace("third", "sizes")  # what is copied here is told from what was copied there
    desk.day(shop, {"begun.py": "X = 1\n"})
    desk.day(wares, {"begun.py": "X = 1\n"})
    desk.day(shop, {"one.py": HELPER})
    desk.day(wares, {"two.py": HELPER.replace("return words", "return list(words)"), "sizes.py": sizes})
    desk.day(shop, {"three.py": HELPER.replace("return words", "return list(words)").replace("pop()", "pop(0)")})
    desk.vault.analyse()
    history = desk.vault.history(shop, "three.py", "shorten")

    (nearest,) = desk.vault.lineage.origins(history)
    whole = desk.vault.lineage.origins(history, whole=True)

    assert whole[0] == nearest
    assert (whole[-1].project, whole[-1].path) == (shop.id, "one.py")


def test_an_implementation_of_an_old_version_is_no_stub_that_took_its_parameters(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"m.py": "X = 1\n"})
    first = desk.day(project, {"old.py": "def locate(a):\n    found = search(a)\n    return found\n"})
    desk.day(project, {"old.py": None, "m.py": "X = 2\n"})
    stub = "@t.overload\ndef locate(a): ...\n"
    desk.day(project, {"m.py": stub + "def locate(a, deep):\n    return index(deep).first(a)\n"})
    desk.vault.analyse()
    (old,) = (found for found in desk.vault.symbols(first) if found.name == "locate")

    found = Lives(desk.vault._reading(), desk.vault.read, project.id).find("m.py", "locate", old.symbol)

    assert found.ordinal == 1


def test_uncommitted_hours_between_commits_are_told_where_snapshots_were_taken(tmp_path: Path) -> None:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    scene = GitScene(tmp_path)
    scene.commit(**{"a.py": FIRST.encode()})
    with Vault.create(tmp_path / "vault", workers=1) as vault:
        vault.projects.add(scene.root, name="shop")
        vault.backup("shop")
        (scene.root / "a.py").write_text(FIRST.replace("p > 0", "p > 1"))  # an afternoon of trying
        vault.backup("shop")
        (scene.root / "a.py").write_text(FIRST.replace("p > 0", "p > 2"))
        vault.backup("shop")
        (scene.root / "a.py").write_text(FIRST.replace("p > 0", "p >= 4"))
        later = "4100000000 +0000"  # than any snapshot of today
        git(scene.root, "commit", "-qam", "done", GIT_AUTHOR_DATE=later, GIT_COMMITTER_DATE=later)
        vault.backup("shop")
        vault.projects.import_history("shop")
        vault.analyse()

        history = vault.history("shop", "a.py", "total")

        texts = [vault.text(event).splitlines()[1].strip() for event in history.events]
        assert [line.rpartition("if ")[2] for line in texts] == ["p > 0]", "p > 1]", "p > 2]", "p >= 4]"]
        assert [bool(event.at.snapshot) for event in history.events] == [False, True, True, False]


def test_a_symbol_found_in_an_old_version_is_followed_from_there(desk: Desk) -> None:
    project = desk.project("shop")
    first = desk.day(project, {"m.py": "def locate(a):\n    found = search(a)\n    return found\n"})
    stubs = "@t.overload\ndef locate(a: int) -> int: ...\n@t.overload\ndef locate(a: str) -> str: ...\n"
    desk.day(project, {"m.py": stubs + "def locate(a, deep):\n    found = search(a, deep)\n    return found.first()\n"})
    desk.vault.analyse()
    (old,) = (found for found in desk.vault.symbols(first) if found.name == "locate")

    history = desk.vault.history(old)

    assert told(history) == [("introduced",), ("body", "signature")]
    assert "found.first()" in desk.vault.text(history.newest)


def test_versions_with_files_that_wait_are_noted_by_the_next_run(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"m.py": "def one():\n    return 1\n"})
    desk.day(project, {"m.py": "def one():\n    return 2\n"})
    before = desk.vault._reading().lineage(project.id).unlinked()
    waiting = desk.vault.history  # nothing is analysed: no name is known
    with pytest.raises(UnknownSymbol):
        waiting(project, "m.py", "one")
    desk.vault.analyse()

    assert before == [2]
    assert desk.vault._reading().lineage(project.id).unlinked() == []


def test_a_thinned_snapshot_has_the_one_after_it_compared_anew(desk: Desk) -> None:
    project = desk.project("shop")
    for number in range(3):
        desk.day(project, {"m.py": f"def one():\n    return {number}\n"})
    desk.vault.analyse()
    whole = told(desk.vault.history(project, "m.py", "one"))
    with desk.vault._index.writing() as index:
        index.remove_snapshots(project.id, [2])
    lineage = desk.vault._reading().lineage(project.id)

    assert whole == [("introduced",), ("body",), ("body",)]
    assert lineage.unlinked() == [3]
    assert told(desk.vault.history(project, "m.py", "one")) == [("introduced",), ("body",)]
