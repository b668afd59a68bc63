"""What a backup leaves to a git repository, what it never does, and how it is had again (FAULTS.md V01 to V16)."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codevault.errors import ContentElsewhere, InvalidArgument
from codevault.ids import BlobId
from codevault.projects.model import Protection
from codevault.source import Listed, RealFolder
from codevault.store.limits import Limits
from codevault.store.records import hash_of
from codevault.store.thinning import Retention, UndoWindow
from codevault.vault import Vault
from tests.nobody import AS_ROOT
from tests.vault.laptop import Laptop, copied
from tests.vcs.scenes import REMOTE, git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Laptop:
    return Laptop.made(tmp_path_factory.mktemp("laptop"))


@pytest.fixture
def laptop(template: Laptop, tmp_path: Path) -> Iterator[Laptop]:
    made = copied(template, tmp_path)
    yield made
    made.vault.close()


def blob_of(content: bytes) -> BlobId:
    return BlobId(hash_of(content))


def stored(laptop: Laptop, content: bytes) -> bool:
    return laptop.store.contains(blob_of(content))


# what is left


def test_what_another_machine_has_is_left_there_and_read_from_the_repository(laptop: Laptop) -> None:
    done = laptop.backup()

    named = git(laptop.root, "rev-parse", "HEAD:a.txt")
    assert laptop.left()["a.txt"] == f"git:{named}"
    assert (done.stats.left, done.snapshot.facts["left"], stored(laptop, b"one\n")) == (2, 2, False)
    assert laptop.vault.read(blob_of(b"one\n")) == b"one\n"
    assert (done.complete, laptop.vault.verify().ok) == (True, True)


def test_objects_stay_in_the_repository_and_its_other_files_are_kept(laptop: Laptop) -> None:
    done = laptop.backup()

    held = {entry.path for entry in laptop.vault.files(done)}
    assert {".git/HEAD", ".git/index", ".git/config", ".git/logs/HEAD", ".git/objects"} <= held
    assert not any(path.startswith(".git/objects/") for path in held)
    assert [one.path for one in done.excluded] == [".git/objects"]


def test_nothing_is_left_to_a_repository_without_another_machine(laptop: Laptop) -> None:
    git(laptop.root, "config", "remote.origin.url", str(laptop.server))

    done = laptop.backup()

    assert (laptop.left(), done.notes, done.excluded) == ({}, (), ())
    assert not laptop.store.shelf.files(laptop.project.id)


def test_an_unchanged_project_makes_no_new_snapshot_and_starts_no_program(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = laptop.vault.backup(laptop.project, kind="automatic")
    monkeypatch.setenv("PATH", str(laptop.folder))

    assert laptop.vault.backup(laptop.project, kind="automatic").id == first.id


def test_what_was_committed_since_the_last_push_is_stored_and_bundled(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})

    laptop.backup()

    assert (set(laptop.left()), stored(laptop, b"two\n")) == ({"b.txt"}, True)
    assert [file.kind for file in laptop.store.shelf.files(laptop.project.id)] == ["bundle"]


def test_a_push_is_believed_when_its_tracking_ref_is_there(laptop: Laptop) -> None:
    laptop.commit("second", **{"c.txt": "new\n"})
    laptop.push()

    laptop.backup()

    assert set(laptop.left()) == {"a.txt", "b.txt", "c.txt"}
    assert not laptop.store.shelf.files(laptop.project.id)


# V02: status lies


@pytest.mark.parametrize(
    "lie",
    [
        ("update-index", "--assume-unchanged", "a.txt"),
        ("update-index", "--skip-worktree", "a.txt"),
        ("config", "core.trustctime", "false"),
        ("config", "core.fsmonitor", "/bin/true"),
        ("config", "core.ignoreStat", "true"),
    ],
    ids=lambda lie: lie[-2] if lie[0] == "config" else lie[1],
)
def test_changed_bytes_are_stored_whatever_git_is_told_of_them(laptop: Laptop, lie: tuple[str, ...]) -> None:
    laptop.backup()
    git(laptop.root, *lie)
    before = (laptop.root / "a.txt").stat()
    (laptop.root / "a.txt").write_text("new\n")
    os.utime(laptop.root / "a.txt", ns=(before.st_atime_ns, before.st_mtime_ns))

    laptop.backup()

    assert (stored(laptop, b"new\n"), set(laptop.left())) == (True, {"b.txt"})


@pytest.mark.parametrize("hidden", [("config", "status.showUntrackedFiles", "no"), ("config", "x.y", "z")])
def test_what_is_untracked_or_excluded_is_stored(laptop: Laptop, hidden: tuple[str, ...]) -> None:
    git(laptop.root, *hidden)
    (laptop.root / ".git/info/exclude").write_text("notes.txt\n.env\n")
    for name, content in (("notes.txt", b"notes\n"), (".env", b"TOKEN=1\n"), ("other.txt", b"other\n")):
        (laptop.root / name).write_bytes(content)

    laptop.backup()

    assert [stored(laptop, content) for content in (b"notes\n", b"TOKEN=1\n", b"other\n")] == [True] * 3


# V03: clean for git, and different


@pytest.mark.parametrize(
    ("attributes", "kept", "there"),
    [
        ("*.x text eol=crlf\n", b"line\n", b"line\r\n"),
        ("*.x ident\n", b"$Id$\n", b"$Id: 1234 $\n"),
        ("*.x filter=lfs\n", b"version https://git-lfs.github.com/spec/v1\n", b"large content\n"),
    ],
    ids=["line ends", "ident", "a pointer"],
)
def test_bytes_that_only_a_filter_makes_equal_are_stored(
    laptop: Laptop, attributes: str, kept: bytes, there: bytes
) -> None:
    (laptop.root / "file.x").write_bytes(kept)
    laptop.commit("filtered")
    laptop.push()
    (laptop.root / ".gitattributes").write_text(attributes)
    (laptop.root / "file.x").write_bytes(there)

    laptop.backup()

    assert ("file.x" in laptop.left(), stored(laptop, there)) == (False, True)


# V04, V09, V10, V11: doubts


def lose_an_object(laptop: Laptop) -> None:
    named = git(laptop.root, "rev-parse", "HEAD:a.txt")
    (laptop.root / ".git/objects" / named[:2] / named[2:]).unlink()


def damage_an_object(laptop: Laptop) -> None:
    named = git(laptop.root, "rev-parse", "HEAD:a.txt")
    path = laptop.root / ".git/objects" / named[:2] / named[2:]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")


def tear_the_index(laptop: Laptop) -> None:
    path = laptop.root / ".git/index"
    path.write_bytes(path.read_bytes()[:-30])


def promise_objects(laptop: Laptop) -> None:
    git(laptop.root, "config", "remote.origin.promisor", "true")


def borrow_objects(laptop: Laptop) -> None:
    (laptop.root / ".git/objects/info/alternates").write_text(str(laptop.server / "objects") + "\n")


def use_a_reftable(laptop: Laptop) -> None:
    git(laptop.root, "config", "core.repositoryformatversion", "1")
    git(laptop.root, "config", "extensions.refstorage", "reftable", check=False)


def come_from_the_future(laptop: Laptop) -> None:
    git(laptop.root, "config", "core.repositoryformatversion", "1")
    git(laptop.root, "config", "extensions.unheardOf", "true", check=False)


@pytest.mark.parametrize(
    "doubt",
    [
        lose_an_object,
        damage_an_object,
        tear_the_index,
        promise_objects,
        borrow_objects,
        use_a_reftable,
        come_from_the_future,
    ],
    ids=lambda doubt: doubt.__name__,
)
def test_on_any_doubt_everything_is_stored_and_the_reason_told(laptop: Laptop, doubt: Callable[[Laptop], None]) -> None:
    doubt(laptop)

    done = laptop.backup()

    assert (laptop.left(), bool(done.notes), done.excluded) == ({}, True, ())
    assert (stored(laptop, b"one\n"), stored(laptop, b"b\n")) == (True, True)


@AS_ROOT
def test_a_repository_of_another_user_is_a_plain_folder(laptop: Laptop) -> None:
    os.chown(laptop.root / ".git", 65534, 65534)

    done = laptop.backup()

    assert (laptop.left(), len(done.notes)) == ({}, 1)


def test_without_git_everything_is_stored(laptop: Laptop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(laptop.folder))

    done = laptop.backup()

    assert (laptop.left(), done.notes) == ({}, ("all files of the repository were stored: git is not installed",))


def test_a_shallow_clone_keeps_its_objects_with_its_files(laptop: Laptop, tmp_path: Path) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    laptop.push()
    shutil.rmtree(laptop.root)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{laptop.server}", str(laptop.root))
    git(laptop.root, "config", "remote.origin.url", REMOTE)

    done = laptop.backup()

    held = {entry.path for entry in laptop.vault.files(done)}
    assert set(laptop.left()) == {"a.txt", "b.txt"}
    assert any(path.startswith(".git/objects/pack/") for path in held)


def test_objects_may_be_named_by_sha256(tmp_path: Path) -> None:
    laptop = Laptop(tmp_path, vault=False)
    laptop.root.mkdir()
    git(laptop.root, "init", "-q", "--initial-branch=main", "--object-format=sha256")
    laptop.commit("first", **{"a.txt": "one\n"})
    git(laptop.root, "config", "remote.origin.url", REMOTE)
    git(laptop.root, "update-ref", "refs/remotes/origin/main", "main")
    laptop.make_vault()

    laptop.backup()

    (reference,) = laptop.left().values()
    assert (len(reference), laptop.vault.read(blob_of(b"one\n"))) == (len("git:") + 64, b"one\n")
    laptop.vault.close()


# V05: a repository at work


class Busy(RealFolder):
    """A root in which somebody commits each time its files are listed, as often as `commits` says."""

    laptop: Laptop
    commits = 0

    def entries(self) -> list[Listed]:
        if Busy.commits:
            Busy.commits -= 1
            Busy.laptop.commit("meanwhile", **{"c.txt": f"{Busy.commits}\n"})
        return super().entries()


@pytest.mark.parametrize(("commits", "left"), [(1, True), (99, False)], ids=["once", "all the time"])
def test_a_repository_that_moves_meanwhile_is_looked_at_again(laptop: Laptop, commits: int, left: bool) -> None:
    Busy.laptop, Busy.commits = laptop, commits
    vault = Vault(laptop.store, source=Busy.root)

    done = vault.backup(laptop.project)

    Busy.commits = 0
    head = git(laptop.root, "rev-parse", "HEAD")
    bundled = any(
        head.encode() in b"".join(laptop.store.shelf.read(file)) for file in laptop.store.shelf.files(laptop.project.id)
    )
    assert (bool(laptop.left()), bool(done.notes)) == (left, not left)
    assert bundled or not left
    vault.close()


def test_locks_of_others_are_left_alone_and_stop_nobody(laptop: Laptop) -> None:
    locks = [laptop.root / ".git" / name for name in ("index.lock", "HEAD.lock", "packed-refs.lock")]
    for lock in locks:
        lock.touch()

    done = laptop.backup()

    assert (set(laptop.left()), done.complete, all(lock.exists() for lock in locks)) == ({"a.txt", "b.txt"}, True, True)


def test_repacking_changes_nothing(laptop: Laptop) -> None:
    laptop.backup()
    before = laptop.left()
    git(laptop.root, "gc", "-q", "--prune=now")

    laptop.backup()

    assert laptop.left() == before
    assert laptop.vault.verify().ok


# V06: odd states, none of which loses anything


def test_an_unborn_branch_is_stored_whole(laptop: Laptop) -> None:
    git(laptop.root, "checkout", "-q", "--orphan", "new")

    laptop.backup()

    assert (laptop.left(), stored(laptop, b"one\n")) == ({}, True)


def test_a_detached_head_is_bundled(laptop: Laptop) -> None:
    git(laptop.root, "checkout", "-q", "--detach")
    laptop.commit("detached", **{"d.txt": "d\n"})
    head = git(laptop.root, "rev-parse", "HEAD")

    laptop.backup()

    (file,) = laptop.store.shelf.files(laptop.project.id)
    assert f"{head} refs/codevault/heads/{head}".encode() in b"".join(laptop.store.shelf.read(file))


def test_all_stages_of_a_conflict_and_what_another_work_tree_staged_are_bundled(laptop: Laptop) -> None:
    git(laptop.root, "worktree", "add", "-q", str(laptop.folder / "beside"), "-b", "beside")
    (laptop.folder / "beside/only-there.txt").write_text("staged beside\n")
    git(laptop.folder / "beside", "add", "only-there.txt")
    (laptop.root / "a.txt").write_text("a blob in no commit\n")
    blob = git(laptop.root, "hash-object", "-w", "a.txt")
    git(laptop.root, "update-index", "--force-remove", "a.txt")
    lines = f"100644 {blob} 1\ta.txt\n100644 {git(laptop.root, 'rev-parse', 'HEAD:b.txt')} 2\ta.txt\n"
    git(laptop.root, "update-index", "--index-info", given=lines)

    laptop.backup()

    git(laptop.folder, "init", "-q", "--bare", "all.git")
    (file,) = laptop.store.shelf.files(laptop.project.id)
    path = laptop.vault.path / "vcs" / laptop.project.id / file.name
    git(laptop.folder / "all.git", "fetch", "-q", str(laptop.server), "main:main")
    git(laptop.folder / "all.git", "fetch", "-q", str(path), "refs/codevault/staged:refs/staged")
    assert git(laptop.folder / "all.git", "cat-file", "blob", blob) == "a blob in no commit"
    there = git(laptop.folder / "beside", "rev-parse", ":only-there.txt")
    assert git(laptop.folder / "all.git", "cat-file", "blob", there) == "staged beside"


# V07, V08: pointers and repositories in one another


def test_a_work_tree_whose_repository_lies_elsewhere_is_stored(laptop: Laptop) -> None:
    git(laptop.root, "worktree", "add", "-q", str(laptop.folder / "beside"), "-b", "beside")
    project = laptop.vault.projects.add(laptop.folder / "beside")

    done = laptop.vault.backup(project)

    assert (done.stats.left, stored(laptop, b"one\n")) == (0, True)
    (note,) = done.notes
    assert "its repository lies outside of the project" in note


def test_repositories_inside_are_stored_with_all_they_have(laptop: Laptop) -> None:
    shutil.copytree(laptop.root, laptop.root / "inner")
    (laptop.root / "inner/new.txt").write_text("inner\n")
    shutil.copytree(laptop.server, laptop.root / "bare.git")

    done = laptop.backup()

    held = {entry.path: entry for entry in laptop.vault.files(done)}
    assert set(laptop.left()) == {"a.txt", "b.txt"}
    assert any(path.startswith("inner/.git/objects/") for path in held)
    assert any(path.startswith("bare.git/objects/") for path in held)
    assert (held["inner/a.txt"].reference, stored(laptop, b"inner\n")) == (None, True)


# V16: what was safe is so no more


def throw_away(laptop: Laptop) -> None:
    """A forced push: the second commit is gone from the server, and nothing leads to it any more."""
    git(laptop.root, "reset", "-q", "--hard", "HEAD~1")
    git(laptop.root, "push", "-q", str(laptop.server), "+main:main")
    git(laptop.root, "update-ref", "refs/remotes/origin/main", "main")
    git(laptop.root, "reflog", "expire", "--expire=now", "--all")


def remove_the_remote(laptop: Laptop) -> None:
    git(laptop.root, "remote", "remove", "origin")


def point_to_this_machine(laptop: Laptop) -> None:
    git(laptop.root, "config", "remote.origin.url", f"file://{laptop.server}")


def delete_the_repository(laptop: Laptop) -> None:
    shutil.rmtree(laptop.root / ".git")


def ask_for_copies(laptop: Laptop) -> None:
    laptop.vault.projects.update(laptop.project, protection="copy")


@pytest.mark.parametrize(
    "loss",
    [remove_the_remote, point_to_this_machine, delete_the_repository, ask_for_copies],
    ids=lambda loss: loss.__name__,
)
def test_what_is_safe_no_more_is_stored_by_the_next_run(laptop: Laptop, loss: Callable[[Laptop], None]) -> None:
    laptop.backup()
    loss(laptop)

    done = laptop.backup()

    assert (laptop.left(), done.stats.left) == ({}, 0)
    assert (stored(laptop, b"one\n"), stored(laptop, b"b\n")) == (True, True)
    shutil.rmtree(laptop.root)
    first = laptop.vault.snapshots(laptop.project)[0]
    assert laptop.vault.restore(laptop.project, at=first, to=laptop.folder / "back", paths=["a.txt"]).complete


@pytest.mark.parametrize("loss", [remove_the_remote, point_to_this_machine], ids=lambda loss: loss.__name__)
def test_a_file_whose_repository_lost_its_other_machine_is_not_called_safe(
    laptop: Laptop, loss: Callable[[Laptop], None]
) -> None:
    laptop.backup()
    before = laptop.vault.status(laptop.root / "a.txt")
    loss(laptop)

    after = laptop.vault.status(laptop.root / "a.txt")

    assert (before.protected, before.why) == (True, "")
    assert (after.protected, "next backup" in after.why) == (False, True)
    laptop.backup()
    assert laptop.vault.status(laptop.root / "a.txt").protected


def test_a_clone_that_is_not_there_is_said(laptop: Laptop) -> None:
    laptop.backup()
    for call in (laptop.vault.restore, laptop.vault.repositories.bring_back, laptop.vault.repositories.plan):
        with pytest.raises(InvalidArgument, match="fresh clone"):
            call(laptop.project, to=laptop.folder / "back", clone=laptop.folder / "nowhere")


def test_what_a_forced_push_threw_away_is_stored_though_no_file_has_it_any_more(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    laptop.push()
    second = laptop.backup()
    throw_away(laptop)

    laptop.backup()

    git(laptop.root, "gc", "-q", "--prune=now")
    shutil.rmtree(laptop.vault.path / "cache")
    git(laptop.folder, "clone", "-q", "--bare", str(laptop.server), "fresh.git")
    shutil.rmtree(laptop.root)
    back = laptop.vault.restore(
        laptop.project, at=second, to=laptop.folder / "back", paths=["a.txt"], clone=laptop.folder / "fresh.git"
    )
    assert (back.complete, (laptop.folder / "back/a.txt").read_text()) == (True, "two\n")


def test_what_nobody_has_any_more_is_told(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    laptop.push()
    laptop.backup()
    throw_away(laptop)
    git(laptop.root, "gc", "-q", "--prune=now")

    done = laptop.backup()
    again = laptop.backup()

    assert [(problem.path, problem.kind) for problem in done.problems] == [("a.txt", "gone")]
    assert again.problems == ()
    assert [lost.path for lost in laptop.vault.verify().lost] == ["a.txt"]


def test_without_room_for_a_bundle_files_are_stored_as_far_as_there_is_room(laptop: Laptop) -> None:
    (laptop.root / "big.bin").write_bytes(random.Random(1).randbytes(1 << 20))
    laptop.commit("large")
    laptop.vault.set_limits(Limits(ceiling=1 << 20))

    done = laptop.backup()

    assert (laptop.left(), "bundled" in done.notes[0], stored(laptop, b"one\n")) == ({}, True, True)
    assert "big.bin" in {problem.path for problem in done.problems}


def test_a_cache_that_is_gone_withdraws_nothing_and_forgets_nothing(laptop: Laptop) -> None:
    laptop.backup()
    before = laptop.left()
    shutil.rmtree(laptop.vault.path / "cache")

    laptop.backup()

    assert laptop.left() == before
    assert laptop.vault.read(blob_of(b"one\n")) == b"one\n"


# how a project is protected


def test_a_mirror_comes_back_without_another_machine(laptop: Laptop) -> None:
    laptop.vault.projects.update(laptop.project, protection=Protection.MIRROR)
    git(laptop.root, "remote", "remove", "origin")
    laptop.commit("second", **{"a.txt": "two\n"})

    done = laptop.backup()
    left = set(laptop.left())
    shutil.rmtree(laptop.root)
    shutil.rmtree(laptop.server)
    back = laptop.vault.restore(laptop.project, to=laptop.folder / "back")

    assert (left, done.notes, back.problems, back.references) == ({"a.txt", "b.txt"}, (), (), ())
    assert git(laptop.folder / "back", "status", "--porcelain") == ""
    assert git(laptop.folder / "back", "fsck") == ""
    assert laptop.vault.read(blob_of(b"two\n")) == b"two\n"


def test_a_mirror_holds_what_it_leaves_out_and_grows_by_what_is_new(laptop: Laptop) -> None:
    laptop.vault.projects.update(laptop.project, protection="mirror")
    laptop.backup()
    laptop.commit("second", **{"a.txt": "two\n"})

    laptop.backup()

    assert set(laptop.left()) == {"a.txt", "b.txt"}
    assert len(laptop.store.shelf.files(laptop.project.id)) == 2


def test_protection_is_kept_with_the_project_and_its_changes_are_logged(laptop: Laptop) -> None:
    laptop.vault.projects.update(laptop.project, protection="mirror")

    change = laptop.vault.projects.log(laptop.project)[-1]

    assert (change.field, change.before, change.after) == ("protection", "trust_remote", "mirror")
    assert laptop.vault.projects.get(laptop.project).protection is Protection.MIRROR
    assert laptop.vault.projects.undo(laptop.project).protection is Protection.TRUST_REMOTE


def test_a_changed_protection_freezes_no_thinning(laptop: Laptop) -> None:
    laptop.vault.projects.update(laptop.project, protection="copy")
    laptop.commit("many", **{f"{number}.txt": f"{number}\n" for number in range(30)})
    laptop.push()
    laptop.backup()
    laptop.vault.projects.update(laptop.project, protection="trust_remote")
    laptop.backup()

    plan = laptop.vault.prune(plan=True)

    assert plan.frozen == ()


# what is told


def test_status_says_who_has_a_file_and_when_that_was_last_heard_of(laptop: Laptop) -> None:
    (laptop.root / "new.txt").write_text("new\n")
    (laptop.root / ".git/FETCH_HEAD").write_text("")
    os.utime(laptop.root / ".git/FETCH_HEAD", ns=(0, 1_700_000_000 * 10**9))
    laptop.backup()

    there = laptop.vault.status(laptop.root / "a.txt")
    here = laptop.vault.status(laptop.root / "new.txt")

    assert (there.protected, there.by, there.fetched[:10]) == (True, "git", "2023-11-14")
    assert (here.protected, here.by, here.fetched) == (True, "vault", "")


def test_how_a_repository_is_protected_is_told_as_a_whole(laptop: Laptop) -> None:
    laptop.commit("second", **{"a.txt": "two\n"})
    laptop.backup()

    told = laptop.vault.repositories.status(laptop.project)

    assert (told.protection, told.left_files, told.left_bytes, told.bundles) == (Protection.TRUST_REMOTE, 1, 2, 1)
    assert told.state is not None
    assert (told.state.unpublished, told.state.trusted) == (1, True)


def test_verify_names_what_the_repository_has_no_more(laptop: Laptop) -> None:
    snapshot = laptop.backup().snapshot
    lose_an_object(laptop)

    found = laptop.vault.verify()

    (lost,) = found.lost
    assert (lost.path, lost.first, lost.last, found.affected, found.ok) == ("a.txt", 1, 1, (snapshot.id,), False)


def test_a_repository_that_is_not_at_hand_is_a_notice(laptop: Laptop) -> None:
    laptop.backup()
    shutil.rmtree(laptop.root)

    found = laptop.vault.verify("quick")

    assert ([notice.kind for notice in found.notices], found.ok) == (["elsewhere"], True)


def test_a_repository_that_lost_its_other_machine_is_a_notice(laptop: Laptop) -> None:
    laptop.backup()
    git(laptop.root, "remote", "remove", "origin")

    found = laptop.vault.verify("quick")

    (notice,) = found.notices
    assert (notice.kind, found.ok, "knows no other machine any more" in notice.why) == ("elsewhere", True, True)


def test_reading_says_when_the_copy_is_gone(laptop: Laptop) -> None:
    laptop.backup()
    shutil.rmtree(laptop.root)

    with pytest.raises(ContentElsewhere, match=r"a\.txt was left to its repository as git:"):
        laptop.vault.read(blob_of(b"one\n"))


def test_content_that_is_another_under_its_name_is_not_believed(laptop: Laptop) -> None:
    laptop.backup()
    evil = git(laptop.root, "hash-object", "-w", "--stdin", given="evil\n")
    named = git(laptop.root, "rev-parse", "HEAD:a.txt")
    place = laptop.root / ".git/objects" / named[:2] / named[2:]
    place.chmod(0o600)
    shutil.copyfile(laptop.root / ".git/objects" / evil[:2] / evil[2:], place)

    with pytest.raises(ContentElsewhere):
        laptop.vault.read(blob_of(b"one\n"))


def test_what_was_left_is_analysed_and_found_and_stays_found(laptop: Laptop) -> None:
    laptop.commit("code", **{"code.py": "def answer():\n    return 42\n"})
    laptop.push()
    snapshot = laptop.backup()
    laptop.vault.analyse()
    shutil.rmtree(laptop.root)

    assert [symbol.name for symbol in laptop.vault.symbols(snapshot)] == ["answer"]
    assert [hit.path for hit in laptop.vault.search.text("return 42").hits] == ["code.py"]


SLUG = """\
def slug(title):
    words = [word.lower() for word in title.split() if word.isalnum()]
    return "-".join(word for word in words if word)
"""


def test_clones_are_found_though_the_repository_of_one_is_gone(laptop: Laptop) -> None:
    laptop.commit("code", **{"code.py": SLUG})
    laptop.push()
    laptop.backup()
    (laptop.folder / "other").mkdir()
    (laptop.folder / "other/copy.py").write_text(SLUG.replace("title", "name").replace("word", "part"))
    laptop.vault.backup(laptop.vault.projects.add(laptop.folder / "other"))
    laptop.vault.analyse()
    (there,) = laptop.vault.reuse.clones(at_least=0.0)
    shutil.rmtree(laptop.root)

    (gone,) = laptop.vault.reuse.clones(at_least=0.0)

    assert there.members[1].similarity < gone.members[1].similarity <= 1.0
    assert [one.hit.path for one in gone.members] == ["code.py", "copy.py"]


def test_an_index_made_again_answers_the_same_while_the_repository_is_there(laptop: Laptop) -> None:
    laptop.commit("code", **{"code.py": SLUG})
    laptop.push()
    snapshot = laptop.backup()
    laptop.vault.analyse()
    before = list(laptop.vault.symbols(snapshot))

    laptop.vault.rebuild()

    assert list(laptop.vault.symbols(snapshot)) == before
    assert laptop.vault.text(before[0]) == SLUG.rstrip("\n")


def test_upkeep_neither_needs_nor_loses_what_was_left(laptop: Laptop) -> None:
    laptop.commit("code", **{"code.py": SLUG})
    laptop.push()
    laptop.backup()
    laptop.vault.analyse()
    (laptop.root / "code.py").unlink()
    laptop.backup()
    laptop.backup()
    rules = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))

    gone = laptop.vault.prune(rules)
    laptop.vault.compact()

    assert (len(gone.plan.thin) + len(gone.plan.expire) > 0, gone.problems) == (True, ())
    assert (laptop.vault.verify().ok, laptop.vault.read(blob_of(b"one\n"))) == (True, b"one\n")


# restoring


def test_a_restore_reads_what_was_left_from_the_repository(laptop: Laptop) -> None:
    laptop.backup()

    done = laptop.vault.restore(laptop.project, to=laptop.folder / "back")

    assert (done.complete, (laptop.folder / "back/a.txt").read_text()) == (True, "one\n")
    assert git(laptop.folder / "back", "fsck") == ""


@pytest.mark.parametrize("clone", ["server.git", "fresh", "fresh/.git"])
def test_a_clone_stands_in_for_a_repository_that_is_gone(laptop: Laptop, clone: str) -> None:
    laptop.backup()
    git(laptop.folder, "clone", "-q", str(laptop.server), "fresh")
    shutil.rmtree(laptop.root)

    done = laptop.vault.restore(laptop.project, to=laptop.folder / "back", clone=laptop.folder / clone)

    assert (done.complete, (laptop.folder / "back/b.txt").read_text()) == (True, "b\n")


def test_what_is_not_at_hand_is_listed_before_anything_is_written(laptop: Laptop) -> None:
    (laptop.root / "mine.txt").write_text("mine\n")
    laptop.backup()
    shutil.rmtree(laptop.root)

    plan = laptop.vault.restore(laptop.project, to=laptop.folder / "back", plan=True)
    assert ([entry.path for entry in plan.references], (laptop.folder / "back").exists()) == (["a.txt", "b.txt"], False)
    done = laptop.vault.restore(laptop.project, to=laptop.folder / "back")

    assert (done.references, done.complete) == (plan.references, False)
    assert (laptop.folder / "back/mine.txt").read_text() == "mine\n"
    assert [path for path, _ in done.problems] == [".git/objects"]


def test_files_that_are_there_already_need_no_repository(laptop: Laptop) -> None:
    laptop.backup()
    shutil.rmtree(laptop.root / ".git")

    plan = laptop.vault.restore(laptop.project, to=laptop.root, paths=["a.txt"], plan=True)

    assert (plan.references, plan.conflicts) == ((), ())


def test_rescue_lists_object_ids_first_and_git_alone_gives_them_back(laptop: Laptop) -> None:
    laptop.vault.projects.update(laptop.project, protection="mirror")
    laptop.backup()
    vault = laptop.vault.path
    git(laptop.folder, "init", "-q", "--bare", "all.git")
    (bundle,) = (vault / "vcs" / laptop.project.id).iterdir()

    said = run_rescue(vault, f"{laptop.project.id}/1", laptop.folder / "out")
    git(laptop.folder / "all.git", "bundle", "unbundle", str(bundle))

    reference = laptop.left()["a.txt"]
    assert said.splitlines()[0] == f"left to a repository, fetch it there: {reference} a.txt"
    assert git(laptop.folder / "all.git", "cat-file", "blob", reference.removeprefix("git:")) == "one"


def run_rescue(vault: Path, snapshot: str, target: Path) -> str:
    command = [sys.executable, "-I", str(vault / "rescue.py"), "restore", snapshot, str(target)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
