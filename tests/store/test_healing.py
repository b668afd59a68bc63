"""A damaged blob never answers for a new backup of the same content: it is noticed, and the new copy heals it."""

from __future__ import annotations

import pytest

from codevault.errors import BlobMissing, DamageError
from codevault.ids import BlobId
from codevault.store.layout import Layout
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.rechecking import SAMPLED, Recheck
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.suspects import known_suspects
from tests.store.scenes import (
    EDITED,
    ROOT,
    SHOP,
    SOURCE,
    back_up,
    draft,
    flipped,
    new_store,
    overwrite,
    restored,
    ticking,
)

BLOB = BlobId(hash_of(SOURCE))
LARGE = b"".join(hash_of(b"%d" % n).encode() for n in range(150_000))


def _opened(files: MemoryFileSystem) -> Store:
    return Store.open(ROOT, filesystem=files, clock=ticking)


def _damage(files: MemoryFileSystem, content: bytes) -> None:
    place = _opened(files)._state.catalog.find(BlobId(hash_of(content)))[0]
    path = Layout(ROOT).pack(place.pack)
    overwrite(files, path, flipped(files.read(path) or b"", place.at + place.stored // 2))


def _kept(*versions: bytes) -> MemoryFileSystem:
    store, files = new_store()
    for version in versions:
        back_up(store, {"main.py": version})
    return files


@pytest.mark.parametrize("versions", [(SOURCE,), (EDITED, SOURCE)], ids=["whole", "as a difference"])
def test_damage_nobody_knows_of_is_noticed_and_healed_by_a_backup_of_the_same(versions: tuple[bytes, ...]) -> None:
    files = _kept(*versions)
    _damage(files, SOURCE)
    store = _opened(files)
    snapshot = back_up(store, {"again.py": SOURCE})
    assert restored(_opened(files), snapshot) == {"again.py": SOURCE}
    assert _opened(files).read(BLOB) == SOURCE


def test_a_damaged_chunk_of_a_large_file_is_healed() -> None:
    files = _kept(LARGE)
    store = _opened(files)
    part = store._state.reader.parts(BlobId(hash_of(LARGE)))[1][0]
    _damage(files, store.read(part))
    snapshot = back_up(_opened(files), {"again.bin": LARGE})
    assert restored(_opened(files), snapshot) == {"again.bin": LARGE}


def test_a_version_whose_base_is_gone_is_healed() -> None:
    files = _kept(EDITED, SOURCE)
    files.remove(Layout(ROOT).pack(_opened(files)._state.catalog.find(BlobId(hash_of(EDITED)))[0].pack))
    store = _opened(files)
    with pytest.raises(DamageError):
        store.read(BLOB)
    with store.writer() as writer:
        writer.add(SOURCE)
    assert _opened(files).read(BLOB) == SOURCE


def test_what_one_process_found_another_ones_backup_heals() -> None:
    files = _kept(SOURCE)
    _damage(files, SOURCE)
    assert not _opened(files).verify().ok
    other = _opened(files)
    assert BLOB in other.suspects
    back_up(other, {"main.py": SOURCE})
    assert _opened(files).suspects == frozenset()


def test_what_was_repaired_is_suspected_no_longer() -> None:
    files = _kept(SOURCE)
    _damage(files, SOURCE)
    store = _opened(files)
    assert not store.verify().ok
    assert BLOB in store.suspects
    assert store.repair().ok
    assert (store.suspects, _opened(files).suspects) == (frozenset(), frozenset())


def test_a_full_look_and_a_second_look_clear_a_wrong_suspicion() -> None:
    files = _kept(SOURCE)
    store = _opened(files)
    store._state.suspects.add(BLOB)
    with store.writer() as writer:
        writer.add(SOURCE)
    assert store.suspects == frozenset()
    store._state.suspects.add(BLOB)
    store.verify()
    assert store.suspects == frozenset()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]\n"])
def test_kept_suspects_that_do_not_parse_are_forgotten(content: bytes) -> None:
    files = _kept(SOURCE)
    store = _opened(files)
    overwrite(files, ROOT / "cache" / "suspects.json", content)
    assert known_suspects(store._state) == frozenset()


def test_sound_content_is_not_stored_again() -> None:
    files = _kept(SOURCE)
    with _opened(files).writer() as writer:
        writer.add(SOURCE)
    assert len(_opened(files)._state.catalog.find(BLOB)) == 1


def _all_frames_damaged(contents: list[bytes]) -> Store:
    store, files = new_store()
    with store.writer() as writer:
        for content in contents:
            writer.add(content)
            writer._packer.close_group()
    places = [store._state.catalog.find(BlobId(hash_of(content)))[0] for content in contents]
    path = Layout(ROOT).pack(places[0].pack)
    damaged = bytearray(files.read(path) or b"")
    for place in places:
        damaged[place.at + place.stored - 1] ^= 1
    overwrite(files, path, bytes(damaged))
    return _opened(files)


def test_beyond_its_budget_a_writer_looks_at_a_sample_of_the_frames() -> None:
    contents = [b"%d" % n * 50 for n in range(8 * SAMPLED)]
    recheck = Recheck(_all_frames_damaged(contents)._state, always=0)
    believed = [recheck.holds(BlobId(hash_of(content))) for content in contents]
    assert 0 < believed.count(False) < len(believed)


def test_a_snapshot_is_not_recorded_again_over_a_pack_that_is_gone() -> None:
    files = _kept(SOURCE)
    files.remove(Layout(ROOT).pack(_opened(files)._state.catalog.find(BLOB)[0].pack))
    with _opened(files).writer() as writer, pytest.raises(BlobMissing):
        writer.commit_again(draft(SHOP))


def test_a_snapshot_is_not_recorded_again_over_a_pack_that_was_cut_short() -> None:
    store, files = new_store()
    with store.writer() as writer:
        blobs = []
        for content in (SOURCE, SOURCE[::-1]):
            blobs.append(writer.add(content))
            writer._packer.close_group()
    back_up(store, {"a": SOURCE, "b": SOURCE[::-1]})
    last = max((store._state.catalog.find(blob)[0] for blob in blobs), key=lambda place: place.at)
    path = Layout(ROOT).pack(last.pack)
    overwrite(files, path, (files.read(path) or b"")[: last.at + 9])
    with _opened(files).writer() as writer, pytest.raises(BlobMissing):
        writer.commit_again(draft(SHOP))
