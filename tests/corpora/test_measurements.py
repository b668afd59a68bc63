import os
import shutil
import subprocess
from pathlib import Path

import pytest

from corpora import bench_store, phase, replay_flask
from corpora.backup_tools import CodeVaultTool, GitTool, ResticTool, installed
from corpora.bench_store import Measured, insert_line, pick_sources, report
from corpora.git_trees import Leaf, contents, differences, git, lay, linear_repository, spaced_commits, tree_of
from corpora.measuring import Cost, timed
from corpora.store_histories import as_repository

COST = Cost(wall=2.0, cpu=1.5, peak_mb=100.0)
IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def commit(work: Path, message: str) -> None:
    environment = {**os.environ, **IDENTITY}
    subprocess.run(["git", "add", "-A"], cwd=work, check=True)
    subprocess.run(["git", "commit", "-q", "-m", message], cwd=work, check=True, env=environment)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Four commits with an executable, a link, a file that moves into a folder, and one that goes."""
    work = tmp_path / "work"
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    (work / "run.py").write_text("def before_first_request():\n    return 1\n")
    (work / "run.py").chmod(0o755)
    (work / "link").symlink_to("run.py")
    commit(work, "one")
    (work / "deep/er").mkdir(parents=True)
    (work / "deep/er/jsonify.py").write_text("def jsonify(value):\n    return value\n")
    commit(work, "two")
    (work / "run.py").write_text("def url_for(name):\n    return name\n")
    (work / "run.py").chmod(0o644)
    commit(work, "three")
    shutil.rmtree(work / "deep")
    commit(work, "four")
    return work / ".git"


@needs_git
def test_spaces_commits_evenly_from_first_to_last(repository: Path) -> None:
    whole = git(repository, "rev-list", "--reverse", "HEAD").split()
    assert spaced_commits(repository, 10) == whole
    assert spaced_commits(repository, 2) == [whole[0], whole[-1]]


@needs_git
def test_lays_each_state_over_the_last_and_removes_empty_folders(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "laid"
    folder.mkdir()
    trees = [tree_of(repository, each) for each in spaced_commits(repository, 4)]
    with contents(repository) as blobs:
        lay(trees[0], {}, folder, blobs)
        lay(trees[1], trees[0], folder, blobs)
        assert differences(trees[1], folder, blobs) == []
        lay(trees[3], trees[1], folder, blobs)
        assert differences(trees[3], folder, blobs) == []
    assert sorted(path.name for path in folder.iterdir()) == ["link", "run.py"]


@needs_git
def test_finds_every_kind_of_difference(repository: Path, tmp_path: Path) -> None:
    folder = tmp_path / "laid"
    folder.mkdir()
    tree = tree_of(repository, spaced_commits(repository, 4)[1])
    with contents(repository) as blobs:
        lay(tree, {}, folder, blobs)
        (folder / "run.py").chmod(0o644)
        (folder / "deep/er/jsonify.py").write_text("other")
        (folder / "link").unlink()
        (folder / "link").write_text("run.py")
        (folder / "extra").symlink_to("deep")
        assert differences(tree, folder, blobs) == ["extra", "deep/er/jsonify.py", "link", "run.py"]
        assert differences({**tree, "lost": Leaf("100644", "0" * 40)}, folder, blobs)[:2] == ["extra", "lost"]


@needs_git
def test_the_linear_repository_holds_the_same_trees_and_stands_alone(repository: Path, tmp_path: Path) -> None:
    commits = spaced_commits(repository, 3)
    linear_repository(repository, commits, tmp_path / "linear")
    made = git(tmp_path / "linear", "log", "--reverse", "--format=%T").split()
    assert made == [git(repository, "rev-parse", f"{each}^{{tree}}") for each in commits]
    assert not (tmp_path / "linear/objects/info/alternates").exists()


@needs_git
def test_replays_a_history_and_finds_nothing_wrong(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(replay_flask, "write_section", lambda title, body: page.write_text(f"{title}\n{body}"))
    arguments = [str(repository), "--snapshots", "4", "--keep", str(tmp_path / "kept"), "--write"]
    assert replay_flask.main(arguments) == 0
    said = capsys.readouterr().out
    assert "4 snapshots, 0 differences." in said
    assert f"{len(replay_flask.LITERALS)} of {len(replay_flask.LITERALS)} literals" in said
    assert page.read_text() == f"{replay_flask.TITLE}\n{said.removesuffix(chr(10))}"


def test_says_where_to_get_flask_when_no_repository_is_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert replay_flask.main([]) == 2
    assert "git clone" in capsys.readouterr().err


def test_picks_the_same_source_files_for_the_same_seed(tmp_path: Path) -> None:
    (tmp_path / "empty.py").touch()
    (tmp_path / "notes.txt").write_text("no source")
    (tmp_path / "link.py").symlink_to("a.py")
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "b.c").write_text("int b;\n")
    picked = pick_sources(tmp_path, 5, seed=7)
    assert picked == pick_sources(tmp_path, 5, seed=7)
    assert {path.name for path in picked} == {"a.py", "b.c"}


def test_inserts_a_line_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_bytes(b"1\n2\n3\n4\n")
    insert_line(path, "new")
    assert path.read_bytes() == b"1\n2\nnew\n3\n4\n"


def test_the_report_states_ratios_of_medians() -> None:
    ours = Measured([COST] * 3, 600, 77, [COST], 3, [COST], 50, [COST], 0, [COST], 500)
    slower = Cost(wall=4.0, cpu=4.0, peak_mb=50.0)
    theirs = Measured([slower] * 3, 1000, 10, [slower], 0, [slower], 500, [slower], 0)
    page = report({"CodeVault": ours, "restic": theirs}, "A machine.", COST)
    assert "| first backup, without analysis | CodeVault | 2.00 | 2.00-2.00 | 1.50 | 100 | 1.00 | 1.00 |" in page
    assert "| first backup, without analysis | restic | 4.00 | 4.00-4.00 | 4.00 | 50 | 0.50 | 0.38 |" in page
    assert "| analysis of the whole tree | CodeVault |" in page
    assert "| added by 500 edited files | 50 | 500 | 0.100 |" in page
    assert "| added by an unchanged run | 3 | 0 | - |" in page
    assert "| caches and redundancy beside it | 77 | 10 | 7.700 |" in page
    assert "CodeVault 0, restic 0." in page


@needs_git
def test_measures_all_tools_on_a_small_tree_and_leaves_it_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sync", lambda: None)  # what other programs have to write is none of this test's business
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.py").write_text("def a():\n    return 1\n")
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(bench_store, "write_section", lambda title, body: page.write_text(body))
    arguments = [
        "tree",
        str(tree),
        "--work",
        str(tmp_path),
        "--repeats",
        "1",
        "--unchanged",
        "1",
        "--analyse",
        "--write",
    ]
    assert bench_store.main(arguments) == 0
    said = capsys.readouterr().out
    assert "CodeVault 0" in said
    assert "git 0" in said
    assert "| analysis of the whole tree |" in page.read_text()
    assert (tree / "a.py").read_text() == "def a():\n    return 1\n"


@needs_git
def test_measures_a_history_and_restores_every_state(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.sync", lambda: None)
    monkeypatch.setattr(bench_store, "installed", lambda: (GitTool,))
    assert bench_store.main(["histories", f"small={repository}", "--work", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "| small | CodeVault compacted |" in said
    assert "| small | git gc --aggressive |" in said
    assert "4 states" in said
    assert ": 0 differences." in said


@needs_git
def test_a_folder_of_releases_is_a_history(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"releases/0{number}").mkdir(parents=True)
        (tmp_path / f"releases/0{number}/a.py").write_text(f"version = {number}\n")
    (tmp_path / "place").mkdir()
    made = as_repository(tmp_path / "releases", tmp_path / "place")
    commits = spaced_commits(made, 5)
    with contents(made) as blobs:
        read = [blobs.read(tree_of(made, commit)["a.py"].object_id) for commit in commits]
    assert read == [b"version = 1\n", b"version = 2\n"]


@needs_git
def test_measures_how_fast_one_version_is_read(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench_store.main(["versions", f"small={repository}", "--work", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "| small | 3 | at backup time, nothing cached |" in said
    assert "| small | 3 | compacted, with our cache |" in said


def test_refuses_a_source_that_is_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench_store.main(["histories", f"small={tmp_path / 'missing'}"])
    assert "not NAME=FOLDER" in capsys.readouterr().err


@pytest.mark.parametrize("kind", installed(), ids=lambda kind: str(kind.__name__))
def test_every_tool_backs_up_and_restores(kind: type[GitTool], tmp_path: Path) -> None:
    tree, tool = tmp_path / "tree", kind(tmp_path / "place")
    tree.mkdir()
    tool.place.mkdir()
    (tree / "a").write_text("content")
    for command in (
        tool.create(tree),
        tool.backup(tree),
        *filter(None, [tool.upkeep()]),
        tool.restore(tmp_path / "back"),
    ):
        timed(command, environment=tool.environment)
    assert (tmp_path / "back/a").read_text() == "content"
    assert tool.size() > 0
    assert tool.beside() >= 0


def test_each_phase_is_one_call_on_the_vault(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/a.py").write_text("def a():\n    return 1\n")
    vault = str(tmp_path / "vault")
    phase.main(["create", vault, str(tmp_path / "tree")])
    phase.main(["backup", vault])
    phase.main(["analyse", vault])
    phase.main(["compact", vault])
    phase.main(["restore", vault, str(tmp_path / "restored")])
    assert (tmp_path / "restored/a.py").read_text() == "def a():\n    return 1\n"


def test_both_tools_keep_everything_in_their_own_place(tmp_path: Path) -> None:
    ours, theirs = CodeVaultTool(tmp_path / "ours"), ResticTool(tmp_path / "theirs")
    (tmp_path / "ours/vault/cache").mkdir(parents=True)
    (tmp_path / "ours/vault/cache/x").write_bytes(b"12")
    (tmp_path / "ours/vault/y").write_bytes(b"123")
    (tmp_path / "ours/vault/z.par").write_bytes(b"1234")
    (tmp_path / "theirs/repository").mkdir(parents=True)
    (tmp_path / "theirs/cache").mkdir()
    (tmp_path / "theirs/cache/z").write_bytes(b"1")
    assert (ours.size(), ours.beside(), theirs.size(), theirs.beside()) == (3, 6, 0, 1)
