"""What a structural pattern needs, and where texts match it, the class around a method included."""

from __future__ import annotations

import io

import pytest

from codevault.analysis.structure import PatternShape, Window, matches, shape_of
from codevault.analysis.structure_worker import Request, decode_response, frame, serve
from codevault.analysis.wire import read_frame

PATTERN, QUERY = "ast-grep", "tree-sitter"


@pytest.mark.parametrize(
    ("language", "pattern", "words", "wide"),
    [
        ("python", "subprocess.run($CMD, shell=True)", ("subprocess", "run", "shell", "True"), False),
        ("python", "$A == $A", (), False),
        ("python", "def $F($$$A): $$$B", ("def",), False),
        ("python", "class $A: $$$", ("class",), True),
        ("python", "$A = 'hello world'", ("hello world",), False),
        ("java", "zzz($A)", ("zzz",), False),
        ("java", "foo(() -> $X)", ("foo",), True),
        ("javascript", "const $F = ($$$A) => $B", ("const",), True),
    ],
)
def test_knows_what_every_match_holds(language: str, pattern: str, words: tuple[str, ...], *, wide: bool) -> None:
    shape = shape_of(PATTERN, language, pattern)

    assert (shape.problem, shape.words, shape.wide) == ("", words, wide)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('(call function: (identifier) @f (#eq? @f "print"))', ("print",)),
        ('((identifier) @f (#match? @f "^print$"))', ()),
        ('[(call function: (identifier) @f (#eq? @f "print"))]', ()),
        ('((identifier)? @f (#eq? @f "print"))', ()),
    ],
)
def test_knows_which_words_a_query_is_sure_of(query: str, words: tuple[str, ...]) -> None:
    assert shape_of(QUERY, "python", query).words == words


@pytest.mark.parametrize(
    ("syntax", "language", "pattern"),
    [
        (PATTERN, "sql", "x"),
        (PATTERN, "python", ")("),
        (QUERY, "klingon", "(a) @b"),
        (QUERY, "python", "(no_such_node) @b"),
        (QUERY, "python", "(call)"),
    ],
)
def test_says_what_is_wrong_with_a_pattern(syntax: str, language: str, pattern: str) -> None:
    assert shape_of(syntax, language, pattern).problem


def test_a_block_outside_of_functions_may_hold_some_and_an_expression_may_not() -> None:
    assert shape_of(PATTERN, "python", "if $A: $$$").blocks
    assert not shape_of(PATTERN, "python", "f($A)").blocks
    assert shape_of(PATTERN, "ruby", "f($A)").blocks


def test_lines_that_cannot_match_are_named_unless_the_pattern_has_such() -> None:
    assert "import " in shape_of(PATTERN, "java", "f($A)").passed
    assert shape_of(PATTERN, "java", "import $A;").passed == ()


@pytest.mark.parametrize(
    ("language", "pattern", "text", "inside", "expected"),
    [
        ("python", "$X.append($Y)", "    def f(self):\n        é = 'ü'; x.append(é)\n", True, "x.append(é)"),
        ("python", "$X.append($Y)", "x.append(1)", False, "x.append(1)"),
        ("java", "$A.equals($A)", "boolean f() { return a.equals(a); }", True, "a.equals(a)"),
        ("java", "Shop($$$) { $$$ }", "Shop() { }", True, ""),
        ("php", "f($A)", "function g() { return f(1); }", True, "f(1)"),
        ("ruby", "f($A)", "def g\n  f(1)\nend", True, "f(1)"),
    ],
)
def test_matches_a_part_of_a_file_as_it_stood(
    language: str, pattern: str, text: str, expected: str, *, inside: bool
) -> None:
    content = text.encode()

    (found,) = matches(PATTERN, language, pattern, [Window(content, inside)])

    assert [content[start:end].decode() for start, end in found] == ([expected] if expected else [])


def test_answers_requests_until_they_end() -> None:
    asked = Request(only_shape=True, syntax=PATTERN, language="python", pattern="call($A)")
    texts = Request(False, PATTERN, "python", "call($A)", (Window(b"call(1)", False), Window(b"", False)))
    answers = io.BytesIO()

    serve(io.BytesIO(frame(asked) + frame(texts)), answers)

    answers.seek(0)
    first, second = (decode_response(read_frame(answers) or b"") for _ in range(2))
    assert first.shape == PatternShape(words=("call",), wide=False, blocks=False, passed=("import ", "from ", "#"))
    assert second.spans == (((0, 7),), ())
