"""What every text index must do; a new one is plugged in at `text_index`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.index.memory_text import MemoryText
from codevault.index.patterns import ANYTHING, AllOf, AnyOf, Word
from codevault.index.ports import TextIndex
from codevault.index.tantivy_index import TantivyText


@pytest.fixture(params=["memory", "tantivy"])
def text_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TextIndex]:
    index: TextIndex = (
        MemoryText() if request.param == "memory" else TantivyText(tmp_path / "index", generation=0, writable=True)
    )
    yield index
    index.close()


def test_finds_documents_by_a_piece_of_a_line(text_index: TextIndex) -> None:
    text_index.add_lines(7, ["return total * rate"])
    text_index.add_lines(8, ["return nothing"])
    text_index.commit(1, ())
    assert text_index.documents(Word("tal * r"), 10) == (7,)


def test_gives_the_newest_documents_first_and_no_more_than_asked(text_index: TextIndex) -> None:
    text_index.add_lines(3, ["same"])
    text_index.add_lines(9, ["same"])
    text_index.add_lines(5, ["same"])
    text_index.commit(1, ())
    assert text_index.documents(Word("same"), 2) == (9, 5)


def test_folds_ascii_letters_of_words(text_index: TextIndex) -> None:
    text_index.add_lines(1, ["taxtable ümlaut"])
    text_index.commit(1, ())
    assert text_index.documents(Word("TaxTable"), 10) == (1,)
    assert text_index.documents(Word("Ümlaut", folded=True), 10) == (1,)


def test_meets_needs_made_of_all_and_any(text_index: TextIndex) -> None:
    text_index.add_lines(1, ["alpha beta"])
    text_index.add_lines(2, ["alpha gamma"])
    text_index.add_lines(3, ["delta"])
    text_index.commit(1, ())
    assert text_index.documents(AllOf((Word("alpha"), Word("gamma"))), 10) == (2,)
    assert text_index.documents(AnyOf((Word("beta"), Word("delta"))), 10) == (3, 1)
    assert text_index.documents(ANYTHING, 10) == (3, 2, 1)


def test_finds_nothing_before_the_commit(text_index: TextIndex) -> None:
    text_index.add_lines(1, ["early"])
    assert text_index.documents(Word("early"), 10) == ()
    text_index.commit(1, ())
    assert text_index.documents(Word("early"), 10) == (1,)


def test_forgets_dropped_documents(text_index: TextIndex) -> None:
    text_index.add_lines(1, ["stale words"])
    text_index.commit(1, ())
    text_index.add_lines(2, ["fresh words"])
    text_index.commit(2, (1,))
    assert text_index.documents(Word("words"), 10) == (2,)


def test_finds_declarations_by_name_and_glob(text_index: TextIndex) -> None:
    text_index.add_name(1, "parse_file", ("parse", "file"))
    text_index.add_name(2, "parser", ("parser",))
    text_index.add_name(3, "a-b [x]", ("a", "b", "x"))
    text_index.commit(1, ())
    assert text_index.declarations("parser", 10) == (2,)
    assert text_index.declarations("parse*", 10) == (2, 1)
    assert text_index.declarations("?arse*e", 10) == (1,)
    assert text_index.declarations("a-b [x*", 10) == (3,)
    assert text_index.declarations("*", 2) == (3, 2)


def test_finds_declarations_by_all_their_words(text_index: TextIndex) -> None:
    text_index.add_name(1, "parse_file", ("parse", "file"))
    text_index.add_name(2, "file", ("file",))
    text_index.commit(1, ())
    assert text_index.declarations_with(("file", "parse"), 10) == (1,)
    assert text_index.declarations_with(("file",), 10) == (2, 1)


def test_takes_odd_characters(text_index: TextIndex) -> None:
    text_index.add_lines(1, ["nul \0 here", "é", "", "日本語の文"])
    text_index.commit(1, ())
    assert text_index.documents(Word("\0 h"), 10) == (1,)
    assert text_index.documents(Word("日本語"), 10) == (1,)


@pytest.mark.parametrize(
    ("asked", "edits", "found"),
    [("rate", 1, (4, 2, 1)), ("rtae", 1, (1,)), ("raet", 1, (1,)), ("rat", 2, (5, 4, 2, 1)), ("none", 1, ())],
)
def test_finds_names_a_few_edits_away(text_index: TextIndex, asked: str, edits: int, found: tuple[int, ...]) -> None:
    for number, name in enumerate(["rate", "rates", "turnover", "irate", "trait"], 1):
        text_index.add_name(number, name, [])
    text_index.commit(1, ())
    assert text_index.declarations_near(asked, edits, 10) == found
