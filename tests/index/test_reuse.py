"""Near-miss terms and streams at rest: what goes in comes out, in few pieces, and damage is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest

from codevault.analysis.clones_related import sketch_of
from codevault.errors import IndexDamaged
from codevault.ids import VaultId
from codevault.index import reuse_terms, schema
from codevault.index.reuse import Directory, Sample, near, parts
from codevault.index.reuse_streams import StreamWriter, streams
from codevault.index.reuse_terms import TermWriter, lookup, segments, terms_of

CODES = b"\3".join(bytes(range(first, first + 6)) for first in range(40, 240, 5))


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    found = schema.connect(None, writable=True)
    schema.create(found, VaultId("0" * 32))
    yield found
    found.close()


def fill(db: sqlite3.Connection, rows: dict[int, list[int]]) -> None:
    writer = TermWriter(db)
    for number, terms in rows.items():
        writer.add(number, np.array(terms, np.uint32))
    writer.flush()


def asked(db: sqlite3.Connection, terms: list[int], work: int = 1 << 20) -> tuple[list[list[int]], bool]:
    found, complete = lookup(db, segments(db), np.array(terms, np.uint32), work)
    return [sorted(one.tolist()) for one in found], complete


def test_terms_are_found_in_every_segment_and_after_they_merge(db: sqlite3.Connection) -> None:
    fill(db, {number: list(range(number, number + 40)) for number in range(1, 200)})
    fill(db, {1000: [7, 8]})
    before, several = asked(db, [7, 8, 9999]), len(segments(db))
    fill(db, {number: [7] for number in range(2000, 5000)})

    assert before == ([[*range(1, 8), 1000], [*range(1, 9), 1000], []], True)
    assert several == 2
    assert len(segments(db)) == 1
    assert asked(db, [7])[0] == [[*range(1, 8), 1000, *range(2000, 5000)]]


def test_a_term_of_thousands_stays_on_one_page(db: sqlite3.Connection) -> None:
    fill(db, {number: [5, 1 << 31, number * 1000 % (1 << 32)] for number in range(1, 3000)})

    assert asked(db, [5, 1 << 31])[0] == [list(range(1, 3000))] * 2
    assert asked(db, [2_000_000])[0] == [[2000]]


def test_numbers_need_as_many_bytes_as_they_have(db: sqlite3.Connection) -> None:
    fill(db, {1: [3, 4], 70_000: [3], 20_000_000: [3], 4_000_000_000: [4_294_967_295]})

    assert asked(db, [3, 4, 4_294_967_295])[0] == [[1, 70_000, 20_000_000], [1], [4_000_000_000]]


def test_a_question_leaves_out_what_it_cannot_afford_and_no_other_does(db: sqlite3.Connection) -> None:
    fill(db, {number: [5, 1_000_000 + number] for number in range(1, 3000)})

    assert asked(db, [5, 1_000_007], work=1000) == ([[], [7]], False)
    assert asked(db, [5])[0] == [list(range(1, 3000))]


def test_merging_goes_part_by_part(db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reuse_terms, "PART", 500)
    rows = {number: [number * 2_654_435_761 % (1 << 32), 77] for number in range(1, 2000)}
    fill(db, rows)
    fill(db, {number + 5000: terms for number, terms in rows.items()})

    assert len(segments(db)) == 1
    assert [asked(db, [rows[at][0]])[0] for at in (1, 999, 1999)] == [[[at, at + 5000]] for at in (1, 999, 1999)]
    assert len(asked(db, [77])[0][0]) == 3998


def test_a_container_keeps_some_of_its_terms() -> None:
    sketch = sketch_of(CODES * 4)
    every, some = terms_of(sketch), terms_of(sketch, container=True)

    assert set(some.tolist()) < set(every.tolist())


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE reuse_segment SET pages = x'00'",
        "UPDATE reuse_page SET entries = x''",
        "UPDATE reuse_page SET entries = x'0200'",
        "DELETE FROM reuse_page",
    ],
)
def test_damaged_terms_are_told(db: sqlite3.Connection, damage: str) -> None:
    fill(db, {1: [3, 4]})
    db.execute(damage)

    with pytest.raises(IndexDamaged, match="rebuild"):
        asked(db, [3])


def test_a_missing_page_stops_a_merge(db: sqlite3.Connection) -> None:
    fill(db, {1: [3, 4]})
    db.execute("DELETE FROM reuse_page")

    with pytest.raises(IndexDamaged, match="rebuild"):
        fill(db, {2: [3]})


def test_streams_come_back_from_groups_that_small_commits_share(db: sqlite3.Connection) -> None:
    writer = StreamWriter(db)
    for number in (3, 5, 9, 100_000):
        writer.add(number, 7, CODES + bytes([number % 250]))
        writer.flush()

    found = list(streams(db, [9, 3, 4, 1, 100_000, 200_000]))

    assert [(one.number, one.language, one.codes[-1]) for one in found] == [(3, 7, 3), (9, 7, 9), (100_000, 7, 0)]
    assert db.execute("SELECT count(*) FROM reuse_stream").fetchone() == (2,)


def test_streams_that_do_not_fit_are_not_read(db: sqlite3.Connection) -> None:
    writer = StreamWriter(db)
    for number in range(1, 200):
        writer.add(number, number % 2, CODES)
    writer.flush()

    assert [one.number for one in streams(db, range(1, 8), lambda language, _: language == 0)] == [2, 4, 6]
    assert db.execute("SELECT count(*) FROM reuse_stream").fetchone()[0] > 1


@pytest.mark.parametrize("damage", ["heads = x'00'", "streams = x'00'"])
def test_damaged_streams_are_told(db: sqlite3.Connection, damage: str) -> None:
    writer = StreamWriter(db)
    writer.add(1, 1, CODES)
    writer.flush()
    db.execute(f"UPDATE reuse_stream SET {damage}")

    with pytest.raises(IndexDamaged, match="rebuild"):
        list(streams(db, [1]))


def filled(db: sqlite3.Connection, found: dict[int, bytes]) -> Directory:
    terms, stored = TermWriter(db), StreamWriter(db)
    for number, codes in found.items():
        terms.add(number, terms_of(sketch_of(codes)))
        stored.add(number, 1, codes)
    terms.flush()
    stored.flush()
    return Directory()


def sample(codes: bytes, language: int = 1) -> Sample:
    return Sample(codes=codes, sketch=sketch_of(codes), language=language)


def test_near_misses_are_those_of_the_same_language_that_are_alike_enough(db: sqlite3.Connection) -> None:
    directory = filled(db, {1: CODES, 2: CODES[:-20], 3: CODES[:60], 4: CODES[::-1], 5: CODES[:100] + b"\1" * 150})

    found = near(db, directory, sample(CODES), 0.7)

    assert set(found.found) == {1, 2}
    assert found.complete
    assert near(db, directory, sample(CODES, language=2), 0.7).found == {}
    assert set(near(db, directory, sample(CODES), 0.7, known={1}).found) == {2}


def test_a_question_that_would_take_too_long_says_so(db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = filled(db, {1: CODES, 2: CODES[:-20]})
    monkeypatch.setattr("codevault.index.reuse.CELLS", 10)

    assert not near(db, directory, sample(CODES), 0.7).complete
    assert parts(db, directory, sample(CODES), least=30, at_least=0.7) == {}


def test_parts_are_found_in_what_is_not_alike(db: sqlite3.Connection) -> None:
    stranger = bytes(range(249, 200, -1)) * 6
    directory = filled(db, {1: stranger + CODES[:80] + stranger, 2: stranger})

    assert near(db, directory, sample(CODES), 0.7).found == {}
    assert parts(db, directory, sample(CODES), least=60, at_least=0.7)[1].size >= 80
