"""What a grammar is shown in place of the text: places stay, and no expression takes more than linear time."""

from __future__ import annotations

import pytest

from codevault.analysis.analyse import analyse, blanked_regions, without
from codevault.analysis.grammar import load_grammar


def shown(language: str, text: str) -> str:
    grammar = load_grammar(language)
    assert grammar is not None
    content = text.encode()
    return without(content, blanked_regions(grammar, content)).decode()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("objective-c", "typedef NS_ENUM(NSInteger, A) { B };", "        enum               A  { B };"),
        ("sql", "AS $$BEGIN x := 1;\nEND$$", "AS $$SELECT a     \n   $$"),
        ("sql", "AS $$SELECT 1$$", "AS $$SELECT 1$$"),
        ("sql", "CREATE TABLE [a].[b](c [int])", "CREATE TABLE  a . b (c  int )"),
        ("sql", "SELECT a[1], ARRAY[b]", "SELECT a[1], ARRAY[b]"),
        ("sql", "SELECT 1\nGO\n", "SELECT 1\n; \n"),
        ("make", "a:\nifdef B\n\tc\nendif\n", "a:\n       \n\tc\n     \n"),
        ("make", "A?=b", "A =b"),
        ("c", '#ifdef __cplusplus\nextern "C" {\n#endif\n', "                  \n            \n      \n"),
        ("cpp", "A() :\n#if B\n b(1),\n#endif\n c(2) {}", "A() :\n     \n b(1),\n      \n c(2) {}"),
        ("html", "{% if a < 1 %}<p>{{ a > b }}</p>", "              <p>           </p>"),
        ("vue", "<p>{{ a > b }}</p>", "<p>           </p>"),
        ("powershell", "function script:Go {}", "function        Go {}"),
    ],
)
def test_shows_the_grammar_text_of_the_same_length(language: str, text: str, expected: str) -> None:
    assert shown(language, text) == expected


def test_fingerprints_count_what_the_grammar_does_not_see() -> None:
    bodies = (b"a := 1;", b"a := 2;", b"a  :=  1;")
    found = [
        analyse("a.sql", b"CREATE FUNCTION f() RETURNS int AS $$\nBEGIN\n%s\nEND $$ LANGUAGE plpgsql;" % body).symbols[
            0
        ]
        for body in bodies
    ]

    assert [one.exact == found[0].exact for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("sql", "CREATE FUNCTION a\n" * 20_000),
        ("sql", "CREATE TRIGGER a BEGIN \n" * 20_000),
        ("sql", "CREATE TRIGGER a " + "BEGIN " * 50_000),
        ("sql", "".join(f"$a{number}$BEGIN " for number in range(20_000))),
        ("sql", "".join(f"DO $a{number}$ " for number in range(20_000))),
        ("sql", "CREATE DOMAIN a " * 20_000),
        ("make", "x$(a:" * 50_000),
        ("objective-c", "NS_ENUM(" * 50_000),
        ("c", "#ifdef __cplusplus\n" + "} " * 100_000),
    ],
    ids=lambda value: value[:24].strip(),
)
def test_no_expression_goes_over_the_same_text_again_and_again(language: str, text: str) -> None:
    assert len(shown(language, text)) == len(text)
