"""Vault.repair: live trees and other vaults give back what a vault has lost; Vault.open tells an older copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import VaultDiverged
from codevault.ids import ProjectId
from codevault.repairing import LiveTree
from codevault.source import MemoryFile, MemoryFolder, RealFolder
from codevault.store.donors import Wanted, found_at
from codevault.store.model import LostVersion
from codevault.store.records import hash_of
from codevault.vault import Vault

OLD = "def tax():\n    return 1\n" * 40
NEW = OLD.replace("1", "2")


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A project backed up in two versions."""
    (tmp_path / "shop" / "lib").mkdir(parents=True)
    (tmp_path / "shop" / "lib" / "tax.py").write_text(OLD)
    (tmp_path / "shop" / "other.txt").write_text("other")
    with Vault.create(tmp_path / "vault", workers=1) as made:
        made.projects.add(tmp_path / "shop")
        made.backup("shop")
        (tmp_path / "shop" / "lib" / "tax.py").write_text(NEW)
        made.backup("shop")
        shutil.copytree(tmp_path / "vault", tmp_path / "twin")
        yield made


def _lose_packs(vault: Vault) -> None:
    for pack in (vault.path / "packs").rglob("*.p*"):
        pack.unlink()


def test_live_trees_and_another_vault_give_back_what_is_lost(vault: Vault, tmp_path: Path) -> None:
    _lose_packs(vault)
    with Vault.open(tmp_path / "twin") as twin:
        report = vault.repair(donors=[twin])
    assert report.ok
    assert vault.verify().ok
    assert {"the live tree", f"vault {twin._store.vault_id[:8]}"} == {
        step.by for step in report.steps if step.action == "store"
    }
    done = vault.restore("shop", at=1, to=tmp_path / "out")
    assert done.problems == ()
    assert (tmp_path / "out" / "lib" / "tax.py").read_text() == OLD


def test_without_donors_what_is_lost_is_said(vault: Vault) -> None:
    _lose_packs(vault)
    plan = vault.repair(plan=True, live=False)
    assert plan.verified.affected == tuple(snapshot.id for snapshot in vault.snapshots("shop"))
    assert not vault.repair(live=False).verified.ok


def test_a_file_that_was_moved_is_found_by_its_size(tmp_path: Path) -> None:
    os.makedirs(tmp_path / "deep" / "deeper")
    (tmp_path / "deep" / "deeper" / "moved.py").write_bytes(b"moved")
    (tmp_path / "deep" / "same.py").write_bytes(b"other")
    (tmp_path / "link").symlink_to(tmp_path / "deep")
    tree = LiveTree(ProjectId("0" * 16), lambda: RealFolder.root(str(tmp_path)))
    assert _given(tree, b"moved", "gone/once.py") == b"moved"
    assert _given(tree, b"never", "gone/once.py") is None


def test_a_tree_that_is_gone_offers_nothing(tmp_path: Path) -> None:
    tree = LiveTree(ProjectId("0" * 16), lambda: RealFolder.root(str(tmp_path / "nowhere")))
    assert _given(tree, b"any", "any") is None


def test_another_projects_paths_are_not_looked_up() -> None:
    tree = LiveTree(ProjectId("1" * 16), lambda: MemoryFolder({"a": MemoryFile(b"text")}))
    assert _given(tree, b"text", "a") == b"text"  # by its size
    assert [list(tree._paths(_wanted(b"text", "a").versions)), tree.name] == [[], "the live tree"]


def _wanted(content: bytes, path: str) -> Wanted:
    version = LostVersion(
        project=ProjectId("0" * 16),
        path=path,
        blob=hash_of(content),  # type: ignore[arg-type] # it is one
        size=len(content),
        first=1,
        last=1,
        snapshots=1,
    )
    return Wanted(blob=version.blob, versions=(version,))


def _given(tree: LiveTree, content: bytes, path: str) -> bytes | None:
    wanted = _wanted(content, path)
    tree.prepare([wanted])
    pieces = found_at(tree, wanted)
    return None if pieces is None else b"".join(pieces())


def test_an_older_copy_of_a_vault_is_told(vault: Vault, tmp_path: Path) -> None:
    vault.backup("shop", reason="the copy does not know of it")
    with pytest.raises(VaultDiverged):
        Vault.open(tmp_path / "twin", expected=vault.generation)
    with Vault.open(tmp_path / "twin", expected=vault.generation, acknowledge=True) as twin:
        assert twin.backup("shop").snapshot.sequence > vault.snapshots("shop")[-1].sequence
        assert twin.verify().ok


def test_a_quick_look_and_a_budget_are_asked_for_by_name(vault: Vault) -> None:
    assert vault.verify("quick").mode == "quick"
    assert vault.submit.verify(budget_bytes=1).result(60).mode == "budget"
