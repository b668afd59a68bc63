"""Parts of the git bridge that decide from values alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from codevault.vcs.git_bundle import parse_head
from codevault.vcs.git_config import ConfigEntry, parse_config
from codevault.vcs.git_history import parse_commit
from codevault.vcs.git_refs import parse_log, parse_packed, parse_ref, read_refs
from codevault.vcs.git_return import GitReturn, harmless_config
from codevault.vcs.git_trust import remotes_of
from codevault.vcs.inert import may_run
from codevault.vcs.model import ObjectId, Tracked
from codevault.vcs.programs import find_program
from codevault.vcs.reading import ReadFolder
from codevault.vcs.remembering import FolderMemory, HeapMemory, keep_tracked, recall_tracked

ONE, TWO = "1" * 40, "2" * 40


def test_packed_refs_without_their_comments_and_peeled_tags() -> None:
    content = f"# pack-refs with: peeled\n{ONE} refs/heads/main\n{TWO} refs/tags/v1\n^{ONE}\nnonsense\n".encode()

    assert parse_packed(content) == {"refs/heads/main": ONE, "refs/tags/v1": TWO}


@pytest.mark.parametrize(("content", "value"), [(f"{ONE}\n", ONE), ("ref: refs/heads/x\n", ""), ("", ""), ("xyz", "")])
def test_loose_refs(content: str, value: str) -> None:
    assert parse_ref(content.encode()) == value


def test_loose_refs_stand_over_packed_ones_and_locks_are_none(tmp_path: Path) -> None:
    (tmp_path / "refs/heads/deep").mkdir(parents=True)
    (tmp_path / "packed-refs").write_text(f"{ONE} refs/heads/main\n")
    (tmp_path / "refs/heads/main").write_text(f"{TWO}\n")
    (tmp_path / "refs/heads/deep/topic").write_text(f"{ONE}\n")
    (tmp_path / "refs/heads/main.lock").write_text(f"{ONE}\n")
    folder = ReadFolder.open(str(tmp_path))
    assert folder is not None

    with folder:
        assert read_refs(folder) == {"refs/heads/deep/topic": ONE, "refs/heads/main": TWO}


def test_reflogs_even_of_odd_names() -> None:
    lines = (
        f"{'0' * 40} {ONE} Ann <ann@example.org> 1700000000 +0100\tcommit (initial): one\n"
        f"{ONE} {TWO} A > B <odd> 1700000001 -0230\tcommit: two > one\n"
        f"{ONE} {TWO} nobody\n"
        "nonsense\n"
    )

    assert [(m.before, m.after, m.at_s, m.message) for m in parse_log(lines.encode())] == [
        ("0" * 40, ONE, 1700000000, "commit (initial): one"),
        (ONE, TWO, 1700000001, "commit: two > one"),
        (ONE, TWO, 0, ""),
    ]


def test_the_longest_remote_name_owns_a_tracking_ref() -> None:
    config = parse_config(
        '[remote "a"]\nurl = https://x.org/a\n[remote "a/b"]\nurl = /srv/b\n[branch "main"]\nremote = a\n'
    )
    remotes = remotes_of(config)

    assert [remotes.tracking(f"refs/remotes/{ref}") for ref in ("a/main", "a/b/main", "c/main")] == ["a", "a/b", ""]
    assert remotes.elsewhere == {"a"}
    assert not remotes.follows


@pytest.mark.parametrize(
    "line",
    [
        b"author \xe9 <e@example.org> 5 +0100\nencoding ISO-8859-1",
        "author é <e@example.org> 5 +0100".encode(),
        "author é <e@example.org> 5 +0100\nencoding no-such-thing".encode(),
    ],
)
def test_commits_are_read_in_their_own_encoding(line: bytes) -> None:
    commit = parse_commit(ONE, b"tree x\nparent " + TWO.encode() + b"\n" + line + b"\ngpgsig a\n b\n\nwords\n")

    assert (commit.parents, commit.author.name, commit.author.at_ns) == ((TWO,), "é", 5 * 10**9)
    assert (commit.author.utc_offset_s, commit.message) == (3600, "words\n")


@pytest.mark.parametrize("line", [b"author nobody", b"author ", b"committer x", b""])
def test_malformed_commits_come_out_empty(line: bytes) -> None:
    commit = parse_commit(ONE, line)

    assert (commit.author.mail, commit.author.at_ns, commit.message) == ("", 0, "")


def test_heads_of_bundles() -> None:
    head = parse_head(f"# v2 git bundle\n-{ONE} words\n{TWO} refs/heads/main\n\nPACK".encode())

    assert head is not None
    assert (head.needs, head.refs) == ((ONE,), (("refs/heads/main", TWO),))
    assert head.brings == {TWO}


@pytest.mark.parametrize("content", [b"", b"# v2 git bundle\n", b"PACK\n\n", b"# v9 git bundle\n\n"])
def test_what_is_no_bundle_has_no_head(content: bytes) -> None:
    assert parse_head(content) is None


def test_harmless_settings_only_describe() -> None:
    content = (
        '[core]\nbare = false\nfsmonitor = evil\nsshCommand = evil\n[remote "o\\"x"]\nurl = https://example.org/x\n'
        'url = ext::evil\nuploadpack = evil\n[filter "f"]\nclean = evil\n[include]\npath = evil\n'
    )

    kept = parse_config(harmless_config(content.encode()).decode())

    assert kept == (
        ConfigEntry(section="core", subsection="", key="bare", value="false"),
        ConfigEntry(section="remote", subsection='o"x', key="url", value="https://example.org/x"),
    )


RUNNING = [
    ".git/config",
    ".git/config.worktree",
    ".git/hooks/pre-commit",
    ".git/modules/x/hooks/a",
    ".git/worktrees/w/config.worktree",
    "vendor/lib/.git/config",
    ".GIT/Hooks/pre-commit",
    ".hg/hgrc",
    "lib/.hg/hgrc-not-shared",
]


@pytest.mark.parametrize("path", RUNNING)
def test_settings_and_hooks_may_run_something(path: str) -> None:
    assert may_run(path)


RESTING = [
    ".git",
    ".git/HEAD",
    ".git/index",
    ".git/refs/heads/hooks",
    ".git/refs/heads/config",
    ".git/logs/refs/heads/config",
    ".hg/store/data/hooks/a.py.i",
    ".hg/dirstate",
    "hooks/config",
    "my.git/config",
]


@pytest.mark.parametrize("path", RESTING)
def test_everything_else_may_not(path: str) -> None:
    assert not may_run(path)


def test_what_is_no_bundle_is_not_taken_in(tmp_path: Path) -> None:
    program = find_program("git") or pytest.skip("git is not installed")

    with GitReturn(program, tmp_path) as objects, pytest.raises(ValueError, match="no bundle"):
        objects.take([b"noise"])


def test_what_is_tracked_is_remembered_unless_damaged_or_no_text(tmp_path: Path) -> None:
    tracked = {"a.txt": Tracked(ObjectId(ONE), committed=False, link=True)}
    for memory in (HeapMemory(), FolderMemory(tmp_path / "memory")):
        keep_tracked(memory, b"key", tracked)
        assert recall_tracked(memory, b"key") == tracked
        memory.keep("tracked", b"key", b"\xc1")
        assert recall_tracked(memory, b"key") is None
        keep_tracked(memory, b"odd", {"\udcff": tracked["a.txt"]})
        assert recall_tracked(memory, b"odd") is None


def test_folders_are_listed_with_kinds_and_times(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    folder = ReadFolder.open(str(tmp_path))
    assert folder is not None

    with folder:
        assert folder.names() == (("file", "file"), ("folder", "folder"))
        assert (folder.names("nothing"), folder.names("file")) == ((), ())
        assert folder.changed_ns("file") == (tmp_path / "file").stat().st_mtime_ns
        assert (folder.changed_ns("folder"), folder.changed_ns("no/thing"), folder.status("../x")) == (None, None, None)
        assert folder.status("") is not None
