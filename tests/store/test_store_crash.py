"""Every operation, put to every kind of fault at every one of its calls: see the oracle for what must hold."""

from __future__ import annotations

import errno

import pytest

from codevault.errors import StorageError, StorageFull
from codevault.store.layout import FORMAT_VERSION
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.records import seal
from codevault.store.store import Store
from tests.store.faulty import Fault
from tests.store.oracle import (
    KINDS,
    Kind,
    Operation,
    after_power_loss,
    assert_keeps,
    assert_survives_at_every_call,
    fingerprint,
    struck,
)
from tests.store.scenes import (
    FIRST,
    LIBRARY,
    ROOT,
    SECOND,
    SOURCE,
    back_up,
    created_or_opened,
    interrupted_creation,
    new_store,
    overwrite,
    restored,
)

POWER = {name: kind for name, kind in KINDS.items() if kind.disks is after_power_loss}
"""Three disks a call: at every call they take as long as all other kinds together."""
every_kind = pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, id=name, marks=[pytest.mark.scale] * (name in POWER)) for name, kind in KINDS.items()],
)


def _backed_up() -> MemoryFileSystem:
    store, files = new_store()
    back_up(store, FIRST)
    with store.writer() as writer:
        writer.put_document("shop", {"name": "old"})
    return files


def _holds_the_second(store: Store) -> None:
    assert restored(store, store.snapshots()[-1]) == SECOND


def _replace_the_document(store: Store) -> None:
    with store.writer() as writer:
        writer.put_document("shop", {"name": "new"})


def _has_the_new_document(store: Store) -> None:
    assert store.document("shop") == {"name": "new"}


BACKUP = Operation(before=_backed_up(), act=lambda store: back_up(store, SECOND), finished=_holds_the_second)
DOCUMENT = Operation(before=_backed_up(), act=_replace_the_document, finished=_has_the_new_document)


@every_kind
def test_a_backup_survives_the_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(BACKUP, kind) > 50


FIRST_OF_ITS_PROJECT = Operation(before=_backed_up(), act=lambda store: back_up(store, SECOND, LIBRARY))


@pytest.mark.parametrize(
    "kind", [KINDS["dies"], pytest.param(KINDS["loses power"], marks=pytest.mark.scale), KINDS["full once"]]
)
def test_the_first_backup_of_a_project_survives_the_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(FIRST_OF_ITS_PROJECT, kind) > 50


@every_kind
def test_replacing_a_document_survives_the_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(DOCUMENT, kind) > 30


@pytest.mark.parametrize("call", range(1, 60, 3))
def test_a_document_is_the_old_one_or_the_new_one(call: int) -> None:
    left = struck(DOCUMENT, Fault(call))
    for disk in (left.files.after_crash(), left.files.after_power_loss(), left.files.after_power_loss(seed=call)):
        assert Store.open(ROOT, filesystem=disk).document("shop")["name"] in {"old", "new"}


def _raise_the_format(store: Store) -> None:
    with store.writer():
        pass


def _is_of_today(store: Store) -> None:
    assert store.format_version == FORMAT_VERSION


def _of_format_1() -> MemoryFileSystem:
    files = _backed_up()
    vault = Store.open(ROOT, filesystem=files).vault_id
    overwrite(files, ROOT / "vault.json", seal({"format": 1, "vault": vault}))
    return files


UPGRADE = Operation(before=_of_format_1(), act=_raise_the_format, finished=_is_of_today)


@every_kind
def test_raising_the_format_survives_the_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(UPGRADE, kind) > 30


@pytest.mark.parametrize("kind", POWER.values(), ids=POWER.keys())
@pytest.mark.parametrize(
    "operation", [BACKUP, FIRST_OF_ITS_PROJECT, DOCUMENT, UPGRADE], ids=["backup", "first", "document", "upgrade"]
)
def test_survives_a_power_loss_at_many_calls(operation: Operation, kind: Kind) -> None:
    assert assert_survives_at_every_call(operation, kind, stride=6, first=2) > 5


@pytest.mark.parametrize("call", range(1, 60, 3))
def test_a_format_that_was_half_raised_reads_as_the_old_one_or_the_new_one(call: int) -> None:
    left = struck(UPGRADE, Fault(call))
    for disk in (left.files.after_crash(), left.files.after_power_loss(), left.files.after_power_loss(seed=call)):
        assert Store.open(ROOT, filesystem=disk).format_version in {1, FORMAT_VERSION}


def _add_without_a_commit(store: Store) -> None:
    with store.writer() as writer:
        writer.add(SOURCE[::-1])
        writer.flush()
        writer.add_stream(iter([b"0123456789abcdef" * (1 << 16)] * 9))


ADDING = Operation(before=_backed_up(), act=_add_without_a_commit)


@every_kind
def test_adding_without_a_commit_survives_the_fault_at_some_calls(kind: Kind) -> None:
    assert assert_survives_at_every_call(ADDING, kind, stride=11, first=45) > 3


def _creation_is_taken_up(left: MemoryFileSystem, judged: set[str]) -> None:
    for disk in (left.after_crash(), left.after_power_loss(), left.after_power_loss(zeroed=True)):
        state = fingerprint(disk)
        if state not in judged:
            judged.add(state)
            store = created_or_opened(disk)
            assert restored(store, back_up(store, FIRST)) == FIRST
            assert store.verify().ok


CREATIONS: set[str] = set()


@pytest.mark.parametrize("error", [None, errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", range(1, 90))
def test_a_creation_that_met_a_fault_at_any_call_is_taken_up(call: int, error: int | None) -> None:
    _creation_is_taken_up(interrupted_creation(Fault(call, error)), CREATIONS)


def test_the_calls_of_a_creation_above_are_all_there_are() -> None:
    fault = Fault(0)
    interrupted_creation(fault)
    assert 50 < fault.calls < 90


def test_a_full_disk_is_told_from_other_refusals() -> None:
    full, refused = struck(BACKUP, Fault(40, errno.EDQUOT)), struck(BACKUP, Fault(40, errno.EROFS))
    assert isinstance(full.refusal, StorageFull)
    assert isinstance(refused.refusal, StorageError)


def test_what_an_acknowledged_backup_wrote_survives_a_power_loss() -> None:
    store, files = new_store()
    snapshot = back_up(store, FIRST)
    for disk in (files.after_power_loss(), files.after_power_loss(zeroed=True), files.after_power_loss(seed=1)):
        after = assert_keeps(disk, {})
        assert restored(after, after.snapshot(snapshot.id)) == FIRST
