"""The store as a dictionary of snapshots, and everything that may happen to it, in any order."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from codevault.errors import CodeVaultError, VaultBusy
from codevault.ids import ProjectId, SnapshotId
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.faulty import Fault, FaultyFileSystem, ProcessDied
from tests.store.scenes import LIBRARY, ROOT, SHOP, all_files, draft, file_entry, flipped, overwrite

Tree = dict[str, bytes]
LINES = tuple(f"def name_{number}(value):\n    return value * {number}\n\n".encode() for number in range(120))
NAMES = ("main.py", "lib/a.py", "lib/b.py", "readme", "strange \udcff\n name")
DAY = 86_400_000_000_000
projects = st.sampled_from([SHOP, LIBRARY])
calls = st.integers(min_value=1, max_value=160)
seeds = st.integers(min_value=0, max_value=2**32)
faults = st.sampled_from([None, errno.EIO, errno.ENOSPC, errno.EROFS, KeyboardInterrupt, MemoryError])


def text_of(seed: int) -> bytes:
    """A file of some lines that many other files hold, too."""
    chance = random.Random(seed)
    if seed % 7 == 0:
        return b""
    start = chance.randrange(100)
    return b"".join(LINES[start : start + chance.randrange(1, 20)]) + b"# %d\n" % (seed % 11)


class StoreModel(RuleBasedStateMachine):
    """`live` and `thinned` are what the vault must hold, `trees` what each snapshot ever made was made of."""

    steps = 0

    @initialize()
    def create(self) -> None:
        self.now = 1_700_000_000 * 10**9
        self.files = MemoryFileSystem()
        self.store = Store.create(ROOT, filesystem=self.files, clock=self.clock)
        self.reader = self.opened(self.files)
        self.trees: dict[SnapshotId, Tree] = {}
        self.live: dict[SnapshotId, ProjectId] = {}
        self.thinned: dict[SnapshotId, ProjectId] = {}
        self.current: dict[ProjectId, Tree] = {SHOP: {}, LIBRARY: {}}
        self.intended: tuple[ProjectId, Tree] = (SHOP, {})
        self.unsure: set[SnapshotId] = set()  # seen after a crash, acknowledged to nobody, made durable by no turn yet

    def clock(self) -> int:
        """Nanoseconds; moves only when a rule says so."""
        return self.now

    def opened(self, files: MemoryFileSystem) -> Store:
        """The vault as a new process sees it."""
        return Store.open(ROOT, filesystem=files, clock=self.clock)

    # what users do

    @rule(project=projects, name=st.sampled_from(NAMES), seed=seeds)
    def write_a_file(self, project: ProjectId, name: str, seed: int) -> None:
        self.current[project] = {**self.current[project], name: text_of(seed)}

    @rule(project=projects, name=st.sampled_from(NAMES), seed=seeds)
    def change_a_file(self, project: ProjectId, name: str, seed: int) -> None:
        old = self.current[project].get(name, b"")
        self.current[project] = {**self.current[project], name: old + LINES[seed % 120] + old[: seed % 50]}

    @rule(project=projects, name=st.sampled_from(NAMES))
    def remove_a_file(self, project: ProjectId, name: str) -> None:
        self.current[project] = {path: held for path, held in self.current[project].items() if path != name}

    @rule(project=projects, old=st.sampled_from(NAMES), new=st.sampled_from(NAMES))
    def rename_a_file(self, project: ProjectId, old: str, new: str) -> None:
        tree = dict(self.current[project])
        if old in tree:
            tree[new] = tree.pop(old)
        self.current[project] = tree

    @rule(project=projects)
    def back_up(self, project: ProjectId) -> None:
        self.commit(self.store, project)

    @rule(project=projects)
    def back_up_twice_at_once(self, project: ProjectId) -> None:
        with self.opened(self.files).writer() as writer:
            writer.add(b"in the other's hands")
            try:
                self.commit(self.store, project)
            except VaultBusy:
                return
            raise AssertionError("two writers at once")

    @rule(project=projects, seed=seeds)
    def back_up_something_large(self, project: ProjectId, seed: int) -> None:
        if seed % 8 == 0:
            self.current[project] = {**self.current[project], "large": text_of(seed) * (8_400_000 // 400)}
        self.commit(self.store, project)

    @rule(newest=st.integers(1, 3), generations=st.integers(0, 3), share=st.sampled_from([0.0, 0.3]))
    def prune(self, newest: int, generations: int, share: float) -> None:
        self.thin(self.store, Retention(newest=newest, floor=1, manual=True, undo=UndoWindow(generations, 0)), share)
        self.look_what_is_there()

    @rule()
    def free_the_waste(self) -> None:
        self.thin(self.store, None, 0.0)
        assert {snapshot.id for snapshot in self.store.snapshots()} == set(self.live)

    @precondition(lambda self: bool(getattr(self, "thinned", None)))
    @rule(number=seeds)
    def undo(self, number: int) -> None:
        chosen = sorted(self.thinned)[number % len(self.thinned)]
        self.store.housekeeping.undo([chosen])
        self.live[chosen] = self.thinned.pop(chosen)
        self.unsure.clear()

    @rule()
    def compact(self) -> None:
        self.store.compact()
        self.unsure.clear()

    @rule(at=calls, fault=faults, seed=seeds)
    def compact_and_meet_a_fault(self, at: int, fault: int | type | None, seed: int) -> None:
        self.meet(lambda store: store.compact(), at, fault, seed)

    # what happens to them

    @rule(project=projects, at=calls, fault=faults, seed=seeds)
    def back_up_and_meet_a_fault(self, project: ProjectId, at: int, fault: int | type | None, seed: int) -> None:
        self.meet(lambda store: self.commit(store, project), at, fault, seed)

    @rule(at=calls, fault=faults, seed=seeds, newest=st.integers(1, 3))
    def prune_and_meet_a_fault(self, at: int, fault: int | type | None, seed: int, newest: int) -> None:
        retention = Retention(newest=newest, floor=1, manual=True, undo=UndoWindow(seed % 3, 0))
        self.meet(lambda store: self.thin(store, retention, 0.0), at, fault, seed, thins=True)

    @rule(seed=seeds)
    def lose_the_power(self, seed: int) -> None:
        before = set(self.live) - self.unsure
        self.boot(self.files.after_power_loss(zeroed=seed % 3 == 0, seed=seed if seed % 3 == 1 else None))
        self.look_what_is_there()
        assert before <= set(self.live), "a snapshot is gone"

    @rule()
    def reopen(self) -> None:
        self.reader, self.store = self.store, self.opened(self.files)

    def boot(self, files: MemoryFileSystem) -> None:
        """Goes on with the disk that is left; no open vault outlives that."""
        self.files = files
        self.reader, self.store = self.opened(files), self.opened(files)

    @rule()
    def lose_the_cache(self) -> None:
        self.files.remove(Layout(ROOT).cache / "packs.catalog")
        self.reopen()

    @rule(days=st.integers(-4000, 4000))
    def set_the_clock(self, days: int) -> None:
        self.now = max(10**9, min(2**62, self.now + days * DAY))

    @rule(file=seeds, at=seeds)
    def damage_and_repair(self, file: int, at: int) -> None:
        self.store.repair()  # a run that died right after its commit made no parity and no copies
        places = sorted(path for path in all_files(self.files) if path.relative_to(ROOT).parts[0] not in UNCHECKED)
        path = places[file % len(places)]
        content = self.files.read(path) or b""
        overwrite(self.files, path, flipped(content, at % len(content)))
        with suppress(CodeVaultError):  # vault.json itself
            assert not self.opened(self.files).verify().ok, f"not found: {path}"
            self.reopen()
            self.store.repair()
        left = self.opened_or_put_back(content)
        assert left.verify().ok, f"not repaired: {path} {left.verify().damages}"
        self.reopen()

    def opened_or_put_back(self, content: bytes) -> Store:
        """What repair cannot do alone, the user does from his own copy: vault.json."""
        try:
            return self.opened(self.files)
        except CodeVaultError:
            overwrite(self.files, ROOT / "vault.json", content)
            return self.opened(self.files)

    # how

    def commit(self, store: Store, project: ProjectId) -> None:
        """Backs up what the project holds now."""
        tree = self.current[project]
        with store.writer() as writer:
            entries = [file_entry(path, writer.add(held, path=path), len(held)) for path, held in tree.items()]
            self.intended = (project, tree)
            snapshot = writer.commit(draft(project), entries)
        self.trees[snapshot.id] = tree
        self.live[snapshot.id] = project
        self.unsure.clear()

    def thin(self, store: Store, retention: Retention | None, share: float) -> None:
        """Plans and prunes, whatever the plan thinks of the clock."""
        house = store.housekeeping
        plan = house.plan(retention, share=share)
        house.prune(plan, acknowledged=plan.frozen)
        self.unsure.clear()

    def meet(
        self, act: Callable[[Store], object], at: int, fault: int | type | None, seed: int, *, thins: bool = False
    ) -> None:
        """Does it with the fault at call `at`; dead processes may lose the power, too."""
        before = set(self.live) - self.unsure
        met = Fault(
            at,
            error=fault if isinstance(fault, int) else None,
            raises=fault if isinstance(fault, type) else None,
        )
        with suppress(ProcessDied, CodeVaultError, KeyboardInterrupt, MemoryError):
            act(Store.open(ROOT, filesystem=FaultyFileSystem(self.files, met), clock=self.clock))
        if met.dead:
            self.boot(self.files.after_crash() if seed % 2 else self.files.after_power_loss(seed=seed))
        self.reopen()
        self.look_what_is_there()
        if not thins:
            assert before <= set(self.live), "a snapshot is gone"

    def look_what_is_there(self) -> None:
        """Takes up what an operation left: each snapshot is one that was made, or the one that was being made."""
        found = {snapshot.id: snapshot.project for snapshot in self.store.snapshots()}
        for unknown in set(found) - set(self.trees):
            self.unsure.add(unknown)
            assert found[unknown] == self.intended[0]
            self.trees[unknown] = self.intended[1]
        newest = {
            project: max((s.sequence for s in self.store.snapshots(project)), default=0) for project in (SHOP, LIBRARY)
        }
        sure = {project for snapshot, project in self.live.items() if snapshot not in self.unsure}
        assert all(newest[project] for project in sure), "the last snapshot of a project is gone"
        self.live = found
        self.thinned = {snapshot.id: snapshot.project for snapshot in self.store.housekeeping.thinned()}

    @invariant()
    def everything_is_there(self) -> None:
        StoreModel.steps += 1
        assert {snapshot.id for snapshot in self.store.snapshots()} == set(self.live)
        for snapshot in self.live:
            for store in (self.store, self.reader):
                found = store.snapshot(snapshot)
                assert {e.path: store.read(e.blob) for e in store.manifest(found) if e.blob} == self.trees[snapshot]

    def teardown(self) -> None:
        report = self.store.verify()
        assert report.ok, report.damages


UNCHECKED = frozenset({"cache", "incoming", "lock", "quarantine", "reserve"})
