"""The page REQUIREMENTS.md against the tests: every sentence is numbered and has tests, and they exist."""

from __future__ import annotations

import ast
import json
import re
import tomllib

from tests import pages, raises

PAGE = (pages.ROOT / "tests" / "REQUIREMENTS.md").read_text(encoding="utf-8")
ENTRIES = re.findall(r'^(\d+)\. "(.+)"\n((?:   `\S+`\n?)*)', PAGE, re.MULTILINE)
NAMED = {sentence: re.findall(r"`(\S+)`", tests) for _, sentence, tests in ENTRIES}
CI = (pages.ROOT / ".ci" / "run").read_text(encoding="utf-8")
SETUP = (
    "uv venv",
    "source .venv/bin/activate",
    "uv pip install --quiet -e .",
    "uv pip install --quiet pytest-json-report",
    "pytest --json-report --json-report-file=pytest_results.json",
    "coverage report --fail-under=90",
    "python -m tests.raises",
)
INTERFACES = {"argparse", "cmd", "click", "curses", "getpass", "optparse", "tkinter", "typer", "webbrowser"}


def test_sentences_are_numbered_and_each_is_there_once() -> None:
    assert [int(number) for number, _, _ in ENTRIES] == [*range(1, len(NAMED) + 1)]
    assert len(ENTRIES) == PAGE.count('. "') > 90


def test_every_sentence_has_tests() -> None:
    assert [sentence for sentence, tests in NAMED.items() if not tests] == []


def test_every_test_the_page_names_exists() -> None:
    assert {test for tests in NAMED.values() for test in tests} - pages.node_ids() == set()


def test_the_users_setup_is_part_of_ci() -> None:
    assert [command for command in SETUP if command not in CI] == []


def test_the_results_that_lie_here_are_whole() -> None:
    text = (pages.ROOT / "pytest_results.json").read_text(encoding="utf-8")
    results = json.loads(text)

    assert len(text) < 1_000_000
    assert len(results["tests"]) == results["summary"]["total"] > 1000


def test_there_is_no_user_interface() -> None:
    others = (path for path in raises.sources() if path.name != "rescue.py")  # for a shell, when nothing else is left
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in others]
    imported = {
        alias.name for one in modules for node in ast.walk(one) if isinstance(node, ast.Import) for alias in node.names
    }
    project = tomllib.loads((pages.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert imported & INTERFACES == set()
    assert project.keys() & {"scripts", "gui-scripts"} == set()
