"""The runner of the symbol-history benchmark over a small repository whose history is known."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from corpora import bench_history, bench_log_lines, git_symbols
from corpora.bench_history import answer
from corpora.git_symbols import History, history
from corpora.vault_histories import vault_of

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}
pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

BASE = """package one;
/** Counts. */
public class Tally {
    /** Adds up. */
    public int total(int[] items) {
        int sum = 0;
        for (int item : items) {
            sum += item;
        }
        return sum;
    }

    public boolean none(int[] items) {
        return items.length == 0;
    }
}
"""


class Work:
    """A repository in the making; `ids` are its commits by name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ids: dict[str, str] = {}
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, check=True, capture_output=True, env={**os.environ, **IDENTITY}
        )
        return done.stdout.decode().strip()

    def commit(self, name: str, **files: str | None) -> None:
        for path, text in files.items():
            target = self.folder / f"{path.replace('__', '/')}.java"
            target.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                target.unlink()
            else:
                target.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)
        self.ids[name] = self.git("rev-parse", "HEAD")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    """Begun, edited, commented, moved with its class, edited on two branches that are merged, laid out anew."""
    folder = tmp_path_factory.mktemp("histories") / "me+tally"
    folder.mkdir()
    made = Work(folder)
    edited = BASE.replace("sum += item", "sum += 2 * item")
    commented = edited.replace("Adds up.", "Adds all up.")
    moved = commented.replace("package one", "package two").replace(
        "class Tally", "@Deprecated\npublic final class Count"
    )
    left = moved.replace("return sum;", "return sum + 1;")
    right = moved.replace("int sum = 0;", "int sum = 10;")
    made.commit("begun", one__Tally=BASE)
    made.commit("edited", one__Tally=edited)
    made.commit("commented", one__Tally=commented)
    made.commit("moved", one__Tally=None, two__Count=moved)
    made.git("checkout", "-q", "-b", "side")
    made.commit("right", two__Count=right)
    made.git("checkout", "-q", "main")
    made.commit("left", two__Count=left)
    made.git("merge", "-q", "-m", "merged", "side")
    made.ids["merged"] = made.git("rev-parse", "HEAD")
    made.commit("elsewhere", two__Count=None, three__Count=(made.folder / "two/Count.java").read_text())
    made.commit("anew", three__Count=(made.folder / "three/Count.java").read_text().replace("        ", "      "))
    made.git("clone", "-q", "--bare", ".", "repo")
    return made


@pytest.fixture
def source(work: Work) -> Iterator[History]:
    with history(work.folder / "repo", ".java") as opened:
        yield opened


def case(work: Work, **more: object) -> dict[str, Any]:
    asked = {
        "id": "s:tally",
        "suite": "s",
        "repo": "me/tally",
        "language": "java",
        "kind": "method",
        "name": "total",
        "start_line": 6,
        "file": "three/Count.java",
        "start_commit": work.ids["anew"],
    }
    return {**asked, **more}


def told(work: Work, line: Mapping[str, Any]) -> dict[str, list[str]]:
    names = {commit: name for name, commit in work.ids.items()}
    return {names[change["commit"]]: change["types"] for change in line["changes"]}


def test_a_method_is_followed_to_its_introduction(work: Work, source: History) -> None:
    assert told(work, answer(source, case(work))) == {
        "anew": ["format"],
        "elsewhere": ["container"],
        "merged": ["body"],
        "left": ["body"],
        "right": ["body"],
        "moved": ["container"],
        "commented": ["doc"],
        "edited": ["body"],
        "begun": ["introduced"],
    }


def test_a_class_is_told_by_header_name_and_package(work: Work, source: History) -> None:
    found = told(work, answer(source, case(work, kind="class", name="two.Count", start_line=4)))

    assert {commit: sorted(kinds) for commit, kinds in found.items()} == {
        "elsewhere": ["container"],
        "moved": ["annotation", "moved", "renamed", "signature"],
        "begun": ["introduced"],
    }


def test_a_symbol_that_is_not_there_is_an_error_of_its_line(work: Work, source: History) -> None:
    assert answer(source, case(work, name="nothing"))["error"] == "symbol not found"


def test_a_case_that_takes_too_long_is_given_up(work: Work, source: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_history, "SECONDS", -1.0)

    assert answer(source, case(work))["changes"] == []


def test_a_commit_with_too_many_files_is_matched_by_whole_files_only(
    work: Work, source: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_symbols, "MOST_FILES", 0)

    assert told(work, answer(source, case(work)))["moved"] == ["introduced"]


def test_analyses_are_kept_and_forgotten(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_symbols, "KEPT_FILES", 2)
    monkeypatch.setattr(git_symbols, "KEPT_STEPS", 1)
    lines = []
    for _ in range(2):
        with history(work.folder / "repo", ".java", tmp_path) as opened:
            lines.append(answer(opened, case(work))["changes"])

    assert lines[0] == lines[1]
    assert list(tmp_path.glob("*/*"))


SCORER = "import sys\nprint('suite P R')\nprint('s', *sys.argv[3:])\n"


def test_runs_from_the_command_line(
    work: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "RESULTS.md"
    monkeypatch.setattr(bench_history, "write_section", lambda title, body, _: page.write_text(body))
    cases = [case(work), case(work, id="t:tally"), case(work, id="other", name="none")]
    (tmp_path / "train.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in cases))
    (tmp_path / "score.py").write_text(SCORER)
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "peer.jsonl").write_text("")
    out = tmp_path / "out.jsonl"
    arguments = [str(tmp_path), str(work.folder.parent), "--only", "tally", "--jobs", "1", "--out", str(out), "--write"]

    assert bench_history.main(arguments) == 0
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == ["s:tally", "t:tally"]
    assert "-- s: peer, core\ns --suite s --view core" in capsys.readouterr().out
    assert "-- s: all, kinds" in page.read_text()


def test_the_vault_answers_as_the_walk_over_git_does(
    work: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = [case(work), case(work, id="t:none", name="nothing"), case(work, id="t:class", kind="class", name="Count")]
    (tmp_path / "train.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in cases))
    (tmp_path / "score.py").write_text(SCORER)
    arguments = [str(tmp_path), str(work.folder.parent), "--jobs", "1", "--out"]
    bench_history.main([*arguments, str(tmp_path / "git.jsonl")])

    bench_history.main(
        [*arguments, str(tmp_path / "ours"), "--vaults", str(tmp_path / "v"), "--beside", str(tmp_path / "git.jsonl")]
    )

    assert "3 of 3 cases are answered as over git" in capsys.readouterr().out


def test_commits_of_git_and_of_the_vault_are_counted(
    work: Work, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with vault_of(work.folder / "repo", tmp_path) as (vault, _):
        place = vault.path

    bench_log_lines.main([str(place), str(tmp_path / "me+tally"), "--show"])

    printed = capsys.readouterr().out
    assert "| functions | 2 |" in printed
    assert "only the vault: it moved there: three/Count.java" in printed
