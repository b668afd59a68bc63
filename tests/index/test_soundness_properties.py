"""The index answers any regular expression as a search through every whole file version would."""

from __future__ import annotations

import pytest

from tests.index.random_regexes import disagreements


def test_random_regexes_are_answered_as_by_brute_force() -> None:
    assert list(disagreements(seed=1, cases=150)) == []


@pytest.mark.scale
@pytest.mark.parametrize("seed", range(2, 8))
def test_six_thousand_random_regexes_are_answered_as_by_brute_force(seed: int) -> None:
    assert list(disagreements(seed=seed, cases=1000)) == []
