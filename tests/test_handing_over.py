"""Exports and contexts at their edges: what is not there, what cannot be written, names that are alike."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from codevault.archives import pack, sums_of
from codevault.contexts import folder_names, moment_of
from codevault.errors import Cancelled, InvalidArgument, RestoreRefused
from codevault.ids import ProjectId
from codevault.jobs import CancelToken
from codevault.looking import branch_of, look_at
from codevault.moments import nanoseconds
from codevault.projects.model import Look, Project
from codevault.store.layout import Layout
from tests.scenarios.office import Office, tree


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    yield made
    made.vault.close()


def named(number: int, name: str) -> Project:
    return Project(id=ProjectId(f"{number:016x}"), name=name, root=f"/{number}")


def test_folders_of_projects_have_names_that_every_system_takes_each_once() -> None:
    names = folder_names(
        [named(1, "Shop"), named(2, "shop"), named(3, "a/b\n../c"), named(4, ".."), named(5, "x" * 300)]
    )

    assert list(names.values()) == ["Shop", f"shop-{2:016x}", "a_b_.._c", "project", "x" * 100]


def test_a_month_is_its_last_instant_and_what_is_no_moment_is_refused() -> None:
    ends = [moment_of("2026-03"), moment_of("2026-12"), moment_of(None), moment_of("2026-03-01")]

    assert [None if end is None else nanoseconds(end, end_of_day=True) // 10**9 for end in ends] == [
        int(datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC).timestamp()),
        int(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()),
        None,
        int(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC).timestamp()),
    ]
    with pytest.raises(InvalidArgument, match="not a date"):
        moment_of("2026-13")
    with pytest.raises(InvalidArgument, match="as of a moment"):
        moment_of(7)
    with pytest.raises(InvalidArgument, match="not a date"):
        moment_of("yesterday")


def test_a_context_and_a_project_or_what_is_of_one_project_do_not_go_together(office: Office) -> None:
    office.vault.backup(office.project("shop", "Acme"))

    with pytest.raises(InvalidArgument, match="not both"):
        office.vault.restore("shop", client="Acme", to=office.away)  # type: ignore[call-overload]  # a user's slip
    with pytest.raises(InvalidArgument, match="of one project"):
        office.vault.restore(client="Acme", paths=["main.py"], to=office.away)  # type: ignore[call-overload]  # as above
    with pytest.raises(InvalidArgument, match="give a project"):
        office.vault.restore(to=office.away)


def test_a_project_whose_newest_record_is_damaged_is_told_and_the_others_are_given(office: Office) -> None:
    for name in ("api", "shop"):
        office.vault.backup(office.project(name, "Acme"))
    broken = office.vault.snapshots("api")[-1]
    Layout(office.vault.path).snapshot(broken.project, broken.sequence, broken.id).write_bytes(b"{}")
    office.vault._store._state._records.clear()

    done = office.vault.closing.export(client="Acme", to=office.away)

    assert [(name, path) for name, path, _ in done.problems] == [("api", "")]
    assert "What is not in it" in (office.away / "README.txt").read_text()
    assert (office.away / "shop/main.py").is_file()


def test_an_export_that_cannot_be_written_or_is_cancelled_leaves_nothing(office: Office) -> None:
    office.vault.backup(office.project("shop", "Acme"))
    token = CancelToken()
    token.cancel()
    before = sorted(office.work.parent.iterdir())

    with pytest.raises(Cancelled):
        office.vault.closing.export("shop", to=office.away, cancel=token)
    with pytest.raises(RestoreRefused, match="cannot write beside"):
        office.vault.closing.export("shop", to=office.work / "missing" / "place")
    with pytest.raises(RestoreRefused, match="vault"):
        office.vault.closing.export("shop", to=office.vault.path / "inside")

    assert sorted(office.work.parent.iterdir()) == before


def test_several_projects_are_exported_together_with_all_that_is_known_of_them(office: Office) -> None:
    for name in ("api", "shop"):
        office.vault.backup(office.project(name, "Acme", notes="call Ann"))
    office.vault.projects.update("api", phase="live")

    office.vault.closing.export(["shop", "api", "shop"], to=office.away)

    known = json.loads((office.away / "projects.json").read_text())
    assert [one["folder"] for one in known] == ["shop", "api"]
    assert {one["project"]["notes"] for one in known} == {"call Ann"}
    assert known[1]["project"]["log"][0]["after"] == "live"


def test_archives_hold_links_and_empty_folders_and_refuse_what_they_cannot(tmp_path: Path) -> None:
    folder = tmp_path / "given"
    (folder / "empty").mkdir(parents=True)
    (folder / "a\\b\n").write_bytes(b"odd")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "old").touch()
    for name in ("x.zip", "x.tar.zst"):
        pack(folder, tmp_path / name)
    shutil.unpack_archive(tmp_path / "x.zip", tmp_path / "unzipped")
    (folder / b"\xff".decode("utf-8", "surrogateescape")).touch()

    with pytest.raises(RestoreRefused, match=r"choose \.tar\.zst"):
        pack(folder, tmp_path / "y.zip")

    assert set(sums_of(folder)) >= {"a\\b\n", "old"}
    assert (tmp_path / "unzipped" / "empty").is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["given", "unzipped", "x.tar.zst", "x.zip"]


def test_a_folder_that_is_not_there_tells_nothing_and_one_without_manifests_its_languages(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "src").mkdir(exist_ok=True)
        (tmp_path / "src" / f"part{number}.go").touch()
        (tmp_path / "node_modules" / f"p{number}").mkdir(parents=True)
        (tmp_path / "node_modules" / f"p{number}" / "package.json").touch()

    assert look_at(tmp_path) == Look(stack=("go",))
    assert (look_at(tmp_path / "none"), branch_of(tmp_path / "none"), branch_of(tmp_path)) == (None, None, "")


def test_erasing_forgets_the_events_of_hooks_and_every_derived_file(office: Office) -> None:
    gone, stays = office.project("shop", "Acme"), office.project("blog", "Zeta")
    for project in (gone, stays):
        office.vault.backup(project)
    office.vault.analyse()
    spool = office.vault.path / "spool"
    spool.mkdir()
    (spool / "vcs-events").write_text(f"{gone.id} post-commit\n{stays.id} post-commit\n")

    office.vault.closing.erase(office.vault.closing.plan_erasure("shop"))

    assert [event.project for event in office.vault.repositories.events().events] == [stays.id]
    assert gone.id.encode() not in b"".join(tree(office.vault.path / "cache").values())
