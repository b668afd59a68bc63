from __future__ import annotations

from codevault.analysis.model import Unit
from codevault.ids import UnitId
from codevault.index.text import LONG, SHORT, Fragment, fragments, searchable


def unit(*spans: tuple[int, int]) -> Unit:
    return Unit(id=UnitId("0" * 32), spans=spans)


def test_a_fragment_begins_at_the_first_whole_line_of_a_span() -> None:
    content = b"one\ntwo three\nfour\n"
    cut = fragments(content, [unit((0, 8)), unit((8, len(content)))])
    assert cut == (Fragment(b"one\ntwo three", 2), Fragment(b"four", 1))


def test_blank_lines_join_the_fragment_before_them() -> None:
    content = b"one\n\n  \ntwo\n"
    cut = fragments(content, [unit((0, 4), (5, 8)), unit((4, 5)), unit((8, 12))])
    assert cut == (Fragment(b"one\n\n  ", 3), Fragment(b"two", 1))


def test_an_empty_file_has_no_fragments_and_a_line_end_alone_one_line() -> None:
    assert fragments(b"", []) == ()
    assert fragments(b"\n", []) == (Fragment(b"", 1),)


def test_versions_of_a_long_text_share_most_fragments() -> None:
    paragraphs = [b"paragraph %d %s\n\n" % (number, b"word " * 30) for number in range(100)]
    old = set(fragments(b"".join(paragraphs), []))
    paragraphs[50] = b"an edit\n\n"
    new = set(fragments(b"".join(paragraphs), []))
    assert len(old) > 20
    assert len(new - old) <= 4


def test_a_long_run_without_blank_lines_is_cut_as_well() -> None:
    lines = b"".join(b"line %d of a table\n" % number for number in range(2000))
    cut = fragments(lines, [])
    assert max(len(fragment.text) for fragment in cut) < 2 * LONG
    assert min(len(fragment.text) for fragment in cut[:-1]) >= SHORT
    assert sum(fragment.lines for fragment in cut) == 2000


def test_text_is_read_as_utf8_line_by_line_and_else_as_latin1() -> None:
    assert searchable("é\n".encode() + b"\xe9\r\nx") == "é\né\nx".encode()
    assert searchable(b"\xfe\xff" + "né".encode("utf-16-be")) == "né".encode()
    assert searchable(b"plain\rtext") == b"plain\rtext"
