"""A store that is thinned, pruned and undone at any time, against a dictionary of what it should still hold."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.store.keepsakes import Span
from codevault.store.model import Snapshot
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow, judge
from tests.store.scenes import LIBRARY, ROOT, SHOP, back_up, new_store, restored, ticking
from tests.store.test_pruning import parity_bytes, stored_bytes

Tree = dict[str, bytes]
projects = st.sampled_from([SHOP, LIBRARY])
contents = st.builds(lambda head, n: head * 40 + b"%d\n" % n, st.sampled_from([b"a = 1\n", b"b\n"]), st.integers(0, 9))
trees = st.dictionaries(st.sampled_from(["a.py", "b.py", "c.txt"]), contents, min_size=1)
windows = st.sampled_from([UndoWindow(0, 0), UndoWindow(2, 0), UndoWindow(6, 0)])


class PrunedAgainstADictionary(RuleBasedStateMachine):
    """Snapshots are in the history, or thinned and undoable, or gone; the first two restore whatever happens."""

    @initialize()
    def create(self) -> None:
        self.store, self.files = new_store()
        self.trees: dict[SnapshotId, Tree] = {}
        self.history: dict[SnapshotId, Snapshot] = {}
        self.kept: dict[BlobId, bytes] = {}

    @rule(project=projects, tree=trees)
    def commit(self, project: ProjectId, tree: Tree) -> None:
        made = back_up(self.store, tree, project)
        self.trees[made.id], self.history[made.id] = tree, made

    @rule(newest=st.integers(1, 3), window=windows, share=st.sampled_from([0.0, 0.3, 1.0]))
    def prune(self, newest: int, window: UndoWindow, share: float) -> None:
        rules = Retention(newest=newest, floor=1, manual=True, undo=window)
        plan = self.store.housekeeping.plan(rules, share=share)
        parity, before = parity_bytes(self.files, plan.goes), stored_bytes(self.files)
        assert self.store.housekeeping.prune(plan).freed == plan.freed
        assert before - stored_bytes(self.files) == plan.freed - parity
        for project in (SHOP, LIBRARY):
            known = [snapshot for snapshot in self.history.values() if snapshot.project == project]
            for gone in (one.snapshot for one in judge(known, rules) if not one.keep):
                del self.history[gone.id]

    @rule(choice=st.integers(0, 9))
    def undo(self, choice: int) -> None:
        thinned = self.store.housekeeping.thinned()
        for snapshot in thinned[choice : choice + 2]:
            assert self.store.housekeeping.undo([snapshot.id]) == (snapshot,)
            self.history[snapshot.id] = snapshot

    @rule(choice=st.integers(0, 9), start=st.integers(0, 5))
    def keep(self, choice: int, start: int) -> None:
        for tree in [self.trees[named] for named in self.history][choice : choice + 1]:
            (path, content), *_ = tree.items()
            blob = BlobId(hash_of(content))
            span = Span(blob=blob, start=start, length=40, project=SHOP, path=path, label="")
            (keepsake,) = self.store.housekeeping.keep([span])
            self.kept[keepsake.text] = content[start : start + 40]

    @rule(lost=st.booleans())
    def reopen(self, lost: bool) -> None:
        self.files = self.files.after_power_loss() if lost else self.files.after_crash()
        self.store = Store.open(ROOT, filesystem=self.files, clock=ticking)

    @invariant()
    def everything_restores(self) -> None:
        assert {snapshot.id for snapshot in self.store.snapshots()} == set(self.history)
        there = [*self.store.snapshots(), *self.store.housekeeping.thinned()]
        assert all(restored(self.store, snapshot) == self.trees[snapshot.id] for snapshot in there)
        assert {text: self.store.read(text) for text in self.kept} == self.kept

    def teardown(self) -> None:
        assert self.store.verify().ok
        rules = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
        self.store.housekeeping.prune(self.store.housekeeping.plan(rules, share=0.0))
        assert self.store.verify().ok


TestPrunedAgainstADictionary = PrunedAgainstADictionary.TestCase
TestPrunedAgainstADictionary.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
