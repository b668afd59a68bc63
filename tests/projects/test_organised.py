"""Views, rules, relations, undoing: what is refused, what is passed over, what damage does."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from codevault.errors import InvalidArgument, RecordDamaged, UnknownProject
from codevault.ids import ProjectId
from codevault.projects.model import Look, Project, from_document, to_document
from codevault.projects.ports import MemorySurroundings, Proposal
from codevault.projects.registry import Projects
from codevault.projects.relations import RelationKind, relations_of, told_of
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store

VAULT = Path("/a/vault/in/memory")


@pytest.fixture
def surroundings() -> MemorySurroundings:
    return MemorySurroundings()


@pytest.fixture
def store() -> Store:
    return Store.create(VAULT, filesystem=MemoryFileSystem())


@pytest.fixture
def projects(store: Store, surroundings: MemorySurroundings, tmp_path: Path) -> Projects:
    clock, numbers = count(1_000), count(1)
    made = Projects(store, lambda: next(clock), lambda: f"{next(numbers):016x}", surroundings=surroundings)
    for name in ("blog", "shop"):
        (tmp_path / name).mkdir()
        made.add(tmp_path / name, client="Acme")
    return made


MEANINGLESS: tuple[Callable[[Any], object], ...] = (
    lambda p: p.browse("client"),
    lambda p: p.browse(()),
    lambda p: p.browse(("client", "client")),
    lambda p: p.browse(("owner",)),
    lambda p: p.browse(view="none"),
    lambda p: p.views.save(""),
    lambda p: p.views.save("x", by=("colour",)),
    lambda p: p.views.remove("x"),
    lambda p: p.rules.add(""),
    lambda p: p.rules.add("tag"),
    lambda p: p.rules.undo(),
    lambda p: p.rules.remove(p.rules),
    lambda p: p.relate("shop", "friend of", "blog"),
    lambda p: p.relate("shop", "split into", "blog"),
    lambda p: p.relate("shop", "successor of", "shop"),
    lambda p: p.merge("shop", into="shop"),
    lambda p: p.reorganise({}),
    lambda p: p.reorganise({"shop": {"name": "same"}, "blog": {"name": "same"}}),
    lambda p: p.undo_reorganisation(""),
    lambda p: p.undo_reorganisation("never made"),
    lambda p: p.undo("shop"),
    lambda p: p.proposals(within="/folder"),
    lambda p: p.accept("yes"),
    lambda p: p.update("shop", components={"": "a"}),
    lambda p: p.update("shop", components="api"),
    lambda p: p.update("shop", client="x\ny"),
    lambda p: p.update("shop", tags=["a\x1b[2J"]),
    lambda p: p.rules.add("tag", path="["),
    lambda p: p.split("shop", "/etc"),
    lambda p: p.split("shop", "."),
    lambda p: p.add("/", name="x", components={"a=b": "c"}),
)


def test_what_cannot_mean_anything_is_refused_and_changes_nothing(projects: Projects) -> None:
    before = list(projects)

    taken = [number for number, call in enumerate(MEANINGLESS) if not is_refused(call, projects)]

    assert taken == []
    assert list(projects) == before


def is_refused(call: Callable[[Any], object], projects: Projects) -> bool:
    try:
        call(projects)
    except InvalidArgument:
        return True
    return False


def test_any_change_of_the_log_can_be_taken_back(projects: Projects) -> None:
    projects.update("shop", client="Zeta")
    projects.update("shop", phase="live")
    (first, _) = projects.log("shop")

    undone = projects.undo("shop", first)

    assert (undone.client, undone.phase) == ("Acme", "live")
    with pytest.raises(InvalidArgument, match="no such change"):
        projects.undo("blog", first)


def test_what_was_detected_is_not_taken_for_somebodys_change(
    projects: Projects, surroundings: MemorySurroundings
) -> None:
    shop = projects.update("shop", phase="live")
    surroundings.looks[shop.root] = Look(stack=("go",), versions=("go 1.22",), remotes=("example.org/shop",))

    looked = projects.look_again(shop)
    undone = projects.undo(shop)

    assert (looked.stack, looked.versions, looked.remotes) == (("go",), ("go 1.22",), ("example.org/shop",))
    assert (undone.phase, undone.stack) == ("", ("go",))
    assert [change.by for change in projects.log(shop)] == ["", "detected", "detected", "detected", ""]


def test_a_stack_that_somebody_set_and_a_remote_that_was_known_stay(
    projects: Projects, surroundings: MemorySurroundings
) -> None:
    shop = projects.update("shop", stack=["cobol"], remotes=["example.org/old"])
    surroundings.looks[shop.root] = Look(stack=("go",), remotes=("example.org/new",))

    assert projects.look_again(shop) == shop


def test_a_proposal_of_yesterday_is_not_accepted_today(projects: Projects, surroundings: MemorySurroundings) -> None:
    shop = projects.get("shop")
    old = Proposal(project=shop, field="root", before="/old", after="/new", confidence=1.0, evidence=())
    surroundings.offered.append(old)

    assert projects.proposals("shop") == (old,)
    assert projects.proposals("blog") == ()
    with pytest.raises(InvalidArgument, match="look again"):
        projects.accept(old)


def test_shared_code_is_told_beside_what_somebody_said(projects: Projects, surroundings: MemorySurroundings) -> None:
    shop, blog = projects.get("shop"), projects.get("blog")
    surroundings.shared[blog.id] = 7
    projects.relate(shop, "shares_code_with", blog)

    (found,) = projects.relations(shop, code=True)

    assert (found.kind, found.other, found.symbols) == (RelationKind.SHARES_CODE_WITH, blog.id, 7)
    assert projects.unrelate(shop, "shares code with", blog).relations == ()


def test_relations_to_what_is_gone_or_unknown_are_left_out() -> None:
    project = Project(
        id=ProjectId("a" * 16), name="a", root="/a", relations=("merged into:" + "b" * 16, "likes:" + "c" * 16)
    )

    assert [one.kind for one in told_of(project)] == [RelationKind.MERGED_INTO]
    assert relations_of(project, [project]) == ()


def test_views_are_saved_once_replaced_and_removed(projects: Projects) -> None:
    projects.views.save("mine", tag="mine")
    same = projects.views.save("mine", tag="mine")
    other = projects.views.save("mine", by=("phase",), client="Acme")
    logged = len(projects.rules.log())
    projects.views.remove("mine")

    assert (same.tag, other.by, logged, list(projects.views)) == ("mine", ("phase",), 2, [])
    projects.rules.undo()
    assert list(projects.views) == [other]


def test_a_rule_that_is_not_there_cannot_be_removed(projects: Projects) -> None:
    rule = projects.rules.add("acme", client="Acme")
    again = projects.rules.add("acme", client="Acme")
    projects.rules.remove(rule)

    assert (rule, list(projects.rules), projects.find(tag="acme")) == (again, [], ())
    with pytest.raises(InvalidArgument, match="no such rule"):
        projects.rules.remove(rule)


def test_damaged_views_hide_no_project(projects: Projects, store: Store) -> None:
    with store.writer() as writer:
        writer.put_document("_organisation", {"format": 1, "views": [{"name": 7}], "rules": [], "log": []})

    assert len(list(projects)) == 2
    with pytest.raises(RecordDamaged):
        list(projects.views)
    with store.writer() as writer:
        writer.put_document("_organisation", {"format": 9})
    with pytest.raises(RecordDamaged, match="format"):
        list(projects.rules)


def test_what_organises_is_no_project(projects: Projects) -> None:
    projects.views.save("mine")

    with pytest.raises(UnknownProject):
        projects.get("_organisation")
    assert [project.name for project in projects] == ["blog", "shop"]


def test_new_fields_come_back_and_empty_ones_are_not_written() -> None:
    plain = Project(id=ProjectId("a" * 16), name="a", root="/a")
    full = Project(
        id=plain.id, name="a", root="/a", components=("api=a",), versions=("go 1",), auto_tags=("t",), remotes=("r",)
    )

    assert from_document(to_document(full, ())) == (full, ())
    assert not {"components", "versions", "auto_tags", "remotes", "relations"} & to_document(plain, ()).keys()
