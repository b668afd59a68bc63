"""What became of a project's symbols, version by version."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, UnknownProject
from tests.vault.scenes import Archive, Desk
from tests.vcs.scenes import GitScene, git


def test_tells_what_every_snapshot_did_to_the_symbols(archive: Archive) -> None:
    report = archive.vault.reports.evolution(archive.shop)
    lines = {step.sequence: [(line.kinds, line.qualified_name) for line in step.lines] for step in report.steps}

    assert (report.project, report.name, len(report.steps)) == (archive.shop.id, "shop", 8)
    assert (("introduced",), "TaxTable") in lines[1]
    assert lines[2] == [(("body",), "TaxTable.rate")]
    assert (("moved",), "old_discount") in lines[3]
    assert (("renamed",), "loyalty_discount") in lines[4]
    assert (("removed",), "loyalty_discount") in lines[6]
    assert (("restored",), "loyalty_discount") in lines[7]
    assert (("signature",), "TaxTable.rate") in lines[8]
    assert report.steps[0].reason == "begun"
    assert report.steps[2].files == 2
    assert report.most_changed(2) == (
        ("billing/discounts.py: loyalty_discount", 3),
        ("billing/tax.py: TaxTable.rate", 2),
    )


def test_says_where_a_moved_symbol_was(archive: Archive) -> None:
    step = archive.vault.reports.evolution("shop").steps[2]

    assert [line.was for line in step.lines if "moved" in line.kinds] == ["billing/tax.py: old_discount"]


def test_can_be_narrowed_to_a_time_a_path_and_a_client(archive: Archive) -> None:
    reports = archive.vault.reports

    assert [s.sequence for s in reports.evolution("shop", since="2026-01-03", until="2026-01-04").steps] == [2, 3]
    assert {s.sequence for s in reports.evolution("shop", path="utils/*").steps} == {1, 5}
    assert [p.name for p in reports.churn(client="Zeta").covered.projects] == ["blog"]
    assert reports.churn().covered.clients == ("Acme", "Zeta")
    assert "Holds what belongs to several clients: Acme, Zeta." in reports.churn().to_markdown()


def test_says_what_is_not_yet_understood(desk: Desk) -> None:
    desk.day(desk.project("shop", {"a.py": "x = 1\n"}))

    report = desk.vault.reports.evolution("shop")

    assert report.not_analysed == 1
    assert "1 file version not analysed yet" in report.to_markdown()


ALL = ("evolution", "churn", "hotspots", "ownership", "coupling", "survival")


@pytest.mark.parametrize("name", ALL)
def test_the_same_vault_gives_the_same_bytes(archive: Archive, name: str) -> None:
    one, other = (getattr(archive.vault.reports, name)() for _ in range(2))

    assert one.to_json() == other.to_json()
    assert one.to_html() == other.to_html()
    assert one.to_markdown() == other.to_markdown()
    assert json.loads(one.to_json())["covered"]["projects"][0]["name"] == "shop"


@pytest.mark.parametrize("name", ALL)
def test_a_time_without_versions_is_told_in_words(archive: Archive, name: str) -> None:
    report = getattr(archive.vault.reports, name)("shop", until="1999-12-31")

    assert "0 versions from the beginning to 1999-12-31" in report.to_markdown()
    assert json.loads(report.to_json())["finding"] == report.finding == report.page().summary[0]
    assert "<h2>" in report.to_html()


def test_wrong_arguments_are_said_at_once(archive: Archive) -> None:
    reports = archive.vault.reports

    with pytest.raises(UnknownProject):
        reports.churn("nobody")
    with pytest.raises(InvalidArgument, match="limit"):
        reports.churn(limit=0)
    with pytest.raises(InvalidArgument, match="'symbol' or by 'file'"):
        reports.coupling(level="line")  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="two stacks"):
        reports.migration("shop", "flask", "Flask")
    with pytest.raises(InvalidArgument, match="not a date or time"):
        reports.survival(since="yesterday")


def test_churn_counts_lines_as_a_minimal_diff_does(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "a = 1\nb = 2\nc = 3\n", "old/b.py": "x = 1\ny = 2\n"})
    desk.day(project)
    desk.day(project, {"a.py": "a = 1\nb = 20\nc = 3\nd = 4\n", "old/b.py": None, "new/b.py": "x = 1\ny = 2\n"})
    desk.vault.analyse()

    report = desk.vault.reports.churn(project)

    rows = {row.path: (row.changes, row.added, row.deleted, row.lines) for row in report.rows}
    assert rows == {"a.py": (1, 2, 1, 4), "new/b.py": (1, 0, 0, 2)}
    assert (report.added, report.deleted, report.lines, report.components) == (2, 1, 6, 2)
    assert (report.relative.m1_churned_by_total, report.relative.m7_churned_by_deleted) == (2 / 6, 2.0)
    assert [(p.period, p.added, p.deleted) for p in report.periods] == [("2026-01-03", 2, 1)]
    assert report.rows[0].relative == 0.75


def test_churn_of_symbols_leaves_out_what_a_project_began_with(archive: Archive) -> None:
    report = archive.vault.reports.churn("shop", level="symbol")

    rows = {row.qualified_name: (row.changes, row.added, row.deleted) for row in report.rows}
    assert rows["TaxTable.rate"] == (2, 2, 2)
    assert "TaxTable.total" not in rows


def test_hotspots_are_changes_times_indentation(desk: Desk) -> None:
    text = "def f(x):\n    if x:\n        return {0}\n    return 0\n\n\ndef g(y):\n    return {1}\n"
    project = desk.project("shop", {"a.py": text.format(1, 1)})
    desk.day(project)
    desk.day(project, {"a.py": text.format(2, 1)})
    desk.day(project, {"a.py": text.format(3, 2)})
    desk.vault.analyse()

    report = desk.vault.reports.hotspots(project)

    told = [(row.qualified_name, row.changes, row.lines, row.complexity, row.score, row.heat) for row in report.rows]
    assert told == [("f", 2, 4, 8, 16, 1.0)]
    assert (report.components, report.once, report.share) == (2, 1, 2 / 3)
    assert report.finding == "f is the hottest of 2 symbols that changed: 2 changes at complexity 8."
    assert "1 symbol changed once only: no hotspots." in report.page().summary


def test_code_is_no_hotspot_for_being_complicated_or_often_changed_alone(desk: Desk) -> None:
    deep = "def deep(x):\n" + "    if x:\n        x += 1\n" * 40 + "    return x\n"
    both = "def both(x):\n    if x:\n        return {0}\n    return [x, x]\n"
    often = "def often(x):\n    return [x, {0}]\n"
    project = desk.project("shop", {"deep.py": deep, "both.py": both.format(0), "often.py": often.format(0)})
    desk.day(project)
    desk.day(project, {"deep.py": deep + "\n", "both.py": both.format(1), "often.py": often.format(1)})
    desk.day(
        project, {"deep.py": deep.replace("+= 1", "+= 2", 1), "both.py": both.format(2), "often.py": often.format(2)}
    )
    desk.day(project, {"both.py": both.format(3)})
    desk.vault.analyse()

    report = desk.vault.reports.hotspots(project)

    assert [(row.qualified_name, row.changes) for row in report.rows] == [("both", 3), ("often", 2)]
    assert report.once == 1


PAIR = """\
class Tax:
    @property
    def rate(self):
        return self.table[{0}]

    @rate.setter
    def rate(self, value):
        self.table[{1}] = value
"""


def test_a_version_counts_once_for_all_that_share_a_name(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": PAIR.format(1, 1)})
    desk.day(project)
    desk.day(project, {"a.py": PAIR.format(2, 2)})
    desk.day(project, {"a.py": PAIR.format(2, 2).partition("    @rate.setter")[0]})
    desk.vault.analyse()
    reports = desk.vault.reports

    (row,) = (row for row in reports.churn(project, level="symbol").rows if row.qualified_name == "Tax.rate")

    assert (row.changes, row.added, row.deleted) == (2, 2, 5)
    assert (reports.survival(project).all.died, reports.coupling(project).rows) == (0, ())


@pytest.fixture
def team(desk: Desk) -> GitScene:
    """A repository that two people worked on, with a merge that brings a branch in."""
    scene = GitScene(desk.home, name="team")
    both = "def one(x):\n    return x + {0}\n\n\ndef two(x):\n    return x * {0}\n"
    scene.commit(**{"a.py": both.format(1).encode(), "b.py": b"def three(x):\n    return [x, 1]\n"})
    scene.commit(**{"a.py": both.format(2).encode(), "b.py": b"def three(x):\n    return [x, 2]\n"})
    git(scene.root, "checkout", "-q", "-b", "side")
    scene.commit(**{"a.py": both.format(3).encode(), "b.py": b"def three(x):\n    return [x, 3]\n"})
    git(scene.root, "commit", "-q", "--amend", "-m", "Bob's", "--author", "Bob <bob@example.org>")
    git(scene.root, "checkout", "-q", "-")
    scene.commit(**{"c.py": b"z = 1\n"})
    git(scene.root, "merge", "-q", "--no-edit", "side")
    return scene


def test_commits_count_for_their_authors_and_merges_for_nobody(desk: Desk, team: GitScene) -> None:
    project = desk.vault.projects.add(team.root)
    desk.vault.projects.import_history(project)
    desk.vault.analyse()
    reports = desk.vault.reports

    evolution = reports.evolution(project)
    coupling = reports.coupling(project)
    owned = reports.ownership(project)

    assert sorted(step.files for step in evolution.steps) == [1, 2, 2, 2]
    assert all(step.commit and step.author for step in evolution.steps)
    assert {(row.one.qualified_name, row.other.qualified_name, row.support) for row in coupling.rows} == {
        ("one", "two", 2),
        ("one", "three", 2),
        ("two", "three", 2),
    }
    assert coupling.rows[0].across_files
    assert coupling.rows[0].confidence == 1.0
    assert {row.qualified_name: row.changes for row in owned.rows} == {"one": 2, "two": 2, "three": 2}
    assert sum(person.changes for person in owned.people) == 6
    assert owned.rows[0].owner.share >= 0.5
    assert coupling.to_graph().number_of_edges() == 3
    assert owned.to_graphml().count("<node ") == 3 + len(owned.people)


def test_uncommitted_work_is_the_work_of_whoever_commits_it(desk: Desk) -> None:
    scene = GitScene(desk.home, name="work")
    scene.commit(**{"a.py": b"def f(x):\n    return x + 1\n"})
    project = desk.vault.projects.add(scene.root)
    desk.now = 1_700_000_000_000_000_000
    desk.day(project, {"a.py": b"def f(x):\n    return x + 2\n"})
    mine = desk.vault.reports
    desk.vault.projects.import_history(project)
    desk.vault.analyse()
    before = mine.ownership(project)
    git(scene.root, "commit", "-q", "-a", "-m", "later", GIT_COMMITTER_DATE="1800000000 +0000")
    desk.vault.projects.import_history(project)
    desk.vault.analyse()
    after = mine.ownership(project)

    assert (before.rows, before.uncommitted) == ((), 1)
    assert "No authors known" in before.to_markdown()
    assert ([row.qualified_name for row in after.rows], after.uncommitted) == (["f"], 0)
    assert after.rows[0].changes == 1


def test_mass_changes_couple_nothing(desk: Desk) -> None:
    files: dict[str, str | bytes | None] = {f"f{n}.py": f"def f{n}(x):\n    return [x, {n}]\n" for n in range(40)}
    project = desk.project("shop", files)
    desk.day(project)
    desk.day(project, {name: str(text).replace("[x", "[x, x") for name, text in files.items()})
    desk.day(project, {name: str(text).replace("[x", "[x, 2") for name, text in files.items()})
    desk.vault.analyse()

    report = desk.vault.reports.coupling(project)

    assert (report.rows, report.left_out) == ((), 2)
    assert "2 mass changes of more than 30 symbols left out" in report.to_markdown()


def test_survival_knows_births_deaths_and_lives_that_go_on(desk: Desk) -> None:
    def function(name: str) -> str:
        return f"def {name}(x):\n    return [x, '{name}']\n\n\n"

    project = desk.project("shop", {"a.py": function("old")})
    desk.day(project)
    desk.day(project, {"a.py": function("old") + function("short") + function("moving")})
    desk.day(project, {"a.py": function("old"), "b.py": function("moving")})
    desk.day(project, {"c.py": "x = 1\n"})
    desk.vault.analyse()

    report = desk.vault.reports.survival(project)

    assert (report.early, report.all.born, report.all.died) == (1, 2, 1)
    assert [(p.days, p.alive, p.at_risk) for p in report.all.curve] == [(0, 1.0, 2), (1, 0.5, 2), (2, 0.5, 1)]
    assert (report.all.median_days, report.cohorts[0].name, report.all.at(0)) == (1, "2026-01", 1.0)
    assert report.finding == "Half of the 2 symbols introduced live longer than 1 day; 1 gone so far."
    assert report.page().title == "shop: how long symbols live, in days, 2026-01-02 to 2026-01-05"


def test_a_timeline_shows_each_event_with_its_diff(archive: Archive) -> None:
    report = archive.vault.reports.timeline("shop", "billing/tax.py", "TaxTable.rate")
    html = report.to_html()

    assert [event.kinds for event in report.events] == [("introduced",), ("body",), ("signature",)]
    assert '-    rates = {"at": 20, "de": 19, "fr": 20}\n+    rates' in report.events[1].diff
    assert 'class="gd"' in html
    assert 'class="gi"' in html
    assert archive.vault.reports.timeline("shop", "billing/tax.py", "TaxTable.rate", limit=2).omitted == 1
    assert archive.vault.reports.timeline("shop", "billing/tax.py", "TaxTable.rate", until="2026-01-04").events[1:]
    assert (
        "Nothing happened"
        in archive.vault.reports.timeline("shop", "billing/tax.py", "TaxTable.rate", since="2027-01-01").to_markdown()
    )


def test_a_removed_symbol_ends_its_timeline(desk: Desk) -> None:
    project = desk.project("shop", {"a.py": "def f(x):\n    return x\n"})
    desk.day(project)
    desk.day(project, {"a.py": "y = 1\n"})
    desk.vault.analyse()

    report = desk.vault.reports.timeline(project, "a.py", "f")

    assert "removed on 2026-01-03" in report.to_markdown()
    assert report.events[-1].diff.endswith("-def f(x):\n-    return x")


def test_a_secret_is_in_no_report(archive: Archive, tmp_path: Path) -> None:
    faces = [getattr(archive.vault.reports, name)() for name in ALL]

    assert "hunter2" not in "".join(report.to_json() + report.to_html() + report.to_markdown() for report in faces)


def test_the_diffs_of_a_timeline_show_no_secret(desk: Desk) -> None:
    text = "def connect(\n    user='ann',\n    key='{}',\n):\n    return user, key\n"
    project = desk.project("shop", {"a.py": text.format("AKIAQ7ZX3PLMN5RT2WVB")})
    desk.vault.backup(project)
    desk.day(project, {"a.py": text.format("AKIAZZZX3PLMN5RT2QQQ")})
    desk.vault.analyse()

    report = desk.vault.reports.timeline(project, "a.py", "connect")
    told = report.to_json() + report.to_html() + report.to_markdown()

    assert "user=" in report.events[0].diff
    assert ("AKIAQ7" in told, "AKIAZZ" in told) == (False, False)


def test_lines_of_commits_without_a_common_beginning_hold_the_same_symbols(desk: Desk) -> None:
    scene = GitScene(desk.home, name="lines")
    scene.commit(**{"a.py": b"def f(x):\n    return [x, 1]\n"})
    git(scene.root, "checkout", "-q", "--orphan", "other")
    scene.commit(**{"a.py": b"def f(x):\n    return [x, 1]\n", "b.py": b"y = 1\n"})
    scene.commit(**{"a.py": b"def f(x):\n    return [x, 2]\n"})
    project = desk.vault.projects.add(scene.root)
    desk.vault.projects.import_history(project)
    desk.vault.analyse()

    survival = desk.vault.reports.survival(project)
    migration = desk.vault.reports.migration(project, "python", "go")

    assert (survival.early, survival.all.born) == (1, 0)
    assert dict(migration.fates) == {"carried": 0, "rewritten": 0, "remaining": 1, "lost": 0, "new": 0}
