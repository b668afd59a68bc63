"""Renames, edits, moves and copies of a function are told in every language that has functions."""

from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.lineage import Change, ChangeKind, match
from corpora.git_symbols import symbols_of_file
from tests.analysis.mutations import SAMPLES, Sample

PLACES = {ChangeKind.MOVED, ChangeKind.CONTAINER_MOVED}


def changes(before: dict[str, bytes], after: dict[str, bytes]) -> tuple[Change, ...]:
    """What lineage makes of two versions of some files."""
    sides = [[symbols_of_file(p, analyse(p, c), c) for p, c in files.items()] for files in (before, after)]
    texts = {name: text for side in sides for file in side for name, text in file.texts.items()}
    old, new = ([symbol for file in side for symbol in file.symbols] for side in sides)
    return match(old, new, lambda name: texts.get(name, b""), before.keys() & after.keys())


def of_function(sample: Sample, found: tuple[Change, ...], name: str = "") -> list[set[ChangeKind]]:
    wanted = name or sample.function.name
    return [set(change.kinds) for change in found if change.after is not None and change.after.name == wanted]


def test_more_than_eight_languages_are_tried() -> None:
    assert len(SAMPLES) > 8


@pytest.mark.parametrize("language", SAMPLES)
def test_tells_a_renamed_function(language: str) -> None:
    sample = SAMPLES[language]
    found = changes({sample.path: sample.content}, {sample.path: sample.renamed()})

    assert of_function(sample, found, f"{sample.function.name}_anew") == [{ChangeKind.RENAMED}]
    assert not [change for change in found if None in (change.before, change.after)]


@pytest.mark.parametrize("language", SAMPLES)
def test_tells_an_edited_function(language: str) -> None:
    sample = SAMPLES[language]
    found = changes({sample.path: sample.content}, {sample.path: sample.edited()})

    assert ChangeKind.BODY in of_function(sample, found)[0]


@pytest.mark.parametrize("language", SAMPLES)
def test_tells_a_moved_function(language: str) -> None:
    sample = SAMPLES[language]
    after = {sample.path: sample.without(), sample.other_path: sample.alone()}
    found = changes({sample.path: sample.content, sample.other_path: b"\n"}, after)

    assert of_function(sample, found) == [{ChangeKind.MOVED}]


@pytest.mark.parametrize("language", SAMPLES)
def test_tells_a_copied_function_and_its_source(language: str) -> None:
    sample = SAMPLES[language]
    after = {sample.path: sample.content, sample.other_path: sample.alone()}
    found = changes({sample.path: sample.content, sample.other_path: b"\n"}, after)
    (copy,) = (change for change in found if change.after is not None and change.after.name == sample.function.name)

    assert set(copy.kinds) == {ChangeKind.INTRODUCED, ChangeKind.COPIED}
    assert [origin.path for origin in copy.origins] == [sample.path]


@pytest.mark.parametrize("language", SAMPLES)
def test_a_renamed_file_carries_its_symbols(language: str) -> None:
    sample = SAMPLES[language]
    found = changes({sample.path: sample.content}, {sample.other_path: sample.content})

    assert {kind for change in found for kind in change.kinds} == {ChangeKind.CONTAINER_MOVED}
