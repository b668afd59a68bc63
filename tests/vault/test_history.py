"""One symbol through the days of a project, and one file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codevault import steps as steps_module
from codevault.errors import InvalidArgument, UnknownPath, UnknownProject, UnknownSymbol
from codevault.history import History
from codevault.vault import Vault
from tests.vault.scenes import DAY, DISCOUNT, FIRST_DAY, Archive, Desk
from tests.vcs.scenes import GitScene, git


def told(history: History) -> list[tuple[tuple[str, ...], int, str, str]]:
    return [(event.kinds, event.at.sequence, event.path, event.qualified_name) for event in history.events]


def test_a_method_that_was_edited_twice(archive: Archive) -> None:
    history = archive.vault.history(archive.shop, "billing/tax.py", "TaxTable.rate")

    assert [(kinds[0], sequence) for kinds, sequence, _, _ in told(history)] == [
        ("introduced", 1),
        ("body", 2),
        ("signature", 8),
    ]
    assert history.introduced.at.created_ns == FIRST_DAY + DAY
    assert history.removed is None
    assert history.newest.signature == "def rate(self, country, year=2026)"
    assert (history.project, history.path, history.qualified_name) == (
        archive.shop.id,
        "billing/tax.py",
        "TaxTable.rate",
    )


def test_an_event_shows_the_text_before_and_after(archive: Archive) -> None:
    edit = archive.vault.history(archive.shop, "billing/tax.py", "TaxTable.rate").events[1]

    assert edit.before is not None
    assert edit.after is not None
    assert '"de": 19' in archive.vault.text(edit.before)
    assert '"de": 16' in archive.vault.text(edit.after)
    assert archive.vault.text(edit) == archive.vault.text(edit.after)


def test_a_method_nobody_touched_was_only_introduced(archive: Archive) -> None:
    history = archive.vault.history(archive.shop, "billing/tax.py", "TaxTable.total")

    assert told(history) == [(("introduced",), 1, "billing/tax.py", "TaxTable.total")]


def test_a_function_moved_renamed_removed_and_restored(archive: Archive) -> None:
    history = archive.vault.history(archive.shop, "billing/discounts.py", "loyalty_discount")

    assert told(history) == [
        (("introduced",), 1, "billing/tax.py", "old_discount"),
        (("moved",), 3, "billing/discounts.py", "old_discount"),
        (("renamed",), 4, "billing/discounts.py", "loyalty_discount"),
        (("removed",), 6, "billing/discounts.py", "loyalty_discount"),
        (("restored",), 7, "billing/discounts.py", "loyalty_discount"),
    ]
    assert archive.vault.text(history.newest).startswith("def loyalty_discount")


def test_the_same_life_is_told_from_any_of_its_names(archive: Archive) -> None:
    late = archive.vault.history(archive.shop, "billing/discounts.py", "loyalty_discount")
    early = archive.vault.history(archive.shop, "billing/tax.py", "old_discount")

    assert told(early) == told(late)


def test_a_renamed_file_moves_its_functions(archive: Archive) -> None:
    history = archive.vault.history(archive.shop, "utils/strings.py", "slugify")

    assert told(history) == [
        (("introduced",), 1, "utils/text.py", "slugify"),
        (("container-moved",), 5, "utils/strings.py", "slugify"),
    ]


def test_a_symbol_of_a_file_that_is_gone_is_still_followed(archive: Archive) -> None:
    history = archive.vault.history(archive.shop, "utils/text.py", "shorten")

    assert told(history)[-1] == (("container-moved",), 5, "utils/strings.py", "shorten")


def test_a_found_symbol_and_a_hit_lead_to_the_same_history(archive: Archive) -> None:
    by_name = archive.vault.history(archive.shop, "billing/tax.py", "TaxTable.rate")
    (symbol,) = [s for s in archive.vault.symbols(archive.days["signature"]) if s.qualified_name == "TaxTable.rate"]
    hit = archive.vault.search.symbols("TaxTable.rate", project="shop").hits[0]

    assert archive.vault.history(symbol) == by_name
    assert archive.vault.history(hit) == by_name


def test_a_line_of_text_has_no_history(archive: Archive) -> None:
    hit = archive.vault.search.text("quick brown").hits[0]

    with pytest.raises(InvalidArgument, match="line of text"):
        archive.vault.history(hit)


@pytest.mark.parametrize(
    ("path", "name", "error"),
    [
        ("", "", InvalidArgument),
        ("billing/tax.py", "", InvalidArgument),
        ("nowhere.py", "f", UnknownPath),
        ("billing/tax.py", "nothing", UnknownSymbol),
        (".env", "TOKEN", UnknownSymbol),
    ],
)
def test_what_has_no_history_is_an_error_that_says_why(
    archive: Archive, path: str, name: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        archive.vault.history(archive.shop, path, name)


def test_an_unknown_project_has_no_history(archive: Archive) -> None:
    with pytest.raises(UnknownProject):
        archive.vault.history("nobody", "a.py", "f")


def test_a_removed_symbol_ends_with_its_removal(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"a.py": "def gone(x):\n    return x + 1\n\n\ndef kept(y):\n    return [y, y, y]\n"})
    desk.day(project, {"a.py": "def kept(y):\n    return [y, y, y]\n"})
    desk.day(project, {"b.py": "z = 1\n"})
    desk.vault.analyse()

    history = desk.vault.history(project, "a.py", "gone")

    assert told(history) == [(("introduced",), 1, "a.py", "gone"), (("removed",), 2, "a.py", "gone")]
    assert history.removed is not None
    assert history.removed.at.sequence == 2
    assert desk.vault.text(history.newest) == "def gone(x):\n    return x + 1"


def test_a_removed_file_takes_its_symbols_with_it_and_brings_them_back(desk: Desk) -> None:
    project = desk.project("shop")
    source = "def f(x):\n    return [x, x + 1, x + 2]\n"
    desk.day(project, {"a.py": source, "b.txt": "b"})
    desk.day(project, {"a.py": None})
    desk.day(project, {"b.txt": "c"})
    desk.day(project, {"a.py": source})
    desk.vault.analyse()

    kinds = [(event.kinds, event.at.sequence) for event in desk.vault.history(project, "a.py", "f").events]

    assert kinds == [(("introduced",), 1), (("removed",), 2), (("restored",), 4)]


def test_a_change_outside_the_symbol_is_none_of_its_events(desk: Desk) -> None:
    project = desk.project("shop")
    function = "def f(x):\n    return [x, x + 1, x + 2]\n"
    desk.day(project, {"a.py": function})
    desk.day(project, {"a.py": "# a comment\n\n" + function + "\n\ndef g(y):\n    return y\n"})
    desk.vault.analyse()

    history = desk.vault.history(project, "a.py", "f")

    assert [event.kinds for event in history.events] == [("introduced",)]
    assert history.newest.start_line == 1


def test_the_versions_of_a_file_follow_its_renaming(archive: Archive) -> None:
    versions = archive.vault.versions("utils/strings.py", project="shop")

    assert [(v.path, v.first.sequence, v.last.sequence if v.last else None) for v in versions] == [
        ("utils/text.py", 1, 4),
        ("utils/strings.py", 5, None),
    ]
    assert archive.vault.read(versions[0].blob).startswith(b"def slugify")


def test_the_versions_of_a_file_are_its_distinct_contents(archive: Archive) -> None:
    versions = archive.vault.versions(archive.desk.home / "shop" / "billing" / "tax.py")

    assert [(v.first.sequence, v.last.sequence if v.last else None) for v in versions] == [
        (1, 1),
        (2, 2),
        (3, 7),
        (8, None),
    ]


def test_a_file_that_is_gone_still_has_its_versions(archive: Archive) -> None:
    (version,) = archive.vault.versions("notes.txt", project=archive.shop)

    assert version.last is not None
    assert version.last.sequence == 7


def test_a_path_no_snapshot_holds_has_no_versions(archive: Archive) -> None:
    with pytest.raises(UnknownPath, match="nowhere"):
        archive.vault.versions("nowhere.py", project="shop")


def test_a_file_renamed_without_change_is_followed_even_when_it_holds_no_symbols(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"a.txt": "some text\n", "other.txt": "else"})
    desk.day(project, {"a.txt": None, "b.txt": "some text\n"})

    versions = desk.vault.versions("b.txt", project=project)

    assert [version.path for version in versions] == ["a.txt", "b.txt"]


def test_a_new_file_has_no_earlier_name(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"a.py": "def f(x):\n    return x\n"})
    desk.day(project, {"a.py": None, "b.py": "def quite_different(y):\n    print(y, y, y)\n"})
    desk.vault.analyse()

    assert [version.path for version in desk.vault.versions("b.py", project=project)] == ["b.py"]


def test_two_files_that_took_turns_are_not_followed_for_ever(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"a.txt": "same\n", "x.txt": "x"})
    desk.day(project, {"a.txt": None, "b.txt": "same\n"})
    desk.day(project, {"b.txt": None, "a.txt": "same\n"})

    versions = desk.vault.versions("a.txt", project=project)

    assert [(v.path, v.first.sequence) for v in versions] == [("a.txt", 1), ("a.txt", 3)]


def test_a_namesake_of_what_moved_away_is_new_not_restored(desk: Desk) -> None:
    project = desk.project("shop")
    function = "def total(prices):\n    return sum(price * 2 for price in prices if price > 0)\n"
    namesake = "def total(words):\n    print('nothing like it')\n    return len(words)\n"
    desk.day(project, {"a.py": function})
    desk.day(project, {"a.py": "x = 1\n", "b.py": function})
    desk.day(project, {"c.txt": "c"})
    desk.day(project, {"a.py": namesake})
    desk.vault.analyse()

    assert told(desk.vault.history(project, "a.py", "total")) == [(("introduced",), 4, "a.py", "total")]
    assert told(desk.vault.history(project, "b.py", "total")) == [
        (("introduced",), 1, "a.py", "total"),
        (("moved",), 2, "b.py", "total"),
    ]


def test_what_came_back_under_another_name_stays_removed_under_the_old_one(desk: Desk) -> None:
    project = desk.project("shop")
    function = "def total(prices):\n    return sum(price * 2 for price in prices if price > 0)\n"
    desk.day(project, {"a.py": function, "b.py": "y = 1\n"})
    desk.day(project, {"a.py": "x = 1\n"})
    desk.day(project, {"a.py": "x = 2\n"})
    desk.day(project, {"a.py": function.replace("total", "sums")})
    desk.vault.analyse()

    assert told(desk.vault.history(project, "a.py", "total")) == [
        (("introduced",), 1, "a.py", "total"),
        (("removed",), 2, "a.py", "total"),
    ]


def test_a_step_too_large_to_be_matched_as_a_whole_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_module, "MOST_FILES", 1)
    project = desk.project("shop")
    function = "def total(prices):\n    return sum(price * 2 for price in prices if price > 0)\n"
    desk.day(project, {"a.py": function})
    desk.day(project, {"a.py": None, "b.py": function})
    desk.vault.analyse()

    gone = desk.vault.history(project, "a.py", "total").removed
    come = desk.vault.history(project, "b.py", "total").introduced

    assert gone is not None
    assert gone.evidence == come.evidence == "2 files changed at once: only this one was searched for it"


def test_a_path_may_be_written_with_detours(archive: Archive) -> None:
    history = archive.vault.history(archive.shop, "./utils/../billing//tax.py", "TaxTable.total")

    assert history.path == "billing/tax.py"


TOTAL = """\
def total(prices, rate):
    found = [p * rate for p in prices if p > 0]
    return round(sum(found), 2) + len(found)
"""


def test_a_copy_of_a_symbol_that_nobody_touched_names_its_source(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"a.py": TOTAL})
    desk.day(project, {"b.py": "x = 1\n"})
    desk.day(project, {"b.py": "x = 1\n\n\n" + TOTAL})
    desk.vault.analyse()

    event = desk.vault.history(project, "b.py", "total").introduced

    assert (event.kinds, event.at.sequence) == (("introduced", "copied"), 3)
    assert [(origin.path, origin.symbol.qualified_name) for origin in event.origins] == [("a.py", "total")]


def test_a_copy_under_another_name_may_come_from_another_project(desk: Desk) -> None:
    source, target = desk.project("shop"), desk.project("wares")
    body = TOTAL.replace("return", "found.sort(key=lambda p: (p, rate), reverse=True)\n    return")
    desk.day(source, {"a.py": body})
    desk.day(target, {"c.py": "x = 1\n"})
    desk.day(target, {"c.py": "x = 1\n\n\n" + body.replace("total", "sums")})
    desk.vault.analyse()

    event = desk.vault.history(target, "c.py", "sums").introduced

    assert (event.kinds, event.confidence) == (("introduced", "copied"), 0.7)
    assert [(origin.project, origin.path) for origin in event.origins] == [(source.id, "a.py")]


def test_a_copy_names_a_source_that_changed_since_its_project_was_last_seen(desk: Desk) -> None:
    shop, wares = desk.project("shop"), desk.project("wares")
    desk.day(shop, {"one.py": DISCOUNT})
    desk.day(wares, {"begun.py": "X = 1\n"})
    desk.day(wares, {"two.py": DISCOUNT})
    desk.day(shop, {"one.py": DISCOUNT.replace("0.8", "round(price, 2)")})
    desk.vault.analyse()

    introduced = desk.vault.history(wares, "two.py", "old_discount").introduced

    assert introduced.kinds == ("introduced", "copied")
    assert [(one.project, one.path) for one in introduced.origins] == [(shop.id, "one.py")]


def test_what_a_project_began_with_is_no_copy(desk: Desk) -> None:
    source, target = desk.project("shop"), desk.project("wares")
    desk.day(source, {"a.py": TOTAL})
    desk.day(target, {"a.py": TOTAL})
    desk.vault.analyse()

    assert desk.vault.history(target, "a.py", "total").introduced.kinds == ("introduced",)


CALLER = """\
def report(rows, out):
    {}
    for row in sorted(rows):
        out.write(f"{{row.name}}: {{row.amount:10.2f}}")
    return total
"""
LOOP = "total = 0\n    for row in rows:\n        if row.due and row.sum > 0:\n            total += row.sum * row.rate"


def test_a_function_taken_out_of_another_and_put_back_names_it(desk: Desk) -> None:
    project = desk.project("shop")
    whole = CALLER.format(LOOP)
    parts = f"def paid_sum(rows):\n    {LOOP}\n    return total\n\n\n" + CALLER.format("total = paid_sum(rows)")
    desk.day(project, {"a.py": whole})
    desk.day(project, {"a.py": parts})
    desk.day(project, {"a.py": whole})
    desk.vault.analyse()

    history = desk.vault.history(project, "a.py", "paid_sum")

    assert [event.kinds for event in history.events] == [("introduced", "extracted"), ("removed", "inlined")]
    assert [[each.symbol.name for each in event.origins] for event in history.events] == [["report"], ["report"]]


def test_overloads_are_followed_by_their_parameters(desk: Desk) -> None:
    project = desk.project("shop")
    first = "class A {\n  int f(int a) {\n    return a;\n  }\n  int f(String b) {\n    return b.length();\n  }\n}\n"
    desk.day(project, {"A.java": first})
    desk.day(project, {"A.java": first.replace("  int f(int a) {\n    return a;\n  }\n", "")})
    desk.day(project, {"A.java": first.replace("  int f(int a) {\n    return a;\n  }\n", "").replace("b.l", "b.b.l")})
    desk.vault.analyse()

    history = desk.vault.history(project, "A.java", "A.f")

    assert [(event.kinds, event.at.sequence) for event in history.events] == [(("introduced",), 1), (("body",), 3)]


@pytest.mark.parametrize(
    ("name", "copy", "confidence"),
    [
        (
            "A.total",
            "class A:\n" + "".join(f"    {line}\n" for line in TOTAL.replace("(p", "(self, p", 1).splitlines()),
            0.85,
        ),
        ("total", TOTAL.replace("+ len(found)", "* 3"), 0.6),
    ],
)
def test_a_copy_that_was_changed_is_known_by_its_name(desk: Desk, name: str, copy: str, confidence: float) -> None:
    source, target = desk.project("shop"), desk.project("wares")
    desk.day(source, {"a.py": TOTAL, "b.py": "def total():\n    return None\n"})
    desk.day(target, {"c.py": "x = 1\n"})
    desk.day(target, {"c.py": "x = 1\n\n\n" + copy})
    desk.vault.analyse()

    event = desk.vault.history(target, "c.py", name).introduced

    assert (event.kinds, event.confidence) == (("introduced", "copied"), confidence)
    assert [(origin.project, origin.path) for origin in event.origins] == [(source.id, "a.py")]


MERGED = """\
def total(prices, rate):
    found = [p * rate for p in prices if p > 0]
    first = found[0]
    second = found[1]
    third = found[2]
    found.sort()
    return round(sum(found), 2)


def apart():
    pass


def between():
    pass


def other():
    return 1
"""


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_merge_changes_what_differs_from_every_parent(tmp_path: Path) -> None:
    scene = GitScene(tmp_path)
    scene.commit(**{"a.py": MERGED.encode()})
    git(scene.root, "checkout", "-q", "-b", "side")
    scene.commit(**{"a.py": MERGED.replace("return round(sum(found), 2)", "return sum(found)").encode()})
    git(scene.root, "checkout", "-q", "-")
    scene.commit(**{"a.py": MERGED.replace("p > 0", "p > 1").replace("return 1", "return 2").encode()})
    git(scene.root, "merge", "-q", "-m", "merged", "side")
    with Vault.create(tmp_path / "vault", workers=1) as vault:
        project = vault.projects.add(scene.root)
        vault.projects.import_history(project)
        vault.analyse()
        total, other = (vault.history(project, "a.py", name) for name in ("total", "other"))

    assert [event.kinds for event in total.events] == [("introduced",), ("body",), ("body",), ("body",)]
    assert total.events[-1].at.commit == git(scene.root, "rev-parse", "HEAD")
    assert [event.kinds for event in other.events] == [("introduced",), ("body",)]


STUBS = "@t.overload\ndef locate(a: int) -> int: ...\n@t.overload\ndef locate(a: str) -> str: ...\n"


def test_an_implementation_is_followed_not_the_stubs_of_its_overloads(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"m.py": "def locate(a):\n    found = search(a)\n    return found\n"})
    desk.day(project, {"m.py": STUBS + "def locate(a):\n    found = search(a)\n    return found\n"})
    desk.day(project, {"m.py": STUBS + "def locate(a):\n    found = search(a, deep=True)\n    return found\n"})
    desk.vault.analyse()

    history = desk.vault.history(project, "m.py", "locate")

    assert told(history) == [(("introduced",), 1, "m.py", "locate"), (("body",), 3, "m.py", "locate")]


def test_of_several_of_one_name_the_one_that_was_found_is_followed(desk: Desk) -> None:
    project = desk.project("shop")
    desk.day(project, {"m.py": "def locate(a):\n    found = search(a)\n    return found\n"})
    snapshot = desk.day(project, {"m.py": STUBS + "def locate(a):\n    found = search(a)\n    return found\n"})
    desk.vault.analyse()
    stub, _, real = (found for found in desk.vault.symbols(snapshot) if found.name == "locate")

    assert told(desk.vault.history(real))[0] == (("introduced",), 1, "m.py", "locate")
    assert told(desk.vault.history(stub)) == [(("introduced",), 2, "m.py", "locate")]
