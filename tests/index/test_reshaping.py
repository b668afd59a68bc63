"""Snapshots that leave the index, and that come back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codevault.errors import IndexDamaged, UnknownProject
from codevault.ids import SnapshotId
from codevault.index.model import FileChange, SnapshotFacts
from tests.index.scenes import DESK, SHOP, Scene, blob_of, in_memory

OLD, NEW = b"def till():\n    old\n", b"def till():\n    new\n"


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Three snapshots of a file that changes each time, all analysed."""
    scene = in_memory()
    scene.snap({"till.py": OLD})
    scene.snap({"till.py": b"def between():\n    pass\n"})
    scene.snap({"till.py": NEW})
    scene.understand()
    with scene.index:
        yield scene


def test_no_search_finds_what_only_removed_snapshots_held(scene: Scene) -> None:
    scene.index.remove_snapshots(SHOP, [2])
    assert scene.index.search_symbols("between").hits == ()
    assert scene.index.search_text("between").hits == ()
    assert len(scene.index.search_text("till").hits) == 1


def test_what_other_snapshots_hold_is_still_found(scene: Scene) -> None:
    scene.index.remove_snapshots(SHOP, [1])
    (hit,) = scene.index.search_symbols("between").hits
    assert hit.first_seen.sequence == 2


def test_a_snapshot_put_back_is_found_without_a_new_analysis(scene: Scene) -> None:
    content = b"def between():\n    pass\n"
    scene.index.remove_snapshots(SHOP, [2])
    facts = SnapshotFacts(
        id=SnapshotId(blob_of(b"again")),
        project=SHOP,
        sequence=2,
        created_ns=2,
        changed=(FileChange(path="till.py", blob=blob_of(content), size=len(content)),),
    )
    scene.index.insert_snapshot(facts)
    scene.index.insert_snapshot(facts)
    assert scene.index.pending_count() == 0
    assert len(scene.index.search_symbols("between").hits) == 1


def test_removing_what_is_not_recorded_changes_nothing(scene: Scene) -> None:
    before = scene.index.steps(SHOP)
    scene.index.remove_snapshots(SHOP, [9])
    assert scene.index.steps(SHOP) == before


def test_a_project_may_lose_all_its_snapshots(scene: Scene) -> None:
    scene.index.remove_snapshots(SHOP, [1, 2, 3])
    assert scene.index.paths(SHOP) == ()
    assert scene.index.search_symbols("till").hits == ()


def test_the_newest_snapshot_is_not_put_back(scene: Scene) -> None:
    with pytest.raises(IndexDamaged, match="newest"):
        scene.index.insert_snapshot(SnapshotFacts(id=SnapshotId(blob_of(b"4")), project=SHOP, sequence=4, created_ns=4))


def test_an_unknown_project_is_said(scene: Scene) -> None:
    with pytest.raises(UnknownProject):
        scene.index.remove_snapshots(DESK, [1])


def test_what_waits_for_analysis_and_is_held_by_nothing_waits_no_longer() -> None:
    scene = in_memory()
    with scene.index as index:
        scene.snap({"till.py": OLD})
        scene.snap({"till.py": NEW})
        index.remove_snapshots(SHOP, [1])
        assert index.pending_count() == 1
