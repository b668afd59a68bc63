from __future__ import annotations

from pathlib import Path

import pytest

from codevault.analysis import bundled
from codevault.analysis.detection import detect_language
from codevault.analysis.grammar import Form, build_grammar, load_grammar, split_forms
from codevault.analysis.languages import language_hint, parse_spec, specs


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "python"),
        ("src/deep/a.pyi", "python"),
        ("A.PY", "python"),
        ("wscript", "python"),
        ("a.js", "javascript"),
        ("a.jsx", "javascript"),
        ("a.ts", "typescript"),
        ("a.d.ts", "typescript"),
        ("a.tsx", "tsx"),
        ("A.java", "java"),
        ("a.go", "go"),
        ("a.rs", "rust"),
        ("a.c", "c"),
        ("a.h", "c"),
        ("a.hpp", "cpp"),
        ("a.cs", "c-sharp"),
        ("Rakefile", "ruby"),
        ("a.php", "php"),
        ("a.txt", ""),
        ("a", ""),
        ("", ""),
        ("dir.py/a", ""),
        (".py", ""),
        ("nicht-\udcff.py", "python"),
    ],
)
def test_hints_at_the_language_by_name_alone(path: str, language: str) -> None:
    assert language_hint(path) == language


@pytest.mark.parametrize(
    ("line", "language"),
    [
        (b"#!/usr/bin/python3.11\n", "python"),
        (b"#!/usr/bin/env python\n", "python"),
        (b"#! /usr/bin/env -S node --flag\n", "javascript"),
        (b"#!/usr/bin/ruby -w\n", "ruby"),
        (b"#!/usr/bin/php", "php"),
        (b"#!/bin/unknown\n", ""),
        (b"#!\n", ""),
        (b"python\n", ""),
    ],
)
def test_reads_the_interpreter_where_a_name_says_nothing(line: bytes, language: str) -> None:
    assert detect_language("bin/tool", line) == language


def test_believes_an_extension_more_than_a_first_line() -> None:
    assert detect_language("a.txt", b"#!/usr/bin/python\n") == ""


def test_takes_a_header_for_cplusplus_when_it_reads_like_it() -> None:
    assert detect_language("a.h", b"#pragma once\nnamespace a {\n}\n") == "cpp"


def test_takes_a_header_for_c_otherwise() -> None:
    assert detect_language("a.h", b"struct a { int class_of; };\n") == "c"


def test_reads_a_description_up_to_its_first_pattern() -> None:
    spec = parse_spec("toy", "; provider: tree_sitter_toy language\n; extensions: .toy .t\n\n; extensions: .no\n")

    assert (spec.provider, spec.entry, spec.distribution, spec.extensions) == (
        "tree_sitter_toy",
        "language",
        "tree-sitter-toy",
        (".toy", ".t"),
    )


def test_knows_no_grammar_for_a_language_without_folder() -> None:
    assert load_grammar("brainfuck") is None


def test_knows_no_grammar_when_its_provider_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = parse_spec("toy", "; provider: tree_sitter_not_installed language\n")
    monkeypatch.setitem(specs(), "toy", spec)

    assert load_grammar("toy") is None


def test_splits_patterns_at_their_outermost_brackets() -> None:
    text = '; note (no)\n(a name: (_) @name) @definition.function\n[(b) "(" ] @literal'

    assert list(split_forms(text)) == [
        Form("(a name: (_) @name) @definition.function", "a", "definition.function"),
        Form('[(b) "(" ] @literal', "[", "literal"),
    ]


def test_refuses_a_pattern_that_captures_nothing() -> None:
    with pytest.raises(ValueError, match="without a capture"):
        list(split_forms("(a (b))"))


def test_refuses_a_pattern_for_a_node_that_the_grammar_lacks() -> None:
    python = load_grammar("python")
    assert python is not None

    with pytest.raises(ValueError, match="no node kind 'nonsense'"):
        build_grammar(parse_spec("toy", "; provider: a b\n\n(nonsense) @comment"), python.language, "toy 1")


def test_tells_half_a_million_names_apart_quickly() -> None:
    assert [language_hint(f"src/module/file_{number}.py") for number in range(20_000)].count("python") == 20_000


def test_serves_every_language_whose_provider_has_wheels_everywhere() -> None:
    missing = [name for name, spec in specs().items() if load_grammar(name) is None]

    assert [name for name in missing if specs()[name].provider != bundled.PACKAGE] == []


def test_has_no_grammar_that_the_shared_library_lacks() -> None:
    with pytest.raises(ImportError):
        bundled.bundled_language("nonsense")


def test_treats_the_long_tail_as_text_where_its_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "PACKAGE", "not_installed_anywhere")
    bundled._library.cache_clear()

    with pytest.raises(ImportError, match="is not installed"):
        bundled.bundled_language("bash")

    bundled._library.cache_clear()


def test_says_when_the_shared_library_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "broken_languages"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "languages.so").write_text("no library")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(bundled, "PACKAGE", "broken_languages")
    bundled._library.cache_clear()

    with pytest.raises(ImportError, match="cannot be loaded"):
        bundled.bundled_language("bash")

    bundled._library.cache_clear()
