"""Repair: what parity, copies and donors can bring back comes back, and the rest is named exactly."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from codevault.errors import CodeVaultError
from codevault.ids import BlobId
from codevault.jobs import CancelToken, Reporter
from codevault.store.donors import MemoryDonor, Pieces, VaultDonor, Wanted
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import RepairReport
from codevault.store.parity import Parity
from codevault.store.records import hash_of
from codevault.store.store import Store
from tests.store.faulty import Fault, FaultyFileSystem, ProcessDied
from tests.store.scenes import (
    EDITED,
    FIRST,
    ROOT,
    SECOND,
    SHOP,
    SOURCE,
    all_files,
    back_up,
    flipped,
    new_store,
    overwrite,
    restored,
    ticking,
)

LAYOUT = Layout(ROOT)


def _made() -> MemoryFileSystem:
    store, files = new_store()
    back_up(store, FIRST)
    back_up(store, SECOND)
    with store.writer() as writer:
        writer.put_document("shop", {"name": "Shop"})
        writer.add(b"0123456789abcdef" * (9 << 16))
    return files


MADE = _made()
TREES = [restored(store, snapshot) for store in [Store.open(ROOT, filesystem=MADE)] for snapshot in store.snapshots()]
ALL = sorted(path for path in all_files(MADE) if "cache" not in path.parts and path.name not in {"lock", "vault.json"})
NOT_PACKS = [path for path in ALL if path.suffix != ".pack"]
PACKS = [path for path in ALL if path.suffix == ".pack"]
HARM: dict[str, Callable[[bytes], bytes]] = {
    "flipped": lambda content: flipped(content, len(content) // 2),
    "cut short": lambda content: content[:-1],
    "with garbage": lambda content: content + b"garbage",
    "doubled": lambda content: content * 2,
}
WORSE: dict[str, Callable[[bytes], bytes]] = {
    "flipped": HARM["flipped"],
    "zeroed": lambda content: bytes(len(content)),
}
every_harm = pytest.mark.parametrize("harm", HARM.values(), ids=HARM.keys())
every_worse = pytest.mark.parametrize("harm", WORSE.values(), ids=WORSE.keys())


def _opened(files: MemoryFileSystem) -> Store:
    return Store.open(ROOT, filesystem=files, clock=ticking)


def _harmed(path: Path, harm: Callable[[bytes], bytes]) -> MemoryFileSystem:
    files = MADE.after_crash()
    overwrite(files, path, harm(files.read(path) or b""))
    return files


def _assert_healed(files: MemoryFileSystem, report: RepairReport) -> None:
    told = {notice.kind for notice in report.verified.notices} - {"waste"}  # of what was added, never committed
    assert (report.verified.damages, told, report.lost, report.ok) == ((), set(), (), True)
    store = _opened(files)
    assert store.verify().ok
    assert [restored(store, snapshot) for snapshot in store.snapshots()] == TREES
    assert dict(store.document("shop")) == {"name": "Shop"}


def _pack_of(content: bytes) -> Path:
    return LAYOUT.pack(_opened(MADE)._state.catalog.find(BlobId(hash_of(content)))[0].pack)


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name[:24])
@every_harm
def test_a_harmed_pack_is_made_whole(path: Path, harm: Callable[[bytes], bytes]) -> None:
    files = _harmed(path, harm)
    _assert_healed(files, _opened(files).repair())


@pytest.mark.parametrize("path", NOT_PACKS, ids=lambda path: path.name[:24])
@every_worse
def test_a_small_file_or_parity_comes_back_whole(path: Path, harm: Callable[[bytes], bytes]) -> None:
    files = _harmed(path, harm)
    _assert_healed(files, _opened(files).repair())


@pytest.mark.parametrize("path", NOT_PACKS, ids=lambda path: path.name[:24])
def test_a_small_file_or_parity_that_is_gone_comes_back(path: Path) -> None:
    files = MADE.after_crash()
    files.remove(path)
    _assert_healed(files, _opened(files).repair())


TEXTS = [path for path in ALL if path.suffix in {".json", ".txt", ".py"}]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name[:24])
def test_a_text_whose_line_endings_were_changed_is_read_as_it_was(path: Path) -> None:
    files = _harmed(path, lambda content: content.replace(b"\n", b"\r\n"))
    assert not _opened(files).verify().ok
    report = _opened(files).repair()
    _assert_healed(files, report)
    assert report.steps[0].by == "itself, with its line endings put right"


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.name[:24])
def test_a_pack_that_is_gone_comes_back_from_donors(path: Path) -> None:
    files = MADE.after_crash()
    files.remove(path)
    tree, vault = MemoryDonor.of(*FIRST.values(), *SECOND.values()), VaultDonor(_opened(MADE))
    _assert_healed(files, _opened(files).repair([tree, vault]))


def test_what_was_damaged_is_kept_in_quarantine() -> None:
    path = _pack_of(SOURCE)
    files = _harmed(path, HARM["flipped"])
    damaged = files.read(path)
    (name,) = _opened(files).repair().quarantined
    assert files.read(ROOT / name) == damaged


def test_a_plan_says_what_would_be_done_and_writes_nothing() -> None:
    files = _harmed(_pack_of(SOURCE), HARM["flipped"])
    before = {path: files.read(path) for path in all_files(files)}
    plan = _opened(files).repair(plan=True)
    assert {path: files.read(path) for path in all_files(files)} == before
    assert [(step.action, step.by) for step in plan.steps] == [("rebuild", "parity")]
    assert (plan.planned, plan.lost, plan.ok, plan.verified.ok) == (True, (), True, False)
    assert _opened(files).repair().steps == plan.steps


def test_a_plan_says_what_would_be_lost_and_what_donors_would_give() -> None:
    files = MADE.after_crash()
    files.remove(_pack_of(SECOND["new.py"]))
    store = _opened(files)
    assert [lost.path for lost in store.repair(plan=True).lost] == ["new.py"]
    given = store.repair([MemoryDonor.of(SECOND["new.py"])], plan=True)
    assert ([step.action for step in given.steps], given.lost) == (["forget", "store"], ())


def test_a_sound_vault_is_left_alone() -> None:
    files = MADE.after_crash()
    report = _opened(files).repair()
    assert (report.steps, report.quarantined, report.ok) == ((), (), True)


def test_beyond_parity_the_sound_frames_are_kept_and_the_lost_versions_named() -> None:
    store, files = new_store()
    store._state.parity = Parity(0)
    with store.writer() as writer:
        writer.add(b"sound" * 1000)
        writer._packer.close_group()
        writer.add(b"doomed" * 1000)
    back_up(store, {"kept": b"sound" * 1000})
    lost = back_up(store, {"kept": b"sound" * 1000, "gone.txt": b"doomed" * 1000})
    back_up(store, {"kept": b"sound" * 1000, "gone.txt": b"doomed" * 1000, "new": b"n"})
    place = store._state.catalog.find(BlobId(hash_of(b"doomed" * 1000)))[0]
    path = LAYOUT.pack(place.pack)
    overwrite(files, path, flipped(files.read(path) or b"", place.at + 14))
    again = _opened(files)
    again._state.parity = Parity(0)
    report = again.repair()
    assert [step.action for step in report.steps] == ["salvage"]
    (found,) = report.lost
    assert (found.project, found.path, found.first, found.last, found.snapshots) == (SHOP, "gone.txt", 2, 3, 2)
    assert (report.verified.damages, report.verified.affected[0], report.ok) == ((), lost.id, False)
    assert again.read(BlobId(hash_of(b"sound" * 1000))) == b"sound" * 1000
    assert files.read(path) is None


def test_damage_beyond_parity_makes_nothing_worse() -> None:
    path = _pack_of(SOURCE)
    files = _harmed(path, WORSE["zeroed"])
    report = _opened(files).repair()
    assert "salvage" in [step.action for step in report.steps]
    assert files.read(ROOT / report.quarantined[0]) == bytes(len(MADE.read(path) or b""))
    healed = _opened(files).repair([VaultDonor(_opened(MADE))])
    _assert_healed(files, healed)


def test_a_repaired_pack_is_not_repaired_again() -> None:
    files = _harmed(_pack_of(SOURCE), HARM["flipped"])
    _opened(files).repair()
    assert _opened(files).repair().steps == ()


def test_a_donor_that_offers_something_else_heals_nothing() -> None:
    files = MADE.after_crash()
    files.remove(_pack_of(SECOND["new.py"]))
    liar = MemoryDonor({BlobId(hash_of(SECOND["new.py"])): b"other bytes"})
    report = _opened(files).repair([liar])
    assert ([step.action for step in report.steps], [lost.path for lost in report.lost]) == (["forget"], ["new.py"])


class _Unplugged(MemoryDonor):
    def offers(self, wanted: Wanted) -> Iterator[Pieces]:  # noqa: ARG002 - a donor's signature
        yield _unreadable


def _unreadable() -> Iterator[bytes]:
    raise OSError(errno.ENODEV, "unplugged")


def test_a_donor_that_cannot_be_read_heals_nothing() -> None:
    files = MADE.after_crash()
    files.remove(_pack_of(SECOND["new.py"]))
    assert [lost.path for lost in _opened(files).repair([_Unplugged()]).lost] == ["new.py"]


def test_the_newest_copy_of_a_document_comes_back_when_its_newest_version_is_lost() -> None:
    files = MADE.after_crash()
    store = _opened(files)
    with store.writer() as writer:
        writer.put_document("shop", {"name": "Newer"})
    newest = store._state.generations.newest().sequence
    files.remove(LAYOUT.copy(newest))
    overwrite(files, LAYOUT.document("shop"), b"")
    report = _opened(files).repair()
    assert report.ok
    assert dict(_opened(files).document("shop")) == {"name": "Shop"}


def test_repair_can_be_cancelled_between_two_steps() -> None:
    files = _harmed(_pack_of(SOURCE), HARM["flipped"])
    token = CancelToken()
    token.cancel()
    with pytest.raises(CodeVaultError, match="cancelled"):
        _opened(files).repair(report=Reporter(None, token))


def _badly_damaged() -> MemoryFileSystem:
    """Something of everything: a pack for parity, one for a donor, a record, a document, parity, a copy."""
    files = MADE.after_crash()
    hit, gone = _pack_of(SOURCE), _pack_of(SECOND["new.py"])
    overwrite(files, hit, flipped(files.read(hit) or b"", 150))
    files.remove(gone)
    overwrite(files, LAYOUT.record(2), b"{}")
    files.remove(LAYOUT.document("shop"))
    files.remove(LAYOUT.copy(3))
    overwrite(files, _pack_of(EDITED).with_suffix(".par"), b"nothing")
    return files


DAMAGED = _badly_damaged()


def _repaired(files: MemoryFileSystem, fault: Fault) -> RepairReport | None:
    with suppress(ProcessDied, CodeVaultError):
        store = Store.open(ROOT, filesystem=FaultyFileSystem(files, fault), clock=ticking)
        return store.repair([MemoryDonor.of(SECOND["new.py"])])
    return None


def _calls() -> int:
    fault = Fault(0)
    _repaired(DAMAGED.after_crash(), fault)
    return fault.calls


def _assert_stopped_repairs_are_finished_by_the_next(first: int, stride: int, error: int | None) -> None:
    for call in range(first, _calls() + 1, stride):
        files = DAMAGED.after_crash()
        _repaired(files, Fault(call, error))
        left = files.after_power_loss() if error is None and call % 2 else files.after_crash()
        _assert_healed(left, _opened(left).repair([MemoryDonor.of(SECOND["new.py"])]))


every_error = pytest.mark.parametrize("error", [None, errno.EIO, errno.ENOSPC], ids=["dies", "error", "full"])


@every_error
def test_a_repair_that_is_stopped_is_done_by_the_next(error: int | None) -> None:
    _assert_stopped_repairs_are_finished_by_the_next(3, 41, error)


@pytest.mark.scale
@every_error
@pytest.mark.parametrize("first", range(1, 9))
def test_a_repair_that_is_stopped_at_any_call_is_done_by_the_next(first: int, error: int | None) -> None:
    _assert_stopped_repairs_are_finished_by_the_next(first, 8, error)
