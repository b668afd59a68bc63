from __future__ import annotations

from pathlib import Path

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.languages import specs
from tests.analysis.agreement import Score, compare, row
from tests.analysis.agreement_rules import LANGUAGES, Comparison, Tag, source_of

by_language = pytest.mark.parametrize("comparison", LANGUAGES.values(), ids=LANGUAGES.keys())


@by_language
def test_no_language_has_more_than_ten_rules(comparison: Comparison) -> None:
    assert len(comparison.theirs) + len(comparison.ours) + 1 <= 10


def test_compares_only_languages_that_have_a_folder() -> None:
    assert set(LANGUAGES) <= set(specs())


def tag(name: str, line: int, kind: str = "function") -> Tag:
    return {"name": name, "line": str(line), "kind": kind, "pattern": "", "path": "a"}


def scored(path: str, text: str, *tags: Tag) -> Score:
    content, score = text.encode(), Score()
    compare(
        LANGUAGES[analyse(path, content).language], Path(path), source_of(content, analyse(path, content)), tags, score
    )
    return score


ELIXIR = 'defmodule A do\n  @doc "def g(b)"\n  def f(1), do: 1\n  def f(2), do: 2\nend\n'


def test_a_rule_leaves_out_what_it_names_and_counts_it() -> None:
    score = scored("a.ex", ELIXIR, tag("A", 1, "module"), tag("A.g", 2), tag("A.f", 3), tag("A.f", 4))

    assert (score.shared, score.raw_missed, score.missed) == (2, 2, 0)
    assert dict(score.rules) == {"word in a string or comment": 1, "further clause of a function (one symbol)": 1}


def test_what_no_rule_explains_counts_as_missed() -> None:
    assert scored("a.ex", ELIXIR, tag("A", 1, "module"), tag("A.f", 3), tag("A.h", 5)).missed == 1


def test_tells_equal_kinds_from_others() -> None:
    assert scored("a.py", "class A: pass\n", tag("A", 1, "function")).kinds == 0
    assert scored("a.py", "class A: pass\n", tag("A", 1, "class")).kinds == 1


def test_a_row_gives_raw_agreement_before_that_by_rules() -> None:
    score = scored("a.ex", ELIXIR, tag("A", 1, "module"), tag("A.g", 2), tag("A.f", 3), tag("A.f", 4))

    assert row("elixir", 1, score).startswith(
        "| elixir | 50.00 % / 100.00 % | 100.00 % / 100.00 % | 100.0 % | 1 files,"
    )
