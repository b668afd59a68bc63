"""What lies around the paths of a project: output that build files name, and what its repositories track."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codevault.surroundings import Surroundings
from tests.vcs.scenes import git


def write(root: Path, files: dict[str, str]) -> None:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)


def tracking(root: Path, *paths: str) -> Path:
    """A repository that tracks these."""
    write(root, dict.fromkeys(paths, "text"))
    git(root, "init", "-q")
    git(root, "add", *paths)
    return root


def test_reads_the_build_files_of_each_folder_it_is_told_of(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "web/tsconfig.json": '{"compilerOptions": {"outDir": "out"}}',
            ".cargo/config.toml": "[build]\ntarget-dir = 'made'\n",
            "manage.py": "",
            "site/settings.py": "STATIC_ROOT = BASE_DIR / 'static'\n",
        },
    )
    with Surroundings(tmp_path) as surroundings:
        for folder, names in (("", {".cargo", "manage.py", "web"}), ("web", {"tsconfig.json"}), ("none", {"pom.xml"})):
            surroundings.look(folder, names)

        found = [path for path in ("web/out", "made", "static", "web") if surroundings.output(path)]

    assert found == ["web/out", "made", "static"]


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_follows_no_link_to_a_build_file(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("[build]\ntarget-dir = 'made'\n")
    (tmp_path / "p" / ".cargo").mkdir(parents=True)
    (tmp_path / "p" / ".cargo" / "config.toml").symlink_to(tmp_path / "there")
    with Surroundings(tmp_path / "p") as surroundings:
        surroundings.look("", {".cargo"})

        assert surroundings.output("made") is None


def test_knows_what_git_tracks_in_a_folder_of_the_project_and_of_a_repository_in_it(tmp_path: Path) -> None:
    outer = tracking(tmp_path / "outer", "vendor/lib/a.go", "main.go")
    tracking(outer / "inner", "dist/app.js")
    with Surroundings(outer) as surroundings:
        folders = ("vendor", "vendor/lib", "vend", "node_modules", "inner/dist", "inner/build", "main.go")

        assert [folder for folder in folders if surroundings.tracked(folder)] == ["vendor", "vendor/lib", "inner/dist"]


def test_knows_what_is_tracked_in_a_work_tree_whose_index_lies_in_the_project(tmp_path: Path) -> None:
    outer = tracking(tmp_path / "outer", "dist/app.js")
    git(outer, "commit", "-q", "-m", "one")
    git(outer, "worktree", "add", "-q", "side")
    with Surroundings(outer) as surroundings:
        (outer / "side" / ".git").write_text("gitdir: ../.git/worktrees/side\n")

        assert surroundings.tracked("side/dist")
        assert not surroundings.tracked("side/build")


def test_takes_everything_for_tracked_when_the_list_of_it_is_damaged(tmp_path: Path) -> None:
    write(tmp_path, {"g/.git/index": "DIRC nonsense", "h/.hg/dirstate": "x" * 50, "i/.hg/dirstate": "dirstate-v2\nx"})
    with Surroundings(tmp_path) as surroundings:
        assert [surroundings.tracked(f"{top}/dist") for top in ("g", "h", "i")] == [True, True, True]


def test_knows_what_mercurial_tracks(tmp_path: Path) -> None:
    row = b"n" + b"\0\0\x81\xa4" + b"\0\0\0\1" + b"\0\0\0\0" + b"\0\0\0\x08" + b"dist/a.c"
    (tmp_path / ".hg").mkdir()
    (tmp_path / ".hg" / "dirstate").write_bytes(bytes(40) + row)
    with Surroundings(tmp_path) as surroundings:
        assert surroundings.tracked("dist")
        assert not surroundings.tracked("build")


def test_knows_nothing_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with Surroundings(tmp_path / "gone") as surroundings:
        surroundings.look("", {"pom.xml", "manage.py"})

        assert not surroundings.exists("a")
        assert not surroundings.tracked("a")
        assert surroundings.read("a", 10) is None
