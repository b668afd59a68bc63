from __future__ import annotations

import pytest

from codevault.index.expressions import required
from codevault.index.patterns import ANYTHING, AllOf, AnyOf, Need, Word, grams, literal


@pytest.mark.parametrize(
    ("pattern", "need"),
    [
        ("open_file", Word("open_file")),
        (r"os\.system\(.*shell", AllOf((Word("os.system("), Word("shell")))),
        ("(import|export) tax", AllOf((AnyOf((Word("import"), Word("export"))), Word(" tax")))),
        ("(import|ex) tax", Word(" tax")),
        ("(abc)+d?", Word("abc")),
        ("(abc)*", ANYTHING),
        ("abc{0,2}de", ANYTHING),
        ("ab", ANYTHING),
        ("[a-c]xyz", Word("xyz")),
        ("(?i)open", Word("open", folded=True)),
        ("(?i:open) file", AllOf((Word("open", folded=True), Word(" file")))),
        ("(?i)(?-i:open)", Word("open")),
        ("(?i)ask", ANYTHING),
        ("^import$", Word("import")),
        (r"rate\z", Word("rate")),
        (r"\\zoo", Word("\\zoo")),
        ("[[:alpha:]]abc", Word("abc")),
        ("[[:^alpha:]]abc|[]x]def", AnyOf((Word("abc"), Word("def")))),
        (r"\pLabc\p{^Greek}", Word("abc")),
        (r"\Qa.b(\Ec", Word("a.b(c")),
        (r"\Qabc\E*de", ANYTHING),
        (r"ab\x63\144\x{65}", Word("abcde")),
        ("abc+def", AllOf((Word("abc"), Word("cdef")))),
        ("abc{,3}", Word("abc{,3}")),
        ("abc{2,3}?d", Word("abc")),
        (
            "tax(?i)rate|Old(?-i)New",
            AnyOf((AllOf((Word("tax"), Word("rate", folded=True))), AllOf((Word("Old", folded=True), Word("New"))))),
        ),
        ("(?P<name>open)(?<more>file)(?:s)?", AllOf((Word("open"), Word("file")))),
        (r"a[.]b[\]]c", Word("a.b]c")),
        (r"os\.path\t", Word("os.path\t")),
        (r"[\d_]abc[^a-c]", Word("abc")),
        ("abc(", ANYTHING),
        ("(?z)abc", ANYTHING),
        (r"\uabc", ANYTHING),
        (r"[a-\d]abc", ANYTHING),
        (r"\x{d800}abc", ANYTHING),
    ],
)
def test_knows_what_a_pattern_needs(pattern: str, need: Need) -> None:
    assert required(pattern, case_sensitive=True).need == need


@pytest.mark.parametrize(
    ("pattern", "one_line"),
    [
        ("a.b", True),
        (r"\w+\d*[a-z]\b", True),
        (r"[^\n]+", True),
        (r"[^\s]\S", True),
        (r"[^a]", False),
        (r"\s", False),
        (r"\W", False),
        (r"\D", False),
        ("(?s)a.b", False),
        ("(?s:a.)b", False),
        ("(?-m:^a)", False),
        (r"a\nb", False),
        (r"a\x0ab", False),
        ("[\t-\r]", False),
        (r"\Aa", False),
        (r"a\z", False),
        ("[[:space:]]", False),
        ("[[:^alpha:]]", False),
        ("[[:alpha:]]", True),
        (r"[^[:space:]]", True),
        (r"\pN", True),
        (r"\PN", False),
        (r"[^\pN]", False),
        (r"\p{^N}\p{Cc}", False),
        (r"\C", False),
        ("\\Qa\nb\\E", False),
        ("(?s)a(?-s).b", True),
    ],
)
def test_knows_whether_one_line_is_all_a_match_can_touch(pattern: str, *, one_line: bool) -> None:
    assert required(pattern, case_sensitive=True).one_line is one_line


def test_says_why_nothing_is_required() -> None:
    assert "scanned" in required(r"\uabc", case_sensitive=True).note
    assert required("a", case_sensitive=True).note == ""


def test_a_word_without_case_requires_no_k_and_no_s() -> None:
    assert grams(Word("task", folded=True)) == ()
    assert grams(Word("Taxes", folded=True)) == ("tax", "axe")
    assert grams(Word("Taxes")) == ("tax", "axe", "xes")
    assert grams(Word("überall", folded=True)) == ("ber", "era", "ral", "all")


def test_a_text_needs_each_of_its_lines() -> None:
    assert literal("one\nof two\nx", case_sensitive=True).need == AllOf((Word("one"), Word("of two")))
    assert literal("one", case_sensitive=True).one_line
    assert not literal("one\n", case_sensitive=True).one_line
