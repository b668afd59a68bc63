"""What is ignored is what the programs themselves say, for patterns of every sort: row V12 of FAULTS.md."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from codevault.vcs.hg_server import HgServer
from codevault.vcs.ignore_rules import git_rules, hg_rules, svn_rules
from codevault.vcs.ignoring import ignored_by
from codevault.vcs.model import System
from codevault.vcs.programs import ProgramFailed
from codevault.vcs.reading import ReadFolder
from tests.vcs.scenes import git

NAMES = ("a", "b", "ab", "a.b", "b.a", "a b", "A", "x[1]", "-", "!a", "#a", "b\\", "aXb")
FOLDERS = ("", "a", "b", "a/b", "b/a", "a/b/a.b")
PIECES = (
    "a",
    "b",
    "ab",
    ".",
    "*",
    "**",
    "?",
    "/",
    "[ab]",
    "[!a]",
    "[^b]",
    "[a-c]",
    "[]a]",
    "[[:alpha:]]",
    "[a",
    "\\",
    " ",
)
FEW = settings(
    max_examples=50, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

SECONDS = count(1_000_000_000)


def grown(root: Path) -> list[str]:
    """A small tree in which many patterns match something; its paths, folders among them."""
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in FOLDERS:
        for name in NAMES:
            if not (root / folder / name).exists():
                (root / folder / name).write_bytes(b"")
    return sorted(
        os.path.relpath(os.path.join(above, name), root)
        for above, folders, files in os.walk(root)
        if ".git" not in above.split(os.sep) and ".hg" not in above.split(os.sep)
        for name in (*folders, *files)
        if name not in {".git", ".hg"}
    )


def lines_of(pieces: tuple[str, ...], starts: tuple[str, ...]) -> st.SearchStrategy[str]:
    line = st.builds("{}{}".format, st.sampled_from(starts), st.lists(st.sampled_from(pieces), max_size=6).map("".join))
    return st.lists(line, max_size=6).map("\n".join)


def answers(system: System, root: Path, paths: list[str]) -> set[str]:
    folder = ReadFolder.open(str(root))
    assert folder is not None
    with folder:
        ignored = ignored_by(system, folder)
        return {path for path in paths if ignored(path, folder=(root / path).is_dir())}


@pytest.fixture(scope="module")
def git_tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = tmp_path_factory.mktemp("git")
    git(root, "init", "-q")
    return root, grown(root)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@FEW
@given(
    top=lines_of(PIECES, ("", "", "!", "/", "#")), deep=lines_of(PIECES, ("", "!", "/")), whole=lines_of(PIECES, ("",))
)
@example(top="a/**/b\n**/a.b\na/**\n!a/b", deep="", whole="")
@example(top="**\\/a\n", deep="", whole="")
@example(top="*\n!a/\n!a/b/", deep="!a b\n\\!a\n\\#a", whole="x\\[1]")
@example(top="a \\ \nb\\\\\r\n***/a\n[!-]b", deep="/b/\n", whole="\ufeffA")
@example(top="[--0]b\n[a-]\n[b-a]\n[[:punct:]]a\n[/]a\na[!b]b", deep="", whole="")
def test_git_ignores_the_same(git_tree: tuple[Path, list[str]], top: str, deep: str, whole: str) -> None:
    root, paths = git_tree
    (root / ".gitignore").write_bytes(top.encode())
    (root / "a/.gitignore").write_bytes(deep.encode())
    (root / ".git/info/exclude").write_bytes(whole.encode())

    asked = "\0".join(paths).encode()
    command = ["git", "check-ignore", "--no-index", "-z", "--stdin"]
    done = subprocess.run(command, cwd=root, input=asked, capture_output=True, check=False)

    assert answers(System.GIT, root, paths) == {name for name in done.stdout.decode().split("\0") if name}


HG_PIECES = (
    *PIECES[:6],
    "**/",
    "?",
    "/",
    "[ab]",
    "[!a]",
    "{a,b}",
    "{a,{b,A}}",
    "[a-c]",
    "\\.",  # a lone one at an end would reach into the next pattern: Mercurial joins them
    "$",
    "^",
    ".*",
    "(a|b)",
)
HG_STARTS = ("", "", "glob:", "re:", "rootglob:", "(?i)", "syntax: glob\n", "# ", "relre:")


@pytest.fixture(scope="module")
def hg_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HgServer, list[str]]]:
    program = shutil.which("hg")
    if program is None:
        pytest.skip("Mercurial is not installed")
    folder = tmp_path_factory.mktemp("hg")
    (folder / "store").mkdir()
    with HgServer(program, folder, folder / "store", {"requires": b"store\n"}) as server:
        yield server, [path for path in grown(server.folder) if not (server.folder / path).is_dir()]


@FEW
@given(top=lines_of(HG_PIECES, HG_STARTS))
@example(top="syntax: glob\na/**\n**.b\nx[1]\nA#comment\n\\#a")
@example(top="^a$\nb/a\nsyntax: rootglob\nb/*\n[!a]b")
@example(top="^?")
@example(top="subinclude:a/more\ninclude:b/more")
def test_mercurial_ignores_the_same(hg_tree: tuple[HgServer, list[str]], top: str) -> None:
    server, paths = hg_tree
    (server.folder / ".hgignore").write_bytes(top.encode())
    os.utime(server.folder / ".hgignore", (0, next(SECONDS)))  # Mercurial takes equal sizes and times for equal files
    (server.folder / "a/more").write_bytes(b"^b\nglob:A\n")
    (server.folder / "b/more").write_bytes(b"^b/A\n")
    try:
        said = server.run("status", "--ignored", "--no-status", "--print0", ".")
    except ProgramFailed:  # a pattern that Mercurial refuses: it then ignores nothing at all, and says so
        return

    assert answers(System.HG, server.folder, paths) == {name for name in said.decode().split("\0") if name in paths}


@given(content=st.binary(max_size=200), path=st.binary(min_size=1, max_size=30))
def test_any_bytes_are_a_list_of_rules_and_any_path_gets_an_answer(content: bytes, path: bytes) -> None:
    for rules in (
        git_rules(content),
        git_rules(content, any_case=True),
        svn_rules(content),
        hg_rules(content, lambda _: None),
    ):
        assert rules.verdict(path, folder=False) in {True, False, None}
