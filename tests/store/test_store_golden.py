"""The golden vault of format 2: every kind of file and frame reads as it was written, for ever."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from codevault.errors import VaultTooNew
from codevault.store import rescue
from codevault.store.layout import FORMAT_VERSION
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.pack import FrameKind
from codevault.store.records import seal
from codevault.store.store import Store
from tests.golden.make_store_2 import BUNDLE, KEPT, LIBRARY, LIBRARY_TREE, SHOP, STRANGE, TREES, make
from tests.store.oracle import KINDS, Operation, assert_survives_at_every_call
from tests.store.scenes import GOLDEN, ROOT, all_files, golden_in_memory, overwrite, restored, ticking


@pytest.fixture(scope="module")
def disk() -> MemoryFileSystem:
    """The golden vault, not to be written to."""
    return golden_in_memory(2)


@pytest.fixture
def store(disk: MemoryFileSystem) -> Store:
    """The golden vault, opened from a copy."""
    return Store.open(ROOT, filesystem=disk.after_crash(), clock=ticking)


def test_its_snapshots_hold_what_was_backed_up(store: Store) -> None:
    assert [restored(store, snapshot) for snapshot in store.snapshots(SHOP)] == [*TREES[1:]]
    assert [restored(store, snapshot) for snapshot in store.snapshots(LIBRARY)] == [LIBRARY_TREE]
    assert [snapshot.reason for snapshot in store.snapshots(SHOP)] == ["number 2", "number 3"]


def test_its_entries_have_all_that_a_manifest_can_say(store: Store) -> None:
    entries = {entry.path: entry for entry in store.manifest(store.snapshots(SHOP)[-1])}
    main, same = entries["main.py"], entries["same.py"]
    assert (main.mode, main.owner, main.xattrs) == (0o755, (1000, 1001), (("user.note", b"\0\xff"),))
    assert (same.hardlink, same.blob, entries["holes"].sparse) == ("main.py", main.blob, True)
    assert (entries["link"].target, entries["left"].reference) == ("main.py\udcfe", "git:" + "ab" * 20)
    assert (entries["folder"].mtime_ns, entries["pipe"].mtime_ns, STRANGE in entries) == (-1, 2**33 * 10**9, True)


def test_what_was_thinned_can_be_put_back(store: Store) -> None:
    thinned = store.housekeeping.thinned()
    store.housekeeping.undo([snapshot.id for snapshot in thinned])
    assert [restored(store, snapshot) for snapshot in store.snapshots(SHOP)] == list(TREES)
    assert store.verify().ok


def test_its_keepsake_document_and_shelf_are_there(store: Store) -> None:
    (kept,) = store.housekeeping.keepsakes(SHOP)
    (shelved,) = store.shelf.files(SHOP)
    assert (store.read(kept.text), kept.span.label) == (KEPT, "f5")
    assert (b"".join(store.shelf.read(shelved)), store.document(SHOP)["seen"]) == (BUNDLE, 2)


def test_it_has_every_kind_of_frame_and_file_and_is_sound(store: Store, disk: MemoryFileSystem) -> None:
    assert {place.kind for place in store._state.catalog} == set(FrameKind)
    folders = {path.relative_to(ROOT).parts[0] for path in all_files(disk)}
    assert folders >= {
        "packs",
        "snapshots",
        "thinned",
        "keepsakes",
        "projects",
        "log",
        "vcs",
        "limits.json",
        "vault.json",
    }
    assert {path.suffix for path in all_files(disk)} >= {".pack", ".par", ".copy", ".json", ".bundle"}
    assert store.verify().ok


def test_the_page_that_makes_it_still_makes_such_a_vault(tmp_path: Path) -> None:
    made = make(tmp_path / "again")
    assert [restored(made, snapshot) for snapshot in made.snapshots(SHOP)] == [*TREES[1:]]
    assert made.verify().ok


def test_its_own_rescue_program_gives_it_back(tmp_path: Path) -> None:
    with tarfile.open(GOLDEN / "store-2.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    target = tmp_path / "out"
    rescue.main(["--vault", str(tmp_path / "store-2"), "restore", f"{SHOP}/3", str(target)])
    found = {path: (target / path).read_bytes() for path in TREES[2] if path != STRANGE}
    assert found == {path: content for path, content in TREES[2].items() if path != STRANGE}


@pytest.mark.parametrize("version", [1, 2])
def test_every_golden_vault_survives_being_written_on(version: int) -> None:
    operation = Operation(before=golden_in_memory(version), act=_write_on)
    assert assert_survives_at_every_call(operation, KINDS["dies"], stride=97, first=40) >= 1


def _write_on(store: Store) -> None:
    with store.writer() as writer:
        writer.put_document("note", {"seen": True})


@pytest.mark.parametrize("version", [FORMAT_VERSION + 1, 99, 2**70])
def test_a_newer_one_is_refused_and_untouched(disk: MemoryFileSystem, version: int) -> None:
    files = disk.after_crash()
    vault = Store.open(ROOT, filesystem=files).vault_id
    overwrite(files, ROOT / "vault.json", seal({"format": version, "vault": vault}))
    before = {path: files.read(path) for path in all_files(files)}
    with pytest.raises(VaultTooNew):
        Store.open(ROOT, filesystem=files)
    assert {path: files.read(path) for path in all_files(files)} == before
