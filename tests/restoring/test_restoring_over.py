"""A restore over a project that is alive: what is there now is backed up first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, RestoreRefused
from codevault.extras import FileAttribute
from codevault.projects.model import Project
from tests.nobody import AS_ROOT
from tests.vault.scenes import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A vault with nothing in it."""
    made = Desk(tmp_path)
    yield made
    made.vault.close()


@pytest.fixture
def shop(desk: Desk) -> Project:
    """A project backed up once and edited since."""
    project = desk.project("shop", {"a.py": "old = 1\n", "same.py": "same = 1\n"})
    desk.day(project)
    desk.write("shop", {"a.py": "newer = 2\n", "new.py": "new = 3\n"})
    return project


def test_replaced_files_are_in_a_snapshot_of_their_own(desk: Desk, shop: Project) -> None:
    first = desk.vault.snapshots(shop)[0]

    done = desk.vault.restore(shop, at=first, to=shop.root, overwrite=True)

    (safety,) = done.safety
    held = {entry.path: entry.blob for entry in desk.vault.files(safety)}
    assert Path(shop.root, "a.py").read_text() == "old = 1\n"
    assert desk.vault.read(held["a.py"] or "") == b"newer = 2\n"  # type: ignore[arg-type]
    assert held["new.py"] is not None
    assert desk.vault.snapshots(shop)[-1].reason == "before a restore over it"


def test_a_project_that_was_just_backed_up_is_not_backed_up_twice(desk: Desk, shop: Project) -> None:
    newest = desk.day(shop)

    done = desk.vault.restore(shop, at=desk.vault.snapshots(shop)[0], to=shop.root, overwrite=True)

    assert done.safety == (newest.id,)


def test_a_part_of_a_project_counts_as_well(desk: Desk) -> None:
    project = desk.project("shop", {"src/a.py": "old\n"})
    desk.day(project)
    desk.write("shop", {"src/deep/src/a.py": "newer\n"})

    done = desk.vault.restore(project, to=Path(project.root, "src", "deep"), overwrite=True)

    assert len(done.safety) == 1
    assert Path(project.root, "src", "deep", "src", "a.py").read_text() == "old\n"


def test_a_restore_around_a_project_backs_that_project_up(desk: Desk, shop: Project) -> None:
    other = desk.project("around", {"shop/a.py": "from elsewhere\n"})
    desk.day(other)

    done = desk.vault.restore(other, to=desk.home / "elsewhere", overwrite=True)
    over = desk.vault.restore(other, to=desk.home / "home", overwrite=True)

    assert (done.safety, over.safety) == ((), ())
    (desk.home / "home" / "shop" / "a.py").write_text("edited\n")
    live = desk.vault.projects.add(desk.home / "home" / "shop", name="live")
    again = desk.vault.restore(other, to=desk.home / "home", overwrite=True)
    assert again.safety == (desk.vault.snapshots(live)[-1].id,)


def test_a_file_that_the_policy_leaves_out_is_not_overwritten(desk: Desk, shop: Project) -> None:
    tag = "Signature: 8a477f597d28d172789f06886806bc55"
    desk.write("shop", {"made/x.js": "mine\n", "made/CACHEDIR.TAG": tag})
    other = desk.project("other", {"made/x.js": "theirs\n"})
    desk.day(other)

    with pytest.raises(RestoreRefused, match="does not hold it as it is"):
        desk.vault.restore(other, to=shop.root, overwrite=True)

    assert Path(shop.root, "made", "x.js").read_text() == "mine\n"


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_where_a_folder_belongs_is_held_as_a_link(desk: Desk, shop: Project) -> None:
    other = desk.project("other", {"way/x.py": "x\n"})
    desk.day(other)
    (Path(shop.root) / "way").symlink_to(desk.home)

    done = desk.vault.restore(other, to=shop.root, overwrite=True)

    assert len(done.safety) == 1
    assert not (desk.home / "x.py").exists()


def test_nothing_at_stake_makes_no_snapshot(desk: Desk, shop: Project) -> None:
    before = desk.vault.snapshots(shop)

    done = desk.vault.restore(shop, to=desk.home / "elsewhere", overwrite=True)

    assert done.safety == ()
    assert desk.vault.snapshots(shop) == before


@AS_ROOT
def test_attributes_are_asked_for_by_the_face(desk: Desk, shop: Project) -> None:
    Path(shop.root, "a.py").chmod(0o4755)
    desk.day(shop)

    desk.vault.restore(shop, to=desk.home / "plain")
    desk.vault.submit.restore(shop, to=desk.home / "all", attributes=list(FileAttribute)).result(60)

    assert (desk.home / "plain" / "a.py").stat().st_mode & 0o7777 == 0o755
    assert (desk.home / "all" / "a.py").stat().st_mode & 0o7777 == 0o4755
    with pytest.raises(InvalidArgument):
        desk.vault.restore(shop, to=desk.home / "wrong", attributes=["all"])  # type: ignore[list-item]
