"""A record that is gone names content nobody else names: nothing may take it for unneeded while a repair can help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import codevault
from codevault import Retention, UndoWindow, Vault
from codevault.errors import PruneRefused, RecordDamaged
from codevault.projects.model import Project

WITH_A_WAY_BACK = Retention(newest=2, manual=True, floor=1, undo=UndoWindow(1000, 1000))
RECORDS = {
    "a snapshot": "snapshots/*/00000004-*.json",
    "a thinned snapshot": "thinned/*/00000001-*.json",
    "a list of keepsakes": "keepsakes/*.json",
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Vault, Project]]:
    """A project with two thinned snapshots, the last text of a function that went, and two that count."""
    root = tmp_path / "shop"
    root.mkdir()
    vault = codevault.Vault.create(tmp_path / "vault")
    project = vault.projects.add(root)
    for number in range(4):
        (root / "a.py").write_text(f"def f{number}():\n    return {number}\n" * 9)
        vault.backup(project)
    vault.analyse()
    plan = vault.prune(WITH_A_WAY_BACK, plan=True)
    vault.prune(plan, acknowledged=plan.frozen)
    yield vault, project
    vault.close()


def _without(vault: Vault, kind: str) -> Path:
    [record] = vault.path.glob(RECORDS[kind])
    record.unlink()
    return record


@pytest.mark.parametrize("kind", RECORDS)
def test_compacting_waits_for_a_repair(shop: tuple[Vault, Project], kind: str, tmp_path: Path) -> None:
    vault, project = shop
    record = _without(vault, kind)
    with pytest.raises(RecordDamaged, match="run repair"):
        vault.compact(plan=True)
    with pytest.raises(RecordDamaged, match="run repair"):
        vault.compact()

    assert vault.repair().ok
    vault.compact()

    assert record.exists()
    assert vault.verify().ok
    vault.undo_prune(vault.thinned(project))
    assert vault.restore(project, at=1, to=tmp_path / "first").problems == ()
    assert [vault.read(keepsake.text) for keepsake in vault.keepsakes(project)] != []
    vault.close()


@pytest.mark.parametrize("kind", RECORDS)
def test_pruning_is_frozen_until_a_repair(shop: tuple[Vault, Project], kind: str, tmp_path: Path) -> None:
    vault, project = shop
    _without(vault, kind)
    plan = vault.prune(None, plan=True)
    assert any("run repair()" in why for why in plan.frozen)
    with pytest.raises(PruneRefused):
        vault.prune(plan)

    assert vault.repair().ok
    vault.prune(None)

    vault.undo_prune(vault.thinned(project))
    assert vault.restore(project, at=1, to=tmp_path / "first").problems == ()
    assert vault.verify().ok
    vault.close()


def test_a_record_whose_log_is_gone_as_well_is_missed_by_the_logs_copy(shop: tuple[Vault, Project]) -> None:
    vault, _ = shop
    record = _without(vault, "a snapshot")
    naming = [path for path in (vault.path / "log").glob("*.json") if record.name in path.read_text()]
    naming[0].unlink()
    with pytest.raises(RecordDamaged, match="run repair"):
        vault.compact()
    vault.close()


def test_a_missing_snapshot_is_affected_and_one_that_nothing_brings_back_is_said_in_advance(
    shop: tuple[Vault, Project],
) -> None:
    vault, project = shop
    lost = vault.snapshots(project)[-1]
    record = _without(vault, "a snapshot")
    assert lost.id in vault.verify().affected
    assert vault.repair(plan=True).ok
    for copy in (vault.path / "log").glob("*.copy"):
        copy.unlink()
    planned = vault.repair(plan=True)
    assert (planned.ok, planned.beyond) == (False, (f"snapshots/{project.id}/{record.name}",))
    done = vault.repair()
    assert (done.ok, lost.id in done.verified.affected) == (False, True)
    vault.close()
