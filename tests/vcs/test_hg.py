import os
from pathlib import Path

import pytest

from codevault.vcs import RepositoryFacts, System, detect

ONE = b"\x11" * 20
TWO = b"\x22" * 20
NULL = b"\x00" * 20


def repository(root: Path, dirstate: bytes = ONE + NULL) -> Path:
    hg = root / ".hg"
    hg.mkdir()
    (hg / "dirstate").write_bytes(dirstate)
    return hg


def facts(root: Path) -> RepositoryFacts:
    found = detect(root)
    assert found is not None
    return found


def test_reads_branch_commit_and_remote(tmp_path: Path) -> None:
    hg = repository(tmp_path)
    (hg / "branch").write_text("stable\n")
    (hg / "hgrc").write_text(
        "# mine\n[ui]\ndefault = no\n%include ../more\n[paths]\nother = a\ndefault = https://joe:hunter2@host/shop\n"
    )

    assert detect(tmp_path) == RepositoryFacts(
        system=System.HG, branch="stable", head="11" * 20, remote="https://host/shop"
    )


def test_reads_the_second_version_of_dirstate(tmp_path: Path) -> None:
    pad = b"\x00" * 12
    repository(tmp_path, b"dirstate-v2\n" + ONE + pad + TWO + pad + b"more")

    assert (facts(tmp_path).head, facts(tmp_path).in_progress) == ("11" * 20, "merge")


def test_two_parents_are_a_merge(tmp_path: Path) -> None:
    repository(tmp_path, ONE + TWO)

    assert facts(tmp_path).in_progress == "merge"


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("rebasestate", "rebase"),
        ("graftstate", "graft"),
        ("histedit-state", "histedit"),
        ("shelvedstate", "unshelve"),
        ("updatestate", "update"),
        ("bisect.state", "bisect"),
    ],
)
def test_names_the_operation_in_progress(tmp_path: Path, name: str, operation: str) -> None:
    (repository(tmp_path, ONE + TWO) / name).write_text("x")

    assert facts(tmp_path).in_progress == operation


@pytest.mark.parametrize("dirstate", [b"", NULL + NULL])
def test_a_repository_without_commits_has_no_head(tmp_path: Path, dirstate: bytes) -> None:
    repository(tmp_path, dirstate)

    assert facts(tmp_path) == RepositoryFacts(system=System.HG, branch="default")


def test_a_new_repository_without_dirstate_has_no_head(tmp_path: Path) -> None:
    repository(tmp_path).joinpath("dirstate").unlink()

    assert facts(tmp_path) == RepositoryFacts(system=System.HG, branch="default")


@pytest.mark.parametrize("dirstate", [b"short", b"dirstate-v2\n" + ONE])
def test_says_when_dirstate_is_not_understood(tmp_path: Path, dirstate: bytes) -> None:
    repository(tmp_path, dirstate)

    assert (facts(tmp_path).head, facts(tmp_path).notes) == ("", ("dirstate is missing or of an unknown kind",))


def test_does_not_wait_for_a_fifo(tmp_path: Path) -> None:
    hg = repository(tmp_path)
    (hg / "dirstate").unlink()
    os.mkfifo(hg / "dirstate")
    os.mkfifo(hg / "branch")

    assert (facts(tmp_path).branch, facts(tmp_path).notes) == (
        "default",
        ("dirstate is missing or of an unknown kind",),
    )


def test_says_that_the_history_is_shared(tmp_path: Path) -> None:
    (repository(tmp_path) / "sharedpath").write_text("/somewhere/.hg")

    assert facts(tmp_path).notes == ("the history is shared with another repository",)


def test_shows_no_branch_with_control_characters(tmp_path: Path) -> None:
    (repository(tmp_path) / "branch").write_text("\x1b[31m")

    assert facts(tmp_path).branch == "default"


def test_does_not_follow_a_link_in_place_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    repository(tmp_path / "outside")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / ".hg").symlink_to(tmp_path / "outside" / ".hg")
    (tmp_path / "file").mkdir()
    (tmp_path / "file" / ".hg").write_text("")

    assert facts(tmp_path / "linked").notes == (".hg is a link: not followed",)
    assert facts(tmp_path / "file").notes == (".hg cannot be read",)
