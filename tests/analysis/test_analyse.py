from __future__ import annotations

import pytest

from codevault.analysis import analyse as module
from codevault.analysis.analyse import MAX_BYTES, analyse
from codevault.analysis.definitions import MAX_NESTING
from codevault.analysis.details import MAX_SIGNATURE
from codevault.analysis.fingerprints import ALGORITHM
from codevault.analysis.model import FileAnalysis, Outcome, SymbolKind
from tests.analysis.samples import uncovered


def names(analysis: FileAnalysis) -> list[str]:
    return [symbol.qualified_name for symbol in analysis.symbols]


def test_finds_nothing_in_an_empty_file() -> None:
    assert analyse("a.py", b"") == FileAnalysis(
        outcome=Outcome.PARSED, language="python", grammar=analyse("b.py", b"").grammar
    )


def test_names_provider_version_and_fingerprint_algorithm_as_grammar() -> None:
    assert analyse("a.py", b"").grammar.startswith("tree-sitter-python 0.")
    assert f"/{ALGORITHM}." in analyse("a.py", b"").grammar


@pytest.mark.parametrize(
    "content", [b"\0", b"def f(): pass\n\0", b"\x7fELF\x01\x02\x03\x04\x05\x06" * 9, b"\xff\xfe\0\0"]
)
def test_calls_bytes_that_are_no_text_binary(content: bytes) -> None:
    assert analyse("a.py", content) == FileAnalysis(outcome=Outcome.BINARY, language="", grammar="")


def test_reads_past_a_byte_order_mark() -> None:
    found = analyse("a.py", b"\xef\xbb\xbfdef f(): pass\n")

    assert names(found) == ["f"]
    assert found.symbols[0].start_byte == 3


def test_reads_carriage_returns_as_part_of_line_ends() -> None:
    found = analyse("a.c", b"#define A 1\r\n\r\nint f(void)\r\n{\r\n\treturn A;\r\n}\r\n")

    assert [(symbol.name, symbol.start_line, symbol.end_line) for symbol in found.symbols] == [("A", 1, 1), ("f", 3, 6)]


def test_says_that_text_is_not_utf8_and_parses_it() -> None:
    found = analyse("a.py", b"# caf\xe9\ndef f(): pass\n")

    assert (names(found), found.problems) == (["f"], ("not valid UTF-8",))


def test_keeps_what_it_finds_beside_syntax_errors() -> None:
    found = analyse("a.py", b"def f(: pass\n\ndef g():\n    return 1\n")

    assert "g" in names(found)
    assert found.problems == ("syntax errors: symbols near them may be missing (lines 1)",)


def test_names_the_language_of_text_without_grammar() -> None:
    found = analyse("conf/a.ini", b"[a]\nb = 1\n")

    assert (found.outcome, found.language, found.symbols) == (Outcome.TEXT, "ini", ())
    assert found.grammar.startswith("Pygments ")


def test_leaves_the_language_open_where_nothing_tells_it() -> None:
    assert analyse("NOTES", b"some words\n").language == ""


def test_indexes_a_huge_file_as_text() -> None:
    found = analyse("a.py", b"x = 1\n" * (MAX_BYTES // 6 + 1))

    assert (found.outcome, found.language) == (Outcome.TEXT, "python")
    assert found.problems == (f"larger than {MAX_BYTES} bytes: searched as text, not parsed",)


def test_gives_up_on_a_parse_that_takes_too_long_and_parses_the_next_file() -> None:
    content = b"x = [" + b"(1, 2),\n" * 50_000 + b"]\n"
    stopped = analyse("a.py", content, seconds=0.01)

    assert (stopped.outcome, stopped.language) == (Outcome.FAILED, "python")
    assert stopped.problems == ("the parser was stopped after 0.01 seconds",)
    assert uncovered(content, stopped) == []
    assert names(analyse("b.py", b"def f(): pass\n")) == ["f"]


def test_turns_an_exhausted_memory_into_a_failed_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(module, "layer_of", exhausted)

    found = analyse("a.py", b"def f(): pass\n")
    assert (found.outcome, found.problems) == (Outcome.FAILED, ("the analysis broke off with MemoryError",))


def test_treats_a_file_as_text_when_its_grammar_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "load_grammar", lambda _: None)

    found = analyse("a.py", b"def f(): pass\n")
    assert (found.outcome, found.problems) == (Outcome.TEXT, ("the grammar of this language is not installed",))


@pytest.mark.parametrize(
    "content",
    [
        b"(" * 100_000,
        b"[" * 20_000 + b"]" * 20_000,
        b"x" * 1_000_000,
        b'"' * 50_000,
        b"if a:\n" * 5_000,
        b"def f():\n " * 1_000,
        b"try { try { } catch { (, e" * 300,
        b"-+-*a(//" * 500,
        b"/*x*/function a(){return 1}" * 5_000,
    ],
    ids=["brackets", "nesting", "one-line", "quotes", "ifs", "functions", "catch", "operators", "minified"],
)
@pytest.mark.parametrize("path", ["a.py", "a.js", "a.c"])
def test_survives_hostile_text(path: str, content: bytes) -> None:
    assert uncovered(content, analyse(path, content, seconds=1.0)) == []


def test_says_that_definitions_are_nested_too_deep() -> None:
    source = b"".join(b" " * depth + b"def f%d():\n" % depth for depth in range(MAX_NESTING + 10))
    found = analyse("a.py", source + b" " * (MAX_NESTING + 10) + b"pass\n")

    assert len(found.symbols) == MAX_NESTING
    assert found.problems == ("definitions nested too deep: the innermost are missing",)


def test_starts_a_symbol_at_its_decorators_and_its_unit_at_the_comment_above() -> None:
    content = b"x = 1  # about x\n\n# about f\n@d\ndef f(): pass\n"
    found = analyse("a.py", content)

    symbol = found.symbols[0]
    assert content[symbol.start_byte :].startswith(b"@d\n")
    assert found.units[symbol.unit].spans == ((content.index(b"# about f"), len(content)),)


def test_starts_a_rust_symbol_at_its_attributes() -> None:
    content = b"/// Doc.\n#[a]\n#[b]\nfn f() {}\n"
    symbol = analyse("a.rs", content).symbols[0]

    assert (symbol.start_byte, symbol.start_line, symbol.tokens) == (content.index(b"#[a]"), 2, 14)


def test_leaves_a_comment_behind_other_code_to_that_code() -> None:
    content = b"int x; // about x\nint f(void) { return 1; }\n"
    found = analyse("a.c", content)

    assert found.units[found.symbols[0].unit].spans == ((content.index(b"int f"), len(content)),)


def test_leaves_holes_in_a_class_where_its_methods_are() -> None:
    content = b"class A:\n    x = 1\n\n    def f(self):\n        pass\n\n    y = 2\n"
    found = analyse("a.py", content)

    own = found.units[found.symbols[0].unit]
    assert b"".join(content[start:end] for start, end in own.spans) == b"class A:\n    x = 1\n\n\n    y = 2\n"


def test_keeps_one_line_constants_in_the_text_around_them() -> None:
    found = analyse("a.py", b"A = 1\nB = 2\n")

    assert [symbol.unit for symbol in found.symbols] == [0, 0]
    assert len(found.units) == 1


def test_finds_constants_at_module_level_only() -> None:
    assert names(analyse("a.py", b"A = 1\ndef f():\n    B = 2\n    return B\nlower = 3\n")) == ["A", "f"]


def test_folds_white_space_in_a_signature_and_leaves_the_body_out() -> None:
    found = analyse("a.py", b"def f(\n    a,\n    b=1,\n) -> int:\n    return a\n")

    assert found.symbols[0].signature == "def f( a, b=1, ) -> int"


def test_cuts_a_signature_that_is_too_long() -> None:
    found = analyse("a.py", b"def f(" + b"argument, " * 500 + b"): pass\n")

    assert len(found.symbols[0].signature) == MAX_SIGNATURE


def test_reads_a_c_function_past_attribute_macros() -> None:
    found = analyse("a.c", b"static noinline int __init f(void __user *p) __must_hold(lock)\n{\n\treturn 0;\n}\n")

    assert names(found) == ["f"]
    assert found.problems == ()


def test_sees_a_macro_that_was_hidden_from_the_parser_in_the_fingerprint() -> None:
    plain = analyse("a.c", b"static int f(void)\n{\n\treturn 0;\n}\n").symbols[0]
    marked = analyse("a.c", b"static int __init f(void)\n{\n\treturn 0;\n}\n").symbols[0]

    assert plain.exact != marked.exact
    assert marked.tokens == plain.tokens + 1


def test_counts_the_bytes_an_error_skips_in_the_fingerprint() -> None:
    one = analyse("a.c", b"int f(void) { return 1 ` ; }\n").symbols[0]
    other = analyse("a.c", b"int f(void) { return 1 @ ; }\n").symbols[0]

    assert one.exact != other.exact


def test_reads_old_style_function_definitions() -> None:
    assert names(analyse("a.c", b"int f(a, b)\n\tint a;\n\tchar *b;\n{\n\treturn a;\n}\n")) == ["f"]


def test_reads_conversion_operators_and_destructors() -> None:
    found = analyse("a.cpp", b"struct A { A() {} ~A() {} operator bool() const { return true; } };\n")

    assert [(symbol.kind, symbol.qualified_name) for symbol in found.symbols] == [
        (SymbolKind.STRUCT, "A"),
        (SymbolKind.CONSTRUCTOR, "A.A"),
        (SymbolKind.METHOD, "A.~A"),
        (SymbolKind.METHOD, "A.operator bool"),
    ]


def test_takes_names_with_dots_in_quotes_as_one() -> None:
    assert names(analyse("a.js", b'const o = { "a.b": () => 1 };\n')) == ["o", "o.a.b"]


def test_gives_the_body_a_fingerprint_of_its_own() -> None:
    before = analyse("a.py", b"def f(a):\n    return a\n").symbols[0]
    after = analyse("a.py", b"def f(a, b=1):\n    return a\n").symbols[0]

    assert before.body == after.body != ""
    assert before.exact != after.exact


@pytest.mark.parametrize(
    ("coding", "codec"),
    [("# -*- coding: latin-1 -*-", "latin-1"), ("#!/usr/bin/python\n# vim: set fileencoding=koi8-r :", "koi8-r")],
)
def test_reads_names_by_the_declared_encoding(coding: str, codec: str) -> None:
    letters = bytes([0xE9, 0xF4]).decode(codec)
    source = f"{coding}\ndef caf{letters}(a):\n    return '{letters}'\n\ndef {letters}t(): pass\n"

    found = analyse("a.py", source.encode(codec))

    assert names(found) == [f"caf{letters}", f"{letters}t"]
    assert found.symbols[0].signature == f"def caf{letters}(a)"
    assert found.problems == ("not valid UTF-8",)


@pytest.mark.parametrize("coding", [b"", b"# coding: nonsense\n", b"# coding: utf-16\n", b"# coding: idna\n"])
def test_cuts_no_name_at_a_letter_of_an_unknown_encoding(coding: bytes) -> None:
    found = analyse("a.py", coding + b"def caf\xe9s(a):\n    return 1\n")

    assert (names(found), found.problems) == (["caf\ufffds"], ("not valid UTF-8",))


def test_finds_what_all_scripts_of_a_page_define_in_the_order_of_the_page() -> None:
    page = b"".join(b"<p>%d</p>\n<script>\nfunction f%d() {}\n</script>\n" % (number, number) for number in range(30))

    assert [name for name in names(analyse("a.html", page)) if name[0] == "f"] == [f"f{n}" for n in range(30)]


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        ("A.java", "class A { static final int K = 1, L = 2; }", {"K": "static final int K = 1", "L": "L = 2;"}),
        ("a.c", "static const int K = 1, *L = 0;\n", {"K": "static const int K = 1", "L": "*L = 0;"}),
        ("a.c", "typedef struct node { int a; } node_t, *node_p;\n", {"node_p": "*node_p;"}),
        ("a.cs", "class A { const int K = 1,\n L = 2; }", {"K": "const int K = 1", "L": "L = 2;"}),
        ("a.cpp", "struct S { static const int K=1, L=2; };", {"K": "static const int K=1", "L": "L=2;"}),
        ("a.swift", "let K = 1, L = 2\n", {"K": "let K = 1", "L": "L = 2"}),
        ("a.php", "<?php\nclass A { const K = 1, L = 2; }", {"K": "const K = 1", "L": "L = 2;"}),
        ("a.go", "package a\nvar K, L = 1, 2\n", {"K": "var K", "L": "L = 1, 2"}),
    ],
)
def test_finds_each_name_that_one_declaration_declares(path: str, content: str, found: dict[str, str]) -> None:
    symbols = {
        symbol.name: content[symbol.start_byte : symbol.end_byte] for symbol in analyse(path, content.encode()).symbols
    }
    assert symbols.items() >= found.items()
