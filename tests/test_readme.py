"""The README under test: its example runs as it stands, and what it names exists."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

import codevault

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
CALLS = sorted(set(re.findall(r"\bvault\.([a-z_]+(?:\.[a-z_]+)*)\(", README)))
LINKS = sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)\)", README)))

BEFORE = """\
class TaxTable:
    def rate(self):
        return 1

def old_discount():
    return 3
"""
AFTER = """\
class TaxTable:
    def rate(self):
        return 2
"""
# A day's work between the example's first backup and its questions.
A_DAY_LATER = f"""
    import pathlib
    pathlib.Path("~/projects/shop/billing/tax.py").expanduser().write_text({AFTER!r})
    vault.backup(shop)
    vault.analyse()
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    billing = tmp_path / "projects" / "shop" / "billing"
    billing.mkdir(parents=True)
    (billing / "tax.py").write_text(BEFORE)
    return tmp_path


def test_the_first_example_runs_as_an_unguarded_script_among_hostile_modules(home: Path) -> None:
    shop = home / "projects" / "shop"
    for name in ("store", "analysis", "index", "sitecustomize", "conftest", "setup"):
        (shop / f"{name}.py").write_text("import pathlib\npathlib.Path(__file__).with_suffix('.ran').touch()\n")
    (shop / "example.py").write_text(EXAMPLES[0].replace("vault.analyse()", "vault.analyse()" + A_DAY_LATER, 1))
    run = subprocess.run(
        [sys.executable, "-W", "error", "example.py"],
        cwd=shop,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(home), "USERPROFILE": str(home)},
    )
    assert run.stderr == ""
    assert run.stdout.endswith("def old_discount():\n    return 3\n")
    assert list(shop.rglob("*.ran")) == []


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_python(example: str) -> None:
    ast.parse(example)


@pytest.mark.parametrize("call", CALLS)
def test_every_call_of_the_readme_exists(call: str, tmp_path: Path) -> None:
    with codevault.Vault.create(tmp_path / "vault") as vault:
        assert callable(reduce(getattr, call.split("."), vault))


@pytest.mark.parametrize("link", LINKS)
def test_every_link_of_the_readme_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
