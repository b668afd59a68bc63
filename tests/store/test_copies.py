"""The copies of small files: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import pytest
from blake3 import blake3

from codevault.store.copies import MOST_COPIED, SmallFiles, decode_copy, encode_copy
from codevault.store.generations import Generations
from codevault.store.layout import Layout
from codevault.store.pack import SKIPPABLE
from codevault.store.records import LoggedFile, RecordMalformed, hash_of, seal
from codevault.store.zstd_codec import compress
from tests.store.scenes import FIRST, ROOT, back_up, new_store, overwrite, ticking

FILES = {"log/00000001.json": b"{}\n", "projects/a.json": "ü".encode(), "odd": b"\xff\xfe", "empty": b""}


def _proven(frame: bytes) -> bytes:
    return frame + SKIPPABLE + (32).to_bytes(4, "little") + blake3(frame).digest()


def _changed(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 0x10  # in byte 4 the bit that zstd ignores
    return bytes(changed)


def test_what_is_copied_comes_back() -> None:
    copy = SmallFiles(7, FILES)
    assert decode_copy(encode_copy(copy)) == copy


def test_files_beyond_its_bound_are_left_out() -> None:
    long = SmallFiles(1, {"first": b"a", "long": bytes(MOST_COPIED), "later": b""})
    assert list(decode_copy(encode_copy(long)).files) == ["first"]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"files": 3, "sequence": 1},
        {"files": [3], "sequence": 1},
        {"files": [{"file": "a", "text": 3}], "sequence": 1},
        {"files": [{"file": "a", "base64": "?"}], "sequence": 1},
        {"files": [], "sequence": "x"},
    ],
)
def test_a_copy_that_holds_something_else_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(RecordMalformed):
        decode_copy(_proven(compress(seal(value), 1)))


def test_a_copy_without_end_is_refused() -> None:
    with pytest.raises(RecordMalformed, match="longer"):
        decode_copy(_proven(compress(bytes(5 * MOST_COPIED), 1)))


@pytest.mark.parametrize("at", [4, *range(0, 100, 9), -1])
def test_a_changed_copy_is_refused(at: int) -> None:
    with pytest.raises(RecordMalformed):
        decode_copy(_changed(encode_copy(SmallFiles(7, FILES)), at))


def test_copies_that_a_dead_run_left_out_are_made_by_the_next_generation() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    whole = files.read(Layout(ROOT).copy(2))
    files.remove(Layout(ROOT).copy(2))
    back_up(store, {**FIRST, "more": b"m"})
    assert files.read(Layout(ROOT).copy(2)) == whole
    assert store.verify().notices == ()


def test_a_copy_under_another_number_is_refused() -> None:
    store, files = new_store()
    back_up(store, FIRST)
    overwrite(files, Layout(ROOT).copy(2), files.read(Layout(ROOT).copy(1)) or b"")
    with pytest.raises(RecordMalformed, match="another"):
        store._state.generations.copy(2)


def test_a_log_that_names_files_outside_the_vault_copies_nothing_of_them() -> None:
    store, files = new_store()
    overwrite(files, ROOT.parent / "outside", b"secret")
    generations = Generations(files, Layout(ROOT), ticking)
    generations.append([LoggedFile(file="../outside", bytes=6, blake3=hash_of(b"secret"))])
    assert "../outside" not in generations.copy(2).files
    assert [damage.file for damage in store.verify().damages] == []


def test_the_chain_goes_on_over_a_newest_record_that_is_lost_with_its_copy() -> None:
    store, files = new_store()
    overwrite(files, Layout(ROOT).record(1), b"{}")
    overwrite(files, Layout(ROOT).copy(1), b"{}")
    newest = store._state.generations.newest()
    assert (newest.sequence, newest.hash, newest.record) == (1, hash_of(b"{}"), None)
    back_up(store, FIRST)
    assert {damage.file for damage in store.verify().damages} == {"log/00000001.json", "log/00000001.copy"}
