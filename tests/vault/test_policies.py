"""Rules of a vault and of its projects, from the file to what a backup stores."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codevault.effects import Protector
from codevault.errors import InvalidPolicy, SourceError, StorageError
from codevault.policy import Keeping, PathClass, Priority
from codevault.projects.model import Project
from codevault.store.thinning import Retention
from codevault.surroundings import Surroundings
from tests.vault.scenes import DAY, Desk
from tests.vcs.scenes import git

HOUR = 3_600_000_000_000
DISKS = """
[[rule]]
paths = ["*.iso"]
keep = false
why = "disk images are on the server"

[[rule]]
paths = ["/raw/", "!/raw/labels.csv"]
keep = false
rebuild = "make data"
"""


@pytest.fixture
def shop(desk: Desk) -> Project:
    return desk.project(
        "shop",
        {
            "app.py": "a = 1\n",
            "disk.iso": "iso",
            "raw/big.bin": "big",
            "raw/labels.csv": "by hand",
            "Cargo.toml": "",
            "target/.rustc_info.json": "{}",
            "target/debug/app": "elf",
            "target/debug/dev.sqlite": "rows",
            "target/.env": "TOKEN=1\n",
        },
    )


def stored(desk: Desk, project: Project) -> set[str]:
    snapshot = desk.vault.snapshots(project)[-1]
    return {entry.path for entry in desk.vault.files(snapshot) if entry.blob}


def test_what_no_command_brings_back_is_stored_from_a_folder_that_is_left_out(desk: Desk, shop: Project) -> None:
    backup = desk.vault.backup(shop)

    assert stored(desk, shop) >= {"app.py", "target/.env", "target/debug/dev.sqlite", "disk.iso", "raw/big.bin"}
    assert not stored(desk, shop) & {"target/debug/app", "target/.rustc_info.json"}
    assert [(one.path, one.rebuild) for one in backup.excluded] == [("target", "cargo build")]
    assert "kept all the same" in backup.excluded[0].why


def test_an_unchanged_project_with_such_a_folder_is_unchanged(desk: Desk, shop: Project) -> None:
    desk.vault.backup(shop)
    desk.now += DAY
    first = desk.vault.backup(shop, kind="automatic")
    desk.write("shop", {"target/debug/app": "another"})

    assert desk.vault.backup(shop, kind="automatic").id == first.id


def test_the_vaults_rules_leave_out_files_and_folders_but_for_their_exceptions(desk: Desk, shop: Project) -> None:
    desk.vault.backup(shop)
    desk.vault.policies.put(DISKS)
    backup = desk.vault.backup(shop)

    assert stored(desk, shop) & {"disk.iso", "raw/big.bin", "raw/labels.csv"} == {"raw/labels.csv"}
    assert {(one.path, one.rebuild, one.deliberate) for one in backup.excluded} >= {
        ("disk.iso", "", True),
        ("raw", "make data", True),
    }
    assert desk.vault.policies.text == DISKS
    assert desk.vault.verify().ok


def test_a_change_of_rules_deletes_nothing_that_is_stored(desk: Desk, shop: Project) -> None:
    before = desk.vault.backup(shop)
    desk.vault.policies.put(DISKS)
    desk.vault.backup(shop)

    assert {entry.path for entry in desk.vault.files(before.id) if entry.blob} >= {"disk.iso", "raw/big.bin"}


def test_rules_for_one_project_hold_for_no_other(desk: Desk, shop: Project) -> None:
    other = desk.project("other", {"disk.iso": "iso"})
    desk.vault.policies.put('[project.shop]\n[[project.shop.rule]]\npaths = ["*.iso"]\nkeep = false\n')
    for project in (shop, other):
        desk.vault.backup(project)

    assert "disk.iso" not in stored(desk, shop)
    assert "disk.iso" in stored(desk, other)


def test_a_mistake_in_a_rules_file_stops_no_backup_and_is_told_each_time(desk: Desk, shop: Project) -> None:
    (desk.place / "policy.toml").write_text("[[rule]]\npaths = ['*.iso']\nkeep = 'no'\n")
    desk.write("shop", {".codevault.toml": "cadence = 1\n"})
    backup = desk.vault.backup(shop)

    assert "disk.iso" in stored(desk, shop)
    assert [problem.kind for problem in backup.problems] == ["policy", "policy"]
    assert [problem.why.partition(":")[0] for problem in backup.problems] == [
        "policy.toml, line 3, rule[1].keep",
        ".codevault.toml, line 1, cadence",
    ]
    with pytest.raises(InvalidPolicy, match="line 3"):
        desk.vault.policies.of(shop)


def test_files_that_are_right_alone_and_wrong_together_are_passed_over(desk: Desk, shop: Project) -> None:
    desk.write("shop", {".codevault.toml": 'presets = ["unheard-of"]\n'})
    backup = desk.vault.backup(shop)

    assert [problem.why for problem in backup.problems if problem.kind == "policy"] == [
        next(p.why for p in backup.problems if ".codevault.toml, line 1, presets: no preset 'unheard-of'" in p.why)
    ]


@pytest.mark.parametrize(
    ("text", "match"),
    [("[[rule]]\npaths = ['']\n", "matches nothing"), ('presets = ["unheard-of"]', "no preset"), ("a = ", "no TOML")],
)
def test_rules_with_a_mistake_are_not_put_in_place(desk: Desk, text: str, match: str) -> None:
    desk.vault.policies.put(DISKS)

    with pytest.raises(InvalidPolicy, match=match):
        desk.vault.policies.put(text)
    with pytest.raises(InvalidPolicy, match=match):
        desk.vault.policies.check(text, weak=True)

    assert desk.vault.policies.text == DISKS


def test_rules_that_cannot_be_written_leave_those_before_in_place(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.vault.policies.put(DISKS)
    (desk.place / "policy.toml").unlink()
    (desk.place / "policy.toml").mkdir()

    with pytest.raises(StorageError):
        desk.vault.policies.put("")

    assert desk.vault.policies.text == ""
    assert not list((desk.place / "incoming").iterdir())


def test_a_hostile_projects_own_file_weakens_nothing(desk: Desk, shop: Project) -> None:
    desk.write(
        "shop",
        {
            ".env": "TOKEN=canary\n",
            ".codevault.toml": """
                [[rule]]
                paths = ["*"]
                keep = false
                class = "cache"
                cadence = "52 w"
                index = true
                [secrets]
                except = [".env"]
                """,
        },
    )
    desk.vault.backup(shop)
    secret = desk.vault.explain(".env", project=shop)

    assert stored(desk, shop) >= {".env", "app.py", "disk.iso"}
    assert (secret.path_class, secret.index, secret.cadence_s) == (PathClass.SECRET, False, 0)
    assert desk.vault.explain("app.py", project=shop).cadence_s == 7 * 86_400


def test_a_vault_that_trusts_a_project_takes_its_file_at_its_word(desk: Desk, shop: Project) -> None:
    desk.write("shop", {".codevault.toml": '[[rule]]\npaths = ["*.iso"]\nkeep = false\n'})
    desk.vault.policies.put("[project.shop]\ntrust = true\n")
    desk.vault.backup(shop)

    assert "disk.iso" not in stored(desk, shop)


def test_presets_follow_the_stack_unless_a_file_names_some(desk: Desk) -> None:
    site = desk.project("site", {"requirements.txt": "", "media/a.png": "x", "site.log": "x"})
    by_stack = desk.vault.explain("site.log", project=site)
    desk.vault.policies.put('presets = ["django"]\n')
    named = desk.vault.explain("media/a.png", project=site)

    assert (by_stack.cadence_s, by_stack.reasons[-1].origin) == (3600, "preset python")
    assert (named.priority, named.reasons[0].origin) == (Priority.IRREPLACEABLE, "preset django")
    assert desk.vault.explain("site.log", project=site).cadence_s == 0
    assert "media/" in desk.vault.policies.preset("django")
    with pytest.raises(InvalidPolicy, match="there are"):
        desk.vault.policies.preset("unheard-of")


def test_automatic_backups_store_a_file_as_often_as_its_cadence_says(desk: Desk, shop: Project) -> None:
    def write(text: str) -> None:
        desk.write("shop", {"app.log": text})
        os.utime(desk.home / "shop" / "app.log", ns=(desk.now, desk.now))

    desk.vault.policies.put('[[rule]]\npaths = ["*.log"]\ncadence = "hourly"\n')
    write("one")
    desk.vault.backup(shop, kind="automatic")
    desk.now += HOUR // 2
    write("two")
    waiting = desk.vault.backup(shop, kind="automatic")
    early = desk.vault.versions("app.log", project=shop)
    desk.now += HOUR
    desk.vault.backup(shop, kind="automatic")
    late = desk.vault.versions("app.log", project=shop)
    desk.now += 1
    write("three")
    desk.vault.backup(shop)

    assert "app.log" in waiting.notes[0]
    assert [len(early), len(late), len(desk.vault.versions("app.log", project=shop))] == [1, 2, 3]


def test_the_last_version_of_a_secret_outlives_the_thinning_of_its_snapshots(desk: Desk) -> None:
    shop = desk.project("shop", {".env": "ONE=1\n", "app.py": "a = 1\n"})
    desk.day(shop)
    desk.day(shop, {".env": "TWO=2\n"})
    desk.day(shop, {".env": None})
    desk.day(shop, {"app.py": "a = 2\n"})

    desk.vault.prune(Retention(newest=1, floor=1, manual=True))

    kept = [one for one in desk.vault.keepsakes(shop) if one.span.path == ".env"]
    assert [(desk.vault.read(one.text), one.span.label) for one in kept] == [(b"TWO=2\n", "policy: last version")]


def test_every_version_outlives_thinning_where_a_rule_asks_for_it(desk: Desk) -> None:
    shop = desk.project("shop", {"deed.txt": "one\n"})
    desk.vault.policies.put(f'[[rule]]\npaths = ["deed.txt"]\nretention = "{Keeping.EVERY}"\n')
    desk.day(shop)
    desk.day(shop, {"deed.txt": "two\n"})
    desk.day(shop, {"deed.txt": "three\n"})

    desk.vault.prune(Retention(newest=1, floor=1, manual=True))

    assert {desk.vault.read(one.text) for one in desk.vault.keepsakes(shop)} == {b"one\n", b"two\n"}


def test_simulates_rules_over_what_is_stored_and_over_the_folder_as_it_is(desk: Desk, shop: Project) -> None:
    desk.vault.backup(shop)
    for number in range(3):
        desk.now += HOUR
        desk.write("shop", {"app.py": f"a = {number}\n" * 9, ".env": f"N={number}\n"})
        desk.vault.backup(shop)
    always = '[always]\npaths = ["target/debug/app"]\n[classes.source]\ncadence = "2 h"\n'

    effect = desk.vault.simulate(DISKS + '[[rule]]\npaths = [".env"]\nkeep = false\n' + always, shop)

    assert (effect.skipped.count, set(effect.skipped.paths)) == (6, {".env", "disk.iso", "raw/big.bin", "target/.env"})
    assert effect.irreplaceable == (".env", "target/.env")
    assert (effect.spaced.paths, effect.spaced.count) == (["app.py"], 2)
    assert set(effect.stored.paths) == {"app.py", "raw/labels.csv", "Cargo.toml", "target/debug/dev.sqlite"}
    assert effect.gained.paths == ["target/debug/app"]
    assert effect.lost.paths == [".env", "disk.iso", "raw/big.bin", "target/.env"]
    assert desk.vault.policies.text == ""


def test_simulates_another_policy_and_refuses_a_text_with_a_mistake(desk: Desk, shop: Project) -> None:
    desk.vault.backup(shop)

    with pytest.raises(InvalidPolicy, match="line 1"):
        desk.vault.simulate("keep = 1", shop)
    with Surroundings(shop.root) as surroundings:
        same = desk.vault.simulate(desk.vault._governing.used(shop, surroundings).policy, shop)

    assert (same.skipped.count, same.gained.count, same.lost.count) == (0, 0, 0)


def test_coverage_says_what_protects_each_file(desk: Desk, shop: Project) -> None:
    desk.vault.policies.put(DISKS)
    desk.vault.backup(shop)
    desk.write("shop", {"app.py": "changed, and longer\n", "new.py": "n\n"})
    inner = desk.project("shop/inner", {"b.py": "b\n"})

    coverage = desk.vault.coverage(shop)

    assert {(cover.by, cover.how, cover.paths) for cover in coverage.covers} == {
        (
            Protector.VAULT,
            "the last snapshot",
            ("Cargo.toml", "raw/labels.csv", "target/.env", "target/debug/dev.sqlite"),
        ),
        (Protector.NOBODY_YET, "changed since the last backup", ("app.py",)),
        (Protector.NOBODY_YET, "new since the last backup", ("new.py",)),
        (Protector.COMMAND, "cargo build", ("target/.rustc_info.json", "target/debug/app")),
        (Protector.COMMAND, "make data", ("raw/big.bin",)),
        (Protector.NOBODY, "rule: left out: disk images are on the server (policy.toml line 2)", ("disk.iso",)),
        (Protector.OTHERS, "belongs to the vault or to another project", ("inner/b.py",)),
    }
    assert coverage.files(Protector.COMMAND) == 3
    assert desk.vault.coverage(inner).files(Protector.NOBODY_YET) == 1


def test_coverage_knows_what_another_machine_has(desk: Desk) -> None:
    shop = desk.project("shop", {"app.py": "a\n"})
    git(Path(shop.root), "init", "-q")
    git(Path(shop.root), "add", "app.py")
    git(Path(shop.root), "commit", "-q", "-m", "one")
    git(Path(shop.root), "remote", "add", "origin", "https://example.com/shop")
    git(Path(shop.root), "update-ref", "refs/remotes/origin/main", "HEAD")
    desk.vault.backup(shop)

    coverage = desk.vault.coverage(shop)
    objects = desk.vault.explain(".git/objects", project=shop)

    assert ("git", ("app.py",)) in [(c.how, c.paths) for c in coverage.covers if c.by is Protector.REPOSITORY]
    assert "bundles" in objects.reasons[0].evidence
    assert desk.vault.explain(".git/HEAD", project=shop).path_class is PathClass.VCS


def test_explains_how_a_file_has_changed_once_there_is_enough_to_say(desk: Desk) -> None:
    shop = desk.project("shop", {"app.py": "a\n", "report.csv": "0\n", "dev.db": "0"})
    for number in range(9):
        desk.day(shop, {"report.csv": f"{number}\n", "dev.db": f"{number}"})

    told = {
        name: str(desk.vault.explain(name, project=shop).reasons[-1]) for name in ("report.csv", "dev.db", "app.py")
    }

    assert told == {
        "report.csv": "history: 9 versions, 8 of them while nothing that people write changed: a program writes it;"
        ' a rule with cadence = "hourly" would space them',
        "dev.db": "history: 9 versions, 8 of them while nothing that people write changed",
        "app.py": "source code: *.py",
    }


def test_what_cannot_be_read_is_a_source_error(desk: Desk, shop: Project) -> None:
    os.rename(shop.root, f"{shop.root}-moved")

    for call in (desk.vault.coverage, lambda project: desk.vault.simulate("", project)):
        with pytest.raises(SourceError):
            call(shop)
