"""Prune: exact figures, shared content, the way back, and what makes it refuse."""

from __future__ import annotations

import errno
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from codevault.errors import (
    BlobDamaged,
    BlobMissing,
    InvalidArgument,
    PruneRefused,
    RecordDamaged,
    StorageFull,
    UnknownSnapshot,
    VaultBusy,
)
from codevault.ids import BlobId, PackId, SnapshotId
from codevault.store.filesystem import NewFile
from codevault.store.keepsakes import Span
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Snapshot
from codevault.store.rechecking import Recheck
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.thinning import DAY_NS, Retention, UndoWindow
from tests.store.faulty import Fault, FaultyFileSystem
from tests.store.scenes import (
    EDITED,
    FIRST,
    LIBRARY,
    ROOT,
    SHOP,
    SOURCE,
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

LAYOUT = Layout(ROOT)
TWIN = b"".join(b"def twin_%d(x):\n    return x + %d\n\n" % (n, n) for n in range(150))
AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
WITH_A_WAY_BACK = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(2, 0))


def noise(seed: int, size: int = 3000) -> bytes:
    """Bytes that do not compress and are like no others."""
    return random.Random(seed).randbytes(size)


def stored_bytes(files: MemoryFileSystem) -> int:
    """What a plan's figure is about: all but the log's own records, the cache, and the parity of new packs."""
    return sum(
        len(files.read(path) or b"")
        for path in all_files(files)
        if path.relative_to(ROOT).parts[0] not in {"log", "cache", "lock", "reserve"} and path.suffix != ".par"
    )


def parity_bytes(files: MemoryFileSystem, packs: frozenset[str]) -> int:
    """The parity of some packs."""
    return sum(
        len(files.read(path) or b"") for path in all_files(files) if path.suffix == ".par" and path.stem in packs
    )


def dated(store: Store, tree: Mapping[str, bytes], created_ns: int, **facts: Any) -> Snapshot:
    """Commits a tree as an automatic snapshot of a given time."""
    with store.writer() as writer:
        entries = [file_entry(path, writer.add(content, path=path), len(content)) for path, content in tree.items()]
        return writer.commit(replace(draft(), created_ns=created_ns, kind="automatic", facts=facts), entries)


@pytest.fixture
def history() -> tuple[Store, MemoryFileSystem]:
    """Six snapshots that share one file, change another a little, and hold one each alone; and another project."""
    store, files = new_store()
    for number in range(5):
        mine = {"main.py": EDITED + b"#%d\n" % number, "gone.py": TWIN + b"#%d\n" % number, "own.bin": noise(number)}
        back_up(store, {"shared.py": SOURCE, **mine})
    back_up(store, {"shared.py": SOURCE, "main.py": EDITED + b"#5\n", "own.bin": noise(5)})
    back_up(store, {"copy.bin": noise(0), "copy.py": SOURCE}, LIBRARY)
    return store, files


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_plan_knows_to_the_byte_what_comes_back(history: tuple[Store, MemoryFileSystem], share: float) -> None:
    store, files = history
    plan = store.housekeeping.plan(AT_ONCE, share=share)
    parity = parity_bytes(files, plan.goes)
    before = stored_bytes(files)
    pruned = store.housekeeping.prune(plan)
    assert before - stored_bytes(files) == plan.freed - parity
    assert pruned.freed == plan.freed
    assert pruned.complete
    assert store.verify().ok


def test_what_is_kept_restores_and_what_others_need_stays(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE, share=0.0))
    (shop,), (library,) = store.snapshots(SHOP), store.snapshots(LIBRARY)
    assert restored(store, shop) == {"shared.py": SOURCE, "main.py": EDITED + b"#5\n", "own.bin": noise(5)}
    assert restored(store, library) == {"copy.bin": noise(0), "copy.py": SOURCE}
    with pytest.raises(BlobMissing):
        store.read(BlobId(hash_of(noise(3))))


def test_nothing_more_comes_back_the_second_time(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE, share=0.0))
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    assert (plan.freed, plan.drop, plan.rewrite, plan.expire) == (0, (), (), ())


def test_the_next_backup_goes_on_after_a_prune(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE))
    again = back_up(store, {"own.bin": noise(3), "main.py": EDITED})
    assert again.sequence == 7
    assert restored(Store.open(ROOT, filesystem=store._state.files), again)["own.bin"] == noise(3)
    assert store.verify().ok


def test_a_backup_that_deduplicates_against_a_doomed_blob_outdates_the_plan(
    history: tuple[Store, MemoryFileSystem],
) -> None:
    store, _ = history
    plan = store.housekeeping.plan(AT_ONCE)
    saved = back_up(store, {"again.bin": noise(2)}, LIBRARY)
    with pytest.raises(PruneRefused, match="plan again"):
        store.housekeeping.prune(plan)
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE))
    assert restored(store, saved) == {"again.bin": noise(2)}


def test_a_reader_that_was_open_finds_everything_again(history: tuple[Store, MemoryFileSystem]) -> None:
    store, files = history
    reading = Store.open(ROOT, filesystem=files, clock=ticking)
    last = reading.snapshots(SHOP)[-1]
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE, share=0.0))
    assert restored(reading, last)["own.bin"] == noise(5)


def test_a_thinned_snapshot_keeps_its_content_until_its_window_is_over(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    first, third = store.snapshots(SHOP)[0], store.snapshots(SHOP)[2]
    store.housekeeping.prune(store.housekeeping.plan(WITH_A_WAY_BACK))
    assert store.read(BlobId(hash_of(noise(2)))) == noise(2)
    assert store.housekeeping.undo([third.id]) == (third,)
    assert restored(store, third)["own.bin"] == noise(2)
    assert first in store.housekeeping.thinned(SHOP)
    assert store.verify().ok


def test_generations_end_the_window_and_time_alone_does_not(history: tuple[Store, MemoryFileSystem]) -> None:
    _, files = history
    now = [ticking()]
    store = Store.open(ROOT, filesystem=files, clock=lambda: now[0])
    rules = replace(WITH_A_WAY_BACK, undo=UndoWindow(2, 1))
    store.housekeeping.prune(store.housekeeping.plan(rules))
    now[0] += 400 * DAY_NS
    assert store.housekeeping.plan(rules).expire == ()
    dated(store, {"own.bin": noise(5)}, now[0])
    dated(store, {"own.bin": noise(6)}, now[0])
    plan = store.housekeeping.plan(rules)
    assert [snapshot.sequence for snapshot in plan.expire] == [1, 2, 3, 4, 5]
    assert plan.freed > 0


def test_time_ends_the_window_only_with_generations(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    rules = replace(WITH_A_WAY_BACK, undo=UndoWindow(1, 1))
    store.housekeeping.prune(store.housekeeping.plan(rules))
    back_up(store, FIRST)
    back_up(store, FIRST)
    assert store.housekeeping.plan(rules).expire == ()


def test_a_snapshot_that_went_for_good_cannot_be_put_back(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    first = store.snapshots(SHOP)[0]
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE))
    with pytest.raises(UnknownSnapshot, match="gone for good"):
        store.housekeeping.undo([first.id])


def test_undoing_is_all_or_nothing(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    first = store.snapshots(SHOP)[0]
    store.housekeeping.prune(store.housekeeping.plan(WITH_A_WAY_BACK))
    with pytest.raises(UnknownSnapshot):
        store.housekeeping.undo([first.id, SnapshotId("00" * 32)])
    assert len(store.snapshots(SHOP)) == 1


def test_a_frame_that_lies_in_two_packs_is_kept_once(history: tuple[Store, MemoryFileSystem]) -> None:
    store, files = history
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE, share=0.0))
    content = files.read(next(path for path in all_files(files) if path.suffix == ".pack")) or b""
    double = LAYOUT.pack(PackId(hash_of(content + content)))
    files.make_folder(double.parent)
    overwrite(files, double, content + content)
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    plan = again.housekeeping.plan(AT_ONCE, share=0.0)
    again.housekeeping.prune(plan)
    assert plan.freed >= 2 * len(content)
    assert again.verify().ok
    assert restored(again, again.snapshots(SHOP)[0])["own.bin"] == noise(5)


def test_a_damaged_pack_is_left_for_repair(history: tuple[Store, MemoryFileSystem]) -> None:
    store, files = history
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    assert plan.rewrite
    victim = LAYOUT.pack(plan.rewrite[0].packs[0])
    overwrite(files, victim, flipped(files.read(victim) or b"", -20))
    pruned = store.housekeeping.prune(plan)
    assert not pruned.complete
    assert pruned.freed < plan.freed
    assert files.read(victim) is not None


def test_a_corrupt_catalog_deletes_nothing_that_is_needed(history: tuple[Store, MemoryFileSystem]) -> None:
    store, files = history
    store._state.save_catalog()
    saved = LAYOUT.cache / "packs.catalog"
    overwrite(files, saved, flipped(files.read(saved) or b"", 200))
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    again.housekeeping.prune(again.housekeeping.plan(AT_ONCE, share=0.0))
    assert again.verify().ok
    assert restored(again, again.snapshots(LIBRARY)[0]) == {"copy.bin": noise(0), "copy.py": SOURCE}


def test_a_lost_snapshot_freezes_for_it_may_be_repaired(history: tuple[Store, MemoryFileSystem]) -> None:
    _, files = history
    files.remove(next(path for path in sorted(all_files(files)) if path.parent.name == SHOP))
    store = Store.open(ROOT, filesystem=files, clock=ticking)
    plan = store.housekeeping.plan(AT_ONCE)
    assert any("is missing, so nobody knows" in why for why in plan.frozen)
    with pytest.raises(PruneRefused) as refused:
        store.housekeeping.prune(plan)
    assert refused.value.reasons == plan.frozen


@pytest.mark.parametrize("name", ["snapshots", "log", "limits.json", "keepsakes", "thinned"])
def test_a_damaged_record_freezes(history: tuple[Store, MemoryFileSystem], name: str) -> None:
    store, files = history
    store.housekeeping.set_limits(replace(store.housekeeping.limits(), ceiling=1 << 30))
    store.housekeeping.keep([Span(blob=BlobId(hash_of(SOURCE)), start=0, length=9, project=SHOP, path="", label="")])
    store.housekeeping.prune(store.housekeeping.plan(Retention(newest=4, floor=1, manual=True, undo=UndoWindow(9, 9))))
    named = [path for path in sorted(all_files(files)) if path.relative_to(ROOT).parts[0] == name]
    path = next(path for path in named if path.suffix == ".json")
    overwrite(files, path, b"{}\n")
    again = Store.open(ROOT, filesystem=files, clock=ticking)
    assert again.housekeeping.plan(AT_ONCE).frozen


def test_blobs_found_damaged_freeze(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    store._state.suspects.add(BlobId(hash_of(SOURCE)))
    assert any("repair()" in why for why in store.housekeeping.plan(AT_ONCE).frozen)


FILES = {f"file{number}": b"%d\n" % number for number in range(40)}


@pytest.mark.parametrize(
    ("newest", "created_ns", "facts", "word"),
    [
        ({}, ticking(), {}, "lost"),
        (dict.fromkeys(FILES, b"encrypted"), ticking(), {}, ""),
        ({path: noise(at, 50) for at, path in enumerate(FILES)}, ticking(), {}, "replaced"),
        (FILES, ticking() - DAY_NS, {}, "backwards"),
        (FILES, ticking() + DAY_NS, {}, "after the present"),
        (FILES, ticking(), {"suspect": True}, "suspect"),
    ],
)
def test_suspicion_freezes_until_it_is_acknowledged(
    newest: dict[str, bytes], created_ns: int, facts: dict[str, Any], word: str
) -> None:
    store, _ = new_store()
    dated(store, FILES, ticking() - 5)
    dated(store, FILES | {"more": b"more\n"}, ticking() - 4)
    dated(store, newest, created_ns, **facts)
    plan = store.housekeeping.plan(AT_ONCE)
    assert bool(plan.frozen) == bool(word)
    assert all(word in why for why in plan.frozen)
    assert store.housekeeping.prune(plan, acknowledged=plan.frozen).complete
    dated(store, newest | {"work": b"goes on\n"}, ticking())
    assert store.housekeeping.plan(AT_ONCE).frozen == () or "backwards" in store.housekeeping.plan(AT_ONCE).frozen[0]


def test_a_suspicion_stays_while_nobody_answers_it() -> None:
    store, _ = new_store()
    dated(store, FILES, ticking())
    dated(store, {path: noise(at, 50) for at, path in enumerate(FILES)}, ticking())
    for number in range(3):
        dated(store, {path: noise(at, 50) for at, path in enumerate(FILES)} | {"n": b"%d" % number}, ticking())
    assert any("snapshot 2" in why for why in store.housekeeping.plan(AT_ONCE).frozen)


def test_freeing_waste_needs_no_acknowledgement() -> None:
    store, _ = new_store()
    dated(store, FILES, ticking())
    dated(store, {}, ticking())
    with store.writer() as writer:
        writer.add(noise(1))
    plan = store.housekeeping.plan(None)
    assert plan.frozen == ()
    assert store.housekeeping.prune(plan).freed > 3000


def test_what_is_kept_survives_even_from_packs_that_were_to_go(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    whole = Span(blob=BlobId(hash_of(noise(1))), start=0, length=3000, project=SHOP, path="own.bin", label="")
    part = Span(blob=BlobId(hash_of(noise(2))), start=100, length=50, project=SHOP, path="own.bin", label="")
    pruned = store.housekeeping.prune(plan, keep=[whole, part])
    texts = [store.read(kept.text) for kept in store.housekeeping.keepsakes(SHOP)]
    assert texts == [noise(1), noise(2)[100:150]]
    assert not pruned.complete
    assert store.verify().ok
    store.housekeeping.release(SHOP, [kept.text for kept in store.housekeeping.keepsakes(SHOP)])
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE, share=0.0))
    with pytest.raises(BlobMissing):
        store.read(BlobId(hash_of(noise(1))))


@pytest.mark.parametrize("share", [-0.1, 1.1, "1", None])
def test_a_share_is_a_part_of_a_pack(history: tuple[Store, MemoryFileSystem], share: Any) -> None:
    with pytest.raises(InvalidArgument):
        history[0].housekeeping.plan(AT_ONCE, share=share)


def test_a_pinned_snapshot_that_does_not_exist_is_refused(history: tuple[Store, MemoryFileSystem]) -> None:
    with pytest.raises(UnknownSnapshot):
        history[0].housekeeping.plan(replace(AT_ONCE, pinned=(SnapshotId("ab" * 32),)))


@pytest.mark.parametrize(
    "span",
    [
        {"start": -1},
        {"length": 0},
        {"length": True},
        {"blob": "short"},
        {"project": "../escape"},
        {"label": "x" * 5000},
    ],
)
def test_a_span_that_cannot_exist_is_refused(span: dict[str, Any]) -> None:
    sound = {"blob": "ab" * 32, "start": 0, "length": 1, "project": SHOP, "path": "", "label": ""}
    with pytest.raises(InvalidArgument):
        Span(**{**sound, **span})


def test_a_span_beyond_its_blob_is_refused(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    with pytest.raises(InvalidArgument):
        store.housekeeping.keep(
            [Span(blob=BlobId(hash_of(SOURCE)), start=len(SOURCE), length=1, project=SHOP, path="", label="")]
        )
    assert store.housekeeping.keepsakes(SHOP) == ()


def _cut_short(content: bytes) -> bytes:
    return content[:-3]


@pytest.mark.parametrize("damage", [_cut_short, lambda _: b"{}\n"])
def test_a_damaged_list_of_keepsakes_is_said(
    history: tuple[Store, MemoryFileSystem], damage: Callable[[bytes], bytes]
) -> None:
    store, files = history
    store.housekeeping.keep([Span(blob=BlobId(hash_of(SOURCE)), start=0, length=9, project=SHOP, path="", label="")])
    path = LAYOUT.keepsake(SHOP)
    overwrite(files, path, damage(files.read(path) or b""))
    with pytest.raises(RecordDamaged):
        store.housekeeping.keepsakes(SHOP)


def test_a_pack_that_grew_is_left_for_repair(history: tuple[Store, MemoryFileSystem]) -> None:
    store, files = history
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    source = LAYOUT.pack(plan.rewrite[0].packs[0])
    content = files.read(source) or b""
    overwrite(files, source, content + b"grown")
    assert not store.housekeeping.prune(plan).complete
    overwrite(files, source, content)
    assert Store.open(ROOT, filesystem=files, clock=ticking).verify().ok


def test_a_pack_whose_headers_are_damaged_is_never_dropped(history: tuple[Store, MemoryFileSystem]) -> None:
    _, files = history
    damaged = [path for path in all_files(files) if path.suffix == ".pack"][1:]
    for path in damaged:
        overwrite(files, path, flipped(files.read(path) or b"", 12))
    store = Store.open(ROOT, filesystem=files, clock=ticking)
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    assert plan.frozen
    assert not {LAYOUT.pack(pack) for pack in plan.goes} & set(damaged)


def test_a_prune_waits_for_nobody(history: tuple[Store, MemoryFileSystem]) -> None:
    store, _ = history
    plan = store.housekeeping.plan(AT_ONCE)
    with store.writer(), pytest.raises(VaultBusy):
        store.housekeeping.prune(plan)
    with store.writer(), pytest.raises(VaultBusy):
        store.housekeeping.undo([])
    assert store.housekeeping.prune(plan).complete


class NoRoomForPacks(FaultyFileSystem):
    """A disk on which packs cannot be written anew."""

    def create(self, path: Path) -> NewFile:
        if "anew" in path.name:
            raise StorageFull(path, OSError(errno.ENOSPC, "injected"))
        return super().create(path)


def test_packs_that_do_not_fit_are_left_as_they_are(history: tuple[Store, MemoryFileSystem]) -> None:
    _, files = history
    store = Store.open(ROOT, filesystem=NoRoomForPacks(files, Fault(0)), clock=ticking)
    plan = store.housekeeping.plan(AT_ONCE, share=0.0)
    pruned = store.housekeeping.prune(plan)
    assert not pruned.complete
    assert plan.written > 0
    assert pruned.freed > 0
    assert Store.open(ROOT, filesystem=files, clock=ticking).verify().ok


def test_nothing_that_stays_rests_on_what_went() -> None:
    store, _ = new_store()
    base = b"".join(b"line %d of a text that goes\n" % number for number in range(300))
    first = back_up(store, {"gone.txt": base, "main.py": SOURCE})
    large = noise(1, 60_000)
    back_up(store, {"gone.txt": base + b"once more\n", "main.py": SOURCE, "large.bin": SOURCE + large})
    with store.writer() as writer:
        parts = [(base + b"twice\n", BlobId(hash_of(base))), (SOURCE + large + b"!", BlobId(hash_of(SOURCE + large)))]
        blobs = [writer.add(content, path="x", hint=hint) for content, hint in parts]
        entries = [file_entry(f"file{at}", blob, 1) for at, blob in enumerate(blobs)]
        writer.commit(draft(), entries[1:])
    assert first
    store.housekeeping.prune(store.housekeeping.plan(AT_ONCE, share=1.0))
    assert store.verify().ok
    assert not store.contains(blobs[0]) or store.read(blobs[0])


@pytest.fixture
def stranded() -> tuple[Store, MemoryFileSystem, bytes]:
    """A vault with a dead difference whose base is gone: the disk was full before its pack was written anew."""
    made, files = new_store()
    base = b"".join(b"line %d of a text that goes\n" % number for number in range(300))
    back_up(made, {"gone.txt": base})
    back_up(made, {"main.py": SOURCE})
    dead = base + b"once more\n"
    with made.writer() as writer:
        writer.add(dead, path="x", hint=BlobId(hash_of(base)))
        edited = writer.add(EDITED, path="main.py", hint=BlobId(hash_of(SOURCE)))
        writer.commit(draft(), [file_entry("main.py", edited, len(EDITED))])
    full = Store.open(ROOT, filesystem=NoRoomForPacks(files, Fault(0)), clock=ticking)
    full.housekeeping.prune(full.housekeeping.plan(AT_ONCE))
    with pytest.raises(BlobDamaged):
        Store.open(ROOT, filesystem=files, clock=ticking).read(BlobId(hash_of(dead)))
    return Store.open(ROOT, filesystem=files, clock=ticking), files, dead


def test_a_difference_whose_base_went_does_not_answer_for_new_content(
    stranded: tuple[Store, MemoryFileSystem, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, files, dead = stranded
    monkeypatch.setattr("codevault.store.rechecking.SAMPLED", 1 << 40)
    assert not Recheck(store._state, always=0).holds(BlobId(hash_of(dead)))
    saved = back_up(store, {"again.txt": dead})
    assert restored(Store.open(ROOT, filesystem=files, clock=ticking), saved) == {"again.txt": dead}


def test_a_difference_whose_base_went_cannot_be_named_by_a_snapshot(
    stranded: tuple[Store, MemoryFileSystem, bytes],
) -> None:
    store, _, dead = stranded
    entry = file_entry("again.txt", BlobId(hash_of(dead)), len(dead))
    with pytest.raises(BlobMissing), store.writer() as writer:
        writer.commit(draft(), [entry])


@pytest.mark.parametrize("budget", [None, 1 << 30])
def test_a_dead_difference_whose_base_went_is_waste_and_no_damage(
    stranded: tuple[Store, MemoryFileSystem, bytes], budget: int | None
) -> None:
    store, files, _ = stranded
    before = {path: files.read(path) for path in all_files(files) if path.suffix == ".pack"}
    found = store.verify(budget_bytes=budget)
    assert (found.ok, found.damages) == (True, ())
    assert [notice.kind for notice in found.notices if notice.kind != "unprotected"] == ["waste"]
    assert store.repair().steps == ()
    assert {path: files.read(path) for path in before} == before
    assert store.suspects == frozenset()


def test_a_difference_that_a_snapshot_names_is_damaged_when_its_base_went(
    stranded: tuple[Store, MemoryFileSystem, bytes],
) -> None:
    store, files, dead = stranded
    before = set(all_files(files))
    with store.writer() as writer:
        healed = writer.add(dead)
        writer.flush()
        added = next(path for path in set(all_files(files)) - before if path.suffix == ".pack")
        writer.commit(draft(), [file_entry("again.txt", healed, len(dead))])
    files.remove(added)
    found = Store.open(ROOT, filesystem=files, clock=ticking).verify()
    assert [(damage.kind, damage.blobs) for damage in found.damages if damage.blobs] == [("lost", (healed,))]
    assert [version.path for version in found.lost] == ["again.txt"]
