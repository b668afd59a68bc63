from __future__ import annotations

import json

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.model import FileAnalysis, Outcome
from tests.analysis.samples import uncovered

CELLS = [
    {"cell_type": "markdown", "source": ["# def not_code(): pass\n"]},
    {"cell_type": "code", "source": ["%matplotlib inline\n", "import os\n"]},
    {
        "cell_type": "code",
        "source": ["def greet(who):\n", '    """Says \\"hello\\"."""\n', "    return f'ä {who}\\t'\n", "\n", "x = 1"],
    },
    {"cell_type": "code", "source": "class A:\n    def b(self):\n        return greet('\U0001f600')"},
]


def notebook(*, indent: int | None = 1, language: str = "python", escaped: bool = True) -> bytes:
    whole = {"cells": CELLS, "metadata": {"language_info": {"name": language}}, "nbformat": 4}
    return json.dumps(whole, indent=indent, ensure_ascii=escaped).encode()


def names(found: FileAnalysis) -> list[tuple[str, str]]:
    return [(symbol.kind.value, symbol.qualified_name) for symbol in found.symbols]


@pytest.mark.parametrize("indent", [1, None])
@pytest.mark.parametrize("escaped", [True, False])
def test_finds_the_symbols_of_code_cells(indent: int | None, escaped: bool) -> None:
    found = analyse("a.ipynb", notebook(indent=indent, escaped=escaped))

    assert names(found) == [("function", "greet"), ("class", "A"), ("method", "A.b")]
    assert (found.outcome, found.language, found.problems) == (Outcome.PARSED, "jupyter", ())


def test_spans_lie_in_the_file() -> None:
    content = notebook()
    greet = analyse("a.ipynb", content).symbols[0]

    assert content[greet.start_byte : greet.end_byte].startswith(b"def greet(who):\\n")
    assert content.count(b"\n", 0, greet.start_byte) + 1 == greet.start_line


def test_reads_code_as_if_it_stood_in_a_file() -> None:
    cell = analyse("a.ipynb", notebook()).symbols[2]
    alone = analyse("a.py", b"class A:\n    def b(self):\n        return greet('x')").symbols[1]

    assert cell.renamed == alone.renamed
    assert cell.calls == ("greet",)


@pytest.mark.parametrize("indent", [1, None])
def test_units_cover_the_notebook_and_a_cell_is_one(indent: int | None) -> None:
    content = notebook(indent=indent)
    found = analyse("a.ipynb", content)

    assert uncovered(content, found) == []
    assert any(content[unit.spans[0][0] :].lstrip().startswith((b'["%mat', b'[\n    "%mat')) for unit in found.units)


def test_keeps_the_cells_of_another_kernel_as_text() -> None:
    found = analyse("a.ipynb", notebook(language="wolfram"))

    assert (found.outcome, found.symbols, found.problems) == (
        Outcome.TEXT,
        (),
        ("the language of its code is not parsed",),
    )


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"cells": []}', b'{"cells": [{"cell_type": "code"}]}', b""])
def test_takes_a_notebook_without_code_for_plain_json(content: bytes) -> None:
    found = analyse("a.ipynb", content)

    assert found.language == "json"
    assert uncovered(content, found) == []
