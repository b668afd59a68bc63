"""Commits are versions for search, history and symbols, and what is known of them outlives the repository."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.commits import COMMITS, import_history
from codevault.errors import Cancelled, ContentElsewhere, InvalidArgument, UnknownSnapshot
from codevault.index.model import SymbolVersion
from codevault.jobs import CancelToken
from codevault.store.shelf import Shelved
from codevault.understood import UNDERSTOOD, KeptSymbols
from codevault.vault import Vault
from tests.vcs.scenes import HgScene, SvnScene, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

RATE_1 = b"def rate(x):\n    return x * 2\n"
RATE_2 = b"def rate(x):\n    y = x * 3\n    return y + 1\n"


class Desk:
    """A repository of four commits by two people, imported and understood."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self.root = root
        self.vault = vault
        self.folder = vault.path
        self.project = next(iter(vault.projects))

    @property
    def kept(self) -> tuple[Shelved, ...]:
        """What is kept of symbols."""
        return self.vault._store.shelf.files(self.project.id, UNDERSTOOD)

    def commit(self, author: str, path: str, content: bytes, at: int) -> str:
        """Makes one commit and gives its id."""
        return commit(self.root, author, path, content, at)

    def answers(self) -> object:
        """What questions about names, symbols and histories come to, sketches aside."""
        found = self.vault.search.symbols("rate").hits
        history = self.vault.history("shop", "tax.py", "rate")
        symbols = [
            [(one.path, one.qualified_name, one.start_line) for one in self.vault.symbols(entry)]
            for entry in self.vault.repositories.timeline(self.project)
        ]
        events = [replace(e, before=plain(e.before), after=plain(e.after)) for e in history.events]
        hits = [(hit.path, hit.first_seen, hit.last_seen, plain(hit.symbol)) for hit in found]
        return hits, events, symbols, self.vault.versions("tax.py", project="shop")


def plain(symbol: SymbolVersion | None) -> SymbolVersion | None:
    """A symbol without its sketch, which does not outlive its text."""
    return None if symbol is None else replace(symbol, sketch=b"")


def commit(root: Path, author: str, path: str, content: bytes, at: int) -> str:
    """Makes one commit and gives its id."""
    (root / path).write_bytes(content)
    git(root, "add", "-A")
    when = f"{at} +0000"
    who = f"{author} <{author.lower()}@example.org>"
    git(root, "commit", "-q", "-m", path, "--author", who, "--date", when, GIT_COMMITTER_DATE=when)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    root = folder / "shop"
    root.mkdir()
    git(root, "init", "-q", "-b", "main", "--template=")
    commit(root, "Ann", "tax.py", RATE_1, 1_600_000_000)
    commit(root, "Bob", "tax.py", RATE_2, 1_600_100_000)
    commit(root, "Ann", "note.txt", b"remember the milk\n", 1_600_200_000)
    commit(root, "Ann", "note.txt", b"", 1_600_300_000)
    with Vault.create(folder / "vault", workers=1) as vault:
        vault.projects.add(root, name="shop")
        vault.projects.import_history("shop")
        vault.analyse()
    return folder


@pytest.fixture
def desk(prepared: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(prepared, tmp_path / "copy", symlinks=True)
    with Vault.open(tmp_path / "copy" / "vault", workers=1) as vault:
        vault.projects.update("shop", root=tmp_path / "copy" / "shop")
        yield Desk(tmp_path / "copy" / "shop", vault)


def test_history_tells_who_wrote_what_and_when(desk: Desk) -> None:
    introduced, changed = desk.vault.history("shop", "tax.py", "rate").events

    assert (introduced.author, introduced.at.authored_ns) == ("Ann <ann@example.org>", 1_600_000_000 * 10**9)
    assert (changed.author, changed.at.authored_ns) == ("Bob <bob@example.org>", 1_600_100_000 * 10**9)
    assert "introduced" in introduced.kinds
    assert "body" in changed.kinds


def test_search_finds_what_only_an_old_commit_held(desk: Desk) -> None:
    (hit,) = desk.vault.search.text("x * 2").hits

    assert hit.first_seen.author == "Ann <ann@example.org>"
    assert hit.last_seen is not None
    assert hit.last_seen.commit == hit.first_seen.commit
    assert desk.vault.read(hit.blob) == RATE_1


def test_search_is_scoped_by_author_and_kind_of_version(desk: Desk) -> None:
    bob = desk.vault.search.text("return", author="bob").hits
    stored = desk.vault.search.text("return", versions="snapshot").hits

    assert [hit.snippet.strip() for hit in bob] == ["return y + 1"]
    assert stored == ()
    with pytest.raises(InvalidArgument, match="snapshot, commit"):
        desk.vault.search.text("return", versions="branch")


def test_symbols_of_a_commit_are_named_in_many_ways(desk: Desk) -> None:
    named = git(desk.root, "rev-parse", "HEAD~3")
    (hit,) = desk.vault.search.text("x * 2").hits
    entry = desk.vault.repositories.timeline("shop")[0]

    ways = [
        list(desk.vault.symbols(named, project="shop")),
        list(desk.vault.symbols(named[:8], project="shop")),
        list(desk.vault.symbols(hit.first_seen)),
        list(desk.vault.symbols(entry)),
    ]

    assert entry.commit is not None
    assert list(desk.vault.symbols(entry.commit)) == ways[0]
    assert [[one.commit for one in way] for way in ways] == [[named]] * 4
    assert desk.vault.text(ways[0][0]) == RATE_1.decode().rstrip("\n")


def test_a_commit_that_nobody_imported_has_no_symbols_to_show(desk: Desk) -> None:
    desk.commit("Ann", "late.py", b"def late(): pass\n", 1_600_400_000)
    other = Vault.create(desk.folder.parent / "other", workers=1)
    known = desk.vault.repositories.timeline("shop")[0]

    with other, pytest.raises(UnknownSnapshot, match="import_history"):
        list(other.symbols(known))
    with pytest.raises(UnknownSnapshot):
        list(desk.vault.symbols(git(desk.root, "rev-parse", "HEAD"), project="shop"))
    with pytest.raises(UnknownSnapshot):
        list(desk.vault.symbols("deadbeef", project="shop"))


def test_uncommitted_work_is_signed_by_the_commit_that_took_it_in(desk: Desk) -> None:
    (desk.root / "tax.py").write_bytes(RATE_2 + b"\n\ndef fee(x):\n    return x\n")
    desk.vault.backup(desk.project)
    desk.commit("Bob", "tax.py", RATE_2 + b"\n\ndef fee(x):\n    return x\n", 4_000_000_000)
    desk.vault.projects.import_history(desk.project)
    desk.vault.backup(desk.project)
    desk.vault.analyse()

    introduced = desk.vault.history("shop", "tax.py", "fee").introduced

    assert introduced.at.sequence == 1
    assert introduced.author == "Bob <bob@example.org>"


def test_a_snapshot_tells_the_commit_and_the_branch_it_stood_on(desk: Desk) -> None:
    snapshot = desk.vault.backup(desk.project).snapshot

    assert snapshot.facts["head"] == git(desk.root, "rev-parse", "HEAD")
    assert snapshot.facts["branch"] == "main"


def test_answers_outlive_the_repository_and_the_cache_and_the_text_is_a_gap_that_is_told(desk: Desk) -> None:
    before = desk.answers()
    (hit,) = desk.vault.search.text("x * 2").hits
    shutil.rmtree(desk.root / ".git")

    desk.vault.rebuild()

    assert desk.answers() == before
    found = desk.vault.search.text("x * 2")
    assert found.hits == ()
    assert found.coverage.gone == found.coverage.versions == 4
    with pytest.raises(ContentElsewhere):
        desk.vault.read(hit.blob)


def test_a_repository_that_came_back_is_understood_again(desk: Desk) -> None:
    before = desk.answers()
    aside = desk.root.parent / "aside"
    (desk.root / ".git").rename(aside)
    desk.vault.rebuild()
    aside.rename(desk.root / ".git")

    desk.vault.analyse()

    assert desk.answers() == before
    assert len(desk.vault.search.text("x * 2").hits) == 1
    assert desk.vault.search.text("x * 2").coverage.gone == 0


def test_what_was_never_understood_is_gone_without_symbols(desk: Desk) -> None:
    desk.commit("Ann", "late.py", b"def late(): pass\n", 1_600_400_000)
    desk.vault.projects.import_history(desk.project)
    shutil.rmtree(desk.root / ".git")

    desk.vault.analyse()

    assert desk.vault.search.symbols("late").hits == ()
    assert desk.vault.search.symbols("late").coverage.gone == 1


def test_a_second_analysis_keeps_only_what_is_new(desk: Desk) -> None:
    first = desk.kept
    desk.commit("Ann", "late.py", b"def late(): pass\n", 1_600_400_000)
    desk.vault.projects.import_history(desk.project)
    desk.vault.analyse()

    assert (len(first), len(desk.kept)) == (1, 2)
    assert len(KeptSymbols(desk.vault._store, (desk.project.id,)).blobs) == 5


@pytest.mark.parametrize("content", [b"", b"noise", b"\x28\xb5\x2f\xfd\x04\x00\x09\x00\x00\x7b"], ids=len)
def test_kept_symbols_that_are_damaged_are_left_out(desk: Desk, content: bytes) -> None:
    (file,) = desk.kept
    (desk.folder / "vcs" / desk.project.id / file.name).write_bytes(content)

    assert KeptSymbols(desk.vault._store, (desk.project.id,)).blobs == frozenset()


def test_damaged_facts_cost_commits_and_nothing_else(desk: Desk) -> None:
    (file,) = desk.vault._store.shelf.files(desk.project.id, COMMITS)
    (desk.folder / "vcs" / desk.project.id / file.name).write_bytes(b"noise")
    desk.vault.backup(desk.project)

    desk.vault.rebuild()

    (hit,) = desk.vault.search.symbols("rate").hits
    assert hit.first_seen.snapshot


def test_a_secret_in_a_commit_is_never_indexed(desk: Desk) -> None:
    desk.commit("Ann", ".env", b"PASSWORD=hunter2\n", 1_600_400_000)
    desk.vault.projects.import_history(desk.project)
    desk.vault.analyse()

    found = desk.vault.search.text("hunter2")

    assert found.hits == ()
    assert found.coverage.not_indexed == 1


def test_commits_that_a_rewrite_left_behind_stay_and_are_marked(desk: Desk) -> None:
    left = git(desk.root, "rev-parse", "HEAD")
    git(desk.root, "reset", "-q", "--hard", "HEAD~1")
    git(desk.root, "update-ref", "-d", "ORIG_HEAD")
    kept = desk.commit("Ann", "other.txt", b"other\n", 1_600_500_000)

    done = desk.vault.projects.import_history(desk.project)

    told = {str(entry.commit.id): entry.reachable for entry in desk.vault.repositories.timeline("shop") if entry.commit}
    assert done.commits == 1
    assert (told[left], told[kept]) == (False, True)
    assert list(told.values()).count(False) == 1


def test_an_import_runs_as_a_job_too(desk: Desk) -> None:
    desk.commit("Ann", "late.py", b"def late(): pass\n", 1_600_400_000)

    done = desk.vault.submit.import_history("shop").result(60)

    assert done.commits == 1


def test_a_cancelled_import_keeps_nothing(desk: Desk) -> None:
    desk.commit("Ann", "late.py", b"def late(): pass\n", 1_600_400_000)
    token = CancelToken()
    token.cancel()
    before = desk.vault._store.shelf.files(desk.project.id)

    with pytest.raises(Cancelled):
        desk.vault.projects.import_history("shop", cancel=token)

    assert desk.vault._store.shelf.files(desk.project.id) == before


def test_facts_that_a_killed_run_did_not_tell_are_told_by_the_next(desk: Desk) -> None:
    desk.commit("Ann", "late.py", b"def late(): pass\n", 1_600_400_000)
    import_history(desk.vault._store, desk.project)

    assert len(desk.vault._reading().known_commits(desk.project.id)) == 5


@pytest.mark.skipif(shutil.which("hg") is None, reason="Mercurial is not installed")
def test_mercurial_commits_are_versions_too(tmp_path: Path) -> None:
    scene = HgScene(tmp_path)
    scene.commit(**{"tax.py": RATE_1})
    scene.commit(**{"tax.py": RATE_2})

    with Vault.create(tmp_path / "vault", workers=1) as vault:
        project = vault.projects.add(scene.root)
        done = vault.projects.import_history(project)
        vault.analyse()
        introduced, changed = vault.history(project, "tax.py", "rate").events
        (hit,) = vault.search.text("x * 2").hits

    assert (done.commits, done.contents, done.problems) == (2, 2, ())
    assert introduced.author == changed.author == "Ann <ann@example.org>"
    assert (hit.first_seen.commit, changed.at.sequence) == (introduced.at.commit, -2)


@pytest.mark.skipif(shutil.which("svn") is None, reason="Subversion is not installed")
def test_revisions_that_a_subversion_working_copy_knows_are_versions_too(tmp_path: Path) -> None:
    scene = SvnScene(tmp_path)
    scene.commit(**{"tax.py": RATE_1})

    with Vault.create(tmp_path / "vault", workers=1) as vault:
        project = vault.projects.add(scene.root)
        done = vault.projects.import_history(project)
        vault.analyse()
        (introduced,) = vault.history(project, "tax.py", "rate").events
        named = [one.qualified_name for one in vault.symbols(introduced.at)]

    assert done.commits == 1
    assert (introduced.at.sequence, introduced.author != "") == (-1, True)
    assert named == ["rate"]
