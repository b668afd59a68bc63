"""Damage: every flipped bit, torn tail and missing file is found, costs what it hits, and is healed by a backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from codevault.errors import BlobDamaged, RecordDamaged
from codevault.ids import BlobId
from codevault.jobs import Reporter
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.records import hash_of
from codevault.store.store import Store
from tests.store.scenes import (
    FIRST,
    LIBRARY,
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


def _made() -> MemoryFileSystem:
    store, files = new_store()
    back_up(store, FIRST)
    back_up(store, SECOND)
    with store.writer() as writer:
        writer.put_document("shop", {"name": "Shop"})
        writer.add(b"0123456789abcdef" * (9 << 16))
    return files


_MADE = _made()


def _vault() -> tuple[Store, MemoryFileSystem]:
    """A vault with every kind of file; a copy, so that each test damages its own."""
    files = _MADE.after_crash()
    return Store.open(ROOT, filesystem=files), files


def _kept(files: MemoryFileSystem) -> list[Path]:
    names = [path for path in all_files(files) if "cache" not in path.parts and path.name not in {"lock", "reserve"}]
    return sorted(names)


def test_a_sound_vault_gives_no_alarm() -> None:
    store, files = _vault()
    report = store.verify()
    assert (report.ok, report.damages, report.affected) == (True, (), ())
    assert report.files == len(_kept(files))
    assert report.bytes == sum(len(files.read(path) or b"") for path in _kept(files))


def test_damage_costs_only_the_snapshots_that_need_the_blob() -> None:
    store, files = new_store()
    first = back_up(store, FIRST)
    second = back_up(store, SECOND)
    pack = next(
        path for path in all_files(files) if path.suffix == ".pack" and b"print('new')" in (files.read(path) or b"")
    )
    content = files.read(pack) or b""
    overwrite(files, pack, content.replace(b"print('new')", b"print('bad')"))
    again = Store.open(ROOT, filesystem=files)
    report = again.verify()
    assert report.affected == (second.id,)
    assert [damage.blobs for damage in report.damages] == [(hash_of(SECOND["new.py"]),)]
    assert restored(again, first) == FIRST
    with pytest.raises(BlobDamaged):
        restored(again, second)


def _with_damaged_source() -> tuple[Store, MemoryFileSystem]:
    store, files = new_store()
    back_up(store, {"main.py": SOURCE})
    pack = next(path for path in all_files(files) if path.suffix == ".pack")
    overwrite(files, pack, flipped(files.read(pack) or b"", 150))
    return Store.open(ROOT, filesystem=files), files


def test_a_new_backup_heals_what_verify_found() -> None:
    store, files = _with_damaged_source()
    assert not store.verify().ok
    with store.writer() as writer:
        blob = writer.add(SOURCE)
    assert [store.read(blob), Store.open(ROOT, filesystem=files).read(blob)] == [SOURCE, SOURCE]


def test_a_new_backup_heals_what_a_reader_found() -> None:
    store, files = _with_damaged_source()
    with pytest.raises(BlobDamaged):
        store.read(BlobId(hash_of(SOURCE)))
    with store.writer() as writer:
        blob = writer.add(SOURCE)
    assert [store.read(blob), Store.open(ROOT, filesystem=files).read(blob)] == [SOURCE, SOURCE]


def test_a_damaged_header_costs_its_frame_only() -> None:
    store, files = new_store()
    back_up(store, {"a.py": SOURCE, "b.py": SOURCE[::-1]})
    second = back_up(store, {"a.py": SOURCE + b"# more\n", "b.py": SOURCE[::-1] + b"# more\n"})
    place = store._state.catalog.find(BlobId(hash_of(SOURCE + b"# more\n")))[0]
    pack = Layout(ROOT).pack(place.pack)
    overwrite(files, pack, flipped(files.read(pack) or b"", place.at - 20))
    again = Store.open(ROOT, filesystem=files)
    lost = [entry.path for entry in again.manifest(second) if entry.blob and not again.contains(entry.blob)]
    assert lost == ["a.py"]
    assert again.verify().affected == (second.id,)


def test_a_damaged_snapshot_is_left_out_and_reported() -> None:
    store, files = new_store()
    first, second = back_up(store, FIRST), back_up(store, SECOND)
    path = Layout(ROOT).snapshot(SHOP, 1, first.id)
    overwrite(files, path, flipped(files.read(path) or b"", 30))
    again = Store.open(ROOT, filesystem=files)
    assert again.snapshots() == (second,)
    assert again.verify().affected == (first.id,)
    with pytest.raises(RecordDamaged):
        again.snapshot(first.id)
    assert restored(again, back_up(again, FIRST)) == FIRST


def test_snapshots_that_cannot_be_read_are_named_by_project_and_sequence() -> None:
    store, files = new_store()
    back_up(store, FIRST, LIBRARY)
    first, second, third = back_up(store, FIRST), back_up(store, SECOND), back_up(store, FIRST)
    paths = [Layout(ROOT).snapshot(SHOP, 1, first.id), Layout(ROOT).snapshot(SHOP, 3, third.id)]
    overwrite(files, paths[0], flipped(files.read(paths[0]) or b"", 30))
    overwrite(files, paths[1], b"")
    again = Store.open(ROOT, filesystem=files)
    assert again.damaged_snapshots() == ((SHOP, 1, paths[0]), (SHOP, 3, paths[1]))
    assert again.damaged_snapshots(SHOP) == again.damaged_snapshots()
    assert again.damaged_snapshots(LIBRARY) == ()
    assert again.snapshots(SHOP) == (second,)


def test_a_sound_vault_names_no_damaged_snapshot() -> None:
    store, _ = _vault()
    assert store.damaged_snapshots() == ()


def test_a_backup_goes_on_over_a_damaged_newest_snapshot() -> None:
    store, files = new_store()
    first = back_up(store, FIRST)
    overwrite(files, Layout(ROOT).snapshot(SHOP, 1, first.id), b"{}\n")
    again = Store.open(ROOT, filesystem=files)
    second = back_up(again, SECOND)
    assert (second.sequence, second.parent, restored(again, second)) == (2, first.id, SECOND)


def test_a_damaged_document_is_left_out_and_reported() -> None:
    store, files = new_store()
    with store.writer() as writer:
        writer.put_document("shop", {"name": "Shop"})
    overwrite(files, ROOT / "projects" / "shop.json", b"{}")
    assert dict(store.documents()) == {}
    with pytest.raises(RecordDamaged):
        store.document("shop")
    assert [damage.file for damage in store.verify().damages] == ["projects/shop.json"]


def test_a_record_taken_out_of_the_log_breaks_its_chain() -> None:
    store, files = _vault()
    files.remove(Layout(ROOT).record(2))
    files.remove(Layout(ROOT).copy(2))
    assert "log/00000003.json" in [damage.file for damage in store.verify().damages]


def test_a_log_that_is_gone_is_reported() -> None:
    store, files = new_store()
    files.remove(Layout(ROOT).record(1))
    files.remove(Layout(ROOT).copy(1))
    assert [damage.file for damage in store.verify().damages] == ["log"]


def test_the_log_goes_on_over_a_damaged_record() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    overwrite(files, Layout(ROOT).record(2), b"{}")
    again = Store.open(ROOT, filesystem=files)
    back_up(again, SECOND)
    assert {damage.file for damage in again.verify().damages} == {"log/00000002.json"}


def test_verifying_reports_its_progress() -> None:
    store, _ = _vault()
    seen: list[str] = []
    store.verify(report=Reporter(lambda progress: seen.append(progress.phase)))
    assert set(seen) == {"verify"}


def test_a_broken_vault_file_is_refused() -> None:
    _, files = new_store()
    overwrite(files, ROOT / "vault.json", b"{}")
    with pytest.raises(RecordDamaged):
        Store.open(ROOT, filesystem=files)


def _flipped_with_its_parity() -> MemoryFileSystem:
    store, files = new_store()
    back_up(store, FIRST)
    pack = next(path for path in all_files(files) if path.suffix == ".pack")
    for path in (pack, pack.with_suffix(".par")):
        overwrite(files, path, flipped(files.read(path) or b"", 100))
    return files


def test_a_pack_and_its_parity_damaged_at_once_are_both_put_right() -> None:
    store = Store.open(ROOT, filesystem=_flipped_with_its_parity(), clock=ticking)
    assert store.repair().verified.ok
    assert store.verify().ok


def test_what_a_repair_put_right_stays_so_when_the_power_goes() -> None:
    files = _flipped_with_its_parity()
    Store.open(ROOT, filesystem=files, clock=ticking).repair()
    for disk in (files.after_power_loss(), files.after_power_loss(zeroed=True), files.after_power_loss(seed=3)):
        assert Store.open(ROOT, filesystem=disk, clock=ticking).verify().ok
