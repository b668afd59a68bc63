"""What happens after kills, lost caches and damage: everything acknowledged is there, and answers are the same."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import BlobDamaged, IndexDamaged, SourceError, StorageFull
from codevault.ids import BlobId, SnapshotId
from codevault.index.index import Index
from codevault.store.filesystem import NewFile
from codevault.store.listing import Listing
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.model import Entry, Snapshot
from codevault.store.store import Store
from codevault.vault import Vault
from tests.vault.scenes import Archive, Desk, archive_with_a_past


def answers(vault: Vault) -> dict[str, object]:
    """What a vault says to one question of each kind; the time it took apart."""
    symbols, text, regex = (
        vault.search.symbols("*"),
        vault.search.text("return", limit=500),
        vault.search.regex(r"def \w+", limit=500),
    )
    newest = vault.snapshots("shop")[-1]
    return {
        "symbols": (symbols.hits, symbols.coverage, symbols.more),
        "text": (text.hits, text.coverage, text.more),
        "regex": (regex.hits, regex.coverage, regex.more),
        "listed": tuple(vault.symbols(newest)),
        "moved": vault.history("shop", "billing/discounts.py", "loyalty_discount"),
        "edited": vault.history("shop", "billing/tax.py", "TaxTable.rate"),
        "versions": vault.versions("utils/strings.py", project="shop"),
        "status": vault.status("billing/tax.py", project="shop"),
    }


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Archive]:
    made = archive_with_a_past(tmp_path)
    yield made
    made.vault.close()


def test_a_rebuilt_cache_gives_the_same_answers(past: Archive) -> None:
    before = answers(past.vault)

    past.vault.rebuild()

    assert answers(past.vault) == before


def test_a_deleted_cache_is_made_again_by_rebuilding(past: Archive) -> None:
    before = answers(past.vault)
    past.vault.close()
    shutil.rmtree(past.desk.place / "cache")

    with past.desk.opened() as vault:
        with pytest.raises(IndexDamaged, match="rebuild"):
            vault.search.text("return")
        vault.rebuild()

        assert answers(vault) == before


def test_an_open_vault_sees_that_another_made_the_cache_again(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "first words\n"})
    desk.day(project)
    desk.vault.analyse()
    with desk.opened() as other:
        assert len(other.search.text("words").hits) == 1
        desk.vault.rebuild()
        desk.day(project, {"b.txt": "other words\n"})
        desk.vault.analyse()

        assert len(other.search.text("words").hits) == 2
        assert len(other.versions("b.txt", project="shop")) == 1


def test_an_open_vault_sees_that_its_cache_was_deleted(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "first words\n"})
    desk.day(project)
    desk.vault.analyse()
    assert len(desk.vault.search.text("words").hits) == 1
    shutil.rmtree(desk.place / "cache")

    with pytest.raises(IndexDamaged, match="rebuild"):
        desk.vault.search.text("words")
    desk.vault.rebuild()

    assert len(desk.vault.search.text("words").hits) == 1


@pytest.mark.parametrize("victim", ["catalog.sqlite", "index/meta.json"])
@pytest.mark.parametrize("garbage", [b"", b"garbage" * 1_000])
def test_a_garbled_cache_is_said_to_be_one_and_made_again(desk: Desk, victim: str, garbage: bytes) -> None:
    project = desk.project("shop", {"a.py": "def f():\n    return 1\n"})
    desk.day(project)
    desk.vault.analyse()
    desk.vault.close()
    (desk.place / "cache" / victim).write_bytes(garbage)

    with desk.opened() as vault:
        with pytest.raises(IndexDamaged, match="rebuild"):
            vault.search.text("return")
        vault.rebuild()

        assert len(vault.search.text("return").hits) == 1


def test_a_backup_succeeds_without_a_usable_index_and_says_so(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n"})
    desk.day(project)
    desk.vault.close()
    (desk.place / "cache" / "catalog.sqlite").write_bytes(b"garbage" * 1_000)

    with desk.opened() as vault:
        desk.write("shop", {"a.py": "x = 2\n"})
        backup = vault.backup("shop")

        assert [(p.kind, "not yet searchable" in p.why) for p in backup.problems] == [("index", True)]
        assert len(vault.snapshots("shop")) == 2


def test_a_backup_after_the_cache_was_deleted_tells_the_index_everything(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n"})
    desk.day(project)
    desk.vault.close()
    shutil.rmtree(desk.place / "cache")

    with desk.opened() as vault:
        desk.write("shop", {"a.py": "x = 2\n"})
        backup = vault.backup("shop")

        assert backup.complete
        assert len(vault.versions("a.py", project="shop")) == 2


def test_a_run_killed_before_the_index_heard_of_it_is_caught_up_at_the_next_question(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n"})
    desk.day(project)
    desk.vault._recorder._tell_index = _killed  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        desk.day(project, {"a.py": "x = 2\n"})
    desk.vault.close()

    with desk.opened() as vault:
        assert len(vault.versions("a.py", project="shop")) == 2


def test_a_run_killed_before_the_index_heard_of_it_is_caught_up_by_the_next_run(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n"})
    desk.day(project)
    original = desk.vault._recorder._tell_index
    desk.vault._recorder._tell_index = _killed  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        desk.day(project, {"a.py": "x = 2\n"})
    desk.vault._recorder._tell_index = original  # type: ignore[method-assign]

    desk.day(project, {"a.py": "x = 3\n"})

    assert [v.first.sequence for v in desk.vault.versions("a.py", project="shop")] == [1, 2, 3]


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_index_somebody_else_writes_is_told_later(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n"})
    with Index.open(desk.place / "cache", vault_id=desk.vault._store.vault_id, writable=True):
        backup = desk.day(project)

    again = desk.day(project, {"a.py": "x = 2\n"})

    assert [problem.kind for problem in backup.problems] == ["index"]
    assert again.complete
    assert len(desk.vault.versions("a.py", project="shop")) == 2


def test_two_vaults_keep_to_themselves(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = Desk(tmp_path / "one"), Desk(tmp_path / "two")
    one.day(one.project("shop", {"a.txt": "first words\n"}))
    two.day(two.project("shop", {"a.txt": "second words\n"}))
    one.vault.analyse()
    two.vault.analyse()

    assert [hit.snippet.strip() for hit in one.vault.search.text("words").hits] == ["first words"]
    assert [hit.snippet.strip() for hit in two.vault.search.text("words").hits] == ["second words"]
    one.vault.close()
    two.vault.close()


def test_the_cache_of_another_vault_is_refused_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = Desk(tmp_path / "one"), Desk(tmp_path / "two")
    one.day(one.project("shop", {"a.txt": "first\n"}))
    two.day(two.project("blog", {"b.txt": "second\n"}))
    one.vault.close()
    two.vault.close()
    shutil.rmtree(one.place / "cache")
    shutil.copytree(two.place / "cache", one.place / "cache")

    with one.opened() as vault:
        with pytest.raises(IndexDamaged):
            vault.versions("a.txt", project="shop")
        vault.rebuild()

        assert len(vault.search.text("first").hits) == 1
        assert vault.search.text("second").hits == ()


def test_a_garbled_memory_of_the_scan_costs_time_only(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "x = 1\n"})
    desk.day(project)
    (desk.place / "cache" / "scan" / project.id).write_bytes(b"garbage")

    backup = desk.day(project, kind="automatic")

    assert backup.stats.read_files == 1
    assert backup.snapshot.sequence == 1


class Damaged(Store):
    """A vault in which one manifest and one file are damaged."""

    bad_snapshot = SnapshotId("")
    bad_blob = BlobId("")

    def manifest(self, snapshot: Snapshot) -> Iterator[Entry]:
        if snapshot.id == self.bad_snapshot:
            raise BlobDamaged(snapshot.manifest, Path("a.pack"), 7, "a flipped bit")
        return super().manifest(snapshot)

    def listing(self, snapshot: Snapshot) -> Listing:
        if snapshot.id == self.bad_snapshot:
            raise BlobDamaged(snapshot.manifest, Path("a.pack"), 7, "a flipped bit")
        return super().listing(snapshot)

    def read(self, blob: BlobId) -> bytes:
        if blob == self.bad_blob:
            raise BlobDamaged(blob, Path("a.pack"), 7, "a flipped bit")
        return super().read(blob)


def damaged(desk: Desk) -> tuple[Vault, Damaged]:
    store = Damaged(desk.vault._store._state, 1)
    return Vault(store, clock=lambda: desk.now, workers=1), store


@pytest.mark.parametrize("sequence", [1, 2, 3])
def test_a_damaged_manifest_costs_its_own_snapshot_only(desk: Desk, sequence: int) -> None:
    project = desk.project("shop", {"a.txt": "one\n", "b.txt": "b\n"})
    desk.day(project)
    desk.day(project, {"a.txt": "two\n", "b.txt": None})
    desk.day(project, {"a.txt": "three\n", "c.txt": "c\n"})
    desk.vault.close()
    vault, store = damaged(desk)
    store.bad_snapshot = vault.snapshots("shop")[sequence - 1].id

    vault.rebuild()

    assert {v.first.sequence for v in vault.versions("a.txt", project=project)} == {1, 2, 3} - {sequence}
    assert len(vault.snapshots("shop")) == 3
    vault.close()


def test_histories_go_on_across_a_damaged_manifest(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "def f(x):\n    return x + 1\n", "b.txt": "b\n"})
    desk.day(project)
    desk.day(project, {"b.txt": "c\n"})
    desk.day(project, {"a.py": "def f(x):\n    return x + 2\n"})
    desk.day(project, {"a.py": "y = 1\n"})
    desk.vault.close()
    vault, store = damaged(desk)
    store.bad_snapshot = vault.snapshots("shop")[1].id

    vault.rebuild()

    events = vault.history(project, "a.py", "f").events
    assert [(event.kinds, event.at.sequence) for event in events] == [
        (("introduced",), 1),
        (("body",), 3),
        (("removed",), 4),
    ]
    vault.close()


def test_what_was_removed_next_to_a_damaged_manifest_is_known_to_be_gone(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "one\n", "b.txt": "b\n"})
    desk.day(project)
    desk.day(project, {"a.txt": "two\n"})
    desk.day(project, {"b.txt": None})
    desk.vault.close()
    vault, store = damaged(desk)
    store.bad_snapshot = vault.snapshots("shop")[1].id

    vault.rebuild()

    (version,) = vault.versions("b.txt", project=project)
    assert version.last is not None
    vault.close()


def test_the_run_after_a_damaged_manifest_reads_everything_and_goes_on(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "one\n", "b.txt": "b\n"})
    desk.day(project)
    desk.day(project, {"a.txt": "two\n"})
    desk.vault.close()
    vault, store = damaged(desk)
    store.bad_snapshot = vault.snapshots("shop")[-1].id
    desk.write("shop", {"b.txt": None, "c.txt": "c\n"})

    backup = vault.backup("shop")

    assert [problem.kind for problem in backup.problems] == ["damaged"]
    assert [entry.path for entry in vault.files(backup)] == ["a.txt", "c.txt"]
    assert [v.last.sequence for v in vault.versions("b.txt", project="shop") if v.last] == [2]
    vault.close()


def test_a_damaged_file_is_not_analysed_and_hides_nothing_else(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "first words\n", "b.txt": "other words\n"})
    desk.day(project)
    bad = desk.vault.versions("a.txt", project=project)[0].blob
    desk.vault.close()
    vault, store = damaged(desk)
    store.bad_blob = bad

    done = vault.analyse()
    result = vault.search.text("words")

    assert (done.failed, done.text) == (1, 1)
    assert [hit.path for hit in result.hits] == ["b.txt"]
    assert result.coverage.not_parsed + result.coverage.not_indexed >= 1
    vault.close()


def flip_a_bit_of_every_frame(desk: Desk) -> None:
    """Damages content in the middle of each pack."""
    packs = desk.place / "packs"
    for folder in desk.disk.list(packs) or ():
        for pack in desk.disk.list(packs / folder.name) or ():
            path = packs / folder.name / pack.name
            content = bytearray(desk.disk.read(path) or b"")
            content[200] ^= 1
            desk.disk.remove(path)
            file = desk.disk.create(path)
            file.write(bytes(content))
            file.close()


def test_damage_that_verifying_found_is_healed_from_files_nobody_changed(desk: Desk) -> None:
    words = "".join(f"line {number * 7919 % 10007}\n" for number in range(500))
    project = desk.project("shop", {"a.txt": words, "b.txt": words[::-1]})
    desk.day(project)
    flip_a_bit_of_every_frame(desk)
    found = desk.vault.verify()

    backup = desk.day(project, kind="automatic")

    assert not found.ok
    assert found.affected == (backup.id,)
    assert backup.stats.read_files == 2
    assert desk.vault.restore(project, to=desk.home / "back").problems == ()
    assert (desk.home / "back" / "a.txt").read_text() == words
    assert desk.vault._store.suspects == frozenset()


class Full(MemoryFileSystem):
    """A disk that is full as soon as `full` is set."""

    full = False

    def create(self, path: Path) -> NewFile:
        if self.full:
            raise StorageFull(path, OSError(28, "No space left on device"))
        return super().create(path)


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path) -> None:
    disk = Full()
    desk = Desk(tmp_path, disk)
    project = desk.project("shop", {"a.txt": "one\n"})
    desk.day(project)
    disk.full = True
    with pytest.raises(StorageFull):
        desk.day(project, {"a.txt": "two\n"})
    disk.full = False

    backup = desk.day(project)

    assert backup.snapshot.sequence == 2
    assert desk.vault.restore(project, to=tmp_path / "back", at=1).files == 1
    assert (tmp_path / "back" / "a.txt").read_text() == "one\n"
    desk.vault.close()


def test_a_root_that_vanished_records_nothing(desk: Desk) -> None:
    project = desk.project("shop", {"a.txt": "one\n"})
    desk.day(project)
    shutil.rmtree(desk.home / "shop")

    with pytest.raises(SourceError, match="nothing counts as deleted") as caught:
        desk.vault.backup(project)

    assert caught.value.root == desk.home / "shop"
    assert len(desk.vault.snapshots(project)) == 1
    assert desk.vault.status("a.txt", project=project).versions == 1


def test_a_root_that_became_a_file_records_nothing(desk: Desk) -> None:
    project = desk.project("shop")
    (desk.home / "shop").rmdir()
    (desk.home / "shop").write_text("a file")

    with pytest.raises(SourceError):
        desk.vault.backup(project)

    assert desk.vault.snapshots(project) == ()


def test_a_power_loss_after_a_backup_loses_nothing_of_it(desk: Desk) -> None:
    assert isinstance(desk.disk, MemoryFileSystem)
    project = desk.project("shop", {"a.txt": "one\n"})
    backup = desk.day(project)

    for folder in reversed(desk.place.parents):
        desk.disk.sync_folder(folder)  # what lies above the vault is the system's

    survived = Store.open(desk.place, filesystem=desk.disk.after_power_loss())

    with Vault(survived, workers=1) as vault:
        assert vault.snapshots("shop") == (backup.snapshot,)
        assert vault.restore("shop", to=desk.home / "back").problems == ()
    assert (desk.home / "back" / "a.txt").read_text() == "one\n"
