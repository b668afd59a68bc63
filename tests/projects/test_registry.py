"""Projects: registering, changing, taking back, finding; what is damaged never hides the rest."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from codevault.errors import InvalidArgument, RecordDamaged, UnknownProject, VaultBusy
from codevault.ids import ProjectId
from codevault.projects.model import Project, ProjectChange, Protection, from_document, to_document
from codevault.projects.registry import Projects
from codevault.store.memory_filesystem import MemoryFileSystem
from codevault.store.store import Store
from tests.nobody import AS_ROOT, printed_as_nobody, public_folder

POSIX = pytest.mark.skipif(os.name != "posix", reason="links and names of POSIX")
VAULT = Path("/a/vault/in/memory")


@pytest.fixture
def disk() -> MemoryFileSystem:
    return MemoryFileSystem()


@pytest.fixture
def store(disk: MemoryFileSystem) -> Store:
    return Store.create(VAULT, filesystem=disk)


def registry(store: Store, changed: Callable[[Project], None] = lambda _: None) -> Projects:
    clock, numbers = count(1_000), count(1)
    return Projects(store, lambda: next(clock), lambda: f"{next(numbers):016x}", changed)


@pytest.fixture
def projects(store: Store) -> Projects:
    return registry(store)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "work" / "shop"
    root.mkdir(parents=True)
    (root / "pyproject.toml").touch()
    (root / "package.json").touch()
    return root


def test_registers_a_folder_with_all_that_is_known_of_it(projects: Projects, shop: Path) -> None:
    project = projects.add(shop, client="Acme", phase="beta", tags={"billing", "api"}, notes="rewrite in May")

    assert project == Project(
        id=ProjectId("0000000000000001"),
        name="shop",
        root=str(shop),
        client="Acme",
        phase="beta",
        stack=("node", "python"),
        tags=("api", "billing"),
        notes="rewrite in May",
        created_ns=1_000,
    )


def test_a_project_is_there_after_reopening(
    projects: Projects, store: Store, disk: MemoryFileSystem, shop: Path
) -> None:
    project = projects.add(shop, client="Acme", tags=["b", "a"])
    changed = projects.update(project, phase="live")
    store.close()

    reopened = registry(Store.open(VAULT, filesystem=disk))

    assert list(reopened) == [changed]
    assert len(reopened.log(changed)) == 1


@pytest.mark.parametrize("key", ["id", "name", "root"])
def test_finds_a_project_by_id_name_and_root(projects: Projects, shop: Path, key: str) -> None:
    project = projects.add(shop, name="Shop")

    assert projects.get(getattr(project, key)) == project
    assert projects.get(project) == project
    assert projects.get(shop) == project


def test_an_unknown_project_is_an_error_that_names_the_known_ones(projects: Projects, shop: Path) -> None:
    with pytest.raises(UnknownProject, match="none yet"):
        projects.get("shop")
    known = projects.add(shop)

    with pytest.raises(UnknownProject, match="it has: shop"):
        projects.get("stop")
    with pytest.raises(UnknownProject):
        projects.get(replace(known, id=ProjectId("ffffffffffffffff")))


def test_projects_come_by_name(projects: Projects, tmp_path: Path) -> None:
    for name in ("b", "c", "a"):
        (tmp_path / name).mkdir()
        projects.add(tmp_path / name)

    assert [project.name for project in projects] == ["a", "b", "c"]
    assert len(projects) == 3


def test_a_folder_is_one_project_only(projects: Projects, shop: Path) -> None:
    projects.add(shop)

    with pytest.raises(InvalidArgument, match="already project 'shop'"):
        projects.add(shop, name="again")


@POSIX
def test_a_folder_is_recognised_through_a_link(projects: Projects, shop: Path, tmp_path: Path) -> None:
    projects.add(shop)
    (tmp_path / "way").symlink_to(shop)

    with pytest.raises(InvalidArgument, match="already project 'shop'"):
        projects.add(tmp_path / "way", name="again")


def test_a_name_is_given_once(projects: Projects, shop: Path, tmp_path: Path) -> None:
    projects.add(shop)
    (tmp_path / "shop").mkdir()

    with pytest.raises(InvalidArgument, match="give name="):
        projects.add(tmp_path / "shop")


def test_a_project_is_a_folder(projects: Projects, shop: Path) -> None:
    with pytest.raises(InvalidArgument, match="not a folder"):
        projects.add(shop / "package.json")


def test_the_vault_is_no_project(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "vault")

    with pytest.raises(InvalidArgument, match="in the vault itself"):
        registry(store).add(tmp_path / "vault" / "packs")


def test_a_project_does_not_move_into_the_vault(projects: Projects, shop: Path) -> None:
    project = projects.add(shop)

    with pytest.raises(InvalidArgument, match="in the vault itself"):
        projects.update(project, root=VAULT / "packs")


@AS_ROOT
def test_a_folder_that_cannot_be_listed_is_a_project_all_the_same() -> None:
    with public_folder() as root:
        (root / "closed").mkdir(mode=0o700)

        printed = printed_as_nobody(
            "import time\n"
            "from pathlib import Path\n"
            "from codevault.projects.registry import Projects\n"
            "from codevault.store.memory_filesystem import MemoryFileSystem\n"
            "from codevault.store.store import Store\n"
            "store = Store.create(Path('/vault'), filesystem=MemoryFileSystem())\n"
            "Projects(store, time.time_ns).add(Path.cwd(), name='warm')",
            "print(Projects(store, time.time_ns).add(sys.argv[1] + '/closed').stack)",
            str(root),
        )

    assert printed == ["()"]


def test_a_project_does_not_lose_its_name(projects: Projects, shop: Path) -> None:
    project = projects.add(shop)

    with pytest.raises(InvalidArgument, match="not empty"):
        projects.update(project, name=" ")


@pytest.mark.parametrize("fields", [{"client": 5}, {"name": 7}, {"phase": None}, {"notes": b"bytes"}])
def test_facts_are_texts(projects: Projects, shop: Path, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="is not text"):
        projects.add(shop, **fields)

    assert len(projects) == 0


@pytest.mark.parametrize("tags", ["billing", [1, 2]])
def test_tags_are_a_collection_of_texts(projects: Projects, shop: Path, tags: Any) -> None:
    with pytest.raises(InvalidArgument, match="collection of texts"):
        projects.add(shop, tags=tags)


def test_changes_are_logged_with_what_was_before(projects: Projects, shop: Path) -> None:
    project = projects.add(shop, client="Acme", tags=["a"])

    changed = projects.update(project, client="Zeta", tags=["b", "a"], notes="")

    assert (changed.client, changed.tags, changed.id) == ("Zeta", ("a", "b"), project.id)
    together = projects.log(changed)[0].action
    assert projects.log(changed) == (
        ProjectChange(at_ns=1_001, field="client", before="Acme", after="Zeta", action=together),
        ProjectChange(at_ns=1_001, field="tags", before=("a",), after=("a", "b"), action=together),
    )


def test_a_project_is_protected_in_one_of_three_ways(projects: Projects, shop: Path) -> None:
    with pytest.raises(InvalidArgument, match="trust_remote, mirror, copy"):
        projects.add(shop, protection="everything")

    project = projects.add(shop, protection="mirror")

    assert (project.protection, projects.get(shop).protection) == (Protection.MIRROR, Protection.MIRROR)
    with pytest.raises(InvalidArgument, match="trust_remote, mirror, copy"):
        projects.update(project, protection="none")


def test_a_document_from_before_there_were_protections_trusts_the_remote(projects: Projects, shop: Path) -> None:
    document = to_document(projects.add(shop, protection="copy"), ())
    del document["protection"]

    assert from_document(document)[0].protection is Protection.TRUST_REMOTE


def test_changing_nothing_writes_nothing(projects: Projects, shop: Path, store: Store) -> None:
    project = projects.add(shop)

    with store.writer():
        assert projects.update(project, name="shop") == project


def test_a_moved_folder_stays_the_same_project(projects: Projects, shop: Path, tmp_path: Path) -> None:
    project = projects.add(shop)
    shop.rename(tmp_path / "moved")

    moved = projects.update(project, root=tmp_path / "moved")

    assert projects.get(tmp_path / "moved") == moved
    assert moved.id == project.id


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": "x"}, "id"),
        ({"owner": "x"}, "no editable field 'owner'"),
        ({"tags": "one"}, "collection"),
        ({"name": ["a"]}, "name is one text"),
        ({"root": 7}, "root is one text"),
    ],
)
def test_fields_take_only_what_fits_them(projects: Projects, shop: Path, changes: dict[str, Any], why: str) -> None:
    project = projects.add(shop)

    with pytest.raises(InvalidArgument, match=why):
        projects.update(project, **changes)

    assert projects.get(project) == project


@pytest.mark.parametrize("field", ["name", "root"])
def test_a_change_never_takes_anothers_name_or_root(projects: Projects, shop: Path, tmp_path: Path, field: str) -> None:
    other = projects.add(tmp_path / "work", name="other")
    project = projects.add(shop)

    with pytest.raises(InvalidArgument, match="already"):
        projects.update(project, **{field: getattr(other, field)})


def test_undoing_takes_the_newest_change_back_and_can_be_undone(projects: Projects, shop: Path) -> None:
    project = projects.update(projects.add(shop, client="Acme"), client="Zeta")

    undone = projects.undo(project)
    redone = projects.undo(project)

    assert (undone.client, redone.client) == ("Acme", "Zeta")
    assert [change.after for change in projects.log(project)] == ["Zeta", "Acme", "Zeta"]


def test_what_was_changed_in_one_call_is_undone_in_one(projects: Projects, shop: Path) -> None:
    project = projects.update(projects.add(shop, client="Acme", phase="beta"), client="Zeta", phase="live")

    undone = projects.undo(project)

    assert (undone.client, undone.phase) == ("Acme", "beta")


def test_there_may_be_nothing_to_undo(projects: Projects, shop: Path) -> None:
    project = projects.add(shop)

    with pytest.raises(InvalidArgument, match="no change to undo"):
        projects.undo(project)


def test_undoing_never_takes_anothers_name(projects: Projects, shop: Path, tmp_path: Path) -> None:
    project = projects.update(projects.add(shop), name="renamed")
    projects.add(tmp_path / "work", name="shop")

    with pytest.raises(InvalidArgument, match="already a project named 'shop'"):
        projects.undo(project)


def test_listeners_hear_of_every_change(store: Store, shop: Path) -> None:
    heard: list[str] = []
    projects = registry(store, lambda project: heard.append(project.client))

    projects.update(projects.add(shop, client="Acme"), client="Zeta")

    assert heard == ["Acme", "Zeta"]


def test_nothing_is_registered_while_someone_else_writes(projects: Projects, store: Store, shop: Path) -> None:
    with store.writer(), pytest.raises(VaultBusy):
        projects.add(shop)


def test_the_innermost_project_owns_a_path(projects: Projects, shop: Path) -> None:
    outer = projects.add(shop.parent)
    inner = projects.add(shop)

    assert projects.containing(shop / "src" / "a.py") == (inner, "src/a.py")
    assert projects.containing(shop) == (inner, "")
    assert projects.containing(shop.parent / "shopping" / "list") == (outer, "shopping/list")


def test_a_path_in_no_project_is_an_error(projects: Projects, shop: Path, tmp_path: Path) -> None:
    projects.add(shop)

    with pytest.raises(UnknownProject, match=r"projects\.add"):
        projects.containing(tmp_path / "elsewhere")


@POSIX
def test_a_link_belongs_to_the_project_it_lies_in(projects: Projects, shop: Path, tmp_path: Path) -> None:
    project = projects.add(shop)
    (shop / "way").symlink_to(tmp_path)
    (tmp_path / "door").symlink_to(shop)

    assert projects.containing(shop / "way") == (project, "way")
    assert projects.containing(tmp_path / "door") == (project, "")
    assert projects.containing(tmp_path / "door" / "way") == (project, "way")
    assert projects.containing(shop / "src" / ".." / "a") == (project, "a")


@POSIX
def test_a_root_that_is_not_utf_8_is_kept_exactly(projects: Projects, tmp_path: Path, disk: MemoryFileSystem) -> None:
    root = tmp_path / os.fsdecode(b"caf\xe9")
    root.mkdir()

    project = projects.add(root)

    (found,) = registry(Store.open(VAULT, filesystem=disk))
    assert os.fsencode(found.root) == os.fsencode(tmp_path) + b"/caf\xe9"
    assert found == project


def test_a_damaged_document_hides_no_other_project(
    projects: Projects, shop: Path, tmp_path: Path, disk: MemoryFileSystem
) -> None:
    damaged = projects.add(tmp_path / "work", name="other")
    project = projects.add(shop)
    path = VAULT / "projects" / f"{damaged.id}.json"
    disk.remove(path)
    file = disk.create(path)
    file.write(b"{torn")
    file.close()

    assert list(projects) == [project]
    assert len(projects) == 1
    with pytest.raises(RecordDamaged):
        projects.get(damaged)


def test_a_document_of_another_format_hides_no_other_project(projects: Projects, shop: Path, store: Store) -> None:
    project = projects.add(shop)
    with store.writer() as writer:
        writer.put_document("ffffffffffffffff", {"format": 99})

    assert list(projects) == [project]
    with pytest.raises(RecordDamaged, match="format 99"):
        projects.get(replace(project, id=ProjectId("ffffffffffffffff")))


PROJECT = Project(id=ProjectId("0123456789abcdef"), name="n", root="/r", tags=("t",))


@pytest.mark.parametrize(
    "broken",
    [
        {"format": 2},
        {"name": 7},
        {"created_ns": "now"},
        {"tags": "text"},
        {"tags": [1]},
        {"stack": None},
        {"log": [{"at_ns": 1}]},
        {"log": [{"at_ns": 1, "field": "name", "before": 7, "after": "x"}]},
        {"log": 7},
    ],
)
def test_a_malformed_document_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_document({**to_document(PROJECT, ()), **broken})


def test_documents_come_back_as_they_were() -> None:
    log = (
        ProjectChange(at_ns=1, field="name", before="a", after="b"),
        ProjectChange(at_ns=2, field="tags", before=(), after=("x", "y")),
    )

    assert from_document(to_document(PROJECT, log)) == (PROJECT, log)


@pytest.mark.parametrize("field", ["name", "client", "phase", "notes"])
def test_a_text_that_cannot_be_written_is_refused(projects: Projects, shop: Path, field: str) -> None:
    projects.add(shop)
    with pytest.raises(InvalidArgument, match=f"{field} holds characters"):
        projects.update("shop", **{field: "\ud800"})
    assert projects.get("shop").name == "shop"
