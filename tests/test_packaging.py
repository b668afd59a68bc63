"""The package list, the links and the list of public names agree with what is there."""

from __future__ import annotations

import ast
import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import codevault

ROOT = Path(__file__).parent.parent
FOLDERS = {"analysis", "index", "store"}
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]
FACADE = ast.parse((ROOT / "codevault" / "__init__.py").read_text("utf-8"))


def folders_with_init(top: Path) -> set[Path]:
    return {init.parent.relative_to(ROOT) for init in top.rglob("__init__.py")}


def test_every_package_folder_is_listed() -> None:
    nested = {folder for name in FOLDERS for folder in folders_with_init(ROOT / name)}
    own = {folder for folder in folders_with_init(ROOT / "codevault") if not FOLDERS & set(folder.parts)}
    names = {".".join(("codevault", *folder.parts)) for folder in nested} | {".".join(folder.parts) for folder in own}
    assert names == set(SETUPTOOLS["packages"])


def test_the_folders_at_the_root_are_packages_of_codevault() -> None:
    assert SETUPTOOLS["package-dir"] == {"codevault": "codevault"} | {f"codevault.{name}": name for name in FOLDERS}


@pytest.mark.skipif(not (ROOT / ".git").exists() or shutil.which("git") is None, reason="this is no git checkout")
def test_git_keeps_the_three_links() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "--stage", *(f"codevault/{name}" for name in sorted(FOLDERS))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert [(line.split()[0], line.split("\t")[1]) for line in listing.splitlines()] == [
        ("120000", f"codevault/{name}") for name in sorted(FOLDERS)
    ]


@pytest.mark.skipif(os.name != "posix", reason="a checkout on Windows may hold files in place of links")
@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_the_links_lead_to_the_folders_at_the_root(name: str) -> None:
    assert os.readlink(ROOT / "codevault" / name) == f"../{name}"


def imported_by(module: Path) -> set[str]:
    """The first names of what a module imports from elsewhere, at any depth of its code."""
    nodes = list(ast.walk(ast.parse(module.read_text("utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in plain | named}


def normalised(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def test_whatever_is_imported_is_declared() -> None:
    project = PYPROJECT["project"]
    extras = project.get("optional-dependencies", {})
    declared = {normalised(text) for text in sum(extras.values(), project["dependencies"])}
    declared.add("markupsafe")  # Jinja2's own foundation, and no Jinja2 comes without it
    provided = packages_distributions()
    modules = [
        module for package in SETUPTOOLS["packages"] for module in (ROOT / package.replace(".", "/")).glob("*.py")
    ]
    imported = set().union(*map(imported_by, modules))
    foreign = imported - set(sys.stdlib_module_names) - {"codevault", "compression"}  # the latter is Python 3.14's own
    assert {
        name
        for name in foreign
        if not declared & {normalised(distribution) for distribution in provided.get(name, [name])}
    } == set()


def test_every_public_name_can_be_had() -> None:
    assert {name for name in codevault.__all__ if getattr(codevault, name, None) is None} == set()


def test_the_public_names_are_sorted_and_listed_once() -> None:
    assert codevault.__all__ == sorted(set(codevault.__all__))


def test_type_checkers_see_the_same_public_names() -> None:
    imported = {
        alias.asname or alias.name
        for block in FACADE.body
        if isinstance(block, ast.If)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert imported == set(codevault.__all__)


def test_dir_offers_the_public_names() -> None:
    assert set(codevault.__all__) <= set(dir(codevault))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Valut'"):
        codevault.Valut  # noqa: B018 - the access is the test


@pytest.mark.parametrize("package", sorted(SETUPTOOLS["packages"]))
def test_every_package_says_what_it_is_for(package: str) -> None:
    assert importlib.import_module(package).__doc__


@pytest.mark.parametrize("package", sorted(SETUPTOOLS["packages"]))
def test_every_package_can_be_the_first_import(package: str) -> None:
    run = subprocess.run([sys.executable, "-W", "error", "-c", f"import {package}"], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")


def test_importing_codevault_loads_nothing_heavy() -> None:
    source = "import sys, codevault; print(*sys.modules)"
    unmeasured = {name: value for name, value in os.environ.items() if name != "COVERAGE_PROCESS_CONFIG"}
    run = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, env=unmeasured)
    assert {"tantivy", "git", "tree_sitter", "sqlite3", "networkx", "pygments"}.isdisjoint(run.stdout.split())
