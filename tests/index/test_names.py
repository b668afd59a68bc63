from __future__ import annotations

import pytest

from codevault.index.names import glob_matcher, rank, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parse_file", ("parse", "file")),
        ("parseHTTPHeader2", ("parse", "http", "header", "2")),
        ("HTTP", ("http",)),
        ("__init__", ("init",)),
        ("TaxTable", ("tax", "table")),
        ("größeÄndern", ("größeändern",)),
        ("operator==", ("operator",)),
        ("_", ()),
    ],
)
def test_splits_names_into_words(name: str, words: tuple[str, ...]) -> None:
    assert words_of(name) == words


def test_globs_know_two_wildcards_only() -> None:
    assert glob_matcher("a[b]*.?")("a[b]cd.e")
    assert not glob_matcher("a[b]*")("ab")
    assert glob_matcher("*")("line\nbreak")


def test_ranks_an_answer_by_how_well_it_fits() -> None:
    asked = "Tax.rate"
    ranked = [rank(asked, "rate", "Shop.Tax.rate"), rank(asked, "rate", "shop.tax.rate"), rank(asked, "x", "x")]
    assert ranked == [0.9, 0.7, 0.0]
    assert rank("rate", "rate", "Tax.rate") > rank("rate", "Rate", "Tax.Rate") > rank("rate", "rates", "rates")
