"""What repositories leave out, with patterns that are hostile, many or no patterns: row V12 of FAULTS.md."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codevault.vcs.ignore_rules import Rules, git_rules, hg_rules, svn_rules
from codevault.vcs.ignoring import ignored_by
from codevault.vcs.model import System
from codevault.vcs.reading import ReadFolder
from codevault.vcs.svn_repository import SvnRepository, parse_properties
from tests.vcs.scenes import SvnScene, git, svn


def nothing(path: str) -> bytes | None:
    return None


def hg_alone(content: bytes) -> Rules:
    return hg_rules(content, nothing)


@pytest.mark.parametrize("read", [git_rules, hg_alone, svn_rules])
@pytest.mark.parametrize(
    "hostile",
    [
        b"*a" * 300 + b"b",
        b"(a+)+$",
        b"(x+x+)+y",
        b"syntax: glob\n" + b"**a" * 200,
        b"(" * 500,
        b"a{1,1000}{1,1000}",
        b"[" + b"[a" * 300,
        b"{" * 500,
    ],
)
def test_a_pattern_that_hangs_others_is_matched_in_time_linear_in_the_path(
    read: Callable[[bytes], Rules], hostile: bytes
) -> None:
    assert read(hostile).verdict(b"a" * 4000 + b"c", folder=False) in {None, True}


def test_ten_thousand_rules_are_looked_up_not_tried() -> None:
    rules = git_rules(b"".join(b"name%d.txt\n" % number for number in range(10_000)) + b"!name7.txt\n")

    assert rules.verdict(b"deep/name9999.txt", folder=False) is True
    assert rules.verdict(b"deep/name7.txt", folder=False) is False
    assert rules.verdict(b"deep/other.txt", folder=False) is None


def test_many_wildcards_are_all_heeded() -> None:
    rules = git_rules(b"".join(b"*.%d\n" % number for number in range(2000)))

    assert [rules.verdict(b"a/b.%d" % number, folder=False) for number in (0, 1999, 2000)] == [True, True, None]


@pytest.mark.parametrize("read", [git_rules, hg_alone, svn_rules])
def test_a_line_of_a_megabyte_ignores_nothing_and_the_next_one_counts(read: Callable[[bytes], Rules]) -> None:
    rules = read(b"a" * (1 << 20) + b"\nkept.log\n")

    assert rules.verdict(b"kept.log", folder=False) is True
    assert rules.verdict(b"a" * (1 << 20), folder=False) is None


def test_bytes_that_are_no_text_match_themselves() -> None:
    assert git_rules(b"\xff*\n").verdict(b"\xff\xfe", folder=False) is True
    assert git_rules(b"[\xf0-\xff]\n").verdict(b"\xf5", folder=False) is True


def test_case_counts_unless_the_repository_says_otherwise(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("Build\n*.LOG\n")

    assert [answer(System.GIT, tmp_path, name) for name in ("Build", "build", "a.log")] == [True, False, False]
    git(tmp_path, "config", "core.ignoreCase", "true")
    assert [answer(System.GIT, tmp_path, name) for name in ("Build", "build", "a.log")] == [True, True, True]


def test_a_file_of_excludes_counts_when_it_lies_in_the_project_and_least(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "excludes").write_text("*.tmp\n*.log\n")
    (tmp_path / ".gitignore").write_text("!kept.tmp\n")
    git(tmp_path, "config", "core.excludesFile", "excludes")

    assert [answer(System.GIT, tmp_path, name) for name in ("a.tmp", "kept.tmp")] == [True, False]
    git(tmp_path, "config", "core.excludesFile", str(tmp_path / "excludes"))
    assert answer(System.GIT, tmp_path, "a.tmp") is False


def test_files_that_include_each_other_end(tmp_path: Path) -> None:
    (tmp_path / ".hg").mkdir()
    (tmp_path / ".hgignore").write_text("include:.hgignore\nsubinclude:sub/.hgignore\nsyntax: glob\n*.log\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/.hgignore").write_text("rootglob:only\nsubinclude:../../etc/passwd\n")

    assert [answer(System.HG, tmp_path, name) for name in ("a.log", "sub/only", "only")] == [True, True, False]


def answer(system: System, root: Path, path: str) -> bool:
    folder = ReadFolder.open(str(root))
    assert folder is not None
    with folder:
        return ignored_by(system, folder)(path)


@pytest.mark.skipif(shutil.which("svnadmin") is None, reason="Subversion is not installed")
def test_subversion_ignores_what_its_status_says(tmp_path: Path) -> None:
    scene = SvnScene(tmp_path)
    root = scene.root
    for made in ("lib", "lib/deep"):
        (root / made).mkdir()
        svn(root, "add", "-q", made)
    svn(root, "propset", "-q", "svn:ignore", "*.log\n[ab].txt\n", ".")
    svn(root, "propset", "-q", "svn:global-ignores", "*.cache\ntmp\n", "lib")
    svn(root, "commit", "-q", "-m", "rules")
    svn(root, "propset", "-q", "svn:ignore", "only here\n", "lib/deep")
    names = ("a.log", "a.txt", "c.txt", "x.cache", "a.o", "~", "a~", "tmp", "only here", "lib.so.3")
    for below in ("", "lib", "lib/deep"):
        for name in names:
            (root / below / name).write_bytes(b"")
    paths = [f"{below}/{name}".lstrip("/") for below in ("", "lib", "lib/deep") for name in names]

    said = {line[8:] for line in svn(root, "status", "--no-ignore").splitlines() if line.startswith("I")}

    folder = ReadFolder.open(str(root))
    assert folder is not None
    with folder:
        ignored = ignored_by(System.SVN, folder, SvnRepository(folder).properties)
        assert {path for path in paths if ignored(path)} == said
        assert ignored("lib/tmp/below")
    assert len(said) == 19


@pytest.mark.parametrize(
    ("skel", "properties"),
    [
        (b"()", {}),
        (b"(svn:ignore 3 *.o)", {"svn:ignore": b"*.o"}),
        (b"(10 svn:ignore 6 a)b (c svn:eol-style native)", {"svn:ignore": b"a)b (c", "svn:eol-style": b"native"}),
        (b"(a 999999999 b", {"a": b"b"}),
        (b"no list", {}),
        (b"", {}),
        (b"(a", {}),
        (b"(((", {}),
    ],
)
def test_property_lists_are_read_as_far_as_they_are_some(skel: bytes, properties: dict[str, bytes]) -> None:
    assert parse_properties(skel) == properties
