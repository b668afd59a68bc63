"""Is this file safe, and why is it not."""

from __future__ import annotations

import os

import pytest

from codevault.errors import InvalidArgument, UnknownProject
from codevault.policy import CACHE_SIGNATURE, CACHE_TAG, PathClass
from codevault.projects.model import Project
from codevault.protection import State
from tests.nobody import AS_ROOT, printed_as_nobody, public_folder
from tests.vault.scenes import Desk

POSIX = pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")


@pytest.fixture
def project(desk: Desk) -> Project:
    made = desk.project("shop", {"a.py": "one\n", "gone.py": "gone\n", "src/b.py": "b\n"})
    desk.day(made)
    desk.day(made, {"a.py": "two\n"})
    return made


def test_content_the_newest_snapshot_holds_is_safe(desk: Desk, project: Project) -> None:
    status = desk.vault.status(desk.home / "shop" / "a.py")

    assert status.state is State.SAFE
    assert (status.project, status.path) == (project, "a.py")
    assert (status.protected, status.by, status.since, status.versions) == (True, "vault", "2026-01-03T00:00:00Z", 2)


def test_a_path_may_be_relative_to_its_project(desk: Desk, project: Project) -> None:
    assert desk.vault.status("src/b.py", project=project).state is State.SAFE
    assert desk.vault.status("./src//b.py", project="shop").state is State.SAFE


@pytest.mark.parametrize("content", [b"2wo\n", b"longer than it was\n"])
def test_content_the_vault_has_not_is_changed(desk: Desk, project: Project, content: bytes) -> None:
    (desk.home / "shop" / "a.py").write_bytes(content)

    status = desk.vault.status("a.py", project=project)

    assert (status.state, status.protected, status.versions) == (State.CHANGED, False, 2)


def test_a_file_the_vault_has_never_seen_is_new(desk: Desk, project: Project) -> None:
    desk.write("shop", {"new.py": "new\n"})

    status = desk.vault.status("new.py", project=project)

    assert (status.state, status.protected, status.versions) == (State.NEW, False, 0)


def test_a_file_that_came_back_is_changed_until_it_is_backed_up(desk: Desk, project: Project) -> None:
    desk.day(project, {"gone.py": None})
    desk.write("shop", {"gone.py": "gone\n"})

    assert desk.vault.status("gone.py", project=project).state is State.CHANGED


def test_a_deleted_file_the_vault_still_has_is_deleted(desk: Desk, project: Project) -> None:
    desk.write("shop", {"gone.py": None})

    status = desk.vault.status("gone.py", project=project)

    assert (status.state, status.versions) == (State.DELETED, 1)


def test_nothing_here_and_nothing_there_is_unknown(desk: Desk, project: Project) -> None:
    assert desk.vault.status("never.py", project=project).state is State.UNKNOWN


def test_what_policy_leaves_out_is_excluded_and_says_why(desk: Desk, project: Project) -> None:
    desk.write(
        "shop",
        {
            "package.json": "{}",
            "package-lock.json": "{}",
            "node_modules/x/index.js": "x",
            "node_modules/x/package.json": "{}",
        },
    )

    status = desk.vault.status("node_modules/x/index.js", project=project)

    assert status.state is State.EXCLUDED
    assert "package.json" in status.why


def test_a_very_large_file_is_judged_by_its_size_and_says_so(desk: Desk, project: Project) -> None:
    big = desk.home / "shop" / "big.bin"
    big.touch()
    os.truncate(big, (64 << 20) + 1)
    desk.day(project)

    status = desk.vault.status("big.bin", project=project)

    assert status.state is State.SAFE
    assert "only the sizes" in status.why


@POSIX
def test_links_folders_and_pipes_are_never_opened(desk: Desk, project: Project) -> None:
    root = desk.home / "shop"
    (root / "way").symlink_to("a.py")
    (root / "out").symlink_to("/etc")
    os.mkfifo(root / "pipe")

    states = [desk.vault.status(root / name).state for name in ("way", "out", "pipe", "src")]

    assert states == [State.UNKNOWN] * 4


@POSIX
def test_a_link_in_the_place_of_a_known_file_is_not_followed(desk: Desk, project: Project) -> None:
    root = desk.home / "shop"
    (root / "copy.py").write_bytes((root / "a.py").read_bytes())
    (root / "a.py").unlink()
    (root / "a.py").symlink_to("copy.py")

    assert not desk.vault.status("a.py", project=project).protected


@AS_ROOT
def test_a_file_that_cannot_be_read_is_not_called_safe(desk: Desk, project: Project) -> None:
    version = desk.vault.versions("a.py", project=project)[-1]
    with public_folder() as root:
        for name, mode in (("open", 0o644), ("closed", 0o600)):
            (root / name).write_bytes(b"two\n")
            (root / name).chmod(mode)

        printed = printed_as_nobody(
            "from pathlib import Path\n"
            "from types import SimpleNamespace\n"
            "from codevault.protection import _same_content\n"
            "version = SimpleNamespace(size=4, blob=sys.argv[2])",
            "for name in ('open', 'closed'): print(_same_content(Path(sys.argv[1], name), version))",
            str(root),
            version.blob,
        )

    assert printed == ["True", "False"]


def test_a_secret_is_safe_like_any_other_file(desk: Desk, project: Project) -> None:
    desk.day(project, {".env": "TOKEN=1\n"})

    assert desk.vault.status(".env", project=project).state is State.SAFE


def test_a_path_outside_every_project_has_no_status(desk: Desk, project: Project) -> None:
    with pytest.raises(UnknownProject):
        desk.vault.status(desk.home / "elsewhere")


def test_a_path_of_another_project_than_the_one_given_is_an_error(desk: Desk, project: Project) -> None:
    other = desk.project("other")

    with pytest.raises(UnknownProject, match="lies in project 'shop'"):
        desk.vault.status(desk.home / "shop" / "a.py", project=other)


@pytest.mark.parametrize("path", ["../other/secret", "src/../../other/secret", ".."])
def test_a_relative_path_does_not_leave_its_project(desk: Desk, project: Project, path: str) -> None:
    desk.write("other", {"secret": "x"})

    with pytest.raises(InvalidArgument):
        desk.vault.status(path, project=project)
    with pytest.raises(InvalidArgument):
        desk.vault.versions(path, project=project)
    with pytest.raises(InvalidArgument):
        desk.vault.explain(path, project=project)


def test_explains_an_ordinary_file(desk: Desk, project: Project) -> None:
    verdict = desk.vault.explain(desk.home / "shop" / "src" / "b.py")

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.SOURCE, True, True)


def test_explains_why_a_secret_is_kept_and_not_indexed(desk: Desk, project: Project) -> None:
    verdict = desk.vault.explain(".env", project=project)

    assert (verdict.path_class, verdict.keep, verdict.index) == (PathClass.SECRET, True, False)
    assert verdict.reasons


def test_explains_a_folder_that_is_left_out_and_how_to_make_it_again(desk: Desk, project: Project) -> None:
    desk.write(
        "shop",
        {
            "package.json": "{}",
            "package-lock.json": "{}",
            "node_modules/x/index.js": "x",
            "node_modules/x/package.json": "{}",
        },
    )

    verdict = desk.vault.explain("node_modules", project=project)

    assert (verdict.keep, verdict.rebuild) == (False, "npm ci")


def test_explains_the_root_and_what_is_not_there(desk: Desk, project: Project) -> None:
    assert desk.vault.explain(desk.home / "shop").keep
    assert desk.vault.explain("not/there.py", project=project).keep


def test_says_of_a_marked_cache_what_the_backup_does_with_it(desk: Desk, project: Project) -> None:
    desk.write("shop", {f"tmp/{CACHE_TAG}": CACHE_SIGNATURE + b"\n", "tmp/x.o": "x"})
    desk.write("shop", {f"false/{CACHE_TAG}": b"no signature", "false/y.py": "y"})

    backup = desk.day(project)
    kept = {entry.path for entry in desk.vault.files(backup)}

    assert "tmp/x.o" not in kept
    assert "false/y.py" in kept
    assert not desk.vault.explain("tmp/x.o", project=project).keep
    assert desk.vault.explain("false/y.py", project=project).keep
    assert desk.vault.explain("false/y.py", project=project).index
