"""Links that no longer count, or cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codevault.errors import IndexDamaged, UnknownSnapshot
from codevault.ids import SnapshotId
from codevault.index.index import Index
from codevault.index.lineage import STALE, unlink
from codevault.index.lineage_model import Link, PathStep, Spot
from codevault.index.model import FileChange, ProjectFacts, SnapshotFacts
from codevault.index.sessions import Session
from tests.index.scenes import SHOP, VAULT, blob_of

SPOT = Spot(1, "a.py", "f", 0, 0)
STEP = PathStep(1, links=(Link(("body",), SPOT, SPOT._replace(version=2)),))


@pytest.fixture
def index() -> Iterator[Index]:
    """Three snapshots of a file, the second and third compared with those before them."""
    with Index.in_memory(vault_id=VAULT) as made:
        made.put_project(ProjectFacts(id=SHOP, name="shop"))
        for number in (1, 2, 3):
            text = b"def f():\n    return %d\n" % number
            changed = [FileChange(path="a.py", blob=blob_of(text), size=len(text))]
            identity = SnapshotId(f"{number:064x}")
            made.add_snapshot(
                SnapshotFacts(id=identity, project=SHOP, sequence=number, created_ns=number, changed=changed)
            )
        made.link(SHOP, 2, (1,), {"a.py": STEP})
        made.link(SHOP, 3, (2,), {})
        yield made


def test_versions_that_were_compared_with_others_have_to_be_compared_again(index: Index) -> None:
    assert index.lineage(SHOP).unlinked() == []
    index.link(SHOP, 3, (1,), {})

    assert index.lineage(SHOP).unlinked() == [3]
    assert index.lineage(SHOP).version(3) is None
    assert not index.lineage(SHOP).is_linked("a.py", 3)


def test_a_content_that_is_analysed_anew_has_all_versions_of_its_paths_compared_again(index: Index) -> None:
    index._writer.write(lambda session: unlink(session.db, [2]))

    assert index.lineage(SHOP).unlinked() == [2, 3]
    index.link(SHOP, 2, (1,), {"a.py": STEP})
    assert index.lineage(SHOP).version(2) == {"a.py": STEP}


@pytest.mark.parametrize(
    "damaged", [b"\x00\x02", b"\x00\x02\x01\x03", b"\x00\x02\x01\x03\x04\x01\x00\x00\x63\x00\x00\x00"]
)
def test_links_that_are_cut_short_or_name_nothing_are_damage(index: Index, damaged: bytes) -> None:
    index._writer.write(lambda session: _damage(session, damaged))

    with pytest.raises(IndexDamaged, match="links of version 2"):
        index.lineage(SHOP).step("a.py", 2)


def _damage(session: Session, steps: bytes) -> None:
    session.db.execute("UPDATE link SET steps = ?", (steps,))


def test_a_walk_asks_for_nothing_that_is_not_there(index: Index) -> None:
    lineage = index.lineage(SHOP)

    assert lineage.waiting([1])
    assert not lineage.waiting([99])
    assert lineage.newest() == 3
    assert lineage.life("nowhere.py").held(2) is None
    with pytest.raises(UnknownSnapshot):
        lineage.parents(9)
    with pytest.raises(IndexDamaged):
        lineage.changed(9)
    with pytest.raises(IndexDamaged):
        lineage.symbol(1, 0)
    assert STALE not in {b"", b"\x01"}
