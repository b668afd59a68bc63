"""What a scan remembers on disk: used only for the very snapshot and policy it was made with."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest

from codevault.ids import ProjectId, SnapshotId
from codevault.scanstate import load, save

PROJECT = ProjectId("0123456789abcdef")
SNAPSHOT = SnapshotId("a" * 64)
SEEN = {"": b"root", "src": b"\x00\xff", "caf\udce9": b"not utf-8"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "scan"


def test_gives_back_what_was_saved(folder: Path) -> None:
    save(folder, PROJECT, SNAPSHOT, "policy", SEEN)

    assert load(folder, PROJECT, SNAPSHOT, "policy") == SEEN


def test_the_newest_state_counts(folder: Path) -> None:
    save(folder, PROJECT, SNAPSHOT, "policy", SEEN)
    save(folder, PROJECT, SnapshotId("b" * 64), "policy", {"": b"new"})

    assert load(folder, PROJECT, SnapshotId("b" * 64), "policy") == {"": b"new"}
    assert [file.name for file in folder.iterdir()] == [PROJECT]


@pytest.mark.parametrize(
    ("project", "snapshot", "policy"),
    [
        ("0000000000000000", SNAPSHOT, "policy"),
        (PROJECT, "b" * 64, "policy"),
        (PROJECT, None, "policy"),
        (PROJECT, SNAPSHOT, "another policy"),
    ],
)
def test_a_state_made_for_something_else_counts_as_none(
    folder: Path, project: ProjectId, snapshot: SnapshotId | None, policy: str
) -> None:
    save(folder, PROJECT, SNAPSHOT, "policy", SEEN)

    assert load(folder, project, snapshot, policy) == {}


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"\x93\x01", msgspec.msgpack.encode([2, SNAPSHOT, "policy", {b"": b""}])]
)
def test_a_damaged_or_foreign_state_counts_as_none(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / PROJECT).write_bytes(content)

    assert load(folder, PROJECT, SNAPSHOT, "policy") == {}


def test_a_torn_state_counts_as_none(folder: Path) -> None:
    save(folder, PROJECT, SNAPSHOT, "policy", SEEN)
    whole = (folder / PROJECT).read_bytes()
    answers = []
    for length in range(len(whole)):
        (folder / PROJECT).write_bytes(whole[:length])
        answers.append(load(folder, PROJECT, SNAPSHOT, "policy"))

    assert answers == [{}] * len(whole)


def test_nobody_else_may_read_it(folder: Path) -> None:
    save(folder, PROJECT, SNAPSHOT, "policy", SEEN)

    assert stat.S_IMODE((folder / PROJECT).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_cannot_be_written_is_an_error_of_the_system(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_bytes(b"in the way")

    with pytest.raises(OSError):  # noqa: PT011 - which one differs between systems
        save(folder, PROJECT, SNAPSHOT, "policy", SEEN)
