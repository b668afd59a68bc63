"""Mercurial behind the port, against hg itself: rows V11, V12, V15 and V16 of FAULTS.md."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from codevault.vcs.hg_dirstate import DirstateUnreadable, parse_docket, parse_v1, parse_v2
from codevault.vcs.hg_repository import HgRepository
from codevault.vcs.hg_server import decode_records
from codevault.vcs.model import CommitId, ObjectId, Standing
from codevault.vcs.opening import open_repository
from codevault.vcs.programs import ProgramFailed
from codevault.vcs.reading import ReadFolder
from codevault.vcs.standing import standing
from tests.vcs.scenes import REMOTE, HgScene, hg, opened

NEEDS_HG = pytest.mark.skipif(shutil.which("hg") is None, reason="Mercurial is not installed")


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    scene = HgScene(tmp_path_factory.mktemp("master"))
    scene.commit(**{"a.txt": b"one\n", "b.txt": b"b\n"})
    scene.publish()
    return scene.root


@pytest.fixture
def root(master: Path, tmp_path: Path) -> Path:
    shutil.copytree(master, tmp_path / "work", symlinks=True)
    return tmp_path / "work"


def stands(root: Path, *names: str) -> list[Standing]:
    with opened(root) as repository:
        tracked, safe = repository.tracked(), repository.safe()
        ids = [repository.object_id((root / name).read_bytes()) for name in names]
        return [standing(tracked.get(name), id, safe) for name, id in zip(names, ids, strict=True)]  # noqa: A001


def doubts(root: Path) -> tuple[str, ...]:
    with opened(root) as repository:
        state = repository.state()
        assert (dict(repository.tracked()), repository.safe()) == ({}, frozenset())
    assert not state.trusted
    return state.notes


@NEEDS_HG
class TestAgainstHg:
    def test_a_newer_commit_leaves_safe_what_it_did_not_touch(self, root: Path) -> None:
        (root / "b.txt").write_bytes(b"mine\n")
        hg(root, "commit", "-m", "mine")

        assert stands(root, "a.txt", "b.txt") == [Standing.SAFE, Standing.COMMITTED]
        with opened(root) as repository:
            assert repository.state().unpublished == 1

    def test_a_path_on_this_machine_or_an_include_keeps_nothing_safe(self, root: Path) -> None:
        hgrc = root / ".hg/hgrc"
        for lines in (
            "default = /srv/shop\n",
            f"default = {REMOTE}\nother = /srv/x\n",
            f"default = {REMOTE}\n%include x\n",
        ):
            hgrc.write_text(f"[paths]\n{lines}")
            assert stands(root, "a.txt") == [Standing.COMMITTED]

    def test_commits_that_the_vault_holds_are_safe_without_any_path(self, root: Path) -> None:
        (root / ".hg/hgrc").unlink()
        kept = CommitId(hg(root, "log", "-r", ".", "-T", "{node}"))

        with open_repository(root, work=root.parent / "w", kept=(kept,)) as repository:
            assert repository is not None
            assert len(repository.safe()) == 2

    def test_a_dirstate_of_version_2_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "hg").mkdir()
        settings = ("--config", "format.use-dirstate-v2=yes", "--config", "storage.dirstate-v2.slow-path=allow")
        hg(tmp_path / "hg", "init", *settings)
        (tmp_path / "hg/lib").mkdir()
        for name in ("a.txt", "lib/b.txt", "lib/gone.txt"):
            (tmp_path / "hg" / name).write_bytes(b"one\n")
        hg(tmp_path / "hg", "commit", "-A", "-q", "-m", "all", *settings)
        hg(tmp_path / "hg", "remove", "lib/gone.txt", *settings)
        (tmp_path / "hg/new.txt").write_bytes(b"new\n")
        hg(tmp_path / "hg", "add", "new.txt", *settings)

        assert (tmp_path / "hg/.hg/dirstate").read_bytes().startswith(b"dirstate-v2\n")
        with opened(tmp_path / "hg") as repository:
            tracked = repository.tracked()
            state = repository.state()
        assert {name: entry.committed for name, entry in tracked.items()} == {
            "a.txt": True,
            "lib/b.txt": True,
            "new.txt": False,
        }
        assert state.trusted

    def test_a_share_is_followed_inside_the_known_roots_only(self, root: Path, tmp_path: Path) -> None:
        hg(tmp_path, "--config", "extensions.share=", "share", "-q", str(root), str(tmp_path / "shared"))

        assert any("shared" in note for note in doubts(tmp_path / "shared"))
        with open_repository(tmp_path / "shared", work=tmp_path / "w", within=tmp_path) as repository:
            assert repository is not None
            assert len(repository.safe()) == 2

    def test_damaged_history_ends_the_trust(self, root: Path) -> None:
        (filelog,) = (root / ".hg/store/data").glob("a.txt.i")
        content = bytearray(filelog.read_bytes())
        content[-3:] = b"xxx"
        filelog.write_bytes(content)

        assert doubts(root)

    def test_an_unknown_requirement_ends_the_trust(self, root: Path) -> None:
        with (root / ".hg/requires").open("a") as file:
            file.write("largefiles\nfrom-the-future\n")

        assert doubts(root)

    def test_locks_are_neither_waited_for_nor_removed(self, root: Path) -> None:
        for lock in ("wlock", "store/lock"):
            os.symlink("somebody:1", root / ".hg" / lock)

        assert stands(root, "a.txt") == [Standing.SAFE]
        assert (root / ".hg/wlock").is_symlink()

    def test_a_regular_expression_that_hangs_hg_does_not_hang_us(self, root: Path) -> None:
        (root / ".hgignore").write_text("(a+)+$\n(x+x+)+y\n")
        (root / ("a" * 40 + "!")).write_bytes(b"")

        assert stands(root, "a.txt") == [Standing.SAFE]

    def test_merges_renames_and_removals_are_told(self, root: Path) -> None:
        hg(root, "rename", "a.txt", "c.txt")
        hg(root, "commit", "-m", "rename")

        with opened(root) as repository:
            *_, last = repository.commits()
            one = repository.object_id(b"one\n")
        assert [(c.path, c.before, c.after) for c in last.changes] == [("a.txt", one, None), ("c.txt", None, one)]


def test_a_linked_store_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "work/.hg").mkdir(parents=True)
    (tmp_path / "work/.hg/store").symlink_to("/etc")

    assert doubts(tmp_path / "work")


def test_a_pointer_to_outside_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "work/.hg").mkdir(parents=True)
    (tmp_path / "work/.hg/sharedpath").write_text("/etc\n")

    assert doubts(tmp_path / "work")


def test_without_hg_everything_is_stored(tmp_path: Path) -> None:
    (tmp_path / "work/.hg/store").mkdir(parents=True)
    (tmp_path / "work/.hg/hgrc").write_text(f"[paths]\ndefault = {REMOTE}\n")
    (tmp_path / "work/.hg/dirstate").write_bytes(b"\x11" * 40)

    with without_hg(tmp_path / "work") as repository:
        assert repository.safe() == frozenset()
        assert repository.read(ObjectId("0" * 40)) is None


@contextmanager
def without_hg(root: Path) -> Iterator[HgRepository]:
    folder = ReadFolder.open(str(root))
    assert folder is not None
    with folder:
        repository = HgRepository(folder, folder, program=None, work=root.parent / "w")
        yield repository
        repository.close()


def entry(state: bytes, path: bytes, size: int = 1, mode: int = 0o100644) -> bytes:
    return struct.pack(">cllll", state, mode, size, 0, len(path)) + path


def test_reads_states_of_a_dirstate_of_version_1() -> None:
    found = parse_v1(
        bytes(40)
        + entry(b"n", b"kept")
        + entry(b"a", b"new\0from")
        + entry(b"r", b"gone")
        + entry(b"m", b"both")
        + entry(b"n", b"link", mode=0o120777)
    )

    assert [(e.path, e.added, e.merged, e.link) for e in found] == [
        (b"kept", False, False, False),
        (b"new", True, False, False),
        (b"both", False, True, False),
        (b"link", False, False, True),
    ]


@pytest.mark.parametrize("content", [bytes(50), bytes(40) + struct.pack(">cllll", b"n", 0, 0, 0, 99), bytes(41)])
def test_a_dirstate_cut_short_is_refused(content: bytes) -> None:
    with pytest.raises(DirstateUnreadable):
        parse_v1(content)


def docket(start: int, count: int, size: int, uuid: bytes = b"abc") -> bytes:
    return (
        b"dirstate-v2\n" + bytes(64) + struct.pack(">LL36x", start, count) + struct.pack(">LB", size, len(uuid)) + uuid
    )


@pytest.mark.parametrize(
    "content", [b"dirstate-v2\n", docket(0, 0, 0, b"../x"), docket(0, 0, 0, b""), docket(0, 0, 0)[:-1]]
)
def test_a_docket_that_names_no_file_is_refused(content: bytes) -> None:
    with pytest.raises(DirstateUnreadable):
        parse_docket(content)


@pytest.mark.parametrize(
    ("content", "start", "count"),
    [
        (b"", 0, 1),
        (bytes(44), 0, 2),
        (struct.pack(">LHHLHLLLLHLLL", 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0), 0, 1),  # it is its own child
        (bytes(20), 0, 3_000_000),
    ],
)
def test_a_tree_that_is_none_is_refused(content: bytes, start: int, count: int) -> None:
    with pytest.raises(DirstateUnreadable):
        parse_v2(parse_docket(docket(start, count, max(len(content), 44))), content)


@pytest.mark.parametrize(
    "content", [b"", b"\x9f", b"\x9f\x81\xff", b"\x9f\xa1\x44abcd\x01\xff", b"\x9f\xa1\x5f\xff", b"\x9f\xa1\x49abc"]
)
def test_an_answer_in_another_way_is_refused(content: bytes) -> None:
    with pytest.raises(ProgramFailed):
        decode_records(content)


def test_answers_of_every_length_are_read() -> None:
    content = bytes(70_000)
    said = (
        b"\x9f\xa2\x44data\x5a" + struct.pack(">I", len(content)) + content + b"\x44path\x58\x18" + b"p" * 24 + b"\xff"
    )

    assert decode_records(said) == [{b"data": content, b"path": b"p" * 24}]
