"""What a damaged record of a snapshot or project costs, and what it must not cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import RecordDamaged
from codevault.vault import Vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """Two projects of two snapshots each."""
    made = Vault.create(tmp_path / "vault", workers=1)
    for name in ("shop", "blog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("one = 1\n")
        project = made.projects.add(tmp_path / name)
        made.backup(project)
        (tmp_path / name / "a.py").write_text("two = 2\n")
        made.backup(project)
    made.analyse()
    yield made
    made.close()


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def newest_record(vault: Vault, project: str) -> Path:
    return max((vault.path / "snapshots" / vault.projects.get(project).id).iterdir())


@pytest.mark.parametrize("at", [None, "2999-01-01", 2])
def test_an_older_snapshot_is_never_restored_in_place_of_a_damaged_one(
    vault: Vault, tmp_path: Path, at: str | int | None
) -> None:
    flip(newest_record(vault, "shop"))
    with Vault.open(vault.path, workers=1) as again, pytest.raises(RecordDamaged, match="snapshot 2 cannot be read"):
        again.restore("shop", at=at, to=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_snapshots_before_a_damaged_one_and_other_projects_restore(vault: Vault, tmp_path: Path) -> None:
    flip(newest_record(vault, "shop"))
    with Vault.open(vault.path, workers=1) as again:
        again.restore("shop", at=1, to=tmp_path / "out")
        again.restore("blog", to=tmp_path / "blog-out")
    assert (tmp_path / "out" / "a.py").read_text() == "one = 1\n"
    assert (tmp_path / "blog-out" / "a.py").read_text() == "two = 2\n"


def test_a_project_whose_document_is_damaged_restores_by_its_id(vault: Vault, tmp_path: Path) -> None:
    shop = vault.projects.get("shop").id
    flip(vault.path / "projects" / f"{shop}.json")
    with Vault.open(vault.path, workers=1) as again:
        again.restore(shop, to=tmp_path / "out")
        assert len(again.snapshots(shop)) == 2
    assert (tmp_path / "out" / "a.py").read_text() == "two = 2\n"


def test_a_damaged_document_of_a_project_does_not_stop_a_rebuild(vault: Vault) -> None:
    flip(vault.path / "projects" / f"{vault.projects.get('shop').id}.json")
    with Vault.open(vault.path, workers=1) as again:
        again.rebuild()
        assert {hit.path for hit in again.search.text("two").hits} == {"a.py"}
        assert len(again.search.text("two", project="blog").hits) == 1
