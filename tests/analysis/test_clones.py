"""What makes two symbols clones, and the evidence for it."""

from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.clones import CloneType, CodeText, Passage, aligned, graded, least_likeness
from codevault.analysis.clones_boilerplate import boilerplate, is_generated
from codevault.analysis.clones_drift import Missed, missed_changes
from codevault.analysis.clones_fragments import fragments
from codevault.analysis.clones_lines import code_lines
from codevault.analysis.clones_related import related, sketch_of, translated
from codevault.analysis.model import Symbol, SymbolKind
from codevault.analysis.similarity import similarity

TOTAL = """\
def total(prices, tax):
    # what all of it costs
    result = 0
    for price in prices:
        if price < 0:
            raise ValueError("negative price")
        result += price * (1 + tax)
    return round(result, 2)
"""
GESAMT = """\
def gesamt(preise, steuer):
    summe = 0
    for preis in preise:
        log(preis)
        if preis < 0:
            raise ValueError("negativ")
        summe += preis * (1 + steuer)
    return round(summe, 3)
"""


def symbol(source: str, path: str = "a.py", name: str = "") -> Symbol:
    found = analyse(path, source.encode()).symbols
    return next(one for one in found if name in {"", one.name})


def text(source: str, language: str = "python") -> CodeText:
    return CodeText(codes=symbol(source).codes, text=source.encode(), language=language)


def test_types_share_one_scale() -> None:
    assert graded(CloneType.EXACT, 0.3) == 1.0
    assert graded(CloneType.RENAMED, 0.5) == pytest.approx(0.95)
    assert graded(CloneType.RENAMED, 1.0) < 1.0
    assert graded(CloneType.NEAR, 0.8) == 0.8
    assert graded(CloneType.NEAR, 1.0) < 1.0


def test_few_tokens_have_to_be_more_alike() -> None:
    assert least_likeness(0.7, tokens=24) > least_likeness(0.7, tokens=100) == 0.7
    assert least_likeness(0.95, tokens=24) == 0.95


def test_shows_which_lines_stand_for_which() -> None:
    assert aligned(text(TOTAL), text(GESAMT)) == (
        Passage(kind="renamed", left=(1, 4), right=(1, 3)),
        Passage(kind="added", left=(0, 0), right=(4, 4)),
        Passage(kind="renamed", left=(5, 8), right=(5, 8)),
    )


def test_equal_lines_are_the_same_and_replaced_ones_changed() -> None:
    other = TOTAL.replace("        if price < 0:\n", "        while True or price in tax:\n")

    assert [passage.kind for passage in aligned(text(TOTAL), text(other))] == ["same", "changed", "same"]


def test_without_codes_there_is_no_evidence() -> None:
    assert aligned(text(TOTAL), CodeText(codes=b"", text=b"")) == ()


def test_each_code_has_its_line_even_beside_comments() -> None:
    lines = code_lines(symbol(TOTAL).codes, TOTAL.encode(), "python")

    assert lines[0] == 0
    assert 1 not in lines
    assert lines[-1] == 7
    assert lines == sorted(lines)


def test_lines_of_what_is_too_long_to_align_are_in_proportion() -> None:
    source = "x = 1\n" * 4000
    lines = code_lines(b"\1=\2\3" * 4000, source.encode(), "python")

    assert lines[0] == 0
    assert abs(lines[8000] - 2000) < 10


def test_decorators_are_not_compared() -> None:
    assert similarity(symbol("@cached\n@wired(once=True)\n" + TOTAL).codes, symbol(TOTAL).codes) == 1.0


def test_likeness_below_the_threshold_is_none_at_all() -> None:
    one, other = symbol(TOTAL).codes, symbol(GESAMT).codes

    assert 0.7 < similarity(one, other) < 1.0
    assert similarity(one, other, 0.99) == 0.0
    assert similarity(b"", b"") == 1.0


def test_finds_a_part_that_was_copied_into_something_else() -> None:
    inner = TOTAL.split("\n", 3)[3]
    other = f"def unlike(a, b):\n    with open(a) as file:\n        print(file, b)\n    result = tax = 1\n{inner}"
    (part,) = fragments(symbol(TOTAL).codes, symbol(other).codes, least=25)

    assert part.size >= 25
    assert part.likeness > 0.9
    assert part.left[0] > 0


def test_a_part_goes_over_a_small_change() -> None:
    (part,) = fragments(symbol(TOTAL).codes, symbol(GESAMT).codes, least=25)

    assert part.left == (0, len(symbol(TOTAL).codes))


@pytest.mark.parametrize("other", [b"", b"\1.\1", b"\2" * 100])
def test_strangers_share_no_part(other: bytes) -> None:
    assert fragments(symbol(TOTAL).codes, other) == ()


def test_parts_of_repetitive_tables_say_little_and_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    table = b"\2,\2,\2,\2," * 100
    monkeypatch.setattr("codevault.analysis.clones_fragments.MOST_SEEDS", 1000)

    assert fragments(table, table) == ()
    assert fragments(table + symbol(TOTAL).codes, symbol(TOTAL).codes, least=25)[0].left[0] >= len(table)


@pytest.mark.parametrize(
    ("name", "kind", "tokens", "more", "why"),
    [
        ("rate", "function", 12, "", "short"),
        ("get_name", "method", 33, "", "accessor"),
        ("name", "method", 33, "@property", "accessor"),
        ("draw", "method", 30, "NotImplementedError", "stub"),
        ("setUp", "method", 55, "", "scaffold"),
        ("__eq__", "method", 60, "", "standard method"),
        ("total", "function", 60, "", ""),
        ("setUp", "method", 400, "", ""),
    ],
)
def test_knows_what_is_alike_by_nature(name: str, kind: str, tokens: int, more: str, why: str) -> None:
    assert boilerplate(name, SymbolKind(kind), tokens, decorators=(more,), calls=(more,)) == why


def test_a_constructor_that_only_fills_fields_is_alike_by_nature() -> None:
    fields = "class A:\n    def __init__(self, a, b, c):\n        self.a = a\n        self.b = b\n        self.c = c\n"
    works = (
        fields
        + "        self.total = sum(each.price for each in c if each.price > 0) + a.rate * 2\n        self.go()\n"
    )
    plain, busy = symbol(fields, name="__init__"), symbol(works, name="__init__")

    assert boilerplate(plain.name, plain.kind, 31, codes=plain.codes) == "fields"
    assert boilerplate(busy.name, busy.kind, busy.tokens, codes=busy.codes) == ""


@pytest.mark.parametrize(
    ("path", "head"),
    [("api/tax_pb2.py", b""), ("src/generated/a.ts", b""), ("a.go", b"// Code generated by x. DO NOT EDIT.\n")],
)
def test_generated_code_says_so(path: str, head: bytes) -> None:
    assert is_generated(path, head)
    assert not is_generated("src/tax.py", b"import os\n")


def test_close_languages_are_told_in_each_others_codes() -> None:
    source = "function total(prices, tax) {\n  for (const p of prices) { tax += p * tax; }\n  return tax;\n}\n"
    script, typed = symbol(source, "a.js"), symbol(source, "a.ts")
    told = translated(script.codes, "javascript", "typescript")

    assert related("javascript") == ("tsx", "typescript")
    assert related("python") == ()
    assert told == typed.codes
    assert sketch_of(told) == typed.sketch
    assert translated(script.codes, "javascript", "nowhere") == b""
    assert sketch_of(b"\1") == b""


def test_a_fix_is_missed_where_its_surroundings_are_as_before() -> None:
    fixed = TOTAL.replace(
        "    return round(result, 2)\n", "    if not prices:\n        return None\n    return round(result, 2)\n"
    )

    assert missed_changes(TOTAL, fixed, TOTAL) == (
        Missed(removed=(), added=("if not prices:", "return None"), line=7, renamed=False),
    )
    assert missed_changes(TOTAL, fixed, fixed) == ()


def test_a_fix_is_missed_by_a_renamed_copy() -> None:
    fixed = TOTAL.replace("price < 0", "price <= 0")
    renamed = GESAMT.replace("        log(preis)\n", "")
    (missed,) = missed_changes(TOTAL, fixed, renamed)

    assert missed.renamed
    assert missed.added == ("if price <= 0:",)
    assert renamed.splitlines()[missed.line].strip() == "if preis < 0:"


def test_what_only_renames_is_no_fix_for_a_renamed_copy() -> None:
    assert missed_changes(TOTAL, TOTAL.replace("result", "outcome"), GESAMT) == ()
    assert missed_changes(TOTAL, TOTAL.replace("price < 0", "price < 1"), "unlike = 1\n") == ()
