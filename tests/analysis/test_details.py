from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse
from codevault.analysis.model import Symbol


def last(path: str, source: str) -> Symbol:
    return analyse(path, source.encode()).symbols[-1]


@pytest.mark.parametrize(
    ("path", "source", "parameters", "returns"),
    [
        ("a.py", "def f(a: int, *b, c=1) -> str: pass", ("a: int", "*b", "c=1"), "str"),
        ("a.ts", "function f(a: number, b?: string): void {}", ("a: number", "b?: string"), "void"),
        ("a.ts", "const f = (a: number): string => ''", ("a: number",), "string"),
        ("a.js", "const f = async (a, {b}) => a", ("a", "{b}"), ""),
        ("A.java", "class A { int f(final int a, String... b) { return 1; } }", ("final int a", "String... b"), "int"),
        ("a.go", "package a\nfunc F(a int, b ...A) (int, error) { return }", ("a int", "b ...A"), "(int, error)"),
        ("a.rs", "fn f(&self, a: u8) -> Vec<u8> { vec![] }", ("&self", "a: u8"), "Vec<u8>"),
        ("a.c", "static int *f(int a, char **b) { return 0; }", ("int a", "char **b"), "int"),
        ("a.cs", "class A { string F(int a, ref B b) { return null; } }", ("int a", "ref B b"), "string"),
        ("a.rb", "def f(a, b: 1, *c)\nend", ("a", "b: 1", "*c"), ""),
        ("a.php", "<?php function f(int $a, ...$b): string {}", ("int $a", "...$b"), "string"),
        ("a.kt", "fun f(a: Int, b: String = \"\"): Boolean { return true }", ("a: Int", "b: String"), ""),
        ("a.swift", "func f(a: Int, by b: String) -> Bool { true }", ("a: Int", "by b: String"), "Bool"),
        ("a.ex", "def f(a, %{b: c}), do: a", ("a", "%{b: c}"), ""),
        ("a.jl", "function f(a::Int, b = 1)\nend", ("a::Int", "b = 1"), ""),
        ("a.lua", "function f(a, b) end", ("a", "b"), ""),
        ("a.ml", "let f a ~b = a", ("a", "~b"), ""),
        ("a.hs", "f a (Just b) = b", ("a", "(Just b)"), ""),
    ],
)  # fmt: skip
def test_reads_parameters_and_return_type(path: str, source: str, parameters: tuple[str, ...], returns: str) -> None:
    found = last(path, source)

    assert (found.parameters, found.returns) == (parameters, returns)


@pytest.mark.parametrize(
    ("path", "source", "visibility"),
    [
        ("a.py", "def f(): pass", "public"),
        ("a.py", "def _f(): pass", "private"),
        ("a.py", "def __init__(self): pass", "public"),
        ("A.java", "class A { protected void f() {} }", "protected"),
        ("A.java", "class A { void f() {} }", "package"),
        ("a.go", "package a\nfunc F() {}", "exported"),
        ("a.go", "package a\nfunc f() {}", "package"),
        ("a.rs", "pub(crate) fn f() {}", "pub(crate)"),
        ("a.rs", "pub fn f() {}", "pub"),
        ("a.rs", "fn f() {}", "private"),
        ("a.ts", "export function f() {}", "exported"),
        ("a.ts", "class A { private f() {} }", "private"),
        ("a.js", "class A { #f() {} }", "private"),
        ("a.cpp", "class A { void f() {} };", "private"),
        ("a.cpp", "struct A { void f() {} };", "public"),
        ("a.cpp", "class A {\n public:\n  int a;\n  static void f() {}\n};", "public"),
        ("a.cpp", "class A {\n public:\n  void g() {}\n protected:\n  template <class T> void f() {}\n};", "protected"),
        ("a.cpp", "class B { class A {\n public:\n  void g() {}\n };\n void f() {}\n};", "private"),
        ("a.cpp", "struct A { void f() {}\n private: };", "public"),
        ("a.cpp", "static void f() {}", "static"),
        ("a.cpp", "class A : public B {};", ""),
        ("a.rb", "class A\n def f; end\nend", "public"),
        ("a.rb", "class A\n private\n def f; end\nend", "private"),
        ("a.rb", "class A\n private\n def g; end\n public\n def f; end\nend", "public"),
        ("a.rb", "class A\n private\n def self.f; end\nend", "public"),
        ("a.rb", "class A\n private def f; end\nend", "private"),
        ("a.rb", "class A\n def f; end\n private :g, :f\nend", "private"),
        ("a.rb", "class A\n def self.f; end\n private_class_method :f\nend", "private"),
        ("a.rb", "class A\n private\n class << self\n  def f; end\n end\nend", "public"),
        ("a.rb", "def f; end", ""),
        ("a.c", "static int f(void) { return 1; }", "static"),
        ("a.c", "int f(void) { return 1; }", ""),
        ("a.cs", "class A { internal void F() {} }", "internal"),
        ("a.ex", "defmodule A do\n  defp f(a), do: a\nend", "private"),
        ("a.swift", "public func f() {}", "public"),
        ("a.rb", "def f\nend", ""),
    ],
)
def test_reads_visibility(path: str, source: str, visibility: str) -> None:
    assert last(path, source).visibility == visibility


@pytest.mark.parametrize(
    ("path", "source", "decorators"),
    [
        ("a.py", "@a\n@b.c(1, (2))\ndef f(): pass", ("@a", "@b.c(1, (2))")),
        ("A.java", 'class A { @Override @Named("x") void f() {} }', ("@Override", '@Named("x")')),
        ("a.rs", "#[inline]\n#[cfg(test)]\nfn f() {}", ("#[inline]", "#[cfg(test)]")),
        ("a.cs", "class A {\n  [Test]\n  void F() {}\n}", ("[Test]",)),
        ("a.py", "def f(): pass", ()),
    ],
)
def test_reads_decorators_annotations_and_attributes(path: str, source: str, decorators: tuple[str, ...]) -> None:
    assert last(path, source).decorators == decorators


@pytest.mark.parametrize(
    ("path", "source", "documentation"),
    [
        ("a.py", 'def f():\n    """Adds.\n\n    More.\n    """\n', "Adds.\n\nMore."),
        ("a.py", "def f():\n    r'Adds.'\n", "Adds."),
        ("a.py", "def f():\n    pass\n", ""),
        ("A.java", "/**\n * Adds.\n * @param a first\n */\nclass A {}", "Adds.\n@param a first"),
        ("a.rs", "/// Adds.\n/// More.\nfn f() {}", "Adds.\nMore."),
        ("a.go", "package a\n\n// F adds.\nfunc F() {}", "F adds."),
        ("a.hs", "-- | Adds.\nf a = a", "Adds."),
        ("a.ex", '@doc "Adds."\ndef f(a), do: a', "Adds."),
        ("a.jl", '"Adds."\nf(a) = a', "Adds."),
        ("a.jl", '"""\nAdds.\n"""\nf(a) = a', "Adds."),
        ("a.c", "int a;\n\nint f(void) { return 1; }", ""),
    ],
)
def test_reads_the_documentation_without_its_marks(path: str, source: str, documentation: str) -> None:
    assert last(path, source).documentation == documentation


@pytest.mark.parametrize(
    ("path", "source", "calls"),
    [
        ("a.py", "@deco()\ndef f(a=g()):\n    return a.b(c(1)) + c(2)", ("g", "b", "c")),
        ("a.js", "function f() { return new A(b.c(d)) }", ("A", "c")),
        ("a.go", "package a\nfunc f() { g(); a.H() }", ("g", "H")),
        ("a.rs", "fn f() { a::b(); c.d(); e!() }", ("b", "d", "e")),
        ("a.c", "int f(void) { return g(a->h(1)); }", ("g", "h")),
        ("a.rb", "def f\n  g(1)\n  a.h\nend", ("g", "h")),
        ("a.sh", "f() {\n  grep -q x | sort\n}", ("grep", "sort")),
    ],
)
def test_lists_the_names_that_are_called(path: str, source: str, calls: tuple[str, ...]) -> None:
    assert last(path, source).calls == calls
