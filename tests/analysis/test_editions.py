from __future__ import annotations

from dataclasses import replace

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.editions import edition_of, is_current
from codevault.analysis.fingerprints import ALGORITHM
from codevault.analysis.languages import specs

PYTHON = edition_of(specs()["python"])
PACKAGE, _, RULES = PYTHON.partition("/")


def test_names_the_grammar_the_algorithm_and_the_rules() -> None:
    assert PACKAGE.startswith("tree-sitter-python 0.")
    assert RULES.startswith(f"{ALGORITHM}.")


def test_languages_of_one_package_have_editions_of_their_own() -> None:
    assert edition_of(specs()["typescript"]) != edition_of(specs()["tsx"])


def test_other_rules_are_another_edition() -> None:
    assert edition_of(replace(specs()["python"], patterns="; other")) != PYTHON


@pytest.mark.parametrize("path", ["a.py", "a.html", "a.tsx", "a.erl", "a.unknown"])
def test_what_was_analysed_just_now_is_current(path: str) -> None:
    assert is_current(analyse(path, b"def f(): pass\n").grammar)


@pytest.mark.parametrize(
    ("edition", "current"),
    [
        ("", True),  # no grammar had a part in it
        ("tree-sitter-of-nobody 1.0/3", True),  # nothing here could do it anew
        (f"tree-sitter-python 0.0.1/{RULES}", False),
        (f"{PACKAGE}/0.{RULES.partition('.')[2]}", False),
        (f"{PACKAGE}/{ALGORITHM}.00000000", False),
        (f"{PACKAGE}/{ALGORITHM}", False),
        (f"Pygments 1.0/{ALGORITHM}", False),
    ],
)
def test_another_grammar_algorithm_or_other_rules_are_not(edition: str, current: bool) -> None:
    assert is_current(edition) is current
