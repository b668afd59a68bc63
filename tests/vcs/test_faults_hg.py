"""Mercurial in odd states, made by hg itself: rows V02 to V16 of FAULTS.md that `test_hg_repository` leaves."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from codevault.vcs.hg_dirstate import parse_v1
from codevault.vcs.model import Standing
from codevault.vcs.opening import open_repository
from codevault.vcs.remembering import FolderMemory
from codevault.vcs.standing import standing
from tests.nobody import AS_ROOT
from tests.vcs.scenes import HgScene, hg
from tests.vcs.test_hg_repository import doubts, entry, stands

LARGEFILES = ("--config", "extensions.largefiles=")
UPPER = ("--config", "encode.**.up=pipe: tr a-z A-Z", "--config", "decode.**.up=pipe: tr A-Z a-z")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published: a plain file, one that filters change, one with a large file's stand-in, odd names."""
    scene = HgScene(tmp_path_factory.mktemp("master"))
    root = scene.root
    (root / "big.bin").write_bytes(b"big\n")
    hg(root, *LARGEFILES, "add", "-q", "--large", "big.bin")
    (root / "a.up").write_bytes(b"filtered\n")
    (root / "a.txt").write_bytes(b"one\n")
    (root / os.fsdecode(b"b\xff\\ .txt")).write_bytes(b"odd\n")
    hg(root, *LARGEFILES, *UPPER, "commit", "-q", "-A", "-m", "all")
    scene.publish()
    return root


@pytest.fixture
def root(master: Path, tmp_path: Path) -> Path:
    shutil.copytree(master, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


def without_largefiles(root: Path) -> None:
    """As if the extension had never been asked for: what it needs of the program is gone, its stand-ins stay."""
    for file in (root / ".hg/requires", root / ".hg/store/requires"):
        file.write_bytes(file.read_bytes().replace(b"largefiles\n", b""))


def test_large_files_make_a_repository_one_of_plain_files(root: Path) -> None:
    assert doubts(root)


def test_a_file_that_filters_change_is_stored_and_a_large_ones_stand_in_is_not_it(root: Path) -> None:
    without_largefiles(root)

    found = stands(root, "a.txt", "a.up", "big.bin", ".hglf/big.bin", os.fsdecode(b"b\xff\\ .txt"))

    assert found == [Standing.SAFE, Standing.CHANGED, Standing.UNTRACKED, Standing.SAFE, Standing.SAFE]


def test_a_commit_taken_back_from_the_public_is_no_longer_safe_nor_is_a_path_that_became_local(root: Path) -> None:
    without_largefiles(root)
    memory = FolderMemory(root.parent / "memory")
    assert warm(root, memory) is Standing.SAFE

    hg(root, "phase", "-q", "--draft", "--force", "-r", "all()")
    assert warm(root, memory) is Standing.COMMITTED
    hg(root, "phase", "-q", "--public", "-r", "all()")
    assert warm(root, memory) is Standing.SAFE
    (root / ".hg/hgrc").write_text("[paths]\ndefault = file:///srv/shop\n")
    assert warm(root, memory) is Standing.COMMITTED


def warm(root: Path, memory: FolderMemory) -> Standing:
    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is not None
        return standing(repository.tracked()["a.txt"], repository.object_id(b"one\n"), repository.safe())


def test_a_repository_that_is_gone_between_runs_vouches_for_nothing(root: Path) -> None:
    without_largefiles(root)
    memory = FolderMemory(root.parent / "memory")
    assert warm(root, memory) is Standing.SAFE

    (root / ".hg").rename(root / ".hg-moved")

    with open_repository(root, work=root.parent / "w", memory=memory) as repository:
        assert repository is None


def test_of_several_systems_git_is_asked(root: Path) -> None:
    without_largefiles(root)
    (root / ".git").mkdir()

    with open_repository(root, work=root.parent / "w") as repository:
        assert repository is not None
        assert (repository.safe(), dict(repository.tracked())) == (frozenset(), {})


def test_a_dirstate_of_a_commit_that_is_not_there_vouches_for_nothing(root: Path) -> None:
    without_largefiles(root)
    held = (root / ".hg/dirstate").read_bytes()
    (root / ".hg/dirstate").write_bytes(b"\x17" * 20 + held[20:])

    assert doubts(root)


def test_a_dirstate_that_lies_about_times_and_sizes_fools_nobody(root: Path) -> None:
    without_largefiles(root)
    status = (root / "a.txt").stat()
    (root / "a.txt").write_bytes(b"two\n")
    os.utime(root / "a.txt", ns=(status.st_atime_ns, status.st_mtime_ns))

    assert stands(root, "a.txt") == [Standing.CHANGED]


def test_a_repository_without_commits_has_everything_to_be_stored(tmp_path: Path) -> None:
    scene = HgScene(tmp_path)
    (scene.root / "a.txt").write_bytes(b"one\n")
    hg(scene.root, "add", "-q", "a.txt")

    assert stands(scene.root, "a.txt") == [Standing.CHANGED]


@AS_ROOT
def test_a_store_of_another_user_is_not_believed(root: Path) -> None:
    without_largefiles(root)
    os.chown(root / ".hg/store", 65534, 65534)

    assert any("another user" in note for note in doubts(root))


def test_a_dirstate_of_many_files_is_read_in_one_pass() -> None:
    content = bytes(40) + b"".join(entry(b"n", b"folder%03d/file%06d" % (n % 700, n)) for n in range(100_000))

    assert len(parse_v1(content)) == 100_000
