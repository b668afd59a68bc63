"""Sparse files: their holes are neither read nor written, whatever their length says."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from pathlib import Path

import pytest

from codevault import holes
from codevault.holes import has_holes, segments, write, write_around_holes
from codevault.source import READ_BLOCK, RealFolder
from codevault.store.chunking import LARGEST, cut
from tests.restoring.scenes import POSIX, Archive

pytestmark = POSIX
MIB = 1 << 20


def sparse(path: Path, size: int, **written: bytes) -> Path:
    """A file with a hole wherever nothing is written; `at_N=` says what stands at byte N."""
    with path.open("wb") as file:
        file.truncate(size)
        for where, content in written.items():
            file.seek(int(where.removeprefix("at_")))
            file.write(content)
    return path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    probe = sparse(root / "probe", MIB)
    held = probe.stat().st_blocks
    with probe.open("rb") as file:
        finds = has_holes(file.fileno(), MIB)
    probe.unlink()
    if held or not finds:
        pytest.skip("no sparse files here")
    return root


@pytest.mark.parametrize("size", [2 * MIB, 20 * MIB], ids=["whole", "streamed"])
def test_comes_back_with_its_holes(archive: Archive, project: Path, target: Path, size: int) -> None:
    file = sparse(project / "disk.img", size, at_0=b"first", at_1048576=b"middle", at_1500000=b"\0" * 9000)

    run = archive.backed_up(project)
    done = archive.given_back(run, target)

    assert archive.entries(run)["disk.img"].sparse
    assert done.problems == ()
    assert (target / "disk.img").read_bytes() == file.read_bytes()
    assert (target / "disk.img").stat().st_blocks * 512 < 64 << 10


def test_a_file_that_ends_in_its_content_or_in_a_hole_keeps_its_length(
    archive: Archive, project: Path, target: Path
) -> None:
    sparse(project / "content", 3 * MIB + 5, at_3145728=b"12345")
    sparse(project / "hole", 3 * MIB + 5, at_0=b"12345")

    archive.given_back(archive.backed_up(project), target)

    for name in ("content", "hole"):
        assert (target / name).read_bytes() == (project / name).read_bytes()


def test_zeros_that_were_written_are_no_holes(archive: Archive, project: Path) -> None:
    (project / "zeros").write_bytes(bytes(MIB))

    assert not archive.entries(archive.backed_up(project))["zeros"].sparse


def test_a_length_over_4_gib_is_not_read(project: Path) -> None:
    size = (5 << 30) + 12345
    sparse(project / "disk.img", size, **{f"at_{size - 3}": b"end"})
    read: list[int] = []

    def counted(descriptor: int, most: int) -> bytes:
        read.append(most)
        return os.read(descriptor, most)

    with closing(RealFolder.root(str(project), read_block=counted)) as folder:
        given = sum(len(block) for block in folder.blocks("disk.img"))

    assert given == size
    assert sum(read) < MIB


@pytest.mark.scale
def test_a_length_over_4_gib_costs_next_to_nothing_and_comes_back(
    archive: Archive, project: Path, target: Path
) -> None:
    size = (5 << 30) + 7
    sparse(project / "disk.img", size, at_4294967296=b"over", at_0=b"start")

    done = archive.given_back(archive.backed_up(project), target)

    assert (done.problems, done.bytes) == ((), size)
    assert archive.store.stats().pack_bytes < 10_000
    with (target / "disk.img").open("rb") as file:
        file.seek(4 << 30)
        assert file.read(5) == b"over\0"
    assert (target / "disk.img").stat().st_blocks * 512 < MIB


def test_a_hole_that_is_cut_off_while_the_file_is_read_is_noticed(archive: Archive, project: Path) -> None:
    file = sparse(project / "disk.img", 20 * MIB, at_0=b"x", at_15728640=b"y")

    def shrink(descriptor: int, most: int) -> bytes:
        if file.stat().st_size > 10 * MIB:
            os.truncate(file, 10 * MIB)
        return os.read(descriptor, most)

    run = archive.backed_up(RealFolder.root(str(project), read_block=shrink))

    assert [problem.kind for problem in run.backup.problems] == []  # the second reading found it at rest
    assert archive.entries(run)["disk.img"].size == 10 * MIB


@pytest.mark.parametrize("filled", [0, 5, MIB, 8 * MIB - 1, 8 * MIB, 13 * MIB])
def test_holes_are_cut_into_the_chunks_that_zeros_are_cut_into(filled: int, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"x" * filled + bytes(17 * MIB) + b"y" * 100
    quick = [len(chunk) for chunk in cut((content,))]
    monkeypatch.setattr("codevault.store.chunking._ZEROS", b"never" + bytes(LARGEST))

    assert [len(chunk) for chunk in cut((content,))] == quick


def test_the_parts_of_a_file_are_named_in_order(project: Path) -> None:
    file = sparse(project / "f", 3 * MIB, at_1048576=b"x" * 4096)

    with file.open("rb") as opened:
        parts = list(segments(opened.fileno(), 3 * MIB))

    assert parts == [(0, MIB, True), (MIB, MIB + 4096, False), (MIB + 4096, 3 * MIB, True)]


def test_a_file_system_that_cannot_tell_has_no_holes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = sparse(project / "f", MIB)
    plain = os.lseek

    def refuse(descriptor: int, at: int, how: int) -> int:
        if how == os.SEEK_SET:
            return plain(descriptor, at, how)
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "lseek", refuse)
    with file.open("rb") as opened:
        assert not has_holes(opened.fileno(), MIB)
        with pytest.raises(OSError, match="Invalid"):
            list(segments(opened.fileno(), MIB))
    monkeypatch.setattr(holes, "_FINDS_HOLES", False)
    with file.open("rb") as opened:
        assert not has_holes(opened.fileno(), MIB)


@pytest.mark.parametrize("writing", [write, write_around_holes])
def test_a_disk_that_takes_part_of_a_block_gets_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writing: object
) -> None:
    plain = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, block: plain(descriptor, bytes(block)[:1000]))
    content = os.urandom(READ_BLOCK // 100)
    with (tmp_path / "f").open("wb") as file:
        assert writing(file.fileno(), (content, content)) == 2 * len(content)  # type: ignore[operator]

    assert (tmp_path / "f").read_bytes() == content * 2
