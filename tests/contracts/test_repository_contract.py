"""What every repository must do, whatever its system: the rest of CodeVault relies on no more than this."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import RepositoryUnreadable
from codevault.vcs.model import Standing
from codevault.vcs.ports import Repository
from codevault.vcs.standing import standing
from tests.vcs.scenes import GitScene, HgScene, MemoryScene, Scene, SvnScene

SCENES: dict[str, tuple[Callable[[Path], Scene], str]] = {
    "memory": (MemoryScene, "sh"),
    "git": (GitScene, "git"),
    "git-sha256": (lambda folder: GitScene(folder, "--object-format=sha256"), "git"),
    "hg": (HgScene, "hg"),
    "svn": (SvnScene, "svn"),
}


@pytest.fixture(params=list(SCENES))
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Scene:
    make, program = SCENES[request.param]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    return make(tmp_path)


def stands(repository: Repository, scene: Scene, name: str) -> Standing:
    path = scene.root / name
    present = repository.object_id(path.read_bytes()) if path.exists() else None
    return standing(repository.tracked().get(name), present, repository.safe())


def test_published_content_is_safe_and_everything_else_is_not(scene: Scene) -> None:
    scene.commit(kept=b"one\n", edited=b"two\n", gone=b"three\n")
    scene.publish()
    status = (scene.root / "edited").stat()
    (scene.root / "edited").write_bytes(b"TWO\n")
    os.utime(scene.root / "edited", ns=(status.st_atime_ns, status.st_mtime_ns))
    (scene.root / "gone").unlink()
    (scene.root / "new").write_bytes(b"four\n")

    with scene.opened() as repository:
        found = {name: stands(repository, scene, name) for name in ("kept", "edited", "gone", "new")}

    assert found == {
        "kept": Standing.SAFE,
        "edited": Standing.CHANGED,
        "gone": Standing.MISSING,
        "new": Standing.UNTRACKED,
    }


def test_what_no_other_machine_has_is_never_safe(scene: Scene) -> None:
    scene.commit(kept=b"one\n")

    with scene.opened() as repository:
        assert repository.safe() == frozenset()
        assert stands(repository, scene, "kept") is Standing.COMMITTED


def test_reads_what_it_tracks_and_nothing_it_does_not_have(scene: Scene) -> None:
    scene.commit(kept=b"\x00one\r\n")

    with scene.opened() as repository:
        tracked = repository.tracked()["kept"]
        assert tracked.object == repository.object_id(b"\x00one\r\n")
        assert repository.read(tracked.object) == b"\x00one\r\n"
        assert repository.read(repository.object_id(b"never seen")) is None


def test_commits_come_with_author_time_and_changes(scene: Scene) -> None:
    scene.commit(first=b"one\n")
    scene.commit(second=b"two\n")

    with scene.opened() as repository:
        commits = list(repository.commits())

    assert [{change.path for change in commit.changes} for commit in commits] == [{"first"}, {"second"}]
    assert all(commit.author.name and commit.author.at_ns > 0 for commit in commits)


def test_known_commits_are_not_given_again(scene: Scene) -> None:
    scene.commit(first=b"one\n")
    with scene.opened() as repository:
        known = [commit.id for commit in repository.commits()]
    scene.commit(second=b"two\n")

    with scene.opened() as repository:
        assert [[change.path for change in commit.changes] for commit in repository.commits(known)] == [["second"]]


def test_every_commit_is_reached_from_the_tips(scene: Scene) -> None:
    scene.commit(first=b"one\n")
    scene.commit(second=b"two\n")

    with scene.opened() as repository:
        *_, newest = repository.commits()
        assert newest.id in repository.state().tips


def test_contents_of_earlier_commits_are_read(scene: Scene) -> None:
    scene.commit(first=b"one\n")
    scene.commit(second=b"two\n")

    with scene.opened() as repository:
        assert repository.read(repository.object_id(b"one\n")) == b"one\n"


def test_a_sound_repository_is_trusted(scene: Scene) -> None:
    scene.commit(first=b"one\n")

    with scene.opened() as repository:
        state = repository.state()

    assert (state.trusted, state.notes) == (True, ())
    assert state.facts.head


def test_a_damaged_repository_vouches_for_nothing_and_says_why(scene: Scene) -> None:
    scene.commit(first=b"one\n")
    scene.publish()
    scene.damage()

    with scene.opened() as repository:
        state = repository.state()
        assert (repository.tracked(), repository.safe()) == ({}, frozenset())
        with pytest.raises(RepositoryUnreadable):
            list(repository.commits())

    assert not state.trusted
    assert state.notes


def test_closing_twice_is_harmless(scene: Scene) -> None:
    scene.commit(first=b"one\n")

    with scene.opened() as repository:
        repository.read(repository.object_id(b"one\n"))
        repository.close()
