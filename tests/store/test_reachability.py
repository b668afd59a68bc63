"""What a vault needs: what its snapshots name, what that rests on, and nothing else."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from codevault.errors import VaultBusy
from codevault.ids import BlobId, SnapshotId
from codevault.store.keepsakes import Span, keep, keepsakes_of, release
from codevault.store.layout import Layout
from codevault.store.listing import Revision
from codevault.store.reachability import Reachability, needed_by_vault
from codevault.store.records import hash_of
from codevault.store.store import Store
from codevault.store.swapping import retire
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
    flipped,
    new_store,
    overwrite,
    restored,
    ticking,
)


def _blob(content: bytes) -> BlobId:
    return BlobId(hash_of(content))


def test_everything_a_snapshot_names_is_needed() -> None:
    store, _ = new_store()
    snapshot = back_up(store, FIRST)
    with store.turn() as turn:
        reach = needed_by_vault(turn.state)
    assert all(_blob(content) in reach for content in FIRST.values())
    assert snapshot.manifest in reach
    assert not reach.lost


def test_content_that_no_snapshot_names_is_not_needed() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        stray = writer.add(b"never committed")
    back_up(store, FIRST)
    with store.turn() as turn:
        assert stray not in needed_by_vault(turn.state)


def test_what_was_left_to_a_repository_is_needed_only_where_the_vault_holds_it_all_the_same() -> None:
    store, _ = new_store()
    with store.writer() as writer:
        held = writer.add(SOURCE)
        elsewhere = BlobId("0f" * 32)
        entries = [
            replace(file_entry("held", held, len(SOURCE)), reference="git:1"),
            replace(file_entry("left", elsewhere, 5), reference="git:2"),
        ]
        writer.commit(draft(), entries)
    with store.turn() as turn:
        reach = needed_by_vault(turn.state)
    assert (held in reach, elsewhere in reach, reach.lost) == (True, False, {})
    assert store.verify().ok


def test_a_revised_snapshot_may_go_on_leaving_content_to_a_repository() -> None:
    store, _ = new_store()
    left = replace(file_entry("left", BlobId("0f" * 32), 5), reference="git:2")
    with store.writer() as writer:
        first = writer.commit(draft(), [left])
    revision = Revision(store.listing(first))
    revision.put(replace(left, path="again"), None)
    with store.writer() as writer:
        second = writer.commit_revised(draft(), revision)
    assert [entry.path for entry in store.manifest(second)] == ["again", "left"]


def test_what_a_needed_delta_rests_on_is_needed() -> None:
    store, _ = new_store()
    first = back_up(store, FIRST)
    back_up(store, SECOND)
    with store.turn() as turn:
        reach = needed_by_vault(turn.state, without={first.id})
    assert _blob(EDITED) in reach
    assert _blob(SOURCE) in reach  # EDITED is a difference from it


def test_what_only_left_out_snapshots_name_is_not_needed() -> None:
    store, _ = new_store()
    first = back_up(store, {"old.txt": b"an old text"})
    back_up(store, {"new.txt": b"something else"}, LIBRARY)
    with store.turn() as turn:
        reach = needed_by_vault(turn.state, without={first.id})
    assert _blob(b"an old text") not in reach
    assert _blob(b"something else") in reach


def test_the_chunks_of_a_large_blob_are_needed() -> None:
    store, _ = new_store()
    content = b"".join(hash_of(b"%d" % n).encode() for n in range(140_000))
    back_up(store, {"large.bin": content})
    with store.turn() as turn:
        reach = needed_by_vault(turn.state)
        parts = turn.state.reader.parts(_blob(content))
    assert len(parts) > 1
    assert all(part in reach for part, _ in parts)


def test_a_lost_manifest_is_said_and_not_taken_for_an_empty_one() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    for pack in [path for path in all_files(files) if path.suffix == ".pack"]:
        files.remove(pack)
    with store.turn() as turn:
        assert needed_by_vault(turn.state).lost


def test_a_damaged_snapshot_is_said() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    record = next(path for path in all_files(files) if path.parent.name == SHOP)
    overwrite(files, record, b"{}")
    with Store.open(ROOT, filesystem=files, clock=ticking).turn() as turn:
        assert needed_by_vault(turn.state).lost


def test_retired_packs_are_gone_from_disk_catalog_and_log() -> None:
    store, files = new_store()
    with store.writer() as writer:
        stray = writer.add(b"never committed")
    snapshot = back_up(store, FIRST)
    with store.turn() as turn:
        pack = turn.state.catalog.find(stray)[0].pack
        retire(turn, [pack])
        assert stray not in turn.state.catalog
    assert files.read(Layout(ROOT).pack(pack)) is None
    assert store.verify().ok
    assert restored(store, snapshot) == FIRST


def test_retiring_nothing_writes_nothing() -> None:
    store, files = new_store()
    with store.turn() as turn:
        before = sorted(all_files(files))
        retire(turn, [])
        assert sorted(all_files(files)) == before


@pytest.mark.parametrize(("start", "length"), [(0, 12), (4, 8), (10, 1)])
def test_a_kept_span_outlives_its_blob(start: int, length: int) -> None:
    store, _ = new_store()
    first = back_up(store, {"old.py": SOURCE})
    span = Span(blob=_blob(SOURCE), start=start, length=length, project=SHOP, path="old.py", label="function_0")
    with store.turn() as turn:
        keep(turn, [span])
        reach = needed_by_vault(turn.state, without={first.id})
        (kept,) = keepsakes_of(turn.state, SHOP)
    assert kept.span == span
    assert store.read(kept.text) == SOURCE[start : start + length]
    assert kept.text in reach
    assert _blob(SOURCE) not in reach


def test_a_released_keepsake_is_needed_no_longer() -> None:
    store, _ = new_store()
    back_up(store, {"old.py": SOURCE})
    spans = [
        Span(blob=_blob(SOURCE), start=start, length=20, project=SHOP, path="old.py", label="") for start in (0, 50)
    ]
    with store.turn() as turn:
        first, second = keep(turn, spans)
        release(turn, SHOP, [first.text])
        reach = needed_by_vault(turn.state)
        assert keepsakes_of(turn.state, SHOP) == (second,)
    assert second.text in reach
    assert first.text not in reach


@pytest.mark.parametrize(
    "manifest", [b"no manifest\n", b"cut short", b'{"path":"a","kind":"file","mode":"0644","blob":"x"}\n']
)
def test_a_manifest_that_does_not_parse_is_said(manifest: bytes) -> None:
    store, _ = new_store()
    back_up(store, FIRST)
    with store.writer() as writer:
        blob = writer.add(manifest)
    with store.turn() as turn:
        odd = replace(store.snapshots()[0], manifest=blob, id=SnapshotId("ab" * 32))
        reach = Reachability(turn.state)
        reach.add_snapshot(odd)
    assert len(reach.lost) == 1


def test_a_list_of_chunks_that_cannot_be_read_is_said() -> None:
    store, files = new_store()
    content = random.Random(1).randbytes(9 << 20)
    back_up(store, {"large.bin": content})
    (place,) = store._state.catalog.find(_blob(content))
    path = Layout(ROOT).pack(place.pack)
    overwrite(files, path, flipped(files.read(path) or b"", place.at + 12))
    with Store.open(ROOT, filesystem=files, clock=ticking).turn() as turn:
        assert needed_by_vault(turn.state).lost


def test_a_deletion_needs_the_lock() -> None:
    store, files = new_store()
    with store.writer() as writer:
        stray = writer.add(b"never committed")
    turn = store.turn()
    files.remove(Layout(ROOT).lock)
    with pytest.raises(VaultBusy):
        retire(turn, [turn.state.catalog.find(stray)[0].pack])
    turn.close()
    assert store.read(stray) == b"never committed"
