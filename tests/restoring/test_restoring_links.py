"""Hard links: one file with several names is stored and read once, and comes back as one file."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.ids import BlobId
from codevault.linking import Links
from codevault.restoring import plan_restore, restore
from codevault.source import Listed, MemoryFile, MemoryFolder
from codevault.store.listing import Listing, Revision
from codevault.store.manifest import encode_manifest
from codevault.store.model import Entry, EntryKind
from codevault.store.store import Store
from codevault.target import Target
from tests.restoring.scenes import POSIX, Archive, folder, link, tree

pytestmark = POSIX
REGULAR = 0o100644


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """`z` in the root and `a/x` are one file: the walk meets `z` first, the manifest has `a/x` first."""
    root = tmp_path / "project"
    (root / "a").mkdir(parents=True)
    (root / "b").mkdir()
    (root / "z").write_bytes(b"shared")
    (root / "a" / "x").hardlink_to(root / "z")
    return root


def links(archive: Archive, root: Path) -> dict[str, str | None]:
    found = archive.entries(archive.backed_up(root))
    return {path: entry.hardlink for path, entry in found.items() if entry.kind is EntryKind.FILE}


def test_the_first_in_the_manifest_has_the_content_the_others_name_it(archive: Archive, project: Path) -> None:
    run = archive.backed_up(project)
    found = archive.entries(run)

    assert (found["a/x"].hardlink, found["z"].hardlink) == (None, "a/x")
    assert found["a/x"].blob == found["z"].blob is not None
    assert run.backup.stats.read_files == 1


def test_a_run_that_finds_nothing_changed_says_the_same(archive: Archive, project: Path) -> None:
    first = archive.entries(archive.backed_up(project))
    (project / "b" / "other").write_bytes(b"unsettles a folder")

    second = archive.entries(archive.backed_up(project))

    assert {path: second[path] for path in ("a/x", "z")} == {path: first[path] for path in ("a/x", "z")}


def test_a_change_beside_one_name_changes_none_of_them(archive: Archive, project: Path) -> None:
    archive.backed_up(project)
    (project / "a" / "new").write_bytes(b"unsettles one of the two folders")

    assert links(archive, project) == {"a/new": None, "a/x": None, "z": "a/x"}


def test_when_the_first_goes_the_next_is_first(archive: Archive, project: Path) -> None:
    (project / "b" / "y").hardlink_to(project / "z")
    archive.backed_up(project)
    (project / "a" / "x").unlink()

    assert links(archive, project) == {"b/y": None, "z": "b/y"}


def test_an_earlier_name_that_comes_is_first_from_then_on(archive: Archive, project: Path) -> None:
    archive.backed_up(project)
    (project / "Z").hardlink_to(project / "z")

    assert links(archive, project) == {"Z": None, "a/x": "Z", "z": "Z"}


def test_links_made_between_two_runs_are_found(archive: Archive, project: Path) -> None:
    (project / "b" / "alone").write_bytes(b"alone")
    archive.backed_up(project)
    (project / "b" / "two").hardlink_to(project / "b" / "alone")

    assert links(archive, project)["b/two"] == "b/alone"


def test_a_name_outside_the_project_makes_no_link(archive: Archive, project: Path, tmp_path: Path) -> None:
    (project / "z").unlink()
    (tmp_path / "outside").hardlink_to(project / "a" / "x")

    assert links(archive, project) == {"a/x": None}


def test_a_file_replaced_by_an_equal_one_is_no_link_any_more(archive: Archive, project: Path) -> None:
    archive.backed_up(project)
    (project / "z").unlink()
    (project / "z").write_bytes(b"shared")

    assert links(archive, project) == {"a/x": None, "z": None}


def test_a_secret_name_stays_private(archive: Archive, project: Path) -> None:
    (project / "id_rsa").hardlink_to(project / "z")

    found = archive.entries(archive.backed_up(project))

    assert (found["id_rsa"].note, found["z"].note) == ("private", None)
    assert found["id_rsa"].hardlink == "a/x"


def test_a_file_that_changes_between_its_names_is_read_for_each(archive: Archive) -> None:
    one = MemoryFile(b"before", inode=7, links=2, ctime_ns=1)
    two = MemoryFile(b"after", inode=7, links=2, ctime_ns=2)

    found = archive.entries(archive.backed_up(MemoryFolder({"one": one, "two": two})))

    assert {path: entry.hardlink for path, entry in found.items()} == {"one": None, "two": None}


def entry(path: str, content: str = "a", hardlink: str | None = None) -> Entry:
    blob = BlobId(content * 64)
    return Entry(path=path, kind=EntryKind.FILE, mode=0o644, mtime_ns=0, blob=blob, hardlink=hardlink)


def settled(*entries: Entry, met: tuple[str, ...] = ()) -> dict[str, str | None]:
    """What is left of the links when the named paths were met as names of one file in this run."""
    noted, revision = Links(), Revision(Listing((encode_manifest(entries),)))
    for each in entries:
        if each.path in met:
            noted.note(Listed(each.path, REGULAR, 1, 1, 1, 7, 1, 2), each)
    noted.settle(revision)
    found = [revision.find(each.path) for each in entries]
    return {each.path: each.hardlink for each in found if each is not None}


def test_names_in_folders_that_nothing_happened_in_join_those_that_were_met() -> None:
    assert settled(entry("b", hardlink="a"), entry("a"), entry("c", hardlink="a"), met=("b",)) == {
        "a": None,
        "b": "a",
        "c": "a",
    }


def test_names_that_lost_their_first_agree_on_another() -> None:
    assert settled(entry("c", hardlink="gone"), entry("b", hardlink="gone"), entry("x")) == {
        "b": None,
        "c": "b",
        "x": None,
    }


def test_names_with_different_content_are_files_of_their_own() -> None:
    assert settled(entry("a"), entry("b", "b", hardlink="a"), entry("c", hardlink="a")) == {
        "a": None,
        "b": None,
        "c": "a",
    }


def test_comes_back_as_one_file(archive: Archive, project: Path, target: Path) -> None:
    done = archive.given_back(archive.backed_up(project), target)

    assert done.problems == ()
    assert (done.files, done.bytes) == (2, 6)
    assert (target / "z").samefile(target / "a" / "x")
    assert (target / "z").stat().st_nlink == 2
    assert tree(target) == {"a/x": b"shared", "z": b"shared"}


def test_a_first_that_is_there_already_gets_the_other_name(archive: Archive, project: Path, target: Path) -> None:
    run = archive.backed_up(project)
    archive.given_back(run, target)
    (target / "z").unlink()

    done = archive.given_back(run, target)

    assert (done.files, done.kept) == (1, 3)
    assert (target / "z").samefile(target / "a" / "x")


def test_a_link_replaces_what_differs_when_asked(archive: Archive, target: Path) -> None:
    target.mkdir()
    (target / "b").write_bytes(b"differs")
    first = archive.file("a")

    done = archive.restored(target, first, replace(first, path="b", hardlink="a"), overwrite=True)

    assert done.problems == ()
    assert (target / "a").samefile(target / "b")


def test_one_name_alone_is_a_plain_file(archive: Archive, project: Path, target: Path) -> None:
    run = archive.backed_up(project)
    plan = plan_restore(archive.store, run.backup.snapshot, target, paths=["z"])

    restore(archive.store, plan)

    assert tree(target) == {"z": b"shared"}
    assert (target / "z").stat().st_nlink == 1


@pytest.mark.parametrize("says", ["/etc/passwd", "../outside", "way", "dir", "missing", "b", "other", "bad/../a"])
def test_a_link_that_no_backup_wrote_is_a_plain_copy(archive: Archive, tmp_path: Path, target: Path, says: str) -> None:
    (tmp_path / "outside").write_bytes(b"outside")
    first = archive.file("a")
    entries = (
        first,
        replace(first, path="b", hardlink=says),
        folder("dir"),
        archive.file("other", b"other content"),
        link("way", str(tmp_path / "outside")),
    )
    lying = archive.lying(*entries)

    done = restore(lying, plan_restore(lying, archive.snapshot(), target))

    assert done.problems == ()
    assert (target / "b").read_bytes() == b"content"
    assert (target / "b").stat().st_nlink == 1
    assert (tmp_path / "outside").stat().st_nlink == 1


class Meddling(Target):
    """Something happens just before a hard link is made."""

    meddle: Callable[[], object] = staticmethod(lambda: None)

    def hardlink(self, *args: object, **kwargs: object) -> None:
        self.meddle()
        super().hardlink(*args, **kwargs)  # type: ignore[arg-type]


def test_a_link_planted_in_the_first_files_place_is_not_linked_to(
    archive: Archive, tmp_path: Path, target: Path
) -> None:
    (tmp_path / "outside").write_bytes(b"outside")

    class Planting(Meddling):
        def meddle(self) -> None:
            (target / "a").unlink()
            (target / "a").symlink_to(tmp_path / "outside")

    first = archive.file("a")
    plan = plan_restore(archive.store, archive.snapshot(first, replace(first, path="b", hardlink="a")), target)

    done = restore(archive.store, plan, open_target=Planting.open)

    assert done.problems == ()
    assert not (target / "b").is_symlink()
    assert (target / "b").read_bytes() == b"content"
    assert (tmp_path / "outside").stat().st_nlink == 1


def test_a_system_that_makes_no_hard_links_gets_copies(
    archive: Archive, project: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = archive.backed_up(project)

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    done = archive.given_back(run, target)

    assert done.problems == ()
    assert (target / "z").read_bytes() == b"shared"
    assert not (target / "z").samefile(target / "a" / "x")


def test_a_first_that_is_damaged_leaves_the_others_to_themselves(archive: Archive, target: Path) -> None:
    first = archive.file("a")

    class Damaged(Store):
        asked = 0

        def read_chunks(self, blob: object) -> object:  # type: ignore[override]
            self.asked += 1
            if self.asked == 1:
                raise OSError(5, "Input/output error")
            return super().read_chunks(blob)  # type: ignore[arg-type]

    store = Damaged(archive.store._state, 1)
    plan = plan_restore(store, archive.snapshot(first, replace(first, path="b", hardlink="a")), target)

    done = restore(store, plan)

    assert done.problems == (("a", "Input/output error"),)
    assert tree(target) == {"b": b"content"}
