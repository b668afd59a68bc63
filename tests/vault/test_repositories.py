"""A laptop is lost: what comes back from the vault and a fresh clone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, RepositoryUnreadable, RestoreRefused, UnknownSnapshot
from codevault.keeping import keep_history
from codevault.projects.model import Project, Protection
from codevault.repositories import bring_back, plan_return
from tests.vault.laptop import Laptop, copied
from tests.vcs.scenes import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    return Laptop.made(tmp_path_factory.mktemp("laptop"))


@pytest.fixture
def laptop(template: Laptop, tmp_path: Path) -> Iterator[Laptop]:
    made = copied(template, tmp_path)
    yield made
    made.vault.close()


def test_a_lost_laptop_comes_back_from_the_vault_and_a_fresh_clone(laptop: Laptop, tmp_path: Path) -> None:
    laptop.make_a_mess()
    before = laptop.picture(laptop.root)
    snapshot = laptop.backup().snapshot
    shutil.rmtree(laptop.root)
    git(tmp_path, "clone", "-q", "--bare", str(laptop.server), str(tmp_path / "fresh.git"))

    to = tmp_path / "back"
    plan, done = bring_back(laptop.store, laptop.project, snapshot, to, clone=tmp_path / "fresh.git")

    assert (plan.missing, plan.from_snapshot, done.problems, done.references) == ((), False, (), ())
    assert laptop.picture(to) == before
    assert git(to, "fsck", "--strict", "--no-dangling") == ""
    assert git(to, "show", "stash@{1}:b.txt") == "stashed older"
    assert set(plan.inert) >= {".git/config", ".git/hooks/pre-commit"}
    assert (to / ".git/hooks/pre-commit.from-backup").stat().st_mode & 0o111 == 0
    assert not (to / ".git/hooks/pre-commit").exists()
    assert "fsmonitor" not in (to / ".git/config").read_text()
    git(to, "-c", "core.editor=true", "rebase", "--abort")
    assert git(to, "rev-parse", "--abbrev-ref", "HEAD") == "topic"


def test_many_folders_come_back_at_once_from_the_clone(laptop: Laptop, tmp_path: Path) -> None:
    for number in range(60):
        folder = laptop.root / f"folder{number}"
        folder.mkdir()
        for name in range(20):
            (folder / f"{name}.txt").write_text(f"{number} {name}\n" * 20)
    laptop.commit("many")
    laptop.push()
    laptop.backup()
    laptop.root.rename(tmp_path / "gone")

    done = laptop.vault.repositories.bring_back(laptop.project, to=tmp_path / "back", clone=laptop.server)

    assert (done.problems, done.references) == ((), ())
    assert git(tmp_path / "back", "status", "--porcelain") == ""


def test_hooks_and_settings_come_back_alive_when_asked(laptop: Laptop, tmp_path: Path) -> None:
    laptop.make_a_mess()
    keep_history(laptop.store, laptop.project)
    snapshot = laptop.vault.backup(laptop.project).snapshot

    bring_back(laptop.store, laptop.project, snapshot, tmp_path / "back", clone=laptop.server, live=True)

    assert (tmp_path / "back/.git/config").read_bytes() == (laptop.root / ".git/config").read_bytes()
    assert (tmp_path / "back/.git/hooks/pre-commit").exists()


def test_a_mirror_needs_no_clone(laptop: Laptop, tmp_path: Path) -> None:
    laptop.make_a_mess()
    before = laptop.picture(laptop.root)
    laptop.vault.projects.update(laptop.project, protection="mirror")
    snapshot = laptop.backup().snapshot
    shutil.rmtree(laptop.root)
    shutil.rmtree(laptop.server)

    plan, done = bring_back(laptop.store, laptop.project, snapshot, tmp_path / "back")

    assert (plan.missing, plan.from_snapshot, done.complete) == ((), False, True)
    assert git(tmp_path / "back", "fsck", "--strict", "--no-dangling") == ""
    assert laptop.picture(tmp_path / "back") == before


def test_the_snapshots_own_objects_help_out_where_clone_and_shelf_lack_some(laptop: Laptop, tmp_path: Path) -> None:
    laptop.make_a_mess()
    before = laptop.picture(laptop.root)
    laptop.vault.projects.update(laptop.project, protection="copy")
    snapshot = laptop.vault.backup(laptop.project).snapshot
    shutil.rmtree(laptop.root)

    plan, _ = bring_back(laptop.store, laptop.project, snapshot, tmp_path / "back")

    assert (plan.from_snapshot, snapshot.facts.get("left"), plan.missing) == (True, None, ())
    assert laptop.picture(tmp_path / "back") == before


def test_an_older_snapshot_comes_back_with_the_objects_that_a_newer_one_stored(laptop: Laptop, tmp_path: Path) -> None:
    older = laptop.backup().snapshot
    laptop.vault.projects.update(laptop.project, protection="copy")
    laptop.backup()
    before = laptop.picture(laptop.root)
    shutil.rmtree(laptop.root)

    done = laptop.vault.restore(laptop.project, at=older, to=tmp_path / "back")
    plan = plan_return(laptop.store, laptop.project, older, tmp_path / "there")

    assert (done.problems, done.references, plan.missing) == ((), (), ())
    assert laptop.picture(tmp_path / "back") == before
    assert git(tmp_path / "back", "fsck", "--strict", "--no-dangling") == ""


def test_a_second_bundle_holds_only_what_came_since(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    first = keep_history(laptop.store, laptop.project)
    again = keep_history(laptop.store, laptop.project)
    laptop.commit("third", **{"a.txt": "three\n"})
    second = keep_history(laptop.store, laptop.project)

    assert first.added is not None
    assert again.added is None
    assert second.added is not None
    assert [file.number for file in laptop.store.shelf.files(laptop.project.id)] == [1, 2]


def test_what_is_published_needs_no_bundle(laptop: Laptop) -> None:
    assert keep_history(laptop.store, laptop.project).added is None
    assert keep_history(laptop.store, laptop.project, protection=Protection.COPY).added is None


def test_a_forced_push_makes_the_vault_keep_what_it_threw_away(laptop: Laptop, tmp_path: Path) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    laptop.push()
    laptop.commit("third", **{"a.txt": "three\n"})
    keep_history(laptop.store, laptop.project)  # stands on the second, which the server has
    git(laptop.root, "push", "-q", str(laptop.server), "+main~2:main")
    git(laptop.root, "update-ref", "refs/remotes/origin/main", "main~2")

    kept = keep_history(laptop.store, laptop.project)
    snapshot = laptop.vault.backup(laptop.project).snapshot

    assert kept.added is not None
    (damaged,) = [file for file in laptop.store.shelf.files(laptop.project.id) if file.number == 2]
    assert damaged == kept.added
    plan = plan_return(laptop.store, laptop.project, snapshot, tmp_path / "back", clone=laptop.server)
    assert plan.missing == ()


def test_bundles_are_logged_and_verified(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    kept = keep_history(laptop.store, laptop.project).added
    assert kept is not None
    path = laptop.vault.path / "vcs" / laptop.project.id / kept.name
    assert laptop.vault.verify().ok

    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    assert [damage.file for damage in laptop.vault.verify().damages] == [f"vcs/{laptop.project.id}/{kept.name}"]


def test_a_bundle_is_gits_own(laptop: Laptop, tmp_path: Path) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    kept = keep_history(laptop.store, laptop.project).added
    assert kept is not None
    path = laptop.vault.path / "vcs" / laptop.project.id / kept.name

    git(tmp_path, "clone", "-q", str(laptop.server), "fresh")
    git(tmp_path / "fresh", "fetch", "-q", str(path), "refs/heads/main:refs/heads/kept")

    assert git(tmp_path / "fresh", "show", "kept:a.txt") == "two"


def test_a_project_without_a_repository_has_no_history_to_keep(laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain: Project = laptop.vault.projects.add(tmp_path / "plain")

    kept = keep_history(laptop.store, plain)

    assert (kept.added, len(kept.notes)) == (None, 1)


def test_a_damaged_repository_says_why_nothing_was_kept(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    shutil.rmtree(laptop.root / ".git/objects")

    kept = keep_history(laptop.store, laptop.project)

    assert (kept.added, len(kept.notes)) == (None, 1)


def test_without_a_clone_what_is_missing_is_listed_file_by_file(laptop: Laptop, tmp_path: Path) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    snapshot = laptop.vault.backup(laptop.project).snapshot
    shutil.rmtree(laptop.root)

    plan = plan_return(laptop.store, laptop.project, snapshot, tmp_path / "back")

    assert plan.missing == ("b.txt", "refs/remotes/origin/main")
    assert [entry.path for entry in plan.files.references] == ["b.txt"]


def test_the_projects_own_repository_does_for_a_clone_while_it_is_there(laptop: Laptop, tmp_path: Path) -> None:
    before = laptop.picture(laptop.root)
    snapshot = laptop.vault.backup(laptop.project).snapshot

    plan, done = bring_back(laptop.store, laptop.project, snapshot, tmp_path / "back")

    assert (plan.missing, done.complete, laptop.picture(tmp_path / "back")) == ((), True, before)


def test_what_a_damaged_bundle_held_is_bundled_again(laptop: Laptop, tmp_path: Path) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    kept = keep_history(laptop.store, laptop.project).added
    assert kept is not None
    path = laptop.vault.path / "vcs" / laptop.project.id / kept.name
    path.write_bytes(path.read_bytes()[:-30])
    snapshot = laptop.vault.backup(laptop.project).snapshot

    shutil.rmtree(laptop.root)

    plan, _ = bring_back(laptop.store, laptop.project, snapshot, tmp_path / "back", clone=laptop.server)

    assert plan.missing == ()
    assert git(tmp_path / "back", "fsck") == ""


def test_what_is_nowhere_is_listed_before_anything_is_written(laptop: Laptop, tmp_path: Path) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    shutil.rmtree(laptop.root / ".git/objects")
    snapshot = laptop.vault.backup(laptop.project).snapshot

    plan = plan_return(laptop.store, laptop.project, snapshot, tmp_path / "back", clone=laptop.server)

    assert plan.missing == ("refs/heads/main",)
    assert not (tmp_path / "back").exists()


def test_a_repository_is_not_put_over_other_files(laptop: Laptop, tmp_path: Path) -> None:
    snapshot = laptop.vault.backup(laptop.project).snapshot
    (tmp_path / "back").mkdir()
    (tmp_path / "back/a.txt").write_text("mine\n")

    with pytest.raises(RestoreRefused):
        bring_back(laptop.store, laptop.project, snapshot, tmp_path / "back", clone=laptop.server)


def test_a_protection_that_is_none_is_refused(laptop: Laptop) -> None:
    with pytest.raises(InvalidArgument, match="mirror"):
        laptop.vault.repositories.keep(laptop.project, protection="everything")


def test_the_face_keeps_and_brings_back(laptop: Laptop, tmp_path: Path) -> None:
    laptop.make_a_mess()
    before = laptop.picture(laptop.root)
    with pytest.raises(UnknownSnapshot):
        laptop.vault.repositories.plan("shop", to=tmp_path / "back")
    laptop.vault.backup("shop")

    kept = laptop.vault.repositories.keep("shop", protection="mirror")
    plan = laptop.vault.repositories.plan("shop", to=tmp_path / "back", clone=laptop.server)
    laptop.vault.repositories.bring_back("shop", to=tmp_path / "back", clone=laptop.server)

    assert kept.protection is Protection.MIRROR
    assert plan.missing == ()
    assert laptop.picture(tmp_path / "back") == before


def test_a_snapshot_without_a_repository_is_restored_otherwise(laptop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    laptop.vault.backup(laptop.vault.projects.add(tmp_path / "plain"))

    with pytest.raises(RepositoryUnreadable, match="restore"):
        laptop.vault.repositories.plan("plain", to=tmp_path / "back")
