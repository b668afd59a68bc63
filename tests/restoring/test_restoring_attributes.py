"""Extended attributes, ACLs, capabilities, set-id bits and owners: kept as data, given back only when asked for."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from codevault.errors import InvalidArgument, RestoreRefused
from codevault.extras import MOST_BYTES, FileAttribute
from codevault.restoring import checked_attributes, plan_restore, restore
from tests.nobody import AS_ROOT, printed_as_nobody, public_folder
from tests.restoring.scenes import Archive, folder

ACL = bytes.fromhex(  # version 2; owner rw, user 10 r, group r, mask rw, others r
    "02000000 01000600ffffffff 020004000a000000 04000400ffffffff 10000600ffffffff 20000400ffffffff"
)
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service, effective


def _kept_here(folder: Path) -> bool:
    try:
        os.setxattr(folder, "user.probe", b"")
    except (OSError, AttributeError):
        return False
    os.removexattr(folder, "user.probe")
    return True


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project on a file system that has extended attributes."""
    root = tmp_path / "project"
    root.mkdir()
    if not _kept_here(root):
        pytest.skip("no extended attributes here")
    (root / "a").write_bytes(b"content")
    (root / "d").mkdir()
    return root


def test_a_backup_keeps_those_of_files_and_folders(archive: Archive, project: Path) -> None:
    os.setxattr(project / "a", "user.second", b"\x00\xff")
    os.setxattr(project / "a", "user.first", b"")
    os.setxattr(project / "d", "user.of a folder", b"v")

    found = archive.entries(archive.backed_up(project))

    assert found["a"].xattrs == (("user.first", b""), ("user.second", b"\x00\xff"))
    assert found["d"].xattrs == (("user.of a folder", b"v"),)


def test_a_change_of_an_attribute_alone_is_recorded(archive: Archive, project: Path) -> None:
    archive.backed_up(project)
    os.setxattr(project / "a", "user.later", b"v")
    os.setxattr(project / "d", "user.later", b"v")

    found = archive.entries(archive.backed_up(project))

    assert found["a"].xattrs == found["d"].xattrs == (("user.later", b"v"),)


@AS_ROOT
def test_labels_of_the_machines_own_rules_are_left_out(archive: Archive, project: Path) -> None:
    os.setxattr(project / "a", "security.someones-label", b"v")
    os.setxattr(project / "a", "trusted.overlay", b"v")

    assert archive.entries(archive.backed_up(project))["a"].xattrs == ()


def test_more_than_a_manifest_can_hold_is_a_problem_that_is_named(
    archive: Archive, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("codevault.extras.MOST_BYTES", 20)
    os.setxattr(project / "a", "user.1", b"fits")
    os.setxattr(project / "a", "user.2", b"does not fit any more")
    os.setxattr(project / "a", "user.3", b"fits")
    os.setxattr(project / "d", "user.4", b"v" * 21)

    run = archive.backed_up(project)

    assert archive.entries(run)["a"].xattrs == (("user.1", b"fits"), ("user.3", b"fits"))
    assert [(problem.path, problem.kind) for problem in run.backup.problems] == [
        ("a", "attributes"),
        ("d", "attributes"),
    ]
    assert "user.2" in run.backup.problems[0].why
    assert MOST_BYTES * 4 // 3 < 1 << 20  # a line of the manifest


@pytest.mark.parametrize(("refused", "named"), [(errno.EPERM, ["attributes"]), (errno.ENOTSUP, [])])
def test_a_system_that_does_not_list_them_costs_no_file(
    archive: Archive, project: Path, monkeypatch: pytest.MonkeyPatch, refused: int, named: list[str]
) -> None:
    def refuse(file: int) -> list[str]:
        raise OSError(refused, os.strerror(refused))

    monkeypatch.setattr(os, "listxattr", refuse)
    (project / "d").rmdir()

    run = archive.backed_up(project)

    assert archive.entries(run)["a"].size == 7
    assert [problem.kind for problem in run.backup.problems] == named


@pytest.mark.parametrize(("refused", "named"), [(errno.EIO, ["attributes"]), (errno.ENODATA, [])])
def test_one_that_cannot_be_read_is_named_unless_it_is_gone(
    archive: Archive, project: Path, monkeypatch: pytest.MonkeyPatch, refused: int, named: list[str]
) -> None:
    def refuse(file: int, name: str) -> bytes:
        raise OSError(refused, os.strerror(refused))

    os.setxattr(project / "a", "user.x", b"")
    monkeypatch.setattr(os, "getxattr", refuse)

    run = archive.backed_up(project)

    assert archive.entries(run)["a"].xattrs == ()
    assert [problem.kind for problem in run.backup.problems] == named


def test_nothing_but_content_mode_and_time_comes_back_unasked(archive: Archive, project: Path, target: Path) -> None:
    os.setxattr(project / "a", "user.x", b"v")
    (project / "a").chmod(0o6755)

    done = archive.given_back(archive.backed_up(project), target)

    assert done.problems == ()
    assert os.listxattr(target / "a") == []
    assert stat.S_IMODE((target / "a").stat().st_mode) == 0o755


def test_extended_attributes_come_back_when_asked_for(archive: Archive, project: Path, target: Path) -> None:
    for name in ("a", "d"):
        os.setxattr(project / name, "user.x", b"\x00v")

    done = archive.given_back(archive.backed_up(project), target, [FileAttribute.XATTRS])

    assert done.problems == ()
    assert [os.getxattr(target / name, "user.x") for name in ("a", "d")] == [b"\x00v", b"\x00v"]


def test_access_control_lists_are_among_them(archive: Archive, project: Path, target: Path) -> None:
    os.setxattr(project / "a", "system.posix_acl_access", ACL)

    done = archive.given_back(archive.backed_up(project), target, [FileAttribute.XATTRS])

    assert done.problems == ()
    name = "system.posix_acl_access"
    assert os.getxattr(target / "a", name) == os.getxattr(project / "a", name)
    assert (target / "a").stat().st_mode == (project / "a").stat().st_mode


@AS_ROOT
def test_privileges_come_back_only_by_their_own_name(archive: Archive, project: Path, target: Path) -> None:
    (project / "a").chmod(0o6755)
    os.setxattr(project / "a", "security.capability", CAPABILITY)
    (project / "d").chmod(0o3777)
    run = archive.backed_up(project)

    archive.given_back(run, target, [FileAttribute.XATTRS, FileAttribute.OWNER])
    archive.given_back(run, target / "asked", [FileAttribute.PRIVILEGES])

    assert os.listxattr(target / "a") == []
    assert stat.S_IMODE((target / "a").stat().st_mode) == 0o755
    assert os.getxattr(target / "asked" / "a", "security.capability") == CAPABILITY
    assert stat.S_IMODE((target / "asked" / "a").stat().st_mode) == 0o6755
    assert stat.S_IMODE((target / "asked" / "d").stat().st_mode) == 0o3777


@AS_ROOT
def test_owners_other_than_the_projects_are_recorded_and_given_back_when_asked(
    archive: Archive, project: Path, target: Path
) -> None:
    os.chown(project, 65534, 65534)
    os.chown(project / "a", 1234, 65534)
    os.chown(project / "d", 65534, 65534)
    run = archive.backed_up(project)

    archive.given_back(run, target)
    archive.given_back(run, target / "asked", [FileAttribute.OWNER])

    assert {path: entry.owner for path, entry in archive.entries(run).items()} == {"a": (1234, 65534), "d": None}
    assert ((target / "a").stat().st_uid, (target / "a").stat().st_gid) == (0, 0)
    assert ((target / "asked" / "a").stat().st_uid, (target / "asked" / "a").stat().st_gid) == (1234, 65534)
    assert (target / "asked" / "d").stat().st_uid == 0


@AS_ROOT
def test_only_root_may_ask_for_owners() -> None:
    with public_folder() as place:
        printed = printed_as_nobody(
            "from pathlib import Path\n"
            "from codevault.errors import RestoreRefused\n"
            "from codevault.extras import FileAttribute\n"
            "from codevault.restoring import plan_restore, restore\n"
            "from tests.restoring.scenes import Archive\n"
            "archive = Archive()\n"
            "plan = plan_restore(archive.store, archive.snapshot(), Path(sys.argv[1]) / 'target')\n",
            "try: restore(archive.store, plan, attributes=[FileAttribute.OWNER])\n"
            "except RestoreRefused as refused: print(refused)\n",
            str(place),
        )

    assert printed == ["only root can give files to others: leave FileAttribute.OWNER out"]


def test_an_attribute_that_is_refused_is_named_and_the_file_is_there(
    archive: Archive, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int, name: str, value: bytes) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse, raising=False)
    with_one = (("user.x", b"v"),)

    done = archive.restored(
        target,
        replace(archive.file("a"), xattrs=with_one),
        replace(folder("d"), xattrs=with_one),
        attributes=[FileAttribute.XATTRS],
    )

    assert done.problems == (
        ("a", "written without 'user.x' (Operation not supported)"),
        ("d", "written without 'user.x' (Operation not supported)"),
    )
    assert (target / "a").read_bytes() == b"content"


@AS_ROOT
def test_an_owner_that_no_system_has_is_named(archive: Archive, target: Path) -> None:
    entry = replace(archive.file("a"), owner=(2**70, 1))

    done = archive.restored(target, entry, attributes=[FileAttribute.OWNER])

    assert [path for path, _ in done.problems] == ["a"]
    assert (target / "a").read_bytes() == b"content"


@AS_ROOT
def test_a_manifest_of_somebody_else_sets_nothing_a_backup_would_not_keep(archive: Archive, target: Path) -> None:
    entry = replace(archive.file("a"), xattrs=(("security.selinux", b"v"), ("trusted.overlay.redirect", b"/etc")))
    lying = archive.lying(entry)

    restore(lying, plan_restore(lying, archive.snapshot(), target), attributes=list(FileAttribute))

    assert os.listxattr(target / "a") == []


@pytest.mark.parametrize("wrong", ["xattrs", True, ["everything"], [3]])
def test_what_is_no_attribute_is_refused(wrong: object) -> None:
    with pytest.raises(InvalidArgument, match="xattrs, privileges, owner"):
        checked_attributes(wrong)  # type: ignore[arg-type]


def test_attributes_may_be_named_by_their_words() -> None:
    assert checked_attributes(["owner"]) == {FileAttribute.OWNER}  # type: ignore[list-item]


def test_refusing_owners_happens_before_anything_is_written(
    archive: Archive, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)

    with pytest.raises(RestoreRefused, match="only root"):
        archive.restored(target, archive.file("a"), attributes=[FileAttribute.OWNER])

    assert not target.exists()
