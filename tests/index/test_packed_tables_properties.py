"""Lists of who holds what, and keys, in their buckets: what goes in comes out, whatever the order and the sizes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codevault.errors import IndexDamaged
from codevault.ids import VaultId
from codevault.index import keys, postings, schema

ITEMS = st.one_of(st.integers(0, 200), st.integers(0, 1 << 40))
LISTS = st.lists(st.integers(-(1 << 40), 1 << 40), max_size=30)
HASHES = st.one_of(st.integers(0, (1 << 63) - 1), st.integers(0, 300))


@contextmanager
def catalog() -> Iterator[sqlite3.Connection]:
    db = schema.connect(None, writable=True)
    schema.create(db, VaultId("0" * 32))
    yield db
    db.close()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.dictionaries(ITEMS, LISTS, max_size=12), max_size=6), st.sampled_from([20, 8 << 10]))
def test_lists_hold_what_was_added_in_order(rounds: list[dict[int, list[int]]], chunk: int) -> None:
    expected: dict[int, list[int]] = {}
    with catalog() as db, pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "CHUNK", chunk)
        for added in rounds:
            postings.append(db, "fragment_in", added)
            expected = {item: expected.get(item, []) + added.get(item, []) for item in expected | added}
        assert postings.holders(db, "fragment_in", expected) == {item: held for item, held in expected.items() if held}
        assert sum(count for _, count in postings.lengths(db, "fragment_in")) == sum(map(len, expected.values()))


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.integers(0, 130), st.sets(st.integers(0, 50), max_size=30), max_size=8), st.data())
def test_lists_lose_what_is_taken_out(held: dict[int, set[int]], data: st.DataObject) -> None:
    gone = {item: data.draw(st.sets(st.sampled_from(sorted(numbers)))) for item, numbers in held.items() if numbers}
    with catalog() as db, pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "CHUNK", 30)
        for item, numbers in held.items():
            postings.append(db, "symbol_in", {item: sorted(numbers)})
        postings.remove(db, "symbol_in", gone)
        left = {item: sorted(numbers - gone.get(item, set())) for item, numbers in held.items()}
        assert postings.holders(db, "symbol_in", held) == {item: numbers for item, numbers in left.items() if numbers}


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(HASHES, max_size=60, unique=True), max_size=8), st.sampled_from([2, 48]))
def test_keys_are_found_again_however_often_they_were_spread(rounds: list[list[int]], full: int) -> None:
    known: dict[int, int] = {}
    with catalog() as db, pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "FULL", full)
        for wanted in rounds:
            assert keys.find(db, "symbol_key", wanted) == {key: known[key] for key in wanted if key in known}
            new = {key: number for number, key in enumerate((k for k in wanted if k not in known), len(known) + 1)}
            keys.add(db, "symbol_key", new)
            known |= new
        assert keys.find(db, "symbol_key", known) == known


@pytest.mark.parametrize("stored", [b"", b"\x01no frame", b"\x00\x01", b"\x00" + b"\x01" * 64, b"\x01" + b"\0" * 64])
def test_a_damaged_list_is_said_to_be_one(stored: bytes) -> None:
    with catalog() as db:
        db.execute("INSERT INTO fragment_in VALUES (0, ?)", (stored,))
        with pytest.raises(IndexDamaged, match="damaged"):
            postings.holders(db, "fragment_in", [1])


def test_a_damaged_bucket_of_keys_is_said_to_be_one() -> None:
    with catalog() as db:
        db.execute("INSERT INTO symbol_key VALUES (1, x'0203')")
        with pytest.raises(IndexDamaged, match="damaged"):
            keys.find(db, "symbol_key", [1])
