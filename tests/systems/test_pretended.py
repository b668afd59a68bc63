"""macOS and Windows, as far as they can be tried where neither is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PRETENDED = Path(__file__).parent / "pretended.py"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux pretends to be the others")
@pytest.mark.parametrize("system", ["win32", pytest.param("darwin", marks=pytest.mark.scale)])
def test_without_what_a_system_lacks_every_module_loads_and_a_days_work_is_done(system: str, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(PRETENDED), system, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == []
