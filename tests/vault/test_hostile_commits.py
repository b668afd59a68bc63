"""Whatever a repository's commits claim, an import comes to its end and says what it could not take."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from codevault.commits import CommitFacts
from codevault.vault import Vault
from codevault.vcs.git_scratch import ObjectReader
from codevault.vcs.programs import Program, clean_environment, find_program
from tests.vcs.scenes import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

TIMES = (b"-1 +0000", b"99999999999999999999 +9999", b"4611686018427387904 -0000", b"", b"now")
NAMES = (b"<<>><a", b"", b"\xff\xfe\x01 <\x02>", b"a" * 100_000 + b" <b>", b"= \xc3 <x> <y>")
ENCODINGS = (b"utf-7", b"unicode_escape", b"idna", b"undefined", b"\xff", b"x" * 1000)


def raw(root: Path, kind: str, content: bytes) -> str:
    """An object of exactly these bytes, whatever git thinks of them."""
    command = ["git", "-C", str(root), "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
    return subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode().strip()


def raw_commit(root: Path, tree: str, parents: tuple[str, ...], who: bytes, encoding: bytes, words: bytes) -> str:
    """A commit whose author, encoding and message are taken as they are."""
    lines = [b"tree " + tree.encode(), *(b"parent " + parent.encode() for parent in parents)]
    lines += [b"author " + who, b"committer " + who, b"encoding " + encoding]
    return raw(root, "commit", b"\n".join(lines) + b"\n\n" + words)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", "--template=")
    return folder


def imported(root: Path) -> tuple[Vault, list[str]]:
    """A vault that has met all commits, and its problems by kind."""
    vault = Vault.create(root.parent / "vault", workers=1)
    vault.projects.add(root, name="shop")
    done = vault.projects.import_history("shop")
    return vault, [problem.kind for problem in done.problems]


def test_names_times_encodings_and_words_are_taken_as_they_are(root: Path) -> None:
    blob = raw(root, "blob", b"def a(): pass\n")
    tree = raw(root, "tree", b"100644 a\nb\x1b\xff.py\0" + bytes.fromhex(blob))
    newest = ""
    for encoding in ENCODINGS:
        for name, time in zip(NAMES, TIMES, strict=True):
            parents = (newest,) if newest else ()
            newest = raw_commit(root, tree, parents, name + b" " + time, encoding, b"\0\xff\xd8words+AGE-\\q")
    git(root, "update-ref", "refs/heads/main", newest)

    vault, problems = imported(root)

    with vault:
        told = vault.repositories.timeline("shop")
        assert (len(told), problems) == (30, [])
        assert vault.search.text("nothing", author="a").coverage.versions <= 1


def test_a_tree_that_names_a_path_twice_or_outside_is_only_names(root: Path) -> None:
    blob = bytes.fromhex(raw(root, "blob", b"x\n"))
    entries = (b"../up", b"/etc/passwd", b"a", b"a", b"con", b".git")
    tree = raw(root, "tree", b"".join(b"100644 " + name + b"\0" + blob for name in entries))
    git(root, "update-ref", "refs/heads/main", raw_commit(root, tree, (), b"A <a> 1 +0000", b"utf-8", b"m"))

    vault, problems = imported(root)

    with vault:
        assert problems == []
        assert not (root.parent / "up").exists()


def test_a_missing_file_is_a_problem_of_its_commits_and_no_more(root: Path) -> None:
    there = bytes.fromhex(raw(root, "blob", b"there\n"))
    gone = raw(root, "blob", b"gone\n")
    tree = raw(root, "tree", b"100644 gone\0" + bytes.fromhex(gone) + b"100644 there\0" + there)
    git(root, "update-ref", "refs/heads/main", raw_commit(root, tree, (), b"A <a> 1 +0000", b"utf-8", b"m"))
    (root / ".git/objects" / gone[:2] / gone[2:]).unlink()

    vault, problems = imported(root)

    with vault:
        assert problems == ["unreadable"]
        (commit,) = vault.repositories.timeline("shop")
        assert commit.commit is not None
        held = vault._reading().paths(next(iter(vault.projects)).id, -1)
        assert [version.path for version in held] == ["there"]


def test_grafts_and_replacements_that_go_in_circles_are_not_believed(root: Path) -> None:
    tree = raw(root, "tree", b"")
    first = raw_commit(root, tree, (), b"A <a> 1 +0000", b"utf-8", b"1")
    second = raw_commit(root, tree, (first,), b"A <a> 2 +0000", b"utf-8", b"2")
    git(root, "update-ref", "refs/heads/main", second)
    looped = raw_commit(root, tree, (second,), b"A <a> 1 +0000", b"utf-8", b"1")
    git(root, "update-ref", f"refs/replace/{first}", looped)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/grafts").write_text(f"{first} {second}\n")

    vault, _ = imported(root)

    with vault:
        facts = CommitFacts(vault._store, next(iter(vault.projects)).id)
        assert facts.commits[facts.head].parents == (first,)
        assert facts.commits[facts.commits[facts.head].parents[0]].parents == ()


def test_an_object_above_the_limit_is_passed_over_and_the_next_ones_are_read(root: Path) -> None:
    large, small = raw(root, "blob", b"large" * 1000), raw(root, "blob", b"small")
    found = find_program("git", outside=())
    assert found is not None
    environment = clean_environment(found, root, GIT_DIR=os.fspath(root / ".git"))
    program = Program(path=found, environment=environment, folder=root)

    with ObjectReader(program, largest=100) as reader:
        read = list(reader.read_all((large, small)))

    assert read == [(large, "", b""), (small, "blob", b"small")]


@pytest.mark.scale
def test_a_commit_with_a_hundred_thousand_parents_is_imported(root: Path) -> None:
    stream = b"".join(
        b"reset refs/heads/x\ncommit refs/heads/x\ncommitter A <a> %d +0000\ndata 1\nx\nM 644 inline f\ndata 2\n%d\n\n"
        % (at, at % 10)
        for at in range(100_000)
    )
    marks = ["git", "-C", str(root), "fast-import", "--quiet", "--force"]
    subprocess.run(marks, input=stream, check=True)
    names = git(root, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype) %(objectname)").splitlines()
    parents = tuple(line.split()[1] for line in names if line.startswith("commit"))
    tree = git(root, "rev-parse", f"{parents[0]}^{{tree}}")
    git(root, "update-ref", "refs/heads/main", raw_commit(root, tree, parents, b"A <a> 1 +0000", b"utf-8", b"m"))

    vault, problems = imported(root)

    with vault:
        assert problems == []
        assert len(vault.repositories.timeline("shop")) == len(parents) + 1
