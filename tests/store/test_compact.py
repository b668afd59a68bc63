import pytest
from blake3 import blake3

from codevault.errors import Cancelled, StorageFull, VaultBusy
from codevault.ids import BlobId
from codevault.jobs import CancelToken, Progress, Reporter
from codevault.store.keepsakes import Span
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.pack import FrameKind
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.compact_scenes import LARGE, LARGER, LISTED, frames, history, kinds, version
from tests.store.faulty import Fault, FaultyFileSystem, ProcessDied
from tests.store.oracle import picture
from tests.store.scenes import (
    LIBRARY,
    ROOT,
    SHOP,
    all_files,
    back_up,
    draft,
    file_entry,
    flipped,
    new_store,
    overwrite,
    restored,
    ticking,
)

HISTORY = history(5)


@pytest.fixture
def files() -> MemoryFileSystem:
    return HISTORY.after_crash()


def opened(files: MemoryFileSystem) -> Store:
    return Store.open(ROOT, filesystem=files, clock=ticking)


def pack_bytes(files: MemoryFileSystem) -> int:
    return sum(len(files.read(path) or b"") for path in all_files(files, ROOT / "packs") if path.suffix == ".pack")


def test_every_snapshot_restores_as_before_from_fewer_bytes(files: MemoryFileSystem) -> None:
    store = opened(files)
    before, kept = pack_bytes(files), picture(store)
    done = store.compact()
    assert (done.before, done.after) == (before, pack_bytes(files))
    assert done.after < done.before
    assert picture(store) == picture(opened(files)) == kept
    assert opened(files).verify().ok


def test_versions_of_a_small_file_share_a_frame_newest_first(files: MemoryFileSystem) -> None:
    opened(files).compact()
    members = [
        [blob.hex() for blob, _ in frame.header.members]
        for held in frames(files).values()
        for frame in held
        if frame.header.kind is FrameKind.SOLID
    ]
    wanted = [hash_of(version(number)["main.py"]) for number in (4, 3, 2, 1, 0)]
    assert any([blob for blob in found if blob in wanted] == wanted for found in members)


def test_a_large_file_stays_a_difference_from_its_base(files: MemoryFileSystem) -> None:
    opened(files).compact()
    deltas = [frame for held in frames(files).values() for frame in held if frame.header.kind is FrameKind.DELTA]
    assert [(frame.header.members[0][0].hex(), frame.header.base) for frame in deltas] == [
        (hash_of(LARGER), bytes.fromhex(hash_of(LARGE))[:8])
    ]


def test_the_second_run_has_nothing_to_do(files: MemoryFileSystem) -> None:
    opened(files).compact()
    before = frames(files)
    store = opened(files)
    assert not store.housekeeping.plan_compact().needed
    assert store.compact().made == ()
    assert frames(files).keys() == before.keys()


def test_what_came_since_is_all_that_the_next_run_makes_anew(files: MemoryFileSystem) -> None:
    store = opened(files)
    first = store.housekeeping.plan_compact()
    store.compact()
    back_up(store, {"another.py": b"".join(b"line %d\n" % n for n in range(900))}, LIBRARY)
    plan = store.housekeeping.plan_compact()
    assert plan.needed
    assert plan.content < 0.7 * first.content
    store.compact()
    assert opened(files).verify().ok


def test_the_plan_is_exact_before_and_an_estimate_after(files: MemoryFileSystem) -> None:
    store = opened(files)
    plan = store.housekeeping.plan_compact()
    before = pack_bytes(files)
    assert plan.before == before
    assert set(plan.packs) == set(store.compact().removed)
    assert plan.expected < before


def test_what_nothing_names_is_dropped(files: MemoryFileSystem) -> None:
    store = opened(files)
    with store.writer() as writer:
        waste = writer.add(b"never committed " * 100)
    store.compact()
    assert not store.contains(waste)


def test_thinned_snapshots_can_still_be_put_back(files: MemoryFileSystem) -> None:
    store = opened(files)
    first = store.snapshots(SHOP)[0]
    house = store.housekeeping
    plan = house.plan(Retention(newest=1, floor=1, manual=True, undo=UndoWindow(3, 0)))
    house.prune(plan, acknowledged=plan.frozen)
    store.compact()
    house.undo([first.id])
    assert restored(store, first) == version(0)


def test_a_base_that_only_a_lost_snapshot_needed_goes(files: MemoryFileSystem) -> None:
    store = opened(files)
    house = store.housekeeping
    plan = house.plan(Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0)))
    house.prune(plan, acknowledged=plan.frozen)
    store.compact()
    assert not store.contains(BlobId(hash_of(LARGE)))
    assert restored(store, store.snapshots(SHOP)[-1]) == {"listed.bin": LISTED}


def test_a_large_file_rests_on_what_its_lost_base_rested_on() -> None:
    store, files = new_store()
    trees = [{"large.bin": content} for content in (LARGE, LARGER, LARGER + b"more\n")]
    first, _, last = [back_up(store, tree) for tree in trees]
    house = store.housekeeping
    pins = (first.id,)
    plan = house.plan(Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0), pinned=pins), share=1.0)
    house.prune(plan, acknowledged=plan.frozen)
    store.compact()
    assert not store.contains(BlobId(hash_of(LARGER)))
    assert restored(store, last) == trees[2]
    assert opened(files).verify().ok


@pytest.mark.parametrize("calls", range(20, 260, 40))
def test_a_killed_run_leaves_only_copies_that_the_next_one_drops(files: MemoryFileSystem, calls: int) -> None:
    with pytest.raises(ProcessDied):
        Store.open(ROOT, filesystem=FaultyFileSystem(files, Fault(calls)), clock=ticking).compact()
    left = files.after_crash()
    store = opened(left)
    store.compact()
    with store.turn() as turn:
        held = [place.blob for place in turn.state.catalog]
    assert sorted(held) == sorted(set(held))
    assert picture(store) == picture(opened(HISTORY.after_crash()))


def test_a_cancelled_run_loses_nothing(files: MemoryFileSystem) -> None:
    token = CancelToken()
    store = opened(files)
    kept = picture(store)

    def stop(progress: Progress) -> None:
        if progress.phase == "compressing":
            token.cancel()

    with pytest.raises(Cancelled):
        store.compact(report=Reporter(stop, token))
    assert picture(opened(files)) == kept


def test_progress_ends_with_everything_compressed(files: MemoryFileSystem) -> None:
    seen: list[Progress] = []
    opened(files).compact(report=Reporter(seen.append))
    compressed = [progress for progress in seen if progress.phase == "compressing"]
    assert compressed[-1].done == compressed[-1].total


def test_a_full_disk_gets_back_what_the_run_took(files: MemoryFileSystem) -> None:
    before = set(frames(files))
    fault = Fault(1, 28, only="rename", lasting=False)
    with pytest.raises(StorageFull):
        Store.open(ROOT, filesystem=FaultyFileSystem(files, fault), clock=ticking).compact()
    assert set(frames(files)) == before


def test_nobody_compacts_while_another_writes(files: MemoryFileSystem) -> None:
    store = opened(files)
    with store.writer(), pytest.raises(VaultBusy):
        opened(files).compact()


def test_a_note_from_elsewhere_is_not_believed(files: MemoryFileSystem) -> None:
    store = opened(files)
    store.compact()
    overwrite(files, Layout(ROOT).cache / "compacted", b"nonsense")
    assert opened(files).housekeeping.plan_compact().needed
    assert opened(files).compact().after <= pack_bytes(files)
    assert opened(files).verify().ok


def test_what_is_damaged_is_left_for_repair_and_all_else_is_compacted(files: MemoryFileSystem) -> None:
    store = opened(files)
    with store.turn() as turn:
        (place,) = turn.state.catalog.find(BlobId(hash_of(version(4)["main.py"])))
    path = Layout(ROOT).pack(place.pack)
    overwrite(files, path, flipped(files.read(path) or b"", place.at + place.stored - 6))
    damaged = opened(files)
    done = damaged.compact()
    assert place.pack in done.left
    assert files.read(path) is not None
    assert restored(damaged, damaged.snapshots(SHOP)[0]) == version(0)


def test_a_pack_with_a_damaged_header_stays_as_it_is(files: MemoryFileSystem) -> None:
    pack, held = next((p, f) for p, f in frames(files).items() if f[0].header.kind is FrameKind.SOLID)
    path = Layout(ROOT).pack(pack)
    content = files.read(path) or b""
    overwrite(files, path, flipped(content, held[0].at - 3))
    done = opened(files).compact()
    assert pack in done.left
    assert files.read(path) is not None


def test_a_vault_as_small_as_it_gets_is_left_as_it_is() -> None:
    store, files = new_store()
    back_up(store, {"a": b"one file\n"})
    store.compact()
    before = set(frames(files))
    assert store.compact().made == ()
    assert set(frames(files)) == before


def test_all_kinds_of_frames_come_through(files: MemoryFileSystem) -> None:
    opened(files).compact()
    assert kinds(files) == set(FrameKind)
    assert restored(opened(files), opened(files).snapshots(SHOP)[-1]) == {"listed.bin": LISTED}


def test_while_a_manifest_cannot_be_read_nothing_is_dropped(files: MemoryFileSystem) -> None:
    store = opened(files)
    with store.writer() as writer:
        unnamed = writer.add(b"named by the lost manifest, for all we know " * 50)
    last = store.snapshots(SHOP)[-1]
    with store.turn() as turn:
        (place,) = turn.state.catalog.find(last.manifest)
    path = Layout(ROOT).pack(place.pack)
    overwrite(files, path, flipped(files.read(path) or b"", place.at + place.stored - 6))
    damaged = opened(files)
    damaged.compact()
    assert damaged.contains(unnamed)
    assert damaged.contains(last.manifest)
    assert restored(damaged, damaged.snapshots(SHOP)[1]) == version(1)


def test_keepsakes_come_through(files: MemoryFileSystem) -> None:
    store = opened(files)
    source = version(0)["main.py"]
    span = Span(blob=BlobId(hash_of(source)), start=0, length=50, project=SHOP, path="main.py", label="function_0")
    (kept,) = store.housekeeping.keep([span])
    store.compact()
    assert opened(files).read(kept.text) == source[:50]
    assert opened(files).housekeeping.keepsakes(SHOP) == (kept,)


def test_frames_of_a_pack_that_is_not_what_its_name_says_are_not_copied(files: MemoryFileSystem) -> None:
    store = opened(files)
    with store.writer() as writer:
        media = writer.add(blake3(b"media").digest(length=600_000))
        writer.flush()
        writer.add(b"nobody names this")
        writer.commit(draft(LIBRARY), [file_entry("media.bin", media, 600_000)])
    store.compact()
    with store.writer() as writer:
        writer.add(b"nor this")
    with store.turn() as turn:
        (place,) = turn.state.catalog.find(media)
        content = files.read(turn.state.layout.pack(place.pack)) or b""
    path = Layout(ROOT).pack(place.pack)
    overwrite(files, path, flipped(content, place.at + 300_000))
    back_up(opened(files), {"more.py": b"".join(b"more %d\n" % n for n in range(2000))})
    opened(files).compact()
    assert files.read(path) == flipped(content, place.at + 300_000)


@pytest.mark.parametrize("base", [LARGE[:4], bytes.fromhex("37a430ec") + LARGE], ids=["short", "a dictionary's magic"])
def test_a_base_of_no_use_leaves_the_blob_whole(base: bytes) -> None:
    store, files = new_store()
    back_up(store, {"large.bin": base})
    last = back_up(store, {"large.bin": LARGE})
    store.compact()
    assert restored(opened(files), last) == {"large.bin": LARGE}
    assert opened(files).verify().ok
