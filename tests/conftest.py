"""What a run of the tests needs, leaves out and leaves behind.

Plain `pytest` with `pytest-json-report` is enough: files whose need is not met are not collected, and the header says
so in one line. The JSON report is cut down to what is worth keeping in the repository, without a path of the machine.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
MESSAGE_LENGTH = 300
WORTH_TELLING = 0.25  # seconds; most tests take far less
Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def _can_build_wheels() -> bool:
    if shutil.which("uv"):
        return True
    return all(importlib.util.find_spec(name) for name in ("pip", "setuptools"))


def _can_mount() -> bool:
    """True where a small file system in memory may be mounted and taken away again."""
    with tempfile.TemporaryDirectory() as place:
        try:
            mounted = subprocess.run(
                ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place],
                capture_output=True,
            )
        except OSError:
            return False
        if mounted.returncode:
            return False
        subprocess.run(["umount", place], check=True, capture_output=True)
    return True


def _can_serve_sftp() -> bool:
    found = all(importlib.util.find_spec(name) for name in ("fsspec", "sshfs"))
    return found and os.name == "posix" and bool(shutil.which("sshd") or os.path.exists("/usr/sbin/sshd"))


if importlib.util.find_spec("hypothesis") is not None:
    from hypothesis import settings

    # The same cases in each run: none may fail by luck. CODEVAULT_NEW_CASES=1 looks for others.
    settings.register_profile("steady", derandomize=not os.environ.get("CODEVAULT_NEW_CASES"))
    settings.load_profile("steady")

# Files, what they need, whether it is here.
NEEDS = (
    ("test_*_properties.py", "hypothesis", importlib.util.find_spec("hypothesis") is not None),
    ("test_*_hg.py", "hg", shutil.which("hg") is not None),
    ("test_*_mounts.py", "the right to mount", _can_mount()),
    ("test_*_svn.py", "svn", shutil.which("svn") is not None),
    ("test_*_age.py", "pyrage", importlib.util.find_spec("pyrage") is not None),
    ("test_*_fsspec.py", "fsspec", importlib.util.find_spec("fsspec") is not None),
    ("test_*_cluster.py", "dask's distributed", importlib.util.find_spec("distributed") is not None),
    ("test_*_sftp.py", "sshd and sshfs", _can_serve_sftp()),
    ("test_packaging_wheel.py", "uv, or pip with setuptools,", _can_build_wheels()),
)

collect_ignore_glob = [f"*{pattern}" for pattern, _, met in NEEDS if not met]


def pytest_report_header() -> str:
    """One line on what is not collected, if anything."""
    left_out = [
        f"{count} file{'s' if count > 1 else ''} for want of {need}"
        for pattern, need, met in NEEDS
        if not met and (count := len(list(TESTS.rglob(pattern))))
    ]
    return f"not collected: {', '.join(left_out)}" if left_out else "collected: every test file, all needs are met"


@pytest.hookimpl(optionalhook=True)
def pytest_json_modifyreport(json_report: dict[str, Json]) -> None:
    """Keeps of pytest_results.json the summary; of a test name, outcome, duration if it took any, why it failed."""
    for noise in ("environment", "root", "collectors", "warnings"):
        json_report.pop(noise, None)
    tests = cast("list[dict[str, Json]]", json_report.get("tests", []))
    json_report["tests"] = [_brief(test) for test in tests]
    for key, part in list(json_report.items()):
        json_report[key] = _without_paths(part)


def _brief(test: dict[str, Json]) -> Json:
    phases = [cast("dict[str, Json]", test[name]) for name in ("setup", "call", "teardown") if name in test]
    seconds = sum(cast("float", phase["duration"]) for phase in phases)
    kept: dict[str, Json] = {"nodeid": test["nodeid"], "outcome": test["outcome"]}
    if seconds >= WORTH_TELLING:
        kept["duration"] = round(seconds, 3)
    reasons = [str(phase["longrepr"]) for phase in phases if phase.get("longrepr")]
    if reasons:
        kept["reason"] = reasons[0][-MESSAGE_LENGTH:]
    return kept


def _machine_paths() -> list[tuple[str, str]]:
    places = [
        (str(ROOT), "."),
        (os.getcwd(), "."),
        (sys.prefix, "PYTHON"),
        (sys.base_prefix, "PYTHON"),
        (tempfile.gettempdir(), "TMP"),
        (str(Path.home()), "HOME"),
    ]
    return sorted((place for place in places if len(place[0]) > 1), key=lambda place: -len(place[0]))


def _without_paths(part: Json) -> Json:
    if isinstance(part, dict):
        return {key: _without_paths(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_without_paths(value) for value in part]
    if isinstance(part, str):
        for path, name in _machine_paths():
            part = part.replace(path, name)
    return part


@pytest.fixture(scope="session", autouse=True)
def no_parser_worker_outlives_the_tests() -> Iterator[None]:
    """Every pool a test made has to be closed, or forgotten, by the end."""
    yield
    gc.collect()
    assert _living_workers() == []


def _living_workers() -> list[str]:
    """Command lines of this process's children that are parser workers; Linux tells, other systems say nothing."""
    children = Path("/proc/self/task").glob("*/children")
    pids = [pid for task in children for pid in task.read_text().split()]
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids if Path(f"/proc/{pid}").exists()]
    return [command.decode(errors="replace") for command in commands if b"codevault.analysis" in command]
