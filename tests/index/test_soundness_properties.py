"""The index answers any regular expression as a search through every whole file version would."""

from __future__ import annotations

import pytest

from tests.index.random_regexes import disagreements, disagreements_by_page


def test_random_regexes_are_answered_as_by_brute_force() -> None:
    assert list(disagreements(seed=1, cases=150)) == []


def test_all_pages_together_are_what_brute_force_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codevault.index.searching.FEWEST_LINES", 1)
    monkeypatch.setattr("codevault.index.groups.GROUP", 40)
    assert list(disagreements_by_page(seed=11, cases=100)) == []


@pytest.mark.scale
@pytest.mark.parametrize("seed", range(2, 8))
def test_six_thousand_random_regexes_are_answered_as_by_brute_force(seed: int) -> None:
    assert list(disagreements(seed=seed, cases=1000)) == []


@pytest.mark.scale
@pytest.mark.parametrize("seed", range(12, 15))
def test_all_pages_of_three_thousand_are_what_brute_force_finds(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr("codevault.index.searching.FEWEST_LINES", 1)
    monkeypatch.setattr("codevault.index.groups.GROUP", 40)
    assert list(disagreements_by_page(seed=seed, cases=1000)) == []
