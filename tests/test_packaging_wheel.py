"""The wheel: built from a copy of the sources, unpacked where nothing else is, imported among hostile files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LEFT_BEHIND = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "tests", "corpora")


def build_command(target: Path) -> list[str]:
    """With the setuptools at hand if it is new enough, else with uv, which fetches one or has it in its cache."""
    try:
        usable = int(version("setuptools").split(".")[0]) >= 77
    except PackageNotFoundError:
        usable = False
    if usable:
        return [sys.executable, "-c", f"from setuptools.build_meta import build_wheel; build_wheel({str(target)!r})"]
    return ["uv", "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", str(target)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = tmp_path_factory.mktemp("sources") / "codevault"
    target = tmp_path_factory.mktemp("wheel")
    shutil.copytree(ROOT, sources, symlinks=True, ignore=LEFT_BEHIND)
    run = subprocess.run(build_command(target), cwd=sources, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("name", ["py.typed", "store/FORMAT.md", "index/FORMAT.md", "store/rescue.py", "vault.py"])
def test_the_wheel_holds(names: set[str], name: str) -> None:
    assert f"codevault/{name}" in names


def test_the_wheel_holds_every_module_and_query_of_the_sources(names: set[str]) -> None:
    own = {path.relative_to(ROOT) for path in (ROOT / "codevault").rglob("*.py")}
    mapped = {
        Path("codevault", path.relative_to(ROOT))
        for folder in ("analysis", "index", "store")
        for pattern in ("*.py", "*.scm")
        for path in (ROOT / folder).rglob(pattern)
        if path.stem != "sample"  # what a language's folder is tested with
    }
    assert {path.as_posix() for path in own | mapped} <= names


def test_the_wheel_claims_no_name_but_codevault(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"codevault"}


def test_the_wheel_holds_no_second_copy_through_the_links(names: set[str]) -> None:
    assert len([name for name in names if name.endswith("store/model.py")]) == 1


def test_the_wheel_carries_its_licence(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_installed_wheel_is_imported_among_hostile_modules(wheel: Path, tmp_path: Path) -> None:
    installed, hostile = tmp_path / "installed", tmp_path / "hostile"
    zipfile.ZipFile(wheel).extractall(installed)
    hostile.mkdir()
    for name in ("store", "analysis", "index", "model"):
        (hostile / f"{name}.py").write_text("raise SystemExit('the wrong module was imported')\n")
    script = hostile / "script.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(1, {str(installed)!r})\n"
        "import codevault, codevault.store.store, codevault.analysis.analyse, codevault.index.model\n"
        "print(codevault.__file__, codevault.store.store.__file__, codevault.analysis.analyse.__file__, sep='\\n')\n"
    )
    run = subprocess.run(
        [sys.executable, "script.py"], cwd=hostile, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""}
    )
    assert run.stderr == ""
    assert [Path(line).relative_to(installed).parts[0] for line in run.stdout.splitlines()] == ["codevault"] * 3
