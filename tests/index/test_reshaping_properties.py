"""A history from which snapshots were taken is the history in which they never were; put back, they are there again."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.ids import SnapshotId
from codevault.index.index import Index
from codevault.index.model import FileChange, PathChange, ProjectFacts, SnapshotFacts
from tests.index.scenes import DAY_NS, SHOP, VAULT, blob_of, hint

Tree = dict[str, bytes]
trees = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.txt"]), st.sampled_from([b"1\n", b"2\n", b"3\n"]))
histories = st.lists(trees, min_size=2, max_size=7)


def _facts(sequence: int, changed: Tree, removed: tuple[str, ...] = ()) -> SnapshotFacts:
    return SnapshotFacts(
        id=SnapshotId(blob_of(b"%d" % sequence)),
        project=SHOP,
        sequence=sequence,
        created_ns=sequence * DAY_NS,
        changed=tuple(FileChange(path=p, blob=blob_of(held), size=len(held)) for p, held in changed.items()),
        removed=removed,
    )


def _recorded(history: dict[int, Tree]) -> Index:
    index = Index.in_memory(vault_id=VAULT, hint_of=hint)
    index.put_project(ProjectFacts(id=SHOP, name="shop"))
    before: Tree = {}
    for sequence, tree in history.items():
        changed = {path: content for path, content in tree.items() if before.get(path) != content}
        index.add_snapshot(_facts(sequence, changed, tuple(before.keys() - tree.keys())))
        before = tree
    return index


def _told(index: Index) -> tuple[object, ...]:
    """All that the index says of the project's history."""
    steps = index.steps(SHOP)
    held = [[(v.path, v.blob, v.first, v.last) for v in index.paths(SHOP, seen.sequence)] for seen in steps]
    changed: list[tuple[PathChange, ...]] = [index.changes(SHOP, seen.sequence) for seen in steps]
    versions = [index.versions(SHOP, path) for path in ("a.py", "b.py", "c.txt")]
    return steps, held, changed, versions, index.pending_count(), index.coverage(), index.paths(SHOP)


@settings(deadline=None, max_examples=25)
@given(histories, st.sets(st.integers(min_value=1, max_value=7)))
def test_what_was_removed_was_never_there(history: list[Tree], gone: set[int]) -> None:
    numbered = dict(enumerate(history, 1))
    left = {sequence: tree for sequence, tree in numbered.items() if sequence not in gone}
    with _recorded(numbered) as index, _recorded(left) as other:
        index.remove_snapshots(SHOP, gone)
        assert _told(index) == _told(other)


@settings(deadline=None, max_examples=25)
@given(histories, st.sets(st.integers(min_value=1, max_value=6)), st.randoms(use_true_random=False))
def test_what_was_put_back_was_always_there(history: list[Tree], gone: set[int], order: Random) -> None:
    numbered = dict(enumerate(history, 1))
    thinned = sorted(gone & set(range(1, len(history))))
    order.shuffle(thinned)
    with _recorded(numbered) as index, _recorded(numbered) as other:
        index.remove_snapshots(SHOP, thinned)
        for sequence in thinned:
            index.insert_snapshot(_facts(sequence, numbered[sequence]))
        assert _told(index) == _told(other)
