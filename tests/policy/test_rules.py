"""Rules of users: patterns as in .gitignore, what each setting comes to, and what a project's own file may not do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codevault.policy import Keeping, PathClass, Policy, Priority, Treatment
from codevault.policy.rules import PatternRefused, Rule, RuleBook, compiled
from codevault.policy.verdicts import TREATMENTS, span

DAY, WEEK = 86_400, 604_800


def rule(*patterns: str, **settings: object) -> Rule:
    return replace(Rule(patterns=patterns, origin="policy.toml line 1"), **settings)  # type: ignore[arg-type]


def policy(*rules: Rule, classes: tuple[Rule, ...] = ()) -> Policy:
    return Policy(rules=RuleBook(rules, classes))


PATTERNS: list[tuple[tuple[str, ...], list[str], list[str]]] = [
    (("*.iso",), ["a.iso", "deep/er/b.iso"], ["a.isox", "iso"]),
    (("/build/",), ["build/x", "build/y/z"], ["build", "src/build/x"]),
    (("data/**/raw",), ["data/raw", "data/a/b/raw/x"], ["raw"]),
    (("data/", "!data/labels.csv"), ["data/x"], ["data/labels.csv"]),
    (("*.py", "!test_*.py", "test_all.py"), ["a.py", "test_all.py"], ["test_one.py"]),
    (("name with space",), ["name with space"], ["name"]),
    (("\udcff*",), ["\udcff.bin"], ["x.bin"]),
]


def matched_by(patterns: tuple[str, ...], *paths: str) -> list[str]:
    book = RuleBook((rule(*patterns),))
    return [path for path in paths if book.matching(path)]


def test_patterns_match_as_in_gitignore() -> None:
    found = [matched_by(patterns, *matched, *passed) for patterns, matched, passed in PATTERNS]

    assert found == [matched for _, matched, _ in PATTERNS]


def test_a_folder_matches_the_pattern_that_names_folders_only() -> None:
    book = RuleBook((rule("cache/"),))

    assert book.matching("cache", folder=True)
    assert not book.matching("cache")


def test_more_patterns_than_one_automaton_takes_are_still_matched() -> None:
    book = RuleBook(tuple(rule(f"name{number}.txt") for number in range(300)))

    assert [found.patterns for found in book.matching("a/name299.txt")] == [("name299.txt",)]


def is_refused(pattern: str) -> bool:
    with pytest.raises(PatternRefused):
        compiled(pattern)
    return True


def test_refuses_a_pattern_that_means_nothing_or_leads_out() -> None:
    assert all(map(is_refused, ["", "# note", "!", "../other/", "a/../../b", "!../x", "[", "a\0b"]))


def test_the_last_rule_that_has_a_setting_decides_on_it_and_each_is_told_with_its_origin() -> None:
    verdict = policy(
        rule("*.csv", cadence_s=DAY, index=False, origin="policy.toml line 1"),
        rule("/data/", priority=Priority.IRREPLACEABLE, origin="policy.toml line 9"),
        rule("*.csv", cadence_s=0, origin="policy.toml line 14"),
    ).file("data/orders.csv", 10)

    assert (verdict.cadence_s, verdict.priority, verdict.index) == (0, Priority.IRREPLACEABLE, False)
    assert [reason.origin for reason in verdict.reasons] == [
        "",
        "policy.toml line 1",
        "policy.toml line 9",
        "policy.toml line 14",
    ]


def test_settings_of_a_class_hold_where_no_pattern_says_otherwise() -> None:
    changed = policy(
        rule("docs/", cadence_s=0), classes=(rule(path_class=PathClass.DOCS, cadence_s=DAY, origin="line 2"),)
    )

    assert changed.file("README.md", 1).cadence_s == DAY
    assert changed.file("docs/a.md", 1).cadence_s == 0
    assert changed.file("a.py", 1).reasons == Policy().file("a.py", 1).reasons


def test_a_rule_makes_a_secret_of_a_file_and_another_shows_one() -> None:
    changed = policy(
        rule("*.licence", path_class=PathClass.SECRET, index=False),
        rule("tests/*.pem", path_class=PathClass.CONFIG, index=True),
    )

    hidden, shown = changed.file("a.licence", 1), changed.file("tests/a.pem", 1)

    assert (hidden.path_class, hidden.index, hidden.retention) == (PathClass.SECRET, False, Keeping.LAST)
    assert (shown.path_class, shown.index) == (PathClass.CONFIG, True)


def test_a_class_that_is_secret_is_hidden_without_another_word() -> None:
    assert not policy(rule("*.txt", path_class=PathClass.SECRET)).file("pin.txt", 1).index


def test_the_vaults_rule_leaves_out_a_folder_and_says_who_said_so() -> None:
    verdict = policy(rule("/raw/", keep=False, rebuild="make data")).folder("raw", "raw", {"raw"}, tuple)

    assert (verdict.keep, verdict.deliberate, verdict.rebuild) == (False, True, "make data")
    assert str(verdict.reasons[-1]) == "rule: left out: /raw/ (policy.toml line 1)"


def test_a_rule_keeps_a_folder_that_a_tool_made() -> None:
    changed = policy(rule("node_modules/", keep=True))
    names = {"package.json", "package-lock.json"}

    assert changed.folder("node_modules", "node_modules", names, lambda: {"x"}).keep


def test_a_rule_keeps_a_virtual_environment_that_only_its_marker_tells() -> None:
    changed = policy(rule("/lab/", keep=True))

    assert changed.tagged({"pyvenv.cfg", "bin", "lib"}, None, "lab") is None
    assert changed.tagged({"pyvenv.cfg", "bin", "lib"}, None, "other") is not None


def test_rules_about_files_in_version_controls_folder_change_nothing_of_it() -> None:
    changed = policy(rule("*", cadence_s=WEEK, priority=Priority.LOW))

    assert changed.folder(".git", ".git", {".git"}, lambda: {"HEAD"}).priority is Priority.IRREPLACEABLE


HOSTILE: list[tuple[str, dict[str, object]]] = [
    (".env", {"cadence_s": WEEK, "priority": Priority.LOW}),
    (".env", {"path_class": PathClass.CACHE}),
    (".env", {"index": True}),
    (".env", {"keep": False}),
    (".env", {"largest": 0, "above_s": WEEK}),
    (".env", {"retention": Keeping.SNAPSHOTS}),
    ("id_rsa", {"path_class": PathClass.CONFIG, "index": True}),
    ("shop.sqlite", {"path_class": PathClass.GENERATED, "cadence_s": WEEK}),
    ("a.ipynb", {"keep": False, "cadence_s": WEEK}),
]


def test_a_projects_own_file_takes_nothing_from_what_is_irreplaceable() -> None:
    after = [policy(rule("*", weak=True, **settings)).file(path, 500) for path, settings in HOSTILE]
    before = [Policy().file(path, 500) for path, _ in HOSTILE]

    assert [(v.path_class, v.keep, v.index, v.treatment) for v in after] == [
        (v.path_class, True, v.index, v.treatment) for v in before
    ]


@pytest.mark.parametrize(
    "settings",
    [{"keep": False}, {"cadence_s": 30 * WEEK}, {"priority": Priority.LOW, "cadence_s": WEEK}, {"largest": 0}],
)
def test_a_projects_own_file_lets_its_sources_wait_a_week_at_most(settings: dict[str, object]) -> None:
    verdict = policy(rule("*.py", weak=True, **settings)).file("a.py", 500)

    assert verdict.keep
    assert verdict.treatment.for_size(500) <= WEEK


def test_a_projects_own_file_is_told_that_it_leaves_nothing_out() -> None:
    verdict = policy(rule("src/", weak=True, keep=False)).folder("src", "src", {"src"}, tuple)

    assert verdict.keep
    assert "leaves nothing out" in verdict.reasons[-1].evidence


def test_a_projects_own_file_brings_back_nothing_that_the_vault_leaves_out_but_saves_from_tools() -> None:
    changed = policy(rule("*.iso", keep=False), rule("*", weak=True, keep=True))

    assert not changed.file("a.iso", 1).keep
    assert changed.drops("a.iso")
    assert changed.folder("node_modules", "node_modules", {"package.json", "yarn.lock"}, lambda: {"x"}).keep


def test_a_projects_own_file_may_hide_and_may_ask_for_more() -> None:
    own = rule("*", weak=True, index=False, retention=Keeping.EVERY)

    verdict = policy(own).file("a.py", 1)

    assert (verdict.index, verdict.retention) == (False, Keeping.EVERY)


def test_large_files_wait_by_their_size() -> None:
    treatment = Treatment(largest=100, above_s=DAY)

    assert (treatment.for_size(100), treatment.for_size(101)) == (0, DAY)


def test_every_class_has_a_treatment_and_only_what_tools_write_waits() -> None:
    assert set(TREATMENTS) == set(PathClass)
    assert {found for found in PathClass if TREATMENTS[found].cadence_s} == {
        PathClass.GENERATED,
        PathClass.DEPENDENCY,
        PathClass.BUILD_OUTPUT,
        PathClass.CACHE,
    }


def test_files_in_a_folder_that_may_be_a_tools_wait_an_hour_unless_nothing_brings_them_back() -> None:
    assert Policy().file("build/a.py", 1, in_doubt=True).cadence_s == 3600
    assert Policy().file("build/.env", 1, in_doubt=True).cadence_s == 0


def test_spans_are_told_as_people_say_them() -> None:
    assert [span(s) for s in (1, 60, 3600, 7200, DAY, WEEK)] == [
        "1 seconds",
        "a minute",
        "an hour",
        "2 hours",
        "a day",
        "a week",
    ]


def test_a_policy_shows_itself_in_one_short_line() -> None:
    assert len(repr(Policy())) < 80


def test_rules_change_the_fingerprint() -> None:
    assert policy(rule("*.a")).fingerprint not in {Policy().fingerprint, policy(rule("*.b")).fingerprint}
