"""Erasing projects: what only they have is in no file afterwards, what others share is as it was, and it is proven."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.errors import EraseRefused, InvalidArgument, RecordDamaged, StorageFull
from codevault.ids import BlobId, ProjectId
from codevault.store.erasing import Content, Erased, ErasePlan, SharedContent
from codevault.store.keepsakes import Span
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Snapshot
from codevault.store.pack import FrameKind
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.faulty import Fault, FaultyFileSystem, ProcessDied
from tests.store.oracle import KINDS, Kind, Operation, assert_survives_at_every_call
from tests.store.scenes import (
    LIBRARY,
    ROOT,
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

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())
SECRET = random.Random(1).randbytes(5000)  # no compression hides it
OLDER = random.Random(2).randbytes(3000)
COMMON = random.Random(3).randbytes(4000)
NAME = "Hush & Sons"
# Alike enough to be stored as differences from each other, in one frame or another.
THEIRS = SOURCE.replace(b"argument", b"secretly")
OURS = THEIRS.replace(b"secretly + 77", b"openly - 77")
LARGE = random.Random(4).randbytes(9 << 20)


def _document(store: Store, project: ProjectId, client: str) -> None:
    with store.writer() as writer:
        writer.put_document(project, {"client": client})


def _vault(large: bytes = b"") -> MemoryFileSystem:
    """A client to be erased (SHOP) and one that stays, who share a file, frames, and bases of differences."""
    store, files = new_store()
    _document(store, SHOP, NAME)
    _document(store, LIBRARY, "Others")
    back_up(store, {"a.py": THEIRS, "old": OLDER, "common": COMMON, "large": large}, reason=f"for {NAME}")
    back_up(store, {"a.py": OURS, "common": COMMON, "large": large}, LIBRARY)
    back_up(store, {"a.py": THEIRS.replace(b"+ 5\n", b"- 5\n"), "secret": SECRET, "common": COMMON})
    back_up(store, {"a.py": OURS.replace(b"+ 9\n", b"- 9\n"), "common": COMMON}, LIBRARY)
    store.shelf.put(SHOP, "bundle", "git", [SECRET])
    store.shelf.put(LIBRARY, "bundle", "git", [COMMON])
    span = Span(blob=BlobId(hash_of(SECRET)), start=0, length=1000, project=SHOP, path="secret", label="key")
    store.housekeeping.keep([span])
    return files


VAULT = _vault()


def _opened(files: MemoryFileSystem) -> Store:
    return Store.open(ROOT, filesystem=files, clock=ticking)


def _erase(store: Store) -> Erased:
    house = store.housekeeping
    plan = house.plan_erase([SHOP])
    return house.erase(plan, acknowledged=plan.frozen, note="contract ended")


def _bytes_of(files: MemoryFileSystem) -> int:
    below = (path for path in all_files(files) if path.relative_to(ROOT).parts[0] not in {"cache", "reserve", "log"})
    return sum(len(files.read(path) or b"") for path in below)


def _holding(files: MemoryFileSystem, wanted: bytes) -> list[Path]:
    return [path for path in all_files(files) if wanted in (files.read(path) or b"")]


def _pictures(store: Store) -> dict[Snapshot, dict[str, bytes]]:
    return {snapshot: restored(store, snapshot) for snapshot in store.snapshots(LIBRARY)}


def _only_the_others_are_left(store: Store) -> None:
    assert store.snapshots(SHOP) == ()
    assert [one.projects for one in store.housekeeping.erasures()] == [(SHOP,)]
    assert store.housekeeping.plan_erase([SHOP]).blobs == frozenset()
    assert store.verify().ok


KEPT = tuple(snapshot.id for snapshot in _opened(VAULT.after_crash()).snapshots(LIBRARY))
ERASE = Operation(before=VAULT, act=_erase, keeps=KEPT, finished=_only_the_others_are_left)


def test_what_only_they_had_is_in_no_file_and_what_others_share_is_as_it_was() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    before = _pictures(store)
    held = [bool(_holding(files, secret[100:200])) for secret in (SECRET, OLDER)]

    done = _erase(store)

    again = _opened(files)
    assert held == [True, True]
    assert [_holding(files, secret) for secret in (SECRET[100:200], OLDER[100:200], NAME.encode())] == [[], [], []]
    assert (done.complete, done.problems) == (True, ())
    assert _pictures(again) == before
    assert again.shelf.files(SHOP) == ()
    assert len(again.shelf.files(LIBRARY)) == 1
    assert again.verify().ok


def test_the_copies_under_the_log_hold_no_record_of_them_and_all_of_the_others() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    names = _copied(store)

    done = _erase(store)

    of_theirs = {name for name in names if SHOP in name}
    assert of_theirs
    assert names - _copied(store) == of_theirs
    assert done.copies_looked_at == len(store._state.generations.copies())
    assert len(done.plan.copies) >= len(of_theirs) / 2


def _copied(store: Store) -> set[str]:
    generations = store._state.generations
    return {name for sequence in generations.copies() for name in generations.copy(sequence).files}


def test_a_plan_counts_what_goes_and_what_stays_to_the_byte() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    plan = store.housekeeping.plan_erase([SHOP])
    before = _bytes_of(files)

    done = store.housekeeping.erase(plan)

    record = len(files.read(Layout(ROOT).document("_erasures")) or b"")
    new = {path for path in all_files(files) if path.suffix == ".par"} - set(all_files(VAULT))
    parity = sum(len(files.read(path) or b"") for path in new)
    assert plan.shared == (SharedContent(project=LIBRARY, content=Content(2, len(COMMON))),)
    assert plan.unique.bytes > len(SECRET) + len(OLDER)
    assert (plan.snapshots, len(plan.projects), bool(plan.anew), plan.frozen) == (2, 1, True, ())
    assert done.freed == plan.freed
    assert before - _bytes_of(files) == done.freed - record - parity


def test_planning_changes_nothing() -> None:
    files = VAULT.after_crash()
    before = {path: files.read(path) for path in all_files(files)}

    _opened(files).housekeeping.plan_erase([SHOP])

    assert {path: files.read(path) for path in all_files(files)} == before


def test_the_vault_remembers_that_it_erased_and_nothing_of_what() -> None:
    files = VAULT.after_crash()
    store = _opened(files)

    done = _erase(store)

    (remembered,) = _opened(files).housekeeping.erasures()
    assert remembered == done.erasure
    assert (remembered.projects, remembered.snapshots, remembered.note) == ((SHOP,), 2, "contract ended")
    assert (remembered.at_ns, remembered.shared) == (ticking(), ((LIBRARY, 2),))
    assert remembered.digest == hash_of("".join(f"{blob}\n" for blob in sorted(done.plan.blobs)).encode())


def test_what_rested_on_erased_content_is_stored_anew() -> None:
    store = _opened(VAULT.after_crash())
    plan = store.housekeeping.plan_erase([SHOP])
    rested = [
        place
        for blob in plan.sifted.stored
        for place in store._state.catalog.find(blob)
        if place.kind is FrameKind.DELTA
    ]

    store.housekeeping.erase(plan)

    assert rested, "nothing of these tests rests on what is erased"
    assert [store.contains(place.blob) for place in rested] == [True] * len(rested)


def test_large_files_that_are_shared_stay_and_their_own_go() -> None:
    files = _vault(LARGE)
    store = _opened(files)
    back_up(store, {"own": LARGE[::-1], "large": LARGE})

    done = _erase(store)

    assert done.complete
    assert restored(store, store.snapshots(LIBRARY)[0])["large"] == LARGE
    assert not store.contains(BlobId(hash_of(LARGE[::-1])))
    assert _holding(files, LARGE[::-1][5000:5100]) == []


def test_what_was_thinned_goes_too() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    retention = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(9, 9))
    store.housekeeping.prune(store.housekeeping.plan(retention, projects=[SHOP]))

    done = _erase(store)

    assert done.complete
    assert store.housekeeping.thinned() == ()
    assert _holding(files, OLDER[100:200]) == []


def test_erasing_the_only_project_leaves_an_empty_vault_that_goes_on() -> None:
    store, files = new_store()
    back_up(store, {"secret": SECRET})

    done = _erase(store)

    assert done.complete
    assert _holding(files, SECRET[100:200]) == []
    assert restored(store, back_up(store, {"secret": SECRET}, LIBRARY)) == {"secret": SECRET}
    assert store.verify().ok


def test_several_projects_go_at_once_and_leave_nothing() -> None:
    files = VAULT.after_crash()
    store = _opened(files)

    done = store.housekeeping.erase(store.housekeeping.plan_erase([SHOP, LIBRARY]))

    assert (done.complete, store.snapshots(), list(store.documents())) == (True, (), ["_erasures"])
    assert done.plan.shared == ()


def test_files_put_aside_by_repairs_go_when_they_may_hold_it() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    layout = Layout(ROOT)
    packs = sorted(store._state.catalog.packs)
    whole = {f"packs~{pack[:2]}~{pack}.pack.{'0' * 16}": files.read(layout.pack(pack)) or b"" for pack in packs}
    files.make_folder(layout.quarantine)
    copy = layout.copy(store._state.generations.copies()[-1])
    others = {
        f"packs~aa~{'a' * 64}.pack.{'0' * 16}": b"torn",
        f"packs~aa~{'a' * 64}.par.{'0' * 16}": b"parity of who knows what",
        f"snapshots~{SHOP}~00000001-{'a' * 64}.json.{'0' * 16}": b"theirs",
        f"snapshots~{LIBRARY}~00000001-{'a' * 64}.json.{'0' * 16}": b"another's",
        f"log~{copy.name}.{'0' * 16}": b"no copy any more",
    }
    for name, content in {**whole, **others}.items():
        overwrite(files, layout.quarantine / name, content)

    done = _erase(store)

    left = {path.name for path in all_files(files, layout.quarantine)}
    assert f"snapshots~{LIBRARY}~00000001-{'a' * 64}.json.{'0' * 16}" in left
    assert not left & (others.keys() - {f"snapshots~{LIBRARY}~00000001-{'a' * 64}.json.{'0' * 16}"})
    assert len(left) == 1 + len(packs) - len(done.plan.sifted.goes)
    assert done.complete


def _act_on_an_older_plan(store: Store, plan: ErasePlan) -> None:
    back_up(store, {"new": b"new"}, LIBRARY)
    store.housekeeping.erase(plan)


def _act_with_a_damaged_pack(store: Store, plan: ErasePlan) -> None:
    files, path = store._state.files, Layout(ROOT).pack(plan.anew[0])
    content = files.read(path) or b""
    assert isinstance(files, MemoryFileSystem)
    overwrite(files, path, flipped(content, len(content) - 3))
    store.housekeeping.erase(plan)


def _act_unacknowledged(store: Store, plan: ErasePlan) -> None:
    store.housekeeping.erase(replace(plan, frozen=("something is odd",)))


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (_act_on_an_older_plan, "changed since"),
        (_act_with_a_damaged_pack, "is damaged"),
        (_act_unacknowledged, "something is odd"),
    ],
)
def test_nothing_is_erased_when_something_is_not_as_planned(act: Callable[[Store, ErasePlan], None], why: str) -> None:
    store = _opened(VAULT.after_crash())

    with pytest.raises(EraseRefused, match=why):
        act(store, store.housekeeping.plan_erase([SHOP]))

    assert len(store.snapshots(SHOP)) == 2


def test_damage_of_others_has_to_be_acknowledged_and_theirs_does_not() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    for project in (SHOP, LIBRARY):
        first = store.snapshots(project)[0]
        files.remove(Layout(ROOT).snapshot(project, first.sequence, first.id))
    again = _opened(files)

    plan = again.housekeeping.plan_erase([SHOP])

    assert [SHOP in reason for reason in plan.frozen] == [False] * len(plan.frozen)
    assert any(LIBRARY in reason for reason in plan.frozen)


def test_a_torn_pack_and_lost_content_are_reasons_and_what_stays_is_told() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    pack = store.housekeeping.plan_erase([SHOP]).anew[0]
    path = Layout(ROOT).pack(pack)
    overwrite(files, path, (files.read(path) or b"") + b"garbage")
    again = _opened(files)
    plan = again.housekeeping.plan_erase([SHOP])

    done = again.housekeeping.erase(plan, acknowledged=plan.frozen)

    assert any(pack in reason for reason in plan.frozen)
    assert any(pack in problem for problem in done.problems)
    assert not done.complete


def test_a_copy_that_cannot_be_read_is_told() -> None:
    files = VAULT.after_crash()
    store = _opened(files)
    copy = Layout(ROOT).copy(2)
    overwrite(files, copy, b"no copy")

    done = _erase(store)

    assert [problem.count("00000002.copy") for problem in done.problems] == [1, 1]


def test_a_disk_that_is_full_while_packs_are_written_anew_leaves_all_as_it_was() -> None:
    files = VAULT.after_crash()
    before = {path for path in all_files(files) if path.suffix == ".pack"}
    full = Fault(1, errno.ENOSPC, only="rename")

    with pytest.raises(StorageFull):
        _erase(Store.open(ROOT, filesystem=FaultyFileSystem(files, full), clock=ticking))

    again = _opened(files)
    assert {path for path in all_files(files) if path.suffix == ".pack"} == before
    assert (len(again.snapshots(SHOP)), again.verify().ok) == (2, True)


def test_an_erasure_that_died_behind_its_new_packs_is_finished_and_stores_nothing_twice() -> None:
    files = VAULT.after_crash()
    with suppress(ProcessDied):
        _erase(Store.open(ROOT, filesystem=FaultyFileSystem(files, Fault(2, only="rename")), clock=ticking))
    left = files.after_crash()
    store = _opened(left)
    before = _pictures(store)

    done = _erase(store)

    frames = [place.blob for place in store._state.catalog]
    assert (done.complete, len(frames), _pictures(store)) == (True, len(set(frames)), before)


def test_only_projects_can_be_erased() -> None:
    store, _ = new_store()
    with pytest.raises(InvalidArgument, match="projects"):
        store.housekeeping.plan_erase([])
    with pytest.raises(InvalidArgument, match="projects"):
        store.housekeeping.plan_erase([ProjectId("../..")])


def test_a_changed_record_of_erasures_is_damage() -> None:
    store, files = new_store()
    back_up(store, {"secret": SECRET})
    _erase(store)
    overwrite(files, Layout(ROOT).document("_erasures"), b"{}")

    with pytest.raises(RecordDamaged):
        store.housekeeping.erasures()


def test_an_erasure_survives_the_death_of_the_process_at_many_calls_and_is_finished_by_the_next() -> None:
    assert assert_survives_at_every_call(ERASE, KINDS["dies"], stride=31)


@pytest.mark.parametrize("kind", [KINDS["loses power"], KINDS["full from then on"], KINDS["out of memory"]])
def test_erasing_survives_kinds_of_fault_at_many_calls(kind: Kind) -> None:
    assert assert_survives_at_every_call(ERASE, kind, stride=131, first=7)


@pytest.mark.scale
@every_kind
def test_erasing_survives_every_kind_of_fault_at_every_call(kind: Kind) -> None:
    assert assert_survives_at_every_call(ERASE, kind) > 100
