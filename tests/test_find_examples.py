"""What history can be asked, row by row of the features F37 to F44; and the examples of guide and module run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from codevault import Vault, queries
from codevault import queries as q
from tests.vault.scenes import Archive, archive_with_a_past

GUIDE = (Path(__file__).parent.parent / "codevault" / "GUIDE.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
(FIND,) = [example for example in EXAMPLES if "vault.search.find(" in example]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Any:
    archive = archive_with_a_past(tmp_path_factory.mktemp("archive"))
    yield archive
    archive.vault.close()


def by_name_in_all_versions(vault: Vault) -> object:
    """F37: a name, wherever and whenever it was there."""
    found = vault.search.find(q.name("slugify"))
    return {hit.path for hit in found.hits} >= {"utils/text.py", "utils/strings.py"}


def versions_of_a_file(vault: Vault) -> object:
    """F38: the distinct versions of one file."""
    tax = vault.versions(Path(vault.projects.get("shop").root) / "billing" / "tax.py")
    return [version.first.sequence for version in tax][:2] == [1, 2]


def text_and_patterns_deleted_ones_included(vault: Vault) -> object:
    """F39: text and regular expressions over every version."""
    (fox,) = vault.search.find(q.text("quick brown") & q.deleted() & q.project("shop")).hits
    return fox.path == "notes.txt" and vault.search.find(q.regex(r"years\)?:$")).hits


def symbols_with_first_and_last(vault: Vault) -> object:
    """F40: symbols by kind and signature, with when they came and went."""
    (rate,) = vault.search.find(q.kind("method") & q.parameter("country") & q.name("rate")).hits
    return (rate.versions, rate.first_seen.sequence, rate.last_seen) == (3, 1, None)


def last_body_of_what_is_gone(vault: Vault) -> object:
    """F41: what vanished, when it was there last, and its last body."""
    gone = vault.search.find(q.name("old_discount") & q.deleted()).hits[0]
    return gone.last_seen is not None and vault.text(gone).startswith("def old_discount(price, years):")


def through_renames(vault: Vault) -> object:
    """F42: the whole life of what a search found."""
    found = vault.search.find(q.name("TaxTable.rate", how="qualified")).hits[0]
    history = vault.history(found)
    return len(history.events) > 1 and history.introduced is not None


def code_of_a_shape(vault: Vault) -> object:
    """F43: structure, together with anything else."""
    found = vault.search.find(q.structure("sum($X)", language="python") & q.kind("method"))
    return [hit.symbol and hit.symbol.name for hit in found.hits] == ["total"]


def what_was_not_searched(vault: Vault) -> object:
    """F44: each answer says what lay outside its reach, and why."""
    coverage = vault.search.find(q.project("shop") & q.text("return")).coverage
    return (coverage.binary, coverage.not_indexed, coverage.complete) == (1, 1, True)


ROWS = [
    by_name_in_all_versions,
    versions_of_a_file,
    text_and_patterns_deleted_ones_included,
    symbols_with_first_and_last,
    last_body_of_what_is_gone,
    through_renames,
    code_of_a_shape,
    what_was_not_searched,
]


@pytest.mark.parametrize("row", ROWS, ids=[f"F{number}" for number in range(37, 45)])
def test_a_row_of_the_features_is_shown_by_a_short_example(archive: Archive, row: Callable[[Vault], object]) -> None:
    assert row(archive.vault)


def test_the_examples_of_the_guide_run(archive: Archive) -> None:
    names: dict[str, Any] = {"vault": archive.vault, "shop": archive.shop}
    exec(compile(FIND, "GUIDE.md", "exec"), names)

    assert names["found"].hits


def test_the_examples_of_the_module_run(archive: Archive) -> None:
    example = "\n".join(line for line in (queries.__doc__ or "").split("\n") if line.startswith("    "))
    names: dict[str, Any] = {"vault": archive.vault}
    exec(compile("if True:\n" + example, "queries", "exec"), names)

    assert names["q"] is q
