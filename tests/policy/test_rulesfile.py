"""Reading rules files: every mistake is told with file, line and key."""

from __future__ import annotations

import pytest

from codevault.errors import InvalidPolicy
from codevault.policy import Keeping, PathClass, Priority
from codevault.policy.presets import PRESETS, preset
from codevault.policy.rulesfile import LARGEST_PROJECT_FILE, read_rules
from codevault.policy.tomllines import line_of, lines_of

WHOLE = b"""\
format = 1
presets = ["python"]

[[rule]]
paths = ["data/raw/", "!data/raw/labels.csv"]
class = "data"
priority = "low"
cadence = "6 h"
retention = "every"
largest = "1 GiB"
above = "weekly"
index = false
keep = true
rebuild = "make data"
why = "downloaded"

[classes.generated]
cadence = "daily"

[secrets]
paths = ["*.licence"]
except = ["tests/*.pem"]

[always]
paths = ["build/notes/"]

[project.shop]
trust = true
[[project.shop.rule]]
paths = ["*.iso"]
keep = false
"""


MISTAKES: list[tuple[str, int, str]] = [
    ("a = ", 1, ""),
    ("x = 1\ny = \xff", 2, ""),
    ("colour = 1", 1, "colour"),
    ("\n[[rule]]\npath = ['x']", 3, "rule[1].path"),
    ("[[rule]]\npaths = ['x']\n\n[[rule]]\npaths = []", 5, "rule[2].paths"),
    ("[[rule]]\ncadence = 'daily'", 1, "rule[1].paths"),
    ("[[rule]]\npaths = 'x'", 2, "rule[1].paths"),
    ("[[rule]]\npaths = ['x', '../y']", 2, "rule[1].paths"),
    ("[[rule]]\npaths = ['" + "x" * 300 + "']", 2, "rule[1].paths"),
    ("[[rule]]\npaths = ['x']\nclass = 'sauce'", 3, "rule[1].class"),
    ("[[rule]]\npaths = ['x']\ncadence = 'often'", 3, "rule[1].cadence"),
    ("[[rule]]\npaths = ['x']\ncadence = 5", 3, "rule[1].cadence"),
    ("[[rule]]\npaths = ['x']\ncadence = '999999 d'", 3, "rule[1].cadence"),
    ("[[rule]]\npaths = ['x']\nlargest = '5 parsecs'", 3, "rule[1].largest"),
    ("[[rule]]\npaths = ['x']\nlargest = -1", 3, "rule[1].largest"),
    ("[[rule]]\npaths = ['x']\nlargest = true", 3, "rule[1].largest"),
    ("[[rule]]\npaths = ['x']\nkeep = 'no'", 3, "rule[1].keep"),
    ("[[rule]]\npaths = ['x']\nwhy = \"a\\u001bb\"", 3, "rule[1].why"),
    ("[[rule]]\npaths = ['x']\nretention = 'none'", 3, "rule[1].retention"),
    ("rule = 1", 1, "rule"),
    ("rule = [1]", 1, "rule[1]"),
    ("classes = 1", 1, "classes"),
    ("[classes]\nsauce = {}", 2, "classes.sauce"),
    ("[classes]\ndocs = 1", 2, "classes.docs"),
    ("[classes.docs]\nkeep = false", 2, "classes.docs.keep"),
    ("[secrets]\npath = ['x']", 2, "secrets.path"),
    ("[always]\nfiles = ['x']", 2, "always.files"),
    ("presets = 'python'", 1, "presets"),
    ("[[rule]]\npaths = ['!*.csv']\nkeep = false", 2, "rule[1].paths"),
    ("format = 2", 1, "format"),
    ("[project.shop]\nformat = 1", 2, "project.shop.format"),
    ("[project.shop]\ntrust = 1", 2, "project.shop.trust"),
    ("[project]\nshop = 1", 2, "project.shop"),
    ("why = '''\n[[rule]]\n'''\n[[rule]]\npaths = [\n 'x',\n]\nclas = 'docs'", 1, "why"),
    ("[[rule]]\npaths = [\n '''x''', # [\n]\nclas = 'docs'", 5, "rule[1].clas"),
]


def mistake_in(text: str) -> tuple[str, int, str]:
    with pytest.raises(InvalidPolicy) as caught:
        read_rules(text.encode("latin-1"), "policy.toml")
    assert str(caught.value).startswith(f"policy.toml, line {caught.value.line}")
    return caught.value.file, caught.value.line, caught.value.key


def test_reads_every_setting() -> None:
    file = read_rules(WHOLE, "policy.toml")

    first = file.rules[0]
    assert (first.path_class, first.priority, first.cadence_s) == (PathClass.DATA, Priority.LOW, 6 * 3600)
    assert (first.retention, first.largest, first.above_s) == (Keeping.EVERY, 1 << 30, 604_800)
    assert (first.index, first.keep, first.rebuild, first.says) == (False, True, "make data", "downloaded")
    assert (file.presets, file.classes[0].cadence_s) == (("python",), 86_400)
    assert [rule.origin for rule in file.rules] == [f"policy.toml line {n}" for n in (4, 21, 22, 25)]
    assert file.projects["shop"].trust
    assert file.projects["shop"].rules[0].origin == "policy.toml line 29"
    assert file.book.matching("data/raw/x")


def test_names_file_line_and_key_of_a_mistake() -> None:
    told = [mistake_in(text) for text, _, _ in MISTAKES]

    assert told == [("policy.toml", line, key) for _, line, key in MISTAKES]


def test_tells_a_near_name_for_an_unknown_key() -> None:
    with pytest.raises(InvalidPolicy, match="'cadence' is near"):
        read_rules(b"[[rule]]\npaths=['x']\ncadense='daily'", "policy.toml")


def test_a_number_of_thousands_of_digits_is_a_mistake_like_any_other() -> None:
    assert is_refused(b"n = " + b"9" * 5_000)


def is_refused(text: bytes) -> bool:
    with pytest.raises(InvalidPolicy):
        read_rules(text, ".codevault.toml", weak=True)
    return True


def test_a_projects_own_file_is_bounded_and_speaks_for_itself_only() -> None:
    texts = [
        b"#" * (LARGEST_PROJECT_FILE + 1),
        b"[project.other]\ntrust = true",
        b"trust = true",
        b"[[rule]]\npaths = [" + b"'x'," * 201 + b"]",
        b"[" * 60_000,
        b"[[rule]]\npaths = ['" + b"*a?" * 5 + b"']",
    ]

    assert all(map(is_refused, texts))


def test_all_rules_of_a_projects_own_file_are_weak() -> None:
    file = read_rules(
        b"[[rule]]\npaths=['x']\n[secrets]\npaths=['y']\nexcept=['z']\n[always]\npaths=['w']\n[classes.docs]\n",
        ".codevault.toml",
        weak=True,
    )

    assert all(rule.weak for rule in (*file.rules, *file.classes))
    assert len(file.rules) == 4


def test_presets_parse_leave_nothing_out_and_name_themselves_as_origin() -> None:
    files = {name: preset(name) for name in PRESETS}

    assert {name: {rule.origin for rule in file.rules} for name, file in files.items()} == {
        name: {f"preset {name}"} for name in PRESETS
    }
    assert not [rule for file in files.values() for rule in file.rules if rule.keep is False]


def test_lines_are_told_of_nested_tables_and_of_what_has_none_of_its_own() -> None:
    lines = lines_of('a.b = 1\n[t."x y"]\nz = { q = 1 }\n[[l]]\n[l.m]\nn = "[not]"\n')

    assert [
        line_of(lines, path) for path in (("a", "b"), ("t", "x y"), ("t", "x y", "z", "q"), ("l", 0, "m", "n"))
    ] == [
        1,
        2,
        3,
        6,
    ]
    assert line_of(lines, ("nowhere",)) == 1
