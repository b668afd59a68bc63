"""Commits become versions, and what is known of them outlives the repository."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from codevault.commits import COMMITS, CommitFacts, import_history, timeline
from codevault.errors import RecordDamaged, RepositoryUnreadable
from codevault.projects.model import Project
from codevault.store.store import Store
from codevault.vault import Vault
from codevault.vcs.model import ObjectId
from tests.vcs.scenes import GitScene, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


class Desk:
    def __init__(self, folder: Path) -> None:
        self.scene = GitScene(folder)
        self.scene.commit(**{"a.py": b"a = 1\n", "b.py": b"b = 1\n"})
        self.scene.commit(**{"a.py": b"a = 2\n"})
        self.vault = Vault.create(folder / "vault")
        self.project: Project = self.vault.projects.add(self.scene.root)

    @property
    def store(self) -> Store:
        return self.vault._store


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.vault.close()


def test_every_commit_is_imported_once(desk: Desk) -> None:
    first = import_history(desk.store, desk.project)
    again = import_history(desk.store, desk.project)
    desk.scene.commit(**{"c.py": b"c = 1\n"})
    later = import_history(desk.store, desk.project)

    assert [(done.commits, done.contents) for done in (first, again, later)] == [(2, 3), (0, 0), (1, 1)]


def test_facts_are_those_of_the_repository(desk: Desk) -> None:
    import_history(desk.store, desk.project)
    facts = CommitFacts(desk.store, desk.project.id)

    asked = git(desk.scene.root, "log", "--reverse", "--format=%H %an %ct %s")
    told = [
        f"{commit.id} {commit.author.name} {commit.committer.at_ns // 10**9} {commit.message.strip()}"
        for commit in facts.commits.values()
    ]
    assert told == asked.split("\n")
    named = ObjectId(git(desk.scene.root, "rev-parse", "HEAD:a.py"))
    assert facts.objects[named].blob == blake3(b"a = 2\n").hexdigest()
    assert facts.objects[named].size == 6


def test_facts_outlive_the_repository_and_the_cache(desk: Desk) -> None:
    import_history(desk.store, desk.project)
    before = CommitFacts(desk.store, desk.project.id)
    shutil.rmtree(desk.scene.root / ".git")
    shutil.rmtree(desk.vault.path / "cache")

    after = CommitFacts(desk.store, desk.project.id)

    assert (after.commits, after.objects) == (before.commits, before.objects)
    assert len(after.tips()) == 1


def test_snapshots_and_commits_form_one_timeline(desk: Desk) -> None:
    first = desk.vault.backup(desk.project).snapshot
    desk.scene.commit(**{"a.py": b"a = 3\n"})
    second = desk.vault.backup(desk.project).snapshot
    import_history(desk.store, desk.project)

    told = timeline(desk.store, desk.project)

    assert [entry.snapshot for entry in told] == [None, None, None, first.id, second.id]
    assert told[-1].commit == told[2].commit
    assert (told[3].commit, told[3].branch) == (told[1].commit, "main")


def test_a_clock_that_went_back_puts_no_commit_before_its_parent(desk: Desk) -> None:
    (desk.scene.root / "c.py").write_bytes(b"c\n")
    git(desk.scene.root, "add", "c.py")
    git(desk.scene.root, "commit", "-q", "-m", "early", GIT_COMMITTER_DATE="1000000000 +0000")
    desk.scene.commit(**{"d.py": b"d\n"})
    import_history(desk.store, desk.project)

    messages = [entry.commit.changes[0].path for entry in timeline(desk.store, desk.project) if entry.commit]

    assert messages == ["a.py", "a.py", "c.py", "d.py"]


def test_names_that_are_not_text_are_kept(desk: Desk) -> None:
    odd = desk.scene.root / "\udcff.py"
    odd.write_bytes(b"odd\n")
    git(desk.scene.root, "add", "-A")
    git(desk.scene.root, "commit", "-q", "-m", "odd", "--author=\udce9 <x@example.org>")
    import_history(desk.store, desk.project)

    newest = list(CommitFacts(desk.store, desk.project.id).commits.values())[-1]

    assert newest.changes[0].path == "\udcff.py"


def test_a_project_without_a_repository_has_no_history(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain = desk.vault.projects.add(tmp_path / "plain")

    with pytest.raises(RepositoryUnreadable, match="no repository"):
        import_history(desk.store, plain)


def test_a_damaged_history_leaves_no_facts(desk: Desk) -> None:
    named = git(desk.scene.root, "rev-parse", "HEAD~1")
    (desk.scene.root / ".git/objects" / named[:2] / named[2:]).unlink()

    with pytest.raises(RepositoryUnreadable):
        import_history(desk.store, desk.project)
    assert desk.store.shelf.files(desk.project.id) == ()


@pytest.mark.parametrize("content", [b"", b"noise", b"\x28\xb5\x2f\xfd\x04\x00\x09\x00\x00\x7b"], ids=len)
def test_damaged_facts_are_told(desk: Desk, content: bytes) -> None:
    import_history(desk.store, desk.project)
    (file,) = desk.store.shelf.files(desk.project.id, COMMITS)
    (desk.vault.path / "vcs" / desk.project.id / file.name).write_bytes(content)

    with pytest.raises(RecordDamaged):
        CommitFacts(desk.store, desk.project.id)
