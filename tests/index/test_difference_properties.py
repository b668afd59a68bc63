"""On random texts, short and long, a difference names the lines that git's names."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.index.differences import Text, asked, named_by_git, named_by_us, pair

line = st.integers(0, 4)


@settings(max_examples=25, deadline=None)
@given(st.lists(line, max_size=25), st.lists(line, max_size=25))
def test_any_two_short_texts(before: Text, after: Text) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert named_by_us(before, after) == named_by_git(Path(folder), before, after)


@pytest.mark.scale
@settings(max_examples=250, deadline=None)
@given(st.builds(pair, st.integers(0), size=st.integers(0, 2500), lines=st.integers(1, 40), edits=st.integers(0, 400)))
def test_any_long_text_and_what_becomes_of_it(texts: tuple[Text, Text]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert named_by_us(*texts) == named_by_git(Path(folder), *texts) & asked(*texts)
