"""Verification, swept over every kind of file: all injected damage is found, and a sound vault raises no alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from codevault.errors import CodeVaultError, InvalidArgument
from codevault.ids import BlobId
from codevault.jobs import Progress, Reporter
from codevault.store.donors import MemoryDonor
from codevault.store.keepsakes import Span, keep
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.parity import Parity
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.thinning import Retention, UndoWindow
from tests.store.scenes import (
    FIRST,
    LIBRARY,
    ROOT,
    SECOND,
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
LARGE = b"0123456789abcdef" * (9 << 16)


def _made() -> MemoryFileSystem:
    """A vault with every kind of file: a thinned snapshot, two documents of two versions, lists, deltas, parity."""
    store, files = new_store()
    for tree in (FIRST, SECOND, {**SECOND, "large": LARGE}):
        back_up(store, tree)
    with store.writer() as writer:
        writer.commit(draft(LIBRARY), [file_entry("lib.py", writer.add(SOURCE), len(SOURCE))])
        for name in ("shop", "library", "shop"):
            writer.put_document(name, {"name": name, "generation": len(store.documents())})
    house = store.housekeeping
    house.prune(house.plan(Retention(newest=2, floor=1, manual=True, undo=UndoWindow(9, 9)), share=0.0))
    return files


MADE = _made()
KEPT = sorted(path for path in all_files(MADE) if path.relative_to(ROOT).parts[0] not in {"cache", "lock", "reserve"})
OPENABLE = [path for path in KEPT if path.name != "vault.json"]


def _opened(files: MemoryFileSystem) -> Store:
    return Store.open(ROOT, filesystem=files, clock=ticking)


def _found(files: MemoryFileSystem) -> list[str]:
    try:
        report = _opened(files).verify()
    except CodeVaultError as exc:  # vault.json says so itself
        return [str(exc)]
    return [*(damage.file for damage in report.damages), *(notice.file for notice in report.notices)]


def _changed(path: Path, content: bytes) -> MemoryFileSystem:
    files = MADE.after_crash()
    overwrite(files, path, content)
    return files


def _content(path: Path) -> bytes:
    return MADE.read(path) or b""


def _missed(path: Path, changes: Iterable[bytes]) -> list[int]:
    """Which of the changes of a file were not found."""
    return [number for number, content in enumerate(changes) if not _found(_changed(path, content))]


def test_every_kind_of_file_is_swept() -> None:
    kinds = {(path.relative_to(ROOT).parts[0], path.suffix) for path in KEPT}
    folders = {("packs", ".pack"), ("packs", ".par"), ("log", ".json"), ("log", ".copy"), ("snapshots", ".json")}
    assert folders | {("thinned", ".json"), ("projects", ".json"), ("vault.json", ".json")} <= kinds


def test_a_sound_vault_raises_no_alarm() -> None:
    report = _opened(MADE).verify()
    assert (report.damages, report.notices, report.affected, report.lost) == ((), (), (), ())
    assert report.bytes == report.total_bytes == sum(len(_content(path)) for path in KEPT)
    assert (report.files, report.share) == (len(KEPT), 1.0)


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name[:30])
def test_harm_of_every_sort_is_found(path: Path) -> None:
    content = _content(path)
    offsets = {0, len(content) // 3, len(content) // 2, len(content) - 1}
    changes = [flipped(content, at) for at in sorted(at for at in offsets if 0 <= at < len(content))]
    changes += [content[:-1], content[: len(content) // 2], b"", bytes(len(content)), content * 2, content + b"\0"]
    assert _missed(path, changes) == []


@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name[:30])
def test_a_file_that_is_gone_is_found(path: Path) -> None:
    files = MADE.after_crash()
    files.remove(path)
    assert _found(files)


TWINS = [
    (path, other) for path in OPENABLE for other in OPENABLE if path < other and path.parent.name == other.parent.name
]


@pytest.mark.parametrize(("path", "other"), TWINS[::5], ids=lambda path: path.name[:20])
def test_two_files_that_were_swapped_are_found(path: Path, other: Path) -> None:
    files = _changed(path, _content(other))
    overwrite(files, other, _content(path))
    assert _found(files)


@pytest.mark.scale
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name[:30])
def test_a_flipped_bit_in_every_byte_is_found(path: Path) -> None:
    content = _content(path)
    assert _missed(path, (flipped(content, at) for at in range(len(content)))) == []


@pytest.mark.scale
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name[:30])
def test_a_file_cut_short_at_every_byte_is_found(path: Path) -> None:
    content = _content(path)
    assert _missed(path, (content[:at] for at in range(len(content)))) == []


def test_an_older_version_of_a_document_put_back_is_found() -> None:
    store, files = new_store()
    for name in ("old", "new"):
        with store.writer() as writer:
            writer.put_document("shop", {"name": name})
        back_up(store, FIRST)
    old = store._state.generations.copy(2).files["projects/shop.json"]
    overwrite(files, LAYOUT.document("shop"), old)
    (damage,) = _opened(files).verify().damages
    assert damage.why == "an older version of it was put back"


def test_foreign_files_are_named_and_no_damage() -> None:
    files = MADE.after_crash()
    pack = next(path for path in KEPT if path.suffix == ".pack")
    names = [
        pack.with_name(f"{pack.stem} (conflicted copy 2026-11-22).pack"),
        LAYOUT.log / "00000001 (1).json",
        LAYOUT.snapshots / SHOP / "notes.txt",
        ROOT / ".DS_Store",
        ROOT / "packs" / "stray",
    ]
    for name in names:
        overwrite(files, name, b"foreign")
    report = _opened(files).verify()
    assert report.ok
    assert {notice.file for notice in report.notices} == {LAYOUT.relative(name) for name in names}
    assert {notice.kind for notice in report.notices} == {"foreign"}


@pytest.mark.parametrize("harm", [lambda _: b"", lambda content: content[:-1], lambda content: content + b"x"])
@pytest.mark.parametrize("path", OPENABLE[::4], ids=lambda path: path.name[:20])
def test_a_quick_look_finds_lengths_and_small_files(path: Path, harm: Callable[[bytes], bytes]) -> None:
    files = _changed(path, harm(_content(path)))
    report = _opened(files).verify("quick")
    assert report.mode == "quick"
    assert report.damages or path.suffix == ".par"


def test_a_quick_look_reads_no_content_and_names_what_a_missing_pack_costs() -> None:
    files = MADE.after_crash()
    content = sum(len(_content(path)) for path in KEPT if "packs" in path.parts)
    quick = _opened(files).verify("quick")
    assert quick.bytes == quick.total_bytes - content
    place = _opened(files)._state.catalog.find(BlobId(hash_of(SECOND["new.py"])))[0]
    files.remove(LAYOUT.pack(place.pack))
    report = _opened(files).verify("quick")
    assert {lost.path for lost in report.lost} >= {"new.py"}
    assert "missing" in {damage.kind for damage in report.damages}


def test_a_budget_comes_round_to_everything() -> None:
    pack = max((path for path in KEPT if path.suffix == ".pack"), key=lambda path: path.name)
    files = _changed(pack, flipped(_content(pack), 60))
    rounds = [
        bool(_opened(files).verify(budget_bytes=1).damages) for _ in range(len(_opened(files)._state.catalog.packs))
    ]
    assert rounds == [False] * (len(rounds) - 1) + [True]
    assert not _opened(files).verify(budget_bytes=1).damages
    assert _opened(files).verify(budget_bytes=1 << 30).damages


def test_a_budget_begins_anew_where_its_place_is_lost() -> None:
    files = MADE.after_crash()
    first = _opened(files).verify(budget_bytes=1)
    overwrite(files, ROOT / "cache" / "verified.json", b"nonsense")
    assert _opened(files).verify(budget_bytes=1) == first
    assert first.mode == "budget"


@pytest.mark.parametrize(("mode", "budget"), [("deep", None), ("quick", 5), ("full", -1), ("full", True)])
def test_a_look_that_cannot_mean_anything_is_refused(mode: str, budget: int | None) -> None:
    with pytest.raises(InvalidArgument):
        _opened(MADE).verify(mode, budget_bytes=budget)  # type: ignore[arg-type] # that is the point


def test_without_parity_nobody_misses_it() -> None:
    files = MADE.after_crash()
    for path in KEPT:
        if path.suffix == ".par":
            files.remove(path)
    assert Store.open(ROOT, filesystem=files, parity=Parity(0)).verify().notices == ()
    assert len(_opened(files).verify().notices) == sum(path.suffix == ".par" for path in KEPT)


def test_lost_versions_are_named_once_with_their_snapshots() -> None:
    files = MADE.after_crash()
    store = _opened(files)
    place = store._state.catalog.find(BlobId(hash_of(SECOND["new.py"])))[0]
    pack = LAYOUT.pack(place.pack)
    overwrite(files, pack, flipped(_content(pack), place.at + place.stored - 1))
    lost = [lost for lost in _opened(files).verify().lost if lost.path == "new.py"]
    assert [(lost.project, lost.size, lost.first, lost.last, lost.snapshots) for lost in lost] == [(SHOP, 13, 2, 3, 2)]


def test_a_thinned_snapshot_must_still_be_whole() -> None:
    thinned = next(path for path in KEPT if "thinned" in path.parts)
    files = MADE.after_crash()
    files.remove(thinned)
    assert LAYOUT.relative(thinned) in [damage.file for damage in _opened(files).verify().damages]


def test_a_text_that_is_kept_must_still_be_there() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    span = Span(blob=BlobId(hash_of(SOURCE)), start=0, length=500, project=SHOP, path="main.py", label="function_0")
    with store.turn() as turn:
        (kept,) = keep(turn, [span])
    assert _opened(files).verify().ok
    place = _opened(files)._state.catalog.find(kept.text)[0]
    overwrite(files, LAYOUT.pack(place.pack), b"")
    report = _opened(files).verify()
    assert (kept.text,) in [damage.blobs for damage in report.damages if damage.file.startswith("keepsakes/")]
    assert _opened(files).repair([MemoryDonor.of(SOURCE[:500])]).ok


def test_a_list_of_keepsakes_that_is_lost_is_told() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    span = Span(blob=BlobId(hash_of(SOURCE)), start=0, length=500, project=SHOP, path="main.py", label="function_0")
    with store.turn() as turn:
        keep(turn, [span])
    overwrite(files, LAYOUT.keepsake(SHOP), b"{}")
    assert {damage.file.split("/")[0] for damage in _opened(files).verify().damages} == {"keepsakes"}
    assert _opened(files).repair().ok


def test_a_snapshot_taken_out_behind_the_logs_back_is_a_gap() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    second = back_up(store, SECOND)
    third = back_up(store, FIRST)
    files.remove(LAYOUT.snapshot(SHOP, 2, second.id))
    named = {damage.file for damage in _opened(files).verify().damages}
    assert named == {LAYOUT.relative(LAYOUT.snapshot(SHOP, n, s.id)) for n, s in ((2, second), (3, third))}


def test_verifying_beside_a_backup_raises_no_alarm() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    reader = _opened(files)
    with store.writer() as writer:
        writer.add(b"not committed yet" * 1000)
        writer.flush()
        assert reader.verify().ok
        snapshot = writer.commit(draft(), [file_entry("a", writer.add(b"a"), 1)])
        assert reader.verify().ok
    assert restored(reader, snapshot) == {"a": b"a"}


def _at_first_step(act: Callable[[], object]) -> Reporter:
    """A reporter that acts on the vault while it is being verified, once."""
    acts = [act]

    def step(_: Progress) -> None:
        if acts:
            acts.pop()()

    return Reporter(step)


def test_a_prune_meanwhile_raises_no_alarm() -> None:
    files = MADE.after_crash()
    house = _opened(files).housekeeping
    at_once = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
    report = _opened(files).verify(report=_at_first_step(lambda: house.prune(house.plan(at_once, share=0.0))))
    assert (report.damages, report.affected) == ((), ())
    assert len(_opened(files).snapshots(SHOP)) == 1


def test_compacting_meanwhile_raises_no_alarm() -> None:
    files = MADE.after_crash()
    before = set(_opened(files)._state.catalog.packs)
    report = _opened(files).verify(report=_at_first_step(_opened(files).compact))
    assert (report.damages, report.affected) == ((), ())
    assert before - set(_opened(files)._state.catalog.packs)


def test_a_repair_meanwhile_raises_no_alarm() -> None:
    pack = max((path for path in KEPT if path.suffix == ".pack"), key=lambda path: len(_content(path)))
    files = _changed(pack, flipped(_content(pack), 60))
    report = _opened(files).verify(report=_at_first_step(_opened(files).repair))
    assert (report.damages, report.affected) == ((), ())
