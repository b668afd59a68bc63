"""What a program that misbehaves may cost: a stated time, a stated amount, and nothing that it left running."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.errors import StorageError, StorageFull
from codevault.vcs.git_return import GitReturn
from codevault.vcs.git_scratch import ScratchGit
from codevault.vcs.hg_server import HgServer
from codevault.vcs.programs import Answers, Limits, Program, ProgramFailed, ask, clean_environment, find_program


def shell(folder: Path) -> Program:
    return Program(path="/bin/sh", environment=clean_environment("/bin/sh", folder), folder=folder)


@pytest.mark.skipif(os.name != "posix", reason="speaks to a POSIX shell")
class TestRunning:
    def test_gives_output_and_takes_input(self, tmp_path: Path) -> None:
        assert shell(tmp_path).run(["-c", "cat; pwd"], given=b"hello ") == f"hello {tmp_path}\n".encode()

    def test_an_error_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(ProgramFailed, match="status 3"):
            shell(tmp_path).run(["-c", "exit 3"])

    def test_a_program_that_hangs_is_ended_with_its_children(self, tmp_path: Path) -> None:
        with pytest.raises(ProgramFailed, match="too long"):
            shell(tmp_path).run(["-c", "sleep 1000 & wait"], limits=Limits(seconds=0.2))

    def test_a_flood_is_cut_off(self, tmp_path: Path) -> None:
        with pytest.raises(ProgramFailed, match="more than 1000 bytes"):
            shell(tmp_path).run(["-c", "yes"], limits=Limits(output=1000))

    def test_input_that_nobody_reads_is_no_error(self, tmp_path: Path) -> None:
        assert shell(tmp_path).run(["-c", "exec <&-; echo done"], given=bytes(1 << 20)) == b"done\n"

    def test_a_missing_program_is_told(self, tmp_path: Path) -> None:
        program = Program(path="/nonexistent/git", environment={}, folder=tmp_path)
        with pytest.raises(ProgramFailed, match="cannot be started"):
            program.run(["status"])

    def test_answers_end_with_the_program(self, tmp_path: Path) -> None:
        with shell(tmp_path).started(["-c", "echo one; printf two"]) as running:
            answers = Answers(running)
            assert (answers.until(b"\n"), answers.exactly(3)) == (b"one", b"two")
            with pytest.raises(ProgramFailed):
                answers.exactly(1)

    def test_a_line_without_an_end_is_given_up(self, tmp_path: Path) -> None:
        with shell(tmp_path).started(["-c", "yes | tr -d '\\n'"]) as running, pytest.raises(ProgramFailed):
            Answers(running).until(b"\n")

    def test_asking_a_program_that_has_ended_is_told(self, tmp_path: Path) -> None:
        with shell(tmp_path).started(["-c", "exit 0"]) as running:
            running.wait()
            with pytest.raises(ProgramFailed):
                ask(running, bytes(1 << 20))


def test_the_environment_is_ours_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/evil")
    monkeypatch.setenv("PYTHONPATH", "/evil")

    environment = clean_environment("/usr/bin/git", tmp_path, GIT_OPTIONAL_LOCKS="0")

    assert "/evil" not in environment.values()
    assert (environment["LC_ALL"], environment["HOME"], environment["GIT_OPTIONAL_LOCKS"]) == ("C", str(tmp_path), "0")


class TestFinding:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "tool").symlink_to(sys.executable)
        return folder

    def test_finds_by_absolute_path_only(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)

        assert find_program("tool", search=os.pathsep.join((".", "", str(folder)))) == str(folder / "tool")
        assert find_program("tool", search=os.pathsep.join((".", ""))) is None

    def test_never_inside_a_project(self, folder: Path, tmp_path: Path) -> None:
        assert find_program("tool", search=str(folder), outside=(tmp_path,)) is None
        (tmp_path / "linked").symlink_to(folder)
        assert find_program("tool", search=str(tmp_path / "linked"), outside=(folder,)) is None

    def test_never_a_program_that_really_lies_in_a_project(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "project").mkdir()
        (tmp_path / "project/evil").write_text("#!/bin/sh\n")
        (tmp_path / "project/evil").chmod(0o755)
        (folder / "other").symlink_to(tmp_path / "project/evil")

        assert find_program("other", search=str(folder), outside=(tmp_path / "project",)) is None
        assert find_program("other", search=str(folder)) == str(folder / "other")


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda work: ScratchGit("git", work, "/nowhere"), ProgramFailed),
        (lambda work: HgServer("hg", work, Path("/nowhere"), {}), ProgramFailed),
        (lambda work: GitReturn("git", work), StorageError),
    ],
    ids=["git", "hg", "return"],
)
def test_a_disk_that_has_no_room_for_a_folder_is_a_typed_error(
    make: Callable[[Path], object], error: type[Exception], tmp_path: Path
) -> None:
    (tmp_path / "full").write_bytes(b"")

    with pytest.raises(error, match=r"cannot be|storage failed"):
        make(tmp_path / "full" / "work")


def test_a_full_disk_under_returning_objects_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", refuse)

    with pytest.raises(StorageFull):
        GitReturn("git", tmp_path)
