"""Patterns of code found over a history are those found by matching every whole version of every file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.structures import PATTERNS, Tree, expected, found, histories, recorded

patterns = st.sampled_from(PATTERNS)


def check(history: list[Tree], pattern: tuple[str, str]) -> None:
    with recorded(history) as index:
        assert found(index, *pattern) == expected(history, *pattern)


@settings(max_examples=40, deadline=None)
@given(histories, patterns)
def test_answers_are_those_of_every_whole_version(history: list[Tree], pattern: tuple[str, str]) -> None:
    check(history, pattern)


@pytest.mark.scale
@settings(max_examples=2500, deadline=None)
@given(histories, patterns)
def test_thousands_of_random_histories(history: list[Tree], pattern: tuple[str, str]) -> None:
    check(history, pattern)
