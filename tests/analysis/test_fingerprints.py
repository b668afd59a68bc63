from __future__ import annotations

from pathlib import Path

import pytest
from blake3 import blake3

from codevault.analysis.analyse import analyse, parse
from codevault.analysis.fingerprints import ALGORITHM
from codevault.analysis.grammar import load_grammar
from codevault.analysis.layers import layer_of, tokens_of
from codevault.analysis.model import Symbol
from codevault.analysis.tokens import MAX_LEARNED, PAIRS, K, Vocabulary

PAGE = Path(__file__).parents[2] / "analysis" / "FINGERPRINTS.md"


def codes_of(source: bytes) -> bytes:
    grammar = load_grammar("python")
    assert grammar is not None
    tree = parse(grammar, source, 10.0)
    assert tree is not None
    tokens = tokens_of(layer_of(grammar, tree.root_node, source, "utf-8"), [0, len(source)])
    return tokens.codes(0, 1)


def first(path: str, source: bytes) -> Symbol:
    return analyse(path, source).symbols[0]


def keyword_code(language: str, word: str) -> int:
    grammar = load_grammar(language)
    assert grammar is not None
    return grammar.vocabulary.codes([word.encode()])[0]


def digest(stream: bytes) -> str:
    return blake3(stream).hexdigest(length=16)


def test_hashes_the_tokens_and_then_the_literals() -> None:
    found = first("a.py", b"def f(a):\n    return a + 'x'  # note\n")

    assert found.exact == digest(b"def f ( a ) : return a + \0l \0'x'")
    assert found.renamed == digest(bytes.fromhex("90 01 28 01 29 3a a6 01 2b 02"))
    assert found.body == digest(b"return a + \0l \0'x'")


def test_hashes_raw_text_of_macros_by_words() -> None:
    found = first("a.c", b'#define MAX(a, b) ((a) > 1 \\\n  ? "s" : b) /* note */\n')

    assert found.exact == digest(b'# define MAX ( a , b ) ( ( a ) > 1 ? " s " : b ) ')
    blind = b'\x01(\x01,\x01)((\x01)>\x02?"\x01":\x01)'
    assert found.renamed == digest(b"#" + bytes([keyword_code("c", "define")]) + blind)


@pytest.mark.parametrize("number", ["7", "2.5", "0x1f", "1e-3", "2.5e+10", "10_000"])
def test_a_number_is_one_literal_however_it_is_written(number: str) -> None:
    plain, found = first("a.py", b"A = [1]\n"), first("a.py", f"A = [{number}]\n".encode())

    assert (found.renamed, found.tokens) == (plain.renamed, plain.tokens)


@pytest.mark.parametrize("parts", [b'"x" "y"', b'"x" /* and */ "y"', b'"x"\n"y"\n"z"'])
def test_a_run_of_literals_counts_as_one(parts: bytes) -> None:
    plain, found = first("a.c", b'char *f() { return "x"; }'), first("a.c", b"char *f() { return " + parts + b"; }")

    assert (found.renamed, found.tokens) == (plain.renamed, plain.tokens)
    assert found.exact != plain.exact


def test_tells_a_literal_from_the_words_around_it() -> None:
    assert first("a.py", b"A = ['b', a]\n").exact != first("a.py", b"A = ['b, a']\n").exact


def test_tells_keywords_apart_that_share_a_code() -> None:
    vocabulary = Vocabulary([f"word{number:03}" for number in range(300)])

    assert vocabulary.codes([b"word001", b"x"]) == bytes([129, 1])
    assert vocabulary.codes([b"word129", b"x"]) == bytes([0x1B, 1, 129, 1])
    assert vocabulary.codes([b"word257", b"x"]) == bytes([0x1B, 2, 129, 1])


def test_a_vocabulary_forgets_what_it_learned_before_it_grows_without_bound() -> None:
    vocabulary = Vocabulary(["if"])
    vocabulary.codes([b"name%d" % number for number in range(MAX_LEARNED + 100)])

    assert len(vocabulary) <= MAX_LEARNED + 1
    assert vocabulary.codes([b"if", b"name1", b"9"]) == bytes([128, 1, 0x19])


def test_symbols_in_a_language_of_many_keywords_count_their_tokens_once() -> None:
    found = first("a.sql", b"CREATE TABLE shop (name TEXT, sold TIMESTAMP);\n")

    assert found.tokens == len(b"CREATE TABLE shop ( name TEXT , sold TIMESTAMP )".split())


def test_describes_the_streams_that_are_hashed() -> None:
    page = PAGE.read_text("utf-8")

    assert f"Algorithm {ALGORITHM}" in page
    assert r"`def f ( a ) : return a + \0l \0'x'`" in page
    assert "`90 01 28 01 29 3a a6 01 2b 02`" in page
    assert first("a.py", b"def f(a):\n    return a + 'x'\n").exact in page
    assert first("a.py", b"def f(a):\n    return a + 'x'\n").renamed in page
    assert first("a.py", b"def f(a):\n    return a + 'x'\n").sketch.hex() in page
    assert codes_of(b"def f(a):\n    return a + 'x'\n").hex(" ") in page
    assert f"{K} codes is a number" in page.replace("K = ", "")
    assert all(f" {pair.decode()} " in f" {page.replace('`', ' ')} " for pair in PAIRS)


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("a.py", b"def f(a,b):\n  return a+b\n", b"def f( a, b ):\n\n    # sum\n    return a \\\n + b\n"),
        ("a.js", b"function f(a){return a+1}", b"function f( a ) {\n  // one\n  return a + 1\n}"),
        ("a.c", b"int f(int a){return a+1;}", b"int\nf(int a)\n{\n\t/* one */\n\treturn a + 1;\n}"),
        ("a.go", b"func f(a int) int { return a }", b"func f(a int) int {\n\t// note\n\treturn a\n}"),
        ("a.rs", b"fn f(a: u8) -> u8 { a }", b"fn f(a: u8) -> u8 {\n    // note\n    a\n}"),
        ("a.java", b"class A { int f() { return 1; } }", b"class A {\n /** x */ int f() {\n return 1;\n }\n}"),
        ("a.rb", b"def f(a)\n a\nend", b"def f(a)\n\n   # note\n   a\nend"),
    ],
)
def test_keeps_exact_under_reformatting(path: str, one: bytes, other: bytes) -> None:
    found, reformatted = first(path, one), first(path, other)

    assert found.exact == reformatted.exact
    assert found.renamed == reformatted.renamed


@pytest.mark.parametrize(
    ("path", "one", "other"),
    [
        ("a.py", b"def f(a):\n  return a + 1\n", b"def g(b):\n  return b + 2.5\n"),
        ("a.py", b"def f(a):\n  return 'x'\n", b'def f(a):\n  return """y\\n"""\n'),
        ("a.ts", b"function f(a: number) { return `x`; }", b"function g(b: Foo) { return 'y'; }"),
        ("a.c", b"int f(int a) { return a + 1; }", b"char g(foo_t a) { return a + 'x'; }"),
        ("a.java", b"class A { int f() { return 1; } }", b"class B { double g() { return 0x2; } }"),
        ("a.go", b"func f(a int) string { return `x` }", b'func g(b bool) error { return "y" }'),
        ("a.rs", b"fn f(a: u8) -> u8 { 1 }", b"fn g(b: Foo) -> i64 { 'c' }"),
        ("a.cs", b"class A { int F() { return 1; } }", b'class B { string G() { return "x"; } }'),
        ("a.rb", b"def f(a)\n  a.b(1)\nend", b"def g(c)\n  c.d(:e)\nend"),
        ("a.php", b"<?php function f($a) { return 1; }", b"<?php function g($b) { return 'x'; }"),
    ],
)
def test_keeps_renamed_under_other_names_types_and_literals(path: str, one: bytes, other: bytes) -> None:
    found, renamed = first(path, one), first(path, other)

    assert found.renamed == renamed.renamed
    assert found.exact != renamed.exact


@pytest.mark.parametrize(
    ("path", "source", "body"),
    [
        ("a.js", b"const f = function (a) { return a }", b"{ return a } "),
        ("a.js", b"const f = function g(a) { return a }", b"{ return a } "),
        ("a.js", b"const f = async (a) => { return a }", b"{ return a } "),
        ("a.js", b"const f = (a, b = () => { go() }) => a + b", b"a + b "),
        ("a.js", b"const f = (a) => (b) => a + b", b"( b ) = > a + b "),
        ("a.js", b"res.send = function (a) { return a }", b"{ return a } "),
        ("a.ts", b"export const f = (a: number) => { return a }", b"{ return a } "),
        ("a.tsx", b"export const f = (a: number) => { return a }", b"{ return a } "),
    ],
)
def test_hashes_the_body_of_a_function_that_is_the_value_of_a_name(path: str, source: bytes, body: bytes) -> None:
    assert first(path, source).body == digest(body)


def test_hashes_the_body_of_an_operator() -> None:
    found = analyse("a.cs", b"class A { public static A operator +(A a, A b) { return a; } }").symbols[1]

    assert found.body == digest(b"{ return a ; } ")
    assert found.signature == "public static A operator +(A a, A b)"


def test_tells_another_operator_apart() -> None:
    assert (
        first("a.py", b"def f(a):\n  return a + 1\n").renamed != first("a.py", b"def f(a):\n  return a - 1\n").renamed
    )


def test_tells_another_keyword_apart() -> None:
    assert first("a.js", b"function f() { break }").renamed != first("a.js", b"function f() { debugger }").renamed


def test_keeps_apart_literals_before_and_after_the_end_of_a_symbol() -> None:
    alone = first("a.py", b'A = "x"\n')
    followed = first("a.py", b'A = "x"\n"y"\n')

    assert alone.exact == followed.exact
