from __future__ import annotations

from pathlib import Path

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import specs
from codevault.analysis.model import Outcome
from tests.analysis.samples import ALL_PATHS, PATHS, described, expected, uncovered

by_name = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.parent.name)


@by_name
def test_finds_the_symbols_that_the_sample_promises(path: Path) -> None:
    assert described(analyse(path.name, path.read_bytes())) == expected(path)


@by_name
def test_promises_more_than_nothing(path: Path) -> None:
    assert len(expected(path)) >= 5


@by_name
def test_parses_the_sample_in_the_language_it_is_named_after(path: Path) -> None:
    found = analyse(path.name, path.read_bytes())

    assert (found.outcome, found.language) == (Outcome.PARSED, path.parent.name)


@by_name
def test_cuts_the_sample_into_units_that_cover_it_once(path: Path) -> None:
    content = path.read_bytes()

    assert uncovered(content, analyse(path.name, content)) == []


@by_name
def test_names_a_unit_that_holds_each_symbol(path: Path) -> None:
    found = analyse(path.name, path.read_bytes())

    assert [
        symbol.qualified_name
        for symbol in found.symbols
        if not any(start <= symbol.start_byte < end for start, end in found.units[symbol.unit].spans)
        and found.units[symbol.unit].symbol < 0
    ] == []


@by_name
def test_gives_each_symbol_its_line_numbers_by_its_bytes(path: Path) -> None:
    content = path.read_bytes()

    assert [
        symbol.qualified_name
        for symbol in analyse(path.name, content).symbols
        if content.count(b"\n", 0, symbol.start_byte) + 1 != symbol.start_line
        or content.count(b"\n", 0, symbol.end_byte) + 1 != symbol.end_line
        or not symbol.start_line <= symbol.name_line <= symbol.end_line
    ] == []


def test_has_a_sample_of_every_language() -> None:
    assert {path.parent.name for path in ALL_PATHS} == set(specs())
