"""Five years of a project in three thousand snapshots, thinned again and again as they come."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.store.filesystem import DiskFileSystem, NewFile
from codevault.store.store import Store
from codevault.store.thinning import DAY_NS, STANDARD, UndoWindow, judge
from tests.store.scenes import draft, file_entry, restored

SNAPSHOTS = 3_000
ROUNDS = 5
STEP_NS = 5 * 365 * DAY_NS // SNAPSHOTS
RULES = replace(STANDARD, undo=UndoWindow(0, 0))


class Hasty(DiskFileSystem):
    """The disk without waiting for it: three thousand commits of ten syncs each are not what is tested here."""

    def create(self, path: Path) -> NewFile:
        return _Unsynced(super().create(path))

    def sync_folder(self, path: Path) -> None:
        """Nothing."""


class _Unsynced:
    def __init__(self, new: NewFile) -> None:
        self.write, self.close = new.write, new.close

    def sync(self) -> None:
        """Nothing."""


@pytest.mark.scale
def test_five_years_of_snapshots_are_thinned_to_what_the_rules_keep(tmp_path: Path) -> None:
    now = 1_700_000_000_000_000_000
    chance = random.Random(5)
    tree = {f"src/file{number}.py": b"def f():\n    return %d\n" % number * 20 for number in range(50)}
    store = Store.create(tmp_path / "vault", filesystem=Hasty(), clock=lambda: now)
    expected: dict[str, dict[str, bytes]] = {}
    for begin in range(0, SNAPSHOTS, SNAPSHOTS // ROUNDS):
        with store.writer() as writer:
            held = {path: (writer.add(content, path=path), len(content)) for path, content in tree.items()}
            for number in range(begin, begin + SNAPSHOTS // ROUNDS):
                now += STEP_NS
                path = chance.choice(list(tree))
                tree[path] = tree[path][-4000:] + b"# %d\n" % number
                held[path] = writer.add(tree[path], path=path, hint=held[path][0]), len(tree[path])
                entries = [file_entry(name, blob, size) for name, (blob, size) in held.items()]
                made = writer.commit(replace(draft(), created_ns=now, kind="automatic"), entries)
                expected[made.id] = dict(tree)
        before = store.snapshots()
        plan = store.housekeeping.plan(RULES)
        done = store.housekeeping.prune(plan)
        assert (done.freed, done.problems, plan.frozen) == (plan.freed, (), ())
        assert store.snapshots() == tuple(one.snapshot for one in judge(before, RULES) if one.keep)
    with Store.open(tmp_path / "vault") as again:
        left = again.snapshots()
        assert 150 < len(left) < 400
        assert all(restored(again, snapshot) == expected[snapshot.id] for snapshot in left)
        assert again.verify().ok
