"""What the tests of replicas share: sending from a vault in memory, reading back, and places that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from codevault.errors import ReplicaUnreachable
from codevault.ids import ProjectId, SnapshotId
from codevault.jobs import Reporter
from codevault.replicas.inventory import INVENTORY
from codevault.replicas.listed import VaultFiles
from codevault.replicas.model import Replicated
from codevault.replicas.ports import MemoryObjects, Objects
from codevault.replicas.reading import ReplicaFiles
from codevault.replicas.sealing import Key, Seal
from codevault.replicas.sending import Replication, Wishes
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.scenes import EDITED, FIRST, LIBRARY, ROOT, SECOND, back_up, new_store, restored

Trees = dict[SnapshotId, dict[str, bytes]]
AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))


class Gone(ReplicaUnreachable):
    """The connection of a test is gone."""

    def __init__(self) -> None:
        super().__init__("gone", "memory")


@dataclass
class FailingObjects(MemoryObjects):
    """Fails at the `at`th write or removal and at every call after it.

    `how` is "before", "after" (it was done, and nobody heard) or "torn" (a part lies there under another name).
    """

    held: dict[str, bytes] = field(default_factory=dict)
    at: int = 0
    how: str = "before"
    calls: int = 0

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        self._require_connection()
        return super().read(name, offset, length)

    def write(self, name: str, blocks: Iterable[bytes]) -> int:
        content = b"".join(blocks)
        torn = {f"incoming/{name.rpartition('/')[2]}.tmp": content[: len(content) // 2]}
        return self._meet(lambda: super(FailingObjects, self).write(name, [content]), torn)

    def remove(self, name: str) -> None:
        self._meet(lambda: super(FailingObjects, self).remove(name), {})

    def _meet(self, act: Callable[[], object], torn: Mapping[str, bytes]) -> int:
        self._require_connection()
        self.calls += 1
        if self.calls == self.at and self.how != "after":
            self.held.update(torn if self.how == "torn" else {})
            raise Gone
        act()
        self._require_connection()
        return 0

    def _require_connection(self) -> None:
        if self.calls >= self.at > 0:
            raise Gone


def send(
    store: Store,
    objects: Objects,
    wishes: Wishes = Wishes(),  # noqa: B008 - a frozen value
    *,
    seal: Seal | None = None,
    run: str = "run",
    report: Reporter | None = None,
) -> Replicated:
    """Replicates a vault."""
    state = store.state
    files = VaultFiles(state.files, state.layout, state.generations)
    return Replication(
        files, objects, url="memory", vault=state.vault_id, run=run, seal=seal, wishes=wishes, report=report
    ).replicate()


def opened(objects: Objects, key: Key | None = None) -> Store:
    """The replica as a vault."""
    local = MemoryFileSystem()
    local.make_folder(ROOT / "cache")
    return Store.open(ROOT, filesystem=ReplicaFiles(objects, ROOT, "memory", key=key, local=local))


def trees(store: Store) -> Trees:
    """Every snapshot with all its files."""
    return {snapshot.id: restored(store, snapshot) for snapshot in store.snapshots()}


def vault_with_a_past() -> tuple[Store, MemoryFileSystem]:
    """Two projects, three snapshots."""
    store, files = new_store()
    back_up(store, FIRST)
    back_up(store, SECOND)
    back_up(store, FIRST, LIBRARY)
    return store, files


def go_on(store: Store) -> None:
    """A snapshot comes, others go with their packs."""
    back_up(store, {"main.py": EDITED, "only.txt": b"only this one\n" * 50})
    back_up(store, {"main.py": EDITED})
    house = store.housekeeping
    house.prune(house.plan(AT_ONCE, share=0.0))


def forget(store: Store, project: ProjectId = LIBRARY) -> None:
    """A project is erased."""
    house = store.housekeeping
    house.erase(house.plan_erase([project]))


def survives(store: Store, held: dict[str, bytes], how: str, seal: Seal | None, key: Key | None) -> int:
    """Lets a replication to a place that has `held` fail at each of its calls; gives how many there were.

    Whatever is there in between is a vault each of whose snapshots reads as it was; the next run ends the work.
    """
    now = trees(store)
    known = {**(trees(opened(MemoryObjects(held), key)) if held else {}), **now}
    at = 0
    while True:
        at += 1
        objects = FailingObjects(dict(held), at=at, how=how)
        try:
            send(store, objects, seal=seal)
        except Gone:
            if "vault.json" in {name.removesuffix(".age") for name in objects.held} and _is_told(objects, seal):
                found = trees(opened(MemoryObjects(objects.held), key))
                assert found.items() <= known.items(), at
                assert len(found) >= bool(held), at
            after = MemoryObjects(objects.held)
            send(store, after, seal=seal)
            assert trees(opened(after, key)) == now, at
            assert opened(after, key).verify().damages == (), at
            assert not any(name.startswith("incoming/") for name in after.held), at
            continue
        return at


def _is_told(objects: FailingObjects, seal: Seal | None) -> bool:
    """False for an encrypted replica whose first run died before it said what is in it."""
    return seal is None or b'"vault.json' in objects.held[INVENTORY]
