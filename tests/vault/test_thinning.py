"""Thinning from the public face: plans, the last texts of functions, the index in step, and the way back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

import codevault
from codevault.errors import PruneRefused, UnknownProject, UnknownSnapshot
from codevault.ids import SnapshotId
from codevault.jobs import CancelToken
from codevault.projects.model import Project
from codevault.store.keepsakes import Keepsake
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.pruning import Pruned, PrunePlan
from codevault.store.thinning import Retention, UndoWindow
from tests.vault.scenes import DISCOUNT, SLUGS, TAX, Desk

AT_ONCE = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(0, 0))
WITH_A_WAY_BACK = Retention(newest=1, floor=1, manual=True, undo=UndoWindow(5, 0))


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three days of a project, analysed: a function goes on the second, another is moved on the third."""
    desk = Desk(tmp_path_factory.mktemp("thinning"))
    shop = desk.project("shop")
    desk.day(shop, {"tax.py": TAX, "discounts.py": DISCOUNT, "text.py": SLUGS})
    desk.day(shop, {"discounts.py": None})
    desk.day(shop, {"text.py": "RATE = 1\n", "words.py": SLUGS})
    desk.vault.analyse()
    desk.vault.close()
    shutil.copytree(desk.place, desk.home / "analysed")
    return desk


@pytest.fixture
def worked(past: Desk) -> Iterator[Desk]:
    """That past, to be changed at will: analysing it takes longer than copying."""
    shutil.rmtree(past.place)
    shutil.copytree(past.home / "analysed", past.place)
    past.write("shop", {"text.py": "RATE = 1\n", "words.py": SLUGS, "discounts.py": ""})
    past.write("shop", {"discounts.py": None})
    desk = Copied(
        past.home, past.disk.after_crash() if isinstance(past.disk, MemoryFileSystem) else past.disk, past.now
    )
    yield desk
    desk.vault.close()


class Copied(Desk):
    """A desk on a vault that is there already."""

    def __post_init__(self) -> None:
        self.place = self.home / "vault"
        self.vault = self.opened()


@pytest.fixture
def shop(worked: Desk) -> Project:
    """The project."""
    return worked.vault.projects.get("shop")


def _answers(desk: Desk, shop: Project) -> list[object]:
    vault = desk.vault
    versions = [vault.versions(path, project=shop) for path in ("tax.py", "words.py")]
    found = [sorted(map(str, vault.search.text(word).hits)) for word in ("rates", "words", "loyal", "RATE")]
    names = [sorted(map(str, vault.search.symbols(name).hits)) for name in ("slugify", "old_discount", "rate")]
    held = [[entry.path for entry in vault.files(snapshot)] for snapshot in vault.snapshots(shop)]
    return [vault.snapshots(shop), versions, found, names, held]


def test_a_plan_says_what_goes_and_why_and_changes_nothing(worked: Desk, shop: Project) -> None:
    before = worked.vault.snapshots(shop)
    plan = worked.vault.prune(AT_ONCE, plan=True)
    assert isinstance(plan, PrunePlan)
    assert [(one.keep, one.reasons) for one in plan.judged[shop.id]] == [
        (False, ("no rule keeps it",)),
        (False, ("no rule keeps it",)),
        (True, ("one of the last 1: the floor", "one of the last 1")),
    ]
    assert plan.freed > 0
    assert worked.vault.snapshots(shop) == before


def test_no_answer_names_what_was_thinned(worked: Desk, shop: Project) -> None:
    worked.vault.prune(AT_ONCE)
    assert [snapshot.sequence for snapshot in worked.vault.snapshots(shop)] == [3]
    assert worked.vault.search.symbols("old_discount").hits == ()
    assert worked.vault.search.text("Loyal customers").hits == ()
    assert {hit.path for hit in worked.vault.search.symbols("slugify").hits} == {"words.py"}


def test_answers_after_a_prune_are_those_of_a_rebuilt_index(worked: Desk, shop: Project) -> None:
    worked.vault.prune(AT_ONCE)
    before = _answers(worked, shop)
    worked.vault.rebuild()
    assert _answers(worked, shop) == before


def test_answers_after_undoing_are_those_of_before(worked: Desk, shop: Project) -> None:
    before = _answers(worked, shop)
    worked.vault.prune(WITH_A_WAY_BACK)
    thinned = worked.vault.thinned(shop)
    assert [snapshot.sequence for snapshot in thinned] == [1, 2]
    assert worked.vault.undo_prune(thinned) == thinned
    assert _answers(worked, shop) == before
    assert worked.vault.thinned() == ()


def test_the_last_text_of_a_function_that_is_gone_is_kept(worked: Desk, shop: Project) -> None:
    worked.vault.prune(AT_ONCE)
    (kept,) = worked.vault.keepsakes(shop)
    assert isinstance(kept, Keepsake)
    assert (kept.span.label, kept.span.path) == ("old_discount", "discounts.py")
    assert worked.vault.read(kept.text).decode().rstrip() == DISCOUNT.rstrip()


def test_a_method_that_left_a_class_that_stays_is_kept_by_itself(desk: Desk) -> None:
    shop = desk.project("shop")
    desk.day(shop, {"tax.py": TAX})
    desk.day(shop, {"tax.py": TAX.partition("    def total")[0]})
    desk.vault.analyse()
    desk.vault.prune(AT_ONCE)
    (kept,) = desk.vault.keepsakes(shop)
    assert kept.span.label == "TaxTable.total"


def test_a_renamed_function_is_not_gone(desk: Desk) -> None:
    shop = desk.project("shop")
    desk.day(shop, {"discounts.py": DISCOUNT})
    desk.day(shop, {"discounts.py": DISCOUNT.replace("old_discount", "loyalty")})
    desk.vault.analyse()
    desk.vault.prune(AT_ONCE)
    assert desk.vault.keepsakes(shop) == ()


def test_another_vault_object_learns_of_a_prune_that_the_index_was_not_told(worked: Desk, shop: Project) -> None:
    house = worked.vault._store.housekeeping
    house.prune(house.plan(AT_ONCE))
    with worked.opened() as other:
        assert other.search.symbols("old_discount").hits == ()
        assert other.versions("words.py", project=shop)[0].first.sequence == 3


def test_what_was_looked_at_is_what_is_done(worked: Desk, shop: Project) -> None:
    plan = worked.vault.prune(AT_ONCE, plan=True)
    pruned = worked.vault.prune(plan)
    assert isinstance(pruned, Pruned)
    assert pruned.complete
    assert pruned.plan == plan


def test_a_plan_is_refused_once_the_vault_has_changed(worked: Desk, shop: Project) -> None:
    plan = worked.vault.prune(AT_ONCE, plan=True)
    worked.day(shop, {"new.py": "NEW = 1\n"})
    with pytest.raises(PruneRefused, match="plan again"):
        worked.vault.prune(plan)


def test_only_the_projects_named_are_thinned(worked: Desk, shop: Project) -> None:
    blog = worked.project("blog")
    worked.day(blog, {"a.txt": "one\n"})
    worked.day(blog, {"a.txt": "two\n"})
    worked.vault.prune(AT_ONCE, projects=[blog])
    assert len(worked.vault.snapshots(shop)) == 3
    assert len(worked.vault.snapshots(blog)) == 1


def test_without_rules_only_waste_is_freed(worked: Desk, shop: Project) -> None:
    with worked.vault._store.writer() as writer:
        writer.add(b"nothing will ever name this" * 100)
    pruned = worked.vault.prune(None)
    assert pruned.freed > 0
    assert len(worked.vault.snapshots(shop)) == 3


def test_a_project_or_snapshot_that_is_not_there_is_said(worked: Desk, shop: Project) -> None:
    with pytest.raises(UnknownProject):
        worked.vault.prune(AT_ONCE, projects=["shp"])
    with pytest.raises(UnknownSnapshot):
        worked.vault.prune(Retention(newest=1, pinned=(SnapshotId("ab" * 32),)))


def test_a_prune_as_a_job_gives_its_result(worked: Desk, shop: Project) -> None:
    assert worked.vault.submit.prune(AT_ONCE).result(60).complete


def test_a_cancelled_prune_thins_nothing(worked: Desk, shop: Project) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(codevault.Cancelled):
        worked.vault.prune(AT_ONCE, cancel=token)
    assert len(worked.vault.snapshots(shop)) == 3


def test_a_prune_without_an_index_still_prunes(worked: Desk, shop: Project) -> None:
    worked.vault._index.discard()
    assert worked.vault.prune(AT_ONCE).freed > 0
    assert len(worked.vault.snapshots(shop)) == 1


def test_stats_say_whose_the_bytes_are(worked: Desk, shop: Project) -> None:
    blog = worked.project("blog")
    worked.day(blog, {"src/copy.py": TAX, "readme.md": "read me\n" * 50})
    stats = worked.vault.stats()
    found = stats.attribution
    assert set(found.projects) == {shop.id, blog.id}
    assert stats.languages["python"] > 0
    assert found.shared > 0
    assert 0 < found.total <= stats.pack_bytes


def test_a_suspect_snapshot_freezes_thinning_until_it_is_acknowledged(desk: Desk) -> None:
    shop = desk.project("shop")
    desk.day(shop, {f"file{number}.py": f"VALUE = {number}\n" for number in range(30)})
    desk.day(shop, {"file0.py": "VALUE = 100\n"})
    desk.day(shop, {f"file{number}.py": None for number in range(28)})
    plan = desk.vault.prune(AT_ONCE, plan=True)
    assert plan.frozen
    with pytest.raises(PruneRefused):
        desk.vault.prune(AT_ONCE)
    assert desk.vault.prune(AT_ONCE, acknowledged=plan.frozen).freed > 0
    assert len(desk.vault.snapshots(shop)) == 1


def test_a_prune_with_a_damaged_index_prunes_and_says_what_it_could_not_do(worked: Desk, shop: Project) -> None:
    worked.vault._index.close()
    (worked.place / "cache" / "catalog.sqlite").write_bytes(b"no database" * 1000)
    pruned = worked.vault.prune(AT_ONCE)
    assert pruned.freed > 0
    assert len(pruned.problems) == 2
    worked.vault.rebuild()
    assert worked.vault.search.symbols("old_discount").hits == ()


def test_what_went_before_it_was_analysed_is_said(desk: Desk) -> None:
    shop = desk.project("shop")
    desk.day(shop, {"discounts.py": DISCOUNT})
    desk.day(shop, {"discounts.py": None, "tax.py": TAX})
    pruned = desk.vault.prune(AT_ONCE)
    assert pruned.problems == ("1 file versions went before they were analysed",)
