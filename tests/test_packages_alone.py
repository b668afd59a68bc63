"""Each package works alone, without a vault: the example in its docstring is run in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

RUN = """
import doctest, importlib, sys
package = importlib.import_module(sys.argv[1])
failed, tried = doctest.testmod(package)
print(failed, tried >= 5, "codevault.vault" in sys.modules)
"""


@pytest.mark.parametrize("package", ["activity", "analysis", "index", "policy", "store", "vcs"])
def test_a_package_does_what_its_example_shows_and_loads_no_vault(package: str) -> None:
    told = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, f"codevault.{package}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (told.stdout.splitlines()[-1:], told.stderr) == (["0 True False"], ""), told.stdout
