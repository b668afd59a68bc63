"""What symbols carry beside their names: stored in groups, read by number, the same after every way of writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from codevault.analysis.analyse import analyse
from codevault.analysis.model import FileAnalysis, Symbol
from codevault.errors import IndexDamaged
from codevault.index import details, schema
from codevault.index.details import DetailCache, DetailWriter, header_record, inside_record
from tests.index.scenes import DESK, SHOP, Scene, blob_of, in_memory, on_disk, reader, understood

RATE = b'''import tax


class Table:
    """What is due."""

    @cached(size=3)
    def rate(self, country: str, year: int = 2026) -> float:
        """The rate of a country.

        None for a year that is yet to come.
        """
        check(country)
        return tax.of(country, year) + tax.extra(country)
'''


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    made = schema.connect(None, writable=True)
    made.executescript(schema.TABLES)
    yield made
    made.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = in_memory()
    yield made
    made.index.close()


def symbol(**fields: object) -> Symbol:
    made = understood("a.py", b"def f(x):\n    return x\n").symbols[0]
    return structs.replace(made, **fields)


def written(db: sqlite3.Connection, numbers: range, full: int = details.GROUP) -> None:
    writer = DetailWriter(db, "symbol_group", full)
    for number in numbers:
        writer.add(number, inside_record(symbol(documentation=f"about {number}")), bytes([number]) * 8 * (number % 3))
    writer.flush()


def documented(db: sqlite3.Connection, numbers: range) -> list[str]:
    found = DetailCache().insides(db, numbers)
    assert [sketch for _, sketch in found.values()] == [bytes([number]) * 8 * (number % 3) for number in numbers]
    return [inside.documentation for inside, _ in found.values()]


def groups(db: sqlite3.Connection) -> list[int]:
    return [first for (first,) in db.execute("SELECT first FROM symbol_group ORDER BY first")]


def test_every_field_of_a_symbol_comes_back_as_the_analysis_gave_it(scene: Scene) -> None:
    scene.snap({"till.py": RATE})
    scene.understand(analyse)
    given = analyse("till.py", RATE)
    kept = scene.index.symbols_of(blob_of(RATE), "till.py")
    fields = [name for name in Symbol.__struct_fields__ if name not in {"parent", "unit", "codes"}]

    assert [[getattr(one, name) for name in fields] for one in kept] == [
        [getattr(one, name) for name in fields] for one in given.symbols
    ]
    assert [one.unit for one in kept] == [given.units[one.unit].id for one in given.symbols]
    assert [one.container for one in kept] == ["", "Table"]


def test_a_search_hit_carries_them_too(scene: Scene) -> None:
    scene.snap({"till.py": RATE})
    scene.understand(analyse)
    (hit,) = scene.index.search_symbols("rate").hits

    assert hit.symbol is not None
    assert hit.symbol.parameters == ("self", "country: str", "year: int = 2026")
    assert (hit.symbol.returns, hit.symbol.decorators) == ("float", ("@cached(size=3)",))
    assert hit.symbol.documentation == "The rate of a country.\n\nNone for a year that is yet to come."
    assert hit.symbol.calls == ("check", "of", "extra")
    assert len(hit.symbol.sketch) >= 8


def test_a_symbol_is_stored_once_however_many_contents_hold_it(scene: Scene) -> None:
    scene.project(DESK, "desk")
    scene.snap({"till.py": RATE, "copy.py": RATE + b"\n\nx = 1\n"})
    scene.snap({"till.py": RATE}, project=DESK)
    scene.understand(analyse)

    assert scene.index.stats().rows["symbol"] == 2
    assert len({hit.path for hit in scene.index.search_symbols("rate").hits}) == 2


def documented_as(text: str) -> object:
    def how(path: str, content: bytes) -> FileAnalysis:
        found = understood(path, content)
        return replace(found, symbols=tuple(structs.replace(one, documentation=text) for one in found.symbols))

    return how


def test_symbols_that_differ_in_documentation_alone_are_two(scene: Scene) -> None:
    source = b"def f(x):\n    return x\n"
    scene.snap({"a.py": source})
    scene.understand(documented_as("one"))  # type: ignore[arg-type]  # a function
    scene.snap({"b.py": source + b"\n"})
    scene.understand(documented_as("two"))  # type: ignore[arg-type]  # a function

    assert [one.documentation for one in scene.index.symbols_of(blob_of(source), "a.py")] == ["one"]
    assert [one.documentation for one in scene.index.symbols_of(blob_of(source + b"\n"), "b.py")] == ["two"]


def test_a_reader_sees_records_that_joined_a_group_it_remembers(tmp_path: Path) -> None:
    scene = on_disk(tmp_path / "cache")
    scene.snap({"a.py": b"def f(x):\n    return x\n"})
    scene.understand()
    asking = reader(tmp_path / "cache")
    assert [path for path, _ in asking.symbols_at(SHOP, 1)] == ["a.py"]
    scene.snap({"b.py": b"def g(x):\n    return x\n"})
    scene.understand()

    assert [one.signature for _, one in asking.symbols_at(SHOP, 2)] == ["def f(x):", "def g(x):"]
    asking.close()
    scene.index.close()


def test_small_commits_fill_one_group(db: sqlite3.Connection) -> None:
    for number in range(1, 30):
        written(db, range(number, number + 1))

    assert groups(db) == [1]
    assert documented(db, range(1, 30)) == [f"about {number}" for number in range(1, 30)]


def test_a_full_group_is_left_alone(db: sqlite3.Connection) -> None:
    written(db, range(1, 5), 40)
    written(db, range(5, 7), 40)

    assert groups(db) == [1, 3, 5]
    assert documented(db, range(1, 7)) == [f"about {number}" for number in range(1, 7)]


def test_what_is_remembered_stays_within_its_bounds(db: sqlite3.Connection) -> None:
    written(db, range(1, 10), 1)
    cache = DetailCache(most=40)

    assert set(cache.insides(db, range(1, 10))) == set(range(1, 10))
    assert cache._bytes <= 80


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM symbol_group",
        "UPDATE symbol_group SET records = x'00'",
        "UPDATE symbol_group SET lengths = x'80'",
        "UPDATE symbol_group SET lengths = x'01'",
        "UPDATE symbol_group SET first = 5",
    ],
)
def test_damaged_records_are_a_damaged_index(db: sqlite3.Connection, damage: str) -> None:
    written(db, range(1, 4))
    db.execute(damage)

    with pytest.raises(IndexDamaged, match="rebuild"):
        DetailCache().insides(db, range(1, 4))


def test_half_a_character_becomes_a_question_mark(db: sqlite3.Connection) -> None:
    writer = DetailWriter(db, "declaration_group")
    writer.add(1, header_record(symbol(parameters=("a\ud800b", "c"), signature="def \ud800")))
    writer.flush()
    found = DetailCache().headers(db, [1])[1]

    assert (found.signature, found.parameters) == ("def ?", ("a?b", "c"))
    assert inside_record(symbol(documentation="\udcff")) == inside_record(symbol(documentation="?"))


def test_nothing_to_write_writes_nothing(db: sqlite3.Connection) -> None:
    DetailWriter(db, "symbol_group").flush()

    assert groups(db) == []
    assert DetailCache().insides(db, []) == {}
