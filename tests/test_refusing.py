"""Disks that refuse in the middle, and questions that cannot be asked: small error paths of many modules."""

from __future__ import annotations

import errno
import json
import os
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from codevault import archives, policies
from codevault.archives import pack
from codevault.effects import _files_in
from codevault.errors import RestoreRefused, StorageError, StorageFull
from codevault.ids import ProjectId
from codevault.index.checksums import damaged
from codevault.index.conditions import line_tests, symbol_test
from codevault.store import rescue
from tests.vault.scenes import Desk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "a.txt").write_text("a")
    return tmp_path / "made"


def test_an_archive_that_reads_back_otherwise_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_sums_of_archive", lambda *_, **__: {})

    with pytest.raises(RestoreRefused, match="other bytes"):
        pack(folder, folder.parent / "a.zip")
    assert sorted(os.listdir(folder.parent)) == ["made"]


def test_an_archive_where_nothing_can_be_written_is_refused(folder: Path) -> None:
    with pytest.raises(RestoreRefused, match="cannot be written"):
        pack(folder, folder / "missing" / "a.tar.zst")


def test_what_is_gone_holds_no_files(folder: Path) -> None:
    assert list(_files_in(folder, "gone")) == []
    assert list(_files_in(folder, "a.txt")) == [("a.txt", 1)]


@pytest.mark.parametrize("test", [symbol_test, line_tests])
def test_what_is_no_condition_is_no_test(test: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError):
        test(SimpleNamespace())


@pytest.mark.parametrize(("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EROFS, StorageError)])
def test_rules_on_a_disk_that_refuses_are_not_put(
    number: int, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "refused")

    desk = Desk(tmp_path)
    monkeypatch.setattr(policies, "_write", refuse)

    with pytest.raises(error):
        desk.vault.policies.put("")
    assert desk.vault._governing.known(ProjectId("0" * 16)) is desk.vault._governing._base
    desk.vault.close()


@pytest.mark.parametrize(
    ("said", "wrong"),
    [(None, ""), ("no json", "meta.json"), ("{}", "meta.json"), ('{"segments": [{"segment_id": "ab"}]}', "ab.idx")],
    ids=["none", "garbage", "another shape", "a short segment"],
)
def test_files_of_an_index_that_are_not_what_they_were_are_named(said: str | None, wrong: str, tmp_path: Path) -> None:
    (tmp_path / "ab.idx").write_bytes(b"short")
    if said is not None:
        (tmp_path / "meta.json").write_text(said)

    assert damaged(tmp_path) == wrong


def test_a_footer_without_a_sum_is_none(tmp_path: Path) -> None:
    footer = json.dumps({"version": 1}).encode()
    (tmp_path / "ab.idx").write_bytes(b"x" + footer + len(footer).to_bytes(4, "little") + (1337).to_bytes(4, "little"))
    (tmp_path / "meta.json").write_text('{"segments": [{"segment_id": "ab"}]}')

    assert damaged(tmp_path) == "ab.idx"


def test_rescue_says_what_it_cannot_find(tmp_path: Path) -> None:
    (tmp_path / "snapshots").mkdir()
    blobs = rescue.Blobs.__new__(rescue.Blobs)
    blobs._held, blobs._places = OrderedDict(), {}

    with pytest.raises(rescue.Damaged, match="0 snapshots answer"):
        rescue.find_snapshot(str(tmp_path), "nothing")
    with pytest.raises(rescue.Damaged, match="in no pack"):
        blobs._read(b"\0" * 32, 0)
    with pytest.raises(rescue.Damaged, match="without end"):
        blobs._read(b"\0" * 32, 201)
