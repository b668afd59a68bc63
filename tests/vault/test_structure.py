"""Patterns of code over all versions: found whole however they are laid out, told by place, safe with any pattern."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codevault.errors import InvalidArgument, InvalidPattern
from codevault.index.model import SearchResult
from codevault.vault import Vault
from tests.vault.scenes import Desk

OLD = """\
import subprocess

LIMIT = compute(1, 2)


class Shell:
    def run(self, command):
        subprocess.run(
            command,
            shell=True,
        )

    def same(self, left):

        if left == left:

            return compute(3, 4)
"""
NEW = OLD.replace("shell=True", "shell=False").replace("LIMIT =", "MOST =")
JAVA = """\
package a;

class Words {
    int limit = compute(1, 2);

    boolean same(String one) {
        return one.equals(one);
    }
}
"""


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A Python file with a past, and one in Java."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    shop = desk.project("shop")
    desk.day(shop, {"shell.py": OLD, "Words.java": JAVA})
    desk.day(shop, {"shell.py": NEW})
    desk.vault.analyse()
    yield desk.vault
    desk.vault.close()


def found(result: SearchResult) -> list[tuple[int, int, bool]]:
    assert result.coverage.complete, result.coverage.notes
    return sorted((hit.start_line, hit.end_line, hit.last_seen is None) for hit in result.hits)


@pytest.mark.parametrize(
    ("language", "pattern", "expected"),
    [
        ("python", "subprocess.run($COMMAND, shell=True)", [(8, 11, False)]),
        ("python", "subprocess.run($$$)", [(8, 11, False), (8, 11, True)]),
        ("python", "$A == $A", [(15, 15, True)]),
        ("python", "compute($$$)", [(3, 3, False), (3, 3, True), (17, 17, True)]),
        ("python", "def same(self, $A): $$$B", [(13, 17, True)]),
        ("python", "class Shell: $$$", [(6, 17, False), (6, 17, True)]),
        ("python", "nowhere($A)", []),
        ("java", "$A.equals($A)", [(7, 7, True)]),
        ("java", "compute(1, $A)", [(4, 4, True)]),
        ("java", "class $A { $$$ }", [(3, 9, True)]),
    ],
)
def test_finds_code_by_its_shape(
    vault: Vault, language: str, pattern: str, expected: list[tuple[int, int, bool]]
) -> None:
    assert found(vault.search.structure(pattern, language=language)) == expected


def test_finds_what_a_query_of_tree_sitter_captures(vault: Vault) -> None:
    query = '(call function: (identifier) @name (#eq? @name "compute")) @it'

    result = vault.search.structure(query, language="python", syntax="tree-sitter", alive=True)

    assert sorted((hit.start_line, hit.snippet.strip()) for hit in result.hits) == [
        (3, "MOST = compute(1, 2)"),
        (17, "return compute(3, 4)"),
    ]


def test_a_page_of_matches_ends_with_where_to_go_on(vault: Vault) -> None:
    first = vault.search.structure("compute($$$)", language="python", limit=2)
    rest = vault.search.structure("compute($$$)", language="python", limit=2, after=first.cursor)

    assert (len(first.hits), first.more, len(rest.hits), rest.more) == (2, True, 1, False)


def test_scopes_hold_for_structure(vault: Vault) -> None:
    assert not vault.search.structure("compute($$$)", language="python", path="*.java").hits
    assert len(vault.search.structure("compute($$$)", language="python", alive=False).hits) == 1


def test_a_search_without_time_says_so(vault: Vault) -> None:
    result = vault.search.structure("compute($$$)", language="python", seconds=1e-9)

    assert (result.hits, result.coverage.complete) == ((), False)


@pytest.mark.parametrize(
    ("pattern", "language", "syntax"),
    [
        ("x", "klingon", "ast-grep"),
        ("x", "sql", "ast-grep"),
        (")(", "python", "ast-grep"),
        (" ", "python", "ast-grep"),
        ("x" * 5000, "python", "ast-grep"),
        ("(nonsense) @it", "python", "tree-sitter"),
        ("(call)", "python", "tree-sitter"),
        ("x", "python", "xpath"),
    ],
)
def test_a_pattern_that_is_none_is_refused(vault: Vault, pattern: str, language: str, syntax: str) -> None:
    with pytest.raises(InvalidPattern):
        vault.search.structure(pattern, language=language, syntax=syntax)


def test_a_time_that_is_none_is_refused(vault: Vault) -> None:
    with pytest.raises(InvalidArgument):
        vault.search.structure("x", language="python", seconds=0)
