from __future__ import annotations

from codevault.analysis.analyse import analyse
from codevault.analysis.model import Unit
from codevault.analysis.units import MAX_CHUNK, Extent, cut, cut_text

TEXT = b"".join(b"line %d of a longer text, different from all others\n" % number for number in range(2_000))


def texts(content: bytes, units: tuple[Unit, ...]) -> list[bytes]:
    return [b"".join(content[start:end] for start, end in unit.spans) for unit in units]


def test_cuts_nothing_from_nothing() -> None:
    assert cut_text(b"") == ()


def test_keeps_a_short_text_whole() -> None:
    assert texts(b"a\nb\n", cut_text(b"a\nb\n")) == [b"a\nb\n"]


def test_cuts_text_at_line_borders_into_pieces_of_limited_size() -> None:
    pieces = texts(TEXT, cut_text(TEXT))

    assert [piece for piece in pieces if not piece.endswith(b"\n") or len(piece) > MAX_CHUNK] == []
    assert len(TEXT) / len(pieces) > 1024


def test_gives_equal_text_an_equal_id_wherever_it_stands() -> None:
    first, second = cut_text(b"same\n"), cut_text(b"same\n")

    assert first[0].id == second[0].id
    assert len(first[0].id) == 32


def test_moves_only_the_borders_near_an_edit() -> None:
    edited = TEXT[:50_000] + b"an inserted line\n" + TEXT[50_000:]
    before = {unit.id for unit in cut_text(TEXT)}
    after = {unit.id for unit in cut_text(edited)}

    assert len(after - before) <= 3
    assert len(before - after) <= 3


def test_cuts_one_endless_line_without_splitting_characters() -> None:
    content = "änderung, größe; ".encode() * 2_000
    pieces = texts(content, cut_text(content))

    assert "".join(piece.decode() for piece in pieces).encode() == content
    assert max(map(len, pieces)) <= MAX_CHUNK


def test_moves_only_the_borders_near_an_edit_of_one_endless_line() -> None:
    line = b"".join(b"function f%d(){return %d};" % (number, number * number) for number in range(2_000))
    edited = line[:20_000] + b"var inserted=1;" + line[20_000:]

    assert len({unit.id for unit in cut_text(edited)} - {unit.id for unit in cut_text(line)}) <= 4


def test_trims_an_extent_that_crosses_its_neighbour() -> None:
    content = b"aaaa\nbbbb\ncccc\n"
    units, owner = cut(content, [Extent(0, 8, 0), Extent(5, 14, 1)], 2)

    assert sorted(span for unit in units for span in unit.spans) == [(0, 5), (5, 8), (8, 15)]
    assert owner == [0, 1]


def test_gives_no_unit_to_an_extent_without_text_of_its_own() -> None:
    units, owner = cut(b"ab", [Extent(0, 2, 0), Extent(0, 2, 1)], 2)

    assert [unit.symbol for unit in units] == [1]
    assert owner == [-1, 0]


def test_puts_the_blank_lines_between_functions_into_one_unit() -> None:
    content = b"def f():\n    pass\n\n\ndef g():\n    pass\n\n\ndef h():\n    pass\n"
    found = analyse("a.py", content)

    assert texts(content, found.units) == [
        b"def f():\n    pass\n",
        b"\n\n\n\n",
        b"def g():\n    pass\n",
        b"def h():\n    pass\n",
    ]


def test_leaves_the_other_units_alone_when_a_function_is_added() -> None:
    before = b"import os\n\n\ndef f():\n    pass\n"
    after = b"import os\n\n\ndef new():\n    return 1\n\n\ndef f():\n    pass\n"
    kept = {unit.id for unit in analyse("a.py", before).units} & {unit.id for unit in analyse("a.py", after).units}

    assert len(kept) == 2


def test_takes_the_rest_of_the_line_along() -> None:
    content = b"const f = () => 1;  // one\nlet x = 2;\n"
    found = analyse("a.js", content)

    assert texts(content, found.units)[0] == b"const f = () => 1;  // one\n"


def test_shares_a_line_between_two_definitions() -> None:
    content = b"int f(void) { return 1; } int g(void) { return 2; }\n"

    assert texts(content, analyse("a.c", content).units) == [
        b"int f(void) { return 1; }",
        b" ",
        b"int g(void) { return 2; }\n",
    ]
