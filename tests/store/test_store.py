"""What a store keeps, how it answers, and what it refuses."""

from __future__ import annotations

import random
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import (
    BlobMissing,
    InvalidArgument,
    SourceError,
    UnknownSnapshot,
    VaultBusy,
    VaultClosed,
    VaultExists,
    VaultMissing,
    VaultTooNew,
)
from codevault.ids import BlobId, ProjectId, SnapshotId
from codevault.store.filesystem import DiskFileSystem
from codevault.store.model import Entry, EntryKind, SnapshotDraft
from codevault.store.records import hash_of, seal
from codevault.store.store import Store
from tests.store.scenes import (
    EDITED,
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
    new_store,
    overwrite,
    restored,
    ticking,
)

ABSENT = BlobId("0" * 64)
NOISE = random.Random(1).randbytes(9 << 20)


def test_a_committed_tree_reads_back_byte_for_byte() -> None:
    store, _ = new_store()
    assert restored(store, back_up(store, FIRST)) == FIRST


def test_every_version_stays_readable() -> None:
    store, files = new_store()
    first, second = back_up(store, FIRST), back_up(store, SECOND)
    again = Store.open(ROOT, filesystem=files)
    assert [restored(again, first), restored(again, second)] == [FIRST, SECOND]


def test_a_small_edit_costs_little() -> None:
    store, _ = new_store()
    back_up(store, FIRST)
    before = store.stats().pack_bytes
    back_up(store, {**FIRST, "main.py": EDITED})
    assert store.stats().pack_bytes - before < 500


def test_deduplicates_identical_blobs_across_projects() -> None:
    store, _ = new_store()
    back_up(store, FIRST, SHOP)
    blobs = store.stats().blobs
    back_up(store, FIRST, LIBRARY)
    assert store.stats().blobs == blobs


def test_a_relative_of_the_same_name_serves_as_base() -> None:
    store, _ = new_store()
    back_up(store, FIRST, SHOP)
    before = store.stats().pack_bytes
    back_up(store, {"copied/main.py": EDITED}, LIBRARY)
    assert store.stats().pack_bytes - before < 600


def test_an_unlike_file_of_the_same_name_is_stored_whole() -> None:
    store, _ = new_store()
    back_up(store, FIRST, SHOP)
    other = b"".join(b"entirely different %d\n" % n for n in range(400))
    assert restored(store, back_up(store, {"copied/main.py": other}, LIBRARY)) == {"copied/main.py": other}


def test_a_long_history_of_one_file_stays_readable() -> None:
    store, files = new_store()
    versions = [SOURCE.replace(b"argument + 5\n", b"argument + %d\n" % n) for n in range(1000, 1120)]
    blobs: list[BlobId | None] = [None]
    with store.writer() as writer:
        blobs.extend(writer.add(version, path="a.py", hint=blobs[-1]) for version in versions)
    again = Store.open(ROOT, filesystem=files)
    assert [again.read(blob) for blob in blobs if blob is not None] == versions


def test_content_like_a_dictionary_is_no_base() -> None:
    store, files = new_store()
    trap = bytes.fromhex("37a430ec") + SOURCE
    with store.writer() as writer:
        blob = writer.add(trap + b"!", hint=writer.add(trap))
    assert Store.open(ROOT, filesystem=files).read(blob) == trap + b"!"


def test_large_content_is_chunked_and_reads_back() -> None:
    store, files = new_store()
    with store.writer() as writer:
        blob, length = writer.add_stream(NOISE[at : at + 100_000] for at in range(0, len(NOISE), 100_000))
    again = Store.open(ROOT, filesystem=files)
    pieces = list(again.read_chunks(blob))
    assert (b"".join(pieces), length, again.size(blob)) == (NOISE, len(NOISE), len(NOISE))
    assert max(map(len, pieces)) <= 4 << 20
    assert again.read(blob) == NOISE


def test_an_insertion_into_a_large_file_costs_little() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        blob = writer.add(NOISE)
    before = store.stats().pack_bytes
    with store.writer() as writer:
        writer.add(NOISE[:3_000_000] + b"inserted" + NOISE[3_000_000:], hint=blob)
    assert store.stats().pack_bytes - before < 5_000


def test_a_short_stream_is_an_ordinary_blob() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        assert writer.add_stream([b"ab", b"c"]) == (hash_of(b"abc"), 3)
    assert list(store.read_chunks(BlobId(hash_of(b"abc")))) == [b"abc"]


def test_a_stream_that_fails_leaves_the_writer_usable() -> None:
    def failing() -> Iterator[bytes]:
        yield NOISE
        raise SourceError("the project is gone")

    store, _ = new_store()
    with store.writer() as writer:
        with pytest.raises(SourceError):
            writer.add_stream(failing())
        blob = writer.add(b"after it")
    assert store.read(blob) == b"after it"


def test_documents_are_replaced_and_read_back() -> None:
    store, files = new_store()
    with store.writer() as writer:
        writer.put_document("shop", {"root": "/home/\udcff", "tags": ["a"]})
        writer.put_document("shop", {"root": "/home/\udcff", "tags": ["b", "ü"]})
    again = Store.open(ROOT, filesystem=files)
    assert dict(again.document("shop")) == {"root": "/home/\udcff", "tags": ["b", "ü"]}
    assert {name: dict(document) for name, document in again.documents().items()} == {
        "shop": dict(again.document("shop"))
    }


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "x" * 200])
def test_a_document_name_that_is_no_file_name_is_refused(name: str) -> None:
    store, _ = new_store()
    with store.writer() as writer, pytest.raises(InvalidArgument):
        writer.put_document(name, {})


def test_a_document_that_is_no_json_is_refused() -> None:
    store, _ = new_store()
    with store.writer() as writer, pytest.raises(InvalidArgument):
        writer.put_document("x", {"value": float("nan")})


def test_an_unknown_document_is_refused() -> None:
    store, _ = new_store()
    with pytest.raises(InvalidArgument):
        store.document("none")


def test_snapshots_form_a_chain_named_by_the_hash_of_their_files() -> None:
    store, files = new_store()
    first, second = back_up(store, FIRST, reason="grüße"), back_up(store, SECOND)
    paths = [path for path in all_files(files) if "snapshots" in path.parts]
    names = [hash_of(files.read(path) or b"") for path in sorted(paths)]
    assert (names, second.parent, first.parent) == ([first.id, second.id], first.id, None)


def test_snapshots_come_by_project_and_sequence() -> None:
    store, files = new_store()
    made = [back_up(store, FIRST, LIBRARY), back_up(store, FIRST, SHOP), back_up(store, SECOND, LIBRARY)]
    again = Store.open(ROOT, filesystem=files)
    assert again.snapshots() == (made[1], made[0], made[2])
    assert again.snapshots(LIBRARY) == (made[0], made[2])
    assert again.snapshots(ProjectId("0" * 16)) == ()


def test_a_snapshot_is_found_by_its_id() -> None:
    store, files = new_store()
    other = Store.open(ROOT, filesystem=files)
    made = back_up(store, FIRST)
    assert other.snapshot(made.id) == made
    with pytest.raises(UnknownSnapshot):
        other.snapshot(SnapshotId("0" * 64))


def test_entries_come_in_the_order_of_their_paths_bytes() -> None:
    store, _ = new_store()
    paths = ["b", "a/b", "a", "\udcff", "z", "é", "a.b"]
    with store.writer() as writer:
        snapshot = writer.commit(draft(), [file_entry(path, writer.add(b"x"), 1) for path in paths])
    assert [entry.path for entry in store.manifest(snapshot)] == ["a", "a.b", "a/b", "b", "z", "é", "\udcff"]


def test_two_entries_for_one_path_are_refused() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        entry = file_entry("a", writer.add(b"x"), 1)
        with pytest.raises(InvalidArgument):
            writer.commit(draft(), [entry, entry])


@pytest.mark.parametrize("path", ["", "a\0b", "\ud800"])
def test_a_path_that_no_file_system_has_is_refused(path: str) -> None:
    store, _ = new_store()
    with store.writer() as writer, pytest.raises(InvalidArgument):
        writer.commit(draft(), [Entry(path=path, kind=EntryKind.DIRECTORY, mode=0o755, mtime_ns=0)])


def test_an_entry_whose_blob_was_never_added_is_refused() -> None:
    store, _ = new_store()
    with store.writer() as writer, pytest.raises(BlobMissing):
        writer.commit(draft(), [file_entry("a", ABSENT, 1)])


def test_recording_again_keeps_the_content_and_goes_on_the_chain() -> None:
    store, files = new_store()
    first = back_up(store, FIRST)
    with store.writer() as writer:
        second = writer.commit_again(draft(reason="as it was"))
    assert (second.sequence, second.parent, second.reason) == (2, first.id, "as it was")
    assert restored(Store.open(ROOT, filesystem=files), second) == FIRST


def test_recording_again_needs_a_snapshot() -> None:
    store, _ = new_store()
    with store.writer() as writer, pytest.raises(UnknownSnapshot):
        writer.commit_again(draft())


def test_recording_again_never_builds_on_a_lost_manifest() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    [files.remove(path) for path in list(all_files(files)) if path.suffix == ".pack"]  # type: ignore[func-returns-value] # all of them
    again = Store.open(ROOT, filesystem=files)
    with again.writer() as writer, pytest.raises(BlobMissing):
        writer.commit_again(draft())
    assert [snapshot.sequence for snapshot in again.snapshots()] == [1]


def test_a_project_id_that_is_none_is_refused() -> None:
    store, _ = new_store()
    with store.writer() as writer, pytest.raises(InvalidArgument):
        writer.commit(draft(ProjectId("../../etc")), [])


@pytest.mark.parametrize("fact", [object(), 1.5, [1], float("nan")])
def test_facts_other_than_scalars_are_refused(fact: object) -> None:
    store, _ = new_store()
    wrong = SnapshotDraft(project=SHOP, created_ns=0, facts={"when": fact})  # type: ignore[dict-item] # the point
    with store.writer() as writer, pytest.raises(InvalidArgument):
        writer.commit(wrong, [])
    assert store.snapshots() == ()


def test_a_missing_blob_is_said_to_be_missing() -> None:
    store, _ = new_store()
    with pytest.raises(BlobMissing):
        store.read(ABSENT)
    with pytest.raises(BlobMissing):
        store.size(ABSENT)
    assert not store.contains(ABSENT)


def test_a_reader_sees_what_another_process_committed() -> None:
    store, files = new_store()
    reader = Store.open(ROOT, filesystem=files)
    snapshot = back_up(store, FIRST)
    assert restored(reader, snapshot) == FIRST
    reader.rescan()
    assert reader.snapshots() == (snapshot,)


def test_readers_go_on_while_a_writer_writes() -> None:
    store, _ = new_store()
    snapshot = back_up(store, FIRST)
    seen: list[dict[str, bytes]] = []
    with store.writer() as writer:
        writer.add(EDITED)
        thread = threading.Thread(target=lambda: seen.append(restored(store, snapshot)))
        thread.start()
        thread.join()
    assert seen == [FIRST]


def test_a_second_writer_is_refused_at_once() -> None:
    store, files = new_store()
    with store.writer(), pytest.raises(VaultBusy):
        Store.open(ROOT, filesystem=files).writer()
    store.writer().__exit__(None, None, None)


def test_leaving_by_an_exception_leaves_nothing_referenced() -> None:
    store, _ = new_store()
    with pytest.raises(RuntimeError), store.writer() as writer:  # noqa: PT012 - the with block is what is left
        writer.add(SOURCE)
        raise RuntimeError
    assert store.stats().blobs == 0
    assert store.verify().ok
    assert restored(store, back_up(store, FIRST)) == FIRST


def test_flushed_content_is_durable_without_a_snapshot() -> None:
    store, files = new_store()
    with pytest.raises(RuntimeError), store.writer() as writer:  # noqa: PT012 - the with block is what is left
        blob = writer.add(SOURCE)
        writer.flush()
        raise RuntimeError
    survivor = Store.open(ROOT, filesystem=files.after_power_loss())
    assert survivor.read(blob) == SOURCE
    assert survivor.verify().ok


def test_a_closed_writer_refuses_work() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        pass
    with pytest.raises(VaultClosed):
        writer.add(b"late")


def test_an_interrupted_writer_refuses_work() -> None:
    def interrupted() -> Iterator[Entry]:
        raise KeyboardInterrupt
        yield

    store, _ = new_store()
    with store.writer() as writer:
        with pytest.raises(KeyboardInterrupt):
            writer.commit(draft(), interrupted())
        with pytest.raises(VaultClosed):
            writer.add(b"late")


def test_a_writer_whose_lock_file_was_taken_away_records_nothing() -> None:
    store, files = new_store()
    with store.writer() as writer:
        files.remove(ROOT / "lock")
        with pytest.raises(VaultBusy):
            writer.commit(draft(), [])
    assert store.snapshots() == ()


def test_a_closed_store_refuses_work() -> None:
    store, _ = new_store()
    with store:
        pass
    with pytest.raises(VaultClosed):
        store.snapshots()


def test_creating_over_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    Store.create(tmp_path / "vault").close()
    with pytest.raises(VaultExists):
        Store.create(tmp_path / "file")
    with pytest.raises(VaultExists):
        Store.create(tmp_path / "vault")
    with pytest.raises(VaultExists):
        Store.create(tmp_path)


def test_an_interrupted_creation_is_taken_up() -> None:
    store, files = new_store()
    files.remove(ROOT / "vault.json")
    with pytest.raises(VaultMissing):
        Store.open(ROOT, filesystem=files)
    again = Store.create(ROOT, filesystem=files, clock=ticking)
    assert again.verify().ok
    assert again.vault_id != store.vault_id


def test_opening_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VaultMissing):
        Store.open(tmp_path / "none")
    with pytest.raises(VaultMissing):
        Store.open(tmp_path)


def test_a_vault_of_a_newer_format_is_refused() -> None:
    _, files = new_store()
    overwrite(files, ROOT / "vault.json", seal({"format": 99, "vault": "0" * 32}))
    with pytest.raises(VaultTooNew) as refused:
        Store.open(ROOT, filesystem=files)
    assert (refused.value.version, refused.value.supported) == (99, 2)


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")
    back_up(store, FIRST)
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "vault").rglob("*")}
    assert modes == {True: 0o700, False: 0o600}
    assert stat.S_IMODE((tmp_path / "vault").stat().st_mode) == 0o700


def test_leftovers_of_a_dead_run_are_swept() -> None:
    store, files = new_store()
    overwrite(files, ROOT / "incoming" / "000001.pack.tmp", b"half a pack")
    back_up(store, FIRST)
    assert files.list(ROOT / "incoming") == ()


def test_foreign_names_are_left_alone() -> None:
    store, files = new_store()
    snapshot = back_up(store, FIRST)
    foreign = [ROOT / "snapshots" / SHOP / "notes.txt", ROOT / "packs" / "readme", ROOT / "projects" / "x.bak"]
    [overwrite(files, path, b"mine") for path in foreign]  # type: ignore[func-returns-value] # three of a kind
    again = Store.open(ROOT, filesystem=files)
    assert again.snapshots() == (snapshot,)
    assert again.verify().ok
    back_up(again, SECOND)
    assert [files.read(path) for path in foreign] == [b"mine"] * 3


def test_the_catalog_in_the_cache_is_used_and_never_needed() -> None:
    store, files = new_store()
    snapshot = back_up(store, FIRST)
    saved = files.read(ROOT / "cache" / "packs.catalog") or b""
    shortcut = restored(Store.open(ROOT, filesystem=files), snapshot)
    overwrite(files, ROOT / "cache" / "packs.catalog", saved[:-1])
    torn = restored(Store.open(ROOT, filesystem=files), snapshot)
    files.remove(ROOT / "cache" / "packs.catalog")
    assert [shortcut, torn, restored(Store.open(ROOT, filesystem=files), snapshot)] == [FIRST] * 3


def test_a_stale_catalog_never_vouches_for_a_pack_that_is_gone() -> None:
    store, files = new_store()
    back_up(store, {"main.py": SOURCE})
    packs = [path for path in all_files(files) if path.suffix == ".pack"]
    [files.remove(path) for path in packs]  # type: ignore[func-returns-value] # all of them
    again = Store.open(ROOT, filesystem=files)
    assert not again.contains(BlobId(hash_of(SOURCE)))
    with again.writer() as writer:
        blob = writer.add(SOURCE)
    assert again.read(blob) == SOURCE


def test_counts_and_sizes_add_up() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    stats = store.stats()
    sizes = {path: len(files.read(path) or b"") for path in all_files(files) if "cache" not in path.parts}
    assert stats.pack_bytes == sum(size for path, size in sizes.items() if path.suffix == ".pack")
    assert stats.other_bytes == sum(size for path, size in sizes.items() if path.suffix != ".pack")
    assert (stats.packs, stats.blobs, stats.snapshots) == (1, 4, 1)
    assert stats.content_bytes == sum(map(len, FIRST.values())) + store.size(store.snapshots()[0].manifest)


def test_a_store_says_where_and_what_it_is(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault", filesystem=DiskFileSystem())
    assert (store.root, store.format_version, len(store.vault_id)) == (tmp_path / "vault", 2, 32)
