from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse, parse
from codevault.analysis.grammar import load_grammar
from codevault.analysis.layers import layer_of, tokens_of
from codevault.analysis.similarity import shared_terms, similarity
from codevault.analysis.tokens import K

WHOLE = """
def total(items, rate):
    result = 0
    for item in items:
        if item.price > 10:
            result += item.price * rate
        else:
            result -= item.discount
    log("done", result)
    return result
"""
EDITED = WHOLE.replace("total", "summe").replace("items", "dinge").replace('    log("done", result)\n', "")
OTHER = "def other(path):\n    with open(path) as stream:\n        return [line.strip() for line in stream if line]\n"


def codes(source: str, name: str = "python") -> bytes:
    grammar = load_grammar(name)
    assert grammar is not None
    text = source.strip().encode()
    tree = parse(grammar, text, 10.0)
    assert tree is not None
    tokens = tokens_of(layer_of(grammar, tree.root_node, text, "utf-8"), [0, len(text)])
    return tokens.codes(0, 1)


def sketch(source: str) -> bytes:
    return analyse("a.py", source.encode()).symbols[0].sketch


def test_renamed_functions_are_wholly_alike() -> None:
    assert similarity(codes(WHOLE), codes(WHOLE.replace("result", "r").replace("10", "2.5"))) == 1.0


def test_a_lost_statement_costs_its_share() -> None:
    found = similarity(codes(WHOLE), codes(EDITED))

    assert 0.8 < found < 1.0


def test_other_functions_are_not_alike() -> None:
    assert similarity(codes(WHOLE), codes(OTHER)) < 0.5


def test_nothing_is_alike_to_something_else_only() -> None:
    assert (similarity(b"", b""), similarity(b"", codes(OTHER))) == (1.0, 0.0)


def test_sketches_share_terms_where_code_is_shared() -> None:
    assert shared_terms(sketch(WHOLE), sketch(EDITED)) > 0.5
    assert shared_terms(sketch(WHOLE), sketch(OTHER)) == 0.0
    assert shared_terms(b"", sketch(OTHER)) == 0.0


def test_terms_are_ascending_and_each_there_once() -> None:
    found = sketch(WHOLE)
    terms = [int.from_bytes(found[at : at + 8], "little") for at in range(0, len(found), 8)]

    assert terms == sorted(set(terms))
    assert len(terms) > 3


def test_a_symbol_of_few_tokens_has_no_sketch() -> None:
    assert sketch("def f(): pass\n") == b""
    assert len(codes("def f(): pass")) < K


def test_sketch_does_not_depend_on_what_stands_around() -> None:
    alone = analyse("a.py", WHOLE.encode()).symbols[0]
    amid = analyse("a.py", (OTHER + WHOLE + OTHER).encode()).symbols[1]

    assert (amid.name, amid.sketch, amid.renamed) == ("total", alone.sketch, alone.renamed)


@pytest.mark.parametrize("layout", ["return f(a,\n  b)", "return f(a, b)"])
def test_a_line_break_inside_brackets_ends_no_statement(layout: str) -> None:
    assert codes(f"def g(a, b):\n  {layout}\n").count(b"\x03") == 1


def test_a_semicolon_ends_a_statement() -> None:
    assert codes("int f(void) { int a; return a; }", "c").count(b"\x03") == 2
