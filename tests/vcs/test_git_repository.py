"""Git behind the port, against git itself: the V rows of FAULTS.md. Copies of one repository, made once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from codevault.errors import RepositoryUnreadable
from codevault.vcs.git_repository import GitRepository
from codevault.vcs.model import CommitId, ObjectId, Standing, System
from codevault.vcs.opening import open_repository
from codevault.vcs.ports import Repository
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import HeapMemory
from codevault.vcs.standing import standing
from tests.nobody import AS_ROOT
from tests.vcs.scenes import REMOTE, GitScene, git, opened

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three commits, all of them on another machine: a, b in a folder, and one removed again."""
    scene = GitScene(tmp_path_factory.mktemp("master"))
    (scene.root / "lib").mkdir()
    scene.commit(**{"a.txt": b"one\n", "lib/b.py": b"b = 1\n"})
    scene.commit(**{"a.txt": b"two\n", "gone.txt": b"gone\n"})
    git(scene.root, "rm", "-q", "gone.txt")
    git(scene.root, "commit", "-q", "-m", "third")
    scene.publish()
    return scene.root


@pytest.fixture
def root(master: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "work"
    shutil.copytree(master, copy, symlinks=True)
    git(copy, "update-index", "-q", "--refresh", check=False)
    return copy


def standings(repository: Repository, root: Path) -> dict[str, Standing]:
    tracked, safe = repository.tracked(), repository.safe()
    found = {}
    for path in sorted(
        p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file() and ".git" not in p.parts
    ):
        found[path] = standing(tracked.get(path), repository.object_id((root / path).read_bytes()), safe)
    return found


def all_safe(root: Path) -> set[Standing]:
    with opened(root) as repository:
        return set(standings(repository, root).values())


def same_stat(path: Path, content: bytes) -> None:
    """Other bytes of the same length, at the same time."""
    status = path.stat()
    assert len(content) == status.st_size
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def doubts(root: Path) -> tuple[str, ...]:
    """Why nothing counts as versioned; and nothing does."""
    with opened(root) as repository:
        assert (dict(repository.tracked()), repository.safe()) == ({}, frozenset())
        state = repository.state()
    assert not state.trusted
    return state.notes


# V02, what lies about the working copy


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree", "--fsmonitor-valid"])
def test_flags_of_the_index_hide_no_change(root: Path, flag: str) -> None:
    git(root, "update-index", flag, "a.txt")
    same_stat(root / "a.txt", b"TWO\n")

    with opened(root) as repository:
        assert standings(repository, root)["a.txt"] is Standing.CHANGED


def test_settings_of_the_repository_hide_no_change(root: Path) -> None:
    for key, value in (
        ("core.trustctime", "false"),
        ("core.checkStat", "minimal"),
        ("status.showUntrackedFiles", "no"),
    ):
        git(root, "config", key, value)
    (root / ".git/info/exclude").write_text("*\n")
    same_stat(root / "a.txt", b"TWO\n")
    (root / "new.txt").write_bytes(b"new\n")

    with opened(root) as repository:
        found = standings(repository, root)

    assert (found["a.txt"], found["new.txt"]) == (Standing.CHANGED, Standing.UNTRACKED)


# V03, clean for git, other bytes for us


def test_line_ends_and_filters_leave_bytes_that_only_equal_objects_cover(root: Path) -> None:
    (root / ".gitattributes").write_text("*.txt text eol=crlf\n")
    (root / "a.txt").write_bytes(b"two\r\n")

    assert git(root, "diff", "--name-only") == ""
    with opened(root) as repository:
        assert standings(repository, root)["a.txt"] is Standing.CHANGED


# V04, damage


def test_a_flipped_bit_in_an_object_ends_the_trust(root: Path) -> None:
    named = git(root, "rev-parse", "HEAD:a.txt")
    loose = root / ".git/objects" / named[:2] / named[2:]
    loose.chmod(0o644)
    loose.write_bytes(loose.read_bytes()[:-6] + bytes(6))

    assert doubts(root)


def test_a_missing_object_ends_the_trust(root: Path) -> None:
    named = git(root, "rev-parse", "HEAD:lib/b.py")
    (root / ".git/objects" / named[:2] / named[2:]).unlink()

    assert doubts(root)


def test_a_damaged_pack_ends_the_trust(root: Path) -> None:
    git(root, "repack", "-q", "-a", "-d")
    (pack,) = (root / ".git/objects/pack").glob("*.pack")
    pack.chmod(0o644)
    content = bytearray(pack.read_bytes())
    content[len(content) // 3 : len(content) // 2] = bytes(len(content) // 2 - len(content) // 3)
    pack.write_bytes(content)

    assert doubts(root)


@pytest.mark.parametrize("content", [b"", b"DIRC", b"x" * 200], ids=["empty", "short", "noise"])
def test_a_broken_index_ends_the_trust(root: Path, content: bytes) -> None:
    (root / ".git/index").write_bytes(content)

    assert any("index" in note for note in doubts(root))


def test_replaced_and_grafted_commits_count_as_they_were(root: Path) -> None:
    first = git(root, "rev-list", "--max-parents=0", "HEAD")
    git(root, "replace", "HEAD:a.txt", "HEAD:lib/b.py")
    (root / ".git/info/grafts").write_text(f"{git(root, 'rev-parse', 'HEAD')}\n")

    with opened(root) as repository:
        assert repository.read(repository.object_id(b"two\n")) == b"two\n"
        assert first in {commit.id for commit in repository.commits()}


def test_a_head_that_leads_nowhere_leaves_everything_to_be_stored(root: Path) -> None:
    (root / ".git/HEAD").write_text("nonsense\n")

    with opened(root) as repository:
        assert repository.safe() == frozenset()
        assert repository.state().facts.notes


# V05, a busy repository


def test_locks_are_neither_waited_for_nor_removed(root: Path) -> None:
    for name in ("index.lock", "HEAD.lock", "packed-refs.lock", "refs/heads/main.lock"):
        (root / ".git" / name).touch()

    assert all_safe(root) == {Standing.SAFE}
    assert (root / ".git/index.lock").exists()


# V06, heads and operations


def test_a_repository_without_commits_tracks_what_is_staged(tmp_path: Path) -> None:
    scene = GitScene(tmp_path)
    (scene.root / "a").write_bytes(b"one\n")
    git(scene.root, "add", "a")

    with opened(scene.root) as repository:
        assert standings(repository, scene.root) == {"a": Standing.STAGED}
        assert list(repository.commits()) == []


def test_detached_and_stashed_commits_are_told(root: Path) -> None:
    git(root, "checkout", "-q", "--detach")
    git(root, "commit", "-q", "--allow-empty", "-m", "nowhere")
    lonely = git(root, "rev-parse", "HEAD")
    (root / "a.txt").write_bytes(b"to be stashed\n")
    git(root, "stash", "push", "-q", "-m", "older")
    (root / "a.txt").write_bytes(b"to be stashed too\n")
    git(root, "stash", "push", "-q", "-m", "newer")

    with opened(root) as repository:
        state = repository.state()
        told = {commit.id for commit in repository.commits()}

    assert state.facts.detached
    assert [stash.message for stash in state.stashes] == ["On (no branch): newer", "On (no branch): older"]
    assert {lonely, *(stash.commit for stash in state.stashes)} <= told


def test_a_conflict_is_told_apart_from_a_change(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "topic", "HEAD~1")
    GitSceneAt(root).commit(**{"a.txt": b"theirs\n"})
    git(root, "checkout", "-q", "main")
    GitSceneAt(root).commit(**{"a.txt": b"ours\n"})
    git(root, "merge", "topic", check=False)

    with opened(root) as repository:
        assert standings(repository, root)["a.txt"] is Standing.CONFLICT
        assert repository.state().facts.in_progress == "merge"


class GitSceneAt(GitScene):
    """The same over a repository that exists."""

    def __init__(self, root: Path) -> None:
        self.root = root


# what is safe, and what withdraws it (V16)


def test_unpublished_commits_are_counted_and_their_files_not_safe(root: Path) -> None:
    GitSceneAt(root).commit(**{"new.py": b"x = 1\n"})

    with opened(root) as repository:
        found, state = standings(repository, root), repository.state()

    assert found == {"a.txt": Standing.SAFE, "lib/b.py": Standing.SAFE, "new.py": Standing.COMMITTED}
    assert (state.upstream, state.ahead, state.behind, state.unpublished) == ("origin/main", 1, 0, 1)


def test_unpublished_are_commits_of_branches_and_no_stashes_or_what_was_fetched(root: Path) -> None:
    scene = GitSceneAt(root)
    scene.commit(**{"new.py": b"x = 1\n"})
    (root / "a.txt").write_bytes(b"put aside\n")
    git(root, "stash", "push", "-q")
    fetched = git(root, "commit-tree", "-m", "somebody's", "HEAD^{tree}")
    (root / ".git/FETCH_HEAD").write_text(f"{fetched}\t\tbranch 'x' of https://example.org/other\n")

    with opened(root) as repository:
        state = repository.state()

    assert (state.unpublished, len(state.stashes), fetched in state.tips) == (1, 1, True)


def test_what_only_the_index_holds_is_staged(root: Path) -> None:
    (root / "a.txt").write_bytes(b"staged\n")
    git(root, "add", "a.txt")

    with opened(root) as repository:
        assert standings(repository, root)["a.txt"] is Standing.STAGED


@pytest.mark.parametrize(
    "settings",
    [
        {"remote.origin.url": "/srv/shop.git"},
        {"remote.origin.url": "file:///srv/shop.git"},
        {"remote.origin.url": "ssh://localhost/shop.git"},
        {"remote.origin.pushurl": "../shop.git"},
        {"url./srv/.insteadOf": "https://example.org/"},
    ],
)
def test_a_remote_on_this_machine_keeps_nothing_safe(root: Path, settings: dict[str, str]) -> None:
    for key, value in settings.items():
        git(root, "config", key, value)

    assert all_safe(root) == {Standing.COMMITTED}


def test_a_remote_that_was_removed_keeps_nothing_safe(root: Path) -> None:
    memory = HeapMemory()
    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is not None
        assert repository.safe()
    git(root, "config", "--remove-section", "remote.origin")

    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is not None
        assert repository.safe() == frozenset()


def test_a_forced_push_withdraws_what_it_threw_away(root: Path) -> None:
    memory = HeapMemory()
    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is not None
        assert repository.object_id(b"two\n") in repository.safe()
    git(root, "update-ref", "refs/remotes/origin/main", "HEAD~2")

    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is not None
        assert standings(repository, root) == {"a.txt": Standing.COMMITTED, "lib/b.py": Standing.SAFE}


def test_commits_that_the_vault_holds_are_safe_without_any_remote(root: Path) -> None:
    git(root, "config", "--remove-section", "remote.origin")
    kept = CommitId(git(root, "rev-parse", "HEAD"))

    with open_repository(root, work=root.parent / "w", kept=(kept,)) as repository:
        assert repository is not None
        assert set(standings(repository, root).values()) == {Standing.SAFE}


# V07, V08, V10, pointers, links, owners


def test_borrowed_objects_are_followed_inside_the_known_roots_only(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--shared", str(root), str(tmp_path / "copy"))
    git(tmp_path / "copy", "config", "remote.origin.url", REMOTE)

    assert any("borrowed" in note for note in doubts(tmp_path / "copy"))
    with open_repository(tmp_path / "copy", work=tmp_path / "w", within=tmp_path) as repository:
        assert repository is not None
        assert set(standings(repository, tmp_path / "copy").values()) == {Standing.SAFE}


@pytest.mark.parametrize("name", ["objects", "objects/pack", "objects/info"])
def test_linked_folders_of_objects_are_not_followed(root: Path, tmp_path: Path, name: str) -> None:
    shutil.move(root / ".git" / name, tmp_path / "moved")
    (root / ".git" / name).symlink_to(tmp_path / "moved")

    assert doubts(root)


@pytest.mark.parametrize("pointer", ["gitdir: /etc\n", "gitdir: .\n", "gitdir: ../other/.git\n", "nonsense"])
def test_pointers_that_lead_nowhere_good_are_not_followed(tmp_path: Path, pointer: str) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / ".git").write_text(pointer)

    assert doubts(work)


def test_a_further_work_tree_is_read_inside_the_known_roots(root: Path, tmp_path: Path) -> None:
    git(root, "worktree", "add", "-q", "-b", "second", str(tmp_path / "second"))

    with open_repository(tmp_path / "second", work=tmp_path / "w", within=tmp_path) as repository:
        assert repository is not None
        assert repository.state().facts.branch == "second"
        assert standings(repository, tmp_path / "second") == {"a.txt": Standing.SAFE, "lib/b.py": Standing.SAFE}


def test_a_redirected_work_tree_redirects_nothing(root: Path) -> None:
    git(root, "config", "core.worktree", "/etc")

    assert all_safe(root) == {Standing.SAFE}


def test_a_submodule_is_tracked_without_content_of_its_own(root: Path) -> None:
    head = git(root, "rev-parse", "HEAD")
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{head},module")

    with opened(root) as repository:
        assert (repository.tracked()["module"].object, repository.tracked()["module"].committed) == ("", False)
    git(root, "commit", "-q", "-m", "module")
    with opened(root) as repository:
        assert repository.tracked()["module"].committed
        assert len(repository.safe()) == 2


@AS_ROOT
def test_somebody_elses_repository_in_ones_own_folder_is_not_believed(root: Path) -> None:
    os.chown(root / ".git", 65534, 65534)

    assert doubts(root) == ("the repository belongs to another user than its work tree",)


@AS_ROOT
def test_another_users_project_is_read_as_it_is(root: Path) -> None:
    os.chown(root, 65534, 65534)
    os.chown(root / ".git", 65534, 65534)

    assert all_safe(root) == {Standing.SAFE}


# V09, formats


@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_every_version_of_the_index_is_read(root: Path, version: str) -> None:
    (root / "lib/later.py").write_bytes(b"later = 1\n")
    git(root, "add", "-N", "lib/later.py")
    git(root, "update-index", "--index-version", version)

    with opened(root) as repository:
        assert list(repository.tracked()) == ["a.txt", "lib/b.py", "lib/later.py"]


def test_a_split_index_leaves_everything_to_be_stored(root: Path) -> None:
    git(root, "update-index", "--split-index")

    assert doubts(root) == ("the index cannot be read: it has the extension link",)


def test_a_sparse_index_is_read(root: Path) -> None:
    git(root, "sparse-checkout", "set", "--cone", "--sparse-index")

    with opened(root) as repository:
        assert standings(repository, root) == {"a.txt": Standing.SAFE}


def test_packed_refs_and_objects_and_their_indexes_are_read(root: Path) -> None:
    git(root, "repack", "-q", "-a", "-d")
    git(root, "pack-refs", "--all")
    git(root, "multi-pack-index", "write")
    git(root, "commit-graph", "write", "--reachable")

    assert all_safe(root) == {Standing.SAFE}


def test_a_shallow_clone_counts_as_far_as_it_goes(root: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{root}", str(tmp_path / "shallow"))
    git(tmp_path / "shallow", "config", "remote.origin.url", REMOTE)

    assert all_safe(tmp_path / "shallow") == {Standing.SAFE}
    with opened(tmp_path / "shallow") as repository:
        assert len(list(repository.commits())) == 1


def test_a_partial_clone_is_stored_and_fetches_nothing(root: Path, tmp_path: Path) -> None:
    git(root, "config", "uploadpack.allowFilter", "true")
    arguments = ("clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{root}", str(tmp_path / "partial"))
    git(tmp_path, *arguments)
    git(tmp_path / "partial", "config", "remote.origin.url", REMOTE)

    assert doubts(tmp_path / "partial")


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("[core]\nrepositoryformatversion = 7\n", "unknown format"),
        ("[core]\nrepositoryformatversion = 1\n[extensions]\nsurprise = true\n", "extension"),
        ("[core]\nrepositoryformatversion = 1\n[extensions]\nobjectformat = sha3\n", "names its objects"),
        ("[core]\nrepositoryformatversion = 1\n[extensions]\nrefstorage = reftable\n", "reftable"),
    ],
)
def test_unknown_formats_are_stored_as_plain_files(root: Path, lines: str, why: str) -> None:
    with (root / ".git/config").open("a") as file:
        file.write(lines)

    assert any(why in note for note in doubts(root))


def test_a_folder_of_reftables_is_not_read(root: Path) -> None:
    (root / ".git/reftable").mkdir()

    assert any("reftable" in note for note in doubts(root))


# V11, the program


def test_without_git_everything_is_stored(root: Path) -> None:
    with at(root, None) as repository:
        assert repository.state().facts.system is System.GIT
        assert repository.safe() == frozenset()
        assert repository.read(ObjectId("0" * 40)) is None
        with pytest.raises(RepositoryUnreadable):
            list(repository.commits())


@pytest.mark.parametrize("body", ["exit 3", "echo nonsense; cat >/dev/null", "kill -9 $$"])
def test_a_git_that_fails_leaves_everything_to_be_stored(root: Path, tmp_path: Path, body: str) -> None:
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)

    with at(root, str(program)) as repository:
        assert repository.safe() == frozenset()


@contextmanager
def at(root: Path, program: str | None) -> Iterator[GitRepository]:
    folder = ReadFolder.open(str(root))
    assert folder is not None
    with folder:
        repository = GitRepository(folder, folder, program=program, work=root.parent / "w")
        yield repository
        repository.close()


# commits


def test_commits_are_told_as_git_tells_them(root: Path) -> None:
    with opened(root) as repository:
        commits = list(repository.commits())

    asked = git(root, "log", "--reverse", "--format=%H|%P|%an|%ae|%at|%cn|%ct|%s")
    told = [
        "|".join(
            (
                commit.id,
                " ".join(commit.parents),
                commit.author.name,
                commit.author.mail,
                str(commit.author.at_ns // 10**9),
                commit.committer.name,
                str(commit.committer.at_ns // 10**9),
                commit.message.strip(),
            )
        )
        for commit in commits
    ]
    assert told == asked.split("\n")
    assert (commits[0].author.utc_offset_s, commits[0].committer.utc_offset_s) == (3600, -9000)


def test_changes_name_objects_before_and_after(root: Path) -> None:
    with opened(root) as repository:
        first, second, third = repository.commits()
        one, two, gone = map(repository.object_id, (b"one\n", b"two\n", b"gone\n"))

    assert [change.path for change in first.changes] == ["a.txt", "lib/b.py"]
    assert [(c.path, c.before, c.after) for c in second.changes] == [("a.txt", one, two), ("gone.txt", None, gone)]
    assert [(c.path, c.before, c.after) for c in third.changes] == [("gone.txt", gone, None)]


def test_a_merge_tells_what_it_brought_from_what_it_made(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "topic")
    GitSceneAt(root).commit(**{"topic.py": b"t\n", "both.py": b"theirs\n"})
    git(root, "checkout", "-q", "main")
    GitSceneAt(root).commit(**{"main.py": b"m\n", "both.py": b"ours\n"})
    git(root, "merge", "-q", "topic", check=False)
    (root / "both.py").write_bytes(b"made\n")
    git(root, "add", "both.py")
    git(root, "commit", "-q", "-m", "merge")

    with opened(root) as repository:
        *_, merge = repository.commits()

    assert len(merge.parents) == 2
    assert {change.path: change.merged for change in merge.changes} == {"topic.py": True, "both.py": False}
