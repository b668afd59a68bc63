"""A vault is copied elsewhere: what is missing goes, what the vault lost stays there, and kills cost nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.errors import (
    Cancelled,
    ReplicaBusy,
    ReplicaReadOnly,
    ReplicaRefused,
    ReplicaUnreachable,
    StorageFull,
    VaultBusy,
)
from codevault.jobs import CancelToken, Reporter
from codevault.replicas.disk_objects import DiskObjects
from codevault.replicas.inventory import INVENTORY, decode_inventory, encode_inventory
from codevault.replicas.naming import Role, role_of
from codevault.replicas.opening import Pace
from codevault.replicas.ports import MemoryObjects
from codevault.replicas.sending import Wishes
from codevault.store.filesystem import Listed
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.records import RecordMalformed, seal
from codevault.store.store import Store
from tests.replicas.scenes import forget, go_on, opened, send, survives, trees, vault_with_a_past
from tests.store.scenes import FIRST, ROOT, SHOP, back_up, new_store, write

FOLDER = Path("/copy")
ASKED = Wishes(verify=True)
SURE = Wishes(acknowledge=True)


def _first(objects: MemoryObjects) -> str:
    return next(name for name in sorted(objects.held) if name.endswith(".pack"))


def _case(*changes: Callable[[Store], None]) -> tuple[Store, dict[str, bytes]]:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    for change in changes:
        send(store, objects)
        change(store)
    return store, objects.held


def test_a_replica_reads_as_the_vault_does() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    done = send(store, objects)
    assert trees(opened(objects)) == trees(store)
    assert opened(objects).verify().damages == ()
    assert (done.sent, done.objects, done.skipped) == (len(objects.held) - 1, len(objects.held) - 1, 0)
    assert done.bytes_sent == sum(len(content) for name, content in objects.held.items() if name != INVENTORY)


def test_a_second_run_sends_only_what_came_since() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    assert (send(store, objects).sent, send(store, objects, ASKED).sent) == (0, 0)
    before = set(objects.held)
    back_up(store, {**FIRST, "new.py": b"print(1)\n"})
    done = send(store, objects)
    assert done.sent == len(set(objects.held) - before)
    assert done.skipped == len(before) - 1


def test_rules_that_say_nothing_are_sent_as_well() -> None:
    store, files = vault_with_a_past()
    write(files, store.root / "policy.toml", b"")
    objects = MemoryObjects()
    send(store, objects)
    assert objects.held["policy.toml"] == b""
    assert send(store, objects).sent == 0


def test_what_the_vault_pruned_goes_from_the_replica() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    go_on(store)
    assert send(store, objects).removed > 1
    assert trees(opened(objects)) == trees(store)
    assert set(objects.held) - {INVENTORY} == set(MemoryObjects(_fresh(store)).held) - {INVENTORY}


def _fresh(store: Store) -> dict[str, bytes]:
    objects = MemoryObjects()
    send(store, objects)
    return objects.held


def test_an_erasure_reaches_the_replica_and_is_told() -> None:
    store, _ = vault_with_a_past()
    back_up(store, {"secret.txt": b"known to one project only\n"}, project=SHOP)
    objects = MemoryObjects()
    send(store, objects)
    forget(store, SHOP)
    done = send(store, objects)
    assert (done.erasures, done.removed > 0, done.unexplained) == (1, True, ())
    assert not any(SHOP in name for name in objects.held)
    assert trees(opened(objects)) == trees(store)


@pytest.mark.parametrize("how", ["after", "torn"])
@pytest.mark.parametrize("changes", [(), (go_on, forget)], ids=["first", "later"])
def test_a_replica_is_a_vault_wherever_its_replication_dies(
    changes: tuple[Callable[[Store], None], ...], how: str
) -> None:
    assert survives(*_case(*changes), how, None, None) > 20


@pytest.mark.parametrize(
    "damage", [lambda old: b"", lambda old: b"rot" + old[3:], lambda old: old[:-1]], ids=["empty", "changed", "short"]
)
def test_damage_there_is_found_and_healed(damage: Callable[[bytes], bytes]) -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    sound = dict(objects.held)
    objects.held.update({name: damage(content) for name, content in sound.items() if name != INVENTORY})
    done = send(store, objects, ASKED)
    assert {**objects.held, INVENTORY: b""} == {**sound, INVENTORY: b""}
    assert (done.sent, done.skipped, done.verified) == (len(sound) - 1, 0, True)


def test_an_object_of_another_length_is_healed_without_being_asked() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    name = _first(objects)
    sound = objects.held[name]
    objects.held[name] += b"more"
    assert send(store, objects).healed == 1
    assert objects.held[name] == sound


def test_a_vault_that_lost_snapshots_takes_none_from_its_replica() -> None:
    store, files = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    before = dict(objects.held)
    lost = store.snapshots()[0]
    files.remove(store.state.layout.snapshot(lost.project, lost.sequence, lost.id))
    with pytest.raises(ReplicaRefused) as refused:
        send(store, objects)
    assert refused.value.lost == (f"snapshots/{lost.project}/{lost.sequence:08d}-{lost.id}.json",)
    assert objects.held == before
    assert send(store, objects, SURE).removed == 1


def test_a_lost_pack_stays_at_the_replica_and_is_told() -> None:
    store, files = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    name = _first(objects)
    files.remove(ROOT / name)
    assert send(store, objects).unexplained == (name,)
    assert name in objects.held


def test_an_older_copy_of_the_vault_does_not_go_over_the_replica() -> None:
    store, files = vault_with_a_past()
    older = Store.open(ROOT, filesystem=files.settled())
    objects = MemoryObjects()
    back_up(store, FIRST)
    send(store, objects)
    with pytest.raises(ReplicaRefused, match="older copy"):
        send(older, objects)
    back_up(older, {"other.txt": b"went another way\n"})
    back_up(older, {"other.txt": b"and on\n"})
    with pytest.raises(ReplicaRefused, match="another way"):
        send(older, objects)
    send(older, objects, SURE)
    assert trees(opened(objects)) == trees(older)


def test_another_vault_is_refused_whatever_is_acknowledged() -> None:
    objects = MemoryObjects()
    send(vault_with_a_past()[0], objects)
    with pytest.raises(ReplicaRefused, match="another vault"):
        send(new_store()[0], objects, SURE)


def test_a_place_that_holds_something_else_is_refused() -> None:
    objects = MemoryObjects({"letters/first.txt": b"mine"})
    with pytest.raises(ReplicaRefused, match="other files"):
        send(vault_with_a_past()[0], objects)
    assert objects.held == {"letters/first.txt": b"mine"}


def test_what_stands_beside_a_replica_is_left_alone() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    objects.held["letters/first.txt"] = b"mine"
    assert send(store, objects).unexplained == ()
    assert objects.held["letters/first.txt"] == b"mine"


@pytest.mark.parametrize("said", [b"{}", None], ids=["damaged", "gone"])
def test_a_replica_that_says_nothing_of_itself_is_taken_up_by_its_vault(said: bytes | None) -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    del objects.held[INVENTORY]
    objects.held.update({} if said is None else {INVENTORY: said})
    assert trees(opened(objects)) == trees(store)
    send(store, objects)
    assert decode_inventory(objects.held[INVENTORY]).complete


def test_the_later_of_two_replications_goes_on() -> None:
    store, _ = vault_with_a_past()
    objects = _Overtaken(store)
    with pytest.raises(ReplicaBusy):
        send(store, objects, run="earlier")
    assert decode_inventory(objects.held[INVENTORY]).run == "later"
    assert trees(opened(objects)) == trees(store)


class _Overtaken(MemoryObjects):
    """Another replication comes and goes when the first pack was written."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store: Store | None = store

    def write(self, name: str, blocks: object) -> int:
        size = super().write(name, blocks)  # type: ignore[arg-type]  # handed on as it comes
        if name.startswith("packs/") and self.store is not None:
            store, self.store = self.store, None
            send(store, self, run="later")
        return size


def test_a_vault_that_changes_meanwhile_is_listed_anew() -> None:
    store, _ = vault_with_a_past()
    go_on(store)
    objects = _Pruning(store)
    send(store, objects)
    assert trees(opened(objects)) == trees(store)
    assert opened(objects).verify().damages == ()


class _Pruning(_Overtaken):
    """All content is written into new packs when the first one was sent."""

    def write(self, name: str, blocks: object) -> int:
        size = MemoryObjects.write(self, name, blocks)  # type: ignore[arg-type]  # handed on as it comes
        if name.startswith("packs/") and self.store is not None:
            store, self.store = self.store, None
            forget(store)
            store.compact()
        return size


def test_a_damaged_pack_is_not_sent_and_told() -> None:
    store, files = vault_with_a_past()
    sound = _fresh(store)
    name = next(name for name in sorted(sound) if name.endswith(".pack"))
    path = ROOT / name
    files.remove(path)
    new = files.create(path)
    new.write(b"x" + sound[name][1:])
    objects = MemoryObjects()
    assert send(store, objects).problems == (name,)
    assert name not in objects.held


def test_cancelling_stops_it_and_the_next_call_goes_on() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        send(store, objects, report=Reporter(cancel=token))
    send(store, objects)
    assert trees(opened(objects)) == trees(store)


def test_a_full_place_says_so_and_takes_the_rest_later() -> None:
    store, _ = vault_with_a_past()
    disk = MemoryFileSystem()
    disk.capacity = 30_000
    with pytest.raises(StorageFull):
        send(store, DiskObjects(FOLDER, filesystem=disk))
    disk.capacity = None
    send(store, DiskObjects(FOLDER, filesystem=disk), ASKED)
    assert trees(opened(DiskObjects(FOLDER, filesystem=disk))) == trees(store)


def test_a_copy_on_this_machine_survives_losing_the_power() -> None:
    store, _ = vault_with_a_past()
    disk = MemoryFileSystem()
    send(store, DiskObjects(FOLDER, filesystem=disk))
    copy = Store.open(FOLDER, filesystem=disk.after_power_loss())
    assert (trees(copy), copy.verify().damages) == (trees(store), ())
    back_up(copy, FIRST)  # a copy in a folder is a vault like any other, once somebody needs it


def test_a_replica_is_only_read() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    replica = opened(objects)
    with pytest.raises(ReplicaReadOnly):
        replica.writer()
    with pytest.raises(ReplicaReadOnly):
        replica.state.files.create(ROOT / "vault.json")


def test_an_open_replica_sees_what_came_since() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    replica = opened(objects)
    go_on(store)
    send(store, objects)
    replica.rescan()
    assert trees(replica) == trees(store)


@pytest.mark.parametrize("folder", ["projects", "packs", "log"])
def test_a_vault_that_never_keeps_still_is_busy(folder: str) -> None:
    files = _Restless()
    store = Store.create(ROOT, filesystem=files)
    back_up(store, FIRST)
    files.restless = folder
    with pytest.raises(VaultBusy):
        send(store, MemoryObjects())


class _Restless(MemoryFileSystem):
    """In one folder, what it lists is never what can be read a moment later."""

    restless = ""
    looks = 0

    def list(self, path: Path) -> tuple[Listed, ...] | None:
        listed = super().list(path) or ()
        if path.name == self.restless != "packs":
            self.looks += 1
            name = f"{100 + self.looks:08d}.json"
            return (*listed, Listed(name=name, is_file=True, is_folder=False, size=7))
        if path.parent.name == self.restless == "packs":
            return tuple(replace(one, size=one.size + 1) for one in listed)
        return listed or super().list(path)


def test_what_reads_back_differently_is_not_taken_for_sent() -> None:
    with pytest.raises(ReplicaUnreachable, match="reads back"):
        send(vault_with_a_past()[0], _Flipping(), ASKED)


class _Flipping(MemoryObjects):
    """Keeps other bytes of packs than it is given."""

    def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes | None:
        content = super().read(name, offset, length)
        return content[::-1] if content and name.endswith(".pack") else content


def test_a_run_whose_claim_is_gone_ends() -> None:
    with pytest.raises(ReplicaBusy):
        send(vault_with_a_past()[0], _Forgetting())


class _Forgetting(MemoryObjects):
    """Somebody takes the inventory away whenever a pack came."""

    def write(self, name: str, blocks: Iterable[bytes]) -> int:
        size = super().write(name, blocks)
        if name.endswith(".pack"):
            self.held.pop(INVENTORY, None)
        return size


def test_names_are_what_they_are_or_foreign() -> None:
    digits, project = "ab" + "0" * 62, "0" * 16
    known = {
        "rescue.py": Role.HELP,
        f"packs/ab/{digits}.pack": Role.PACK,
        f"packs/ab/{digits}.par": Role.PARITY,
        f"vcs/{project}/00000001-bundle-{digits}.git": Role.SHELF,
        f"thinned/{project}/00000001-{digits}.json": Role.THINNED,
        f"keepsakes/{project}.json": Role.KEEPSAKE,
        f"snapshots/{project}/00000001-{digits}.json": Role.SNAPSHOT,
        "projects/_organisation.json": Role.DOCUMENT,
        "log/00000001.copy": Role.COPY,
    }
    foreign = (
        *("lock", "letters/a.json", "log/first.json", "projects/notes.txt", f"packs/cd/{digits}.pack", "packs/ab/x/y"),
        *(f"snapshots/other/00000001-{digits}.json", f"snapshots/{project}/first.json", f"vcs/{project}/notes"),
        *(f"else/{project}/00000001-{digits}.json", "cache/catalog.sqlite", "replica.json"),
    )
    assert {name: role_of(name) for name in (*known, *foreign)} == {**dict.fromkeys(foreign), **known}


@pytest.mark.parametrize("said", [{"format": 2}, {"format": 1, "vault": "v"}], ids=["newer", "incomplete"])
def test_an_inventory_that_is_none_is_found_out(said: dict[str, object]) -> None:
    with pytest.raises(RecordMalformed):
        decode_inventory(seal(said))


def test_a_rate_is_kept_by_waiting() -> None:
    now = [0.0]
    waits: list[float] = []
    pace = Pace(1000, clock=lambda: now[0], sleep=waits.append)
    pace(500)
    pace(500)
    now[0] = 10.0
    pace(500)
    assert waits == [0.5]


def test_an_inventory_reads_as_it_was_written() -> None:
    store, _ = vault_with_a_past()
    objects = MemoryObjects()
    send(store, objects)
    content = objects.held[INVENTORY]
    assert encode_inventory(decode_inventory(content)) == content
